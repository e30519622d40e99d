package main

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/coranto/coranto/internal/app"
)

func (c *cli) runsCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "runs", Short: "List what ran",
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	var n int
	list := &cobra.Command{
		Use: "list", Short: "List the newest executions of workflows", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			runs, err := app.Runs(cmd.Context(), c.dir, n)
			if err != nil {
				return err
			}
			t := table{head: []string{"RUN", "WORKFLOW", "STATUS", "STARTED", "TOOK", "WHY"}, wrap: 5}
			for _, r := range runs {
				if c.json {
					if err := object(c.out, r); err != nil {
						return err
					}
					continue
				}
				took, why := "-", r.Error
				if !r.Ended.IsZero() {
					took = r.Ended.Sub(r.Started).Round(10 * time.Millisecond).String()
				}
				if r.Cause != "" {
					why += ": " + r.Cause
				}
				t.add(string(r.ID), r.Workflow, string(r.Status), r.Started.Local().Format(time.DateTime), took, why)
			}
			t.print(c.out)
			return nil
		},
	}
	list.Flags().IntVar(&n, "limit", 20, "how many")
	cmd.AddCommand(list)
	return cmd
}
