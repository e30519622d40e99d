package asl_test

import (
	"slices"
	"testing"
	"time"

	"github.com/coranto/coranto/asl"
)

// answers says what becomes of a task: an event of kind TaskSucceeded or
// TaskFailed, later by after; no kind: nothing ever.
type answers func(c asl.Command) (ev asl.Event, after time.Duration)

func succeed(v asl.Value) (asl.Event, time.Duration) {
	return asl.Event{Kind: asl.TaskSucceeded, Output: v}, 0
}

func failWith(name, cause string) (asl.Event, time.Duration) {
	return asl.Event{Kind: asl.TaskFailed, Error: name, Cause: cause}, 0
}

var began = time.Date(2024, 5, 17, 12, 0, 0, 0, time.UTC)

// trace is all that went into an execution and came out of it.
type trace struct {
	x        *asl.Execution
	events   []asl.Event
	commands []asl.Command
	history  []asl.HistoryEvent
	done     asl.Command
	ended    time.Time
}

func (tr *trace) types() []string {
	var out []string
	for _, ev := range tr.history {
		s := ev.Type
		if ev.Name != "" {
			s += " " + ev.Name
		}
		out = append(out, s)
	}
	return out
}

// drive runs a definition in virtual time until it is done or nothing is left
// to happen.
func drive(tb testing.TB, definition, input string, o asl.Options, answer answers) *trace {
	tb.Helper()
	m, err := asl.Parse([]byte(definition))
	if err != nil {
		tb.Fatal(err)
	}
	in, err := asl.ParseValue([]byte(input))
	if err != nil {
		tb.Fatal(err)
	}
	tr := &trace{}
	o.History = func(ev asl.HistoryEvent) { tr.history = append(tr.history, ev) }
	tr.x = asl.New(m, o)
	tr.run(tb, asl.Event{Kind: asl.Started, Time: began, Seed: 7, Input: in}, answer)
	return tr
}

// run goes on from an event in virtual time until the execution is done or
// nothing is left to happen.
func (tr *trace) run(tb testing.TB, first asl.Event, answer answers) {
	tb.Helper()
	queue := []asl.Event{first}
	for len(queue) > 0 {
		ev := queue[0]
		queue = queue[1:]
		tr.events = append(tr.events, ev)
		commands, err := tr.x.Apply(ev)
		if err != nil {
			tb.Fatal(err)
		}
		tr.commands = append(tr.commands, commands...)
		for _, c := range commands {
			var next asl.Event
			switch c.Kind {
			case asl.RunTask:
				var after time.Duration
				if next, after = answer(c); next.Kind == "" {
					continue
				}
				next.ID, next.Time = c.ID, ev.Time.Add(after)
			case asl.StartTimer:
				next = asl.Event{Kind: asl.TimerFired, Time: c.At, ID: c.ID}
			case asl.Done:
				tr.done, tr.ended = c, ev.Time
				return
			default:
				continue
			}
			at, _ := slices.BinarySearchFunc(queue, next, func(a, b asl.Event) int {
				if a.Time.After(b.Time) {
					return 1
				}
				return -1
			})
			queue = slices.Insert(queue, at, next)
		}
	}
}
