package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/coranto/coranto/internal/app"
	"github.com/coranto/coranto/internal/pipeline"
)

func (c *cli) runCmd() *cobra.Command {
	var in pipeline.DueInput
	var noPublish, dry bool
	cmd := &cobra.Command{
		Use:   "run [SOURCE...]",
		Short: "Read the sources, commit what is new, publish",
		Long: `Asks every active source (or those named) that is not under a Retry-After,
makes what is new one commit, and publishes the site that it changes. --due
asks only those whose time has come, as the schedule of ` + "`coranto serve`" + ` does.
A run that was killed is brought to its end first; that is the run then.

-n asks the sources too, and shows what would change, as ` + "`coranto plan`" + ` does.

Ends with 3 when some sources failed, with 1 when the remote refuses the push:
then the posts are committed and the site is live, but somebody has to look.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if dry {
				return c.plan(cmd.Context(), app.PlanOptions{Only: args, Due: in.Due, Bare: noPublish})
			}
			in.Only = args
			o := c.options()
			p := newProgress(c.err)
			o.Observe = p.observe
			a, err := app.Open(cmd.Context(), c.dir, o)
			if err != nil {
				return err
			}
			defer a.Close()
			c.warn(a.Warnings(cmd.Context()))
			began := time.Now()
			apart := a.Sync(cmd.Context())
			if _, err := a.Reload(cmd.Context()); err != nil {
				return err // what the remote brought may be a configuration
			}
			res, err := a.Run(cmd.Context(), in)
			p.done()
			if apart != nil && res.PushError == "" { // else the summary says the same
				c.warn([]string{"not level with the remote: " + apart.Error()})
			}
			if err != nil {
				return err
			}
			if !noPublish {
				res.Published, err = a.Publish(cmd.Context(), app.PublishOptions{})
				if err == nil && res.Published != nil {
					err = c.illustrate(cmd.Context(), a)
				}
				p.done()
			}
			told, nerr := a.Notify(cmd.Context())
			if nerr != nil {
				c.warn([]string{"nobody was told how the sources stand: " + nerr.Error()})
			}
			if c.json {
				if oerr := object(c.out, res); oerr != nil {
					return oerr
				}
			} else {
				c.folding(func() {
					printRun(c.out, res, time.Since(began))
					c.printNotified(told)
				})
			}
			switch {
			case err != nil:
			case pushNeedsCare(res.PushFailure):
				c.code = pipeline.ExitError
			case len(res.Failed) > 0:
				c.code = pipeline.ExitSources
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&in.Due, "due", false, "ask only the sources whose time has come")
	cmd.Flags().BoolVar(&noPublish, "no-publish", false, "commit, but build no site")
	cmd.Flags().BoolVarP(&dry, "dry-run", "n", false, "ask and show what would change, but write nothing")
	return cmd
}

// pushNeedsCare reports whether the next run will fare no better with the remote.
func pushNeedsCare(failure string) bool {
	return failure == "Remote.Auth" || failure == "Remote.Refused" || failure == "Content.Diverged"
}

// illustrate fetches the pictures that are wanted and publishes once more.
func (c *cli) illustrate(ctx context.Context, a *app.App) error {
	n, err := a.Illustrate(ctx)
	if err == nil && n > 0 {
		_, err = a.Publish(ctx, app.PublishOptions{})
	}
	return err
}

// warn prints what a person should hear.
func (c *cli) warn(texts []string) {
	to := folded(c.err)
	defer to.flush()
	for _, t := range texts {
		text, way := wayOut(t)
		fmt.Fprintln(to, "warning:", text)
		if way != "" {
			fmt.Fprintln(to, "hint:", way)
		}
	}
}

// printRun says in a few lines what a run did.
func printRun(w io.Writer, r app.RunResult, took time.Duration) {
	if r.Resumed {
		fmt.Fprintf(w, "resumed %s, which had not been ended\n", r.Run)
	}
	fmt.Fprintf(w, "read    %s", plural(r.Sources, "source", "sources"))
	if r.NotModified > 0 {
		fmt.Fprintf(w, ", %d unchanged", r.NotModified)
	}
	if n := len(r.Failed); n > 0 {
		fmt.Fprintf(w, ", %d failed", n)
	}
	if n := len(r.Held); n > 0 {
		fmt.Fprintf(w, ", %d on hold", n)
	}
	if r.Skipped > 0 {
		fmt.Fprintf(w, ", %d not asked", r.Skipped)
	}
	fmt.Fprintf(w, "  (%s)\n", took.Round(100*time.Millisecond))
	if r.Sources == 0 && r.Skipped == 0 {
		fmt.Fprintln(w, "        none to ask: coranto add https://a.blog.you.like")
	}
	for _, group := range []struct {
		word string
		list []pipeline.Trouble
	}{{"failed", r.Failed}, {"held", r.Held}, {"moved", r.Moved}} {
		for i, t := range group.list {
			if i == 20 {
				fmt.Fprintf(w, "        … and %d more: coranto status\n", len(group.list)-i)
				break
			}
			fmt.Fprintf(w, "%-7s %s  %s\n", group.word, t.Source, oneLine(t))
		}
	}
	if r.Commit == "" {
		fmt.Fprintln(w, "posts   nothing new, no commit")
	} else {
		fmt.Fprintf(w, "posts   %d new", r.New)
		if r.Merged > 0 {
			fmt.Fprintf(w, ", %d also by another source", r.Merged)
		}
		if r.Revised > 0 {
			fmt.Fprintf(w, ", %d revised", r.Revised)
		}
		if r.Unscraped > 0 {
			fmt.Fprintf(w, "  (%d in the feed's own words)", r.Unscraped)
		}
		fmt.Fprintf(w, "\ncommit  %s", short(r.Commit))
		if r.Pushed {
			fmt.Fprint(w, ", pushed")
		}
		fmt.Fprintln(w)
	}
	if r.PushError != "" {
		text, hint := wayOut(r.PushError)
		fmt.Fprintf(w, "remote  not pushed: %s\n", text)
		if hint = cmp.Or(hint, app.HintNamed(r.PushFailure)); hint != "" {
			fmt.Fprintf(w, "        hint: %s\n", hint)
		}
	}
	if r.TreeError != "" {
		fmt.Fprintf(w, "tree    the commit stands, but your files could not follow it: %s\n", r.TreeError)
	}
	for _, path := range r.Behind {
		fmt.Fprintf(w, "behind  %s has your edits; `git diff` shows them, `git stash && git stash pop` merges\n", path)
	}
	printPublished(w, r.Published)
}

func oneLine(t pipeline.Trouble) string {
	if t.Error == "Fetch.Moved" {
		return "has moved to " + t.Cause
	}
	return t.Cause + " (" + t.Error + ")"
}

func printPublished(w io.Writer, p *app.Published) {
	if p == nil || p.Release == "" { // "": the build failed, and the error says why
		return
	}
	fmt.Fprintf(w, "site    %s, %s written, release %s is live\n", plural(p.Report.Pages, "page", "pages"), plural(p.Report.Rendered, "file", "files"), short(p.Release))
}
