package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"regexp"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/coranto/coranto/internal/app"
	"github.com/coranto/coranto/internal/config"
	"github.com/coranto/coranto/internal/failpoint"
	"github.com/coranto/coranto/internal/pipeline"
)

// cli is what every command shares.
type cli struct {
	in       io.Reader
	stdin    io.Reader // in, until Ctrl-C
	out, err io.Writer
	dir      string
	json     bool
	verbose  bool
	code     int // the exit code of a command that ended well but has something to say
}

// run takes arguments and streams and returns the exit code, as `coranto help`
// documents it.
func run(ctx context.Context, args []string, in io.Reader, out, errw io.Writer) int {
	c := &cli{in: in, out: out, err: errw}
	c.stdin = interruptible{ctx, in}
	if err := failpoint.Arm(os.Getenv(failpoint.Env)); err != nil {
		return c.fail("", err)
	}
	root := c.root()
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errw)
	cmd, err := root.ExecuteContextC(ctx)
	if err != nil {
		return c.fail(strings.TrimPrefix(cmd.CommandPath(), "coranto"), err)
	}
	return c.code
}

const help = `Coranto follows many sources (RSS, Atom, JSON Feed), keeps every post as JSON
in your git repository, one commit a run, and publishes the site that the
commit changes.

  coranto demo                      see it work, with a small web of its own
  coranto init news && cd news      a site directory of your own
  coranto add https://go.dev/blog   follow a source
  coranto run                       read the sources, commit, publish
  coranto serve                     the same on a schedule, and host the site`

const exitCodes = `Exit codes: 0 ok · 1 error · 2 usage · 3 some sources failed · 4 stale ·
5 refused by a guard · 10 config invalid · 11 locked by another coranto ·
130 stopped by Ctrl-C`

// exitInterrupted is what shells say of a command that a signal ended; what was
// under way is taken up by the next run.
const exitInterrupted = 130

func (c *cli) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "coranto",
		Short:         "Follow sources, keep their posts in git, publish the site",
		Long:          help + "\n\n" + exitCodes,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return usage(cmd, nearFlag(cmd, err)) })
	f := root.PersistentFlags()
	f.StringVarP(&c.dir, "directory", "C", ".", "work on the site in `DIR`")
	f.BoolVar(&c.json, "json", false, "print JSON, one object a line")
	f.BoolVarP(&c.verbose, "verbose", "v", false, "log what happens to stderr")
	root.AddCommand(
		c.demoCmd(), c.initCmd(), c.addCmd(), c.sourceCmd(), c.runCmd(), c.serveCmd(), c.buildCmd(),
		c.statusCmd(), c.releasesCmd(), c.rollbackCmd(), c.secretCmd(), c.trustCmd(), c.workflowCmd(), c.runsCmd(), c.versionCmd(),
		c.feedCmd(), c.pageCmd(), c.mannersCmd(), c.zonesCmd(), c.passwordCmd(), c.themeCmd(), c.previewCmd(), c.deployCmd(),
	)
	root.AddCommand(c.everyday()...)
	withExamples(root)
	c.withCompletion(root)
	strict(root)
	return root
}

// strict makes wrong arguments, of any command, and unknown commands usage errors.
func strict(cmd *cobra.Command) {
	args := cmd.Args
	switch {
	case cmd.HasSubCommands():
		cmd.Args = noCommand
	case args != nil:
		cmd.Args = func(cmd *cobra.Command, a []string) error { return usage(cmd, args(cmd, a)) }
	}
	for _, sub := range cmd.Commands() {
		strict(sub)
	}
}

// nearFlag says which flag was meant by one that is not there.
func nearFlag(cmd *cobra.Command, err error) error {
	_, name, ok := strings.Cut(err.Error(), "unknown flag: --")
	if !ok {
		return err
	}
	var all []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { all = append(all, f.Name) })
	near := ""
	for _, f := range all {
		if len(name) >= 3 && strings.HasPrefix(f, name) {
			near = f
		}
	}
	if near = cmp.Or(near, config.Nearest(name, all)); near != "" {
		return fmt.Errorf("%w; did you mean --%s?", err, near)
	}
	return err
}

