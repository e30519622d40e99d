// Package enginetest is the suite that every engine.Runtime passes.
//
// The tasks of its workflows do nothing by themselves: each calls the test over
// a loopback socket and does what it is told (succeed, fail, panic, leave). So
// the test decides what happens when, without sleeping, and the same suite runs
// with the tasks done in other processes: see Serve and Workers.
//
// What a runtime promises beyond the interface (crash points, clocks, speed) is
// tested where it lives.
package enginetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/coranto/coranto/asl"
	"github.com/coranto/coranto/internal/engine"
)

// Open opens a runtime on the state in dir, an empty folder at first; the suite
// closes it, and may open another on the same folder afterwards. Its Close must
// not wait for tasks in hand but cancel them, and it must be able to do 64 tasks
// at once.
type Open func(t *testing.T, dir string, tasks engine.Tasks) engine.Runtime

// Run runs the suite.
func Run(t *testing.T, open Open) {
	for _, tt := range []struct {
		name string
		do   func(*testing.T, *stage)
	}{
		{"Succeeds", testSucceeds},
		{"Fails", testFails},
		{"Retry", testRetry},
		{"Catch", testCatch},
		{"MapConcurrency", testMapConcurrency},
		{"StartTwice", testStartTwice},
		{"StartRefuses", testStartRefuses},
		{"Stop", testStop},
		{"Timeout", testTimeout},
		{"Wait", testWait},
		{"List", testList},
		{"Callback", testCallback},
		{"CallbackHandlerFails", testCallbackHandlerFails},
		{"CallbackAcrossClose", testCallbackAcrossClose},
		{"History", testHistory},
		{"Resume", testResume},
		{"Redrive", testRedrive},
		{"RedriveRefuses", testRedriveRefuses},
		{"RedriveAcrossClose", testRedriveAcrossClose},
		{"BigValues", testBigValues},
		{"BadHandlers", testBadHandlers},
		{"Fair", testFair},
		{"Many", testMany},
		{"Closed", testClosed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := &stage{t: t, dir: t.TempDir(), open: open, calls: listen(t)}
			s.reopen()
			t.Cleanup(func() { s.Runtime.Close() })
			tt.do(t, s)
		})
	}
}

// stage is a runtime and the calls of its tasks.
type stage struct {
	engine.Runtime
	t     *testing.T
	dir   string
	open  Open
	calls *calls
}

func (s *stage) reopen() {
	s.t.Helper()
	if s.Runtime != nil {
		if err := s.Runtime.Close(); err != nil {
			s.t.Fatal(err)
		}
	}
	s.Runtime = s.open(s.t, s.dir, Caller{})
}

// request starts a workflow in which task:NAME stands for the Resource that
// calls the test.
func (s *stage) request(id engine.ExecutionID, definition, input string) engine.StartRequest {
	return engine.StartRequest{
		ID: id, Workflow: "w", Input: json.RawMessage(input),
		Definition: []byte(strings.ReplaceAll(definition, "task:", s.calls.prefix())),
	}
}

func (s *stage) start(id engine.ExecutionID, definition, input string) {
	s.t.Helper()
	if err := s.Start(s.t.Context(), s.request(id, definition, input)); err != nil {
		s.t.Fatal(err)
	}
}

func (s *stage) wait(id engine.ExecutionID) engine.Execution {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	e, err := s.Wait(ctx, id)
	if err != nil {
		s.t.Fatal(err)
	}
	return e
}

// expect waits for the end of an execution that succeeds with output.
func (s *stage) expect(id engine.ExecutionID, output string) {
	s.t.Helper()
	e := s.wait(id)
	if e.Status != asl.StatusSucceeded || string(e.Output) != output {
		s.t.Errorf("%s ended %s with output %.300s, error %q (%.300s); want SUCCEEDED with %.300s", id, e.Status, e.Output, e.Error, e.Cause, output)
	}
}

func (s *stage) expectFailure(id engine.ExecutionID, status asl.Status, errorName, cause string) {
	s.t.Helper()
	e := s.wait(id)
	if e.Status != status || e.Error != errorName || !strings.Contains(e.Cause, cause) || e.Output != nil {
		s.t.Errorf("%s ended %s with error %q, cause %q, output %s; want %s, %q, %q", id, e.Status, e.Error, e.Cause, e.Output, status, errorName, cause)
	}
}

