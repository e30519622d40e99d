package site

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"
)

// clean makes foreign plain text fit for HTML and XML: valid UTF-8 without the
// characters neither allows, and without the marks that turn the direction of
// what follows, with which a title could rewrite the line it stands on.
func clean(s string) string {
	if isPlain(s) {
		return s
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t', r == '\n', r == '\r':
			return ' '
		case r < 0x20, r >= 0x7f && r <= 0x9f, r >= 0x202a && r <= 0x202e, r&0xfffe == 0xfffe, r >= 0xfdd0 && r <= 0xfdef:
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
}

func isPlain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c >= 0x7f {
			return false
		}
	}
	return true
}

// appendText appends s with the five characters escaped that matter in text
// and in quoted attributes, of HTML and XML alike. s has passed clean, or comes
// from us.
func appendText(dst []byte, s string) []byte {
	last := 0
	for i := range len(s) {
		var esc string
		switch s[i] {
		case '&':
			esc = "&amp;"
		case '<':
			esc = "&lt;"
		case '>':
			esc = "&gt;"
		case '"':
			esc = "&#34;"
		case '\'':
			esc = "&#39;"
		default:
			continue
		}
		dst = append(dst, s[last:i]...)
		dst = append(dst, esc...)
		last = i + 1
	}
	return append(dst, s[last:]...)
}

// appendXML appends s, which may hold what XML forbids, escaped.
func appendXML(dst []byte, s string) []byte {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\ufffd")
	}
	if strings.ContainsFunc(s, notXML) {
		s = strings.Map(func(r rune) rune {
			if notXML(r) {
				return -1
			}
			return r
		}, s)
	}
	return appendText(dst, s)
}

func notXML(r rune) bool {
	return r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0xfffe || r == 0xffff
}

const maxSlug = 80

var slugWords = map[rune]string{
	'+': "plus", '#': "sharp", '&': "and", '@': "at", '%': "percent",
	'ß': "ss", 'ø': "o", 'ł': "l", 'đ': "d", 'æ': "ae", 'œ': "oe", 'ı': "i", 'þ': "th", 'ð': "d",
}

// slug turns a name into one path segment: lower-case letters (of any script;
// Latin ones without accents) and digits, joined by single hyphens. Names that
// differ in more than case, accents and punctuation rarely meet: "C", "C++" and
// "C#" do not. A name without any letter or digit, and one that is cut, carries a hash.
func slug(name string) string {
	var b strings.Builder
	gap := false
	put := func(s string) {
		if gap && b.Len() > 0 {
			b.WriteByte('-')
		}
		gap = false
		b.WriteString(s)
	}
	latin := false
	s := name
	if !isPlain(s) {
		s = norm.NFKD.String(strings.ToValidUTF8(s, ""))
	}
	for _, r := range s {
		r = unicode.ToLower(r)
		switch word, ok := slugWords[r]; {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			put(string(r))
			latin = true
		case ok && unicode.IsLetter(r):
			put(word)
			latin = true
		case ok:
			gap = true
			put(word)
			gap = true
		case unicode.Is(unicode.Mn, r):
			if !latin { // vowel signs and the like belong to their letter
				b.WriteRune(r)
			}
		case unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.Mc, r):
			put(string(r))
			latin = false
		case r == '\'' || r == '’':
		default:
			gap = true
		}
	}
	out := norm.NFC.String(b.String())
	if out != "" && len(out) <= maxSlug {
		return out
	}
	cut := out[:min(len(out), maxSlug)]
	for !utf8.ValidString(cut) {
		cut = cut[:len(cut)-1]
	}
	sum := sha256.Sum256([]byte(name))
	return strings.Trim(strings.TrimRight(cut, "-")+"-"+hex.EncodeToString(sum[:4]), "-")
}

// escapePath percent-encodes a site path for use in href.
func escapePath(p string) string {
	for i := range len(p) {
		if c := p[i]; !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_' || c == '.' || c == '/') {
			return (&url.URL{Path: p}).EscapedPath()
		}
	}
	return p
}

