package site

import (
	"reflect"
	"strconv"
	"text/template/parse"
)

// smallInts spare an allocation for each turn of a loop.
var smallInts = func() (out [64]reflect.Value) {
	for i := range out {
		out[i] = reflect.ValueOf(i)
	}
	return out
}()

func intValue(i int) reflect.Value {
	if i >= 0 && i < len(smallInts) {
		return smallInts[i]
	}
	return reflect.ValueOf(i)
}

// commands is a pipeline; what it passes from one command to the next is known
// for the functions of apply only.
func (c *compiler) commands(cmds []*parse.CommandNode) (expr, bool) {
	if len(cmds) == 0 {
		return nil, false
	}
	e, ok := c.command(cmds[0], nil)
	for _, cmd := range cmds[1:] {
		if !ok {
			return nil, false
		}
		e, ok = c.command(cmd, e)
	}
	return e, ok
}

// command is one command with the value of the one before it as its last
// argument; final nil: it is the first.
func (c *compiler) command(cmd *parse.CommandNode, final expr) (expr, bool) {
	if id, ok := cmd.Args[0].(*parse.IdentifierNode); ok {
		args := make([]expr, 0, len(cmd.Args))
		for _, a := range cmd.Args[1:] {
			e, ok := c.arg(a)
			if !ok {
				return nil, false
			}
			args = append(args, e)
		}
		if final != nil {
			args = append(args, final)
		}
		return c.apply(id.Ident, args)
	}
	if final != nil {
		return nil, false
	}
	return c.operand(cmd.Args[0], cmd.Args[1:])
}

func (c *compiler) arg(n parse.Node) (expr, bool) {
	if id, ok := n.(*parse.IdentifierNode); ok {
		return c.apply(id.Ident, nil)
	}
	return c.operand(n, nil)
}

func constantValue(v reflect.Value) expr {
	return func(*machine, reflect.Value) (reflect.Value, bool) { return v, true }
}

// operand is a value, or a method with arguments.
func (c *compiler) operand(n parse.Node, args []parse.Node) (expr, bool) {
	switch n := n.(type) {
	case *parse.FieldNode:
		return c.chain(func(_ *machine, dot reflect.Value) (reflect.Value, bool) { return dot, true }, n.Ident, args)
	case *parse.VariableNode:
		slot, ok := c.slot(n.Ident[0])
		if !ok {
			return nil, false
		}
		return c.chain(func(m *machine, _ reflect.Value) (reflect.Value, bool) { return m.vars[m.base+slot], true }, n.Ident[1:], args)
	case *parse.ChainNode:
		e, ok := c.arg(n.Node)
		if !ok {
			return nil, false
		}
		return c.chain(e, n.Field, args)
	}
	if len(args) > 0 {
		return nil, false
	}
	switch n := n.(type) {
	case *parse.DotNode:
		return func(_ *machine, dot reflect.Value) (reflect.Value, bool) { return dot, true }, true
	case *parse.PipeNode:
		if len(n.Decl) > 0 {
			return nil, false
		}
		return c.commands(n.Cmds)
	case *parse.BoolNode:
		return constantValue(reflect.ValueOf(n.True)), true
	case *parse.StringNode:
		return constantValue(reflect.ValueOf(n.Text)), true
	case *parse.NumberNode:
		if _, err := strconv.Atoi(n.Text); err != nil || !n.IsInt {
			return nil, false
		}
		return constantValue(reflect.ValueOf(int(n.Int64))), true
	}
	return nil, false
}

// chain walks fields, the last of which may be a method with arguments.
func (c *compiler) chain(e expr, names []string, args []parse.Node) (expr, bool) {
	if len(names) == 0 {
		return e, len(args) == 0
	}
	list := make([]expr, len(args))
	for i, a := range args {
		var ok bool
		if list[i], ok = c.arg(a); !ok {
			return nil, false
		}
	}
	for i, name := range names {
		f := &field{name: name}
		if i == len(names)-1 {
			f.args = list
		}
		from := e
		e = func(m *machine, dot reflect.Value) (reflect.Value, bool) {
			v, ok := from(m, dot)
			if !ok {
				return v, false
			}
			return f.of(m, dot, v)
		}
	}
	return e, true
}

// field is one place in a template where a field or method is named. It
// remembers where it has found it last.
type field struct {
	name string
	args []expr

	typ    reflect.Type // that it was looked up for
	addr   bool         // the value could be addressed
	index  []int        // of the field
	one    int          // index, where that is a single one; else -1
	method int          // -1: it is a field
	known  bool         // it is there and can be had without html/template
	quick  func(any) (reflect.Value, bool)
}

// of is the field of v, or what its method returns.
func (f *field) of(m *machine, dot, v reflect.Value) (reflect.Value, bool) {
	for v.Kind() == reflect.Interface && !v.IsNil() {
		v = v.Elem()
	}
	if !v.IsValid() {
		return v, false
	}
	s := v
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return v, false
		}
		s = v.Elem()
	}
	if s.Kind() != reflect.Struct {
		return v, false
	}
	if s.Type() != f.typ || s.CanAddr() != f.addr {
		f.find(s)
	}
	switch {
	case !f.known:
		return v, false
	case f.method >= 0:
		return f.invoke(m, dot, s)
	case f.one >= 0:
		s = s.Field(f.one)
	default:
		for i, k := range f.index {
			if i > 0 && s.Kind() == reflect.Pointer {
				return v, false
			}
			s = s.Field(k)
		}
	}
	if s.Kind() == reflect.Interface && s.NumMethod() == 0 && !s.IsNil() {
		s = s.Elem()
	}
	return s, true
}