func (s *stage) history(id engine.ExecutionID) []asl.HistoryEvent {
	s.t.Helper()
	var out []asl.HistoryEvent
	for h, err := range s.History(s.t.Context(), id) {
		if err != nil {
			s.t.Fatal(err)
		}
		out = append(out, h)
	}
	return out
}

const oneTask = `{"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "task:a", "End": true}}}`

func testSucceeds(t *testing.T, s *stage) {
	before := time.Now().Add(-time.Second)
	s.start("one", `{"StartAt": "P", "States": {
		"P": {"Type": "Pass", "Result": {"n": 1}, "ResultPath": "$.p", "Next": "A"},
		"A": {"Type": "Task", "Resource": "task:a", "ResultPath": "$.a", "End": true}}}`, ` {"x": "y"} `)
	c := s.calls.next()
	want := engine.Task{Execution: "one", ID: c.Task.ID, State: "A", Path: c.Task.Path, Resource: s.calls.prefix() + "a", Scheduled: c.Task.Scheduled}
	got := c.Task
	got.Input = nil
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("task (-want +got):\n%s", diff)
	}
	if c.Task.ID == 0 || c.Task.Path == "" || c.Task.Scheduled.Before(before) {
		t.Errorf("task %+v, want an ID, a Path and the time it was scheduled", c.Task)
	}
	if got := string(c.Task.Input); got != `{"x":"y","p":{"n":1}}` {
		t.Errorf("input %s", got)
	}
	e, err := s.Get(t.Context(), "one")
	if err != nil || e.Status != asl.StatusRunning || !e.Ended.IsZero() {
		t.Errorf("Get = %+v, %v; want RUNNING", e, err)
	}
	c.succeed(`["é", 1e2]`)
	s.expect("one", `{"x":"y","p":{"n":1},"a":["é",1e2]}`)
	e = s.wait("one")
	if e.Workflow != "w" || string(e.Input) != `{"x":"y"}` || e.Started.Before(before) || e.Ended.Before(e.Started) {
		t.Errorf("Wait = %+v", e)
	}
}

func testFails(t *testing.T, s *stage) {
	s.start("named", oneTask, `{}`)
	s.calls.next().fail("Feed.Gone", "it answers 410")
	s.expectFailure("named", asl.StatusFailed, "Feed.Gone", "it answers 410")
	s.start("unnamed", oneTask, `{}`)
	s.calls.next().fail("", "something broke")
	s.expectFailure("unnamed", asl.StatusFailed, engine.ErrorTaskFailed, "something broke")
}

const retrying = `{"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "task:a", "End": true,
	"Retry": [{"ErrorEquals": ["Passing"], "IntervalSeconds": 1, "MaxAttempts": 2, "BackoffRate": 1}]}}}`

func testRetry(t *testing.T, s *stage) {
	s.start("one", retrying, `{}`)
	first := s.calls.next()
	first.fail("Passing", "once")
	second := s.calls.next()
	if second.Task.ID == first.Task.ID || first.Task.Attempt != 0 || second.Task.Attempt != 1 {
		t.Errorf("attempts %d and %d under ids %d and %d, want 0 and 1 under two", first.Task.Attempt, second.Task.Attempt, first.Task.ID, second.Task.ID)
	}
	second.succeed(`7`)
	s.expect("one", `7`)
}

func testCatch(t *testing.T, s *stage) {
	s.start("one", `{"StartAt": "A", "States": {
		"A": {"Type": "Task", "Resource": "task:a", "End": true, "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.why", "Next": "B"}]},
		"B": {"Type": "Pass", "End": true}}}`, `{"x": 1}`)
	s.calls.next().fail("E", "because")
	s.expect("one", `{"x":1,"why":{"Error":"E","Cause":"because"}}`)
}

func testMapConcurrency(t *testing.T, s *stage) {
	s.start("one", `{"StartAt": "M", "States": {"M": {"Type": "Map", "MaxConcurrency": 3, "End": true, "ItemProcessor": {
		"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "task:a", "End": true}}}}}}`, `[1,2,3,4,5,6,7,8,9,10]`)
	open := []*call{s.calls.next(), s.calls.next(), s.calls.next()}
	for n := 3; n < 13; n++ {
		if c := s.calls.poll(); c != nil {
			t.Errorf("a fourth task runs beside three: %s", c.Task.Path)
			open = append(open, c)
		}
		open[0].succeed(string(open[0].Task.Input) + "0")
		if open = open[1:]; n < 10 {
			open = append(open, s.calls.next())
		}
	}
	s.expect("one", `[10,20,30,40,50,60,70,80,90,100]`)
}

