// Package local is the runtime of one machine: executions journalled in
// SQLite, tasks done by a bounded pool of workers in this process.
//
// Its promise: an event is durable before it is acted on. One goroutine takes
// whatever waits (task results, timers, starts, stops, of all executions),
// tells it to asl, writes it in one transaction, and only then starts the tasks
// that follow and answers who asked. So a crash at any instant loses nothing: on
// Open the journal is told to asl again and what was under way goes on. Tasks
// run at least once, each under the same (Execution, ID).
//
// Outside stay what happens next (asl) and what a task does (engine.Tasks). One
// process at a time may have a Runtime on a database; any number may look at it
// through a Store.
package local

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/coranto/coranto/asl"
	"github.com/coranto/coranto/internal/engine"
	"github.com/coranto/coranto/internal/failpoint"
	"github.com/coranto/coranto/internal/sqlite"
)

var (
	fpBeforeJournal = failpoint.Name("engine.before-journal")
	fpAfterJournal  = failpoint.Name("engine.after-journal")
)

// Options of Open; the zero value works.
type Options struct {
	Workers int              // tasks done at the same time; 0: 256, since they mostly wait for the network
	Now     func() time.Time // nil: time.Now
	Blobs   engine.Blobs     // of values over BlobSize; nil: a table of the same database
	Limits  asl.Limits       // of executions that are started; zero: none
	Log     *slog.Logger     // nil: silent
	Seed    io.Reader        // of executions that bring none; nil: crypto/rand
	Grace   time.Duration    // how long Close lets tasks end by themselves; 0: 1 s, negative: not at all
	// Observe is told each line of every history, in order, once it is durable.
	// What was told before a restart is not told again. It must not block for
	// long, nor wait for the runtime, which waits for it.
	Observe func(engine.ExecutionID, asl.HistoryEvent)
}

// BlobSize is the size in bytes of a value's JSON from which it is kept in
// Blobs, once, and the journal holds its Ref.
const BlobSize = 64 << 10

const (
	defaultWorkers = 256
	// A task that hangs, a source mostly, would hang on; who has pressed Ctrl-C
	// waits for it. What is cancelled runs again at the next start.
	defaultGrace = time.Second
	// How long tasks may take to obey: a command that is told to end has 5 s.
	patience = 10 * time.Second
)

// Runtime is an engine.Runtime on one database.
type Runtime struct {
	*Store
	db    *sqlite.DB
	tasks engine.Tasks
	o     Options
	stmts statements
	in    *inbox
	pool  *pool
	bytes *budget

	// Of the loop alone.
	timers timers
	tokens map[string]*task // of callback tasks that have no result yet
	spare  [][]byte

	mu   sync.Mutex
	runs map[engine.ExecutionID]*run // under way; the loop writes
	err  error                       // why the loop ended before Close

	pruning sync.Mutex // held while executions are removed, or redriven

	closing sync.Once
	closed  error
	ended   chan struct{} // closed when the loop has ended
}

var _ engine.Runtime = (*Runtime)(nil)

