package site

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"iter"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/coranto/coranto"
)

// format is part of every fingerprint; it grows when code changes what pages
// look like while Version stays the same (in development).
const format = "1"

// build is one run of Build.
type build struct {
	in        Input
	sink      Sink
	memo      Memo
	theme     *theme
	own       *ownPages
	m         *model
	site      Site
	origin    string // "https://news.example.org", without the root
	root      string
	per       int
	feedItems int
	epoch     [32]byte // of what every file depends on: version, configuration, theme, navigation
	report    Report
	ctx       context.Context // of the one call of run

	// Of a Resident's builds: the fingerprint of every file that was given, the
	// pictures that were placed, and what is other than the last time.
	keys   map[string][32]byte
	placed map[string]bool
	change *change
	fresh  []string // paths whose fingerprint is another than before

	deleted []int32 // posts that Input.Deleted names; nil: not looked for yet

	searchFirst int // slots of the smallest segment of the search

	sum       *summer
	done      map[string]bool // paths given
	buf       bytes.Buffer
	main      bytes.Buffer
	scratch   bytes.Buffer
	headBuf   []byte
	headStart string
	headEnd   string
	frames    map[string]template.HTML
	navPaths  map[string]bool
	linkCache map[*group]Link
	timeCache map[int]template.HTML
	langCache map[string]string

	sourceCards map[string]sourceCard // by ID
}

func newBuild(in Input, sink Sink, memo Memo) (*build, error) {
	if !slices.IsSortedFunc(in.Posts, func(p, q coranto.Post) int { return p.Compare(&q) }) {
		return nil, errors.New("build site: posts are not in order")
	}
	return prepare(in, sink, memo, func(loc *time.Location) (*model, error) { return newModel(in, loc), nil })
}

// prepare makes a build of a model.
func prepare(in Input, sink Sink, memo Memo, of func(*time.Location) (*model, error)) (*build, error) {
	b := &build{
		in: in, sink: sink, memo: memo, sum: newSummer(), done: map[string]bool{}, frames: map[string]template.HTML{},
		linkCache: map[*group]Link{}, timeCache: map[int]template.HTML{}, langCache: map[string]string{},
		sourceCards: map[string]sourceCard{},
	}
	loc, err := b.configure()
	if err != nil {
		return nil, err
	}
	base, err := Theme(in.Config.Theme)
	if err != nil {
		return nil, err
	}
	opts, err := readOptions(in.Config.Options)
	if err != nil {
		return nil, err
	}
	if b.theme, err = loadTheme(base, in.Theme, b.site.Language, b.root, opts); err != nil {
		return nil, err
	}
	if err := b.applyOptions(opts); err != nil {
		return nil, err
	}
	if b.own, err = loadPages(in.Pages, b.site.Language, b.root, b.theme.locale); err != nil {
		return nil, err
	}
	if b.m, err = of(loc); err != nil {
		return nil, err
	}
	b.navigate()
	b.navPaths = map[string]bool{b.root: true}
	for _, n := range b.site.Nav {
		b.navPaths[n.Path] = true
	}
	b.makeHead()
	return b, b.makeEpoch()
}

// configure reads the configuration into what pages use.
func (b *build) configure() (*time.Location, error) {
	c := &b.in.Config
	loc, err := time.LoadLocation(c.Timezone)
	if err != nil {
		return nil, fmt.Errorf("build site: timezone %q: %w", c.Timezone, err)
	}
	b.per = cmp.Or(max(0, c.PerPage), 20)
	b.feedItems = cmp.Or(max(0, c.FeedItems), 50)
	b.searchFirst = cmp.Or(b.in.searchFirst, searchFirst)
	b.root = "/"
	if c.URL != "" {
		u, err := url.Parse(c.URL)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.RawQuery != "" || u.Fragment != "" {
			return nil, fmt.Errorf("build site: url %q is not an address like https://news.example.org", c.URL)
		}
		b.origin = u.Scheme + "://" + u.Host
		b.root = strings.TrimRight(u.EscapedPath(), "/") + "/"
	}
	lang := languageTag(cmp.Or(c.Language, "en"))
	if lang == "" {
		return nil, fmt.Errorf("build site: language %q is no language tag", c.Language)
	}
	b.site = Site{
		Title: cmp.Or(strings.TrimSpace(clean(c.Title)), "Coranto"), Description: strings.TrimSpace(clean(c.Description)),
		Root: b.root, Language: lang, Dir: direction(lang),
	}
	b.site.Author = cmp.Or(clean(c.Author), b.site.Title)
	if b.origin != "" {
		b.site.URL = strings.TrimRight(b.origin+b.root, "/")
	}
	for p := range strings.SplitSeq(c.About, "\n\n") {
		if p = strings.TrimSpace(clean(p)); p != "" {
			b.site.About = append(b.site.About, p)
		}
	}
	return loc, nil
}

