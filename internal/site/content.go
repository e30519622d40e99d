package site

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"

	xhtml "golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// fullText turns the sanitised content of a post into what may stand on its
// page. Beyond safety, which was seen to before, the page has rules of its
// own: no picture, film or frame from a third party, headings below the title's,
// no id twice, nothing that the policy or the standard forbids. So it is written
// anew from the elements known here, always balanced.
func (b *build) fullText(p *post) string { return b.text(p, "") }

// text is fullText; among is the address of the post's page where the text is
// to stand on another: ids are its page's then, and anchors lead there.
func (b *build) text(p *post, among string) string {
	if len(p.Content) > maxContent {
		return ""
	}
	w := &contentWriter{
		words: b.theme.locale, among: among, out: make([]byte, 0, len(p.Content)+len(p.Content)/8),
		image: func(src string) *ImageView { return b.image(p, src) },
	}
	w.write(p.Content)
	if len(bytes.TrimSpace(w.out)) == 0 {
		return ""
	}
	return string(w.out)
}

const (
	maxContent = 4 << 20
	maxDepth   = 100
)

// class says how an element of foreign content is treated.
type class uint8

const (
	phrasing  class = iota + 1 // stays inside a paragraph
	block                      // closes a paragraph
	container                  // renamed to div
	heading
	item    // li: only in ul and ol
	part    // dt, dd: only in dl
	table   // table
	row     // what only stands in a table
	caption // figcaption: only in figure
	void    // br, hr, wbr
	picture
	media // video, audio, iframe and their like: a link instead
	drop  // with all that is in it
)

var classes = map[atom.Atom]class{
	atom.A: phrasing, atom.Abbr: phrasing, atom.B: phrasing, atom.Bdi: phrasing, atom.Bdo: phrasing, atom.Cite: phrasing, atom.Code: phrasing,
	atom.Del: phrasing, atom.Dfn: phrasing, atom.Em: phrasing, atom.I: phrasing, atom.Ins: phrasing, atom.Kbd: phrasing, atom.Mark: phrasing,
	atom.Q: phrasing, atom.S: phrasing, atom.Samp: phrasing, atom.Small: phrasing, atom.Span: phrasing, atom.Strong: phrasing, atom.Sub: phrasing,
	atom.Sup: phrasing, atom.Time: phrasing, atom.U: phrasing, atom.Var: phrasing, atom.Strike: phrasing, atom.Tt: phrasing,
	atom.P: block, atom.Pre: block, atom.Blockquote: block, atom.Ul: block, atom.Ol: block, atom.Dl: block, atom.Figure: block, atom.Summary: block,
	atom.Div: container, atom.Section: container, atom.Article: container, atom.Aside: container, atom.Header: container, atom.Footer: container,
	atom.Main: container, atom.Nav: container, atom.Address: container, atom.Center: container, atom.Hgroup: container, atom.Details: container,
	atom.H1: heading, atom.H2: heading, atom.H3: heading, atom.H4: heading, atom.H5: heading, atom.H6: heading,
	atom.Li: item, atom.Dt: part, atom.Dd: part,
	atom.Table: table, atom.Thead: row, atom.Tbody: row, atom.Tfoot: row, atom.Tr: row, atom.Th: row, atom.Td: row, atom.Caption: row,
	atom.Figcaption: caption,
	atom.Br:         void, atom.Hr: void, atom.Wbr: void,
	atom.Img: picture, atom.Video: media, atom.Audio: media, atom.Iframe: media, atom.Source: media, atom.Embed: media, atom.Object: media,
	atom.Script: drop, atom.Style: drop, atom.Template: drop, atom.Svg: drop, atom.Math: drop, atom.Textarea: drop, atom.Title: drop,
	atom.Select: drop, atom.Noscript: drop, atom.Noembed: drop, atom.Noframes: drop, atom.Xmp: drop, atom.Plaintext: drop, atom.Head: drop,
}

