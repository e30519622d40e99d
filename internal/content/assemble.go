package content

import (
	"strings"
	"time"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/markup"
)

const (
	maxIntro = 400 // runes of an intro
	maxTitle = 300 // runes of a title
	maxTags  = 30
)

// Assemble makes a post of an entry and of what its page told (nil: nothing).
// Title and dates are the feed's where it tells them: it is what the source
// announced. Intro and image are the page's: it is made to be shown with them.
func Assemble(source coranto.Source, c Candidate, page *PageFacts, a Assembly) coranto.Post {
	e := &c.Entry
	if page == nil {
		page = &PageFacts{}
	}
	p := coranto.Post{
		Title: titleOf(e, page), Intro: oneOfTexts(page.Intro, introOf(e)),
		Link: postLink(e.Link, page.Link), Image: oneOfTexts(page.Image, e.Image, imageOf(e)),
		Kind: oneOfTexts(source.Kind, "blog"), Source: source.ID, Language: oneOfTexts(e.Language, page.Language, source.Language),
		FirstSeen: a.FirstSeen.UTC().Truncate(time.Second), Keys: c.Keys,
	}
	p.Intro = markup.Excerpt(flat(p.Intro), maxIntro)
	setAuthors(&p, source, e, page)
	setDates(&p, e, page, a.Location)
	p.Tags = tagsOf(source, e, page, a.TagMap)
	switch source.FullText {
	case "feed":
		p.Content = oneOfTexts(e.Content, e.Summary)
	case "page":
		p.Content = oneOfTexts(page.Content, e.Content, e.Summary)
	}
	return p
}

func flat(s string) string { return strings.Join(strings.Fields(s), " ") }

// oneOfTexts is the first that says anything.
func oneOfTexts(list ...string) string {
	for _, s := range list {
		if strings.TrimSpace(s) != "" {
			return s
		}
	}
	return ""
}

// titleOf finds a title; a post that has none (a note) is called by its beginning.
func titleOf(e *coranto.Entry, page *PageFacts) string {
	t := flat(oneOfTexts(e.Title, page.Title))
	if t == "" {
		t = markup.Excerpt(oneOfTexts(introOf(e), flat(page.Intro)), 80)
	}
	if t == "" {
		t = e.Link
	}
	return markup.Excerpt(t, maxTitle)
}

// introOf is the beginning of what the feed tells of the entry.
func introOf(e *coranto.Entry) string {
	for _, html := range []string{e.Summary, e.Content} {
		if html == "" {
			continue
		}
		if t := markup.Text(html); t != "" {
			return markup.Excerpt(t, maxIntro)
		}
	}
	return ""
}

func imageOf(e *coranto.Entry) string {
	for _, enc := range e.Enclosures {
		if strings.HasPrefix(enc.Type, "image/") {
			return enc.URL
		}
	}
	return ""
}

// postLink is the page's own canonical address, else the feed's. A canonical
// link to a site's front page, for an article that is not there, is a mistake
// many sites make, and would join all they write.
func postLink(feed, page string) string {
	if u := parseLink(page); u != nil {
		front := strings.Trim(u.Path, "/") == "" && u.RawQuery == ""
		if f := parseLink(feed); !front || f == nil || strings.Trim(f.Path, "/") == "" {
			return markup.StripTracking(strings.TrimSpace(page))
		}
	}
	return markup.StripTracking(strings.TrimSpace(feed))
}

func setAuthors(p *coranto.Post, source coranto.Source, e *coranto.Entry, page *PageFacts) {
	people := named(e.Authors)
	if len(people) == 0 {
		people = named(page.Authors)
	}
	if source.Author != "" {
		p.Author = source.Author
		return
	}
	names := make([]string, len(people))
	more := false
	for i, a := range people {
		names[i] = a.Name
		more = more || a.URL != ""
		people[i].Email = "" // nobody asked for it to be published
	}
	p.Author = strings.Join(names, ", ")
	if more {
		p.Authors = people
	}
}

// named are the people that have a name, each once.
func named(list []coranto.Person) []coranto.Person {
	var out []coranto.Person
	seen := map[string]bool{}
	for _, a := range list {
		a.Name = flat(a.Name)
		if k := strings.ToLower(a.Name); k != "" && !seen[k] {
			seen[k] = true
			out = append(out, a)
		}
	}
	return out
}

// setDates takes the first told; a future one is clamped, none is invented.
func setDates(p *coranto.Post, e *coranto.Entry, page *PageFacts, in *time.Location) {
	for _, at := range []time.Time{e.Published, page.Published, e.Updated} {
		if !at.IsZero() {
			p.Published = clamp(at, p.FirstSeen)
			break
		}
	}
	if in == nil {
		in = time.UTC
	}
	if !p.Published.IsZero() {
		p.Date = p.Published.In(in).Format(coranto.DateLayout)
	}
	if at := clamp(e.Updated, p.FirstSeen); at.After(p.Published) && !p.Published.IsZero() {
		p.Updated = at
	}
}

func clamp(at, max time.Time) time.Time {
	if at.IsZero() {
		return at
	}
	at = at.UTC().Truncate(time.Second)
	if !max.IsZero() && at.After(max) {
		return max
	}
	return at
}

// tagsOf are the source's tags, then the feed's, or the page's where that has
// none; mapped, each once.
func tagsOf(source coranto.Source, e *coranto.Entry, page *PageFacts, to map[string]string) []string {
	list := append([]string{}, source.Tags...)
	if len(e.Tags) > 0 {
		list = append(list, e.Tags...)
	} else {
		list = append(list, page.Tags...)
	}
	return MapTags(list, to)
}

// MapTags maps tags, each once: as told → as kept, without regard to case; ""
// drops one.
func MapTags(list []string, to map[string]string) []string {
	mapped := make(map[string]string, len(to))
	for from, as := range to {
		mapped[strings.ToLower(flat(from))] = as
	}
	tags := []string{}
	seen := map[string]bool{}
	for _, t := range list {
		t = flat(t)
		if as, ok := mapped[strings.ToLower(t)]; ok {
			t = flat(as)
		}
		if k := strings.ToLower(t); k != "" && !seen[k] && len(tags) < maxTags {
			seen[k] = true
			tags = append(tags, t)
		}
	}
	return tags
}
