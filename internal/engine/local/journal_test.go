package local

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/coranto/coranto/asl"
	"github.com/coranto/coranto/internal/engine"
)

var someEvents = []asl.Event{
	{Kind: asl.TaskSucceeded, Time: fromNano(1), ID: 1, Output: asl.ObjectValue(asl.Member{Name: "a\n\"", Value: asl.IntValue(1)})},
	{Kind: asl.TaskSucceeded, Time: fromNano(2), ID: 1 << 40, Output: asl.NullValue()},
	{Kind: asl.TaskFailed, Time: fromNano(-3), ID: 2, Error: "E\u2028", Cause: "line\nline"},
	{Kind: asl.TaskFailed, Time: fromNano(3), ID: 2},
	{Kind: asl.TaskHeartbeat, Time: fromNano(4), ID: 3},
	{Kind: asl.TimerFired, Time: fromNano(time.Now().UnixNano()), ID: 3},
	{Kind: asl.Aborted, Time: fromNano(5), Error: "x", Cause: "y"},
	{Kind: asl.TaskSubmitted, Time: fromNano(6), ID: 9, Output: asl.NullValue()},
	{Kind: asl.Redriven, Time: fromNano(7)},
}

func TestLinesComeBack(t *testing.T) {
	var row []byte
	for _, ev := range someEvents {
		row = appendLine(row, ev, storedValue{})
	}
	row = appendLine(row, someEvents[0], storedValue{ref: "sha256:ab"})
	var got []asl.Event
	var refs []engine.Ref
	err := parseLines(row, func(ev asl.Event, ref engine.Ref) error {
		got, refs = append(got, ev), append(refs, ref)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	last := len(got) - 1
	if diff := cmp.Diff(someEvents, got[:last]); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if refs[last] != "sha256:ab" || !got[last].Output.IsAbsent() || refs[0] != "" {
		t.Errorf("refs %q, output %v", refs, got[last].Output)
	}
}

// Whatever stands in the database, a line is refused as damaged or is one that
// the journal would write.
func FuzzParseLines(f *testing.F) {
	for _, ev := range someEvents {
		f.Add(appendLine(nil, ev, storedValue{}))
	}
	f.Add([]byte(`{"kind":"task-succeeded","time":1,"id":1,"ref":"sha256:00"}` + "\n"))
	f.Add([]byte(`{"kind":"task-succeeded","time":1,"id":1,"ref":"sha256:00","output":1}` + "\n"))
	f.Add([]byte(`{"kind":"aborted","time":1.5e300}` + "\n{"))
	f.Fuzz(func(t *testing.T, row []byte) {
		var again []byte
		var evs []asl.Event
		err := parseLines(row, func(ev asl.Event, ref engine.Ref) error {
			evs = append(evs, ev)
			again = appendLine(again, ev, storedValue{ref: ref})
			return nil
		})
		if err != nil {
			if !errors.Is(err, errLine) {
				t.Errorf("unclassified error %v", err)
			}
			return
		}
		i := 0
		err = parseLines(again, func(ev asl.Event, _ engine.Ref) error {
			if !cmp.Equal(ev, evs[i]) {
				t.Errorf("%+v was written and read as %+v", evs[i], ev)
			}
			i++
			return nil
		})
		if err != nil || i != len(evs) {
			t.Errorf("%d of %d lines came back: %v", i, len(evs), err)
		}
	})
}
