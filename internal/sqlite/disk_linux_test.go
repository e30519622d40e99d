package sqlite_test

import (
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/coranto/coranto/internal/sqlite"
)

func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"); err != nil {
		t.Skipf("no tmpfs to fill: %v", err)
	}
	t.Cleanup(func() { syscall.Unmount(dir, 0) })
	db, err := sqlite.Open(filepath.Join(dir, "state.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Migrate(t.Context(), "blob", []string{`CREATE TABLE b (v TEXT)`}); err != nil {
		t.Fatal(err)
	}
	put := func(n int) error {
		return db.Write(t.Context(), func(tx *sql.Tx) error {
			_, err := tx.Exec(`INSERT INTO b VALUES (?)`, strings.Repeat("x", n))
			return err
		})
	}
	if err := put(2 << 20); !errors.Is(err, sqlite.ErrFull) {
		t.Errorf("Write of 2 MiB to 1 MiB = %v, want ErrFull", err)
	}
	if err := put(1 << 10); err != nil {
		t.Errorf("Write of what fits, afterwards = %v", err)
	}
	var n int
	if err := db.Read().QueryRow(`SELECT count(*) FROM b`).Scan(&n); err != nil || n != 1 {
		t.Errorf("%d rows, %v; want 1", n, err)
	}
}
