package app

import (
	"fmt"
	"strings"
)

// diffContext is how many equal lines stand around a change.
const diffContext = 3

// Diff is the unified difference of two texts; "" where they are equal.
func Diff(name string, old, new []byte) string {
	if string(old) == string(new) {
		return ""
	}
	a, b := linesOf(old), linesOf(new)
	ops := edits(a, b)
	var out strings.Builder
	fmt.Fprintf(&out, "--- %s\n+++ %s\n", name, name)
	for at := 0; at < len(ops); {
		if ops[at].sign == ' ' {
			at++
			continue
		}
		from := max(0, at-diffContext)
		to, quiet := at, 0
		for to < len(ops) && quiet <= 2*diffContext {
			if quiet++; ops[to].sign != ' ' {
				quiet = 0
			}
			to++
		}
		to = min(len(ops), to-max(0, quiet-diffContext))
		hunk(&out, ops, from, to)
		at = to
	}
	return out.String()
}

// op is a line that stays, goes or comes.
type op struct {
	sign byte
	text string
	a, b int // lines before it in either text
}

func hunk(out *strings.Builder, ops []op, from, to int) {
	n, m := 0, 0
	for _, o := range ops[from:to] {
		if o.sign != '+' {
			n++
		}
		if o.sign != '-' {
			m++
		}
	}
	fmt.Fprintf(out, "@@ -%d,%d +%d,%d @@\n", ops[from].a+1, n, ops[from].b+1, m)
	for _, o := range ops[from:to] {
		fmt.Fprintf(out, "%c%s\n", o.sign, o.text)
	}
}

func linesOf(b []byte) []string {
	if len(b) == 0 {
		return nil
	}
	return strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
}

// maxDiff bounds the table of edits; what is larger is told as wholly other.
const maxDiff = 4_000_000

// edits finds a shortest way from a to b.
func edits(a, b []string) []op {
	var head, tail []op
	i, j := 0, 0
	for i < len(a) && j < len(b) && a[i] == b[j] {
		head = append(head, op{' ', a[i], i, j})
		i, j = i+1, j+1
	}
	n, m := len(a), len(b)
	for n > i && m > j && a[n-1] == b[m-1] {
		n, m = n-1, m-1
	}
	for k := range len(a) - n {
		tail = append(tail, op{' ', a[n+k], n + k, m + k})
	}
	return append(append(head, middle(a[i:n], b[j:m], i, j)...), tail...)
}

func middle(a, b []string, i, j int) []op {
	var out []op
	if len(a)*len(b) > maxDiff {
		for k, l := range a {
			out = append(out, op{'-', l, i + k, j})
		}
		for k, l := range b {
			out = append(out, op{'+', l, i + len(a), j + k})
		}
		return out
	}
	same := make([][]int32, len(a)+1) // length of the longest common part of the rests
	for x := range same {
		same[x] = make([]int32, len(b)+1)
	}
	for x := len(a) - 1; x >= 0; x-- {
		for y := len(b) - 1; y >= 0; y-- {
			if a[x] == b[y] {
				same[x][y] = same[x+1][y+1] + 1
			} else {
				same[x][y] = max(same[x+1][y], same[x][y+1])
			}
		}
	}
	for x, y := 0, 0; x < len(a) || y < len(b); {
		switch {
		case x < len(a) && y < len(b) && a[x] == b[y]:
			out = append(out, op{' ', a[x], i + x, j + y})
			x, y = x+1, y+1
		case x < len(a) && (y == len(b) || same[x+1][y] >= same[x][y+1]):
			out = append(out, op{'-', a[x], i + x, j + y})
			x++
		default:
			out = append(out, op{'+', b[y], i + x, j + y})
			y++
		}
	}
	return out
}
