package asl_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/coranto/coranto/asl"
)

// redrive lets an execution that has ended go on, an hour later.
func (tr *trace) redrive(tb testing.TB, answer answers) {
	tb.Helper()
	tr.done = asl.Command{}
	tr.run(tb, asl.Event{Kind: asl.Redriven, Time: tr.ended.Add(time.Hour)}, answer)
}

// asked lists the paths of the tasks asked for since the n-th command.
func (tr *trace) asked(from int) []string {
	var out []string
	for _, c := range tr.commands[from:] {
		if c.Kind == asl.RunTask {
			out = append(out, c.Path)
		}
	}
	return out
}

func failAll(asl.Command) (asl.Event, time.Duration) { return failWith("E", "no") }

func echoAll(c asl.Command) (asl.Event, time.Duration) { return succeed(c.Input) }

// failing fails the tasks whose path ends in one of names.
func failing(names ...string) answers {
	return func(c asl.Command) (asl.Event, time.Duration) {
		for _, n := range names {
			if strings.HasSuffix(c.Path, n) {
				return failWith("E", "no")
			}
		}
		return succeed(c.Input)
	}
}

// What has succeeded is not done again, whatever it stands in.
func TestRedrive(t *testing.T) {
	const inner = `{"StartAt":"A","States":{"A":{"Type":"Task","Resource":"r","Next":"B"},"B":{"Type":"Task","Resource":"r","End":true}}}`
	const each = `{"StartAt":"M","States":{"M":{"Type":"Map","MaxConcurrency":1,"ItemProcessor":` + inner + `,"End":true}}}`
	const retry = `"Retry":[{"ErrorEquals":["States.ALL"],"MaxAttempts":1}]`
	distributed := func(kind, more string) string {
		return `{"StartAt":"M","States":{"M":{"Type":"Map",` + more + `"ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"` + kind + `"},` + inner[1:] + `,"End":true}}}`
	}
	for _, tt := range []struct {
		name, definition, input string
		first, second           answers
		asked                   string // in the redrive
		output                  string
	}{
		{"task", `{"StartAt":"A","States":{"A":{"Type":"Task","Resource":"r","Next":"B"},"B":{"Type":"Task","Resource":"r","End":true}}}`, `1`,
			failing("B"), echoAll, "B", `1`},
		{"task that is retried", one(`{"Type":"Task","Resource":"r",` + retry + `,"End":true}`), `1`, failAll, func(c asl.Command) (asl.Event, time.Duration) {
			if c.Attempt == 0 {
				return failWith("E", "again")
			}
			return succeed(c.Input)
		}, "S S", `1`},
		{"parallel", `{"StartAt":"P","States":{"P":{"Type":"Parallel","Branches":[` + inner + `,` + strings.NewReplacer(`"A"`, `"C"`, `"B"`, `"D"`).Replace(inner) + `],"End":true}}}`, `1`,
			failing("D"), echoAll, "P[1]/D", `[1,1]`},
		{"map", each, `[1,2,3]`, failing("[1]/B"), echoAll, "M[1]/B M[2]/A M[2]/B", `[1,2,3]`},
		{"map, twice nested", `{"StartAt":"N","States":{"N":{"Type":"Map","ItemProcessor":` + each + `,"End":true}}}`, `[[1,2],[3],[]]`,
			failing("N[0]/M[0]/A"), echoAll, "N[0]/M[0]/A N[1]/M[0]/A N[0]/M[0]/B N[1]/M[0]/B N[0]/M[1]/A N[0]/M[1]/B", `[[1,2],[3],[]]`},
		{"distributed map", distributed("STANDARD", ""), `[1,2]`, failing("[1]/B"), echoAll, "M[1]/B", `[1,2]`},
		{"distributed map of express", distributed("EXPRESS", ""), `[1,2]`, failing("[1]/B"), echoAll, "M[1]/A M[1]/B", `[1,2]`},
		{"tolerated failures are tried again too", distributed("STANDARD", `"ToleratedFailureCount":1,"MaxConcurrency":1,`), `[1,2,3]`,
			failing("[0]/A", "[1]/A"), echoAll, "M[0]/A M[0]/B M[1]/A M[1]/B M[2]/A M[2]/B", `[1,2,3]`},
		{"only the results are written again", distributed("STANDARD", `"ResultWriter":{"Resource":"w"},`), `[1,2]`,
			func(c asl.Command) (asl.Event, time.Duration) {
				if c.Resource == "w" {
					return failWith("E", "full")
				}
				return succeed(c.Input)
			}, func(c asl.Command) (asl.Event, time.Duration) { return succeed(c.Input.Get("Results")) }, "M", `{"MapRunArn":"e/M:2","ResultWriterDetails":[1,2]}`},
		{"a reader that failed reads", distributed("STANDARD", `"ItemReader":{"Resource":"r"},`), `{}`, failAll,
			func(c asl.Command) (asl.Event, time.Duration) {
				if c.Path == "M" {
					return succeed(asl.ArrayValue(asl.IntValue(7)))
				}
				return succeed(c.Input)
			}, "M M[0]/A M[0]/B", `[7]`},
		{"timed out", `{"StartAt":"W","TimeoutSeconds":10,"States":{"W":{"Type":"Wait","Seconds":4,"Next":"A"},"A":{"Type":"Task","Resource":"r","End":true}}}`, `1`,
			func(asl.Command) (asl.Event, time.Duration) { return asl.Event{}, 0 },
			func(c asl.Command) (asl.Event, time.Duration) {
				ev, _ := succeed(c.Input)
				return ev, 9 * time.Second
			}, "A", `1`},
		{"variables stay", `{"StartAt":"V","States":{"V":{"Type":"Pass","Assign":{"v":5},"Next":"A"},"A":{"Type":"Task","Resource":"r","Parameters":{"v.$":"$v"},"End":true}}}`, `1`,
			failAll, echoAll, "A", `{"v":5}`},
		{"a choice chooses again", `{"StartAt":"C","States":{"C":{"Type":"Choice","Choices":[{"Variable":"$$.Execution.RedriveCount","NumericEquals":1,"Next":"A"}]},
			"A":{"Type":"Task","Resource":"r","End":true}}}`, `1`, echoAll, echoAll, "A", `1`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := asl.Options{ID: "e"}
			tr := drive(t, tt.definition, tt.input, o, tt.first)
			if tr.done.Status == asl.StatusSucceeded || tr.done.Kind == "" {
				t.Fatalf("first: %+v", tr.done)
			}
			n, h, last := len(tr.commands), len(tr.history), highest(tr.commands)
			tr.redrive(t, tt.second)
			if got := strings.Join(tr.asked(n), " "); got != tt.asked {
				t.Errorf("asked for %s, want %s", got, tt.asked)
			}
			if tr.done.Status != asl.StatusSucceeded || string(tr.done.Output.JSON()) != tt.output {
				t.Errorf("ended %s %s %s %s, want %s", tr.done.Status, tr.done.Output.JSON(), tr.done.Error, tr.done.Cause, tt.output)
			}
			for _, c := range tr.commands[n:] {
				if (c.Kind == asl.RunTask || c.Kind == asl.StartTimer) && c.ID <= last {
					t.Errorf("command %+v has an ID of before", c)
				}
			}
			if ev := tr.history[h]; ev.Type != "ExecutionRedriven" || ev.Redrives != 1 || ev.Prev != tr.history[h-1].ID {
				t.Errorf("first event %+v", ev)
			}
			for i, ev := range tr.history {
				if ev.ID != int64(i+1) || ev.Prev >= ev.ID {
					t.Errorf("event %d: %+v", i, ev)
				}
			}
			if diff := cmp.Diff(tr.history, replay(t, tt.definition, tr.events, o).history); diff != "" {
				t.Errorf("replayed: -first +again\n%s", diff)
			}
			if err := tr.x.Redrivable(); !errors.Is(err, asl.ErrNotRedrivable) {
				t.Errorf("Redrivable after success = %v", err)
			}
		})
	}
}

