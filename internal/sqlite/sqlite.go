// Package sqlite opens the one state database: SQLite in WAL mode, one writer
// at a time, readers beside it in this and in other processes.
//
// It promises that Write returns nil only when the transaction is on the disk
// (synchronous=FULL), that after a failed fsync nothing more is written through
// the same DB, and that a file which cannot be used is told apart: damaged or
// foreign (ErrDamaged), from a newer program (ErrNewer), missing
// (fs.ErrNotExist, read-only). What the tables hold is the components' affair.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	_ "modernc.org/sqlite" // the driver
)

// Options of Open; the zero value opens for reading and writing.
type Options struct {
	// ReadOnly opens an existing file beside a writer, or alone. Write and
	// pending migrations are refused.
	ReadOnly bool
	// BusyTimeout is how long one try waits for another process's lock; 0: 10 s.
	BusyTimeout time.Duration
	// Readers is how many queries may run at the same time; 0: 4.
	Readers int
	// Check reads the whole file for damage (about 1.5 ms a MB), rather than its
	// beginnings. For writing it is done anyway where the file is small, or the
	// last writer did not close it.
	Check bool
}

// DB is an open state database. It is safe for concurrent use.
type DB struct {
	path     string
	readOnly bool
	read     *sql.DB
	write    *sql.DB // nil when read-only; one connection

	mu     sync.Mutex
	failed error // why nothing is written any more
}

const (
	applicationID = 0x436f7261 // "Cora": file(1) and Open know whose file it is
	format        = 1          // of the table of versions, as user_version
	busyRounds    = 3
	checkAlways   = 16 << 20 // bytes of a file that is checked whenever it is opened for writing
)

// Open opens the database at path. Unless read-only it creates the file and its
// folder where they are missing.
//
// ErrDamaged and ErrNewer leave the file as it is; since state can be thrown
// away, a caller may SetAside the damaged one and open again.
func Open(path string, o Options) (*DB, error) {
	if o.BusyTimeout <= 0 {
		o.BusyTimeout = 10 * time.Second
	}
	if o.Readers <= 0 {
		o.Readers = 4
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open state %s: %w", path, err)
	}
	db := &DB{path: abs, readOnly: o.ReadOnly}
	if o.ReadOnly {
		err = db.openReadOnly(o)
	} else {
		err = db.openReadWrite(o)
	}
	if err != nil {
		db.closePools()
		return nil, fmt.Errorf("open state %s: %w", path, describe(err))
	}
	return db, nil
}

func (db *DB) openReadWrite(o Options) error {
	if err := os.MkdirAll(filepath.Dir(db.path), 0o755); err != nil {
		return err
	}
	unclean := sizeOf(db.path+"-wal") > 0
	if sizeOf(db.path) > 0 {
		if err := checkMagic(db.path); err != nil {
			return err
		}
	}
	w, err := pool(dsn(db.path, o, "rwc", "journal_mode(WAL)", "synchronous(FULL)", "journal_size_limit(67108864)"), 1)
	if err != nil {
		return err
	}
	db.write = w
	if err := retryBusy(context.Background(), db.adopt); err != nil {
		return err
	}
	if o.Check || unclean || sizeOf(db.path) <= checkAlways {
		if err := check(w); err != nil {
			return err
		}
	}
	db.read, err = pool(dsn(db.path, o, "rw", "query_only(1)"), o.Readers)
	return err
}

// adopt makes an empty file ours and refuses one that is another's.
func (db *DB) adopt() error {
	id, version, err := identity(db.write)
	if err != nil {
		return err
	}
	new, err := fresh(db.write, id, version)
	if err != nil {
		return err
	}
	if new {
		return db.claim()
	}
	return known(id, version)
}

// fresh reports whether a file is nobody's yet: whoever made it, most likely
// this program, was stopped before it wrote its first table.
func fresh(p *sql.DB, id, version int) (bool, error) {
	if id != 0 || version != 0 {
		return false, nil
	}
	var tables int
	err := p.QueryRow(`SELECT count(*) FROM sqlite_master`).Scan(&tables)
	return tables == 0, err
}

func (db *DB) claim() error {
	tx, err := db.write.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback()
	_, err = tx.Exec(fmt.Sprintf(`PRAGMA application_id=%d; PRAGMA user_version=%d;
		CREATE TABLE IF NOT EXISTS schema_versions (component TEXT PRIMARY KEY, version INTEGER NOT NULL) WITHOUT ROWID, STRICT`, applicationID, format))
	if err != nil {
		return err
	}
	return db.commit(tx)
}

