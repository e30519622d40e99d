package site

import (
	"bytes"
	"errors"
	"html/template"
	"reflect"
	"text/template/parse"
)

// A program executes a template as html/template has escaped it, and writes the
// same bytes; it is told nothing of safety, since the escapers stand in the
// tree already. Where it meets what it does not know, when it is compiled or
// when it runs, and wherever anything is wrong, it gives up and the template is
// executed by html/template itself, which then also words the error. So it only
// ever saves time: reflection by name is nine tenths of what executing a
// template costs.
type program struct {
	body  step // nil: it is left to html/template
	slots int  // variables at a time, with $
}

// programs are those of a theme, by template, each made when it is first needed.
type programs struct {
	set   *template.Template
	funcs template.FuncMap
	by    map[string]*program
}

func newPrograms(set *template.Template, funcs template.FuncMap) *programs {
	return &programs{set, funcs, map[string]*program{}}
}

// machine is one execution.
type machine struct {
	out   []byte
	vars  []reflect.Value // of the template at hand, from base on
	base  int
	depth int
}

// status says how a step ended.
type status uint8

const (
	going status = iota
	breaks
	continues
	unknown // html/template has to do it
)

type (
	step func(m *machine, dot reflect.Value) status
	expr func(m *machine, dot reflect.Value) (reflect.Value, bool)
)

// maxTemplateDepth is how deep templates may call each other here; html/template
// goes further and reports what never ends.
const maxTemplateDepth = 100

var errStop = errors.New("stop")

type stopped struct{}

func (stopped) Write([]byte) (int, error) { return 0, errStop }

// of is the program of a template. Escaping is what html/template does first
// when it executes one; the writer keeps it from more. Faults stay where they
// are: html/template tells them.
func (ps *programs) of(name string) *program {
	p, ok := ps.by[name]
	if ok {
		return p
	}
	p = &program{}
	ps.by[name] = p
	if escapeOnly(ps.set, name) != nil {
		return p
	}
	t := ps.set.Lookup(name)
	if t == nil || t.Tree == nil || t.Tree.Root == nil {
		return p
	}
	c := &compiler{programs: ps, scope: []string{"$"}, most: 1}
	if body, ok := c.list(t.Tree.Root); ok {
		p.body, p.slots = body, c.most
	}
	return p
}

// escapeOnly escapes a template.
func escapeOnly(set *template.Template, name string) error {
	err := set.ExecuteTemplate(stopped{}, name, nil)
	if _, ok := errors.AsType[*template.Error](err); ok || err == nil {
		return err
	}
	if set.Lookup(name) == nil {
		return err
	}
	return nil
}

// run executes the template; false: nothing was written and html/template has to.
func (ps *programs) run(w *bytes.Buffer, name string, data any) (done bool) {
	if ps == nil {
		return false
	}
	p := ps.of(name)
	if p.body == nil {
		return false
	}
	defer func() {
		if recover() != nil { // of a method; html/template words it
			done = false
		}
	}()
	m := machine{out: w.AvailableBuffer(), vars: make([]reflect.Value, 0, 16)}
	if !p.enter(&m, reflect.ValueOf(data)) {
		return false
	}
	w.Write(m.out) // in place where there was room
	return true
}

// enter runs the program over its own variables.
func (p *program) enter(m *machine, dot reflect.Value) bool {
	if p.body == nil || m.depth >= maxTemplateDepth {
		return false
	}
	base := m.base
	m.base = len(m.vars)
	m.depth++
	for range p.slots {
		m.vars = append(m.vars, reflect.Value{})
	}
	m.vars[m.base] = dot
	st := p.body(m, dot)
	m.vars = m.vars[:m.base]
	m.base = base
	m.depth--
	return st == going
}

