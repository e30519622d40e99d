package catalog

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/coranto/coranto/internal/failpoint"
)

var (
	beforeNote = failpoint.Name("catalog.before-note")
	afterNote  = failpoint.Name("catalog.after-note")
)

// originSchema is of what is noted of servers, whoever their sources are.
const originSchema = `
CREATE TABLE origin_note (
	kind  TEXT NOT NULL, -- manners, robots
	key   TEXT NOT NULL, -- the origin, after the zone where that is not the default
	seen  INTEGER NOT NULL, -- Unix seconds
	value TEXT NOT NULL, -- JSON
	PRIMARY KEY (kind, key)
) WITHOUT ROWID;`

// Kinds of notes.
const (
	noteManners = "manners"
	noteRobots  = "robots"
)

// maxNotes bounds the origins that are remembered; the longest unseen go.
const maxNotes = 20_000

// notes returns all of a kind, by key.
func (c *Catalog) notes(ctx context.Context, kind string) (map[string]string, error) {
	var there int
	err := c.db.Read().QueryRowContext(ctx, `SELECT 1 FROM sqlite_master WHERE name = 'origin_note'`).Scan(&there)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil // a state that an older coranto wrote
	}
	if err != nil {
		return nil, fmt.Errorf("read what is noted of servers: %w", err)
	}
	rows, err := c.db.Read().QueryContext(ctx, `SELECT key, value FROM origin_note WHERE kind = ?`, kind)
	if err != nil {
		return nil, fmt.Errorf("read what is noted of servers: %w", err)
	}
	defer rows.Close()
	out := map[string]string{}
	for rows.Next() {
		var key, value string
		if err := rows.Scan(&key, &value); err != nil {
			return nil, fmt.Errorf("read what is noted of servers: %w", err)
		}
		out[key] = value
	}
	return out, rows.Err()
}

// note changes notes of a kind in one transaction: change gets each as it is,
// "" where there is none.
func (c *Catalog) note(ctx context.Context, kind string, keys []string, seen time.Time, change func(key, old string) (string, error)) error {
	if len(keys) == 0 {
		return nil
	}
	if err := failpoint.Hit(beforeNote); err != nil {
		return err
	}
	err := c.db.Write(ctx, func(tx *sql.Tx) error {
		get, err := tx.PrepareContext(ctx, `SELECT value FROM origin_note WHERE kind = ? AND key = ?`)
		if err != nil {
			return err
		}
		defer get.Close()
		put, err := tx.PrepareContext(ctx, `INSERT INTO origin_note VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET seen = excluded.seen, value = excluded.value`)
		if err != nil {
			return err
		}
		defer put.Close()
		for _, key := range keys {
			var old string
			if err := get.QueryRowContext(ctx, kind, key).Scan(&old); err != nil && !errors.Is(err, sql.ErrNoRows) {
				return err
			}
			value, err := change(key, old)
			if err != nil {
				return err
			}
			if _, err := put.ExecContext(ctx, kind, key, seen.Unix(), value); err != nil {
				return err
			}
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM origin_note WHERE kind = ?1 AND (SELECT count(*) FROM origin_note WHERE kind = ?1) > ?2
			AND key NOT IN (SELECT key FROM origin_note WHERE kind = ?1 ORDER BY seen DESC LIMIT ?2)`, kind, maxNotes)
		return err
	})
	if err != nil {
		return fmt.Errorf("note what %d servers did: %w", len(keys), err)
	}
	return failpoint.Hit(afterNote)
}
