package content

import (
	"bytes"
	"errors"
	"fmt"
)

// scanner reads JSON strictly (RFC 8259), in one pass and without copying: it
// finds where values begin and end, so that what is not changed can be kept
// byte for byte.
type scanner struct {
	b  []byte
	at int
}

// syntaxError tells where reading stopped.
type syntaxError struct {
	at  int
	why string
}

func (e *syntaxError) Error() string { return e.why }

func (s *scanner) fail(why string) error {
	if s.at >= len(s.b) {
		why = "the file ends in the middle of a value"
	}
	return &syntaxError{at: s.at, why: why}
}

func (s *scanner) space() {
	for s.at < len(s.b) {
		switch s.b[s.at] {
		case ' ', '\n', '\r', '\t':
			s.at++
		default:
			return
		}
	}
}

// peek is the next byte after white space; 0 at the end.
func (s *scanner) peek() byte {
	s.space()
	if s.at < len(s.b) {
		return s.b[s.at]
	}
	return 0
}

// maxNesting bounds the depth inside a post.
const maxNesting = 64

// value passes one value and returns its bytes.
func (s *scanner) value(depth int) ([]byte, error) {
	if depth > maxNesting {
		return nil, s.fail(fmt.Sprintf("values nested deeper than %d", maxNesting))
	}
	c := s.peek()
	start := s.at
	var err error
	switch {
	case c == '{':
		err = s.object(depth, func(_, _ []byte) error { return nil })
	case c == '[':
		err = s.array(depth)
	case c == '"':
		err = s.str()
	case c == '-' || c >= '0' && c <= '9':
		err = s.number()
	default:
		err = s.word()
	}
	return s.b[start:s.at], err
}

// object passes an object and tells each member: its name in quotes, its value.
func (s *scanner) object(depth int, member func(name, value []byte) error) error {
	s.at++ // {
	if s.peek() == '}' {
		s.at++
		return nil
	}
	for {
		if s.peek() != '"' {
			return s.fail("a member's name in quotes was expected")
		}
		start := s.at
		if err := s.str(); err != nil {
			return err
		}
		name := s.b[start:s.at]
		if s.peek() != ':' {
			return s.fail(`":" was expected`)
		}
		s.at++
		value, err := s.value(depth + 1)
		if err != nil {
			return err
		}
		if err := member(name, value); err != nil {
			return err
		}
		switch s.peek() {
		case ',':
			s.at++
		case '}':
			s.at++
			return nil
		default:
			return s.fail(`"," or "}" was expected`)
		}
	}
}

func (s *scanner) array(depth int) error {
	s.at++ // [
	if s.peek() == ']' {
		s.at++
		return nil
	}
	for {
		if _, err := s.value(depth + 1); err != nil {
			return err
		}
		switch s.peek() {
		case ',':
			s.at++
		case ']':
			s.at++
			return nil
		default:
			return s.fail(`"," or "]" was expected`)
		}
	}
}

func (s *scanner) str() error {
	s.at++ // "
	for s.at < len(s.b) {
		switch c := s.b[s.at]; {
		case c == '"':
			s.at++
			return nil
		case c == '\\':
			if err := s.escape(); err != nil {
				return err
			}
		case c < 0x20:
			return s.fail("a control character stands in a string")
		default:
			s.at++
		}
	}
	return s.fail("")
}

func (s *scanner) escape() error {
	s.at++
	if s.at >= len(s.b) {
		return s.fail("")
	}
	switch s.b[s.at] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		s.at++
		return nil
	case 'u':
		for range 4 {
			s.at++
			if s.at >= len(s.b) || !isHex(s.b[s.at]) {
				return s.fail(`\u without four digits`)
			}
		}
		s.at++
		return nil
	}
	return s.fail("an unknown escape stands in a string")
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

func (s *scanner) digits() bool {
	start := s.at
	for s.at < len(s.b) && s.b[s.at] >= '0' && s.b[s.at] <= '9' {
		s.at++
	}
	return s.at > start
}

func (s *scanner) number() error {
	if s.b[s.at] == '-' {
		s.at++
	}
	if s.at < len(s.b) && s.b[s.at] == '0' {
		s.at++
	} else if !s.digits() {
		return s.fail("a number was expected")
	}
	if s.at < len(s.b) && s.b[s.at] == '.' {
		s.at++
		if !s.digits() {
			return s.fail("a digit was expected")
		}
	}
	if s.at < len(s.b) && (s.b[s.at] == 'e' || s.b[s.at] == 'E') {
		s.at++
		if s.at < len(s.b) && (s.b[s.at] == '+' || s.b[s.at] == '-') {
			s.at++
		}
		if !s.digits() {
			return s.fail("a digit was expected")
		}
	}
	return nil
}

func (s *scanner) word() error {
	for _, w := range []string{"true", "false", "null"} {
		if bytes.HasPrefix(s.b[s.at:], []byte(w)) {
			s.at += len(w)
			return nil
		}
	}
	return s.fail("a value was expected")
}

// eachMember tells the members of a value that has been passed before.
func eachMember(object []byte, member func(name, value []byte) error) error {
	s := scanner{b: object}
	if s.peek() != '{' {
		return errors.New("no object")
	}
	return s.object(0, member)
}
