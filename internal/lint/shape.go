package lint

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Shape is what is known of a JSON value: nothing (Any), that it is an object
// with no other members than those listed, an array, or neither.
type Shape struct {
	kind   kind
	fields map[string]Shape
	item   *Shape
}

type kind uint8

const (
	isAny kind = iota
	isObject
	isArray
	isScalar
)

var scalar = Shape{kind: isScalar}

// Any is the shape of anything.
func Any() Shape { return Shape{} }

func object(fields map[string]Shape) Shape { return Shape{kind: isObject, fields: fields} }
func array(item Shape) Shape               { return Shape{kind: isArray, item: &item} }

func (s Shape) elem() Shape {
	if s.kind == isArray {
		return *s.item
	}
	return Any()
}

func (s Shape) equal(t Shape) bool {
	if s.kind != t.kind || len(s.fields) != len(t.fields) {
		return false
	}
	for n, v := range s.fields {
		if w, ok := t.fields[n]; !ok || !v.equal(w) {
			return false
		}
	}
	return s.kind != isArray || s.item.equal(*t.item)
}

// join is what is known of a value that has the one shape or the other: a member
// of either may be there.
func join(s, t Shape) Shape {
	switch {
	case s.kind != t.kind:
		return Any()
	case s.kind == isArray:
		return array(join(*s.item, *t.item))
	case s.kind != isObject:
		return s
	}
	fields := map[string]Shape{}
	for n, v := range s.fields {
		fields[n] = v
	}
	for n, v := range t.fields {
		if w, ok := fields[n]; ok {
			v = join(v, w)
		}
		fields[n] = v
	}
	return object(fields)
}

// at follows a path as far as it is a plain one. missing says why it cannot
// exist; empty: it may.
func (s Shape) at(text string) (v Shape, missing string) {
	steps, plain := split(text)
	v = s
	for _, step := range steps {
		if v.kind == isAny {
			return Any(), ""
		}
		if step.index {
			if v.kind != isArray {
				return Any(), "there is no array to take " + step.name + " of"
			}
			v = *v.item
			continue
		}
		if v.kind != isObject {
			return Any(), fmt.Sprintf("%q is looked for in what is no object", step.name)
		}
		next, ok := v.fields[step.name]
		if !ok {
			return Any(), v.others(step.name)
		}
		v = next
	}
	if !plain {
		return Any(), ""
	}
	return v, ""
}

// others words that an object has no such member.
func (s Shape) others(name string) string {
	if len(s.fields) == 0 {
		return "the object there is empty"
	}
	var names []string
	for n := range s.fields {
		names = append(names, n)
	}
	slices.Sort(names)
	return fmt.Sprintf("there is no %q, only %s", name, strings.Join(names, ", "))
}

// with is the shape after a result was put at a reference path.
func (s Shape) with(text string, v Shape) Shape {
	steps, plain := split(text)
	if !plain {
		return Any()
	}
	return s.put(steps, v)
}

func (s Shape) put(steps []step, v Shape) Shape {
	if len(steps) == 0 {
		return v
	}
	if s.kind == isAny || steps[0].index {
		return Any()
	}
	fields := map[string]Shape{}
	for n, f := range s.fields {
		fields[n] = f
	}
	inner, ok := fields[steps[0].name]
	if !ok {
		inner = object(nil)
	}
	fields[steps[0].name] = inner.put(steps[1:], v)
	return object(fields)
}

type step struct {
	name  string
	index bool
}

// split takes a path apart up to the first step that is no plain one; plain says
// that there is none.
func split(text string) (steps []step, plain bool) {
	rest, ok := strings.CutPrefix(text, "$")
	if !ok {
		return nil, false
	}
	for rest != "" {
		switch {
		case strings.HasPrefix(rest, "..") || strings.HasPrefix(rest, ".*") || strings.HasPrefix(rest, ".["):
			return steps, false
		case rest[0] == '.':
			end := strings.IndexAny(rest[1:], ".[")
			if end < 0 {
				end = len(rest) - 1
			}
			name := rest[1 : 1+end]
			if name == "" || strings.ContainsAny(name, "()* ?@") {
				return steps, false
			}
			steps, rest = append(steps, step{name: name}), rest[1+end:]
		case rest[0] == '[':
			end := strings.IndexByte(rest, ']')
			if end < 0 {
				return steps, false
			}
			in := rest[1:end]
			if n := len(in); n >= 2 && (in[0] == '\'' || in[0] == '"') && in[n-1] == in[0] && !strings.ContainsAny(in[1:n-1], `'"\,`) {
				steps = append(steps, step{name: in[1 : n-1]})
			} else if _, err := strconv.Atoi(in); err == nil {
				steps = append(steps, step{name: in, index: true})
			} else {
				return steps, false
			}
			rest = rest[end+1:]
		default:
			return steps, false
		}
	}
	return steps, true
}

