package local

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/coranto/coranto/asl"
	"github.com/coranto/coranto/internal/engine"
	"github.com/coranto/coranto/internal/sqlite"
)

// The journal of an execution is its row in engine_executions, which is the
// started event, and then its rows in engine_journal in order. Such a row holds
// the events of one transaction, one line of JSON each, since a row costs about
// as much as a few KB in it. Its id is the execution's key << 32 | the number of
// its first event, so replaying reads one range and two runtimes on one
// database collide at once rather than mix.
//
// A value column holds JSON, or a Ref where the value is in Blobs. Times are
// nanoseconds since 1970. Whatever replaying depends on is pinned: definition,
// interpreter's revision, limits and seed. A blob whose size is not its length is
// packed with zstd.
var schema = []string{`
CREATE TABLE engine_definitions (
	hash TEXT PRIMARY KEY,
	body TEXT NOT NULL
) STRICT;
CREATE TABLE engine_executions (
	key        INTEGER PRIMARY KEY,
	id         TEXT NOT NULL UNIQUE,
	workflow   TEXT NOT NULL,
	definition TEXT NOT NULL REFERENCES engine_definitions (hash),
	revision   INTEGER NOT NULL,
	limits     TEXT NOT NULL,
	seed       INTEGER NOT NULL,
	started    INTEGER NOT NULL,
	input      TEXT NOT NULL,
	status     TEXT NOT NULL,
	ended      INTEGER,
	output     TEXT,
	error      TEXT,
	cause      TEXT
) STRICT;
CREATE INDEX engine_executions_newest ON engine_executions (started, key);
CREATE INDEX engine_executions_running ON engine_executions (key) WHERE ended IS NULL;
CREATE INDEX engine_executions_definition ON engine_executions (definition);
CREATE TABLE engine_journal (
	id     INTEGER PRIMARY KEY,
	events TEXT NOT NULL
) STRICT;
CREATE TABLE engine_blobs (
	key    INTEGER PRIMARY KEY,
	ref    TEXT NOT NULL UNIQUE,
	stored INTEGER NOT NULL,
	size   INTEGER NOT NULL,
	body   BLOB NOT NULL
) STRICT;
CREATE TABLE engine_blob_users (
	ref       TEXT NOT NULL,
	execution INTEGER NOT NULL REFERENCES engine_executions (key),
	PRIMARY KEY (execution, ref)
) STRICT, WITHOUT ROWID;
CREATE INDEX engine_blob_users_ref ON engine_blob_users (ref);
`, `
ALTER TABLE engine_executions ADD COLUMN redrives INTEGER NOT NULL DEFAULT 0;
ALTER TABLE engine_executions ADD COLUMN redriven INTEGER;
`}

// appendLine appends the journal's line of an event.
func appendLine(dst []byte, ev asl.Event, output storedValue) []byte {
	dst = append(dst, `{"kind":"`...)
	dst = append(dst, ev.Kind...)
	dst = append(dst, `","time":`...)
	dst = strconv.AppendInt(dst, ev.Time.UnixNano(), 10)
	if ev.ID != 0 {
		dst = append(dst, `,"id":`...)
		dst = strconv.AppendUint(dst, ev.ID, 10)
	}
	switch {
	case output.ref != "":
		dst = append(dst, `,"ref":"`...)
		dst = append(dst, output.ref...)
		dst = append(dst, '"')
	case ev.Kind == asl.TaskSucceeded, ev.Kind == asl.TaskSubmitted:
		dst = append(dst, `,"output":`...)
		dst = ev.Output.AppendJSON(dst)
	}
	if ev.Error != "" {
		dst = append(dst, `,"error":`...)
		dst = asl.StringValue(ev.Error).AppendJSON(dst)
	}
	if ev.Cause != "" {
		dst = append(dst, `,"cause":`...)
		dst = asl.StringValue(ev.Cause).AppendJSON(dst)
	}
	return append(dst, "}\n"...)
}

// errLine says that a line of the journal cannot be understood.
var errLine = errors.New("damaged journal")

// parseLine reads what appendLine wrote. Where the output is in Blobs, it gives
// the ref instead.
func parseLine(line []byte) (asl.Event, engine.Ref, error) {
	v, err := asl.ParseValue(line)
	if err != nil {
		return asl.Event{}, "", fmt.Errorf("%w: %w", errLine, err)
	}
	ns, okTime := v.Get("time").Int()
	id, okID := v.Get("id").Int()
	ev := asl.Event{
		Kind: asl.EventKind(text(v, "kind")), Time: fromNano(ns), ID: uint64(id),
		Output: v.Get("output"), Error: text(v, "error"), Cause: text(v, "cause"),
	}
	ref := engine.Ref(text(v, "ref"))
	needID := true
	switch ev.Kind {
	case asl.TaskSucceeded, asl.TaskSubmitted:
		if ev.Output.IsAbsent() == (ref == "") {
			return asl.Event{}, "", fmt.Errorf("%w: %s with neither or both of output and ref", errLine, ev.Kind)
		}
	case asl.TaskFailed, asl.TaskHeartbeat, asl.TimerFired:
	case asl.Aborted, asl.Redriven:
		needID = false
	default:
		return asl.Event{}, "", fmt.Errorf("%w: kind %q", errLine, ev.Kind)
	}
	if !okTime || needID && (!okID || id <= 0) {
		return asl.Event{}, "", fmt.Errorf("%w: %s without time or id", errLine, ev.Kind)
	}
	return ev, ref, nil
}

