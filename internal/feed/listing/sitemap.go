package listing

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
	"golang.org/x/net/html/charset"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/egress"
	"github.com/coranto/coranto/internal/feed"
	"github.com/coranto/coranto/internal/markup"
)

const (
	maxSitemap  = 32 << 20 // bytes, unpacked
	maxChildren = 3        // sitemaps of an index that are read
	maxIndex    = 10_000   // sitemaps of an index that are looked at
)

// Sitemap is a sitemap (sitemaps.org, with the news and image extensions), or
// an index of such.
type Sitemap struct {
	Entries   []coranto.Entry
	Children  []Child // of an index
	Index     bool
	Dropped   int  // entries beyond the limit
	Malformed bool // it ends in the middle, or is no well-formed XML
}

// Child is a sitemap an index lists.
type Child struct {
	URL      string
	Modified time.Time
}

// ParseSitemap reads a sitemap: XML, plain text (one address a line), either
// also gzipped. The error wraps ErrNothing.
func ParseSitemap(body []byte, m feed.Meta) (*Sitemap, error) {
	s := &Sitemap{}
	if bytes.HasPrefix(body, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			return nil, fmt.Errorf("%w: the gzipped sitemap cannot be read: %w", ErrNothing, err)
		}
		body, err = io.ReadAll(io.LimitReader(z, maxSitemap))
		s.Malformed = err != nil || len(body) == maxSitemap
	}
	text := bytes.TrimLeft(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")), " \t\r\n")
	switch {
	case bytes.HasPrefix(text, []byte("http://")) || bytes.HasPrefix(text, []byte("https://")):
		s.lines(text)
		return s, nil
	case !bytes.HasPrefix(text, []byte("<")) && !bytes.HasPrefix(text, []byte{0xff, 0xfe}) && !bytes.HasPrefix(text, []byte{0xfe, 0xff}):
		return nil, fmt.Errorf("%w: this is no sitemap", ErrNothing)
	}
	return s, s.xml(text, m)
}

func (s *Sitemap) lines(text []byte) {
	in := bufio.NewScanner(bytes.NewReader(text))
	for in.Scan() {
		if u := webAddress(in.Text()); u != "" {
			s.add(coranto.Entry{Link: u})
		}
	}
	s.Malformed = s.Malformed || in.Err() != nil
}

func (s *Sitemap) add(e coranto.Entry) {
	if len(s.Entries) >= 5*maxEntries {
		s.Dropped++
		return
	}
	s.Entries = append(s.Entries, e)
}

// webAddress is an absolute address as sitemaps must have them, or "".
func webAddress(s string) string {
	if s = strings.TrimSpace(s); len(s) > maxAddress {
		return ""
	}
	u := markup.Resolve(nil, s)
	if !strings.HasPrefix(u, "http://") && !strings.HasPrefix(u, "https://") {
		return ""
	}
	return u
}

// xml reads what can be read; only a document of another kind is an error.
func (s *Sitemap) xml(text []byte, m feed.Meta) error {
	d := xml.NewDecoder(bytes.NewReader(text))
	d.Strict = false
	d.AutoClose = nil
	d.Entity = xml.HTMLEntity
	d.CharsetReader = charset.NewReaderLabel
	x := smReader{Sitemap: s}
	for {
		t, err := d.RawToken()
		if err != nil {
			s.Malformed = s.Malformed || !errors.Is(err, io.EOF)
			break
		}
		switch t := t.(type) {
		case xml.StartElement:
			if x.root == "" {
				if x.root = t.Name.Local; x.root != "urlset" && x.root != "sitemapindex" {
					return fmt.Errorf("%w: this is no sitemap but <%s>", ErrNothing, clip(x.root))
				}
				s.Index = x.root == "sitemapindex"
			}
			x.start(t.Name)
		case xml.EndElement:
			x.end(t.Name)
		case xml.CharData:
			if x.in != "" && len(x.text) < maxText {
				x.text += string(t[:min(len(t), maxText)])
			}
		}
	}
	if x.root == "" {
		return fmt.Errorf("%w: this is no sitemap", ErrNothing)
	}
	return nil
}

type smReader struct {
	*Sitemap
	root     string
	in, text string // the element whose text is being gathered
	image    bool
	e        coranto.Entry
	modified time.Time
}

// start notes what is of interest; prefixes are taken as they are usually
// bound, for many sitemaps forget to declare them.
func (x *smReader) start(n xml.Name) {
	switch n.Local {
	case "url", "sitemap":
		x.e, x.modified, x.image = coranto.Entry{}, time.Time{}, false
	case "image":
		x.image = n.Space != "news"
	case "loc", "lastmod", "title", "publication_date", "language", "keywords":
		x.in, x.text = n.Space+":"+n.Local, ""
	}
}

