package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/coranto/coranto/internal/app"
)

func (c *cli) runsRedriveCmd() *cobra.Command {
	var dry bool
	cmd := &cobra.Command{
		Use: "redrive RUN", Short: "Let an execution that failed go on from where it failed",
		Long: `Lets an execution that failed, timed out or was cancelled go on from there, with
its definition and input. What has succeeded in it is not done again: of a Map or
Parallel only the items and branches that failed or were cut off run again. RUN
may be "last". The command waits for the end; where a serve has the directory,
that one goes on with it, and the command returns at once.`,
		Example: "  coranto runs list\n  coranto runs redrive 20261122-121503-k3x9",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if dry {
				return c.planRedrive(cmd, args[0])
			}
			x, err := app.Redrive(cmd.Context(), c.dir, args[0], c.options())
			if err != nil {
				return err
			}
			if c.json {
				return object(c.out, x)
			}
			fmt.Fprintf(c.out, "%s  %s %s\n", strings.ToLower(string(x.Status)), x.Workflow, x.ID)
			return nil
		},
	}
	cmd.Flags().BoolVarP(&dry, "dry-run", "n", false, "tell what would run again, but start nothing")
	return cmd
}

func (c *cli) planRedrive(cmd *cobra.Command, id string) error {
	x, err := app.PlanRedrive(cmd.Context(), c.dir, id)
	if err != nil {
		return err
	}
	if c.json {
		return object(c.out, x)
	}
	fmt.Fprintf(c.out, "%s  %s %s\n", strings.ToLower(string(x.Status)), x.Workflow, x.ID)
	if x.Error != "" {
		fmt.Fprintf(c.out, "why     %s: %s\n", x.Error, printable(x.Cause))
	}
	fmt.Fprintf(c.out, "again   %s\nstarted nothing\n", strings.Join(x.Again, ", "))
	return nil
}