// renamed are elements written under another name.
var renamed = map[atom.Atom]atom.Atom{atom.Strike: atom.S, atom.Tt: atom.Code, atom.Time: atom.Span, atom.Summary: atom.P}

type openElement struct {
	was  atom.Atom // as the content called it; 0: opened by us
	is   atom.Atom // as we wrote it
	end  string    // what closes it
	at   int       // where its tag begins in out
	body int       // where its content begins
	last atom.Atom // dl: its last part; figure: figcaption once that may only be followed by the end; a: img where one without a name was in it
}

type level struct{ src, out int }

type contentWriter struct {
	words  *locale
	image  func(src string) *ImageView
	out    []byte
	open   []openElement
	levels []level
	before []level // what levels was before the heading that is open
	ids    map[string]bool
	tables []*grid   // the open ones
	count  int       // of tables
	among  string    // the post's own page, where the text stands on another among others
	skip   int       // depth within a dropped element
	skipOf atom.Atom // which
}

func (w *contentWriter) write(content string) {
	z := xhtml.NewTokenizer(strings.NewReader(content))
	for {
		switch z.Next() {
		case xhtml.ErrorToken:
			w.closeTo(0)
			return
		case xhtml.TextToken:
			if w.skip == 0 {
				w.text(z.Text())
			}
		case xhtml.StartTagToken, xhtml.SelfClosingTagToken:
			name, more := z.TagName()
			w.start(atom.Lookup(name), attributes(z, more))
		case xhtml.EndTagToken:
			name, _ := z.TagName()
			w.end(atom.Lookup(name))
		}
	}
}

func attributes(z *xhtml.Tokenizer, more bool) map[string]string {
	var m map[string]string
	for more {
		var k, v []byte
		k, v, more = z.TagAttr()
		if m == nil {
			m = map[string]string{}
		}
		if _, twice := m[string(k)]; !twice && len(m) < 64 {
			m[string(k)] = string(v)
		}
	}
	return m
}

func (w *contentWriter) text(raw []byte) {
	if len(bytes.TrimSpace(raw)) == 0 {
		if w.takesText() {
			w.out = append(w.out, raw...)
		}
		return
	}
	w.flow()
	w.out = appendText(w.out, cleanText(string(raw)))
}

// cleanText is clean that keeps line breaks and tabs.
func cleanText(s string) string {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\ufffd")
	}
	if strings.ContainsFunc(s, notText) {
		s = strings.Map(func(r rune) rune {
			if notText(r) {
				return -1
			}
			return r
		}, s)
	}
	return s
}

func notText(r rune) bool {
	return r < 0x20 && r != '\t' && r != '\n' || r >= 0x7f && r <= 0x9f || r&0xfffe == 0xfffe || r >= 0xfdd0 && r <= 0xfdef
}

func (w *contentWriter) top() atom.Atom {
	if n := len(w.open); n > 0 {
		return w.open[n-1].is
	}
	return 0
}

func (w *contentWriter) takesText() bool {
	switch w.top() {
	case atom.Ul, atom.Ol, atom.Dl, atom.Table, atom.Thead, atom.Tbody, atom.Tfoot, atom.Tr:
		return false
	}
	return true
}

// flow makes the place one where text and inline elements may stand.
func (w *contentWriter) flow() {
	switch w.top() {
	case atom.Ul, atom.Ol:
		w.push(0, atom.Li, "")
	case atom.Dl:
		w.startPart(atom.Dd, part, nil)
	case atom.Figure:
		if n := len(w.open); w.open[n-1].last == atom.Figcaption {
			w.closeTo(n - 1)
			w.flow()
		}
	case atom.Table, atom.Thead, atom.Tbody, atom.Tfoot:
		w.push(0, atom.Tr, "")
		w.push(0, atom.Td, "")
	case atom.Tr:
		w.push(0, atom.Td, "")
	}
}

