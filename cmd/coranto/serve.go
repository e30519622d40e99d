package main

import (
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/spf13/cobra"

	"github.com/coranto/coranto/internal/app"
)

func (c *cli) serveCmd() *cobra.Command {
	var listen string
	var dry bool
	cmd := &cobra.Command{
		Use:   "serve [DIR...]",
		Short: "Run on schedule and host the site",
		Long: `Runs the schedule of coranto.yaml, publishes every commit on the branch, whoever
made it, and hosts the site. A tick that was missed while it was down runs once.
Ctrl-C ends it; a run that is under way goes on with the next start.

Several directories are several sites in one process, each with its own
configuration, state and releases; host.names tell them apart. One that fails
leaves the others alone and is tried again.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				c.dir, args = within(c.dir, args[0]), nil
			}
			c.keepOnHangup(cmd.Context())
			if len(args) > 0 {
				given := ""
				if cmd.Flags().Changed("listen") {
					given = listen
				}
				return c.serveSites(cmd, args, given, listen, dry)
			}
			if dry {
				given := ""
				if cmd.Flags().Changed("listen") {
					given = listen
				}
				return c.planServe(cmd, given, listen)
			}
			a, err := app.Open(cmd.Context(), c.dir, c.options())
			if err != nil {
				return err
			}
			defer a.Close()
			if h := a.Config().Host; h.Listen != "" && !cmd.Flags().Changed("listen") {
				listen = h.Listen
			}
			l, err := net.Listen("tcp", listen)
			if err != nil {
				return listenError(listen, err)
			}
			c.warn(a.Warnings(cmd.Context()))
			fmt.Fprintf(c.out, "serving %s://%s/\n", scheme(a), l.Addr())
			o := app.ServeOptions{Opened: listen}
			if cmd.Flags().Changed("listen") {
				o.Opened = ""
			}
			return c.serve(cmd, a, l, o)
		},
	}
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:8080", "address to listen on")
	cmd.Flags().BoolVarP(&dry, "dry-run", "n", false, "check that it could start, and tell what would run when, but do nothing")
	return cmd
}

// planServe tells what serve would do; given is the address of the command line.
func (c *cli) planServe(cmd *cobra.Command, given, usual string) error {
	p, err := app.PlanServe(cmd.Context(), c.dir, given, usual, c.options())
	if e, ok := errors.AsType[*app.ListenError](err); ok {
		return listenError(e.Address, e.Err)
	}
	if err != nil {
		return err
	}
	if c.json {
		return object(c.out, p)
	}
	c.warn(p.Warnings)
	fmt.Fprintf(c.out, "listen  %s is free\n", p.Listen)
	for _, s := range p.Schedules {
		next := "now"
		if s.Next.After(c.now()) {
			next = until(c.now(), s.Next)
		}
		fmt.Fprintf(c.out, "%-7s %s, %s\n", "runs", s.Workflow+" "+s.At, next)
	}
	fmt.Fprintln(c.out, "started nothing")
	return nil
}

// scheme is how the site is reached.
func scheme(a *app.App) string {
	if a.Config().Host.TLS.Secure() {
		return "https"
	}
	return "http"
}

func (c *cli) serve(cmd *cobra.Command, a *app.App, l net.Listener, o app.ServeOptions) error {
	o.Tell = func(h app.Happening) { c.tell(h, "") }
	err := a.Serve(cmd.Context(), l, o)
	if err == nil || errors.Is(err, cmd.Context().Err()) {
		fmt.Fprintln(c.err, "stopped")
		return nil
	}
	return err
}

// tell prints what happens while serving, a line each; site says whose it is
// where there are several.
func (c *cli) tell(h app.Happening, site string) {
	at := time.Now().Format("15:04:05")
	if site != "" && site != "." {
		at += "  " + site
	}
	switch {
	case c.json && h.Run != nil:
		_ = object(c.out, h.Run)
	case c.json && h.Ended != nil:
		_ = object(c.out, h.Ended)
	case c.json && h.Published != nil:
		_ = object(c.out, h.Published)
	case h.Err != nil:
		fmt.Fprintf(c.err, "%s  error: %v\n", at, h.Err)
		if hint := app.Hint(h.Err); hint != "" {
			fmt.Fprintf(c.err, "          hint: %s\n", hint)
		}
	case h.Reloaded:
		fmt.Fprintf(c.err, "%s  coranto.yaml has changed and is in force\n", at)
	case h.Ended != nil:
		fmt.Fprintf(c.out, "%s  workflow %s ended well (%s)\n", at, h.Ended.Workflow, h.Ended.ID)
	case h.Run != nil:
		r := h.Run
		if r.Sources == 0 && r.Commit == "" {
			return
		}
		what := "nothing new"
		if r.Commit != "" {
			what = fmt.Sprintf("%s, commit %s", plural(r.New, "new post", "new posts"), short(r.Commit))
		}
		fmt.Fprintf(c.out, "%s  %s read, %d failed: %s\n", at, plural(r.Sources, "source", "sources"), len(r.Failed), what)
	case h.Published != nil && h.Pictures > 0:
		fmt.Fprintf(c.out, "%s  live: with %s\n", at, plural(h.Pictures, "new picture", "new pictures"))
	case h.Published != nil:
		fmt.Fprintf(c.out, "%s  live: %s written of %d, release %s\n", at, plural(h.Published.Report.Rendered, "file", "files"), h.Published.Report.Files, short(h.Published.Release))
	}
}

// listenError says how an address is written that cannot be listened on.
func listenError(address string, err error) error {
	if _, port, serr := net.SplitHostPort(address); serr != nil || port == "" {
		return fmt.Errorf("%q is not an address to listen on\nhint: write host and port: 127.0.0.1:8080, or :8080 for every address of this machine", address)
	}
	return fmt.Errorf("%w\nhint: --listen 127.0.0.1:0 takes any free port; --listen, or host: {listen: …}, names another address", err)
}