// find looks the name up as html/template does: methods come first, those of
// the pointer too where there can be one.
func (f *field) find(s reflect.Value) {
	f.typ, f.addr, f.known, f.method, f.one, f.index, f.quick = s.Type(), s.CanAddr(), false, -1, -1, nil, nil
	holder := f.typ
	if f.addr {
		holder = reflect.PointerTo(f.typ)
	}
	if meth, ok := holder.MethodByName(f.name); ok {
		t := meth.Type // the receiver is its first argument
		if t.IsVariadic() || t.NumIn() != 1+len(f.args) || t.NumOut() != 1 && (t.NumOut() != 2 || t.Out(1) != errorType) {
			return
		}
		f.method, f.known = meth.Index, true
		if f.addr && len(f.args) == 0 {
			f.quick = quickMethods[f.typ][f.name]
		}
		return
	}
	sf, ok := f.typ.FieldByName(f.name)
	if !ok || !sf.IsExported() || len(f.args) > 0 {
		return
	}
	f.known, f.index = true, sf.Index
	if len(sf.Index) == 1 {
		f.one = sf.Index[0]
	}
}

var errorType = reflect.TypeFor[error]()

// quickMethods are called often and without reflection.
var quickMethods = map[reflect.Type]map[string]func(any) (reflect.Value, bool){
	reflect.TypeFor[PostView](): {
		"Attrs": func(p any) (reflect.Value, bool) { return reflect.ValueOf(p.(*PostView).Attrs()), true },
		"Body":  func(p any) (reflect.Value, bool) { return reflect.ValueOf(p.(*PostView).Body()), true },
	},
}

func (f *field) invoke(m *machine, dot, s reflect.Value) (reflect.Value, bool) {
	holder := s
	if f.addr {
		holder = s.Addr()
	}
	if f.quick != nil && holder.CanInterface() {
		return f.quick(holder.Interface())
	}
	meth := holder.Method(f.method)
	var in []reflect.Value
	for i, a := range f.args {
		v, ok := a(m, dot)
		if !ok || !v.IsValid() || v.Type() != meth.Type().In(i) {
			return v, false
		}
		in = append(in, v)
	}
	out := meth.Call(in)
	if len(out) == 2 && !out[1].IsNil() {
		return out[0], false
	}
	v := out[0]
	if v.Kind() == reflect.Interface && v.NumMethod() == 0 && !v.IsNil() {
		v = v.Elem()
	}
	return v, true
}

// apply is a function of templates.
func (c *compiler) apply(name string, args []expr) (expr, bool) {
	switch f := c.programs.funcs[name].(type) {
	case func(string) string:
		return applyText(args, func(s string) (string, bool) { return f(s), true })
	case func(string) (string, error):
		return applyText(args, func(s string) (string, bool) { v, err := f(s); return v, err == nil })
	case nil:
	default:
		return nil, false
	}
	switch name {
	case "not":
		if len(args) == 1 {
			return func(m *machine, dot reflect.Value) (reflect.Value, bool) {
				v, ok := args[0](m, dot)
				if !ok {
					return v, false
				}
				is, ok := truth(v)
				return reflect.ValueOf(!is), ok
			}, true
		}
	case "and", "or":
		if len(args) > 0 {
			return func(m *machine, dot reflect.Value) (v reflect.Value, ok bool) {
				for _, a := range args {
					if v, ok = a(m, dot); !ok || !v.IsValid() {
						return v, false
					}
					if is, ok := truth(v); !ok || is == (name == "or") {
						return v, ok
					}
				}
				return v, true
			}, true
		}
	case "eq", "ne":
		if len(args) == 2 {
			return func(m *machine, dot reflect.Value) (reflect.Value, bool) {
				same, ok := equal(m, dot, args[0], args[1])
				return reflect.ValueOf(same == (name == "eq")), ok
			}, true
		}
	case "len":
		if len(args) == 1 {
			return func(m *machine, dot reflect.Value) (reflect.Value, bool) {
				v, ok := args[0](m, dot)
				if !ok || v.Kind() != reflect.Slice && v.Kind() != reflect.String {
					return v, false
				}
				return intValue(v.Len()), true
			}, true
		}
	}
	return nil, false
}

// applyText calls a function of one text.
func applyText(args []expr, f func(string) (string, bool)) (expr, bool) {
	if len(args) != 1 {
		return nil, false
	}
	return func(m *machine, dot reflect.Value) (reflect.Value, bool) {
		v, ok := args[0](m, dot)
		if !ok || !v.IsValid() || v.Type() != stringType {
			return v, false
		}
		s, ok := f(v.String())
		return reflect.ValueOf(s), ok
	}, true
}

// equal compares texts and whole numbers.
func equal(m *machine, dot reflect.Value, a, b expr) (same, ok bool) {
	x, ok := a(m, dot)
	if !ok || !x.IsValid() {
		return false, false
	}
	y, ok := b(m, dot)
	switch {
	case !ok || !y.IsValid():
		return false, false
	case x.Kind() == reflect.String && y.Kind() == reflect.String:
		return x.String() == y.String(), true
	case x.CanInt() && y.CanInt():
		return x.Int() == y.Int(), true
	case x.Kind() == reflect.Bool && y.Kind() == reflect.Bool:
		return x.Bool() == y.Bool(), true
	}
	return false, false
}
