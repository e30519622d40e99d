package engine

import (
	"context"
	"encoding/json"

	"github.com/coranto/coranto/asl"
)

// The names of failures that a runtime itself gives a task; a handler's own
// come in its TaskError.
const (
	ErrorTaskFailed = "States.TaskFailed" // an error without a name
	ErrorPanic      = "Coranto.Panic"     // the handler panicked; the cause says with what
	ErrorNoTask     = "Coranto.NoTask"    // no handler for the Resource
	ErrorOutput     = "Coranto.Output"    // the handler's output is no JSON
	ErrorRevision   = "Coranto.Revision"  // of an execution: another revision of the interpreter began it
	ErrorJournal    = "Coranto.Journal"   // of an execution: its journal cannot be replayed
)

// ValueHandler is a Handler that takes its input and gives its output as
// values. Nothing is copied: a document of 10 MB handed to 1,000 tasks is the
// same document. It sees Task.Input empty.
type ValueHandler func(ctx context.Context, t Task, input asl.Value) (asl.Value, error)

// ValueTasks is implemented by Tasks that have ValueHandlers too. A runtime
// whose workers are in its own process asks it first; nil means to ask Handler.
type ValueTasks interface {
	Tasks
	ValueHandler(resource string) ValueHandler
}

// TaskMap is the simplest Tasks: handlers by Resource.
type TaskMap map[string]Handler

// Handler implements Tasks.
func (m TaskMap) Handler(resource string) Handler { return m[resource] }

// JSONHandler makes a ValueHandler a Handler.
func JSONHandler(h ValueHandler) Handler {
	return func(ctx context.Context, t Task) (json.RawMessage, error) {
		in, err := asl.ParseValue(t.Input)
		if err != nil {
			return nil, err
		}
		out, err := h(ctx, t, in)
		if err != nil {
			return nil, err
		}
		return out.JSON(), nil
	}
}
