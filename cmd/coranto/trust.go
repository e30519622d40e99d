package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/coranto/coranto/internal/app"
)

func (c *cli) trustCmd() *cobra.Command {
	var dry bool
	cmd := &cobra.Command{
		Use:   "trust",
		Short: "Let the site's programs and network zones take effect",
		Long: `What in a repository would run programs or open networks (zones, tasks,
build.command, workflows/) takes effect only after it was trusted, on this
machine, as it is now: any change of it has to be trusted again. It is shown
first.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			t, err := app.Trust(c.dir, dry)
			if err != nil {
				return err
			}
			if c.json {
				return object(c.out, t)
			}
			if len(t.Parts) == 0 {
				fmt.Fprintln(c.out, "nothing to trust: no zones, tasks, build command or workflows")
				return nil
			}
			for _, p := range t.Parts {
				fmt.Fprintf(c.out, "%-9s %s\n", p.Kind, p.Text)
			}
			switch {
			case dry:
				fmt.Fprintln(c.out, "not trusted (dry run)")
			case t.Already:
				fmt.Fprintln(c.out, "was trusted already")
			default:
				fmt.Fprintln(c.out, "trusted on this machine, until it changes")
			}
			return nil
		},
	}
	cmd.Flags().BoolVarP(&dry, "dry-run", "n", false, "show it, but do not trust it")
	return cmd
}
