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
	keep int // the column, from 1, that is typed again and so cut last; 0: none
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

// The column that may be cut gives first, but not below leastText while another
// is wider; no column goes below leastCell.
const (
	leastText = 30
	leastCell = 6
)

// layout puts the rows into columns that fit the width: the column that may be
// cut gives first, then the widest.
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
	if cut := min(total-most, size[t.wrap]-leastText); cut > 0 {
		size[t.wrap] -= cut
		total -= cut
	}
	for ; total > most; total-- {
		widest := -1
		for i := range size {
			if i != t.keep-1 && size[i] > leastCell && (widest < 0 || size[i] > size[widest]) {
				widest = i
			}
		}
		if k := t.keep - 1; k >= 0 && (widest < 0 || size[widest] <= 2*leastCell) && size[k] > leastCell {
			widest = k
		}
		if widest < 0 {
			break // a terminal that is too narrow for anything
		}
		size[widest]--
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
