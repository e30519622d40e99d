package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/coranto/coranto/internal/app"
)

func (c *cli) deployCmd() *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use: "deploy", Short: "Take the live site to the places of coranto.yaml",
		Long: `Takes the live release to every place that deploy: names, only what has changed:
a directory (a symbolic link that is swapped), a branch of a git repository, a
bucket of an S3-compatible store. Credentials are the secret named like the
host. ` + "`coranto serve`" + ` does the same by itself.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			a, err := app.Open(cmd.Context(), c.dir, c.options())
			if err != nil {
				return err
			}
			defer a.Close()
			list, err := a.Deploy(cmd.Context(), force)
			for _, d := range list {
				switch {
				case c.json:
					_ = object(c.out, d)
				case d.Already:
					fmt.Fprintf(c.out, "there   %s has release %s\n", d.To, short(d.Release))
				case d.Error == "":
					fmt.Fprintf(c.out, "took    %s: %s written, %d removed, release %s\n", d.To, plural(d.Written, "file", "files"), d.Removed, short(d.Release))
				}
			}
			if err == nil && len(list) > 0 {
				_, err = a.Announce(cmd.Context())
			}
			if err == nil && len(list) == 0 {
				fmt.Fprintln(c.err, "deploy: in coranto.yaml names no place")
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&force, "force", false, "also where the release is already")
	return cmd
}
