package feed

import (
	"strings"
	"unicode/utf8"

	"github.com/coranto/coranto/internal/markup"
)

// appendText appends s with its references replaced.
func (z *tokenizer) appendText(dst []byte, s string) []byte { return z.expand(dst, s, 0) }

func (z *tokenizer) expand(dst []byte, s string, nest int) []byte {
	for {
		n := strings.IndexByte(s, '&')
		if n < 0 {
			return append(dst, s...)
		}
		dst = append(dst, s[:n]...)
		s = s[n:]
		dst, n = z.ref(dst, s, nest)
		s = s[n:]
	}
}

// value returns an attribute's value with its references replaced.
func (z *tokenizer) value(s string) string {
	if strings.IndexByte(s, '&') < 0 {
		return s
	}
	return string(z.appendText(nil, s))
}

// ref appends what the reference at the head of s stands for.
func (z *tokenizer) ref(dst []byte, s string, nest int) ([]byte, int) {
	if len(s) > 3 && s[1] == '#' {
		return z.number(dst, s)
	}
	i := 1
	for i < len(s) && i < 64 && (isName(s[i]) || '0' <= s[i] && s[i] <= '9' || s[i] == '-' || s[i] == '.') {
		i++
	}
	if i == 1 || i == len(s) || s[i] != ';' {
		z.bad = true
		return append(dst, '&'), 1
	}
	name := s[1:i]
	switch name {
	case "lt":
		return append(dst, '<'), i + 1
	case "gt":
		return append(dst, '>'), i + 1
	case "amp":
		return append(dst, '&'), i + 1
	case "quot":
		return append(dst, '"'), i + 1
	case "apos":
		return append(dst, '\''), i + 1
	}
	if val, ok := z.entities[name]; ok {
		if nest >= maxEntityNest || len(val) > z.budget {
			z.bad = true
			return dst, i + 1
		}
		z.budget -= len(val)
		return z.expand(dst, val, nest+1), i + 1
	}
	z.bad = true
	if d, ok := markup.Named(name); ok {
		return append(dst, d...), i + 1
	}
	return append(dst, s[:i+1]...), i + 1
}

func (z *tokenizer) number(dst []byte, s string) ([]byte, int) {
	r, n := markup.Numeric(s)
	if n == 0 {
		z.bad = true
		return append(dst, '&'), 1
	}
	switch {
	case 0xD800 <= r && r < 0xDC00: // half of a pair, as JSON writes it
		z.bad = true
		if strings.HasPrefix(s[n:], "&#") {
			if low, m := markup.Numeric(s[n:]); 0xDC00 <= low && low < 0xE000 {
				return utf8.AppendRune(dst, (r-0xD800)<<10+(low-0xDC00)+0x10000), n + m
			}
		}
		return utf8.AppendRune(dst, utf8.RuneError), n
	case r > utf8.MaxRune, 0xDC00 <= r && r < 0xE000:
		z.bad = true
		return utf8.AppendRune(dst, utf8.RuneError), n
	case r < ' ' && r != '\t' && r != '\n' && r != '\r':
		z.bad = true
		return dst, n
	case 0x80 <= r && r < 0xA0:
		z.c1 = true
	}
	return utf8.AppendRune(dst, r), n
}
