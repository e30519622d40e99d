package asl

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// ErrJSON is wrapped by the errors of ParseValue.
var ErrJSON = errors.New("invalid JSON")

// What ParseValue reads at most. A document this large is no workflow's.
const (
	MaxValueDepth = 1000
	MaxValueBytes = 1 << 30
)

// ParseValue reads one JSON value (RFC 8259). Bytes that are not UTF-8 become
// U+FFFD; of repeated member names the last counts. It refuses documents deeper
// than MaxValueDepth or longer than MaxValueBytes. It keeps no reference to
// data. Errors wrap ErrJSON.
func ParseValue(data []byte) (Value, error) {
	if len(data) > MaxValueBytes {
		return Value{}, fmt.Errorf("%w: %d bytes are more than %d", ErrJSON, len(data), MaxValueBytes)
	}
	p := valueParser{data: data}
	p.space()
	v, err := p.value(0)
	if err != nil {
		return Value{}, err
	}
	p.space()
	if p.at < len(p.data) {
		return Value{}, p.errorf("%q after the value", p.data[p.at])
	}
	return v, nil
}

// parseText is ParseValue of a string.
func parseText(s string) (Value, error) { return ParseValue([]byte(s)) }

type valueParser struct {
	data []byte
	at   int
	// What has been read of the arrays and objects around p.at. They are copied
	// out at their end, to slices of the right length.
	elems   []Value
	members []Member
	names   [64]string      // of members, the last one of each sum
	short   strings.Builder // holds short strings, some hundred bytes together
}

func (p *valueParser) errorf(format string, args ...any) error {
	return fmt.Errorf("%w at byte %d: %s", ErrJSON, p.at, fmt.Sprintf(format, args...))
}

func (p *valueParser) space() {
	for p.at < len(p.data) {
		switch p.data[p.at] {
		case ' ', '\t', '\n', '\r':
			p.at++
		default:
			return
		}
	}
}

func (p *valueParser) peek() byte {
	if p.at < len(p.data) {
		return p.data[p.at]
	}
	return 0
}

func (p *valueParser) value(depth int) (Value, error) {
	if depth > MaxValueDepth {
		return Value{}, p.errorf("deeper than %d", MaxValueDepth)
	}
	switch c := p.peek(); {
	case c == '{':
		return p.object(depth)
	case c == '[':
		return p.array(depth)
	case c == '"':
		s, err := p.str()
		if err != nil {
			return Value{}, err
		}
		return validString(s), nil
	case c == '-' || c >= '0' && c <= '9':
		return p.number()
	case c == 't':
		return BoolValue(true), p.word("true")
	case c == 'f':
		return BoolValue(false), p.word("false")
	case c == 'n':
		return NullValue(), p.word("null")
	case p.at >= len(p.data):
		return Value{}, p.errorf("unexpected end")
	}
	return Value{}, p.errorf("unexpected %q", p.data[p.at])
}

func (p *valueParser) word(w string) error {
	if len(p.data)-p.at < len(w) || string(p.data[p.at:p.at+len(w)]) != w {
		return p.errorf("unexpected %q", p.data[p.at])
	}
	p.at += len(w)
	return nil
}

func (p *valueParser) object(depth int) (Value, error) {
	p.at++
	p.space()
	if p.peek() == '}' {
		p.at++
		return ObjectValue(), nil
	}
	if p.members == nil {
		p.members = make([]Member, 0, 8)
	}
	from := len(p.members)
	for {
		if p.peek() != '"' {
			return Value{}, p.errorf("a member's name expected")
		}
		name, err := p.name()
		if err != nil {
			return Value{}, err
		}
		p.space()
		if p.peek() != ':' {
			return Value{}, p.errorf("a colon expected")
		}
		p.at++
		p.space()
		v, err := p.value(depth + 1)
		if err != nil {
			return Value{}, err
		}
		p.members = append(p.members, Member{name, v})
		p.space()
		switch p.peek() {
		case ',':
			p.at++
			p.space()
		case '}':
			p.at++
			members := append(make([]Member, 0, len(p.members)-from), p.members[from:]...)
			p.members = p.members[:from]
			return ObjectValue(members...), nil
		default:
			return Value{}, p.errorf("a comma or } expected")
		}
	}
}

func (p *valueParser) array(depth int) (Value, error) {
	p.at++
	p.space()
	if p.peek() == ']' {
		p.at++
		return ArrayValue(), nil
	}
	if p.elems == nil {
		p.elems = make([]Value, 0, 8)
	}
	from := len(p.elems)
	for {
		v, err := p.value(depth + 1)
		if err != nil {
			return Value{}, err
		}
		p.elems = append(p.elems, v)
		p.space()
		switch p.peek() {
		case ',':
			p.at++
			p.space()
		case ']':
			p.at++
			elems := append(make([]Value, 0, len(p.elems)-from), p.elems[from:]...)
			p.elems = p.elems[:from]
			return ArrayValue(elems...), nil
		default:
			return Value{}, p.errorf("a comma or ] expected")
		}
	}
}

