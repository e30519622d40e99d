package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/coranto/coranto/internal/app"
	"github.com/coranto/coranto/internal/pipeline"
)

func (c *cli) planCmd() *cobra.Command {
	var o app.PlanOptions
	cmd := &cobra.Command{
		Use: "plan [SOURCE...]", Short: "Show what a run would change, writing nothing",
		Long: `Asks the sources as a run would (conditionally, with the same manners), and shows
how the sources would stand, which posts would be new, joined or revised, value
by value, and which files of the site would be added, changed or removed. Nothing
is written, not even what was learnt. Pages of new posts are asked with --pages
only; without it their words are the feed's and may still differ.

Ends with 3 when some sources failed.`,
		Example: "  coranto plan\n  coranto plan alice --json | jq .pages.changed",
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Only = args
			return c.plan(cmd.Context(), o)
		},
	}
	cmd.Flags().BoolVar(&o.Due, "due", false, "ask only the sources whose time has come")
	cmd.Flags().BoolVar(&o.Pages, "pages", false, "also ask the pages of new posts, so that their words are those of a run")
	return cmd
}

// plan asks the sources and prints what a run would change.
func (c *cli) plan(ctx context.Context, o app.PlanOptions) error {
	p, err := app.Plan(ctx, c.dir, o, c.options())
	if err != nil {
		return err
	}
	for _, s := range p.Sources {
		if s.Error != "" {
			c.code = pipeline.ExitSources
		}
	}
	if c.json {
		return object(c.out, p)
	}
	c.folding(func() { c.printPlan(p) })
	return nil
}

// maxShown bounds what a plan lists of one kind.
const maxShown = 100

func (c *cli) printPlan(p app.Planned) {
	asked, same, skipped := 0, 0, 0
	for _, s := range p.Sources {
		switch {
		case !s.Asked:
			skipped++
		case s.Same:
			same++
			fallthrough
		default:
			asked++
		}
	}
	fmt.Fprintf(c.out, "asked   %s, %d unchanged; %d would not be asked\n", plural(asked, "source", "sources"), same, skipped)
	for _, s := range p.Sources {
		printPlannedSource(c.out, s)
	}
	count := map[string]int{}
	for _, post := range p.Posts {
		count[post.Change]++
	}
	fmt.Fprintf(c.out, "\nposts   %d new, %d also by another source, %d revised\n", count[app.PostNew], count[app.PostMerged], count[app.PostRevised])
	for i, post := range p.Posts {
		if i == maxShown {
			fmt.Fprintf(c.out, "  … and %d more: --json lists all\n", len(p.Posts)-i)
			break
		}
		printPlannedPost(c.out, post)
	}
	printPlannedPages(c.out, p.Pages)
	fmt.Fprintln(c.out, "wrote   nothing")
}

// printPlannedSource says what would become of a source, where anything would.
func printPlannedSource(w io.Writer, s app.PlannedSource) {
	switch {
	case s.Error != "":
		fmt.Fprintf(w, "! %s  %s (%s)\n", s.ID, s.Why, s.Error)
	case s.Moved != "":
		fmt.Fprintf(w, "> %s  has moved to %s\n", s.ID, s.Moved)
	}
	if s.Use != "" {
		fmt.Fprintf(w, "> %s  would be asked at %s from then on\n", s.ID, s.Use)
	}
	if s.Asked && s.Health != s.Becomes {
		fmt.Fprintf(w, "~ %s  %s -> %s\n", s.ID, s.Health, s.Becomes)
	}
}

func printPlannedPost(w io.Writer, post app.PlannedPost) {
	sign := map[string]string{app.PostNew: "+", app.PostMerged: "=", app.PostRevised: "~"}[post.Change]
	note := ""
	switch {
	case post.Change == app.PostMerged:
		note = "  (is " + post.Into + ")"
	case post.State != "shown":
		note = "  (" + string(post.State) + ")"
	case post.Backlog:
		note = "  (old: not to the home page)"
	}
	fmt.Fprintf(w, "%s %s  %s: %s%s\n", sign, day(post.Published), post.Source, clip(cmp.Or(post.Title, post.Link), 80), note)
	if post.Change == app.PostNew && post.Link != "" {
		fmt.Fprintf(w, "              %s\n", printable(post.Link))
	}
	for _, f := range post.Fields {
		fmt.Fprintf(w, "    %-8s - %s\n             + %s\n", f.Name, clip(or(f.Old, "none"), 100), clip(or(f.New, "none"), 100))
	}
}

func printPlannedPages(w io.Writer, g app.PlannedPages) {
	if g.Why != "" {
		fmt.Fprintf(w, "\nfiles   not compared: %s\n", g.Why)
		return
	}
	fmt.Fprintf(w, "\nfiles   %d added, %d changed, %d removed, %d as they are\n", len(g.Added), len(g.Changed), len(g.Removed), g.Same)
	shown := 0
	for _, list := range []struct {
		sign  string
		paths []string
	}{{"+", g.Added}, {"~", g.Changed}, {"-", g.Removed}} {
		for _, path := range list.paths {
			if shown++; shown > maxShown {
				continue
			}
			fmt.Fprintf(w, "%s /%s\n", list.sign, path)
		}
	}
	if shown > maxShown {
		fmt.Fprintf(w, "  … and %d more: --json lists all\n", shown-maxShown)
	}
}

// day is a date in ten columns.
func day(at time.Time) string {
	if at.IsZero() {
		return "(no date) "
	}
	return at.Format(time.DateOnly)
}
