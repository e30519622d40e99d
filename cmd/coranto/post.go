package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/coranto/coranto/internal/app"
	"github.com/coranto/coranto/internal/moderation"
)

const postNames = `A post is named by its id, the begin or the last part of it, the address of the
article, or that of its page on the site.`

func (c *cli) postCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "post", Short: "List, explain, hide, pin or approve single posts",
		Long: `What is decided about posts is kept in moderation.yaml, a line a post, and each
decision is one commit; it shows at the next publish and can be taken back.
Edits of that file by hand count once they are committed.

` + postNames,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(c.postListCmd(), c.postShowCmd(), c.postExplainCmd(),
		c.decideCmd(app.Hide, "Take posts from every page and feed", "  coranto post hide https://blog.example.com/spam --reason spam",
			"Hidden posts keep their place, so that no page is reshuffled; the Atom feeds tell\ntheir readers to forget them (RFC 6721). --reason is kept in git and not published."),
		c.decideCmd(app.Unhide, "Bring hidden posts back", "  coranto post unhide on-clocks-k3v9ts2a", ""),
		c.decideCmd(app.Pin, "Keep posts at the head of the home page", "  coranto post pin on-clocks-k3v9ts2a --reason conference", ""),
		c.decideCmd(app.Unpin, "Let pinned posts go back to their place", "  coranto post unpin on-clocks-k3v9ts2a", ""),
		c.decideCmd(app.Embargo, "Hide posts until a time", "  coranto post embargo on-clocks-k3v9ts2a --until 2026-12-01T09:00:00Z --reason 'press date'", ""),
		c.decideCmd(app.Unembargo, "Lift an embargo", "  coranto post unembargo on-clocks-k3v9ts2a", ""),
		c.decideCmd(app.Approve, "Let posts out of the queue of a moderated source", "  coranto post approve on-clocks-k3v9ts2a\n  coranto post approve --source alice",
			"Posts of a source with `moderate: approve` wait until they are approved:\n`coranto post list --state queued` lists them."),
		c.decideCmd(app.Unapprove, "Put posts back into the queue", "  coranto post unapprove on-clocks-k3v9ts2a", ""))
	return cmd
}

func (c *cli) postListCmd() *cobra.Command {
	var f app.PostFilter
	states := []string{string(moderation.Shown), string(moderation.Pinned), string(moderation.Hidden), string(moderation.Embargoed), string(moderation.Queued)}
	cmd := &cobra.Command{
		Use: "list [TEXT]", Short: "List posts, the newest first",
		Long:    "Lists posts whose title or address contains TEXT, the newest first.",
		Example: "  coranto post list --state queued\n  coranto post list --source alice --limit 5\n  coranto post list --limit 0 --json | jq -r .link",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.State != "" && !slices.Contains(states, f.State) {
				return usage(cmd, fmt.Errorf("--state is one of %s, not %q", strings.Join(states, ", "), f.State))
			}
			if len(args) > 0 {
				f.Text = args[0]
			}
			list, err := app.Posts(cmd.Context(), c.dir, f, c.options())
			if err != nil {
				return err
			}
			t := table{head: []string{"FIRST SEEN", "SOURCE", "STATE", "ID", "TITLE"}, wrap: 4, keep: 4}
			for _, p := range list {
				if c.json {
					if err := object(c.out, p); err != nil {
						return err
					}
					continue
				}
				state := string(p.State)
				if p.Reason != "" {
					state += ": " + p.Reason
				}
				t.add(p.FirstSeen.Format("2006-01-02 15:04"), p.Source, state, p.ID, p.Title)
			}
			t.print(c.out)
			return nil
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.Source, "source", "", "only those that this source announced")
	fl.StringVar(&f.Tag, "tag", "", "only those with this tag")
	fl.StringVar(&f.State, "state", "", "only these: "+strings.Join(states, ", "))
	fl.IntVar(&f.Limit, "limit", 20, "the newest so many; 0: all")
	return cmd
}

func (c *cli) postShowCmd() *cobra.Command {
	return &cobra.Command{
		Use: "show POST", Short: "Show a post as it is kept", Long: "Shows a post as it is kept in git.\n\n" + postNames,
		Example: "  coranto post show on-clocks-k3v9ts2a\n  coranto post show https://alice.example/clocks --json | jq .keys",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := app.ShowPost(cmd.Context(), c.dir, args[0], c.options())
			if err != nil {
				return err
			}
			if c.json {
				return object(c.out, p.Post)
			}
			rows := [][2]string{{"title", p.Title}, {"intro", p.Intro}, {"author", p.Author}, {"date", p.Date}, {"link", p.Link}, {"image", p.Image},
				{"tags", strings.Join(p.Tags, ", ")}, {"id", p.ID}, {"kind", p.Kind}, {"source", p.Source}, {"first seen", p.FirstSeen.Format(time.RFC3339)},
				{"language", p.Language}, {"state", string(p.State)}, {"reason", p.Decision.Reason}}
			for _, r := range rows {
				if r[1] != "" {
					fmt.Fprintf(c.out, "%-10s  %s\n", r[0], r[1])
				}
			}
			return nil
		},
	}
}

