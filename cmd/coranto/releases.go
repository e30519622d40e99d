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
			store, err := app.OpenReleases(c.dir, c.options())
			if err != nil {
				return err
			}
			list, err := store.List()
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
	return &cobra.Command{
		Use:   "rollback [RELEASE]",
		Short: "Go back to an earlier release",
		Long: `Makes an earlier release live again, by default the one before; it is one
pointer that moves, also under a running ` + "`coranto serve`" + `. The next commit
publishes anew.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			store, err := app.OpenReleases(c.dir, c.options())
			if err != nil {
				return err
			}
			id := ""
			if len(args) > 0 {
				id = args[0]
			}
			r, err := store.Rollback(cmd.Context(), id)
			if err != nil {
				return err
			}
			if c.json {
				return object(c.out, r)
			}
			fmt.Fprintf(c.out, "live    release %s of commit %s, built %s\n", short(r.ID), short(r.Commit), r.Created.Local().Format(time.DateTime))
			return nil
		},
	}
}
