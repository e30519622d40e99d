package site

import (
	"bytes"
	"errors"
	"fmt"
	"html"
	"html/template"
	"reflect"
	"regexp"
	"strings"
	"text/template/parse"
)

// TemplateError is a fault in a template or in a page of the keeper's, where it stands.
type TemplateError struct {
	Dir     string // "pages"; "": "theme"
	File    string // within it: "components/post.html"
	Line    int    // 0: not known
	Column  int    // 0: not known
	Excerpt string
	Reason  string
}

func (e *TemplateError) Error() string {
	at := e.Path()
	if e.Line > 0 {
		at += fmt.Sprintf(":%d", e.Line)
	}
	if e.Column > 0 {
		at += fmt.Sprintf(":%d", e.Column)
	}
	if e.Excerpt == "" {
		return at + ": " + e.Reason
	}
	return at + ": " + e.Reason + "\n" + e.Excerpt
}

// Path is where the file lies in the site directory.
func (e *TemplateError) Path() string { return cmpOr(e.Dir, "theme") + "/" + e.File }

// Is makes errors.Is(err, ErrTheme) true.
func (e *TemplateError) Is(target error) bool { return target == ErrTheme }

// funcs are those a template may call: {{asset "site.css"}} is the path of an
// asset, {{path "/tags/"}} of a page, {{t "older"}} a word in the site's language.
func (t *theme) funcs(root string) template.FuncMap {
	return template.FuncMap{
		"asset": func(name string) (string, error) {
			p, ok := t.assets[name]
			if !ok {
				return "", fmt.Errorf("no asset is called %q", name)
			}
			return escapePath(root + p), nil
		},
		"path": func(p string) string { return escapePath(root + strings.TrimPrefix(p, "/")) },
		"t":    func(key string) string { return t.locale.t(key) },
	}
}

