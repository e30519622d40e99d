package asl

import (
	"fmt"
	"strconv"
)

// pathFlow is how data moves through a state in JSONPath.
type pathFlow struct {
	inputPath, outputPath pathField
	parameters            expr // nil: the input
	selector              expr // ResultSelector; nil: the result
	resultPath            *path
	discard               bool // ResultPath null: the result is dropped
}

// pathField is InputPath or OutputPath: a path, null, or not there.
type pathField struct {
	path  expr
	empty bool // null: {}
}

func (f pathField) apply(e *env, v Value) (Value, error) {
	switch {
	case f.empty:
		return ObjectValue(), nil
	case f.path == nil:
		return v, nil
	}
	return f.path.eval(e.with(v))
}

func (f pathFlow) input(e *env, raw Value) (Value, error) {
	v, err := f.inputPath.apply(e, raw)
	if err == nil {
		e.note("afterInputPath", v)
	}
	return v, err
}

func (f pathFlow) arguments(e *env) (Value, error) {
	v, err := e.input, error(nil)
	if f.parameters != nil {
		v, err = f.parameters.eval(e)
	}
	if err == nil {
		e.note("afterParameters", v)
	}
	return v, err
}

func (f pathFlow) result(e *env, result Value) (Value, error) {
	e.note("result", result)
	v, err := result, error(nil)
	if f.selector != nil {
		v, err = f.selector.eval(e.with(result))
	}
	if err == nil {
		e.note("afterResultSelector", v)
	}
	return v, err
}

func (f pathFlow) output(e *env, raw, result Value) (Value, error) {
	joined, err := f.join(raw, result)
	if err != nil {
		return Value{}, err
	}
	e.note("afterResultPath", joined)
	return f.outputPath.apply(e, joined)
}

// join applies ResultPath.
func (f pathFlow) join(raw, result Value) (Value, error) {
	switch {
	case f.discard:
		return raw, nil
	case f.resultPath == nil:
		return result, nil
	}
	return f.resultPath.insert(raw, result)
}

// insert returns v with the place that a reference path names set to to.
// Objects on the way are made where they are missing.
func (p *path) insert(v, to Value) (Value, error) {
	got, failed := insert(v, p.steps, to)
	if failed != nil {
		return Value{}, conflict(*failed, v)
	}
	return got, nil
}

// conflict is the fault of a reference path that does not fit a document.
func conflict(s step, v Value) *fault {
	name := s.name
	if s.kind == stepIndex {
		name = strconv.Itoa(s.index)
	}
	return &fault{name: ErrorReferencePath, cause: fmt.Sprintf("Unable to apply step \"%s\" to input %s", name, v.JSON())}
}

// last returns the last step, the zero step of a bare root.
func (p *path) last() step {
	if len(p.steps) == 0 {
		return step{name: p.text}
	}
	return p.steps[len(p.steps)-1]
}

// insert returns the step that could not be taken, nil when all could.
func insert(v Value, steps []step, to Value) (Value, *step) {
	if len(steps) == 0 {
		return to, nil
	}
	s := steps[0]
	if s.kind == stepIndex {
		if v.kind != Array || s.index < 0 || s.index >= v.Len() {
			return Value{}, &s
		}
		inner, failed := insert(v.Index(s.index), steps[1:], to)
		if failed != nil {
			return Value{}, failed
		}
		elems := append([]Value(nil), v.Elements()...)
		elems[s.index] = inner
		return ArrayValue(elems...), nil
	}
	switch v.kind {
	case Object, Absent, Null:
	default:
		return Value{}, &s
	}
	inner, failed := insert(v.Get(s.name), steps[1:], to)
	if failed != nil {
		return Value{}, failed
	}
	return v.With(s.name, inner), nil
}

func (f pathFlow) variables(yield func(string)) {
	for _, x := range []expr{f.inputPath.path, f.outputPath.path, f.parameters, f.selector} {
		if x != nil {
			x.variables(yield)
		}
	}
}

// flow compiles the fields that move data.
func (g *graphCompiler) flow(n node, s *state) flow {
	out := pathFlow{
		inputPath:  g.pathField(n, "InputPath"),
		outputPath: g.pathField(n, "OutputPath"),
		selector:   g.template(n, "ResultSelector"),
	}
	if s.kind != "Map" || !n.has("Iterator") && n.has("ItemSelector") {
		out.parameters = g.template(n, "Parameters")
	}
	out.resultPath, out.discard = g.resultPath(n)
	return out
}

func (g *graphCompiler) pathField(n node, name string) pathField {
	f := n.get(name)
	if f.kind == Null {
		return pathField{empty: true}
	}
	if f.kind == String && isIntrinsic(f.Value.text) {
		return pathField{path: g.pathOrCall(n, name)}
	}
	if p := g.path(n, name); p != nil {
		return pathField{path: pathExpr{path: p}}
	}
	return pathField{}
}

func (g *graphCompiler) resultPath(n node) (p *path, discard bool) {
	f := n.get("ResultPath")
	if f.kind == Null {
		return nil, true
	}
	if p = g.path(n, "ResultPath"); p != nil && !p.isReference() {
		g.schema(f.at, "Value is not a Reference Path")
		return nil, false
	}
	if p != nil && len(p.steps) == 0 {
		return nil, false
	}
	return p, false
}
