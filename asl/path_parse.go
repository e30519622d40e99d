package asl

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

type pathParser struct {
	text  string
	at    int
	depth int
}

func (p *pathParser) errorf(format string, args ...any) error {
	return fmt.Errorf("%w %q at byte %d: %s", errPath, p.text, p.at, fmt.Sprintf(format, args...))
}

func (p *pathParser) peek() byte {
	if p.at < len(p.text) {
		return p.text[p.at]
	}
	return 0
}

func (p *pathParser) take(s string) bool {
	if strings.HasPrefix(p.text[p.at:], s) {
		p.at += len(s)
		return true
	}
	return false
}

func (p *pathParser) space() {
	for p.at < len(p.text) && (p.text[p.at] == ' ' || p.text[p.at] == '\t' || p.text[p.at] == '\n') {
		p.at++
	}
}

// path reads a path up to the first character that cannot belong to it.
func (p *pathParser) path() (*path, error) {
	start := p.at
	out := &path{definite: true}
	switch {
	case p.take("$$"):
		out.root = rootContext
	case p.take("$"):
		if name := p.identifier(); name != "" {
			out.root, out.variable = rootVariable, name
		}
	case p.take("@"):
		out.root = rootCurrent
	default:
		return nil, p.errorf("must begin with $")
	}
	for p.at < len(p.text) {
		if c := p.peek(); c != '.' && c != '[' {
			break
		}
		if err := p.step(out); err != nil {
			return nil, err
		}
	}
	if n := len(out.steps); n > 0 && out.steps[n-1].kind == stepDescend {
		return nil, p.errorf("must not end in ..")
	}
	out.text = p.text[start:p.at]
	return out, nil
}

// identifier reads the name of a variable, "" when there is none.
func (p *pathParser) identifier() string {
	start := p.at
	for p.at < len(p.text) {
		r, n := utf8.DecodeRuneInString(p.text[p.at:])
		if !isNameRune(r, p.at == start) {
			break
		}
		p.at += n
	}
	return p.text[start:p.at]
}

func isNameRune(r rune, first bool) bool {
	switch {
	case r == '_', r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= 0x80 && r != utf8.RuneError:
		return true
	case r >= '0' && r <= '9':
		return !first
	}
	return false
}

func (p *pathParser) step(out *path) error {
	switch {
	case p.take(".."):
		out.add(step{kind: stepDescend})
		if p.peek() == '[' {
			return p.bracket(out)
		}
		return p.dotted(out)
	case p.take("."):
		if p.peek() == '[' {
			return p.bracket(out)
		}
		return p.dotted(out)
	}
	return p.bracket(out)
}

func (out *path) add(s step) {
	out.steps = append(out.steps, s)
	switch s.kind {
	case stepName, stepNames, stepIndex:
	case stepFunction:
		out.definite = true // it makes one value of many
	default:
		out.definite = false
	}
}

// dotted reads what follows a dot: a name, a wildcard or a function.
func (p *pathParser) dotted(out *path) error {
	if p.take("*") {
		out.add(step{kind: stepWild})
		return nil
	}
	start := p.at
	ends := ".[]() \t\n,*"
	if p.depth > 0 { // inside a filter
		ends += "=<>!&|'\":"
	}
	for p.at < len(p.text) && strings.IndexByte(ends, p.text[p.at]) < 0 {
		p.at++
	}
	name := p.text[start:p.at]
	if name == "" {
		return p.errorf("a name expected")
	}
	if p.peek() == '(' {
		return p.function(out, name)
	}
	out.add(step{kind: stepName, name: name})
	return nil
}

func (p *pathParser) function(out *path, name string) error {
	if !isPathFunction(name) {
		return p.errorf("unknown function %s", name)
	}
	p.at++
	s := step{kind: stepFunction, name: name}
	for {
		p.space()
		if p.take(")") {
			break
		}
		if len(s.args) > 0 && !p.take(",") {
			return p.errorf("a comma or ) expected")
		}
		p.space()
		if p.depth++; p.depth > maxFilterDepth {
			return p.errorf("deeper than %d", maxFilterDepth)
		}
		arg, err := p.path()
		if err != nil {
			return err
		}
		p.depth--
		s.args = append(s.args, arg)
	}
	out.add(s)
	return nil
}

func (p *pathParser) bracket(out *path) error {
	if !p.take("[") {
		return p.errorf("[ expected")
	}
	p.space()
	var err error
	switch c := p.peek(); {
	case c == '*':
		p.at++
		out.add(step{kind: stepWild})
	case c == '?':
		err = p.filterStep(out)
	case c == '\'' || c == '"':
		err = p.quotedNames(out)
	default:
		err = p.indexes(out)
	}
	if err != nil {
		return err
	}
	p.space()
	if !p.take("]") {
		return p.errorf("] expected")
	}
	return nil
}

func (p *pathParser) filterStep(out *path) error {
	p.at++
	p.space()
	if !p.take("(") {
		return p.errorf("( expected after ?")
	}
	f, err := p.or()
	if err != nil {
		return err
	}
	p.space()
	if !p.take(")") {
		return p.errorf(") expected")
	}
	out.add(step{kind: stepFilter, filter: f})
	return nil
}

func (p *pathParser) quotedNames(out *path) error {
	var names []string
	for {
		p.space()
		name, err := p.quoted()
		if err != nil {
			return err
		}
		names = append(names, name)
		p.space()
		if !p.take(",") {
			break
		}
	}
	if len(names) == 1 {
		out.add(step{kind: stepName, name: names[0]})
	} else {
		out.add(step{kind: stepNames, names: names})
	}
	return nil
}

// quoted reads a name or string in quotes. A backslash escapes the quote only;
// the service takes every other one as it stands.
func (p *pathParser) quoted() (string, error) {
	quote := p.peek()
	if quote != '\'' && quote != '"' {
		return "", p.errorf("a quoted name expected")
	}
	p.at++
	var b strings.Builder
	for p.at < len(p.text) {
		c := p.text[p.at]
		switch {
		case c == quote:
			p.at++
			return b.String(), nil
		case c == '\\' && p.at+1 < len(p.text) && p.text[p.at+1] == quote:
			p.at++
			c = quote
		}
		b.WriteByte(c)
		p.at++
	}
	return "", p.errorf("unterminated quote")
}

func (p *pathParser) integer() (int, bool) {
	start := p.at
	if p.peek() == '-' {
		p.at++
	}
	for c := p.peek(); c >= '0' && c <= '9'; c = p.peek() {
		p.at++
	}
	n, err := strconv.Atoi(p.text[start:p.at])
	if err != nil {
		p.at = start
		return 0, false
	}
	return n, true
}

// indexes reads [1], [1,2], [1:2], [:2] and [1:].
func (p *pathParser) indexes(out *path) error {
	n, ok := p.integer()
	p.space()
	if p.take(":") {
		s := step{kind: stepSlice}
		if ok {
			s.from = &n
		}
		p.space()
		if to, ok := p.integer(); ok {
			s.to = &to
		}
		if s.from == nil && s.to == nil {
			return p.errorf("an empty slice")
		}
		out.add(s)
		return nil
	}
	if !ok {
		return p.errorf("an index expected")
	}
	if p.peek() != ',' {
		out.add(step{kind: stepIndex, index: n})
		return nil
	}
	all := []int{n}
	for p.take(",") {
		p.space()
		n, ok := p.integer()
		if !ok {
			return p.errorf("an index expected")
		}
		all = append(all, n)
		p.space()
	}
	out.add(step{kind: stepIndexes, indexes: all})
	return nil
}
