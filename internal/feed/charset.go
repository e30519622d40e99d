package feed

import (
	"bytes"
	"mime"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
)

// decoded is a document as text, and how it became so.
type decoded struct {
	text     string
	encoding string // WHATWG name where there is one, lower case
	bad      bool   // bytes that are no text were repaired or dropped
}

// decode turns body into text. Evidence counts in this order: byte order mark,
// HTTP header, declaration in the document, validity as UTF-8, detection.
func decode(body []byte, contentType string) decoded {
	if name, n := byteOrderMark(body); n > 0 {
		return decodeAs(name, body[n:])
	}
	if name := wide(body); name != "" {
		return decodeAs(name, body)
	}
	http := headerCharset(contentType)
	if http != "" && !isWide(http) {
		if wrongLatin(http, body) {
			return decodeAs("utf-8", body)
		}
		if known(http) {
			return decodeAs(http, body)
		}
	}
	if decl := declared(body); decl != "" && known(decl) && !isWide(decl) {
		if wrongLatin(decl, body) {
			return decodeAs("utf-8", body)
		}
		return decodeAs(decl, body)
	}
	if utf8.Valid(body) && !escapes(body) {
		return decodeAs("utf-8", body)
	}
	return decodeAs(detect(body), body)
}

func byteOrderMark(b []byte) (string, int) {
	switch {
	case bytes.HasPrefix(b, []byte{0xEF, 0xBB, 0xBF}):
		return "utf-8", 3
	case bytes.HasPrefix(b, []byte{0, 0, 0xFE, 0xFF}):
		return "utf-32be", 4
	case bytes.HasPrefix(b, []byte{0xFF, 0xFE, 0, 0}):
		return "utf-32le", 4
	case bytes.HasPrefix(b, []byte{0xFE, 0xFF}):
		return "utf-16be", 2
	case bytes.HasPrefix(b, []byte{0xFF, 0xFE}):
		return "utf-16le", 2
	}
	return "", 0
}

// wide recognises encodings that are no superset of ASCII by how '<' (or '{',
// or white space) and the next character look in them.
func wide(b []byte) string {
	if len(b) < 4 {
		return ""
	}
	first := func(c byte) bool { return c == '<' || c == '{' || isSpace(c) }
	switch {
	case b[0] == 0 && b[1] == 0 && b[2] == 0 && first(b[3]):
		return "utf-32be"
	case first(b[0]) && b[1] == 0 && b[2] == 0 && b[3] == 0:
		return "utf-32le"
	case b[0] == 0 && first(b[1]) && b[2] == 0 && b[3] != 0:
		return "utf-16be"
	case first(b[0]) && b[1] == 0 && b[2] != 0 && b[3] == 0:
		return "utf-16le"
	case bytes.HasPrefix(b, []byte{0x4C, 0x6F, 0xA7, 0x94}): // <?xm in EBCDIC
		return "ibm037"
	}
	return ""
}

func isWide(name string) bool {
	n := canonical(name)
	return strings.HasPrefix(n, "utf-16") || strings.HasPrefix(n, "utf-32") || strings.HasPrefix(n, "ucs") || n == "ibm037"
}

func headerCharset(contentType string) string {
	if contentType == "" {
		return ""
	}
	if _, p, err := mime.ParseMediaType(contentType); err == nil && p["charset"] != "" {
		return strings.Trim(p["charset"], `'" `)
	}
	_, v, _ := strings.Cut(strings.ToLower(contentType), "charset=")
	v, _, _ = strings.Cut(v, ";")
	return strings.Trim(v, `'" `)
}

// declared returns the encoding of the XML declaration, or what an HTML page says.
func declared(b []byte) string {
	head := b[:min(len(b), 1024)]
	i := bytes.Index(head, []byte("<?xml"))
	if i < 0 {
		return ""
	}
	head = head[i:]
	if end := bytes.IndexByte(head, '>'); end >= 0 {
		head = head[:end]
	}
	i = bytes.Index(head, []byte("encoding"))
	if i < 0 {
		return ""
	}
	v := strings.TrimLeft(string(head[i+len("encoding"):]), " \t\r\n=")
	if v == "" {
		return ""
	}
	if v[0] == '"' || v[0] == '\'' {
		v, _, _ = strings.Cut(v[1:], v[:1])
	} else {
		v, _, _ = strings.Cut(v, " ")
	}
	return strings.Trim(v, "? ")
}

