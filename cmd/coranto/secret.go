package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/coranto/coranto/internal/app"
)

func (c *cli) secretCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "secret", Short: "Keep credentials, encrypted",
		Long: `Secrets are encrypted with a key that lies outside the repository, so their
files may be committed. A secret named like a host ("git.example.org") is
user:password or a token, and is sent to that host only.`,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	var dry bool
	cmd.AddCommand(
		&cobra.Command{
			Use: "set NAME", Short: "Store a secret, read from standard input", Args: cobra.ExactArgs(1),
			Example: "  coranto secret set git.example.org\n  pass show git | coranto secret set git.example.org",
			RunE: func(cmd *cobra.Command, args []string) error {
				if err := app.CheckSecretName(args[0]); err != nil {
					return err // before anybody types the secret
				}
				value, err := c.readSecret(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				return c.changeSecret(cmd.Context(), "stored", args[0], &value, dry)
			},
		},
		&cobra.Command{
			Use: "list", Short: "List the names of secrets", Args: cobra.NoArgs,
			RunE: func(*cobra.Command, []string) error {
				store, err := app.Secrets(c.dir)
				if err != nil {
					return err
				}
				names, err := store.List()
				for _, n := range names {
					if c.json {
						_ = object(c.out, map[string]string{"name": n})
					} else {
						fmt.Fprintln(c.out, n)
					}
				}
				return err
			},
		},
		&cobra.Command{
			Use: "rm NAME", Short: "Remove a secret", Args: cobra.ExactArgs(1),
			RunE: func(cmd *cobra.Command, args []string) error {
				return c.changeSecret(cmd.Context(), "removed", args[0], nil, dry)
			},
		},
	)
	for _, sub := range cmd.Commands() {
		if sub.Name() != "list" {
			sub.Flags().BoolVarP(&dry, "dry-run", "n", false, "check, but change nothing")
		}
	}
	return cmd
}

func (c *cli) changeSecret(ctx context.Context, done, name string, value *string, dry bool) error {
	had := app.HasKey(c.dir)
	commit, why, err := app.ChangeSecret(ctx, c.dir, name, value, dry, c.options())
	if err != nil {
		return err
	}
	if c.json {
		return object(c.out, map[string]any{"name": name, "change": done, "commit": commit, "uncommitted": why, "dry_run": dry})
	}
	fmt.Fprintf(c.out, "%-7s %s\n", done, name)
	c.committed(commit, why, dry)
	if value != nil && !dry {
		c.warnKey(had)
	}
	return nil
}

// readSecret asks at a terminal without echo, and reads a line of anything else.
func (c *cli) readSecret(ctx context.Context, name string) (string, error) {
	if f, ok := c.in.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		fmt.Fprintf(c.err, "value of %s (not shown): ", name)
		return c.readHidden(ctx, f)
	}
	line, err := bufio.NewReader(c.stdin).ReadString('\n')
	line = strings.TrimRight(line, "\r\n")
	if line == "" {
		if err != nil && !errors.Is(err, io.EOF) {
			return "", err
		}
		return "", errors.New("standard input holds no value\nhint: type it at the terminal, or: printf %s VALUE | coranto secret set NAME")
	}
	return line, nil
}

// warnKey says what the keeper of secrets should hear of the key.
func (c *cli) warnKey(had bool) {
	for _, text := range app.KeyNotes(c.dir, had) {
		fmt.Fprintln(c.err, "note   ", text)
	}
}

// readHidden reads a line that is not shown. The terminal shows what is typed
// again whatever ends it.
func (c *cli) readHidden(ctx context.Context, f *os.File) (string, error) {
	was, err := term.GetState(int(f.Fd()))
	if err != nil {
		return "", err
	}
	type answer struct {
		text []byte
		err  error
	}
	typed := make(chan answer, 1)
	go func() {
		b, err := term.ReadPassword(int(f.Fd()))
		typed <- answer{b, err}
	}()
	defer fmt.Fprintln(c.err)
	select {
	case a := <-typed:
		if a.err == nil && len(a.text) == 0 {
			a.err = errors.New("nothing was typed")
		}
		return string(a.text), a.err
	case <-ctx.Done():
		return "", errors.Join(ctx.Err(), term.Restore(int(f.Fd()), was))
	}
}

// interruptible reads until ctx ends: a person who presses Ctrl-C does not have
// to end the input first.
type interruptible struct {
	ctx context.Context
	io.Reader
}

func (r interruptible) Read(p []byte) (int, error) {
	type answer struct {
		n   int
		err error
	}
	got := make(chan answer, 1)
	buf := make([]byte, len(p)) // p is the caller's again once this returns
	go func() {
		n, err := r.Reader.Read(buf)
		got <- answer{n, err}
	}()
	select {
	case a := <-got:
		return copy(p, buf[:a.n]), a.err
	case <-r.ctx.Done():
		return 0, r.ctx.Err()
	}
}
