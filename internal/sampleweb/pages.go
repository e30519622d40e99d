package sampleweb

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"
)

// style is how a site's pages tell their metadata.
type style int

const (
	graphs style = iota // OpenGraph, article:*, JSON-LD with @graph and @id
	cards               // OpenGraph and twitter cards, meta author, keywords
	items               // microdata, rel=tag
	bare                // <title>, a byline and a <time>; lazy pictures
	ld                  // one JSON-LD object, canonical link
	dublin              // Dublin Core and plain meta, rel=author
	styles
)

// pageStyle holds what all pages share.
type pageStyle struct {
	padding  string
	once     sync.Once
	squeezed []byte // padding in DEFLATE
}

func newPageStyle(opt Options) *pageStyle {
	const bare = 9000 // of a page without padding
	p := &pageStyle{}
	if opt.PageBytes <= bare {
		return p
	}
	var b strings.Builder
	for i := 0; b.Len() < opt.PageBytes-bare; i++ {
		switch i % 4 {
		case 0, 1:
			fmt.Fprintf(&b, "<li class=\"menu-item menu-item-%d\"><a href=\"/archive/%d/\" data-track=\"nav-%x\">Archive, shelf %d</a></li>\n", i, i, i*2654435761, i)
		case 2:
			fmt.Fprintf(&b, "<script>(window.layer=window.layer||[]).push({slot:%d,key:\"%x\",list:[%d,%d,%d],on:function(e){return e&&e.n<%d}});</script>\n", i, i*40503, i%7, i%11, i%13, i)
		case 3:
			fmt.Fprintf(&b, "<li class=\"side\"><span class=\"when\">%d min</span> <div class=\"thumb\"><img data-src=\"/img/side-%d.png\" alt=\"\" width=\"80\" height=\"45\"></div></li>\n", i%17+2, i)
		}
	}
	p.padding = b.String()
	return p
}

func (s *site) css() string {
	return fmt.Sprintf(`:root{--h:%.0f}body{margin:0;font:18px/1.65 Georgia,"Iowan Old Style",serif;color:#1c1b1a;background:hsl(var(--h) 30%% 98%%)}
header.site,footer{padding:1rem max(1rem,calc(50vw - 22rem));font:15px/1.4 system-ui,sans-serif;background:hsl(var(--h) 40%% 94%%)}
header.site a{color:hsl(var(--h) 55%% 28%%);text-decoration:none;margin-right:1rem}header.site img{width:28px;vertical-align:middle;margin-right:.6rem}
main{max-width:44rem;margin:2rem auto;padding:0 1rem}h1{font-size:2.1rem;line-height:1.2;margin:.4em 0}figure{margin:1.5rem 0}figure img{width:100%%;height:auto;border-radius:8px}
.meta,aside,.entry-footer{font:15px/1.5 system-ui,sans-serif;color:#5b5854}aside{border-top:1px solid #0002;margin-top:3rem}ul.posts{padding:0;list-style:none}ul.posts li{margin:0 0 1.4rem}a{color:hsl(var(--h) 60%% 32%%)}
@media(prefers-color-scheme:dark){body{background:#16171a;color:#e5e2dc}header.site,footer{background:hsl(var(--h) 20%% 14%%)}a,header.site a{color:hsl(var(--h) 60%% 72%%)}}
`, s.hue)
}

// open writes the page up to the main part.
func (s *site) open(b *strings.Builder, w *Web, title, head string) {
	lang := fmt.Sprintf(" lang=%q", s.Language)
	if s.style == cards { // tells it in og:locale only
		lang = ""
	}
	charset := "utf-8"
	if s.latin1() {
		charset = "windows-1252"
	}
	fmt.Fprintf(b, "<!doctype html>\n<html%s>\n<head>\n<meta charset=\"%s\">\n<title>%s</title>\n%s", lang, charset, title, head)
	fmt.Fprintf(b, `<meta name="viewport" content="width=device-width,initial-scale=1">
<link rel="icon" type="image/svg+xml" href="/logo.svg">
<link rel="alternate" type="%s" title="%s" href="%s">
<style>%s</style>
</head>
<body>
<header class="site"><nav aria-label="Main"><a href="/" class="home"><img src="/logo.svg" alt="">%s</a> <a href="/about">About</a> <a href="/archive">Archive</a> <a href="%s">Feed</a></nav></header>
`, strings.Split(feedTypes[s.Format], ";")[0], esc(s.name), s.feedPath, s.css(), esc(s.name), s.feedPath)
	if w.pages.padding != "" {
		b.WriteString("<ul class=\"mega\" hidden>\n" + w.pages.padding + "</ul>\n")
	}
}

// latin1 tells the sites that still speak windows-1252.
func (s *site) latin1() bool { return s.Language == "de" }

