package config

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Limits of a file. A planet of 10,000 sources has about 2 MB.
const (
	maxBytes = 16 << 20
	maxDepth = 32
	maxNodes = 2_000_000 // aliases counted as often as they are used
)

// document is a file with its nodes and lines.
type document struct {
	name  string
	text  string   // without byte order mark
	lines []string // without line breaks; made when needed
	root  *yaml.Node
}

// decoder walks the nodes and collects what is wrong.
type decoder struct {
	doc    *document
	faults []Fault
	nodes  int
	at     map[string]*yaml.Node // nodes by key path, for Config.Fault
	homes  []home                // where keys are known
}

// maxFaults ends the collecting.
const maxFaults = 100

func (d *decoder) fault(n *yaml.Node, key, hint, format string, args ...any) {
	if len(d.faults) < maxFaults {
		d.faults = append(d.faults, d.doc.faultAt(n, key, hint, fmt.Sprintf(format, args...)))
	}
}

func (d *document) faultAt(n *yaml.Node, key, hint, reason string) Fault {
	f := Fault{Key: key, Reason: masked(reason), Hint: hint, Width: 1}
	if n == nil || n.Line == 0 {
		return f
	}
	f.Line, f.Column = n.Line, n.Column
	f.Text = masked(d.line(n.Line))
	if n.Kind == yaml.ScalarNode && n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) == 0 {
		f.Width = len([]rune(n.Value))
		if n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 {
			f.Width += 2
		}
	}
	f.Width = max(1, min(f.Width, len([]rune(f.Text))-f.Column+1))
	return f
}

func (d *document) line(n int) string {
	if d.lines == nil {
		for _, s := range splitLines(d.text) {
			d.lines = append(d.lines, d.text[s.start:s.end])
		}
	}
	if n < 1 || n > len(d.lines) {
		return ""
	}
	return d.lines[n-1]
}

// span is a line: [start,end) without its break, next is where the next begins.
type span struct{ start, end, next int }

// splitLines breaks lines where YAML does.
func splitLines(text string) []span {
	var out []span
	start := 0
	for i := 0; i < len(text); {
		n := breakAt(text[i:])
		if n == 0 {
			i++
			continue
		}
		out = append(out, span{start, i, i + n})
		i += n
		start = i
	}
	return append(out, span{start, len(text), len(text)})
}

func breakAt(s string) int {
	switch {
	case strings.HasPrefix(s, "\r\n"), strings.HasPrefix(s, "\u0085"):
		return 2
	case s[0] == '\n' || s[0] == '\r':
		return 1
	case strings.HasPrefix(s, "\u2028"), strings.HasPrefix(s, "\u2029"):
		return 3
	}
	return 0
}

// inParser tells errors of the parser proper from those of its scanner.
var inParser = regexp.MustCompile(`^did not find expected (key|'-' indicator|',' or '[\]}]'|node content|<)`)

var yamlLine = regexp.MustCompile(`^line (\d+): `)

// parseDocument reads the YAML.
func parseDocument(name string, data []byte) (doc *document, err error) {
	doc = &document{name: name}
	whole := func(reason, hint string) error {
		return &Error{Name: name, Faults: []Fault{{Width: 1, Reason: reason, Hint: hint}}}
	}
	if len(data) > maxBytes {
		return nil, whole(fmt.Sprintf("the file has %d bytes, more than %d", len(data), maxBytes), "")
	}
	text, _ := strings.CutPrefix(string(data), "\ufeff")
	doc.text = text
	if f, ok := doc.notText(); !ok {
		return nil, &Error{Name: name, Faults: []Fault{f}}
	}
	defer func() {
		if r := recover(); r != nil { // the parser's, on input nobody has thought of
			doc, err = nil, whole(fmt.Sprintf("cannot be read as YAML: %v", r), "")
		}
	}()
	dec := yaml.NewDecoder(strings.NewReader(text))
	var root, second yaml.Node
	if err := dec.Decode(&root); err != nil {
		if err.Error() == "EOF" {
			return doc, nil
		}
		return nil, doc.syntax(err)
	}
	if dec.Decode(&second) == nil {
		f := doc.faultAt(&second, "", "remove the --- and what follows it", "there is a second document in the file")
		return nil, &Error{Name: name, Faults: []Fault{f}}
	}
	if len(root.Content) > 0 {
		doc.root = root.Content[0]
	}
	return doc, nil
}

// notText finds what no text file has, which the YAML parser would tell
// without saying where.
func (d *document) notText() (Fault, bool) {
	line, column := 1, 1
	for i, r := range d.text {
		if breakAt(d.text[i:]) > 0 {
			if !strings.HasPrefix(d.text[i:], "\r\n") {
				line, column = line+1, 1
			}
			continue
		}
		bad := r < 0x20 && r != '\t' || r == 0x7f
		if r == '\ufffd' && !strings.HasPrefix(d.text[i:], "\ufffd") {
			return Fault{Line: line, Column: column, Width: 1, Text: strings.ToValidUTF8(d.line(line), "\ufffd"), Reason: "the file is not UTF-8 here", Hint: "save it as UTF-8"}, false
		}
		if bad {
			return Fault{Line: line, Column: column, Width: 1, Text: strconv.Quote(d.line(line)), Reason: fmt.Sprintf("control character %U", r), Hint: "remove it"}, false
		}
		column++
	}
	return Fault{}, true
}

