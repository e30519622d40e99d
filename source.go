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
	Limit    int      `json:"limit,omitempty"`     // only the newest so many of what is left; 0: all
	Scrape   *Recipe  `json:"scrape,omitempty"`    // URL is of something else than a feed: how to read that
	Robots   string   `json:"robots,omitempty"`    // RobotsIgnore: pages are read whatever robots.txt says
	Moderate string   `json:"moderate,omitempty"`  // ModerateApprove: its posts wait until they are approved
}

// ModerateApprove holds a source's posts in a queue.
const ModerateApprove = "approve"

// RobotsIgnore switches robots.txt off; it is meant for sites of one's own.
const RobotsIgnore = "ignore"

// Recipe says how to read a document that is no feed as if it were one. All
// but Type are of RecipeCSS: a selector within the entry (Item: within the
// page), "@attribute" behind it for an attribute, several separated by "|" of
// which the first that finds something counts. "." is the item itself.
type Recipe struct {
	Type   string `json:"type,omitempty"` // RecipeCSS …; empty: RecipeCSS with an Item, else whatever the document is
	Item   string `json:"item,omitempty"` // one entry
	ID     string `json:"id,omitempty"`   // empty: the link is the entry's identity
	Title  string `json:"title,omitempty"`
	Link   string `json:"link,omitempty"` // empty: the first link within the item
	Date   string `json:"date,omitempty"`
	Image  string `json:"image,omitempty"`
	Intro  string `json:"intro,omitempty"`
	Author string `json:"author,omitempty"`
	Tags   string `json:"tags,omitempty"` // every match is one
}

// Types of Recipe.
const (
	RecipeCSS     = "css"     // a page, by selectors
	RecipeHFeed   = "h-feed"  // a page with microformats
	RecipeJSONLD  = "json-ld" // a page with a list or a blog of schema.org
	RecipeSitemap = "sitemap" // a sitemap, or an index of such
)

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
