package asl

import (
	"slices"
	"unicode/utf8"
)

type graphRole uint8

const (
	graphMachine graphRole = iota
	graphBranch
	graphProcessor
)

const maxStateName = 80

// link is a transition whose target is looked up once all states are known.
type link struct {
	name   string
	at     string
	target **state
	from   *state
}

// graphCompiler compiles one graph.
type graphCompiler struct {
	*compiler
	language string
	graph    *graph
	links    []link
	terminal bool // some state ends the graph
}

func (c *compiler) graph(n node, language string, role graphRole) *graph {
	if c.depth++; c.depth > maxGraphDepth {
		c.schema(n.at, "Nested deeper than %d", maxGraphDepth)
		return &graph{}
	}
	defer func() { c.depth-- }()
	if n.kind != Object {
		c.schema(n.at, "Expected value of type Object")
		return &graph{}
	}
	g := &graphCompiler{compiler: c, graph: &graph{}, language: language}
	c.only(n, func(name string) bool {
		switch name {
		case "Comment", "StartAt", "States":
			return true
		case "Version", "TimeoutSeconds", "QueryLanguage":
			return role == graphMachine
		case "ProcessorConfig":
			return role == graphProcessor
		}
		return false
	})
	if role == graphMachine {
		g.language = c.language(n, language)
		g.graph.timeout = c.integer(n, "TimeoutSeconds", 0, 1, maxSeconds)
	}
	if !c.require(n, "StartAt", "States") && !n.has("States") {
		return g.graph
	}
	g.states(n.get("States"))
	g.resolve(n)
	return g.graph
}

// language returns the language a machine or state declares.
func (c *compiler) language(n node, def string) string {
	f := n.get("QueryLanguage")
	if f.kind == Absent {
		return def
	}
	switch f.Value.text {
	case languageJSONata:
		c.add(CodeLanguageNotReady, f.at, "QueryLanguage JSONata is not supported yet: use JSONPath")
		return languageJSONata
	case languageJSONPath:
		if def == languageJSONata {
			c.schema(n.at, "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine")
		}
		return languageJSONPath
	}
	c.schema(f.at, "Value is not one of the allowed values: [JSONata, JSONPath]")
	return def
}

func (g *graphCompiler) states(n node) {
	if n.kind != Object || n.Len() == 0 {
		g.schema(n.at, "Value cannot be empty")
		return
	}
	for _, m := range n.Members() {
		at := n.at + "/" + m.Name
		if m.Value.kind != Object {
			g.schema(at, "Expected value of type Object")
			continue
		}
		if utf8.RuneCountInString(m.Name) > maxStateName {
			g.schema(at, "State name must not be longer than %d characters", maxStateName)
		}
		if g.names[m.Name] {
			g.add(CodeDuplicateState, at, "Duplicate State name: %s", m.Name)
		}
		g.names[m.Name] = true
		s := g.state(node{m.Value, at}, m.Name)
		g.graph.states = append(g.graph.states, s)
	}
}

// target notes a transition.
func (g *graphCompiler) target(from *state, n node, name string, to **state) {
	if text := g.text(n, name); n.has(name) {
		g.links = append(g.links, link{text, n.at + "/" + name, to, from})
	}
}

// resolve looks up the targets of all transitions, and finds the states that
// none leads to.
func (g *graphCompiler) resolve(n node) {
	byName := make(map[string]*state, len(g.graph.states))
	for _, s := range g.graph.states {
		byName[s.name] = s
	}
	start := g.text(n, "StartAt")
	if g.graph.start = byName[start]; g.graph.start == nil && n.has("StartAt") {
		g.add(CodeMissingTarget, n.at+"/StartAt", "Missing 'StartAt' target: %s", start)
	}
	for _, l := range g.links {
		if *l.target = byName[l.name]; *l.target == nil && g.alone && g.depth == 1 {
			*l.target = &state{name: l.name}
		} else if *l.target == nil {
			g.add(CodeMissingTarget, l.at, "Missing 'Next' target: %s", l.name)
		}
	}
	if g.alone && g.depth == 1 {
		return
	}
	if !g.terminal && len(g.graph.states) > 0 {
		g.add(CodeMissingEnd, "", "Workflow has no terminal state")
		return
	}
	g.unreachable(n)
}

func (g *graphCompiler) unreachable(n node) {
	if g.graph.start == nil {
		return
	}
	reached := map[*state]bool{g.graph.start: true}
	todo := []*state{g.graph.start}
	for len(todo) > 0 {
		s := todo[0]
		todo = todo[1:]
		for _, l := range g.links {
			if to := *l.target; l.from == s && to != nil && !reached[to] {
				reached[to] = true
				todo = append(todo, to)
			}
		}
	}
	for _, s := range g.graph.states {
		if !reached[s] {
			g.add(CodeMissingTarget, n.at+"/States/"+s.name, "State \"%s\" is not reachable.", s.name)
		}
	}
}

// fieldsOf lists the fields of each state type, beyond those all have; a mark
// after the name says which language knows them: p JSONPath, a JSONata.
func fieldsOf(kind string) []string {
	flow := []string{"Comment", "Type", "QueryLanguage", "InputPath:p", "OutputPath:p"}
	move := append(flow, "Next", "End", "Output:a", "Assign")
	work := append(move, "Parameters:p", "ResultSelector:p", "ResultPath:p", "Arguments:a", "Retry", "Catch")
	switch kind {
	case "Pass":
		return append(move, "Result:p", "ResultPath:p", "Parameters:p")
	case "Task":
		return append(work, "Resource", "TimeoutSeconds", "TimeoutSecondsPath:p", "HeartbeatSeconds", "HeartbeatSecondsPath:p", "Credentials")
	case "Choice":
		return append(flow, "Choices", "Default", "Output:a", "Assign")
	case "Wait":
		return append(move, "Seconds", "SecondsPath:p", "Timestamp", "TimestampPath:p")
	case "Succeed":
		return append(flow, "Output:a")
	case "Fail":
		return []string{"Comment", "Type", "QueryLanguage", "Error", "ErrorPath:p", "Cause", "CausePath:p"}
	case "Parallel":
		return append(work, "Branches")
	case "Map":
		return append(work, "ItemProcessor", "Iterator", "ItemsPath:p", "Items:a", "ItemSelector", "MaxConcurrency", "MaxConcurrencyPath:p",
			"ItemReader", "ItemBatcher", "ResultWriter", "Label", "ToleratedFailureCount", "ToleratedFailureCountPath:p",
			"ToleratedFailurePercentage", "ToleratedFailurePercentagePath:p")
	}
	return nil
}

// fields checks that a state has only fields of its type and language.
func (g *graphCompiler) fields(n node, kind, language string) {
	fields := fieldsOf(kind)
	g.only(n, func(name string) bool {
		return slices.Contains(fields, name) || slices.Contains(fields, name+":p") || slices.Contains(fields, name+":a")
	})
	mark, other := ":a", languageJSONata
	if language == languageJSONata {
		mark, other = ":p", languageJSONPath
	}
	for _, m := range n.Members() {
		if slices.Contains(fields, m.Name+mark) {
			g.schema(n.at, "The QueryLanguage is set to '%s', but field '%s' is only supported for the '%s' QueryLanguage", language, m.Name, other)
		}
	}
}
