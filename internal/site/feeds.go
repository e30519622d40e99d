package site

import (
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"
	"time"
)

// Paths of the feeds, below the site or the list they belong to.
const (
	pathAtom     = "feed.xml"
	pathRSS      = "rss.xml"
	pathJSON     = "feed.json"
	pathOPML     = "opml.xml"
	pathManifest = "site.webmanifest"
	pathSitemap  = "sitemap.xml"
)

// uuidSpace is the namespace of the ids of entries; any fixed one does.
var uuidSpace = [16]byte{0x6b, 0xa7, 0xb8, 0x11, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8}

// urnUUID names a string for ever (RFC 9562, version 5): an entry keeps its id
// when the site moves to another address.
func urnUUID(name string) string {
	h := sha1.New()
	h.Write(uuidSpace[:])
	h.Write([]byte(name))
	u := h.Sum(nil)[:16]
	u[6] = u[6]&0x0f | 0x50
	u[8] = u[8]&0x3f | 0x80
	x := hex.EncodeToString(u)
	return "urn:uuid:" + x[:8] + "-" + x[8:12] + "-" + x[12:16] + "-" + x[16:20] + "-" + x[20:]
}

// updated is when a post last changed, for feeds and sitemaps.
func (p *post) updated() time.Time {
	for _, t := range []time.Time{p.Updated, p.Published, p.FirstSeen, p.day} {
		if !t.IsZero() {
			return t.UTC()
		}
	}
	return time.Unix(0, 0).UTC()
}

// newest returns at most n posts for a feed, newest first.
func (b *build) newest(posts []int32, n int) []int32 {
	out := make([]int32, 0, n)
	for k := len(posts) - 1; k >= 0 && len(out) < n; k-- {
		if p := b.m.post(posts[k]); !p.Hidden && !p.Backlog {
			out = append(out, posts[k])
		}
	}
	return out
}

// absolute returns a path of the site as an address, where that is known.
func (b *build) absolute(path string) string {
	if b.site.URL == "" {
		return path
	}
	return b.origin + path
}

// feed is what the feeds of one list share.
type feed struct {
	title   string
	dir     string // "" or "tags/go/"
	posts   []int32
	home    string
	updated time.Time
	archive int // the sealed document this is, counted from the oldest; 0: the feed itself
	before  int // the newest sealed document that is older; 0: none
	deleted []tombstone
}

func (b *build) newFeed(title, dir string, posts []int32, n int) feed {
	f := feed{title: title, dir: dir, posts: b.newest(posts, n), home: b.absolute(b.root + escapePath(dir)), updated: time.Unix(0, 0).UTC()}
	for _, i := range f.posts {
		if u := b.m.post(i).updated(); u.After(f.updated) {
			f.updated = u
		}
	}
	f.deleted = b.tombstones(posts)
	for _, t := range f.deleted {
		if t.when.After(f.updated) {
			f.updated = t.when
		}
	}
	return f
}

func (b *build) sumFeed(kind string, f feed) *summer {
	s := b.sum.start("feed", kind, f.title, f.dir).num(f.archive)
	if kind == "atom" {
		s.num(f.before)
	}
	for _, i := range f.posts {
		s.sum32(b.m.post(i).sum)
	}
	for _, t := range f.deleted {
		s.str(t.ref).time(t.when)
	}
	return s
}

func (b *build) emitFeeds() error {
	f := b.newFeed(b.site.Title, "", b.m.front, b.feedItems)
	f.before = len(b.m.front) / b.feedItems
	if err := b.emitFeedArchives(f.before); err != nil {
		return err
	}
	if err := b.emit(pathAtom, b.sumFeed("atom", f), func(w *bytes.Buffer) error { return b.atom(w, f) }); err != nil {
		return err
	}
	if err := b.emit(pathRSS, b.sumFeed("rss", f), func(w *bytes.Buffer) error { return b.rss(w, f) }); err != nil {
		return err
	}
	return b.emit(pathJSON, b.sumFeed("json", f), func(w *bytes.Buffer) error { return b.jsonFeed(w, f) })
}