// Open returns a runtime on db, in which the executions that had not ended go
// on. The caller closes the runtime before db.
func Open(ctx context.Context, db *sqlite.DB, tasks engine.Tasks, o Options) (*Runtime, error) {
	if o.Workers <= 0 {
		o.Workers = defaultWorkers
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Seed == nil {
		o.Seed = rand.Reader
	}
	if o.Grace == 0 {
		o.Grace = defaultGrace
	}
	if err := db.Migrate(ctx, "engine", schema); err != nil {
		return nil, fmt.Errorf("open runtime: %w", err)
	}
	store, err := NewStore(ctx, db, o.Blobs)
	if err != nil {
		return nil, fmt.Errorf("open runtime: %w", err)
	}
	r := &Runtime{
		Store: store, db: db, tasks: tasks, o: o,
		in: newInbox(), bytes: newBudget(),
		tokens: map[string]*task{}, runs: map[engine.ExecutionID]*run{},
		ended: make(chan struct{}),
	}
	r.pool = newPool(o.Workers, r.work)
	if err := r.stmts.prepare(ctx, db); err != nil {
		return nil, fmt.Errorf("open runtime: %w", err)
	}
	if err := r.resume(ctx); err != nil {
		r.stmts.close()
		return nil, fmt.Errorf("open runtime: %w", err)
	}
	go r.loop()
	return r, nil
}

// Start implements engine.Runtime.
func (r *Runtime) Start(ctx context.Context, req engine.StartRequest) error {
	m, err := r.startMessage(req)
	if err == nil {
		err = r.ask(ctx, m)
	}
	if err != nil {
		return fmt.Errorf("start %s: %w", req.ID, err)
	}
	return nil
}

func (r *Runtime) startMessage(req engine.StartRequest) (message, error) {
	if err := req.ID.Check(); err != nil {
		return message{}, err
	}
	machine, err := r.Store.machines.parse(req.Definition)
	if err != nil {
		return message{}, err
	}
	text := []byte(req.Input)
	if len(text) == 0 {
		text = []byte("{}")
	}
	input, err := asl.ParseValue(text)
	if err != nil {
		return message{}, fmt.Errorf("input: %w", err)
	}
	s := &start{req: req, machine: machine, input: input, seed: req.Seed}
	limits, err := json.Marshal(r.o.Limits)
	if err != nil {
		return message{}, err
	}
	s.limits = string(limits)
	if s.seed == 0 {
		var b [8]byte
		if _, err := io.ReadFull(r.o.Seed, b[:]); err != nil {
			return message{}, fmt.Errorf("draw a seed: %w", err)
		}
		s.seed = binary.LittleEndian.Uint64(b[:])
	}
	m := message{start: s}
	m.stored, err = r.storeValue(context.Background(), input)
	return m, err
}

// Stop implements engine.Runtime. Stopping what has ended changes nothing.
func (r *Runtime) Stop(ctx context.Context, id engine.ExecutionID, errorName, cause string) error {
	err := r.ask(ctx, message{id: id, event: asl.Event{Kind: asl.Aborted, Error: errorName, Cause: cutCause(cause)}})
	if errors.Is(err, engine.ErrNotFound) {
		_, err = r.Get(ctx, id)
	}
	if err != nil {
		return fmt.Errorf("stop %s: %w", id, err)
	}
	return nil
}

// Wait implements engine.Runtime.
func (r *Runtime) Wait(ctx context.Context, id engine.ExecutionID) (engine.Execution, error) {
	r.mu.Lock()
	x := r.runs[id]
	r.mu.Unlock()
	if x != nil {
		select {
		case <-x.done:
		case <-ctx.Done():
			return engine.Execution{}, fmt.Errorf("wait for %s: %w", id, ctx.Err())
		case <-r.ended:
			select {
			case <-x.done:
			default:
				return engine.Execution{}, fmt.Errorf("wait for %s: %w", id, r.closedError())
			}
		}
	}
	return r.Get(ctx, id)
}

// SendTaskSuccess implements engine.Runtime.
func (r *Runtime) SendTaskSuccess(ctx context.Context, token string, output json.RawMessage) error {
	v, err := asl.ParseValue(output)
	if err != nil {
		return fmt.Errorf("task success: output: %w", err)
	}
	m := message{token: token, event: asl.Event{Kind: asl.TaskSucceeded, Output: v}}
	if m.stored, err = r.storeValue(ctx, v); err != nil {
		return fmt.Errorf("task success: %w", err)
	}
	return r.answer(ctx, m)
}

// SendTaskFailure implements engine.Runtime.
func (r *Runtime) SendTaskFailure(ctx context.Context, token, errorName, cause string) error {
	return r.answer(ctx, message{token: token, event: asl.Event{Kind: asl.TaskFailed, Error: errorName, Cause: cutCause(cause)}})
}

// SendTaskHeartbeat implements engine.Runtime.
func (r *Runtime) SendTaskHeartbeat(ctx context.Context, token string) error {
	return r.answer(ctx, message{token: token, event: asl.Event{Kind: asl.TaskHeartbeat}})
}

func (r *Runtime) answer(ctx context.Context, m message) error {
	if m.token == "" {
		return fmt.Errorf("%s: empty token: %w", m.event.Kind, engine.ErrNotFound)
	}
	if err := r.ask(ctx, m); err != nil {
		return fmt.Errorf("%s by token: %w", m.event.Kind, err)
	}
	return nil
}

// ask hands m to the loop and waits until it is durable.
func (r *Runtime) ask(ctx context.Context, m message) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	reply := make(chan error, 1)
	m.reply = reply
	if !r.in.put(m) {
		return r.closedError()
	}
	select {
	case err := <-reply:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Err returns why the runtime has stopped by itself (the disk failed), nil
// while it works. It wraps engine.ErrClosed.
func (r *Runtime) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

func (r *Runtime) closedError() error {
	if err := r.Err(); err != nil {
		return err
	}
	return engine.ErrClosed
}

// Ended is closed once the runtime has stopped, by Close or by itself.
func (r *Runtime) Ended() <-chan struct{} { return r.ended }

// Close implements engine.Runtime. Tasks in hand get Options.Grace to end by
// themselves, then their context is cancelled; what they fail with after that is
// not recorded, so they run again. Close gives up on handlers that ignore their
// context for some seconds, and says so.
func (r *Runtime) Close() error {
	r.closing.Do(func() {
		r.in.refuse()
		r.pool.stop()
		idle := r.pool.wait(r.o.Grace)
		r.pool.cancelAll()
		if !idle {
			idle = r.pool.wait(patience)
		}
		r.in.finish()
		<-r.ended
		r.stmts.close()
		r.closed = r.Err()
		if !idle {
			r.closed = errors.Join(r.closed, fmt.Errorf("close runtime: %d tasks ignore that they were cancelled", r.pool.busy()))
		}
	})
	return r.closed
}
