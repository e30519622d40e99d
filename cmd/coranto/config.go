package main

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"github.com/coranto/coranto/internal/app"
	"github.com/coranto/coranto/internal/config"
	"github.com/coranto/coranto/internal/pipeline"
)

func (c *cli) configCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "config", Short: "Check and show the configuration",
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(
		&cobra.Command{
			Use: "validate", Short: "Check coranto.yaml and the theme", Args: cobra.NoArgs,
			Long: `Reads coranto.yaml as a run would, with its schedules, filters and theme. What is
wrong is told with line, column, the line itself and the nearest valid key, and
the command ends with 10. Nobody is asked and nothing written.`,
			Example: "  coranto config validate",
			RunE: func(cmd *cobra.Command, _ []string) error {
				v, err := app.Validate(cmd.Context(), c.dir)
				if err != nil {
					return err
				}
				if c.json {
					return object(c.out, v)
				}
				fmt.Fprintf(c.out, "valid   %s: %s, %d of them active; theme %s\n", config.FileName, plural(v.Sources, "source", "sources"), v.Active, v.Theme)
				return nil
			},
		},
		&cobra.Command{
			Use: "show", Short: "Print the configuration with all defaults", Args: cobra.NoArgs,
			Long:    "Prints the configuration in force, with every default filled in.",
			Example: "  coranto config show\n  coranto config show --json | jq .fetch",
			RunE: func(*cobra.Command, []string) error {
				text, err := app.EffectiveConfig(c.dir)
				if err != nil || !c.json {
					_, _ = c.out.Write(text)
					return err
				}
				var v any
				if err := yaml.Unmarshal(text, &v); err != nil {
					return err
				}
				return object(c.out, v)
			},
		},
		&cobra.Command{
			Use: "schema", Short: "Print the JSON Schema of coranto.yaml, for editors", Args: cobra.NoArgs,
			Long: `Prints the JSON Schema of coranto.yaml. Editors complete and check keys with it;
the line  # yaml-language-server: $schema=coranto.schema.json  names it.`,
			Example: "  coranto config schema > coranto.schema.json",
			RunE: func(*cobra.Command, []string) error {
				text := config.Schema()
				if c.json {
					var v any
					if err := json.Unmarshal(text, &v); err != nil {
						return err
					}
					return object(c.out, v)
				}
				_, err := c.out.Write(text)
				return err
			},
		},
	)
	return cmd
}

func (c *cli) fmtCmd() *cobra.Command {
	var dry, check bool
	cmd := &cobra.Command{
		Use: "fmt", Short: "Lay out coranto.yaml in its canonical form",
		Long: `Puts the keys of coranto.yaml into the order of the documentation, indents by two
spaces and tidies blank lines. Every comment, value and way of writing a value
stays; what is laid out already is left as it is. -n shows the difference,
--check ends with 1 if there is one.`,
		Example: "  coranto fmt\n  coranto fmt -n\n  coranto fmt --check",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			f, err := app.FormatConfig(c.dir, !dry && !check)
			if err != nil {
				return err
			}
			if check && f.Changed {
				c.code = pipeline.ExitError
			}
			switch {
			case c.json:
				return object(c.out, f)
			case dry:
				fmt.Fprint(c.out, app.Diff(config.FileName, f.Old, f.Text))
			case f.Changed && check:
				fmt.Fprintf(c.out, "%s is not formatted; `coranto fmt` does it\n", config.FileName)
			case f.Changed:
				fmt.Fprintf(c.out, "wrote   %s\n", config.FileName)
			}
			return nil
		},
	}
	cmd.Flags().BoolVarP(&dry, "dry-run", "n", false, "show the difference, but write nothing")
	cmd.Flags().BoolVar(&check, "check", false, "write nothing, and end with 1 if it is not formatted")
	return cmd
}
