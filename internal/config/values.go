package config

import (
	"encoding/json"
	"fmt"
	"math"
	"net/netip"
	"net/url"
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/andybalholm/cascadia"
	"go.yaml.in/yaml/v3"
	"golang.org/x/text/language"

	"github.com/coranto/coranto"
)

// entry is one key of a mapping: its name, what the schema says of it, and how
// it is read. The tables of keys in keys.go are all there is to the format.
type entry[T any] struct {
	name   string
	doc    string
	schema schema
	null   bool     // an empty value means something
	also   []string // other spellings
	set    func(d *decoder, n *yaml.Node, key string, depth int, out *T)
}

// schema is a JSON Schema.
type schema map[string]any

// check tells what is wrong with a text, and the way out.
type check func(text string) (reason, hint string)

// text reads a string. Numbers and the like are taken as they are written.
func text[T any](name, doc string, at func(*T) *string, checks ...check) entry[T] {
	return entry[T]{name: name, doc: doc, schema: schema{"type": "string"}, set: func(d *decoder, n *yaml.Node, key string, _ int, out *T) {
		if s, ok := d.scalar(n, key); ok && d.passes(n, key, s, checks) {
			*at(out) = s
		}
	}}
}

// choice reads one of several words.
func choice[T any](name, doc string, at func(*T) *string, words ...string) entry[T] {
	e := text(name, doc, at, oneOf(words))
	e.schema = schema{"enum": words}
	return e
}

func oneOf(words []string) check {
	return func(s string) (string, string) {
		for _, w := range words {
			if s == w {
				return "", ""
			}
		}
		hint := "it is one of " + strings.Join(words, ", ")
		if near := nearest(s, words); near != "" {
			hint = "did you mean " + near + "?"
		}
		return fmt.Sprintf("%q is not known", s), hint
	}
}

// texts reads a list of strings, or one string.
func texts[T any](name, doc string, at func(*T) *[]string, checks ...check) entry[T] {
	one := schema{"type": "string"}
	return entry[T]{name: name, doc: doc, schema: schema{"oneOf": []schema{one, {"type": "array", "items": one}}},
		set: func(d *decoder, n *yaml.Node, key string, depth int, out *T) {
			*at(out) = d.texts(n, key, depth, checks)
		}}
}

func (d *decoder) texts(n *yaml.Node, key string, depth int, checks []check) []string {
	var out []string
	for i, v := range d.items(n, key, depth) {
		if s, ok := d.scalar(v, index(key, i)); ok && d.passes(v, index(key, i), s, checks) {
			out = append(out, s)
		}
	}
	return out
}

// items returns the members of a list; anything else is a list of one.
func (d *decoder) items(n *yaml.Node, key string, depth int) []*yaml.Node {
	if n.Kind != yaml.SequenceNode {
		return []*yaml.Node{n}
	}
	out := make([]*yaml.Node, 0, len(n.Content))
	for i, c := range n.Content {
		c, ok := d.follow(c, index(key, i), depth+1)
		if !ok {
			return out
		}
		out = append(out, c)
	}
	return out
}

func index(key string, i int) string { return key + "[" + strconv.Itoa(i) + "]" }

func (d *decoder) scalar(n *yaml.Node, key string) (string, bool) {
	if n.Kind != yaml.ScalarNode || isNull(n) {
		hint := ""
		if n.Kind == yaml.MappingNode {
			hint = "if it is one text with a colon or braces in it, put it in quotes"
		}
		d.fault(n, key, hint, "%s is a text, not %s", label(key), what(n))
		return "", false
	}
	if n.ShortTag() == "!!binary" {
		d.fault(n, key, "", "%s is a text, not binary", label(key))
		return "", false
	}
	return n.Value, true
}

func (d *decoder) passes(n *yaml.Node, key, s string, checks []check) bool {
	for _, c := range checks {
		if reason, hint := c(s); reason != "" {
			d.fault(n, key, hint, "%s: %s", label(key), reason)
			return false
		}
	}
	return true
}

