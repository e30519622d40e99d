package asl

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// mapWork is a Map state.
type mapWork struct {
	processor   *graph
	distributed bool
	express     bool   // its children are, when distributed
	label       string // of its runs, when distributed
	items       *path  // nil: the input
	itemsText   string
	selector    expr // ItemSelector; nil: the item as it is
	limit       numberField
	count       numberField // ToleratedFailureCount
	percentage  numberField
	batcher     *batcher
	reader      *itemReader
	writer      *resultWriter
}

func (w *mapWork) graphs() []*graph { return []*graph{w.processor} }

func (w *mapWork) variables(yield func(string)) {
	if w.items != nil {
		w.items.variables(yield)
	}
	if w.selector != nil {
		w.selector.variables(yield)
	}
	for _, f := range []numberField{w.limit, w.count, w.percentage} {
		f.variables(yield)
	}
	if w.batcher != nil {
		w.batcher.variables(yield)
	}
	if w.reader != nil {
		w.reader.variables(yield)
	}
	if w.writer != nil {
		w.writer.parameters.variables(yield)
	}
}

// tolerance says how many items may fail.
type tolerance struct {
	given      bool
	count      float64
	percentage float64
}

func (t tolerance) allows(failed, of int) bool {
	return t.given && (float64(failed) <= t.count || float64(failed)*100 <= t.percentage*float64(of))
}

// mapping is a Map that has started; it may wait for a task of its own.
type mapping struct {
	limit    int
	tolerate tolerance
	writing  bool
}

func (w *mapWork) begin(x *Execution, t *thread) {
	e, f := x.effective(t)
	if f != nil {
		x.fail(t, f)
		return
	}
	limit, f := w.limit.number(e, "integer")
	if f == nil && limit < 0 {
		f = runtimeFault("Expected non-negative integer for MaxConcurrency, got '%g' instead.", limit)
	}
	if f != nil {
		x.fail(t, f)
		return
	}
	if w.reader != nil {
		if run, ok := w.start(x, t, e, 0, int(limit)); ok {
			w.read(x, t, e, run)
		}
		return
	}
	items, f := w.find(e)
	if f != nil {
		x.fail(t, f)
		return
	}
	e.note("afterItemsPath", items)
	if run, ok := w.start(x, t, e, items.Len(), int(limit)); ok {
		w.run(x, t, e, items.Elements(), run)
	}
}

// find returns what ItemsPath leads to.
func (w *mapWork) find(e *env) (Value, *fault) {
	items := e.input
	if w.items != nil {
		var ok bool
		if items, ok = w.items.find(e); !ok {
			return Value{}, conflict(w.items.last(), e.input)
		}
	}
	if items.kind != Array {
		return Value{}, runtimeFault("Reference path \"%s\" must point to array.", w.itemsText)
	}
	return items, nil
}

// start records that the Map has begun and finds out how much may fail.
func (w *mapWork) start(x *Execution, t *thread, e *env, length, limit int) (mapping, bool) {
	x.record(t, HistoryEvent{Type: "MapStateStarted", Length: length})
	tolerate, f := w.tolerance(e)
	if f != nil {
		x.fail(t, f)
		return mapping{}, false
	}
	if w.distributed {
		x.record(t, HistoryEvent{Type: "MapRunStarted", Resource: x.mapRun(t)})
	}
	return mapping{limit: limit, tolerate: tolerate}, true
}

// run starts the items.
func (w *mapWork) run(x *Execution, t *thread, e *env, items []Value, run mapping) {
	choose := func(i int) (Value, error) { return w.choose(x, t, e, i, items[i]) }
	n := len(items)
	var batches []Value
	if w.batcher != nil {
		var err error
		if batches, err = w.batcher.batches(e, n, choose); err != nil {
			x.fail(t, asFault(err))
			return
		}
		n = len(batches)
	}
	if x.probe != nil {
		x.probe.mapped(x, t, w, run, choose, n)
		return
	}
	x.begin(t, &join{children: make([]*thread, n), results: make([]Value, n), limit: run.limit, tolerate: run.tolerate,
		spawn: func(i int) (*thread, error) {
			if batches != nil {
				return w.child(x, t, i, batches[i], batches[i]), nil
			}
			input, err := choose(i)
			if err != nil {
				return nil, err
			}
			return w.child(x, t, i, items[i], input), nil
		}})
}

