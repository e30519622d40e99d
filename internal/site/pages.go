package site

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Limits of the keeper's own pages.
const (
	maxPageFiles = 5_000
	maxPage      = 1 << 20
)

// textPage is a page that the keeper of the site wrote in Markdown: an imprint,
// a code of conduct, how to join.
type textPage struct {
	file        string // "help/faq.md"
	route       string // "help/faq/"
	title       string
	description string
	menuTitle   string
	menu        int // its weight, where inMenu
	inMenu      bool
	lang        string // BCP 47, only where it differs from the site's
	hidden      bool   // from search engines
	html        string
	text        string // what the search finds it by
	sum         [32]byte

	source []byte // with blank lines for the front matter
}

// ownPages are the files of Input.Pages.
type ownPages struct {
	pages []*textPage // by route
	files []file      // all that is not Markdown, by path
}

// loadPages reads the keeper's own pages. Other files among them are copied as
// they are, so that pages can show and link them.
func loadPages(from fs.FS, lang, root string, words *locale) (*ownPages, error) {
	out := &ownPages{}
	if from == nil {
		return out, nil
	}
	r := &pageReader{from: from, lang: lang, root: root, words: words, byFile: map[string]*textPage{}, files: map[string]file{}}
	err := fs.WalkDir(from, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil && name == "." && errors.Is(err, fs.ErrNotExist):
			return fs.SkipAll
		case err != nil || name == ".":
			return err
		case ignored(d.Name()):
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case !d.Type().IsRegular():
			return nil
		}
		if len(r.byFile)+len(r.files) >= maxPageFiles {
			return fmt.Errorf("%w: more than %d files in pages/", ErrTheme, maxPageFiles)
		}
		return r.read(name)
	})
	if err != nil {
		return nil, fmt.Errorf("read pages: %w", err)
	}
	for _, p := range r.byFile {
		out.pages = append(out.pages, p)
	}
	slices.SortFunc(out.pages, func(a, b *textPage) int {
		return cmp.Or(strings.Compare(a.route, b.route), strings.Compare(a.file, b.file))
	})
	for i, p := range out.pages {
		if i > 0 && out.pages[i-1].route == p.route {
			return nil, p.fault(1, fmt.Sprintf("it is %s, as is pages/%s; give one of them another slug", root+p.route, out.pages[i-1].file))
		}
	}
	for _, p := range out.pages { // links between them are known now
		if err := r.render(p); err != nil {
			return nil, err
		}
	}
	for _, f := range r.files {
		out.files = append(out.files, f)
	}
	slices.SortFunc(out.files, func(a, b file) int { return strings.Compare(a.path, b.path) })
	return out, nil
}

type pageReader struct {
	from       fs.FS
	lang, root string
	words      *locale
	byFile     map[string]*textPage
	files      map[string]file
}

func (r *pageReader) read(name string) error {
	limit := maxThemeFile
	isPage := path.Ext(name) == ".md"
	if isPage {
		limit = maxPage
	}
	f, err := r.from.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	body, err := io.ReadAll(io.LimitReader(f, int64(limit)+1))
	if err != nil {
		return fmt.Errorf("pages/%s: %w", name, err)
	}
	p := &textPage{file: name}
	if len(body) > limit {
		return p.fault(0, fmt.Sprintf("it is larger than %d MiB", limit>>20))
	}
	first, _, inside := strings.Cut(name, "/")
	if first = strings.TrimSuffix(first, ".md"); taken(first) || !inside && slices.Contains(madeFiles, name) {
		return p.fault(0, "the site makes "+r.root+first+" by itself; call it otherwise")
	}
	if !isPage {
		if ext := path.Ext(name); ext == ".html" || ext == ".htm" {
			return p.fault(0, "pages/ is for Markdown and what it shows; a page in HTML goes to theme/pages/")
		}
		r.files[name] = file{name, body, sha256.Sum256(body)}
		return nil
	}
	r.byFile[name] = p
	if !utf8.Valid(body) {
		return p.fault(0, "it is not UTF-8")
	}
	body = bytes.TrimPrefix(body, []byte("\ufeff"))
	return p.head(bytes.ReplaceAll(body, []byte("\r\n"), []byte("\n")), r.lang)
}

