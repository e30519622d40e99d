package scrape

import "strings"

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

// classify reads a class or id attribute.
func classify(attr string) class {
	var c class
	for name := range strings.FieldsSeq(attr) {
		if len(name) > 60 {
			continue
		}
		name = dashed(name)
		if k, ok := classNames[name]; ok {
			c |= k
			continue
		}
		if strings.HasPrefix(name, "sidebar-") || strings.HasPrefix(name, "widget-") {
			c |= cSidebar
		}
		if strings.Contains(name, "tag-list") || strings.Contains(name, "tag-links") || strings.HasSuffix(name, "-labels") {
			c |= cTags
		}
		for part := range strings.SplitSeq(name, "-") {
			c |= classParts[part]
		}
	}
	if c&cAuthorName != 0 && strings.Contains(attr, "fn") && hasWord(attr, "org") { // hCard's name of an organisation
		c &^= cAuthorName
	}
	if c&cUpdated != 0 {
		c &^= cPublished
	}
	return c
}

// dashed writes postMeta, post_meta and post__meta alike: post-meta.
func dashed(name string) string {
	b := make([]byte, 0, len(name)+4)
	lower := false
	for i := range len(name) {
		switch ch := name[i]; {
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
			lower = ch >= 'a' && ch <= 'z'
		}
	}
	return strings.Trim(string(b), "-")
}
