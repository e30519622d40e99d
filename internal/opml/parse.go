package opml

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/unicode"

	"github.com/coranto/coranto"
)

// Limits of a document; what is beyond is reported in Skipped.
const (
	maxBytes   = 32 << 20
	maxSources = 200_000
	maxDepth   = 64
	maxSkipped = 1000
)

// Parse reads a document, leniently: names in any case, entities of HTML,
// ampersands that are none, any charset, tags left open. Folders become tags.
// It fails with ErrNotOPML where there is no outline at all.
func Parse(data []byte) (Outline, error) {
	if len(data) > maxBytes {
		return Outline{}, fmt.Errorf("a document of %d bytes: %w: at most %d are read", len(data), ErrNotOPML, maxBytes)
	}
	p := &parser{byURL: map[string]int{}}
	if err := p.run(decode(data)); err != nil {
		return Outline{}, err
	}
	return p.out, nil
}

type parser struct {
	out     Outline
	byURL   map[string]int
	line    int      // of the tag
	folders []string // of the outlines that are open; "" for one that is no folder
	opml    bool
	ended   bool // with </opml>
	outline bool
	skipped int
}

// run walks over the tags. The tokenizer is that of HTML: it is made for what
// people write by hand, runs in linear time and folds the case of names.
func (p *parser) run(text []byte) error {
	z := html.NewTokenizer(bytes.NewReader(text))
	next := 1 // line on which the next token begins
	z.SetMaxBuf(1 << 20)
	z.AllowCDATA(true)
	for title := false; ; {
		kind := z.Next()
		p.line = next
		next += bytes.Count(z.Raw(), []byte("\n"))
		switch kind {
		case html.ErrorToken:
			if !p.opml && !p.outline {
				return fmt.Errorf("no <opml> and no <outline>: %w", ErrNotOPML)
			}
			if p.opml && !p.ended {
				p.out.Notes = append(p.out.Notes, "the list ends before </opml>: it may have been cut off")
			}
			return nil
		case html.TextToken:
			if title && p.out.Title == "" {
				p.out.Title = clean(string(z.Text()))
			}
		case html.StartTagToken:
			title = p.start(z, false)
		case html.SelfClosingTagToken:
			p.start(z, true)
		case html.EndTagToken:
			name, _ := z.TagName()
			if string(name) == "outline" && len(p.folders) > 0 {
				p.folders = p.folders[:len(p.folders)-1]
			}
			p.ended = p.ended || string(name) == "opml"
			title = false
		}
	}
}

// start takes a tag and reports whether it is the title.
func (p *parser) start(z *html.Tokenizer, closed bool) (title bool) {
	name, more := z.TagName()
	switch string(name) {
	case "opml":
		p.opml = true
	case "title":
		return !p.outline
	case "outline":
		p.outline = true
		a := map[string]string{}
		for n := 0; more && n < 100; n++ {
			var k, v []byte
			k, v, more = z.TagAttr()
			if _, ok := a[string(k)]; !ok {
				a[string(k)] = string(v)
			}
		}
		p.take(a, closed)
	}
	return false
}

// take makes a source or a folder of an outline's attributes.
func (p *parser) take(a map[string]string, closed bool) {
	address := strings.TrimSpace(first(a, "xmlurl", "feedurl", "rssurl"))
	label := clean(first(a, "title", "text"))
	if address == "" && strings.EqualFold(a["type"], "rss") {
		address = strings.TrimSpace(a["url"])
	}
	folder := ""
	switch {
	case address != "":
		p.source(a, address)
	case closed && first(a, "type", "url", "htmlurl") != "":
		p.skip(label, "it has no address of a feed (xmlUrl)")
	case closed && label != "":
		p.skip(label, "an empty folder")
	default:
		folder = label
	}
	if !closed {
		if len(p.folders) == maxDepth {
			p.skip(label, "folders are nested too deep")
		}
		p.folders = append(p.folders, folder)
	}
}

func (p *parser) source(a map[string]string, address string) {
	label := clean(first(a, "title", "text"))
	if label == "" {
		label = address
	}
	address, why := web(address)
	if why != "" {
		p.skip(label, why)
		return
	}
	s := coranto.Source{URL: address, Title: clean(a["title"]), Language: clean(a["language"])}
	own := first(a, "coranto:id") != ""
	if s.Title == "" && !own {
		s.Title = clean(a["text"])
	}
	if site, why := web(strings.TrimSpace(a["htmlurl"])); why == "" {
		s.Site = site
	}
	if own {
		readOwn(a, &s)
	} else {
		s.Tags = p.tags(a["category"])
		p.foreign(a, label, &s)
	}
	if i, ok := p.byURL[address]; ok && !own {
		// The same feed in several folders: one source with all the tags.
		for _, t := range s.Tags {
			if old := &p.out.Sources[i]; !slices.Contains(old.Tags, t) {
				old.Tags = append(old.Tags, t)
			}
		}
		return
	}
	if len(p.out.Sources) == maxSources {
		p.skip(label, fmt.Sprintf("there are more than %d sources", maxSources))
		return
	}
	p.byURL[address] = len(p.out.Sources)
	p.out.Sources = append(p.out.Sources, s)
}