func boolean[T any](name, doc string, at func(*T) *bool) entry[T] {
	return entry[T]{name: name, doc: doc, schema: schema{"type": "boolean"}, set: func(d *decoder, n *yaml.Node, key string, _ int, out *T) {
		if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!bool" {
			if err := n.Decode(at(out)); err == nil {
				return
			}
		}
		d.fault(n, key, "write true or false", "%s is true or false, not %s", label(key), what(n))
	}}
}

func integer[T any](name, doc string, lo, hi int, at func(*T) *int) entry[T] {
	return entry[T]{name: name, doc: doc, schema: schema{"type": "integer", "minimum": lo, "maximum": hi}, set: func(d *decoder, n *yaml.Node, key string, _ int, out *T) {
		v, err := strconv.Atoi(n.Value)
		if n.Kind != yaml.ScalarNode || err != nil || v < lo || v > hi {
			d.fault(n, key, fmt.Sprintf("write a number such as %d", min(hi, max(lo, 10))), "%s is a whole number from %d to %d, not %s", label(key), lo, hi, what(n))
			return
		}
		*at(out) = v
	}}
}

// duration reads "20s", "1h30m", "2d", "1w".
func duration[T any](name, doc string, lo time.Duration, at func(*T) *time.Duration, also ...func(*T)) entry[T] {
	return entry[T]{name: name, doc: doc, schema: schema{"type": []string{"string", "integer"}, "pattern": `^(0|([0-9]+(\.[0-9]+)?(ms|s|m|h|d|w))+)$`},
		set: func(d *decoder, n *yaml.Node, key string, _ int, out *T) {
			s, ok := d.scalar(n, key)
			if !ok {
				return
			}
			v, err := ParseDuration(s)
			switch {
			case err != nil:
				d.fault(n, key, durationHint(s), "%s: %q is not a length of time", label(key), s)
			case v < lo:
				d.fault(n, key, "", "%s: %s is less than %s", label(key), s, lo)
			default:
				*at(out) = v
				for _, f := range also {
					f(out)
				}
			}
		}}
}

func durationHint(s string) string {
	if _, err := strconv.ParseFloat(s, 64); err == nil {
		return fmt.Sprintf("add a unit: %ss, %sm, %sh or %sd", s, s, s, s)
	}
	return "write 20s, 15m, 1h30m, 2d or 1w"
}

var durationPart = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d|w)`)

var durationUnits = map[string]time.Duration{
	"ms": time.Millisecond, "s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour,
}

// ParseDuration reads a length of time as the file writes it: Go's notation
// with d (24 hours) and w besides, or 0.
func ParseDuration(s string) (time.Duration, error) {
	if s == "0" {
		return 0, nil
	}
	total := 0.0
	rest := strings.ReplaceAll(s, " ", "")
	for first := true; rest != "" || first; first = false {
		m := durationPart.FindStringSubmatch(rest)
		if m == nil {
			return 0, fmt.Errorf("%q is not a length of time", s)
		}
		n, err := strconv.ParseFloat(m[1], 64)
		if err != nil {
			return 0, err
		}
		total += n * float64(durationUnits[m[2]])
		rest = rest[len(m[0]):]
	}
	if total > float64(100*366*24*time.Hour) {
		return 0, fmt.Errorf("%q is longer than a hundred years", s)
	}
	return time.Duration(math.Round(total)), nil
}

var sizeText = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?) ?(|k|m|g|t)(i?)(b?)$`)

// ParseSize reads a number of bytes: 512, "10MiB", "10MB", "1.5G". Without a
// B, units count by 1024, as in ulimit.
func ParseSize(s string) (int64, error) {
	m := sizeText.FindStringSubmatch(strings.ToLower(s))
	if m == nil || m[2] == "" && m[3] != "" {
		return 0, fmt.Errorf("%q is not a size", s)
	}
	n, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		return 0, err
	}
	base := 1024.0
	if m[3] == "" && m[4] != "" {
		base = 1000
	}
	if m[2] != "" {
		n *= math.Pow(base, float64(1+strings.Index("kmgt", m[2])))
	}
	if n > 1<<50 || n != math.Trunc(n) && m[2] == "" {
		return 0, fmt.Errorf("%q is not a size", s)
	}
	return int64(n), nil
}

