package asl

import "math/rand/v2"

// A query language says how values are written in a definition and how data
// moves through a state. JSONPath is the one there is; a second one implements
// expr and flow, and is chosen where a state is compiled (see compiler.flow
// and compiler.template). Nothing in the execution knows which one it runs.

// expr computes a value. Its error is a *fault.
type expr interface {
	eval(e *env) (Value, error)
	// variables calls yield with the name of each variable that the expression reads.
	variables(yield func(name string))
}

// flow moves data through a state: from its input to what its work is given,
// and from the work's result to its output. Errors are *fault.
type flow interface {
	// input returns what the state works on before its template is applied.
	input(e *env, raw Value) (Value, error)
	// arguments returns what the work is given, e.input being the state's input.
	arguments(e *env) (Value, error)
	// result shapes what the work returned.
	result(e *env, result Value) (Value, error)
	// output joins the shaped result with the raw input into the state's output.
	output(e *env, raw, result Value) (Value, error)
	variables(yield func(name string))
}

// env is what an expression sees.
type env struct {
	input   Value // $
	context func() Value
	scope   *scope
	random  *rand.Rand
	trace   func(stage string, v Value) // told what each stage makes of the data; may be nil
}

func (e *env) note(stage string, v Value) {
	if e.trace != nil {
		e.trace(stage, v)
	}
}

// root implements roots.
func (e *env) root(kind rootKind, variable string) (Value, bool) {
	switch kind {
	case rootContext:
		return e.context(), true
	case rootVariable:
		return e.scope.lookup(variable)
	}
	return e.input, true
}

// with returns the environment where $ is input.
func (e *env) with(input Value) *env {
	out := *e
	out.input = input
	return &out
}

// scope holds the variables that a branch assigned; those of the scopes around
// it can be read but not changed.
type scope struct {
	outer *scope
	vars  Value
}

func (s *scope) lookup(name string) (Value, bool) {
	for ; s != nil; s = s.outer {
		if v, ok := s.vars.Lookup(name); ok {
			return v, true
		}
	}
	return Value{}, false
}

// assign sets the members of an object as variables.
func (s *scope) assign(vars Value) {
	old := s.vars.Members()
	members := make([]Member, 0, len(old)+vars.Len())
	members = append(members, old...)
	s.vars = ObjectValue(append(members, vars.Members()...)...)
}

// literal is an expr that is always the same.
type literal struct{ value Value }

func (l literal) eval(*env) (Value, error) { return l.value, nil }
func (l literal) variables(func(string))   {}
