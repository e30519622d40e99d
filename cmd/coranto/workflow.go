package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/coranto/coranto/asl"
	"github.com/coranto/coranto/internal/app"
	"github.com/coranto/coranto/internal/diagram"
	"github.com/coranto/coranto/internal/engine"
)

func (c *cli) workflowCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "workflow", Short: "List, check, draw, copy and run workflows",
		Long: `A workflow is a state machine in the Amazon States Language. Two are built in:
aggregate (sources to one commit) and publish (build to live). A file in the
site's workflows/ called NAME.asl.json is a workflow of that name, and replaces
a built-in one; it takes effect once it was trusted.`,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(c.workflowListCmd(), c.workflowValidateCmd(), c.workflowGraphCmd(), c.workflowEjectCmd(), c.workflowRunCmd())
	return cmd
}

func (c *cli) workflowListCmd() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the workflows that can run here", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			list, err := app.Workflows(c.dir)
			if err != nil {
				return err
			}
			t := table{head: []string{"WORKFLOW", "FROM", "SCHEDULE", "STATE", "CALLS"}, wrap: 4}
			for _, w := range list {
				if c.json {
					if err := object(c.out, w); err != nil {
						return err
					}
					continue
				}
				from, state := w.Origin, "ready"
				if w.File != "" {
					from = w.File
				}
				switch {
				case w.Invalid != "":
					state = "invalid"
				case !w.Trusted:
					state = "not trusted"
				}
				t.add(w.Name, from, dash(strings.Join(w.Schedules, ", ")), state, strings.Join(w.Resources, " "))
			}
			t.print(c.out)
			return nil
		},
	}
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func (c *cli) workflowValidateCmd() *cobra.Command {
	var strict bool
	cmd := &cobra.Command{
		Use: "validate [FILE|NAME]", Short: "Check workflows, as the service does and further",
		Long: `Checks a file, a workflow by its name, or every workflow of the site. Errors are
those of AWS Step Functions, with its codes and locations. Warnings are what it
does not look for: states that cannot be reached, paths that cannot exist, a Map
that would ask one host as often at once as it has items, Resources that are
not here.

Ends with 1 when there are errors.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			names := args
			if len(names) == 0 {
				list, err := app.Workflows(c.dir)
				if err != nil {
					return err
				}
				for _, w := range list {
					names = append(names, w.Name)
				}
			}
			known, err := app.Tasks(c.dir)
			if err != nil {
				return err
			}
			errors, warnings := 0, 0
			for _, name := range names {
				_, def, err := app.Definition(c.dir, name)
				if err != nil {
					return err
				}
				found := app.CheckWorkflow(def, known)
				e, w := c.printDiagnostics(name, found)
				errors, warnings = errors+e, warnings+w
			}
			if errors > 0 || strict && warnings > 0 {
				c.code = 1
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&strict, "strict", false, "end with 1 on warnings too")
	return cmd
}

func (c *cli) printDiagnostics(name string, found []asl.Diagnostic) (errors, warnings int) {
	for _, d := range found {
		if d.Severity == asl.SeverityError {
			errors++
		} else {
			warnings++
		}
		if c.json {
			_ = object(c.out, struct {
				Workflow string `json:"workflow"`
				asl.Diagnostic
			}{name, d})
			continue
		}
		fmt.Fprintf(c.out, "%s: %s: %s", name, d.Severity, d.Code)
		if d.Location != "" {
			fmt.Fprintf(c.out, " at %s", d.Location)
		}
		fmt.Fprintf(c.out, ": %s\n", d.Message)
	}
	if c.json {
		_ = object(c.out, struct {
			Workflow string `json:"workflow"`
			Valid    bool   `json:"valid"`
			Errors   int    `json:"errors"`
			Warnings int    `json:"warnings"`
		}{name, errors == 0, errors, warnings})
	} else {
		switch {
		case errors > 0:
			fmt.Fprintf(c.err, "%s: %s, %s\n", name, plural(errors, "error", "errors"), plural(warnings, "warning", "warnings"))
		case warnings > 0:
			fmt.Fprintf(c.err, "%s: valid, %s\n", name, plural(warnings, "warning", "warnings"))
		default:
			fmt.Fprintf(c.out, "%s: valid\n", name)
		}
	}
	return errors, warnings
}

func (c *cli) workflowGraphCmd() *cobra.Command {
	var format, run, out string
	cmd := &cobra.Command{
		Use: "graph [FILE|NAME]", Short: "Draw a workflow, or what an execution made of it",
		Long: `Draws a workflow as SVG, or as the text of a Mermaid diagram. With --run the
states are coloured by what happened in that execution ("last": the newest),
with counts on a Map.`,
		Example: "  coranto workflow graph aggregate -o aggregate.svg\n  coranto workflow graph --run last -o run.svg",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var def []byte
			var opt diagram.Options
			switch {
			case run != "":
				w, err := app.Watch(cmd.Context(), c.dir, run)
				if err != nil {
					return err
				}
				defer w.Close()
				l, err := w.Look(cmd.Context())
				if err != nil {
					return err
				}
				def, opt.Title = l.Definition, l.Workflow+" "+string(l.ID)
				opt.Run = diagram.Follow(l.History, l.Status)
			case len(args) == 1:
				title, b, err := app.Definition(c.dir, args[0])
				if err != nil {
					return err
				}
				def, opt.Title = b, title
			default:
				return usage(cmd, fmt.Errorf("name a workflow, a file, or --run RUN"))
			}
			draw := diagram.SVG
			switch format {
			case "svg":
			case "mermaid":
				draw = diagram.Mermaid
			default:
				return usage(cmd, fmt.Errorf("--format is svg or mermaid, not %q", format))
			}
			b, err := draw(def, opt)
			if err != nil {
				return err
			}
			if c.json && (out == "" || out == "-") {
				return object(c.out, map[string]string{"title": opt.Title, "format": format, "text": string(b)})
			}
			if out == "" || out == "-" {
				_, err := c.out.Write(b)
				return err
			}
			if err := os.WriteFile(out, b, 0o666); err != nil {
				return err
			}
			fmt.Fprintln(c.err, "wrote  ", out)
			return nil
		},
	}
	cmd.Flags().StringVar(&format, "format", "svg", "svg or mermaid")
	cmd.Flags().StringVar(&run, "run", "", "colour it by what happened in `RUN`")
	cmd.Flags().StringVarP(&out, "output", "o", "", "write to `FILE`; else to standard output")
	return cmd
}

func (c *cli) workflowEjectCmd() *cobra.Command {
	var dry bool
	cmd := &cobra.Command{
		Use: "eject NAME", Short: "Copy a built-in workflow into workflows/, to change it", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			path, err := app.Eject(c.dir, args[0], dry)
			if errors.Is(err, fs.ErrExist) {
				return fmt.Errorf("workflows/%s.asl.json is there already\nhint: it is the one that runs; remove it to go back to the built-in one", args[0])
			}
			if err != nil {
				return err
			}
			if c.json {
				return object(c.out, map[string]any{"workflow": args[0], "file": path, "dry_run": dry})
			}
			if dry {
				fmt.Fprintf(c.out, "wrote   nothing; it would be %s\n", path)
				return nil
			}
			fmt.Fprintf(c.out, "wrote   %s\n", path)
			fmt.Fprintln(c.err, "next    change it, `coranto workflow validate "+args[0]+"`, then `coranto trust`: until then the built-in one runs")
			return nil
		},
	}
	cmd.Flags().BoolVarP(&dry, "dry-run", "n", false, "tell which file it would be, but write nothing")
	return cmd
}

func (c *cli) workflowRunCmd() *cobra.Command {
	var input string
	var dry bool
	cmd := &cobra.Command{
		Use: "run NAME", Short: "Start a workflow now and print its output",
		Long: `Starts a workflow and waits for its end; its output, JSON, is printed. Where a
` + "`coranto serve`" + ` has the directory, that one runs it. --json prints the execution
with its output in place of the output alone.`,
		Example: "  coranto workflow run aggregate\n  coranto workflow run -n digest --input '{\"day\": \"2026-11-22\"}'\n  coranto workflow run digest --input @day.json | jq .",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			raw, err := c.readInput(input)
			if err != nil {
				return err
			}
			if dry {
				return c.planWorkflow(args[0])
			}
			x, err := c.runWorkflow(cmd.Context(), args[0], raw)
			if x.ID != "" {
				fmt.Fprintf(c.err, "run     %s\n", x.ID)
			}
			switch {
			case err != nil:
				return err
			case c.json:
				return object(c.out, x)
			}
			fmt.Fprintf(c.out, "%s\n", x.Output)
			return nil
		},
	}
	cmd.Flags().StringVar(&input, "input", "", "its input: JSON, @FILE, or - for standard input")
	cmd.Flags().BoolVarP(&dry, "dry-run", "n", false, "check workflow and input, but start nothing")
	return cmd
}

// runWorkflow runs it here, or in the process that has the directory.
func (c *cli) runWorkflow(ctx context.Context, name string, input json.RawMessage) (engine.Execution, error) {
	a, err := app.Open(ctx, c.dir, c.options())
	if errors.Is(err, app.ErrLocked) {
		return app.AskWorkflow(ctx, c.dir, name, input, c.options())
	}
	if err != nil {
		return engine.Execution{}, err
	}
	defer a.Close()
	c.warn(a.Warnings(ctx))
	return a.RunWorkflow(ctx, name, input)
}

func (c *cli) planWorkflow(name string) error {
	p, err := app.PlanWorkflow(c.dir, name)
	if err != nil {
		return err
	}
	if c.json {
		return object(c.out, p)
	}
	fmt.Fprintf(c.out, "valid   %s (%s), calls %s\nstarted nothing\n", p.Workflow, p.Origin, strings.Join(p.Resources, ", "))
	return nil
}

// readInput reads JSON given as text, as @FILE, or from standard input.
func (c *cli) readInput(s string) (json.RawMessage, error) {
	b := []byte(s)
	var err error
	if s == "-" {
		b, err = io.ReadAll(c.stdin)
	} else if file, ok := strings.CutPrefix(s, "@"); ok {
		b, err = os.ReadFile(file)
	}
	if err != nil {
		return nil, err
	}
	if len(b) > 0 && !json.Valid(b) {
		return nil, usageError{fmt.Errorf("the input is no JSON: %.60s\nhint: quote it for the shell: --input '{\"feedUrl\": \"https://a.example/feed\"}', or --input @FILE", b)}
	}
	return b, nil
}
