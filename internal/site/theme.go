package site

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

//go:embed all:themes
var embedded embed.FS

// Limits of a theme.
const (
	maxThemeFiles = 5_000
	maxThemeFile  = 32 << 20
)

// DefaultTheme is used when Config.Theme is empty.
const DefaultTheme = "magazine"

// Theme returns the files of an embedded theme, for people who want to change
// some of them: pages/, components/, assets/, static/ and i18n/.
func Theme(name string) (fs.FS, error) {
	if name == "" {
		name = DefaultTheme
	}
	if strings.ContainsAny(name, "/\\.") {
		return nil, fmt.Errorf("%w: no theme is called %q", ErrTheme, name)
	}
	if _, err := fs.Stat(embedded, "themes/"+name); err != nil {
		return nil, fmt.Errorf("%w: no theme is called %q; there is %s", ErrTheme, name, strings.Join(Themes(), ", "))
	}
	own, err := fs.Sub(embedded, "themes/"+name)
	if err != nil || name == DefaultTheme {
		return own, err
	}
	base, err := fs.Sub(embedded, "themes/"+DefaultTheme)
	return union{own, base}, err
}

// union is one folder laid over another.
type union struct{ over, base fs.FS }

func (u union) Open(name string) (fs.File, error) {
	f, err := u.over.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return u.base.Open(name)
	}
	return f, err
}

func (u union) ReadDir(name string) ([]fs.DirEntry, error) {
	list, err := fs.ReadDir(u.over, name)
	more, err2 := fs.ReadDir(u.base, name)
	if err != nil && err2 != nil {
		return nil, err
	}
	for _, d := range more {
		if !slices.ContainsFunc(list, func(e fs.DirEntry) bool { return e.Name() == d.Name() }) {
			list = append(list, d)
		}
	}
	slices.SortFunc(list, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return list, nil
}

// Themes lists the embedded themes.
func Themes() []string {
	dirs, err := fs.ReadDir(embedded, "themes")
	if err != nil {
		return nil
	}
	var names []string
	for _, d := range dirs {
		names = append(names, d.Name())
	}
	return names
}

// themeFile is one file of the theme: the user's where there is one.
type themeFile struct {
	name  string
	from  fs.FS
	under fs.FS // the embedded theme, where it has a file of that name too
}

func (f themeFile) read() ([]byte, error) {
	file, err := f.from.Open(f.name)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrTheme, err)
	}
	defer file.Close()
	body, err := io.ReadAll(io.LimitReader(file, maxThemeFile+1))
	if err != nil {
		return nil, fmt.Errorf("%w: read %s: %w", ErrTheme, f.name, err)
	}
	if len(body) > maxThemeFile {
		return nil, fmt.Errorf("%w: %s is larger than %d MiB", ErrTheme, f.name, maxThemeFile>>20)
	}
	return body, nil
}

// file is something copied to the site as it is.
type file struct {
	path string
	body []byte
	sum  [32]byte
}

// freePage is a page of the theme that is neither a list nor a post: its file
// is its route.
type freePage struct {
	name        string // of the template: "pages/imprint.html"
	path        string // "imprint/index.html"
	title       string
	description string
}

type theme struct {
	sum      [32]byte // of all its files
	set      *template.Template
	programs *programs
	source   map[string]string // of each template, for excerpts
	assets   map[string]string // "site.css" → "assets/site.1a2b3c4d.css"
	files    []file            // assets and static files, by path
	free     []freePage
	locale   *locale
}

