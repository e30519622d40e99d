package asl

import (
	"slices"
	"strings"
)

// choiceWork is a Choice state.
type choiceWork struct {
	rules    []*choiceRule
	fallback *state // Default
}

// choiceRule is one of the Choices.
type choiceRule struct {
	test   condition
	next   *state
	assign expr
}

// condition is what a rule asks. It fails when a path leads nowhere.
type condition interface {
	holds(e *env) (bool, error)
	variables(yield func(string))
}

func (*choiceWork) graphs() []*graph { return nil }

func (w *choiceWork) variables(yield func(string)) {
	for _, r := range w.rules {
		if r.test != nil {
			r.test.variables(yield)
		}
		if r.assign != nil {
			r.assign.variables(yield)
		}
	}
}

func (w *choiceWork) begin(x *Execution, t *thread) {
	e, f := x.effective(t)
	if f != nil {
		x.fail(t, f)
		return
	}
	next, assign := w.fallback, t.state.assign
	for _, r := range w.rules {
		ok, err := r.test.holds(e)
		if err != nil {
			x.fail(t, asFault(err))
			return
		}
		if ok {
			next, assign = r.next, r.assign
			break
		}
	}
	if next == nil {
		x.fail(t, runtimeFault("Failed to transition out of the state. The state does not point to a next state."))
		return
	}
	output, err := t.state.flow.output(e, t.input, e.input)
	if err != nil {
		x.fail(t, asFault(err))
		return
	}
	x.leaveTo(t, next, output, assign, e.input)
}

type (
	allOf    []condition
	anyOf    []condition
	noneOf   struct{ condition }
	presence struct {
		variable *path
		want     bool
	}
	typeCheck struct {
		variable *path
		is       func(Value) bool
		want     bool
	}
	comparison struct {
		variable *path
		with     Value // or, when path is set, what it leads to
		path     *path
		holdsFor func(a, b Value) bool
	}
)

func (c allOf) holds(e *env) (bool, error) {
	for _, inner := range c {
		if ok, err := inner.holds(e); !ok || err != nil {
			return false, err
		}
	}
	return true, nil
}

