package site

import "html/template"

// Site is what every template sees as .Site. All of it is the same on every
// page: nothing here counts posts or tells a time.
type Site struct {
	Title       string
	Description string
	URL         string // absolute, without a trailing slash; "" when not known
	Root        string // path of the home page: "/", or "/planet/" where the site stands in a folder
	Language    string // BCP 47
	Dir         string // "ltr" or "rtl"
	Author      string
	About       []string // paragraphs of the about page, from the configuration
	Nav         []NavItem
	Kinds       []Link // the kinds of post there are, each with its route
	Pages       []Link // the keeper's own pages that are not in the navigation
	HasPosts    bool

	// What the configuration says of the look; the theme may do without.
	Style   string         // path of a style sheet with the colours asked for, or ""
	Logo    string         // path of the logo, or ""
	Footer  []string       // paragraphs for the foot of every page
	Options map[string]any // all options, for themes with options of their own
}

// Link is a name with the path or address it leads to.
type Link struct {
	Name string
	Path string // percent-encoded; ready for href
}

// NavItem is a Link of the navigation. Current is "page" on that very page,
// "true" on the pages below it, else "": the value of aria-current.
type NavItem struct {
	Name    string
	Path    string
	Current string
}

// Frame is what components/header.html and components/footer.html get. They
// are rendered once for each Section, not for each page.
type Frame struct {
	Site    *Site
	Section string // first segment of the path the page belongs to: "tags", "blogs" …; "home" on the home page
	Home    bool   // on the home page itself, where the title of the site is the heading
	Nav     []NavItem
}

// Page is what components/layout.html gets, and what each other page embeds.
type Page struct {
	Site        *Site
	Kind        string // file of the page within pages/, without ".html"
	Section     string
	Path        string // of this page, ready for href
	URL         string // absolute; "" when the site's is not known
	Title       string // "" on the home page
	Description string
	Language    string
	Dir         string
	Canonical   string // address to be indexed; "" when not known
	Type        string // og:type
	Image       string // absolute address of a picture for previews, or ""
	Day         string // ISO day of a post
	NoIndex     bool
	Feeds       []FeedLink

	Head   template.HTML // meta, title, canonical, feeds, icons, policy: all but style sheets and scripts
	Header template.HTML
	Main   template.HTML // the page itself; empty while it is being rendered
	Footer template.HTML
}

// FeedLink is a feed of the page.
type FeedLink struct {
	Title string
	Type  string // media type
	Path  string
}

// List is what every list of posts gets: home, kind, tag, author, source and
// month. Sealed pages hold PerPage posts for ever; the head shows the newest.
type List struct {
	Page
	Kicker  string // what sort of list: "Tag"; "" on the home page
	Heading string
	Span    string // the days between which the posts of a sealed page came in
	Sealed  bool
	Number  int // of a sealed page, counted from the oldest
	Newer   *Link
	Older   *Link
	Source  *SourceView // of a source's list; Count and Last are told on the head only
	Feed    string      // path of the list's own feed, or ""
	Empty   bool

	cards func() (template.HTML, error)
	posts func() []*PostView
}

// Cards returns the cards of the posts, newest first: components/post.html of
// each, rendered once for the whole site.
func (l *List) Cards() (template.HTML, error) { return l.cards() }

// Posts returns the posts, newest first, for themes that do not want cards.
func (l *List) Posts() []*PostView { return l.posts() }

// PostPage is what pages/posts/[post].html gets.
type PostPage struct {
	Page
	Post *PostView
	Body template.HTML // the full text, where the post has one; else ""
}

// PostView is a post as templates see it: components/post.html gets it as its
// dot. Text is plain and is escaped by the template; addresses are http(s) or
// paths of the site.
type PostView struct {
	ID        string
	Title     string
	Path      string // of its page here
	Link      string // the original; "" when there is no usable address
	Host      string // of the original, for people
	Intro     string
	Source    Link
	Authors   []Link
	Tags      []Link
	Also      []Link // other sources that announced it; Path is the list here
	Kind      Link
	Time      template.HTML // <time> with the day in the site's time zone; "" when nobody told a day
	Image     *ImageView    // nil: draw Art
	Art       string        // classes of the placeholder
	Initials  string        // one or two letters of the source, for the placeholder
	Language  string        // BCP 47, only where it differs from the site's
	Dir       string        // "rtl" or "ltr" with Language, else "auto"
	Published string        // ISO day, or ""

	body func() string
}

// Body returns the full text, where the post has one, for lists that show it.
func (p *PostView) Body() template.HTML { return template.HTML(p.body()) }

// Attrs returns the lang and dir attributes for what is in the language of the post.
func (p *PostView) Attrs() template.HTMLAttr {
	if p.Language == "" {
		return ` dir="auto"`
	}
	return template.HTMLAttr(` lang="` + p.Language + `" dir="` + p.Dir + `"`)
}

// FirstTags returns at most n tags.
func (p *PostView) FirstTags(n int) []Link { return p.Tags[:min(n, len(p.Tags))] }

// ImageView is a picture that the page may show.
type ImageView struct {
	Src    string
	Width  int
	Height int
	Remote bool // on a server of others; only where the configuration allows it

	// Srcset is the attribute that offers the picture in several widths, with a
	// space before it; "" where there is one only. It wants a sizes attribute.
	Srcset template.HTMLAttr
}

// SourceView is a source as templates see it.
type SourceView struct {
	ID       string
	Name     string
	Path     string // of its list here; "" when no post of it is shown
	Site     string // http(s) address of its home page, or ""
	Feed     string // http(s) address of its feed, or ""
	Host     string
	Count    int // posts shown
	Last     template.HTML
	Paused   bool
	Retired  bool
	Unlisted bool // posts name it but the configuration no longer does
	Art      string
	Initials string

	card  func(*SourceView) (template.HTML, error)
	lower string // Name, to sort by
}

// Card returns components/source.html of the source, rendered once for as long
// as nothing of it changes.
func (v *SourceView) Card() (template.HTML, error) { return v.card(v) }

// SourcesPage is what pages/sources/index.html gets.
type SourcesPage struct {
	Page
	Active  []*SourceView
	Retired []*SourceView
}

// IndexPage is what pages/tags/index.html and pages/authors/index.html get.
type IndexPage struct {
	Page
	Heading string
	Groups  []IndexGroup
	Top     []IndexEntry // the most used, most used first; empty on a short index
	Omitted int          // entries left out of a very long index, the least used
}

// IndexGroup is one letter of an index.
type IndexGroup struct {
	Letter  string
	Entries []IndexEntry
}

// IndexEntry is one tag, author or month.
type IndexEntry struct {
	Name  string
	Path  string
	Count int
}

// ArchivePage is what pages/archive/index.html gets; newest year first.
type ArchivePage struct {
	Page
	Years []ArchiveYear
}

// ArchiveYear lists the months that have posts, newest first.
type ArchiveYear struct {
	Year   string
	Months []IndexEntry
	Count  int
}
