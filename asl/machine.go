package asl

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Revision is the interpreter's. A journal pins it: replaying the events of an
// execution gives the same commands under the same revision only.
const Revision = 2

// MaxDefinitionBytes is how long a definition may be; the service's limit.
const MaxDefinitionBytes = 1 << 20

// ErrInvalid is wrapped by the errors of Parse.
var ErrInvalid = errors.New("invalid state machine definition")

// Machine is a parsed and validated definition. It is immutable and may be
// used by many executions at once.
type Machine struct {
	hash      string
	graph     *graph
	resources []string
}

// ParseOptions tells Parse and Validate how strict to be. The zero value takes
// any text as a Resource.
type ParseOptions struct {
	Type    Type // Express refuses .sync and .waitForTaskToken
	Service bool // Resources must be ARNs, as for the real service
}

// Parse reads a definition in the Amazon States Language. The error wraps
// ErrInvalid and names every fault; Validate gives them one by one.
func Parse(definition []byte) (*Machine, error) { return ParseWith(definition, ParseOptions{}) }

// ParseWith is Parse with options.
func ParseWith(definition []byte, o ParseOptions) (*Machine, error) {
	c := compile(definition, o)
	if len(c.diagnostics) > 0 {
		return nil, fmt.Errorf("%w: '%s'", ErrInvalid, joinDiagnostics(c.diagnostics))
	}
	sum := sha256.Sum256(definition)
	slices.Sort(c.resources)
	return &Machine{hash: hex.EncodeToString(sum[:]), graph: c.root, resources: slices.Compact(c.resources)}, nil
}

func joinDiagnostics(all []Diagnostic) string {
	texts := make([]string, len(all))
	for i, d := range all {
		texts[i] = d.String()
	}
	return strings.Join(texts, ", ")
}

// Validate returns what is wrong with a definition, in the service's codes,
// locations and words; nil when nothing is.
func Validate(definition []byte, o ParseOptions) []Diagnostic {
	return compile(definition, o).diagnostics
}

// Hash returns the SHA-256 of the definition in hex.
func (m *Machine) Hash() string { return m.hash }

// Resources returns the Resource of every Task state, at any depth, sorted and
// each once.
func (m *Machine) Resources() []string { return slices.Clone(m.resources) }

// VariableReferences returns, for each state that reads variables, their names,
// sorted.
func (m *Machine) VariableReferences() map[string][]string {
	out := map[string][]string{}
	m.graph.each(func(s *state) {
		var names []string
		s.variables(func(name string) { names = append(names, name) })
		if len(names) > 0 {
			slices.Sort(names)
			out[s.name] = slices.Compact(names)
		}
	})
	return out
}

// graph is a machine, a branch or an item processor.
type graph struct {
	start   *state
	states  []*state // in the definition's order
	timeout int      // seconds, 0: none
}

// each calls f with every state, also those of the graphs inside.
func (g *graph) each(f func(*state)) {
	for _, s := range g.states {
		f(s)
		for _, inner := range s.work.graphs() {
			inner.each(f)
		}
	}
}

// state is one compiled state.
type state struct {
	name     string
	kind     string // Pass, Task …
	next     *state
	flow     flow
	assign   expr // nil: assigns nothing
	retriers []retrier
	catchers []catcher
	work     work
}

// work is what a state does between its input and its output.
type work interface {
	// begin does the work, or asks for it. It ends in finish, fail, leave or a wait.
	begin(x *Execution, t *thread)
	graphs() []*graph
	variables(yield func(name string))
}

// variables calls yield with each variable the state reads.
func (s *state) variables(yield func(name string)) {
	if s.flow != nil {
		s.flow.variables(yield)
	}
	if s.assign != nil {
		s.assign.variables(yield)
	}
	for _, c := range s.catchers {
		if c.assign != nil {
			c.assign.variables(yield)
		}
	}
	s.work.variables(yield)
}