// choose applies ItemSelector to an item.
func (w *mapWork) choose(x *Execution, t *thread, e *env, i int, v Value) (Value, error) {
	if w.selector == nil {
		return v, nil
	}
	inner := *e
	inner.context = func() Value { return x.context(t, &item{i, v}) }
	return w.selector.eval(&inner)
}

func (w *mapWork) child(x *Execution, t *thread, i int, v, input Value) *thread {
	c := t.child(i, w.processor, input)
	if w.distributed {
		// An execution of its own: its events are not this one's, nor are the
		// variables, nor the context object.
		c.silent, c.events, c.prev, c.scope, c.item = true, &numbering{last: 1}, 0, &scope{}, nil
		c.home = &home{label: w.runLabel(t), path: strings.TrimSuffix(c.prefix, "/"), input: input, began: x.now, express: w.express}
		return c
	}
	c.item = &item{i, v}
	x.record(c, HistoryEvent{Type: "MapIterationStarted", Name: t.state.name, Index: i})
	return c
}

func (w *mapWork) tolerance(e *env) (tolerance, *fault) {
	count, f := w.count.number(e, "integer")
	if f != nil {
		return tolerance{}, f
	}
	if count < 0 {
		return tolerance{}, runtimeFault("ToleratedFailureCount cannot be negative.")
	}
	percentage, f := w.percentage.number(e, "float")
	if f != nil {
		return tolerance{}, f
	}
	if percentage < 0 || percentage > 100 {
		return tolerance{}, runtimeFault("ToleratedFailurePercentage must be between 0 and 100.")
	}
	return tolerance{w.count.given || w.percentage.given, count, percentage}, nil
}

// done ends a Map whose items have ended. Items whose failure was tolerated
// have no result.
func (w *mapWork) done(x *Execution, t *thread, j *join) {
	results := j.results
	if j.failed > 0 {
		results = slices.DeleteFunc(slices.Clone(results), Value.IsAbsent)
	}
	result := ArrayValue(results...)
	if w.writer != nil {
		w.write(x, t, result)
		return
	}
	w.end(x, t, result)
}

func (w *mapWork) end(x *Execution, t *thread, result Value) {
	from := t.prev
	if w.distributed {
		x.record(t, HistoryEvent{Type: "MapRunSucceeded"})
	}
	x.record(t, HistoryEvent{Type: "MapStateSucceeded"})
	t.prev = from // the state's exit follows from neither
	x.finish(t, result)
}

// broken returns the failure of a Map more of whose items failed than may.
func (w *mapWork) broken(x *Execution, t *thread, tolerates bool, f *fault) *fault {
	if w.distributed || tolerates {
		f = errTolerated()
	}
	w.runFailed(x, t, f)
	return f
}

func (w *mapWork) runFailed(x *Execution, t *thread, f *fault) {
	if w.distributed {
		x.record(t, HistoryEvent{Type: "MapRunFailed", Error: f.name, Cause: f.cause})
	}
}

func errTolerated() *fault {
	return &fault{ErrorToleratedFailure, "The specified tolerated failure threshold was exceeded", true}
}

// batcher is ItemBatcher.
type batcher struct {
	items, bytes numberField
	input        expr // BatchInput, may be nil
}

func (b *batcher) variables(yield func(string)) {
	b.items.variables(yield)
	b.bytes.variables(yield)
	if b.input != nil {
		b.input.variables(yield)
	}
}

