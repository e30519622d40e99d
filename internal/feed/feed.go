// Package feed reads feeds: RSS, Atom and JSON Feed in any state of repair, to
// one normalised Document.
//
// It promises that a damaged document yields the entries that can be read, that
// nothing is invented, and that time is linear and memory bounded by the size of
// the input. Deciding which entries are new, and when to ask again, stays outside.
package feed

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/coranto/coranto"
)

// ErrNotFeed says that a document is no feed; the wrapping text says what it is.
var ErrNotFeed = errors.New("not a feed")

// Meta is what is known about a document besides its bytes. The zero value works.
type Meta struct {
	URL             string // where the document was found, after redirects
	ContentType     string // the HTTP headers of these names
	ContentLocation string
	ContentLanguage string
	MaxEntries      int // further entries are counted in Dropped; 0: 10,000

	// SummaryOnly leaves Content empty and reduces Summary to an escaped excerpt
	// of plain text (from the content where there is no summary): enough to say
	// what is new, at a fraction of the cost of sanitising.
	SummaryOnly bool

	// Unsanitised leaves the HTML of Summary and Content as the feed has it: for
	// measuring, and for callers that sanitise it themselves. Never to be shown.
	Unsanitised bool
}

// Document is a feed. Its JSON form is what `coranto feed parse --json` prints.
type Document struct {
	Malformed bool            `json:"malformed,omitempty"` // something had to be repaired or given up
	Encoding  string          `json:"encoding,omitempty"`  // what the text was decoded from, WHATWG name, lower case
	Format    string          `json:"format,omitempty"`    // rss, atom, rdf, json
	Version   string          `json:"version,omitempty"`
	Feed      Info            `json:"feed"`
	Entries   []coranto.Entry `json:"entries"`
	Dropped   int             `json:"dropped,omitempty"` // entries beyond Meta.MaxEntries

	// Cut says that the document ends within an entry, before the entry says where
	// it leads. It is left out: half of its address would make it another one.
	Cut bool `json:"-"`
}

// Info describes the feed itself. Times are RFC 3339 UTC in JSON.
type Info struct {
	Title       string   `json:"title,omitempty"`
	Description string   `json:"description,omitempty"`
	Rights      string   `json:"rights,omitempty"`
	Generator   string   `json:"generator,omitempty"`
	ID          string   `json:"id,omitempty"`
	Link        string   `json:"link,omitempty"`     // the site's page
	FeedURL     string   `json:"feed_url,omitempty"` // rel=self
	Image       string   `json:"image,omitempty"`
	Icon        string   `json:"icon,omitempty"`
	Language    string   `json:"language,omitempty"`
	TTL         string   `json:"ttl,omitempty"` // minutes, as the feed wrote it
	Period      string   `json:"-"`             // sy:updatePeriod: hourly, daily, weekly, monthly, yearly
	Frequency   string   `json:"-"`             // sy:updateFrequency: so often in a Period
	Hubs        []string `json:"-"`             // of JSON Feed; elsewhere they are Links with rel=hub

	Updated   time.Time `json:"updated,omitzero"`
	Published time.Time `json:"published,omitzero"`

	Authors      []coranto.Person `json:"authors,omitempty"`
	Contributors []coranto.Person `json:"contributors,omitempty"`
	Tags         []string         `json:"tags,omitempty"`
	Links        []coranto.Link   `json:"links,omitempty"`
}

// Candidate is a feed that a page points to. Lower Rank is better.
type Candidate struct {
	URL   string `json:"url"`
	Title string `json:"title,omitempty"`
	Type  string `json:"type,omitempty"`
	Rank  int    `json:"rank"`
	Why   string `json:"why"` // "link", "anchor", …
}

// Parse reads a feed. The only error is ErrNotFeed, wrapped with what the
// document is instead.
func Parse(body []byte, m Meta) (doc *Document, err error) {
	defer func() {
		if doc, err = rescue(recover(), doc, err); doc != nil {
			doc.settleDays()
		}
	}()
	d := decode(body, m.ContentType)
	text := strings.TrimLeft(d.text, " \t\r\n\f")
	switch {
	case text == "":
		return nil, fmt.Errorf("%w: the document is empty", ErrNotFeed)
	case text[0] == '{' || text[0] == '[':
		doc, err = parseJSON(text, m)
	default:
		p := newParser(text, m)
		doc = p.doc
		err = p.run()
	}
	if err != nil {
		return nil, err
	}
	doc.Encoding = d.encoding
	doc.Malformed = doc.Malformed || d.bad
	if doc.Entries == nil {
		doc.Entries = []coranto.Entry{}
	}
	return doc, nil
}

// rescue turns a panic into an answer: what was read before it, or that it is
// no feed. One document that finds a mistake of ours must not end a run.
func rescue(panicked any, doc *Document, err error) (*Document, error) {
	if panicked == nil {
		return doc, err
	}
	if doc == nil || doc.Format == "" {
		return nil, fmt.Errorf("%w: the reader gave up: %v", ErrNotFeed, panicked)
	}
	doc.Malformed = true
	if doc.Entries == nil {
		doc.Entries = []coranto.Entry{}
	}
	return doc, nil
}
