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
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run on schedule and host the site",
		Long: `Runs the schedule of coranto.yaml, publishes every commit on the branch, whoever
made it, and hosts the site. A tick that was missed while it was down runs once.
Ctrl-C ends it; a run that is under way goes on with the next start.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
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
				return fmt.Errorf("%w\nhint: --listen names another address", err)
			}
			c.warn(a.Warnings(cmd.Context()))
			fmt.Fprintf(c.out, "serving %s://%s/\n", scheme(a), l.Addr())
			return c.serve(cmd, a, l)
		},
	}
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:8080", "address to listen on")
	return cmd
}

// scheme is how the site is reached.
func scheme(a *app.App) string {
	if a.Config().Host.TLS.Secure() {
		return "https"
	}
	return "http"
}

func (c *cli) serve(cmd *cobra.Command, a *app.App, l net.Listener) error {
	err := a.Serve(cmd.Context(), l, app.ServeOptions{Tell: c.tell})
	if err == nil || errors.Is(err, cmd.Context().Err()) {
		fmt.Fprintln(c.err, "stopped")
		return nil
	}
	return err
}

// tell prints what happens while serving, a line each.
func (c *cli) tell(h app.Happening) {
	at := time.Now().Format("15:04:05")
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