// navigate fills the navigation.
func (b *build) navigate() {
	b.navigateLists()
	b.addOwnPages()
}

func (b *build) navigateLists() {
	t := b.theme.locale.t
	b.site.HasPosts = b.m.visible > 0
	kinds := b.m.kinds.shown()
	slices.SortFunc(kinds, func(x, y *group) int {
		return cmp.Or(cmp.Compare(kindRank(x.name), kindRank(y.name)), strings.Compare(x.slug, y.slug))
	})
	for _, g := range kinds {
		b.site.Kinds = append(b.site.Kinds, b.kindLink(g))
	}
	for _, m := range b.in.Config.Menu {
		if p := httpURL(m.URL); p != "" {
			b.site.Nav = append(b.site.Nav, NavItem{Name: clean(m.Name), Path: p})
		} else if strings.HasPrefix(m.URL, "/") && !strings.HasPrefix(m.URL, "//") {
			b.site.Nav = append(b.site.Nav, NavItem{Name: clean(m.Name), Path: b.root + (&url.URL{Path: m.URL[1:]}).EscapedPath()})
		}
	}
	if len(b.site.Nav) > 0 {
		return
	}
	add := func(show bool, name, route string) {
		if show {
			b.site.Nav = append(b.site.Nav, NavItem{Name: name, Path: b.root + route})
		}
	}
	for _, k := range b.site.Kinds {
		b.site.Nav = append(b.site.Nav, NavItem{Name: k.Name, Path: k.Path})
	}
	add(len(b.m.tags.shown()) > 0, t("tags"), "tags/")
	add(true, t("sources"), "sources/")
	add(b.site.HasPosts, t("archive"), "archive/")
	add(true, t("about"), "about/")
}

// kindRank puts blogs first, then videos, then the others by name.
func kindRank(kind string) int {
	switch kind {
	case "blog":
		return 0
	case "video":
		return 1
	}
	return 2
}

// makeEpoch computes the fingerprint of what all files depend on.
func (b *build) makeEpoch() error {
	conf, err := json.Marshal(struct {
		Format, Version string
		Config          Config
		Site            Site
	}{format, b.in.Version, b.in.Config, b.site})
	if err != nil {
		return fmt.Errorf("build site: %w", err)
	}
	b.epoch = sha256.Sum256(append(conf, b.theme.sum[:]...))
	return nil
}

// run emits all files.
func (b *build) run(ctx context.Context) (Report, error) {
	b.ctx = ctx
	for _, step := range []func() error{b.emitFiles, b.emitOwnPages, b.emitFreePages, b.emitPosts, b.emitLists, b.emitPages, b.emitFeeds, b.emitImages} {
		if err := step(); err != nil {
			return b.report, err
		}
		if b.m.fault != nil {
			return b.report, b.m.fault
		}
	}
	return b.report, nil
}

