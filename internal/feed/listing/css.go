package listing

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/andybalholm/cascadia"
	"golang.org/x/net/html"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/feed"
	"github.com/coranto/coranto/internal/markup"
)

// selector is one alternative of a field.
type selector struct {
	group cascadia.SelectorGroup // nil: the item itself
	attr  string
}

// selectors is a recipe made ready.
type selectors struct {
	item                                         cascadia.SelectorGroup
	id, title, link, date, image, intro, by, tag []selector
}

func compile(r coranto.Recipe) (*selectors, error) {
	s := &selectors{}
	var err error
	if s.item, err = cascadia.ParseGroup(r.Item); err != nil {
		return nil, fmt.Errorf("%w: item: %q: %w", ErrRecipe, r.Item, err)
	}
	for _, f := range []struct {
		name, text string
		to         *[]selector
	}{
		{"id", r.ID, &s.id}, {"title", r.Title, &s.title}, {"link", r.Link, &s.link}, {"date", r.Date, &s.date},
		{"image", r.Image, &s.image}, {"intro", r.Intro, &s.intro}, {"author", r.Author, &s.by}, {"tags", r.Tags, &s.tag},
	} {
		if *f.to, err = parseField(f.text); err != nil {
			return nil, fmt.Errorf("%w: %s: %q: %w", ErrRecipe, f.name, f.text, err)
		}
	}
	return s, nil
}

var attribute = regexp.MustCompile(`^(.*)@([A-Za-z_][-A-Za-z0-9_:.]*)$`)

// parseField reads "h2 a@href | a@href".
func parseField(s string) ([]selector, error) {
	var out []selector
	for part := range strings.SplitSeq(s, " | ") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		var sel selector
		if m := attribute.FindStringSubmatch(part); m != nil {
			part, sel.attr = strings.TrimSpace(m[1]), strings.ToLower(m[2])
		}
		if part != "" && part != "." {
			g, err := cascadia.ParseGroup(part)
			if err != nil {
				return nil, err
			}
			sel.group = g
		}
		out = append(out, sel)
	}
	return out, nil
}

// css reads the page by selectors.
func (p *page) css(r coranto.Recipe) ([]coranto.Entry, error) {
	s, err := compile(r)
	if err != nil {
		return nil, err
	}
	var out []coranto.Entry
	for _, n := range cascadia.QueryAll(p.root, s.item) {
		if len(out) > maxPageList {
			break
		}
		out = append(out, p.item(n, s))
	}
	return out, nil
}

func (p *page) item(n *html.Node, s *selectors) coranto.Entry {
	var e coranto.Entry
	e.ID = clip(first(n, s.id, value))
	e.Link = p.resolve(first(n, s.link, address))
	e.Title = first(n, s.title, value)
	e.Published = date(first(n, s.date, value))
	e.Image = p.resolve(first(n, s.image, imageOf))
	if v := first(n, s.intro, value); v != "" {
		e.Summary = markup.Escape(v)
	}
	if v := first(n, s.by, value); v != "" {
		e.Authors = []coranto.Person{{Name: v}}
	}
	for _, sel := range s.tag {
		for _, m := range sel.all(n) {
			if v := sel.of(m, value); v != "" && len(e.Tags) < 30 {
				e.Tags = append(e.Tags, v)
			}
		}
	}
	p.guess(&e, n, s)
	return e
}

var (
	headings  = cascadia.MustCompile("h1, h2, h3, h4, h5, h6")
	headLinks = cascadia.MustCompile("h1 a[href], h2 a[href], h3 a[href], h4 a[href], a[rel~=bookmark]")
	anchors   = cascadia.MustCompile("a[href]")
	times     = cascadia.MustCompile("time")
	pictures  = cascadia.MustCompile("img")
)

// guess fills in what the recipe leaves open and nearly every list has.
func (p *page) guess(e *coranto.Entry, n *html.Node, s *selectors) {
	link := n
	if n.Data != "a" || attr(n, "href") == "" {
		if link = cascadia.Query(n, headLinks); link == nil {
			link = cascadia.Query(n, anchors)
		}
	}
	if s.link == nil && link != nil {
		e.Link = p.resolve(attr(link, "href"))
	}
	if s.title == nil {
		if h := cascadia.Query(n, headings); h != nil {
			e.Title = text(h)
		} else if link != nil {
			e.Title = text(link)
		}
	}
	if s.date == nil {
		if t := cascadia.Query(n, times); t != nil {
			e.Published = date(value(t))
		}
	}
	if s.image == nil {
		if i := cascadia.Query(n, pictures); i != nil {
			e.Image = p.resolve(picture(i))
		}
	}
}

func address(n *html.Node) string {
	if v := attr(n, "href"); v != "" {
		return v
	}
	if a := cascadia.Query(n, anchors); a != nil {
		return attr(a, "href")
	}
	return ""
}

func imageOf(n *html.Node) string {
	if n.Data != "img" {
		if i := cascadia.Query(n, pictures); i != nil {
			return picture(i)
		}
	}
	return picture(n)
}

// first is what the first alternative finds that finds anything.
func first(n *html.Node, list []selector, def func(*html.Node) string) string {
	for _, sel := range list {
		for _, m := range sel.all(n) {
			if v := sel.of(m, def); v != "" {
				return v
			}
		}
	}
	return ""
}

func (s selector) all(n *html.Node) []*html.Node {
	if s.group == nil {
		return []*html.Node{n}
	}
	return cascadia.QueryAll(n, s.group)
}

func (s selector) of(n *html.Node, def func(*html.Node) string) string {
	if s.attr == "" {
		return def(n)
	}
	return strings.TrimSpace(clip(attr(n, s.attr)))
}

var (
	isoDay   = regexp.MustCompile(`\b(19|20)\d\d-\d\d?-\d\d?(T\d\d:\d\d(:\d\d)?(\.\d+)?(Z|[+-]\d\d:?\d\d)?)?`)
	wordsDay = regexp.MustCompile(`(?i)\b(\p{L}{3,12}\.? \d{1,2}(st|nd|rd|th)?,? (19|20)\d\d|\d{1,2}\.? (de |of )?\p{L}{3,12}\.?,? (de )?(19|20)\d\d)\b`)
)

// date reads a date, also one with words around it.
func date(s string) time.Time {
	if s = strings.TrimSpace(s); s == "" {
		return time.Time{}
	}
	if t, ok := feed.ParseDate(s); ok {
		return t.UTC()
	}
	for _, re := range []*regexp.Regexp{isoDay, wordsDay} {
		if m := re.FindString(clip(s)); m != "" {
			if t, ok := feed.ParseDate(m); ok {
				return t.UTC()
			}
		}
	}
	return time.Time{}
}
