package config

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// dull are words in the path of a feed that say nothing about the source.
var dull = []string{"feed", "feeds", "rss", "rss2", "atom", "xml", "rdf", "json", "index", "php", "html", "default", "all", "posts", "main", "full", "www"}

// DefaultID makes an id of an address alone, so that it does not depend on
// what else is in the file: the host, and the words of the path that are not
// said of every feed.
func DefaultID(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" {
		return "source"
	}
	host := strings.TrimPrefix(strings.ToLower(u.Hostname()), "www.")
	if h, err := idna.ToUnicode(host); err == nil {
		host = h
	}
	words := []string{slug(host)}
	if words[0] == "" {
		words[0] = slug(u.Hostname())
	}
	if p := u.Port(); p != "" {
		words = append(words, p)
	}
	tokens := strings.FieldsFunc(u.Path, func(r rune) bool { return r == '/' || r == '.' })
	for _, t := range tokens {
		if w := slug(t); w != "" && !slices.Contains(dull, w) {
			words = append(words, w)
		}
	}
	q := u.Query()
	for _, k := range []string{"channel_id", "playlist_id", "user", "tag", "cat", "category", "q", "id"} {
		if v := slug(q.Get(k)); v != "" {
			words = append(words, v)
		}
	}
	return cutID(strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "" }), "-"), address)
}

// cutID keeps an id within its length; what is cut off is told by a number.
func cutID(id, address string) string {
	if id == "" {
		id = "source"
	}
	if len(id) <= maxID {
		return id
	}
	sum := uint32(2166136261) // FNV-1a: short, and the same for ever
	for i := range len(address) {
		sum = (sum ^ uint32(address[i])) * 16777619
	}
	tail := strconv.FormatUint(uint64(sum), 36)
	return strings.TrimRight(id[:maxID-1-len(tail)], "-") + "-" + tail
}

// letters are those that Unicode does not take apart.
var letters = strings.NewReplacer("ø", "o", "ł", "l", "đ", "d", "ð", "d", "þ", "th", "æ", "ae", "œ", "oe", "ı", "i")

// NameID makes an id of a name: what ASCII has of it, "" where that is nothing.
func NameID(name string) string { return slug(letters.Replace(strings.ToLower(name))) }

// slug makes small letters, digits and single hyphens of a text; accents go.
func slug(s string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(strings.ToLower(s)) {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			b.WriteRune(r)
		case r == 'ß':
			b.WriteString("ss")
		case r >= 0x300 && r < 0x370: // combining marks
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	out := strings.Trim(b.String(), "-")
	if len(out) > maxID {
		out = strings.TrimRight(out[:maxID], "-")
	}
	return out
}

// uniqueID numbers an id until it is free.
func uniqueID(id string, taken func(string) bool) string {
	if !taken(id) {
		return id
	}
	for n := 2; ; n++ {
		tail := "-" + strconv.Itoa(n)
		if next := strings.TrimRight(id[:min(len(id), maxID-len(tail))], "-") + tail; !taken(next) {
			return next
		}
	}
}

// sameURL is equal for addresses that differ in nothing that matters: scheme
// of the web, case of the host, default port, empty path, fragment.
func sameURL(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	host := strings.ToLower(u.Hostname())
	if p := u.Port(); p != "" && p != "80" && p != "443" {
		host += ":" + p
	}
	path := u.EscapedPath()
	if path == "" {
		path = "/"
	}
	if u.RawQuery != "" {
		path += "?" + u.RawQuery
	}
	return host + path
}
