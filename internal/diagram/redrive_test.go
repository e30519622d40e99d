package diagram

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/coranto/coranto/asl"
)

// What failed and what it cut off is under way again after a redrive, and counts as
// what becomes of it then.
func TestFollowRedrive(t *testing.T) {
	m, err := asl.Parse([]byte(`{"StartAt":"M","States":{"M":{"Type":"Map","ItemProcessor":{"StartAt":"T","States":{
		"T":{"Type":"Task","Resource":"r","End":true}}},"End":true}}}`))
	if err != nil {
		t.Fatal(err)
	}
	f := NewFollower()
	x := asl.New(m, asl.Options{History: f.Add})
	apply := func(events ...asl.Event) {
		t.Helper()
		for _, ev := range events {
			ev.Time = time.Unix(1, 0)
			if _, err := x.Apply(ev); err != nil {
				t.Fatal(err)
			}
		}
	}
	check := func(when string, m, task Tally) {
		t.Helper()
		if d := cmp.Diff(map[string]*Tally{"M": &m, "T": &task}, f.Run(x.Status()).States); d != "" {
			t.Errorf("%s: -want +got\n%s", when, d)
		}
	}
	ok := func(id uint64) asl.Event { return asl.Event{Kind: asl.TaskSucceeded, ID: id} }
	apply(asl.Event{Kind: asl.Started, Input: asl.ArrayValue(asl.IntValue(1), asl.IntValue(2), asl.IntValue(3))}, ok(1), asl.Event{Kind: asl.TaskFailed, ID: 2, Error: "E"})
	check("failed", Tally{Entered: 1, Failed: 1, Items: 3, ItemsDone: 1, ItemsFailed: 1, Error: "E"}, Tally{Entered: 3, Succeeded: 1, Failed: 2, Error: "E"})
	apply(asl.Event{Kind: asl.Redriven})
	check("redriven", Tally{Entered: 1, Running: 1, Items: 3, ItemsDone: 1, ItemsRunning: 2, Error: "E"}, Tally{Entered: 3, Succeeded: 1, Running: 2, Retries: 2, Error: "E"})
	apply(ok(4), ok(5))
	check("succeeded", Tally{Entered: 1, Succeeded: 1, Items: 3, ItemsDone: 3, Error: "E"}, Tally{Entered: 3, Succeeded: 3, Retries: 2, Error: "E"})
}
