package config

import (
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// editor changes a text at places that the parser told. Every change is small
// and lies outside of comments; whether the outcome means what it should is
// proved afterwards by reading it (verify), so a place that was misjudged ends
// in ErrByHand, not in a damaged file.
type editor struct {
	p       *parsed
	bom     string
	text    string
	lines   []span
	eol     string
	patches []patch
}

// patch replaces text[start:end].
type patch struct {
	start, end int
	text       string
}

func newEditor(data []byte) (*editor, error) {
	p, err := parse(FileName, data)
	if err != nil {
		return nil, err
	}
	e := &editor{p: p, text: p.doc.text, lines: splitLines(p.doc.text), eol: "\n"}
	if len(data) > len(e.text) {
		e.bom = "\ufeff"
	}
	if first := e.lines[0]; first.next > first.end {
		e.eol = e.text[first.end:first.next]
	}
	return e, nil
}

func (e *editor) patch(start, end int, text string) {
	e.patches = append(e.patches, patch{start, end, text})
}

// apply returns the text with the patches; those at one place in their order.
func (e *editor) apply() []byte {
	slices.SortStableFunc(e.patches, func(a, b patch) int { return a.start - b.start })
	var b strings.Builder
	b.WriteString(e.bom)
	at := 0
	for _, p := range e.patches {
		if p.start < at {
			continue // overlapping: verify will refuse
		}
		b.WriteString(e.text[at:p.start])
		b.WriteString(p.text)
		at = p.end
	}
	b.WriteString(e.text[at:])
	return []byte(b.String())
}

// offset is where a node begins.
func (e *editor) offset(n *yaml.Node) int {
	if n.Line < 1 || n.Line > len(e.lines) {
		return len(e.text)
	}
	at := e.lines[n.Line-1].start
	for c := 1; c < n.Column && at < len(e.text); c++ {
		_, size := utf8.DecodeRuneInString(e.text[at:])
		at += size
	}
	return at
}

func (e *editor) lineText(n int) string {
	l := e.lines[n-1]
	return e.text[l.start:l.end]
}

func indentOf(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }

func isBlank(line string) bool   { return strings.TrimSpace(line) == "" }
func isComment(line string) bool { return strings.HasPrefix(strings.TrimLeft(line, " \t"), "#") }

// member finds the value of a key in a mapping.
func member(n *yaml.Node, key string) *yaml.Node {
	if k := memberKey(n, key); k >= 0 {
		return n.Content[k+1]
	}
	return nil
}

func memberKey(n *yaml.Node, key string) int {
	if n.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Kind == yaml.ScalarNode && n.Content[i].Value == key {
				return i
			}
		}
	}
	return -1
}

// add puts sources at the end of the list.
func (e *editor) add(list []SourceEdit) ([]byte, error) {
	root := e.p.doc.root
	k := -1
	if root != nil && root.Kind == yaml.MappingNode {
		k = memberKey(root, "sources")
	}
	switch {
	case root == nil || isNull(root):
		e.newList(list, 0)
	case k < 0 && root.Style&yaml.FlowStyle == 0:
		e.newList(list, root.Column-1)
	case k < 0:
		return nil, ErrByHand
	default:
		if err := e.addTo(root.Content[k], root.Content[k+1], list); err != nil {
			return nil, err
		}
	}
	return e.apply(), nil
}

// newList writes the key and its list at the end of the file.
func (e *editor) newList(list []SourceEdit, indent int) {
	var b strings.Builder
	last := e.lines[len(e.lines)-1]
	if last.start < last.end {
		b.WriteString(e.eol)
	}
	if !isBlank(e.text) {
		b.WriteString(e.eol)
	}
	pad := strings.Repeat(" ", indent)
	b.WriteString(pad + "sources:" + e.eol)
	for _, s := range list {
		b.WriteString(pad + "  - " + s.flow() + e.eol)
	}
	e.patch(len(e.text), len(e.text), b.String())
}

