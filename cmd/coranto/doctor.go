package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/coranto/coranto/internal/app"
	"github.com/coranto/coranto/internal/pipeline"
)

func (c *cli) doctorCmd() *cobra.Command {
	var do app.DoctorOptions
	cmd := &cobra.Command{
		Use: "doctor", Short: "Look whether everything is as it should be",
		Long: `Verifies the configuration and theme, the repository, every post (its keys, dates
and file), decisions about posts, the state, every file of the releases, the
remote, secrets, trust, the clock and the disk. --fix repairs what needs no
decision of yours: it never touches a post or the configuration.

Ends with 1 where something is broken.`,
		Example: "  coranto doctor\n  coranto doctor --fix -n\n  coranto doctor --fix",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var err error
			c.folding(func() { err = c.doctor(cmd.Context(), do) })
			return err
		},
	}
	cmd.Flags().BoolVar(&do.Fix, "fix", false, "repair what is safe to repair")
	cmd.Flags().BoolVarP(&do.DryRun, "dry-run", "n", false, "tell what --fix would repair, but repair nothing; the remote is not asked")
	cmd.Flags().BoolVar(&do.Offline, "offline", false, "do not ask the remote")
	return cmd
}

// doctor prints what is found as it is found.
func (c *cli) doctor(ctx context.Context, do app.DoctorOptions) error {
	sign := map[app.Level]string{app.Fine: "ok", app.Warning: "warn", app.Broken: "BROKEN"}
	_, err := app.Doctor(ctx, c.dir, do, c.options(), func(f app.Finding) {
		if f.Level == app.Broken {
			c.code = pipeline.ExitError
		}
		if c.json {
			_ = object(c.out, f)
			return
		}
		fmt.Fprintf(c.out, "%-7s %-10s %s\n", sign[f.Level], f.Name, f.Text)
		if f.Fixed != "" {
			fmt.Fprintf(c.out, "%-7s %-10s %s\n", "fixed", "", f.Fixed)
		}
		if f.Would != "" {
			fmt.Fprintf(c.out, "%-7s %-10s %s\n", "would", "", f.Would)
		}
		if f.Hint != "" {
			fmt.Fprintf(c.out, "%-7s %-10s -> %s\n", "", "", f.Hint)
		}
	})
	return err
}
