package scrape

import "bytes"

// class is what the names in a class or id attribute hint at.
type class uint32

const (
	cAuthorName class = 1 << iota // the name itself
	cByline                       // a line with the name and more
	cDate                         // a date, and maybe more
	cPublished                    // the date of publication
	cUpdated                      // a later date
	cTags                         // a list of tags
	cComment                      // readers' comments
	cRelated                      // teasers of other pages
	cSidebar                      // beside the article
	cNav                          // menus, page footer
	cLead                         // the article's own summary, shown above it
	cTeaser                       // that, or a teaser of another page
	cQuote                        // somebody else's words: a post that is shown in this one
)

// elsewhere are the parts of a page that speak of something other than it.
const elsewhere = cComment | cRelated | cSidebar | cNav

// classParts are words that tell something wherever they stand in a class
// name. Names are taken apart at '-', '_' and changes of case.
var classParts = map[string]class{
	"byline": cByline, "author": cByline, "authors": cByline, "autor": cByline, "autoren": cByline, "auteur": cByline, "auteurs": cByline, "autore": cByline,
	"redakteur": cByline, "writer": cByline, "contributor": cByline, "contributors": cByline, "vcard": cByline, "credits": cByline, "verfasser": cByline, "signature": cByline,
	"date": cDate, "dateline": cDate, "datum": cDate, "datetime": cDate, "time": cDate, "timestamp": cDate, "fecha": cDate, "data": 0,
	"published": cDate | cPublished, "pubdate": cDate | cPublished, "publish": cDate | cPublished, "posted": cDate | cPublished, "postdate": cDate | cPublished,
	"publication": cDate, "entrydate": cDate | cPublished, "pub": cDate, "meta": cDate, "metadata": cDate, "postmeta": cDate, "metainfo": cDate, "infos": cDate, "info": cDate,
	"updated": cUpdated, "modified": cUpdated, "update": cUpdated,
	"tags": cTags, "taglist": cTags, "keywords": cTags, "keyword": cTags, "schlagwort": cTags, "schlagworte": cTags, "schlagwörter": cTags, "posttags": cTags,
	"topics": cTags, "etiquetas": cTags, "tagged": cTags, "labels": cTags,
	"comment": cComment, "comments": cComment, "commentlist": cComment, "kommentare": cComment, "disqus": cComment, "respond": cComment, "reply": cComment,
	"lead": cLead, "lede": cLead, "leadtext": cLead, "intro": cLead, "introtext": cLead, "introduction": cLead, "standfirst": cLead, "dek": cLead, "deck": cLead, "excerpt": cLead, "abstract": cLead, "vorspann": cLead,
	"chapo": cLead, "chapeau": cLead, "entradilla": cLead, "bajada": cLead, "sommario": cLead, "ingress": cLead, "anleser": cLead, "summary": cLead, "subheadline": cLead, "subtitle": cLead, "subhead": cLead,
	"related": cRelated, "recommended": cRelated, "recommendations": cRelated, "teaser": cRelated | cTeaser, "teasers": cRelated, "popular": cRelated, "recent": cRelated, "latest": cRelated,
	"trending": cRelated, "mostread": cRelated, "similar": cRelated, "yarpp": cRelated, "outbrain": cRelated, "taboola": cRelated, "relatedposts": cRelated,
	"tagcloud": cSidebar, "newsletter": cSidebar, "promo": cSidebar,
	"nav": cNav, "navigation": cNav, "menu": cNav, "breadcrumb": cNav, "breadcrumbs": cNav, "navbar": cNav, "pagination": cNav, "copyright": cNav,
}

