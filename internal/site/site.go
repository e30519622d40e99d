// Package site builds the static site: posts, sources, configuration and theme
// go in, files come out, and nothing else has a say. The same input gives the
// same bytes, on any machine and after any history of builds; a Memo only
// spares the work of rendering what has been rendered before.
//
// It makes no page depend on the time of the build, and no page makes a
// reader's browser ask a third party for anything, unless the configuration
// says so. Where the files go (a release, a directory), how they are served,
// the health of the sources (/status.json, beside the release) and the fetching
// of pictures stay outside.
package site

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"time"

	"github.com/coranto/coranto"
)

// Config is what the owner says about the site. Its zero value works.
type Config struct {
	Title       string // "" : "Coranto"
	Description string // one sentence, plain text
	URL         string // where the site will stand, "https://news.example.org" or with a path; "" : not known, feeds and sitemap then lack absolute addresses
	Language    string // BCP 47; "" : "en"
	Timezone    string // IANA name in which days are told; "" : UTC
	Theme       string // name of an embedded theme; "" : "magazine"
	PerPage     int    // posts on a sealed page of a list; 0: 20
	FeedItems   int    // posts in a feed; 0: 50
	About       string // text of the about page, paragraphs parted by blank lines; "" : the theme's own words
	Author      string // who is named as the publisher; "" : the title
	Hub         string `json:",omitempty"` // WebSub hub that the feeds name; "" : none

	// Options of the theme: accent, paper, card, ink, soft and line are colours
	// of CSS, dark a mapping of the same; logo is a file of the theme's assets,
	// footer a text. A theme may know others.
	Options map[string]any `json:",omitempty"`

	// Menu replaces the navigation; empty: the kinds there are, tags, sources,
	// archive, about.
	Menu []MenuItem

	// AllowThirdPartyImages lets pages link pictures on the servers of others
	// where Input.Images has no copy. Readers' addresses are told to those servers.
	AllowThirdPartyImages bool
}

// MenuItem is one link of the navigation. URL is a path of the site ("/tags/")
// or an http(s) address.
type MenuItem struct {
	Name string `json:"name"`
	URL  string `json:"url"`
}

// Image is a local copy of a picture.
type Image struct {
	Path   string // within the site, "images/4f2c1a.webp", without a leading slash
	Hash   string // given to Sink.Reuse for Path; "" : somebody else puts the file
	Width  int    // in pixels; 0: not known
	Height int

	// Smaller are the same picture, narrower, the narrowest first; a browser
	// takes what it has room for.
	Smaller []Image
}

func (i Image) equal(j Image) bool {
	return i.Path == j.Path && i.Hash == j.Hash && i.Width == j.Width && i.Height == j.Height && slices.EqualFunc(i.Smaller, j.Smaller, Image.equal)
}

// All returns the picture in all its sizes.
func (i Image) All() []Image { return append(slices.Clone(i.Smaller), i) }

// Input is all that a build depends on.
type Input struct {
	Config  Config
	Posts   []coranto.Post   // sorted by coranto.Post.Compare, oldest first; hidden ones included
	Sources []coranto.Source // in the order in which the sources page lists them by default; retired ones included
	Images  map[string]Image // by the address that the post gives
	Theme   fs.FS            // the user's theme folder laid over the embedded theme; nil: none
	Pages   fs.FS            // the keeper's own pages, in Markdown, with the files they show; nil: none
	Commit  string           // the commit the posts come from; it is reported and never shown on a page
	Version string           // of the generator; a new one renders everything anew; "" : development

	// Settings names the state of Config, Theme and Pages, for a Resident: two inputs
	// with the same one have the same. "": it is not known.
	Settings string

	// Deleted says of hidden posts, by Post.ID, since when they are: the Atom
	// feeds tell their readers. Pinned posts stand first on the home page. Where
	// either differs, so must Settings.
	Deleted map[string]time.Time
	Pinned  map[string]bool

	// SourceTitles names sources whose Title is empty, as their feeds do.
	SourceTitles map[string]string

	searchFirst int // for tests; 0: searchFirst
}

// Sink takes the files of a site. Paths are relative, with slashes
// ("index.html", "posts/a-1/index.html"), each given once, in the same order
// for the same input. Calls come one at a time.
type Sink interface {
	// Put hands over a file. It must not keep body. The hash it returns is
	// opaque: it comes back in Reuse, now or in a later build.
	Put(path string, body []byte) (hash string, err error)
	// Reuse says that the file has the bytes for which Put once returned hash.
	// An error that is ErrGone makes the build render the file and Put it.
	Reuse(path, hash string) error
}

// Memo remembers across builds what bytes an input gave. A Memo that forgets
// is harmless; one that lies is not. nil: nothing is remembered.
type Memo interface {
	Get(key [32]byte) (hash string, ok bool)
	Set(key [32]byte, hash string)
}

// ErrGone is what Sink.Reuse returns when it no longer has the bytes.
var ErrGone = errors.New("bytes are gone")

// ErrTheme is wrapped by every *TemplateError and by other faults of a theme.
var ErrTheme = errors.New("theme")

// Report says what a build did.
type Report struct {
	Files    int   `json:"files"`    // in the site
	Pages    int   `json:"pages"`    // of them, HTML pages
	Posts    int   `json:"posts"`    // with a page of their own
	Rendered int   `json:"rendered"` // files given to Put
	Reused   int   `json:"reused"`   // files given to Reuse
	Bytes    int64 `json:"bytes"`    // given to Put
}

// Build makes the site of in and hands it to sink, file by file. Nothing is
// kept between calls but what memo keeps.
func Build(ctx context.Context, in Input, sink Sink, memo Memo) (Report, error) {
	b, err := newBuild(in, sink, memo)
	if err != nil {
		return Report{}, err
	}
	return b.run(ctx)
}

// CSP returns the Content-Security-Policy under which every page of the site
// works; the host sends it as a header.
func CSP(c Config) string { return csp(c) + "; frame-ancestors 'none'" }

func csp(c Config) string {
	img := "img-src 'self' data:"
	if c.AllowThirdPartyImages {
		img += " https: http:"
	}
	return "default-src 'none'; style-src 'self'; " + img +
		"; script-src 'self'; connect-src 'self'; font-src 'self'; manifest-src 'self'; form-action 'none'; base-uri 'none'"
}
