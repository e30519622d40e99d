package scrape

import (
	"encoding/json"
	"strings"
	"time"
)

// Date is a time, or a day where no time is known.
type Date struct {
	time.Time
	NoTime bool // the time of day is not known
}

// String is RFC 3339, YYYY-MM-DD for a day, or empty.
func (d Date) String() string {
	switch {
	case d.IsZero():
		return ""
	case d.NoTime:
		return d.Format(time.DateOnly)
	}
	return d.Format(time.RFC3339)
}

// Author joins the names.
func (p *Page) Author() string { return strings.Join(p.Authors, ", ") }

// orNull is a string whose empty value is null in JSON.
type orNull string

func (s orNull) MarshalJSON() ([]byte, error) {
	if s == "" {
		return []byte("null"), nil
	}
	return json.Marshal(string(s))
}

// MarshalJSON writes the normalised page document: every key but id is always
// there; what is missing is null or [].
func (p *Page) MarshalJSON() ([]byte, error) {
	list := func(l []string) []string {
		if l == nil {
			return []string{}
		}
		return l
	}
	sources := p.Sources
	if sources == nil {
		sources = map[string]string{}
	}
	return json.Marshal(struct {
		ID        string            `json:"id,omitempty"`
		URL       string            `json:"url"`
		Link      orNull            `json:"link"`
		Title     orNull            `json:"title"`
		Intro     orNull            `json:"intro"`
		Author    orNull            `json:"author"`
		Authors   []string          `json:"authors"`
		Published orNull            `json:"published"`
		Modified  orNull            `json:"modified"`
		Image     orNull            `json:"image"`
		Tags      []string          `json:"tags"`
		SiteName  orNull            `json:"site_name"`
		Language  orNull            `json:"language"`
		Charset   string            `json:"charset"`
		Content   Content           `json:"content"`
		Sources   map[string]string `json:"sources"`
		Warnings  []string          `json:"warnings"`
	}{
		p.ID, p.URL, orNull(p.Link), orNull(p.Title), orNull(p.Intro), orNull(p.Author()), list(p.Authors),
		orNull(p.Published.String()), orNull(p.Modified.String()), orNull(p.Image), list(p.Tags), orNull(p.SiteName),
		orNull(p.Language), p.Charset, p.Content, sources, list(p.Warnings),
	})
}