// wrongLatin reports whether the evidence says Latin-1, as servers do of
// anything, though the document is UTF-8 with characters beyond ASCII: text in
// Latin-1 is never valid UTF-8 by chance.
func wrongLatin(name string, body []byte) bool {
	switch canonical(name) {
	case "windows-1252", "iso-8859-1", "us-ascii", "ascii":
		return !ascii(body) && utf8.Valid(body)
	}
	return false
}

func ascii(b []byte) bool {
	for _, c := range b {
		if c >= 0x80 {
			return false
		}
	}
	return true
}

func escapes(b []byte) bool {
	return bytes.Contains(b, []byte("\x1b$")) || bytes.Contains(b, []byte("\x1b(J"))
}

// canonical returns the WHATWG name of a label where it has one.
func canonical(label string) string {
	l := strings.ToLower(strings.TrimSpace(label))
	if e, err := htmlindex.Get(l); err == nil {
		if n, err := htmlindex.Name(e); err == nil && n != "replacement" {
			return n
		}
	}
	switch n := strings.NewReplacer("_", "-", " ", "-").Replace(l); n {
	case "utf-16-be", "csunicode", "iso-10646-ucs-2", "ucs-2", "ucs-2be":
		return "utf-16be"
	case "u16", "utf16", "utf-16-le", "ucs-2le":
		return "utf-16le"
	case "utf-32", "utf32", "u32", "utf-32be", "ucs-4", "ucs-4be", "iso-10646-ucs-4", "csucs4", "utf-32-be":
		return "utf-32be"
	case "utf-32le", "utf-32-le":
		return "utf-32le"
	case "u8", "utf", "utf8-ucs4", "utf-8-sig", "unicode-1-1-utf-8", "cp65001":
		return "utf-8"
	case "cp932", "mskanji", "ms-kanji", "sjis", "shift-jis", "shiftjis", "shift-jis-2004", "shift-jisx0213", "cswindows31j", "windows31j":
		return "shift_jis"
	case "cp936", "ms936", "gb2312-80", "euccn", "euc-cn", "eucgb2312-cn", "gb-2312-80":
		return "gbk"
	case "gb18030-2000":
		return "gb18030"
	case "cp949", "ms949", "uhc", "ks-c-5601", "ks-c-5601-1987", "ks-c-5601-1989", "ksc5601", "ksc-5601", "euckr":
		return "euc-kr"
	case "cp950", "ms950", "big5-tw", "big5hkscs", "hkscs":
		return "big5"
	case "eucjp", "ujis", "u-jis", "euc-jis-2004", "euc-jisx0213", "eucjis2004":
		return "euc-jp"
	case "maccyrillic", "mac-cyrillic":
		return "x-mac-cyrillic"
	case "macroman", "mac-roman", "macintosh":
		return "macintosh"
	case "cp037", "ibm037", "ibm039", "ebcdic-cp-us", "ebcdic-cp-ca", "ebcdic-cp-nl", "ebcdic-cp-wt":
		return "ibm037"
	case "koi8-r", "koi8r":
		return "koi8-r"
	case "iso2022-jp", "iso-2022-jp-1", "iso-2022-jp-2", "iso-2022-jp-3", "iso2022jp":
		return "iso-2022-jp"
	case "latin9", "latin-9", "l9":
		return "iso-8859-15"
	case "latin-1", "l-1", "iso8859-1", "8859", "8859-1", "cp819":
		return "windows-1252"
	default:
		return n
	}
}

