package site

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// buildWith makes a site from nothing, by programs or by html/template alone.
func buildWith(t *testing.T, in Input, quick bool) map[string]string {
	t.Helper()
	out := newTree(map[string]string{})
	b, err := newBuild(in, out, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !quick {
		b.theme.programs = nil
	}
	if _, err := b.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	return out.files
}

// Whatever the theme, the site is the one that html/template makes.
func TestProgramsGiveTheSameSite(t *testing.T) {
	edits := map[string][]string{
		"as shipped": nil,
		"a card of one's own": {"components/post.html", `{{$p := .}}{{with .Source}}<i title="{{.Name}}" data-x='{{.Path}}'>{{$p.Title}}</i>{{end}}` +
			`{{range $i, $t := .Tags}}{{if eq $i 2}}{{break}}{{end}}<a href="/x?q={{$t.Name}}&amp;r={{$i}}">{{$t.Name}}</a>{{else}}none{{end}}` +
			`{{if and .Link (not .Image)}}<a href="{{.Link}}">{{len .Tags}} {{.Host | printf "%q"}}</a>{{end}}<script>var x = {{.Title}};</script>`},
		"a layout of one's own": {"components/layout.html", `<!doctype html><html lang={{.Language}}><head>{{.Head}}<title>{{.Title}}</title><style>p{color:{{.Site.Dir}}}</style></head>` +
			`<body{{if .Section}} class="{{.Section}}"{{end}} onload="f({{.Path}})">{{template "x" .Site}}{{.Main}}{{define "x"}}<textarea>{{.Title}} {{.Options.extra}} {{.Author}}</textarea>{{end}}</body></html>`},
		"a page of one's own": {"pages/extra.html", `{{range .Posts}}<li>{{.Attrs}} <b{{.Attrs}}>{{.Title}}</b>{{range .FirstTags 2}}{{.Name}},{{end}}{{with $x := .Image}}{{$x.Src}}{{$x.Width}}{{end}}</li>{{end}}{{range $k, $v := .Site.Options}}{{$k}}={{$v}}{{end}}`},
	}
	for name, files := range edits {
		for _, theme := range Themes() {
			for _, lang := range []string{"en", "de", "ar"} {
				t.Run(name+"/"+theme+"/"+lang, func(t *testing.T) {
					t.Parallel()
					in := sampleInput(70)
					in.Config.Theme, in.Config.Language, in.Config.PerPage = theme, lang, 7
					in.Config.Options = map[string]any{"extra": "a < b & c", "number": 7}
					in.Config.Menu = []MenuItem{{"Über <uns>", "/über/"}, {"More", "https://example.org/?a=1&b='2'"}}
					in.Posts[3].Title, in.Posts[4].Link = "<b>\"x\" & 'y' + z\x00\xff</b>", "https://e.example/ä?q=1+2&r=%zz'("
					if files != nil {
						in.Theme = overlay(files...)
					}
					want, got := buildWith(t, in, false), buildWith(t, in, true)
					if !maps.Equal(want, got) {
						t.Fatalf("not what html/template makes (-want +got):\n%.3000s", cmp.Diff(want, got))
					}
				})
			}
		}
	}
}

// What is shipped is executed by programs, or the test above proves little.
func TestShippedThemesAreCompiled(t *testing.T) {
	for _, name := range Themes() {
		base, err := Theme(name)
		if err != nil {
			t.Fatal(err)
		}
		th, err := loadTheme(base, nil, "en", "/", options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, tmpl := range th.set.Templates() {
			if tmpl.Tree != nil && len(tmpl.Tree.Root.Nodes) > 0 && th.programs.of(tmpl.Name()).body == nil {
				t.Errorf("%s: %s is left to html/template", name, tmpl.Name())
			}
		}
	}
}

type sampleData struct {
	Text, Other string
	Markup      template.HTML
	Attr        template.HTMLAttr
	Address     template.URL
	Number      int
	Yes         bool
	List        []sampleItem
	None        *sampleItem
	One         *sampleItem
	Any         any
	Words       map[string]string
	sampleItem  // Name is promoted
}

type sampleItem struct{ Name, Path string }

func (s sampleItem) Twice() string             { return s.Name + s.Name }
func (s *sampleItem) Fail() (string, error)    { return "", errors.New("failed") }
func (s sampleItem) Times(n int) template.HTML { return template.HTML(strings.Repeat("<i>", n)) }
func (d *sampleData) Panics() string           { panic("oh") }

// Programs write what html/template writes, or nothing.
func TestProgramsAgainstTemplates(t *testing.T) {
	texts := []string{
		`{{.Text}}`, `<a title="{{.Text}}">{{.Other}}</a>`, `<a href="{{.Text}}">`, `<a href='{{.Text}}'>`, `<a href={{.Text}}>`, `<a href="/x?{{.Text}}={{.Number}}">`, `<a href="/x/{{.Text}}#{{.Other}}">`,
		`<textarea>{{.Text}}</textarea>`, `<title>{{.Markup}}</title>`, `<p{{.Attr}}>`, `<p {{.Text}}>`, `<p class="{{.Markup}}">`, `{{.Markup}}`, `<a href="{{.Address}}">{{.Address}}</a>`, `<img srcset="{{.Text}} 2x">`,
		`<script>f({{.Text}}, {{.Number}})</script>`, `<p style="color:{{.Text}}">`, `<p onclick="f({{.Text}})">`, `<!-- {{.Text}} -->x`,
		`{{if .Yes}}a{{else if .Text}}b{{else}}c{{end}}`, `{{with .One}}{{.Name}}{{.Twice}}{{else}}none{{end}}`, `{{with .None}}x{{else}}{{.Text}}{{end}}`, `{{.None.Name}}`, `{{.One.Fail}}`, `{{.Panics}}`, `{{.Missing}}`,
		`{{range .List}}{{.Name}}{{$.Text}}{{else}}{{.Text}}{{end}}`, `{{range $i, $x := .List}}{{if $i}}, {{end}}{{$x.Name}}{{$x.Times 2}}{{end}}`, `{{range $x := .List}}{{if eq $x.Name $.Text}}{{continue}}{{end}}{{$x.Path}}{{end}}`,
		`{{range $i, $x := .List}}{{if eq $i 1}}{{break}}{{end}}{{.Name}}{{end}}`, `{{range .Words}}{{.}}{{end}}`, `{{.Words.a}}`, `{{.Any}}`, `{{with .Any}}{{.}}{{end}}`, `{{.Any.Name}}`, `{{range .Number}}x{{end}}`,
		`{{$x := .Text}}{{if .Yes}}{{$y := .Other}}{{$y}}{{$x}}{{end}}{{$x}}`, `{{$x := 1}}{{range .List}}{{$x = 2}}{{end}}{{$x}}`, `{{and .Yes .Text}}{{or .Text .Other}}{{not .Text}}`, `{{if and .Yes (ne .Number 3)}}x{{end}}`,
		`{{.Name}}{{.Twice}}{{.sampleItem}}`, `{{len .List}}{{len .Text}}{{len .One}}`, `{{printf "%5d" .Number}}`, `{{.Text | up}}{{up .Other}}{{up (up .Text)}}{{up .Number}}`, `{{index .List 0}}`, `{{.Number}}{{.Yes}}`,
		`{{template "sub" .One}}{{template "sub" .}}`, `<a title="{{template "sub" .One}}">`, `{{template "deep" .}}`, `{{(index .List 0).Name}}`, `{{.Text | html}}`, `{{.List}}`, `{{nil}}`, `{{with $x := .Text}}{{$x}}{{end}}{{/* note */}} - `,
		`{{eq .Any "x"}}{{eq .Text .Other .Text}}`, `{{range .One}}{{end}}`, `{{.}}`, `{{.One}}`,
	}
	funcs := template.FuncMap{"up": strings.ToUpper}
	r := rand.New(rand.NewPCG(3, 4))
	pieces := []string{"a", "Go & C++", "<b>", `"`, "'", "https://a.example/?x=1&y=2", "javascript:alert(1)", "%41%zz", "ä", "\x00", "\xff", " ", "/p/", "MAILTO:x@y", "mailto:", "日本", "\u2028", "#(f)!~`", "\ufdd0\ufffe"}
	word := func() (s string) {
		for range r.IntN(4) {
			s += pieces[r.IntN(len(pieces))]
		}
		return s
	}
	quick := 0
	for i, text := range texts {
		set := template.New("").Option("missingkey=error").Funcs(funcs)
		for name, text := range map[string]string{"main": text, "sub": `{{.Name}}`, "deep": `{{if .Text}}{{template "sub" .One}}{{end}}`} {
			if _, err := set.New(name).Parse(text); err != nil {
				if name == "main" {
					set = nil
					break
				}
				t.Fatal(err)
			}
		}
		if set == nil {
			continue // no template to anybody
		}
		ps := newPrograms(set, funcs)
		for range 60 {
			d := &sampleData{Text: word(), Other: word(), Markup: template.HTML(word()), Attr: template.HTMLAttr(` lang="` + word() + `"`), Address: template.URL(word()), Number: r.IntN(5), Yes: r.IntN(2) == 0,
				One: &sampleItem{word(), word()}, Any: []any{nil, "x", 3, sampleItem{"n", "p"}, &sampleItem{"n", "p"}, template.HTML("<p>")}[r.IntN(6)], Words: map[string]string{"a": word()}, sampleItem: sampleItem{word(), word()}}
			for range r.IntN(4) {
				d.List = append(d.List, sampleItem{word(), word()})
			}
			var data any = d
			if r.IntN(4) == 0 && i%3 > 0 {
				data = *d // not addressable
			}
			got := bytes.NewBufferString("before ")
			if !ps.run(got, "main", data) {
				if got.String() != "before " {
					t.Fatalf("%s: gave up and left %q", text, got)
				}
				continue
			}
			quick++
			want := bytes.NewBufferString("before ")
			if err := set.ExecuteTemplate(want, "main", data); err != nil {
				t.Fatalf("%s: html/template says %v, the program wrote %q", text, err, got)
			}
			if got.String() != want.String() {
				t.Fatalf("%s with %s\nwrote %q\nwant  %q", text, fmt.Sprintf("%#v", data), got, want)
			}
		}
	}
	if quick < 1000 {
		t.Errorf("%d executions were by programs", quick)
	}
}
