package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/coranto/coranto/internal/app"
	"github.com/coranto/coranto/internal/pipeline"
)

func (c *cli) planCmd() *cobra.Command {
	var o app.PlanOptions
	cmd := &cobra.Command{
		Use: "plan [SOURCE...]", Short: "Show what a run would change, writing nothing",
		Long: `Asks the sources as a run would (conditionally, with the same manners), and shows
which posts would be new or joined and which files of the site would be added,
changed or removed. Nothing is written, not even what was learnt; pages of new
posts are not asked for, so their words may still differ.

Ends with 3 when some sources failed.`,
		Example: "  coranto plan\n  coranto plan alice --json | jq .pages.changed",
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Only = args
			p, err := app.Plan(cmd.Context(), c.dir, o, c.options())
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
			c.printPlan(p)
			return nil
		},
	}
	cmd.Flags().BoolVar(&o.Due, "due", false, "ask only the sources whose time has come")
	return cmd
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
		switch {
		case s.Error != "":
			fmt.Fprintf(c.out, "! %s  %s (%s)\n", s.ID, s.Why, s.Error)
		case s.Moved != "":
			fmt.Fprintf(c.out, "> %s  has moved to %s\n", s.ID, s.Moved)
		}
	}
	added, merged := 0, 0
	for _, post := range p.Posts {
		if post.Merged {
			merged++
		} else {
			added++
		}
	}
	fmt.Fprintf(c.out, "\nposts   %d new, %d also by another source\n", added, merged)
	for i, post := range p.Posts {
		if i == maxShown {
			fmt.Fprintf(c.out, "  … and %d more: --json lists all\n", len(p.Posts)-i)
			break
		}
		switch {
		case post.Merged:
			fmt.Fprintf(c.out, "= %s: %s  (is %s)\n", post.Source, clip(post.Title, 80), post.Into)
		case post.State != "shown":
			fmt.Fprintf(c.out, "+ %s: %s  (%s)\n", post.Source, clip(post.Title, 80), post.State)
		default:
			fmt.Fprintf(c.out, "+ %s: %s\n", post.Source, clip(post.Title, 80))
		}
	}
	g := p.Pages
	fmt.Fprintf(c.out, "\nfiles   %d added, %d changed, %d removed, %d as they are\n", len(g.Added), len(g.Changed), len(g.Removed), g.Same)
	shown := 0
	for _, list := range []struct {
		sign  string
		paths []string
	}{{"+", g.Added}, {"~", g.Changed}, {"-", g.Removed}} {
		for _, path := range list.paths {
			if shown++; shown > maxShown {
				continue
			}
			fmt.Fprintf(c.out, "%s /%s\n", list.sign, path)
		}
	}
	if shown > maxShown {
		fmt.Fprintf(c.out, "  … and %d more: --json lists all\n", shown-maxShown)
	}
	fmt.Fprintln(c.out, "wrote   nothing")
}
