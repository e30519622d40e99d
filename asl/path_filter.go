package asl

import (
	"regexp"
	"slices"
	"strings"
)

// A filter is the condition of a [?( … )] step.
type filter interface {
	matches(r roots, current Value) bool
}

type (
	filterOr  []filter
	filterAnd []filter
	filterNot struct{ filter }
	// filterExists is a path alone.
	filterExists struct{ path *path }
	filterTest   struct {
		op          string
		left, right operand
	}
	// operand is one side of a test: a path, a pattern or a value.
	operand struct {
		path    *path
		pattern *regexp.Regexp
		value   Value
	}
)

func (f filterOr) matches(r roots, v Value) bool {
	return slices.ContainsFunc(f, func(f filter) bool { return f.matches(r, v) })
}

func (f filterAnd) matches(r roots, v Value) bool {
	return !slices.ContainsFunc(f, func(f filter) bool { return !f.matches(r, v) })
}

func (f filterNot) matches(r roots, v Value) bool { return !f.filter.matches(r, v) }

func (f filterExists) matches(r roots, v Value) bool {
	got, ok := f.path.findFrom(r, v)
	return ok && (f.path.definite || got.Len() > 0)
}

func (o operand) get(r roots, current Value) Value {
	if o.path == nil {
		return o.value
	}
	v, _ := o.path.findFrom(r, current)
	return v
}

func (f filterTest) matches(r roots, current Value) bool {
	left := f.left.get(r, current)
	if f.right.pattern != nil {
		return left.kind == String && f.right.pattern.MatchString(left.text)
	}
	right := f.right.get(r, current)
	switch f.op {
	case "==", "===":
		return left.Equal(right)
	case "!=", "!==":
		return !left.Equal(right)
	case "<":
		c, ok := compareValues(left, right)
		return ok && c < 0
	case "<=":
		c, ok := compareValues(left, right)
		return ok && c <= 0
	case ">":
		c, ok := compareValues(left, right)
		return ok && c > 0
	case ">=":
		c, ok := compareValues(left, right)
		return ok && c >= 0
	}
	return matchesSet(f.op, left, right)
}

// compareValues orders two numbers or two strings.
func compareValues(a, b Value) (int, bool) {
	switch {
	case a.kind == Number && b.kind == Number:
		return compareNumbers(a, b), true
	case a.kind == String && b.kind == String:
		return strings.Compare(a.text, b.text), true
	}
	return 0, false
}

func compareNumbers(a, b Value) int {
	if m, ok := a.Int(); ok {
		if n, ok := b.Int(); ok {
			switch {
			case m < n:
				return -1
			case m > n:
				return 1
			}
			return 0
		}
	}
	switch f, g := a.Number(), b.Number(); {
	case f < g:
		return -1
	case f > g:
		return 1
	}
	return 0
}

func matchesSet(op string, left, right Value) bool {
	has := func(set, v Value) bool { return slices.ContainsFunc(set.Elements(), v.Equal) }
	switch op {
	case "in":
		return has(right, left)
	case "nin":
		return !left.IsAbsent() && !has(right, left)
	case "contains":
		if left.kind == String {
			return right.kind == String && strings.Contains(left.text, right.text)
		}
		return has(left, right)
	case "size":
		n, ok := right.Int()
		return ok && (left.kind == Array || left.kind == String) && int64(left.Len()) == n
	case "empty":
		return (left.kind == Array || left.kind == String || left.kind == Object) && (left.Len() == 0) == right.Bool()
	case "subsetof":
		return left.kind == Array && !slices.ContainsFunc(left.Elements(), func(v Value) bool { return !has(right, v) })
	case "anyof":
		return slices.ContainsFunc(left.Elements(), func(v Value) bool { return has(right, v) })
	case "noneof":
		return left.kind == Array && !slices.ContainsFunc(left.Elements(), func(v Value) bool { return has(right, v) })
	case "all":
		return left.kind == Array && !slices.ContainsFunc(right.Elements(), func(v Value) bool { return !has(left, v) })
	}
	return false
}

func (p *pathParser) or() (filter, error) {
	if p.depth++; p.depth > maxFilterDepth {
		return nil, p.errorf("deeper than %d", maxFilterDepth)
	}
	defer func() { p.depth-- }()
	return p.chain("||", func() (filter, error) {
		return p.chain("&&", p.unary, func(fs []filter) filter { return filterAnd(fs) })
	}, func(fs []filter) filter { return filterOr(fs) })
}

