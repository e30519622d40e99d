package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/coranto/coranto/internal/app"
)

func (c *cli) sourceShowCmd() *cobra.Command {
	return &cobra.Command{
		Use: "show ID", Short: "Tell all that is known of a source",
		Long: `Tells how a source stands, why and since when, when it is asked next and why
then, how its health has changed, what it has brought and how its posts are
known again. It asks nobody; ` + "`coranto source test`" + ` does.`,
		Example: "  coranto source show alice\n  coranto source show alice --json | jq .state.log",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			x, err := app.ShowSource(cmd.Context(), c.dir, args[0], c.options())
			if err != nil {
				return err
			}
			if c.json {
				return object(c.out, x)
			}
			c.folding(func() { c.printSource(x) })
			return nil
		},
	}
}

func (c *cli) printSource(x app.ShownSource) {
	now := c.now()
	line := func(name, format string, args ...any) {
		if text := fmt.Sprintf(format, args...); strings.TrimSpace(text) != "" {
			fmt.Fprintf(c.out, "%-9s%s\n", name, text)
		}
	}
	title := x.Title
	if title == "" {
		title = x.State.Title
	}
	line("source", "%s  %s", x.ID, title)
	line("url", "%s  (coranto.yaml, line %d)", x.URL, x.Line)
	if x.State.Use != "" {
		line("asked at", "%s, where it has moved for good", x.State.Use)
	}
	since := ""
	if !x.State.Since.IsZero() {
		since = " since " + x.State.Since.Format("2006-01-02 15:04")
	}
	line("health", "%s%s", x.Health, since)
	line("", "%s", x.Why)
	line("advice", "%s", x.Advice)
	line("checked", "%s; answered well %s; last new post %s", ago(now, x.State.Checked), ago(now, x.State.OK), ago(now, x.State.Changed))
	next := x.Next
	if !x.NextDue.IsZero() {
		next = until(now, x.NextDue) + ": " + next
	}
	line("next", "%s", next)
	line("hub", "%s", x.Hub)
	line("feed", "%s", strings.TrimSpace(fmt.Sprintf("%s %s", formatNames[x.State.Format], entriesOf(x.State.Entries))))
	line("identity", "%s", strings.TrimSpace(x.State.Identity))
	var keys []string
	for _, k := range slices.Sorted(maps.Keys(x.Keys)) {
		keys = append(keys, fmt.Sprintf("%d by %s", x.Keys[k], k))
	}
	line("posts", "%d, and %d of others announced too%s", x.Posts, x.Also, counted(x))
	line("keys", "%s", strings.Join(keys, ", "))
	if len(x.State.Log) > 0 {
		fmt.Fprintln(c.out, "history")
		for _, t := range slices.Backward(x.State.Log) {
			why := t.Message
			if t.Error != "" {
				why += " (" + t.Error + ")"
			}
			fmt.Fprintf(c.out, "         %s  %-11s %s\n", t.At.Format("2006-01-02 15:04"), t.Health, why)
		}
	}
	if len(x.Newest) > 0 {
		fmt.Fprintln(c.out, "newest")
		for _, p := range x.Newest {
			fmt.Fprintf(c.out, "         %s  %s\n", p.FirstSeen.Format("2006-01-02 15:04"), clip(p.Title, 80))
		}
	}
}

func entriesOf(n int) string {
	if n == 0 {
		return ""
	}
	return "with " + plural(n, "entry", "entries")
}

func counted(x app.ShownSource) string {
	text := ""
	if x.Queued > 0 {
		text += fmt.Sprintf("; %d wait for approval", x.Queued)
	}
	if x.Hidden > 0 {
		text += fmt.Sprintf("; %d hidden", x.Hidden)
	}
	return text
}

func (c *cli) sourceAcceptCmd() *cobra.Command {
	var dry bool
	cmd := &cobra.Command{
		Use: "accept ID", Short: "Follow a quarantined source again",
		Long: `A source is quarantined when a feed answers that calls itself otherwise and of
which no entry is known: the domain may have been sold. accept says that the
new feed is right; the next run takes its posts.`,
		Example: "  coranto source accept alice",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			was, err := app.AcceptSource(cmd.Context(), c.dir, args[0], dry, c.options())
			if err != nil {
				return err
			}
			if c.json {
				return object(c.out, map[string]any{"source": args[0], "was": was, "dry_run": dry})
			}
			fmt.Fprintf(c.out, "was     %s\naccept  %s; the next run reads it\n", was.Message, args[0])
			return nil
		},
	}
	cmd.Flags().BoolVarP(&dry, "dry-run", "n", false, "look, but change nothing")
	return cmd
}
