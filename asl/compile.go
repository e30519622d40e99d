package asl

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// The query languages.
const (
	languageJSONPath = "JSONPath"
	languageJSONata  = "JSONata"
)

// compiler turns a definition into graphs and notes what is wrong with it. It
// goes on after a fault, to find them all.
type compiler struct {
	options     ParseOptions
	diagnostics []Diagnostic
	root        *graph
	resources   []string
	names       map[string]bool // of all states: they must differ
	alone       bool            // a single state: its targets are elsewhere
	depth       int
}

// maxGraphDepth bounds how deep Map and Parallel may nest.
const maxGraphDepth = 100

func compile(definition []byte, o ParseOptions) *compiler {
	c := &compiler{options: o, names: map[string]bool{}}
	c.definition(definition)
	return c
}

func (c *compiler) definition(definition []byte) {
	if len(definition) > MaxDefinitionBytes {
		c.add(CodeInvalidJSON, "", "The definition is longer than %d bytes", MaxDefinitionBytes)
		return
	}
	def, err := ParseValue(definition)
	switch {
	case err != nil:
		c.add(CodeInvalidJSON, "", "%v", err)
	case def.kind != Object:
		c.add(CodeInvalidJSON, "", "The definition must be an object")
	default:
		c.root = c.graph(node{def, ""}, languageJSONPath, graphMachine)
	}
}

func (c *compiler) add(code, location, format string, args ...any) {
	c.diagnostics = append(c.diagnostics, Diagnostic{SeverityError, code, fmt.Sprintf(format, args...), location})
}

func (c *compiler) schema(location, format string, args ...any) {
	if location == "" {
		location = "/"
	}
	c.add(CodeSchema, location, format, args...)
}

// node is a part of the definition and its place.
type node struct {
	Value
	at string
}

func (n node) get(name string) node { return node{n.Get(name), n.at + "/" + name} }

func (n node) index(i int) node { return node{n.Index(i), n.at + "[" + strconv.Itoa(i) + "]"} }

func (n node) has(name string) bool {
	_, ok := n.Lookup(name)
	return ok
}

// text returns the string in a field, "" when it is missing or no string.
func (c *compiler) text(n node, name string) string {
	f := n.get(name)
	switch f.kind {
	case Absent:
		return ""
	case String:
		return f.Value.text
	}
	c.schema(f.at, "Expected value of type String")
	return ""
}

// integer returns the whole number in a field, def when it is missing.
func (c *compiler) integer(n node, name string, def, low, high int) int {
	f := n.get(name)
	if f.kind == Absent {
		return def
	}
	i, ok := f.Int()
	switch {
	case !ok:
		c.schema(f.at, "Expected value of type Integer")
	case i < int64(low) || i > int64(high):
		c.schema(f.at, "Value must be between %d and %d", low, high)
	default:
		return int(i)
	}
	return def
}

const maxSeconds = 99_999_999

func (c *compiler) number(n node, name string, def, low float64) float64 {
	f := n.get(name)
	if f.kind == Absent {
		return def
	}
	v := f.Number()
	if f.kind != Number || v < low || math.IsInf(v, 0) {
		c.schema(f.at, "Value must be a number not less than %g", low)
		return def
	}
	return v
}

// require notes the fields that are missing.
func (c *compiler) require(n node, names ...string) bool {
	var missing []string
	for _, name := range names {
		if !n.has(name) {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		c.schema(n.at, "These fields are required: [%s]", strings.Join(missing, ", "))
	}
	return len(missing) == 0
}

// only notes the fields that do not belong here.
func (c *compiler) only(n node, allowed func(name string) bool) {
	for _, m := range n.Members() {
		if !allowed(m.Name) {
			at := n.at
			c.schema(at, "Field '%s' is not supported", m.Name)
		}
	}
}

// exclusive notes fields of which only one may be there, and reports whether
// one is.
func (c *compiler) exclusive(n node, names ...string) bool {
	found := 0
	for _, name := range names {
		if n.has(name) {
			found++
		}
	}
	if found > 1 {
		c.schema(n.at, "Only one of these fields is allowed: [%s]", strings.Join(names, ", "))
	}
	return found > 0
}

// path compiles the path in a field, nil when there is none. The words are
// those of the fault when it leads nowhere.
func (c *compiler) path(n node, name string) *path {
	f := n.get(name)
	if f.kind == Absent {
		return nil
	}
	if f.kind == String {
		p, err := parsePath(f.Value.text)
		if err == nil {
			return p
		}
	}
	c.schema(f.at, "Value is not a valid JSONPath")
	return nil
}

// pathOrCall compiles a field that takes a path or an intrinsic function.
func (c *compiler) pathOrCall(n node, name string) expr {
	f := n.get(name)
	if f.kind == Absent {
		return nil
	}
	if f.kind == String {
		if x, err := parsePathOrCall(f.Value.text, name); err == nil {
			return x
		}
	}
	c.schema(f.at, "The value for the field '%s' must be a valid JSONPath or a valid intrinsic function call", name)
	return nil
}

// template compiles the payload template in a field, nil when there is none.
func (c *compiler) template(n node, name string) expr {
	f := n.get(name)
	if f.kind == Absent {
		return nil
	}
	return compileTemplate(f.Value, func(member string) {
		c.schema(f.at, "The value for the field '%s' must be a valid JSONPath or a valid intrinsic function call", member)
	})
}
