package enginetest

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coranto/coranto/asl"
	"github.com/coranto/coranto/internal/engine"
)

const twoSteps = `{"StartAt": "M", "States": {"M": {"Type": "Map", "Next": "Z", "ItemProcessor": {"StartAt": "A", "States": {
	"A": {"Type": "Task", "Resource": "task:a", "Next": "B"}, "B": {"Type": "Task", "Resource": "task:b", "End": true}}}},
	"Z": {"Type": "Task", "Resource": "task:z", "End": true}}}`

// failAtB runs twoSteps until the second item of three has failed at B, with the
// first done and the third at A. It returns the task that failed.
func (s *stage) failAtB(id engine.ExecutionID) (second *call) {
	s.t.Helper()
	s.start(id, twoSteps, `[1,2,3]`)
	var third *call
	for range 3 {
		c := s.calls.nextOf("a")
		if string(c.Task.Input) == "3" {
			third = c
			continue
		}
		c.succeed(string(c.Task.Input) + "0")
	}
	for range 2 {
		if c := s.calls.nextOf("b"); string(c.Task.Input) == "20" {
			second = c
		} else {
			c.succeed("100")
		}
	}
	// The second fails only once the first is done.
	for !slices.ContainsFunc(s.history(id), func(h asl.HistoryEvent) bool { return h.Type == "MapIterationSucceeded" }) {
	}
	second.fail("E", "broken")
	s.expectFailure(id, asl.StatusFailed, "E", "broken")
	third.awaitCancel()
	return second
}

func (s *stage) redrive(id engine.ExecutionID) {
	s.t.Helper()
	if err := s.Redrive(s.t.Context(), id); err != nil {
		s.t.Fatal(err)
	}
}

// Only what failed and what was aborted is done again, under new IDs.
func testRedrive(t *testing.T, s *stage) {
	before := s.failAtB("one")
	old := s.history("one")
	s.redrive("one")
	e, err := s.Get(t.Context(), "one")
	if err != nil || e.Status != asl.StatusRunning || e.Error != "" || e.Cause != "" || !e.Ended.IsZero() || e.Redrives != 1 || e.Redriven.Before(e.Started) {
		t.Errorf("Get = %+v, %v; want it RUNNING, redriven once", e, err)
	}
	if err := s.Redrive(t.Context(), "one"); !errors.Is(err, engine.ErrNotRedrivable) {
		t.Errorf("Redrive of what runs = %v, want ErrNotRedrivable", err)
	}
	b := s.calls.nextOf("b")
	if string(b.Task.Input) != "20" || b.Task.ID <= before.Task.ID || b.Task.Path != before.Task.Path || b.Task.Attempt != 0 {
		t.Errorf("redriven task %+v, was %+v", b.Task, before.Task)
	}
	a := s.calls.nextOf("a")
	if string(a.Task.Input) != "3" {
		t.Errorf("redriven task has the input %s, want 3", a.Task.Input)
	}
	b.succeed("200")
	a.succeed("30")
	s.calls.nextOf("b").succeed("300")
	z := s.calls.nextOf("z")
	if got := string(z.Task.Input); got != "[100,200,300]" {
		t.Errorf("after the Map: %s", got)
	}
	z.fail("E2", "broken again")
	s.expectFailure("one", asl.StatusFailed, "E2", "broken again")
	s.redrive("one")
	s.calls.next().succeed("7")
	s.expect("one", "7")
	if e := s.wait("one"); e.Redrives != 2 || e.Ended.Before(e.Redriven) {
		t.Errorf("Wait = %+v, want it redriven twice", e)
	}
	whole := s.history("one")
	if diff := cmp.Diff(old, whole[:len(old)]); diff != "" {
		t.Errorf("history before and after the redrive:\n%s", diff)
	}
	if h := whole[len(old)]; h.Type != "ExecutionRedriven" || h.Redrives != 1 {
		t.Errorf("the first event after it failed: %+v", h)
	}
}

func testRedriveRefuses(t *testing.T, s *stage) {
	if err := s.Redrive(t.Context(), "none"); !errors.Is(err, engine.ErrNotFound) {
		t.Errorf("Redrive of nothing = %v, want ErrNotFound", err)
	}
	s.start("one", oneTask, `{}`)
	c := s.calls.next()
	if err := s.Redrive(t.Context(), "one"); !errors.Is(err, engine.ErrNotRedrivable) {
		t.Errorf("Redrive of what runs = %v, want ErrNotRedrivable", err)
	}
	c.succeed("1")
	s.expect("one", "1")
	if err := s.Redrive(t.Context(), "one"); !errors.Is(err, engine.ErrNotRedrivable) {
		t.Errorf("Redrive of what has succeeded = %v, want ErrNotRedrivable", err)
	}
	s.start("two", oneTask, `{}`)
	s.calls.next().fail("E", "")
	s.expectFailure("two", asl.StatusFailed, "E", "")
	done := make(chan error)
	for range 4 {
		go func() { done <- s.Redrive(context.Background(), "two") }()
	}
	refused := 0
	for range 4 {
		if err := <-done; errors.Is(err, engine.ErrNotRedrivable) {
			refused++
		} else if err != nil {
			t.Error(err)
		}
	}
	if refused != 3 {
		t.Errorf("of four redrives at once %d were refused, want 3", refused)
	}
	s.calls.next().succeed("2")
	s.expect("two", "2")
}

func testRedriveAcrossClose(t *testing.T, s *stage) {
	s.failAtB("one")
	s.reopen()
	s.redrive("one")
	first := map[string]*call{}
	for range 2 {
		c := s.calls.next()
		first[string(c.Task.Input)] = c
	}
	soFar := s.history("one")
	s.reopen()
	for range 2 {
		c := s.calls.next()
		if old := first[string(c.Task.Input)]; old == nil {
			t.Errorf("task %+v was not under way", c.Task)
		} else if diff := cmp.Diff(old.Task, c.Task); diff != "" {
			t.Errorf("task before and after a restart:\n%s", diff)
		}
		c.succeed(string(c.Task.Input) + "0")
	}
	s.calls.nextOf("b").succeed("300")
	z := s.calls.nextOf("z")
	z.succeed(string(z.Task.Input))
	s.expect("one", "[100,200,300]")
	if diff := cmp.Diff(soFar, s.history("one")[:len(soFar)]); diff != "" {
		t.Errorf("history before and after a restart:\n%s", diff)
	}
	s.start("stopped", oneTask, `{}`)
	s.calls.next()
	if err := s.Stop(t.Context(), "stopped", "E", "by hand"); err != nil {
		t.Fatal(err)
	}
	s.expectFailure("stopped", asl.StatusAborted, "E", "by hand")
	s.redrive("stopped")
	s.calls.next().succeed("4")
	s.expect("stopped", "4")
}
