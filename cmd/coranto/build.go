package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/coranto/coranto/internal/app"
)

func (c *cli) buildCmd() *cobra.Command {
	var out string
	var force, dry bool
	cmd := &cobra.Command{
		Use:   "build",
		Short: "Build the site of the branch's head",
		Long: `Builds the site of what is committed and makes it the live release. With --out
it is written to a directory as plain files instead, for any web server: only what
differs is written, files of an earlier build that are no more are removed, and
what is live stays.`,
		Example: "  coranto build\n  coranto build -n\n  coranto build --out public",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if dry {
				return c.planBuild(cmd, out, force)
			}
			a, err := app.Open(cmd.Context(), c.dir, c.options())
			if err != nil {
				return err
			}
			defer a.Close()
			c.warn(a.Notices(cmd.Context()))
			defer func() { c.warn(a.ContentWarnings()) }()
			if out == "" {
				p, err := a.Publish(cmd.Context(), app.PublishOptions{Always: true, Force: force})
				if err != nil {
					return err
				}
				if c.json {
					return object(c.out, p)
				}
				printPublished(c.out, p)
				return nil
			}
			x, err := a.BuildTo(cmd.Context(), out, force)
			if err != nil {
				return err
			}
			if c.json {
				return object(c.out, x)
			}
			fmt.Fprintf(c.out, "out     %s: %s written, %d removed, %d as they were\n", out, plural(x.Written, "file", "files"), x.Removed, x.Kept)
			return nil
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "write the site to `DIR` instead of making it live")
	cmd.Flags().BoolVar(&force, "force", false, "past the guards")
	cmd.Flags().BoolVarP(&dry, "dry-run", "n", false, "show which files would change, but write nothing")
	return cmd
}

// planBuild shows what a build would change.
func (c *cli) planBuild(cmd *cobra.Command, out string, force bool) error {
	p, err := app.PlanBuild(cmd.Context(), c.dir, out, force, c.options())
	if err != nil {
		return err
	}
	if c.json {
		return object(c.out, p)
	}
	fmt.Fprintf(c.out, "commit  %s\n", short(p.Commit))
	printPlannedPages(c.out, p.Pages)
	if x := p.Out; x != nil {
		fmt.Fprintf(c.out, "out     %s: %d would be written, %d removed, %d are as they should be\n", out, x.Written, x.Removed, x.Kept)
	}
	fmt.Fprintln(c.out, "wrote   nothing")
	return nil
}
