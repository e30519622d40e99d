package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/coranto/coranto/internal/app"
	"github.com/coranto/coranto/internal/catalog"
	"github.com/coranto/coranto/internal/pipeline"
)

func (c *cli) statusCmd() *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show freshness and every source's health",
		Long: `Shows how fresh the site is and how each source stands, and why. It works while
another coranto serves the site. Ends with 4 when the site is older than
freshness.max_age, with 3 when sources fail, with 1 when the site could not be
taken to a place of deploy:.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			st, err := app.StatusOf(cmd.Context(), c.dir, c.options())
			if err != nil {
				return err
			}
			c.code = statusCode(st)
			if c.json {
				return object(c.out, st)
			}
			c.folding(func() { c.printStatus(st, all) })
			return nil
		},
	}
	cmd.Flags().BoolVarP(&all, "all", "a", false, "also the sources that are well")
	return cmd
}

func statusCode(st app.Status) int {
	if st.Unreadable != "" {
		return pipeline.ExitError
	}
	if st.Stale {
		return pipeline.ExitStale
	}
	if st.Unpublished != nil {
		return pipeline.KindNamed(st.Unpublished.Error).Exit
	}
	for _, p := range st.Places {
		if p.Error != "" {
			return pipeline.ExitError
		}
	}
	for _, s := range st.Sources {
		if s.Health == catalog.Failing || s.Health == catalog.Parked || s.Health == catalog.Quarantined {
			return pipeline.ExitSources
		}
	}
	return pipeline.ExitOK
}

func (c *cli) printStatus(st app.Status, all bool) {
	c.warn(st.Warnings)
	fresh := "fresh"
	switch {
	case st.Unreadable != "":
		fresh = "how fresh it is cannot be told"
	case st.LastOK.IsZero():
		fresh = "no run has ended yet"
	case st.Stale:
		fresh = "STALE: the last good run was " + ago(st.Now, st.LastOK) + ", freshness.max_age is " + st.MaxAge
	default:
		fresh = "last good run " + ago(st.Now, st.LastOK)
	}
	fmt.Fprintf(c.out, "site     %s (%s)\n", st.Site, fresh)
	if st.Unreadable != "" {
		fmt.Fprintf(c.out, "state    %s\n", st.Unreadable)
	}
	fmt.Fprintf(c.out, "posts    %d", st.Posts)
	if st.Queued > 0 {
		fmt.Fprintf(c.out, ", %d wait for approval: coranto post list --state queued", st.Queued)
	}
	fmt.Fprintln(c.out)
	if r := st.Release; r != nil {
		fmt.Fprintf(c.out, "release  %s of commit %s, %s, %s\n", short(r.ID), short(r.Commit), plural(r.Files, "file", "files"), ago(st.Now, r.Created))
	} else {
		fmt.Fprintln(c.out, "release  none yet")
	}
	if u := st.Unpublished; u != nil {
		fmt.Fprintf(c.out, "NOT LIVE since %s: %s (%s)\n", ago(st.Now, u.At), u.Cause, u.Error)
	}
	if u := st.Untold; u != nil {
		fmt.Fprintf(c.out, "hub      not told since %s, tried %s, again %s: %s\n", ago(st.Now, u.At), plural(u.Tries, "time", "times"), until(st.Now, u.Next), u.Error)
	}
	if st.LastRun != nil && st.LastRun.PushError != "" {
		fmt.Fprintf(c.out, "remote   not pushed: %s\n", st.LastRun.PushError)
	}
	for _, p := range st.Places {
		switch {
		case p.Error != "":
			had := ""
			if p.Release != "" {
				had = "; it has release " + short(p.Release) + ", " + ago(st.Now, p.At)
			}
			fmt.Fprintf(c.out, "NOT TAKEN to %s since %s: %s%s\n", p.To, ago(st.Now, p.Since), p.Error, had)
		case p.Release == "":
			fmt.Fprintf(c.out, "taken    not yet to %s\n", p.To)
		case p.Behind:
			fmt.Fprintf(c.out, "taken    to %s: release %s, %s; the live one not yet\n", p.To, short(p.Release), ago(st.Now, p.At))
		default:
			fmt.Fprintf(c.out, "taken    to %s: release %s, %s\n", p.To, short(p.Release), ago(st.Now, p.At))
		}
	}
	for _, path := range st.Behind {
		fmt.Fprintf(c.out, "behind   %s has your edits and does not follow the branch: `git diff %s` shows them; `git stash && git stash pop` merges\n", path, path)
	}
	count := map[catalog.Health]int{}
	for _, s := range st.Sources {
		count[s.Health]++
	}
	fmt.Fprintf(c.out, "sources  %d", len(st.Sources))
	for _, h := range catalog.Healths {
		if count[h] > 0 {
			fmt.Fprintf(c.out, ", %d %s", count[h], h)
		}
	}
	fmt.Fprintln(c.out)
	c.printWebSub(st.WebSub)
	t := table{head: []string{"SOURCE", "HEALTH", "SINCE", "CHECKED", "NEXT", "WHY"}, wrap: 5, keep: 1}
	for _, s := range st.Sources {
		if !all && (s.Health == catalog.Active || s.Health == catalog.Retired || s.Health == catalog.Paused) {
			continue
		}
		t.add(s.ID, string(s.Health), ago(st.Now, s.Since), ago(st.Now, s.Checked), until(st.Now, s.Next), s.Why)
	}
	if len(t.rows) > 0 {
		fmt.Fprintln(c.out)
		t.print(c.out)
	}
}

// printWebSub says how many hubs tell of what is new.
func (c *cli) printWebSub(w *app.WebSub) {
	if w == nil {
		return
	}
	fmt.Fprintf(c.out, "websub   %s of %d whose source names one tell of new posts", plural(w.Verified, "hub", "hubs"), w.Sources)
	for _, n := range []struct {
		count int
		what  string
	}{{w.Asked, "not answered yet"}, {w.Failing, "failing"}, {w.Denied, "denied"}} {
		if n.count > 0 {
			fmt.Fprintf(c.out, ", %d %s", n.count, n.what)
		}
	}
	fmt.Fprintln(c.out)
}
