package local_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coranto/coranto/asl"
	"github.com/coranto/coranto/internal/engine"
	"github.com/coranto/coranto/internal/engine/local"
)

func start(t testing.TB, r engine.Runtime, id engine.ExecutionID, definition, input string) {
	t.Helper()
	err := r.Start(t.Context(), engine.StartRequest{ID: id, Workflow: "w", Definition: []byte(definition), Input: json.RawMessage(input)})
	if err != nil {
		t.Fatal(err)
	}
}

func wait(t testing.TB, r engine.Runtime, id engine.ExecutionID) engine.Execution {
	t.Helper()
	e, err := r.Wait(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

const sleepy = `{"StartAt": "W", "States": {"W": {"Type": "Wait", "SecondsPath": "$.s", "End": true}}}`

func TestWaitState(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		r := openRuntime(t, dir, engine.TaskMap{}, local.Options{})
		began := time.Now()
		for _, s := range []int{30, 3600, 10, 86400} {
			start(t, r, engine.ExecutionID(fmt.Sprint(s)), sleepy, fmt.Sprintf(`{"s":%d}`, s))
		}
		for _, s := range []int{10, 30, 3600, 86400} {
			e := wait(t, r, engine.ExecutionID(fmt.Sprint(s)))
			want := time.Duration(s) * time.Second
			if got := time.Since(began); got != want {
				t.Errorf("Wait of %v took %v", want, got)
			}
			if got := e.Ended.Sub(e.Started); got != want {
				t.Errorf("the execution says %v, want %v", got, want)
			}
		}
	})
}

func TestTimersSurvive(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		r := openRuntime(t, dir, engine.TaskMap{}, local.Options{})
		start(t, r, "short", sleepy, `{"s":3600}`)
		start(t, r, "long", sleepy, `{"s":864000}`)
		time.Sleep(time.Minute)
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(24 * time.Hour)
		r = openRuntime(t, dir, engine.TaskMap{}, local.Options{})
		if e := wait(t, r, "short"); time.Since(began) != 24*time.Hour+time.Minute || e.Status != asl.StatusSucceeded {
			t.Errorf("a timer that passed meanwhile: %s after %v", e.Status, time.Since(began))
		}
		wait(t, r, "long")
		if got := time.Since(began); got != 240*time.Hour {
			t.Errorf("a timer of ten days fired after %v", got)
		}
	})
}

func TestRetryIntervals(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		var at []time.Duration
		began := time.Now()
		tasks := engine.TaskMap{"a": func(context.Context, engine.Task) (json.RawMessage, error) {
			at = append(at, time.Since(began))
			return nil, errors.New("no")
		}}
		r := openRuntime(t, dir, tasks, local.Options{})
		start(t, r, "one", `{"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "a", "End": true,
			"Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 3, "BackoffRate": 2, "MaxAttempts": 3}]}}}`, `{}`)
		if e := wait(t, r, "one"); e.Status != asl.StatusFailed || e.Cause != "no" {
			t.Errorf("ended %s %s", e.Status, e.Cause)
		}
		if got, want := fmt.Sprint(at), "[0s 3s 9s 21s]"; got != want {
			t.Errorf("called at %s, want %s", got, want)
		}
	})
}

func TestTimeoutCancelsTheTask(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var ended time.Duration
		tasks := engine.TaskMap{"hang": func(ctx context.Context, _ engine.Task) (json.RawMessage, error) {
			<-ctx.Done()
			ended = time.Since(began)
			return nil, ctx.Err()
		}}
		r := openRuntime(t, dir, tasks, local.Options{})
		start(t, r, "one", `{"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "hang", "TimeoutSeconds": 20, "End": true}}}`, `{}`)
		if e := wait(t, r, "one"); e.Error != "States.Timeout" {
			t.Errorf("error %q, want States.Timeout", e.Error)
		}
		synctest.Wait()
		if ended != 20*time.Second {
			t.Errorf("the handler's context ended after %v", ended)
		}
	})
}

func TestHeartbeat(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		tokens := make(chan string, 1)
		tasks := engine.TaskMap{"ask.waitForTaskToken": func(_ context.Context, t engine.Task) (json.RawMessage, error) {
			tokens <- t.Token
			return nil, nil
		}}
		r := openRuntime(t, dir, tasks, local.Options{})
		began := time.Now()
		start(t, r, "one", `{"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "ask.waitForTaskToken", "HeartbeatSeconds": 60, "End": true}}}`, `{}`)
		token := <-tokens
		for range 5 {
			time.Sleep(50 * time.Second)
			if err := r.SendTaskHeartbeat(t.Context(), token); err != nil {
				t.Fatal(err)
			}
		}
		e := wait(t, r, "one")
		if got := time.Since(began); got != 310*time.Second || !strings.Contains(e.Error, "Timeout") {
			t.Errorf("ended %s %s after %v, want a timeout 60 s after the last heartbeat", e.Status, e.Error, got)
		}
	})
}

