package job

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/coranto/coranto/internal/sqlite"
)

// steps are the tables of the package, see sqlite.DB.Migrate.
var steps = []string{`
CREATE TABLE job_attempts (
	execution     TEXT NOT NULL,
	task          INTEGER NOT NULL,
	attempt       INTEGER NOT NULL,
	name          TEXT NOT NULL,
	host          TEXT NOT NULL,
	attempts      INTEGER NOT NULL,           -- allowed
	started       INTEGER NOT NULL,           -- ms since 1970
	ended         INTEGER NOT NULL DEFAULT 0, -- 0: under way, or lost
	exit_code     INTEGER,
	reason        TEXT NOT NULL DEFAULT '',
	status_reason TEXT NOT NULL DEFAULT '',
	cause         TEXT NOT NULL DEFAULT '',   -- Cause; empty: it went well
	said          TEXT NOT NULL DEFAULT '',
	output        BLOB,
	PRIMARY KEY (execution, task, attempt)
)`}

// Log is the record of attempts. Another process may read it while a Runner
// is at work.
type Log struct{ db *sqlite.DB }

// NewLog returns the log in db, which may be read-only.
func NewLog(ctx context.Context, db *sqlite.DB) (*Log, error) {
	if err := db.Migrate(ctx, "job", steps); err != nil {
		return nil, err
	}
	return &Log{db}, nil
}

// Attempt is one try at a job.
type Attempt struct {
	Task    uint64    `json:"task"` // of the execution
	Name    string    `json:"name"`
	Number  int       `json:"attempt"` // from 1
	Of      int       `json:"of"`      // allowed
	Host    string    `json:"host"`
	Started time.Time `json:"started"`
	Ended   time.Time `json:"ended,omitzero"`
	Outcome
	Cause Cause  `json:"cause,omitempty"` // empty: it went well, or is under way
	Said  string `json:"said,omitempty"`

	output []byte
}

const attemptColumns = `task, attempt, name, host, attempts, started, ended, exit_code, reason, status_reason, cause, said`

func scanAttempt(scan func(...any) error, more ...any) (Attempt, error) {
	var a Attempt
	var started, end int64
	var code sql.NullInt64
	err := scan(append([]any{&a.Task, &a.Number, &a.Name, &a.Host, &a.Of, &started, &end, &code, &a.Reason, &a.StatusReason, &a.Cause, &a.Said}, more...)...)
	a.Started = time.UnixMilli(started).UTC()
	if end != 0 {
		a.Ended = time.UnixMilli(end).UTC()
	}
	if code.Valid {
		c := int(code.Int64)
		a.ExitCode = &c
	}
	return a, err
}

// Attempts lists the attempts of an execution's jobs, by task and number.
func (l *Log) Attempts(ctx context.Context, execution string) ([]Attempt, error) {
	rows, err := l.db.Read().QueryContext(ctx, `SELECT `+attemptColumns+` FROM job_attempts WHERE execution = ? ORDER BY task, attempt`, execution)
	if err != nil {
		return nil, sqlite.Explain(err)
	}
	defer rows.Close()
	var list []Attempt
	for rows.Next() {
		a, err := scanAttempt(rows.Scan)
		if err != nil {
			return nil, err
		}
		list = append(list, a)
	}
	return list, sqlite.Explain(rows.Err())
}

// last is the newest attempt at a job, nil where there was none.
func (l *Log) last(ctx context.Context, execution string, task uint64) (*Attempt, error) {
	var output []byte
	a, err := scanAttempt(l.db.Read().QueryRowContext(ctx,
		`SELECT `+attemptColumns+`, output FROM job_attempts WHERE execution = ? AND task = ? ORDER BY attempt DESC LIMIT 1`, execution, int64(task)).Scan, &output)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the attempts of task %d of %s: %w", task, execution, sqlite.Explain(err))
	}
	a.output = output
	return &a, nil
}

// begin records that an attempt begins, before it does.
func (l *Log) begin(ctx context.Context, j Job, n int, at time.Time) error {
	host, _ := os.Hostname()
	return l.write(ctx, "begin", j, n, `INSERT INTO job_attempts (execution, task, attempt, name, host, attempts, started) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		j.Execution, int64(j.Task), n, j.Name, host, max(1, j.Strategy.Attempts), at.UnixMilli())
}

// end records how it ended, before anything follows from it.
func (l *Log) end(ctx context.Context, j Job, n int, e ended, at time.Time) error {
	var code sql.NullInt64
	if c := e.Outcome.ExitCode; c != nil {
		code = sql.NullInt64{Int64: int64(*c), Valid: true}
	}
	return l.write(ctx, "end", j, n, `UPDATE job_attempts SET ended = ?, exit_code = ?, reason = ?, status_reason = ?, cause = ?, said = ?, output = ?
		WHERE execution = ? AND task = ? AND attempt = ?`,
		max(1, at.UnixMilli()), code, e.Outcome.Reason, e.Outcome.StatusReason, string(e.Cause), e.Said, e.Output, j.Execution, int64(j.Task), n)
}

// forget takes back an attempt that was stopped: it does not count.
func (l *Log) forget(ctx context.Context, j Job, n int) error {
	return l.write(ctx, "forget", j, n, `DELETE FROM job_attempts WHERE execution = ? AND task = ? AND attempt = ?`, j.Execution, int64(j.Task), n)
}

func (l *Log) write(ctx context.Context, what string, j Job, n int, query string, args ...any) error {
	err := l.db.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec(query, args...)
		return err
	})
	if err != nil {
		return fmt.Errorf("%s attempt %d of task %s: %w", what, n, j.Name, err)
	}
	return nil
}

// Prune removes the attempts of executions that are no longer kept.
func (l *Log) Prune(ctx context.Context, kept func(execution string) (bool, error)) error {
	rows, err := l.db.Read().QueryContext(ctx, `SELECT DISTINCT execution FROM job_attempts`)
	if err != nil {
		return sqlite.Explain(err)
	}
	var all []string
	for rows.Next() {
		var x string
		if err := rows.Scan(&x); err != nil {
			break
		}
		all = append(all, x)
	}
	rows.Close()
	if err := rows.Err(); err != nil {
		return sqlite.Explain(err)
	}
	for _, x := range all {
		keep, err := kept(x)
		if err != nil {
			return err
		}
		if keep {
			continue
		}
		if err := l.db.Write(ctx, func(tx *sql.Tx) error {
			_, err := tx.Exec(`DELETE FROM job_attempts WHERE execution = ?`, x)
			return err
		}); err != nil {
			return fmt.Errorf("remove the attempts of %s: %w", x, err)
		}
	}
	return nil
}
