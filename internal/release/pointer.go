package release

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/coranto/coranto/internal/failpoint"
)

var (
	fpBeforePointer = failpoint.Name("release.before-pointer")
	fpAfterPointer  = failpoint.Name("release.after-pointer")
)

// What the pointer file remembers of the past.
const (
	maxBack    = 100
	maxHistory = 200
	maxPointer = 1 << 20
)

// pointer is the file that says what is live. Everything about the past is in
// the same file, so that one rename changes all of it or nothing.
type pointer struct {
	Current   string       `json:"current"`
	Back      []string     `json:"back,omitempty"`      // where rollbacks go, oldest first
	Withdrawn []string     `json:"withdrawn,omitempty"` // rolled back from
	History   []Activation `json:"history,omitempty"`   // oldest first
}

func (s *Store) readPointer() (pointer, error) {
	var p pointer
	data, err := readLimited(s.path(pointerFile), maxPointer)
	if errors.Is(err, fs.ErrNotExist) {
		return p, nil
	}
	if err != nil {
		return p, fmt.Errorf("read release pointer: %w", err)
	}
	if err := json.Unmarshal(data, &p); err != nil || len(p.Current) != idLen || !isHex(p.Current) {
		return pointer{}, fmt.Errorf("release pointer %s: %w", s.path(pointerFile), ErrCorrupt)
	}
	return p, nil
}

// Activate makes the release live: readers see the old site or the new one.
// Readers in this process see it at once, those of others within Options.Recheck.
func (s *Store) Activate(ctx context.Context, id string) error {
	_, err := s.move(ctx, func(p *pointer) (string, error) {
		id, err := s.resolve(id)
		if err != nil {
			return "", err
		}
		p.forward(id)
		return id, nil
	})
	if err != nil {
		return fmt.Errorf("activate release %s: %w", id, err)
	}
	return nil
}

// Rollback makes an earlier release live: the one before the current, and the
// one before that when called again; or the one named by id. The release left
// behind counts as withdrawn until it is activated.
func (s *Store) Rollback(ctx context.Context, id string) (Release, error) {
	m, err := s.move(ctx, func(p *pointer) (string, error) {
		return s.back(p, id)
	})
	if err != nil {
		return Release{}, fmt.Errorf("roll back: %w", err)
	}
	return m.info, nil
}

// Target returns the release that Rollback would make live, and changes nothing.
func (s *Store) Target(id string) (Release, error) {
	p, err := s.readPointer()
	if err == nil || errors.Is(err, ErrCorrupt) {
		id, err = s.back(&p, id)
	}
	if err != nil {
		return Release{}, fmt.Errorf("roll back: %w", err)
	}
	info, err := s.readHead(id)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("release %q: %w", id, ErrNotFound)
	}
	return info, err
}

// back takes the pointer to the release id, or to the one before.
func (s *Store) back(p *pointer, id string) (string, error) {
	if id == "" {
		return p.backward(func(id string) bool { _, err := s.readHead(id); return err == nil })
	}
	full, err := s.resolve(id)
	if err != nil {
		return "", err
	}
	if slices.Contains(p.Withdrawn, full) { // it was left behind: this way is forward
		p.forward(full)
	} else {
		p.backTo(full)
	}
	return full, nil
}

// move applies change to the pointer, loads the release it chose, and makes
// both durable and live.
func (s *Store) move(ctx context.Context, change func(*pointer) (string, error)) (*Manifest, error) {
	s.moving.Lock()
	defer s.moving.Unlock()
	unlock, err := waitLock(s.path(pointerLock))
	if err != nil {
		return nil, full(err)
	}
	defer unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	p, err := s.readPointer()
	if err != nil && !errors.Is(err, ErrCorrupt) { // a damaged pointer is replaced
		return nil, err
	}
	old := p.Current
	id, err := change(&p)
	if err != nil {
		return nil, err
	}
	m, err := s.manifest(id)
	if err != nil {
		return nil, err
	}
	if id != old {
		p.History = append(p.History, Activation{ID: id, At: s.now().UTC().Truncate(time.Second), Rollback: slices.Contains(p.Withdrawn, old)})
		if n := len(p.History) - maxHistory; n > 0 {
			p.History = slices.Delete(p.History, 0, n)
		}
	}
	data, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return nil, err
	}
	if err := writeAtomic(s.path(pointerFile), append(data, '\n'), fpBeforePointer, fpAfterPointer); err != nil {
		return nil, err
	}
	s.refresh.Lock()
	defer s.refresh.Unlock()
	m.info.Current = true
	st, err := os.Stat(s.path(pointerFile))
	if err != nil {
		return nil, err
	}
	s.live.Store(&live{m: m, stat: st, checked: s.now()})
	return m, nil
}

