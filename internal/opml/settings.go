package opml

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/coranto/coranto"
)

// plainAttrs are those of OPML itself, or ones that say nothing of how a feed
// is read.
var plainAttrs = []string{
	"type", "text", "title", "xmlurl", "feedurl", "rssurl", "url", "htmlurl", "category", "language", "description", "version", "created",
	"iscomment", "isbreakpoint", "id", "icon", "rssfr-summary", "rssfr-numpost", "scope", "etag", "lastmodified",
}

// foreign carries over how other readers (FreshRSS, Miniflux) treat the feed,
// and notes what has no counterpart. Names of attributes come in lower case.
func (p *parser) foreign(a map[string]string, label string, s *coranto.Source) {
	note := func(format string, args ...any) {
		if len(p.out.Notes) < maxSkipped {
			p.out.Notes = append(p.out.Notes, p.at()+shortLabel(label)+": "+fmt.Sprintf(format, args...))
		}
	}
	switch kind := strings.ToLower(strings.TrimSpace(a["type"])); kind {
	case "", "rss", "atom", "rss1", "rss2", "rdf", "pie", "jsonfeed", "link", "feed":
	case "html+xpath", "xml+xpath", "json+dotnotation", "json+dotpath", "html+xpath+json+dotnotation":
		s.Paused = true
		note("type %s: its page is read by rules that cannot be carried over; it is paused until you write `scrape:` for it (see `coranto page inspect`)", a["type"])
	default:
		note("type %s: is read as a feed", a["type"])
	}
	for _, full := range slices.Sorted(maps.Keys(a)) {
		value := strings.TrimSpace(a[full])
		_, name, ns := strings.Cut(full, ":")
		if !ns {
			name = full
		}
		if value == "" || slices.Contains(plainAttrs, full) || strings.HasPrefix(full, "xmlns") || strings.HasPrefix(full, "coranto:") {
			continue
		}
		if strings.HasPrefix(name, "xpath") || strings.HasPrefix(name, "json") {
			continue // told by the type
		}
		p.setting(full, name, value, s, note)
	}
}

// setting carries over one attribute.
func (p *parser) setting(full, name, value string, s *coranto.Source, note func(string, ...any)) {
	is := strings.EqualFold(value, "true") || value == "1"
	switch name {
	case "csscontentfilter", "cssfullcontentfilter", "cssfullcontentconditions", "scraperrules":
		note("%s: Coranto finds the article on the page by itself", full)
		s.FullText = "page"
	case "cssfullcontent":
		s.FullText = "page"
		note("%s = %s: full_text: page; Coranto finds the article by itself, without this selector", full, shortLabel(value))
	case "crawler":
		if is {
			s.FullText = "page"
		}
	case "disabled":
		s.Paused = s.Paused || is
	case "ttl":
		p.ttl(full, value, s, note)
	case "filtersactionread":
		queries(full, value, s, note)
	case "blocklistrules", "keeplistrules", "blockfilterentryrules", "keepfilterentryrules":
		rules(full, value, strings.HasPrefix(name, "block"), s, note)
	case "priority":
		if value != "main" && value != "important" {
			note("%s = %s: has no counterpart; every post of the source is published", full, shortLabel(value))
		}
	default:
		note("%s = %s: has no counterpart", full, shortLabel(value))
	}
}

// ttl is FreshRSS's interval in seconds; a negative one means muted.
func (p *parser) ttl(full, value string, s *coranto.Source, note func(string, ...any)) {
	n, err := strconv.Atoi(value)
	switch {
	case err != nil:
		note("%s = %s: is no number of seconds", full, shortLabel(value))
		return
	case n < 0:
		s.Paused = true
		n = -n
	}
	if n > 1 && n <= 366*24*3600 {
		s.Every = (time.Duration(n) * time.Second).String()
	}
}

// queries reads FreshRSS's "mark as read" filters: what a reader never sees is
// nearest to what is dropped.
func queries(full, value string, s *coranto.Source, note func(string, ...any)) {
	fields := map[string][]string{}
	for line := range strings.SplitSeq(value, "\n") {
		line = strings.TrimSpace(line)
		field, word, ok := strings.Cut(line, ":")
		switch {
		case line == "":
			continue
		case !ok || strings.Contains(field, " "):
			field, word = "", line
		}
		word = strings.Trim(word, `"'`)
		if len(word) > 2 && word[0] == '/' && strings.HasSuffix(strings.TrimSuffix(word, "i"), "/") {
			word = strings.Trim(strings.TrimSuffix(word, "i"), "/")
		} else {
			word = regexp.QuoteMeta(word)
		}
		fields[field] = append(fields[field], word)
	}
	if len(fields) != 1 {
		note("%s = %s: cannot be said with exclude:, which needs all of its fields to match", full, shortLabel(value))
		return
	}
	for field, words := range fields {
		f, ok := one(field, "(?i)"+strings.Join(words, "|"))
		if !ok {
			note("%s = %s: has no counterpart", full, shortLabel(value))
			return
		}
		s.Exclude = f
		note("%s: carried over as exclude:; what FreshRSS marks as read Coranto drops", full)
	}
}

// one is a filter with a single regular expression.
func one(field, pattern string) (*coranto.Filter, bool) {
	f := &coranto.Filter{}
	text := "/" + pattern + "/"
	switch strings.ToLower(field) {
	case "intitle", "entrytitle":
		f.Title = text
	case "inurl", "entryurl":
		f.URL = text
	case "author", "entryauthor":
		f.Author = text
	case "entrytag", "tag":
		f.Tags = []string{text}
	default:
		return nil, false
	}
	_, err := f.Compile()
	return f, err == nil
}

// rules reads Miniflux's: one regular expression, or lines like "EntryTitle=x".
func rules(full, value string, block bool, s *coranto.Source, note func(string, ...any)) {
	field, pattern, ok := strings.Cut(value, "=")
	if !ok || !strings.HasPrefix(strings.ToLower(field), "entry") {
		field, pattern = "entrytitle", value
	}
	f, good := one(field, pattern)
	if !good || strings.Contains(value, "\n") {
		note("%s = %s: cannot be said with include: and exclude:", full, shortLabel(value))
		return
	}
	if block {
		s.Exclude = f
	} else {
		s.Include = f
	}
	if !ok {
		note("%s = %s: carried over for titles; Miniflux looks at links and authors too", full, shortLabel(value))
	}
}

func shortLabel(s string) string {
	s = clean(s)
	if r := []rune(s); len(r) > 80 {
		return string(r[:79]) + "…"
	}
	return s
}
