package asl

import (
	"errors"
	"fmt"
	"strings"
)

// intrinsic is a call of an intrinsic function, States.Name(…).
type intrinsic struct {
	text string // as written
	name string
	args []argument
	call func(c *call) (Value, bool)
}

// argument is one argument: a path, a call or a value.
type argument struct {
	path  *path
	call  *intrinsic
	value Value
	raw   string // of a text, as it was written between its quotes
}

// errIntrinsic is wrapped by the errors of parseIntrinsic.
var errIntrinsic = errors.New("invalid intrinsic function")

// What a call may hold at most.
const (
	maxIntrinsicBytes = 64 << 10
	maxIntrinsicDepth = 10 // the service's
	maxIntrinsicArgs  = 1000
)

// isIntrinsic reports whether a text means to be a call.
func isIntrinsic(text string) bool { return strings.HasPrefix(text, "States.") }

func parseIntrinsic(text string) (*intrinsic, error) {
	if len(text) > maxIntrinsicBytes {
		return nil, fmt.Errorf("%w: longer than %d bytes", errIntrinsic, maxIntrinsicBytes)
	}
	p := intrinsicParser{pathParser{text: text}}
	got, err := p.intrinsic(0)
	if err != nil {
		return nil, err
	}
	p.space()
	if p.at < len(text) {
		return nil, p.errorf("unexpected %q", text[p.at])
	}
	return got, nil
}

type intrinsicParser struct{ pathParser }

func (p *intrinsicParser) errorf(format string, args ...any) error {
	return fmt.Errorf("%w at byte %d: %s", errIntrinsic, p.at, fmt.Sprintf(format, args...))
}

func (p *intrinsicParser) intrinsic(depth int) (*intrinsic, error) {
	if depth >= maxIntrinsicDepth {
		return nil, p.errorf("nested deeper than %d", maxIntrinsicDepth)
	}
	start := p.at
	if !p.take("States.") {
		return nil, p.errorf("States. expected")
	}
	name := p.identifier()
	fn, ok := lookupFunction(name)
	if !ok {
		return nil, p.errorf("unknown function States.%s", name)
	}
	out := &intrinsic{name: name, call: fn.call}
	p.space()
	if !p.take("(") {
		return nil, p.errorf("( expected")
	}
	for {
		p.space()
		if len(out.args) == 0 && p.take(")") {
			break
		}
		arg, err := p.argument(depth)
		if err != nil {
			return nil, err
		}
		if out.args = append(out.args, arg); len(out.args) > maxIntrinsicArgs {
			return nil, p.errorf("more than %d arguments", maxIntrinsicArgs)
		}
		p.space()
		if p.take(")") {
			break
		}
		if !p.take(",") {
			return nil, p.errorf("a comma or ) expected")
		}
	}
	if n := len(out.args); n < fn.min || fn.max >= 0 && n > fn.max {
		return nil, p.errorf("States.%s does not take %d arguments", name, n)
	}
	out.text = p.text[start:p.at]
	return out, nil
}

func (p *intrinsicParser) argument(depth int) (argument, error) {
	switch c := p.peek(); {
	case c == '$':
		got, err := p.path()
		return argument{path: got}, err
	case c == '\'':
		return p.quotedText()
	case strings.HasPrefix(p.text[p.at:], "States."):
		got, err := p.intrinsic(depth + 1)
		return argument{call: got}, err
	case c == '{' || c == '[' || c == '"':
		return argument{}, p.errorf("an argument expected")
	}
	q := valueParser{data: []byte(p.text), at: p.at}
	v, err := q.value(0)
	if err != nil {
		return argument{}, p.errorf("an argument expected")
	}
	p.at = q.at
	return argument{value: v}, nil
}

// quotedText reads a text in single quotes. Only quotes, braces and the
// backslash itself may follow a backslash.
func (p *intrinsicParser) quotedText() (argument, error) {
	p.at++
	start := p.at
	for p.at < len(p.text) {
		switch p.text[p.at] {
		case '\'':
			raw := p.text[start:p.at]
			p.at++
			return argument{value: StringValue(unescape(raw)), raw: raw}, nil
		case '\\':
			if p.at++; p.at >= len(p.text) || !strings.ContainsRune(`'{}\`, rune(p.text[p.at])) {
				return argument{}, p.errorf("illegal escape")
			}
		}
		p.at++
	}
	return argument{}, p.errorf("unterminated text")
}

func unescape(raw string) string {
	if !strings.Contains(raw, `\`) {
		return raw
	}
	var b strings.Builder
	for i := 0; i < len(raw); i++ {
		if raw[i] == '\\' && i+1 < len(raw) {
			i++
		}
		b.WriteByte(raw[i])
	}
	return b.String()
}

// eval implements expr.
func (f *intrinsic) eval(e *env) (Value, error) {
	c := call{args: make([]Value, len(f.args)), random: e.random}
	for i, a := range f.args {
		switch {
		case a.call != nil:
			v, err := a.call.eval(e)
			if err != nil {
				return Value{}, err
			}
			c.args[i] = v
		case a.path != nil:
			v, ok := a.path.read(e)
			if !ok {
				return Value{}, runtimeFault("The function '%s' had the following error: The JsonPath argument for the field '%s' could not be found in the input '%s'",
					f.text, a.path.text, rootOf(e, a.path))
			}
			c.args[i] = v
		default:
			c.args[i] = a.value
		}
	}
	if len(f.args) > 0 && f.args[0].path == nil && f.args[0].call == nil {
		c.raw, c.hasRaw = f.args[0].raw, true
	}
	v, ok := f.call(&c)
	if !ok {
		return Value{}, runtimeFault("The function '%s' had the following error: Invalid arguments in States.%s", f.text, f.name)
	}
	return v, nil
}

// rootOf returns the JSON of the document a path starts from, for messages.
func rootOf(e *env, p *path) string {
	if p.root == rootContext {
		return string(e.context().JSON())
	}
	return string(e.input.JSON())
}

func (f *intrinsic) variables(yield func(string)) {
	for _, a := range f.args {
		if a.path != nil {
			a.path.variables(yield)
		}
		if a.call != nil {
			a.call.variables(yield)
		}
	}
}
