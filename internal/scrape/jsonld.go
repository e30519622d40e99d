package scrape

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"regexp"
	"strings"
)

// graph is the JSON-LD of a page, as far as it is of use.
type graph struct {
	byID     map[string]node
	articles []node // what the page may be, best kind first within the order of the page
	pages    []node // WebPage and the like
	sites    []node // WebSite, Organization
	nodes    int
}

// node is a JSON object.
type node = map[string]any

const (
	maxNodes   = 5000
	maxLDDepth = 32
)

// ld parses the scripts that came since it was last asked.
func (ev *evidence) ld() *graph {
	if ev.graph == nil {
		ev.graph = &graph{byID: map[string]node{}}
	}
	for ; ev.seen < len(ev.scripts); ev.seen++ {
		v, err := parseLD(ev.scripts[ev.seen])
		if err != nil {
			ev.warnings = append(ev.warnings, fmt.Sprintf("JSON-LD %d: %v", ev.seen+1, err))
			continue
		}
		ev.graph.walk(v, 0, true)
	}
	return ev.graph
}

var (
	trailingComma = regexp.MustCompile(`,(\s*[\]}])`)
	cdata         = regexp.MustCompile(`^\s*(?://\s*)?(?:<!--|<!\[CDATA\[)|(?://\s*)?(?:-->|\]\]>)\s*$`)
)

// parseLD reads one script, mending what pages get wrong.
func parseLD(b []byte) (any, error) {
	var v any
	err := json.Unmarshal(b, &v)
	if err == nil {
		return v, nil
	}
	b = bytes.TrimSpace(cdata.ReplaceAll(b, nil))
	b = bytes.TrimRight(b, ";")
	b = mendStrings(b)
	b = trailingComma.ReplaceAll(b, []byte("$1"))
	d := json.NewDecoder(bytes.NewReader(b))
	var all []any
	for len(all) < 50 { // several documents in one script
		var v any
		if e := d.Decode(&v); e != nil {
			break
		}
		all = append(all, v)
	}
	if len(all) > 0 {
		return all, nil
	}
	if bytes.Contains(b, []byte("&quot;")) {
		if e := json.Unmarshal([]byte(html.UnescapeString(string(b))), &v); e == nil {
			return v, nil
		}
	}
	return nil, err
}

// mendStrings escapes raw control characters within strings, and drops
// backslashes that escape nothing.
func mendStrings(b []byte) []byte {
	out := make([]byte, 0, len(b)+16)
	in := false
	for i := 0; i < len(b); i++ {
		c := b[i]
		switch {
		case !in:
			in = c == '"'
			if c < ' ' {
				c = ' '
			}
		case c == '\\':
			if i+1 < len(b) && strings.IndexByte(`"\/bfnrtu`, b[i+1]) >= 0 {
				out = append(out, c, b[i+1])
				i++
			}
			continue
		case c == '"':
			in = false
		case c == '\n':
			out = append(out, `\n`...)
			continue
		case c < ' ':
			c = ' '
		}
		out = append(out, c)
	}
	return out
}

var articleTypes = map[string]bool{
	"article": true, "newsarticle": true, "blogposting": true, "socialmediaposting": true, "report": true, "techarticle": true,
	"scholarlyarticle": true, "liveblogposting": true, "reportagenewsarticle": true, "analysisnewsarticle": true, "opinionnewsarticle": true,
	"backgroundnewsarticle": true, "reviewnewsarticle": true, "askpublicnewsarticle": true, "medicalscholarlyarticle": true,
	"advertisercontentarticle": true, "satiricalarticle": true, "review": true, "recipe": true, "videoobject": true, "podcastepisode": true,
	"discussionforumposting": true, "creativework": true, "blogpost": true, "course": true, "howto": true, "book": true, "medicalwebpage": true,
	"itempage": true, "qapage": true, "question": true, "event": false,
}

// strong kinds are chosen before the others.
func strongArticle(types []string) bool {
	for _, t := range types {
		if strings.HasSuffix(t, "article") || strings.HasSuffix(t, "posting") || t == "report" || t == "recipe" || t == "blogpost" {
			return true
		}
	}
	return false
}

func typesOf(n node) []string {
	var all []string
	for _, s := range texts(n["@type"]) {
		s = s[strings.LastIndexAny(s, "/#:")+1:]
		all = append(all, strings.ToLower(s))
	}
	return all
}

