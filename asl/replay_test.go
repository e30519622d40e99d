package asl_test

import (
	"errors"
	"fmt"
	"hash/fnv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/coranto/coranto/asl"
)

// everything has each kind of state, randomness, failures and time in it.
const everything = `{"StartAt":"Init","TimeoutSeconds":3600,"States":{
 "Init":{"Type":"Pass","Parameters":{"id.$":"States.UUID()","dice.$":"States.MathRandom(1, 1000)","items.$":"States.ArrayRange(1, 30, 1)"},"Assign":{"run.$":"$.id"},"Next":"Both"},
 "Both":{"Type":"Parallel","ResultPath":"$.both","Branches":[
   {"StartAt":"Nap","States":{"Nap":{"Type":"Wait","Seconds":7,"End":true}}},
   {"StartAt":"Each","States":{"Each":{"Type":"Map","ItemsPath":"$.items","MaxConcurrency":4,"ItemSelector":{"n.$":"$$.Map.Item.Value","run.$":"$run"},
     "ItemProcessor":{"StartAt":"Work","States":{
       "Work":{"Type":"Task","Resource":"work","TimeoutSeconds":3,"HeartbeatSeconds":2,"Retry":[{"ErrorEquals":["States.ALL"],"IntervalSeconds":2,"JitterStrategy":"FULL"}],
         "Catch":[{"ErrorEquals":["States.ALL"],"ResultPath":"$.error","Next":"Size"}],"ResultPath":"$.done","Next":"Size"},
       "Size":{"Type":"Choice","Choices":[{"Variable":"$.n","NumericGreaterThan":20,"Next":"Big"}],"Default":"Small"},
       "Big":{"Type":"Pass","OutputPath":"$.n","End":true},"Small":{"Type":"Succeed","OutputPath":"$.n"}}},"End":true}}}],
   "Next":"Done"},
 "Done":{"Type":"Succeed"}}}`

func sometimes(c asl.Command) (asl.Event, time.Duration) {
	n, _ := c.Input.Get("n").Int()
	switch (n + int64(c.Attempt)) % 5 {
	case 0:
		return failWith("Flaky", "again")
	case 1:
		return asl.Event{}, 0 // hangs
	}
	ev, _ := succeed(c.Input.Get("run"))
	return ev, time.Duration(n) * 100 * time.Millisecond
}

// TestReplay: the recorded events, applied again, give the same commands and
// the same history, whatever happened between them.
func TestReplay(t *testing.T) {
	first := drive(t, everything, `{}`, asl.Options{ID: "e", Name: "n"}, sometimes)
	if first.done.Status != asl.StatusSucceeded {
		t.Fatalf("got %+v", first.done)
	}
	again := replay(t, everything, first.events, asl.Options{ID: "e", Name: "n"})
	if diff := cmp.Diff(first.commands, again.commands); diff != "" {
		t.Errorf("commands: -first +again\n%s", diff)
	}
	if diff := cmp.Diff(first.history, again.history); diff != "" {
		t.Errorf("history: -first +again\n%s", diff)
	}
	for i, ev := range first.history {
		if ev.ID != int64(i+1) || ev.Prev >= ev.ID {
			t.Fatalf("event %d: %+v", i, ev)
		}
	}
	ids := uint64(0)
	for _, c := range first.commands {
		if c.Kind == asl.RunTask || c.Kind == asl.StartTimer {
			if ids++; c.ID != ids {
				t.Fatalf("command %+v has not the ID %d", c, ids)
			}
		}
	}
}

func replay(tb testing.TB, definition string, events []asl.Event, o asl.Options) *trace {
	tb.Helper()
	m, err := asl.Parse([]byte(definition))
	if err != nil {
		tb.Fatal(err)
	}
	tr := &trace{}
	o.History = func(ev asl.HistoryEvent) { tr.history = append(tr.history, ev) }
	x := asl.New(m, o)
	for _, ev := range events {
		commands, err := x.Apply(ev)
		if err != nil {
			tb.Fatal(err)
		}
		tr.commands = append(tr.commands, commands...)
	}
	return tr
}

