package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/coranto/coranto/asl"
	"github.com/coranto/coranto/internal/app"
	"github.com/coranto/coranto/internal/diagram"
	"github.com/coranto/coranto/internal/engine"
	"github.com/coranto/coranto/internal/job"
)

// watchEvery is how often a watched execution is looked at; looking costs as
// much as it has done, so it is rarer the longer a look takes.
const watchEvery = 300 * time.Millisecond

// watch shows an execution until it has ended. With --json it prints the events
// as they happen, one a line.
func (c *cli) watch(cmd *cobra.Command, id string) error {
	ctx := cmd.Context()
	w, err := app.Watch(ctx, c.dir, id)
	if err != nil {
		return err
	}
	defer w.Close()
	var told int64
	scr := screen{w: c.out}
	scr.tty, scr.width = terminal(c.out)
	for {
		began := time.Now()
		l, err := w.Look(ctx)
		if err != nil {
			return err
		}
		switch {
		case c.json:
			for _, e := range l.History {
				if e.ID > told {
					told = e.ID
					if err := object(c.out, e); err != nil {
						return err
					}
				}
			}
		case scr.tty:
			scr.draw(watchLines(l, time.Now(), scr.width-1))
		}
		if l.Status != asl.StatusRunning {
			if !c.json && !scr.tty {
				for _, line := range watchLines(l, time.Now(), 100) {
					fmt.Fprintln(c.out, line)
				}
			}
			if l.Status != asl.StatusSucceeded {
				c.code = 1
			}
			return nil
		}
		if err := rest(ctx, max(watchEvery, 4*time.Since(began))); err != nil {
			return err
		}
	}
}

func rest(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// screen draws some lines anew over those it has drawn.
type screen struct {
	w     io.Writer
	tty   bool
	width int
	drawn int
}

func (s *screen) draw(lines []string) {
	if f, ok := s.w.(*os.File); ok { // it is never folded
		// What has scrolled out of the screen cannot be drawn again: the newest
		// states are at the end, the whole at the beginning.
		if _, height, err := term.GetSize(int(f.Fd())); err == nil && height > 3 && len(lines) >= height {
			lines = append(lines[:1:1], lines[len(lines)-height+2:]...)
		}
	}
	var b strings.Builder
	if s.drawn > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", s.drawn)
	}
	for _, l := range lines {
		fmt.Fprintf(&b, "\r\x1b[K%s\n", l)
	}
	b.WriteString("\x1b[J")
	io.WriteString(s.w, b.String())
	s.drawn = len(lines)
}

// watchLines says how an execution stands: a line a state that was entered, in
// the order in which they are written.
func watchLines(l app.Look, now time.Time, width int) []string {
	run := diagram.Follow(l.History, l.Status)
	end := l.Ended
	if end.IsZero() {
		end = now
	}
	head := fmt.Sprintf("%s %s  %s  %s", l.Workflow, l.ID, strings.ToLower(string(l.Status)), span2(end.Sub(l.Started)))
	if left, ok := timeLeft(l, run, now); ok {
		head += "  about " + span2(left) + " left"
	}
	lines := []string{clip(head, width)}
	for _, state := range diagram.Outline(l.Definition) {
		t, d := run.States[state.Name], min(state.Depth, 6)
		if t == nil || t.Entered == 0 {
			continue
		}
		lines = append(lines, stateLine(state.Name, t, d, width))
		for _, a := range attemptsOf(l.Attempts, l.History, state.Name) {
			lines = append(lines, clip(strings.Repeat("  ", d+3)+attemptLine(a), width))
		}
	}
	if l.Error != "" {
		lines = append(lines, clip("error   "+l.Error+": "+strings.ReplaceAll(l.Cause, "\n", " "), width))
	}
	return lines
}

// stateLine shows a state: a sign, its name, a bar for a Map, counts.
func stateLine(name string, t *diagram.Tally, depth, width int) string {
	sign := "✓"
	switch {
	case t.Running > 0:
		sign = "▸"
	case t.Failed > 0:
		sign = "✕"
	case t.Caught > 0:
		sign = "!"
	case t.Succeeded == 0:
		sign = "–"
	}
	line := "  " + strings.Repeat("  ", depth) + sign + " " + name
	line += strings.Repeat(" ", max(1, 30-utf8.RuneCountInString(line)))
	if t.Items > 0 {
		done := t.ItemsDone + t.ItemsFailed
		line += bar(done, t.Items, 24) + fmt.Sprintf(" %d/%d", done, t.Items)
		if t.ItemsFailed > 0 {
			line += fmt.Sprintf(", %d failed", t.ItemsFailed)
		}
		if t.ItemsRunning > 0 {
			line += fmt.Sprintf(", %d at work", t.ItemsRunning)
		}
		return clip(line, width)
	}
	var words []string
	if t.Entered > 1 {
		words = append(words, fmt.Sprintf("%d of %d", t.Entered-t.Running, t.Entered))
	}
	for _, p := range []struct {
		n    int
		word string
	}{{t.Caught, "caught"}, {t.Failed, "failed"}, {t.Aborted, "aborted"}, {t.Retries, "tried again"}} {
		if p.n > 0 {
			words = append(words, fmt.Sprintf("%d %s", p.n, p.word))
		}
	}
	if t.Error != "" && t.Caught+t.Failed+t.Retries > 0 {
		words = append(words, "last "+t.Error)
	}
	return clip(strings.TrimRight(line+strings.Join(words, ", "), " "), width)
}