// emitFeedArchives puts the archive documents of the feed (RFC 5005, section 4):
// as many slots each as the feed has posts, sealed like pages of a list.
func (b *build) emitFeedArchives(n int) error {
	for k := 1; k <= n; k++ {
		posts := b.m.front[(k-1)*b.feedItems : k*b.feedItems]
		if b.change != nil && k <= b.change.front/b.feedItems && !b.change.any(posts) {
			continue
		}
		f := feed{title: b.site.Title, home: b.absolute(b.root), updated: time.Unix(0, 0).UTC(), archive: k, before: k - 1}
		for _, i := range slices.Backward(posts) {
			if p := b.m.post(i); !p.Hidden {
				f.posts = append(f.posts, i)
				f.updated = latest(f.updated, p.updated())
			}
		}
		if err := b.emit(archivePath(k), b.sumFeed("atom", f), func(w *bytes.Buffer) error { return b.atom(w, f) }); err != nil {
			return err
		}
	}
	return nil
}

func archivePath(k int) string { return "feed/" + strconv.Itoa(k) + ".xml" }

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// emitListFeed puts the Atom feed of a tag or source.
func (b *build) emitListFeed(g *group) error {
	f := b.newFeed(g.name+" · "+b.site.Title, g.dir+"/", g.posts, min(b.feedItems, listFeedItems))
	return b.emit(f.dir+pathAtom, b.sumFeed("atom", f), func(w *bytes.Buffer) error { return b.atom(w, f) })
}

// listFeedItems is how many posts the feed of a tag or source holds.
const listFeedItems = 20

// xmlWriter appends elements.
type xmlWriter struct{ out []byte }

func (x *xmlWriter) raw(s string) { x.out = append(x.out, s...) }

// el writes an element with text, unless the text is empty.
func (x *xmlWriter) el(name, text string) {
	if text == "" {
		return
	}
	x.raw("<" + name + ">")
	x.out = appendXML(x.out, text)
	x.raw("</" + name + ">\n")
}

// attr writes ` name="value"`, unless the value is empty.
func (x *xmlWriter) attr(name, value string) {
	if value == "" {
		return
	}
	x.raw(" " + name + `="`)
	x.out = appendXML(x.out, value)
	x.raw(`"`)
}

func (x *xmlWriter) link(rel, typ, href string) {
	if href == "" {
		return
	}
	x.raw("<link")
	x.attr("rel", rel)
	x.attr("type", typ)
	x.attr("href", href)
	x.raw("/>\n")
}

// atom writes an Atom 1.0 feed (RFC 4287).
func (b *build) atom(w *bytes.Buffer, f feed) error {
	x := &xmlWriter{}
	self := b.absolute(b.root + escapePath(f.dir) + pathAtom)
	id := self
	current := self
	if f.archive > 0 {
		self = b.absolute(b.root + archivePath(f.archive))
	}
	if b.site.URL == "" {
		id = urnUUID(b.site.Title + "\x00" + f.dir)
	}
	x.raw("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\"")
	if f.archive > 0 {
		x.raw(` xmlns:fh="http://purl.org/syndication/history/1.0"`)
	}
	if len(f.deleted) > 0 {
		x.attr("xmlns:at", tombstoneSpace)
	}
	x.attr("xml:lang", b.site.Language)
	x.raw(">\n")
	x.el("id", id)
	x.el("title", f.title)
	if f.dir == "" {
		x.el("subtitle", b.site.Description)
	}
	x.el("updated", f.updated.Format(time.RFC3339))
	x.link("self", "application/atom+xml", self)
	if f.archive > 0 {
		x.raw("<fh:archive/>\n")
		x.link("current", "application/atom+xml", current)
	}
	if f.before > 0 {
		x.link("prev-archive", "application/atom+xml", b.absolute(b.root+archivePath(f.before)))
	}
	if f.archive == 0 && f.dir == "" { // the hub is told of these alone
		x.link("hub", "", httpURL(b.in.Config.Hub))
	}
	x.link("alternate", "text/html", f.home)
	x.raw("<author><name>")
	x.out = appendXML(x.out, b.site.Author)
	x.raw("</name></author>\n")
	x.raw("<generator uri=\"https://github.com/coranto/coranto\">Coranto</generator>\n")
	w.Write(x.out)
	for _, i := range f.posts {
		w.Write(b.atomEntry(i))
	}
	writeTombstones(w, f.deleted)
	w.WriteString("</feed>\n")
	return nil
}

