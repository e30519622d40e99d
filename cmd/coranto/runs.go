package main

import (
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/coranto/coranto/asl"
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
			t := table{head: []string{"RUN", "WORKFLOW", "STATUS", "STARTED", "TOOK", "WHY"}, wrap: 5, keep: 1}
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
	var watch bool
	show := &cobra.Command{
		Use: "show RUN", Short: "Show what happened in an execution, event by event", Args: cobra.ExactArgs(1),
		Long: `Shows the history of an execution in the event types of AWS Step Functions. With
--watch it shows its states, how far each Map is, what was tried again and
about how long it will take, until it has ended; RUN may then be "last", the
newest. It works beside a running serve. With --json events are printed as they
happen. --watch ends with 1 when the execution has failed.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if watch {
				return c.watch(cmd, args[0])
			}
			t := table{head: []string{"EVENT", "AT", "TYPE", "STATE", "WHY"}, wrap: 4}
			err := app.History(cmd.Context(), c.dir, args[0], func(e asl.HistoryEvent) error {
				if c.json {
					return object(c.out, e)
				}
				why := e.Error
				if e.Cause != "" {
					why += ": " + e.Cause
				}
				t.add(strconv.FormatInt(e.ID, 10), e.Time.Local().Format("15:04:05.000"), string(e.Type), e.Name, why)
				return nil
			})
			t.print(c.out)
			return err
		},
	}
	show.Flags().BoolVarP(&watch, "watch", "w", false, "show it as it goes on")
	cmd.AddCommand(list, show, c.runsCancelCmd(), c.runsRedriveCmd())
	return cmd
}