// batches groups n items.
func (b *batcher) batches(e *env, n int, choose func(i int) (Value, error)) ([]Value, error) {
	count, f := b.items.number(e, "integer")
	if f != nil {
		return nil, f
	}
	size, f := b.bytes.number(e, "integer")
	if f != nil {
		return nil, f
	}
	if b.items.given && count < 1 || b.bytes.given && size < 1 {
		return nil, runtimeFault("The size of a batch must be positive.")
	}
	if !b.items.given {
		count = math.MaxInt32
	}
	var input Value
	if b.input != nil {
		var err error
		if input, err = b.input.eval(e); err != nil {
			return nil, err
		}
	}
	out := []Value{}
	var batch []Value
	bytes := 0
	flush := func() {
		members := []Member{{"Items", ArrayValue(batch...)}}
		if !input.IsAbsent() {
			members = slices.Insert(members, 0, Member{"BatchInput", input})
		}
		out = append(out, ObjectValue(members...))
		batch, bytes = nil, 0
	}
	for i := range n {
		v, err := choose(i)
		if err != nil {
			return nil, err
		}
		if len(batch) > 0 && (float64(len(batch)) >= count || b.bytes.given && float64(bytes+v.Size()+1) > size) {
			flush()
		}
		batch = append(batch, v)
		bytes += v.Size() + 1
	}
	if len(batch) > 0 {
		flush()
	}
	return out, nil
}

// processor compiles ItemProcessor or its older name Iterator.
func (g *graphCompiler) processor(n node) *graph {
	name := "ItemProcessor"
	if n.has("Iterator") && !n.has(name) {
		name = "Iterator"
	}
	g.exclusive(n, "ItemProcessor", "Iterator")
	if !g.require(n, name) {
		return &graph{}
	}
	return g.compiler.graph(n.get(name), g.language, graphProcessor)
}

// distributes reads ProcessorConfig.
func (g *graphCompiler) distributes(n node) (distributed, express bool) {
	f := n.get("ItemProcessor")
	if f.kind == Absent {
		f = n.get("Iterator")
	}
	config := f.get("ProcessorConfig")
	if config.kind == Absent {
		return false, false
	}
	switch mode := g.text(config, "Mode"); mode {
	case "DISTRIBUTED":
		kind := g.text(config, "ExecutionType")
		switch kind {
		case "STANDARD", "EXPRESS":
		case "":
			g.require(config, "ExecutionType")
		default:
			g.schema(config.at+"/ExecutionType", "Value is not one of the allowed values: [EXPRESS, STANDARD]")
		}
		return true, kind == "EXPRESS"
	case "", "INLINE":
		return false, false
	default:
		g.schema(config.at+"/Mode", "Value is not one of the allowed values: [DISTRIBUTED, INLINE]")
		return false, false
	}
}

func (g *graphCompiler) mapping(n node) work {
	w := &mapWork{processor: g.processor(n), itemsText: "$", label: g.text(n, "Label")}
	w.distributed, w.express = g.distributes(n)
	if p := g.path(n, "ItemsPath"); p != nil {
		w.items, w.itemsText = p, strings.Replace(p.text, "$$", "$", 1)
	}
	selector := "ItemSelector"
	if !n.has(selector) {
		selector = "Parameters" // its older name
	}
	w.selector = g.template(n, selector)
	w.limit = g.numberField(n, "MaxConcurrency", 0, maxSeconds)
	w.count = g.numberField(n, "ToleratedFailureCount", 0, math.MaxInt32)
	w.percentage = g.numberField(n, "ToleratedFailurePercentage", 0, 100)
	if b := n.get("ItemBatcher"); b.kind != Absent {
		w.batcher = &batcher{items: g.numberField(b, "MaxItemsPerBatch", 1, maxSeconds), bytes: g.numberField(b, "MaxInputBytesPerBatch", 1, 256<<10), input: g.template(b, "BatchInput")}
		if !w.batcher.items.given && !w.batcher.bytes.given {
			g.schema(b.at, "One of these fields is required: [MaxItemsPerBatch, MaxInputBytesPerBatch]")
		}
	}
	if r := n.get("ItemReader"); r.kind != Absent {
		w.reader = g.itemReader(r)
	}
	if r := n.get("ResultWriter"); r.kind != Absent && r.Len() > 0 {
		w.writer = g.resultWriter(r)
	}
	return w
}

func errorf(name, format string, args ...any) *fault {
	return &fault{name, fmt.Sprintf(format, args...), true}
}
