package app

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/coranto/coranto/asl"
	"github.com/coranto/coranto/internal/engine"
)

// startRequest is a workflow that another process asks the one that has the
// directory to start. Its file is called by the execution's ID; the answer to
// one that is refused is a file beside it.
type startRequest struct {
	Workflow string          `json:"workflow"`
	Input    json.RawMessage `json:"input,omitempty"`
}

const refusedSuffix = ".refused"

func (l Layout) startRequests() string { return l.state("start") }

// answerStarts starts what other processes ask for, like answerRequests.
func (a *App) answerStarts(ctx context.Context) {
	list, _ := os.ReadDir(a.startRequests())
	for _, f := range list {
		if strings.Contains(f.Name(), ".") {
			continue // an answer, or a request that is being written
		}
		path := filepath.Join(a.startRequests(), f.Name())
		b, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		var r startRequest
		if err = json.Unmarshal(b, &r); err == nil {
			err = a.startWorkflowAs(ctx, engine.ExecutionID(f.Name()), r.Workflow, r.Input)
		}
		if ctx.Err() != nil {
			return // whoever has the directory next does it
		}
		if err != nil {
			_ = os.WriteFile(path+refusedSuffix, []byte(err.Error()), 0o666)
		}
		_ = os.Remove(path)
	}
}

// RefusedError is what the process that has the directory says of a request.
type RefusedError struct{ Text string }

func (e *RefusedError) Error() string { return "the process that has the directory refused: " + e.Text }

// AskWorkflow has the process that has the site in dir start a workflow, and
// returns its execution once it has ended. An execution that failed is a
// *WorkflowError.
func AskWorkflow(ctx context.Context, dir, name string, input json.RawMessage, o Options) (engine.Execution, error) {
	o.defaults()
	if _, err := PlanWorkflow(dir, name); err != nil {
		return engine.Execution{}, err
	}
	l, err := layoutOf(dir)
	if err != nil {
		return engine.Execution{}, err
	}
	id, err := engine.NewID(o.Now(), rand.Reader)
	if err != nil {
		return engine.Execution{}, err
	}
	b, err := json.Marshal(startRequest{name, input})
	if err != nil {
		return engine.Execution{}, err
	}
	request := filepath.Join(l.startRequests(), string(id))
	if err := os.MkdirAll(l.startRequests(), 0o777); err != nil {
		return engine.Execution{}, err
	}
	if err := replaceFile(request, b); err != nil { // whole: it is read at any moment
		return engine.Execution{}, err
	}
	return awaitAsked(ctx, dir, request, id)
}

// awaitAsked waits for the end of what was asked for.
func awaitAsked(ctx context.Context, dir, request string, id engine.ExecutionID) (engine.Execution, error) {
	for {
		x, err := Execution(ctx, dir, string(id))
		switch {
		case err == nil && x.Status == asl.StatusSucceeded:
			return x, nil
		case err == nil && x.Status != asl.StatusRunning:
			return x, &WorkflowError{x.Workflow, id, x.Error, x.Cause}
		case err != nil && !errors.Is(err, engine.ErrNotFound):
			return x, err
		}
		if why, rerr := os.ReadFile(request + refusedSuffix); rerr == nil {
			_ = os.Remove(request + refusedSuffix)
			return x, &RefusedError{string(why)}
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			if os.Remove(request) != nil { // it has been taken up already
				return x, fmt.Errorf("%w; the execution %s goes on: coranto runs show %s", ctx.Err(), id, id)
			}
			return x, ctx.Err()
		}
	}
}
