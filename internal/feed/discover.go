package feed

import (
	"bytes"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/charset"

	"github.com/coranto/coranto/internal/markup"
)

const (
	maxDiscover   = 2 << 20 // bytes of a page that are looked at
	maxCandidates = 50
)

// Ranks: what speaks against a candidate being the site's main feed.
const (
	rankAnchor   = 100 // a link in the text, not in the head
	rankGuess    = 40  // type or relation missing
	rankComments = 400
	rankPart     = 200 // of a category, tag, author, or one post
	rankForeign  = 50  // on another site
	rankLanguage = 20  // for readers of another language
)

// Discover lists the feeds that an HTML page points to, best first: link
// elements that declare one, then links in the text that look like one. The
// main feed comes before those of comments and categories.
func Discover(body []byte, m Meta) []Candidate {
	body = body[:min(len(body), maxDiscover)]
	r, err := charset.NewReader(bytes.NewReader(body), m.ContentType)
	if err != nil {
		r = bytes.NewReader(body)
	}
	d := discoverer{page: parseURL(m.URL), seen: map[string]int{}}
	d.base = d.page
	z := html.NewTokenizer(r)
	for {
		switch z.Next() {
		case html.ErrorToken:
			return d.ranked()
		case html.StartTagToken, html.SelfClosingTagToken:
			d.tag(z)
		case html.TextToken:
			if d.anchor != nil && len(d.text) < 200 {
				d.text += string(z.Text())
			}
		case html.EndTagToken:
			if name, _ := z.TagName(); string(name) == "a" {
				d.endAnchor()
			}
		}
	}
}

type discoverer struct {
	page, base *url.URL
	based      bool
	lang       string
	anchor     map[string]string
	text       string
	found      []Candidate
	seen       map[string]int
}

func (d *discoverer) tag(z *html.Tokenizer) {
	name, more := z.TagName()
	tag := string(name)
	switch tag {
	case "html", "base", "link", "a":
	default:
		return
	}
	attrs := map[string]string{}
	for more && len(attrs) < 32 {
		var k, v []byte
		k, v, more = z.TagAttr()
		if _, ok := attrs[string(k)]; !ok {
			attrs[string(k)] = string(v)
		}
	}
	switch tag {
	case "html":
		d.lang = attrs["lang"]
	case "base":
		if u := parseURL(markup.Resolve(d.page, attrs["href"])); u != nil && !d.based {
			d.base, d.based = u, true
		}
	case "link":
		d.link(attrs)
	case "a":
		d.endAnchor()
		if attrs["href"] != "" {
			d.anchor = attrs // until its text is known
		}
	}
}

// feedType returns the kind of feed a media type is of, "" for none.
func feedType(t string) string {
	t, _, _ = strings.Cut(strings.ToLower(strings.TrimSpace(t)), ";")
	switch strings.TrimSpace(t) {
	case "application/rss+xml", "application/x-rss+xml", "application/rss", "text/rss+xml", "text/rss":
		return "application/rss+xml"
	case "application/atom+xml", "application/atom", "application/x.atom+xml", "application/x-atom+xml":
		return "application/atom+xml"
	case "application/feed+json", "application/x-feed+json":
		return "application/feed+json"
	case "application/rdf+xml":
		return "application/rdf+xml"
	}
	return ""
}

func (d *discoverer) link(attrs map[string]string) {
	rels := strings.Fields(strings.ToLower(attrs["rel"]))
	alternate, declared := slices.Contains(rels, "alternate"), slices.Contains(rels, "feed")
	if !alternate && !declared || slices.Contains(rels, "stylesheet") {
		return
	}
	typ, rank := feedType(attrs["type"]), 0
	if typ == "" {
		switch t := strings.ToLower(attrs["type"]); {
		case declared:
		case (t == "text/xml" || t == "application/xml" || t == "application/json") && looksLikeFeed(attrs["href"]):
			rank += rankGuess
		default:
			return
		}
		typ = attrs["type"]
	}
	if l := attrs["hreflang"]; l != "" && d.lang != "" && !strings.EqualFold(primary(l), primary(d.lang)) {
		rank += rankLanguage
	}
	d.add(attrs["href"], attrs["title"], typ, rank, "link")
}

func primary(lang string) string {
	p, _, _ := strings.Cut(strings.ReplaceAll(lang, "_", "-"), "-")
	return p
}

