package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/coranto/coranto/internal/app"
)

func (c *cli) deployCmd() *cobra.Command {
	var force, dry bool
	cmd := &cobra.Command{
		Use: "deploy", Short: "Take the live site to the places of coranto.yaml",
		Long: `Takes the live release to every place that deploy: names, only what has changed:
a directory (a symbolic link that is swapped), a branch of a git repository, a
bucket of an S3-compatible store. Credentials are the secret named like the
host. ` + "`coranto serve`" + ` does the same by itself.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if dry {
				return c.planDeploy(cmd, force)
			}
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
	cmd.Flags().BoolVar(&force, "force", false, "also where the release is already, and past a deployment that another has begun")
	cmd.Flags().BoolVarP(&dry, "dry-run", "n", false, "list what would be written and removed, but do nothing")
	return cmd
}

// planShown is how many files of a plan are listed for a person.
const planShown = 20

// planDeploy tells what deploy would do; it works beside serve.
func (c *cli) planDeploy(cmd *cobra.Command, force bool) error {
	list, err := app.PlanDeploy(cmd.Context(), c.dir, force, c.options())
	for _, d := range list {
		switch {
		case c.json:
			_ = object(c.out, d)
		case d.Already:
			fmt.Fprintf(c.out, "there   %s has release %s\n", d.To, short(d.Release))
		case d.Error == "":
			fmt.Fprintf(c.out, "would   take release %s to %s: %s written, %d removed\n", short(d.Release), d.To, plural(d.Written, "file", "files"), d.Removed)
			c.files("+", d.Write)
			c.files("-", d.Remove)
		}
	}
	if err == nil && len(list) == 0 {
		fmt.Fprintln(c.err, "deploy: in coranto.yaml names no place")
	}
	return err
}

func (c *cli) files(mark string, list []string) {
	for i, path := range list {
		if i == planShown {
			fmt.Fprintf(c.out, "  %s … and %d more (--json lists all)\n", mark, len(list)-i)
			return
		}
		fmt.Fprintf(c.out, "  %s %s\n", mark, path)
	}
}