// forward goes to id; the current release becomes the one to go back to.
func (p *pointer) forward(id string) {
	if p.Current != "" && p.Current != id {
		p.Back = append(p.without(p.Back, p.Current), p.Current)
	}
	p.Back = p.without(p.Back, id)
	if n := len(p.Back) - maxBack; n > 0 {
		p.Back = slices.Delete(p.Back, 0, n)
	}
	p.Withdrawn = p.without(p.Withdrawn, id)
	p.Current = id
}

// backward goes to the newest earlier release that still exists.
func (p *pointer) backward(exists func(id string) bool) (string, error) {
	for i := len(p.Back) - 1; i >= 0; i-- {
		if id := p.Back[i]; exists(id) {
			p.backTo(id)
			return id, nil
		}
	}
	return "", ErrNoEarlier
}

// backTo goes to id and withdraws what came after it.
func (p *pointer) backTo(id string) {
	if id == p.Current {
		return
	}
	at := slices.Index(p.Back, id)
	if at < 0 {
		at = len(p.Back)
	}
	for _, gone := range append(slices.Clone(p.Back[min(at+1, len(p.Back)):]), p.Current) {
		if gone != "" {
			p.Withdrawn = append(p.without(p.Withdrawn, gone), gone)
		}
	}
	p.Back = p.Back[:at]
	p.Withdrawn = p.without(p.Withdrawn, id)
	if n := len(p.Withdrawn) - maxBack; n > 0 {
		p.Withdrawn = slices.Delete(p.Withdrawn, 0, n)
	}
	p.Current = id
}

func (*pointer) without(list []string, id string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == id })
}

// History returns the activations that are remembered, newest first.
func (s *Store) History() ([]Activation, error) {
	p, err := s.readPointer()
	slices.Reverse(p.History)
	return p.History, err
}

// Previous returns the ID that Rollback would go to, or ErrNone.
func (s *Store) Previous() (string, error) {
	p, err := s.readPointer()
	if err != nil {
		return "", err
	}
	return p.backward(func(id string) bool { _, err := s.readHead(id); return err == nil })
}

// Withdrawn reports whether the release was rolled back from and not activated
// since: a build that arrives at it again should leave the pointer alone.
func (s *Store) Withdrawn(id string) (bool, error) {
	p, err := s.readPointer()
	return slices.Contains(p.Withdrawn, id), err
}

// live is what Current answers from.
type live struct {
	m       *Manifest
	err     error
	stat    os.FileInfo // of the pointer file; nil: there was none
	checked time.Time
}

// Current returns the release that is live, or ErrNone, also where what should
// be live is lost or damaged. Ask once a request and
// serve the whole request from the answer. It costs nothing but, once per
// Options.Recheck, a look at the pointer file.
func (s *Store) Current() (*Manifest, error) {
	l := s.live.Load()
	if l != nil && s.now().Sub(l.checked) < s.recheck {
		return l.m, l.err
	}
	if l != nil && !s.refresh.TryLock() {
		return l.m, l.err // another goroutine is looking
	} else if l == nil {
		s.refresh.Lock()
	}
	defer s.refresh.Unlock()
	l = s.look(s.live.Load())
	s.live.Store(l)
	return l.m, l.err
}

// look reads the pointer again where it is another file than the last time.
func (s *Store) look(old *live) *live {
	now := s.now()
	st, err := os.Stat(s.path(pointerFile))
	if errors.Is(err, fs.ErrNotExist) {
		return &live{err: fmt.Errorf("%w is live", ErrNone), checked: now}
	}
	if err != nil {
		return keep(old, fmt.Errorf("release pointer: %w", err), now)
	}
	if old != nil && old.err == nil && old.stat != nil && os.SameFile(st, old.stat) && st.ModTime().Equal(old.stat.ModTime()) {
		return &live{m: old.m, stat: st, checked: now}
	}
	p, err := s.readPointer()
	if err != nil {
		return keep(old, err, now)
	}
	m, err := s.manifest(p.Current)
	if err != nil {
		return keep(old, err, now)
	}
	m.info.Current = true
	return &live{m: m, stat: st, checked: now}
}

// keep goes on with the release in memory when the disk fails: a reader is
// better off with the old site than with an error.
func keep(old *live, err error, now time.Time) *live {
	if old != nil && old.m != nil {
		return &live{m: old.m, checked: now}
	}
	if errors.Is(err, ErrCorrupt) || errors.Is(err, ErrNotFound) {
		// As good as none: the next build makes one. Verify names what is wrong.
		err = fmt.Errorf("%w is live: %w", ErrNone, err)
	}
	return &live{err: err, checked: now}
}
