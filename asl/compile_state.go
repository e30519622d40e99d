package asl

import "strings"

// state compiles one state. What it does is compiled in the file of its type.
func (g *graphCompiler) state(n node, name string) *state {
	s := &state{name: name, work: passWork{}, flow: pathFlow{}}
	if !g.require(n, "Type") {
		g.terminal = true // do not blame it twice
		return s
	}
	s.kind = g.text(n, "Type")
	language := g.language
	if n.has("QueryLanguage") {
		language = g.compiler.language(n, g.language)
	}
	if fieldsOf(s.kind) == nil {
		g.schema(n.at+"/Type", "Value is not one of the allowed values: [Choice, Fail, Map, Parallel, Pass, Succeed, Task, Wait]")
		g.terminal = true
		return s
	}
	g.fields(n, s.kind, language)
	g.transition(n, s)
	if language == languageJSONata {
		g.foreign(n, s)
		return s
	}
	s.flow = g.flow(n, s)
	s.assign = g.assign(n)
	g.errors(n, s)
	switch s.kind {
	case "Pass":
		s.work = g.pass(n)
	case "Task":
		s.work = g.task(n)
	case "Choice":
		s.work = g.choice(n, s)
	case "Wait":
		s.work = g.wait(n)
	case "Succeed":
		s.work = succeedWork{}
	case "Fail":
		s.work = g.failure(n)
	case "Parallel":
		s.work = g.parallel(n)
	case "Map":
		s.work = g.mapping(n)
	}
	return s
}

// foreign compiles what is the same in a language that cannot be run yet: the
// transitions, and the graphs inside.
func (g *graphCompiler) foreign(n node, s *state) {
	g.errors(n, s)
	switch s.kind {
	case "Choice":
		for i := range n.get("Choices").Elements() {
			g.target(s, n.get("Choices").index(i), "Next", new(*state))
		}
		g.target(s, n, "Default", new(*state))
	case "Parallel":
		s.work = g.parallel(n)
	case "Map":
		s.work = &mapWork{processor: g.processor(n)}
	case "Task":
		g.integration(n)
		g.credentials(n)
	}
}

// transition compiles Next and End.
func (g *graphCompiler) transition(n node, s *state) {
	switch s.kind {
	case "Choice":
		return
	case "Succeed", "Fail":
		g.terminal = true
		return
	}
	end := n.get("End")
	if end.kind != Absent && end.kind != Bool {
		g.schema(end.at, "Expected value of type Boolean")
	}
	switch {
	case n.has("Next") && end.Bool():
		g.schema(n.at, "Only one of these fields is allowed: [Next, End]")
	case end.Bool():
		g.terminal = true
	case !n.has("Next"):
		g.schema(n.at, "One of these fields is required: [Next, End]")
		g.terminal = true
	}
	g.target(s, n, "Next", &s.next)
}

// assign compiles the variables that a state, a Choice rule or a Catch sets.
func (g *graphCompiler) assign(n node) expr {
	f := n.get("Assign")
	if f.kind == Absent {
		return nil
	}
	if f.kind != Object {
		g.schema(f.at, "Expected value of type Object")
		return nil
	}
	for _, m := range f.Members() {
		name := strings.TrimSuffix(m.Name, ".$")
		if p := (&pathParser{text: name}); p.identifier() != name || name == "" || name == "states" || len(name) > maxStateName {
			g.schema(f.at, "Invalid variable name: %s", name)
		}
	}
	return g.template(n, "Assign")
}