// noCommand refuses the arguments of a command that has commands: what is left
// of them names none.
func noCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	near := ""
	cmd.SuggestionsMinimumDistance = 2
	if list := cmd.SuggestionsFor(args[0]); len(list) > 0 {
		near = "; did you mean " + strings.Join(list, " or ") + "?"
	}
	return usage(cmd, fmt.Errorf("unknown command %q for %q%s", args[0], cmd.CommandPath(), near))
}

// usageError is a wrong flag or argument.
type usageError struct{ error }

func usage(cmd *cobra.Command, err error) error {
	if err == nil {
		return nil
	}
	if word, ok := strings.CutPrefix(err.Error(), "unknown command "); ok && !cmd.HasSubCommands() {
		word, _, _ = strings.Cut(word, " for ")
		err = fmt.Errorf("%s is too much: %s", word, strings.TrimSuffix(cmd.UseLine(), " [flags]"))
	}
	if strings.Contains(err.Error(), "arg(s)") { // say which
		err = fmt.Errorf("%w: %s", err, strings.TrimSuffix(cmd.UseLine(), " [flags]"))
	}
	return usageError{fmt.Errorf("%w\nhint: %s --help", err, cmd.CommandPath())}
}

// fail prints an error and its way out, and returns the exit code.
func (c *cli) fail(command string, err error) int {
	if errors.Is(err, context.Canceled) {
		if text := strings.TrimPrefix(err.Error(), context.Canceled.Error()+"; "); text != err.Error() {
			fmt.Fprintln(c.err, "coranto: stopped;", text)
		} else {
			fmt.Fprintln(c.err, "coranto: stopped")
		}
		return exitInterrupted
	}
	text, way := wayOut(err.Error())
	prefix := "coranto"
	if command = strings.TrimSpace(command); command != "" {
		prefix += ": " + command
	}
	to := folded(c.err)
	defer to.flush()
	fmt.Fprintf(to, "%s: %s\n", prefix, text)
	if way == "" && !strings.Contains(text, "hint: ") {
		way = app.Hint(err)
	}
	if way != "" {
		fmt.Fprintf(to, "hint: %s\n", way)
	}
	if _, ok := errors.AsType[usageError](err); ok {
		return pipeline.ExitUsage
	}
	return app.ExitCode(err)
}

var inText = regexp.MustCompile(`^(?s)(.*?) \(hint: ([^\n]*)\)(.*)$`)

// wayOut takes the way out from the text of an error that names it in brackets,
// to be told in a line of its own.
func wayOut(text string) (rest, hint string) {
	m := inText.FindStringSubmatch(text)
	if m == nil {
		return text, ""
	}
	return m[1] + m[3], m[2]
}

// options are what every command opens a site with.
func (c *cli) options() app.Options {
	o := app.Options{Version: version(), Log: slog.New(slog.DiscardHandler)}
	if self, err := os.Executable(); err == nil {
		o.Confine = []string{self, os.Args[0], "zones", "confine"}
	}
	if c.verbose {
		o.Log = slog.New(slog.NewTextHandler(c.err, nil))
	}
	if at := os.Getenv("CORANTO_NOW"); at != "" {
		// For scripts that play a future: the clock starts there and runs on.
		if t, err := time.Parse(time.RFC3339, at); err == nil {
			shift := time.Until(t)
			o.Now = func() time.Time { return time.Now().Add(shift) }
		}
	}
	return o
}

// terminal reports whether w is one, and how wide.
func terminal(w io.Writer) (bool, int) {
	if inner, ok := w.(interface{ File() *os.File }); ok {
		w = inner.File()
	}
	f, ok := w.(*os.File)
	if !ok || f == nil || !term.IsTerminal(int(f.Fd())) {
		return false, 0
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil || width < 20 {
		width = 80
	}
	return true, width
}

func version() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		if v := info.Main.Version; v != "" && v != "(devel)" {
			return v
		}
	}
	return app.Version
}

func (c *cli) versionCmd() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if c.json {
				return object(c.out, map[string]string{"version": version(), "go": runtime.Version(), "os": runtime.GOOS, "arch": runtime.GOARCH})
			}
			fmt.Fprintln(c.out, "coranto", version())
			return nil
		},
	}
}
