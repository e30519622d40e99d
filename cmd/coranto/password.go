package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/coranto/coranto/internal/app"
)

func (c *cli) passwordCmd() *cobra.Command {
	var dry bool
	cmd := &cobra.Command{
		Use: "password SECRET USER", Short: "Let somebody into a protected part of the site",
		Long: `Reads a password and puts its hash (argon2id) under the user's name into a
secret, encrypted. The part of the site that needs it is named in coranto.yaml:

  host: {protect: {/drafts/: SECRET}}`,
		Example: "  coranto password readers ada",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			password, err := c.readSecret(cmd.Context(), "the password")
			if err != nil {
				return err
			}
			had := app.HasKey(c.dir)
			commit, why, err := app.SetPassword(cmd.Context(), c.dir, args[0], args[1], password, dry, c.options())
			if err != nil {
				return err
			}
			if c.json {
				return object(c.out, map[string]any{"name": args[0], "user": args[1], "change": "stored", "commit": commit, "uncommitted": why, "dry_run": dry})
			}
			fmt.Fprintf(c.out, "stored  password of %s in %s\n", args[1], args[0])
			c.committed(commit, why, dry)
			if !dry {
				c.warnKey(had)
			}
			return nil
		},
	}
	cmd.Flags().BoolVarP(&dry, "dry-run", "n", false, "check, but change nothing")
	return cmd
}