// syntax turns the parser's error into a Fault.
func (d *document) syntax(err error) error {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	f := Fault{Width: 1, Line: 1} // the parser leaves out the line when it is the first
	if m := yamlLine.FindStringSubmatch(text); m != nil {
		f.Line, _ = strconv.Atoi(m[1])
		text = text[len(m[0]):]
		if inParser.MatchString(text) {
			f.Line++ // these count from 0
		}
	}
	// The parser counts some errors from the line before.
	for n := max(f.Line, 1); n <= f.Line+1; n++ {
		if line := d.line(n); strings.HasPrefix(strings.TrimLeft(line, " "), "\t") {
			f.Line, f.Hint = n, "indent with spaces, not with tabs"
			break
		}
	}
	if inBlock(text) && f.Hint == "" {
		f.Line = d.firstBad(f.Line)
	}
	for f.Line > 1 && isBlank(d.line(f.Line)) { // the end of the file
		f.Line--
	}
	if f.Line > 0 {
		f.Text = d.line(f.Line)
		f.Column = len(f.Text) - len(strings.TrimLeft(f.Text, " ")) + 1
	}
	f.Reason = "not YAML: " + text
	if t := strings.TrimSpace(f.Text); f.Hint == "" && len(t) > 1 && t[0] == '-' && t[1] != ' ' && t[1] != '-' {
		f.Hint = "a dash is followed by a space"
	}
	if f.Hint == "" {
		f.Hint = syntaxHint(text)
		f = d.cause(f, text)
	}
	return &Error{Name: d.name, Faults: []Fault{f}}
}

// inBlock reports an error that concerns indentation. For these the parser
// names where the mapping began, not where it went wrong.
func inBlock(text string) bool {
	return strings.Contains(text, "did not find expected key") || strings.Contains(text, "expected '-' indicator") ||
		strings.Contains(text, "mapping values") || strings.Contains(text, "could not find expected ':'")
}

// firstBad finds the line that makes the text before it invalid.
func (d *document) firstBad(line int) int {
	lines := splitLines(d.text)
	valid := func(n int) bool {
		var root yaml.Node
		err := yaml.Unmarshal([]byte(d.text[:lines[n-1].next]), &root)
		return err == nil
	}
	from := max(1, line-2)
	if len(d.text) > 1<<20 || from > len(lines) || !valid(from) {
		return line
	}
	for n := from + 1; n <= min(len(lines), from+200); n++ {
		if !valid(n) {
			return n
		}
	}
	return line
}

func syntaxHint(text string) string {
	switch {
	case strings.Contains(text, "mapping values are not allowed"):
		return "is the line indented as its neighbours? A value with \": \" in it must be quoted"
	case strings.Contains(text, "did not find expected ',' or ']'"):
		return "a [ is not closed, or a comma is missing"
	case strings.Contains(text, "did not find expected ',' or '}'"):
		return "a { is not closed, or a comma is missing"
	case strings.Contains(text, "did not find expected key"), strings.Contains(text, "did not find expected '-' indicator"):
		return "keys of one level begin in the same column; is this line, or the one before, indented as its neighbours?"
	case strings.Contains(text, "did not find expected alphabetic"):
		return "within { } or [ ] put a value with *, & or ? in quotes"
	case strings.Contains(text, "cannot start any token"):
		return "put the value in quotes"
	case strings.Contains(text, "unexpected end of stream"):
		return "a quote is not closed"
	case strings.Contains(text, "unknown anchor"):
		return "a value that begins with * must be in quotes"
	case strings.Contains(text, "unknown escape"), strings.Contains(text, "hexdecimal"):
		return "within \"…\" a backslash is written twice; or use '…'"
	case strings.Contains(text, "could not find expected ':'"):
		return "a key is followed by a colon and a space; is the line indented as it should be?"
	}
	return ""
}

// follow leads from an alias to its anchor and counts what is visited.
func (d *decoder) follow(n *yaml.Node, key string, depth int) (*yaml.Node, bool) {
	if d.nodes++; d.nodes > maxNodes {
		if d.nodes == maxNodes+1 {
			d.fault(n, key, "", "the file has too many values")
		}
		return n, false
	}
	for n.Kind == yaml.AliasNode && n.Alias != nil {
		n = n.Alias
	}
	if depth > maxDepth {
		d.fault(n, key, "", "nested more than %d levels deep", maxDepth)
		return n, false
	}
	return n, true
}

func isNull(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null"
}

// pair is one member of a mapping.
type pair struct{ key, value *yaml.Node }

