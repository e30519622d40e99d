package coranto

// Source is a followed site, as the configuration describes it once defaults
// are applied. What a run learns of it (validators, health, the next check)
// is state and lives in the catalog.
type Source struct {
	ID       string   `json:"id"`                  // unique, [a-z0-9-]+; part of every key of its posts
	URL      string   `json:"url"`                 // of the feed; of a page when Scrape is set
	Title    string   `json:"title,omitempty"`     // what people call it; empty until the feed says
	Site     string   `json:"site,omitempty"`      // the home page, if known
	Kind     string   `json:"kind,omitempty"`      // blog (default), video, training …; each has its route
	Tags     []string `json:"tags,omitempty"`      // added to each of its posts
	Author   string   `json:"author,omitempty"`    // overrides what feed and page say
	Language string   `json:"language,omitempty"`  // BCP 47, where the feed says none
	Zone     string   `json:"zone,omitempty"`      // network zone of its requests; empty: the default zone
	FullText string   `json:"full_text,omitempty"` // "", "feed" or "page": where a post's content comes from
	Every    string   `json:"every,omitempty"`     // a fixed interval as a Go duration; empty: adaptive
	Paused   bool     `json:"paused,omitempty"`    // not asked for the time being
	Retired  bool     `json:"retired,omitempty"`   // never asked again; its posts stay
	Include  *Filter  `json:"include,omitempty"`   // keep only what matches
	Exclude  *Filter  `json:"exclude,omitempty"`   // drop what matches
}

// Filter chooses entries. An entry matches when every field that is set
// matches; a list matches when one of its members does. Text is a regular
// expression (RE2) when written /like this/, else a case-insensitive substring.
type Filter struct {
	Title    string   `json:"title,omitempty"`
	URL      string   `json:"url,omitempty"`
	Author   string   `json:"author,omitempty"`
	Tags     []string `json:"tags,omitempty"`
	Language []string `json:"language,omitempty"`
}

// Active reports whether runs ask the source at all.
func (s Source) Active() bool { return !s.Paused && !s.Retired }
