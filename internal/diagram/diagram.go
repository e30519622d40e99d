// Package diagram draws state machines: as SVG, laid out here in the manner of
// the service's console, or as the text of a Mermaid diagram; and colours them
// by what happened in an execution.
//
// It promises that every state and every transition of a valid definition is
// shown, that nothing overlaps, and that the same definition gives the same
// bytes. Reading journals, and whether a definition is valid, stay outside.
package diagram

import (
	"errors"
	"fmt"
	"strings"

	"github.com/coranto/coranto/asl"
)

// ErrDefinition is wrapped by errors about what cannot be drawn.
var ErrDefinition = errors.New("this is no state machine that can be drawn")

// maxStates bounds a drawing: beyond, nobody could look at it.
const maxStates = 2000

// Options of a drawing; the zero value works.
type Options struct {
	Title string
	Run   *Run // colours by what happened; nil: plain
}

// chart is a machine, or a branch, as it is drawn.
type chart struct {
	start string
	nodes []*node
	edges []*edge
	by    map[string]*node
	top   bool // it has circles for start and end
}

// node is a state, or one of the circles.
type node struct {
	name, kind string // kind is the state's Type; Start and End for the circles
	detail     string // what it calls, how long it waits
	inner      []*chart
	box
}

// box is where something is, in pixels from the left top of its chart.
type box struct{ x, y, w, h float64 }

// edge is a transition.
type edge struct {
	from, to *node
	label    string
	kind     string // next, choice, default, catch
	back     bool   // leads upwards, around on the right
	points   []point
	labelAt  *box
}

type point struct{ x, y float64 }

const (
	kindStart = "Start"
	kindEnd   = "End"
)

// read makes a chart of a definition.
func read(definition []byte) (*chart, error) {
	if _, err := asl.Parse(definition); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDefinition, err)
	}
	v, err := asl.ParseValue(definition)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDefinition, err)
	}
	left := maxStates
	c := readMachine(v, true, &left)
	if left < 0 {
		return nil, fmt.Errorf("%w: it has more than %d states", ErrDefinition, maxStates)
	}
	return c, nil
}

func readMachine(v asl.Value, top bool, left *int) *chart {
	c := &chart{start: v.Get("StartAt").String(), by: map[string]*node{}, top: top}
	states := v.Get("States").Members()
	if *left -= len(states); *left < 0 {
		return c
	}
	if top {
		c.add(&node{kind: kindStart, name: "Start"})
	}
	for _, m := range states {
		n := &node{name: m.Name, kind: m.Value.Get("Type").String()}
		n.detail = detail(n.kind, m.Value)
		for _, b := range m.Value.Get("Branches").Elements() {
			n.inner = append(n.inner, readMachine(b, false, left))
		}
		for _, field := range []string{"ItemProcessor", "Iterator"} {
			if sub, ok := m.Value.Lookup(field); ok {
				n.inner = append(n.inner, readMachine(sub, false, left))
			}
		}
		c.add(n)
		c.by[n.name] = n
	}
	if top {
		c.add(&node{kind: kindEnd, name: "End"})
	}
	for _, m := range states {
		c.transitions(c.by[m.Name], m.Value)
	}
	if top {
		c.join(c.nodes[0], c.by[c.start], "next", "")
	}
	return c
}

func (c *chart) add(n *node) { c.nodes = append(c.nodes, n) }

// end is the circle, nil where there is none.
func (c *chart) end() *node {
	if !c.top {
		return nil
	}
	return c.nodes[len(c.nodes)-1]
}

func (c *chart) transitions(n *node, v asl.Value) {
	text := func(of asl.Value) string {
		if of.Kind() != asl.String {
			return ""
		}
		return of.String()
	}
	for _, r := range v.Get("Choices").Elements() {
		c.join(n, c.by[text(r.Get("Next"))], "choice", ruleText(r))
	}
	c.join(n, c.by[text(v.Get("Default"))], "default", "default")
	c.join(n, c.by[text(v.Get("Next"))], "next", "")
	for _, r := range v.Get("Catch").Elements() {
		var names []string
		for _, e := range r.Get("ErrorEquals").Elements() {
			if e.String() == asl.ErrorAll {
				names = append(names, "any error")
			} else {
				names = append(names, e.String())
			}
		}
		c.join(n, c.by[text(r.Get("Next"))], "catch", clip("catch "+strings.Join(names, ", "), 40))
	}
	if v.Get("End").Bool() || n.kind == "Succeed" || n.kind == "Fail" {
		c.join(n, c.end(), "next", "")
	}
}

