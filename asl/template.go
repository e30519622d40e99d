package asl

import "strings"

// pathExpr is a path in a field that takes one. The field decides the words of
// the fault when the path leads nowhere.
type pathExpr struct {
	path  *path
	field string // "" for the words that InputPath and OutputPath have
}

func (p pathExpr) eval(e *env) (Value, error) {
	v, ok := p.path.read(e)
	switch {
	case ok:
		return v, nil
	case p.field == "":
		return Value{}, runtimeFault("Invalid path '%s' : No results for path: %s", p.path.text, p.path.normal())
	}
	return Value{}, runtimeFault("The JSONPath '%s' specified for the field '%s' could not be found in the input '%s'", p.path.text, p.field, rootOf(e, p.path))
}

func (p pathExpr) variables(yield func(string)) { p.path.variables(yield) }

// variables calls yield with the variables that the path reads.
func (p *path) variables(yield func(string)) {
	if p.root == rootVariable {
		yield(p.variable)
	}
	for _, s := range p.steps {
		if s.filter != nil {
			filterVariables(s.filter, yield)
		}
		for _, a := range s.args {
			a.variables(yield)
		}
	}
}

func filterVariables(f filter, yield func(string)) {
	switch f := f.(type) {
	case filterOr:
		for _, g := range f {
			filterVariables(g, yield)
		}
	case filterAnd:
		for _, g := range f {
			filterVariables(g, yield)
		}
	case filterNot:
		filterVariables(f.filter, yield)
	case filterExists:
		f.path.variables(yield)
	case filterTest:
		for _, o := range []operand{f.left, f.right} {
			if o.path != nil {
				o.path.variables(yield)
			}
		}
	}
}

// objectExpr is an object of a payload template, with at least one member that
// is computed.
type objectExpr []memberExpr

type memberExpr struct {
	name  string
	value expr
}

func (o objectExpr) eval(e *env) (Value, error) {
	members := make([]Member, len(o))
	for i, m := range o {
		v, err := m.value.eval(e)
		if err != nil {
			return Value{}, err
		}
		members[i] = Member{m.name, v}
	}
	return ObjectValue(members...), nil
}

func (o objectExpr) variables(yield func(string)) {
	for _, m := range o {
		m.value.variables(yield)
	}
}

// arrayExpr is an array of a payload template.
type arrayExpr []expr

func (a arrayExpr) eval(e *env) (Value, error) {
	elems := make([]Value, len(a))
	for i, x := range a {
		v, err := x.eval(e)
		if err != nil {
			return Value{}, err
		}
		elems[i] = v
	}
	return ArrayValue(elems...), nil
}

func (a arrayExpr) variables(yield func(string)) {
	for _, x := range a {
		x.variables(yield)
	}
}

// parsePathOrCall compiles the text of a field that takes a path or a call.
func parsePathOrCall(text, field string) (expr, error) {
	if isIntrinsic(text) {
		f, err := parseIntrinsic(text)
		if err != nil {
			return nil, err
		}
		return f, nil
	}
	p, err := parsePath(text)
	if err != nil {
		return nil, err
	}
	return pathExpr{p, field}, nil
}

// compileTemplate compiles a payload template: an object in which the value of
// a member whose name ends in .$ is a path or a call. bad is told the name of
// each member that is neither.
func compileTemplate(v Value, bad func(member string)) expr {
	switch v.kind {
	case Object:
		return compileTemplateObject(v, bad)
	case Array:
		elems := make(arrayExpr, v.Len())
		fixed := true
		for i, e := range v.Elements() {
			elems[i] = compileTemplate(e, bad)
			fixed = fixed && isLiteral(elems[i])
		}
		if fixed {
			return literal{v}
		}
		return elems
	}
	return literal{v}
}

func compileTemplateObject(v Value, bad func(member string)) expr {
	out := make(objectExpr, v.Len())
	fixed := true
	for i, m := range v.Members() {
		name, computed := strings.CutSuffix(m.Name, ".$")
		if !computed {
			out[i] = memberExpr{m.Name, compileTemplate(m.Value, bad)}
			fixed = fixed && isLiteral(out[i].value)
			continue
		}
		fixed = false
		var x expr
		var err error
		if m.Value.kind == String {
			x, err = parsePathOrCall(m.Value.text, m.Name)
		}
		if x == nil || err != nil {
			bad(m.Name)
			x = literal{NullValue()}
		}
		out[i] = memberExpr{name, x}
	}
	if fixed {
		return literal{v}
	}
	return out
}

func isLiteral(x expr) bool {
	_, ok := x.(literal)
	return ok
}
