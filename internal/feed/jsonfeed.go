package feed

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/markup"
)

// jsonFeed reads JSON Feed 1 and 1.1 (https://www.jsonfeed.org/version/1.1/).
// Items are handled one by one, so that the tree of one is in memory at a time.
type jsonFeed struct {
	parser
	r    jsonReader
	at   *url.URL
	seen bool // items
}

func parseJSON(text string, m Meta) (*Document, error) {
	j := &jsonFeed{parser: *newParser("", m), r: jsonReader{s: text}}
	j.at = j.base()
	if j.r.peek() != '{' {
		return nil, fmt.Errorf("%w: it is a JSON array", ErrNotFeed)
	}
	var head jsonValue
	j.r.membersOf(func(name string) {
		if name == "items" && j.r.peek() == '[' {
			j.seen = true
			j.r.elements(j.item)
			return
		}
		if v := j.r.value(1); len(head.members) < maxList {
			head.members = append(head.members, jsonMember{name, v})
		}
	})
	version := head.str("version")
	feedlike := strings.Contains(version, "jsonfeed.org")
	if !feedlike && !(j.seen && (head.str("title") != "" || head.str("home_page_url") != "" || head.str("feed_url") != "")) {
		return nil, fmt.Errorf("%w: it is a JSON document of another kind", ErrNotFeed)
	}
	j.doc.Format = "json"
	j.doc.Version = strings.Trim(version[strings.LastIndexByte(version, '/')+1:], " ")
	if j.doc.Version == "" || len(j.doc.Version) > 8 {
		j.doc.Version = "1"
	}
	if r := j.r.peek(); r != 0 {
		j.r.bad = true
	}
	j.head(&head)
	j.doc.Malformed = j.r.bad || !feedlike || j.z.bad
	return j.doc, nil
}

func (j *jsonFeed) text(s string) string {
	return strings.Clone(cutText(markup.Collapse(s), maxText, &j.r.bad))
}

func (j *jsonFeed) url(s string) string {
	if strings.TrimSpace(s) == "" {
		return ""
	}
	return j.resolveAt(j.at, s)
}

func cutText(s string, limit int, bad *bool) string {
	if len(s) <= limit {
		return s
	}
	*bad = true
	for limit > 0 && s[limit]&0xC0 == 0x80 {
		limit--
	}
	return s[:limit]
}

func (j *jsonFeed) head(v *jsonValue) {
	d := &j.doc.Feed
	d.Title = j.text(v.str("title"))
	d.Description = j.text(v.str("description"))
	d.Link = j.url(v.str("home_page_url"))
	d.FeedURL = j.url(v.str("feed_url"))
	d.Image = j.url(v.str("icon"))
	d.Icon = j.url(v.str("favicon"))
	d.Language = languageTag(j.text(v.str("language")))
	d.ID = d.FeedURL
	if l, _, _ := strings.Cut(j.m.ContentLanguage, ","); d.Language == "" {
		d.Language = languageTag(l)
	}
	d.Authors = j.authors(v)
	if d.Link != "" {
		d.Links = append(d.Links, coranto.Link{Href: d.Link, Rel: "alternate"})
	}
	if d.FeedURL != "" {
		d.Links = append(d.Links, coranto.Link{Href: d.FeedURL, Rel: "self", Type: "application/feed+json"})
	}
	d.Hubs = j.hubs(v)
	if next := j.url(v.str("next_url")); next != "" {
		d.Links = append(d.Links, coranto.Link{Href: next, Rel: "next"})
	}
}

// hubs are those of WebSub (JSON Feed 1.1, "hubs").
func (j *jsonFeed) hubs(v *jsonValue) []string {
	var list []string
	hubs := v.get("hubs").list
	for i := range hubs {
		h := &hubs[i]
		if u := j.url(h.str("url")); u != "" && strings.EqualFold(h.str("type"), "websub") && len(list) < maxList {
			list = append(list, u)
		}
	}
	return list
}

// authors reads authors (1.1) and author (1).
func (j *jsonFeed) authors(v *jsonValue) []coranto.Person {
	var list []coranto.Person
	add := func(a *jsonValue) {
		if a.isText {
			list = addPerson(list, parsePerson(j.text(a.text)))
			return
		}
		who := coranto.Person{Name: j.text(a.str("name")), Email: j.text(a.str("email"))}
		if u := a.str("url"); strings.HasPrefix(u, "mailto:") {
			set(&who.Email, strings.TrimPrefix(u, "mailto:"))
		} else {
			who.URL = j.url(u)
		}
		list = addPerson(list, who)
	}
	for i := range v.get("authors").list {
		add(&v.get("authors").list[i])
	}
	if a := v.get("author"); len(list) == 0 {
		add(a)
	}
	return list
}

// shorten takes away the last member, if half of what it says would say another thing.
func (v *jsonValue) shorten() {
	n := len(v.members) - 1
	if n < 0 {
		return
	}
	switch v.members[n].name {
	case "id", "url", "external_url", "date_published", "date_modified":
		v.members = v.members[:n]
	}
}

func (j *jsonFeed) item() {
	if j.r.peek() != '{' {
		j.r.bad = true
		j.r.value(2)
		return
	}
	if len(j.doc.Entries) >= j.m.MaxEntries {
		j.doc.Dropped++
		j.r.bad = true
		j.r.value(maxJSONDepth)
		return
	}
	v := j.r.object(2)
	if j.r.ended {
		defer j.doc.leaveOut()
		v.shorten()
	}
	e := &entry{}
	e.ID = strings.Clone(strings.TrimSpace(v.str("id")))
	if len(e.ID) > maxAddress {
		e.ID = ""
	}
	e.Title = j.text(v.str("title"))
	e.Link = j.url(v.str("url"))
	if e.Link != "" {
		e.addLink(coranto.Link{Href: e.Link, Rel: "alternate"})
	}
	if x := j.url(v.str("external_url")); x != "" {
		set(&e.Link, x)
		e.addLink(coranto.Link{Href: x, Rel: "related"})
	}
	e.Published, _ = parseDate(v.str("date_published"))
	e.Updated, _ = parseDate(v.str("date_modified"))
	e.picture(j.url(v.str("image")), pictureOwn)
	e.picture(j.url(v.str("banner_image")), pictureThumbnail)
	e.Language = languageTag(j.text(v.str("language")))
	e.Authors = j.authors(&v)
	j.parser.entry = e
	for _, t := range v.get("tags").list {
		j.addTag(j.text(t.text))
	}
	j.parser.entry = nil
	for _, a := range v.get("attachments").list {
		e.enclose(coranto.Enclosure{URL: j.url(a.str("url")), Type: a.str("mime_type"), Length: a.str("size_in_bytes")})
	}
	e.summary = value{s: cutText(v.str("summary"), maxBody, &j.r.bad)}
	if html := v.str("content_html"); html != "" {
		e.content = value{s: cutText(html, maxBody, &j.r.bad), html: true, base: j.at}
	} else {
		e.content = value{s: cutText(v.str("content_text"), maxBody, &j.r.bad)}
	}
	j.render(e)
	j.doc.Entries = append(j.doc.Entries, e.Entry)
}
