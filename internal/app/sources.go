package app

import (
	"context"
	"fmt"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/config"
	"github.com/coranto/coranto/internal/durable"
	"github.com/coranto/coranto/internal/failpoint"
)

var (
	beforeReplace = failpoint.Name("app.before-replace")
	afterReplace  = failpoint.Name("app.after-replace")
)

// importID keeps the ID an outline brings, or makes one of its title or address.
func importID(ids *sourceIDs, s coranto.Source) string {
	base := config.NameID(s.ID)
	if base == "" {
		base = config.NameID(s.Title)
	}
	if base == "" {
		return ids.free(config.DefaultID(s.URL))
	}
	if len(base) > 40 {
		base = config.NameID(base[:40])
	}
	return ids.free(base)
}

// sourceIDs are those that are taken. A list may bring many thousands, and all
// of one name.
type sourceIDs struct {
	taken map[string]bool
	next  map[string]int // by base: the number to try first
}

func idsOf(sources []coranto.Source) *sourceIDs {
	ids := &sourceIDs{taken: map[string]bool{}, next: map[string]int{}}
	for _, s := range sources {
		ids.taken[s.ID] = true
	}
	return ids
}

// freeID is an ID for one more source.
func freeID(sources []coranto.Source, base string) string { return idsOf(sources).free(base) }

// free takes base, or base with the first number that no source has; "source"
// stands for an empty one.
func (ids *sourceIDs) free(base string) string {
	if base == "" {
		base = "source"
	}
	id := base
	n := max(2, ids.next[base])
	for ; ids.taken[id]; n++ {
		id = fmt.Sprintf("%s-%d", base, n)
	}
	ids.next[base], ids.taken[id] = n, true
	return id
}

// Change is an edit of one source.
type Change string

// The changes.
const (
	Retire Change = "retire"
	Pause  Change = "pause"
	Resume Change = "resume"
)

// ErrNoSource is returned for an ID no source has.
var ErrNoSource = fmt.Errorf("no such source")

// ChangeSource edits one source in coranto.yaml and commits that.
func ChangeSource(ctx context.Context, dir, id string, c Change, dry bool, o Options) (commit, why string, err error) {
	o.defaults()
	d, err := openDirectory(ctx, dir, o)
	if err != nil {
		return "", "", err
	}
	defer d.close()
	known := false
	for _, s := range d.config.Sources {
		known = known || s.ID == id
	}
	if !known {
		return "", "", noSource(d.config, id)
	}
	if dry {
		return "", "", nil
	}
	return d.edit(ctx, func(old []byte) ([]byte, error) {
		switch c {
		case Retire:
			return config.RetireSource(old, id)
		case Pause:
			return config.PauseSource(old, id, true)
		default:
			return config.PauseSource(old, id, false)
		}
	}, fmt.Sprintf("%s%s source %s", string(c[0]-'a'+'A'), string(c[1:]), id))
}

// replaceFile writes a file whole or not at all.
func replaceFile(path string, data []byte) error {
	if err := durable.WriteFile(path, data, 0, beforeReplace, afterReplace); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