// leastSize is the smallest limit that can be meant: a number without a unit is
// bytes, and who writes 10 means something else.
const leastSize = 1000

func size[T any](name, doc string, at func(*T) *int64) entry[T] {
	return entry[T]{name: name, doc: doc, schema: schema{"type": []string{"string", "integer"}}, set: func(d *decoder, n *yaml.Node, key string, _ int, out *T) {
		s, ok := d.scalar(n, key)
		if !ok {
			return
		}
		v, err := ParseSize(s)
		if err != nil || v <= 0 {
			d.fault(n, key, "write 10MiB, 500kB or a number of bytes", "%s: %q is not a size", label(key), s)
			return
		}
		if v < leastSize {
			d.fault(n, key, fmt.Sprintf("did you mean %sMiB?", s), "%s: %s bytes are too few for anything", label(key), s)
			return
		}
		*at(out) = v
	}}
}

// percent reads "5%" as 0.05.
func percent[T any](name, doc string, at func(*T) *float64) entry[T] {
	return entry[T]{name: name, doc: doc, schema: schema{"type": "string", "pattern": `^[0-9]+(\.[0-9]+)?%$`}, set: func(d *decoder, n *yaml.Node, key string, _ int, out *T) {
		s, ok := d.scalar(n, key)
		if !ok {
			return
		}
		num, pc := strings.CutSuffix(s, "%")
		v, err := strconv.ParseFloat(strings.TrimSpace(num), 64)
		switch {
		case err == nil && !pc:
			hint := "write 5%"
			if v <= 100 {
				hint = fmt.Sprintf("write %s%%", s)
			}
			d.fault(n, key, hint, "%s is a percentage, not %s", label(key), what(n))
		case err != nil || !(v >= 0 && v <= 100):
			d.fault(n, key, "write 5%", "%s: %q is not a percentage from 0%% to 100%%", label(key), s)
		default:
			*at(out) = v / 100
		}
	}}
}

// sub reads a mapping by its own table.
func sub[T, U any](name, doc string, table []entry[U], at func(*T) *U) entry[T] {
	return entry[T]{name: name, doc: doc, schema: objectSchema(table), set: func(d *decoder, n *yaml.Node, key string, depth int, out *T) {
		object(d, n, key, depth, table, at(out))
	}}
}

// subPtr is sub for what may be absent.
func subPtr[T, U any](name, doc string, table []entry[U], at func(*T) **U) entry[T] {
	e := sub(name, doc, table, func(*T) *U { return nil })
	e.set = func(d *decoder, n *yaml.Node, key string, depth int, out *T) {
		v := new(U)
		object(d, n, key, depth, table, v)
		*at(out) = v
	}
	return e
}

// textMap reads a mapping of texts.
func textMap[T any](name, doc string, at func(*T) *map[string]string, checkKey check) entry[T] {
	return entry[T]{name: name, doc: doc, schema: schema{"type": "object", "additionalProperties": schema{"type": "string"}},
		set: func(d *decoder, n *yaml.Node, key string, depth int, out *T) {
			m := map[string]string{}
			for _, p := range d.mapping(n, key, depth) {
				v, ok := d.follow(p.value, join(key, p.key.Value), depth+1)
				if !ok || !d.passes(p.key, key, p.key.Value, []check{checkKey}) {
					continue
				}
				if s, ok := d.scalar(v, join(key, p.key.Value)); ok {
					m[p.key.Value] = s
				}
			}
			*at(out) = m
		}}
}

