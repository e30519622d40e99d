package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/coranto/coranto/internal/failpoint"
)

var (
	fpBeforeCommit = failpoint.Name("sqlite.before-commit")
	fpAfterCommit  = failpoint.Name("sqlite.after-commit")
)

// Write runs fn in a transaction of its own, one at a time in this process, and
// commits it. It returns nil only once the commit is durable. While another
// process holds the lock it tries again, so fn may be called more than once; it
// must do nothing but use tx.
//
// After ErrIO every later Write fails with the same cause: a failed fsync is
// never tried again, as a second one may report success for pages that the
// first has lost. Any other error means that nothing was written.
func (db *DB) Write(ctx context.Context, fn func(*sql.Tx) error) error {
	if db.readOnly {
		return fmt.Errorf("write to state %s: %w", db.path, ErrReadOnly)
	}
	if err := db.Failed(); err != nil {
		return err
	}
	err := retryBusy(ctx, func() error { return db.transact(ctx, fn) })
	if err == nil {
		return nil
	}
	err = describe(err)
	if errors.Is(err, ErrIO) {
		db.fail(err)
	}
	return err
}

func (db *DB) transact(ctx context.Context, fn func(*sql.Tx) error) error {
	// A cancelled context must not tear a commit apart, only keep it from
	// beginning.
	conn, err := db.write.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := db.Failed(); err != nil { // while this one waited its turn
		return err
	}
	tx, err := conn.BeginTx(context.WithoutCancel(ctx), nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := fn(tx); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return db.commit(tx)
}

// commit makes tx durable. It is the one place where this package, and all that
// stands on it, writes.
func (db *DB) commit(tx *sql.Tx) error {
	if err := failpoint.Hit(fpBeforeCommit); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		if primary(err) == codeIOErr {
			db.fail(describe(err)) // before the connection is free for the next
		}
		return err
	}
	return failpoint.Hit(fpAfterCommit)
}

// Failed is the error after which nothing is written any more, nil while all is
// well.
func (db *DB) Failed() error {
	db.mu.Lock()
	defer db.mu.Unlock()
	return db.failed
}

func (db *DB) fail(err error) {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.failed == nil {
		db.failed = err
	}
}

// Stmt prepares a statement for the connection that writes; use it inside Write
// as tx.Stmt(s). It saves the parsing of what is executed thousands of times.
func (db *DB) Stmt(ctx context.Context, query string) (*sql.Stmt, error) {
	if db.readOnly {
		return nil, ErrReadOnly
	}
	s, err := db.write.PrepareContext(ctx, query)
	if err != nil {
		return nil, describe(err)
	}
	return s, nil
}

func retryBusy(ctx context.Context, do func() error) error {
	var err error
	for range busyRounds {
		if err = do(); !isAny(err, codeBusy, codeLocked) || ctx.Err() != nil {
			return err
		}
	}
	return err
}
