// Package engine says what a workflow runtime is: it runs ASL executions,
// calls the tasks they name, and loses nothing. The runtimes live in folders
// below (local, later temporal) and pass the one suite in enginetest.
//
// It knows no task of Coranto's: those are handed in as Tasks. It decides
// nothing either: what happens next is asl's.
package engine

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"time"

	"github.com/coranto/coranto/asl"
)

// ExecutionID names an execution for ever. The caller chooses it, so that
// starting twice is starting once.
type ExecutionID string

var (
	// ErrNotFound is returned for an ExecutionID or a token nobody knows.
	ErrNotFound = errors.New("no such execution")
	// ErrExists is returned by Start when the ID is taken by another definition or input.
	ErrExists = errors.New("execution exists with another definition or input")
	// ErrNotRedrivable is returned by Redrive for an execution that runs, has
	// succeeded, or cannot be replayed.
	ErrNotRedrivable = asl.ErrNotRedrivable
	// ErrClosed is returned once the runtime is closing.
	ErrClosed = errors.New("runtime is closed")
)

// Runtime runs executions. Every method may be called from many goroutines.
type Runtime interface {
	// Start begins an execution, or returns nil when it has been started before
	// with the same definition and input. When it returns, the start is durable.
	Start(ctx context.Context, req StartRequest) error
	// Wait returns the execution once it has ended.
	Wait(ctx context.Context, id ExecutionID) (Execution, error)
	// Get returns the execution as it is.
	Get(ctx context.Context, id ExecutionID) (Execution, error)
	// List returns executions, newest first.
	List(ctx context.Context, f Filter) ([]Execution, error)
	// Stop ends a running execution with status ABORTED; of one that has ended it
	// changes nothing.
	Stop(ctx context.Context, id ExecutionID, errorName, cause string) error
	// Redrive lets an execution that has ended without success go on from where it
	// failed: what has succeeded in it is not done again (see
	// asl.Execution.Redrivable). When it returns, the redrive is durable, and Wait
	// waits for the new end.
	Redrive(ctx context.Context, id ExecutionID) error
	// History yields what happened, in order, in the service's event types; of a
	// running execution what is durable so far.
	History(ctx context.Context, id ExecutionID) iter.Seq2[asl.HistoryEvent, error]
	// SendTaskSuccess, SendTaskFailure and SendTaskHeartbeat answer a callback
	// task, from the moment its handler is called. When they return, the answer is
	// durable. A token whose task has ended is ErrNotFound.
	SendTaskSuccess(ctx context.Context, token string, output json.RawMessage) error
	SendTaskFailure(ctx context.Context, token, errorName, cause string) error
	SendTaskHeartbeat(ctx context.Context, token string) error
	// Close stops taking tasks, waits for those in hand, cancels the context of
	// those that take long, and returns. Executions that have not ended go on when
	// a runtime is opened on the same state, with the tasks that were cancelled.
	Close() error
}

// StartRequest begins an execution.
type StartRequest struct {
	ID         ExecutionID
	Workflow   string          // its name, for people and Filter
	Definition []byte          // ASL; pinned by hash for the execution's life
	Input      json.RawMessage // nil: {}
	Seed       uint64          // 0: drawn by the runtime
}

// Execution is what is known of one.
type Execution struct {
	ID       ExecutionID     `json:"id"`
	Workflow string          `json:"workflow"`
	Status   asl.Status      `json:"status"`
	Started  time.Time       `json:"started"`
	Ended    time.Time       `json:"ended,omitzero"`
	Input    json.RawMessage `json:"input,omitempty"`
	Output   json.RawMessage `json:"output,omitempty"`
	Error    string          `json:"error,omitempty"`
	Cause    string          `json:"cause,omitempty"`
	Redrives int             `json:"redrives,omitempty"` // how often it has been redriven
	Redriven time.Time       `json:"redriven,omitzero"`  // when it was last
}

// Filter chooses executions; its zero value chooses the newest 100.
type Filter struct {
	Workflow string
	Status   asl.Status
	Limit    int
}

// Task is one attempt at one step's work. Input is JSON; nothing in it points
// into the memory of another process.
type Task struct {
	Execution ExecutionID
	ID        uint64 // within the execution; (Execution, ID) names the attempt and is the same after a restart
	State     string
	Path      string
	Resource  string
	Attempt   int
	Token     string
	Input     json.RawMessage
	Scheduled time.Time
}

// Handler does a task. It may be called again for the same Task after a crash,
// so it must be idempotent by (Execution, ID). Its context ends when the result
// is no longer wanted, or when the runtime closes; see Scope for what else the
// context brings. An error that is a *TaskError keeps its name; any other is
// States.TaskFailed. A panic is the failure ErrorPanic. No output is null.
type Handler func(ctx context.Context, t Task) (json.RawMessage, error)

// Tasks finds the handler of a Resource, nil when there is none.
type Tasks interface {
	Handler(resource string) Handler
}

// TaskError is a failure with the name that Retry and Catch see.
type TaskError struct {
	Name  string
	Cause string
	Err   error // what it stands for, may be nil
}

func (e *TaskError) Error() string { return e.Name + ": " + e.Cause }

func (e *TaskError) Unwrap() error { return e.Err }

// Ref names a value kept in Blobs: "sha256:" and the hash in hex.
type Ref string

// Blobs keeps large values out of journals and task inputs, by their hash.
type Blobs interface {
	Put(ctx context.Context, value []byte) (Ref, error)
	// Get returns the value, which must not be changed, or ErrNotFound.
	Get(ctx context.Context, ref Ref) ([]byte, error)
}
