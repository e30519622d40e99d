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
	cMain                         // the article
)

// elsewhere are the parts of a page that speak of something other than it.
const elsewhere = cComment | cRelated | cSidebar | cNav

// words whose presence as a part of a class name is telling. The parts are
// what stands between '-', '_', ' ' and case changes are ignored.
var classParts = map[string]class{
	"byline": cByline, "author": cByline, "authors": cByline, "autor": cByline, "autoren": cByline, "auteur": cByline, "autore": cByline,
	"redakteur": cByline, "writer": cByline, "contributor": cByline, "contributors": cByline, "vcard": cByline,
	"date": cDate, "dateline": cDate, "datum": cDate, "datetime": cDate, "time": cDate, "timestamp": cDate, "fecha": cDate,
	"published": cDate | cPublished, "pubdate": cDate | cPublished, "publish": cDate | cPublished, "posted": cDate | cPublished,
	"publication": cDate | cPublished, "pub": cDate, "postdate": cDate | cPublished, "entrydate": cDate | cPublished, "published-at": cDate | cPublished,
	"meta": cDate, "byline-date": cDate, "metadata": cDate, "postmeta": cDate, "infos": cDate, "dachzeile": cDate,
	"updated": cUpdated, "modified": cUpdated, "update": cUpdated,
	"tags": cTags, "taglist": cTags, "keywords": cTags, "schlagwort": cTags, "schlagworte": cTags, "schlagwörter": cTags, "posttags": cTags,
	"topics": cTags, "etiquetas": cTags, "tagged": cTags,
	"comment": cComment, "comments": cComment, "commentlist": cComment, "kommentare": cComment, "kommentar": cComment, "disqus": cComment, "respond": cComment, "reply": cComment,
	"related": cRelated, "recommended": cRelated, "recommendations": cRelated, "teaser": cRelated, "teasers": cRelated, "popular": cRelated, "recent": cRelated, "latest": cRelated,
	"trending": cRelated, "mostread": cRelated, "more": cRelated, "similar": cRelated, "yarpp": cRelated, "jp-relatedposts": cRelated, "outbrain": cRelated, "taboola": cRelated,
	"sidebar": cSidebar, "widget": cSidebar, "tagcloud": cSidebar, "newsletter": cSidebar, "promo": cSidebar, "aside": cSidebar,
	"nav": cNav, "navigation": cNav, "menu": cNav, "breadcrumb": cNav, "breadcrumbs": cNav, "navbar": cNav, "pagination": cNav, "copyright": cNav,
}

// whole class names that say more than their parts.
var classNames = map[string]class{
	"author-name": cAuthorName, "authorname": cAuthorName, "author__name": cAuthorName, "byline__name": cAuthorName, "byline-name": cAuthorName,
	"author_name": cAuthorName, "byline-author": cAuthorName, "byline__author": cAuthorName, "post-author-name": cAuthorName, "entry-author-name": cAuthorName,
	"article-author-name": cAuthorName, "p-author": cAuthorName, "author-link": cAuthorName, "byline_author": cAuthorName, "fn": cAuthorName,
	"byline__author-name": cAuthorName, "article__author-name": cAuthorName, "writer-name": cAuthorName, "author-title": cAuthorName,
	"tag-links": cTags, "post-tags": cTags, "entry-tags": cTags, "article-tags": cTags, "tag-list": cTags, "p-category": cTags, "tags-links": cTags, "tag-container": cTags,
	"entry-date": cDate | cPublished, "post-date": cDate | cPublished, "dt-published": cDate | cPublished, "article-date": cDate | cPublished,
	"date-header": cDate | cPublished, "created": cDate | cPublished,
	"entry-content": cMain, "post-content": cMain, "article-body": cMain, "post-body": cMain, "article-content": cMain, "articlebody": cMain,
	"page-footer": cNav, "site-footer": cNav, "footer": cNav, "site-header": cNav,
	"comment-meta": cComment, "comment-author": cComment, "more-link": 0, "read-more": 0,
	"author-bio": 0, "author-description": 0, "author-box": 0, "meta-nav": cNav, "post-navigation": cNav,
}

// classify reads a class or id attribute.
func classify(attr string) class {
	var c class
	for name := range strings.FieldsSeq(strings.ToLower(attr)) {
		if len(name) > 60 {
			continue
		}
		if k, ok := classNames[name]; ok {
			c |= k
			continue
		}
		for part := range strings.FieldsFuncSeq(name, func(r rune) bool { return r == '-' || r == '_' || r == ':' || r == '.' }) {
			c |= classParts[part]
		}
	}
	if c&(cUpdated) != 0 {
		c &^= cPublished
	}
	return c
}
