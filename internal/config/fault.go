package config

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// ErrInvalid is what every *Error is.
var ErrInvalid = errors.New("configuration is invalid")

// ErrByHand is returned by the edits where the file is written in a way that
// they cannot change without touching more than they should.
var ErrByHand = errors.New("cannot be changed automatically")

// ErrNoSource is returned by the edits for an id that no source has.
var ErrNoSource = errors.New("no such source")

// ErrKnown is returned by AddSource for an id or address that is there already.
var ErrKnown = errors.New("source is there already")

// ErrValue is returned by AddSource for a value that the file cannot hold.
var ErrValue = errors.New("this cannot be said of a source")

// Fault is one thing that is wrong.
type Fault struct {
	Line   int    `json:"line"`          // from 1; 0: the file as a whole
	Column int    `json:"column"`        // from 1, in characters
	Width  int    `json:"width"`         // characters that are wrong, at least 1
	Text   string `json:"text"`          // the line
	Key    string `json:"key,omitempty"` // where it stands: "sources[3].url"
	Reason string `json:"reason"`
	Hint   string `json:"hint,omitempty"` // the way out
}

// Error is all that is wrong with a file, in its order.
type Error struct {
	Name   string
	Faults []Fault
}

// shown is how many faults the text of an Error tells.
const shown = 10

func (e *Error) Error() string {
	var b strings.Builder
	for i, f := range e.Faults {
		if i == shown {
			fmt.Fprintf(&b, "\n%s: %d more", e.Name, len(e.Faults)-shown)
			break
		}
		if i > 0 {
			b.WriteByte('\n')
		}
		f.write(&b, e.Name)
	}
	return b.String()
}

// Is makes every Error an ErrInvalid.
func (e *Error) Is(target error) bool { return target == ErrInvalid }

func (f Fault) write(b *strings.Builder, name string) {
	b.WriteString(name)
	if f.Line > 0 {
		fmt.Fprintf(b, ":%d:%d", f.Line, f.Column)
	}
	fmt.Fprintf(b, ": %s", f.Reason)
	if f.Line > 0 {
		text, column := window([]rune(f.Text), f.Column)
		fmt.Fprintf(b, "\n%5d | %s\n      | %s%s", f.Line, text, indentLike(text, column), strings.Repeat("^", max(1, min(f.Width, 60))))
	}
	if f.Hint != "" {
		fmt.Fprintf(b, "\n  hint: %s", f.Hint)
	}
}

var passwords = regexp.MustCompile(`://[^/\s"'@:]*:([^/\s"'@]+)@`)

// masked is a line of the file as it may be shown: a password that somebody
// wrote into an address would else end in some log.
func masked(line string) string {
	for _, at := range slices.Backward(passwords.FindAllStringSubmatchIndex(line, -1)) {
		secret := line[at[2]:at[3]]
		line = line[:at[2]] + strings.Repeat("*", utf8.RuneCountInString(secret)) + line[at[3]:]
	}
	return line
}

// window cuts a long line to what is around the column.
func window(line []rune, column int) (string, int) {
	const width = 100
	if len(line) <= width {
		return string(line), column
	}
	from := max(0, min(column-40, len(line)-width))
	text := string(line[from:min(from+width, len(line))])
	if from > 0 {
		return "…" + text, column - from + 1
	}
	return text, column
}

// indentLike gives the white space under which the column stands, tabs kept.
func indentLike(text string, column int) string {
	var b strings.Builder
	n := 1
	for _, r := range text {
		if n >= column {
			break
		}
		if r == '\t' {
			b.WriteRune('\t')
		} else {
			b.WriteByte(' ')
		}
		n++
	}
	for ; n < column; n++ {
		b.WriteByte(' ')
	}
	return b.String()
}

// sorted puts faults in the order of the file.
func (e *Error) sort() {
	slices.SortStableFunc(e.Faults, func(a, b Fault) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
}

// Nearest finds the candidate that was probably meant by a word, or "".
func Nearest(word string, candidates []string) string { return nearest(word, candidates) }

// nearest finds the candidate that was probably meant, or "".
func nearest(word string, candidates []string) string {
	fold := func(s string) string {
		return strings.Map(func(r rune) rune {
			if r == '_' || r == '-' || r == ' ' {
				return -1
			}
			return r
		}, strings.ToLower(s))
	}
	if utf8.RuneCountInString(word) > 60 {
		return ""
	}
	w, best, bestAt := fold(word), "", 100
	for _, c := range candidates {
		f := fold(c)
		d := distance(w, f)
		if strings.TrimSuffix(w, "s") == strings.TrimSuffix(f, "s") {
			d = 0
		}
		if d < bestAt && d <= max(1, len(f)/3) {
			best, bestAt = c, d
		}
	}
	return best
}

// distance counts the insertions, deletions, replacements and swaps of
// neighbours that lead from a to b.
func distance(a, b string) int {
	prev2, prev, cur := []int(nil), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cur[j] = min(cur[j], prev2[j-2]+1)
			}
		}
		prev2, prev, cur = prev, cur, make([]int, len(b)+1)
	}
	return prev[len(b)]
}