// readOwn takes the fields that Write wrote.
func readOwn(a map[string]string, s *coranto.Source) {
	s.ID, s.Kind, s.Author, s.Zone = a["coranto:id"], a["coranto:kind"], a["coranto:author"], a["coranto:zone"]
	s.FullText, s.Every = a["coranto:full-text"], a["coranto:every"]
	s.Paused, s.Retired = a["coranto:paused"] == "true", a["coranto:retired"] == "true"
	s.Title, s.Site, s.Language = a["title"], a["htmlurl"], a["language"]
	s.Robots, s.Moderate = a["coranto:robots"], a["coranto:moderate"]
	s.Limit, _ = strconv.Atoi(a["coranto:limit"])
	fromJSON(a["coranto:scrape"], &s.Scrape)
	fromJSON(a["coranto:tags"], &s.Tags)
	fromJSON(a["coranto:include"], &s.Include)
	fromJSON(a["coranto:exclude"], &s.Exclude)
	if s.Tags == nil && a["coranto:tags"] == "" {
		s.Tags = categories(a["category"])
	}
}

func fromJSON[T any](text string, v *T) {
	var read T
	if text != "" && json.Unmarshal([]byte(text), &read) == nil {
		*v = read
	}
}

// tags are the folders around an outline and its categories.
func (p *parser) tags(category string) []string {
	var out []string
	for _, t := range append(slices.Clone(p.folders[:min(len(p.folders), maxDepth)]), categories(category)...) {
		if t != "" && !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out
}

// categories splits the attribute: "go,web", "/Boston/Weather,/Harvard".
func categories(text string) []string {
	var out []string
	for t := range strings.SplitSeq(text, ",") {
		if t = strings.Trim(clean(t), "/ "); t != "" {
			out = append(out, t)
		}
	}
	return out
}

// at is the line of the tag, as notes begin.
func (p *parser) at() string { return fmt.Sprintf("line %d: ", p.line) }

func (p *parser) skip(label, why string) {
	p.skipped++
	switch {
	case p.skipped == maxSkipped:
		p.out.Skipped = append(p.out.Skipped, "and more")
	case p.skipped < maxSkipped:
		if label == "" {
			label = "an entry without a name"
		}
		if r := []rune(label); len(r) > 80 {
			label = string(r[:80]) + "…"
		}
		p.out.Skipped = append(p.out.Skipped, p.at()+label+": "+why)
	}
}

func first(a map[string]string, names ...string) string {
	for _, n := range names {
		if v := a[n]; strings.TrimSpace(v) != "" {
			return v
		}
	}
	return ""
}

// clean makes one line of a text.
func clean(s string) string {
	return strings.Join(strings.Fields(s), " ")
}

// web checks that an address can be fetched.
func web(s string) (address, why string) {
	if rest, ok := strings.CutPrefix(s, "feed:"); ok {
		if s = rest; strings.HasPrefix(s, "//") {
			s = "http:" + s
		}
	}
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return "", "its address cannot be read"
	case u.Scheme != "http" && u.Scheme != "https":
		return "", fmt.Sprintf("%.40q is not an address of the web", s)
	case u.Hostname() == "":
		return "", "its address names no host"
	case u.User != nil:
		return "", "its address has a user and a password in it"
	}
	return s, ""
}

var declared = regexp.MustCompile(`(?i)^\s*<\?xml[^>]*\sencoding\s*=\s*["']([A-Za-z0-9._:-]+)["']`)

// decode makes UTF-8 of the document: by byte order mark, by validity, by
// declaration, and else as what it most probably is.
func decode(data []byte) []byte {
	var enc encoding.Encoding
	switch {
	case bytes.HasPrefix(data, []byte("\xef\xbb\xbf")):
		data = data[3:]
	case bytes.HasPrefix(data, []byte("\xff\xfe")):
		enc = unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM)
	case bytes.HasPrefix(data, []byte("\xfe\xff")):
		enc = unicode.UTF16(unicode.BigEndian, unicode.ExpectBOM)
	default:
		if m := declared.FindSubmatch(data[:min(len(data), 1024)]); m != nil {
			enc, _ = charset.Lookup(string(m[1]))
		}
		if enc != nil && isASCII(data[:min(len(data), 1024)]) && utf8.Valid(data) && !isASCII(data) {
			enc = nil // declared as what it is not: valid UTF-8 is no accident
		}
		if enc == nil && !utf8.Valid(data) {
			enc, _ = charset.Lookup("windows-1252")
		}
	}
	if enc == nil {
		return data
	}
	out, err := enc.NewDecoder().Bytes(data)
	if err != nil {
		return data
	}
	return out
}

func isASCII(b []byte) bool {
	return bytes.IndexFunc(b, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
}