func (s *site) homePage(w *Web) []byte {
	var b strings.Builder
	head := fmt.Sprintf("<meta name=\"description\" content=\"%s\">\n<link rel=\"canonical\" href=\"%s/\">\n", esc(s.tagline), s.origin)
	s.open(&b, w, esc(s.name), head)
	fmt.Fprintf(&b, "<main>\n<h1>%s</h1>\n<p class=\"meta\">%s</p>\n<ul class=\"posts\">\n", esc(s.name), esc(s.tagline))
	for i := len(s.posts) - 1; i >= 0 && i >= len(s.posts)-20; i-- {
		p := s.posts[i]
		fmt.Fprintf(&b, "<li><a href=\"%s\">%s</a><br><span class=\"meta\">%s · %s</span></li>\n",
			esc(p.path), esc(p.Title), p.Published.Format("2006-01-02"), esc(p.Author))
	}
	fmt.Fprintf(&b, "</ul>\n</main>\n<footer>%s</footer>\n</body>\n</html>\n", esc(s.tagline))
	return s.encode(b.String())
}

func (p *post) page(w *Web) []byte {
	s := p.site
	var b strings.Builder
	b.Grow(len(w.pages.padding) + 12<<10)
	title := esc(p.Title)
	if s.style != ld {
		title += []string{" – ", " | ", " · "}[s.n%3] + esc(s.name)
	}
	s.open(&b, w, title, p.head())
	p.article(&b)
	b.WriteString("<aside class=\"related\"><h2>More</h2><ul class=\"posts\">\n")
	for i := max(0, p.n-4); i < p.n; i++ {
		o := s.posts[i]
		fmt.Fprintf(&b, "<li><a href=\"%s\">%s</a> <time datetime=\"%s\">%s</time> <span class=\"by\">by %s</span></li>\n",
			esc(o.path), esc(o.Title), o.Published.Format("2006-01-02"), o.Published.Format("Jan 2, 2006"), esc(o.Author))
	}
	fmt.Fprintf(&b, "</ul></aside>\n</main>\n<footer>© %d %s · %s</footer>\n</body>\n</html>\n", p.Published.Year(), esc(s.name), esc(s.tagline))
	return s.encode(b.String())
}

// head is the metadata in the page's head, after the manner of the site.
func (p *post) head() string {
	s := p.site
	var b strings.Builder
	property := func(k, v string) {
		if v != "" {
			fmt.Fprintf(&b, "<meta property=\"%s\" content=\"%s\">\n", k, esc(v))
		}
	}
	name := func(k, v string) {
		if v != "" {
			fmt.Fprintf(&b, "<meta name=\"%s\" content=\"%s\">\n", k, esc(v))
		}
	}
	when := p.Published.Format(time.RFC3339)
	openGraph := func() {
		property("og:type", "article")
		property("og:title", p.Title)
		property("og:description", p.Intro)
		property("og:url", p.URL)
		property("og:site_name", s.name)
		property("og:locale", map[string]string{"en": "en_GB", "de": "de_DE", "fr": "fr_FR", "es": "es_ES", "ja": "ja_JP"}[s.Language])
		property("og:image", p.Image)
	}
	canonical := func() { fmt.Fprintf(&b, "<link rel=\"canonical\" href=\"%s\">\n", esc(p.URL)) }
	switch s.style {
	case graphs:
		name("description", p.Intro)
		canonical()
		openGraph()
		property("article:published_time", when)
		property("article:modified_time", p.Published.Add(26*time.Hour).Format(time.RFC3339))
		for _, t := range p.Tags {
			property("article:tag", t)
		}
		b.WriteString(p.jsonGraph())
	case cards:
		openGraph()
		name("twitter:card", "summary_large_image")
		name("twitter:title", p.Title)
		name("twitter:image", p.Image)
		name("description", p.Intro)
		name("author", p.Author)
		name("keywords", strings.Join(p.Tags, ", "))
		property("article:published_time", when)
	case items:
		name("description", p.Intro)
		canonical()
	case bare:
		name("description", p.Intro)
	case ld:
		name("description", p.Intro)
		canonical()
		b.WriteString(p.jsonArticle())
	case dublin:
		name("DC.title", p.Title)
		name("DC.creator", p.Author)
		name("DC.date.issued", p.Published.Format("2006-01-02"))
		name("description", p.Intro)
		name("keywords", strings.Join(p.Tags, ","))
		name("twitter:image", p.Image)
		canonical()
	}
	return b.String()
}

func ldScript(v any) string {
	j, err := json.Marshal(v)
	if err != nil {
		panic(err) // strings only
	}
	return "<script type=\"application/ld+json\">" + string(j) + "</script>\n"
}

type object = map[string]any

func (p *post) jsonGraph() string {
	s := p.site
	author := s.origin + "/#/person/" + slug(p.Author)
	article := object{
		"@type": "Article", "@id": p.URL + "#article", "headline": p.Title, "author": object{"@id": author},
		"datePublished": p.Published.Format(time.RFC3339), "dateModified": p.Published.Add(26 * time.Hour).Format(time.RFC3339),
		"keywords": p.Tags, "inLanguage": s.Language, "isPartOf": object{"@id": p.URL}, "publisher": object{"@id": s.origin + "/#org"},
	}
	if p.Image != "" {
		article["image"] = object{"@id": p.URL + "#primaryimage"}
	}
	return ldScript(object{"@context": "https://schema.org", "@graph": []object{
		article,
		{"@type": "WebPage", "@id": p.URL, "url": p.URL, "name": p.Title + " - " + s.name},
		{"@type": "ImageObject", "@id": p.URL + "#primaryimage", "url": p.Image, "width": pictureW, "height": pictureH},
		{"@type": "Organization", "@id": s.origin + "/#org", "name": s.name, "logo": object{"@type": "ImageObject", "url": s.origin + "/logo.svg"}},
		{"@type": "Person", "@id": author, "name": p.Author},
	}})
}

