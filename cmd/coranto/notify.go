package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/coranto/coranto/internal/app"
	"github.com/coranto/coranto/internal/pipeline"
)

func (c *cli) notifyCmd() *cobra.Command {
	var test, dry bool
	cmd := &cobra.Command{
		Use: "notify", Short: "Tell people how the sources and the site stand",
		Long: `Tells those named under notify: in coranto.yaml what has changed since they were
told last: once when a source needs care or the site goes stale, and once when
all is well again. ` + "`coranto run` and `coranto serve`" + ` do this by themselves; the
command is for machines where only cron runs, and --test tries each receiver.`,
		Example: "  coranto notify -n\n  coranto notify --test\n  */10 * * * * coranto -C /srv/news notify",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if dry {
				return c.planNotify(cmd, test)
			}
			a, err := app.Open(cmd.Context(), c.dir, c.options())
			if err != nil {
				return err
			}
			defer a.Close()
			c.warn(a.Warnings(cmd.Context()))
			tell := a.Notify
			if test {
				tell = a.TryNotify
			}
			res, err := tell(cmd.Context())
			if err != nil {
				return err
			}
			if len(res.Failed) > 0 {
				c.code = pipeline.ExitError
			}
			if c.json {
				return object(c.out, res)
			}
			c.printNotified(res)
			if len(a.Config().Receivers()) == 0 {
				fmt.Fprintln(c.out, "nobody  is named under notify: in coranto.yaml")
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&test, "test", false, "send a test message to every receiver")
	cmd.Flags().BoolVarP(&dry, "dry-run", "n", false, "show what would be told to whom, but tell nobody")
	return cmd
}

// planNotify shows what would be told.
func (c *cli) planNotify(cmd *cobra.Command, test bool) error {
	plan := app.PlanNotify
	if test {
		plan = app.PlanTryNotify
	}
	res, err := plan(cmd.Context(), c.dir, c.options())
	if err != nil {
		return err
	}
	if c.json {
		return object(c.out, res)
	}
	for _, m := range res.Planned {
		fmt.Fprintf(c.out, "to      %s\nsubject %s\n", m.To, printable(m.Subject))
		for line := range strings.Lines(m.Text) {
			fmt.Fprintf(c.out, "        %s\n", printable(strings.TrimRight(line, "\n")))
		}
	}
	for _, f := range res.Failed {
		fmt.Fprintf(c.err, "could not: %s\n", f)
		c.code = pipeline.ExitError
	}
	fmt.Fprintf(c.out, "told    nobody; it would be %s\n", plural(len(res.Planned), "message", "messages"))
	return nil
}

func (c *cli) printNotified(res app.Notified) {
	if res.Sent > 0 {
		fmt.Fprintf(c.out, "told    %s\n", plural(res.Sent, "message", "messages"))
	}
	for _, f := range res.Failed {
		fmt.Fprintf(c.err, "not delivered: %s\n", f)
	}
	if res.Left > 0 {
		fmt.Fprintf(c.out, "left    %s, tried again later\n", plural(res.Left, "message", "messages"))
	}
}
