package config

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// opener is a bracket or a quote that was opened.
type opener struct {
	sign         byte
	line, column int
}

// unclosed goes through the text as YAML does, and returns the innermost bracket
// or quote that is open at its end, or where another bracket closes.
func (d *document) unclosed() (opener, bool) {
	var stack []opener
	for n := range splitLines(d.text) {
		if at, open := scanFlow(d.line(n+1), n+1, &stack); open {
			return at, true
		}
	}
	if len(stack) == 0 {
		return opener{}, false
	}
	return stack[len(stack)-1], true
}

// scanFlow takes one line into account. It reports an opener that a bracket of
// the other kind closes.
func scanFlow(line string, n int, stack *[]opener) (opener, bool) {
	start := true // of a value: here a quote is a quote
	for i := 0; i < len(line); i++ {
		c := line[i]
		top := byte(0)
		if len(*stack) > 0 {
			top = (*stack)[len(*stack)-1].sign
		}
		switch {
		case top == '"' && c == '\\':
			i++
		case top == '"' || top == '\'':
			if c == top {
				if top == '\'' && i+1 < len(line) && line[i+1] == '\'' {
					i++
					continue
				}
				*stack = (*stack)[:len(*stack)-1]
			}
		case c == '#' && (i == 0 || line[i-1] == ' ' || line[i-1] == '\t'):
			return opener{}, false
		case (c == '"' || c == '\'') && start, (c == '[' || c == '{') && (start || top != 0):
			*stack = append(*stack, opener{c, n, utf8.RuneCountInString(line[:i]) + 1})
			start = c == '[' || c == '{'
			continue
		case (c == ']' || c == '}') && top != 0:
			if top == '[' != (c == ']') {
				return (*stack)[len(*stack)-1], true
			}
			*stack = (*stack)[:len(*stack)-1]
		}
		switch c {
		case ' ', '\t':
		case ',', '[', '{':
			start = top != 0 || start
		case ':', '-':
			start = i+1 < len(line) && line[i+1] == ' '
		default:
			start = false
		}
	}
	return opener{}, false
}

var (
	marker     = regexp.MustCompile(`^(<{7}|={7}|>{7})( |$)`)
	tightColon = regexp.MustCompile(`^ *(- )?([A-Za-z_]+):([^ /\t].*)$`)
	bareWord   = regexp.MustCompile(`^ *(- )?([A-Za-z_]+) *$`)
)

// cause finds what most likely makes the text no YAML, where the parser names
// only what it saw of it.
func (d *document) cause(f Fault, text string) Fault {
	for n := 1; n <= f.Line+1; n++ {
		if marker.MatchString(d.line(n)) {
			return d.wholeLine(n, "git has left conflict markers: a merge was not finished",
				"settle the lines from <<<<<<< to >>>>>>>, then: git add "+FileName+" && git commit")
		}
	}
	switch {
	case strings.Contains(text, "unexpected end of stream"), strings.Contains(text, "did not find expected ',' or"):
		if at, ok := d.unclosed(); ok {
			what := map[byte]string{'"': `the quote " is not closed`, '\'': "the quote ' is not closed", '[': "the [ is not closed", '{': "the { is not closed"}[at.sign]
			hint := "close it; or a comma is missing after it"
			if at.sign == '"' || at.sign == '\'' {
				hint = "end the text with the same sign, in the same line"
			}
			return Fault{Line: at.line, Column: at.column, Width: 1, Text: masked(d.line(at.line)), Reason: "not YAML: " + what, Hint: hint}
		}
	case strings.Contains(text, "mapping values are not allowed"), strings.Contains(text, "could not find expected ':'"):
		if t := strings.TrimSpace(d.line(f.Line)); strings.HasPrefix(t, "- ") && f.Line > 1 && !strings.HasPrefix(strings.TrimSpace(d.line(d.before(f.Line))), "- ") {
			return d.wholeLine(f.Line, "not YAML: an item of a list stands where none can", "the line before a list is its key alone, such as sources:")
		}
		for _, n := range []int{f.Line, d.before(f.Line)} {
			line := d.line(n)
			if m := tightColon.FindStringSubmatch(line); m != nil {
				return d.wholeLine(n, "not YAML: there is no space after the colon", fmt.Sprintf("write %s: %s", m[2], m[3]))
			}
			if m := bareWord.FindStringSubmatch(line); m != nil {
				return d.wholeLine(n, "not YAML: there is no colon after the key", "write "+m[2]+":")
			}
		}
	}
	return f
}

// before is the line before n that says something.
func (d *document) before(n int) int {
	for n--; n > 1; n-- {
		if t := strings.TrimSpace(d.line(n)); t != "" && t[0] != '#' {
			break
		}
	}
	return max(n, 1)
}

func (d *document) wholeLine(n int, reason, hint string) Fault {
	line := d.line(n)
	text := strings.TrimSpace(line)
	return Fault{Line: n, Column: len(line) - len(strings.TrimLeft(line, " \t")) + 1, Width: max(1, utf8.RuneCountInString(text)), Text: masked(line), Reason: reason, Hint: hint}
}