// atomEntry returns the entry of a post, written once for all feeds.
func (b *build) atomEntry(i int32) []byte {
	p := b.m.post(i)
	if p.atom != nil {
		return p.atom
	}
	v := b.view(i)
	x := &xmlWriter{}
	x.raw("<entry")
	x.attr("xml:lang", v.Language)
	x.raw(">\n")
	x.el("id", urnUUID(cmpOr(p.ID, p.id)))
	x.el("title", v.Title)
	x.el("updated", p.updated().Format(time.RFC3339))
	if !p.Published.IsZero() {
		x.el("published", p.Published.UTC().Format(time.RFC3339))
	}
	x.link("alternate", "text/html", cmpOr(v.Link, b.absolute(v.Path)))
	if v.Link != "" {
		x.link("related", "text/html", b.absolute(v.Path))
	}
	b.atomAuthors(x, p, v)
	for _, t := range v.Tags {
		x.raw("<category")
		x.attr("term", t.Name)
		x.raw("/>\n")
	}
	x.el("summary", v.Intro)
	if p.Content != "" {
		x.raw(`<content type="html">`)
		x.out = appendXML(x.out, p.Content)
		x.raw("</content>\n")
	}
	if p.source != nil {
		b.atomSource(x, p.source)
	}
	x.raw("</entry>\n")
	p.atom = x.out
	return p.atom
}

func (b *build) atomAuthors(x *xmlWriter, p *post, v *PostView) {
	urls := map[string]string{}
	for _, a := range p.Authors {
		urls[clean(a.Name)] = httpURL(a.URL)
	}
	names := authorNames(p.Post)
	if len(names) == 0 {
		names = []string{cmpOr(v.Source.Name, b.site.Author)}
	}
	for _, n := range names {
		x.raw("<author>")
		x.el("name", n)
		x.el("uri", urls[n])
		x.raw("</author>\n")
	}
}

// atomSource says where an entry comes from (RFC 4287, 4.2.11).
func (b *build) atomSource(x *xmlWriter, s *source) {
	feedURL, home := httpURL(s.src.URL), httpURL(s.src.Site)
	if feedURL == "" && home == "" {
		return
	}
	x.raw("<source>\n")
	x.el("id", cmpOr(feedURL, home))
	x.el("title", s.name)
	x.link("self", "", feedURL)
	x.link("alternate", "text/html", home)
	x.raw("</source>\n")
}

// rss writes an RSS 2.0 feed.
func (b *build) rss(w *bytes.Buffer, f feed) error {
	x := &xmlWriter{}
	x.raw("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<rss version=\"2.0\" xmlns:atom=\"http://www.w3.org/2005/Atom\" " +
		"xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\">\n<channel>\n")
	x.el("title", f.title)
	x.el("link", f.home)
	x.el("description", cmpOr(b.site.Description, f.title))
	x.el("language", b.site.Language)
	if len(f.posts) > 0 {
		x.el("lastBuildDate", f.updated.Format(time.RFC1123Z))
	}
	x.raw("<generator>Coranto</generator>\n<docs>https://www.rssboard.org/rss-specification</docs>\n<atom:link rel=\"self\" type=\"application/rss+xml\"")
	x.attr("href", b.absolute(b.root+f.dir+pathRSS))
	x.raw("/>\n")
	if hub := httpURL(b.in.Config.Hub); hub != "" {
		x.raw("<atom:link rel=\"hub\"")
		x.attr("href", hub)
		x.raw("/>\n")
	}
	for _, i := range f.posts {
		p, v := b.m.post(i), b.view(i)
		x.raw("<item>\n")
		x.el("title", v.Title)
		x.el("link", cmpOr(v.Link, b.absolute(v.Path)))
		x.raw(`<guid isPermaLink="false">`)
		x.raw(urnUUID(cmpOr(p.ID, p.id)))
		x.raw("</guid>\n")
		if !p.Published.IsZero() {
			x.el("pubDate", p.Published.UTC().Format(time.RFC1123Z))
		}
		for _, a := range v.Authors {
			x.el("dc:creator", a.Name)
		}
		for _, t := range v.Tags {
			x.el("category", t.Name)
		}
		x.el("description", string(appendText(nil, v.Intro)))
		x.el("content:encoded", p.Content)
		if p.source != nil {
			if u := httpURL(p.source.src.URL); u != "" {
				x.raw("<source")
				x.attr("url", u)
				x.raw(">")
				x.out = appendXML(x.out, p.source.name)
				x.raw("</source>\n")
			}
		}
		x.raw("</item>\n")
	}
	x.raw("</channel>\n</rss>\n")
	w.Write(x.out)
	return nil
}

