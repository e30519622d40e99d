package main

import (
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coranto/coranto/internal/app"
	"github.com/coranto/coranto/internal/config"
	"github.com/coranto/coranto/internal/opml"
	"github.com/coranto/coranto/internal/sampleweb"

	"github.com/coranto/coranto"
)

// The recording's terminal.
const (
	recordColumns = 86 // of the terminal; the names are longer than the addresses
	recordRows    = 26
)

// TestRecord plays a first session at a pseudo terminal, against the sample web,
// and writes it as an animated SVG to the file that RECORD names: scripts/record
// does that for docs/images/session.svg. What is shown is what the commands
// print, but that the sample web's addresses are given names of their own.
func TestRecord(t *testing.T) {
	to := os.Getenv("RECORD")
	if to == "" {
		t.Skip("scripts/record sets RECORD to the file to write")
	}
	t.Setenv("CORANTO_NOW", "2026-11-22T09:00:00Z")
	start := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	web, err := sampleweb.Start(t.Context(), sampleweb.Options{Seed: 1, Faults: true, PostsPer: 8, Now: func() time.Time { return start.Add(-time.Hour) }})
	if err != nil {
		t.Fatal(err)
	}
	defer web.Close()
	root := t.TempDir()
	t.Setenv("CORANTO_TRUST_DIR", filepath.Join(root, "trusted"))
	t.Setenv("CORANTO_KEY_FILE", filepath.Join(root, "key.txt"))
	t.Setenv("HOME", root)
	t.Setenv("GIT_CONFIG_NOSYSTEM", "1")
	dir := filepath.Join(root, "news")
	r := &recorder{t: t, dir: dir, names: strings.NewReplacer(addressNames(web.Sources(), root)...)}
	sites := web.Sources()

	r.play("coranto init news && cd news", "init", dir)
	r.reachLoopback()
	r.play("coranto add https://"+sites[0].ID+".example --tags storage", "add", sites[0].Home, "--tags", "storage")
	list := filepath.Join(root, "planet.opml")
	r.list(list, sites[1:])
	r.play("coranto source import planet.opml", "source", "import", list)
	r.play("coranto run", "run")
	r.play("coranto status", "status")
	_, out, _ := typed2(t, "", "-C", dir, "post", "list", "--source", sites[0].ID, "--limit", "1", "--json")
	id := regexp.MustCompile(`"id":"([^"]+)"`).FindStringSubmatch(out)[1]
	r.play("coranto post explain "+id, "post", "explain", id)
	if err := os.WriteFile(to, []byte(r.svg()), 0o666); err != nil {
		t.Fatal(err)
	}
}

// addressNames are pairs for a Replacer: the sample web's addresses and the
// directory by what a reader expects.
func addressNames(sites []sampleweb.Site, root string) []string {
	var out []string
	for _, s := range sites {
		for i, address := range []string{s.FeedURL, s.MovedTo} {
			port := regexp.MustCompile(`127\.0\.0\.1:\d+`).FindString(address)
			name := []string{"", "new."}[i] + s.ID + ".example"
			if port != "" && !slices.Contains(out, port) {
				out = append(out, "http://"+port, "https://"+name, "//"+port, "//"+name, port, name)
			}
		}
	}
	return append(out, root+"/news", "~/news", root, "~")
}

// recorder keeps what was typed and what came of it.
type recorder struct {
	t     *testing.T
	dir   string
	names *strings.Replacer
	lines []recorded
	at    float64 // seconds since the begin
}

// recorded is a line of the recording.
type recorded struct {
	text  string
	at    float64
	typed bool
	shown []string // before the text: progress, one after the other
}

const (
	perKey      = 0.035
	perLine     = 0.045
	perProgress = 0.12
	afterTyping = 0.35
	afterOutput = 1.9
)

func (r *recorder) play(show string, args ...string) {
	r.t.Helper()
	slave, read := openTerminal(r.t, recordColumns)
	if args[0] != "init" {
		args = append([]string{"-C", r.dir}, args...)
	}
	run(r.t.Context(), args, strings.NewReader(""), slave, slave)
	r.lines = append(r.lines, recorded{text: "$ " + show, at: r.at, typed: true})
	r.at += perKey*float64(len(show)) + afterTyping
	var progress []string
	for line := range strings.Lines(read()) {
		parts := strings.Split(strings.TrimRight(line, "\n"), "\r\x1b[K")
		progress = append(progress, parts[:len(parts)-1]...)
		x := recorded{text: r.names.Replace(parts[len(parts)-1]), at: r.at}
		if len(progress) > 0 && x.text != "" {
			x.shown, progress = thin(progress), nil
			r.at += perProgress * float64(len(x.shown))
		}
		r.lines = append(r.lines, x)
		r.at += perLine
	}
	r.lines = append(r.lines, recorded{at: r.at})
	r.at += afterOutput
}

// thin keeps of a long progress what can be followed.
func thin(list []string) []string {
	var out []string
	for i, s := range list {
		if s != "" && (len(list) < 20 || i%(len(list)/20+1) == 0) {
			out = append(out, s)
		}
	}
	return out
}

