// Package catalog keeps what is learnt of each source over time: validators,
// health, where it has moved, when it is next due, and until when a server
// asked to be left alone.
//
// All of it can be thrown away: nothing here decides whether a post exists, and
// a lost catalog costs one unconditional request a source. What a source is
// (address, tags, filters) stands in the configuration; posts are content's.
package catalog

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/coranto/coranto/internal/failpoint"
	"github.com/coranto/coranto/internal/sqlite"
)

var (
	beforeRecord = failpoint.Name("catalog.before-record")
	afterRecord  = failpoint.Name("catalog.after-record")
)

var schema = []string{`
CREATE TABLE source_state (
	source TEXT PRIMARY KEY,
	state  TEXT NOT NULL -- State as JSON: read whole, written whole, never searched by a part
) WITHOUT ROWID;
CREATE TABLE hold (
	key   TEXT PRIMARY KEY,
	until INTEGER NOT NULL -- Unix seconds
) WITHOUT ROWID;
CREATE TABLE fact (
	name  TEXT PRIMARY KEY,
	value TEXT NOT NULL
) WITHOUT ROWID;`, originSchema}

// Catalog is the table of source states in the state database.
type Catalog struct {
	db *sqlite.DB
}

// Open makes or migrates the catalog's tables.
func Open(ctx context.Context, db *sqlite.DB) (*Catalog, error) {
	if err := db.Migrate(ctx, "catalog", schema); err != nil {
		return nil, err
	}
	return &Catalog{db}, nil
}

// View is the catalog of a database opened for reading only, by another
// process: nothing is migrated, and no table yet means no state yet.
func View(db *sqlite.DB) *Catalog { return &Catalog{db} }

// States returns the state of every source that has one, by source ID.
func (c *Catalog) States(ctx context.Context) (map[string]State, error) {
	rows, err := c.db.Read().QueryContext(ctx, `SELECT source, state FROM source_state`)
	if err != nil {
		if c.empty(ctx) {
			return map[string]State{}, nil
		}
		return nil, fmt.Errorf("read the catalog: %w", sqlite.Explain(err))
	}
	defer rows.Close()
	out := map[string]State{}
	for rows.Next() {
		var id, text string
		if err := rows.Scan(&id, &text); err != nil {
			return nil, fmt.Errorf("read the catalog: %w", err)
		}
		var s State
		if json.Unmarshal([]byte(text), &s) != nil {
			continue // a state that cannot be read is a state not yet known
		}
		out[id] = s
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the catalog: %w", sqlite.Explain(err))
	}
	return out, nil
}

// Some returns the states of some sources; one that has none is left out.
func (c *Catalog) Some(ctx context.Context, ids []string) (map[string]State, error) {
	get, err := c.db.Read().PrepareContext(ctx, `SELECT state FROM source_state WHERE source = ?`)
	if err != nil {
		return nil, fmt.Errorf("read the catalog: %w", sqlite.Explain(err))
	}
	defer get.Close()
	out := make(map[string]State, len(ids))
	for _, id := range ids {
		var s State
		var text string
		err := get.QueryRowContext(ctx, id).Scan(&text)
		if errors.Is(err, sql.ErrNoRows) || err == nil && json.Unmarshal([]byte(text), &s) != nil {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read the catalog: %w", sqlite.Explain(err))
		}
		out[id] = s
	}
	return out, nil
}

// empty reports whether the catalog has no tables yet: whoever made the
// database has not come to them.
func (c *Catalog) empty(ctx context.Context) bool {
	n := 1
	err := c.db.Read().QueryRowContext(ctx, `SELECT count(*) FROM sqlite_master WHERE name = 'source_state'`).Scan(&n)
	return err == nil && n == 0
}

// Update changes states in one transaction: change gets the state of each ID as
// it is (the zero State when there is none) and returns what it becomes.
func (c *Catalog) Update(ctx context.Context, ids []string, change func(id string, s State) State) error {
	return c.Record(ctx, ids, nil, change)
}

// Record is Update with facts that become durable together with it.
func (c *Catalog) Record(ctx context.Context, ids []string, facts map[string]string, change func(id string, s State) State) error {
	if len(ids) == 0 && len(facts) == 0 {
		return nil
	}
	if err := failpoint.Hit(beforeRecord); err != nil {
		return err
	}
	err := c.db.Write(ctx, func(tx *sql.Tx) error {
		get, err := tx.PrepareContext(ctx, `SELECT state FROM source_state WHERE source = ?`)
		if err != nil {
			return err
		}
		defer get.Close()
		put, err := tx.PrepareContext(ctx, `INSERT INTO source_state VALUES (?, ?) ON CONFLICT DO UPDATE SET state = excluded.state`)
		if err != nil {
			return err
		}
		defer put.Close()
		for _, id := range ids {
			var s State
			var text string
			switch err := get.QueryRowContext(ctx, id).Scan(&text); {
			case errors.Is(err, sql.ErrNoRows):
			case err != nil:
				return err
			default:
				_ = json.Unmarshal([]byte(text), &s)
			}
			b, err := json.Marshal(change(id, s))
			if err != nil {
				return err
			}
			if _, err := put.ExecContext(ctx, id, string(b)); err != nil {
				return err
			}
		}
		for name, value := range facts {
			if _, err := tx.ExecContext(ctx, putFact, name, value); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("record %d sources in the catalog: %w", len(ids), err)
	}
	return failpoint.Hit(afterRecord)
}

const putFact = `INSERT INTO fact VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value`

// Fact returns a remembered value, "" when there is none.
func (c *Catalog) Fact(ctx context.Context, name string) (string, error) {
	var v string
	err := c.db.Read().QueryRowContext(ctx, `SELECT value FROM fact WHERE name = ?`, name).Scan(&v)
	if errors.Is(err, sql.ErrNoRows) || err != nil && c.empty(ctx) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read the catalog: %w", sqlite.Explain(err))
	}
	return v, nil
}

// SetFact remembers a value.
func (c *Catalog) SetFact(ctx context.Context, name, value string) error {
	if old, err := c.Fact(ctx, name); err == nil && old == value {
		return nil
	}
	if err := failpoint.Hit(beforeRecord); err != nil {
		return err
	}
	return c.db.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, putFact, name, value)
		return err
	})
}