// addTo adds to the list that is the value of key.
func (e *editor) addTo(key, value *yaml.Node, list []SourceEdit) error {
	switch {
	case value.Kind == yaml.AliasNode || value.Anchor != "":
		return ErrByHand
	case isNull(value):
		if value.Value != "" {
			at := e.offset(value)
			if !strings.HasPrefix(e.text[at:], value.Value) {
				return ErrByHand
			}
			e.patch(at, at+len(value.Value), "")
		}
		e.fillList(key, list)
		return nil
	case value.Kind != yaml.SequenceNode:
		return ErrByHand
	case value.Style&yaml.FlowStyle == 0:
		return e.addBlock(key, value, list)
	}
	return e.addFlow(key, value, list)
}

// fillList writes the first items below their key, after the comments that
// stand there deeper than the key.
func (e *editor) fillList(key *yaml.Node, list []SourceEdit) {
	n, indent := key.Line, key.Column-1
	for n < len(e.lines) {
		next := e.lineText(n + 1)
		if !isComment(next) || indentOf(next) <= indent {
			break
		}
		n++
	}
	e.insertLines(n, strings.Repeat(" ", indent+2)+"- ", "", false, list)
}

// insertLines writes items after line n.
func (e *editor) insertLines(n int, lead, pad string, block bool, list []SourceEdit) {
	at := e.lines[n-1].next
	var b strings.Builder
	if e.lines[n-1].end == e.lines[n-1].next { // the file does not end in a line break
		b.WriteString(e.eol)
	}
	for _, s := range list {
		parts := s.parts()
		if !block || len(parts) == 1 {
			b.WriteString(lead + s.flow() + e.eol)
			continue
		}
		for i, p := range parts {
			if i == 0 {
				b.WriteString(lead)
			} else {
				b.WriteString(pad)
			}
			b.WriteString(p.key + ": " + p.value + e.eol)
		}
	}
	e.patch(at, at, b.String())
}

// addBlock writes items after the last of a block list, in its manner.
func (e *editor) addBlock(key, seq *yaml.Node, list []SourceEdit) error {
	at := e.offset(seq)
	indent := seq.Column - 1
	if at >= len(e.text) || e.text[at] != '-' || indentOf(e.lineText(seq.Line)) != indent {
		return ErrByHand
	}
	last := seq.Content[len(seq.Content)-1]
	dash := last.Line
	for dash > 0 && !(indentOf(e.lineText(dash)) == indent && strings.HasPrefix(e.lineText(dash)[indent:], "-")) {
		dash--
	}
	if dash == 0 {
		return ErrByHand
	}
	gap := indentOf(e.lineText(dash)[indent+1:])
	if gap == 0 || isBlank(e.lineText(dash)[indent+1:]) {
		gap = 1
	}
	lead := strings.Repeat(" ", indent) + "-" + strings.Repeat(" ", gap)
	block := false
	for _, c := range seq.Content {
		if c.Kind == yaml.MappingNode {
			block = c.Style&yaml.FlowStyle == 0
		}
	}
	own := indent // comments of the list stand at least as deep
	if key.Column == seq.Column {
		own++ // a comment in that column may belong to the next key
	}
	e.insertLines(e.endOfItem(last.Line, indent, own, endsInBlockText(last)), lead, strings.Repeat(" ", len(lead)), block, list)
	return nil
}

// endOfItem returns the last line of what begins in line n and is indented
// deeper than indent, with the comments that follow without a blank line.
// In a block text (| or >) what looks like a comment is none.
func (e *editor) endOfItem(n, indent, own int, text bool) int {
	end, blank := n, false
	for n++; n <= len(e.lines); n++ {
		line := e.lineText(n)
		switch depth := indentOf(line); {
		case isBlank(line):
			blank = true
		case isComment(line) && !(text && depth > indent):
			if !blank && depth >= own {
				end = n
			}
		case depth > indent:
			end, blank = n, false
		default:
			return end
		}
	}
	return end
}

func endsInBlockText(n *yaml.Node) bool {
	for len(n.Content) > 0 {
		n = n.Content[len(n.Content)-1]
	}
	return n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0
}

// flowSpan is what lies between the brackets of a flow collection.
type flowSpan struct {
	last  int  // after the last character that is no space and no comment
	close int  // the closing bracket
	comma bool // the last character is a comma
	empty bool // there is none
}