func (d *decoder) mapping(n *yaml.Node, key string, depth int) []pair {
	if n.Kind != yaml.MappingNode {
		d.fault(n, key, "", "%s is a mapping, not %s", label(key), what(n))
		return nil
	}
	return d.members(n, key, depth)
}

// anything reads any value as what JSON would make of it.
func (d *decoder) anything(n *yaml.Node, key string, depth int) any {
	n, ok := d.follow(n, key, depth)
	if !ok {
		return nil
	}
	switch n.Kind {
	case yaml.MappingNode:
		m := map[string]any{}
		for _, p := range d.members(n, key, depth) {
			m[p.key.Value] = d.anything(p.value, join(key, p.key.Value), depth+1)
		}
		return m
	case yaml.SequenceNode:
		list := []any{}
		for i, c := range n.Content {
			list = append(list, d.anything(c, index(key, i), depth+1))
		}
		return list
	}
	switch n.ShortTag() {
	case "!!null":
		return nil
	case "!!bool", "!!int", "!!float":
		var v any
		if err := n.Decode(&v); err == nil {
			if _, err := json.Marshal(v); err == nil { // not .inf or .nan
				return v
			}
		}
	}
	return n.Value
}

// Checks of texts.

func webURL(s string) (reason, hint string) {
	if reason, hint := fromEnvironment(s); reason != "" {
		return reason, hint
	}
	u, err := url.Parse(s)
	switch {
	case strings.Contains(s, " - "):
		return "there is a list item within an address", "the dashes of a list begin in the same column"
	case strings.ContainsAny(s, " \t\n"):
		return "a web address has no spaces", "write %20 for a space"
	case err != nil:
		return fmt.Sprintf("%q is not a web address", s), ""
	case strings.HasPrefix(s, "url:"), strings.HasPrefix(s, "id:"):
		return fmt.Sprintf("%q is not a web address", s), "a key is followed by a colon and a space"
	case strings.HasPrefix(s, "feed:"):
		return "feed: is not fetched", "write https://" + strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(s, "feed:"), "https:"), "//")
	case u.Scheme == "" && u.Host == "" || u.Host == "" && strings.Contains(u.Scheme, "."):
		return fmt.Sprintf("%q is not a whole web address", s), "write https://" + strings.TrimLeft(s, "/")
	case u.Scheme != "http" && u.Scheme != "https":
		return fmt.Sprintf("%s: is not fetched, only http and https", u.Scheme), ""
	case u.Hostname() == "":
		return fmt.Sprintf("%q names no host", s), ""
	case u.User != nil:
		return "user and password do not belong into this file", fmt.Sprintf("write the address without them, then: coranto secret set %s", u.Host)
	}
	return "", ""
}

var variable = regexp.MustCompile(`^\$\{?[A-Za-z_][A-Za-z0-9_]*\}?`)

// fromEnvironment refuses what other programs would take from the environment.
func fromEnvironment(s string) (string, string) {
	if variable.MatchString(s) {
		return fmt.Sprintf("%s stays as it is: this file takes nothing from the environment", variable.FindString(s)), "write the address itself; user and password: coranto secret set HOST"
	}
	return "", ""
}

func languageTag(s string) (string, string) {
	if t := strings.ReplaceAll(s, "_", "-"); t != s {
		return fmt.Sprintf("%q is not a language tag", s), "write " + t
	}
	if tag := languageNames[strings.ToLower(s)]; tag != "" {
		return fmt.Sprintf("%q is the name of a language, not its tag", s), "write " + tag
	}
	if _, err := language.Parse(s); err != nil {
		return fmt.Sprintf("%q is not a language tag", s), "write en, de or pt-BR (BCP 47)"
	}
	return "", ""
}

