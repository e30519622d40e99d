package sqlite

import (
	"errors"
	"fmt"

	"modernc.org/sqlite"
)

var (
	// ErrDamaged says that the file is no database, another program's, or
	// broken. State can be thrown away: move it aside and go on.
	ErrDamaged = errors.New("the state file cannot be read")
	// ErrNewer says that a newer version of the program has written the file.
	ErrNewer = errors.New("the state was written by a newer version")
	// ErrOlder says that a read-only database still needs a migration.
	ErrOlder = errors.New("the state was written by an older version")
	// ErrReadOnly is returned by Write of a database opened read-only.
	ErrReadOnly = errors.New("the state is open for reading only")
	// ErrBusy says that another process held the write lock all the while.
	ErrBusy = errors.New("another process is writing the state")
	// ErrFull says that the disk is full; nothing was written, and trying again
	// once there is space is safe.
	ErrFull = errors.New("no space left for the state")
	// ErrIO says that the disk failed. Whether the last transaction is on it
	// is unknown, so the DB writes no more: open it again to find out.
	ErrIO = errors.New("the disk failed under the state")
)

// Primary result codes, https://www.sqlite.org/rescode.html.
const (
	codeError    = 1
	codeBusy     = 5
	codeLocked   = 6
	codeReadOnly = 8
	codeIOErr    = 10
	codeCorrupt  = 11
	codeFull     = 13
	codeCantOpen = 14
	codeNotADB   = 26
)

// primary is the primary result code of err, 0 if it is not SQLite's.
func primary(err error) int {
	var e *sqlite.Error
	if errors.As(err, &e) {
		return e.Code() & 0xff
	}
	return 0
}

func isAny(err error, codes ...int) bool {
	p := primary(err)
	for _, c := range codes {
		if p == c {
			return true
		}
	}
	return false
}

// Explain gives an error of Read's queries the sentinel and the words of this
// package; any other error it returns as it is.
func Explain(err error) error { return describe(err) }

func describe(err error) error {
	if err == nil || errors.Is(err, ErrDamaged) {
		if err != nil && primary(err) == 0 {
			return wayOut(err)
		}
		return err
	}
	switch primary(err) {
	case codeCorrupt, codeNotADB:
		return wayOut(fmt.Errorf("%w: %w", ErrDamaged, err))
	case codeFull:
		return fmt.Errorf("%w: %w", ErrFull, err)
	case codeIOErr:
		return fmt.Errorf("%w: %w", ErrIO, err)
	case codeBusy, codeLocked:
		return fmt.Errorf("%w: %w", ErrBusy, err)
	}
	return err
}

// hinted carries the way out once, however often an error is described.
type hinted struct{ error }

func (h hinted) Error() string {
	return h.error.Error() + " (move the file away: all that matters is in git, and the state is built anew)"
}

func (h hinted) Unwrap() error { return h.error }

func wayOut(err error) error {
	var h hinted
	if errors.As(err, &h) {
		return err
	}
	return hinted{err}
}
