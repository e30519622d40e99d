package local

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/coranto/coranto/asl"
	"github.com/coranto/coranto/internal/engine"
	"github.com/coranto/coranto/internal/sqlite"
)

// Store looks at the executions in a database, running or ended, without
// running any; a second process may do so while a Runtime is at work.
type Store struct {
	db       *sql.DB
	blobs    engine.Blobs
	packer   *packer
	machines machines
	empty    bool // no runtime has been here yet
}

// NewStore returns a Store on db, which may be read-only. blobs is what the
// runtime was given, nil for its own.
func NewStore(ctx context.Context, db *sqlite.DB, blobs engine.Blobs) (*Store, error) {
	p, err := newPacker()
	if err != nil {
		return nil, fmt.Errorf("read executions: %w", err)
	}
	s := &Store{db: db.Read(), blobs: blobs, packer: p}
	if blobs == nil {
		s.blobs = readTable{s.db, p}
	}
	var n int
	if err := s.db.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_master WHERE name = 'engine_executions'`).Scan(&n); err != nil {
		return nil, fmt.Errorf("read executions: %w", sqlite.Explain(err))
	}
	s.empty = n == 0
	if !s.empty {
		if err := db.Migrate(ctx, "engine", schema); err != nil {
			return nil, fmt.Errorf("read executions: %w", err)
		}
	}
	return s, nil
}

// row is a row of engine_executions.
type row struct {
	key                      int64
	id, workflow, definition string
	revision                 int
	limits                   string
	seed                     int64
	started                  int64
	input, status            string
	ended                    sql.NullInt64
	output, error, cause     sql.NullString
	redrives                 int
	redriven                 sql.NullInt64
}

const rowColumns = `key, id, workflow, definition, revision, limits, seed, started, input, status, ended, output, error, cause, redrives, redriven`

func (w *row) scan(from interface{ Scan(...any) error }) error {
	return from.Scan(&w.key, &w.id, &w.workflow, &w.definition, &w.revision, &w.limits, &w.seed, &w.started, &w.input, &w.status,
		&w.ended, &w.output, &w.error, &w.cause, &w.redrives, &w.redriven)
}

func (s *Store) row(ctx context.Context, id engine.ExecutionID) (row, error) {
	var w row
	if s.empty {
		return w, engine.ErrNotFound
	}
	err := w.scan(s.db.QueryRowContext(ctx, `SELECT `+rowColumns+` FROM engine_executions WHERE id = ?`, string(id)))
	if errors.Is(err, sql.ErrNoRows) {
		return w, engine.ErrNotFound
	}
	return w, sqlite.Explain(err)
}

// text gives the JSON of a value column.
func (s *Store) text(ctx context.Context, column string) (json.RawMessage, error) {
	if !isRef(column) {
		return json.RawMessage(column), nil
	}
	return s.blobs.Get(ctx, engine.Ref(column))
}

func (s *Store) value(ctx context.Context, column string) (asl.Value, error) {
	text, err := s.text(ctx, column)
	if err != nil {
		return asl.Value{}, err
	}
	return asl.ParseValue(text)
}

func (s *Store) execution(ctx context.Context, w *row) (engine.Execution, error) {
	e := engine.Execution{
		ID: engine.ExecutionID(w.id), Workflow: w.workflow, Status: asl.Status(w.status),
		Started: fromNano(w.started), Error: w.error.String, Cause: w.cause.String, Redrives: w.redrives,
	}
	if w.redriven.Valid {
		e.Redriven = fromNano(w.redriven.Int64)
	}
	if w.ended.Valid {
		e.Ended = fromNano(w.ended.Int64)
	}
	var err error
	if e.Input, err = s.text(ctx, w.input); err == nil && w.output.Valid {
		e.Output, err = s.text(ctx, w.output.String)
	}
	return e, err
}

// Get returns the execution as it is.
func (s *Store) Get(ctx context.Context, id engine.ExecutionID) (engine.Execution, error) {
	w, err := s.row(ctx, id)
	if err != nil {
		return engine.Execution{}, fmt.Errorf("execution %s: %w", id, err)
	}
	e, err := s.execution(ctx, &w)
	if err != nil {
		return engine.Execution{}, fmt.Errorf("execution %s: %w", id, err)
	}
	return e, nil
}

// List returns executions, newest first.
func (s *Store) List(ctx context.Context, f engine.Filter) ([]engine.Execution, error) {
	if s.empty {
		return nil, nil
	}
	out, err := s.list(ctx, f)
	if err != nil {
		return nil, fmt.Errorf("list executions: %w", sqlite.Explain(err))
	}
	return out, nil
}

func (s *Store) list(ctx context.Context, f engine.Filter) ([]engine.Execution, error) {
	if f.Limit <= 0 {
		f.Limit = 100
	}
	rows, err := s.db.QueryContext(ctx, `SELECT `+rowColumns+` FROM engine_executions
		WHERE (?1 = '' OR workflow = ?1) AND (?2 = '' OR status = ?2) ORDER BY started DESC, key DESC LIMIT ?3`,
		f.Workflow, string(f.Status), f.Limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var found []row
	for rows.Next() {
		var w row
		if err := w.scan(rows); err != nil {
			return nil, err
		}
		found = append(found, w)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	out := make([]engine.Execution, len(found))
	for i := range found {
		if out[i], err = s.execution(ctx, &found[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Definition returns the ASL to which an execution is pinned.
func (s *Store) Definition(ctx context.Context, id engine.ExecutionID) ([]byte, error) {
	w, err := s.row(ctx, id)
	var body []byte
	if err == nil {
		body, err = s.definition(ctx, w.definition)
	}
	if err != nil {
		return nil, fmt.Errorf("definition of %s: %w", id, err)
	}
	return body, nil
}

func (s *Store) definition(ctx context.Context, hash string) ([]byte, error) {
	var body string
	err := s.db.QueryRowContext(ctx, `SELECT body FROM engine_definitions WHERE hash = ?`, hash).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		err = fmt.Errorf("%w: the definition is gone", errLine)
	}
	return []byte(body), sqlite.Explain(err)
}
