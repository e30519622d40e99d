package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/config"
	"github.com/coranto/coranto/internal/content"
	"github.com/coranto/coranto/internal/egress"
	"github.com/coranto/coranto/internal/feed"
	"github.com/coranto/coranto/internal/git"
)

// Added is what adding a source found and did.
type Added struct {
	ID       string           `json:"id"`
	URL      string           `json:"url"` // of the feed
	Title    string           `json:"title,omitempty"`
	Format   string           `json:"format"`
	Version  string           `json:"version,omitempty"`
	Entries  int              `json:"entries"`
	FullText bool             `json:"full_text"`
	Others   []feed.Candidate `json:"others,omitempty"` // other feeds the page links to
	Checks   []Check          `json:"checks"`
	Newest   []coranto.Entry  `json:"newest"`
	PerWeek  float64          `json:"per_week,omitempty"`
	Backlog  bool             `json:"backlog"` // the site lives already: only the newest few go to the home page
	Commit   string           `json:"commit,omitempty"`
	Written  bool             `json:"written"`               // to coranto.yaml
	Why      string           `json:"uncommitted,omitempty"` // why it was not committed
	Proposal *Proposal        `json:"proposal,omitempty"`    // it was pushed as a branch of its own
}

// Check is one thing that was looked at.
type Check struct {
	OK   bool   `json:"ok"`
	Text string `json:"text"`
}

// AddOptions say how a source is added.
type AddOptions struct {
	config.SourceEdit
	Propose bool // as a branch that is pushed, in place of a commit here
	DryRun  bool
}

// ErrKnown is returned for a feed that is a source already.
var ErrKnown = errors.New("is a source already")

// Add finds the feed of an address, looks at it, and writes the source into
// coranto.yaml; it asks each URL once.
func Add(ctx context.Context, dir, address string, add AddOptions, o Options) (Added, error) {
	o.defaults()
	d, err := openDirectory(ctx, dir, o)
	if err != nil {
		return Added{}, err
	}
	defer d.close()
	address, err = webAddress(address)
	if err != nil {
		return Added{}, err
	}
	if id := d.sourceOf(address); id != "" {
		return Added{}, fmt.Errorf("%s %w: %q", address, ErrKnown, id)
	}
	if err := d.addable(add, address); err != nil { // before anybody is asked
		return Added{}, err
	}
	zone := add.Zone
	if zone == "" {
		zone = d.config.Fetch.Zone
	}
	find := discoverOrOffer
	if add.Scrape != "" {
		find = func(ctx context.Context, web feed.Getter, address, zone string) (found, error) {
			return readListing(ctx, web, address, zone, add.Scrape)
		}
	}
	found, err := find(ctx, d.web, address, zone)
	if err != nil {
		return Added{}, err
	}
	if add.Scrape == Auto {
		add.Scrape = found.doc.Format
	}
	if id := d.sourceOf(found.url); id != "" {
		return Added{}, fmt.Errorf("%s, the feed of %s, %w: %q", found.url, address, ErrKnown, id)
	}
	res := Added{URL: found.url, Title: found.doc.Feed.Title, Format: found.doc.Format, Version: found.doc.Version,
		Entries: len(found.doc.Entries), Others: found.others}
	edit := add.SourceEdit
	edit.URL = found.url
	if edit.ID == "" {
		edit.ID = newID(d.config.Sources, found)
	}
	res.ID = edit.ID
	snap, err := d.content.Snapshot(ctx)
	if err != nil {
		return Added{}, err
	}
	res.look(found, snap, coranto.Source{ID: edit.ID, URL: edit.URL})
	if add.DryRun {
		return res, nil
	}
	change := func(old []byte) ([]byte, error) { return config.AddSource(old, edit) }
	if add.Propose {
		p, err := d.propose(ctx, "coranto/add-"+edit.ID, change, fmt.Sprintf("Add source %s\n\n%s", edit.ID, edit.URL))
		res.Proposal, res.Commit = &p, p.Commit
		return res, err
	}
	res.Commit, res.Why, err = d.edit(ctx, change, fmt.Sprintf("Add source %s\n\n%s", edit.ID, edit.URL))
	res.Written = err == nil
	return res, err
}

// addable tries what was said of a source, with the address that was typed in
// the place of its feed's.
func (d *directory) addable(add AddOptions, address string) error {
	if add.Propose && d.config.Remote == "" {
		return ErrNoRemote
	}
	edit := add.SourceEdit
	edit.URL = address
	if edit.ID == "" {
		edit.ID = freeID(d.config.Sources, "")
	}
	old, err := os.ReadFile(d.Layout.config())
	if err != nil {
		return err
	}
	if _, err = config.AddSource(old, edit); errors.Is(err, config.ErrValue) || errors.Is(err, config.ErrKnown) {
		return err
	}
	return nil // what else is wrong is told of the feed's own address
}