// scanFlow finds the end of the flow collection that opens at start.
func (e *editor) scanFlow(start int) (flowSpan, bool) {
	depth, i := 0, start
	f := flowSpan{last: start + 1, empty: true}
	token := true // a quote would begin a quoted text here
	for i < len(e.text) {
		c := e.text[i]
		switch {
		case c == '[' || c == '{':
			depth++
			token = true
		case c == ']' || c == '}':
			if depth--; depth == 0 {
				f.close = i
				return f, true
			}
			token = false
		case c == ',' || c == ':' || c == '?':
			token = true
		case c == '#' && i > 0 && strings.IndexByte(" \t\r\n", e.text[i-1]) >= 0:
			for i < len(e.text) && e.text[i] != '\n' && e.text[i] != '\r' {
				i++
			}
			continue
		case strings.IndexByte(" \t\r\n", c) >= 0:
			i++
			continue
		case (c == '"' || c == '\'') && token:
			end := e.endOfQuoted(i)
			if end < 0 {
				return f, false
			}
			i = end - 1
			token = false
		default:
			token = false
		}
		i++
		if i > start+1 {
			f.last, f.comma, f.empty = i, e.text[i-1] == ',', false
		}
	}
	return f, false
}

// endOfQuoted returns the offset after the quoted text that begins at i.
func (e *editor) endOfQuoted(i int) int {
	q := e.text[i]
	for i++; i < len(e.text); i++ {
		switch {
		case q == '"' && e.text[i] == '\\':
			i++
		case e.text[i] == q && q == '\'' && i+1 < len(e.text) && e.text[i+1] == q:
			i++
		case e.text[i] == q:
			return i + 1
		}
	}
	return -1
}

// addFlow writes items into a list in brackets; an empty one becomes a block.
func (e *editor) addFlow(key, seq *yaml.Node, list []SourceEdit) error {
	start := e.offset(seq)
	f, ok := e.flowAt(start, '[')
	if !ok {
		return ErrByHand
	}
	if f.empty && isBlank(e.text[start+1:f.close]) && !strings.ContainsAny(e.text[start:f.close], "\r\n") && seq.Line == key.Line &&
		e.p.doc.root.Style&yaml.FlowStyle == 0 {
		line := e.lines[seq.Line-1]
		if isBlank(e.text[f.close+1 : line.end]) {
			start -= len(e.text[:start]) - len(strings.TrimRight(e.text[:start], " "))
		}
		e.patch(start, f.close+1, "")
		e.fillList(key, list)
		return nil
	}
	items := make([]string, len(list))
	for i, s := range list {
		items[i] = s.flow()
	}
	e.intoFlow(f, items)
	return nil
}

func (e *editor) flowAt(start int, open byte) (flowSpan, bool) {
	if start >= len(e.text) || e.text[start] != open {
		return flowSpan{}, false
	}
	return e.scanFlow(start)
}

// intoFlow writes items before the closing bracket. Where that stands in a line
// of its own, so do they.
func (e *editor) intoFlow(f flowSpan, items []string) {
	comma := ","
	if f.comma || f.empty {
		comma = ""
	}
	tail := e.text[f.last:f.close]
	if nl := strings.LastIndexAny(tail, "\n"); nl >= 0 {
		e.patch(f.last, f.last, comma)
		at := f.last + nl + 1
		pad := strings.Repeat(" ", e.indentAround(f.last))
		var b strings.Builder
		for i, s := range items {
			b.WriteString(pad + s)
			if i < len(items)-1 || f.comma {
				b.WriteByte(',')
			}
			b.WriteString(e.eol)
		}
		e.patch(at, at, b.String())
		return
	}
	text := comma + " " + strings.Join(items, ", ")
	if f.empty {
		text = strings.Join(items, ", ")
	}
	e.patch(f.last, f.last, text)
}

// indentAround is the indentation of the line in which an offset lies; deeper
// by two in the line that opens the collection.
func (e *editor) indentAround(at int) int {
	for _, l := range e.lines {
		if at <= l.end {
			line := e.text[l.start:l.end]
			n := indentOf(line)
			if t := strings.TrimSpace(line); strings.HasSuffix(t, "[") || strings.HasSuffix(t, "{") {
				n += 2
			}
			return n
		}
	}
	return 0
}