func (p *pathParser) chain(op string, one func() (filter, error), join func([]filter) filter) (filter, error) {
	var all []filter
	for {
		f, err := one()
		if err != nil {
			return nil, err
		}
		all = append(all, f)
		p.space()
		if !p.take(op) {
			break
		}
	}
	if len(all) == 1 {
		return all[0], nil
	}
	return join(all), nil
}

func (p *pathParser) unary() (filter, error) {
	p.space()
	negate := false
	for p.peek() == '!' && !strings.HasPrefix(p.text[p.at:], "!=") {
		p.at++
		p.space()
		negate = !negate
	}
	var f filter
	var err error
	if p.take("(") {
		if f, err = p.or(); err == nil {
			p.space()
			if !p.take(")") {
				err = p.errorf(") expected")
			}
		}
	} else {
		f, err = p.test()
	}
	if err != nil {
		return nil, err
	}
	if negate {
		f = filterNot{f}
	}
	return f, nil
}

// testOperators, the longer of two with the same beginning first.
var testOperators = []string{"===", "!==", "==", "!=", "<=", ">=", "<", ">", "=~",
	"in", "nin", "contains", "size", "empty", "subsetof", "anyof", "noneof", "all"}

func (p *pathParser) test() (filter, error) {
	left, err := p.operand()
	if err != nil {
		return nil, err
	}
	p.space()
	for _, op := range testOperators {
		if !p.take(op) {
			continue
		}
		p.space()
		right, err := p.operand()
		if err != nil {
			return nil, err
		}
		if (op == "=~") != (right.pattern != nil) {
			return nil, p.errorf("a pattern goes with =~")
		}
		return filterTest{op, left, right}, nil
	}
	if left.path == nil {
		return nil, p.errorf("an operator expected")
	}
	return filterExists{left.path}, nil
}

func (p *pathParser) operand() (operand, error) {
	p.space()
	switch c := p.peek(); {
	case c == '$' || c == '@':
		got, err := p.path()
		return operand{path: got}, err
	case c == '/':
		return p.pattern()
	case c == '\'' || c == '"':
		s, err := p.quoted()
		return operand{value: StringValue(s)}, err
	}
	return p.literal()
}

// literal reads a JSON value; inside arrays strings may stand in single quotes.
func (p *pathParser) literal() (operand, error) {
	if p.peek() != '[' {
		q := valueParser{data: []byte(p.text), at: p.at}
		v, err := q.value(MaxValueDepth - maxFilterDepth)
		if err != nil {
			return operand{}, p.errorf("a value expected")
		}
		p.at = q.at
		return operand{value: v}, nil
	}
	p.at++
	var elems []Value
	for {
		p.space()
		if p.take("]") {
			return operand{value: ArrayValue(elems...)}, nil
		}
		if len(elems) > 0 {
			if !p.take(",") {
				return operand{}, p.errorf("a comma or ] expected")
			}
			p.space()
		}
		var v operand
		var err error
		if c := p.peek(); c == '\'' || c == '"' {
			var s string
			s, err = p.quoted()
			v.value = StringValue(s)
		} else {
			if p.depth++; p.depth > maxFilterDepth {
				return operand{}, p.errorf("deeper than %d", maxFilterDepth)
			}
			v, err = p.literal()
			p.depth--
		}
		if err != nil {
			return operand{}, err
		}
		elems = append(elems, v.value)
	}
}

func (p *pathParser) pattern() (operand, error) {
	p.at++
	var b strings.Builder
	for p.at < len(p.text) && p.text[p.at] != '/' {
		if p.text[p.at] == '\\' && p.at+1 < len(p.text) {
			b.WriteByte(p.text[p.at])
			p.at++
		}
		b.WriteByte(p.text[p.at])
		p.at++
	}
	if !p.take("/") {
		return operand{}, p.errorf("unterminated pattern")
	}
	flags := ""
	for c := p.peek(); c == 'i' || c == 'm' || c == 's'; c = p.peek() {
		flags += string(c)
		p.at++
	}
	text := b.String()
	if flags != "" {
		text = "(?" + flags + ")" + text
	}
	// Jayway matches the whole string.
	re, err := regexp.Compile(`^(?:` + text + `)$`)
	if err != nil {
		return operand{}, p.errorf("%v", err)
	}
	return operand{pattern: re}, nil
}
