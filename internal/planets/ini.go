package planets

import (
	"fmt"
	"html"
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/coranto/coranto"
)

// section is one of an INI file, as Python's ConfigParser reads it: keys in
// lower case, values continued on indented lines.
type section struct {
	name   string
	line   int
	keys   []string
	values map[string]string
	lines  map[string]int // of the keys
	again  []int          // where it begins once more
}

func newSection(name string, line int) *section {
	return &section{name: name, line: line, values: map[string]string{}, lines: map[string]int{}}
}

func (s *section) set(key, value string, line int) {
	if _, ok := s.values[key]; !ok {
		s.keys = append(s.keys, key)
	}
	s.values[key], s.lines[key] = value, line
}

func isSection(line string) bool {
	return len(line) > 2 && line[0] == '[' && strings.Contains(line, "]") && !strings.Contains(line, ", ")
}

var assignment = regexp.MustCompile(`^[A-Za-z_][\w.-]* *=`)

// isINI reports whether a document that begins with keys has sections later.
func isINI(text string) bool {
	if !assignment.MatchString(firstLine(text)) {
		return false
	}
	for line := range strings.SplitSeq(text, "\n") {
		if isSection(strings.TrimSpace(line)) {
			return true
		}
	}
	return false
}

// sections takes the lines apart. What stands before the first section has the
// name "".
func sections(text string) []*section {
	at := newSection("", 0)
	out := []*section{at}
	byName := map[string]*section{}
	last, n := "", 0
	for line := range strings.SplitSeq(text, "\n") {
		n++
		trimmed := strings.TrimSpace(line)
		if trimmed == "" || trimmed[0] == '#' || trimmed[0] == ';' {
			continue
		}
		if trimmed[0] == '[' {
			name := strings.TrimSpace(strings.TrimPrefix(trimmed, "["))
			if i := strings.LastIndexByte(name, ']'); i >= 0 {
				name = strings.TrimSpace(name[:i])
			}
			if at = byName[name]; at == nil {
				at = newSection(name, n)
				byName[name] = at
				out = append(out, at)
			} else {
				at.again = append(at.again, n)
			}
			last = ""
			continue
		}
		key, value, ok := cutAssignment(trimmed)
		indented := line[0] == ' ' || line[0] == '\t'
		if last != "" && indented && (!ok || at.values[last] == "") {
			at.values[last] = strings.TrimSpace(at.values[last] + "\n" + trimmed)
			continue
		}
		if !ok {
			continue
		}
		// ConfigParser takes " ;" as the begin of a comment.
		if i := strings.Index(value, " ;"); i >= 0 {
			value = strings.TrimSpace(value[:i])
		}
		last = strings.ToLower(key)
		at.set(last, value, n)
	}
	return out
}

// cutAssignment splits "key = value" and "key: value".
func cutAssignment(line string) (key, value string, ok bool) {
	i := strings.IndexAny(line, "=:")
	if i <= 0 {
		return "", "", false
	}
	key = strings.TrimSpace(line[:i])
	if key == "" || strings.ContainsAny(key, " \t/") {
		return "", "", false
	}
	return key, strings.TrimSpace(line[i+1:]), true
}

var interpolated = regexp.MustCompile(`%\((\w+)\)s`)

// expand does ConfigParser's %(name)s, once: what it leads to is not expanded.
func expand(s *section, defaults map[string]string) {
	for k, v := range s.values {
		s.values[k] = interpolated.ReplaceAllStringFunc(v, func(m string) string {
			name := strings.ToLower(m[2 : len(m)-2])
			if to, ok := s.values[name]; ok && name != k {
				return to
			}
			if to, ok := defaults[name]; ok {
				return to
			}
			return m
		})
	}
}

// parseINI reads the files of Planet Venus (a feed's address is the section's
// name) and of Pluto (it is the key feed).
func parseINI(text string) (List, error) {
	list := sections(text)
	b := newBuilder(Pluto)
	defaults := map[string]string{}
	for _, s := range list {
		if strings.EqualFold(s.name, "DEFAULT") {
			defaults = s.values
		}
		if isAddress(s.name) || strings.EqualFold(s.name, "planet") {
			b.Format = Venus
		}
	}
	for _, s := range list {
		expand(s, defaults)
		for _, b.line = range s.again {
			b.note("[%s] is there already, in line %d: both are one, in which what comes later counts", clip(s.name), s.line)
		}
		b.line = s.line
		switch name := strings.ToLower(s.name); {
		case name == "" || name == "planet" || name == "planet:main" || name == "default":
			b.global(s)
		case isAddress(s.name):
			b.venus(s)
		case s.values["feed"] != "" || s.values["feed_url"] != "":
			b.pluto(s)
		case strings.Contains(s.name, "://"):
			b.skip(s.name, "it is not an address of the web")
		case b.Format == Venus:
			b.note("[%s] belongs to a template or a filter: Coranto has themes and `include:`, `exclude:` instead", clip(s.name))
		case s.values["link"] != "" || s.values["url"] != "" || s.values["title"] != "":
			b.skip(s.name, "it has no address of a feed; `coranto add` finds it from the page")
		default:
			b.skip(s.name, "it is no source")
		}
	}
	if len(b.Sources)+len(b.Skipped) == 0 {
		return List{}, fmt.Errorf("%w: this INI file names no feed", ErrUnknown)
	}
	return b.List, nil
}

