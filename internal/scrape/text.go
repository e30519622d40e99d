package scrape

import (
	"html"
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// collapse makes every run of white space one space, but none of a line's end
// between signs of scripts without spaces, and drops what cannot be seen.
func collapse(s string) string {
	if tidy(s) {
		return s
	}
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	var b strings.Builder
	b.Grow(len(s))
	space, line, last := false, false, rune(0)
	for i, n := 0, 0; i < len(s); i += n {
		c := rune(s[i])
		if n = 1; c >= utf8.RuneSelf {
			c, n = utf8.DecodeRuneInString(s[i:])
		}
		switch {
		case c > ' ' && c < 0x7f:
		case unicode.IsSpace(c):
			space, line = true, line || c == '\n'
			continue
		case c == '\u200b' || c == '\ufeff' || c == '\u2060' || c == '\u00ad' || unicode.IsControl(c):
			continue
		}
		if space && b.Len() > 0 && !(line && spaceless(last) && spaceless(c)) {
			b.WriteByte(' ')
		}
		space, line, last = false, false, c
		b.WriteString(s[i : i+n])
	}
	return b.String()
}

// tidy says that a text is ASCII and has nothing to collapse, as most have.
func tidy(s string) bool {
	last := byte(' ')
	for i := range len(s) {
		c := s[i]
		if c < ' ' || c >= 0x7f || c == ' ' && last == ' ' {
			return false
		}
		last = c
	}
	return last != ' ' || s == ""
}

// spaceless says that a sign is of a script that puts no space between words.
func spaceless(c rune) bool {
	return c >= 0x3000 && c < 0x3100 || c >= 0x3400 && c < 0xA000 || c >= 0xFF00 && c < 0xFFF0
}

// inline are the elements that stray into metadata.
var inline = regexp.MustCompile(`(?i)</?(?:a|abbr|b|big|br|cite|code|div|em|font|h[1-6]|i|iframe|img|li|mark|ol|p|q|script|small|span|strong|style|sub|sup|u|ul|wbr)(?:\s[^<>]*)?/?>|<!--.*?-->`)

var entity = regexp.MustCompile(`&(?:[a-zA-Z][a-zA-Z0-9]{1,30}|#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6});`)

// clean makes a line of plain text of a metadata value, which many sites
// escape once too often, and some fill with markup.
func clean(s string) string {
	if len(s) > 4*maxText {
		s = s[:4*maxText]
	}
	for range 3 {
		t := s
		if strings.Contains(t, "&") && entity.MatchString(t) {
			t = html.UnescapeString(t)
		}
		for strings.Contains(t, "<") {
			u := inline.ReplaceAllString(t, " ")
			if u == t {
				break
			}
			t = u
		}
		if t == s {
			break
		}
		s = t
	}
	s = collapse(s)
	if len(s) > maxText {
		s = s[:maxText]
		for !utf8.ValidString(s) {
			s = s[:len(s)-1]
		}
		if i := strings.LastIndexByte(s, ' '); i > maxText/2 {
			s = s[:i]
		}
		s += "…"
	}
	return s
}

// key reduces a text to its letters and digits, to compare.
func key(s string) string {
	if isKey(s) {
		return s
	}
	b := make([]byte, 0, len(s))
	for _, c := range s {
		switch {
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
			b = append(b, byte(c))
		case c >= 'A' && c <= 'Z':
			b = append(b, byte(c)+'a'-'A')
		case c >= utf8.RuneSelf && (unicode.IsLetter(c) || unicode.IsDigit(c)):
			b = utf8.AppendRune(b, unicode.ToLower(c))
		}
	}
	return string(b)
}

// keyBegins says that the key of a text begins so.
func keyBegins(s, begin string) bool {
	for _, c := range s {
		if begin == "" {
			return true
		}
		if !unicode.IsLetter(c) && !unicode.IsDigit(c) {
			continue
		}
		want, n := utf8.DecodeRuneInString(begin)
		if unicode.ToLower(c) != want {
			return false
		}
		begin = begin[n:]
	}
	return begin == ""
}

func isKey(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

func isWeb(u *url.URL) bool {
	return (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

// absolute resolves an address; empty unless it is http(s).
func (ev *evidence) absolute(s string) string {
	s = strings.Map(func(c rune) rune {
		if c < ' ' {
			return -1
		}
		return c
	}, strings.TrimSpace(s))
	if s == "" || len(s) > 8000 {
		return ""
	}
	u, err := ev.base.Parse(s)
	if err != nil || !isWeb(u) || u.User != nil {
		return ""
	}
	return u.String()
}

var language = regexp.MustCompile(`^[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}$`)

// languageTag accepts a BCP 47 tag, or what is plainly meant as one.
func languageTag(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), ",")
	s = strings.ReplaceAll(strings.TrimSpace(s), "_", "-")
	if l, ok := languageNames[strings.ToLower(s)]; ok {
		return l
	}
	if !language.MatchString(s) || strings.EqualFold(s, "und") {
		return ""
	}
	parts := strings.Split(s, "-")
	parts[0] = strings.ToLower(parts[0])
	for i := 1; i < len(parts); i++ {
		switch len(parts[i]) {
		case 2:
			parts[i] = strings.ToUpper(parts[i])
		case 4:
			parts[i] = strings.ToUpper(parts[i][:1]) + strings.ToLower(parts[i][1:])
		}
	}
	return strings.Join(parts, "-")
}

var languageNames = map[string]string{
	"english": "en", "german": "de", "deutsch": "de", "french": "fr", "français": "fr", "spanish": "es", "español": "es",
	"italian": "it", "italiano": "it", "portuguese": "pt", "dutch": "nl", "japanese": "ja", "polish": "pl", "russian": "ru",
}
