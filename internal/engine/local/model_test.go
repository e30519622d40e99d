package local_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coranto/coranto/asl"
	"github.com/coranto/coranto/internal/engine"
	"github.com/coranto/coranto/internal/engine/local"
	"github.com/coranto/coranto/internal/failpoint"
)

// Machines made at random give the same result and the same history, to the
// nanosecond, whether or not the runtime stops at random writes and is opened
// again. They wait, time out, are answered by token, stopped and redriven. Where
// CORANTO_E2E is set there are 1,000 of them.
func TestModel(t *testing.T) {
	machines := 60
	switch {
	case os.Getenv("CORANTO_E2E") != "":
		machines = 1000
	case testing.Short():
		machines = 12
	}
	defer failpoint.Arm("")
	var stops, redrives, events int
	kinds := map[string]int{}
	for seed := range machines {
		rnd := rand.New(rand.NewPCG(uint64(seed), 7))
		m := newModel(t, rnd, seed)
		plain := m.run(t, nil)
		crashed := m.run(t, rnd)
		if diff := differ(plain, crashed); diff != "" {
			t.Fatalf("machine %d, stopped %d times: %s\n%s", seed, crashed.stops, diff, m.req.Definition)
		}
		stops += crashed.stops
		redrives += plain.redrives
		events += len(plain.history)
		for _, k := range plain.kinds {
			kinds[k]++
		}
	}
	t.Logf("%d machines, %d events, stopped %d times, redriven %d times", machines, events, stops, redrives)
	if stops < machines || redrives < machines/10 {
		t.Errorf("%d machines were stopped %d times and redriven %d times only", machines, stops, redrives)
	}
	for _, k := range []string{"ExecutionSucceeded", "ExecutionFailed", "ExecutionTimedOut", "ExecutionAborted", "TaskTimedOut", "TaskSubmitted",
		"WaitStateExited", "ChoiceStateExited", "FailStateEntered", "SucceedStateExited", "MapIterationAborted", "ParallelStateSucceeded", "MapRunStarted"} {
		if kinds[k] == 0 && machines >= 60 {
			t.Errorf("no machine has had a %s", k)
		}
	}
}

// model is a machine and what is done to it.
type model struct {
	req    engine.StartRequest
	stopAt time.Duration // after its start; 0: never
}

func newModel(t *testing.T, rnd *rand.Rand, seed int) *model {
	g := &generator{rnd: rnd}
	machine := g.machine()
	definition, err := json.Marshal(machine)
	if err != nil {
		t.Fatal(err)
	}
	m := &model{req: engine.StartRequest{ID: "m", Workflow: "w", Definition: definition, Input: json.RawMessage(`{"n":1,"items":[1,2,3]}`), Seed: uint64(seed) + 1}}
	if rnd.IntN(8) == 0 {
		m.stopAt = time.Duration(1+rnd.IntN(10_000)) * time.Millisecond
	}
	return m
}

// outcome is what came of a model.
type outcome struct {
	result          string
	history, kinds  []string
	stops, redrives int
}

// differ shows where two outcomes part, "" when they do not.
func differ(plain, stopped outcome) string {
	for i := range max(len(plain.history), len(stopped.history)) {
		was, is := "nothing", "nothing"
		if i < len(plain.history) {
			was = plain.history[i]
		}
		if i < len(stopped.history) {
			is = stopped.history[i]
		}
		if was != is {
			return fmt.Sprintf("event %d\nwas     %s\nis now  %s", i+1, was, is)
		}
	}
	if plain.result != stopped.result {
		return fmt.Sprintf("it ended\n%s\ninstead of\n%s", stopped.result, plain.result)
	}
	return ""
}

// maxStops bounds how often a runtime is stopped in a run.
const maxStops = 20

// run runs the model to its end; with rnd, the runtime stops at a random write
// time and again.
func (m *model) run(t *testing.T, rnd *rand.Rand) (out outcome) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, model: m, began: time.Now(), seen: map[uint64]string{}, answers: map[string]answer{}, asked: make(chan bool, 1)}
		for {
			if err := failpoint.Arm(""); err != nil {
				t.Fatal(err)
			}
			db := openDB(t, dir)
			if rnd != nil && out.stops < maxStops {
				point := []string{"engine.before-journal", "engine.after-journal", "sqlite.before-commit", "sqlite.after-commit"}[rnd.IntN(4)]
				if err := failpoint.Arm(fmt.Sprintf("%s:%d:error", point, 1+rnd.IntN(7))); err != nil {
					t.Fatal(err)
				}
			}
			r, err := local.Open(t.Context(), db, w, local.Options{Grace: -1})
			if err == nil {
				err = w.live(r, &out)
				err = errors.Join(err, r.Close())
			}
			if err = errors.Join(err, db.Close()); err == nil {
				return
			}
			if !errors.Is(err, failpoint.ErrInjected) {
				t.Fatal(err)
			}
			out.stops++
		}
	})
	return out
}

// world is all that is outside of the runtime, and outlives it. What it does
// depends on what it is asked and on the time alone, and no two things happen at
// the same nanosecond by accident, so that the order is that of the clock.
type world struct {
	t     *testing.T
	model *model
	began time.Time

	mu      sync.Mutex
	seen    map[uint64]string
	answers map[string]answer // by the token
	asked   chan bool         // there is one more
}

// answer is what is sent for a callback task.
type answer struct {
	at     time.Time
	output string // "": a failure
}

