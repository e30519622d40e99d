package coranto

import "time"

// Entry is one item of a feed, normalised: text fields are plain text, Summary
// and Content are sanitised HTML with absolute addresses, links are absolute,
// times are UTC. A field the feed did not give is its zero value; nothing is
// invented.
type Entry struct {
	ID           string       `json:"id,omitempty"` // opaque: the feed's own, never resolved
	Title        string       `json:"title,omitempty"`
	Link         string       `json:"link,omitempty"`
	Published    time.Time    `json:"published,omitzero"`
	Updated      time.Time    `json:"updated,omitzero"`
	Authors      []Person     `json:"authors,omitempty"`
	Contributors []Person     `json:"contributors,omitempty"`
	Summary      string       `json:"summary,omitempty"`
	Content      string       `json:"content,omitempty"`
	Tags         []string     `json:"tags,omitempty"`
	Enclosures   []Enclosure  `json:"enclosures,omitempty"`
	Image        string       `json:"image,omitempty"`
	Comments     string       `json:"comments,omitempty"`
	Language     string       `json:"language,omitempty"`
	Rights       string       `json:"rights,omitempty"`
	Source       *EntrySource `json:"source,omitempty"`
	Links        []Link       `json:"links,omitempty"`
}

// Person is an author or contributor; each part may be missing.
type Person struct {
	Name  string `json:"name,omitempty"`
	Email string `json:"email,omitempty"`
	URL   string `json:"url,omitempty"`
}

// Enclosure is an attached medium. Length is in bytes, as the feed wrote it.
type Enclosure struct {
	URL    string `json:"url"`
	Type   string `json:"type,omitempty"`
	Length string `json:"length,omitempty"`
}

// EntrySource names the feed an entry was taken from, where that is another.
type EntrySource struct {
	Title string `json:"title,omitempty"`
	Link  string `json:"link,omitempty"`
	ID    string `json:"id,omitempty"`
}

// Link is an atom:link or its like.
type Link struct {
	Href     string `json:"href"`
	Rel      string `json:"rel,omitempty"`
	Type     string `json:"type,omitempty"`
	Title    string `json:"title,omitempty"`
	Hreflang string `json:"hreflang,omitempty"`
	Length   string `json:"length,omitempty"`
}
