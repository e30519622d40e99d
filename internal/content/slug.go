package content

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

const (
	maxSlug = 60
	hashLen = 7 // 35 bits; lengthened when taken
)

// folded spells letters that do not decompose into an ASCII one and a mark.
var folded = map[rune]string{
	'ß': "ss", 'ẞ': "ss", 'æ': "ae", 'œ': "oe", 'ø': "o", 'đ': "d", 'ð': "d", 'þ': "th", 'ł': "l", 'ı': "i", 'ŋ': "n", 'ħ': "h", 'ĸ': "k", 'ŧ': "t",
	'а': "a", 'б': "b", 'в': "v", 'г': "g", 'д': "d", 'е': "e", 'ж': "zh", 'з': "z", 'и': "i", 'й': "y", 'к': "k", 'л': "l", 'м': "m", 'н': "n",
	'о': "o", 'п': "p", 'р': "r", 'с': "s", 'т': "t", 'у': "u", 'ф': "f", 'х': "kh", 'ц': "ts", 'ч': "ch", 'ш': "sh", 'щ': "shch", 'ъ': "", 'ы': "y",
	'ь': "", 'э': "e", 'ю': "yu", 'я': "ya", 'є': "ye", 'і': "i", 'ґ': "g",
	'α': "a", 'β': "v", 'γ': "g", 'δ': "d", 'ε': "e", 'ζ': "z", 'η': "i", 'θ': "th", 'ι': "i", 'κ': "k", 'λ': "l", 'μ': "m", 'ν': "n", 'ξ': "x",
	'ο': "o", 'π': "p", 'ρ': "r", 'σ': "s", 'ς': "s", 'τ': "t", 'υ': "y", 'φ': "f", 'χ': "ch", 'ψ': "ps", 'ω': "o",
}

// slug is the readable part of a post's ID: ASCII letters and digits joined by
// "-". Scripts that have no simple spelling in ASCII are left out, so it may be
// empty.
func slug(title string) string {
	var b strings.Builder
	gap := false
	put := func(s string) {
		if gap && b.Len() > 0 && s != "" {
			b.WriteByte('-')
		}
		if s != "" {
			gap = false
		}
		b.WriteString(s)
	}
	for _, r := range norm.NFKD.String(title[:min(len(title), 1000)]) {
		r = unicode.ToLower(r)
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			put(string(r))
		case folded[r] != "":
			put(folded[r])
		case unicode.Is(unicode.Mn, r) || r == '\'' || r == '’' || r == 'ь' || r == 'ъ':
		default:
			gap = true
		}
		if b.Len() > maxSlug+20 {
			break
		}
	}
	return cutSlug(b.String())
}

// cutSlug ends a slug at a word.
func cutSlug(s string) string {
	if len(s) <= maxSlug {
		return s
	}
	if i := strings.LastIndexByte(s[:maxSlug+1], '-'); i > maxSlug/3 {
		return s[:i]
	}
	return s[:maxSlug]
}

// newID names a post. The hash is of its first key, so that two writers name
// the same post alike; it grows while taken says that the name is another's.
func newID(title, key string, taken func(string) bool) string {
	s := slug(title)
	if s != "" {
		s += "-"
	}
	for n := hashLen; n < 52; n++ {
		if id := s + digest(key, n); taken == nil || !taken(id) {
			return id
		}
	}
	return s + digest(key, 52)
}
