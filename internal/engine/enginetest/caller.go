package enginetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"path"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coranto/coranto/internal/engine"
)

// Caller is the suite's Tasks. The handler of tcp:ADDRESS/NAME tells the test
// that listens at ADDRESS of its task, and does what it answers.
type Caller struct{}

var _ engine.Tasks = Caller{}

const scheme = "tcp:"

// Handler implements engine.Tasks.
func (Caller) Handler(resource string) engine.Handler {
	address, ok := strings.CutPrefix(path.Dir(resource), scheme)
	if !ok {
		return nil
	}
	return func(ctx context.Context, t engine.Task) (json.RawMessage, error) {
		r, err := callTest(ctx, address, t)
		switch {
		case err != nil:
			return nil, err
		case r.Panic != "":
			panic(r.Panic)
		case r.Exit:
			runtime.Goexit()
		case r.Error != "":
			return nil, fmt.Errorf("wrapped: %w", &engine.TaskError{Name: r.Error, Cause: r.Cause})
		case r.Cause != "":
			return nil, errors.New(r.Cause)
		}
		return json.RawMessage(r.Output), nil
	}
}

func callTest(ctx context.Context, address string, t engine.Task) (reply, error) {
	var r reply
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return r, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	if err := json.NewEncoder(conn).Encode(t); err != nil {
		return r, err
	}
	if err := json.NewDecoder(conn).Decode(&r); err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return r, err
	}
	return r, nil
}

// reply is what a handler is to do.
type reply struct {
	Output string
	Error  string
	Cause  string
	Panic  string
	Exit   bool
}

// call is a handler that waits for its reply.
type call struct {
	Task engine.Task
	conn net.Conn
	t    *testing.T
}

func (c *call) succeed(output string)        { c.answer(reply{Output: output}) }
func (c *call) fail(errorName, cause string) { c.answer(reply{Error: errorName, Cause: cause}) }

func (c *call) answer(r reply) {
	c.t.Helper()
	if err := json.NewEncoder(c.conn).Encode(r); err != nil {
		c.t.Errorf("answer to %s: %v", c.Task.Path, err)
	}
	c.conn.Close()
}

// awaitCancel waits until the handler's context has ended.
func (c *call) awaitCancel() {
	c.t.Helper()
	c.conn.SetReadDeadline(time.Now().Add(patience))
	if _, err := c.conn.Read(make([]byte, 1)); !errors.Is(err, io.EOF) && !strings.Contains(fmt.Sprint(err), "reset") {
		c.t.Errorf("the handler of %s was not cancelled: %v", c.Task.Path, err)
	}
}

// patience is how long a test waits for what must happen before it fails.
const patience = 30 * time.Second

// calls are the handlers that have called, in order.
type calls struct {
	t    *testing.T
	l    net.Listener
	auto func(engine.Task) reply // set: answers at once

	mu      sync.Mutex
	waiting []*call
	arrived chan struct{}
}

func listen(t *testing.T) *calls {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	cs := &calls{t: t, l: l, arrived: make(chan struct{}, 1)}
	t.Cleanup(func() { l.Close() })
	go cs.accept()
	return cs
}

// prefix is what the Resource of a task that calls starts with.
func (cs *calls) prefix() string { return scheme + cs.l.Addr().String() + "/" }

func (cs *calls) accept() {
	for {
		conn, err := cs.l.Accept()
		if err != nil {
			return
		}
		go cs.take(conn)
	}
}

func (cs *calls) take(conn net.Conn) {
	c := &call{conn: conn, t: cs.t}
	if err := json.NewDecoder(conn).Decode(&c.Task); err != nil {
		conn.Close()
		return
	}
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if cs.auto != nil {
		go c.answer(cs.auto(c.Task))
		return
	}
	cs.waiting = append(cs.waiting, c)
	select {
	case cs.arrived <- struct{}{}:
	default:
	}
}

// answerAll answers every call from now on.
func (cs *calls) answerAll(f func(engine.Task) reply) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	cs.auto = f
}

// next waits for the next call.
func (cs *calls) next() *call {
	cs.t.Helper()
	return cs.nextWhere(func(engine.Task) bool { return true })
}

// nextOf waits for a call of the named task.
func (cs *calls) nextOf(name string) *call {
	cs.t.Helper()
	return cs.nextWhere(func(t engine.Task) bool { return path.Base(t.Resource) == name })
}

// nextWhere waits for a call of a task that ok chooses; the others keep waiting.
func (cs *calls) nextWhere(ok func(engine.Task) bool) *call {
	cs.t.Helper()
	timeout := time.After(patience)
	for {
		if c := cs.pick(ok); c != nil {
			return c
		}
		select {
		case <-cs.arrived:
		case <-timeout:
			cs.t.Fatal("no task called")
		}
	}
}

// poll gives a call that has already come, or nil.
func (cs *calls) poll() *call { return cs.pick(func(engine.Task) bool { return true }) }

func (cs *calls) pick(ok func(engine.Task) bool) *call {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	for i, c := range cs.waiting {
		if ok(c.Task) {
			cs.waiting = append(cs.waiting[:i:i], cs.waiting[i+1:]...)
			return c
		}
	}
	return nil
}