// emit puts a file, or says that it is the same as before. sum holds what it
// depends on besides the epoch. A path is given once: the user's static files
// come first, so they win.
func (b *build) emit(path string, sum *summer, render func(*bytes.Buffer) error) error {
	if b.done[path] {
		return nil
	}
	if err := b.ctx.Err(); err != nil {
		return err
	}
	b.done[path] = true
	sum.sum32(b.epoch).str(path)
	key := sum.end()
	if b.keys != nil {
		if was, ok := b.keys[path]; b.change != nil && ok && was == key {
			return nil // the sink has it
		}
		if b.had(path) {
			b.report.Files--
			b.report.Reused--
		}
		if keepsKey(path) {
			path := strings.Clone(path)
			b.keys[path] = key
			if b.change != nil {
				b.fresh = append(b.fresh, path)
			}
		}
	}
	if b.memo != nil {
		if hash, ok := b.memo.Get(key); ok {
			err := b.sink.Reuse(path, hash)
			if err == nil {
				b.report.Files++
				b.report.Reused++
				return nil
			}
			if !errors.Is(err, ErrGone) {
				return fmt.Errorf("build %s: %w", path, err)
			}
		}
	}
	b.buf.Reset()
	if err := render(&b.buf); err != nil {
		return fmt.Errorf("build %s: %w", path, err)
	}
	hash, err := b.sink.Put(path, b.buf.Bytes())
	if err != nil {
		return fmt.Errorf("build %s: %w", path, err)
	}
	if b.memo != nil {
		b.memo.Set(key, hash)
	}
	b.report.Files++
	b.report.Rendered++
	b.report.Bytes += int64(b.buf.Len())
	return nil
}

// had reports whether the sink of a Resident's build has begun with the file.
func (b *build) had(path string) bool {
	return b.change != nil && b.sink.(Based).Has(path)
}

// keepsKey says of which files the fingerprint is kept for the next build: of
// those that are looked at in every build. The others are looked at where
// something of them is other than before.
func keepsKey(path string) bool {
	first, rest, _ := strings.Cut(path, "/")
	switch first {
	case "posts", "feed", "images":
		return rest == ""
	case "search":
		return !strings.HasPrefix(rest, "docs/") && (rest == "" || rest[0] < '0' || rest[0] > '9')
	}
	return !strings.Contains(rest, "/page/") && !strings.HasPrefix(rest, "page/") && (first != "page" || rest == "")
}

// concerned yields the posts that are new or other than before, oldest first;
// all of them where there is no before.
func (b *build) concerned() iter.Seq[int32] {
	return func(yield func(int32) bool) {
		if b.change != nil {
			for _, i := range b.change.list {
				if !yield(i) {
					return
				}
			}
			return
		}
		for i := range b.m.posts {
			if !yield(int32(i)) {
				return
			}
		}
	}
}

// emitPage puts the page of a route: "tags/go/" is tags/go/index.html.
func (b *build) emitPage(route string, sum *summer, render func(*bytes.Buffer) error) error {
	path := route + "index.html"
	if b.done[path] {
		return nil
	}
	if !b.had(path) {
		b.report.Pages++
	}
	return b.emit(path, sum, render)
}

