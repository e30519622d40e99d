package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
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
	tty, width := terminal(w)
	if !tty {
		for _, r := range t.rows {
			for i := range r {
				r[i] = strings.NewReplacer("\t", " ", "\n", " ").Replace(r[i])
			}
			fmt.Fprintln(w, strings.Join(r, "\t"))
		}
		return
	}
	size := make([]int, len(t.head))
	for _, r := range append([][]string{t.head}, t.rows...) {
		for i, cell := range r {
			size[i] = max(size[i], utf8.RuneCountInString(cell))
		}
	}
	total := 2 * (len(size) - 1)
	for _, n := range size {
		total += n
	}
	if total > width {
		size[t.wrap] = max(10, size[t.wrap]-(total-width))
	}
	for _, r := range append([][]string{t.head}, t.rows...) {
		var b strings.Builder
		for i, cell := range r {
			cell = clip(cell, size[i])
			b.WriteString(cell)
			if i < len(r)-1 {
				b.WriteString(strings.Repeat(" ", size[i]-utf8.RuneCountInString(cell)+2))
			}
		}
		fmt.Fprintln(w, strings.TrimRight(b.String(), " "))
	}
}

func clip(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	r := []rune(s)
	return string(r[:max(0, n-1)]) + "…"
}

// object prints one JSON object on a line.
func object(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