// languageNames are names that people write where a tag belongs.
var languageNames = map[string]string{
	"english": "en", "german": "de", "deutsch": "de", "french": "fr", "français": "fr", "francais": "fr", "spanish": "es", "español": "es",
	"espanol": "es", "italian": "it", "italiano": "it", "portuguese": "pt", "português": "pt", "dutch": "nl", "nederlands": "nl", "polish": "pl",
	"polski": "pl", "russian": "ru", "japanese": "ja", "chinese": "zh", "korean": "ko", "arabic": "ar", "hebrew": "he", "turkish": "tr", "swedish": "sv",
	"danish": "da", "norwegian": "no", "finnish": "fi", "czech": "cs", "greek": "el", "ukrainian": "uk", "hindi": "hi",
}

func notEmpty(s string) (string, string) {
	if strings.TrimSpace(s) == "" {
		return "is empty", "remove the key or give it a value"
	}
	return "", ""
}

var idText = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

const maxID = 64

func identifier(s string) (string, string) {
	if !idText.MatchString(s) || len(s) > maxID {
		hint := "small letters, digits and single hyphens, at most 64"
		if v := slug(s); v != "" {
			hint = "write " + v
		}
		return fmt.Sprintf("%q cannot be an id", s), hint
	}
	return "", ""
}