func (p *valueParser) digits() int {
	from := p.at
	for p.at < len(p.data) && p.data[p.at] >= '0' && p.data[p.at] <= '9' {
		p.at++
	}
	return p.at - from
}

func (p *valueParser) number() (Value, error) {
	from := p.at
	if p.peek() == '-' {
		p.at++
	}
	zero := p.peek() == '0'
	if n := p.digits(); n == 0 || zero && n > 1 {
		return Value{}, p.errorf("malformed number")
	}
	if p.peek() == '.' {
		p.at++
		if p.digits() == 0 {
			return Value{}, p.errorf("malformed number")
		}
	}
	if c := p.peek(); c == 'e' || c == 'E' {
		p.at++
		if c := p.peek(); c == '+' || c == '-' {
			p.at++
		}
		if p.digits() == 0 {
			return Value{}, p.errorf("malformed number")
		}
	}
	return numberText(p.keep(p.data[from:p.at])), nil
}

// Short strings share memory: each alone would cost more than it holds. A value
// that outlives its document keeps no more than roomBytes of the others.
const (
	shortBytes = 64
	roomBytes  = 512
)

// keep copies a text out of the document.
func (p *valueParser) keep(text []byte) string {
	if len(text) > shortBytes {
		return string(text)
	}
	if p.short.Cap()-p.short.Len() < len(text) {
		p.short.Reset()
		p.short.Grow(min(roomBytes, len(p.data)-p.at+len(text)))
	}
	from := p.short.Len()
	p.short.Write(text)
	return p.short.String()[from:]
}

// name reads a member's name. The same names come again and again.
func (p *valueParser) name() (string, error) {
	end := bytes.IndexByte(p.data[p.at+1:], '"')
	if end <= 0 {
		return p.str()
	}
	text := p.data[p.at+1 : p.at+1+end]
	known := &p.names[(uint(text[0])*7+uint(text[end-1])*3+uint(end))%uint(len(p.names))]
	if string(text) == *known {
		p.at += end + 2
		return *known, nil
	}
	name, err := p.str()
	if len(name) == end { // without escapes
		*known = name
	}
	return name, err
}

// str reads a string; p stands on its opening quote.
func (p *valueParser) str() (string, error) {
	p.at++
	from := p.at
	for p.at < len(p.data) {
		switch c := p.data[p.at]; {
		case c == '"':
			s := p.keep(p.data[from:p.at])
			p.at++
			if !utf8.ValidString(s) {
				s = strings.ToValidUTF8(s, "\uFFFD")
			}
			return s, nil
		case c == '\\':
			return p.escaped(from)
		case c < 0x20:
			return "", p.errorf("control character in a string")
		}
		p.at++
	}
	return "", p.errorf("unterminated string")
}

// escaped reads the rest of a string from its first backslash.
func (p *valueParser) escaped(from int) (string, error) {
	buf := append([]byte(nil), p.data[from:p.at]...)
	for p.at < len(p.data) {
		c := p.data[p.at]
		switch {
		case c == '"':
			p.at++
			return strings.ToValidUTF8(string(buf), "\uFFFD"), nil
		case c < 0x20:
			return "", p.errorf("control character in a string")
		case c != '\\':
			buf = append(buf, c)
			p.at++
			continue
		}
		p.at++
		var err error
		if buf, err = p.escape(buf); err != nil {
			return "", err
		}
	}
	return "", p.errorf("unterminated string")
}

func (p *valueParser) escape(buf []byte) ([]byte, error) {
	c := p.peek()
	p.at++
	switch c {
	case '"', '\\', '/':
		return append(buf, c), nil
	case 'n':
		return append(buf, '\n'), nil
	case 't':
		return append(buf, '\t'), nil
	case 'r':
		return append(buf, '\r'), nil
	case 'b':
		return append(buf, '\b'), nil
	case 'f':
		return append(buf, '\f'), nil
	case 'u':
		r, ok := p.hex4()
		if !ok {
			return nil, p.errorf("malformed \\u escape")
		}
		if utf16.IsSurrogate(r) {
			r = p.surrogate(r)
		}
		return utf8.AppendRune(buf, r), nil
	}
	return nil, p.errorf("unknown escape")
}

func (p *valueParser) hex4() (rune, bool) {
	if len(p.data)-p.at < 4 {
		return 0, false
	}
	n, err := strconv.ParseUint(string(p.data[p.at:p.at+4]), 16, 32)
	if err != nil {
		return 0, false
	}
	p.at += 4
	return rune(n), true
}

// surrogate joins r with the escape that follows, U+FFFD when they are no pair.
func (p *valueParser) surrogate(r rune) rune {
	if len(p.data)-p.at < 6 || p.data[p.at] != '\\' || p.data[p.at+1] != 'u' {
		return utf8.RuneError
	}
	back := p.at
	p.at += 2
	low, ok := p.hex4()
	if joined := utf16.DecodeRune(r, low); ok && joined != utf8.RuneError {
		return joined
	}
	p.at = back
	return utf8.RuneError
}
