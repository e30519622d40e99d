package content

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/coranto/coranto/internal/git"
)

// Trailers of our commits: the run, by which a retry finds it, and the mark by
// which our commits are told from people's.
const (
	trailerRun  = "Run"
	trailerOurs = "Coranto"
	oursVersion = "1"
)

const maxListed = 50 // posts named in a message

// message is what git log shows of a run.
func (p *plan) message(b Batch) string {
	var m strings.Builder
	m.WriteString(p.subject() + "\n")
	p.listing(&m)
	if b.SourcesRead > 0 || b.SourcesFailed > 0 {
		fmt.Fprintf(&m, "\n%s read", count(b.SourcesRead, "source"))
		if b.SourcesFailed > 0 {
			fmt.Fprintf(&m, ", %d failed", b.SourcesFailed)
		}
		m.WriteString(".\n")
	}
	fmt.Fprintf(&m, "\n%s: %s\n%s: %s\n", trailerRun, b.Run, trailerOurs, oursVersion)
	return m.String()
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func (p *plan) subject() string {
	var sources []string
	for _, n := range p.added {
		if s := p.post(n).Source; !slices.Contains(sources, s) {
			sources = append(sources, s)
		}
	}
	joined := 0
	for _, n := range p.merged {
		if !p.isAdded(n) {
			joined++
		}
	}
	switch {
	case len(p.added) > 0:
		return fmt.Sprintf("Add %s from %s", count(len(p.added), "post"), count(len(sources), "source"))
	case len(p.revised) > 0:
		return "Revise " + count(len(p.revised), "post")
	case joined > 0:
		return fmt.Sprintf("Note another source of %s", count(joined, "post"))
	}
	return "Note new ids and links of " + count(len(p.keyed), "post")
}

func (p *plan) listing(m *strings.Builder) {
	lines := 0
	line := func(sign, text string) {
		if lines++; lines == 1 {
			m.WriteByte('\n')
		}
		if lines <= maxListed {
			fmt.Fprintf(m, "%s %s\n", sign, text)
		}
	}
	for _, n := range p.added {
		post := p.post(n)
		text := post.Source + ": " + oneLine(post.Title, 100)
		for _, a := range post.Also {
			text += " (also " + a.Source + ")"
		}
		line("+", text)
	}
	for _, n := range p.revised {
		line("~", p.source(n)+": "+oneLine(p.extra[n].revision.Title, 100))
	}
	for _, n := range p.merged {
		if !p.isAdded(n) {
			line("=", p.source(n)+": "+p.id(n))
		}
	}
	if lines > maxListed {
		fmt.Fprintf(m, "and %d more\n", lines-maxListed)
	}
}

// oneLine makes foreign text fit to stand in a message: it cannot end its line.
func oneLine(s string, max int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > max {
		return string(r[:max-1]) + "…"
	}
	return s
}

// ours reports whether a commit was made by us for a run or an edit.
func ours(c git.Commit) bool { return c.Trailer(trailerOurs) != "" }
