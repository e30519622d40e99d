package diagram

import (
	"bytes"
	"fmt"
	"html"
	"math"
	"slices"
	"strings"
)

const (
	margin = 28.0
	font   = `Inter,'Helvetica Neue',Helvetica,Arial,'Liberation Sans',sans-serif`
)

// colours of a look: what lines and fills a state, and its badge.
type colours struct{ line, fill, badge, word string }

var looks = map[string]colours{
	lookPlain:     {"#c3ccd8", "#ffffff", "", ""},
	lookSucceeded: {"#2e9e5b", "#effaf3", "#2e9e5b", "succeeded"},
	lookFailed:    {"#d3382f", "#fdf0ef", "#d3382f", "failed"},
	lookCaught:    {"#d98a11", "#fff7e8", "#d98a11", "error caught"},
	lookRunning:   {"#1f6fd6", "#edf4fe", "#1f6fd6", "in progress"},
	lookAborted:   {"#7a8594", "#f3f5f7", "#7a8594", "aborted"},
	lookUnseen:    {"#dde3ea", "#ffffff", "#b7c0cc", "not reached"},
}

// kinds are the colours of the badges of states, by their type.
var kinds = map[string]string{
	"Task": "#d97706", "Pass": "#64748b", "Choice": "#7c4dbd", "Wait": "#0e8f8f", "Map": "#2563c9", "Parallel": "#2563c9",
	"Succeed": "#2e9e5b", "Fail": "#d3382f",
}

// icons are drawn with strokes in a square of 20.
var icons = map[string]string{
	"Task":     `<path d="M11.2 3.5 5.5 11h4l-.7 5.5L14.5 9h-4z"/>`,
	"Pass":     `<path d="M4.5 10h10.5M11 6l4 4-4 4"/>`,
	"Choice":   `<path d="M10 3.8 16.2 10 10 16.2 3.8 10z"/><path d="M8.7 8.6c.1-1.7 2.7-1.6 2.6 0 0 1-1.3 1-1.3 2.1M10 12.6v.1"/>`,
	"Wait":     `<circle cx="10" cy="10" r="6.2"/><path d="M10 6.4V10l2.5 1.7"/>`,
	"Map":      `<rect x="4" y="4" width="8.5" height="8.5" rx="1.5"/><path d="M7.6 15.8h6.7a1.5 1.5 0 0 0 1.5-1.5V7.6"/>`,
	"Parallel": `<path d="M5.5 4.5v11M10 4.5v11M14.5 4.5v11"/>`,
	"Succeed":  `<path d="m4.8 10.4 3.6 3.6 6.8-7.6"/>`,
	"Fail":     `<path d="m5.6 5.6 8.8 8.8M14.4 5.6l-8.8 8.8"/>`,
}

// subtitle is the second line of a state.
func (n *node) subtitle() string {
	if n.detail == "" {
		return n.kind
	}
	return n.kind + " · " + n.detail
}

// SVG draws a definition. It needs no fonts or styles from elsewhere and runs no
// script.
func SVG(definition []byte, o Options) ([]byte, error) {
	c, err := read(definition)
	if err != nil {
		return nil, err
	}
	w, h := layout(c)
	d := &drawing{o: o}
	head := 0.0
	if o.Title != "" {
		head = 40
	}
	foot := 0.0
	if o.Run != nil {
		foot = 44
	}
	width := math.Ceil(max(w, textWidth(o.Title, 17)+180, 300) + 2*margin)
	height := math.Ceil(h + 2*margin + head + foot)
	c.move((width-w)/2, margin+head)
	d.printf(`<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%.0f" viewBox="0 0 %.0f %.0f" role="img" font-family="%s">`, width, height, width, height, font)
	d.printf("<title>%s</title>\n", esc(strings.TrimSpace("Workflow "+o.Title)))
	d.printf(`<defs>`)
	for _, m := range [][2]string{{"a", "#74808f"}, {"b", "#c3ccd8"}, {"c", "#c26a5c"}} {
		d.printf(`<marker id="%s" viewBox="0 0 8 8" refX="6.6" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"><path d="M.6.8 7 4 .6 7.2z" fill="%s"/></marker>`, m[0], m[1])
	}
	d.printf(`<filter id="s" x="-10%%" y="-20%%" width="120%%" height="150%%"><feDropShadow dx="0" dy="1" stdDeviation="1.4" flood-color="#1b2733" flood-opacity=".13"/></filter></defs>` + "\n")
	d.printf(`<rect width="100%%" height="100%%" fill="#fbfcfd"/>` + "\n")
	d.title(width)
	d.chart(c)
	if o.Run != nil {
		d.legend(c, width, height)
	}
	d.printf("</svg>\n")
	return d.b.Bytes(), nil
}