// live starts the execution, or takes it up, and redrives it when it fails.
func (w *world) live(r *local.Runtime, out *outcome) error {
	var others sync.WaitGroup
	defer others.Wait()
	ctx, cancel := context.WithCancel(w.t.Context())
	defer cancel()
	if err := r.Start(ctx, w.model.req); err != nil {
		return err
	}
	others.Go(func() { w.answer(ctx, r) })
	others.Go(func() { w.stop(ctx, r) })
	for {
		e, err := r.Wait(ctx, w.model.req.ID)
		if err != nil {
			return err
		}
		if e.Status == asl.StatusSucceeded || e.Redrives == 2 {
			out.redrives = e.Redrives
			return w.note(r, e, out)
		}
		time.Sleep(time.Until(e.Ended.Add(time.Second)))
		if err := r.Redrive(ctx, w.model.req.ID); err != nil {
			return err
		}
	}
}

func (w *world) note(r *local.Runtime, e engine.Execution, out *outcome) error {
	out.result = fmt.Sprintf("%s %s %s %s after %s", e.Status, e.Error, e.Cause, e.Output, e.Ended.Sub(w.began))
	out.history, out.kinds = nil, nil
	for h, err := range r.History(w.t.Context(), w.model.req.ID) {
		if err != nil {
			return err
		}
		line, err := json.Marshal(h)
		if err != nil {
			return err
		}
		out.history, out.kinds = append(out.history, string(line)), append(out.kinds, h.Type)
	}
	return nil
}

// stop is somebody who ends the execution.
func (w *world) stop(ctx context.Context, r *local.Runtime) {
	at := w.began.Add(w.model.stopAt)
	if w.model.stopAt == 0 || at.Before(time.Now()) {
		return
	}
	if sleepUntil(ctx, at) {
		_ = r.Stop(ctx, w.model.req.ID, "Stopped", "by hand") // again by the next, if this one fails
	}
}

// answer is somebody who answers callback tasks when their time has come.
func (w *world) answer(ctx context.Context, r *local.Runtime) {
	for {
		token, a := w.due()
		select {
		case <-time.After(time.Until(a.at)):
		case <-w.asked:
			continue
		case <-ctx.Done():
			return
		}
		if token == "" {
			continue
		}
		var err error
		if a.output != "" {
			err = r.SendTaskSuccess(ctx, token, json.RawMessage(a.output))
		} else {
			err = r.SendTaskFailure(ctx, token, "E0", "refused")
		}
		if err != nil && !errors.Is(err, engine.ErrNotFound) {
			return // the next one sends it
		}
		w.mu.Lock()
		delete(w.answers, token)
		w.mu.Unlock()
	}
}

// due is the answer that is to be sent first.
func (w *world) due() (token string, first answer) {
	w.mu.Lock()
	defer w.mu.Unlock()
	first.at = time.Now().Add(time.Hour)
	for k, a := range w.answers {
		if a.at.Before(first.at) {
			token, first = k, a
		}
	}
	return token, first
}

func sleepUntil(ctx context.Context, at time.Time) bool {
	select {
	case <-time.After(time.Until(at)):
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// Handler implements engine.Tasks: a task ends at a time that depends on when it
// was asked for, and as its ID says.
func (w *world) Handler(resource string) engine.Handler {
	return func(ctx context.Context, t engine.Task) (json.RawMessage, error) {
		is := fmt.Sprintf("%s %d %s", t.Path, t.Attempt, t.Input)
		w.mu.Lock()
		if was, ok := w.seen[t.ID]; ok && was != is {
			w.t.Errorf("task %d was %s, now %s", t.ID, was, is)
		}
		w.seen[t.ID] = is
		w.mu.Unlock()
		h := fnv.New64a()
		fmt.Fprint(h, t.State, t.ID, t.Attempt)
		sum := rand.NewPCG(h.Sum64(), t.ID).Uint64() // the hash alone has neighbours end together
		end := t.Scheduled.Add(time.Duration(sum%7)*700*time.Millisecond + time.Duration(sum>>16%600_000_000))
		output := fmt.Sprintf(`{"n":%d}`, sum%5)
		if t.Token != "" {
			if sum%4 == 0 {
				output = ""
			}
			if !sleepUntil(ctx, t.Scheduled.Add(time.Duration(sum>>16%50_000_000))) {
				return nil, ctx.Err()
			}
			w.mu.Lock()
			defer w.mu.Unlock()
			w.answers[t.Token] = answer{end.Add(100 * time.Millisecond), output}
			select {
			case w.asked <- true:
			default:
			}
			return json.RawMessage(`"asked"`), nil
		}
		if sum%11 == 0 && resource == "slow" {
			end = end.Add(time.Hour)
		}
		if !sleepUntil(ctx, end) {
			return nil, ctx.Err()
		}
		switch {
		case sum%5 == 0:
			return nil, &engine.TaskError{Name: fmt.Sprintf("E%d", sum%2), Cause: is}
		case resource == "items":
			return json.RawMessage(`[{"n":1,"items":[4]},{"n":3,"items":[5,6]}]`), nil
		case resource == "results":
			var in struct{ Results json.RawMessage }
			if err := json.NewDecoder(bytes.NewReader(t.Input)).Decode(&in); err != nil {
				return nil, err
			}
			return in.Results, nil
		}
		return json.RawMessage(output), nil
	}
}
