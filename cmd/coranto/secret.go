package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
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
				value, err := c.readSecret(args[0])
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
	commit, why, err := app.ChangeSecret(ctx, c.dir, name, value, dry, c.options())
	if err != nil {
		return err
	}
	fmt.Fprintf(c.out, "%-7s %s\n", done, name)
	c.committed(commit, why, dry)
	return nil
}

// readSecret asks at a terminal without echo, and reads a line of anything else.
func (c *cli) readSecret(name string) (string, error) {
	if f, ok := c.in.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		fmt.Fprintf(c.err, "value of %s (not shown): ", name)
		b, err := term.ReadPassword(int(f.Fd()))
		fmt.Fprintln(c.err)
		return string(b), err
	}
	line, err := bufio.NewReader(c.in).ReadString('\n')
	line = strings.TrimRight(line, "\r\n")
	if line == "" {
		return "", errors.Join(errors.New("standard input holds no value"), err)
	}
	return line, nil
}