type drawing struct {
	b bytes.Buffer
	o Options
}

func (d *drawing) printf(format string, args ...any) { fmt.Fprintf(&d.b, format, args...) }

func esc(s string) string { return html.EscapeString(s) }

func (d *drawing) text(x, y, size float64, fill, extra, s string) {
	d.printf(`<text x="%.1f" y="%.1f" font-size="%g" fill="%s"%s>%s</text>`, x, y, size, fill, extra, esc(s))
}

func (d *drawing) title(width float64) {
	if d.o.Title == "" {
		return
	}
	d.text(margin, margin+12, 17, "#1b2733", ` font-weight="600"`, d.o.Title)
	if d.o.Run != nil {
		look := looks[lookRunning]
		switch d.o.Run.Status {
		case "SUCCEEDED":
			look = looks[lookSucceeded]
		case "FAILED", "TIMED_OUT":
			look = looks[lookFailed]
		case "ABORTED":
			look = looks[lookAborted]
		}
		word := strings.ToLower(strings.ReplaceAll(string(d.o.Run.Status), "_", " "))
		d.pill(margin+textWidth(d.o.Title, 17)*0.95+14, margin-4, word, look.badge)
	}
	d.printf("\n")
}

// pill is a coloured word; it returns its width.
func (d *drawing) pill(x, y float64, word, colour string) float64 {
	w := textWidth(word, 11.5) + 18
	d.printf(`<rect x="%.1f" y="%.1f" width="%.1f" height="20" rx="10" fill="%s"/>`, x, y, w, colour)
	d.text(x+w/2, y+14, 11.5, "#fff", ` text-anchor="middle" font-weight="600"`, word)
	return w
}

// chart draws groups first, then edges, then states, so that nothing hides an
// arrow's head.
func (d *drawing) chart(c *chart) {
	for _, n := range c.nodes {
		if len(n.inner) > 0 {
			d.group(n)
		}
	}
	for _, e := range c.edges {
		d.edge(e)
	}
	for _, n := range c.nodes {
		switch {
		case len(n.inner) > 0:
			for i, in := range n.inner {
				if i > 0 {
					d.divide(n.inner[i-1], in, n)
				}
				d.chart(in)
			}
		case n.kind == kindStart || n.kind == kindEnd:
			d.circle(n)
		default:
			d.state(n)
		}
	}
	for _, e := range c.edges {
		d.label(e)
	}
}

// divide draws the line between two branches.
func (d *drawing) divide(a, b *chart, n *node) {
	right, left := math.Inf(-1), math.Inf(1)
	for _, m := range a.nodes {
		right = max(right, m.x+m.w)
	}
	for _, m := range b.nodes {
		left = min(left, m.x)
	}
	x := (right + left) / 2
	d.printf(`<path d="M%.1f %.1fV%.1f" stroke="#d5dce5" stroke-dasharray="3 4"/>`, x, n.y+headGroup-4, n.y+n.h-12)
}

func (d *drawing) circle(n *node) {
	look := looks[d.o.Run.look(n)]
	x, y := n.x+n.w/2, n.y+n.h/2
	fill, text := "#f4f1e4", "#5b5536"
	line := "#cfc79f"
	if d.o.Run != nil {
		fill, line, text = look.fill, look.line, "#3a4654"
	}
	d.printf(`<circle cx="%.1f" cy="%.1f" r="%.1f" fill="%s" stroke="%s" stroke-width="1.5"/>`, x, y, n.w/2-1, fill, line)
	d.text(x, y+4, 11.5, text, ` text-anchor="middle" font-weight="600"`, n.name)
	d.printf("\n")
}

func (d *drawing) tooltip(n *node) string {
	s := n.name + ", " + n.subtitle()
	if d.o.Run == nil {
		return s
	}
	t := d.o.Run.States[n.name]
	if t == nil || t.Entered == 0 {
		return s + ": not reached"
	}
	s += ": " + strings.Join(words(t), ", ")
	if t.Error != "" {
		s += " (" + t.Error + ")"
	}
	return s
}

// words says what became of a state.
func words(t *Tally) []string {
	var w []string
	for _, p := range []struct {
		n    int
		word string
	}{{t.Succeeded, "succeeded"}, {t.Caught, "caught"}, {t.Failed, "failed"}, {t.Aborted, "aborted"}, {t.Running, "running"}, {t.Retries, "tried again"}} {
		if p.n > 0 {
			w = append(w, fmt.Sprintf("%s %s", thousands(p.n), p.word))
		}
	}
	return w
}

