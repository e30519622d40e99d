package site

import (
	"bytes"
	"html/template"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/coranto/coranto"
)

// Numbers of classes that the style sheet draws placeholders with.
const (
	artHues     = 12
	artPatterns = 6
)

// art returns the classes of a placeholder: the hue says whose it is, the
// pattern which.
func art(of, which string) string {
	return "art hue-" + strconv.Itoa(int(mix(of)%artHues)) + " pat-" + strconv.Itoa(int(mix(which)%artPatterns))
}

func mix(s string) uint32 {
	h := uint32(2166136261) // FNV-1a
	for i := range len(s) {
		h = (h ^ uint32(s[i])) * 16777619
	}
	h ^= h >> 15
	return h * 2246822519 >> 7
}

var smallWords = []string{"the", "of", "and", "on", "by", "a", "an", "at", "der", "die", "das", "le", "la", "el"}

// initials returns one or two letters that stand for a name.
func initials(name string) string {
	var out []rune
	for w := range strings.FieldsSeq(name) {
		r, _ := utf8.DecodeRuneInString(w)
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			continue
		}
		if slices.Contains(smallWords, strings.ToLower(w)) {
			continue
		}
		if out = append(out, unicode.ToUpper(r)); len(out) == 2 || !unicode.In(r, unicode.Latin, unicode.Cyrillic, unicode.Greek) {
			break
		}
	}
	if r, _ := utf8.DecodeRuneInString(name); len(out) == 0 && unicode.IsLetter(r) {
		out = append(out, unicode.ToUpper(r))
	}
	return string(out)
}

func (b *build) link(g *group) Link { return Link{g.name, b.root + escapePath(g.dir) + "/"} }

func (b *build) links(gs []*group) []Link {
	if len(gs) == 0 {
		return nil
	}
	out := make([]Link, len(gs))
	for i, g := range gs {
		out[i] = b.linkOf(g)
	}
	return out
}

// linkOf is link, computed once a group.
func (b *build) linkOf(g *group) Link {
	l, ok := b.linkCache[g]
	if !ok {
		l = b.link(g)
		b.linkCache[g] = l
	}
	return l
}

// kindLink is a link to the list of a kind, or without a path where the list
// is empty.
func (b *build) kindLink(g *group) Link {
	l := Link{Name: b.kindName(g)}
	if g.visible > 0 {
		l.Path = b.root + escapePath(g.dir) + "/"
	}
	return l
}

// kindName is the name of the list of a kind.
func (b *build) kindName(g *group) string {
	if key := "kind." + g.name; b.theme.locale.t(key) != key {
		return b.theme.locale.t(key)
	}
	return title(plural(g.name))
}

// view returns what templates see of a post.
func (b *build) view(i int32) *PostView {
	p := b.m.post(i)
	if p.view != nil {
		return p.view
	}
	v := &PostView{
		ID: p.id, Title: strings.TrimSpace(clean(p.Title)), Path: b.postPath(p), Link: httpURL(p.Link),
		Intro: strings.TrimSpace(clean(p.Intro)), Tags: b.links(p.tags), Authors: b.links(p.authors),
		Kind: b.kindLink(p.kind), Dir: "auto", Time: b.timeTag(p.day),
	}
	v.body = func() string {
		if p.Content == "" {
			return ""
		}
		return b.text(p, v.Path)
	}
	if v.Title == "" {
		v.Title = cmpOr(excerpt(v.Intro, 80), b.theme.locale.t("untitled"))
	}
	if v.Link != "" {
		v.Host = host(v.Link)
	}
	if p.source != nil {
		v.Source = b.linkOf(p.source.group)
	} else {
		v.Source.Name = v.Host
	}
	for _, a := range p.also {
		v.Also = append(v.Also, b.linkOf(a.group))
	}
	if tag := b.language(p.Language); tag != "" && tag != b.site.Language {
		v.Language, v.Dir = tag, direction(tag)
	}
	if !p.day.IsZero() {
		v.Published = p.day.Format(time.DateOnly)
	}
	v.Image = b.image(p, p.Image)
	v.Art = art(v.Source.Name, p.id)
	v.Initials = initials(v.Source.Name)
	p.view = v
	return v
}

func (b *build) postPath(p *post) string { return b.root + "posts/" + escapePath(p.id) + "/" }

// language is languageTag, computed once a tag.
func (b *build) language(s string) string {
	if s == "" {
		return ""
	}
	tag, ok := b.langCache[s]
	if !ok {
		tag = languageTag(s)
		b.langCache[s] = tag
	}
	return tag
}

func (b *build) timeTag(day time.Time) template.HTML {
	if day.IsZero() || day.Year() < 1 || day.Year() > 9999 {
		return ""
	}
	key := day.Year()*400 + day.YearDay()
	s, ok := b.timeCache[key]
	if !ok {
		text := appendText(nil, b.theme.locale.day(day))
		s = template.HTML(`<time datetime="` + day.Format(time.DateOnly) + `">` + string(text) + `</time>`)
		b.timeCache[key] = s
	}
	return s
}

