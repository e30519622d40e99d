package asl

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// A path is a compiled JSONPath in the dialect of the service: Jayway's, with
// $ for the input, $$ for the context object and $name for a variable.
type path struct {
	text     string
	root     rootKind
	variable string // of a rootVariable
	steps    []step
	definite bool // selects at most one value
}

type rootKind uint8

const (
	rootInput rootKind = iota
	rootContext
	rootVariable
	rootCurrent // @, in filters
)

type stepKind uint8

const (
	stepName    stepKind = iota // one member
	stepNames                   // several members, as an object
	stepIndex                   // one element
	stepIndexes                 // several elements
	stepSlice
	stepWild
	stepDescend // every value below, itself first; the next step is applied to each
	stepFilter
	stepFunction
)

type step struct {
	kind     stepKind
	name     string
	names    []string
	index    int
	indexes  []int
	from, to *int
	filter   filter
	args     []*path
}

// errPath is wrapped by the errors of parsePath.
var errPath = errors.New("invalid JSONPath")

// What a path may hold at most.
const (
	maxPathBytes   = 16 << 10
	maxFilterDepth = 50
)

// parsePath compiles a path.
func parsePath(text string) (*path, error) {
	if len(text) > maxPathBytes {
		return nil, fmt.Errorf("%w: longer than %d bytes", errPath, maxPathBytes)
	}
	p := pathParser{text: text}
	got, err := p.path()
	if err != nil {
		return nil, err
	}
	if p.at < len(text) {
		return nil, p.errorf("unexpected %q", text[p.at])
	}
	return got, nil
}

// isReference reports whether the path can name a place to write to: definite,
// of names and non-negative indexes, in the input.
func (p *path) isReference() bool {
	if !p.definite || p.root != rootInput {
		return false
	}
	for _, s := range p.steps {
		if s.kind != stepName && (s.kind != stepIndex || s.index < 0) {
			return false
		}
	}
	return true
}

// normal writes the path in bracket notation, as the service's messages do.
func (p *path) normal() string {
	var b strings.Builder
	b.WriteByte('$')
	if p.root == rootContext {
		b.WriteByte('$')
	}
	b.WriteString(p.variable)
	for _, s := range p.steps {
		s.write(&b)
	}
	return b.String()
}

func (s *step) write(b *strings.Builder) {
	switch s.kind {
	case stepName:
		b.WriteString("['" + s.name + "']")
	case stepNames:
		b.WriteString("['" + strings.Join(s.names, "','") + "']")
	case stepIndex:
		b.WriteString("[" + strconv.Itoa(s.index) + "]")
	case stepIndexes:
		b.WriteByte('[')
		for i, n := range s.indexes {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(strconv.Itoa(n))
		}
		b.WriteByte(']')
	case stepSlice:
		b.WriteByte('[')
		if s.from != nil {
			b.WriteString(strconv.Itoa(*s.from))
		}
		b.WriteByte(':')
		if s.to != nil {
			b.WriteString(strconv.Itoa(*s.to))
		}
		b.WriteByte(']')
	case stepWild:
		b.WriteString("[*]")
	case stepDescend:
		b.WriteString("..")
	case stepFilter:
		b.WriteString("[?]")
	case stepFunction:
		b.WriteString("." + s.name + "()")
	}
}
