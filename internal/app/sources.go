package app

import (
	"context"
	"fmt"
	"os"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/config"
	"github.com/coranto/coranto/internal/failpoint"
	"github.com/coranto/coranto/internal/opml"
)

var (
	beforeReplace = failpoint.Name("app.before-replace")
	afterReplace  = failpoint.Name("app.after-replace")
)

// Imported is what importing an OPML file did.
type Imported struct {
	Added   []string `json:"added"`   // IDs
	Known   []string `json:"known"`   // URLs that were sources already
	Skipped []string `json:"skipped"` // outlines that are no source, with why
	Commit  string   `json:"commit,omitempty"`
	Why     string   `json:"uncommitted,omitempty"` // why it was not committed
}

// Import adds the sources of an OPML document, in one commit, asking nobody.
func Import(ctx context.Context, dir string, data []byte, zone string, dry bool, o Options) (Imported, error) {
	o.defaults()
	d, err := openDirectory(ctx, dir, o)
	if err != nil {
		return Imported{}, err
	}
	defer d.close()
	doc, err := opml.Parse(data)
	if err != nil {
		return Imported{}, err
	}
	res := Imported{Added: []string{}, Known: []string{}, Skipped: doc.Skipped}
	have := map[string]bool{}
	sources := d.config.Sources
	for _, s := range sources {
		have[s.URL] = true
	}
	var edits []config.SourceEdit
	for _, s := range doc.Sources {
		if have[s.URL] {
			res.Known = append(res.Known, s.URL)
			continue
		}
		have[s.URL] = true
		e := config.SourceEdit{ID: s.ID, URL: s.URL, Title: s.Title, Kind: s.Kind, Author: s.Author, Zone: s.Zone, FullText: s.FullText, Tags: s.Tags, Paused: s.Paused, Retired: s.Retired}
		if e.Kind == "blog" {
			e.Kind = ""
		}
		if zone != "" {
			e.Zone = zone
		}
		e.ID = importID(sources, s)
		sources = append(sources, coranto.Source{ID: e.ID})
		edits = append(edits, e)
		res.Added = append(res.Added, e.ID)
	}
	if dry || len(edits) == 0 {
		return res, nil
	}
	change := func(old []byte) ([]byte, error) { return config.AddSources(old, edits) }
	res.Commit, res.Why, err = d.edit(ctx, change, fmt.Sprintf("Import %d sources", len(edits)))
	return res, err
}

// importID keeps the ID an outline brings, or makes one of its title or host.
func importID(sources []coranto.Source, s coranto.Source) string {
	base := s.ID
	if base == "" {
		base = slug(s.Title)
	}
	if len(base) > 40 {
		base = slug(base[:40])
	}
	if base == "" {
		base = "source"
	}
	taken := map[string]bool{}
	for _, t := range sources {
		taken[t.ID] = true
	}
	id := base
	for n := 2; taken[id]; n++ {
		id = fmt.Sprintf("%s-%d", base, n)
	}
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
		return "", "", fmt.Errorf("%w: %q", ErrNoSource, id)
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
	tmp := path + ".tmp"
	f, err := os.Create(tmp)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = failpoint.Hit(beforeReplace)
	}
	if err == nil {
		err = os.Rename(tmp, path)
	}
	if err != nil {
		os.Remove(tmp)
		return fmt.Errorf("write %s: %w", path, err)
	}
	return failpoint.Hit(afterReplace)
}