// lookup finds the encoding of a label; nil for UTF-8 and for unknown ones.
func lookup(label string) encoding.Encoding {
	name := canonical(label)
	switch name {
	case "utf-8":
		return nil
	case "utf-16", "utf-16le":
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	case "utf-16be":
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	case "utf-32be":
		return utf32.UTF32(utf32.BigEndian, utf32.IgnoreBOM)
	case "utf-32le":
		return utf32.UTF32(utf32.LittleEndian, utf32.IgnoreBOM)
	case "ibm037":
		return charmap.CodePage037
	case "macintosh":
		return charmap.Macintosh
	case "cp858", "ibm858", "ibm00858":
		return charmap.CodePage858
	case "cp1140", "ibm1140", "ibm01140":
		return charmap.CodePage1140
	case "iso8859-16", "iso-8859-16-2001", "latin10", "l10":
		return charmap.ISO8859_16
	case "hz", "hz-gb-2312", "hzgb":
		return simplifiedchinese.HZGB2312
	case "us-ascii", "ascii":
		return charmap.Windows1252
	}
	if e, err := htmlindex.Get(name); err == nil && e != encoding.Replacement {
		return e
	}
	for _, n := range [...]string{name, strings.Replace(name, "cp", "ibm", 1), strings.Replace(name, "cp", "windows-", 1), "ibm" + name} {
		if e, err := ianaindex.IANA.Encoding(n); err == nil && e != nil {
			return e
		}
		if e, err := htmlindex.Get(n); err == nil && e != encoding.Replacement {
			return e
		}
	}
	if p := codePageOf(strings.ReplaceAll(name, "_", "-")); p != nil {
		return p
	}
	return nil
}

func known(label string) bool { return canonical(label) == "utf-8" || lookup(label) != nil }

func decodeAs(label string, body []byte) decoded {
	name := canonical(label)
	if name == "utf-8" {
		return decodeUTF8(body)
	}
	e := lookup(label)
	if e == nil {
		return decodeUTF8(body)
	}
	if name == "us-ascii" || name == "ascii" {
		name = "us-ascii"
	}
	out, err := e.NewDecoder().Bytes(body)
	if err != nil {
		return decodeUTF8(body)
	}
	text, bad := dropControls(string(out))
	bad = bad || strings.Contains(text, "\uFFFD") && !bytes.Contains(body, []byte("\uFFFD"))
	return decoded{strings.TrimPrefix(text, "\uFEFF"), name, bad}
}

// decodeUTF8 reads UTF-8; a document that is mostly something else is detected,
// and single stray bytes are taken for windows-1252.
func decodeUTF8(body []byte) decoded {
	if utf8.Valid(body) {
		text, bad := dropControls(string(body))
		return decoded{strings.TrimPrefix(text, "\uFEFF"), "utf-8", bad}
	}
	good, wrong := 0, 0
	for i := 0; i < len(body); {
		if body[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, n := utf8.DecodeRune(body[i:])
		if r == utf8.RuneError && n == 1 {
			wrong++
		} else {
			good++
		}
		i += n
	}
	if wrong > good && wrong >= 12 { // fewer say too little
		if name := detect(body); name != "windows-1252" {
			d := decodeAs(name, body)
			d.bad = true
			return d
		}
	}
	var b strings.Builder
	b.Grow(len(body) + wrong)
	for i := 0; i < len(body); {
		r, n := utf8.DecodeRune(body[i:])
		if r == utf8.RuneError && n == 1 {
			r = charmap.Windows1252.DecodeByte(body[i])
		}
		b.WriteRune(r)
		i += n
	}
	text, _ := dropControls(b.String())
	return decoded{strings.TrimPrefix(text, "\uFEFF"), "utf-8", true}
}

// dropControls removes the control characters XML does not know.
func dropControls(s string) (string, bool) {
	i := 0
	for i < len(s) && !control[s[i]] {
		i++
	}
	if i == len(s) {
		return s, false
	}
	b := make([]byte, i, len(s))
	copy(b, s)
	for ; i < len(s); i++ {
		if !control[s[i]] {
			b = append(b, s[i])
		}
	}
	return string(b), true
}

var control = func() (t [256]bool) {
	for c := range ' ' {
		t[c] = c != '\n' && c != '\t' && c != '\r' && c != '\f'
	}
	return
}()