// members lists the members of a mapping, << merged in, and reports keys that
// come twice.
func (d *decoder) members(n *yaml.Node, key string, depth int) []pair {
	var own, merged []pair
	seen := map[string]*yaml.Node{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		if k.Kind == yaml.ScalarNode && k.Tag == "!!merge" {
			merged = append(merged, d.merge(v, key, depth)...)
			continue
		}
		k, _ = d.follow(k, key, depth)
		if k.Kind != yaml.ScalarNode {
			d.fault(k, key, "", "a key is a word, not a list or a mapping")
			continue
		}
		if first := seen[k.Value]; first != nil {
			d.fault(k, join(key, k.Value), "remove one of them", "%q is there twice, first in line %d", k.Value, first.Line)
			continue
		}
		seen[k.Value] = k
		own = append(own, pair{k, v})
	}
	for _, m := range merged {
		if seen[m.key.Value] == nil {
			seen[m.key.Value] = m.key
			own = append(own, m)
		}
	}
	return own
}

func (d *decoder) merge(v *yaml.Node, key string, depth int) []pair {
	v, ok := d.follow(v, key, depth)
	if !ok {
		return nil
	}
	switch v.Kind {
	case yaml.MappingNode:
		return d.members(v, key, depth+1)
	case yaml.SequenceNode:
		var out []pair
		for _, c := range v.Content {
			out = append(out, d.merge(c, key, depth+1)...)
		}
		return out
	}
	d.fault(v, key, "", "<< takes a mapping, by alias")
	return nil
}

func join(key, name string) string {
	if key == "" {
		return name
	}
	return key + "." + name
}

// what says what a node is, for messages.
func what(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	switch n.ShortTag() {
	case "!!null":
		return "nothing"
	case "!!bool":
		return n.Value
	case "!!int", "!!float":
		return "the number " + n.Value
	}
	return strconv.Quote(n.Value)
}

// object decodes the members of a mapping by the table of its keys.
func object[T any](d *decoder, n *yaml.Node, key string, depth int, table []entry[T], out *T) {
	n, ok := d.follow(n, key, depth)
	if !ok || isNull(n) {
		return
	}
	if n.Kind != yaml.MappingNode {
		d.fault(n, key, "its keys are "+names(table), "%s is a mapping, not %s", label(key), what(n))
		return
	}
	for _, m := range d.members(n, key, depth) {
		e := find(table, m.key.Value)
		if e == nil {
			d.unknown(m.key, key, keyNames(table))
			continue
		}
		path := join(key, e.name)
		d.at[path] = m.value
		v, ok := d.follow(m.value, path, depth+1)
		if !ok || isNull(v) && !e.null {
			continue
		}
		e.set(d, v, path, depth+1, out)
	}
}

func find[T any](table []entry[T], name string) *entry[T] {
	for i := range table {
		if table[i].name == name || slices.Contains(table[i].also, name) {
			return &table[i]
		}
	}
	return nil
}

func keyNames[T any](table []entry[T]) []string {
	out := make([]string, len(table))
	for i, e := range table {
		out[i] = e.name
	}
	return out
}

func names[T any](table []entry[T]) string { return strings.Join(keyNames(table), ", ") }

func label(key string) string {
	if key == "" {
		return "the file"
	}
	return key
}

// meant are words that people bring from other programs.
var meant = map[string]string{
	"feeds": "sources", "feed": "url", "link": "url", "href": "url", "xmlurl": "url", "subscriptions": "sources", "planet": "site",
	"name": "title", "lang": "language", "tz": "timezone", "interval": "every", "disabled": "paused", "category": "tags", "categories": "tags",
	"cron": "schedule", "every": "schedule", "user_agent": "identity", "useragent": "identity", "filter": "include", "fulltext": "full_text", "content_path": "content",
	"delay": "gap", "concurrency": "parallel", "base_url": "url", "baseurl": "url", "repo": "remote", "repository": "remote", "selector": "item", "homepage": "site",
}

// unknown reports a key that is in no table, with the one that was meant.
func (d *decoder) unknown(k *yaml.Node, key string, valid []string) {
	hint := "known here: " + strings.Join(valid, ", ")
	if m := meant[strings.ToLower(k.Value)]; slices.Contains(valid, m) {
		hint = fmt.Sprintf("did you mean %s?", m)
	} else if near := nearest(k.Value, valid); near != "" {
		hint = fmt.Sprintf("did you mean %s?", near)
	} else if home := d.homeOf(k.Value, key); home != "" {
		hint = fmt.Sprintf("%s belongs into %s", k.Value, home)
	} else if home, near := d.nearHome(k.Value, key); near != "" {
		hint = fmt.Sprintf("did you mean %s? It belongs into %s", near, home)
	}
	d.fault(k, join(key, k.Value), hint, "unknown key %q%s", k.Value, in(key))
}

func in(key string) string {
	if key == "" {
		return ""
	}
	return " in " + key
}

// homeOf finds where else a key is known.
// nearHome is homeOf for a key that is misspelt as well.
func (d *decoder) nearHome(name, here string) (home, near string) {
	for _, h := range d.homes {
		if n := nearest(name, h.names); h.key != here && n != "" && near == "" {
			home, near = label(h.key), n
		}
	}
	return home, near
}

func (d *decoder) homeOf(name, here string) string {
	for _, h := range d.homes {
		if h.key != here && slices.Contains(h.names, name) {
			return label(h.key)
		}
	}
	return ""
}