func highest(commands []asl.Command) (id uint64) {
	for _, c := range commands {
		id = max(id, c.ID)
	}
	return id
}

func TestRedriveEvents(t *testing.T) {
	tr := drive(t, `{"StartAt":"A","States":{"A":{"Type":"Task","Resource":"r","Next":"F"},"F":{"Type":"Fail","Error":"E"}}}`, `1`, asl.Options{}, failAll)
	tr.redrive(t, echoAll)
	tr.redrive(t, echoAll)
	want := []string{"ExecutionStarted", "TaskStateEntered A", "TaskScheduled", "TaskStarted", "TaskFailed", "ExecutionFailed",
		"ExecutionRedriven", "TaskScheduled", "TaskStarted", "TaskSucceeded", "TaskStateExited A", "FailStateEntered F", "ExecutionFailed",
		"ExecutionRedriven", "FailStateEntered F", "ExecutionFailed"}
	if diff := cmp.Diff(want, tr.types()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestRedriveContext(t *testing.T) {
	tr := drive(t, one(`{"Type":"Task","Resource":"r","Parameters":{"n.$":"$$.Execution.RedriveCount","all.$":"$$.Execution"},"End":true}`), `1`, asl.Options{}, failAll)
	tr.redrive(t, failAll)
	tr.redrive(t, echoAll)
	all := tr.done.Output.Get("all")
	if n, _ := tr.done.Output.Get("n").Int(); n != 2 || all.Get("RedriveTime").String() != "2024-05-17T14:00:00.000Z" || all.Get("StartTime").String() != "2024-05-17T12:00:00.000Z" {
		t.Errorf("got %s", tr.done.Output.JSON())
	}
	if first := tr.commands[0].Input.Get("all"); !first.Get("RedriveTime").IsAbsent() {
		t.Errorf("RedriveTime of what was not redriven: %s", first.JSON())
	}
}

func TestNotRedrivable(t *testing.T) {
	for name, tr := range map[string]*trace{
		"succeeded":       drive(t, one(`{"Type":"Succeed"}`), `1`, asl.Options{}, nil),
		"running":         drive(t, one(`{"Type":"Task","Resource":"r","End":true}`), `1`, asl.Options{}, func(asl.Command) (asl.Event, time.Duration) { return asl.Event{}, 0 }),
		"express":         drive(t, one(`{"Type":"Fail"}`), `1`, asl.Options{Type: asl.Express}, nil),
		"history is full": drive(t, one(`{"Type":"Fail"}`), `1`, asl.Options{Limits: asl.Limits{History: 4}}, nil),
	} {
		if err := tr.x.Redrivable(); !errors.Is(err, asl.ErrNotRedrivable) {
			t.Errorf("%s: Redrivable = %v", name, err)
		}
		if c, err := tr.x.Apply(asl.Event{Kind: asl.Redriven, Time: began}); !errors.Is(err, asl.ErrNotRedrivable) || len(c) > 0 {
			t.Errorf("%s: Apply = %v, %v", name, c, err)
		}
	}
	if err := drive(t, one(`{"Type":"Fail"}`), `1`, asl.Options{Limits: asl.Limits{History: 5}}, nil).x.Redrivable(); err != nil {
		t.Errorf("with room for two events more: %v", err)
	}
}

// A callback task and a .sync task are submitted before they succeed.
func TestSubmitted(t *testing.T) {
	for _, tt := range []struct {
		resource string
		told     bool
		want     []string
	}{
		{"r", true, []string{"TaskScheduled", "TaskStarted", "TaskSucceeded"}},
		{"r.sync", false, []string{"TaskScheduled", "TaskStarted", "TaskSubmitted", "TaskSucceeded"}},
		{"arn:aws:states:::batch:submitJob.sync", true, []string{"TaskScheduled", "TaskStarted", "TaskSubmitted", "TaskSucceeded"}},
		{"r.waitForTaskToken", true, []string{"TaskScheduled", "TaskStarted", "TaskSubmitted", "TaskSucceeded"}},
	} {
		m, err := asl.Parse([]byte(one(`{"Type":"Task","Resource":"` + tt.resource + `","End":true}`)))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		x := asl.New(m, asl.Options{History: func(ev asl.HistoryEvent) {
			if strings.HasPrefix(ev.Type, "Task") && !strings.HasPrefix(ev.Type, "TaskState") {
				got = append(got, ev.Type)
			}
			if ev.Type == "TaskSubmitted" && tt.told && ev.Output.String() != "job 7" {
				t.Errorf("%s: submitted with %s", tt.resource, ev.Output)
			}
		}})
		events := []asl.Event{{Kind: asl.Started}, {Kind: asl.TaskSubmitted, ID: 1, Output: asl.StringValue("job 7")}, {Kind: asl.TaskSucceeded, ID: 1}}
		if !tt.told {
			events = slices.Delete(events, 1, 2)
		}
		for _, ev := range events {
			ev.Time = began
			if _, err := x.Apply(ev); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: -want +got\n%s", tt.resource, diff)
		}
	}
}

// A child of a distributed Map is an execution of its own.
func TestDistributedContext(t *testing.T) {
	const definition = `{"StartAt":"M","States":{"M":{"Type":"Map","Label":"runs","ItemSelector":{"i.$":"$$.Map.Item.Index"},"End":true,"ItemProcessor":{
		"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},"StartAt":"P","States":{"P":{"Type":"Pass","Parameters":{"c.$":"$$"},"End":true}}}}}}`
	context := func(o asl.Options) asl.Value {
		tr := drive(t, definition, `["x"]`, o, nil)
		return tr.done.Output.Index(0).Get("c")
	}
	c := context(asl.Options{ID: "arn:aws:states:eu:1:execution:m:run", Name: "run", StateMachine: "arn:aws:states:eu:1:stateMachine:m", MachineName: "m"})
	name := c.Get("Execution").Get("Name").String()
	want := `{"Execution":{"Id":"arn:aws:states:eu:1:execution:m/runs:` + name + `","Input":{"i":0},"StartTime":"2024-05-17T12:00:00.000Z","Name":"` + name + `","RedriveCount":0},` +
		`"StateMachine":{"Id":"arn:aws:states:eu:1:stateMachine:m/runs","Name":"m/runs"},"State":{"Name":"P","EnteredTime":"2024-05-17T12:00:00.000Z"}}`
	if diff := cmp.Diff(want, string(c.JSON())); diff != "" || len(name) != 36 {
		t.Errorf("-want +got\n%s", diff)
	}
	if id := context(asl.Options{ID: "e"}).Get("Execution").Get("Id").String(); id != "e/M[0]" {
		t.Errorf("without an ARN: %s", id)
	}
}