// truth is what if, and, or and not go by; false, false: it is not decided here.
func truth(v reflect.Value) (is, ok bool) {
	for v.IsValid() && v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	if !v.IsValid() {
		return false, true
	}
	switch v.Kind() {
	case reflect.Array, reflect.Map, reflect.Slice, reflect.String:
		return v.Len() > 0, true
	case reflect.Bool:
		return v.Bool(), true
	case reflect.Pointer, reflect.Func:
		return !v.IsNil(), true
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return v.Int() != 0, true
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return v.Uint() != 0, true
	case reflect.Float32, reflect.Float64:
		return v.Float() != 0, true
	case reflect.Struct:
		return true, true
	}
	return false, false
}

// compiler makes the program of one template.
type compiler struct {
	programs *programs
	scope    []string // names of variables, by slot
	most     int
}

func (c *compiler) declare(name string) int {
	c.scope = append(c.scope, name)
	c.most = max(c.most, len(c.scope))
	return len(c.scope) - 1
}

func (c *compiler) slot(name string) (int, bool) {
	for i := len(c.scope) - 1; i >= 0; i-- {
		if c.scope[i] == name {
			return i, true
		}
	}
	return 0, false
}

func (c *compiler) list(l *parse.ListNode) (step, bool) {
	if l == nil {
		return func(*machine, reflect.Value) status { return going }, true
	}
	steps := make([]step, 0, len(l.Nodes))
	for _, n := range l.Nodes {
		if n.Type() == parse.NodeComment {
			continue
		}
		s, ok := c.node(n)
		if !ok {
			return nil, false
		}
		steps = append(steps, s)
	}
	if len(steps) == 1 {
		return steps[0], true
	}
	return func(m *machine, dot reflect.Value) status {
		for _, s := range steps {
			if st := s(m, dot); st != going {
				return st
			}
		}
		return going
	}, true
}

func (c *compiler) node(n parse.Node) (step, bool) {
	switch n := n.(type) {
	case *parse.TextNode:
		text := n.Text
		return func(m *machine, _ reflect.Value) status {
			m.out = append(m.out, text...)
			return going
		}, true
	case *parse.ActionNode:
		return c.action(n.Pipe)
	case *parse.IfNode:
		return c.branch(n.Pipe, n.List, n.ElseList, false)
	case *parse.WithNode:
		return c.branch(n.Pipe, n.List, n.ElseList, true)
	case *parse.RangeNode:
		return c.rangeOver(n)
	case *parse.TemplateNode:
		return c.call(n)
	case *parse.BreakNode:
		return func(*machine, reflect.Value) status { return breaks }, true
	case *parse.ContinueNode:
		return func(*machine, reflect.Value) status { return continues }, true
	}
	return nil, false
}

// action prints a pipeline through the escapers at its end, or sets a variable.
func (c *compiler) action(p *parse.PipeNode) (step, bool) {
	if len(p.Decl) > 0 {
		if p.IsAssign || len(p.Decl) != 1 {
			return nil, false
		}
		e, ok := c.commands(p.Cmds)
		if !ok {
			return nil, false
		}
		slot := c.declare(p.Decl[0].Ident[0])
		return func(m *machine, dot reflect.Value) status {
			v, ok := e(m, dot)
			if !ok {
				return unknown
			}
			m.vars[m.base+slot] = v
			return going
		}, true
	}
	cmds, chain := p.Cmds, []string(nil)
	for len(cmds) > 1 {
		last := cmds[len(cmds)-1]
		id, ok := last.Args[0].(*parse.IdentifierNode)
		if !ok || len(last.Args) != 1 || escapers[id.Ident] == 0 {
			break
		}
		chain = append([]string{id.Ident}, chain...)
		cmds = cmds[:len(cmds)-1]
	}
	write := escaperOf(chain)
	if write == nil {
		return nil, false
	}
	e, ok := c.commands(cmds)
	if !ok {
		return nil, false
	}
	return func(m *machine, dot reflect.Value) status {
		v, ok := e(m, dot)
		if !ok {
			return unknown
		}
		s, is, ok := textOf(v)
		if !ok {
			return unknown
		}
		if m.out, ok = write(m.out, s, is); !ok {
			return unknown
		}
		return going
	}, true
}

