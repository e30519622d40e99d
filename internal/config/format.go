package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Format returns the file in canonical form: keys in the order of the schema,
// two spaces a level, one blank line between blocks of several lines, no
// spaces at line ends. Values, comments and the way each value is written stay.
// Formatting what is formatted changes nothing. It fails with ErrByHand where
// it cannot prove that.
func Format(data []byte) ([]byte, error) {
	out, p, err := format(data)
	if err != nil || p == nil {
		return data, err
	}
	if err := sameFile(p, data, out); err != nil {
		return nil, err
	}
	if again, _, err := format(out); err != nil || string(again) != string(out) {
		return nil, byHand()
	}
	return out, nil
}

func byHand() error {
	return fmt.Errorf("format: %s %w: it is written in a way that is better left alone", FileName, ErrByHand)
}

// format lays the file out; p is nil where there is nothing to lay out.
func format(data []byte) ([]byte, *parsed, error) {
	p, err := parse(FileName, data)
	if err != nil {
		return nil, nil, err
	}
	root := p.doc.root
	if root == nil || root.Kind != yaml.MappingNode || root.Style&yaml.FlowStyle != 0 || len(root.Content) == 0 {
		return data, nil, nil
	}
	f := &formatter{}
	for _, s := range splitLines(p.doc.text) {
		f.lines = append(f.lines, p.doc.text[s.start:s.end])
	}
	if n := len(f.lines); n > 0 && f.lines[n-1] == "" {
		f.lines = f.lines[:n-1]
	}
	f.shape = make([]*place, len(f.lines)+2)
	f.mark(root, 0)
	f.indent()
	return []byte(strings.Join(f.root(root), "\n") + "\n"), p, nil
}

// sameFile proves that a formatted file says what the other does.
func sameFile(p *parsed, was, now []byte) error {
	q, err := parse(FileName, now)
	if err != nil || q.config.hash != p.config.hash || !slices.Equal(allComments(was), allComments(now)) {
		return byHand()
	}
	for i, s := range p.config.Sources {
		if i >= len(q.config.Sources) || q.config.Sources[i].ID != s.ID {
			return errors.New("format: the order of sources has changed")
		}
	}
	return nil
}

// allComments are the comments of a file, sorted: moving a key moves them along.
func allComments(data []byte) []string {
	var out []string
	for line := range strings.SplitSeq(string(data), "\n") {
		if i := strings.IndexByte(line, '#'); i >= 0 {
			out = append(out, strings.TrimSpace(line[i:]))
		}
	}
	slices.Sort(out)
	return out
}

// place is a line that begins a node: where it was indented and is to be.
type place struct{ old, new int }

type formatter struct {
	lines []string // from 0; line numbers of nodes are from 1
	shape []*place // by line number
}

// mark notes the lines on which the members of a block collection begin.
func (f *formatter) mark(n *yaml.Node, at int) {
	switch {
	case n.Style&yaml.FlowStyle != 0:
	case n.Kind == yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			k, v := n.Content[i], n.Content[i+1]
			f.set(k.Line, k.Column-1, at)
			if v.Line > k.Line {
				f.mark(v, at+2)
			}
		}
	case n.Kind == yaml.SequenceNode:
		for _, item := range n.Content {
			f.set(item.Line, n.Column-1, at)
			f.mark(item, at+2)
		}
	}
}

// set keeps the first of a line: "- id: x" is indented by its dash.
func (f *formatter) set(line, old, new int) {
	if line >= 1 && line < len(f.shape) && f.shape[line] == nil {
		f.shape[line] = &place{old, new}
	}
}

// indent moves every line to where it belongs.
func (f *formatter) indent() {
	delta := 0
	was := slices.Clone(f.lines)
	for i, line := range was {
		trimmed := strings.TrimRight(line, " \t")
		p := f.shape[i+1]
		switch {
		case p != nil:
			delta = p.new - p.old
			f.lines[i] = strings.Repeat(" ", p.new) + oneSpace(strings.TrimLeft(trimmed, " "))
		case trimmed == "":
			f.lines[i] = ""
		case isComment(trimmed):
			f.lines[i] = strings.Repeat(" ", f.comment(was, i)) + strings.TrimLeft(trimmed, " ")
		default: // the rest of a value of several lines
			have := indentOf(trimmed)
			f.lines[i] = strings.Repeat(" ", max(0, have+delta)) + trimmed[have:]
		}
	}
}

// oneSpace leaves one space behind a dash.
func oneSpace(line string) string {
	if rest, ok := strings.CutPrefix(line, "- "); ok {
		return "- " + strings.TrimLeft(rest, " ")
	}
	return line
}