func (c *cli) postExplainCmd() *cobra.Command {
	return &cobra.Command{
		Use: "explain POST", Short: "Tell how a post came to be what it is",
		Long: `Tells by which key a post was matched and is known again, which sources carry
it, what was merged and why, where each value came from, which commits changed it,
and on which pages it stands. A post does not keep who told each of its values:
where git and the configuration do not know, the origin is derived from the rules,
and marked as that.

` + postNames,
		Example: "  coranto post explain https://alice.example/clocks",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			x, err := app.ExplainPost(cmd.Context(), c.dir, args[0], c.options())
			if err != nil {
				return err
			}
			if c.json {
				return object(c.out, x)
			}
			c.folding(func() { c.printExplained(x) })
			return nil
		},
	}
}

func (c *cli) printExplained(x app.Explained) {
	p := func(format string, args ...any) { fmt.Fprintf(c.out, format, args...) }
	p("post     %s\n         %s\n", x.Post.ID, x.Post.Title)
	state := string(x.Post.State)
	if !x.Post.Since.IsZero() {
		word := "since"
		if x.Post.State == moderation.Embargoed {
			word = "until"
		}
		state += " " + word + " " + x.Post.Since.Format(time.RFC3339)
	}
	if x.Post.Reason != "" {
		state += ", " + x.Post.Reason
	}
	p("state    %s\nfile     %s\n\nkeys     ", state, x.File)
	for i, k := range x.Keys {
		note := ""
		if k.Decides {
			note = "   the first, which made the id"
		}
		p("%s%s%s\n", indent(i), k.Text, note)
	}
	if len(x.Keys) == 0 {
		p("none: it was written by hand\n")
	}
	p("\nsources  ")
	for i, s := range x.Sources {
		word := "also"
		if s.First {
			word = "first"
		}
		by := "no key"
		if len(s.By) > 0 {
			by = "known by " + strings.Join(s.By, " and ")
		}
		p("%s%-5s %s (%s), %s\n", indent(i), word, s.Source, s.State, by)
	}
	if x.Merged != "" {
		p("merged   %s\n", x.Merged)
	}
	p("\nvalues   ")
	derived := false
	for i, f := range x.Fields {
		mark := "<-"
		if f.Derived {
			mark, derived = "<~", true
		}
		p("%s%-10s %s\n           %s%s %s\n", indent(i), f.Name, clip(f.Value, 100), indent(0)+"         ", mark, f.From)
	}
	if derived {
		p("%s<~ is derived from the rules and coranto.yaml of now; the others are certain\n", indent(1))
	}
	p("\npages    ")
	for i, path := range x.Pages {
		p("%s/%s\n", indent(i), path)
	}
	if len(x.Pages) == 0 {
		p("none\n")
	}
	p("\nhistory  ")
	for i, t := range x.History {
		run := ""
		if t.Run != "" {
			run = ", run " + t.Run
		}
		p("%s%s %s %s: %s%s\n", indent(i), short(t.Commit), t.When.Format("2006-01-02 15:04"), t.Subject, strings.Join(t.What, ", "), run)
	}
	if !x.Whole {
		p("%sand older commits\n", indent(len(x.History)))
	}
}

// indent begins every line but the first of a group.
func indent(i int) string {
	if i == 0 {
		return ""
	}
	return "         "
}

func (c *cli) decideCmd(act app.Act, about, example, long string) *cobra.Command {
	var do app.DecideOptions
	var until string
	if long != "" {
		long += "\n\n"
	}
	cmd := &cobra.Command{
		Use: string(act) + " POST...", Short: about, Long: about + ".\n\n" + long + postNames, Example: example,
		Args: func(cmd *cobra.Command, args []string) error {
			if do.Source == "" && len(args) == 0 {
				return usage(cmd, errors.New("name a post"))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if act == app.Embargo {
				at, err := parseTime(until, c.options())
				if err != nil {
					return usage(cmd, err)
				}
				do.Until = at
			}
			res, err := app.Decide(cmd.Context(), c.dir, args, act, do, c.options())
			if err != nil {
				if errors.Is(err, app.ErrReason) {
					return usageError{err}
				}
				return err
			}
			if c.json {
				return object(c.out, res)
			}
			for _, p := range res.Posts {
				fmt.Fprintf(c.out, "%-7s %s  %s\n", p.State, p.ID, clip(p.Title, 80))
			}
			switch {
			case res.Same:
				fmt.Fprintln(c.out, "wrote   nothing: it was so already")
			case len(res.Posts) == 0:
				fmt.Fprintln(c.out, "wrote   nothing: there is none")
			case res.Undo != "" && res.Commit != "":
				fmt.Fprintf(c.out, "commit  %s        undo: %s\n", short(res.Commit), res.Undo)
			default:
				c.committed(res.Commit, "", do.DryRun)
			}
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&do.Reason, "reason", "", "why; kept in git")
	f.BoolVarP(&do.DryRun, "dry-run", "n", false, "look, but write nothing")
	if act == app.Embargo {
		f.StringVar(&until, "until", "", "a time (2026-12-01T09:00:00Z), a day, or a span (48h)")
	}
	if act == app.Approve {
		f.StringVar(&do.Source, "source", "", "all that this source has in the queue")
	}
	return cmd
}

// parseTime reads a time, a day (UTC) or a span from now.
func parseTime(s string, o app.Options) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02 15:04", time.DateOnly} {
		if at, err := time.Parse(layout, s); err == nil {
			return at.UTC(), nil
		}
	}
	now := time.Now()
	if o.Now != nil {
		now = o.Now()
	}
	if d, err := time.ParseDuration(s); err == nil && d > 0 {
		return now.Add(d).UTC().Truncate(time.Second), nil
	}
	return time.Time{}, fmt.Errorf("--until takes a time like 2026-12-01T09:00:00Z, a day, or a span like 48h; not %q", s)
}