// classNames are whole names, with '-' between their parts, that say more.
var classNames = map[string]class{
	"author-name": cAuthorName, "authorname": cAuthorName, "byline-name": cAuthorName, "byline-author": cAuthorName, "post-author-name": cAuthorName, "entry-author-name": cAuthorName,
	"article-author-name": cAuthorName, "p-author": cAuthorName, "author-link": cAuthorName, "fn": cAuthorName, "byline-author-name": cAuthorName, "writer-name": cAuthorName,
	"author-title": cAuthorName, "full-name": cAuthorName, "article-author": cAuthorName | cByline, "post-author": cAuthorName | cByline, "author-fullname": cAuthorName,
	"related-topics": cTags, "related-tags": cTags, "article-topics": cTags, "tag-links": cTags, "post-tags": cTags, "entry-tags": cTags, "article-tags": cTags, "tag-list": cTags, "tags-links": cTags, "tag-container": cTags, "post-labels": cTags,
	"entry-date": cDate | cPublished, "post-date": cDate | cPublished, "dt-published": cDate | cPublished, "article-date": cDate | cPublished, "date-published": cDate | cPublished, "publication-date": cDate | cPublished, "date-publication": cDate | cPublished,
	"date-header": cDate | cPublished, "created": cDate | cPublished,
	"page-footer": cNav, "site-footer": cNav, "footer": cNav, "site-header": cNav, "meta-nav": cNav, "post-navigation": cNav,
	"widget": cSidebar, "sidebar": cSidebar, "aside": cSidebar,
	"author-bio": 0, "author-description": 0, "author-box": 0, "author-info": cByline, "wrote-by": cByline, "written-by": cByline, "posted-by": cByline,
}

// longestName is how many bytes of a class name are looked at.
const longestName = 60

// classify reads a class or id attribute. It copies nothing: a page has
// hundreds of different ones, of which few tell anything.
func classify(attr []byte) class {
	var c class
	var buf [2 * longestName]byte
	for rest := attr; len(rest) > 0; {
		n := 0
		for n < len(rest) && !space(rest[n]) {
			n++
		}
		name := rest[:n]
		if rest = rest[min(n+1, len(rest)):]; n == 0 || n > longestName {
			continue
		}
		name = dashed(buf[:0], name)
		if nameHints.may(name) {
			if k, ok := classNames[string(name)]; ok {
				c |= k
				continue
			}
		}
		c |= classifyParts(name)
	}
	if c&cAuthorName != 0 && bytes.Contains(attr, []byte("fn")) && hasWord(string(attr), "org") { // hCard's name of an organisation
		c &^= cAuthorName
	}
	if c&cUpdated != 0 {
		c &^= cPublished
	}
	return c
}

// classifyParts reads the words of a name that is not known as a whole.
func classifyParts(name []byte) (c class) {
	if bytes.HasPrefix(name, []byte("sidebar-")) || bytes.HasPrefix(name, []byte("widget-")) {
		c |= cSidebar
	}
	if bytes.Contains(name, []byte("-l")) && (bytes.Contains(name, []byte("tag-list")) || bytes.Contains(name, []byte("tag-links")) || bytes.HasSuffix(name, []byte("-labels"))) {
		c |= cTags
	}
	for len(name) > 0 {
		part := name
		if i := bytes.IndexByte(name, '-'); i >= 0 {
			part, name = name[:i], name[i+1:]
		} else {
			name = nil
		}
		if partHints.may(part) {
			c |= classParts[string(part)]
		}
	}
	return c
}

// hints tell by its length and its first and last byte that a word is in no
// list, which spares most look-ups.
type hints struct{ first, last [256]lengths }

// lengths is a set of them; those above 31 count as one.
type lengths uint32

func length(word []byte) lengths { return 1 << min(len(word), 31) }

func hintsOf(words map[string]class) (h hints) {
	for w := range words {
		n := length([]byte(w))
		h.first[w[0]] |= n
		h.last[w[len(w)-1]] |= n
	}
	return h
}

func (h *hints) may(word []byte) bool {
	return len(word) > 0 && h.first[word[0]]&h.last[word[len(word)-1]]&length(word) != 0
}

var nameHints, partHints = hintsOf(classNames), hintsOf(classParts)

// dashed appends to b what postMeta, post_meta and post__meta alike say:
// post-meta.
func dashed(b, name []byte) []byte {
	lower := false
	for _, ch := range name {
		switch {
		case ch >= 'a' && ch <= 'z':
			b = append(b, ch)
			lower = true
		case ch >= 'A' && ch <= 'Z':
			if lower {
				b = append(b, '-')
			}
			b = append(b, ch+'a'-'A')
			lower = false
		case ch == '_' || ch == '-' || ch == ':' || ch == '.' || ch == '/':
			if len(b) > 0 && b[len(b)-1] != '-' {
				b = append(b, '-')
			}
			lower = false
		default:
			b = append(b, ch)
			lower = false
		}
	}
	return bytes.TrimRight(b, "-")
}
