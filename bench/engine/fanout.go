package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/coranto/coranto/asl"
	"github.com/coranto/coranto/internal/engine"
	"github.com/coranto/coranto/internal/engine/local"
	"github.com/coranto/coranto/internal/sqlite"
)

const tasks = 1000

const oneTask = `{"StartAt":"A","States":{"A":{"Type":"Task","Resource":"a","End":true}}}`

// mapOf is a Map over $.items whose results are dropped.
func mapOf(processor string) string {
	return `{"StartAt":"M","States":{"M":{"Type":"Map","ItemsPath":"$.items","ResultPath":null,"End":true,"ItemProcessor":` + processor + `}}}`
}

// items is an input with n numbers and whatever more says.
func items(n int, more string) json.RawMessage {
	var b bytes.Buffer
	b.WriteString(`{"items":[`)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprint(&b, i)
	}
	b.WriteString("]" + more + "}")
	return b.Bytes()
}

// site is a runtime on a database of its own.
type site struct {
	*local.Runtime
	db *sqlite.DB
	n  int
}

func open(ctx context.Context, dir, name string, t engine.Tasks) (*site, error) {
	db, err := sqlite.Open(filepath.Join(dir, name+".db"), sqlite.Options{})
	if err != nil {
		return nil, err
	}
	r, err := local.Open(ctx, db, t, local.Options{})
	if err != nil {
		db.Close()
		return nil, err
	}
	return &site{Runtime: r, db: db}, nil
}

func (s *site) close() {
	s.Runtime.Close()
	s.db.Close()
}

// execute starts an execution, and returns how long it took to its end.
func (s *site) execute(ctx context.Context, definition string, input json.RawMessage) (time.Duration, error) {
	s.n++
	id := engine.ExecutionID(fmt.Sprint(s.n))
	began := time.Now()
	if err := s.Start(ctx, engine.StartRequest{ID: id, Workflow: "w", Definition: []byte(definition), Input: input}); err != nil {
		return 0, err
	}
	e, err := s.Wait(ctx, id)
	took := time.Since(began)
	if err == nil && e.Status != asl.StatusSucceeded {
		err = fmt.Errorf("execution %s: %s %s", e.Status, e.Error, e.Cause)
	}
	return took, err
}

// fanOut compares durable tasks with the journal that they leave: all at once,
// where a few large transactions take everything, and 40 at a time, where the
// next task waits until an earlier one is durable.
func fanOut(ctx context.Context, dir string, rounds int) error {
	fmt.Println("1,000 tasks fanned out\ttasks/s\ttransactions\tSQLite, the same rows\t×\tSQLite, a row a result\t×")
	for _, size := range []int{10, 2000} {
		for _, workers := range []int{tasks, 40} {
			f, err := compare(ctx, dir, size, workers, rounds)
			if err != nil {
				return err
			}
			fmt.Printf("results of %d bytes, %d at a time\t%.0f\t%.0f\t%.0f\t%.2f\t%.0f\t%.2f\n", size, workers,
				f.ours.median(), f.transactions.median(), f.same.median(), ratio(f.ours, f.same), f.each.median(), ratio(f.ours, f.each))
		}
	}
	return nil
}

// fan is tasks a second, and the transactions of ours.
type fan struct{ ours, same, each, transactions sample }

func compare(ctx context.Context, dir string, size, workers, rounds int) (f fan, err error) {
	name := fmt.Sprint(size, "-", workers)
	result := json.RawMessage(`"` + strings.Repeat("x", size-2) + `"`)
	s, err := open(ctx, dir, "fan"+name, engine.TaskMap{"a": func(context.Context, engine.Task) (json.RawMessage, error) { return result, nil }})
	if err != nil {
		return f, err
	}
	defer s.close()
	same, err := journalOnly(ctx, dir, "same"+name)
	if err != nil {
		return f, err
	}
	defer same.Close()
	each, err := journalOnly(ctx, dir, "each"+name)
	if err != nil {
		return f, err
	}
	defer each.Close()
	definition := strings.Replace(mapOf(oneTask), `"Type":"Map"`, fmt.Sprintf(`"Type":"Map","MaxConcurrency":%d`, workers), 1)
	for range rounds {
		took, err := s.execute(ctx, definition, items(tasks, ""))
		if err != nil {
			return f, err
		}
		f.ours = append(f.ours, rate(tasks, took))
		rows, err := lastRows(ctx, s.db)
		if err != nil {
			return f, err
		}
		f.transactions = append(f.transactions, float64(len(rows)))
		began := time.Now()
		for _, row := range rows {
			if err := insert(ctx, same, row); err != nil {
				return f, err
			}
		}
		f.same = append(f.same, rate(tasks, time.Since(began)))
		began = time.Now()
		if err := drained(ctx, each, result, workers); err != nil {
			return f, err
		}
		f.each = append(f.each, rate(tasks, time.Since(began)))
	}
	return f, nil
}

func journalOnly(ctx context.Context, dir, name string) (*sqlite.DB, error) {
	db, err := sqlite.Open(filepath.Join(dir, name+".db"), sqlite.Options{})
	if err != nil {
		return nil, err
	}
	return db, db.Migrate(ctx, "journal", []string{`CREATE TABLE journal (id INTEGER PRIMARY KEY, events TEXT NOT NULL) STRICT`})
}

// lastRows is the journal of the newest execution, a row a transaction.
func lastRows(ctx context.Context, db *sqlite.DB) ([]string, error) {
	rows, err := db.Read().QueryContext(ctx, `SELECT events FROM engine_journal WHERE id >> 32 = (SELECT max(key) FROM engine_executions) ORDER BY id`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var row string
		if err := rows.Scan(&row); err != nil {
			return nil, err
		}
		out = append(out, row)
	}
	return out, rows.Err()
}

func insert(ctx context.Context, db *sqlite.DB, rows ...string) error {
	return db.Write(ctx, func(tx *sql.Tx) error {
		stmt, err := tx.Prepare(`INSERT INTO journal (events) VALUES (?)`)
		if err != nil {
			return err
		}
		defer stmt.Close()
		for _, row := range rows {
			if _, err := stmt.Exec(row); err != nil {
				return err
			}
		}
		return nil
	})
}

// result is a line of the journal whose writer is told when it is durable.
type result struct {
	line string
	done chan error
}

// drained is the least that any runtime does: as many workers as are allowed
// hand in a result each and wait until it is durable, and one writer commits
// whatever waits, a row a result.
func drained(ctx context.Context, db *sqlite.DB, output []byte, workers int) error {
	waiting := make(chan result, tasks)
	next := make(chan int, tasks)
	for i := range tasks {
		next <- i
	}
	close(next)
	failed := make(chan error, workers)
	var todo sync.WaitGroup
	for range workers {
		todo.Go(func() {
			for i := range next {
				r := result{fmt.Sprintf(`{"kind":"task-succeeded","time":%d,"id":%d,"output":%s}`, time.Now().UnixNano(), i, output), make(chan error, 1)}
				waiting <- r
				if err := <-r.done; err != nil {
					failed <- err
					return
				}
			}
		})
	}
	go func() { todo.Wait(); close(waiting); close(failed) }()
	var lines []string
	var told []chan error
	for r := range waiting {
		lines, told = append(lines[:0], r.line), append(told[:0], r.done)
		for n := len(waiting); n > 0; n-- {
			r := <-waiting
			lines, told = append(lines, r.line), append(told, r.done)
		}
		err := insert(ctx, db, lines...)
		for _, done := range told {
			done <- err
		}
	}
	return <-failed
}
