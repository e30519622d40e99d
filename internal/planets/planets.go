// Package planets reads the lists of sources that other planets are kept in:
// the INI files of Planet Venus and Pluto, the YAML of osmosfeed and Pluto, and
// plain lists of addresses.
//
// It promises that each source of a list is either there or named in Skipped,
// and that each of its settings is either carried over or named in Notes. OPML
// has a package of its own (opml); asking the addresses stays outside.
package planets

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html/charset"

	"github.com/coranto/coranto"
)

// ErrUnknown is wrapped by the error of Parse for what is none of the formats.
var ErrUnknown = errors.New("not a list of sources")

// The formats.
const (
	Venus    = "Planet Venus"
	Pluto    = "Pluto"
	Osmos    = "osmosfeed"
	Listed   = "list in YAML" // of mappings, as ocaml.org keeps its planet
	PlainURL = "list of addresses"
)

// List is what was read.
type List struct {
	Format  string
	Title   string           // of the planet
	Sources []coranto.Source // in the order of the document, each address once
	Skipped []string         // what is no source, with why; each begins with its "line 12: "
	Notes   []string         // settings that have no counterpart, or one that differs; likewise
}

const (
	maxBytes = 8 << 20
	maxNotes = 2000
)

// Parse reads a document and finds out by itself of which format it is.
func Parse(data []byte) (List, error) {
	if len(data) > maxBytes {
		return List{}, fmt.Errorf("%w: %d bytes, at most %d are read", ErrUnknown, len(data), maxBytes)
	}
	text := decode(data)
	switch first := firstLine(text); {
	case first == "":
		return List{}, fmt.Errorf("%w: the document is empty", ErrUnknown)
	case isSection(first), isINI(text):
		return parseINI(text)
	case isAddress(first) && !strings.Contains(first, ": "):
		return parsePlain(text), nil
	}
	return parseYAML(text)
}

// decode makes UTF-8 of the document; old lists are often Latin-1.
func decode(data []byte) string {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(data) {
		if e, _ := charset.Lookup("windows-1252"); e != nil {
			if out, err := e.NewDecoder().Bytes(data); err == nil {
				data = out
			}
		}
	}
	text := strings.ToValidUTF8(string(data), "\uFFFD")
	return strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
}

// firstLine is the first that is neither empty nor a comment.
func firstLine(text string) string {
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimSpace(line)
		if line != "" && line[0] != '#' && line[0] != ';' && line != "---" {
			return line
		}
	}
	return ""
}

func isAddress(s string) bool {
	return strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "https://")
}

// builder collects sources, each address once.
type builder struct {
	List
	byURL map[string]int
	line  int // that is looked at
}

// at is the line that is looked at, as notes begin.
func (b *builder) at() string {
	if b.line == 0 {
		return ""
	}
	return fmt.Sprintf("line %d: ", b.line)
}

func newBuilder(format string) *builder {
	return &builder{List: List{Format: format}, byURL: map[string]int{}}
}

// add takes a source, or says why not.
func (b *builder) add(label string, s coranto.Source) {
	if why := wrong(s.URL); why != "" {
		b.skip(label, why)
		return
	}
	if i, ok := b.byURL[s.URL]; ok {
		b.note("%s: %s is there already, as %s", label, s.URL, b.Sources[i].Title)
		return
	}
	b.byURL[s.URL] = len(b.Sources)
	b.Sources = append(b.Sources, s)
}

func (b *builder) skip(label, why string) {
	if len(b.Skipped) < maxNotes {
		b.Skipped = append(b.Skipped, b.at()+clip(label)+": "+why)
	}
}

func (b *builder) note(format string, args ...any) {
	if n := b.at() + fmt.Sprintf(format, args...); len(b.Notes) < maxNotes && !slices.Contains(b.Notes, n) {
		b.Notes = append(b.Notes, n)
	}
}

// wrong says why an address cannot be asked.
func wrong(address string) string {
	u, err := url.Parse(address)
	switch {
	case address == "":
		return "it has no address of a feed"
	case err != nil:
		return "its address cannot be read"
	case u.Scheme != "http" && u.Scheme != "https":
		return fmt.Sprintf("%.60q is not an address of the web", address)
	case u.Hostname() == "":
		return "its address names no host"
	case u.User != nil:
		return "its address has a user and a password in it"
	case strings.ContainsFunc(address, func(r rune) bool { return r <= ' ' || r == 0x7f }):
		return "its address has a space in it"
	}
	return ""
}

// clip makes one short line of a text.
func clip(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > 80 {
		return string(r[:79]) + "…"
	}
	return s
}

// parsePlain reads one address a line; what follows it is its title.
func parsePlain(text string) List {
	b := newBuilder(PlainURL)
	n := 0
	for line := range strings.SplitSeq(text, "\n") {
		n++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		b.line = n
		address, title, _ := strings.Cut(line, " ")
		b.add(line, coranto.Source{URL: address, Title: strings.Join(strings.Fields(title), " ")})
	}
	return b.List
}