func (db *DB) openReadOnly(o Options) error {
	if _, err := os.Stat(db.path); err != nil {
		return err
	}
	if sizeOf(db.path) > 0 {
		if err := checkMagic(db.path); err != nil {
			return err
		}
	}
	var err error
	if db.read, err = pool(dsn(db.path, o, "ro"), o.Readers); err != nil {
		return err
	}
	id, version, err := identity(db.read)
	if err != nil && sizeOf(db.path+"-wal") == 0 && isAny(err, codeCantOpen, codeReadOnly) {
		// A reader of a WAL file needs its -shm. Where nobody has it open and
		// the folder is not ours to write to, the file stands still.
		db.read.Close()
		if db.read, err = pool(dsn(db.path, o, "ro")+"&immutable=1", o.Readers); err != nil {
			return err
		}
		id, version, err = identity(db.read)
	}
	if err != nil {
		return err
	}
	new, err := fresh(db.read, id, version)
	if err != nil {
		return err
	}
	if !new {
		if err := known(id, version); err != nil {
			return err
		}
	}
	if o.Check {
		return check(db.read)
	}
	return nil
}

// known says whether a file with these marks is one this program can use.
func known(id, version int) error {
	switch {
	case id != applicationID:
		return fmt.Errorf("%w: it is a database of another program", ErrDamaged)
	case version > format:
		return fmt.Errorf("%w: file format %d, this program knows up to %d", ErrNewer, version, format)
	}
	return nil
}

func identity(p *sql.DB) (id, version int, err error) {
	if err = p.QueryRow(`PRAGMA application_id`).Scan(&id); err != nil {
		return 0, 0, err
	}
	err = p.QueryRow(`PRAGMA user_version`).Scan(&version)
	return id, version, err
}

func check(p *sql.DB) error {
	var verdict string
	if err := p.QueryRow(`PRAGMA quick_check(1)`).Scan(&verdict); err != nil {
		return err
	}
	if verdict != "ok" {
		return fmt.Errorf("%w: %s", ErrDamaged, verdict)
	}
	return nil
}

// checkMagic spares a file that is no database from being touched at all.
func checkMagic(path string) error {
	const magic = "SQLite format 3\x00"
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	head := make([]byte, len(magic))
	if _, err := f.Read(head); err != nil || string(head) != magic {
		return fmt.Errorf("%w: it is no SQLite database", ErrDamaged)
	}
	return nil
}

func sizeOf(path string) int64 {
	fi, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return fi.Size()
}

func dsn(path string, o Options, mode string, pragmas ...string) string {
	q := url.Values{"mode": {mode}, "_txlock": {"immediate"}}
	q.Add("_pragma", fmt.Sprintf("busy_timeout(%d)", o.BusyTimeout.Milliseconds()))
	for _, p := range append(pragmas, "foreign_keys(1)", "temp_store(MEMORY)", "cache_size(-8000)") {
		q.Add("_pragma", p)
	}
	u := url.URL{Scheme: "file", OmitHost: true, Path: filepath.ToSlash(path), RawQuery: q.Encode()}
	return u.String()
}

func pool(dsn string, n int) (*sql.DB, error) {
	p, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	p.SetMaxOpenConns(n)
	p.SetMaxIdleConns(n)
	return p, nil
}

// Path is the database's file, absolute.
func (db *DB) Path() string { return db.path }

// Read gives the pool for queries. They see a consistent state each, and never
// wait for the writer; statements that write fail. Pass its errors through
// Explain where they reach a person.
func (db *DB) Read() *sql.DB { return db.read }

// Close closes the database, after the transaction in hand.
func (db *DB) Close() error {
	if err := db.closePools(); err != nil {
		return fmt.Errorf("close state %s: %w", db.path, describe(err))
	}
	return nil
}

// closePools closes the writer last: it folds the WAL into the file.
func (db *DB) closePools() error {
	var err error
	if db.read != nil {
		err = db.read.Close()
	}
	if db.write != nil {
		err = errors.Join(err, db.write.Close())
	}
	return err
}

// SetAside renames the database at path and its companions, so that Open makes
// a new one, and returns the new name. Nobody may have it open.
func SetAside(path string, now time.Time) (string, error) {
	to := path + ".damaged-" + now.UTC().Format("20060102-150405")
	for n := 1; ; n++ {
		if _, err := os.Lstat(to); errors.Is(err, fs.ErrNotExist) {
			break
		}
		to = fmt.Sprintf("%s.damaged-%s-%d", path, now.UTC().Format("20060102-150405"), n)
	}
	// The companions go first: a WAL left behind would be replayed into the
	// new file of the same name.
	for _, suffix := range []string{"-wal", "-shm", "-journal", ""} {
		if err := os.Rename(path+suffix, to+suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("set state %s aside: %w", path, err)
		}
	}
	return to, nil
}