// directory is a site directory opened for a change of its configuration: no
// lock and no state are needed, so it works beside `coranto serve`.
type directory struct {
	Layout
	config  *config.Config
	web     *egress.Client
	repo    *git.Repo
	content *content.Store
}

func openDirectory(ctx context.Context, dir string, o Options) (*directory, error) {
	return openOn(ctx, dir, o, branchOf)
}

// openCheckout opens a directory of which HEAD may be detached, as CI leaves it,
// to look at.
func openCheckout(ctx context.Context, dir string, o Options) (*directory, error) {
	return openOn(ctx, dir, o, func(ctx context.Context, repo *git.Repo, cfg *config.Config) (string, error) {
		if branch, err := branchOf(ctx, repo, cfg); err == nil {
			return branch, nil
		}
		return "main", nil // only commits are read, never the branch
	})
}

func openOn(ctx context.Context, dir string, o Options, branchOf func(context.Context, *git.Repo, *config.Config) (string, error)) (_ *directory, err error) {
	l, err := layoutOf(dir)
	if err != nil {
		return nil, err
	}
	d := &directory{Layout: l}
	defer func() {
		if err != nil {
			d.close()
		}
	}()
	if d.config, err = l.readConfig(); err != nil {
		return nil, err
	}
	if d.web, err = l.client(d.config, o); err != nil {
		return nil, err
	}
	if d.repo, err = git.Open(ctx, l.Dir, git.Options{Author: git.Ident{Name: d.config.Commit.Name, Email: d.config.Commit.Email}}); err != nil {
		return nil, err
	}
	branch, err := branchOf(ctx, d.repo, d.config)
	if err != nil {
		return nil, err
	}
	d.content, err = content.Open(ctx, d.repo, content.Options{Path: d.config.Content, Branch: branch,
		Location: d.config.Site.Timezone, Now: o.Now, Cache: content.DirCache(l.cache())})
	return d, err
}

// close gives back what was opened.
func (d *directory) close() {
	if d.web != nil {
		d.web.Close()
	}
	if d.content != nil {
		d.content.Close()
	}
	if d.repo != nil {
		d.repo.Close()
	}
}

func (d *directory) sourceOf(feedURL string) string {
	for _, s := range d.config.Sources {
		if s.URL == feedURL {
			return s.ID
		}
	}
	return ""
}

// edit changes coranto.yaml and commits that. Where the user has uncommitted
// edits in the file it is only written, and why is returned.
func (d *directory) edit(ctx context.Context, change func([]byte) ([]byte, error), message string) (commit, why string, err error) {
	// What the change is about may stand in the edits alone.
	var apart []byte
	unfit := false
	commit, err = d.content.CommitFile(ctx, config.FileName, func(committed []byte) ([]byte, error) {
		text, err := change(committed)
		apart, unfit = committed, err != nil
		return text, err
	}, message)
	if err == nil {
		return commit, "", nil
	}
	old, rerr := os.ReadFile(d.Layout.config())
	if rerr != nil {
		return "", "", rerr
	}
	switch {
	case errors.Is(err, content.ErrEdited), unfit && !bytes.Equal(old, apart):
		why = "coranto.yaml has uncommitted edits: commit it together with them"
	case errors.Is(err, git.ErrBusy), errors.Is(err, git.ErrLocked):
		why = err.Error()
	default:
		return "", "", err
	}
	text, cerr := change(old)
	if cerr != nil {
		return "", "", cerr
	}
	return "", why, replaceFile(d.Layout.config(), text)
}

// found is a feed that was found.
type found struct {
	url    string
	doc    *feed.Document
	others []feed.Candidate
}

// discover asks an address, and where it is a page, the feeds it links to,
// best first.
func discover(ctx context.Context, web feed.Getter, address, zone string) (found, error) {
	doc, at, err := readFeed(ctx, web, address, zone)
	if err == nil {
		return found{url: at, doc: doc}, nil
	}
	page, ok := errors.AsType[*feed.NotFeedError](err)
	if !ok {
		return found{}, err
	}
	if len(page.Candidates) == 0 {
		return found{}, &noFeedError{address, page.Err}
	}
	var errs []error
	for i, c := range page.Candidates[:min(3, len(page.Candidates))] {
		doc, at, err := readFeed(ctx, web, c.URL, zone)
		if err == nil {
			return found{url: at, doc: doc, others: slices.Delete(slices.Clone(page.Candidates), i, i+1)}, nil
		}
		errs = append(errs, err)
	}
	return found{}, fmt.Errorf("%s links to feeds that cannot be read: %w", address, errors.Join(errs...))
}

