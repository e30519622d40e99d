// Package lint finds in a valid state machine what the service's validation
// does not look for: paths that cannot exist, a Map that would run unbounded
// against one host, Resources that nobody answers to.
//
// It warns only of what is certain: of data whose shape is not known, any path
// may exist. Whether a definition is valid at all is asl's to say; what the
// tasks are called and return is the caller's.
package lint

import (
	"encoding/json"
	"fmt"
	"sort"
	"strings"

	"github.com/coranto/coranto/asl"
)

// The codes of the warnings.
const (
	CodePath     = "PATH_CANNOT_EXIST"
	CodeMap      = "MAP_UNBOUNDED"
	CodeResource = "RESOURCE_UNKNOWN"
)

// Options tell what is known of the tasks; the zero value knows nothing.
type Options struct {
	Known   func(resource string) bool  // nil: any is
	Remote  func(resource string) bool  // it asks other hosts; nil: any does
	Outputs func(resource string) Shape // nil: Any
	Input   Shape                       // of the execution
}

// Check returns the warnings, by location. Of a definition that asl refuses it
// returns none.
func Check(definition []byte, o Options) []asl.Diagnostic {
	if _, err := asl.Parse(definition); err != nil {
		return nil
	}
	var m machine
	if err := json.Unmarshal(definition, &m); err != nil {
		return nil
	}
	l := &linter{o: o, seen: map[asl.Diagnostic]bool{}}
	l.machine(m, "", o.Input, false)
	sort.SliceStable(l.found, func(i, j int) bool { return l.found[i].Location < l.found[j].Location })
	return l.found
}

type machine struct {
	StartAt string
	States  map[string]*state
}

// state is a state as far as data goes through it.
type state struct {
	Type, Resource, Next, Default                  string
	InputPath, OutputPath, ResultPath              path
	Parameters, ResultSelector, ItemSelector       json.RawMessage
	Arguments, Result                              json.RawMessage
	ItemsPath                                      *string
	MaxConcurrency                                 *json.Number
	MaxConcurrencyPath, SecondsPath, TimestampPath *string
	TimeoutSecondsPath, HeartbeatSecondsPath       *string
	ErrorPath, CausePath                           *string
	ToleratedFailureCountPath                      *string
	ToleratedFailurePercentagePath                 *string
	Choices                                        []json.RawMessage
	Catch                                          []catcher
	Branches                                       []machine
	Iterator, ItemProcessor                        *machine
	ItemReader, ItemBatcher                        json.RawMessage
	Assign                                         json.RawMessage
}

type catcher struct {
	Next       string
	ResultPath path
}

// path is a JSONPath that may be null, or not there.
type path struct {
	set, null bool
	text      string
}

func (p *path) UnmarshalJSON(b []byte) error {
	p.set = true
	if string(b) == "null" {
		p.null = true
		return nil
	}
	return json.Unmarshal(b, &p.text)
}

func (p path) or(text string) string {
	if p.set {
		return p.text
	}
	return text
}

type linter struct {
	o     Options
	found []asl.Diagnostic
	seen  map[asl.Diagnostic]bool
}

func (l *linter) warn(code, at, format string, args ...any) {
	d := asl.Diagnostic{Severity: asl.SeverityWarning, Code: code, Location: at, Message: fmt.Sprintf(format, args...)}
	if !l.seen[d] {
		l.seen[d] = true
		l.found = append(l.found, d)
	}
}

// rounds bounds how often a state is looked at until what may reach it counts
// as anything.
const rounds = 8

// machine follows the data from the start to all states it can reach, until
// nothing new is learnt, and then looks at each path once.
func (l *linter) machine(m machine, at string, in Shape, inMap bool) {
	inputs := map[string]Shape{m.StartAt: in}
	visits := map[string]int{}
	queue := []string{m.StartAt}
	for len(queue) > 0 {
		name := queue[0]
		queue = queue[1:]
		s := m.States[name]
		if s == nil {
			continue
		}
		visits[name]++
		for next, shape := range l.through(s, inputs[name]) {
			old, was := inputs[next]
			joined := shape
			if was {
				joined = join(old, shape)
			}
			if visits[next] >= rounds {
				joined = Any()
			}
			if !was || !old.equal(joined) {
				inputs[next] = joined
				queue = append(queue, next)
			}
		}
	}
	for name, s := range m.States {
		if shape, ok := inputs[name]; ok {
			l.state(s, at+"/States/"+name, shape, inMap)
		}
	}
}