func (c *compiler) branch(p *parse.PipeNode, list, other *parse.ListNode, with bool) (step, bool) {
	mark := len(c.scope)
	defer func() { c.scope = c.scope[:mark] }()
	e, set, ok := c.piped(p)
	if !ok {
		return nil, false
	}
	yes, ok := c.list(list)
	if !ok {
		return nil, false
	}
	no, ok := c.list(other)
	if !ok {
		return nil, false
	}
	return func(m *machine, dot reflect.Value) status {
		v, ok := e(m, dot)
		if !ok {
			return unknown
		}
		if set >= 0 {
			m.vars[m.base+set] = v
		}
		is, ok := truth(v)
		switch {
		case !ok:
			return unknown
		case !is:
			return no(m, dot)
		case with:
			return yes(m, v)
		}
		return yes(m, dot)
	}, true
}

// piped is a pipeline that may declare one variable, in slot set; -1: none.
func (c *compiler) piped(p *parse.PipeNode) (e expr, set int, ok bool) {
	if p == nil || p.IsAssign || len(p.Decl) > 1 {
		return nil, -1, false
	}
	if e, ok = c.commands(p.Cmds); !ok {
		return nil, -1, false
	}
	if len(p.Decl) == 1 {
		return e, c.declare(p.Decl[0].Ident[0]), true
	}
	return e, -1, true
}

// rangeOver walks slices; html/template knows more.
func (c *compiler) rangeOver(n *parse.RangeNode) (step, bool) {
	p := n.Pipe
	if p.IsAssign || len(p.Decl) > 2 {
		return nil, false
	}
	mark := len(c.scope)
	defer func() { c.scope = c.scope[:mark] }()
	e, ok := c.commands(p.Cmds)
	if !ok {
		return nil, false
	}
	index, elem := -1, -1
	switch len(p.Decl) {
	case 1:
		elem = c.declare(p.Decl[0].Ident[0])
	case 2:
		index, elem = c.declare(p.Decl[0].Ident[0]), c.declare(p.Decl[1].Ident[0])
	}
	body, ok := c.list(n.List)
	if !ok {
		return nil, false
	}
	c.scope = c.scope[:mark]
	for range p.Decl {
		c.declare("") // the other branch sees neither
	}
	other, ok := c.list(n.ElseList)
	if !ok {
		return nil, false
	}
	return func(m *machine, dot reflect.Value) status {
		v, ok := e(m, dot)
		if !ok {
			return unknown
		}
		for v.IsValid() && (v.Kind() == reflect.Interface || v.Kind() == reflect.Pointer) && !v.IsNil() {
			v = v.Elem()
		}
		if !v.IsValid() || v.Kind() != reflect.Slice && v.Kind() != reflect.Array {
			return unknown
		}
		size := v.Len()
		if size == 0 {
			return other(m, dot)
		}
		for i := range size {
			at := v.Index(i)
			if elem >= 0 {
				m.vars[m.base+elem] = at
			}
			if index >= 0 {
				m.vars[m.base+index] = intValue(i)
			}
			if st := body(m, at); st == breaks {
				break
			} else if st == unknown {
				return unknown
			}
		}
		return going
	}, true
}

func (c *compiler) call(n *parse.TemplateNode) (step, bool) {
	ps := c.programs
	if n.Pipe == nil {
		return func(m *machine, _ reflect.Value) status {
			if !ps.of(n.Name).enter(m, reflect.Value{}) {
				return unknown
			}
			return going
		}, true
	}
	if len(n.Pipe.Decl) > 0 {
		return nil, false
	}
	e, ok := c.commands(n.Pipe.Cmds)
	if !ok {
		return nil, false
	}
	return func(m *machine, dot reflect.Value) status {
		v, ok := e(m, dot)
		if !ok || !ps.of(n.Name).enter(m, v) {
			return unknown
		}
		return going
	}, true
}