// noFeedError is a page that is no feed and links to none.
type noFeedError struct {
	address string
	err     error
}

func (e *noFeedError) Error() string {
	return fmt.Sprintf("%s is not a feed and links to none: %s", e.address, strings.TrimPrefix(e.err.Error(), "not a feed: "))
}

func (e *noFeedError) Unwrap() error { return e.err }

// readFeed reads one feed. The address it returns is where permanent redirects
// lead: a new source begins at its present place.
func readFeed(ctx context.Context, web feed.Getter, address, zone string) (*feed.Document, string, error) {
	res, err := feed.Fetch(ctx, web, coranto.Source{URL: address, Zone: zone}, feed.Validators{}, feed.Options{})
	switch {
	case err != nil:
		return nil, "", err
	case res.Gone:
		return nil, "", fmt.Errorf("%s is gone for good (410) (hint: ask its owner for the new address)", address)
	case res.Permanent != "":
		address = res.Permanent
	}
	return res.Document, address, nil
}

// look fills in what a person wants to know before trusting a feed.
func (a *Added) look(f found, snap *content.Snapshot, src coranto.Source) {
	entries := f.doc.Entries
	undated, ids := 0, map[string]bool{}
	for _, e := range entries {
		if e.Published.IsZero() {
			undated++
		}
		if e.ID != "" {
			ids[e.ID] = true
		}
		if len(e.Content) > 1500 {
			a.FullText = true
		}
	}
	check := func(ok bool, good, bad string) {
		if text := map[bool]string{true: good, false: bad}[ok]; text != "" {
			a.Checks = append(a.Checks, Check{ok, text})
		}
	}
	check(!f.doc.Malformed, "", "the feed is damaged; what can be read is")
	check(undated == 0, "dates", fmt.Sprintf("%d entries have no date", undated))
	check(len(ids) == len(entries), "ids", "ids are missing or repeat: links decide")
	m := snap.Match(src, entries)
	merged := 0
	for _, c := range m.New {
		if c.Merge != "" {
			merged++
		}
	}
	check(merged == 0, "no entry is here already", fmt.Sprintf("%d entries are here already through other sources: they will be merged", merged))
	a.Backlog = snap.Len() > 0
	a.Newest = newest(entries, 3)
	if gap := feed.Gap(entries); gap > 0 {
		a.PerWeek = float64(7*24*time.Hour) / float64(gap)
	}
}

func newest(entries []coranto.Entry, n int) []coranto.Entry {
	sorted := slices.Clone(entries)
	slices.SortStableFunc(sorted, func(a, b coranto.Entry) int { return b.Published.Compare(a.Published) })
	out := sorted[:min(n, len(sorted))]
	for i := range out {
		out[i].Content, out[i].Summary = "", ""
	}
	return out
}

// newID makes an id no source has, of the site's host.
func newID(sources []coranto.Source, f found) string {
	at := f.url
	if f.doc.Feed.Link != "" {
		at = f.doc.Feed.Link
	}
	base := ""
	if u, err := url.Parse(at); err == nil && u.Hostname() != "" {
		host := strings.TrimPrefix(u.Hostname(), "www.")
		if strings.Trim(host, "0123456789.:") == "" {
			// An address says nothing; the feed's own name does.
			if s := config.NameID(f.doc.Feed.Title); s != "" {
				host = s
			}
		}
		base = config.NameID(host)
		if p := path.Base(u.Path); strings.HasPrefix(u.Path, "/~") || strings.HasPrefix(p, "@") {
			base += "-" + config.NameID(strings.Trim(u.Path, "/~@"))
		}
	}
	return freeID(sources, base)
}

// webAddress completes what people type: "go.dev/blog" is https.
func webAddress(s string) (string, error) {
	s = strings.TrimSpace(s)
	if rest, ok := strings.CutPrefix(s, "feed:"); ok { // as some pages write it
		s = strings.TrimPrefix(rest, "//")
	}
	if strings.HasPrefix(s, ".") || strings.HasPrefix(s, "/") || strings.HasPrefix(s, "~") {
		return "", fmt.Errorf("%q is not a web address but a path (hint: coranto feed parse %s reads a file)", s, s)
	}
	typed := s
	if s != "" && !strings.Contains(s, "://") {
		s = "https://" + s
	}
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || strings.HasPrefix(typed, "mailto:") {
		return "", fmt.Errorf("%q is not a web address (hint: it begins with https:// or http://)", typed)
	}
	if u.User != nil {
		return "", fmt.Errorf("%s has a user or password in it, which would be committed (hint: leave them out, then: coranto secret set %s)", u.Redacted(), u.Host)
	}
	return u.String(), nil
}
