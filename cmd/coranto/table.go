package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// table prints rows: in columns with a head on a terminal, tab-separated
// without one in a pipe, so that cut and awk see fields.
type table struct {
	head []string
	rows [][]string
	wrap int // the column that may be cut on a narrow terminal
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

func (t *table) print(w io.Writer) {
	for _, r := range t.rows {
		for i := range r {
			r[i] = printable(r[i])
		}
	}
	tty, width := terminal(w)
	if !tty {
		for _, r := range t.rows {
			fmt.Fprintln(w, strings.Join(r, "\t"))
		}
		return
	}
	io.WriteString(w, t.layout(width))
}

// layout puts the rows into columns that fit the width: the column that may be
// cut gives first, down to ten cells, then the widest of the others.
func (t *table) layout(most int) string {
	rows := append([][]string{t.head}, t.rows...)
	size := make([]int, len(t.head))
	for _, r := range rows {
		for i, cell := range r {
			size[i] = max(size[i], cells(cell))
		}
	}
	total := 2 * (len(size) - 1)
	for _, n := range size {
		total += n
	}
	give := func(i, least int) {
		if cut := min(total-most, size[i]-least); cut > 0 {
			size[i] -= cut
			total -= cut
		}
	}
	give(t.wrap, 10)
	for total > most {
		widest := 0
		for i := range size {
			if size[i] > size[widest] {
				widest = i
			}
		}
		before := total
		give(widest, max(6, size[widest]-4))
		if total == before {
			break // a terminal that is too narrow for anything
		}
	}
	var b strings.Builder
	for _, r := range rows {
		var line strings.Builder
		for i, cell := range r {
			cell = clip(cell, size[i])
			line.WriteString(cell)
			if i < len(r)-1 {
				line.WriteString(strings.Repeat(" ", max(0, size[i]-cells(cell))+2))
			}
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	return b.String()
}

// printable makes one line of foreign text, with nothing in it that a terminal
// would obey.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) && r != '\u200d' || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, s)
}

// cells is how many columns of a terminal a text takes.
func cells(s string) int {
	n := 0
	for _, r := range s {
		n += cellsOf(r)
	}
	return n
}

func cellsOf(r rune) int {
	switch {
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	case r < 0x1100:
		return 1
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// clip cuts foreign text to so many cells.
func clip(s string, n int) string {
	s = printable(s)
	if cells(s) <= n {
		return s
	}
	at := 0
	for i, r := range s {
		if at+cellsOf(r) > max(0, n-1) {
			return s[:i] + "…"
		}
		at += cellsOf(r)
	}
	return s
}

// object prints one JSON object on a line.
func object(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
