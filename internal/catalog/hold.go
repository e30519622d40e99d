package catalog

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"time"
)

// Holds remembers until when a server asked to be left alone (Retry-After), by
// origin or URL. It is asked several times a request, so it answers from
// memory; what is told it is durable.
type Holds struct {
	c  *Catalog
	mu sync.RWMutex
	at map[string]time.Time
}

// Holds reads the holds that are on at now, and removes those that are over.
func (c *Catalog) Holds(ctx context.Context, now time.Time) (*Holds, error) {
	err := c.db.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM hold WHERE until <= ?`, now.Unix())
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("forget holds that are over: %w", err)
	}
	rows, err := c.db.Read().QueryContext(ctx, `SELECT key, until FROM hold`)
	if err != nil {
		return nil, fmt.Errorf("read holds: %w", err)
	}
	defer rows.Close()
	h := &Holds{c: c, at: map[string]time.Time{}}
	for rows.Next() {
		var key string
		var until int64
		if err := rows.Scan(&key, &until); err != nil {
			return nil, fmt.Errorf("read holds: %w", err)
		}
		h.at[key] = time.Unix(until, 0).UTC()
	}
	return h, rows.Err()
}

// Hold remembers that key is not to be asked before until.
func (h *Holds) Hold(ctx context.Context, key string, until time.Time) error {
	h.mu.Lock()
	if !h.at[key].Before(until) {
		h.mu.Unlock()
		return nil
	}
	h.at[key] = until
	h.mu.Unlock()
	err := h.c.db.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO hold VALUES (?, ?) ON CONFLICT DO UPDATE SET until = MAX(until, excluded.until)`, key, until.Unix())
		return err
	})
	if err != nil {
		return fmt.Errorf("remember the hold of %s: %w", key, err)
	}
	return nil
}

// Held returns until when key is held, the zero time when it is not.
func (h *Holds) Held(_ context.Context, key string) (time.Time, error) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.at[key], nil
}
