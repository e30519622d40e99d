package asl_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/coranto/coranto/asl"
)

func TestTimeouts(t *testing.T) {
	hang := func(asl.Command) (asl.Event, time.Duration) { return asl.Event{}, 0 }
	tests := []struct {
		name, definition string
		answer           answers
		status           asl.Status
		error            string
		after            time.Duration
		last             string // history event before the last
	}{
		{"task", one(`{"Type":"Task","Resource":"x","TimeoutSeconds":30,"End":true}`), hang, asl.StatusFailed, asl.ErrorTimeout, 30 * time.Second, "TaskTimedOut"},
		{"heartbeat", one(`{"Type":"Task","Resource":"x","TimeoutSeconds":30,"HeartbeatSecondsPath":"$.beat","End":true}`), hang, asl.StatusFailed, asl.ErrorHeartbeat, 5 * time.Second, "TaskTimedOut"},
		{"in time", one(`{"Type":"Task","Resource":"x","TimeoutSeconds":30,"End":true}`), func(c asl.Command) (asl.Event, time.Duration) {
			return asl.Event{Kind: asl.TaskSucceeded, Output: c.Input}, 29 * time.Second
		}, asl.StatusSucceeded, "", 29 * time.Second, "TaskStateExited S"},
		{"machine", `{"TimeoutSeconds":3,` + one(`{"Type":"Wait","Seconds":25,"End":true}`)[1:], hang, asl.StatusTimedOut, "", 3 * time.Second, "WaitStateEntered S"},
	}
	for _, tt := range tests {
		tr := drive(t, tt.definition, `{"beat":5}`, asl.Options{}, tt.answer)
		types := tr.types()
		if tr.done.Status != tt.status || tr.done.Error != tt.error || tr.ended.Sub(began) != tt.after || types[len(types)-2] != tt.last {
			t.Errorf("%s: got %s %s after %s, %v", tt.name, tr.done.Status, tr.done.Error, tr.ended.Sub(began), types)
		}
	}
}

func TestHeartbeatKeepsCallbackAlive(t *testing.T) {
	m, err := asl.Parse([]byte(one(`{"Type":"Task","Resource":"arn:aws:states:::sqs:sendMessage.waitForTaskToken","Parameters":{"token.$":"$$.Task.Token"},"HeartbeatSeconds":10,"End":true}`)))
	if err != nil {
		t.Fatal(err)
	}
	x := asl.New(m, asl.Options{ID: "e"})
	apply := func(ev asl.Event) []asl.Command {
		t.Helper()
		commands, err := x.Apply(ev)
		if err != nil {
			t.Fatal(err)
		}
		return commands
	}
	first := apply(asl.Event{Kind: asl.Started, Time: began, Seed: 3})
	task, beat := first[0], first[1]
	if task.Token == "" || task.Input.Get("token").String() != task.Token {
		t.Errorf("the token %q is not in the input %s", task.Token, task.Input)
	}
	again := apply(asl.Event{Kind: asl.TaskHeartbeat, Time: began.Add(9 * time.Second), ID: task.ID})
	if len(again) != 2 || again[0].Kind != asl.CancelTimer || again[0].ID != beat.ID || !again[1].At.Equal(began.Add(19*time.Second)) {
		t.Fatalf("a heartbeat gave %+v", again)
	}
	if late := apply(asl.Event{Kind: asl.TimerFired, Time: began.Add(10 * time.Second), ID: beat.ID}); late != nil {
		t.Errorf("the old timer gave %+v", late)
	}
	end := apply(asl.Event{Kind: asl.TaskSucceeded, Time: began.Add(12 * time.Second), ID: task.ID, Output: asl.IntValue(1)})
	if len(end) != 2 || end[0].Kind != asl.CancelTimer || end[1].Kind != asl.Done {
		t.Errorf("the end gave %+v", end)
	}
}

