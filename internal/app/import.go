package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/coranto/coranto/internal/config"
	"github.com/coranto/coranto/internal/opml"
	"github.com/coranto/coranto/internal/planets"
)

// Imported is what importing a list of sources did.
type Imported struct {
	Format  string   `json:"format"`
	Title   string   `json:"title,omitempty"` // of the list
	Added   []string `json:"added"`           // IDs
	Known   []string `json:"known"`           // URLs that were sources already
	Skipped []string `json:"skipped"`         // entries that are no source, with why
	Notes   []string `json:"notes"`           // settings without a counterpart, or with one that differs
	Commit  string   `json:"commit,omitempty"`
	Why     string   `json:"uncommitted,omitempty"` // why it was not committed
}

// Import adds the sources of a list in any format that is known, in one commit,
// asking nobody.
func Import(ctx context.Context, dir string, data []byte, zone string, dry bool, o Options) (Imported, error) {
	o.defaults()
	d, err := openDirectory(ctx, dir, o)
	if err != nil {
		return Imported{}, err
	}
	defer d.close()
	list, err := readList(data)
	if err != nil {
		return Imported{}, err
	}
	if len(list.Sources) == 0 {
		return Imported{}, emptyList(list)
	}
	res := Imported{Format: list.Format, Title: list.Title, Added: []string{}, Known: []string{}, Skipped: none(list.Skipped), Notes: none(list.Notes)}
	have := map[string]bool{}
	ids := idsOf(d.config.Sources)
	for _, s := range d.config.Sources {
		have[config.SameURL(s.URL)] = true
	}
	var edits []config.SourceEdit
	for _, s := range list.Sources {
		if have[config.SameURL(s.URL)] {
			res.Known = append(res.Known, s.URL)
			continue
		}
		have[config.SameURL(s.URL)] = true
		s.ID = importID(ids, s)
		if zone != "" {
			s.Zone = zone
		}
		if s.Zone != "" && !d.zone(s.Zone) {
			res.Notes = append(res.Notes, fmt.Sprintf("%s: zone %s is not one of this site's: left out", s.ID, s.Zone))
			s.Zone = ""
		}
		e := config.EditOf(s)
		if err := writable(e); err != nil {
			res.Notes = append(res.Notes, fmt.Sprintf("%s: a setting cannot be written here, so only address, title and tags are: %v", s.ID, err))
			e = config.SourceEdit{ID: s.ID, URL: s.URL, Title: s.Title, Tags: s.Tags, Paused: s.Paused, Retired: s.Retired}
		}
		edits = append(edits, e)
		res.Added = append(res.Added, s.ID)
	}
	if len(edits) == 0 {
		return res, nil
	}
	change := func(old []byte) ([]byte, error) { return config.AddSources(old, edits) }
	if dry {
		old, err := os.ReadFile(d.Layout.config())
		if err == nil {
			_, err = change(old)
		}
		return res, err
	}
	res.Commit, res.Why, err = d.edit(ctx, change, fmt.Sprintf("Import %d sources", len(edits)))
	return res, err
}

// readList reads OPML, or what another planet is kept in.
func readList(data []byte) (planets.List, error) {
	head := strings.TrimSpace(strings.TrimPrefix(string(data[:min(len(data), 512)]), "\ufeff"))
	if !strings.HasPrefix(head, "<") && !strings.HasPrefix(string(data), "\xff\xfe") && !strings.HasPrefix(string(data), "\xfe\xff") {
		if cfg, err := config.Parse("", data); err == nil && len(cfg.Sources) > 0 {
			return planets.List{Format: config.FileName, Title: cfg.Site.Title, Sources: cfg.Sources}, nil
		}
		return planets.Parse(data)
	}
	doc, err := opml.Parse(data)
	return planets.List{Format: "OPML", Title: doc.Title, Sources: doc.Sources, Skipped: doc.Skipped, Notes: doc.Notes}, err
}

// ErrEmptyList is returned for a list without a source.
var ErrEmptyList = errors.New("the list holds no source")

// emptyList says what the list holds instead.
func emptyList(list planets.List) error {
	told := append(append([]string{}, list.Skipped...), list.Notes...)
	if len(told) == 0 {
		return fmt.Errorf("%w (%s)", ErrEmptyList, list.Format)
	}
	return fmt.Errorf("%w (%s): %s", ErrEmptyList, list.Format, strings.Join(told[:min(3, len(told))], "; "))
}

func (d *directory) zone(name string) bool {
	for _, z := range d.config.Zones {
		if z.Name == name {
			return true
		}
	}
	return name == config.PublicZone
}

func none(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// writable tries a source alone, so that one does not spoil the others.
func writable(e config.SourceEdit) error {
	e.Zone = ""
	_, err := config.AddSource([]byte("site: {title: x}\n"), e)
	return err
}
