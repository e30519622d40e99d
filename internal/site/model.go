package site

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/coranto/coranto"
)

// group is a set of posts that has a list of its own: those of a kind, tag,
// author, source or month. posts holds indexes, oldest first; hidden ones are
// among them, because they keep their slots.
type group struct {
	slug    string
	name    string
	dir     string // of its list, within the site: "tags/go"
	posts   []int32
	visible int
	last    int32 // newest visible post, -1
}

func (g *group) add(i int32, hidden bool) {
	if n := len(g.posts); n > 0 && g.posts[n-1] == i {
		return // a post names a tag twice
	}
	g.posts = append(g.posts, i)
	if !hidden {
		g.visible++
		g.last = i
	}
}

// groups are all groups of one sort, by slug, in the order of first use.
type groups struct {
	dir    string
	bySlug map[string]*group
	byName map[string]*group // what slug was already computed for
	order  []*group
}

func newGroups(dir string) *groups {
	return &groups{dir: dir, bySlug: map[string]*group{}, byName: map[string]*group{}}
}

// named returns the group of a name. Names with the same slug are one group,
// called as its oldest post calls it.
func (gs *groups) named(name string) *group {
	if g, ok := gs.byName[name]; ok {
		return g
	}
	g := gs.slugged(slug(name), name)
	gs.byName[name] = g
	return g
}

func (gs *groups) slugged(slug, name string) *group {
	g, ok := gs.bySlug[slug]
	if !ok {
		g = &group{slug: slug, name: name, dir: gs.dir + slug, last: -1}
		gs.bySlug[slug] = g
		gs.order = append(gs.order, g)
	}
	return g
}

// shown returns the groups with a visible post.
func (gs *groups) shown() []*group {
	out := make([]*group, 0, len(gs.order))
	for _, g := range gs.order {
		if g.visible > 0 {
			out = append(out, g)
		}
	}
	return out
}

// source is a source with its posts.
type source struct {
	*group
	src      coranto.Source
	unlisted bool
	lower    string // name, to sort by
}

// post is what the build derives of one.
type post struct {
	*coranto.Post
	id      string // path segment of its page, unique
	day     time.Time
	kind    *group
	source  *source
	also    []*source
	tags    []*group
	authors []*group
	month   *group           // nil: nobody told a day
	images  map[string]Image // local copies of pictures it shows, by the address as it stands in the post
	sum     [32]byte         // of all that its card, page and feed entries depend on, but for the epoch

	view *PostView
	card []byte
	atom []byte
}

// model is all that is derived of the input before anything is rendered.
type model struct {
	loc     *time.Location
	posts   []*post // nil: in the ledger, until it is asked for
	front   []int32 // posts of the home page, oldest first
	kinds   *groups
	tags    *groups
	authors *groups
	months  *groups
	sources []*source // as configured, then those that only posts name
	bySrc   map[string]*source

	srcGroups *groups
	ids       map[string]int32 // of pages, but for those in the ledger
	visible   int              // posts
	titles    map[string]string
	sum       *summer
	images    map[string]Image

	ledger *ledger // nil: all posts are in memory
	fault  error   // the first of the ledger
}

// post returns the post at a place.
func (m *model) post(i int32) *post {
	if p := m.posts[i]; p != nil {
		return p
	}
	return m.recall(i)
}

// page returns the post whose page has a name; -1: none.
func (m *model) page(id string) int32 {
	if i, ok := m.ids[id]; ok {
		return i
	}
	if m.ledger == nil {
		return -1
	}
	return m.ledger.page(id, func(i int32) bool { return m.post(i).id == id })
}

// find returns the post of an ID as the repository has it; -1: none, or not
// known without looking at all.
func (m *model) find(p *coranto.Post) int32 {
	if i := m.page(pageName(p)); i >= 0 && m.post(i).ID == p.ID {
		return i
	}
	return -1
}

// findAll returns the posts whose IDs are keys, in order.
func findAll[V any](m *model, ids map[string]V) []int32 {
	out := []int32{}
	odd := 0
	for id := range ids {
		if i := m.find(&coranto.Post{ID: id}); i >= 0 {
			out = append(out, i)
		} else if !fitID(id) || m.page(id) >= 0 {
			odd++
		}
	}
	if odd > 0 { // the page of such a post is not called by its ID
		out = out[:0]
		for i := range m.posts {
			if _, ok := ids[m.post(int32(i)).ID]; ok {
				out = append(out, int32(i))
			}
		}
	}
	slices.Sort(out)
	return out
}

var reservedRoutes = []string{"posts", "tags", "authors", "sources", "archive", "about", "assets", "page", "images", "static", "404", "feed", "search"}