// image returns the picture at an address as the page may show it: the local
// copy, the original where the configuration allows that, else nothing.
func (b *build) image(p *post, address string) *ImageView {
	if address == "" {
		return nil
	}
	if i, ok := p.images[address]; ok {
		return &ImageView{Src: b.root + escapePath(i.Path), Width: i.Width, Height: i.Height, Srcset: b.srcset(i)}
	}
	if !b.in.Config.AllowThirdPartyImages {
		return nil
	}
	if u := httpURL(address); u != "" {
		return &ImageView{Src: u, Remote: true}
	}
	return nil
}

// srcset is the attribute that offers a picture in all its sizes; "" where it
// has one only.
func (b *build) srcset(i Image) template.HTMLAttr {
	if len(i.Smaller) == 0 {
		return ""
	}
	o := []byte(` srcset="`)
	for n, s := range i.All() {
		if n > 0 {
			o = append(o, ", "...)
		}
		o = appendText(o, b.root+escapePath(s.Path))
		o = append(strconv.AppendInt(append(o, ' '), int64(s.Width), 10), 'w')
	}
	return template.HTMLAttr(append(o, '"'))
}

// localImages returns the local copies of the pictures a post shows.
func localImages(p *coranto.Post, images map[string]Image) map[string]Image {
	if len(images) == 0 {
		return nil
	}
	var out map[string]Image
	add := func(address string) {
		if i, ok := images[address]; ok && fitImage(i) {
			if out == nil {
				out = map[string]Image{}
			}
			out[address] = i
		}
	}
	if p.Image != "" {
		add(p.Image)
	}
	for _, a := range imageAddresses(p.Content) {
		add(a)
	}
	return out
}

func fitImage(i Image) bool {
	return i.Path != "" && i.Path[0] != '/' && !strings.Contains("/"+i.Path+"/", "/../") && !strings.Contains("/"+i.Path+"/", "/./") &&
		!strings.ContainsAny(i.Path, "\\\x00") && i.Width >= 0 && i.Height >= 0 &&
		!slices.ContainsFunc(i.Smaller, func(s Image) bool { return !fitImage(s) || s.Width < 1 || s.Width >= i.Width || len(s.Smaller) > 0 })
}

// card returns components/post.html of a post, rendered once.
func (b *build) card(i int32) ([]byte, error) {
	p := b.m.post(i)
	if p.card != nil {
		return p.card, nil
	}
	b.scratch.Reset()
	if err := b.theme.render(&b.scratch, tmplCard, b.view(i)); err != nil {
		return nil, err
	}
	p.card = append(make([]byte, 0, b.scratch.Len()), b.scratch.Bytes()...)
	return p.card, nil
}

// eager makes the picture of a card load at once: it is seen at once. The one
// that leads the home page is larger than those below it.
func eager(card []byte, lead bool) []byte {
	lazy := []byte(` loading="lazy"`)
	if !bytes.Contains(card, lazy) {
		return card
	}
	card = bytes.Replace(card, lazy, []byte(` fetchpriority="high"`), 1)
	before, sizes, ok := bytes.Cut(card, []byte(` sizes="`))
	if !ok {
		return card
	}
	small, after, ok := bytes.Cut(sizes, []byte(`"`))
	if !ok {
		return card
	}
	if small = bytes.TrimPrefix(small, []byte("auto, ")); lead { // "auto" is for what loads lazily
		small = []byte("(min-width: 48rem) 40rem, 94vw")
	}
	return slices.Concat(before, []byte(` sizes="`), small, []byte(`"`), after)
}

// cards returns the cards of posts, newest first; lead says that the first is
// larger than the others.
func (b *build) cards(posts []int32, lead bool) (template.HTML, error) {
	size := 0
	for _, i := range posts {
		if b.m.post(i).Hidden {
			continue
		}
		c, err := b.card(i)
		if err != nil {
			return "", err
		}
		size += len(c)
	}
	var out strings.Builder
	out.Grow(size)
	first := true
	for _, i := range slices.Backward(posts) {
		card := b.m.post(i).card
		if first && len(card) > 0 {
			card, first = eager(card, lead), false
		}
		out.Write(card)
	}
	return template.HTML(out.String()), nil
}

// views returns the views of posts, newest first.
func (b *build) views(posts []int32) []*PostView {
	var out []*PostView
	for k := len(posts) - 1; k >= 0; k-- {
		if !b.m.post(posts[k]).Hidden {
			out = append(out, b.view(posts[k]))
		}
	}
	return out
}

// frame returns the header or footer of a section, rendered once.
func (b *build) frame(tmpl, section, path string) (template.HTML, error) {
	key := tmpl + "\x00" + section
	if b.navPaths[path] {
		key += "\x00" + path
	}
	if h, ok := b.frames[key]; ok {
		return h, nil
	}
	var w bytes.Buffer
	if err := b.theme.render(&w, tmpl, Frame{Site: &b.site, Section: section, Home: path == b.root, Nav: b.navFor(section, path)}); err != nil {
		return "", err
	}
	h := template.HTML(w.String())
	b.frames[key] = h
	return h, nil
}

// navFor returns the navigation with the current item marked.
func (b *build) navFor(section, path string) []NavItem {
	nav := make([]NavItem, len(b.site.Nav))
	copy(nav, b.site.Nav)
	for i := range nav {
		switch {
		case nav[i].Path == path:
			nav[i].Current = "page"
		case section != "" && nav[i].Path == b.root+escapePath(section)+"/":
			nav[i].Current = "true"
		}
	}
	return nav
}