var nameText = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]*$`)

func word(s string) (string, string) {
	if !nameText.MatchString(s) || len(s) > maxID {
		return fmt.Sprintf("%q cannot be a name", s), "letters, digits, hyphen, underscore and dot"
	}
	return "", ""
}

var envName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

func environment(s string) (string, string) {
	if !envName.MatchString(s) {
		return fmt.Sprintf("%q cannot be an environment variable", s), ""
	}
	return "", ""
}

// pattern checks /regular expressions/.
func pattern(s string) (string, string) {
	if len(s) < 2 || s[0] != '/' || s[len(s)-1] != '/' {
		return notEmpty(s)
	}
	if _, err := regexp.Compile(s[1 : len(s)-1]); err != nil {
		return fmt.Sprintf("%s is not a regular expression: %s", s, strings.TrimPrefix(err.Error(), "error parsing regexp: ")), "RE2 syntax: https://github.com/google/re2/wiki/Syntax"
	}
	return "", ""
}

var placeholder = regexp.MustCompile(`\{[^{}]*\}`)

// contentPath checks the template of the content's path.
func contentPath(s string) (string, string) {
	for _, p := range placeholder.FindAllString(s, -1) {
		switch p {
		case "{year}", "{month}", "{day}", "{source}":
		default:
			return fmt.Sprintf("%s is not known", p), "there are {year}, {month}, {day} and {source}"
		}
	}
	plain := placeholder.ReplaceAllString(s, "x")
	switch first, _, _ := strings.Cut(plain, "/"); {
	case plain == "" || path.Clean(plain) != plain || path.IsAbs(plain) || first == ".." || strings.ContainsAny(plain, "\\{}\x00"):
		return fmt.Sprintf("%q is not a path within the repository", s), "write content/{year}/{month}.json or content.json"
	case strings.HasPrefix(first, ".git") || first == ".coranto":
		return fmt.Sprintf("%s is not for content", first), "write content/{year}/{month}.json or content.json"
	case path.Ext(plain) != ".json":
		return "content is kept as JSON", "let the path end in .json"
	}
	return "", ""
}

func expression(s string) (string, string) {
	if (strings.HasPrefix(s, "rate(") || strings.HasPrefix(s, "cron(")) && strings.HasSuffix(s, ")") {
		return "", ""
	}
	return fmt.Sprintf("%q is not a schedule", s), "write rate(2 hours) or cron(0 6 * * ? *)"
}

func receiver(s string) (string, string) {
	scheme, rest, ok := strings.Cut(s, ":")
	switch {
	case ok && scheme == NotifyMail && strings.Contains(rest, "@"):
		return mailAddress(rest)
	case ok && scheme == NotifyNtfy:
		return webURL(rest)
	case ok && (scheme == "http" || scheme == "https"):
		return webURL(s)
	case strings.Contains(s, "@"):
		return fmt.Sprintf("%q is not known", s), "write mail:" + s
	}
	return fmt.Sprintf("%q is not known", s), "write mail:you@example.org, ntfy:https://ntfy.sh/topic or https://…"
}

// prefix reads a network, or one address.
func prefix(s string) (netip.Prefix, string, string) {
	if p, err := netip.ParsePrefix(s); err == nil {
		if p.Masked() != p {
			return p, fmt.Sprintf("%s has bits beyond its length", s), "write " + p.Masked().String()
		}
		return p, "", ""
	}
	if a, err := netip.ParseAddr(s); err == nil && a.Zone() == "" {
		return netip.PrefixFrom(a, a.BitLen()), "", ""
	}
	return netip.Prefix{}, fmt.Sprintf("%q is not a network", s), "write 10.20.0.0/16 or fd00::/8"
}

func proxyURL(s string) (string, string) {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "socks5" {
		return fmt.Sprintf("%q is not a proxy", s), "write http://host:port or socks5://host:port"
	}
	if u.User != nil {
		return "user and password do not belong into this file", ""
	}
	return "", ""
}

// remoteAddress accepts what git does: a URL, host:path, a path.
func remoteAddress(s string) (string, string) {
	if strings.ContainsAny(s, "\x00\n") || strings.HasPrefix(s, "-") || strings.TrimSpace(s) != s || s == "" {
		return fmt.Sprintf("%q is not the address of a repository", s), ""
	}
	if reason, hint := fromEnvironment(s); reason != "" {
		return reason, hint
	}
	if strings.Contains(s, "::") && !strings.Contains(s, "://") {
		return "remote helpers are not used", "write https://…, ssh://…, user@host:path or a path"
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme == "" || !strings.Contains(s, "://") {
		return "", ""
	}
	switch u.Scheme {
	case "http", "https", "ssh", "git", "file":
	default:
		return fmt.Sprintf("%s: is not known", u.Scheme), "write https://…, ssh://…, user@host:path or a path"
	}
	if _, has := u.User.Password(); has {
		return "a password does not belong into this file", fmt.Sprintf("write the address without it, then: coranto secret set %s", u.Host)
	}
	return "", ""
}

func branchName(s string) (string, string) {
	if s == "" || strings.HasPrefix(s, "-") || strings.HasPrefix(s, "/") || strings.HasSuffix(s, "/") || strings.HasSuffix(s, ".lock") ||
		strings.Contains(s, "..") || strings.ContainsAny(s, " ~^:?*[\\\t\n\x7f") || strings.HasPrefix(s, "refs/") {
		return fmt.Sprintf("%q cannot be the name of a branch", s), "write main"
	}
	return "", ""
}

var filterKeys = []entry[coranto.Filter]{
	text("title", "text or /regular expression/ in the title", func(f *coranto.Filter) *string { return &f.Title }, pattern),
	text("url", "in the link", func(f *coranto.Filter) *string { return &f.URL }, pattern),
	text("author", "in the author's name", func(f *coranto.Filter) *string { return &f.Author }, pattern),
	texts("tags", "one of these tags", func(f *coranto.Filter) *[]string { return &f.Tags }, pattern),
	texts("language", "one of these languages", func(f *coranto.Filter) *[]string { return &f.Language }, languageTag),
}

var attribute = regexp.MustCompile(`@[A-Za-z_][-A-Za-z0-9_:.]*$`)

// selector checks "h2 a@href | .": CSS selectors, each with the attribute that
// is meant.
func selector(s string) (string, string) {
	if reason, hint := notEmpty(s); reason != "" {
		return reason, hint
	}
	for part := range strings.SplitSeq(s, " | ") {
		part = strings.TrimSpace(attribute.ReplaceAllString(strings.TrimSpace(part), ""))
		if part == "" || part == "." {
			continue
		}
		if _, err := cascadia.ParseGroup(part); err != nil {
			return fmt.Sprintf("%q is not a CSS selector: %v", part, err), "write h2, .card > a@href or time@datetime"
		}
	}
	return "", ""
}