func (c anyOf) holds(e *env) (bool, error) {
	for _, inner := range c {
		if ok, err := inner.holds(e); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

func (c noneOf) holds(e *env) (bool, error) {
	ok, err := c.condition.holds(e)
	return !ok && err == nil, err
}

func (c presence) holds(e *env) (bool, error) {
	_, ok := c.variable.find(e)
	return ok == c.want, nil
}

func (c typeCheck) holds(e *env) (bool, error) {
	v, err := choiceValue(e, c.variable)
	return err == nil && c.is(v) == c.want, err
}

func (c comparison) holds(e *env) (bool, error) {
	v, err := choiceValue(e, c.variable)
	if err != nil {
		return false, err
	}
	with := c.with
	if c.path != nil {
		if with, err = choiceValue(e, c.path); err != nil {
			return false, err
		}
	}
	return c.holdsFor(v, with), nil
}

func choiceValue(e *env, p *path) (Value, error) {
	v, ok := p.find(e)
	if !ok {
		return Value{}, runtimeFault("Invalid path '%s': The choice state's condition path references an invalid value.", p.text)
	}
	return v, nil
}

func (c allOf) variables(yield func(string)) {
	for _, inner := range c {
		inner.variables(yield)
	}
}

func (c anyOf) variables(yield func(string)) { allOf(c).variables(yield) }

func (c presence) variables(yield func(string)) { c.variable.variables(yield) }

func (c typeCheck) variables(yield func(string)) { c.variable.variables(yield) }

func (c comparison) variables(yield func(string)) {
	c.variable.variables(yield)
	if c.path != nil {
		c.path.variables(yield)
	}
}

// operators compares values of the type in an operator's name; values of
// another type never hold.
func operator(name string) (holds func(a, b Value) bool, kind Kind) {
	sign := func(kind Kind, compare func(a, b Value) (int, bool), test func(int) bool) func(a, b Value) bool {
		return func(a, b Value) bool {
			if a.kind != kind || b.kind != kind {
				return false
			}
			c, ok := compare(a, b)
			return ok && test(c)
		}
	}
	tests := []struct {
		suffix string
		test   func(int) bool
	}{
		{"LessThanEquals", func(c int) bool { return c <= 0 }},
		{"GreaterThanEquals", func(c int) bool { return c >= 0 }},
		{"LessThan", func(c int) bool { return c < 0 }},
		{"GreaterThan", func(c int) bool { return c > 0 }},
		{"Equals", func(c int) bool { return c == 0 }},
	}
	for _, t := range tests {
		prefix, ok := strings.CutSuffix(name, t.suffix)
		if !ok {
			continue
		}
		switch prefix {
		case "String":
			return sign(String, compareValues, t.test), String
		case "Numeric":
			return sign(Number, compareValues, t.test), Number
		case "Timestamp":
			return sign(String, compareTimestamps, t.test), String
		case "Boolean":
			if t.suffix == "Equals" {
				return func(a, b Value) bool { return a.kind == Bool && a.Equal(b) }, Bool
			}
		}
		return nil, Absent
	}
	if name == "StringMatches" {
		return func(a, b Value) bool { return a.kind == String && b.kind == String && matchWild(b.text, a.text) }, String
	}
	return nil, Absent
}

func compareTimestamps(a, b Value) (int, bool) {
	s, ok1 := parseTimestamp(a.text)
	t, ok2 := parseTimestamp(b.text)
	return s.Compare(t), ok1 && ok2
}

func typeTest(name string) func(Value) bool {
	of := func(k Kind) func(Value) bool { return func(v Value) bool { return v.kind == k } }
	switch name {
	case "IsNull":
		return of(Null)
	case "IsNumeric":
		return of(Number)
	case "IsString":
		return of(String)
	case "IsBoolean":
		return of(Bool)
	case "IsTimestamp":
		return func(v Value) bool {
			_, ok := parseTimestamp(v.text)
			return v.kind == String && ok
		}
	}
	return nil
}

// matchWild matches text against a pattern in which * stands for any text and
// a backslash for the character after it.
func matchWild(pattern, text string) bool {
	// Go on from the last star when a literal does not fit: linear in practice.
	star, mark := -1, 0
	p, s := 0, 0
	for s < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, s
			p++
			continue
		case p+1 < len(pattern) && pattern[p] == '\\' && pattern[p+1] == text[s]:
			p, s = p+2, s+1
			continue
		case p < len(pattern) && pattern[p] != '\\' && pattern[p] == text[s]:
			p, s = p+1, s+1
			continue
		case star < 0:
			return false
		}
		mark++
		p, s = star+1, mark
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// choice compiles a Choice state.
func (g *graphCompiler) choice(n node, s *state) work {
	w := &choiceWork{}
	g.target(s, n, "Default", &w.fallback)
	if !g.require(n, "Choices") {
		return w
	}
	list := g.list(n, "Choices")
	if list.kind == Array && list.Len() == 0 {
		g.schema(list.at, "Value cannot be empty")
	}
	for i := range list.Elements() {
		rule := list.index(i)
		if rule.kind != Object {
			g.schema(rule.at, "Expected value of type Object")
			continue
		}
		r := &choiceRule{assign: g.assign(rule)}
		if g.require(rule, "Next") {
			g.target(s, rule, "Next", &r.next)
		}
		r.test = g.condition(rule, 0)
		w.rules = append(w.rules, r)
	}
	return w
}

const maxConditionDepth = 100

// condition compiles a rule or one inside And, Or, Not.
func (g *graphCompiler) condition(n node, depth int) condition {
	nothing := allOf(nil)
	if n.kind != Object || depth > maxConditionDepth {
		g.schema(n.at, "Expected value of type Object")
		return nothing
	}
	var tests []string
	for _, m := range n.Members() {
		if depth > 0 && (m.Name == "Next" || m.Name == "Assign") || !slices.Contains([]string{"Variable", "Next", "Comment", "Assign"}, m.Name) {
			tests = append(tests, m.Name)
		}
	}
	if len(tests) != 1 {
		g.schema(n.at, "A rule must have exactly one operator")
		return nothing
	}
	op := n.get(tests[0])
	switch tests[0] {
	case "Not":
		return noneOf{g.condition(op, depth+1)}
	case "And", "Or":
		var all []condition
		for i := range op.Elements() {
			all = append(all, g.condition(op.index(i), depth+1))
		}
		if len(all) == 0 {
			g.schema(op.at, "Value cannot be empty")
		}
		if tests[0] == "Or" {
			return anyOf(all)
		}
		return allOf(all)
	}
	return g.comparison(n, op, tests[0])
}

func (g *graphCompiler) comparison(n, op node, name string) condition {
	if !g.require(n, "Variable") {
		return allOf(nil)
	}
	variable := g.path(n, "Variable")
	if variable == nil {
		return allOf(nil)
	}
	if is := typeTest(name); is != nil || name == "IsPresent" {
		if op.kind != Bool {
			g.schema(op.at, "Expected value of type Boolean")
		}
		if is == nil {
			return presence{variable, op.Bool()}
		}
		return typeCheck{variable, is, op.Bool()}
	}
	base, isPath := strings.CutSuffix(name, "Path")
	holds, kind := operator(base)
	if holds == nil || isPath && base == "StringMatches" {
		g.schema(n.at, "Field '%s' is not supported", name)
		return allOf(nil)
	}
	c := comparison{variable: variable, with: op.Value, holdsFor: holds}
	if isPath {
		if c.path = g.path(n, name); c.path == nil {
			return allOf(nil)
		}
		return c
	}
	switch {
	case op.kind != kind:
		g.schema(op.at, "Expected value of type %s", map[Kind]string{String: "String", Number: "Number", Bool: "Boolean"}[kind])
	case strings.HasPrefix(name, "Timestamp"):
		if _, ok := parseTimestamp(op.Value.text); !ok {
			g.schema(op.at, "String does not match RFC3339 timestamp")
		}
	}
	return c
}
