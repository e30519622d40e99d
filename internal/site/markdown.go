package site

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"image"
	_ "image/gif" // what pages show
	_ "image/jpeg"
	_ "image/png"
	"io"
	"net/url"
	"path"
	"strconv"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
	_ "golang.org/x/image/webp"
)

// markdown reads GitHub's kind: tables, footnotes, strike-through, bare links,
// ids at headings. HTML in it is the keeper's own and stays as it is; the
// policy of the pages holds for it too.
func markdown(words *locale) goldmark.Markdown {
	return goldmark.New(
		goldmark.WithExtensions(extension.NewTable(extension.WithTableCellAlignMethod(extension.TableCellAlignNone)),
			extension.Strikethrough, extension.Linkify, extension.Footnote, extension.DefinitionList),
		goldmark.WithParserOptions(parser.WithAutoHeadingID(), parser.WithAttribute()),
		goldmark.WithRendererOptions(html.WithUnsafe(), renderer.WithNodeRenderers(util.Prioritized(&pageRenderer{words: words}, 100))),
	)
}

// render makes the HTML of a page, and the title where only its first heading
// tells it.
func (r *pageReader) render(p *textPage) error {
	md := markdown(r.words)
	doc := md.Parser().Parse(text.NewReader(p.source), parser.WithContext(parser.NewContext(parser.WithIDs(&headingIDs{"main": true}))))
	if h, ok := doc.FirstChild().(*ast.Heading); ok && h.Level == 1 && p.title == "" {
		p.title = strings.TrimSpace(clean(wordsOf(h, p.source)))
		doc.RemoveChild(doc, h)
	}
	if p.title == "" {
		p.title = title(strings.ReplaceAll(path.Base(p.route), "-", " "))
	}
	if p.menuTitle == "" {
		p.menuTitle = p.title
	}
	if err := r.resolve(p, doc); err != nil {
		return err
	}
	var b bytes.Buffer
	if err := md.Renderer().Render(&b, p.source, doc); err != nil {
		return p.fault(0, err.Error())
	}
	p.html = strings.TrimSpace(b.String())
	p.text = wordsOf(doc, p.source)
	if p.description == "" {
		p.description = excerpt(strings.Join(strings.Fields(firstParagraph(doc, p.source)), " "), 200)
	}
	p.sum = sha256.Sum256([]byte(strings.Join([]string{p.route, p.title, p.description, p.lang, strconv.FormatBool(p.hidden), p.html}, "\x00")))
	return nil
}

// resolve points links and pictures to where they are on the site, and keeps
// the outline below the title's.
func (r *pageReader) resolve(p *textPage, doc ast.Node) error {
	sink := 0
	level := 1
	_ = ast.Walk(doc, func(n ast.Node, in bool) (ast.WalkStatus, error) {
		if h, ok := n.(*ast.Heading); ok && in && h.Level == 1 {
			sink = 1
		}
		return ast.WalkContinue, nil
	})
	return ast.Walk(doc, func(n ast.Node, in bool) (ast.WalkStatus, error) {
		if !in {
			return ast.WalkContinue, nil
		}
		var err error
		switch n := n.(type) {
		case *ast.Heading:
			n.Level = min(n.Level+sink, level+1, 6)
			level = n.Level
		case *ast.Link:
			n.Destination, err = r.target(p, n, n.Destination)
		case *ast.Image:
			n.Destination, err = r.target(p, n, n.Destination)
			if f, ok := r.files[r.fileOf(n.Destination)]; ok && err == nil {
				if size, _, err := image.DecodeConfig(bytes.NewReader(f.body)); err == nil {
					n.SetAttributeString("width", strconv.Itoa(size.Width))
					n.SetAttributeString("height", strconv.Itoa(size.Height))
				}
				n.SetAttributeString("loading", "lazy")
			}
		case *extast.TableCell:
			if n.Alignment == extast.AlignCenter || n.Alignment == extast.AlignRight {
				n.SetAttributeString("class", map[extast.Alignment]string{extast.AlignCenter: "center", extast.AlignRight: "end"}[n.Alignment])
			}
		}
		return ast.WalkContinue, err
	})
}

// target resolves the address of a link: a file of pages/, a path of the site,
// or what it is.
func (r *pageReader) target(p *textPage, n ast.Node, dest []byte) ([]byte, error) {
	u, err := url.Parse(string(dest))
	if err != nil || u.IsAbs() || u.Host != "" || u.Path == "" {
		return dest, nil
	}
	suffix := ""
	if u.RawQuery != "" {
		suffix = "?" + u.RawQuery
	}
	if u.Fragment != "" {
		suffix += "#" + u.EscapedFragment()
	}
	if strings.HasPrefix(u.Path, "/") {
		return []byte(escapePath(r.root+u.Path[1:]) + suffix), nil
	}
	name := path.Join(path.Dir(p.file), u.Path)
	if to, ok := r.byFile[name]; ok {
		return []byte(escapePath(r.root+to.route) + suffix), nil
	}
	if _, ok := r.files[name]; ok {
		return []byte(escapePath(r.root+name) + suffix), nil
	}
	return nil, p.fault(lineOf(n, p.source), fmt.Sprintf("pages/%s is not there; a path of the site begins with /", name))
}

