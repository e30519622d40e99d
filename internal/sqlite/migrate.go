package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Migrate brings the tables of a component to the newest version: steps[i], one
// or more SQL statements, leads from version i to i+1. Each step is one
// transaction together with the record that it is done, so a crash in between
// repeats nothing. Steps are only ever appended; to change one that has been
// released, add another.
//
// A component that stands beyond the last step is ErrNewer. A read-only
// database is only looked at: ErrOlder where a step is missing.
func (db *DB) Migrate(ctx context.Context, component string, steps []string) error {
	at, err := version(ctx, db.read, component)
	if err != nil {
		return fmt.Errorf("migrate %s: %w", component, describe(err))
	}
	switch {
	case at == len(steps):
		return nil
	case at > len(steps):
		return fmt.Errorf("migrate %s: %w: its tables have version %d, this program knows up to %d", component, ErrNewer, at, len(steps))
	case db.readOnly:
		return fmt.Errorf("migrate %s: %w: its tables have version %d, this program reads %d; a run brings them up to date", component, ErrOlder, at, len(steps))
	}
	for at < len(steps) {
		err := db.Write(ctx, func(tx *sql.Tx) error {
			// Another process may have gone ahead since.
			now, err := version(ctx, tx, component)
			if err != nil || now > at {
				at = max(at, now)
				return err
			}
			if _, err := tx.ExecContext(ctx, steps[at]); err != nil {
				return err
			}
			_, err = tx.ExecContext(ctx, `INSERT INTO schema_versions (component, version) VALUES (?, ?)
				ON CONFLICT (component) DO UPDATE SET version = excluded.version`, component, at+1)
			return err
		})
		if err != nil {
			return fmt.Errorf("migrate %s, step %d of %d: %w", component, at+1, len(steps), err)
		}
		if at, err = version(ctx, db.read, component); err != nil {
			return fmt.Errorf("migrate %s: %w", component, describe(err))
		}
	}
	if at > len(steps) {
		return fmt.Errorf("migrate %s: %w", component, ErrNewer)
	}
	return nil
}

type querier interface {
	QueryRowContext(context.Context, string, ...any) *sql.Row
}

// missing reports whether there is no table of versions.
func missing(ctx context.Context, q querier) bool {
	n := 1
	err := q.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_master WHERE name = 'schema_versions'`).Scan(&n)
	return err == nil && n == 0
}

func version(ctx context.Context, q querier, component string) (int, error) {
	var v int
	err := q.QueryRowContext(ctx, `SELECT version FROM schema_versions WHERE component = ?`, component).Scan(&v)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	if primary(err) == codeError && missing(ctx, q) {
		return 0, nil // a file that nobody has written to yet, open for reading
	}
	return v, err
}
