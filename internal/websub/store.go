package websub

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/coranto/coranto/internal/failpoint"
	"github.com/coranto/coranto/internal/sqlite"
)

var (
	beforePut = failpoint.Name("websub.before-put")
	afterPut  = failpoint.Name("websub.after-put")
)

var schema = []string{`
CREATE TABLE websub (
	token  TEXT PRIMARY KEY, -- the end of the callback
	secret TEXT NOT NULL,    -- with which the hub signs
	state  TEXT NOT NULL     -- Subscription as JSON
) WITHOUT ROWID;`}

func load(ctx context.Context, db *sqlite.DB) (map[string]*subscription, error) {
	rows, err := db.Read().QueryContext(ctx, `SELECT token, secret, state FROM websub`)
	if err != nil {
		return nil, fmt.Errorf("read the subscriptions: %w", sqlite.Explain(err))
	}
	defer rows.Close()
	by := map[string]*subscription{}
	for rows.Next() {
		var x subscription
		var text string
		if err := rows.Scan(&x.token, &x.secret, &text); err != nil {
			return nil, fmt.Errorf("read the subscriptions: %w", err)
		}
		if json.Unmarshal([]byte(text), &x.Subscription) == nil {
			by[x.token] = &x // one that cannot be read is asked for anew; its lease ends by itself
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the subscriptions: %w", sqlite.Explain(err))
	}
	return by, nil
}

// Read lists the subscriptions in a database that is opened to look at. One
// without the table has none.
func Read(ctx context.Context, db *sqlite.DB) ([]Subscription, error) {
	n := 0
	err := db.Read().QueryRowContext(ctx, `SELECT count(*) FROM sqlite_master WHERE name = 'websub'`).Scan(&n)
	if err != nil || n == 0 {
		return nil, sqlite.Explain(err)
	}
	by, err := load(ctx, db)
	return listed(by), err
}

// put makes subscriptions durable, and then what the rest of the process sees.
// s.mu is held.
func (s *Subscriber) put(ctx context.Context, list ...*subscription) error {
	if len(list) == 0 {
		return nil
	}
	if err := failpoint.Hit(beforePut); err != nil {
		return err
	}
	err := s.db.Write(ctx, func(tx *sql.Tx) error {
		for _, x := range list {
			b, err := json.Marshal(x.Subscription)
			if err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, `INSERT INTO websub VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET state = excluded.state`, x.token, x.secret, string(b)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("keep %d subscriptions: %w", len(list), err)
	}
	for _, x := range list {
		if old := s.by[x.token]; old == nil || !old.Until.Equal(x.Until) || old.Leaving != x.Leaving {
			s.sequence++
		}
		s.by[x.token] = x
	}
	return failpoint.Hit(afterPut)
}

// drop forgets a subscription. s.mu is held.
func (s *Subscriber) drop(ctx context.Context, token string) error {
	if err := failpoint.Hit(beforePut); err != nil {
		return err
	}
	err := s.db.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM websub WHERE token = ?`, token)
		return err
	})
	if err != nil {
		return fmt.Errorf("forget a subscription: %w", err)
	}
	delete(s.by, token)
	s.sequence++
	return failpoint.Hit(afterPut)
}