// walk files every object; top says that it stands for the page itself, not
// for a part of something.
func (g *graph) walk(v any, depth int, top bool) {
	if depth > maxLDDepth || g.nodes > maxNodes {
		return
	}
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			g.walk(e, depth+1, top)
		}
	case node:
		g.nodes++
		if id, _ := v["@id"].(string); id != "" && len(v) > len(g.byID[id]) {
			g.byID[id] = v
		}
		types := typesOf(v)
		if top {
			g.file(v, types)
		}
		for _, k := range sortedKeys(v) {
			inner := top && (k == "@graph" || k == "mainEntity" || k == "mainEntityOfPage" || len(types) == 0)
			g.walk(v[k], depth+1, inner)
		}
	}
}

func (g *graph) file(v node, types []string) {
	for _, t := range types {
		switch {
		case articleTypes[t]:
			g.articles = append(g.articles, v)
		case strings.HasSuffix(t, "page"):
			g.pages = append(g.pages, v)
		case t == "website" || strings.HasSuffix(t, "organization") || t == "blog":
			g.sites = append(g.sites, v)
		default:
			continue
		}
		return
	}
}

// article is the node that speaks for the page: an article before other
// things, the one that names the page's address before others. Pages that
// list several articles without an address have no such node.
func (g *graph) article(page string) node {
	var best node
	score := -1
	for _, n := range g.articles {
		s := 0
		if strongArticle(typesOf(n)) {
			s += 4
		}
		if page != "" && samePage(page, g.addresses(n)) {
			s += 8
		}
		if n["datePublished"] != nil || n["author"] != nil {
			s++
		}
		if s > score {
			best, score = n, s
		}
	}
	return best
}

func (g *graph) addresses(n node) []string {
	all := texts(n["url"])
	for _, k := range []string{"@id", "mainEntityOfPage"} {
		switch v := n[k].(type) {
		case string:
			all = append(all, v)
		case node:
			all = append(all, texts(v["@id"])...)
			all = append(all, texts(v["url"])...)
		}
	}
	return all
}

// resolve follows an @id to the object it names.
func (g *graph) resolve(n node) node {
	if id, _ := n["@id"].(string); id != "" {
		if r := g.byID[id]; len(r) > len(n) {
			return r
		}
	}
	return n
}

// texts lists the strings that a value is or holds, one level deep.
func texts(v any) []string {
	switch v := v.(type) {
	case string:
		if v != "" {
			return []string{v}
		}
	case float64:
		return []string{fmt.Sprint(int64(v))}
	case []any:
		var all []string
		for _, e := range v {
			if _, list := e.([]any); !list && len(all) < maxValues {
				all = append(all, texts(e)...)
			}
		}
		return all
	case node:
		return texts(v["@value"])
	}
	return nil
}

// names lists what persons and organisations are called.
func (g *graph) names(v any) []string {
	switch v := v.(type) {
	case string:
		if r, ok := g.byID[v]; ok {
			return texts(r["name"])
		}
		return texts(v)
	case []any:
		var all []string
		for _, e := range v {
			if _, list := e.([]any); !list && len(all) < maxList {
				all = append(all, g.names(e)...)
			}
		}
		return all
	case node:
		n := g.resolve(v)
		if s := texts(n["name"]); len(s) > 0 {
			return s
		}
		given, family := first(texts(n["givenName"])...), first(texts(n["familyName"])...)
		if s := strings.TrimSpace(given + " " + family); s != "" {
			return []string{s}
		}
		return texts(n["@value"])
	}
	return nil
}

// images lists the addresses of pictures.
func (g *graph) images(v any) []string {
	switch v := v.(type) {
	case string:
		if r, ok := g.byID[v]; ok {
			return texts(r["url"])
		}
		return texts(v)
	case []any:
		var all []string
		for _, e := range v {
			if _, list := e.([]any); !list && len(all) < maxList {
				all = append(all, g.images(e)...)
			}
		}
		return all
	case node:
		n := g.resolve(v)
		for _, k := range []string{"url", "contentUrl", "@id"} {
			if s := texts(n[k]); len(s) > 0 {
				return s
			}
		}
	}
	return nil
}

// field reads a property of the page's article.
func (ev *evidence) field(key string) []string {
	return texts(ev.articleNode()[key])
}

func (ev *evidence) articleNode() node {
	g := ev.ld()
	if ev.asked != ev.seen || ev.about == nil {
		ev.about, ev.asked = g.article(ev.request.String()), ev.seen
	}
	return ev.about
}