// through says what leaves a state by which transition.
func (l *linter) through(s *state, raw Shape) map[string]Shape {
	out := map[string]Shape{}
	to := func(next string, v Shape) {
		if next == "" {
			return
		}
		if old, ok := out[next]; ok {
			v = join(old, v)
		}
		out[next] = v
	}
	result := l.output(s, raw)
	to(s.Next, result)
	to(s.Default, result)
	for _, c := range s.Choices {
		var next struct{ Next string }
		_ = json.Unmarshal(c, &next)
		to(next.Next, result)
	}
	failure := object(map[string]Shape{"Error": scalar, "Cause": scalar})
	for _, c := range s.Catch {
		if c.ResultPath.null {
			to(c.Next, raw)
		} else {
			to(c.Next, raw.with(c.ResultPath.or("$"), failure))
		}
	}
	return out
}

// effective is the input after InputPath.
func effective(s *state, raw Shape) Shape {
	if s.InputPath.null {
		return object(nil)
	}
	v, _ := raw.at(s.InputPath.or("$"))
	return v
}

// output is what a state hands on.
func (l *linter) output(s *state, raw Shape) Shape {
	in := effective(s, raw)
	given := in
	if s.Parameters != nil && s.Type != "Map" {
		given = template(s.Parameters, in)
	}
	result := Any()
	switch s.Type {
	case "Pass":
		result = given
		if s.Result != nil {
			result = literal(s.Result)
		}
	case "Task":
		if l.o.Outputs != nil {
			result = l.o.Outputs(s.Resource)
		}
	case "Map", "Parallel":
		result = array(Any())
	default:
		result = in
	}
	if s.ResultSelector != nil {
		result = template(s.ResultSelector, result)
	}
	switch {
	case s.Type == "Choice" || s.Type == "Wait" || s.Type == "Succeed":
	case s.ResultPath.null:
		result = raw
	default:
		result = raw.with(s.ResultPath.or("$"), result)
	}
	if s.OutputPath.null {
		return object(nil)
	}
	v, _ := result.at(s.OutputPath.or("$"))
	return v
}

// state looks at every path of a state whose input is known.
func (l *linter) state(s *state, at string, raw Shape, inMap bool) {
	check := func(field, text string, of Shape) {
		if text == "" {
			return
		}
		if strings.HasPrefix(text, "$$") {
			if strings.HasPrefix(text, "$$.Map") && !inMap {
				l.warn(CodePath, at+"/"+field, "%s exists inside of a Map only", text)
			}
			return
		}
		if strings.HasPrefix(text, "$") && len(text) > 1 && text[1] != '.' && text[1] != '[' {
			return // a variable
		}
		if _, missing := of.at(text); missing != "" {
			l.warn(CodePath, at+"/"+field, "%s cannot exist: %s", text, missing)
		}
	}
	opt := func(field string, text *string, of Shape) {
		if text != nil {
			check(field, *text, of)
		}
	}
	if !s.InputPath.null {
		check("InputPath", s.InputPath.or(""), raw)
	}
	in := effective(s, raw)
	for _, t := range []struct {
		field string
		raw   json.RawMessage
	}{{"Parameters", s.Parameters}, {"ItemSelector", s.ItemSelector}} {
		inside := inMap || s.Type == "Map"
		paths(t.raw, func(text string) {
			if strings.HasPrefix(text, "$$.Map") && inside {
				return
			}
			check(t.field, text, in)
		})
	}
	given := in
	if s.Parameters != nil && s.Type != "Map" {
		given = template(s.Parameters, in)
	}
	opt("ItemsPath", s.ItemsPath, in)
	opt("MaxConcurrencyPath", s.MaxConcurrencyPath, in)
	opt("ErrorPath", s.ErrorPath, in)
	opt("CausePath", s.CausePath, in)
	opt("SecondsPath", s.SecondsPath, in)
	opt("TimestampPath", s.TimestampPath, in)
	opt("TimeoutSecondsPath", s.TimeoutSecondsPath, given)
	opt("HeartbeatSecondsPath", s.HeartbeatSecondsPath, given)
	opt("ToleratedFailureCountPath", s.ToleratedFailureCountPath, in)
	opt("ToleratedFailurePercentagePath", s.ToleratedFailurePercentagePath, in)
	for i, c := range s.Choices {
		l.choice(c, fmt.Sprintf("Choices[%d]", i), false, func(field, text string) { check(field, text, in) })
	}
	if s.ResultSelector != nil && s.Type == "Task" && l.o.Outputs != nil {
		paths(s.ResultSelector, func(text string) { check("ResultSelector", text, l.o.Outputs(s.Resource)) })
	}
	l.inside(s, at, in, given, inMap)
}

