package main

import (
	"bytes"
	"io"
	"os"
	"regexp"
	"strings"
)

// folder writes lines so that a terminal does not cut them within a word: a line
// that is too long goes on under its text. Elsewhere it changes nothing. What
// is to be copied as a whole (documents, addresses) stays whole.
type folder struct {
	io.Writer
	width int
	rest  []byte // of a line that has not ended
}

// folded is w, folded where it is a terminal.
func folded(w io.Writer) *folder {
	tty, width := terminal(w)
	if !tty {
		width = 0
	}
	return &folder{Writer: w, width: width}
}

// File is the terminal behind it.
func (f *folder) File() *os.File {
	file, _ := f.Writer.(*os.File)
	return file
}

func (f *folder) Write(p []byte) (int, error) {
	if f.width == 0 {
		return f.Writer.Write(p)
	}
	f.rest = append(f.rest, p...)
	for {
		i := bytes.IndexByte(f.rest, '\n')
		if i < 0 {
			return len(p), nil
		}
		if _, err := io.WriteString(f.Writer, fold(string(f.rest[:i]), f.width)+"\n"); err != nil {
			return 0, err
		}
		f.rest = f.rest[i+1:]
	}
}

// flush writes what is left.
func (f *folder) flush() {
	if len(f.rest) > 0 {
		_, _ = io.WriteString(f.Writer, fold(string(f.rest), f.width))
		f.rest = nil
	}
}

var (
	snippet = regexp.MustCompile(`^ *>? *\d* *\| `)                                    // lines of a file that are shown
	label   = regexp.MustCompile(`^( *)(\S+( \S+)* {2,}|hint: |warning: |coranto: )?`) // what stands before the text
	labels  = regexp.MustCompile(`^( *)(\S+( \S+)* {2,}){0,2}`)                        // two columns of them
)

// fold breaks a line at its spaces.
func fold(line string, width int) string {
	if cells(line) <= width || snippet.MatchString(line) {
		return line
	}
	indent := cells(label.FindString(line))
	if two := cells(labels.FindString(line)); two > indent && two <= 24 {
		indent = two
	}
	if indent > width/2 {
		indent = 8
	}
	var b strings.Builder
	at := 0
	for i, word := range words(line, width-indent) {
		n := cells(strings.TrimRight(word, " "))
		if i > 0 && at+n > width && at > indent {
			b.WriteString("\n" + strings.Repeat(" ", indent))
			at = indent
		}
		b.WriteString(word)
		at += cells(word)
	}
	lines := strings.Split(b.String(), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n")
}

// words takes a line apart after its spaces, and a word of wide letters, which
// needs none, where it fills a line.
func words(line string, most int) []string {
	var out []string
	for _, w := range strings.SplitAfter(line, " ") {
		for cells(w) > most && cells(w) > len([]rune(w)) {
			at, n := 0, 0
			for i, r := range w {
				if n += cellsOf(r); n > most {
					break
				}
				at = i
			}
			if at == 0 {
				break
			}
			out, w = append(out, w[:at]), w[at:]
		}
		out = append(out, w)
	}
	return out
}

// folding runs do with its output folded.
func (c *cli) folding(do func()) {
	if c.json {
		do()
		return
	}
	out := c.out
	f := folded(out)
	c.out = f
	do()
	f.flush()
	c.out = out
}
