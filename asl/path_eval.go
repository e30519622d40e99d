package asl

import (
	"math"
	"slices"
)

// maxFound bounds what one step may select: $..*..*..* grows without end.
const maxFound = 1 << 22

// roots are what the path roots of an evaluation stand for.
type roots interface {
	root(kind rootKind, variable string) (Value, bool)
}

// find evaluates the path. A definite path that leads nowhere finds nothing;
// an indefinite one always finds an array.
func (p *path) find(r roots) (Value, bool) {
	return p.findFrom(r, Value{})
}

// read is find as templates do it: an element past the end of an array is null
// there, as in the service. A Choice can still ask whether it is present.
func (p *path) read(r roots) (Value, bool) {
	v, ok := p.find(r)
	if last := len(p.steps) - 1; !ok && p.definite && last >= 0 && p.steps[last].kind == stepIndex {
		before := *p
		before.steps = p.steps[:last]
		if list, found := before.find(r); found && list.kind == Array {
			return NullValue(), true
		}
	}
	return v, ok
}

// findFrom is find where @ stands for current.
func (p *path) findFrom(r roots, current Value) (Value, bool) {
	start := current
	if p.root != rootCurrent {
		var ok bool
		if start, ok = r.root(p.root, p.variable); !ok {
			return Value{}, false
		}
	}
	if p.definite && !p.hasFunction() {
		return p.walk(start)
	}
	return p.collect(r, start)
}

func (p *path) hasFunction() bool {
	return slices.ContainsFunc(p.steps, func(s step) bool { return s.kind == stepFunction })
}

// walk follows a definite path.
func (p *path) walk(v Value) (Value, bool) {
	for i := range p.steps {
		next, ok := p.steps[i].one(v)
		if !ok {
			return Value{}, false
		}
		v = next
	}
	return v, true
}

// one applies a step that selects one value.
func (s *step) one(v Value) (Value, bool) {
	switch s.kind {
	case stepName:
		return v.Lookup(s.name)
	case stepIndex:
		i := s.index
		if i < 0 {
			i += v.Len()
		}
		got := v.Index(i)
		return got, !got.IsAbsent()
	case stepNames:
		if v.kind != Object {
			return Value{}, false
		}
		var members []Member
		for _, n := range s.names {
			if got, ok := v.Lookup(n); ok {
				members = append(members, Member{n, got})
			}
		}
		return ObjectValue(members...), true
	}
	return Value{}, false
}

// collect follows an indefinite path, a step at a time for all that the step
// before selected.
func (p *path) collect(r roots, v Value) (Value, bool) {
	found, definite := []Value{v}, true
	for i := range p.steps {
		s := &p.steps[i]
		if s.kind == stepFunction {
			got, ok := s.call(r, found, definite)
			if !ok {
				return Value{}, false
			}
			found, definite = []Value{got}, true
			continue
		}
		var next []Value
		for _, v := range found {
			if next = s.each(r, v, next); len(next) > maxFound {
				return Value{}, false
			}
		}
		found = next
		definite = definite && (s.kind == stepName || s.kind == stepNames || s.kind == stepIndex)
	}
	if !definite {
		return ArrayValue(found...), true
	}
	if len(found) == 0 {
		return Value{}, false
	}
	return found[0], true
}

// each appends what the step selects in v.
func (s *step) each(r roots, v Value, dst []Value) []Value {
	switch s.kind {
	case stepIndexes:
		for _, i := range s.indexes {
			if i < 0 {
				i += v.Len()
			}
			if got := v.Index(i); !got.IsAbsent() {
				dst = append(dst, got)
			}
		}
	case stepSlice:
		from, to := s.bounds(v.Len())
		if v.kind == Array && from < to {
			dst = append(dst, v.kids.elems[from:to]...)
		}
	case stepWild:
		dst = appendChildren(dst, v)
	case stepDescend:
		dst = appendBelow(dst, v)
	case stepFilter:
		dst = s.choose(r, v, dst)
	default:
		if got, ok := s.one(v); ok {
			dst = append(dst, got)
		}
	}
	return dst
}