func newModel(in Input, loc *time.Location) *model {
	m := emptyModel(in, loc)
	m.ids = make(map[string]int32, len(in.Posts))
	m.add(in.Posts)
	return m
}

// emptyModel knows the sources and no posts.
func emptyModel(in Input, loc *time.Location) *model {
	m := &model{
		loc: loc, bySrc: map[string]*source{}, srcGroups: newGroups("sources/"), ids: map[string]int32{}, titles: in.SourceTitles, images: in.Images, sum: newSummer(),
		kinds: newGroups(""), tags: newGroups("tags/"), authors: newGroups("authors/"), months: newGroups("archive/"),
	}
	for _, s := range in.Sources {
		m.addSource(s, false)
	}
	return m
}

// add puts posts at the end.
func (m *model) add(posts []coranto.Post) {
	at := len(m.posts)
	all := make([]post, len(posts))
	m.posts = slices.Grow(m.posts, len(posts))
	for k := range posts {
		p, i := &all[k], int32(at+k)
		p.Post = &posts[k]
		p.id = m.pageID(p.Post)
		m.ids[p.id] = i
		m.posts = append(m.posts, p)
		m.derive(p)
		m.enter(p, i)
	}
	for k := range all { // a post shows whether the list of its kind has any
		m.finish(&all[k])
	}
}

// finish derives what depends on other posts and on pictures.
func (m *model) finish(p *post) {
	p.images = localImages(p.Post, m.images)
	p.sum = m.sum.post(p)
}

func (m *model) addSource(s coranto.Source, unlisted bool) *source {
	if old, ok := m.bySrc[s.ID]; ok {
		return old
	}
	gs := m.srcGroups
	name := clean(s.Title)
	for _, alt := range []string{m.titles[s.ID], host(s.Site), host(s.URL), s.ID, "?"} {
		if name == "" {
			name = clean(alt)
		}
	}
	sl := slug(s.ID)
	for n := 2; gs.bySlug[sl] != nil; n++ {
		sl = slug(s.ID) + "-" + strconv.Itoa(n)
	}
	out := &source{group: gs.slugged(sl, name), src: s, unlisted: unlisted, lower: strings.ToLower(name)}
	m.bySrc[s.ID] = out
	m.sources = append(m.sources, out)
	return out
}

// enter puts a post into its groups.
func (m *model) enter(p *post, i int32) {
	if !p.Hidden {
		m.visible++
	}
	if !p.Backlog {
		m.front = append(m.front, i)
	}
	for _, g := range p.groups() {
		g.add(i, p.Hidden)
	}
}

// derive finds the groups of a post.
func (m *model) derive(p *post) {
	find := func(id string) *source {
		if s, ok := m.bySrc[id]; ok {
			return s
		}
		return m.addSource(coranto.Source{ID: id}, true)
	}
	if p.Source != "" {
		p.source = find(p.Source)
	}
	for _, a := range p.Also {
		if a.Source == "" || a.Source == p.Source {
			continue
		}
		s := find(a.Source)
		if !slices.Contains(p.also, s) {
			p.also = append(p.also, s)
		}
	}
	kind := cmpOr(p.Kind, "blog")
	route := slug(plural(strings.ToLower(kind)))
	if slices.Contains(reservedRoutes, route) {
		route = "kind-" + route
	}
	p.kind = m.kinds.slugged(route, clean(kind))
	for _, t := range p.Tags {
		if t = strings.TrimSpace(clean(t)); t != "" {
			if g := m.tags.named(t); !slices.Contains(p.tags, g) {
				p.tags = append(p.tags, g)
			}
		}
	}
	for _, a := range authorNames(p.Post) {
		if g := m.authors.named(a); !slices.Contains(p.authors, g) {
			p.authors = append(p.authors, g)
		}
	}
	p.day = publishedDay(p.Post, m.loc)
	month := p.day
	if month.IsZero() {
		month = p.FirstSeen.In(m.loc)
	}
	if !month.IsZero() && month.Year() > 0 && month.Year() < 10000 {
		p.month = m.months.slugged(month.Format("2006/01"), month.Format("2006-01"))
	}
}

// pageID returns the path segment of the page of a post: its ID where that is
// fit and not taken.
func (m *model) pageID(p *coranto.Post) string {
	base := pageName(p)
	id := base
	for n := 2; m.page(id) >= 0; n++ {
		id = base + "-" + strconv.Itoa(n)
	}
	return id
}

// pageName is what the page of a post is called where nobody else's is.
func pageName(p *coranto.Post) string {
	if fitID(p.ID) {
		return p.ID
	}
	seed := p.ID + "\x00" + p.Link + "\x00" + p.Title
	sum := sha256.Sum256([]byte(seed))
	return slug(cmpOr(p.ID, p.Title)) + "-" + hex.EncodeToString(sum[:5])
}

