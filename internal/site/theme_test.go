package site

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/coranto/coranto"
)

func overlay(files ...string) fstest.MapFS {
	m := fstest.MapFS{}
	for i := 0; i < len(files); i += 2 {
		m[files[i]] = &fstest.MapFile{Data: []byte(files[i+1])}
	}
	return m
}

func TestOverlay(t *testing.T) {
	in := sampleInput(30)
	in.Theme = overlay(
		"components/post.html", `<p class="mine">{{.Title}} by {{range .Authors}}{{.Name}}{{end}}</p>`,
		"pages/imprint.html", "---\ntitle: \"Who we are\"\ndescription: People.\n---\n<div class=\"wrap\"><h1>{{.Heading}}</h1>{{range .Posts}}<b>{{.Title}}</b>{{end}}<a href=\"{{path \"/tags/\"}}\">x</a></div>",
		"pages/about.html", `<h1>Us</h1>`,
		"assets/site.css", `body{background:url("img/paper.png")}`,
		"assets/img/paper.png", "PNG",
		"assets/extra.js", "1",
		"static/robots.txt", "User-agent: none\n",
		"static/.well-known/security.txt", "Contact: x\n",
		"static/a/b.txt", "b",
		"static/.DS_Store", "junk",
		"i18n/en.json", `{"older": "Further back"}`,
		"README.md", "not part of the site",
	)
	files, _ := buildSite(t, in)
	if !strings.Contains(files["index.html"], `<p class="mine">`) || strings.Contains(files["index.html"], "card-title") {
		t.Error("the card of the overlay is not used")
	}
	if p := files["imprint/index.html"]; !strings.Contains(p, "<title>Who we are · ") || !strings.Contains(p, `content="People."`) || !strings.Contains(p, "<b>") || !strings.Contains(p, `href="/tags/"`) {
		t.Errorf("free page:\n%s", p)
	}
	if !strings.Contains(files["about/index.html"], "<h1>Us</h1>") {
		t.Error("about page is not replaced")
	}
	for p, want := range map[string]string{"robots.txt": "User-agent: none\n", "a/b.txt": "b", ".well-known/security.txt": "Contact: x\n"} {
		if files[p] != want {
			t.Errorf("%s: got %q, want %q", p, files[p], want)
		}
	}
	for p := range files {
		if strings.Contains(p, "DS_Store") || strings.Contains(p, "README") {
			t.Errorf("%s is published", p)
		}
	}
	css := regexp.MustCompile(`href="/(assets/site\.[0-9a-f]{10}\.css)"`).FindStringSubmatch(files["index.html"])
	if css == nil {
		t.Fatal("no fingerprinted style sheet")
	}
	if got := files[css[1]]; !regexp.MustCompile(`^body\{background:url\("/assets/img/paper\.[0-9a-f]{10}\.png"\)\}$`).MatchString(got) {
		t.Errorf("style sheet: %s", got)
	}
	in = sampleInput(60)
	in.Theme = overlay("i18n/en.json", `{"older": "Further back"}`)
	if files, _ = buildSite(t, in); !strings.Contains(files["index.html"], "Further back") {
		t.Error("a word of the overlay is not used")
	}
}

func TestTemplateErrors(t *testing.T) {
	for _, tt := range []struct {
		name, file, text string
		line             int
		reason           string
	}{
		{"syntax", "components/post.html", "<p>\n{{if}}</p>", 2, "missing value for if"},
		{"field", "pages/tags/[tag].html", "<p>\n\n{{.Nonsense}}</p>", 3, "Nonsense"},
		{"unclosed", "components/header.html", "<p>\n{{range .Nav}}\n", 3, "unexpected EOF"},
		{"context", "components/footer.html", "<a\n href='{{if .Home}}\"{{end}}>", 0, "the quote ' of an attribute is not closed at the end of the file"},
		{"script", "components/footer.html", "<p>\n<script>x()\n", 0, "a <script> is not closed"},
		{"handler", "components/post.html", `<a href="x" onclick="f({{.Title}})`, 0, "the quote \" of an attribute is not closed"},
		{"tag", "components/post.html", "<p", 0, "a tag is not closed by >"},
		{"comment", "components/post.html", "<!-- note", 0, "a comment <!-- is not closed by -->"},
		{"style", "components/post.html", "<style>p {", 0, "a <style> is not closed"},
		{"asset", "components/layout.html", "<p>\n{{asset \"none.css\"}}", 2, "none.css"},
		{"component", "components/post.html", "<p>\n{{.Titel}}", 2, ".Titel is not there; PostView has .ID, .Title,"},
		{"template", "pages/index.html", "{{template \"components/none.html\"}}", 1, "none.html"},
		{"line after front matter", "pages/x.html", "---\ntitle: X\n---\n{{.None}}", 4, "None"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := sampleInput(20)
			in.Theme = overlay(tt.file, tt.text)
			_, err := Build(t.Context(), in, newTree(map[string]string{}), nil)
			if !errors.Is(err, ErrTheme) {
				t.Fatalf("error %v is not ErrTheme", err)
			}
			var te *TemplateError
			if !errors.As(err, &te) {
				t.Fatalf("error %v is no TemplateError", err)
			}
			if te.File != tt.file || te.Line != tt.line || !strings.Contains(te.Reason, tt.reason) || (te.Excerpt == "") != (tt.line == 0) {
				t.Errorf("got %s:%d %q\n%s", te.File, te.Line, te.Reason, te.Excerpt)
			}
		})
	}
	in := Input{Theme: overlay("i18n/en.json", `{"months": `)}
	if _, err := Build(t.Context(), in, newTree(nil), nil); !errors.Is(err, ErrTheme) {
		t.Errorf("broken words: %v", err)
	}
}

