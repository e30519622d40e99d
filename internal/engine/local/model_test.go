package local_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/coranto/coranto/internal/engine"
	"github.com/coranto/coranto/internal/engine/local"
	"github.com/coranto/coranto/internal/failpoint"
	"github.com/coranto/coranto/internal/sqlite"
)

// Machines made at random give the same result whether or not the runtime
// stops at random writes and is opened again, waits and retries included.
func TestRandomMachinesWithRandomCrashes(t *testing.T) {
	machines := 25
	if testing.Short() {
		machines = 5
	}
	defer failpoint.Arm("")
	total := 0
	for seed := range machines {
		rnd := rand.New(rand.NewPCG(uint64(seed), 7))
		g := &generator{rnd: rnd}
		definition, err := json.Marshal(g.scope(0))
		if err != nil {
			t.Fatal(err)
		}
		req := engine.StartRequest{ID: "m", Workflow: "w", Definition: definition, Input: json.RawMessage(`{"n":1,"items":[1,2,3]}`), Seed: uint64(seed) + 1}
		plain, _ := runModel(t, req, nil)
		crashed, stops := runModel(t, req, rnd)
		if plain.Status != crashed.Status || string(plain.Output) != string(crashed.Output) || plain.Error != crashed.Error {
			t.Errorf("machine %d, stopped %d times, ended %s %s %s %.2000s\nwant %s %s %s %.2000s\n%s", seed, stops,
				crashed.Status, crashed.Error, crashed.Cause, crashed.Output, plain.Status, plain.Error, plain.Cause, plain.Output, definition)
		}
		if t.Failed() {
			return
		}
		total += stops
	}
	if total < machines {
		t.Errorf("%d machines were stopped %d times only", machines, total)
	}
}

// runModel runs req to its end; with rnd, the runtime stops at a random write
// time and again.
func runModel(t *testing.T, req engine.StartRequest, rnd *rand.Rand) (e engine.Execution, stops int) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		tasks := &modelTasks{seen: map[uint64]string{}, t: t}
		for {
			if err := failpoint.Arm(""); err != nil {
				t.Fatal(err)
			}
			db := openDB(t, dir)
			if rnd != nil && stops < 20 {
				point := []string{"engine.before-journal", "engine.after-journal", "sqlite.before-commit"}[rnd.IntN(3)]
				if err := failpoint.Arm(fmt.Sprintf("%s:%d:error", point, 1+rnd.IntN(12))); err != nil {
					t.Fatal(err)
				}
			}
			err := runOnce(t, db, tasks, req, &e)
			if err = errors.Join(err, db.Close()); err == nil {
				return
			}
			if !errors.Is(err, failpoint.ErrInjected) {
				t.Fatal(err)
			}
			stops++
		}
	})
	return e, stops
}

func runOnce(t *testing.T, db *sqlite.DB, tasks engine.Tasks, req engine.StartRequest, e *engine.Execution) (err error) {
	r, err := local.Open(t.Context(), db, tasks, local.Options{Grace: -1, Workers: 4})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	if err := r.Start(t.Context(), req); err != nil {
		return err
	}
	*e, err = r.Wait(t.Context(), req.ID)
	return err
}

// modelTasks succeed or fail by what they are given, and nothing else.
type modelTasks struct {
	t    *testing.T
	mu   sync.Mutex
	seen map[uint64]string
}

func (m *modelTasks) Handler(string) engine.Handler {
	return func(_ context.Context, t engine.Task) (json.RawMessage, error) {
		m.mu.Lock()
		defer m.mu.Unlock()
		is := fmt.Sprintf("%s %d", t.Path, t.Attempt)
		if was, ok := m.seen[t.ID]; ok && was != is {
			m.t.Errorf("task %d was %s, now %s", t.ID, was, is)
		}
		m.seen[t.ID] = is
		var in struct{ N int }
		if err := json.Unmarshal(t.Input, &in); err != nil {
			return nil, err
		}
		h := fnv.New32a()
		fmt.Fprint(h, t.State, in.N, t.Attempt)
		switch n := h.Sum32() % 7; n {
		case 0, 1, 2:
			return nil, &engine.TaskError{Name: fmt.Sprintf("E%d", n), Cause: is}
		default:
			return json.RawMessage(fmt.Sprintf(`{"n":%d}`, n)), nil
		}
	}
}

// generator makes machines whose result does not depend on the order in which
// tasks end: every task catches its errors.
type generator struct {
	rnd    *rand.Rand
	states int
}

type object = map[string]any

func (g *generator) scope(depth int) object {
	n := 1 + g.rnd.IntN(3)
	names := make([]string, n)
	for i := range names {
		g.states++
		names[i] = fmt.Sprintf("S%d", g.states)
	}
	states := object{}
	for i, name := range names {
		next := ""
		if i+1 < n {
			next = names[i+1]
		}
		for k, v := range g.state(name, next, depth) {
			states[k] = v
		}
	}
	return object{"StartAt": names[0], "States": states}
}

// state makes a state, and what it needs beside it, that leads to next.
func (g *generator) state(name, next string, depth int) object {
	s := object{}
	follow(s, next)
	out := object{name: s}
	kinds := 7
	if depth >= 2 {
		kinds = 5
	}
	switch g.rnd.IntN(kinds) {
	case 0:
		s["Type"], s["Result"], s["ResultPath"] = "Pass", object{"from": name}, "$."+name
	case 1:
		s["Type"], s["Seconds"] = "Wait", 1+g.rnd.IntN(5)
	case 2:
		other := name + "x"
		delete(s, "End")
		delete(s, "Next")
		end := object{"Type": "Pass", "Result": g.rnd.IntN(9), "ResultPath": "$.choice"}
		follow(end, next)
		out[other] = end
		s["Type"], s["Default"] = "Choice", other
		s["Choices"] = []object{{"Variable": "$.n", "NumericGreaterThan": g.rnd.IntN(4), "Next": other}}
	case 3, 4:
		g.task(s, out, name, next)
	case 5:
		s["Type"], s["ItemsPath"], s["ResultPath"], s["MaxConcurrency"] = "Map", "$.items", "$."+name, g.rnd.IntN(3)
		s["ItemSelector"] = object{"n.$": "$$.Map.Item.Value", "items.$": "$.items"}
		s["ItemProcessor"] = g.scope(depth + 1)
	case 6:
		s["Type"], s["ResultPath"] = "Parallel", "$."+name
		s["Branches"] = []object{g.scope(depth + 1), g.scope(depth + 1)}
	}
	return out
}

func (g *generator) task(s, out object, name, next string) {
	s["Type"], s["Resource"], s["ResultPath"] = "Task", "any", "$."+name
	if g.rnd.IntN(2) == 0 {
		s["Retry"] = []object{{"ErrorEquals": []string{"E1", "E2"}, "IntervalSeconds": 1 + g.rnd.IntN(3), "MaxAttempts": 2}}
	}
	if g.rnd.IntN(2) == 0 {
		s["TimeoutSeconds"] = 60
	}
	caught := name + "c"
	s["Catch"] = []object{{"ErrorEquals": []string{"States.ALL"}, "Next": caught, "ResultPath": "$.error"}}
	c := object{"Type": "Pass"}
	follow(c, next)
	out[caught] = c
}

func follow(s object, next string) {
	if next == "" {
		s["End"] = true
	} else {
		s["Next"] = next
	}
}
