// Package config reads coranto.yaml and changes it the way a careful person
// would: by the line, keeping every comment.
//
// Reading is strict. A key nobody knows, a value of the wrong shape, two
// sources with one id: each is reported with line, column, the line itself and
// a way out, and all of them at once. What the values lead to stays outside;
// the package touches neither network nor git.
package config

import (
	"encoding/json"
	"net/netip"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/coranto/coranto"
)

// FileName is what the file is called in a site's directory.
const FileName = "coranto.yaml"

// Config is the file with defaults applied.
type Config struct {
	Site      Site
	Content   string // path template of the content, within the repository
	Branch    string // empty: the branch that is checked out
	Remote    string // URL, scp-like address or path; empty: none
	Schedules []Schedule
	Freshness Freshness
	Notify    []Notify
	Fetch     Fetch
	Guards    Guards
	Sources   []coranto.Source  // in the order of the file; retired ones too
	Zones     []Zone            // sorted by name
	TagMap    map[string]string // tag as announced → tag as published; keys in lower case
	Build     Build
	Tasks     []Task // sorted by name
	Deploy    []Deploy
	Images    Images
	Commit    Identity
	Theme     Theme
	Host      Host

	RemoteZone string // zone that the remote is reached in; empty: git's own way

	hash         string
	doc          *document
	at           map[string]*yaml.Node
	scheduleKeys []string
}

// Site is what the publication says of itself.
type Site struct {
	Title       string
	URL         string // absolute, without trailing slash; empty: not published yet
	Description string
	Author      string
	Language    string         // BCP 47; default en
	Timezone    *time.Location // default UTC
	PerPage     int            // posts on a list page; default 20
	Links       []Link         // of the menu
	Hub         string         // WebSub hub that is told when the feed changes; empty: none
}

// Link is a named address.
type Link struct{ Title, URL string }

// Schedule starts a workflow.
type Schedule struct {
	Workflow string          // default aggregate
	At       string          // rate(…) or cron(…), valid
	Timezone *time.Location  // of cron(…); default Site.Timezone
	Input    json.RawMessage // nil: {}
}

// Freshness says when the site counts as stale, and who is told.
type Freshness struct {
	MaxAge time.Duration // since the last good run; 0: never
	Notify []string      // mail:…, https://…
}

// Fetch is how the web is asked.
type Fetch struct {
	Identity string        // joined to the User-Agent: "+https://…"
	Timeout  time.Duration // of one request
	MaxBody  int64         // decoded bytes
	PerHost  PerHost
	Zone     string        // zone of sources that name none
	Parallel int           // requests at once, all hosts together; 0: not said
	Every    time.Duration // interval of sources that have none of their own; 0: adaptive
	Robots   string        // coranto.RobotsIgnore or empty
	WebSub   string        // WebSubOff or empty: hubs are subscribed to where the site has a public address
}

// WebSubOff is Fetch.WebSub where no hub is subscribed to.
const WebSubOff = "off"

// PerHost are the manners towards one origin.
type PerHost struct {
	Parallel int
	Gap      time.Duration
	GapSet   bool // the file says so, even if it says 0
}

// Guards refuse what looks like an accident.
type Guards struct {
	MaxRemoved float64 // share of the posts, 0 to 1, that a build may drop; default 0.05
}

// Zone says where requests may go.
type Zone struct {
	Name          string
	Allow         []netip.Prefix
	Ports         []uint16
	SourceAddress netip.Addr
	Proxy         string
	DNS           netip.AddrPort // resolver of its names; zero: the system's
	CA            string         // file of PEM certificates its TLS trusts, in place of the system's
	PerHost       PerHost        // what is not said is fetch.per_host
	Robots        string         // coranto.RobotsIgnore or empty
}

// Build says what makes the site; without a command, Coranto does.
type Build struct {
	Command       []string
	BaseDirectory string // what the command leaves behind, within the checkout
	Env           map[string]string
	Secrets       []string
	Timeout       time.Duration
}

// Task is a command that workflows may call.
type Task struct {
	Name    string
	Command []string
	Timeout time.Duration
	Env     map[string]string
	Pass    []string // names of variables that it gets as Coranto has them
	Secrets []string
	Zone    string
	Retry   Retry
}

// Retry is a retry strategy in the terms of AWS Batch.
type Retry struct {
	Attempts       int // 0: not set
	EvaluateOnExit []ExitRule
}

// ExitRule is one evaluateOnExit entry.
type ExitRule struct {
	OnExitCode, OnReason, OnStatusReason string
	Action                               string // RETRY or EXIT
}

// Deploy is a place the release is taken to.
type Deploy struct {
	Kind   string // directory, git or s3
	To     string // path, remote or bucket URL
	Branch string // git
	Zone   string
}

// Images says what is done about pictures.
type Images struct {
	Mode    string // cache (default: copies served from the site), link (to third parties) or none
	MaxDisk int64
}

// Identity is who commits.
type Identity struct{ Name, Email string }

// Theme is the look.
type Theme struct {
	Name    string
	Options map[string]any // strings, bools, numbers, lists and maps of them
}
