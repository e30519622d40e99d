package local

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/coranto/coranto/asl"
	"github.com/coranto/coranto/internal/engine"
)

// work does a task and tells the loop how it ended. It is what a worker runs.
// However the handler ends (it may panic or leave by runtime.Goexit), the
// process goes on and the task has a result.
func (r *Runtime) work(ctx context.Context, t *task) {
	var out asl.Value
	var err error
	returned := false
	defer func() {
		if !returned {
			p := recover()
			r.o.Log.Error("task panicked", "execution", t.run.id, "state", t.cmd.State, "panic", p, "stack", string(debug.Stack()))
			err = &engine.TaskError{Name: engine.ErrorPanic, Cause: fmt.Sprintf("%s: %v", t.cmd.Resource, p)}
		}
		r.report(ctx, t, out, err)
	}()
	out, err = r.handle(ctx, t)
	returned = true
}

// report tells the loop the result of a task.
func (r *Runtime) report(ctx context.Context, t *task, out asl.Value, err error) {
	m := message{task: t}
	switch {
	case err == nil && t.cmd.Token != "":
		m.event, m.handed = asl.Event{Kind: asl.TaskSubmitted, Output: out}, true
		if m.stored, err = r.storeValue(ctx, out); err != nil {
			m.event, m.handed = failure(err), false
		}
	case err == nil:
		m.event = asl.Event{Kind: asl.TaskSucceeded, Output: out}
		if m.stored, err = r.storeValue(ctx, out); err != nil {
			m.event = failure(err)
		}
	default:
		m.event = failure(err)
	}
	if err != nil && ctx.Err() != nil {
		// Cancelled: nobody wants the result, or the runtime closes and the
		// task is to run again.
		return
	}
	r.in.put(m) // where it is not taken, the task runs again
}

func (r *Runtime) handle(ctx context.Context, t *task) (asl.Value, error) {
	c := &t.cmd
	et := engine.Task{
		Execution: t.run.id, ID: c.ID, State: c.State, Path: c.Path, Resource: c.Resource,
		Attempt: c.Attempt, Token: c.Token, Scheduled: t.scheduled,
	}
	ctx = engine.WithScope(ctx, engine.Scope{Task: et, Beat: r.heartbeat(t), Blobs: r.Blobs()})
	if vt, ok := r.tasks.(engine.ValueTasks); ok {
		if h := vt.ValueHandler(c.Resource); h != nil {
			return h(ctx, et, c.Input)
		}
	}
	h := r.tasks.Handler(c.Resource)
	if h == nil {
		return asl.Value{}, &engine.TaskError{Name: engine.ErrorNoTask, Cause: fmt.Sprintf("state %s: there is no task %q", c.State, c.Resource)}
	}
	defer r.bytes.take(c.Input.Size())()
	et.Input = c.Input.JSON()
	text, err := h(ctx, et)
	if err != nil {
		return asl.Value{}, err
	}
	if len(text) == 0 {
		return asl.NullValue(), nil
	}
	out, err := asl.ParseValue(text)
	if err != nil {
		return asl.Value{}, &engine.TaskError{Name: engine.ErrorOutput, Cause: fmt.Sprintf("output of %s: %v", c.Resource, err), Err: err}
	}
	return out, nil
}

// beatGap bounds how often a handler that beats in a loop fills the journal; the
// shortest HeartbeatSeconds is a second.
const beatGap = 250 * time.Millisecond

func (r *Runtime) heartbeat(t *task) func() {
	var last atomic.Int64
	return func() {
		now, was := r.o.Now().UnixNano(), last.Load()
		if now-was < int64(beatGap) && now >= was || !last.CompareAndSwap(was, now) {
			return
		}
		r.in.put(message{task: t, event: asl.Event{Kind: asl.TaskHeartbeat}})
	}
}

// failure is the event of a task that ended with err.
func failure(err error) asl.Event {
	ev := asl.Event{Kind: asl.TaskFailed, Error: engine.ErrorTaskFailed, Cause: err.Error()}
	if te, ok := errors.AsType[*engine.TaskError](err); ok {
		ev.Error, ev.Cause = te.Name, te.Cause
	}
	ev.Cause = cutCause(ev.Cause)
	return ev
}
