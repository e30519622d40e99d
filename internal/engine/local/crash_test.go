package local_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coranto/coranto/asl"
	"github.com/coranto/coranto/internal/engine"
	"github.com/coranto/coranto/internal/engine/local"
	"github.com/coranto/coranto/internal/failpoint"
	"github.com/coranto/coranto/internal/sqlite"
)

const (
	dirEnv   = "ENGINE_TEST_DIR"
	itemsEnv = "ENGINE_TEST_ITEMS"
)

// crashing has a state of each kind that leaves something in the journal: tasks
// that succeed and fail, a timer, a value too large for it, nested scopes.
const crashing = `{"StartAt": "Doc", "States": {
	"Doc": {"Type": "Task", "Resource": "big", "ResultPath": "$.doc", "Next": "Items"},
	"Items": {"Type": "Map", "ItemsPath": "$.items", "MaxConcurrency": 4, "ResultPath": "$.items", "Next": "Both",
		"ItemSelector": {"n.$": "$$.Map.Item.Value", "doc.$": "$.doc"},
		"ItemProcessor": {"StartAt": "Double", "States": {
			"Double": {"Type": "Task", "Resource": "double", "Next": "Odd", "Catch": [{"ErrorEquals": ["Unlucky"], "Next": "Bad"}]},
			"Odd": {"Type": "Task", "Resource": "inc", "End": true},
			"Bad": {"Type": "Pass", "Result": -1, "End": true}}}},
	"Both": {"Type": "Parallel", "ResultPath": "$.both", "Next": "Drop", "Branches": [
		{"StartAt": "L", "States": {"L": {"Type": "Task", "Resource": "inc", "InputPath": "$.items[0]", "End": true}}},
		{"StartAt": "W", "States": {"W": {"Type": "Wait", "Timestamp": "2001-01-01T00:00:00Z", "Next": "R"},
			"R": {"Type": "Task", "Resource": "inc", "InputPath": "$.items[1]", "End": true}}}]},
	"Drop": {"Type": "Pass", "Parameters": {"items.$": "$.items", "both.$": "$.both"}, "End": true}}}`

func crashingInput(items int) json.RawMessage {
	var ns []int
	for i := range items {
		ns = append(ns, i)
	}
	text, _ := json.Marshal(map[string]any{"items": ns})
	return text
}

// crashingOutput is what an uninterrupted run gives.
func crashingOutput(items int) string {
	var ns []int
	for i := range items {
		if i%5 == 3 {
			ns = append(ns, -1)
		} else {
			ns = append(ns, 2*i+1)
		}
	}
	text, _ := json.Marshal(struct {
		Items []int `json:"items"`
		Both  []int `json:"both"`
	}{ns, []int{ns[0] + 1, ns[1] + 1}})
	return string(text)
}

// crashTasks writes each call to log, one line each, before it does it.
func crashTasks(log io.Writer) engine.Tasks {
	var mu sync.Mutex
	note := func(h engine.Handler) engine.Handler {
		return func(ctx context.Context, t engine.Task) (json.RawMessage, error) {
			mu.Lock()
			fmt.Fprintf(log, "%d %s %s %d\n", t.ID, t.Path, t.Resource, len(t.Input))
			mu.Unlock()
			return h(ctx, t)
		}
	}
	return engine.TaskMap{
		"big": note(func(context.Context, engine.Task) (json.RawMessage, error) {
			return json.RawMessage(`"` + strings.Repeat("x", local.BlobSize) + `"`), nil
		}),
		"double": note(func(_ context.Context, t engine.Task) (json.RawMessage, error) {
			var in struct{ N int }
			if err := json.Unmarshal(t.Input, &in); err != nil {
				return nil, err
			}
			if in.N%5 == 3 {
				return nil, &engine.TaskError{Name: "Unlucky"}
			}
			return json.RawMessage(fmt.Sprint(2 * in.N)), nil
		}),
		"inc": note(func(_ context.Context, t engine.Task) (json.RawMessage, error) {
			var n int
			err := json.Unmarshal(t.Input, &n)
			return json.RawMessage(fmt.Sprint(n + 1)), err
		}),
	}
}

