package sqlite

import (
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
)

// After the disk has failed, not even a write that would succeed is tried.
func TestNothingIsWrittenAfterAFailure(t *testing.T) {
	db, err := Open(filepath.Join(t.TempDir(), "state.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	cause := fmt.Errorf("%w: fsync", ErrIO)
	if err := db.Write(t.Context(), func(*sql.Tx) error { return cause }); !errors.Is(err, cause) {
		t.Errorf("Write = %v, want %v", err, cause)
	}
	err = db.Write(t.Context(), func(*sql.Tx) error {
		t.Error("a transaction was begun")
		return nil
	})
	if !errors.Is(err, ErrIO) || db.Failed() == nil {
		t.Errorf("Write = %v, Failed = %v; want ErrIO", err, db.Failed())
	}
}