func (s *step) bounds(n int) (from, to int) {
	to = n
	if s.from != nil {
		from = *s.from
	}
	if s.to != nil {
		to = *s.to
	}
	if from < 0 {
		from = max(from+n, 0)
	}
	if to < 0 {
		to += n
	}
	return from, min(to, n)
}

func appendChildren(dst []Value, v Value) []Value {
	for _, m := range v.Members() {
		dst = append(dst, m.Value)
	}
	return append(dst, v.Elements()...)
}

// appendBelow appends v and every array and object below it, itself first.
func appendBelow(dst []Value, v Value) []Value {
	if v.kind != Array && v.kind != Object {
		return dst
	}
	dst = append(dst, v)
	for _, m := range v.Members() {
		dst = appendBelow(dst, m.Value)
	}
	for _, e := range v.Elements() {
		dst = appendBelow(dst, e)
	}
	return dst
}

// choose applies a filter: to the elements of an array, or to an object itself.
func (s *step) choose(r roots, v Value, dst []Value) []Value {
	if v.kind == Object && s.filter.matches(r, v) {
		return append(dst, v)
	}
	for _, e := range v.Elements() {
		if s.filter.matches(r, e) {
			dst = append(dst, e)
		}
	}
	return dst
}

func isPathFunction(name string) bool {
	switch name {
	case "length", "size", "min", "max", "avg", "sum", "stddev", "keys", "first", "last", "concat":
		return true
	}
	return false
}

// call applies a path function to what the steps before it selected.
func (s *step) call(r roots, found []Value, definite bool) (Value, bool) {
	var v Value
	switch {
	case !definite:
		v = ArrayValue(found...)
	case len(found) == 1:
		v = found[0]
	default:
		return Value{}, false
	}
	switch s.name {
	case "length", "size":
		if v.kind != Array && v.kind != Object && v.kind != String {
			return Value{}, false
		}
		if v.kind == String {
			return IntValue(int64(len([]rune(v.text)))), true
		}
		return IntValue(int64(v.Len())), true
	case "keys":
		if v.kind != Object {
			return Value{}, false
		}
		var keys []Value
		for _, m := range v.Members() {
			keys = append(keys, StringValue(m.Name))
		}
		return ArrayValue(keys...), true
	case "first":
		return v.Index(0), v.Len() > 0 && v.kind == Array
	case "last":
		return v.Index(v.Len() - 1), v.Len() > 0 && v.kind == Array
	case "concat":
		return s.concat(r, v), true
	}
	return aggregate(s.name, v)
}

func (s *step) concat(r roots, v Value) Value {
	text := ""
	add := func(v Value) {
		if v.kind == String || v.kind == Number {
			text += v.text
		}
		for _, e := range v.Elements() {
			if e.kind == String || e.kind == Number {
				text += e.text
			}
		}
	}
	add(v)
	for _, a := range s.args {
		if got, ok := a.find(r); ok {
			add(got)
		}
	}
	return StringValue(text)
}

// aggregate computes a function of the numbers in an array.
func aggregate(name string, v Value) (Value, bool) {
	var sum, squares float64
	low, high := math.Inf(1), math.Inf(-1)
	n := 0.0
	for _, e := range v.Elements() {
		if e.kind != Number {
			continue
		}
		f := e.Number()
		// The conversion forbids fusing the two: every processor gets the same.
		sum, squares, n = sum+f, squares+float64(f*f), n+1
		low, high = min(low, f), max(high, f)
	}
	if n == 0 {
		return Value{}, false
	}
	switch name {
	case "min":
		return FloatValue(low), true
	case "max":
		return FloatValue(high), true
	case "sum":
		return FloatValue(sum), true
	case "avg":
		return FloatValue(sum / n), true
	}
	mean := sum / n
	return FloatValue(math.Sqrt(max(0, squares/n-float64(mean*mean)))), true
}
