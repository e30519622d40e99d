package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/coranto/coranto/internal/app"
	"github.com/coranto/coranto/internal/config"
	"github.com/coranto/coranto/internal/pipeline"
)

func (c *cli) checkCmd() *cobra.Command {
	var o app.ReviewOptions
	cmd := &cobra.Command{
		Use: "check", Short: "Review a change of the configuration, in CI",
		Long: `Validates coranto.yaml, moderation.yaml and the theme, finds the sources that
differ from the base, reads those (and only those), looks at dates, ids, charset,
size, duplicates and robots.txt, and prints what would be published. Nothing is
written. The base is the target branch of the pull request (GitHub, GitLab),
else the main branch. With GITHUB_ACTIONS set, what is wrong is annotated.

Ends with 10 when the configuration is wrong, with 3 when a source is. See
docs/ci.md for files that are ready to use.`,
		Example: "  coranto check\n  coranto check --base origin/main\n  coranto check --all --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			res, err := app.Review(cmd.Context(), c.dir, o, c.options())
			if err != nil {
				c.annotateError(err)
				return err
			}
			if res.Broken() {
				c.code = pipeline.ExitSources
			}
			if c.json {
				return object(c.out, res)
			}
			c.folding(func() { c.printReview(res) })
			return nil
		},
	}
	cmd.Flags().StringVar(&o.Base, "base", "", "revision to compare with")
	cmd.Flags().BoolVar(&o.All, "all", false, "read every source")
	return cmd
}

func annotating() bool { return os.Getenv("GITHUB_ACTIONS") == "true" }

// annotate writes a workflow command of GitHub Actions.
func (c *cli) annotate(level string, line int, title, text string) {
	if annotating() && !c.json {
		esc := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
		prop := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
		fmt.Fprintf(c.out, "::%s file=%s,line=%d,title=%s::%s\n", level, config.FileName, max(1, line), prop.Replace(title), esc.Replace(text))
	}
}

func (c *cli) annotateError(err error) {
	if e, ok := errors.AsType[*config.Error](err); ok {
		for _, f := range e.Faults {
			text := f.Reason
			if f.Hint != "" {
				text += " (hint: " + f.Hint + ")"
			}
			c.annotate("error", f.Line, "coranto.yaml", text)
		}
	}
}

func (c *cli) printReview(res app.Reviewed) {
	fmt.Fprintf(c.out, "valid   %s, %d active; theme %s\n", plural(res.Valid.Sources, "source", "sources"), res.Valid.Active, res.Valid.Theme)
	if res.Base != "" {
		fmt.Fprintf(c.out, "base    %s: %s, %d removed\n", short(res.Base), plural(len(res.Sources), "source differs", "sources differ"), len(res.Removed))
	}
	for _, n := range res.Notes {
		fmt.Fprintf(c.out, "note    %s\n", n)
	}
	for _, id := range res.Removed {
		fmt.Fprintf(c.out, "removed %s: its posts stay; `coranto source retire` keeps its name on the sources page too\n", id)
	}
	for _, s := range res.Sources {
		fmt.Fprintf(c.out, "\n%-7s %s  %s\n", s.Change, s.ID, s.URL)
		if s.Format != "" {
			fmt.Fprintf(c.out, "        %s, %q: %d new, %d known, %d merged, %d filtered\n", formatName(s.Format, ""), s.Title, s.Counts["new"], s.Counts["known"], s.Counts["merged"], s.Counts["filtered"])
		}
		for _, f := range s.Faults {
			sign, level := "!", "warning"
			if f.Level == app.Broken {
				sign, level = "✗", "error"
			}
			fmt.Fprintf(c.out, "  %s %s: %s\n", sign, f.About, f.Text)
			c.annotate(level, s.Line, s.ID+", "+f.About, f.Text)
		}
		for _, e := range s.New {
			day := "          "
			if !e.Published.IsZero() {
				day = e.Published.Format("2006-01-02")
			}
			fmt.Fprintf(c.out, "  + %s  %s\n", day, clip(e.Title, 80))
		}
		if more := s.Counts["new"] - len(s.New); more > 0 {
			fmt.Fprintf(c.out, "    … and %d more\n", more)
		}
	}
}
