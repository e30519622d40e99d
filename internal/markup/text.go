package markup

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text returns the plain text of an HTML fragment: markup removed (script and
// style with their content), entities decoded, white space collapsed.
func Text(src string) string { return plain(src, -1, false) }

// TextPrefix returns the beginning of Text(src), at least n bytes where there
// are as many, and looks at no more of src than that takes.
func TextPrefix(src string, n int) string { return plain(src, n, false) }

// TextOfField is Text for a field that may or may not be HTML, such as an RSS
// title: a tag that no browser knows ("vector<int>", "a <b and c") is text.
func TextOfField(src string) string {
	if strings.IndexByte(src, '<') >= 0 && !looksLikeHTML(src) {
		return Collapse(src)
	}
	return plain(src, -1, true)
}

// looksLikeHTML asks for an end tag, a reference, a line break or an image:
// "the <b> element" is not HTML.
func looksLikeHTML(s string) bool {
	for i := 0; i+2 < len(s); i++ {
		switch {
		case s[i] == '<' && s[i+1] == '/' && isLetter(s[i+2]):
			return true
		case s[i] == '&':
			if n := strings.IndexByte(s[i:min(len(s), i+32)], ';'); n > 1 && strings.IndexByte(s[i:i+n], ' ') < 0 {
				return true
			}
		case s[i] == '<' && i+4 < len(s):
			if l := lower(s[i+1 : i+4]); l == "img" || l[:2] == "br" && !isLetter(l[2]) {
				return true
			}
		}
	}
	return false
}

// Collapse returns s with each run of white space (of any kind) as one space,
// the ends trimmed.
func Collapse(s string) string {
	if clean(s) {
		return s
	}
	t := texter{b: make([]byte, 0, len(s))}
	t.write(s)
	return string(t.b)
}

// clean reports whether s is what Collapse would make of it, looking only for
// what is common; false is always right.
func clean(s string) bool {
	space, high := true, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == ' ':
			if space {
				return false
			}
			space = true
		case c < ' ', c == 0x7F:
			return false
		case c == 0xC2, c == 0xE1, c == 0xE2, c == 0xE3, c == 0xEF: // where other spaces live
			return false
		default:
			space = false
			high = high || c >= utf8.RuneSelf
		}
	}
	return (!space || s == "") && (!high || utf8.ValidString(s))
}

func plain(src string, limit int, loose bool) string {
	if strings.IndexByte(src, '<') < 0 {
		if limit >= 0 && len(src) > 8*limit+64 {
			src = src[:cutRune(src, 8*limit+64)]
		}
		return Collapse(Decode(src))
	}
	if out, ok := plainText(src, limit, loose, false); ok {
		return out
	}
	if s, ok := untangle(src); ok {
		src = s
	}
	out, _ := plainText(src, limit, loose, true)
	return out
}

// plainText gives up on what is tangled, unless it is told to go on.
func plainText(src string, limit int, loose, on bool) (string, bool) {
	z := scanner{s: src}
	t := texter{b: make([]byte, 0, min(len(src), 512))}
	for limit < 0 || len(t.b) < limit {
		k := z.next()
		if z.tangled && !on {
			return "", false
		}
		switch k {
		case kindEOF:
			if loose && z.cut != "" && !knownTag(z.tag) {
				t.write(Decode(z.cut))
			}
			return string(t.b), true
		case kindText:
			d := z.data
			if limit >= 0 && len(d) > 8*limit+64 {
				d = d[:cutRune(d, 8*limit+64)]
			}
			if z.raw {
				t.write(d)
			} else {
				t.write(Decode(d))
			}
		case kindStart, kindEnd:
			if loose && !knownTag(z.tag) {
				t.write(Decode(src[z.begin:z.pos]))
				continue
			}
			if breaks[z.tag] {
				t.space = len(t.b) > 0
			}
			if k == kindStart {
				t.open(&z)
			}
		}
	}
	return string(t.b), true
}