func (p *post) jsonArticle() string {
	o := object{
		"@context": "https://schema.org", "@type": []string{"BlogPosting"}, "headline": p.Title,
		"mainEntityOfPage": object{"@type": "WebPage", "@id": p.URL}, "datePublished": p.Published.Format("2006-01-02T15:04:05-0700"),
		"author": []object{{"@type": "Person", "name": p.Author}}, "keywords": strings.Join(p.Tags, ", "), "description": p.Intro,
		"publisher": object{"@type": "Organization", "name": p.site.name},
	}
	if p.Image != "" {
		o["image"] = []string{p.Image}
	}
	return ldScript(o)
}

// article writes the main part: headline, byline, picture, text, tags.
func (p *post) article(b *strings.Builder) {
	s := p.site
	date := p.longDate()
	picture := ""
	if p.Image != "" {
		picture = fmt.Sprintf("<figure><img src=\"%s\" width=\"%d\" height=\"%d\" alt=\"\"></figure>\n", esc(p.Image), pictureW, pictureH)
	}
	body := p.bodyHTML()
	text := p.Intro
	switch s.style {
	case items:
		picture = strings.Replace(picture, "<img ", "<img itemprop=\"image\" ", 1)
		fmt.Fprintf(b, "<main itemscope itemtype=\"https://schema.org/BlogPosting\">\n<h1 itemprop=\"headline\">%s</h1>\n<p class=\"meta\"><span itemprop=\"author\" itemscope itemtype=\"https://schema.org/Person\"><span itemprop=\"name\">%s</span></span> · <time itemprop=\"datePublished\" datetime=\"%s\">%s</time></p>\n%s<div itemprop=\"articleBody\"><p>%s</p>\n%s</div>\n",
			esc(p.Title), esc(p.Author), p.Published.Format(time.RFC3339), date, picture, esc(text), body)
		p.tagLinks(b)
	case bare:
		picture = strings.Replace(picture, "<img src=", "<img loading=\"lazy\" src=\"data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA=\" data-src=", 1)
		fmt.Fprintf(b, "<main>\n<article class=\"post\">\n<h1 class=\"post-title\">%s</h1>\n<p class=\"byline meta\">%s <a class=\"author\" href=\"/about\">%s</a>, <time datetime=\"%s\">%s</time></p>\n%s<p class=\"lede\">%s</p>\n%s</article>\n",
			esc(p.Title), by(s.Language), esc(p.Author), p.Published.Format(time.RFC3339), date, picture, esc(text), body)
		p.tagLinks(b)
	case dublin:
		fmt.Fprintf(b, "<main>\n<article>\n<h1>%s</h1>\n<p class=\"meta\"><a rel=\"author\" href=\"/about\">%s</a> – %s</p>\n%s<p>%s</p>\n%s</article>\n",
			esc(p.Title), esc(p.Author), date, picture, esc(text), body)
	default:
		fmt.Fprintf(b, "<main>\n<article class=\"hentry\">\n<header><h1 class=\"entry-title\">%s</h1>\n<p class=\"meta\">%s %s · %s</p></header>\n%s<div class=\"entry-content\"><p>%s</p>\n%s</div>\n</article>\n",
			esc(p.Title), by(s.Language), esc(p.Author), date, picture, esc(text), body)
		if s.n%2 == 0 {
			p.tagLinks(b)
		}
	}
}

func (p *post) tagLinks(b *strings.Builder) {
	b.WriteString("<p class=\"entry-footer\">")
	for _, t := range p.Tags {
		fmt.Fprintf(b, "<a rel=\"tag\" href=\"/tag/%s\">%s</a> ", esc(strings.ReplaceAll(t, " ", "-")), esc(t))
	}
	b.WriteString("</p>\n")
}

func by(lang string) string {
	switch lang {
	case "de":
		return "von"
	case "fr":
		return "par"
	case "es":
		return "por"
	case "ja":
		return "文"
	}
	return "by"
}

func (p *post) longDate() string {
	t := p.Published
	months := map[string]string{
		"de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
		"fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
		"es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
	}[p.Language]
	name := ""
	if months != "" {
		name = strings.Fields(months)[t.Month()-1]
	}
	switch p.Language {
	case "de":
		return fmt.Sprintf("%d. %s %d", t.Day(), name, t.Year())
	case "fr":
		return fmt.Sprintf("%d %s %d", t.Day(), name, t.Year())
	case "es":
		return fmt.Sprintf("%d de %s de %d", t.Day(), name, t.Year())
	case "ja":
		return fmt.Sprintf("%d年%d月%d日", t.Year(), t.Month(), t.Day())
	}
	return t.Format("January 2, 2006")
}