// fold evaluates the calls of funcs with a constant string while the theme is
// read, so that no page pays for them. Their values are escaped for text and
// quoted attributes; they come from the theme.
func fold(tree *parse.Tree, list *parse.ListNode, funcs template.FuncMap) error {
	if list == nil {
		return nil
	}
	for i, n := range list.Nodes {
		var err error
		switch n := n.(type) {
		case *parse.ActionNode:
			var v string
			var ok bool
			if v, ok, err = constant(n.Pipe, funcs); err != nil {
				at, _ := tree.ErrorContext(n)
				return fmt.Errorf("template: %s: %w", at, err)
			} else if ok {
				list.Nodes[i] = &parse.TextNode{NodeType: parse.NodeText, Pos: n.Pos, Text: []byte(html.EscapeString(v))}
			}
		case *parse.IfNode:
			err = fold2(tree, n.List, n.ElseList, funcs)
		case *parse.WithNode:
			err = fold2(tree, n.List, n.ElseList, funcs)
		case *parse.RangeNode:
			err = fold2(tree, n.List, n.ElseList, funcs)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func fold2(tree *parse.Tree, a, b *parse.ListNode, funcs template.FuncMap) error {
	if err := fold(tree, a, funcs); err != nil {
		return err
	}
	return fold(tree, b, funcs)
}

func constant(p *parse.PipeNode, funcs template.FuncMap) (string, bool, error) {
	if p == nil || len(p.Decl) > 0 || len(p.Cmds) != 1 || len(p.Cmds[0].Args) != 2 {
		return "", false, nil
	}
	id, ok := p.Cmds[0].Args[0].(*parse.IdentifierNode)
	if !ok {
		return "", false, nil
	}
	arg, ok := p.Cmds[0].Args[1].(*parse.StringNode)
	if !ok {
		return "", false, nil
	}
	switch f := funcs[id.Ident].(type) {
	case func(string) string:
		return f(arg.Text), true, nil
	case func(string) (string, error):
		v, err := f(arg.Text)
		return v, err == nil, err
	}
	return "", false, nil
}

// render executes a template.
func (t *theme) render(w *bytes.Buffer, name string, data any) error {
	if t.programs.run(w, name, data) {
		return nil
	}
	if err := t.set.ExecuteTemplate(w, name, data); err != nil {
		return t.explain(err)
	}
	return nil
}

var templateAt = regexp.MustCompile(`^(?:html/)?template: ?([^:]+):(?:(\d+):)?(?:(\d+):)? (?s:(.*))$`)

// explain turns an error of the template packages into a *TemplateError.
func (t *theme) explain(err error) error {
	if within, ok := errors.AsType[*TemplateError](err); ok {
		return within // of a component that the template asked for; that is where it is mended
	}
	text := err.Error()
	m := templateAt.FindStringSubmatch(text)
	if m == nil {
		m = templateAt.FindStringSubmatch(strings.Replace(text, "html/template:", "html/template: ", 1))
	}
	if m == nil {
		return fmt.Errorf("%w: %w", ErrTheme, err)
	}
	e := &TemplateError{File: m[1], Reason: reworded(m[4])}
	fmt.Sscan(m[2], &e.Line)
	fmt.Sscan(m[3], &e.Column)
	e.Excerpt = excerptAt(t.source[e.File], e.Line)
	return e
}

var (
	executing = regexp.MustCompile(`^executing "[^"]*" at <`)
	noField   = regexp.MustCompile(`can't evaluate field (\w+) in type \*?site\.(\w+)$`)
	openEnd   = regexp.MustCompile(`ends in a non-text context: (?:\{(\w+) (\w+) .*)?`)
)

// leftOpen says what a component has begun and not ended, from the names of
// html/template's states.
func leftOpen(state, delim string) string {
	switch {
	case delim == "delimDoubleQuote":
		return `the quote " of an attribute is not closed`
	case delim == "delimSingleQuote":
		return "the quote ' of an attribute is not closed"
	case strings.HasPrefix(state, "stateHTMLCmt"):
		return "a comment <!-- is not closed by -->"
	case strings.HasPrefix(state, "stateJS"):
		return "a <script> is not closed"
	case strings.HasPrefix(state, "stateCSS"):
		return "a <style> is not closed"
	case state == "stateRCDATA":
		return "a <title> or <textarea> is not closed"
	}
	return "a tag is not closed by >"
}

// reworded says a fault in the words of themes: what there is instead of a
// field that there is not.
func reworded(reason string) string {
	if m := openEnd.FindStringSubmatch(reason); m != nil {
		return leftOpen(m[1], m[2]) + " at the end of the file"
	}
	m := noField.FindStringSubmatch(reason)
	if m == nil {
		if at := executing.FindString(reason); at != "" {
			return "at <" + reason[len(at):]
		}
		return reason
	}
	for _, v := range []any{&Site{}, &Link{}, &NavItem{}, &Frame{}, &Page{}, &FeedLink{}, &List{}, &PostPage{}, &PostView{}, &ImageView{}, &SourceView{},
		&SourcesPage{}, &IndexPage{}, &IndexGroup{}, &IndexEntry{}, &ArchivePage{}, &ArchiveYear{}, &TextPage{}} {
		if k := reflect.TypeOf(v); k.Elem().Name() == m[2] {
			return "." + m[1] + " is not there; " + m[2] + " has " + strings.Join(fieldsOf(k), ", ")
		}
	}
	return reason
}

// fieldsOf lists what a template may say of a value.
func fieldsOf(pointer reflect.Type) []string {
	var out []string
	for _, f := range reflect.VisibleFields(pointer.Elem()) {
		if f.IsExported() && !f.Anonymous {
			out = append(out, "."+f.Name)
		}
	}
	for i := range pointer.NumMethod() {
		out = append(out, "."+pointer.Method(i).Name)
	}
	return out
}

// excerptAt is a line of a text with two before and after it; "" where the line
// is not known.
func excerptAt(text string, line int) string {
	lines := strings.Split(text, "\n")
	out := ""
	for i := max(1, line-2); line > 0 && i <= min(len(lines), line+2); i++ {
		mark := " "
		if i == line {
			mark = ">"
		}
		out += fmt.Sprintf("%s %4d | %s\n", mark, i, lines[i-1])
	}
	return strings.TrimRight(out, "\n")
}