// inside looks at the machines within a state, and at what it calls.
func (l *linter) inside(s *state, at string, in, given Shape, inMap bool) {
	switch s.Type {
	case "Task":
		if l.o.Known != nil && !l.o.Known(s.Resource) {
			why := "nothing here answers to it"
			switch {
			case strings.Contains(s.Resource, "${"):
				why = "its variable has no value here"
			case strings.HasPrefix(s.Resource, "task:"):
				why = "tasks: in coranto.yaml does not define it"
			}
			l.warn(CodeResource, at+"/Resource", "%s: %s", s.Resource, why)
		}
	case "Parallel":
		for i, b := range s.Branches {
			l.machine(b, fmt.Sprintf("%s/Branches[%d]", at, i), given, inMap)
		}
	case "Map":
		field, sub := "ItemProcessor", s.ItemProcessor
		if sub == nil {
			field, sub = "Iterator", s.Iterator
		}
		if sub == nil {
			return
		}
		item := Any()
		if list, missing := in.at(deref(s.ItemsPath, "$")); missing == "" && s.ItemReader == nil {
			item = list.elem()
		}
		if selector := firstOf(s.ItemSelector, s.Parameters); selector != nil {
			item = template(selector, in)
		}
		if s.ItemBatcher != nil {
			item = Any()
		}
		if s.MaxConcurrencyPath == nil && (s.MaxConcurrency == nil || s.MaxConcurrency.String() == "0") {
			if r := l.remote(*sub); r != "" {
				l.warn(CodeMap, at, "every item at once calls %s, and all may be of one host: set MaxConcurrency", r)
			}
		}
		l.machine(*sub, at+"/"+field, item, true)
	}
}

func deref(s *string, or string) string {
	if s != nil {
		return *s
	}
	return or
}

func firstOf(list ...json.RawMessage) json.RawMessage {
	for _, v := range list {
		if v != nil {
			return v
		}
	}
	return nil
}

// remote finds a Resource in a machine that asks other hosts, in Maps of its own
// that are bounded too: the items of the outer one are not.
func (l *linter) remote(m machine) string {
	names := make([]string, 0, len(m.States))
	for n := range m.States {
		names = append(names, n)
	}
	sort.Strings(names)
	for _, n := range names {
		s := m.States[n]
		if s.Type == "Task" && (l.o.Remote == nil || l.o.Remote(s.Resource)) {
			return s.Resource
		}
		subs := append([]machine(nil), s.Branches...)
		for _, sub := range []*machine{s.Iterator, s.ItemProcessor} {
			if sub != nil {
				subs = append(subs, *sub)
			}
		}
		for _, sub := range subs {
			if r := l.remote(sub); r != "" {
				return r
			}
		}
	}
	return ""
}

// choice looks at the paths of a rule. Where it asks itself whether something
// is there, nothing is said of its paths.
func (l *linter) choice(raw json.RawMessage, field string, guarded bool, check func(field, text string)) {
	var rule map[string]json.RawMessage
	if json.Unmarshal(raw, &rule) != nil || guarded || strings.Contains(string(raw), `"IsPresent"`) {
		return
	}
	for name, v := range rule {
		var text string
		switch {
		case name == "Variable" || strings.HasSuffix(name, "Path"):
			if json.Unmarshal(v, &text) == nil {
				check(field+"/"+name, text)
			}
		case name == "Not":
			l.choice(v, field+"/Not", false, check)
		case name == "And" || name == "Or":
			var list []json.RawMessage
			_ = json.Unmarshal(v, &list)
			for i, r := range list {
				l.choice(r, fmt.Sprintf("%s/%s[%d]", field, name, i), false, check)
			}
		}
	}
}
