// Package scrape reads what a web page says about itself: title, intro,
// authors, dates, picture, tags, language, canonical address; and, where
// asked, its main content.
//
// It promises that a value stands on the page, that nothing is invented, and
// that Page.Sources names the rule which found each; that addresses are
// absolute http(s) and text is free of markup; and that it takes time linear
// in the page. Which pages are read, and what is done with the answers, is
// decided elsewhere.
package scrape

import (
	"errors"
	"fmt"
	"net/url"
	"time"
)

// Meta is what is known of a page beside its body.
type Meta struct {
	URL         string    // it was asked for at
	ContentType string    // the header, empty if unknown
	Content     bool      // the main content is wanted
	Now         time.Time // dates more than a day later are not believed; zero: any are
}

// Page is what a page says of itself. A field that it does not tell is empty.
type Page struct {
	ID        string // the caller's; not of the page
	URL       string // as asked for
	Link      string // canonical
	Title     string
	Intro     string
	Authors   []string
	Published Date
	Modified  Date
	Image     string
	Tags      []string
	SiteName  string
	Language  string // BCP 47
	Charset   string // WHATWG name
	Content   Content
	Sources   map[string]string // field → rule
	Warnings  []string
}

// Content is the main part of the page, where it was asked for.
type Content struct {
	Text  string `json:"text"`
	HTML  string `json:"html"` // sanitised
	Words int    `json:"words"`
}

// ErrNotPage says that a body is no HTML page; the text around it says what
// it is instead.
var ErrNotPage = errors.New("not a web page")

// Limits on what one page may cost.
const (
	maxBody   = 16 << 20 // bytes read; the rest is left unread
	maxText   = 5000     // bytes of one text field
	maxMarks  = 4000     // remarkable elements kept
	maxDepth  = 4096     // open elements
	maxValues = 200      // values of one metadata key
	maxList   = 100      // authors, tags
)

// Extract reads a page. The error wraps ErrNotPage.
func Extract(body []byte, m Meta) (page *Page, err error) {
	defer func() { page, err = rescue(recover(), page, err) }()
	p := &Page{URL: m.URL, Sources: map[string]string{}}
	if len(body) > maxBody {
		body = body[:maxBody]
		p.warn("cut at %d bytes", maxBody)
	}
	if err := refuse(body, m.ContentType); err != nil {
		return nil, err
	}
	body, p.Charset = decode(body, m.ContentType, p)
	base, err := url.Parse(m.URL)
	if err != nil || !isWeb(base) {
		base = &url.URL{}
	}
	ev := &evidence{meta: map[string][]string{}, base: base, request: base, now: m.Now, body: body}
	read(body, ev)
	if !ev.html {
		return nil, fmt.Errorf("%w: no HTML element in it", ErrNotPage)
	}
	p.Warnings = append(p.Warnings, ev.warnings...)
	ev.fill(p)
	if m.Content {
		p.content(body, base)
	}
	return p, nil
}

// rescue turns a panic into an answer: one page that finds a mistake of ours
// must not end a run.
func rescue(panicked any, p *Page, err error) (*Page, error) {
	if panicked == nil {
		return p, err
	}
	return nil, fmt.Errorf("%w: the reader gave up: %v", ErrNotPage, panicked)
}

func (p *Page) warn(format string, args ...any) {
	p.Warnings = append(p.Warnings, fmt.Sprintf(format, args...))
}
