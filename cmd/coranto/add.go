package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/coranto/coranto/internal/app"
)

func (c *cli) addCmd() *cobra.Command {
	var o app.AddOptions
	cmd := &cobra.Command{
		Use:   "add URL",
		Short: "Follow a source",
		Long: `Finds the feed of URL (a feed, or any page that links to one), shows what it
carries, writes the source into coranto.yaml and commits that. Each address is
asked once. Comments and order in the file stay as they are.`,
		Example: "  coranto add https://go.dev/blog --tags go\n  coranto add -n https://alice.example",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			res, err := app.Add(cmd.Context(), c.dir, args[0], o, c.options())
			if err != nil {
				return err
			}
			if c.json {
				return object(c.out, res)
			}
			c.folding(func() { c.printAdded(res, o.DryRun) })
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.ID, "id", "", "what the source is called (default: from its host)")
	f.StringSliceVar(&o.Tags, "tags", nil, "tags for each of its posts")
	f.StringVar(&o.Kind, "kind", "", "blog, video, training …")
	f.StringVar(&o.Author, "author", "", "author of all its posts, whatever feed and page say")
	f.StringVar(&o.Title, "title", "", "title of the source, instead of the feed's")
	f.StringVar(&o.Zone, "zone", "", "network zone of its requests")
	f.StringVar(&o.FullText, "full-text", "", "feed or page: where the posts' full text comes from")
	f.StringVar(&o.Scrape, "scrape", "", "the address is a page or sitemap to be read in place of a feed: auto, h-feed, json-ld or sitemap")
	f.BoolVar(&o.Propose, "pr", false, "commit on a branch of its own and push that, for a pull request")
	f.BoolVarP(&o.DryRun, "dry-run", "n", false, "look, but write nothing")
	return cmd
}

var formatNames = map[string]string{"rss": "RSS", "atom": "Atom", "rdf": "RSS", "json": "JSON Feed"}

func (c *cli) printAdded(a app.Added, dry bool) {
	what := formatName(a.Format, a.Version)
	text := ""
	if a.FullText {
		text = ", full text"
	}
	fmt.Fprintf(c.out, "found   %s  (%s, %s%s)", a.URL, what, plural(a.Entries, "entry", "entries"), text)
	if n := len(a.Others); n > 0 {
		fmt.Fprintf(c.out, "   %s: %s", plural(n, "other", "others"), a.Others[0].URL)
		if n > 1 {
			fmt.Fprint(c.out, " …")
		}
	}
	fmt.Fprintln(c.out)
	for _, e := range a.Newest {
		day := "          "
		if !e.Published.IsZero() {
			day = e.Published.Format("2006-01-02")
		}
		fmt.Fprintf(c.out, "        %s  %s\n", day, clip(e.Title, 80))
	}
	var marks []string
	for _, k := range a.Checks {
		mark := "✓ "
		if !k.OK {
			mark = "! "
		}
		marks = append(marks, mark+k.Text)
	}
	fmt.Fprintf(c.out, "checks  %s\n", strings.Join(marks, "  "))
	next := plural(a.Entries, "post", "posts")
	if a.Backlog && a.Entries > 3 {
		next += " to its own pages, the 3 newest also to the home page"
	}
	if a.PerWeek > 0 {
		next += fmt.Sprintf("; then about %.1f a week", a.PerWeek)
	}
	fmt.Fprintf(c.out, "next    %s; `coranto run` reads it now\n", next)
	switch {
	case dry:
		fmt.Fprintf(c.out, "wrote   nothing (dry run); it would be source %q\n", a.ID)
	case a.Proposal != nil:
		fmt.Fprintf(c.out, "pushed  source %q as branch %s, commit %s; nothing has changed here\n", a.ID, a.Proposal.Branch, short(a.Commit))
		if a.Proposal.Link != "" {
			fmt.Fprintf(c.out, "open    %s\n", a.Proposal.Link)
		}
	case a.Commit != "":
		fmt.Fprintf(c.out, "wrote   source %q to coranto.yaml, commit %s        undo: coranto source retire %s\n", a.ID, short(a.Commit), a.ID)
	default:
		fmt.Fprintf(c.out, "wrote   source %q to coranto.yaml\n", a.ID)
		fmt.Fprintf(c.err, "not committed: %s\n", a.Why)
	}
}
