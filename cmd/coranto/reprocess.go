package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/coranto/coranto/internal/app"
)

func (c *cli) reprocessCmd() *cobra.Command {
	var dry bool
	cmd := &cobra.Command{
		Use: "reprocess [SOURCE...]", Short: "Apply changed rules to the posts that are stored",
		Long: `Applies filters, tag map and overrides (author, kind, tags, language) as they are
in coranto.yaml now to the posts that are stored, and makes what differs one
commit. Posts that filters now drop are hidden, in moderation.yaml, and come back
when the filters change again; what you have decided yourself stays. Nobody is
asked anything. -n shows what would change.`,
		Example: "  coranto reprocess -n\n  coranto reprocess alice",
		RunE: func(cmd *cobra.Command, args []string) error {
			res, err := app.Reprocess(cmd.Context(), c.dir, args, dry, c.options())
			if err != nil {
				return err
			}
			if c.json {
				return object(c.out, res)
			}
			for i, w := range res.Posts {
				if i == 200 {
					fmt.Fprintf(c.out, "… and %d more: --json lists all\n", len(res.Posts)-i)
					break
				}
				fmt.Fprintf(c.out, "~ %s: %s\n", w.Source, clip(w.Title, 80))
				for _, change := range w.Changes {
					fmt.Fprintf(c.out, "    %s\n", change)
				}
			}
			fmt.Fprintf(c.out, "changes %s", plural(len(res.Posts), "post", "posts"))
			if res.Skipped > 0 {
				fmt.Fprintf(c.out, "; %d are of sources that are no longer configured", res.Skipped)
			}
			fmt.Fprintln(c.out)
			c.committed(res.Commit, "", dry || len(res.Posts) == 0)
			return nil
		},
	}
	cmd.Flags().BoolVarP(&dry, "dry-run", "n", false, "show what would change, but write nothing")
	return cmd
}