// comment finds where a comment belongs: to the line below it where that stood
// under it, else to the last line above that stood so.
func (f *formatter) comment(was []string, i int) int {
	have := indentOf(was[i])
	for j := i + 1; j < len(was); j++ {
		if p := f.shape[j+1]; p != nil {
			if p.old == have {
				return p.new
			}
			break
		}
	}
	for j := i; j >= 0; j-- {
		if p := f.shape[j+1]; p != nil && p.old == have {
			return p.new
		}
	}
	for j := i; j >= 0; j-- {
		if p := f.shape[j+1]; p != nil {
			return max(0, have+p.new-p.old)
		}
	}
	return have
}

// chunk is a member of a mapping with the comments above it.
type chunk struct {
	name  string
	lines []string
	blank bool // a blank line stood above it
	first int  // its first line, from 0, comments included
}

// root lays out the file: what stands before the first key, then the members.
func (f *formatter) root(root *yaml.Node) []string {
	chunks := f.chunks(root, 0, len(f.lines), "")
	head := collapse(trimBlank(f.lines[:chunks[0].first]))
	out := slices.Clone(head)
	order(chunks, "")
	for i, c := range chunks {
		long := i > 0 && (len(c.lines) > 1 || len(chunks[i-1].lines) > 1)
		if len(out) > 0 && (c.blank || long || i == 0) {
			out = append(out, "")
		}
		out = append(out, c.lines...)
	}
	return out
}

// chunks cuts the lines [from,to) into the members of a block mapping.
func (f *formatter) chunks(n *yaml.Node, from, to int, key string) []chunk {
	var starts []int
	for i := 0; i+1 < len(n.Content); i += 2 {
		starts = append(starts, f.start(n.Content[i].Line-1, from, key == "" && i == 0))
		from = n.Content[i].Line
	}
	var out []chunk
	for i, at := range starts {
		end := to
		if i+1 < len(starts) {
			end = starts[i+1]
		}
		k, v := n.Content[2*i], n.Content[2*i+1]
		lead := f.lines[at : k.Line-1]
		c := chunk{name: k.Value, first: at, blank: len(lead) > 0 && lead[0] == ""}
		c.lines = append(collapse(trimBlank(lead)), f.body(k, v, end, join(key, k.Value))...)
		out = append(out, c)
	}
	return out
}

// start finds where the comments above a key's line begin. What a blank line
// parts from the first key is the head of the file.
func (f *formatter) start(line, from int, first bool) int {
	col := 0
	if p := f.shape[line+1]; p != nil {
		col = p.new
	}
	at := line
	for at > from && (f.lines[at-1] == "" || isComment(f.lines[at-1]) && indentOf(f.lines[at-1]) == col) {
		at--
	}
	if first {
		for j := line - 1; j >= at; j-- {
			if f.lines[j] == "" {
				return j + 1
			}
		}
	}
	return at
}

// body lays out one member, from its key on.
func (f *formatter) body(k, v *yaml.Node, end int, key string) []string {
	lines := f.lines[k.Line-1 : end]
	if v.Kind != yaml.MappingNode || v.Style&yaml.FlowStyle != 0 || v.Line <= k.Line || len(v.Content) == 0 || orderOf(key) == nil {
		return tidy(lines, v)
	}
	inner := f.chunks(v, k.Line, end, key)
	out := append(slices.Clone(lines[:1]), collapse(trimBlank(f.lines[k.Line:inner[0].first]))...)
	order(inner, key)
	for i, c := range inner {
		if c.blank && i > 0 {
			out = append(out, "")
		}
		out = append(out, c.lines...)
	}
	return out
}

// tidy collapses blank lines, but not within a text of several lines.
func tidy(lines []string, v *yaml.Node) []string {
	for end := len(lines); end > 0 && lines[end-1] == ""; end-- {
		lines = lines[:end-1]
	}
	if hasBlockText(v) {
		return lines
	}
	return collapse(lines)
}

func hasBlockText(n *yaml.Node) bool {
	if n.Kind == yaml.ScalarNode {
		return strings.Contains(n.Value, "\n") || n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0
	}
	return slices.ContainsFunc(n.Content, hasBlockText)
}

func trimBlank(lines []string) []string {
	for len(lines) > 0 && lines[0] == "" {
		lines = lines[1:]
	}
	for len(lines) > 0 && lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}

// collapse makes one of several blank lines.
func collapse(lines []string) []string {
	var out []string
	for i, l := range lines {
		if l != "" || i == 0 || lines[i-1] != "" {
			out = append(out, l)
		}
	}
	return out
}

// orderOf lists the keys of a mapping in the order of the schema; nil where the
// order is the keeper's own.
func orderOf(key string) []string {
	for _, h := range homes() {
		if h.key == key {
			return h.names
		}
	}
	return nil
}

func order(chunks []chunk, key string) {
	names := orderOf(key)
	slices.SortStableFunc(chunks, func(a, b chunk) int { return slices.Index(names, a.name) - slices.Index(names, b.name) })
}
