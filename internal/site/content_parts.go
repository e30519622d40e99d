package site

import (
	"bytes"

	"golang.org/x/net/html/atom"
)

// startPart opens an element that has its place in one parent only; elsewhere
// its content goes on without it.
func (w *contentWriter) startPart(a atom.Atom, c class, attrs map[string]string) {
	extra := w.common(attrs)
	switch c {
	case item:
		if i := w.find([]atom.Atom{atom.Ul, atom.Ol}, atom.Td, atom.Th, atom.Blockquote); i >= 0 {
			w.closeTo(i + 1)
			w.push(a, a, extra)
		} else {
			w.leaveParagraph()
			w.push(a, atom.Div, extra)
		}
	case part:
		if i := w.find([]atom.Atom{atom.Dl}, atom.Td, atom.Th, atom.Li, atom.Blockquote); i >= 0 {
			w.closeTo(i + 1)
			if a == atom.Dd && w.open[i].last == 0 {
				w.out = append(w.out, "<dt></dt>"...)
			}
			w.open[i].last = a
			w.push(a, a, extra)
		}
	case caption:
		if n := len(w.open); n > 0 && w.open[n-1].is == atom.Figure && w.open[n-1].last == 0 {
			w.open[n-1].last = atom.Figcaption
			if len(bytes.TrimSpace(w.out[w.open[n-1].body:])) == 0 {
				w.open[n-1].last = atom.Caption // it is the first, so anything may follow but another
			}
			w.push(a, a, extra)
		}
	case row:
		w.startRow(a, attrs)
	}
}

func (w *contentWriter) startRow(a atom.Atom, attrs map[string]string) {
	t := w.find([]atom.Atom{atom.Table})
	if t < 0 {
		return
	}
	switch a {
	case atom.Caption:
		if w.top() == atom.Table && len(bytes.TrimSpace(w.out[w.open[t].body:])) == 0 {
			w.push(a, a, "")
		}
	case atom.Thead, atom.Tbody, atom.Tfoot:
		w.closeTo(t + 1)
		w.push(a, w.tables[len(w.tables)-1].group(a), "")
	case atom.Tr:
		if s := w.find([]atom.Atom{atom.Thead, atom.Tbody, atom.Tfoot}, atom.Table); s >= 0 {
			w.closeTo(s + 1)
		} else {
			w.closeTo(t + 1)
		}
		w.push(a, a, "")
	default: // td, th
		if r := w.find([]atom.Atom{atom.Tr}, atom.Table); r >= 0 {
			w.closeTo(r + 1)
		} else {
			w.closeTo(t + 1)
			w.push(0, atom.Tr, "")
		}
		w.push(a, a, "")
		w.tables[len(w.tables)-1].add(w.open, span(attrs["colspan"]), span(attrs["rowspan"]))
	}
}