// runMain is the process that crashes: it says each call on stdout.
func runMain() int {
	if err := failpoint.Arm(os.Getenv(failpoint.Env)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	var items int
	fmt.Sscan(os.Getenv(itemsEnv), &items)
	e, err := runCrashing(os.Getenv(dirEnv), items, os.Stdout)
	if err != nil || string(e.Output) != crashingOutput(items) {
		fmt.Fprintf(os.Stderr, "%s %s %s %s %v\n", e.Status, e.Error, e.Cause, e.Output, err)
		return 1
	}
	return 0
}

func runCrashing(dir string, items int, log io.Writer) (engine.Execution, error) {
	db, err := sqlite.Open(filepath.Join(dir, "state.db"), sqlite.Options{})
	if err != nil {
		return engine.Execution{}, err
	}
	defer db.Close()
	ctx := context.Background()
	r, err := local.Open(ctx, db, crashTasks(log), local.Options{Workers: 8})
	if err != nil {
		return engine.Execution{}, err
	}
	defer r.Close()
	err = r.Start(ctx, engine.StartRequest{ID: "crash", Workflow: "w", Definition: []byte(crashing), Input: crashingInput(items)})
	if err != nil {
		return engine.Execution{}, err
	}
	return r.Wait(ctx, "crash")
}

func crashChild(dir, point string, items int) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"=run", dirEnv+"="+dir, failpoint.Env+"="+point, fmt.Sprintf("%s=%d", itemsEnv, items))
	return cmd
}

// ids reads what tasks were called and requires that an ID always names the
// same one.
type ids map[string]string

func (m ids) read(t *testing.T, log string) {
	t.Helper()
	for line := range strings.Lines(log) {
		id, rest, whole := strings.Cut(line, " ")
		if !strings.HasSuffix(rest, "\n") || !whole {
			continue // cut by the crash
		}
		if was, ok := m[id]; ok && was != rest {
			t.Errorf("task %s was %q, now %q", id, was, rest)
		}
		m[id] = rest
	}
}

// Whatever write the program dies at, the run goes on when it is started again.
func TestCrashAtEveryFailpoint(t *testing.T) {
	const items = 6
	for _, name := range []string{"engine.before-journal", "engine.after-journal", "sqlite.before-commit", "sqlite.after-commit"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for n := 1; ; n++ {
				dir := t.TempDir()
				point := fmt.Sprintf("%s:%d", name, n)
				var stdout, stderr strings.Builder
				cmd := crashChild(dir, point, items)
				cmd.Stdout, cmd.Stderr = &stdout, &stderr
				err := cmd.Run()
				if err == nil {
					if n < 5 {
						t.Errorf("%s was passed %d times only", name, n-1)
					}
					return
				}
				if cmd.ProcessState.ExitCode() != 137 {
					t.Fatalf("%s: %v: %s", point, err, &stderr)
				}
				seen := ids{}
				seen.read(t, stdout.String())
				stdout.Reset()
				e, err := runCrashing(dir, items, &stdout)
				if err != nil || e.Status != asl.StatusSucceeded || string(e.Output) != crashingOutput(items) {
					t.Fatalf("after %s: %s %s %s %s, %v", point, e.Status, e.Error, e.Cause, e.Output, err)
				}
				seen.read(t, stdout.String())
			}
		})
	}
}

