package feed

import "strings"

// space is an XML namespace we know.
type space byte

const (
	nsNone  space = iota // RSS of all kinds, and what has no namespace
	nsOther              // one we do not know
	nsAtom
	nsContent
	nsDC
	nsTerms
	nsItunes
	nsMedia
	nsXHTML
	nsSVG
	nsMath
	nsRDF
	nsFeedburner
	nsWFW
	nsThread
	nsAdmin
	nsGooglePlay
	nsXML
	nsSyndication
)

// spaceOf knows a namespace by its URI, in any case, with or without the slash
// or hash at its end: feeds are not careful.
func spaceOf(uri string) space {
	u := strings.TrimRight(strings.ToLower(strings.TrimSpace(uri)), "/#")
	u = strings.TrimPrefix(strings.TrimPrefix(u, "https://"), "http://")
	switch u {
	case "", "backend.userland.com/rss", "backend.userland.com/rss2", "blogs.law.harvard.edu/tech/rss", "cyber.law.harvard.edu/rss",
		"cyber.harvard.edu/rss", "purl.org/rss/1.0", "my.netscape.com/rdf/simple/0.9", "my.netscape.com/publish/formats/rss-0.91",
		"channel.netscape.com/rdf/simple/0.9", "purl.org/net/rss1.1", "www.rssboard.org/rss-specification", "my.netscape.com/rdf/simple/0.91",
		"backend.userland.com/rss091", "backend.userland.com/rss092", "backend.userland.com/rss093", "rssnamespace.org/feeds/rss", "purl.org/rss/2.0":
		return nsNone
	case "www.w3.org/2005/atom", "purl.org/atom/ns", "purl.org/pie", "example.com/newformat", "example.com/necho", "purl.org/echo", "uri/of/echo/namespace", "w3.org/2005/atom":
		return nsAtom
	case "purl.org/rss/1.0/modules/content":
		return nsContent
	case "purl.org/dc/elements/1.1", "purl.org/dc/elements/1.0":
		return nsDC
	case "purl.org/dc/terms":
		return nsTerms
	case "www.itunes.com/dtds/podcast-1.0.dtd", "example.com/dtds/podcast-1.0.dtd", "www.itunes.com/dtds/podcast-1.0":
		return nsItunes
	case "search.yahoo.com/mrss", "video.search.yahoo.com/mrss", "www.rssboard.org/media-rss", "tools.search.yahoo.com/mrss":
		return nsMedia
	case "www.w3.org/1999/xhtml":
		return nsXHTML
	case "www.w3.org/2000/svg":
		return nsSVG
	case "www.w3.org/1998/math/mathml":
		return nsMath
	case "www.w3.org/1999/02/22-rdf-syntax-ns":
		return nsRDF
	case "rssnamespace.org/feedburner/ext/1.0":
		return nsFeedburner
	case "wellformedweb.org/commentapi":
		return nsWFW
	case "purl.org/syndication/thread/1.0":
		return nsThread
	case "purl.org/rss/1.0/modules/syndication":
		return nsSyndication
	case "webns.net/mvcb":
		return nsAdmin
	case "www.google.com/schemas/play-podcasts/1.0":
		return nsGooglePlay
	}
	return nsOther
}

// usual are the namespaces of prefixes that feeds use without declaring them.
var usual = map[string]space{"atom": nsAtom, "atom10": nsAtom, "a10": nsAtom, "content": nsContent, "dc": nsDC, "dcterms": nsTerms, "itunes": nsItunes,
	"media": nsMedia, "xhtml": nsXHTML, "svg": nsSVG, "math": nsMath, "m": nsMath, "rdf": nsRDF, "feedburner": nsFeedburner, "wfw": nsWFW, "thr": nsThread,
	"admin": nsAdmin, "googleplay": nsGooglePlay, "rss": nsNone, "xml": nsXML,
	"sy": nsSyndication}

// field is what an element means, whatever its namespace calls it.
type field byte

const (
	fNone field = iota
	fTitle
	fTitleToo // used where there is no fTitle
	fLink
	fGUID
	fID
	fPublished
	fCreated
	fUpdated
	fDate
	fAuthor
	fAuthorToo // itunes:author: where no other is named
	fOwner
	fContributor
	fSummary
	fSummaryToo // media:description: where there is no other
	fSubtitle
	fContent  // by its type attribute
	fBody     // HTML
	fCategory // text, or attributes
	fKeywords
	fEnclosure
	fMedia
	fMediaGroup
	fThumbnail
	fImage
	fLogo
	fIcon
	fComments
	fCommentFeed
	fRights
	fSource
	fLanguage
	fGenerator
	fGeneratorAgent
	fTTL
	fOriginalLink
	fChannel
	fItem
	fTextInput
	fName
	fEmail
	fURI
	fPeriod
	fFrequency
)

