package main

import (
	"bytes"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/asl"
	"github.com/coranto/coranto/internal/app"
	"github.com/coranto/coranto/internal/catalog"
	"github.com/coranto/coranto/internal/engine"
	"github.com/coranto/coranto/internal/pipeline"
	"github.com/coranto/coranto/internal/release"
)

// walk tells every command that people can type.
func walk(cmd *cobra.Command, tell func(*cobra.Command)) {
	for _, c := range cmd.Commands() {
		if c.Hidden || c.Name() == "help" {
			continue
		}
		tell(c)
		walk(c, tell)
	}
}

func commandTree() *cobra.Command {
	root := (&cli{}).root()
	root.InitDefaultCompletionCmd("completion")
	return root
}

// TestCommandReference keeps docs/commands.md true; UPDATE=1 writes it anew.
func TestCommandReference(t *testing.T) {
	const path = "../../docs/commands.md"
	var b strings.Builder
	b.WriteString(`# The commands

<!-- Made of the program's own help: UPDATE=1 go test ./cmd/coranto -run Reference -->

Every command takes ` + "`-C DIR`" + ` (work on the site there), ` + "`--json`" + ` (one object a line, on standard
output), ` + "`-v`" + ` (log to standard error) and ` + "`--help`" + `. What changes something takes ` + "`-n`" + `
(look, but write nothing). Answers go to standard output, talk and progress to
standard error; a table on a terminal is tab-separated text without a head in a
pipe. Nothing is ever coloured, so ` + "`NO_COLOR`" + ` has nothing to switch off.

` + strings.ReplaceAll(exitCodes, "\n", "\n") + `.

Completion of commands and flags: ` + "`source <(coranto completion bash)`" + `, and likewise for
zsh, fish and PowerShell (` + "`coranto completion zsh --help`" + ` says where to put it for good).
`)
	walk(commandTree(), func(c *cobra.Command) {
		if strings.HasPrefix(c.CommandPath(), "coranto completion") {
			return
		}
		reference(&b, c)
	})
	got := b.String()
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(path, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("docs/commands.md is not what --help says; UPDATE=1 go test ./cmd/coranto -run Reference writes it, commit that (-there +wanted):\n%s", d)
	}
}

func reference(b *strings.Builder, c *cobra.Command) {
	fmt.Fprintf(b, "\n## %s\n\n", c.CommandPath())
	about := c.Long
	if about == "" {
		about = c.Short + "."
	}
	b.WriteString(strings.TrimSpace(about) + "\n")
	if c.Runnable() && !c.HasSubCommands() {
		fmt.Fprintf(b, "\n```\n%s\n```\n", strings.TrimSuffix(c.UseLine(), " [flags]"))
	}
	if c.HasSubCommands() {
		b.WriteString("\n")
		for _, s := range c.Commands() {
			if !s.Hidden {
				fmt.Fprintf(b, "- `%s`: %s\n", s.CommandPath(), s.Short)
			}
		}
	}
	if c.Example != "" {
		fmt.Fprintf(b, "\nExamples:\n\n```\n%s\n```\n", unindent(c.Example))
	}
	_, path, _ := strings.Cut(c.CommandPath(), " ")
	if v, ok := printed[path]; ok {
		fmt.Fprintf(b, "\nKeys of `--json`: `%s`.\n", strings.Join(jsonKeys(reflect.TypeOf(v)), "`, `"))
	}
	var flags bytes.Buffer
	c.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
		if f.Name == "help" || f.Hidden {
			return
		}
		name := "--" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", " + name
		}
		kind, usage := pflag.UnquoteUsage(f)
		if kind != "" {
			name += " " + kind
		}
		def := ""
		if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "[]" && f.DefValue != "0" && f.DefValue != "0s" {
			def = " (default " + f.DefValue + ")"
		}
		fmt.Fprintf(&flags, "| `%s` | %s%s |\n", name, strings.ReplaceAll(usage, "|", "\\|"), def)
	})
	if flags.Len() > 0 {
		fmt.Fprintf(b, "\n| flag | |\n| --- | --- |\n%s", flags.String())
	}
}

// printed is what commands print with --json, one object a line. Its keys stay:
// scripts rely on them.
var printed = map[string]any{
	"add": app.Added{}, "build": app.Published{}, "check": app.Reviewed{}, "config validate": app.Validated{}, "doctor": app.Finding{}, "fmt": app.Formatted{},
	"init": app.Inited{}, "manners": catalog.Manners{}, "notify": app.Notified{}, "plan": app.Planned{}, "post explain": app.Explained{}, "post list": app.PostLine{},
	"post show": coranto.Post{}, "post hide": app.Decided{}, "post unhide": app.Decided{}, "post pin": app.Decided{}, "post unpin": app.Decided{},
	"post embargo": app.Decided{}, "post unembargo": app.Decided{}, "post approve": app.Decided{}, "post unapprove": app.Decided{}, "releases": release.Release{},
	"reprocess": app.Reprocessed{}, "rollback": release.Release{}, "run": app.RunResult{}, "runs cancel": engine.Execution{}, "runs list": engine.Execution{},
	"runs redrive": engine.Execution{}, "runs show": asl.HistoryEvent{}, "source export": coranto.Source{}, "source import": app.Imported{},
	"source list": app.SourceStatus{}, "source show": app.ShownSource{}, "source test": pipeline.Preview{}, "status": app.Status{}, "trust": app.Trusted{},
	"workflow list": app.Workflow{}, "workflow run": engine.Execution{}, "zones list": app.ZoneInfo{},
}

// jsonKeys are those that encoding/json gives to a struct, in order.
func jsonKeys(t reflect.Type) []string {
	var out []string
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "-" || !f.IsExported():
		case f.Anonymous && name == "":
			out = append(out, jsonKeys(f.Type)...)
		case name == "":
			out = append(out, f.Name)
		default:
			out = append(out, name)
		}
	}
	return out
}

func unindent(s string) string {
	var out []string
	for line := range strings.SplitSeq(s, "\n") {
		out = append(out, strings.TrimPrefix(line, "  "))
	}
	return strings.Join(out, "\n")
}

// TestHelpIsWhole: every command says what it does, and shows how it is typed.
func TestHelpIsWhole(t *testing.T) {
	walk(commandTree(), func(c *cobra.Command) {
		path := c.CommandPath()
		if strings.HasPrefix(path, "coranto completion") {
			return
		}
		if c.Short == "" {
			t.Errorf("%s has no description", path)
		}
		if !c.HasSubCommands() && c.Example == "" {
			t.Errorf("%s has no example", path)
		}
		for line := range strings.SplitSeq(c.Example, "\n") {
			if line != "" && !strings.Contains(line, "coranto") {
				t.Errorf("%s: an example without the command: %s", path, line)
			}
		}
	})
}
