package site

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/coranto/coranto"
)

// journal is what the builds since the last Keep have changed, and what is
// known of the files.
type journal struct {
	base    string // of the ledger; "": there is none that fits
	entries int
	size    int

	whole   bool // everything
	noted   bool // from is set
	from    int  // the first new post
	changed []int32
	keys    []string
}

// note takes what a build that succeeded has changed.
func (j *journal) note(b *build) {
	if b.change == nil {
		j.whole = true
		return
	}
	if !j.noted {
		j.from, j.noted = b.change.before, true
	}
	for _, i := range b.change.list {
		if int(i) < j.from && !slices.Contains(j.changed, i) {
			j.changed = append(j.changed, i)
		}
	}
	for _, p := range b.fresh {
		if !slices.Contains(j.keys, p) {
			j.keys = append(j.keys, p)
		}
	}
	b.fresh = nil
}

// journalEntry is what one Keep has written.
type journalEntry struct {
	added   [][]byte // records
	changed map[int32][]byte
	report  Report
	note    []byte
}

// writeEntry appends to the journal.
func (r *Resident) writeEntry(note []byte) error {
	b, j := r.last, &r.journal
	var rec, out appender
	out.num(len(b.m.posts) - j.from)
	for _, p := range b.m.posts[j.from:] {
		rec.b = rec.b[:0]
		rec.record(p.id, p.Post)
		out.str(string(rec.b))
	}
	out.num(len(j.changed))
	for _, i := range j.changed {
		p := b.m.post(i)
		rec.b = rec.b[:0]
		rec.record(p.id, p.Post)
		out.num(int(i))
		out.str(string(rec.b))
	}
	keys := slices.DeleteFunc(j.keys, func(p string) bool { _, ok := b.keys[p]; return !ok })
	out.keys(keys, b.keys)
	report, err := json.Marshal(b.report)
	if err != nil {
		return err
	}
	out.str(string(report))
	out.str(string(note))
	name := filepath.Join(r.dir, journalFile)
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o666)
	if err != nil {
		return err
	}
	defer f.Close()
	var line []byte
	if j.entries == 0 {
		if err := f.Truncate(0); err != nil {
			return err
		}
		line = append(append(line, journalMagic...), j.base...)
	}
	line = binary.LittleEndian.AppendUint32(line, uint32(len(out.b)))
	line = binary.LittleEndian.AppendUint32(line, crc32.Checksum(out.b, ledgerSum))
	if _, err := f.Write(append(line, out.b...)); err != nil {
		return err
	}
	j.entries++
	j.size += len(out.b)
	return nil
}

// readJournal reads what was added since the ledger was written. One that is
// torn, or of another ledger, is an error: files would be missed.
func (l *ledger) readJournal(dir string) error {
	b, err := os.ReadFile(filepath.Join(dir, journalFile))
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(b) == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	c := &cutter{b: b}
	if string(c.bytes(len(journalMagic))) != journalMagic || string(c.bytes(len(l.head.Base))) != l.head.Base {
		return errLedger
	}
	l.size = len(b)
	for len(c.b) > 0 {
		head := c.bytes(8)
		if len(head) < 8 {
			return errLedger
		}
		body := c.bytes(int(binary.LittleEndian.Uint32(head)))
		if c.bad || crc32.Checksum(body, ledgerSum) != binary.LittleEndian.Uint32(head[4:]) {
			return errLedger
		}
		e, err := l.entry(body)
		if err != nil {
			return err
		}
		l.entries = append(l.entries, e)
	}
	return nil
}

func (l *ledger) entry(body []byte) (journalEntry, error) {
	c := &cutter{b: body}
	e := journalEntry{changed: map[int32][]byte{}}
	for range c.many() {
		e.added = append(e.added, c.bytes(c.num()))
	}
	for range c.many() {
		i := int32(c.num())
		e.changed[i] = c.bytes(c.num())
	}
	readKeys(c, l.keys)
	if json.Unmarshal(c.bytes(c.num()), &e.report) != nil {
		return e, errLedger
	}
	e.note = c.bytes(c.num())
	if c.bad || len(c.b) > 0 {
		return e, errLedger
	}
	return e, nil
}

// replay brings a model to where an entry left it.
func (m *model) replay(e journalEntry) error {
	for i, rec := range e.changed {
		if i < 0 || int(i) >= len(m.posts) {
			return errLedger
		}
		if m.posts[i] == nil {
			m.ledger.over[i] = rec
			continue
		}
		_, cp, err := readRecord(rec)
		if err != nil {
			return err
		}
		m.posts[i].Post = cp
		m.finish(m.posts[i])
	}
	posts := make([]coranto.Post, len(e.added))
	for k, rec := range e.added {
		_, cp, err := readRecord(rec)
		if err != nil {
			return err
		}
		posts[k] = *cp
	}
	m.add(posts)
	return m.fault
}
