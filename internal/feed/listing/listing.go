// Package listing reads what is no feed as if it were one: a page by CSS
// selectors, by microformats or by schema.org's JSON-LD, and sitemaps.
//
// It promises a feed.Document like any other: nothing invented, addresses
// absolute, HTML sanitised, time linear and memory bounded; and that a page on
// which nothing is found is an error, never an empty feed. Fetch behaves as
// feed.Fetch does, validators included. Which entries are wanted, and what
// robots.txt says of the page, is decided elsewhere.
package listing

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/charset"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/feed"
	"github.com/coranto/coranto/internal/markup"
)

var (
	// ErrNothing says that a page has no entry of the kind looked for; the
	// wrapping text says which.
	ErrNothing = errors.New("no entries found")
	// ErrRecipe says that a recipe cannot be used.
	ErrRecipe = errors.New("recipe cannot be used")
)

const (
	maxPage     = 4 << 20 // bytes of a page
	maxEntries  = 10_000
	maxText     = 2000 // bytes of one text field
	maxExcerpt  = 400  // runes of a summary, where that is all that is wanted
	maxAddress  = 4096
	maxPageList = 1000 // entries of one page
)

// acceptPage and acceptAny ask for what the recipe reads.
const (
	acceptPage = "text/html, application/xhtml+xml;q=0.9, */*;q=0.1"
	acceptMap  = "application/xml, text/xml;q=0.9, text/plain;q=0.5, */*;q=0.1"
	acceptAny  = "text/html, application/xhtml+xml;q=0.9, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.1"
)

// IsPage reports whether a recipe is of a page for people, which robots.txt
// has a say about; sitemaps are made for programs.
func IsPage(r *coranto.Recipe) bool { return r != nil && r.Type != coranto.RecipeSitemap }

// Fetch asks the document of a source that has a recipe and reads it. It is
// feed.Fetch in all other respects; a sitemap index costs a request for each of
// its newest few sitemaps besides.
func Fetch(ctx context.Context, g feed.Getter, src coranto.Source, v feed.Validators, o feed.Options) (feed.Result, error) {
	if src.Scrape == nil {
		return feed.Fetch(ctx, g, src, v, o)
	}
	if src.Scrape.Item != "" {
		if _, err := compile(*src.Scrape); err != nil {
			return feed.Result{}, err // before anybody is asked
		}
	}
	r := reader{ctx: ctx, get: g, zone: src.Zone, recipe: *src.Scrape}
	o.Read, o.Accept = r.read, acceptAny
	switch src.Scrape.Type {
	case coranto.RecipeSitemap:
		o.Accept = acceptMap
	case coranto.RecipeHFeed, coranto.RecipeJSONLD, coranto.RecipeCSS:
		o.Accept = acceptPage
	}
	res, err := feed.Fetch(ctx, g, src, v, o)
	if n, ok := errors.AsType[*feed.NotFeedError](err); ok {
		err = fmt.Errorf("%s: %w", n.URL, n.Err) // feeds it may link to are not what was asked for
	}
	if r.volatile {
		res.Validators = feed.Validators{URL: src.URL}
	}
	return res, err
}

type reader struct {
	ctx      context.Context
	get      feed.Getter
	zone     string
	recipe   coranto.Recipe
	volatile bool // that the document is unchanged does not mean that nothing is new
}

func (r *reader) read(body []byte, m feed.Meta) (*feed.Document, error) {
	if t := r.recipe.Type; t == coranto.RecipeSitemap || t == "" && r.recipe.Item == "" && !isHTML(body) {
		return r.sitemap(body, m)
	}
	return Read(body, r.recipe, m)
}

// Read makes a document of a page. The error wraps ErrNothing or ErrRecipe.
func Read(body []byte, r coranto.Recipe, m feed.Meta) (*feed.Document, error) {
	p := parsePage(body, m)
	try := []string{r.Type}
	switch {
	case r.Item != "":
		try = []string{coranto.RecipeCSS}
	case r.Type == "":
		try = []string{coranto.RecipeHFeed, coranto.RecipeJSONLD}
	}
	for _, t := range try {
		entries, err := p.entries(t, r)
		if err != nil {
			return nil, err
		}
		if entries != nil {
			return p.document(t, entries), nil
		}
	}
	return nil, fmt.Errorf("%w: %s", ErrNothing, nothing(r))
}

// nothing says what was looked for in vain.
func nothing(r coranto.Recipe) string {
	switch {
	case r.Item != "":
		return fmt.Sprintf("no element of the page matches item: %q", r.Item)
	case r.Type == coranto.RecipeHFeed:
		return "the page has no h-feed and no h-entry"
	case r.Type == coranto.RecipeJSONLD:
		return "the page has no JSON-LD list or blog"
	}
	return "the page has neither h-feed nor a JSON-LD list"
}

// Found is a recipe that finds entries on a page.
type Found struct {
	Type    string `json:"type"`
	Entries int    `json:"entries"`
}

