package enginetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"

	"github.com/coranto/coranto/internal/engine"
)

// ErrorNoWorker is the name of the failure when no worker can be reached.
const ErrorNoWorker = "Coranto.NoWorker"

// Workers is an engine.Tasks whose handlers hand each task to one of several
// processes, over a connection of its own. Where the connection breaks, the
// worker may have died in the midst of the task: the next one gets it, under
// the same (Execution, ID).
type Workers struct {
	addrs []string
	turn  atomic.Uint64
}

// NewWorkers returns the workers that Serve at these TCP addresses.
func NewWorkers(addrs ...string) *Workers { return &Workers{addrs: addrs} }

var _ engine.Tasks = (*Workers)(nil)

// result is what a worker sends back.
type result struct {
	Output  json.RawMessage `json:"output,omitempty"`
	Invalid string          `json:"invalid,omitempty"` // an output that is no JSON, as it is
	Error   string          `json:"error,omitempty"`
	Cause   string          `json:"cause,omitempty"`
}

// Handler implements engine.Tasks. What there is no task for is known only to
// the workers.
func (w *Workers) Handler(string) engine.Handler { return w.do }

func (w *Workers) do(ctx context.Context, t engine.Task) (json.RawMessage, error) {
	first := w.turn.Add(1)
	var errs []error
	for i := range w.addrs {
		res, err := ask(ctx, w.addrs[(first+uint64(i))%uint64(len(w.addrs))], t)
		if err == nil {
			return res.unpack()
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		errs = append(errs, err)
	}
	return nil, &engine.TaskError{Name: ErrorNoWorker, Cause: fmt.Sprint(errors.Join(errs...))}
}

func (r *result) unpack() (json.RawMessage, error) {
	switch {
	case r.Error != "":
		return nil, &engine.TaskError{Name: r.Error, Cause: r.Cause}
	case r.Invalid != "":
		return json.RawMessage(r.Invalid), nil
	}
	return r.Output, nil
}

func ask(ctx context.Context, addr string, t engine.Task) (*result, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	if err := json.NewEncoder(conn).Encode(t); err != nil {
		return nil, err
	}
	var r result
	if err := json.NewDecoder(conn).Decode(&r); err != nil {
		return nil, fmt.Errorf("worker %s: %w", addr, err)
	}
	return &r, nil
}

// Serve does the tasks that come over l with the handlers of tasks, until l is
// closed, and then waits for those in hand.
func Serve(l net.Listener, tasks engine.Tasks) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	for {
		conn, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		wg.Go(func() { serveOne(conn, tasks) })
	}
}

func serveOne(conn net.Conn, tasks engine.Tasks) {
	defer conn.Close()
	var t engine.Task
	if err := json.NewDecoder(conn).Decode(&t); err != nil {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() { // the other side says nothing more; that it hangs up cancels
		io.Copy(io.Discard, conn)
		cancel()
	}()
	done := make(chan result, 1)
	go func() {
		r := result{Error: engine.ErrorPanic, Cause: t.Resource}
		defer func() {
			if p := recover(); p != nil {
				r.Cause = fmt.Sprintf("%s: %v", t.Resource, p)
			}
			done <- r
		}()
		r = do(ctx, tasks, t)
	}()
	json.NewEncoder(conn).Encode(<-done)
}

func do(ctx context.Context, tasks engine.Tasks, t engine.Task) result {
	h := tasks.Handler(t.Resource)
	if h == nil {
		return result{Error: engine.ErrorNoTask, Cause: fmt.Sprintf("state %s: there is no task %q", t.State, t.Resource)}
	}
	out, err := h(engine.WithScope(ctx, engine.Scope{Task: t}), t)
	switch {
	case err == nil && (len(out) == 0 || json.Valid(out)):
		return result{Output: out}
	case err == nil:
		return result{Invalid: string(out)}
	}
	if te, ok := errors.AsType[*engine.TaskError](err); ok {
		return result{Error: te.Name, Cause: te.Cause}
	}
	return result{Error: engine.ErrorTaskFailed, Cause: err.Error()}
}