// TestHistoryDoesNotMatter: an execution nobody watches does the same.
func TestHistoryDoesNotMatter(t *testing.T) {
	first := drive(t, everything, `{}`, asl.Options{}, sometimes)
	m, err := asl.Parse([]byte(everything))
	if err != nil {
		t.Fatal(err)
	}
	x := asl.New(m, asl.Options{})
	var commands []asl.Command
	for _, ev := range first.events {
		more, err := x.Apply(ev)
		if err != nil {
			t.Fatal(err)
		}
		commands = append(commands, more...)
	}
	if diff := cmp.Diff(first.commands, commands); diff != "" {
		t.Errorf("-watched +unwatched\n%s", diff)
	}
}

// TestLargeMapIsLinear: what a Map needs grows with its items, not with their
// square, and a shared document is not copied.
func TestLargeMapIsLinear(t *testing.T) {
	m, err := asl.Parse([]byte(fanOut))
	if err != nil {
		t.Fatal(err)
	}
	perItem := func(n int) float64 {
		return testing.AllocsPerRun(1, func() { runFanOut(t, m, n, asl.Options{}) }) / float64(n)
	}
	if small, large := perItem(500), perItem(10_000); large > 1.2*small {
		t.Errorf("%.0f allocations an item among 10,000, %.0f among 500", large, small)
	}
}

// FuzzParse: a definition is refused with ErrInvalid and for reasons that
// Validate gives too, or runs; the same events then give the same commands.
func FuzzParse(f *testing.F) {
	f.Add([]byte(everything), `{}`)
	f.Add([]byte(fanOut), `{"items":[1,2],"shared":1}`)
	for _, s := range []string{
		`{"Type":"Task","Resource":"x","Credentials":{"RoleArn.$":"$.r"},"Catch":[{"ErrorEquals":["States.ALL"],"Next":"S"}],"End":true}`,
		`{"Type":"Fail","ErrorPath":"$.e","Cause":"c"}`,
		`{"Type":"Wait","TimestampPath":"$.t","End":true}`,
		`{"Type":"Map","ItemBatcher":{"MaxItemsPerBatch":2},"ToleratedFailureCount":1,"ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},"StartAt":"I","States":{"I":{"Type":"Fail"}}},"End":true}`,
	} {
		f.Add([]byte(one(s)), `[1,2,3]`)
	}
	f.Fuzz(func(t *testing.T, definition []byte, input string) {
		m, err := asl.Parse(definition)
		if (err == nil) != (len(asl.Validate(definition, asl.ParseOptions{})) == 0) {
			t.Fatalf("Parse and Validate differ: %v", err)
		}
		if err != nil {
			if !errors.Is(err, asl.ErrInvalid) {
				t.Fatalf("unclassified error %v", err)
			}
			return
		}
		in, err := asl.ParseValue([]byte(input))
		if err != nil {
			return
		}
		m.VariableReferences()
		o := asl.Options{Limits: asl.Limits{Payload: 1 << 16, History: 2000, Steps: 1000}}
		a, b := fuzzRun(m, in, o), fuzzRun(m, in, o)
		if a != b {
			t.Fatal("ran in two ways")
		}
	})
}

// fuzzRun sums up all that came of an execution whose tasks answer their input.
func fuzzRun(m *asl.Machine, input asl.Value, o asl.Options) uint64 {
	sum := fnv.New64()
	o.History = func(ev asl.HistoryEvent) {
		fmt.Fprintln(sum, ev.ID, ev.Prev, ev.Type, ev.Name, ev.Output.Size(), ev.Error, ev.Cause)
	}
	x := asl.New(m, o)
	queue := []asl.Event{{Kind: asl.Started, Time: began, Input: input}}
	for n := 0; len(queue) > 0 && n < 100; n++ {
		commands, err := x.Apply(queue[0])
		queue = queue[1:]
		if err != nil {
			panic(err)
		}
		for i, c := range commands {
			fmt.Fprintln(sum, c.Kind, c.ID, c.Path, c.Input.Size(), c.At, c.Output.Size(), c.Error)
			switch c.Kind {
			case asl.RunTask:
				queue = append(queue, asl.Event{Kind: asl.TaskSucceeded, Time: began, ID: c.ID, Output: c.Input})
			case asl.StartTimer:
				queue = append(queue, asl.Event{Kind: asl.TimerFired, Time: c.At, ID: c.ID})
			case asl.Done:
				if i != len(commands)-1 {
					panic("Done is not the last command")
				}
				if queue = nil; x.Redrivable() == nil {
					queue = append(queue, asl.Event{Kind: asl.Redriven, Time: began})
				}
			}
		}
	}
	return sum.Sum64()
}