// collect lists the files of the theme, the user's over the embedded ones.
func collect(base, over fs.FS) (map[string]themeFile, error) {
	files := map[string]themeFile{}
	for _, from := range []fs.FS{base, over} {
		if from == nil {
			continue
		}
		err := fs.WalkDir(from, ".", func(name string, d fs.DirEntry, err error) error {
			switch {
			case err != nil && name == "." && errors.Is(err, fs.ErrNotExist):
				return fs.SkipAll
			case err != nil:
				return err
			case name == ".":
				return nil
			case ignored(d.Name()) && name != "static/.well-known":
				if d.IsDir() {
					return fs.SkipDir
				}
				return nil
			case !d.Type().IsRegular():
				return nil
			}
			f := themeFile{name: name, from: from}
			if old, ok := files[name]; ok {
				f.under = old.from
			}
			if files[name] = f; len(files) > maxThemeFiles {
				return fmt.Errorf("%w: more than %d files", ErrTheme, maxThemeFiles)
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("read theme: %w", err)
		}
	}
	return files, nil
}

// ignored says whether an editor or the system left the file there.
func ignored(base string) bool {
	return strings.HasPrefix(base, ".") || strings.HasSuffix(base, "~") || strings.HasPrefix(base, "#")
}

// loadTheme reads the theme whole. root is the path of the home page.
func loadTheme(base, over fs.FS, lang, root string, o options) (*theme, error) {
	files, err := collect(base, over)
	if err != nil {
		return nil, err
	}
	t := &theme{source: map[string]string{}, assets: map[string]string{}}
	if t.locale, err = loadLocale(files, lang); err != nil {
		return nil, err
	}
	names := make([]string, 0, len(files))
	for n := range files {
		names = append(names, n)
	}
	slices.Sort(names)
	sum := sha256.New()
	bodies := make(map[string][]byte, len(names))
	for _, n := range names {
		dir, _, _ := strings.Cut(n, "/")
		switch dir {
		case "pages", "components", "assets", "static", "i18n":
		default:
			continue
		}
		body, err := files[n].read()
		if err != nil {
			return nil, err
		}
		bodies[n] = body
		fmt.Fprintf(sum, "%d %s %d ", len(n), n, len(body))
		sum.Write(body)
	}
	sum.Sum(t.sum[:0])
	if css := o.css(); css != "" {
		names, bodies["assets/options.css"] = append(names, "assets/options.css"), []byte(css)
		fmt.Fprint(sum, css)
		sum.Sum(t.sum[:0])
	}
	t.addFiles(names, bodies, root)
	if err := t.parse(names, bodies, root); err != nil {
		return nil, err
	}
	return t, nil
}

// addFiles takes assets, which get a fingerprint, and static files. Style
// sheets come after the files they may name in url(…).
func (t *theme) addFiles(names []string, bodies map[string][]byte, root string) {
	add := func(p string, body []byte) {
		t.files = append(t.files, file{p, body, sha256.Sum256(body)})
	}
	for _, css := range []bool{false, true} {
		for _, n := range names {
			name, ok := strings.CutPrefix(n, "assets/")
			body, read := bodies[n]
			if !ok || !read || (path.Ext(n) == ".css") != css {
				continue
			}
			if css {
				body = t.rewriteCSS(name, body, root)
			}
			sum := sha256.Sum256(body)
			ext := path.Ext(n)
			t.assets[name] = strings.TrimSuffix(n, ext) + "." + hex.EncodeToString(sum[:5]) + ext
			add(t.assets[name], body)
		}
	}
	for _, n := range names {
		if name, ok := strings.CutPrefix(n, "static/"); ok {
			if body, read := bodies[n]; read {
				add(name, body)
			}
		}
	}
	slices.SortFunc(t.files, func(a, b file) int { return strings.Compare(a.path, b.path) })
}

var cssURL = regexp.MustCompile(`url\(\s*(['"]?)([^'")\s]+)['"]?\s*\)`)

// rewriteCSS points url(font.woff2) to the fingerprinted file.
func (t *theme) rewriteCSS(name string, body []byte, root string) []byte {
	return cssURL.ReplaceAllFunc(body, func(m []byte) []byte {
		g := cssURL.FindSubmatch(m)
		if to, ok := t.assets[path.Join(path.Dir(name), string(g[2]))]; ok {
			return []byte(`url("` + escapePath(root+to) + `")`)
		}
		return m
	})
}

// parse reads the templates; a template is called by its path in the theme.
func (t *theme) parse(names []string, bodies map[string][]byte, root string) error {
	t.set = template.New("").Option("missingkey=error")
	funcs := t.funcs(root)
	t.set.Funcs(funcs)
	for _, n := range names {
		body, ok := bodies[n]
		if !ok || path.Ext(n) != ".html" || !strings.HasPrefix(n, "pages/") && !strings.HasPrefix(n, "components/") {
			continue
		}
		text := string(body)
		if strings.HasPrefix(n, "pages/") {
			fm, rest := frontMatter(text)
			text = rest
			if p, ok := freeRoute(n); ok {
				t.free = append(t.free, freePage{n, p, cmpOr(fm["title"], t.routeTitle(p)), fm["description"]})
			}
		}
		t.source[n] = text
		if _, err := t.set.New(n).Parse(text); err != nil {
			return t.explain(err)
		}
	}
	for _, tmpl := range t.set.Templates() {
		if tmpl.Tree != nil {
			if err := fold(tmpl.Tree, tmpl.Tree.Root, funcs); err != nil {
				return t.explain(err)
			}
		}
	}
	for _, n := range required {
		if t.set.Lookup(n) == nil {
			return fmt.Errorf("%w: %s is missing", ErrTheme, n)
		}
	}
	t.programs = newPrograms(t.set, funcs)
	return nil
}

// The templates that a theme must have.
const (
	tmplLayout     = "components/layout.html"
	tmplHeader     = "components/header.html"
	tmplFooter     = "components/footer.html"
	tmplCard       = "components/post.html"
	tmplSourceCard = "components/source.html"
	tmplHome       = "pages/index.html"
	tmplPost       = "pages/posts/[post].html"
	tmplKind       = "pages/[kind].html"
	tmplTag        = "pages/tags/[tag].html"
	tmplTags       = "pages/tags/index.html"
	tmplAuthor     = "pages/authors/[author].html"
	tmplAuthors    = "pages/authors/index.html"
	tmplSource     = "pages/sources/[source].html"
	tmplSources    = "pages/sources/index.html"
	tmplMonth      = "pages/archive/[month].html"
	tmplArchive    = "pages/archive/index.html"
	tmplSearch     = "pages/search/index.html"
	tmplMissing    = "pages/404.html"
)

var required = []string{tmplLayout, tmplHeader, tmplFooter, tmplCard, tmplSourceCard, tmplText, tmplHome, tmplPost, tmplKind, tmplTag, tmplTags,
	tmplAuthor, tmplAuthors, tmplSource, tmplSources, tmplMonth, tmplArchive, tmplSearch, tmplMissing}

// freeRoute returns the file which a page of the theme becomes, unless it is
// one of those that the build fills.
func freeRoute(name string) (string, bool) {
	if slices.Contains(required, name) || strings.ContainsAny(name, "[]") {
		return "", false
	}
	p := strings.TrimSuffix(strings.TrimPrefix(name, "pages/"), ".html")
	if path.Base(p) == "index" {
		return p + ".html", true
	}
	return p + "/index.html", true
}

// routeTitle makes a title from a route: the word the theme has for it, or
// "About us" for "about-us/index.html".
func (t *theme) routeTitle(p string) string {
	name := path.Base(path.Dir(p))
	if w := t.locale.t(name); w != name {
		return w
	}
	return title(strings.ReplaceAll(name, "-", " "))
}

// frontMatter parts the "key: value" lines between two "---" at the top from
// the rest, which keeps its line numbers.
func frontMatter(text string) (map[string]string, string) {
	rest, ok := strings.CutPrefix(text, "---\n")
	if !ok {
		return nil, text
	}
	head, body, ok := strings.Cut(rest, "\n---\n")
	if !ok {
		return nil, text
	}
	fm := map[string]string{}
	for line := range strings.Lines(head) {
		if k, v, ok := strings.Cut(line, ":"); ok {
			fm[strings.TrimSpace(k)] = strings.Trim(strings.TrimSpace(v), `"'`)
		}
	}
	return fm, strings.Repeat("\n", strings.Count(head, "\n")+3) + body
}

func cmpOr(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