func thousands(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// state draws a rounded box with a badge, a name and what it does.
func (d *drawing) state(n *node) {
	look := d.o.Run.look(n)
	col := looks[look]
	badge := kinds[n.kind]
	name, sub, weight := "#1b2733", "#677486", 1.2
	switch look {
	case lookPlain:
	case lookUnseen:
		badge, name, sub = col.badge, "#8a95a3", "#a3adba"
	default:
		badge, weight = col.badge, 1.6
	}
	if badge == "" {
		badge = "#64748b"
	}
	d.printf(`<g><title>%s</title>`, esc(d.tooltip(n)))
	d.printf(`<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="9" fill="%s" stroke="%s" stroke-width="%g" filter="url(#s)"/>`, n.x, n.y, n.w, n.h, col.fill, col.line, weight)
	d.badge(n.x+10, n.y+(n.h-30)/2, n.kind, badge)
	room := n.w - 62
	d.text(n.x+50, n.y+21.5, 14, name, ` font-weight="600"`, fit(n.name, 14, room))
	d.text(n.x+50, n.y+38, 11.5, sub, "", fit(n.subtitle(), 11.5, room))
	if t := d.tally(n); t != nil && (t.Entered > 1 || t.Retries > 0) {
		d.counts(n.x+n.w-6, n.y-12, chips(t))
	}
	d.printf("</g>\n")
}

func (d *drawing) badge(x, y float64, kind, colour string) {
	icon := icons[kind]
	if icon == "" {
		icon = icons["Pass"]
	}
	d.printf(`<rect x="%.1f" y="%.1f" width="30" height="30" rx="7" fill="%s"/><g transform="translate(%.1f %.1f)" fill="none" stroke="#fff" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round">%s</g>`,
		x, y, colour, x+5, y+5, icon)
}

func (d *drawing) tally(n *node) *Tally {
	if d.o.Run == nil {
		return nil
	}
	return d.o.Run.States[n.name]
}

// chip is a count in a colour.
type chip struct{ text, colour string }

func chips(t *Tally) []chip {
	var list []chip
	add := func(n int, sign, look string) {
		if n > 0 {
			list = append(list, chip{sign + thousands(n), looks[look].badge})
		}
	}
	add(t.Retries, "↻ ", lookAborted)
	add(t.Running, "▸ ", lookRunning)
	add(t.Caught, "! ", lookCaught)
	add(t.Failed, "✕ ", lookFailed)
	add(t.Aborted, "– ", lookAborted)
	add(t.Succeeded, "✓ ", lookSucceeded)
	return list
}

// counts draws chips that end at x.
func (d *drawing) counts(x, y float64, list []chip) {
	for i := len(list) - 1; i >= 0; i-- {
		w := textWidth(list[i].text, 11) + 13
		x -= w
		d.printf(`<rect x="%.1f" y="%.1f" width="%.1f" height="18" rx="9" fill="%s" stroke="#fff" stroke-width="1.5"/>`, x, y, w, list[i].colour)
		d.text(x+w/2, y+12.8, 11, "#fff", ` text-anchor="middle" font-weight="600"`, list[i].text)
		x -= 3
	}
}

// group draws a Map or Parallel around what is in it.
func (d *drawing) group(n *node) {
	look := d.o.Run.look(n)
	col := looks[look]
	line, badge, name := "#8b9bb0", kinds[n.kind], "#1b2733"
	fill := "#f3f6fa"
	switch look {
	case lookPlain:
	case lookUnseen:
		line, badge, name = "#ccd4de", col.badge, "#8a95a3"
	default:
		line, badge = col.line, col.badge
	}
	d.printf(`<g><title>%s</title>`, esc(d.tooltip(n)))
	d.printf(`<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="13" fill="%s" stroke="%s" stroke-width="1.5" stroke-dasharray="6 4"/>`, n.x, n.y, n.w, n.h, fill, line)
	d.badge(n.x+11, n.y+11, n.kind, badge)
	room := n.w - 62
	d.text(n.x+51, n.y+24, 14, name, ` font-weight="600"`, fit(n.name, 14, room))
	d.text(n.x+51, n.y+39, 11.5, "#677486", "", fit(n.subtitle(), 11.5, room))
	if t := d.tally(n); t != nil && t.Items > 0 {
		d.items(n, t)
	} else if t != nil && t.Entered > 1 {
		d.counts(n.x+n.w-12, n.y-9, chips(t))
	}
	d.printf("</g>\n")
}

// items draws how far a Map is: a bar along its top, and counts.
func (d *drawing) items(n *node, t *Tally) {
	var list []chip
	if t.ItemsRunning > 0 {
		list = append(list, chip{"▸ " + thousands(t.ItemsRunning), looks[lookRunning].badge})
	}
	if t.ItemsFailed > 0 {
		list = append(list, chip{"✕ " + thousands(t.ItemsFailed), looks[lookFailed].badge})
	}
	list = append(list, chip{fmt.Sprintf("✓ %s of %s", thousands(t.ItemsDone), thousands(t.Items)), looks[lookSucceeded].badge})
	d.counts(n.x+n.w-14, n.y-9, list)
}

// edge draws the line of a transition.
func (d *drawing) edge(e *edge) {
	colour, mark, width, dash := "#74808f", "a", 1.4, ""
	if e.kind == "catch" {
		colour, mark, dash = "#c26a5c", "c", ` stroke-dasharray="5 3.5"`
	}
	if d.o.Run != nil {
		switch d.passed(e) {
		case 0:
			colour, mark = "#c3ccd8", "b"
		default:
			width = 1.9
		}
	}
	d.printf(`<path d="%s" fill="none" stroke="%s" stroke-width="%g"%s marker-end="url(#%s)"/>`+"\n", curve(e), colour, width, dash, mark)
}

// passed is how often a transition was taken.
func (d *drawing) passed(e *edge) int {
	r := d.o.Run
	switch {
	case e.from.kind == kindStart:
		return 1
	case e.to.kind == kindEnd:
		t := r.States[e.from.name]
		if t == nil || r.Status == "RUNNING" || e.from.kind != "Fail" && t.Succeeded == 0 {
			return 0
		}
		return t.Entered
	}
	return r.Passed[[2]string{e.from.name, e.to.name}]
}

// curve is the path through the points of an edge: upright where it passes a
// layer, bent between them, rounded where it turns back.
func curve(e *edge) string {
	var b strings.Builder
	p := slices.CompactFunc(slices.Clone(e.points), func(a, b point) bool { return math.Abs(a.x-b.x)+math.Abs(a.y-b.y) < 0.1 })
	fmt.Fprintf(&b, "M%.1f %.1f", p[0].x, p[0].y)
	half := len(p) / 2
	for i := 1; i < len(p); i++ {
		from, to := p[i-1], p[i]
		dy := to.y - from.y
		switch {
		case math.Abs(to.x-from.x) < 0.5:
			fmt.Fprintf(&b, "V%.1f", to.y)
		case e.back && math.Abs(dy) < 0.5:
			turn := min(gapY*1.15, max(14, math.Abs(to.x-from.x)*0.8))
			if i >= half {
				turn = -turn
			}
			fmt.Fprintf(&b, "C%.1f %.1f %.1f %.1f %.1f %.1f", from.x, from.y+turn, to.x, to.y+turn, to.x, to.y)
		default:
			fmt.Fprintf(&b, "C%.1f %.1f %.1f %.1f %.1f %.1f", from.x, from.y+dy*0.55, to.x, to.y-dy*0.55, to.x, to.y)
		}
	}
	return b.String()
}

func (d *drawing) label(e *edge) {
	if e.labelAt == nil || e.label == "" {
		return
	}
	colour := "#4a5768"
	if e.kind == "catch" {
		colour = "#a5483b"
	}
	if d.o.Run != nil && d.passed(e) == 0 {
		colour = "#a3adba"
	}
	l := e.labelAt
	d.printf(`<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="5" fill="#fbfcfd" fill-opacity=".93"/>`, l.x+3, l.y+1, l.w-6, l.h-2)
	d.text(l.x+l.w/2, l.y+14, 11, colour, ` text-anchor="middle"`, e.label)
	d.printf("\n")
}

// legend explains the colours that occur.
func (d *drawing) legend(c *chart, width, height float64) {
	used := map[string]bool{}
	var look func(c *chart)
	look = func(c *chart) {
		for _, n := range c.nodes {
			if n.kind != kindStart && n.kind != kindEnd {
				used[d.o.Run.look(n)] = true
			}
			for _, in := range n.inner {
				look(in)
			}
		}
	}
	look(c)
	x, y := margin, height-margin+2
	for _, l := range []string{lookSucceeded, lookRunning, lookCaught, lookFailed, lookAborted, lookUnseen} {
		if !used[l] {
			continue
		}
		col := looks[l]
		d.printf(`<rect x="%.1f" y="%.1f" width="13" height="13" rx="4" fill="%s" stroke="%s" stroke-width="1.5"/>`, x, y-10.5, col.fill, col.line)
		d.text(x+19, y, 12, "#4a5768", "", col.word)
		x += 19 + textWidth(col.word, 12) + 20
	}
	d.printf("\n")
}
