package local

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/coranto/coranto/internal/sqlite"
)

// pruneBatch is how many executions one transaction removes: the journal waits
// for it.
const pruneBatch = 16

// Prune removes executions that ended before olderThan, with their journals
// and the blobs nobody else uses, but keeps the newest keepNewest of those that
// have ended. A zero olderThan means any age. It returns how many it removed.
// Their IDs are free again.
func (r *Runtime) Prune(ctx context.Context, keepNewest int, olderThan time.Time) (int, error) {
	limit := olderThan.UnixNano()
	if olderThan.IsZero() {
		limit = r.o.Now().UnixNano() + 1
	}
	removed := 0
	for {
		n := 0
		r.pruning.Lock()
		err := r.db.Write(ctx, func(tx *sql.Tx) error {
			keys, err := oldest(ctx, tx, keepNewest, limit)
			if err != nil {
				return err
			}
			n = len(keys)
			for _, key := range keys {
				if err := remove(ctx, tx, key); err != nil {
					return err
				}
			}
			if n < pruneBatch {
				return removeLoose(ctx, tx, limit)
			}
			return nil
		})
		r.pruning.Unlock()
		if err != nil {
			return removed, fmt.Errorf("prune executions: %w", sqlite.Explain(err))
		}
		removed += n
		if n < pruneBatch {
			return removed, nil
		}
	}
}

// oldest finds the next executions to remove.
func oldest(ctx context.Context, tx *sql.Tx, keep int, before int64) ([]int64, error) {
	rows, err := tx.QueryContext(ctx, `SELECT key FROM (
			SELECT key, ended, started FROM engine_executions WHERE ended IS NOT NULL ORDER BY started DESC, key DESC LIMIT -1 OFFSET ?
		) WHERE ended < ? ORDER BY started, key LIMIT ?`, max(keep, 0), before, pruneBatch)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var keys []int64
	for rows.Next() {
		var k int64
		if err := rows.Scan(&k); err != nil {
			return nil, err
		}
		keys = append(keys, k)
	}
	return keys, rows.Err()
}

func remove(ctx context.Context, tx *sql.Tx, key int64) error {
	for _, q := range []struct {
		query string
		args  []any
	}{
		{`DELETE FROM engine_journal WHERE id >= ? AND id < ?`, []any{journalID(key, 0), journalID(key+1, 0)}},
		{`DELETE FROM engine_blobs WHERE ref IN (SELECT ref FROM engine_blob_users WHERE execution = ?1)
			AND NOT EXISTS (SELECT 1 FROM engine_blob_users u WHERE u.ref = engine_blobs.ref AND u.execution <> ?1)`, []any{key}},
		{`DELETE FROM engine_blob_users WHERE execution = ?`, []any{key}},
		{`DELETE FROM engine_executions WHERE key = ?`, []any{key}},
	} {
		if _, err := tx.ExecContext(ctx, q.query, q.args...); err != nil {
			return err
		}
	}
	return nil
}

// removeLoose removes what no execution needs: definitions, and old blobs that
// were put by nobody's task.
func removeLoose(ctx context.Context, tx *sql.Tx, before int64) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM engine_definitions
		WHERE NOT EXISTS (SELECT 1 FROM engine_executions WHERE definition = engine_definitions.hash)`); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `DELETE FROM engine_blobs
		WHERE stored < ? AND NOT EXISTS (SELECT 1 FROM engine_blob_users u WHERE u.ref = engine_blobs.ref)`, before)
	return err
}