// token returns where a scalar of one line ends.
func (e *editor) token(n *yaml.Node) (start, end int, ok bool) {
	if n.Kind != yaml.ScalarNode || n.Anchor != "" || n.Style&(yaml.LiteralStyle|yaml.FoldedStyle|yaml.TaggedStyle) != 0 {
		return 0, 0, false
	}
	start = e.offset(n)
	switch {
	case start >= len(e.text):
		return 0, 0, false
	case n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0:
		if c := e.text[start]; c != '"' && c != '\'' {
			return 0, 0, false
		}
		end = e.endOfQuoted(start)
	case strings.HasPrefix(e.text[start:], n.Value) && n.Value != "":
		end = start + len(n.Value)
	default:
		return 0, 0, false
	}
	return start, end, end > 0 && end <= e.lines[n.Line-1].end
}

// replace writes another value in the place of a scalar.
func (e *editor) replace(n *yaml.Node, value string) error {
	start, end, ok := e.token(n)
	if !ok {
		return ErrByHand
	}
	e.patch(start, end, value)
	return nil
}

// set gives a source a key, or the key another value.
func (e *editor) set(item *yaml.Node, key, value string) error {
	switch {
	case item.Kind == yaml.AliasNode || item.Anchor != "":
		return ErrByHand
	case item.Kind == yaml.ScalarNode:
		return e.expand(item, key, value)
	case item.Kind != yaml.MappingNode:
		return ErrByHand
	}
	if v := member(item, key); v != nil {
		if v.Kind != yaml.ScalarNode || v.Value == "" {
			return ErrByHand
		}
		return e.replace(v, value)
	}
	if item.Style&yaml.FlowStyle != 0 {
		f, ok := e.flowAt(e.offset(item), '{')
		if !ok {
			return ErrByHand
		}
		e.intoFlow(f, []string{key + ": " + value})
		return nil
	}
	return e.insertKey(item, key, value)
}

// expand turns a bare address into a mapping.
func (e *editor) expand(item *yaml.Node, key, value string) error {
	start, end, ok := e.token(item)
	if !ok {
		return ErrByHand
	}
	address := part{"url", e.text[start:end]}
	if item.Style == 0 {
		address.value = plain(item.Value, true)
	}
	parts := []part{address, {key, value}}
	if key == "id" {
		slices.Reverse(parts)
	}
	e.patch(start, end, flowMap(parts))
	return nil
}

// insertKey writes a line below a key of a block mapping whose value is in one
// line: the address, if it can be.
func (e *editor) insertKey(item *yaml.Node, key, value string) error {
	pad := strings.Repeat(" ", item.Column-1)
	for _, after := range []string{"url", "id", "title", "kind", "author"} {
		i := memberKey(item, after)
		if i < 0 || item.Content[i].Line != item.Content[i+1].Line {
			continue
		}
		if _, _, ok := e.token(item.Content[i+1]); !ok {
			continue
		}
		line := e.lines[item.Content[i].Line-1]
		text := pad + key + ": " + value + e.eol
		if line.end == line.next {
			text = e.eol + pad + key + ": " + value
		}
		e.patch(line.next, line.next, text)
		return nil
	}
	at := e.offset(item)
	e.patch(at, at, key+": "+value+e.eol+pad)
	return nil
}

// unset removes a key that is true, or makes it false where a comment would go
// with it.
func (e *editor) unset(item *yaml.Node, key string) error {
	i := memberKey(item, key)
	if i < 0 || item.Anchor != "" {
		return ErrByHand // it comes from an alias
	}
	k, v := item.Content[i], item.Content[i+1]
	_, end, ok := e.token(v)
	if !ok || k.Line != v.Line {
		return ErrByHand
	}
	start, line := e.offset(k), e.lines[k.Line-1]
	if item.Style&yaml.FlowStyle == 0 {
		if isBlank(e.text[line.start:start]) && isBlank(e.text[end:line.end]) && len(item.Content) > 2 {
			e.patch(line.start, line.next, "")
			return nil
		}
		return e.replace(v, "false")
	}
	before := strings.TrimRight(e.text[line.start:start], " ")
	if strings.HasSuffix(before, ",") {
		e.patch(line.start+len(before)-1, end, "")
		return nil
	}
	return e.replace(v, "false")
}