// A theme folder that is not there is no theme.
func TestMissingThemeFolder(t *testing.T) {
	in := Input{Theme: os.DirFS(filepath.Join(t.TempDir(), "theme"))}
	if _, err := Build(t.Context(), in, newTree(map[string]string{}), nil); err != nil {
		t.Error(err)
	}
}

func TestEmbeddedThemeCanBeListed(t *testing.T) {
	for _, name := range Themes() {
		f, err := Theme(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := fs.Stat(f, "components/post.html"); err != nil {
			t.Error(err)
		}
	}
}

// Every word that a template or the code asks for is there in each language.
func TestWords(t *testing.T) {
	f, err := Theme("")
	if err != nil {
		t.Fatal(err)
	}
	files, err := collect(f, nil)
	if err != nil {
		t.Fatal(err)
	}
	en, err := loadLocale(files, "en")
	if err != nil {
		t.Fatal(err)
	}
	call := regexp.MustCompile(`\{\{t "([^"]+)"\}\}`)
	for n, file := range files {
		body, err := file.read()
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range call.FindAllStringSubmatch(string(body), -1) {
			if _, ok := en.words[m[1]]; !ok {
				t.Errorf("%s asks for %q, which en.json lacks", n, m[1])
			}
		}
		if lang, ok := strings.CutPrefix(n, "i18n/"); ok {
			checkLocale(t, lang, body, en)
		}
	}
}

func checkLocale(t *testing.T, name string, body []byte, en *locale) {
	t.Helper()
	for k, v := range en.words {
		if !bytes.Contains(body, []byte(`"`+k+`":`)) {
			t.Errorf("%s lacks %q", name, k)
		}
		for _, hole := range regexp.MustCompile(`\{[a-z]+\}`).FindAllString(v, -1) {
			l, err := loadLocale(map[string]themeFile{"i18n/en.json": {name: "en.json", from: overlay("en.json", string(body))}}, "en")
			if err != nil {
				t.Fatal(err)
			}
			if k != "date" && !strings.Contains(l.words[k], hole) {
				t.Errorf("%s: %q does not say %s", name, k, hole)
			}
		}
	}
}

// The pages of a small site are as they were when last looked at; UPDATE=1
// writes them anew.
func TestGolden(t *testing.T) {
	in := sampleInput(12)
	in.Posts = in.Posts[9:]
	in.Sources = in.Sources[:3]
	for i := range in.Posts {
		in.Posts[i].Source = in.Sources[i].ID
		in.Posts[i].Also = nil
	}
	in.Posts[1].Also = []coranto.Also{{Source: in.Sources[2].ID}}
	in.Images = map[string]Image{"https://cdn.example.com/a.png": {Path: "images/a.png", Width: 640, Height: 360}}
	in.Posts[2].Image = "https://cdn.example.com/a.png"
	files, _ := buildSite(t, in)
	for _, p := range []string{"index.html", "posts/" + in.Posts[0].ID + "/index.html", "posts/" + in.Posts[1].ID + "/index.html", "sources/index.html", "feed.xml", "rss.xml", "feed.json", "opml.xml", "sitemap.xml", "404.html", "archive/index.html"} {
		name := filepath.Join("testdata", "golden", strings.ReplaceAll(p, "/", "_"))
		got := regexp.MustCompile(`(assets/[a-z]+)\.[0-9a-f]{10}\.`).ReplaceAllString(files[p], "$1.")
		if os.Getenv("UPDATE") != "" {
			if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", p, diff)
		}
	}
}

func TestFonts(t *testing.T) {
	in := sampleInput(3)
	in.Theme = fstest.MapFS{"assets/fonts/text.woff2": {Data: []byte("font")}}
	in.Config.Options = map[string]any{"font": "fonts/text.woff2", "accent": "#123456"}
	files, _ := buildSite(t, in)
	css := ""
	for p, body := range files {
		if strings.HasPrefix(p, "assets/options.") {
			css = body
		}
	}
	for _, want := range []string{`@font-face{font-family:"Site serif";src:url("/assets/fonts/text.`, `--serif:"Site serif",Georgia, serif;`, "--accent:#123456"} {
		if !strings.Contains(css, want) {
			t.Errorf("the style sheet of the options lacks %s:\n%s", want, css)
		}
	}
	for _, bad := range []string{"fonts/none.woff2", "text.css", "../x.woff2", "a b.woff2"} {
		in.Config.Options = map[string]any{"font": bad}
		if _, err := Build(t.Context(), in, newTree(nil), nil); !errors.Is(err, ErrTheme) {
			t.Errorf("font %s: %v", bad, err)
		}
	}
}
