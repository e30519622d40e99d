package sqlite_test

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coranto/coranto/internal/failpoint"
	"github.com/coranto/coranto/internal/sqlite"
)

const (
	helperEnv = "SQLITE_TEST_CHILD"
	pathEnv   = "SQLITE_TEST_PATH"
)

func TestMain(m *testing.M) {
	switch os.Getenv(helperEnv) {
	case "":
		os.Exit(m.Run())
	case "hold": // writes one row, says so, and is killed while it has the file open
		db, err := sqlite.Open(os.Getenv(pathEnv), sqlite.Options{})
		if err == nil {
			err = addRow(db, 2)
		}
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println("ready")
		bufio.NewReader(os.Stdin).ReadString('\n')
		os.Exit(137)
	}
}

var steps = []string{`CREATE TABLE t (n INTEGER PRIMARY KEY) STRICT`}

func open(t *testing.T, path string, o sqlite.Options) *sqlite.DB {
	t.Helper()
	db, err := sqlite.Open(path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func openWithTable(t *testing.T) (*sqlite.DB, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a dir?", "50%25#state.db")
	db := open(t, path, sqlite.Options{})
	if err := db.Migrate(t.Context(), "t", steps); err != nil {
		t.Fatal(err)
	}
	return db, path
}

func addRow(db *sqlite.DB, n int) error {
	return db.Write(context.Background(), func(tx *sql.Tx) error {
		_, err := tx.Exec(`INSERT INTO t VALUES (?)`, n)
		return err
	})
}

func rows(t *testing.T, db *sqlite.DB) (n int) {
	t.Helper()
	if err := db.Read().QueryRow(`SELECT count(*) FROM t`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestOpenKeepsWhatWasWritten(t *testing.T) {
	db, path := openWithTable(t)
	if err := addRow(db, 1); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path + "-wal"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the WAL is still there after Close: %v", err)
	}
	db = open(t, path, sqlite.Options{Check: true})
	if got := rows(t, db); got != 1 {
		t.Errorf("%d rows, want 1", got)
	}
	var mode string
	var sync, foreign int
	err := db.Write(t.Context(), func(tx *sql.Tx) error {
		return errors.Join(tx.QueryRow(`PRAGMA journal_mode`).Scan(&mode), tx.QueryRow(`PRAGMA synchronous`).Scan(&sync), tx.QueryRow(`PRAGMA foreign_keys`).Scan(&foreign))
	})
	if err != nil || mode != "wal" || sync != 2 || foreign != 1 {
		t.Errorf("journal_mode %q, synchronous %d, foreign_keys %d, %v; want wal, 2, 1", mode, sync, foreign, err)
	}
}

func TestOpenRefuses(t *testing.T) {
	foreign := func(t *testing.T, path string) {
		p, err := sql.Open("sqlite", path)
		if err == nil {
			_, err = p.Exec(`CREATE TABLE theirs (x)`)
		}
		if err = errors.Join(err, p.Close()); err != nil {
			t.Fatal(err)
		}
	}
	file := func(content string) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	ours := func(change func(path string) error) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			db := open(t, path, sqlite.Options{})
			if err := errors.Join(db.Migrate(t.Context(), "t", steps), db.Close(), change(path)); err != nil {
				t.Fatal(err)
			}
		}
	}
	tests := []struct {
		name string
		make func(*testing.T, string)
		want error
	}{
		{"text", file("title,author\n"), sqlite.ErrDamaged},
		{"cut header", file("SQLite format 3\x00\x10"), sqlite.ErrDamaged},
		{"another program's", foreign, sqlite.ErrDamaged},
		{"newer", ours(func(path string) error {
			p, err := sql.Open("sqlite", path)
			if err != nil {
				return err
			}
			defer p.Close()
			_, err = p.Exec(`PRAGMA user_version = 2`)
			return err
		}), sqlite.ErrNewer},
		{"schema overwritten", ours(func(path string) error { return overwrite(path, 100, 3000) }), sqlite.ErrDamaged},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "state.db")
			tt.make(t, path)
			for _, ro := range []bool{true, false} {
				db, err := sqlite.Open(path, sqlite.Options{ReadOnly: ro})
				if err == nil {
					db.Close()
				}
				if !errors.Is(err, tt.want) {
					t.Errorf("Open(ReadOnly: %t) = %v, want %v", ro, err, tt.want)
				}
				if tt.want == sqlite.ErrDamaged && !strings.Contains(fmt.Sprint(err), "built anew") {
					t.Errorf("Open(ReadOnly: %t) = %v, want a way out", ro, err)
				}
			}
			if tt.want != sqlite.ErrDamaged {
				return
			}
			to, err := sqlite.SetAside(path, time.Unix(1e9, 0))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(to); err != nil {
				t.Error(err)
			}
			open(t, path, sqlite.Options{})
		})
	}
}