type jsonFeedDoc struct {
	Version     string         `json:"version"`
	Title       string         `json:"title"`
	HomePage    string         `json:"home_page_url,omitempty"`
	Feed        string         `json:"feed_url,omitempty"`
	Description string         `json:"description,omitempty"`
	Language    string         `json:"language,omitempty"`
	Authors     []jsonAuthor   `json:"authors,omitempty"`
	Hubs        []jsonHub      `json:"hubs,omitempty"`
	Items       []jsonFeedItem `json:"items"`
}

type jsonHub struct {
	Type string `json:"type"`
	URL  string `json:"url"`
}

type jsonAuthor struct {
	Name string `json:"name"`
	URL  string `json:"url,omitempty"`
}

type jsonFeedItem struct {
	ID        string       `json:"id"`
	URL       string       `json:"url"`
	Title     string       `json:"title"`
	Text      string       `json:"content_text,omitempty"`
	HTML      string       `json:"content_html,omitempty"`
	Summary   string       `json:"summary,omitempty"`
	Image     string       `json:"image,omitempty"`
	Published string       `json:"date_published,omitempty"`
	Modified  string       `json:"date_modified,omitempty"`
	Authors   []jsonAuthor `json:"authors,omitempty"`
	Tags      []string     `json:"tags,omitempty"`
	Language  string       `json:"language,omitempty"`
}

// jsonFeed writes a JSON Feed 1.1.
func (b *build) jsonFeed(w *bytes.Buffer, f feed) error {
	d := jsonFeedDoc{
		Version: "https://jsonfeed.org/version/1.1", Title: f.title, Description: b.site.Description, Language: b.site.Language,
		Authors: []jsonAuthor{{Name: b.site.Author}}, Items: []jsonFeedItem{},
	}
	if b.site.URL != "" {
		d.HomePage, d.Feed = f.home, b.absolute(b.root+f.dir+pathJSON)
	}
	if hub := httpURL(b.in.Config.Hub); hub != "" {
		d.Hubs = []jsonHub{{"WebSub", hub}}
	}
	for _, i := range f.posts {
		p, v := b.m.post(i), b.view(i)
		it := jsonFeedItem{ID: urnUUID(cmpOr(p.ID, p.id)), URL: cmpOr(v.Link, b.absolute(v.Path)), Title: v.Title, HTML: p.Content, Language: v.Language, Image: httpURL(p.Image)}
		if it.HTML == "" {
			it.Text = cmpOr(v.Intro, v.Title)
		} else {
			it.Summary = v.Intro
		}
		if !p.Published.IsZero() {
			it.Published = p.Published.UTC().Format(time.RFC3339)
		}
		if !p.Updated.IsZero() {
			it.Modified = p.Updated.UTC().Format(time.RFC3339)
		}
		for _, a := range v.Authors {
			it.Authors = append(it.Authors, jsonAuthor{Name: a.Name})
		}
		for _, t := range v.Tags {
			it.Tags = append(it.Tags, t.Name)
		}
		d.Items = append(d.Items, it)
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	return e.Encode(d)
}