func (w *contentWriter) push(was, is atom.Atom, attrs string) {
	name := is.String()
	at := len(w.out)
	w.out = append(w.out, '<')
	w.out = append(w.out, name...)
	w.out = append(w.out, attrs...)
	w.out = append(w.out, '>')
	w.open = append(w.open, openElement{was: was, is: is, end: "</" + name + ">", at: at, body: len(w.out)})
}

// closeTo closes elements until n are open.
func (w *contentWriter) closeTo(n int) {
	for len(w.open) > n {
		last := w.open[len(w.open)-1]
		w.open = w.open[:len(w.open)-1]
		w.settle(&last)
		if len(bytes.TrimSpace(w.out[last.body:])) == 0 && !mayBeEmpty(last.is) {
			w.out = w.out[:last.at]
			continue
		}
		if last.is == atom.Dl && last.last == atom.Dt {
			w.out = append(w.out, "<dd></dd>"...)
		}
		w.out = append(w.out, last.end...)
	}
}

// mayBeEmpty says whether an element without content has a meaning.
func mayBeEmpty(a atom.Atom) bool {
	switch a {
	case atom.P, atom.Div, atom.Dl, atom.Ul, atom.Ol, atom.Table, atom.Thead, atom.Tbody, atom.Tfoot, atom.Tr, atom.Caption,
		atom.Figure, atom.Figcaption, atom.Blockquote, atom.Pre, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		return false
	}
	return true
}

// find returns the index of the innermost open element that is one of is, not
// looking beyond a stop; -1 when there is none.
func (w *contentWriter) find(is []atom.Atom, stops ...atom.Atom) int {
	for i := len(w.open) - 1; i >= 0; i-- {
		for _, a := range is {
			if w.open[i].is == a {
				return i
			}
		}
		for _, a := range stops {
			if w.open[i].is == a {
				return -1
			}
		}
	}
	return -1
}

// inHeading says whether only phrasing may stand here.
func (w *contentWriter) inHeading() bool {
	return w.find([]atom.Atom{atom.H2, atom.H3, atom.H4, atom.H5, atom.H6}) >= 0
}

// leaveParagraph closes the paragraph and the inline elements that a block may
// not stand in. A link around blocks stays where the standard lets it.
func (w *contentWriter) leaveParagraph() {
	n := len(w.open)
	links := true
	for n > 0 {
		is := w.open[n-1].is
		if is != atom.P && is != atom.Pre && classes[is] != phrasing {
			break
		}
		links = links && is == atom.A
		n--
	}
	if !links {
		w.closeTo(n)
	}
	w.flow()
}

func (w *contentWriter) start(a atom.Atom, attrs map[string]string) {
	if w.skip > 0 {
		if a == w.skipOf {
			w.skip++
		}
		return
	}
	c := classes[a]
	if len(w.open) >= maxDepth && c != picture && c != void && c != media && c != drop {
		return
	}
	switch c {
	case drop:
		w.skip, w.skipOf = 1, a
	case phrasing:
		w.startPhrasing(a, attrs)
	case void:
		if a == atom.Hr {
			if w.inHeading() {
				return
			}
			w.leaveParagraph()
		} else {
			w.flow()
		}
		w.out = append(w.out, "<"+a.String()+">"...)
	case picture:
		w.flow()
		w.picture(attrs)
	case media:
		w.media(a, attrs)
	case block, container, heading, table:
		if !w.inHeading() {
			w.leaveParagraph()
			w.startBlock(a, c, attrs)
		}
	case item, part, row, caption:
		if !w.inHeading() {
			w.startPart(a, c, attrs)
		}
	}
}

