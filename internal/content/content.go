// Package content keeps posts as JSON in a git repository: it decides which
// entries of a feed are new, which are known under which key, and which are
// the same article of another source; and it makes a run one commit.
//
// It promises that nothing is lost and nothing twice: posts known are never
// dropped, a shard that cannot be read is never overwritten, a commit is by
// compare-and-swap, and a retry finds the commit it has made. All it
// remembers is in git; its cache may be deleted at any time. Fetching, reading
// feeds and pages, and building the site stay outside.
package content

import (
	"context"
	"errors"
	"time"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/git"
)

// DefaultPath is the path template of shards, by first_seen in UTC.
const DefaultPath = "content/{year}/{month}.json"

// Errors a caller branches on, besides those of package git, which come
// through wrapped (git.ErrBusy, git.ErrRemote, git.ErrAuth, git.ErrRefused …).
var (
	ErrConflict = errors.New("the branch keeps moving")                  // every attempt lost the race
	ErrDamaged  = errors.New("content cannot be read")                   // names file and line; nothing is written
	ErrEdited   = errors.New("file has uncommitted edits")               // CommitFile leaves it alone
	ErrDiverged = errors.New("local and remote history need a person")   // both changed the same lines of a file that is not content
	ErrPath     = errors.New("path template of content cannot be used")  // see Options.Path
	ErrBatch    = errors.New("batch cannot be committed as it is given") // no Run, no FirstSeen, a post without keys
)

// Options configures a Store; its zero value works.
type Options struct {
	// Path is the template of shard paths: {year} {month} {day} of first_seen
	// and {source} are replaced. Empty: DefaultPath.
	Path string
	// Branch is the one that is read and committed to; empty: main.
	Branch string
	// Remote is pushed to after each commit; nil: none.
	Remote *git.Remote
	// Location is where a post's Date (the day) is told; nil: UTC.
	Location *time.Location
	// Now is the clock of commits; nil: time.Now.
	Now func() time.Time
	// MaxAttempts bounds tries against a moving branch or remote; 0: 8.
	MaxAttempts int
	// Cache keeps what is derived from shards; nil: memory only.
	Cache Cache
}

// Cache keeps derived bytes by name. Losing any of it costs time only, so
// neither method reports an error; a value that comes back damaged is noticed.
type Cache interface {
	Get(name string) []byte // nil: not there
	Put(name string, value []byte)
	// Keep deletes every value whose name is not listed.
	Keep(names []string)
}

// Candidate is an entry that is not yet a post.
type Candidate struct {
	Source string        `json:"source"`
	Entry  coranto.Entry `json:"entry"`
	Keys   []string      `json:"keys"` // of the entry, the deciding one first
	// Merge names the post of another source that is the same article. Its page
	// need not be scraped: Assemble it from the feed's words and commit it, and
	// the commit joins the two (or keeps both, if something has changed meanwhile).
	Merge string `json:"merge,omitempty"`
}

// Change says what an entry adds to the post it is known as.
type Change struct {
	Source   string    `json:"source"`
	Post     string    `json:"post"`           // Post.ID
	Keys     []string  `json:"keys,omitempty"` // new ones
	Revision *Revision `json:"revision,omitempty"`
}

// Revision is a later wording of a known post, told by its own source.
type Revision struct {
	Title   string    `json:"title"`
	Intro   string    `json:"intro,omitempty"` // empty: as it was
	Updated time.Time `json:"updated"`
}

// Dropped is an entry that cannot become a post.
type Dropped struct {
	Title string `json:"title,omitempty"`
	Link  string `json:"link,omitempty"`
	Why   string `json:"why"`
}

// Matched is what Match finds in one document.
type Matched struct {
	New     []Candidate `json:"new,omitempty"`     // in the document's order, each once
	Changes []Change    `json:"changes,omitempty"` // known entries that add something
	Known   int         `json:"known"`             // entries that are posts already, changed or not
	Dropped []Dropped   `json:"dropped,omitempty"`
}

// PageFacts is what a post's own page told; any part may be missing.
type PageFacts struct {
	Title     string           `json:"title,omitempty"`
	Intro     string           `json:"intro,omitempty"` // plain text
	Authors   []coranto.Person `json:"authors,omitempty"`
	Published time.Time        `json:"published,omitzero"`
	Updated   time.Time        `json:"updated,omitzero"`
	Link      string           `json:"link,omitempty"` // canonical, absolute
	Image     string           `json:"image,omitempty"`
	Tags      []string         `json:"tags,omitempty"`
	Language  string           `json:"language,omitempty"`
	Content   string           `json:"content,omitempty"` // sanitised HTML of the article itself
}

// Assembly is what Assemble needs besides entry and page.
type Assembly struct {
	FirstSeen time.Time         // when the run began
	Location  *time.Location    // of Date; nil: UTC
	TagMap    map[string]string // as told → as kept; matched without regard to case; "" drops it
}

// Batch is what a run commits. It travels as JSON.
type Batch struct {
	Run       string         `json:"run"`        // the execution's id; one commit bears it
	FirstSeen time.Time      `json:"first_seen"` // when the run began
	Posts     []coranto.Post `json:"posts,omitempty"`
	Changes   []Change       `json:"changes,omitempty"`
	// SourcesRead and SourcesFailed go into the commit message, if not zero.
	SourcesRead   int `json:"sources_read,omitempty"`
	SourcesFailed int `json:"sources_failed,omitempty"`
}

// Result says what Commit did.
type Result struct {
	Commit  string   `json:"commit,omitempty"` // the run's; empty when None
	None    bool     `json:"none,omitempty"`   // nothing had changed, so there is no commit
	Again   bool     `json:"again,omitempty"`  // the commit was found, made by an earlier try
	Added   []string `json:"added,omitempty"`  // IDs of new posts
	Merged  []string `json:"merged,omitempty"` // IDs of posts that another source announced too
	Keyed   int      `json:"keyed,omitempty"`  // posts that got a key only
	Revised []string `json:"revised,omitempty"`
	Pushed  bool     `json:"pushed,omitempty"` // the remote has it
	// PushError says why the remote does not have it; the commit stands and the
	// next commit or Sync pushes it.
	PushError error `json:"-"`
	// Behind lists the files that the user has edited, so that the working tree
	// could not follow the branch. TreeError says why it could not for another
	// reason (a full disk); the next commit or Behind tries again.
	Behind    []string `json:"behind,omitempty"`
	TreeError error    `json:"-"`
}

// Synced says what Sync did.
type Synced struct {
	Commit  string // the branch's head now
	Pulled  bool   // the branch has taken over commits of the remote
	Pushed  bool   // the remote has taken over ours
	Behind  []string
	Changed bool // the branch's head is another than before
}

// An Edit makes a file's new bytes of its old ones (nil: there is none).
// Returning nil deletes the file.
type Edit func(old []byte) ([]byte, error)

var _ = context.Background