func TestLimits(t *testing.T) {
	loop := `{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"C"},"C":{"Type":"Choice","Choices":[{"Variable":"$.x","IsPresent":true,"Next":"E"}],"Default":"A"},"E":{"Type":"Succeed"}}}`
	double := `{"StartAt":"A","States":{"A":{"Type":"Pass","Parameters":{"a.$":"$","b.$":"$"},"Next":"C"},"C":{"Type":"Choice","Choices":[{"Variable":"$.x","IsPresent":true,"Next":"E"}],"Default":"A"},"E":{"Type":"Succeed"}}}`
	tests := []struct {
		name, definition string
		limits           asl.Limits
		error, cause     string
	}{
		{"history", loop, asl.Limits{History: 50}, asl.ErrorRuntime, "The execution reached the maximum number of history events (50)."},
		{"steps", loop, asl.Limits{Steps: 100}, asl.ErrorRuntime, "The execution entered more than 100 states without waiting for anything."},
		{"payload", double, asl.Limits{Payload: 1000}, asl.ErrorDataLimit, "The state/task 'A' returned a result with a size exceeding the maximum number of bytes service limit."},
		{"payload by default", double, asl.Limits{}, asl.ErrorDataLimit, "The state/task 'A' returned a result with a size exceeding the maximum number of bytes service limit."},
	}
	for _, tt := range tests {
		tr := drive(t, tt.definition, `{}`, asl.Options{Limits: tt.limits}, nil)
		if tr.done.Error != tt.error || tr.done.Cause != tt.cause {
			t.Errorf("%s: got %s: %s", tt.name, tr.done.Error, tr.done.Cause)
		}
		if n := len(tr.history); tt.limits.History > 0 && n != tt.limits.History {
			t.Errorf("%s: %d events", tt.name, n)
		}
	}
}

func TestAbort(t *testing.T) {
	m, err := asl.Parse([]byte(one(`{"Type":"Task","Resource":"x","End":true}`)))
	if err != nil {
		t.Fatal(err)
	}
	x := asl.New(m, asl.Options{})
	if _, err := x.Apply(asl.Event{Kind: asl.Started, Time: began}); err != nil {
		t.Fatal(err)
	}
	commands, err := x.Apply(asl.Event{Kind: asl.Aborted, Time: began, Error: "Stop", Cause: "by hand"})
	want := []asl.Command{{Kind: asl.CancelTask, ID: 1}, {Kind: asl.Done, Status: asl.StatusAborted, Error: "Stop", Cause: "by hand"}}
	if diff := cmp.Diff(want, commands); diff != "" || err != nil {
		t.Errorf("%v: -want +got\n%s", err, diff)
	}
	if late, err := x.Apply(asl.Event{Kind: asl.TaskSucceeded, Time: began, ID: 1}); late != nil || err != nil {
		t.Errorf("after the end: got %+v, %v", late, err)
	}
	if x.Status() != asl.StatusAborted {
		t.Errorf("status %s", x.Status())
	}
}

func TestMisuse(t *testing.T) {
	m, err := asl.Parse([]byte(one(`{"Type":"Task","Resource":"x","End":true}`)))
	if err != nil {
		t.Fatal(err)
	}
	x := asl.New(m, asl.Options{})
	for _, ev := range []asl.Event{{Kind: asl.Started}, {Kind: asl.TaskSucceeded, Time: began, ID: 1}} {
		if _, err := x.Apply(ev); !errors.Is(err, asl.ErrMisuse) {
			t.Errorf("%s before the start: got %v", ev.Kind, err)
		}
	}
	if _, err := x.Apply(asl.Event{Kind: asl.Started, Time: began}); err != nil {
		t.Fatal(err)
	}
	if _, err := x.Apply(asl.Event{Kind: asl.Started, Time: began}); !errors.Is(err, asl.ErrMisuse) {
		t.Errorf("started twice: got %v", err)
	}
	if got, err := x.Apply(asl.Event{Kind: asl.TaskSucceeded, Time: began, ID: 99}); got != nil || err != nil {
		t.Errorf("an unknown ID: got %+v, %v", got, err)
	}
}
