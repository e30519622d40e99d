package local_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coranto/coranto/asl"
	"github.com/coranto/coranto/internal/engine"
	"github.com/coranto/coranto/internal/engine/local"
	"github.com/coranto/coranto/internal/sqlite"
)

const oneTask = `{"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "a", "End": true}}}`

func echo(_ context.Context, t engine.Task) (json.RawMessage, error) { return t.Input, nil }

func hang(ctx context.Context, _ engine.Task) (json.RawMessage, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func change(t *testing.T, db *sqlite.DB, query string, args ...any) {
	t.Helper()
	err := db.Write(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.Exec(query, args...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func count(t *testing.T, db *sqlite.DB, table string) (n int) {
	t.Helper()
	if err := db.Read().QueryRow(`SELECT count(*) FROM ` + table).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// What cannot be replayed ends with the reason, and harms no other execution.
func TestWhatCannotBeResumed(t *testing.T) {
	for _, tt := range []struct {
		name, sql, error string
	}{
		{"another revision", `UPDATE engine_executions SET revision = 999 WHERE id = 'bad'`, engine.ErrorRevision},
		{"definition changed", `UPDATE engine_definitions SET body = body || ' ' WHERE hash = (SELECT definition FROM engine_executions WHERE id = 'bad')`, engine.ErrorJournal},
		{"definition broken", `UPDATE engine_definitions SET body = '{' WHERE hash = (SELECT definition FROM engine_executions WHERE id = 'bad')`, engine.ErrorJournal},
		{"input broken", `UPDATE engine_executions SET input = '{' WHERE id = 'bad'`, engine.ErrorJournal},
		{"result damaged", `UPDATE engine_blobs SET body = x'00', size = 1 WHERE 1`, engine.ErrorJournal},
		{"result gone", `DELETE FROM engine_blobs WHERE 1`, engine.ErrorJournal},
		{"input gone", `UPDATE engine_executions SET input = 'sha256:00' WHERE id = 'bad'`, engine.ErrorJournal},
		{"journal broken", `UPDATE engine_journal SET events = 'x' || char(10) WHERE id >> 32 = (SELECT key FROM engine_executions WHERE id = 'bad')`, engine.ErrorJournal},
		{"journal cut", `UPDATE engine_journal SET events = substr(events, 1, 20) WHERE id >> 32 = (SELECT key FROM engine_executions WHERE id = 'bad')`, engine.ErrorJournal},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			reached := make(chan bool, 2)
			large := json.RawMessage(`"` + strings.Repeat("x", local.BlobSize) + `"`)
			tasks := engine.TaskMap{"a": func(_ context.Context, task engine.Task) (json.RawMessage, error) {
				if task.Execution == "bad" {
					return large, nil
				}
				return task.Input, nil
			}, "b": func(ctx context.Context, task engine.Task) (json.RawMessage, error) {
				reached <- true
				return hang(ctx, task)
			}}
			r := openRuntime(t, dir, tasks, local.Options{})
			two := `{"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "a", "Next": "B"}, "B": {"Type": "Task", "Resource": "b", "End": true}}}`
			start(t, r, "bad", two+" ", `{}`)
			start(t, r, "good", two, `{}`)
			<-reached
			<-reached
			if err := r.Runtime.Close(); err != nil {
				t.Fatal(err)
			}
			change(t, r.db, tt.sql)
			if err := r.db.Close(); err != nil {
				t.Fatal(err)
			}
			tasks["b"] = echo
			for range 2 { // it stays ended
				r = openRuntime(t, dir, tasks, local.Options{})
				if e := wait(t, r, "good"); e.Status != asl.StatusSucceeded {
					t.Errorf("the other execution ended %s, %s", e.Status, e.Error)
				}
				l, err := r.List(t.Context(), engine.Filter{Status: asl.StatusFailed})
				if strings.HasPrefix(tt.name, "input gone") {
					err, l = nil, []engine.Execution{{ID: "bad", Error: tt.error, Ended: time.Now()}} // its input cannot be shown
				}
				if err != nil || len(l) != 1 || l[0].ID != "bad" || l[0].Error != tt.error || l[0].Ended.IsZero() {
					t.Errorf("List = %+v, %v; want bad with %s", l, err, tt.error)
				}
				if err := r.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func TestBlobsAreKeptOnce(t *testing.T) {
	dir := t.TempDir()
	doc := json.RawMessage(`"` + strings.Repeat("x", 200<<10) + `"`)
	tasks := engine.TaskMap{"a": func(ctx context.Context, t engine.Task) (json.RawMessage, error) {
		blobs := engine.BlobsOf(ctx)
		ref, err := blobs.Put(ctx, []byte("of a task"))
		if err != nil {
			return nil, err
		}
		back, err := blobs.Get(ctx, ref)
		if err != nil || string(back) != "of a task" {
			return nil, fmt.Errorf("got %q, %w", back, err)
		}
		return doc, nil
	}}
	r := openRuntime(t, dir, tasks, local.Options{})
	machine := `{"StartAt": "M", "States": {"M": {"Type": "Map", "End": true, "ItemsPath": "$.items", "ResultPath": "$.out", "ItemProcessor": ` + oneTask + `}}}`
	for _, id := range []engine.ExecutionID{"1", "2"} {
		start(t, r, id, machine, `{"items":[1,2,3,4,5]}`)
		if e := wait(t, r, id); e.Status != asl.StatusSucceeded || len(e.Output) < 1_000_000 {
			t.Fatalf("ended %s %s %s with %d bytes", e.Status, e.Error, e.Cause, len(e.Output))
		}
	}
	if got := count(t, r.db, "engine_blobs"); got != 3 { // doc, the output, the task's own
		t.Errorf("%d blobs, want 3", got)
	}
	if ref, err := r.Blobs().Put(t.Context(), []byte("of nobody")); err != nil || ref == "" {
		t.Errorf("Put = %q, %v", ref, err)
	}
	if _, err := r.Blobs().Get(t.Context(), "sha256:00"); !errors.Is(err, engine.ErrNotFound) {
		t.Errorf("Get of nothing = %v, want ErrNotFound", err)
	}
	if n, err := r.Prune(t.Context(), 1, time.Time{}); n != 1 || err != nil {
		t.Errorf("Prune = %d, %v; want 1", n, err)
	}
	if e := wait(t, r, "2"); len(e.Output) < 1_000_000 {
		t.Errorf("output of %d bytes after Prune of the other", len(e.Output))
	}
	if n, err := r.Prune(t.Context(), 0, time.Time{}); n != 1 || err != nil {
		t.Errorf("Prune = %d, %v; want 1", n, err)
	}
	for _, table := range []string{"engine_executions", "engine_journal", "engine_blobs", "engine_blob_users", "engine_definitions"} {
		if got := count(t, r.db, table); got != 0 {
			t.Errorf("%d rows left in %s", got, table)
		}
	}
}

// memory is a Blobs of one's own.
type memory map[engine.Ref][]byte

func (m memory) Put(_ context.Context, v []byte) (engine.Ref, error) {
	ref := engine.Ref(fmt.Sprintf("sha256:%d", len(m)))
	m[ref] = slices.Clone(v)
	return ref, nil
}

func (m memory) Get(_ context.Context, ref engine.Ref) ([]byte, error) {
	if v, ok := m[ref]; ok {
		return v, nil
	}
	return nil, engine.ErrNotFound
}

func TestBlobsOfOnesOwn(t *testing.T) {
	dir := t.TempDir()
	doc := `"` + strings.Repeat("y", 100<<10) + `"`
	blobs := memory{}
	r := openRuntime(t, dir, engine.TaskMap{"a": echo}, local.Options{Blobs: blobs, Workers: 1})
	start(t, r, "one", oneTask, doc)
	if e := wait(t, r, "one"); string(e.Output) != doc || string(e.Input) != doc {
		t.Errorf("ended %s with %d bytes from %d", e.Status, len(e.Output), len(e.Input))
	}
	if len(blobs) != 3 || count(t, r.db, "engine_blobs") != 0 { // input, result, output
		t.Errorf("%d values outside, %d inside", len(blobs), count(t, r.db, "engine_blobs"))
	}
	n := 0
	for _, err := range r.History(t.Context(), "one") {
		if n++; err != nil {
			t.Error(err)
		}
	}
	if n == 0 {
		t.Error("no history")
	}
}

func TestPrune(t *testing.T) {
	dir := t.TempDir()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	r := openRuntime(t, dir, engine.TaskMap{"a": echo, "hang": hang}, local.Options{Now: func() time.Time { return now }})
	start(t, r, "runs", strings.Replace(oneTask, `"a"`, `"hang"`, 1), `{}`)
	for i := range 40 {
		now = now.Add(time.Hour)
		id := engine.ExecutionID(fmt.Sprintf("%02d", i))
		start(t, r, id, oneTask, `{}`)
		wait(t, r, id)
	}
	left := func() (ids []string) {
		l, err := r.List(t.Context(), engine.Filter{})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range l {
			ids = append(ids, string(e.ID))
		}
		return ids
	}
	for _, tt := range []struct {
		keep, removed int
		older         time.Time
		left          int
		oldest        string
	}{
		{100, 0, time.Time{}, 41, "00"},
		{0, 3, now.Add(-36 * time.Hour), 38, "03"},
		{35, 2, time.Time{}, 36, "05"},
		{1, 34, time.Time{}, 2, "39"},
		{0, 1, time.Time{}, 1, "runs"},
	} {
		n, err := r.Prune(t.Context(), tt.keep, tt.older)
		ids := left()
		if n != tt.removed || err != nil || len(ids) != tt.left || !slices.Contains(ids, tt.oldest) || !slices.Contains(ids, "runs") {
			t.Errorf("Prune(%d, %v) = %d, %v; left %v", tt.keep, tt.older, n, err, ids)
		}
	}
}

func TestStoreInASecondPlace(t *testing.T) {
	dir := t.TempDir()
	r := openRuntime(t, dir, engine.TaskMap{"a": hang}, local.Options{})
	start(t, r, "one", oneTask, `{"x":1}`)
	db, err := sqlite.Open(r.db.Path(), sqlite.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	s, err := local.NewStore(t.Context(), db, nil)
	if err != nil {
		t.Fatal(err)
	}
	if e, err := s.Get(t.Context(), "one"); err != nil || e.Status != asl.StatusRunning || string(e.Input) != `{"x":1}` {
		t.Errorf("Get = %+v, %v", e, err)
	}
	if def, err := s.Definition(t.Context(), "one"); err != nil || string(def) != oneTask {
		t.Errorf("Definition = %s, %v", def, err)
	}
	events := 0
	for _, err := range s.History(t.Context(), "one") {
		if events++; err != nil {
			t.Error(err)
		}
	}
	if events == 0 {
		t.Error("no history")
	}
}

func TestStoreBeforeAnyRun(t *testing.T) {
	dir := t.TempDir()
	if err := openDB(t, dir).Close(); err != nil {
		t.Fatal(err)
	}
	db, err := sqlite.Open(dir+"/state.db", sqlite.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	s, err := local.NewStore(t.Context(), db, nil)
	if err != nil {
		t.Fatal(err)
	}
	if l, err := s.List(t.Context(), engine.Filter{}); err != nil || len(l) != 0 {
		t.Errorf("List = %v, %v", l, err)
	}
	if _, err := s.Get(t.Context(), "x"); !errors.Is(err, engine.ErrNotFound) {
		t.Errorf("Get = %v, want ErrNotFound", err)
	}
}

func TestObserve(t *testing.T) {
	dir := t.TempDir()
	var seen []asl.HistoryEvent
	r := openRuntime(t, dir, engine.TaskMap{"a": echo}, local.Options{Observe: func(id engine.ExecutionID, h asl.HistoryEvent) {
		if id == "one" {
			seen = append(seen, h)
		}
	}})
	start(t, r, "one", oneTask, `{}`)
	wait(t, r, "one")
	i := 0
	for h, err := range r.History(t.Context(), "one") {
		if err != nil || i >= len(seen) || h.ID != seen[i].ID || h.Type != seen[i].Type || !h.Time.Equal(seen[i].Time) {
			t.Errorf("event %d: history %+v, %v; %d observed", i, h, err, len(seen))
		}
		i++
	}
	if i != len(seen) || i == 0 {
		t.Errorf("%d events observed, %d in the history", len(seen), i)
	}
}