// join adds a transition, or its words to one of the same kind that is there.
func (c *chart) join(from, to *node, kind, label string) {
	if from == nil || to == nil {
		return
	}
	for _, e := range c.edges {
		if e.from == from && e.to == to && (e.kind == "catch") == (kind == "catch") {
			switch {
			case label == "" || e.label == "":
				e.label += label
			case len(e.label)+len(label) < 44:
				e.label += " or " + strings.TrimPrefix(label, "catch ")
			case !strings.HasSuffix(e.label, "…"):
				e.label += " or …"
			}
			return
		}
	}
	c.edges = append(c.edges, &edge{from: from, to: to, kind: kind, label: label})
}

// detail says in a few words what a state does.
func detail(kind string, v asl.Value) string {
	switch kind {
	case "Task":
		r := v.Get("Resource").String()
		if i := strings.LastIndex(r, ":::"); i >= 0 && strings.HasPrefix(r, "arn:") {
			r = r[i+3:]
		} else if strings.HasPrefix(r, "arn:") {
			r = r[strings.LastIndexByte(r, ':')+1:]
		}
		return r
	case "Map":
		if n, ok := v.Get("MaxConcurrency").Int(); ok && n > 0 {
			return fmt.Sprintf("%s, %d at once", shortPath(v.Get("ItemsPath")), n)
		}
		return shortPath(v.Get("ItemsPath"))
	case "Wait":
		for _, f := range []string{"Seconds", "SecondsPath", "Timestamp", "TimestampPath"} {
			if w, ok := v.Lookup(f); ok {
				switch f {
				case "Seconds":
					return w.String() + " s"
				case "Timestamp", "TimestampPath":
					return "until " + w.String()
				}
				return w.String() + " s"
			}
		}
	case "Fail":
		if e := v.Get("Error"); e.Kind() == asl.String {
			return e.String()
		}
	}
	return ""
}

func shortPath(v asl.Value) string {
	if v.Kind() == asl.String {
		return v.String()
	}
	return "$"
}

func clip(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n-1]) + "…"
}

// operators are how comparisons are written.
var operators = map[string]string{
	"Equals": "=", "LessThan": "<", "LessThanEquals": "≤", "GreaterThan": ">", "GreaterThanEquals": "≥", "Matches": "matches",
}

// ruleText writes a choice rule as people would.
func ruleText(r asl.Value) string { return clip(rule(r, 0), 44) }

func rule(r asl.Value, depth int) string {
	if depth > 4 {
		return "…"
	}
	many := func(list []asl.Value, word string) string {
		var parts []string
		for _, e := range list {
			parts = append(parts, rule(e, depth+1))
		}
		s := strings.Join(parts, " "+word+" ")
		if depth > 0 {
			s = "(" + s + ")"
		}
		return s
	}
	if v, ok := r.Lookup("And"); ok {
		return many(v.Elements(), "and")
	}
	if v, ok := r.Lookup("Or"); ok {
		return many(v.Elements(), "or")
	}
	if v, ok := r.Lookup("Not"); ok {
		return "not " + rule(v, depth+1)
	}
	variable := r.Get("Variable").String()
	for _, m := range r.Members() {
		name, value := m.Name, m.Value
		if what, ok := strings.CutPrefix(name, "Is"); ok {
			not := ""
			if !value.Bool() {
				not = "not "
			}
			return variable + " is " + not + strings.ToLower(what)
		}
		name = strings.TrimSuffix(name, "Path")
		for _, kind := range []string{"String", "Numeric", "Boolean", "Timestamp"} {
			op, ok := strings.CutPrefix(name, kind)
			if !ok || operators[op] == "" {
				continue
			}
			text := string(value.JSON())
			if value.Kind() == asl.String && (kind == "Timestamp" || strings.HasSuffix(m.Name, "Path")) {
				text = value.String()
			}
			return variable + " " + operators[op] + " " + text
		}
	}
	return variable
}

// Line is a state in an Outline.
type Line struct {
	Name  string
	Kind  string // its Type
	Depth int    // in how many Maps and Parallels it stands
}

// Outline lists the states as they are written, those within another after it.
func Outline(definition []byte) []Line {
	c, err := read(definition)
	if err != nil {
		return nil
	}
	var out []Line
	var walk func(c *chart, depth int)
	walk = func(c *chart, depth int) {
		for _, n := range c.nodes {
			if n.kind == kindStart || n.kind == kindEnd {
				continue
			}
			out = append(out, Line{n.name, n.kind, depth})
			for _, in := range n.inner {
				walk(in, depth+1)
			}
		}
	}
	walk(c, 0)
	return out
}