func TestHeartbeatOfHandler(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		tasks := engine.TaskMap{"a": func(ctx context.Context, t engine.Task) (json.RawMessage, error) {
			for range 5 {
				time.Sleep(50 * time.Second)
				engine.Heartbeat(ctx)
			}
			<-ctx.Done()
			return nil, ctx.Err()
		}}
		r := openRuntime(t, dir, tasks, local.Options{})
		began := time.Now()
		start(t, r, "one", `{"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "a", "HeartbeatSeconds": 60, "End": true}}}`, `{}`)
		e := wait(t, r, "one")
		if got := time.Since(began); got != 310*time.Second || !strings.Contains(e.Error, "Timeout") {
			t.Errorf("ended %s %s after %v, want a timeout 60 s after the last heartbeat", e.Status, e.Error, got)
		}
	})
}

// A task that is waiting for its token is not called again once its handler has
// returned.
func TestHandedTaskIsNotCalledAgain(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		var calls []string
		tasks := engine.TaskMap{"ask.waitForTaskToken": func(_ context.Context, t engine.Task) (json.RawMessage, error) {
			calls = append(calls, t.Token)
			return nil, nil
		}}
		r := openRuntime(t, dir, tasks, local.Options{})
		start(t, r, "one", `{"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "ask.waitForTaskToken", "End": true}}}`, `{}`)
		synctest.Wait()
		for range 2 {
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
			r = openRuntime(t, dir, tasks, local.Options{})
			synctest.Wait()
		}
		if len(calls) != 1 {
			t.Fatalf("the handler was called %d times", len(calls))
		}
		if err := r.SendTaskSuccess(t.Context(), calls[0], json.RawMessage(`1`)); err != nil {
			t.Error(err)
		}
		if e := wait(t, r, "one"); string(e.Output) != `1` {
			t.Errorf("ended %s %s", e.Status, e.Output)
		}
	})
}

func TestClockPutBack(t *testing.T) {
	dir := t.TempDir()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	tasks := engine.TaskMap{"back": func(context.Context, engine.Task) (json.RawMessage, error) {
		now = now.Add(-time.Hour)
		return nil, nil
	}}
	r := openRuntime(t, dir, tasks, local.Options{Workers: 1, Now: func() time.Time { return now }})
	start(t, r, "one", `{"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "back", "End": true}}}`, `{}`)
	if e := wait(t, r, "one"); e.Ended.Before(e.Started) {
		t.Errorf("started %v, ended %v", e.Started, e.Ended)
	}
}

func TestCloseLetsTasksEnd(t *testing.T) {
	for _, tt := range []struct {
		takes time.Duration
		calls int
	}{{3 * time.Second, 1}, {time.Minute, 2}} {
		t.Run(tt.takes.String(), func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				calls := 0
				tasks := engine.TaskMap{"slow": func(ctx context.Context, _ engine.Task) (json.RawMessage, error) {
					calls++
					select {
					case <-time.After(tt.takes):
						return nil, nil
					case <-ctx.Done():
						return nil, ctx.Err()
					}
				}}
				r := openRuntime(t, dir, tasks, local.Options{Grace: 5 * time.Second})
				start(t, r, "one", `{"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "slow", "End": true}}}`, `{}`)
				began := time.Now()
				if err := r.Close(); err != nil {
					t.Fatal(err)
				}
				if got := time.Since(began); got != min(tt.takes, 5*time.Second) {
					t.Errorf("Close took %v", got)
				}
				r = openRuntime(t, dir, tasks, local.Options{})
				wait(t, r, "one")
				if calls != tt.calls {
					t.Errorf("the task was called %d times, want %d", calls, tt.calls)
				}
			})
		})
	}
}

func TestCloseWaitsASecondForWhatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := func(ctx context.Context, _ engine.Task) (json.RawMessage, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		db := openDB(t, t.TempDir())
		defer db.Close()
		r, err := local.Open(t.Context(), db, engine.TaskMap{"hang": hang}, local.Options{})
		if err != nil {
			t.Fatal(err)
		}
		start(t, r, "one", `{"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "hang", "End": true}}}`, `{}`)
		synctest.Wait()
		began := time.Now()
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		if got := time.Since(began); got != time.Second {
			t.Errorf("Close took %v", got)
		}
	})
}

func TestCloseGivesUpOnDeafTasks(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		deaf := make(chan bool)
		tasks := engine.TaskMap{"deaf": func(context.Context, engine.Task) (json.RawMessage, error) {
			<-deaf
			return nil, nil
		}}
		r := openRuntime(t, dir, tasks, local.Options{})
		start(t, r, "one", `{"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "deaf", "End": true}}}`, `{}`)
		synctest.Wait()
		if err := r.Runtime.Close(); err == nil || !strings.Contains(err.Error(), "1 tasks ignore") {
			t.Errorf("Close = %v", err)
		}
		close(deaf)
		synctest.Wait()
	})
}