func (d *discoverer) endAnchor() {
	a, text := d.anchor, markup.Collapse(d.text)
	d.anchor, d.text = nil, ""
	if a == nil {
		return
	}
	rank := rankAnchor
	switch {
	case feedType(a["type"]) != "":
	case looksLikeFeed(a["href"]):
		rank += rankGuess
	case saysFeed(text):
		rank += 2 * rankGuess
	default:
		return
	}
	if text == "" {
		text = a["title"]
	}
	d.add(a["href"], text, feedType(a["type"]), rank, "anchor")
}

func saysFeed(text string) bool {
	switch strings.ToLower(text) {
	case "rss", "rss feed", "rss-feed", "atom", "atom feed", "feed", "xml", "rss 2.0", "json feed", "subscribe via rss", "rss / atom", "feed rss", "flux rss":
		return true
	}
	return false
}

// looksLikeFeed judges by the address alone.
func looksLikeFeed(href string) bool {
	if len(href) > maxAddress {
		return false
	}
	path, query, _ := strings.Cut(strings.ToLower(strings.TrimSpace(href)), "?")
	path, _, _ = strings.Cut(path, "#")
	if i := strings.Index(path, "://"); i >= 0 {
		_, path, _ = strings.Cut(path[i+3:], "/")
		path = "/" + path
	}
	if strings.HasPrefix(query, "feed=") || strings.Contains(query, "format=rss") || strings.Contains(query, "format=atom") || strings.Contains(query, "alt=rss") {
		return true
	}
	path = strings.TrimRight(path, "/")
	last := path[strings.LastIndexByte(path, '/')+1:]
	switch last {
	case "feed", "feeds", "rss", "atom", "rdf", "feed.xml", "rss.xml", "atom.xml", "index.xml", "index.rdf", "rss2.xml", "feed.json", "index.rss", "index.atom", "rss2", "feed.rss", "feed.atom", "rss.php", "feed.php", "posts.atom", "posts.rss":
		return true
	}
	return strings.HasSuffix(last, ".rss") || strings.HasSuffix(last, ".atom") || strings.HasSuffix(last, ".rdf")
}

func (d *discoverer) add(href, title, typ string, rank int, why string) {
	if rest, ok := strings.CutPrefix(href, "feed:"); ok {
		href = rest
		if strings.HasPrefix(rest, "//") {
			href = "http:" + rest
		}
	}
	u := markup.Resolve(d.base, href)
	if u == "" || strings.TrimSpace(href) == "" || len(u) > maxAddress {
		return
	}
	u, _, _ = strings.Cut(u, "#")
	title = markup.Collapse(title)
	rank += d.weigh(u, title)
	if i, ok := d.seen[u]; ok {
		if rank < d.found[i].Rank {
			d.found[i] = Candidate{u, title, typ, rank, why}
		}
		return
	}
	if len(d.found) >= maxCandidates {
		return
	}
	d.seen[u] = len(d.found)
	d.found = append(d.found, Candidate{u, title, typ, rank, why})
}

// weigh adds what address and title say against a candidate.
func (d *discoverer) weigh(u, title string) int {
	rank := 0
	t := strings.ToLower(title)
	path := u
	if p := parseURL(u); p != nil {
		path = strings.ToLower(p.EscapedPath() + "?" + p.RawQuery)
		if d.page != nil && site(p.Hostname()) != site(d.page.Hostname()) {
			rank += rankForeign
		}
	}
	has := func(s string, words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(s, w) })
	}
	switch {
	case has(path, "comment", "/kommentare") || has(t, "comment", "kommentar", "commentaire", "comentario"):
		rank += rankComments
	case has(path, "/category/", "/categories/", "/tag/", "/tags/", "/author/", "/topics/", "/label/", "/search", "/forum", "?cat=", "&cat=", "?tag=") ||
		has(t, "category", "tag feed", "categories"):
		rank += rankPart
	}
	return rank
}

// site is the host without www.
func site(host string) string { return strings.TrimPrefix(strings.ToLower(host), "www.") }

func (d *discoverer) ranked() []Candidate {
	d.endAnchor()
	slices.SortStableFunc(d.found, func(a, b Candidate) int { return a.Rank - b.Rank })
	return d.found
}