// The same by kill -9, again and again on one state, after a random number of
// task calls.
func TestKilledAtRandom(t *testing.T) {
	const items, rounds = 60, 8
	dir := t.TempDir()
	seen := ids{}
	rnd := rand.New(rand.NewPCG(1, 2))
	for range rounds {
		cmd := crashChild(dir, "", items)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		var log strings.Builder
		in := bufio.NewReader(out)
		for range rnd.IntN(30) {
			line, err := in.ReadString('\n')
			log.WriteString(line)
			if err != nil {
				break
			}
		}
		cmd.Process.Kill()
		rest, _ := io.ReadAll(in)
		log.Write(rest)
		cmd.Wait()
		seen.read(t, log.String())
	}
	var log strings.Builder
	e, err := runCrashing(dir, items, &log)
	if err != nil || string(e.Output) != crashingOutput(items) {
		t.Fatalf("in the end: %s %s %s %s, %v", e.Status, e.Error, e.Cause, e.Output, err)
	}
	seen.read(t, log.String())
	if want := 3*items - items/5 + 3 - items; len(seen) < want { // each has Double, four of five have Odd
		t.Errorf("%d tasks were called, want at least %d", len(seen), want)
	}
}

// When the journal cannot be written, nothing is acknowledged and nothing more
// is done; what was durable goes on in the next runtime.
func TestJournalFails(t *testing.T) {
	const items = 6
	for _, name := range []string{"engine.before-journal", "sqlite.before-commit", "sqlite.after-commit", "engine.after-journal"} {
		dir := t.TempDir()
		r := openRuntime(t, dir, crashTasks(io.Discard), local.Options{Workers: 2})
		if err := failpoint.Arm(name + ":3:error"); err != nil {
			t.Fatal(err)
		}
		req := engine.StartRequest{ID: "crash", Workflow: "w", Definition: []byte(crashing), Input: crashingInput(items)}
		if err := r.Start(t.Context(), req); err != nil {
			t.Errorf("%s: Start = %v", name, err)
		}
		_, err := r.Wait(t.Context(), "crash")
		if !errors.Is(err, engine.ErrClosed) || !errors.Is(err, failpoint.ErrInjected) {
			t.Errorf("%s: Wait = %v, want ErrClosed for ErrInjected", name, err)
		}
		<-r.Ended()
		if err := r.Start(t.Context(), engine.StartRequest{ID: "next", Definition: []byte(crashing)}); !errors.Is(err, failpoint.ErrInjected) {
			t.Errorf("%s: Start afterwards = %v, want the cause", name, err)
		}
		if err := r.Runtime.Close(); !errors.Is(err, failpoint.ErrInjected) {
			t.Errorf("%s: Close = %v, want the cause", name, err)
		}
		if err := r.db.Close(); err != nil {
			t.Error(err)
		}
		e, err := runCrashing(dir, items, io.Discard)
		if err != nil || string(e.Output) != crashingOutput(items) {
			t.Errorf("%s: afterwards %s %s %s %s, %v", name, e.Status, e.Error, e.Cause, e.Output, err)
		}
	}
}

// The history of a run that crashed is that of its journal, whenever it is read.
func TestHistoryAcrossCrash(t *testing.T) {
	dir := t.TempDir()
	cmd := crashChild(dir, "engine.after-journal:4", 6)
	if err := cmd.Run(); cmd.ProcessState.ExitCode() != 137 {
		t.Fatal(err)
	}
	if _, err := runCrashing(dir, 6, io.Discard); err != nil {
		t.Fatal(err)
	}
	db := openDB(t, dir)
	defer db.Close()
	store, err := local.NewStore(t.Context(), db, nil)
	if err != nil {
		t.Fatal(err)
	}
	types := map[string]int{}
	var last time.Time
	for h, err := range store.History(t.Context(), "crash") {
		if err != nil {
			t.Fatal(err)
		}
		if h.Time.Before(last) {
			t.Errorf("event %d goes back in time", h.ID)
		}
		last = h.Time
		types[h.Type]++
	}
	if types["ExecutionStarted"] != 1 || types["ExecutionSucceeded"] != 1 || types["MapIterationSucceeded"] != 6 {
		t.Errorf("events %v", types)
	}
}