// literal is the shape of JSON as it stands.
func literal(raw json.RawMessage) Shape {
	var v any
	if json.Unmarshal(raw, &v) != nil {
		return Any()
	}
	return shapeOf(v)
}

func shapeOf(v any) Shape {
	switch v := v.(type) {
	case map[string]any:
		fields := map[string]Shape{}
		for n, e := range v {
			fields[n] = shapeOf(e)
		}
		return object(fields)
	case []any:
		if len(v) == 0 {
			return array(Any())
		}
		item := shapeOf(v[0])
		for _, e := range v[1:] {
			item = join(item, shapeOf(e))
		}
		return array(item)
	case nil:
		return Any() // may be anything in another run
	}
	return scalar
}

// template is the shape of a payload template.
func template(raw json.RawMessage, in Shape) Shape {
	var m map[string]json.RawMessage
	if json.Unmarshal(raw, &m) != nil || m == nil {
		return literal(raw)
	}
	fields := map[string]Shape{}
	for name, v := range m {
		plain, dynamic := strings.CutSuffix(name, ".$")
		if !dynamic {
			fields[name] = template(v, in)
			continue
		}
		fields[plain] = Any()
		var text string
		if json.Unmarshal(v, &text) == nil && (text == "$" || strings.HasPrefix(text, "$.") || strings.HasPrefix(text, "$[")) {
			fields[plain], _ = in.at(text)
		}
	}
	return object(fields)
}

// paths finds every path in a payload template, in intrinsic functions too.
func paths(raw json.RawMessage, do func(text string)) {
	var v any
	if json.Unmarshal(raw, &v) != nil {
		return
	}
	var look func(v any)
	look = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				look(e)
			}
		case map[string]any:
			for name, e := range v {
				text, ok := e.(string)
				if !strings.HasSuffix(name, ".$") || !ok {
					look(e)
				} else if strings.HasPrefix(text, "$") {
					do(text)
				} else {
					arguments(text, do)
				}
			}
		}
	}
	look(v)
}

// arguments finds the paths among the arguments of an intrinsic function.
func arguments(text string, do func(string)) {
	quoted, depth, start := false, 0, -1
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '\\':
			i++
		case c == '\'' && depth == 0:
			quoted = !quoted
		case quoted:
		case c == '[' && start >= 0:
			depth++
		case c == ']' && start >= 0:
			depth--
		case c == '$' && start < 0:
			start = i
		case start >= 0 && depth == 0 && (c == ',' || c == ')' || c == ' '):
			do(text[start:i])
			start = -1
		}
	}
}

// Of is the shape of what encoding/json makes of a Go type.
func Of[T any]() Shape { return ofType(reflect.TypeFor[T](), 0) }

var (
	marshaler  = reflect.TypeFor[json.Marshaler]()
	rawMessage = reflect.TypeFor[json.RawMessage]()
)

func ofType(t reflect.Type, depth int) Shape {
	if depth > 6 || t == rawMessage || t.Kind() != reflect.Pointer && (t.Implements(marshaler) || reflect.PointerTo(t).Implements(marshaler)) {
		return Any()
	}
	switch t.Kind() {
	case reflect.Pointer:
		return ofType(t.Elem(), depth+1)
	case reflect.Slice, reflect.Array:
		if t.Elem().Kind() == reflect.Uint8 {
			return scalar
		}
		return array(ofType(t.Elem(), depth+1))
	case reflect.Struct:
		fields := map[string]Shape{}
		for i := range t.NumField() {
			f := t.Field(i)
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			switch {
			case name == "-" || !f.IsExported() && !f.Anonymous:
			case f.Anonymous && name == "":
				inner := ofType(f.Type, depth+1)
				if inner.kind != isObject {
					return Any()
				}
				for n, v := range inner.fields {
					fields[n] = v
				}
			default:
				if name == "" {
					name = f.Name
				}
				fields[name] = ofType(f.Type, depth+1)
			}
		}
		return object(fields)
	case reflect.Map, reflect.Interface:
		return Any()
	}
	return scalar
}