func (x *smReader) end(n xml.Name) {
	switch n.Local {
	case "image":
		x.image = false
		return
	case "url":
		x.finish()
		return
	case "sitemap":
		if x.e.Link != "" && len(x.Children) < maxIndex {
			x.Children = append(x.Children, Child{x.e.Link, x.modified})
		}
		x.e = coranto.Entry{}
		return
	}
	if x.in != n.Space+":"+n.Local {
		return
	}
	v := strings.TrimSpace(clip(x.text))
	x.in, x.text = "", ""
	switch {
	case n.Local == "loc" && (x.image || n.Space == "image"):
		if x.e.Image == "" {
			x.e.Image = webAddress(v)
		}
	case n.Local == "loc" && x.e.Link == "":
		x.e.Link = webAddress(v)
	case n.Local == "lastmod":
		x.modified = date(v)
	case n.Local == "title" && n.Space == "news":
		x.e.Title = markup.Collapse(v)
	case n.Local == "publication_date":
		x.e.Published = date(v)
	case n.Local == "language":
		x.e.Language = v
	case n.Local == "keywords":
		for t := range strings.SplitSeq(v, ",") {
			if t = strings.TrimSpace(t); t != "" {
				x.e.Tags = appendTag(x.e.Tags, t)
			}
		}
	}
}

func (x *smReader) finish() {
	x.e.Updated = x.modified
	if x.e.Link != "" {
		x.add(x.e)
	}
	x.e = coranto.Entry{}
}

// sitemap reads a sitemap, or the newest few of an index.
func (r *reader) sitemap(body []byte, m feed.Meta) (*feed.Document, error) {
	s, err := ParseSitemap(body, m)
	if err != nil {
		return nil, err
	}
	doc := &feed.Document{Format: coranto.RecipeSitemap, Malformed: s.Malformed, Dropped: s.Dropped, Entries: s.Entries}
	doc.Feed.Link = m.URL
	var errs []error
	children := newest(s.Children)
	for _, c := range children {
		// Without dates the index is the same whatever its sitemaps list.
		r.volatile = r.volatile || c.Modified.IsZero()
		child, err := r.child(c.URL, m)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		doc.Malformed = doc.Malformed || child.Malformed
		doc.Dropped += child.Dropped
		doc.Entries = append(doc.Entries, child.Entries...)
	}
	if len(errs) > 0 {
		r.volatile, doc.Malformed = true, true
		if len(errs) == len(children) {
			return nil, fmt.Errorf("none of its sitemaps can be read: %w", errors.Join(errs...))
		}
	}
	if doc.Entries == nil {
		doc.Entries = []coranto.Entry{}
	}
	slices.SortStableFunc(doc.Entries, func(a, b coranto.Entry) int { return when(b).Compare(when(a)) })
	if n := len(doc.Entries) - maxEntries; n > 0 {
		doc.Entries, doc.Dropped = doc.Entries[:maxEntries], doc.Dropped+n
	}
	return doc, nil
}

func when(e coranto.Entry) time.Time {
	if !e.Published.IsZero() {
		return e.Published
	}
	return e.Updated
}

// newest chooses the sitemaps of an index that may hold something new: those
// changed last; where nothing tells, those of news and posts, and of the same
// kind the last, for most are numbered.
func newest(list []Child) []Child {
	list = slices.Clone(list)
	slices.Reverse(list)
	slices.SortStableFunc(list, func(a, b Child) int {
		if c := cmp.Compare(rank(a.URL), rank(b.URL)); c != 0 {
			return c
		}
		return b.Modified.Compare(a.Modified)
	})
	return list[:min(len(list), maxChildren)]
}

// rank sorts sitemaps by what their names say is in them.
func rank(u string) int {
	u = strings.ToLower(u)
	has := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(u, w) })
	}
	switch {
	case has("news"):
		return 0
	case has("post", "article", "blog", "story", "stories"):
		return 1
	case has("page", "categor", "tag", "author", "product", "image", "video", "static", "taxonom", "archive"):
		return 3
	}
	return 2
}

// child fetches one sitemap of an index.
func (r *reader) child(address string, m feed.Meta) (*Sitemap, error) {
	res, err := r.get.Get(r.ctx, egress.Request{URL: address, Zone: r.zone, Accept: acceptMap})
	if err != nil {
		return nil, err
	}
	if res.Status != http.StatusOK {
		return nil, &feed.StatusError{Status: res.Status, URL: address}
	}
	s, err := ParseSitemap(res.Body, feed.Meta{URL: res.URL, ContentType: res.Header.Get("Content-Type")})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", address, err)
	}
	if s.Index {
		return nil, fmt.Errorf("%s: %w: an index within an index", address, ErrNothing)
	}
	s.Malformed = s.Malformed || res.Truncated
	return s, nil
}