// head reads the lines between "---" at the top.
func (p *textPage) head(body []byte, lang string) error {
	p.source = body
	slug := ""
	if rest, ok := bytes.CutPrefix(body, []byte("---\n")); ok {
		head, text, ok := bytes.Cut(rest, []byte("\n---"))
		if bytes.HasPrefix(rest, []byte("---")) {
			head, text, ok = nil, rest[3:], true
		}
		if !ok || len(text) > 0 && text[0] != '\n' {
			return p.fault(1, "the lines at its top begin with --- and have no --- at their end")
		}
		lines := bytes.Count(body[:len(body)-len(text)], []byte("\n"))
		seen := map[string]bool{}
		for i, line := range strings.Split(string(head), "\n") {
			k, v, err := headLine(line)
			if err == "" && k != "" {
				if seen[k] {
					err = k + " stands there twice"
				} else {
					err = p.set(k, v, lang, &slug)
				}
				seen[k] = true
			}
			if err != "" {
				return p.fault(i+2, err)
			}
		}
		p.source = append(bytes.Repeat([]byte("\n"), lines), text...)
	}
	return p.place(slug)
}

// headLine parts "key: value"; the value may be quoted. Blank lines and comments
// have no key.
func headLine(line string) (key, value, fault string) {
	line = strings.TrimSpace(line)
	if line == "" || line[0] == '#' {
		return "", "", ""
	}
	key, value, ok := strings.Cut(line, ":")
	if !ok {
		return "", "", "a line at the top is a key, a colon and a value"
	}
	key, value = strings.TrimSpace(key), strings.TrimSpace(value)
	if n := len(value); n > 1 && (value[0] == '"' || value[0] == '\'') {
		if value[n-1] != value[0] {
			return key, "", "the quotation mark before the value has no counterpart at its end"
		}
		value = value[1 : n-1]
	}
	return key, strings.TrimSpace(clean(value)), ""
}

// set takes a value of the head, and says what is wrong with it.
func (p *textPage) set(key, v, lang string, route *string) string {
	switch key {
	case "title":
		p.title = v
	case "description":
		p.description = v
	case "menu_title":
		p.menuTitle = v
	case "slug":
		for s := range strings.SplitSeq(v, "/") {
			if s == "" || slug(s) != s {
				return fmt.Sprintf("slug %q is no part of an address; write %q", v, slug(v))
			}
		}
		*route = v
	case "menu":
		n, err := strconv.Atoi(v)
		if err != nil || n < -1000 || n > 1000 {
			return fmt.Sprintf("menu is a whole number, its place in the menu: the items there weigh 10, 20, 30 and so on; it is %q", v)
		}
		p.menu, p.inMenu = n, true
	case "lang":
		tag := languageTag(v)
		if tag == "" {
			return fmt.Sprintf("lang %q is no language tag, as en or pt-BR is", v)
		}
		if tag != lang {
			p.lang = tag
		}
	case "noindex":
		if v != "true" && v != "false" {
			return fmt.Sprintf("noindex is true or false; it is %q", v)
		}
		p.hidden = v == "true"
	default:
		return fmt.Sprintf("there is no key %q; there are title, description, slug, lang, menu, menu_title and noindex", key)
	}
	return ""
}

// madeFiles are files at the root that the build makes.
var madeFiles = []string{pathAtom, pathRSS, pathJSON, pathSitemap, pathManifest, pathOPML, "robots.txt"}

// taken reports whether the build has pages of its own below a folder. The page
// about the site is there to be replaced.
func taken(folder string) bool { return folder != "about" && slices.Contains(reservedRoutes, folder) }

// place finds the route of a page: help/faq.md is help/faq/, help/index.md is help/.
func (p *textPage) place(last string) error {
	dir, base := path.Split(strings.TrimSuffix(p.file, ".md"))
	var route []string
	for s := range strings.SplitSeq(strings.Trim(dir, "/"), "/") {
		if s != "" {
			route = append(route, slug(s))
		}
	}
	switch {
	case last != "":
		route = append(route, last)
	case base != "index":
		route = append(route, slug(base))
	}
	if len(route) == 0 {
		return p.fault(0, "the home page is the list of the newest posts; theme/pages/index.html changes it")
	}
	if first, _, _ := strings.Cut(route[0], "/"); taken(first) {
		return p.fault(0, "the site makes /"+first+"/ by itself; give it another slug")
	}
	p.route = strings.Join(route, "/") + "/"
	return nil
}

// fault is an error of the page, at a line; 0: of the file as a whole.
func (p *textPage) fault(line int, reason string) error {
	return &TemplateError{Dir: "pages", File: p.file, Line: line, Reason: reason, Excerpt: excerptAt(string(p.source), line)}
}