// httpURL returns a foreign address made fit for href and src, or "" when it
// is not an absolute http(s) one.
func httpURL(s string) string {
	s = strings.TrimSpace(s)
	if len(s) < 8 || len(s) > 4096 || !strings.EqualFold(s[:4], "http") {
		return ""
	}
	u, err := url.Parse(fixPercent(s))
	if err != nil || u.Host == "" || u.Opaque != "" || u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	u.User = nil
	if !isPlain(u.Host) {
		h, err := idna.Lookup.ToASCII(u.Hostname())
		if err != nil {
			return ""
		}
		if p := u.Port(); p != "" {
			h += ":" + p
		}
		u.Host = h
	}
	if strings.ContainsAny(u.Host, "<>\"' \\^`{|}%") {
		return ""
	}
	return encodeRest(u.String())
}

// fixPercent encodes each "%" that no two hexadecimal digits follow.
func fixPercent(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	var b strings.Builder
	for i := range len(s) {
		b.WriteByte(s[i])
		if s[i] == '%' && !(i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2])) {
			b.WriteString("25")
		}
	}
	return b.String()
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// encodeRest encodes what url.URL leaves alone in queries and fragments.
func encodeRest(s string) string {
	const hexDigits = "0123456789ABCDEF"
	var b []byte
	frag := false
	for i := range len(s) {
		c := s[i]
		bad := c <= 0x20 || c >= 0x7f || c == '"' || c == '<' || c == '>' || c == '\\' || c == '^' || c == '`' || c == '{' || c == '|' || c == '}' || c == '\'' || c == '#' && frag
		if c == '#' {
			frag = true
		}
		if (c == '[' || c == ']') && (i > 7 && strings.ContainsAny(s[8:i], "/?#")) {
			bad = true
		}
		if bad && b == nil {
			b = append(make([]byte, 0, len(s)+16), s[:i]...)
		}
		switch {
		case bad:
			b = append(b, '%', hexDigits[c>>4], hexDigits[c&15])
		case b != nil:
			b = append(b, c)
		}
	}
	if b == nil {
		return s
	}
	return string(b)
}

// host returns the host name of an http(s) address without "www.".
func host(s string) string {
	u, err := url.Parse(s)
	if err != nil {
		return ""
	}
	return strings.TrimPrefix(u.Hostname(), "www.")
}

// languageTag returns s as a canonical BCP 47 tag, or "" when it is none.
func languageTag(s string) string {
	s = strings.TrimSpace(s)
	if s == "" || len(s) > 35 {
		return ""
	}
	t, err := language.Parse(s)
	if err != nil || t == language.Und {
		return ""
	}
	return t.String()
}

// direction returns "rtl" or "ltr" for a canonical language tag.
func direction(tag string) string {
	base, rest, _ := strings.Cut(tag, "-")
	switch {
	case strings.HasPrefix(rest, "Latn"), strings.HasPrefix(rest, "Cyrl"):
		return "ltr"
	case strings.HasPrefix(rest, "Arab"), strings.HasPrefix(rest, "Hebr"):
		return "rtl"
	}
	switch base {
	case "ar", "arc", "ckb", "dv", "fa", "he", "ks", "nqo", "ps", "sd", "syr", "ug", "ur", "yi":
		return "rtl"
	}
	return "ltr"
}

// plural turns a kind into the name of its route: blog, blogs; story, stories.
func plural(s string) string {
	switch n := len(s); {
	case n == 0 || s[n-1] == 's':
		return s
	case n > 1 && s[n-1] == 'y' && !strings.ContainsRune("aeiou", rune(s[n-2])):
		return s[:n-1] + "ies"
	case s[n-1] == 'x', strings.HasSuffix(s, "ch"), strings.HasSuffix(s, "sh"):
		return s + "es"
	case s[n-1] < 'a' || s[n-1] > 'z':
		return s
	}
	return s + "s"
}

// title capitalises the first letter.
func title(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 {
		return s
	}
	return string(unicode.ToUpper(r)) + s[n:]
}

// excerpt cuts plain text at a word, for descriptions.
func excerpt(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	cut := s[:limit]
	for !utf8.ValidString(cut) {
		cut = cut[:len(cut)-1]
	}
	if i := strings.LastIndexByte(cut, ' '); i > limit/2 {
		cut = cut[:i]
	}
	return strings.TrimRight(cut, " ,;:.-–") + "…"
}