// fields says what the elements of each namespace mean; names in lower case.
var fields = map[space]map[string]field{
	nsNone: {
		"title": fTitle, "link": fLink, "guid": fGUID, "id": fID, "pubdate": fPublished, "published": fPublished, "issued": fPublished, "created": fCreated,
		"lastbuilddate": fUpdated, "updated": fUpdated, "modified": fUpdated, "date": fDate, "author": fAuthor, "managingeditor": fAuthor, "creator": fAuthor,
		"contributor": fContributor, "description": fSummary, "summary": fSummary, "subtitle": fSubtitle, "tagline": fSubtitle, "content": fContent,
		"body": fBody, "fullitem": fBody, "category": fCategory, "keywords": fKeywords, "enclosure": fEnclosure, "image": fImage, "logo": fLogo, "icon": fIcon,
		"comments": fComments, "copyright": fRights, "rights": fRights, "source": fSource, "language": fLanguage, "generator": fGenerator, "ttl": fTTL,
		"channel": fChannel, "item": fItem, "entry": fItem, "textinput": fTextInput, "name": fName, "email": fEmail, "url": fURI, "uri": fURI, "homepage": fURI,
		"dc:creator": fAuthor, "encoded": fBody,
	},
	nsContent: {"encoded": fBody},
	nsDC: {
		"title": fTitleToo, "creator": fAuthor, "author": fAuthor, "contributor": fContributor, "date": fDate, "subject": fCategory, "rights": fRights,
		"language": fLanguage, "description": fSummary,
	},
	nsTerms: {
		"issued": fPublished, "created": fCreated, "modified": fUpdated, "available": fCreated, "title": fTitleToo, "creator": fAuthor, "date": fDate,
		"abstract": fSummaryToo, "rights": fRights, "language": fLanguage, "contributor": fContributor, "subject": fCategory, "description": fSummary,
	},
	nsItunes: {
		"author": fAuthorToo, "owner": fOwner, "name": fName, "email": fEmail, "summary": fSummary, "subtitle": fSubtitle, "image": fImage, "category": fCategory,
		"keywords": fKeywords, "title": fTitleToo, "link": fLink,
	},
	nsGooglePlay: {"author": fAuthorToo, "description": fSummaryToo, "image": fImage, "category": fCategory},
	nsMedia: {
		"title": fTitleToo, "description": fSummaryToo, "content": fMedia, "group": fMediaGroup, "thumbnail": fThumbnail, "category": fCategory, "keywords": fKeywords,
	},
	nsXHTML:      {"body": fBody, "div": fBody},
	nsFeedburner: {"origlink": fOriginalLink},
	nsWFW:        {"commentrss": fCommentFeed},
	nsAdmin:      {"generatoragent": fGeneratorAgent},

	nsSyndication: {"updateperiod": fPeriod, "updatefrequency": fFrequency},
}

// binding is a namespace declaration in scope.
type binding struct {
	prefix string
	ns     space
}

// resolve splits a tag's name and finds its namespace. Names of namespaces no
// one declared are taken as usual, and the document for malformed.
func (p *parser) resolve(name string) (space, string) {
	prefix, local, ok := strings.Cut(name, ":")
	if !ok {
		prefix, local = "", name
	}
	for i := len(p.bindings) - 1; i >= 0; i-- {
		if p.bindings[i].prefix == prefix {
			return p.bindings[i].ns, local
		}
	}
	if prefix == "" {
		return nsNone, local
	}
	if prefix != "xml" {
		p.z.bad = true
	}
	if ns, ok := usual[strings.ToLower(prefix)]; ok {
		return ns, local
	}
	return nsOther, local
}

// fieldOf looks an element up.
func fieldOf(ns space, local string) field {
	if ns == nsAtom {
		ns = nsNone
	}
	m := fields[ns]
	if f, ok := m[local]; ok || len(local) > 32 {
		return f
	}
	var buf [32]byte
	for i := 0; i < len(local); i++ {
		c := local[i]
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		buf[i] = c
	}
	return m[string(buf[:len(local)])]
}