func overwrite(path string, from, to int64) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteAt([]byte(strings.Repeat("\xa5", int(to-from))), from)
	return errors.Join(err, f.Close())
}

// Wherever bytes are lost, the answer is a classified error or a working
// database, never a panic.
func TestDamageAnywhere(t *testing.T) {
	db, path := openWithTable(t)
	err := db.Write(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.Exec(`WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM c WHERE n < 5000) INSERT INTO t SELECT n FROM c`)
		return err
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for at := int64(0); at < int64(len(whole)); at += 1009 {
		broken := filepath.Join(t.TempDir(), "state.db")
		if err := os.WriteFile(broken, whole, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := overwrite(broken, at, min(at+16, int64(len(whole)))); err != nil {
			t.Fatal(err)
		}
		db, err := sqlite.Open(broken, sqlite.Options{})
		if err != nil {
			if !errors.Is(err, sqlite.ErrDamaged) && !errors.Is(err, sqlite.ErrNewer) {
				t.Errorf("damage at %d: %v", at, err)
			}
			continue
		}
		if err := addRow(db, 1_000_000); err != nil && !errors.Is(err, sqlite.ErrDamaged) {
			t.Errorf("damage at %d: write: %v", at, err)
		}
		db.Close()
	}
}

func TestReadOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	if _, err := sqlite.Open(path, sqlite.Options{ReadOnly: true}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Open of nothing = %v, want fs.ErrNotExist", err)
	}
	w := open(t, path, sqlite.Options{})
	if err := w.Migrate(t.Context(), "t", steps); err != nil {
		t.Fatal(err)
	}
	if err := addRow(w, 1); err != nil {
		t.Fatal(err)
	}
	beside := open(t, path, sqlite.Options{ReadOnly: true})
	if got := rows(t, beside); got != 1 {
		t.Errorf("beside the writer: %d rows, want 1", got)
	}
	if err := addRow(beside, 2); !errors.Is(err, sqlite.ErrReadOnly) {
		t.Errorf("Write = %v, want ErrReadOnly", err)
	}
	if _, err := w.Read().Exec(`DELETE FROM t`); err == nil {
		t.Error("the pool for queries deleted rows")
	}
	if err := errors.Join(beside.Close(), w.Close()); err != nil {
		t.Fatal(err)
	}
	alone := open(t, path, sqlite.Options{ReadOnly: true})
	if got := rows(t, alone); got != 1 {
		t.Errorf("alone: %d rows, want 1", got)
	}
	if err := alone.Migrate(t.Context(), "t", steps); err != nil {
		t.Errorf("Migrate with nothing to do = %v", err)
	}
	if err := alone.Migrate(t.Context(), "t", append(steps, `SELECT 1`)); !errors.Is(err, sqlite.ErrOlder) {
		t.Errorf("Migrate = %v, want ErrOlder", err)
	}
}

func TestReadOnlyInAFolderNotOurs(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root may write everywhere")
	}
	db, path := openWithTable(t)
	if err := errors.Join(addRow(db, 1), db.Close(), os.Chmod(path, 0o444), os.Chmod(filepath.Dir(path), 0o555)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(filepath.Dir(path), 0o755) })
	if got := rows(t, open(t, path, sqlite.Options{ReadOnly: true})); got != 1 {
		t.Errorf("%d rows, want 1", got)
	}
}

func TestMigrate(t *testing.T) {
	db, _ := openWithTable(t)
	more := append(steps, `ALTER TABLE t ADD COLUMN s TEXT; UPDATE t SET s = 'x'`, `CREATE INDEX t_s ON t (s)`)
	if err := addRow(db, 1); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := db.Migrate(t.Context(), "t", more); err != nil {
			t.Fatal(err)
		}
	}
	var s string
	if err := db.Read().QueryRow(`SELECT s FROM t`).Scan(&s); err != nil || s != "x" {
		t.Errorf("s = %q, %v; want x", s, err)
	}
	if err := db.Migrate(t.Context(), "t", steps); !errors.Is(err, sqlite.ErrNewer) {
		t.Errorf("Migrate back = %v, want ErrNewer", err)
	}
	if err := db.Migrate(t.Context(), "other", []string{`CREATE TABLE o (n)`, `NO SQL`}); err == nil {
		t.Error("a step that is no SQL passed")
	}
	if err := db.Migrate(t.Context(), "other", []string{`CREATE TABLE o (n)`, `CREATE TABLE p (n)`}); err != nil {
		t.Errorf("Migrate after a failed step = %v", err)
	}
}