func (b *build) emitFiles() error {
	if b.change != nil {
		return nil // the theme is the same
	}
	for _, f := range b.theme.files {
		err := b.emit(f.path, b.sum.start("file").sum32(f.sum), func(w *bytes.Buffer) error {
			w.Write(f.body)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (b *build) emitPosts() error {
	for i := range b.concerned() {
		p := b.m.post(i)
		if p.Hidden {
			continue
		}
		if b.change == nil || int(i) >= b.change.before {
			b.report.Posts++
		}
		err := b.emitPage("posts/"+p.id+"/", b.sum.start("post").sum32(p.sum), func(w *bytes.Buffer) error { return b.renderPost(w, i) })
		if err != nil {
			return err
		}
	}
	return nil
}

// emitPages puts indexes and the files that machines ask for.
func (b *build) emitPages() error {
	tags, authors, months := b.m.tags.shown(), b.m.authors.shown(), b.m.months.shown()
	slices.SortFunc(months, func(x, y *group) int { return strings.Compare(x.slug, y.slug) })
	pages := []string{""}
	for _, g := range b.m.kinds.shown() {
		pages = append(pages, g.dir+"/")
	}
	pages = append(pages, "tags/", "authors/", "sources/", "archive/")
	for _, gs := range [][]*group{tags, authors, months} {
		for _, g := range gs {
			pages = append(pages, g.dir+"/")
		}
	}
	for _, s := range b.m.sources {
		if s.visible > 0 {
			pages = append(pages, s.dir+"/")
		}
	}
	for _, f := range b.theme.free {
		if route, ok := strings.CutSuffix(f.path, "index.html"); ok && !slices.Contains(pages, route) {
			pages = append(pages, route)
		}
	}
	for _, route := range b.ownRoutes() {
		if !slices.Contains(pages, route) {
			pages = append(pages, route)
		}
	}
	for _, step := range []func() error{
		func() error { return b.emitIndex(tmplTags, "tags", "tags", tags) },
		func() error { return b.emitIndex(tmplAuthors, "authors", "authors", authors) },
		func() error { return b.emitArchive(months) },
		func() error { return b.emitSitemaps(pages) },
		b.emitSources, b.emitSearch, b.emitSearchPage, b.emitMissing, b.emitOPML, b.emitRobots, b.emitManifest,
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// emitFreePages comes before what the build makes by itself, so that a page of
// the user's takes the place of a list.
func (b *build) emitFreePages() error {
	for _, f := range b.theme.free {
		if err := b.emitFree(f); err != nil {
			return err
		}
	}
	return nil
}

// emitFree puts a page whose file in the theme is its route. It may list the
// newest posts.
func (b *build) emitFree(f freePage) error {
	route, isIndex := strings.CutSuffix(f.path, "index.html")
	section, _, _ := strings.Cut(route, "/")
	posts := b.m.front[max(0, len(b.m.front)-b.per):]
	s := b.sum.start("free", f.name)
	for _, i := range posts {
		s.sum32(b.m.post(i).sum)
	}
	render := func(w *bytes.Buffer) error {
		d := b.listData(list{tmpl: f.name, dir: route, section: section, heading: f.title, about: f.description}, 0, 0, posts, route)
		return b.renderPage(w, f.name, &d.Page, d)
	}
	if isIndex {
		return b.emitPage(route, s, render)
	}
	return b.emit(f.path, s, render)
}

// emitSearchPage puts the page of the search.
func (b *build) emitSearchPage() error {
	return b.emitPage("search/", b.sum.start("search-page"), func(w *bytes.Buffer) error {
		t := b.theme.locale.t
		p := b.page("search/index", "search", "search/", t("search"), t("search_about", "{site}", b.site.Title))
		return b.renderPage(w, tmplSearch, &p, &p)
	})
}

// drop takes away a file that a Resident's build before has given.
func (b *build) drop(path string) {
	if !b.had(path) {
		return
	}
	delete(b.keys, path)
	b.sink.(Based).Remove(path)
	b.report.Files--
	b.report.Reused--
}

// emitMissing puts 404.html.
func (b *build) emitMissing() error {
	return b.emit("404.html", b.sum.start("missing"), func(w *bytes.Buffer) error {
		t := b.theme.locale.t
		p := b.page("404", "", "404.html", t("missing"), t("missing_text"))
		p.Canonical, p.URL = "", ""
		return b.renderPage(w, tmplMissing, &p, &p)
	})
}

// emitImages places the local copies of pictures that posts show.
func (b *build) emitImages() error {
	for i := range b.concerned() {
		p := b.m.post(i)
		if p.Hidden || len(p.images) == 0 {
			continue
		}
		var paths []Image
		for _, img := range p.images {
			for _, img := range img.All() {
				if img.Hash != "" && !b.done[img.Path] && !(b.change != nil && b.placed[img.Path]) {
					paths = append(paths, img)
				}
			}
		}
		slices.SortFunc(paths, func(x, y Image) int { return strings.Compare(x.Path, y.Path) })
		for _, img := range paths {
			if b.done[img.Path] {
				continue
			}
			b.done[img.Path] = true
			if b.placed != nil {
				b.placed[img.Path] = true
			}
			if err := b.sink.Reuse(img.Path, img.Hash); err != nil {
				return fmt.Errorf("build %s: %w", img.Path, err)
			}
			b.report.Files++
			b.report.Reused++
		}
	}
	return nil
}