// bar draws a share of a width in eighths of a character.
func bar(done, of, width int) string {
	if of <= 0 {
		return strings.Repeat("░", width)
	}
	full := done * width / of
	return strings.Repeat("█", full) + strings.Repeat("░", width-full)
}

// attemptsOf lists a few attempts at the commands of a state: those under way, or
// the newest that were tried again.
func attemptsOf(all []job.Attempt, history []asl.HistoryEvent, state string) []job.Attempt {
	if len(all) == 0 {
		return nil
	}
	owner := map[int64]string{}
	tasks := map[uint64]bool{}
	for _, e := range history {
		owner[e.ID] = owner[e.Prev]
		if strings.HasSuffix(e.Type, "StateEntered") {
			owner[e.ID] = e.Name
		}
		if e.Task != 0 && owner[e.ID] == state {
			tasks[e.Task] = true
		}
	}
	var open, again []job.Attempt
	for i, a := range all {
		last := i == len(all)-1 || all[i+1].Task != a.Task
		switch {
		case !tasks[a.Task] || !last:
		case a.Ended.IsZero():
			open = append(open, a)
		case a.Number > 1:
			again = append(again, a)
		}
	}
	if len(open) > 0 {
		return open[:min(3, len(open))]
	}
	return again[max(0, len(again)-2):]
}

func attemptLine(a job.Attempt) string {
	s := fmt.Sprintf("%s, attempt %d of %d", a.Name, a.Number, a.Of)
	switch {
	case a.Ended.IsZero():
		s += fmt.Sprintf(", for %s", span2(time.Since(a.Started)))
	case a.ExitCode != nil:
		s += fmt.Sprintf(", exit code %d", *a.ExitCode)
	case a.Reason != "":
		s += ", " + a.Reason
	default:
		s += ", " + a.StatusReason
	}
	return s
}

// timeLeft guesses from the Map that has the most items to go.
func timeLeft(l app.Look, run *diagram.Run, now time.Time) (time.Duration, bool) {
	if l.Status != asl.StatusRunning {
		return 0, false
	}
	started := map[string]time.Time{}
	depth := map[int64]string{}
	for _, e := range l.History {
		depth[e.ID] = depth[e.Prev]
		if e.Type == "MapStateEntered" {
			depth[e.ID] = e.Name
			if started[e.Name].IsZero() {
				started[e.Name] = e.Time
			}
		}
	}
	var left time.Duration
	found := false
	for name, at := range started {
		t := run.States[name]
		done := t.ItemsDone + t.ItemsFailed
		if t.Running == 0 || done < 3 || done >= t.Items {
			continue
		}
		d := time.Duration(float64(now.Sub(at)) / float64(done) * float64(t.Items-done))
		left, found = max(left, d), true
	}
	return left, found
}

// span2 says a span with as much detail as matters: 850ms, 4.2s, 3m 12s, 2h 5m.
func span2(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%dms", max(0, d.Milliseconds()))
	case d < 10*time.Second:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm %ds", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%dh %dm", int(d.Hours()), int(d.Minutes())%60)
}

func (c *cli) runsCancelCmd() *cobra.Command {
	var dry bool
	cmd := &cobra.Command{
		Use: "cancel RUN", Short: "End an execution that is running",
		Long: `Ends an execution with the status ABORTED. A serve or run that has the directory
does so within a second.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, stop := context.WithTimeout(cmd.Context(), 30*time.Second)
			defer stop()
			end := app.Cancel
			if dry {
				end = func(ctx context.Context, dir, id string, _ app.Options) (engine.Execution, error) {
					return app.Execution(ctx, dir, id)
				}
			}
			x, err := end(ctx, c.dir, args[0], c.options())
			if err != nil {
				return err
			}
			if c.json {
				return object(c.out, x)
			}
			fmt.Fprintf(c.out, "%s  %s %s\n", strings.ToLower(string(x.Status)), x.Workflow, x.ID)
			if dry && x.Status == asl.StatusRunning {
				fmt.Fprintln(c.out, "cancelled nothing; it would be ended")
				return nil
			}
			if x.Status != asl.StatusAborted {
				c.code = 1 // it had ended by itself
			}
			return nil
		},
	}
	cmd.Flags().BoolVarP(&dry, "dry-run", "n", false, "tell how it stands, but end nothing")
	return cmd
}