// reachLoopback lets the site reach the sample web: a zone, trusted.
func (r *recorder) reachLoopback() {
	path := filepath.Join(r.dir, config.FileName)
	b, err := os.ReadFile(path)
	if err != nil {
		r.t.Fatal(err)
	}
	text := "fetch: {timeout: 3s, zone: loopback, per_host: {gap: 0s}}\nzones: {loopback: {allow: [127.0.0.0/8]}}\ncommit: {name: Ada, email: ada@news.example}\n" + string(b)
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		r.t.Fatal(err)
	}
	if _, err := app.Trust(r.dir, false); err != nil {
		r.t.Fatal(err)
	}
	s := &everySite{}
	s.git(r.t, r.dir, "commit", "-qam", "reach the sample web")
}

// list writes the other blogs as a reader exports them.
func (r *recorder) list(path string, sites []sampleweb.Site) {
	var sources []coranto.Source
	for _, s := range sites {
		sources = append(sources, coranto.Source{ID: s.ID, Title: s.Name, URL: s.FeedURL})
	}
	var b strings.Builder
	if err := opml.Write(&b, "Planet", sources); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(b.String()), 0o666); err != nil {
		r.t.Fatal(err)
	}
}

// Measures of the picture, in its units.
const (
	charWidth  = 8.4
	lineHeight = 19.0
	margin     = 18.0
	barHeight  = 30.0
)

// svg draws the session. Without animation every line is there.
func (r *recorder) svg() string {
	total := r.at + 4
	width, height := 2*margin+charWidth*(recordColumns+4), barHeight+margin+lineHeight*recordRows
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace" font-size="14" role="img" aria-label="A first session: init, add, import, run, status, explain">
<!-- made by scripts/record -->
<style>text{fill:#d7dce2;white-space:pre}.p{fill:#7fd1ae}.g{fill:#8b949e}</style>
<rect width="100%%" height="100%%" rx="10" fill="#11151a"/>
<circle cx="20" cy="16" r="5.5" fill="#e8695f"/><circle cx="39" cy="16" r="5.5" fill="#e5b94e"/><circle cx="58" cy="16" r="5.5" fill="#69b96b"/>
<clipPath id="c"><rect x="0" y="%.0f" width="%.0f" height="%.0f"/></clipPath>
<rect width="0" height="0"><animate id="r" attributeName="x" begin="0s;r.end" dur="%.2fs" values="0;0"/></rect>
<g clip-path="url(#c)"><g>
`, width, height, barHeight+5, width, lineHeight*recordRows, total)
	r.scroll(&b, total)
	for i, l := range r.lines {
		y := barHeight + lineHeight*float64(i+1)
		for k, text := range l.shown {
			from := l.at + perProgress*float64(k)
			r.text(&b, `class="g" visibility="hidden"`, y, text, fmt.Sprintf(`<set attributeName="visibility" to="visible" begin="r.begin+%.2fs" dur="%.2fs"/>`, from, perProgress))
		}
		l.at += perProgress * float64(len(l.shown))
		switch {
		case l.text == "":
		case l.typed:
			r.typed(&b, y, l)
		default:
			r.text(&b, "", y, l.text, fmt.Sprintf(`<set attributeName="visibility" to="hidden" begin="r.begin" dur="%.2fs"/>`, l.at))
		}
	}
	b.WriteString("</g></g>\n</svg>\n")
	return b.String()
}

// scroll moves the lines up as a terminal does.
func (r *recorder) scroll(b *strings.Builder, total float64) {
	values, times := []string{"0 0"}, []string{"0"}
	for i, l := range r.lines {
		if up := i + 2 - recordRows; up > 0 {
			values = append(values, fmt.Sprintf("0 %.0f", -lineHeight*float64(up)))
			times = append(times, fmt.Sprintf("%.4f", l.at/total))
		}
	}
	fmt.Fprintf(b, `<animateTransform attributeName="transform" type="translate" calcMode="discrete" begin="r.begin" dur="%.2fs" values="%s" keyTimes="%s"/>`+"\n",
		total, strings.Join(values, ";"), strings.Join(times, ";"))
}

func (r *recorder) text(b *strings.Builder, attrs string, y float64, text, inside string) {
	fmt.Fprintf(b, `<text x="%.0f" y="%.0f" textLength="%.1f" xml:space="preserve" %s>`, margin, y, charWidth*float64(cells(text)), attrs)
	_ = xml.EscapeText(b, []byte(text))
	b.WriteString(inside + "</text>\n")
}

// typed shows a command letter by letter.
func (r *recorder) typed(b *strings.Builder, y float64, l recorded) {
	fmt.Fprintf(b, `<text x="%.0f" y="%.0f" textLength="%.1f" xml:space="preserve"><set attributeName="visibility" to="hidden" begin="r.begin" dur="%.2fs"/><tspan class="p">$</tspan> `, margin, y, charWidth*float64(cells(l.text)), max(0.01, l.at-afterOutput/2))
	for i, letter := range []rune(strings.TrimPrefix(l.text, "$ ")) {
		b.WriteString("<tspan>")
		_ = xml.EscapeText(b, []byte(string(letter)))
		fmt.Fprintf(b, `<set attributeName="visibility" to="hidden" begin="r.begin" dur="%.2fs"/></tspan>`, l.at+perKey*float64(i+1))
	}
	b.WriteString("</text>\n")
}
