package pipeline

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"

	"github.com/coranto/coranto/internal/release"
	"github.com/coranto/coranto/internal/site"
)

// smallSite is how many posts a site has whose build may take memory for time.
const smallSite = 20_000

// files is what a build hands its files to.
type files interface {
	Put(path string, body []byte) (hash string, err error)
	Reuse(path, hash string) error
}

// ExportSite builds the site of the branch's head straight into a folder. It
// makes no release: what is live stays.
func (p *Pipeline) ExportSite(ctx context.Context, in BuildInput, to *release.Folder) (site.Report, error) {
	set := p.Settings()
	snap, err := p.Content.Snapshot(ctx)
	if err != nil {
		return site.Report{}, err
	}
	input, _, err := p.siteInput(ctx, set, snap)
	if err != nil {
		return site.Report{}, err
	}
	if len(input.Posts) <= smallSite {
		defer debug.SetGCPercent(debug.SetGCPercent(300))
	}
	out := &plain{to, make(map[string]bool, len(input.Posts))}
	report, err := site.Build(ctx, input, out, nil)
	if err != nil {
		return report, err
	}
	if err := p.putPictures(ctx, to, input.Images, func(string) (string, bool) { return "", false }); err != nil {
		return report, err
	}
	if in.Force {
		return report, nil
	}
	if err := lost(slices.Values(to.Had()), input.Posts, out.pages, set.MaxRemoved); err != nil {
		return report, fmt.Errorf("export: %w", err)
	}
	return report, p.guard(input.Posts, out.pages, set.MaxRemoved)
}

// plain is a sink without a store behind it.
type plain struct {
	*release.Folder
	pages map[string]bool
}

func (s *plain) Put(path string, body []byte) (string, error) {
	if _, ok := postOf(path); ok {
		s.pages[path] = true
	}
	return s.Folder.Put(path, body)
}

// Reuse makes the site render what it knows from elsewhere.
func (s *plain) Reuse(path, hash string) error {
	return fmt.Errorf("%w: %w", site.ErrGone, s.Folder.Reuse(path, hash))
}
