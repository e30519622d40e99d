package main

import (
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/coranto/coranto/internal/app"
	"github.com/coranto/coranto/internal/catalog"
)

func (c *cli) sourceCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "source", Short: "List, test, import, pause or retire sources",
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(c.sourceListCmd(), c.sourceShowCmd(), c.sourceAcceptCmd(), c.sourceTestCmd(), c.sourceImportCmd(), c.sourceExportCmd(),
		c.sourceChangeCmd(app.Retire, "Stop asking a source for good; its posts stay"),
		c.sourceChangeCmd(app.Pause, "Stop asking a source for the time being"),
		c.sourceChangeCmd(app.Resume, "Ask a paused source again"))
	return cmd
}

func (c *cli) sourceListCmd() *cobra.Command {
	var f app.SourceFilter
	cmd := &cobra.Command{
		Use: "list [TEXT]", Short: "List the sources and how they stand",
		Long:    "Lists the sources whose id, title or address contains TEXT, and how they stand.",
		Example: "  coranto source list --health failing\n  coranto source list --health bad --json\n  coranto source list --tag go",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				f.Text = args[0]
			}
			if f.Health != "" && f.Health != "bad" && !slices.Contains(catalog.Healths, catalog.Health(f.Health)) {
				return usage(cmd, fmt.Errorf("--health is bad or one of %v, not %q", catalog.Healths, f.Health))
			}
			st, err := app.StatusOf(cmd.Context(), c.dir, c.options())
			if err != nil {
				return err
			}
			st.Sources = slices.DeleteFunc(st.Sources, func(s app.SourceStatus) bool { return !f.Wants(s) })
			return c.printSources(st)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.Health, "health", "", "only these: active, moved, new, held, failing, parked, quarantined, gone, paused, retired; or bad")
	fl.StringVar(&f.Tag, "tag", "", "only those with this tag")
	fl.StringVar(&f.Zone, "zone", "", "only those of this network zone")
	fl.StringVar(&f.Kind, "kind", "", "only those of this kind")
	return cmd
}

func (c *cli) printSources(st app.Status) error {
	t := table{head: []string{"SOURCE", "HEALTH", "CHECKED", "CHANGED", "NEXT", "URL"}, wrap: 5, keep: 1}
	for _, s := range st.Sources {
		if c.json {
			if err := object(c.out, s); err != nil {
				return err
			}
			continue
		}
		t.add(s.ID, string(s.Health), ago(st.Now, s.Checked), ago(st.Now, s.Changed), until(st.Now, s.Next), s.URL)
	}
	t.print(c.out)
	return nil
}

func (c *cli) sourceImportCmd() *cobra.Command {
	var zone string
	var dry bool
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Add the sources of a list, in one commit",
		Long: `Adds every feed of a list ("-" reads standard input) to coranto.yaml, in one
commit. Nobody is asked; the next run reads them. The list may be OPML (folders
become tags; the settings of FreshRSS and Miniflux are understood), the INI file
of Planet Venus or Pluto, the YAML of osmosfeed, Pluto or ocaml.org, or one
address a line. What has no counterpart here is said, setting by setting, with
its line.`,
		Example: "  coranto source import feeds.opml\n  coranto source import -n planet.ini",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			data, err := c.readArg(args[0])
			if err != nil {
				return err
			}
			res, err := app.Import(cmd.Context(), c.dir, data, zone, dry, c.options())
			if err != nil {
				return err
			}
			if c.json {
				return object(c.out, res)
			}
			for _, s := range res.Skipped {
				fmt.Fprintf(c.err, "skipped  %s\n", inFile(args[0], s))
			}
			for _, s := range grouped(res.Notes) {
				fmt.Fprintf(c.err, "note     %s\n", inFile(args[0], s))
			}
			fmt.Fprintf(c.out, "added   %s", plural(len(res.Added), "source", "sources"))
			if n := len(res.Known); n > 0 {
				fmt.Fprintf(c.out, ", %d were there already", n)
			}
			fmt.Fprintln(c.out)
			c.committed(res.Commit, res.Why, dry || len(res.Added) == 0)
			return nil
		},
	}
	cmd.Flags().StringVar(&zone, "zone", "", "network zone of the new sources")
	cmd.Flags().BoolVarP(&dry, "dry-run", "n", false, "look, but write nothing")
	return cmd
}

func (c *cli) sourceExportCmd() *cobra.Command {
	return &cobra.Command{
		Use: "export", Short: "Print the sources as OPML", Args: cobra.NoArgs,
		Long: `Prints the sources as OPML 2.0: folders are first tags, and what OPML has no
attribute for (filters, intervals, zones, recipes …) goes into attributes of
Coranto's own, which other readers pass over and ` + "`coranto source import`" + ` takes
back. With --json it is one source a line.`,
		RunE: func(*cobra.Command, []string) error {
			if !c.json {
				return app.Export(c.dir, c.out)
			}
			list, err := app.ConfiguredSources(c.dir)
			for _, s := range list {
				if err := object(c.out, s); err != nil {
					return err
				}
			}
			return err
		},
	}
}

func (c *cli) sourceChangeCmd(change app.Change, about string) *cobra.Command {
	var dry bool
	cmd := &cobra.Command{
		Use: string(change) + " ID", Short: about, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			commit, why, err := app.ChangeSource(cmd.Context(), c.dir, args[0], change, dry, c.options())
			if err != nil {
				return err
			}
			if c.json {
				return object(c.out, map[string]string{"source": args[0], "change": string(change), "commit": commit, "uncommitted": why})
			}
			fmt.Fprintf(c.out, "%-7s %s\n", string(change), args[0])
			c.committed(commit, why, dry)
			return nil
		},
	}
	cmd.Flags().BoolVarP(&dry, "dry-run", "n", false, "check, but write nothing")
	return cmd
}

// committed says what became of an edit of coranto.yaml.
func (c *cli) committed(commit, why string, nothing bool) {
	switch {
	case nothing:
		fmt.Fprintln(c.out, "wrote   nothing")
	case commit != "":
		fmt.Fprintf(c.out, "commit  %s\n", short(commit))
	default:
		fmt.Fprintf(c.err, "written, but not committed: %s\n", why)
	}
}

// readArg reads a file named on the command line, "-" for standard input.
func (c *cli) readArg(name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(io.LimitReader(c.stdin, 64<<20))
	}
	return os.ReadFile(name)
}