func text(v asl.Value, name string) string {
	if v = v.Get(name); v.Kind() != asl.String {
		return ""
	}
	return v.String()
}

func fromNano(ns int64) time.Time { return time.Unix(0, ns).UTC() }

// parseLines reads the events of a row.
func parseLines(row []byte, each func(asl.Event, engine.Ref) error) error {
	for len(row) > 0 {
		line, rest, whole := bytes.Cut(row, []byte{'\n'})
		if !whole {
			return fmt.Errorf("%w: a line is cut short", errLine)
		}
		ev, ref, err := parseLine(line)
		if err != nil {
			return err
		}
		if err := each(ev, ref); err != nil {
			return err
		}
		row = rest
	}
	return nil
}

func journalID(key int64, event uint32) int64 { return key<<32 | int64(event) }

// statements are what the loop executes, parsed once.
type statements struct {
	define, start, events, end, redrive, hasBlob, blob, user *sql.Stmt
}

func (s *statements) prepare(ctx context.Context, db *sqlite.DB) error {
	for _, p := range []struct {
		to    **sql.Stmt
		query string
	}{
		{&s.define, `INSERT OR IGNORE INTO engine_definitions (hash, body) VALUES (?, ?)`},
		{&s.start, `INSERT INTO engine_executions (id, workflow, definition, revision, limits, seed, started, input, status) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`},
		{&s.events, `INSERT INTO engine_journal (id, events) VALUES (?, ?)`},
		{&s.end, `UPDATE engine_executions SET status = ?, ended = ?, output = ?, error = ?, cause = ? WHERE key = ?`},
		{&s.redrive, `UPDATE engine_executions SET status = ?, ended = NULL, output = NULL, error = NULL, cause = NULL, redrives = redrives + 1, redriven = ? WHERE key = ?`},
		{&s.hasBlob, `SELECT 1 FROM engine_blobs WHERE ref = ?`},
		{&s.blob, `INSERT INTO engine_blobs (ref, stored, size, body) VALUES (?, ?, ?, ?)`},
		{&s.user, `INSERT OR IGNORE INTO engine_blob_users (ref, execution) VALUES (?, ?)`},
	} {
		stmt, err := db.Stmt(ctx, p.query)
		if err != nil {
			s.close()
			return err
		}
		*p.to = stmt
	}
	return nil
}

func (s *statements) close() {
	for _, stmt := range []*sql.Stmt{s.define, s.start, s.events, s.end, s.redrive, s.hasBlob, s.blob, s.user} {
		if stmt != nil {
			stmt.Close()
		}
	}
}

// write puts what has happened to x since the last transaction into tx. It
// changes nothing of x but its key, so it may be called again.
func (s *statements) write(tx *sql.Tx, x *run, now time.Time) error {
	if x.start != nil {
		if err := s.writeStart(tx, x); err != nil {
			return err
		}
	}
	if x.redriven {
		if _, err := tx.Stmt(s.redrive).Exec(string(asl.StatusRunning), x.last.UnixNano(), x.key); err != nil {
			return err
		}
	}
	for _, v := range x.values {
		if err := s.writeBlob(tx, v, x.key, now); err != nil {
			return err
		}
	}
	if len(x.lines) > 0 {
		if _, err := tx.Stmt(s.events).Exec(journalID(x.key, x.written), string(x.lines)); err != nil {
			return err
		}
	}
	if x.final == nil {
		return nil
	}
	f := x.final
	_, err := tx.Stmt(s.end).Exec(string(f.Status), x.last.UnixNano(), x.finalText, f.Error, f.Cause, x.key)
	return err
}

func (s *statements) writeStart(tx *sql.Tx, x *run) error {
	if _, err := tx.Stmt(s.define).Exec(x.machine.Hash(), string(x.start.req.Definition)); err != nil {
		return err
	}
	res, err := tx.Stmt(s.start).Exec(string(x.id), x.workflow, x.machine.Hash(), asl.Revision, x.start.limits, int64(x.start.seed),
		x.last.UnixNano(), x.inputText, string(asl.StatusRunning))
	if err != nil {
		return err
	}
	x.key, err = res.LastInsertId()
	return err
}

// writeBlob keeps a blob, unless it is there, and who uses it; key 0 is nobody.
func (s *statements) writeBlob(tx *sql.Tx, v storedValue, key int64, now time.Time) error {
	if v.blob != nil {
		var one int
		err := tx.Stmt(s.hasBlob).QueryRow(string(v.ref)).Scan(&one)
		if errors.Is(err, sql.ErrNoRows) {
			_, err = tx.Stmt(s.blob).Exec(string(v.ref), now.UnixNano(), v.blob.size, v.blob.body)
		}
		if err != nil {
			return err
		}
	}
	if key == 0 {
		return nil
	}
	_, err := tx.Stmt(s.user).Exec(string(v.ref), key)
	return err
}
