package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/coranto/coranto/internal/app"
)

func (c *cli) releasesCmd() *cobra.Command {
	return &cobra.Command{
		Use: "releases", Short: "List the built sites that are kept", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			list, err := app.Releases(c.dir, c.options())
			if err != nil {
				return err
			}
			t := table{head: []string{"", "RELEASE", "BUILT", "COMMIT", "FILES", "BYTES"}, wrap: 1}
			for _, r := range list {
				if c.json {
					if err := object(c.out, r); err != nil {
						return err
					}
					continue
				}
				live := " "
				if r.Current {
					live = "*"
				}
				t.add(live, short(r.ID), r.Created.Local().Format(time.DateTime), short(r.Commit), fmt.Sprint(r.Files), fmt.Sprint(r.Size))
			}
			t.print(c.out)
			return nil
		},
	}
}

func (c *cli) rollbackCmd() *cobra.Command {
	var dry bool
	cmd := &cobra.Command{
		Use:   "rollback [RELEASE]",
		Short: "Go back to an earlier release",
		Long: `Makes an earlier release live again, by default the one before; it is one
pointer that moves, also under a running ` + "`coranto serve`" + `. The next commit
publishes anew.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			id := ""
			if len(args) > 0 {
				id = args[0]
			}
			r, err := app.Rollback(cmd.Context(), c.dir, id, dry, c.options())
			if err != nil {
				return err
			}
			if c.json {
				return object(c.out, r)
			}
			live := "live    release"
			if dry {
				live = "nothing changed; it would be release"
			}
			fmt.Fprintf(c.out, "%s %s of commit %s, built %s\n", live, short(r.ID), short(r.Commit), r.Created.Local().Format(time.DateTime))
			return nil
		},
	}
	cmd.Flags().BoolVarP(&dry, "dry-run", "n", false, "tell which release it would be, but change nothing")
	return cmd
}
