package site

import (
	"bytes"
	"slices"
	"strconv"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html/atom"
)

// grid is what is known of an open table: where its cells are, so that their
// spans can be made to fit each other once all of them are there.
type grid struct {
	groups int // thead, tbody, tfoot begun
	cells  []cell
}

type cell struct {
	at         int // where the attributes may be put in
	row, group int // where the row and its group begin: places in the output, so they tell rows apart
	cols, rows int // spans asked for
}

// maxSpan bounds what is believed of a span; more than this is a slip.
const (
	maxSpan  = 100
	maxCells = 20_000 // beyond, spans are left out
)

func span(v string) int {
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 {
		return 1
	}
	return min(n, maxSpan)
}

// group returns what a group of rows is written as: only the first may be a
// head, and a foot that is not the last would stand where it is.
func (g *grid) group(a atom.Atom) atom.Atom {
	g.groups++
	if a == atom.Thead && g.groups == 1 && len(g.cells) == 0 {
		return atom.Thead
	}
	return atom.Tbody
}

// add takes the cell that has just been opened.
func (g *grid) add(open []openElement, cols, rows int) {
	if len(g.cells) >= maxCells {
		return
	}
	n := len(open)
	c := cell{at: open[n-1].body - 1, row: open[n-2].at, cols: cols, rows: rows}
	if is := open[n-3].is; is != atom.Table {
		c.group = open[n-3].at
	}
	g.cells = append(g.cells, c)
}

// fit makes the spans fit: none reaches beyond its group of rows or into another
// cell, and a column in which no cell begins is none. It returns what is to be
// written at which place, in order.
func (g *grid) fit() []splice {
	if len(g.cells) == 0 || len(g.cells) >= maxCells || !slices.ContainsFunc(g.cells, func(c cell) bool { return c.cols > 1 || c.rows > 1 }) {
		return nil
	}
	begins := make([]int, len(g.cells)) // column of each cell
	var taken []int                     // by column: rows that a cell above still takes
	starts := map[int]bool{}
	for i := 0; i < len(g.cells); {
		end := i
		for end < len(g.cells) && g.cells[end].row == g.cells[i].row {
			end++
		}
		if i == 0 || g.cells[i].group != g.cells[i-1].group {
			clear(taken)
		}
		left := g.rowsFrom(i)
		col := 0
		for k := i; k < end; k++ {
			c := &g.cells[k]
			for col < len(taken) && taken[col] > 0 {
				col++
			}
			c.rows = min(c.rows, left)
			free := 1
			for free < c.cols && (col+free >= len(taken) || taken[col+free] == 0) {
				free++
			}
			c.cols = free
			begins[k], starts[col] = col, true
			for range c.cols {
				for len(taken) <= col {
					taken = append(taken, 0)
				}
				taken[col] = c.rows
				col++
			}
		}
		for k := range taken {
			taken[k] = max(0, taken[k]-1)
		}
		i = end
	}
	var out []splice
	for k, c := range g.cells {
		cols := 0
		for col := begins[k]; col < begins[k]+c.cols; col++ {
			if starts[col] {
				cols++
			}
		}
		text := ""
		if cols > 1 {
			text = ` colspan="` + strconv.Itoa(cols) + `"`
		}
		if c.rows > 1 {
			text += ` rowspan="` + strconv.Itoa(c.rows) + `"`
		}
		if text != "" {
			out = append(out, splice{c.at, text})
		}
	}
	return out
}

// rowsFrom counts the rows from that of cell i to the end of its group. A row
// without a cell of its own is not written.
func (g *grid) rowsFrom(i int) int {
	n, row := 0, -1
	for k := i; k < len(g.cells) && g.cells[k].group == g.cells[i].group; k++ {
		if g.cells[k].row != row {
			n, row = n+1, g.cells[k].row
			if n == maxSpan {
				break
			}
		}
	}
	return n
}

// splice is a text to be put in at a place.
type splice struct {
	at   int
	text string
}

// put puts texts into out.
func put(out []byte, s []splice) []byte {
	if len(s) == 0 {
		return out
	}
	more := make([]byte, 0, len(out)-s[0].at+32*len(s))
	at := s[0].at
	for _, p := range s {
		more = append(append(more, out[at:p.at]...), p.text...)
		at = p.at
	}
	return append(out[:s[0].at], append(more, out[at:]...)...)
}

// settle does what can only be done when all of an element is there: spans that
// fit, a name for a link, no heading without words.
func (w *contentWriter) settle(e *openElement) {
	switch e.is {
	case atom.Table:
		g := w.tables[len(w.tables)-1]
		w.tables = w.tables[:len(w.tables)-1]
		w.out = put(w.out, g.fit())
	case atom.A:
		if !hasWords(w.out[e.body:]) && bytes.Contains(w.out[e.at:e.body], []byte(" href=")) {
			w.nameLink(e)
		}
	case atom.Th:
		if !hasWords(w.out[e.body:]) {
			w.rename(e, atom.Td)
		}
	}
	if isHeading(e.is) && !hasWords(w.out[e.body:]) {
		w.rename(e, atom.Div)
		w.levels = append(w.levels[:0], w.before...)
	}
}

func isHeading(a atom.Atom) bool {
	return a == atom.H2 || a == atom.H3 || a == atom.H4 || a == atom.H5 || a == atom.H6
}

// nameLink gives a link without words a name, or takes it away where there is
// nothing to see of it either.
func (w *contentWriter) nameLink(e *openElement) {
	seen := bytes.Contains(w.out[e.body:], []byte("<img "))
	switch {
	case seen:
		name := string(appendText([]byte(` aria-label="`), w.words.t("picture"))) + `"`
		w.out = put(w.out, []splice{{e.body - 1, name}})
		e.body += len(name)
	case e.last == atom.Img:
		w.out = append(w.out, `<span class="elsewhere">`...)
		w.out = appendText(w.out, w.words.t("picture"))
		w.out = append(w.out, "</span>"...)
	default:
		w.rename(e, atom.Span)
	}
}

// rename writes an element that is about to be closed under another name,
// without the attributes that the old one had but id, lang and dir.
func (w *contentWriter) rename(e *openElement, is atom.Atom) {
	tag := "<" + is.String()
	old := w.out[e.at:e.body]
	for _, k := range []string{" id=", " lang=", " dir="} {
		if i := bytes.Index(old, []byte(k)); i >= 0 {
			v := old[i+len(k):]
			tag += k + string(v[:2+bytes.IndexByte(v[1:], '"')])
		}
	}
	body := slices.Clone(w.out[e.body:])
	w.out = append(append(w.out[:e.at], tag...), '>')
	e.is, e.end, e.body = is, "</"+is.String()+">", len(w.out)
	w.out = append(w.out, body...)
}

// hasWords reports whether a reader who sees no pictures is told anything: text
// or the description of a picture.
func hasWords(out []byte) bool {
	for len(out) > 0 {
		if out[0] == '<' {
			end := bytes.IndexByte(out, '>')
			if end < 0 {
				return false
			}
			if tag := out[:end]; bytes.HasPrefix(tag, []byte("<img ")) && !bytes.Contains(tag, []byte(`alt=""`)) {
				return true
			}
			out = out[end+1:]
			continue
		}
		r, n := utf8.DecodeRune(out)
		if unicode.IsGraphic(r) && !unicode.IsSpace(r) {
			return true
		}
		out = out[n:]
	}
	return false
}
