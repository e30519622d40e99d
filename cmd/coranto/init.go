package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/coranto/coranto/internal/app"
)

func (c *cli) initCmd() *cobra.Command {
	var dry bool
	cmd := &cobra.Command{
		Use:   "init [DIR]",
		Short: "Make a site directory",
		Long: `Makes DIR (by default the current directory) a site directory: a git
repository with a commented coranto.yaml, and .coranto/ for state, ignored by
git. Files that are there stay as they are.`,
		Example: "  coranto init news",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := c.dir
			if len(args) > 0 {
				dir = args[0]
			}
			begin := func() (app.Inited, error) { return app.Init(cmd.Context(), dir, nil, c.options()) }
			if dry {
				begin = func() (app.Inited, error) { return app.WouldInit(dir) }
			}
			res, err := begin()
			if err != nil {
				return err
			}
			if c.json {
				return object(c.out, res)
			}
			if dry {
				fmt.Fprintf(c.out, "nothing made; it would be %s in %s\n", strings.Join(res.Made, ", "), res.Dir)
				return nil
			}
			fmt.Fprintf(c.out, "made    %s in %s\n", strings.Join(res.Made, ", "), res.Dir)
			if res.Commit != "" {
				fmt.Fprintf(c.out, "commit  %s\n", short(res.Commit))
			}
			in := ""
			if dir != "." {
				in = "-C " + quote(dir) + " "
			}
			fmt.Fprintf(c.out, "next    coranto %sadd https://a.blog.you.like\n", in)
			return nil
		},
	}
	cmd.Flags().BoolVarP(&dry, "dry-run", "n", false, "tell what would be made, but make nothing")
	return cmd
}

// short is a commit as people say it.
func short(commit string) string {
	if len(commit) > 10 {
		return commit[:10]
	}
	return commit
}

// quote makes a path fit for a shell.
func quote(path string) string {
	if path != "" && strings.IndexFunc(path, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-+~", r))
	}) < 0 {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}

// plural writes a count with its noun.
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