func (w *contentWriter) startPhrasing(a atom.Atom, attrs map[string]string) {
	w.flow()
	extra := w.common(attrs)
	switch a {
	case atom.A:
		if i := w.find([]atom.Atom{atom.A}, atom.Td, atom.Th, atom.Li, atom.Dd); i >= 0 {
			w.closeTo(i)
		} else if w.find([]atom.Atom{atom.A}) >= 0 {
			return
		}
		if href := w.href(attrs["href"]); href != "" {
			extra += ` href="` + string(appendText(nil, href)) + `"`
			if !strings.HasPrefix(href, w.among+"#") {
				extra += ` rel="nofollow"` // nobody here has vouched for it, other than for the link to the original
			}
		}
	case atom.Abbr, atom.Dfn:
		if t := clean(attrs["title"]); t != "" {
			extra += ` title="` + string(appendText(nil, t)) + `"`
		}
	case atom.Bdo:
		if attrs["dir"] != "ltr" && attrs["dir"] != "rtl" {
			return
		}
	}
	w.push(a, nameOf(a), extra)
}

func nameOf(a atom.Atom) atom.Atom {
	if r, ok := renamed[a]; ok {
		return r
	}
	return a
}

func (w *contentWriter) startBlock(a atom.Atom, c class, attrs map[string]string) {
	extra := w.common(attrs)
	switch c {
	case container:
		if w.top() == atom.Dl {
			w.flow()
		}
		w.push(a, atom.Div, extra)
	case heading:
		w.push(a, w.heading(int(a.String()[1]-'0')), extra)
	case table:
		at := len(w.out)
		if w.among != "" { // regions of one page are to be told apart
			w.out = append(w.out, `<div class="scroll" tabindex="0">`...)
		} else {
			w.out = append(w.out, `<div class="scroll" role="region" tabindex="0" aria-label="`...)
			w.out = appendText(w.out, w.words.t("table"))
			if w.count++; w.count > 1 {
				w.out = append(append(w.out, ' '), strconv.Itoa(w.count)...)
			}
			w.out = append(w.out, `">`...)
		}
		w.push(a, atom.Table, extra)
		w.tables = append(w.tables, &grid{})
		w.open[len(w.open)-1].end, w.open[len(w.open)-1].at = "</table></div>", at
	default:
		switch a {
		case atom.Pre:
			extra += ` tabindex="0"`
		case atom.Ol:
			if n, err := strconv.Atoi(attrs["start"]); err == nil && n > -1e6 && n < 1e6 {
				extra += ` start="` + strconv.Itoa(n) + `"`
			}
			if _, ok := attrs["reversed"]; ok {
				extra += " reversed"
			}
		}
		w.push(a, nameOf(a), extra)
	}
}

// heading returns the heading to write for one of level src, so that the
// outline begins below the title and skips no level.
func (w *contentWriter) heading(src int) atom.Atom {
	w.before = append(w.before[:0], w.levels...)
	for n := len(w.levels); n > 0 && w.levels[n-1].src > src; n-- {
		w.levels = w.levels[:n-1]
	}
	out := 2
	if w.among != "" {
		out = 3 // below the title that it has in the list
	}
	if n := len(w.levels); n > 0 {
		out = w.levels[n-1].out
		if w.levels[n-1].src < src {
			out = min(out+1, 6)
		}
	}
	if n := len(w.levels); n == 0 || w.levels[n-1].src < src {
		w.levels = append(w.levels, level{src, out})
	}
	return [...]atom.Atom{2: atom.H2, 3: atom.H3, 4: atom.H4, 5: atom.H5, 6: atom.H6}[out]
}

func (w *contentWriter) end(a atom.Atom) {
	if w.skip > 0 {
		if a == w.skipOf {
			w.skip--
		}
		return
	}
	for i := len(w.open) - 1; i >= 0; i-- {
		if w.open[i].was == a {
			w.closeTo(i)
			return
		}
		if is := w.open[i].is; classes[a] == phrasing && classes[is] != phrasing || is == atom.Td || is == atom.Th {
			if classes[a] != row && classes[a] != table {
				return // it belongs to something closed before
			}
		}
	}
}
