package site

import (
	"encoding/json"
	"encoding/xml"
	"io"
	"net/mail"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coranto/coranto"
)

const atomSpace = "http://www.w3.org/2005/Atom"

// element is a piece of XML.
type element struct {
	xml.Name
	attrs    map[string]string
	children []*element
	text     string
}

func (e *element) all(name string) []*element {
	var out []*element
	for _, c := range e.children {
		if c.Space == e.Space && c.Local == name {
			out = append(out, c)
		}
	}
	return out
}

func (e *element) one(name string) string {
	if l := e.all(name); len(l) > 0 {
		return l[0].text
	}
	return ""
}

func readElement(t *testing.T, name, body string) *element {
	t.Helper()
	root := &element{}
	stack := []*element{root}
	d := xml.NewDecoder(strings.NewReader(body))
	for {
		tok, err := d.Token()
		if err == io.EOF {
			return root.children[0]
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		top := stack[len(stack)-1]
		switch tok := tok.(type) {
		case xml.StartElement:
			e := &element{Name: tok.Name, attrs: map[string]string{}}
			for _, a := range tok.Attr {
				e.attrs[a.Name.Local] = a.Value
			}
			top.children = append(top.children, e)
			stack = append(stack, e)
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.CharData:
			top.text += string(tok)
		}
	}
}

// feedChecker reports what the specifications of feeds do not allow.
type feedChecker struct {
	*testing.T
	name string
}

func (c feedChecker) count(e *element, name string, least, most int) {
	c.Helper()
	if n := len(e.all(name)); n < least || n > most {
		c.Errorf("%s: <%s> has %d <%s>", c.name, e.Local, n, name)
	}
}

func (c feedChecker) address(what, v string) {
	c.Helper()
	if u, err := url.Parse(v); err != nil || !u.IsAbs() || u.Host == "" && u.Opaque == "" || strings.ContainsAny(v, " <>\"{}|\\^`") || !isPlain(v) {
		c.Errorf("%s: %s %q is no absolute URI", c.name, what, v)
	}
}

func (c feedChecker) date(what, v string) {
	c.Helper()
	if _, err := time.Parse(time.RFC3339, v); err != nil {
		c.Errorf("%s: %s: %v", c.name, what, err)
	}
}

// atom checks a feed by RFC 4287.
func (c feedChecker) atom(body string) {
	c.Helper()
	f := readElement(c.T, c.name, body)
	if f.Space != atomSpace || f.Local != "feed" {
		c.Fatalf("%s: the root is %v", c.name, f.Name)
	}
	c.parts(f, "author", "category", "contributor", "generator", "icon", "id", "link", "logo", "rights", "subtitle", "title", "updated", "entry")
	for _, n := range []string{"generator", "icon", "logo", "rights", "subtitle"} {
		c.count(f, n, 0, 1)
	}
	c.common(f)
	if !slices.ContainsFunc(f.all("link"), func(l *element) bool { return l.attrs["rel"] == "self" }) {
		c.Errorf("%s: no link to itself", c.name)
	}
	seen := map[string]bool{}
	for _, e := range f.all("entry") {
		c.parts(e, "author", "category", "content", "contributor", "id", "link", "published", "rights", "source", "summary", "title", "updated")
		for _, n := range []string{"content", "published", "rights", "source", "summary"} {
			c.count(e, n, 0, 1)
		}
		c.common(e)
		if len(e.all("author"))+len(f.all("author")) == 0 {
			c.Errorf("%s: an entry without an author", c.name)
		}
		if p := e.one("published"); p != "" {
			c.date("published", p)
		}
		if len(e.all("content")) == 0 && !slices.ContainsFunc(e.all("link"), func(l *element) bool { return l.attrs["rel"] == "alternate" }) {
			c.Errorf("%s: an entry without content and link", c.name)
		}
		for _, s := range e.all("source") {
			c.parts(s, "author", "category", "contributor", "generator", "icon", "id", "link", "logo", "rights", "subtitle", "title", "updated")
			c.address("id of a source", s.one("id"))
		}
		if id := e.one("id"); seen[id] {
			c.Errorf("%s: two entries %s", c.name, id)
		} else {
			seen[id] = true
		}
	}
}

// parts allows children of Atom's own space by name, and text by none.
func (c feedChecker) parts(e *element, names ...string) {
	c.Helper()
	if strings.TrimSpace(e.text) != "" {
		c.Errorf("%s: text %q in <%s>", c.name, e.text, e.Local)
	}
	for _, p := range e.children {
		if p.Space == atomSpace && !slices.Contains(names, p.Local) {
			c.Errorf("%s: <%s> in <%s>", c.name, p.Local, e.Local)
		}
	}
}

// common is what feeds and entries share.
func (c feedChecker) common(e *element) {
	c.Helper()
	for _, n := range []string{"id", "title", "updated"} {
		c.count(e, n, 1, 1)
	}
	c.address("id", e.one("id"))
	c.date("updated", e.one("updated"))
	if e.one("title") == "" || len(e.all("title")[0].children) > 0 {
		c.Errorf("%s: title %q", c.name, e.one("title"))
	}
	alternates := map[string]bool{}
	for _, l := range e.all("link") {
		c.address("link", l.attrs["href"])
		if l.attrs["rel"] == "alternate" {
			if k := l.attrs["type"] + " " + l.attrs["hreflang"]; alternates[k] {
				c.Errorf("%s: two alternates of a kind", c.name)
			} else {
				alternates[k] = true
			}
		}
		if len(l.children) > 0 || strings.TrimSpace(l.text) != "" {
			c.Errorf("%s: a link with content", c.name)
		}
	}
	for _, p := range append(e.all("author"), e.all("contributor")...) {
		c.parts(p, "name", "uri", "email")
		c.count(p, "name", 1, 1)
		c.count(p, "uri", 0, 1)
		if u := p.one("uri"); u != "" {
			c.address("uri", u)
		}
		if p.one("name") == "" {
			c.Errorf("%s: an author without a name", c.name)
		}
	}
	for _, g := range e.all("category") {
		if g.attrs["term"] == "" {
			c.Errorf("%s: a category without a term", c.name)
		}
	}
}

// rss checks a feed by RSS 2.0 and the profile of the RSS Advisory Board.
func (c feedChecker) rss(body string) {
	c.Helper()
	r := readElement(c.T, c.name, body)
	if r.Local != "rss" || r.attrs["version"] != "2.0" {
		c.Fatalf("%s: the root is %v", c.name, r.Name)
	}
	c.count(r, "channel", 1, 1)
	ch := r.all("channel")[0]
	for _, n := range []string{"title", "link", "description"} {
		c.count(ch, n, 1, 1)
		if ch.one(n) == "" {
			c.Errorf("%s: the channel's %s is empty", c.name, n)
		}
	}
	c.address("link", ch.one("link"))
	for _, n := range []string{"language", "lastBuildDate", "generator", "docs"} {
		c.count(ch, n, 0, 1)
	}
	seen := map[string]bool{}
	for _, it := range ch.all("item") {
		for _, n := range []string{"title", "link", "description", "guid", "pubDate", "source"} {
			c.count(it, n, 0, 1)
		}
		if it.one("title") == "" && it.one("description") == "" {
			c.Errorf("%s: an item without title and description", c.name)
		}
		c.address("link", it.one("link"))
		if d := it.one("pubDate"); d != "" {
			if _, err := mail.ParseDate(d); err != nil {
				c.Errorf("%s: pubDate %s: %v", c.name, d, err)
			}
		}
		if g := it.one("guid"); g == "" || seen[g] || it.all("guid")[0].attrs["isPermaLink"] != "false" {
			c.Errorf("%s: guid %q", c.name, g)
		} else {
			seen[g] = true
		}
		for _, s := range it.all("source") {
			c.address("url of a source", s.attrs["url"])
		}
	}
}

// jsonFeed checks a feed by JSON Feed 1.1.
func (c feedChecker) jsonFeed(body string) {
	c.Helper()
	var f struct {
		Version string
		Title   string
		Home    string `json:"home_page_url"`
		Feed    string `json:"feed_url"`
		Authors []map[string]string
		Items   *[]struct {
			ID        string
			URL       string
			Image     string
			HTML      *string `json:"content_html"`
			Text      *string `json:"content_text"`
			Published string  `json:"date_published"`
			Modified  string  `json:"date_modified"`
			Authors   []map[string]string
			Tags      []string
		}
	}
	if err := json.Unmarshal([]byte(body), &f); err != nil {
		c.Fatalf("%s: %v", c.name, err)
	}
	if f.Version != "https://jsonfeed.org/version/1.1" || f.Title == "" || f.Items == nil {
		c.Fatalf("%s: version %q, title %q, items %v", c.name, f.Version, f.Title, f.Items)
	}
	c.address("home_page_url", f.Home)
	c.address("feed_url", f.Feed)
	seen := map[string]bool{}
	for _, it := range *f.Items {
		if it.ID == "" || seen[it.ID] || it.HTML == nil && it.Text == nil {
			c.Errorf("%s: item %+v", c.name, it)
		}
		seen[it.ID] = true
		c.address("url", it.URL)
		if it.Image != "" {
			c.address("image", it.Image)
		}
		for _, d := range []string{it.Published, it.Modified} {
			if d != "" {
				c.date("date of an item", d)
			}
		}
		for _, a := range append(it.Authors, f.Authors...) {
			if a["name"] == "" && a["url"] == "" && a["avatar"] == "" {
				c.Errorf("%s: an author who is nobody", c.name)
			}
		}
	}
}

// Every feed of every site is valid, whatever its sources sent.
func TestFeedsAreValid(t *testing.T) {
	inputs := map[string]Input{"sample": sampleInput(130), "empty": {Config: Config{Title: "x"}}, "bare": {Posts: []coranto.Post{{ID: "x"}}}}
	for _, s := range attacks {
		inputs["hostile "+s[:min(len(s), 20)]] = hostile(s)
	}
	n := 0
	for name, in := range inputs {
		in.Config.URL = "https://news.example.org/planet"
		files, _ := buildSite(t, in)
		for p, body := range files {
			c := feedChecker{t, name + ": " + p}
			switch {
			case p == pathRSS:
				c.rss(body)
			case p == pathJSON:
				c.jsonFeed(body)
			case strings.HasSuffix(p, "/"+pathAtom), p == pathAtom, strings.HasPrefix(p, "feed/"):
				c.atom(body)
			default:
				continue
			}
			n++
		}
	}
	if n < 100 {
		t.Errorf("only %d feeds", n)
	}
}