func fitID(id string) bool {
	if id == "" || len(id) > 200 || id[0] == '.' {
		return false
	}
	for i := range len(id) {
		c := id[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_' || c == '.' || c == '~') {
			return slug(id) == id
		}
	}
	return true
}

// publishedDay returns the day a post was published, in the site's time zone.
// Midnight UTC is how a day without a time is written, so it stays that day.
func publishedDay(p *coranto.Post, loc *time.Location) time.Time {
	if p.Published.IsZero() {
		if p.Date == "" {
			return time.Time{}
		}
		t, _ := time.Parse(coranto.DateLayout, p.Date)
		return t
	}
	u := p.Published.UTC()
	if u.Hour() == 0 && u.Minute() == 0 && u.Second() == 0 {
		return u
	}
	return u.In(loc)
}

var nameSuffixes = []string{"Jr", "Jr.", "Sr", "Sr.", "II", "III", "IV", "MD", "M.D.", "PhD", "Ph.D.", "Esq.", "Inc", "Inc.", "LLC", "Ltd", "Ltd.", "GmbH"}

// authorNames returns the names of the authors, each once.
func authorNames(p *coranto.Post) []string {
	var names []string
	add := func(n string) {
		if n = strings.TrimSpace(clean(n)); n != "" && !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	for _, a := range p.Authors {
		add(a.Name)
	}
	if len(names) > 0 || p.Author == "" {
		return names
	}
	for part := range strings.SplitSeq(p.Author, ", ") {
		if n := len(names); n > 0 && slices.Contains(nameSuffixes, part) {
			names[n-1] += ", " + part
			continue
		}
		add(part)
	}
	return names
}

// summer hashes lists of values so that no two lists look alike.
type summer struct{ buf []byte }

func newSummer() *summer { return &summer{make([]byte, 0, 1<<14)} }

func (s *summer) start(head ...string) *summer {
	s.buf = s.buf[:0]
	for _, h := range head {
		s.str(h)
	}
	return s
}

func (s *summer) str(v string) *summer {
	s.buf = binary.AppendUvarint(s.buf, uint64(len(v)))
	s.buf = append(s.buf, v...)
	return s
}

func (s *summer) num(v int) *summer {
	s.buf = binary.AppendVarint(s.buf, int64(v))
	return s
}

func (s *summer) flag(v bool) *summer {
	if v {
		return s.num(1)
	}
	return s.num(0)
}

func (s *summer) time(t time.Time) *summer {
	if t.IsZero() {
		return s.num(0)
	}
	return s.num(1).num(int(t.Unix()))
}

func (s *summer) sum32(v [32]byte) *summer {
	s.buf = append(s.buf, v[:]...)
	return s
}

func (s *summer) group(g *group) *summer {
	if g == nil {
		return s.num(-1)
	}
	return s.str(g.slug).str(g.name)
}

// source takes what pages of others show of a source; its own pages add the rest.
func (s *summer) source(v *source) *summer {
	if v == nil {
		return s.num(-1)
	}
	return s.group(v.group).str(v.src.ID).str(v.src.URL).str(v.src.Site)
}

func (s *summer) end() [32]byte { return sha256.Sum256(s.buf) }

// post returns the fingerprint of a post.
func (s *summer) post(p *post) [32]byte {
	if p.Hidden {
		return s.start("hidden").end()
	}
	s.start(p.id, p.ID, p.Title, p.Intro, p.Author, p.Link, p.Image, p.Language, p.Content)
	s.time(p.Published).time(p.Updated).time(p.FirstSeen).flag(p.Backlog)
	s.str(p.day.Format(time.DateOnly))
	s.group(p.kind).flag(p.kind.visible > 0).source(p.source)
	s.num(len(p.also))
	for _, a := range p.also {
		s.source(a)
	}
	s.num(len(p.tags))
	for _, t := range p.tags {
		s.group(t)
	}
	s.num(len(p.authors))
	for _, a := range p.authors {
		s.group(a)
	}
	s.num(len(p.Authors))
	for _, a := range p.Authors {
		s.str(a.Name).str(a.URL)
	}
	s.num(len(p.images))
	if len(p.images) > 0 {
		keys := make([]string, 0, len(p.images))
		for k := range p.images {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		for _, k := range keys {
			i := p.images[k]
			s.str(k)
			for _, i := range i.All() {
				s.str(i.Path).str(i.Hash).num(i.Width).num(i.Height)
			}
		}
	}
	return s.end()
}