// Find tells which recipes without selectors find several entries on a page,
// most telling first.
func Find(body []byte, m feed.Meta) []Found {
	if !isHTML(body) {
		return nil
	}
	p := parsePage(body, m)
	var out []Found
	for _, t := range []string{coranto.RecipeHFeed, coranto.RecipeJSONLD} {
		if list, err := p.entries(t, coranto.Recipe{}); err == nil && len(list) > 1 {
			out = append(out, Found{t, len(list)})
		}
	}
	return out
}

func isHTML(body []byte) bool {
	head := bytes.ToLower(body[:min(len(body), 2048)])
	for _, mark := range []string{"<html", "<!doctype html", "<head", "<body"} {
		if bytes.Contains(head, []byte(mark)) {
			return true
		}
	}
	return false
}

// page is a parsed page.
type page struct {
	root     *html.Node
	url      string
	base     *url.URL
	title    string
	language string
	encoding string
	links    []coranto.Link // hub and self (WebSub), of the head alone: a body has what visitors wrote
	m        feed.Meta
	cut      bool
}

func parsePage(body []byte, m feed.Meta) *page {
	p := &page{url: m.URL, m: m, cut: len(body) > maxPage}
	body = body[:min(len(body), maxPage)]
	enc, name, _ := charset.DetermineEncoding(body, m.ContentType)
	p.encoding = name
	if text, err := enc.NewDecoder().Bytes(body); err == nil {
		body = text
	}
	p.base, _ = url.Parse(m.URL)
	root, err := html.Parse(bytes.NewReader(body))
	if err != nil {
		// Nested deeper than any page for people: what stands before is read.
		root, p.cut = &html.Node{Type: html.DocumentNode}, true
	}
	p.root = root
	based := false
	each(root, func(n *html.Node) bool {
		switch n.Data {
		case "html":
			p.language = attr(n, "lang")
		case "base":
			if u, err := url.Parse(markup.Resolve(p.base, attr(n, "href"))); err == nil && u.Host != "" && !based {
				p.base, based = u, true
			}
		case "title":
			if p.title == "" && n.Namespace == "" {
				p.title = text(n)
			}
		case "link":
			p.push(n)
		case "body":
			return false
		}
		return true
	})
	return p
}

// push notes a link to a hub, or to the address that a hub knows the page by.
func (p *page) push(n *html.Node) {
	for _, rel := range words(n, "rel") {
		if rel = strings.ToLower(rel); (rel == "hub" || rel == "self") && len(p.links) < maxLinks {
			p.links = append(p.links, coranto.Link{Rel: rel, Href: markup.Resolve(p.base, attr(n, "href"))})
		}
	}
}

// maxLinks is how many links of a page's head are kept.
const maxLinks = 16

// entries reads the page by one type of recipe; nil: there is nothing of it.
func (p *page) entries(kind string, r coranto.Recipe) ([]coranto.Entry, error) {
	switch kind {
	case coranto.RecipeCSS:
		return p.css(r)
	case coranto.RecipeHFeed:
		return p.microformats(), nil
	case coranto.RecipeJSONLD:
		return p.jsonld(), nil
	}
	return nil, fmt.Errorf("%w: there is no type %q for a page", ErrRecipe, kind)
}

func (p *page) document(kind string, entries []coranto.Entry) *feed.Document {
	d := &feed.Document{Format: kind, Encoding: p.encoding, Malformed: p.cut}
	d.Feed.Title, d.Feed.Link, d.Feed.Language, d.Feed.Links = p.title, p.url, p.language, p.links
	if d.Dropped = len(entries) - maxPageList; d.Dropped > 0 {
		entries = entries[:maxPageList]
	} else {
		d.Dropped = 0
	}
	for i := range entries {
		p.trim(&entries[i])
	}
	d.Entries = entries
	return d
}

// trim brings an entry to what was asked for.
func (p *page) trim(e *coranto.Entry) {
	e.Title = clip(e.Title)
	if e.Language == "" {
		e.Language = p.language
	}
	if !p.m.SummaryOnly {
		return
	}
	from := e.Summary
	if from == "" {
		from = e.Content
	}
	e.Content = ""
	if e.Summary = ""; from != "" {
		e.Summary = markup.Escape(markup.Excerpt(markup.TextPrefix(from, maxText), maxExcerpt))
	}
}

// resolve makes an address of the page absolute; "" for what is none of the web.
func (p *page) resolve(ref string) string {
	if ref = strings.TrimSpace(ref); ref == "" || len(ref) > maxAddress {
		return ""
	}
	u := markup.Resolve(p.base, ref)
	if !strings.HasPrefix(u, "http://") && !strings.HasPrefix(u, "https://") {
		return ""
	}
	return u
}

func clip(s string) string {
	if len(s) <= maxText {
		return s
	}
	return strings.ToValidUTF8(s[:maxText], "")
}
