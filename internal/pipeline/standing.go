package pipeline

import (
	"context"
	"errors"
	"sync"

	"github.com/coranto/coranto/internal/release"
	"github.com/coranto/coranto/internal/site"
)

// standing is the site as this process has built it last: what makes the next
// build cost what has changed. It can be lost.
type standing struct {
	mu       sync.Mutex // one build at a time
	site     *site.Resident
	manifest *release.Manifest // of the last build
	memo     release.Memo      // what it used
	unsaved  int               // entries of memo that are not on disk
	images   map[string]site.Image
	note     siteNote // of the last build
}

// saveEvery is how many files are rendered again, at the most, by the first
// build after a process that was killed.
const saveEvery = 256

// begin makes what a build writes to.
func (s *standing) begin(p *Pipeline, b *release.Build) *sink {
	return &sink{build: b, pages: map[string]bool{}, standing: s, memo: newRemember(nil), load: p.Releases.LoadMemo}
}

// forget makes the next build hand over every file.
func (s *standing) forget() { s.site, s.manifest, s.images, s.note = nil, nil, nil, siteNote{} }

// end remembers a build that is a release now.
func (s *standing) end(ctx context.Context, p *Pipeline, m *release.Manifest, to *sink, images map[string]site.Image) {
	s.manifest, s.images, s.memo = m, images, to.memo.used
	s.unsaved += to.memo.sets
	if to.part && s.unsaved < saveEvery {
		return
	}
	if err := p.Releases.SaveMemo(s.memo); err != nil {
		p.Log.WarnContext(ctx, "the next build will render everything", KeyError, err)
	}
	s.unsaved = 0
}

var errNoBase = errors.New("no build to begin with")

// Base implements site.Based.
func (s *sink) Base() error {
	if s.standing.manifest == nil {
		return errNoBase
	}
	if err := s.build.From(s.standing.manifest); err != nil {
		return err
	}
	s.part = true
	s.memo = &remember{old: nil, used: s.standing.memo}
	return nil
}

// Has implements site.Based.
func (s *sink) Has(path string) bool { return s.build.Has(path) }

// Remove implements site.Based.
func (s *sink) Remove(path string) { s.build.Remove(path) }

// Get implements site.Memo.
func (s *sink) Get(key [32]byte) (string, bool) {
	if !s.part && s.load != nil {
		old, err := s.load()
		if err == nil { // else everything is rendered: it is disposable
			s.memo.old = old
		}
		s.load = nil
	}
	return s.memo.Get(key)
}

// Set implements site.Memo.
func (s *sink) Set(key [32]byte, hash string) { s.memo.Set(key, hash) }

// pictures puts the pictures that are there into the build, but for those that
// it has begun with.
func (s *sink) pictures(ctx context.Context, p *Pipeline, images map[string]site.Image) error {
	if !s.part {
		return p.putPictures(ctx, s.build, images, p.live)
	}
	now := make(map[string]bool, len(images))
	fresh := map[string]site.Image{}
	for url, img := range images {
		for _, size := range img.All() {
			now[size.Path] = true
			if _, ok := s.standing.manifest.Lookup(size.Path); !ok {
				fresh[url] = img
			}
		}
	}
	for _, img := range s.standing.images {
		for _, img := range img.All() {
			if !now[img.Path] {
				s.build.Remove(img.Path)
			}
		}
	}
	return p.putPictures(ctx, s.build, fresh, p.live)
}
