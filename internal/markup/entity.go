package markup

import (
	"html"
	"strings"
	"unicode/utf8"
)

// Decode replaces the character references of s, as in text (not attributes).
func Decode(s string) string {
	if strings.IndexByte(s, '&') < 0 {
		return s
	}
	return string(appendDecoded(make([]byte, 0, len(s)), s, false))
}

func decodeAttr(s string) string {
	if strings.IndexByte(s, '&') < 0 {
		return s
	}
	return string(appendDecoded(make([]byte, 0, len(s)), s, true))
}

func appendDecoded(dst []byte, s string, attr bool) []byte {
	for {
		n := strings.IndexByte(s, '&')
		if n < 0 {
			return append(dst, s...)
		}
		dst = append(dst, s[:n]...)
		s = s[n:]
		var size int
		dst, size = appendRef(dst, s, attr)
		s = s[size:]
	}
}

// appendRef appends what the reference at the head of s stands for and returns
// its length in s. An '&' that begins none stands for itself.
func appendRef(dst []byte, s string, attr bool) ([]byte, int) {
	if len(s) > 2 && s[1] == '#' {
		return appendNumeric(dst, s)
	}
	i := 1
	for i < len(s) && i < 40 && (isLetter(s[i]) || '0' <= s[i] && s[i] <= '9') {
		i++
	}
	if i == 1 {
		return append(dst, '&'), 1
	}
	if i < len(s) && s[i] == ';' {
		switch s[1:i] {
		case "amp":
			return append(dst, '&'), i + 1
		case "lt":
			return append(dst, '<'), i + 1
		case "gt":
			return append(dst, '>'), i + 1
		case "quot":
			return append(dst, '"'), i + 1
		case "apos":
			return append(dst, '\''), i + 1
		case "nbsp":
			return append(dst, "\u00a0"...), i + 1
		}
		if d, ok := named(s[1:i]); ok {
			return append(dst, d...), i + 1
		}
	}
	if attr {
		// Without its semicolon a reference in an attribute is part of an address.
		if i < len(s) && (s[i] == '=' || s[i] == ';') {
			return append(dst, s[:i]...), i
		}
		if d := html.UnescapeString(s[:i]); !strings.HasPrefix(d, "&") && utf8.RuneCountInString(d) == 1 {
			return append(dst, d...), i
		}
		return append(dst, s[:i]...), i
	}
	// The longest old name at its head counts: &copy2024 is ©2024.
	return append(dst, html.UnescapeString(s[:i])...), i
}

func named(name string) (string, bool) {
	ref := "&" + name + ";"
	d := html.UnescapeString(ref)
	return d, d != ref && !strings.HasSuffix(d, ";")
}

// Named returns the character or two that the HTML entity of this name stands for.
func Named(name string) (string, bool) { return named(name) }

func appendNumeric(dst []byte, s string) ([]byte, int) {
	r, i := Numeric(s)
	if i == 0 {
		return append(dst, '&'), 1
	}
	switch {
	case 0x80 <= r && r <= 0x9F:
		r = windows1252[r-0x80]
	case r == 0, r > utf8.MaxRune, 0xD800 <= r && r <= 0xDFFF:
		r = utf8.RuneError
	case r < 0x20 && r != '\n' && r != '\t' && r != '\r' && r != '\f', r == 0x7F:
		return dst, i
	}
	return utf8.AppendRune(dst, r), i
}

// Numeric reads the reference &#…; at the head of s: the number, and its length
// in s, 0 when there is none. Numbers beyond Unicode come as 0x110000.
func Numeric(s string) (rune, int) {
	i, base := 2, rune(10)
	if i < len(s) && s[i]|0x20 == 'x' {
		i, base = 3, 16
	}
	start := i
	var r rune
	for ; i < len(s); i++ {
		c := rune(s[i])
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case base == 16 && 'a' <= c|0x20 && c|0x20 <= 'f':
			c = (c | 0x20) - 'a' + 10
		default:
			c = -1
		}
		if c < 0 {
			break
		}
		if r = r*base + c; r > utf8.MaxRune {
			r = utf8.MaxRune + 1
		}
	}
	if i == start {
		return 0, 0
	}
	if i < len(s) && s[i] == ';' {
		i++
	}
	return r, i
}

// What browsers take the C1 range of numbers for.
var windows1252 = [32]rune{
	0x20AC, 0x81, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8D, 0x017D, 0x8F,
	0x90, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D, 0x017E, 0x0178,
}