func testStartTwice(t *testing.T, s *stage) {
	check := func(when string) {
		t.Helper()
		if err := s.Start(t.Context(), s.request("one", oneTask, ` {"x":1} `)); err != nil {
			t.Errorf("%s: the same again: %v", when, err)
		}
		if err := s.Start(t.Context(), s.request("one", oneTask, `{"x":2}`)); !errors.Is(err, engine.ErrExists) {
			t.Errorf("%s: another input: %v, want ErrExists", when, err)
		}
		if err := s.Start(t.Context(), s.request("one", oneTask+" ", `{"x":1}`)); !errors.Is(err, engine.ErrExists) {
			t.Errorf("%s: another definition: %v, want ErrExists", when, err)
		}
	}
	s.start("one", oneTask, `{"x":1}`)
	check("running")
	c := s.calls.next()
	if again := s.calls.poll(); again != nil {
		t.Errorf("the task was called twice: %+v", again.Task)
	}
	c.succeed(`1`)
	s.expect("one", `1`)
	check("ended")
	s.reopen()
	check("reopened")
	if again := s.calls.poll(); again != nil {
		t.Errorf("the task was called twice: %+v", again.Task)
	}
}

func testStartRefuses(t *testing.T, s *stage) {
	for name, req := range map[string]engine.StartRequest{
		"no id":         s.request("", oneTask, `{}`),
		"id with slash": s.request("a/b", oneTask, `{}`),
		"no definition": s.request("a", ``, `{}`),
		"no machine":    s.request("a", `{"StartAt": "A"}`, `{}`),
		"no JSON":       s.request("a", oneTask, `{`),
	} {
		if err := s.Start(t.Context(), req); err == nil {
			t.Errorf("%s: started", name)
		}
	}
	if l, err := s.List(t.Context(), engine.Filter{}); len(l) != 0 || err != nil {
		t.Errorf("List = %v, %v; want nothing", l, err)
	}
	req := s.request("default", `{"StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}}}`, ``)
	if err := s.Start(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	s.expect("default", `{}`)
}

func testStop(t *testing.T, s *stage) {
	s.start("one", oneTask, `{}`)
	c := s.calls.next()
	if err := s.Stop(t.Context(), "one", "Run.Stopped", "by hand"); err != nil {
		t.Fatal(err)
	}
	s.expectFailure("one", asl.StatusAborted, "Run.Stopped", "by hand")
	c.awaitCancel()
	if err := s.Stop(t.Context(), "one", "Again", ""); err != nil {
		t.Errorf("Stop of what has ended = %v", err)
	}
	s.expectFailure("one", asl.StatusAborted, "Run.Stopped", "by hand")
	if err := s.Stop(t.Context(), "none", "", ""); !errors.Is(err, engine.ErrNotFound) {
		t.Errorf("Stop of nothing = %v, want ErrNotFound", err)
	}
}

func testTimeout(t *testing.T, s *stage) {
	s.start("one", `{"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "task:a", "TimeoutSeconds": 1, "End": true,
		"Catch": [{"ErrorEquals": ["States.Timeout"], "Next": "B"}]}, "B": {"Type": "Pass", "Result": "late", "End": true}}}`, `{}`)
	c := s.calls.next()
	s.expect("one", `"late"`)
	c.awaitCancel()
}

func testWait(t *testing.T, s *stage) {
	if _, err := s.Wait(t.Context(), "none"); !errors.Is(err, engine.ErrNotFound) {
		t.Errorf("Wait for nothing = %v, want ErrNotFound", err)
	}
	if _, err := s.Get(t.Context(), "none"); !errors.Is(err, engine.ErrNotFound) {
		t.Errorf("Get of nothing = %v, want ErrNotFound", err)
	}
	for _, err := range s.History(t.Context(), "none") {
		if !errors.Is(err, engine.ErrNotFound) {
			t.Errorf("History of nothing = %v, want ErrNotFound", err)
		}
	}
	s.start("one", oneTask, `{}`)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Wait(ctx, "one"); !errors.Is(err, context.Canceled) {
		t.Errorf("Wait = %v, want context.Canceled", err)
	}
	ended := make(chan engine.Execution)
	for range 3 {
		go func() {
			e, _ := s.Wait(context.Background(), "one")
			ended <- e
		}()
	}
	s.calls.next().succeed(`1`)
	for range 3 {
		if e := <-ended; e.Status != asl.StatusSucceeded {
			t.Errorf("Wait = %+v, want SUCCEEDED", e)
		}
	}
}

func testList(t *testing.T, s *stage) {
	ids := []engine.ExecutionID{"c", "a", "b"}
	for i, id := range ids {
		req := s.request(id, oneTask, `{}`)
		req.Workflow = []string{"odd", "even"}[i%2]
		if err := s.Start(t.Context(), req); err != nil {
			t.Fatal(err)
		}
	}
	for range ids {
		if c := s.calls.next(); c.Task.Execution == "a" {
			c.succeed(`1`)
			s.wait("a")
		} else {
			defer c.succeed(`1`)
		}
	}
	for _, tt := range []struct {
		f    engine.Filter
		want []engine.ExecutionID
	}{
		{engine.Filter{}, []engine.ExecutionID{"b", "a", "c"}},
		{engine.Filter{Limit: 2}, []engine.ExecutionID{"b", "a"}},
		{engine.Filter{Workflow: "odd"}, []engine.ExecutionID{"b", "c"}},
		{engine.Filter{Status: asl.StatusRunning}, []engine.ExecutionID{"b", "c"}},
		{engine.Filter{Status: asl.StatusSucceeded, Workflow: "even"}, []engine.ExecutionID{"a"}},
		{engine.Filter{Workflow: "none"}, nil},
	} {
		var got []engine.ExecutionID
		l, err := s.List(t.Context(), tt.f)
		for _, e := range l {
			got = append(got, e.ID)
		}
		if !slices.Equal(got, tt.want) || err != nil {
			t.Errorf("List(%+v) = %v, %v; want %v", tt.f, got, err, tt.want)
		}
	}
}

const callback = `{"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "task:a.waitForTaskToken", "End": true,
	"Parameters": {"token.$": "$$.Task.Token"}}}}`

func tokenOf(t *testing.T, c *call) string {
	t.Helper()
	var in struct{ Token string }
	if err := json.Unmarshal(c.Task.Input, &in); err != nil || in.Token == "" || in.Token != c.Task.Token {
		t.Fatalf("token %q in the input, %q in the task, %v", in.Token, c.Task.Token, err)
	}
	return in.Token
}

func testCallback(t *testing.T, s *stage) {
	s.start("one", callback, `{}`)
	s.start("two", callback, `{}`)
	tokens := map[engine.ExecutionID]string{}
	for range 2 {
		c := s.calls.next()
		tokens[c.Task.Execution] = tokenOf(t, c)
		c.succeed(`"what the handler returns does not count"`)
	}
	if tokens["one"] == tokens["two"] {
		t.Fatalf("two tasks have the token %s", tokens["one"])
	}
	if err := s.SendTaskHeartbeat(t.Context(), tokens["one"]); err != nil {
		t.Error(err)
	}
	if err := s.SendTaskSuccess(t.Context(), tokens["one"], json.RawMessage(`{`)); err == nil {
		t.Error("SendTaskSuccess took what is no JSON")
	}
	if err := s.SendTaskSuccess(t.Context(), tokens["one"], json.RawMessage(`{"by": "token"}`)); err != nil {
		t.Error(err)
	}
	s.expect("one", `{"by":"token"}`)
	if err := s.SendTaskFailure(t.Context(), tokens["two"], "No", "not today"); err != nil {
		t.Error(err)
	}
	s.expectFailure("two", asl.StatusFailed, "No", "not today")
	for _, token := range []string{tokens["one"], "", "unknown"} {
		for name, err := range map[string]error{
			"SendTaskSuccess":   s.SendTaskSuccess(t.Context(), token, json.RawMessage(`1`)),
			"SendTaskFailure":   s.SendTaskFailure(t.Context(), token, "E", ""),
			"SendTaskHeartbeat": s.SendTaskHeartbeat(t.Context(), token),
		} {
			if !errors.Is(err, engine.ErrNotFound) {
				t.Errorf("%s(%q) = %v, want ErrNotFound", name, token, err)
			}
		}
	}
}

func testCallbackHandlerFails(t *testing.T, s *stage) {
	s.start("one", callback, `{}`)
	s.calls.next().fail("Mail.Refused", "nobody was told")
	s.expectFailure("one", asl.StatusFailed, "Mail.Refused", "nobody was told")
}

func testCallbackAcrossClose(t *testing.T, s *stage) {
	s.start("one", callback, `{}`)
	c := s.calls.next()
	token := tokenOf(t, c)
	s.reopen() // before the handler has returned: it is called again, with the same token
	c = s.calls.next()
	if again := tokenOf(t, c); again != token {
		t.Errorf("token %s, then %s", token, again)
	}
	if err := s.SendTaskSuccess(t.Context(), token, json.RawMessage(`1`)); err != nil {
		t.Error(err)
	}
	s.expect("one", `1`)
}

func testHistory(t *testing.T, s *stage) {
	s.start("one", `{"StartAt": "P", "States": {"P": {"Type": "Pass", "Next": "A"}, "A": {"Type": "Task", "Resource": "task:a", "End": true}}}`, `{"x":1}`)
	c := s.calls.next()
	soFar := s.history("one")
	c.succeed(`2`)
	s.expect("one", `2`)
	whole := s.history("one")
	if len(soFar) == 0 || len(soFar) >= len(whole) {
		t.Fatalf("%d events while it ran, %d at the end", len(soFar), len(whole))
	}
	if diff := cmp.Diff(soFar, whole[:len(soFar)]); diff != "" {
		t.Errorf("history while it ran and afterwards:\n%s", diff)
	}
	var types []string
	for i, h := range whole {
		types = append(types, h.Type)
		if h.ID != int64(i+1) || h.Prev >= h.ID || h.Time.IsZero() {
			t.Errorf("event %d: %+v", i, h)
		}
	}
	if types[0] != "ExecutionStarted" || types[len(types)-1] != "ExecutionSucceeded" || !slices.Contains(types, "TaskStateEntered") {
		t.Errorf("events %v", types)
	}
	s.reopen()
	if diff := cmp.Diff(whole, s.history("one")); diff != "" {
		t.Errorf("history before and after a restart:\n%s", diff)
	}
	for range s.History(t.Context(), "one") {
		break // must not go on
	}
}

func testResume(t *testing.T, s *stage) {
	s.start("one", `{"StartAt": "M", "States": {"M": {"Type": "Map", "End": true, "ItemProcessor": {
		"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "task:a", "Next": "B"}, "B": {"Type": "Task", "Resource": "task:b", "End": true}}}}}}`, `[1,2,3]`)
	before := map[string]*call{}
	for range 3 {
		c := s.calls.next()
		before[string(c.Task.Input)] = c
	}
	before["2"].succeed(`20`)
	delete(before, "2")
	before["20"] = s.calls.nextOf("b")
	s.reopen()
	after := map[string]*call{}
	for range 3 {
		c := s.calls.next()
		after[string(c.Task.Input)] = c
	}
	for input, c := range before {
		again := after[input]
		if again == nil {
			t.Fatalf("the task with input %s did not run again", input)
		}
		if diff := cmp.Diff(c.Task, again.Task); diff != "" {
			t.Errorf("task before and after a restart:\n%s", diff)
		}
		again.succeed(input + "0")
	}
	for range 2 {
		c := s.calls.next()
		c.succeed(string(c.Task.Input) + "0")
	}
	s.expect("one", `[100,200,300]`)
	s.reopen()
	s.expect("one", `[100,200,300]`)
}

func testBigValues(t *testing.T, s *stage) {
	doc := `"` + strings.Repeat("0123456789abcdef", 20_000) + `"`
	s.start("one", `{"StartAt": "A", "States": {
		"A": {"Type": "Task", "Resource": "task:a", "ResultPath": "$.a", "Next": "B"},
		"B": {"Type": "Task", "Resource": "task:b", "InputPath": "$.a", "ResultPath": "$.b", "End": true}}}`, `{"in":`+doc+`}`)
	s.calls.next().succeed(doc)
	if got := s.calls.next().Task.Input; string(got) != doc {
		t.Errorf("input of %d bytes, want %d", len(got), len(doc))
	}
	s.reopen()
	c := s.calls.next()
	if string(c.Task.Input) != doc {
		t.Errorf("input of %d bytes after a restart, want %d", len(c.Task.Input), len(doc))
	}
	c.succeed(doc)
	want := `{"in":` + doc + `,"a":` + doc + `,"b":` + doc + `}`
	s.expect("one", want)
	s.reopen()
	s.expect("one", want)
	if e := s.wait("one"); string(e.Input) != `{"in":`+doc+`}` {
		t.Errorf("input of %d bytes", len(e.Input))
	}
}

func testBadHandlers(t *testing.T, s *stage) {
	for i, tt := range []struct {
		how   reply
		error string
		cause string
	}{
		{reply{Panic: "boom"}, engine.ErrorPanic, "boom"},
		{reply{Exit: true}, engine.ErrorPanic, "a"},
		{reply{Output: `{"cut`}, engine.ErrorOutput, "a"},
	} {
		id := engine.ExecutionID(fmt.Sprintf("bad-%d", i))
		s.start(id, oneTask, `{}`)
		s.calls.next().answer(tt.how)
		s.expectFailure(id, asl.StatusFailed, tt.error, tt.cause)
	}
	req := s.request("none", strings.ReplaceAll(oneTask, "task:a", "nowhere"), `{}`)
	if err := s.Start(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	s.expectFailure("none", asl.StatusFailed, engine.ErrorNoTask, "nowhere")
	s.start("empty", oneTask, `{}`)
	s.calls.next().answer(reply{})
	s.expect("empty", `null`)
}

// Three tasks behind a thousand of another execution, none of which ends, run
// at once.
func testFair(t *testing.T, s *stage) {
	const fan = `{"StartAt": "M", "States": {"M": {"Type": "Map", "End": true, "ItemProcessor": {
		"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "task:a", "End": true}}}}}}`
	s.start("flood", fan, "["+strings.Repeat("0,", 999)+"0]")
	s.calls.next()
	s.start("small", fan, `[1,2,3]`)
	for range 3 {
		c := s.calls.nextWhere(func(t engine.Task) bool { return t.Execution == "small" })
		c.succeed(string(c.Task.Input))
	}
	s.expect("small", `[1,2,3]`)
	if err := s.Stop(t.Context(), "flood", "", ""); err != nil {
		t.Error(err)
	}
}

func testMany(t *testing.T, s *stage) {
	s.calls.answerAll(func(t engine.Task) reply { return reply{Output: string(t.Input)} })
	const n = 50
	failed := make(chan error)
	for i := range n {
		go func() {
			id := engine.ExecutionID(fmt.Sprintf("run-%d", i))
			err := s.Start(context.Background(), s.request(id, oneTask, `{"n":1}`))
			if err == nil {
				var e engine.Execution
				if e, err = s.Wait(context.Background(), id); err == nil && string(e.Output) != `{"n":1}` {
					err = errors.New(string(id) + ": output " + string(e.Output))
				}
			}
			failed <- err
		}()
	}
	for range n {
		if err := <-failed; err != nil {
			t.Error(err)
		}
	}
	if l, err := s.List(t.Context(), engine.Filter{Status: asl.StatusSucceeded}); len(l) != n || err != nil {
		t.Errorf("%d have succeeded, %v; want %d", len(l), err, n)
	}
}

func testClosed(t *testing.T, s *stage) {
	s.start("one", oneTask, `{}`)
	c := s.calls.next()
	waited := make(chan error)
	go func() {
		_, err := s.Wait(context.Background(), "one")
		waited <- err
	}()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	c.awaitCancel()
	if err := <-waited; !errors.Is(err, engine.ErrClosed) {
		t.Errorf("Wait = %v, want ErrClosed", err)
	}
	if err := s.Start(t.Context(), s.request("two", oneTask, `{}`)); !errors.Is(err, engine.ErrClosed) {
		t.Errorf("Start = %v, want ErrClosed", err)
	}
	if err := s.Stop(t.Context(), "one", "", ""); !errors.Is(err, engine.ErrClosed) {
		t.Errorf("Stop = %v, want ErrClosed", err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("second Close = %v", err)
	}
}

// RunKilled starts tasks on r, kills one of the workers by which r has its tasks
// done while all of them are under way, and checks that the others do its part.
// The first call of kill must end a worker.
func RunKilled(t *testing.T, r engine.Runtime, kill func()) {
	s := &stage{Runtime: r, t: t, calls: listen(t)}
	s.start("one", `{"StartAt": "M", "States": {"M": {"Type": "Map", "End": true, "ItemProcessor": {
		"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "task:a", "End": true}}}}}}`, `[1,2,3,4,5,6,7,8]`)
	first := map[uint64]*call{}
	for range 8 {
		c := s.calls.next()
		first[c.Task.ID] = c
	}
	kill()
	for range 4 { // the workers take turns, so half of the tasks were the victim's
		c := s.calls.next()
		old := first[c.Task.ID]
		if old == nil {
			t.Fatalf("a task under a new id: %+v", c.Task)
		}
		if diff := cmp.Diff(old.Task, c.Task); diff != "" {
			t.Errorf("task before and after its worker was killed:\n%s", diff)
		}
		first[c.Task.ID] = c
	}
	for _, c := range first {
		c.succeed(string(c.Task.Input) + "0")
	}
	s.expect("one", `[10,20,30,40,50,60,70,80]`)
}
