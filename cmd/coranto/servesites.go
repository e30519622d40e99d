package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/coranto/coranto/internal/app"
)

// serveSites serves several site directories, or tells what that would do; given
// is the address of the command line, "" where it names none.
func (c *cli) serveSites(cmd *cobra.Command, dirs []string, given, usual string, dry bool) error {
	for i, d := range dirs {
		dirs[i] = within(c.dir, d)
	}
	if dry {
		for _, c.dir = range dirs {
			if err := c.planServe(cmd, given, usual); err != nil {
				return fmt.Errorf("%s: %w", c.dir, err)
			}
		}
		return nil
	}
	address := cmp.Or(given, app.ListenOf(dirs), usual)
	l, err := net.Listen("tcp", address)
	if err != nil {
		return listenError(address, err)
	}
	fmt.Fprintf(c.out, "serving %s at %s\n", plural(len(dirs), "site", "sites"), l.Addr())
	if given != "" {
		address = "" // it stays, whatever the sites say
	}
	err = app.ServeSites(cmd.Context(), dirs, l, c.options(), address, func(dir string, h app.Happening) { c.tell(h, filepath.Base(dir)) })
	if err == nil || errors.Is(err, cmd.Context().Err()) {
		fmt.Fprintln(c.err, "stopped")
		return nil
	}
	return err
}

// within is a path as -C has it.
func within(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// keepOnHangup lets SIGHUP, by which other servers are told to read their
// configuration again, do no harm: serve looks at its own twice a second. On a
// terminal that is closed it ends serve, as ever.
func (c *cli) keepOnHangup(ctx context.Context) {
	if f, ok := c.in.(*os.File); ok {
		if tty, _ := terminal(f); tty {
			return
		}
	}
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	context.AfterFunc(ctx, func() { signal.Stop(hup) })
}
