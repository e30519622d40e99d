package asl

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"strings"
	"time"
)

// taskWork is a Task state.
type taskWork struct {
	resource  string
	family    string // of its history events: LambdaFunction, Activity, Task
	kind      string // resourceType, of a Task
	action    string // resource, of a Task
	callback  bool
	sync      bool
	timeout   numberField
	heartbeat numberField
}

func (*taskWork) graphs() []*graph { return nil }

func (w *taskWork) variables(yield func(string)) {
	w.timeout.variables(yield)
	w.heartbeat.variables(yield)
}

func (w *taskWork) begin(x *Execution, t *thread) {
	t.submitted = false
	if w.callback {
		t.token = x.taskToken(x.lastID + 1)
	}
	in, f := x.effective(t)
	if f != nil {
		x.fail(t, f)
		return
	}
	timeout, f := w.timeout.seconds(in)
	if f != nil {
		x.fail(t, f)
		return
	}
	heartbeat, f := w.heartbeat.seconds(in)
	if f != nil {
		x.fail(t, f)
		return
	}
	given, err := t.state.flow.arguments(in)
	if err != nil {
		x.fail(t, asFault(err))
		return
	}
	if x.probe != nil && x.probe.options.Mock != nil {
		x.probe.answer(x, t)
		return
	}
	ev := w.event(t, "Scheduled")
	ev.Input, ev.Timeout, ev.Heartbeat, ev.Task = given, timeout, heartbeat, x.lastID+1
	if w.family != "Task" {
		ev.Resource = w.resource
	}
	x.record(t, ev)
	x.record(t, w.event(t, "Started"))
	x.ask(t, w.resource, given)
	if timeout > 0 {
		t.waiting = waitTimeout
		t.timer = x.timer(t, x.now.Add(time.Duration(timeout)*time.Second))
	}
	if heartbeat > 0 {
		t.beat = x.timer(t, x.now.Add(time.Duration(heartbeat)*time.Second))
	}
}

// ask asks for a task on behalf of a thread.
func (x *Execution) ask(t *thread, resource string, input Value) {
	if x.status != StatusRunning {
		return
	}
	x.lastID++
	t.task = x.lastID
	x.pending[t.task] = t
	x.out = append(x.out, Command{Kind: RunTask, ID: t.task, State: t.state.name, Path: t.path(), Resource: resource, Input: input, Attempt: t.attempt, Token: t.token})
}