// fileOf is the file of pages/ that a resolved address leads to.
func (r *pageReader) fileOf(dest []byte) string {
	u, err := url.PathUnescape(string(dest))
	if err != nil {
		return ""
	}
	return strings.TrimPrefix(u, r.root)
}

// lineOf finds the line on which the block with n begins.
func lineOf(n ast.Node, source []byte) int {
	for ; n != nil; n = n.Parent() {
		if n.Type() == ast.TypeBlock && n.Lines() != nil && n.Lines().Len() > 0 {
			return 1 + bytes.Count(source[:n.Lines().At(0).Start], []byte("\n"))
		}
	}
	return 0
}

// wordsOf is the text of a node without marks.
func wordsOf(n ast.Node, source []byte) string {
	var b strings.Builder
	_ = ast.Walk(n, func(n ast.Node, in bool) (ast.WalkStatus, error) {
		switch n := n.(type) {
		case *ast.Text:
			if in {
				b.Write(n.Segment.Value(source))
				if n.SoftLineBreak() || n.HardLineBreak() {
					b.WriteByte(' ')
				}
			}
		case *ast.String:
			if in {
				b.Write(n.Value)
			}
		case *ast.AutoLink:
			if in {
				b.Write(n.Label(source))
			}
		case *ast.CodeBlock, *ast.FencedCodeBlock:
			if in {
				b.Write(n.Lines().Value(source))
			}
		}
		if !in && n.Type() == ast.TypeBlock {
			b.WriteByte('\n')
		}
		return ast.WalkContinue, nil
	})
	return b.String()
}

func firstParagraph(doc ast.Node, source []byte) string {
	for n := doc.FirstChild(); n != nil; n = n.NextSibling() {
		if n.Kind() == ast.KindParagraph {
			return wordsOf(n, source)
		}
	}
	return ""
}

// headingIDs makes ids of headings in any script, each once.
type headingIDs map[string]bool

func (ids headingIDs) Generate(value []byte, _ ast.NodeKind) []byte {
	base := slug(string(value))
	id := base
	for n := 2; ids[id]; n++ {
		id = base + "-" + strconv.Itoa(n)
	}
	ids[id] = true
	return []byte(id)
}

func (ids headingIDs) Put(value []byte) { ids[string(value)] = true }

// pageRenderer writes what a page of ours wants otherwise: what may be wider
// than the page can be scrolled, with the keyboard too.
type pageRenderer struct {
	words  *locale
	tables int
}

func (r *pageRenderer) RegisterFuncs(reg renderer.NodeRendererFuncRegisterer) {
	reg.Register(extast.KindTable, r.table)
	reg.Register(ast.KindCodeBlock, r.code)
	reg.Register(ast.KindFencedCodeBlock, r.code)
}

func (r *pageRenderer) table(w util.BufWriter, _ []byte, _ ast.Node, in bool) (ast.WalkStatus, error) {
	if !in {
		_, err := w.WriteString("</table></div>\n")
		return ast.WalkContinue, err
	}
	r.tables++
	name := r.words.t("table")
	if r.tables > 1 {
		name += " " + strconv.Itoa(r.tables)
	}
	_, err := fmt.Fprintf(w, "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"%s\"><table>\n", appendText(nil, name))
	return ast.WalkContinue, err
}

func (r *pageRenderer) code(w util.BufWriter, source []byte, n ast.Node, in bool) (ast.WalkStatus, error) {
	if !in {
		return ast.WalkContinue, nil
	}
	class := ""
	if f, ok := n.(*ast.FencedCodeBlock); ok {
		if l := f.Language(source); len(l) > 0 {
			class = ` class="language-` + string(appendText(nil, clean(string(l)))) + `"`
		}
	}
	if _, err := io.WriteString(w, `<pre tabindex="0"><code`+class+">"); err != nil {
		return ast.WalkStop, err
	}
	for i := range n.Lines().Len() {
		line := n.Lines().At(i)
		if _, err := w.Write(appendText(nil, string(line.Value(source)))); err != nil {
			return ast.WalkStop, err
		}
	}
	_, err := io.WriteString(w, "</code></pre>\n")
	return ast.WalkSkipChildren, err
}