// globals are settings of the whole planet and what they correspond to.
var globals = map[string]string{
	"link": "site.url", "url": "site.url", "owner_name": "site.author", "author": "site.author", "feed_timeout": "fetch.timeout",
	"items_per_page": "site.per_page", "description": "site.description", "spider_threads": "fetch.parallel", "locale": "site.language",
}

func (b *builder) global(s *section) {
	for _, k := range s.keys {
		b.line = s.lines[k]
		v := clip(s.values[k])
		switch to := globals[k]; {
		case k == "name" || k == "title":
			b.Title = v
			b.note("%s = %s: set site.title", k, v)
		case to != "":
			b.note("%s = %s: set %s", k, v, to)
		default:
			b.note("%s = %s: has no counterpart", k, v)
		}
	}
}

func (b *builder) venus(s *section) {
	src := coranto.Source{URL: s.name}
	label := clip(s.values["name"])
	if label == "" {
		label = clip(s.name)
	}
	if t := s.values["content_type"]; strings.Contains(strings.ToLower(t), "opml") || strings.Contains(strings.ToLower(t), "foaf") {
		b.skip(label, "it is a reading list ("+clip(t)+"): fetch the list, then import that")
		return
	}
	for _, k := range s.keys {
		v := s.values[k]
		b.line = s.lines[k]
		switch k {
		case "name":
			src.Title = strings.Join(strings.Fields(v), " ")
		case "link":
			b.site(&src, label, k, v)
		case "exclude":
			b.exclude(&src, label, k, v)
		case "filter":
			b.note("%s: filter = %s: looks for that in the whole text; Coranto's include: looks in title, tags or author only", label, clip(v))
		case "language", "lang":
			b.language(&src, label, k, v)
		default:
			b.unknown(label, k, v)
		}
	}
	src.Title = html.UnescapeString(src.Title) // Venus shows names as HTML
	b.line = s.line
	b.add(label, src)
}

func (b *builder) pluto(s *section) {
	src := coranto.Source{ID: slug(s.name), URL: s.values["feed"]}
	if src.URL == "" {
		src.URL = s.values["feed_url"]
	}
	label := clip(s.name)
	for _, k := range s.keys {
		v := s.values[k]
		b.line = s.lines[k]
		switch k {
		case "feed", "feed_url":
		case "title":
			src.Title = strings.Join(strings.Fields(v), " ")
		case "link", "url":
			b.site(&src, label, k, v)
		case "location":
			// Planets of several languages keep that here, as the one of openSUSE does.
			if !spoken[v] {
				b.unknown(label, k, v)
				continue
			}
			src.Language = v
		case "author":
			src.Author = strings.Join(strings.Fields(v), " ")
		case "includes", "include":
			b.note("%s: %s = %s: looks for that in the whole text; Coranto's include: looks in title, tags or author only", label, k, clip(v))
		case "excludes", "exclude":
			b.exclude(&src, label, k, v)
		case "language", "lang":
			b.language(&src, label, k, v)
		default:
			b.unknown(label, k, v)
		}
	}
	b.line = s.line
	b.add(label, src)
}

func (b *builder) unknown(label, key, value string) {
	b.note("%s: %s = %s: has no counterpart", label, key, clip(value))
}

func (b *builder) site(src *coranto.Source, label, key, value string) {
	if value = strings.TrimSpace(value); value != "" && wrong(value) == "" {
		src.Site = value
	} else if value != "" {
		b.note("%s: %s = %s: is not an address", label, key, clip(value))
	}
}

// spoken are languages that planets name in the key location.
var spoken = map[string]bool{
	"en": true, "de": true, "es": true, "fr": true, "it": true, "pt": true, "nl": true, "ru": true, "ja": true, "zh": true, "pl": true, "cs": true,
	"el": true, "hu": true, "sv": true, "da": true, "fi": true, "nb": true, "no": true, "tr": true, "ko": true, "uk": true, "ar": true, "he": true,
	"id": true, "ro": true, "bg": true, "ca": true, "hr": true, "sk": true, "sl": true, "fa": true, "hi": true, "vi": true, "th": true,
}

var languageTag = regexp.MustCompile(`^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*$`)

func (b *builder) language(src *coranto.Source, label, key, value string) {
	if languageTag.MatchString(value) {
		src.Language = strings.ReplaceAll(value, "_", "-")
		return
	}
	b.unknown(label, key, value)
}

// exclude carries a regular expression over to titles, which is nearest.
func (b *builder) exclude(src *coranto.Source, label, key, value string) {
	if value == "" {
		return
	}
	if _, err := regexp.Compile(value); err != nil {
		b.note("%s: %s = %s: Go cannot read this regular expression (%v)", label, key, clip(value), err)
		return
	}
	if strings.Contains(value, "\n") {
		b.unknown(label, key, value)
		return
	}
	pattern := value
	if !strings.HasPrefix(value, "(?i)") { // Venus ignores case
		pattern = "(?i)" + value
	}
	src.Exclude = &coranto.Filter{Title: "/" + pattern + "/"}
	b.note("%s: %s = %s: carried over, but it is matched against titles only, not the whole text", label, key, clip(value))
}

// slug makes an ID of a section's name: [a-z0-9-]+, or "".
func slug(s string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(strings.ToLower(s)) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			b.WriteRune(r)
		case unicode.Is(unicode.Mn, r): // the accent of the letter before
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
		if b.Len() >= 40 {
			break
		}
	}
	return strings.Trim(b.String(), "-")
}
