package main

import (
	"fmt"
	"net"
	"time"

	"github.com/spf13/cobra"

	"github.com/coranto/coranto/internal/app"
	"github.com/coranto/coranto/internal/site"
)

func (c *cli) themeCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "theme", Short: "Change the look of the site",
		Long: `A file in theme/ takes the place of the theme's file of the same name; the others
stay as they are shipped. docs/themes.md tells what templates are given.`,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	var dry bool
	cmd.AddCommand(
		&cobra.Command{
			Use: "list", Short: "List the themes there are", Args: cobra.NoArgs,
			RunE: func(*cobra.Command, []string) error {
				for _, n := range site.Themes() {
					if c.json {
						_ = object(c.out, map[string]string{"name": n})
					} else {
						fmt.Fprintln(c.out, n)
					}
				}
				return nil
			},
		},
		&cobra.Command{
			Use: "files", Short: "List the files of the site's theme", Args: cobra.NoArgs,
			RunE: func(*cobra.Command, []string) error {
				files, own, err := app.ThemeFiles(c.dir)
				if err != nil {
					return err
				}
				t := table{head: []string{"FILE", ""}}
				for _, f := range files {
					whose := ""
					if own[f] {
						whose = "yours"
					}
					if c.json {
						_ = object(c.out, map[string]any{"file": f, "own": own[f]})
						continue
					}
					t.add(f, whose)
				}
				if !c.json {
					t.print(c.out)
				}
				return nil
			},
		},
		&cobra.Command{
			Use: "eject [FILE]", Short: "Copy a file of the theme to theme/, to change it", Args: cobra.MaximumNArgs(1),
			Example: "  coranto theme eject components/post.html\n  coranto theme eject assets/",
			RunE: func(_ *cobra.Command, args []string) error {
				name := ""
				if len(args) > 0 {
					name = args[0]
				}
				files, err := app.EjectTheme(c.dir, name, dry)
				done := "wrote"
				if dry {
					done = "would write"
				}
				for _, f := range files {
					if c.json {
						_ = object(c.out, map[string]any{"file": f, "dry_run": dry})
						continue
					}
					fmt.Fprintf(c.out, "%-7s %s\n", done, f)
				}
				return err
			},
		},
	)
	eject, _, _ := cmd.Find([]string{"eject"})
	eject.Flags().BoolVarP(&dry, "dry-run", "n", false, "tell which files it would be, but write nothing")
	return cmd
}

func (c *cli) previewCmd() *cobra.Command {
	var listen string
	cmd := &cobra.Command{
		Use: "preview", Short: "Show the site while its theme is being changed",
		Long: `Serves the site as coranto.yaml and theme/ are in the working tree, with the posts
that are committed. Nothing is written, and pages that are open load themselves
anew when a file is saved. A fault of a template is shown in the page, with its
file and line. Pictures are the drawn ones.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			l, err := net.Listen("tcp", listen)
			if err != nil {
				return listenError(listen, err)
			}
			fmt.Fprintf(c.out, "preview http://%s/\n", l.Addr())
			return app.Live(cmd.Context(), c.dir, l, c.options(), app.LiveOptions{Tell: func(r site.Report, took time.Duration, err error) {
				if err != nil {
					fmt.Fprintf(c.err, "%v\n", err)
					return
				}
				fmt.Fprintf(c.err, "built   %s in %s\n", plural(r.Files, "file", "files"), took.Round(time.Millisecond))
			}})
		},
	}
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:8081", "address to listen on")
	return cmd
}