// taskToken makes a token that nobody can guess who does not know the seed, and
// that is the same in a replay.
func (x *Execution) taskToken(id uint64) string {
	b := binary.BigEndian.AppendUint64(nil, x.seed)
	b = binary.BigEndian.AppendUint64(b, id)
	sum := sha256.Sum256(append(b, x.opts.ID...))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// event returns a history event of the task.
func (w *taskWork) event(t *thread, what string) HistoryEvent {
	ev := HistoryEvent{Type: w.family + what, Task: t.task}
	if w.family == "Task" {
		ev.Resource, ev.ResourceType = w.action, w.kind
	}
	return ev
}

// taskEvent takes what became of a task.
func (x *Execution) taskEvent(ev Event) {
	t := x.pending[ev.ID]
	if t == nil || t.task != ev.ID {
		return
	}
	switch ev.Kind {
	case TaskHeartbeat:
		x.heartbeat(t)
		return
	case TaskSubmitted:
		x.submitted(t, ev.Output)
		return
	}
	delete(x.pending, ev.ID)
	t.task = 0
	x.settle(t)
	w, ok := t.state.work.(answered)
	if !ok {
		return
	}
	if ev.Kind == TaskSucceeded {
		output := ev.Output
		if output.IsAbsent() {
			output = NullValue()
		}
		w.succeeded(x, t, output)
		return
	}
	f := &fault{ev.Error, ev.Cause, true}
	if f.name == "" {
		f.name = ErrorTaskFailed
	}
	w.failed(x, t, f)
}

// submitted records that a task which ends elsewhere has been handed on. One
// that has succeeded has been, whether or not the runtime told.
func (x *Execution) submitted(t *thread, output Value) {
	w, ok := t.state.work.(*taskWork)
	if !ok || t.submitted || w.family != "Task" || !w.callback && !w.sync {
		return
	}
	t.submitted = true
	ev := w.event(t, "Submitted")
	ev.Output = output
	x.record(t, ev)
}

// answered is work that asks for tasks.
type answered interface {
	succeeded(x *Execution, t *thread, output Value)
	failed(x *Execution, t *thread, f *fault)
}

func (w *taskWork) succeeded(x *Execution, t *thread, output Value) {
	if output.Size() > x.opts.Limits.payload() {
		who := w.kind
		if w.family != "Task" || who == "" {
			who = w.resource
		}
		w.failed(x, t, dataLimit(who))
		return
	}
	x.submitted(t, Value{})
	ev := w.event(t, "Succeeded")
	ev.Output = output
	x.record(t, ev)
	x.finish(t, output)
}

func (w *taskWork) failed(x *Execution, t *thread, f *fault) {
	what := "Failed"
	if f.name == ErrorTimeout || f.name == ErrorHeartbeat {
		what = "TimedOut"
	}
	ev := w.event(t, what)
	ev.Error, ev.Cause = f.name, f.cause
	x.record(t, ev)
	x.fail(t, f)
}

// heartbeat puts the heartbeat's timer off.
func (x *Execution) heartbeat(t *thread) {
	w, ok := t.state.work.(*taskWork)
	if !ok || t.beat == 0 {
		return
	}
	in, f := x.effective(t)
	if f != nil {
		return
	}
	s, f := w.heartbeat.seconds(in)
	if f != nil {
		return
	}
	x.cancelTimer(&t.beat)
	t.beat = x.timer(t, x.now.Add(time.Duration(s)*time.Second))
}

// taskTimedOut ends an attempt whose time, or whose heartbeat's, is up.
func (x *Execution) taskTimedOut(t *thread, name string) {
	x.settle(t)
	if w, ok := t.state.work.(answered); ok {
		w.failed(x, t, &fault{name, "", true})
	}
}

// numberField is a number written down or found by a path.
type numberField struct {
	field string
	value float64
	path  *path
	given bool
}

func (f numberField) variables(yield func(string)) {
	if f.path != nil {
		f.path.variables(yield)
	}
}

// number returns the number; a text that is one will do.
func (f numberField) number(e *env, kind string) (float64, *fault) {
	if f.path == nil {
		return f.value, nil
	}
	v, ok := f.path.find(e)
	if !ok {
		return 0, runtimeFault("Invalid path '%s' : No results for path: %s", f.path.text, f.path.normal())
	}
	n := v
	if v.kind == String {
		n, _ = parseText(v.text)
	}
	_, whole := n.Int()
	if n.kind != Number || kind == "integer" && !whole {
		return 0, runtimeFault("The %sPath field refers to value \"%s\" which is not a valid %s: %s", f.field, v.String(), kind, f.path.text)
	}
	return n.Number(), nil
}

// seconds returns the number as seconds, 0 when there is none.
func (f numberField) seconds(e *env) (int, *fault) {
	n, fault := f.number(e, "integer")
	if fault == nil && f.path != nil && (n <= 0 || n > maxSeconds) {
		return 0, runtimeFault("The %sPath field refers to value %g which is not between 1 and %d: %s", f.field, n, maxSeconds, f.path.text)
	}
	return int(n), fault
}

// numberField compiles a field and its Path variant.
func (g *graphCompiler) numberField(n node, name string, low, high int) numberField {
	g.exclusive(n, name, name+"Path")
	f := numberField{field: name, given: n.has(name) || n.has(name+"Path"), path: g.path(n, name+"Path")}
	if v := n.get(name); v.kind == Number && (v.Number() < float64(low) || v.Number() > float64(high)) {
		g.schema(v.at, "Value must be between %d and %d", low, high)
	} else if v.kind != Absent && v.kind != Number {
		g.schema(v.at, "Expected value of type Integer")
	}
	f.value = n.Get(name).Number()
	return f
}

func (g *graphCompiler) task(n node) work {
	w := g.integration(n)
	g.credentials(n)
	w.timeout = g.numberField(n, "TimeoutSeconds", 1, maxSeconds)
	w.heartbeat = g.numberField(n, "HeartbeatSeconds", 1, maxSeconds)
	if w.timeout.path == nil && w.heartbeat.path == nil && w.timeout.given && w.heartbeat.value >= w.timeout.value {
		g.schema(n.at, "HeartbeatSeconds must be smaller than TimeoutSeconds")
	}
	return w
}

func (g *graphCompiler) credentials(n node) {
	f := n.get("Credentials")
	if f.kind == Absent {
		return
	}
	if !f.has("RoleArn") && !f.has("RoleArn.$") {
		g.schema(f.at, "The field 'RoleArn' is required but was missing")
	}
	g.only(f, func(name string) bool { return name == "RoleArn" || name == "RoleArn.$" })
}

// integration compiles Resource.
func (g *graphCompiler) integration(n node) *taskWork {
	w := &taskWork{family: "Task", resource: g.text(n, "Resource")}
	if !g.require(n, "Resource") {
		return w
	}
	at := n.at + "/Resource"
	if w.resource == "" && n.Get("Resource").kind == String {
		g.schema(at, "Value cannot be empty")
	}
	if g.options.Service && !strings.HasPrefix(w.resource, "arn:") {
		g.schema(at, "Value is not a valid resource ARN")
	}
	g.resources = append(g.resources, w.resource)
	w.action = w.resource
	parts := strings.Split(w.resource, ":")
	switch {
	case len(parts) < 6 || parts[0] != "arn":
	case parts[2] == "lambda":
		w.family = "LambdaFunction"
	case parts[2] == "states" && parts[5] == "activity":
		w.family = "Activity"
	case parts[2] == "states":
		w.kind, w.action = strings.Join(parts[5:len(parts)-1], ":"), parts[len(parts)-1]
	}
	if strings.HasPrefix(w.resource, "arn:") && w.kind != "" && strings.HasSuffix(w.action, ":2") {
		w.action = strings.TrimSuffix(w.action, ":2")
	}
	w.callback = strings.HasSuffix(w.resource, ".waitForTaskToken")
	w.sync = strings.HasSuffix(strings.TrimSuffix(w.resource, ":2"), ".sync")
	if g.options.Type == Express {
		if w.family == "Activity" {
			g.schema(at, "Express state machine does not support Activity ARN")
		}
		for _, pattern := range []string{".sync", ".waitForTaskToken"} {
			if strings.Contains(w.resource, pattern) {
				g.schema(at, "Express state machine does not support '%s' service integration", pattern)
			}
		}
	}
	return w
}