func TestWriteIsAllOrNothing(t *testing.T) {
	db, _ := openWithTable(t)
	mine := errors.New("mine")
	err := db.Write(t.Context(), func(tx *sql.Tx) error {
		if _, err := tx.Exec(`INSERT INTO t VALUES (1)`); err != nil {
			return err
		}
		return mine
	})
	if !errors.Is(err, mine) {
		t.Errorf("Write = %v, want %v", err, mine)
	}
	ctx, cancel := context.WithCancel(t.Context())
	err = db.Write(ctx, func(tx *sql.Tx) error {
		cancel()
		_, err := tx.Exec(`INSERT INTO t VALUES (1)`)
		return err
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Write = %v, want context.Canceled", err)
	}
	func() {
		defer func() { recover() }()
		db.Write(t.Context(), func(tx *sql.Tx) error { tx.Exec(`INSERT INTO t VALUES (1)`); panic("no") })
	}()
	if got := rows(t, db); got != 0 {
		t.Errorf("%d rows, want none", got)
	}
	if err := addRow(db, 1); err != nil {
		t.Error(err)
	}
}

func TestWritersOfTwoDBsTakeTurns(t *testing.T) {
	a, path := openWithTable(t)
	b := open(t, path, sqlite.Options{})
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			if err := addRow([]*sqlite.DB{a, b}[i%2], i); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := rows(t, a); got != 40 {
		t.Errorf("%d rows, want 40", got)
	}
}

func TestBusy(t *testing.T) {
	a, path := openWithTable(t)
	b := open(t, path, sqlite.Options{BusyTimeout: time.Millisecond})
	err := a.Write(t.Context(), func(*sql.Tx) error {
		if err := addRow(b, 1); !errors.Is(err, sqlite.ErrBusy) {
			t.Errorf("Write = %v, want ErrBusy", err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestKilledWriter(t *testing.T) {
	db, path := openWithTable(t)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), helperEnv+"=hold", pathEnv+"="+path)
	in, _ := cmd.StdinPipe()
	out, _ := cmd.StdoutPipe()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, _ := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		t.Fatalf("child said %q", line)
	}
	if got := rows(t, open(t, path, sqlite.Options{ReadOnly: true})); got != 1 {
		t.Errorf("beside another process: %d rows, want 1", got)
	}
	in.Close()
	cmd.Wait()
	if got := rows(t, open(t, path, sqlite.Options{ReadOnly: true})); got != 1 {
		t.Errorf("read-only after the crash: %d rows, want 1", got)
	}
	if got := rows(t, open(t, path, sqlite.Options{})); got != 1 {
		t.Errorf("after the crash: %d rows, want 1", got)
	}
}

func TestFailpoints(t *testing.T) {
	db, _ := openWithTable(t)
	defer failpoint.Arm("")
	for i, fp := range []string{"sqlite.before-commit", "sqlite.after-commit"} {
		if err := failpoint.Arm(fp + ":1:error"); err != nil {
			t.Fatal(err)
		}
		if err := addRow(db, i); !errors.Is(err, failpoint.ErrInjected) {
			t.Errorf("%s: Write = %v, want ErrInjected", fp, err)
		}
		if got := rows(t, db); got != i {
			t.Errorf("%s: %d rows, want %d", fp, got, i)
		}
	}
}

// TestNobodysYet: a file whose maker was stopped before its first table is
// taken as ours, by who writes and by who reads.
func TestNobodysYet(t *testing.T) {
	for _, content := range []string{"nothing", "a header"} {
		path := filepath.Join(t.TempDir(), "state.db")
		if err := os.WriteFile(path, nil, 0o666); err != nil {
			t.Fatal(err)
		}
		if content == "a header" {
			raw, err := sql.Open("sqlite", path)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := raw.Exec(`PRAGMA journal_mode=WAL; VACUUM`); err != nil {
				t.Fatal(err)
			}
			raw.Close()
		}
		r := open(t, path, sqlite.Options{ReadOnly: true})
		if err := r.Migrate(t.Context(), "test", steps); !errors.Is(err, sqlite.ErrOlder) {
			t.Errorf("%s: read-only: %v", content, err)
		}
		r.Close()
		w := open(t, path, sqlite.Options{})
		if err := w.Migrate(t.Context(), "test", steps); err != nil {
			t.Errorf("%s: %v", content, err)
		}
	}
}