func cutRune(s string, n int) int {
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return n
}

// knownTag: an element of HTML, or one with a prefix or hyphen.
func knownTag(tag string) bool {
	t := tags[tag]
	return t != nil && t.flags&(isHTML|fence) != 0 || dropped[tag] || strings.ContainsAny(tag, ":-")
}

// breaks are the tags that part words.
var breaks = set(`address article aside blockquote br caption center dd details dialog dir div dl dt fieldset figcaption figure footer form
	h1 h2 h3 h4 h5 h6 header hr legend li main menu nav ol option p pre section summary table tbody td tfoot th thead title tr ul
	textarea select body head html listing xmp hgroup search`)

// texter collects plain text.
type texter struct {
	b     []byte
	space bool // white space is due before the next character
}

func (t *texter) open(z *scanner) {
	switch z.tag {
	case "script", "style":
		z.skipContent(z.tag)
	case "textarea", "xmp", "title", "plaintext":
		z.literal = z.tag
	}
}

func (t *texter) write(s string) {
	for i := 0; i < len(s); {
		j := i
		for j < len(s) && ' ' < s[j] && s[j] < 0x7F {
			j++
		}
		if j > i {
			t.pad()
			t.b = append(t.b, s[i:j]...)
			i = j
			continue
		}
		c := s[i]
		if c < utf8.RuneSelf {
			if isSpace(c) || c == '\v' {
				t.space = len(t.b) > 0
			}
			i++ // other control characters are dropped
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case unicode.IsSpace(r):
			t.space = len(t.b) > 0
		case r == utf8.RuneError && n == 1, r == '\uFEFF', 0x80 <= r && r < 0xA0:
		case r == '\u202D', r == '\u202E': // would turn round what stands beside it
		default:
			t.pad()
			t.b = append(t.b, s[i:i+n]...)
		}
		i += n
	}
}

func (t *texter) pad() {
	if t.space {
		t.b = append(t.b, ' ')
		t.space = false
	}
}

// Excerpt returns the beginning of a plain text, at most max runes: whole
// sentences where at least half of that is filled so, else cut at a word and
// ended with "…".
func Excerpt(text string, max int) string {
	text = Collapse(text)
	if max <= 0 {
		return ""
	}
	if len(text) <= max || utf8.RuneCountInString(text) <= max {
		return text
	}
	sentence, word, end := 0, 0, 0
	n := 0
	for i, r := range text {
		if n == max {
			break
		}
		n++
		after := i + utf8.RuneLen(r)
		if n < max {
			end = after // room for "…"
		}
		switch {
		case r == ' ' && n < max:
			word = i
		case strings.ContainsRune("。！？", r):
			sentence = after
		case strings.ContainsRune(".!?…", r) && (after == len(text) || text[after] == ' ') && !abbreviation(text[:i]):
			sentence = after
		}
	}
	if sentence*2 >= end {
		return text[:sentence]
	}
	if word*2 < end {
		word = end // one long word, or a script without spaces
	}
	return strings.TrimRight(text[:word], " ,;:–—-") + "…"
}

// abbreviation reports whether a full stop after s belongs to a short form
// ("e.g.", "Dr.", "J.") and ends no sentence.
func abbreviation(s string) bool {
	w := s[strings.LastIndexByte(s, ' ')+1:]
	if strings.ContainsRune(w, '.') || len(w) == 1 && 'A' <= w[0] && w[0] <= 'Z' {
		return true
	}
	switch lower(w) {
	case "dr", "mr", "mrs", "ms", "st", "prof", "vs", "etc", "no", "vol", "fig", "ca", "bzw", "nr":
		return true
	}
	return false
}

// Escape turns plain text into HTML.
func Escape(text string) string {
	if !strings.ContainsAny(text, "&<>") {
		return text
	}
	return escaper.Replace(text)
}

var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
