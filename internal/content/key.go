package content

import (
	"crypto/sha256"
	"encoding/base32"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/coranto/coranto"
)

// A key is a name under which a source has announced a post:
//
//	alice id:tag:alice.example,2026:7       the feed's own id
//	alice link://alice.example/a #k3v9ts2a  the link, and a hash of the title it came with
//	alice title:On clocks|2026-01-02        where there is neither, title and day
//
// Keys are compared byte by byte; those in git must stay findable, so none of
// these spellings may change.

const (
	formID    = "id:"
	formLink  = "link:"
	formTitle = "title:"
)

// maxKey bounds the text of an id, link or title in a key; beyond, a hash
// stands for its end.
const maxKey = 200

var lower32 = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// digest is the first n characters of a hash in base32.
func digest(s string, n int) string {
	h := sha256.Sum256([]byte(s))
	return lower32.EncodeToString(h[:])[:n]
}

// short makes s fit into a key.
func short(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= maxKey {
		return s
	}
	cut := maxKey - 40
	for !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…" + digest(s, 32)
}

// sameTitle is the form under which titles are compared.
func sameTitle(title string) string {
	return strings.ToLower(strings.Join(strings.Fields(strings.ToValidUTF8(title, "\uFFFD")), " "))
}

// announced is what tells an entry from others of its source. Empty: not told.
type announced struct {
	id    string // short
	link  string // feedLink, short
	title string // sameTitle
	day   string // published, 2006-01-02
}

func announce(e *coranto.Entry) announced {
	a := announced{id: short(strings.TrimSpace(e.ID)), link: short(feedLink(e.Link)), title: sameTitle(e.Title)}
	if !e.Published.IsZero() {
		a.day = e.Published.UTC().Format(time.DateOnly)
	}
	return a
}

func (a announced) nothing() bool { return a.id == "" && a.link == "" && a.title == "" }

func idKey(source, id string) string     { return source + " " + formID + id }
func linkKey(source, link string) string { return source + " " + formLink + link }
func titleTag(title string) string       { return " #" + digest(title, 8) }
func (a announced) linkKey(source string) string {
	return linkKey(source, a.link) + titleTag(a.title)
}
func (a announced) titleKey(source string) string {
	return source + " " + formTitle + short(a.title) + "|" + a.day
}

// keys are those of the entry, the deciding one first.
func (a announced) keys(source string) []string {
	var k []string
	if a.id != "" {
		k = append(k, idKey(source, a.id))
	}
	if a.link != "" {
		k = append(k, a.linkKey(source))
	}
	if k == nil && a.title != "" {
		k = append(k, a.titleKey(source))
	}
	return k
}

// parts is a key taken apart.
type parts struct {
	source, form, value string
	tagged              bool // a link with the hash of its title
}

func parseKey(key string) (p parts, ok bool) {
	source, rest, ok := strings.Cut(key, " ")
	if !ok {
		return p, false
	}
	p.source = source
	switch {
	case strings.HasPrefix(rest, formID):
		p.form, p.value = formID, rest[len(formID):]
	case strings.HasPrefix(rest, formLink):
		p.form, p.value = formLink, rest[len(formLink):]
		if i := strings.LastIndex(p.value, " #"); i >= 0 && len(p.value)-i == 10 {
			p.value, p.tagged = p.value[:i], true
		}
	case strings.HasPrefix(rest, formTitle):
		p.form, p.value = formTitle, rest[len(formTitle):]
	default:
		return p, false
	}
	return p, true
}

// canonical is the link of a key as other sources would write it; empty when
// it has none, or was too long to be kept.
func (p parts) canonical() string {
	if p.form != formLink || !strings.HasPrefix(p.value, "//") || strings.Contains(p.value, "…") {
		return ""
	}
	return CanonicalLink("http:" + p.value)
}
