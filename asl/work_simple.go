package asl

// passWork is a Pass state.
type passWork struct {
	result Value // Absent: what it is given
}

func (w passWork) begin(x *Execution, t *thread) {
	if t.state.flow == nil {
		x.finish(t, t.input)
		return
	}
	if !w.result.IsAbsent() {
		x.finish(t, w.result)
		return
	}
	given, f := x.given(t)
	if f != nil {
		x.fail(t, f)
		return
	}
	x.finish(t, given)
}

func (passWork) graphs() []*graph       { return nil }
func (passWork) variables(func(string)) {}

func (g *graphCompiler) pass(n node) work { return passWork{result: n.Get("Result")} }

// given returns what the state's work is given.
func (x *Execution) given(t *thread) (Value, *fault) {
	e := x.env(t)
	in, err := t.state.flow.input(e, t.input)
	if err != nil {
		return Value{}, asFault(err)
	}
	v, err := t.state.flow.arguments(e.with(in))
	if err != nil {
		return Value{}, asFault(err)
	}
	return v, nil
}

// effective returns the environment after InputPath, before the template.
func (x *Execution) effective(t *thread) (*env, *fault) {
	e := x.env(t)
	in, err := t.state.flow.input(e, t.input)
	if err != nil {
		return nil, asFault(err)
	}
	return e.with(in), nil
}

// succeedWork is a Succeed state.
type succeedWork struct{}

func (succeedWork) begin(x *Execution, t *thread) {
	given, f := x.given(t)
	if f != nil {
		x.fail(t, f)
		return
	}
	x.finish(t, given)
}

func (succeedWork) graphs() []*graph       { return nil }
func (succeedWork) variables(func(string)) {}

// failWork is a Fail state. Either text may be missing.
type failWork struct{ name, cause expr }

func (w failWork) begin(x *Execution, t *thread) {
	e, f := x.effective(t)
	if f != nil {
		x.fail(t, f)
		return
	}
	f = &fault{located: true}
	for _, p := range []struct {
		from expr
		to   *string
	}{{w.name, &f.name}, {w.cause, &f.cause}} {
		if p.from == nil {
			continue
		}
		v, err := p.from.eval(e)
		if err != nil {
			x.fail(t, asFault(err))
			return
		}
		*p.to = v.String()
	}
	x.fail(t, f)
}

func (failWork) graphs() []*graph { return nil }

func (w failWork) variables(yield func(string)) {
	for _, e := range []expr{w.name, w.cause} {
		if e != nil {
			e.variables(yield)
		}
	}
}

func (g *graphCompiler) failure(n node) work {
	g.exclusive(n, "Error", "ErrorPath")
	g.exclusive(n, "Cause", "CausePath")
	w := failWork{name: g.pathOrCall(n, "ErrorPath"), cause: g.pathOrCall(n, "CausePath")}
	if n.has("Error") {
		w.name = literal{StringValue(g.text(n, "Error"))}
	}
	if n.has("Cause") {
		w.cause = literal{StringValue(g.text(n, "Cause"))}
	}
	return w
}

// parallelWork is a Parallel state.
type parallelWork struct{ branches []*graph }

func (w *parallelWork) graphs() []*graph       { return w.branches }
func (w *parallelWork) variables(func(string)) {}

func (w *parallelWork) begin(x *Execution, t *thread) {
	given, f := x.given(t)
	if f != nil {
		x.fail(t, f)
		return
	}
	if x.probe != nil {
		x.probe.answer(x, t)
		return
	}
	x.record(t, HistoryEvent{Type: "ParallelStateStarted"})
	n := len(w.branches)
	x.begin(t, &join{children: make([]*thread, n), results: make([]Value, n), spawn: func(i int) (*thread, error) {
		return t.child(i, w.branches[i], given), nil
	}})
}

func (g *graphCompiler) parallel(n node) work {
	w := &parallelWork{}
	if !g.require(n, "Branches") {
		return w
	}
	list := g.list(n, "Branches")
	if list.kind == Array && list.Len() == 0 {
		g.schema(list.at, "Value cannot be empty")
	}
	for i := range list.Elements() {
		w.branches = append(w.branches, g.compiler.graph(list.index(i), g.language, graphBranch))
	}
	return w
}
