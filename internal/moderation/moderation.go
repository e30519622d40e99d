// Package moderation keeps what people decide about single posts: hidden,
// pinned, under embargo, approved. The decisions are one file of the
// repository, a line a post, so that each is a commit that can be reviewed and
// taken back; the posts themselves stay as they were told.
//
// It promises that a file it cannot read in full decides nothing: a hidden post
// never comes back by a typing error. Committing, and building pages, stay
// outside.
package moderation

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/coranto/coranto"
)

// FileName is the file in the repository.
const FileName = "moderation.yaml"

// Errors.
var (
	ErrInvalid = errors.New("moderation cannot be read")
	ErrByHand  = errors.New("cannot be changed automatically")
)

// Decision is what was decided about one post. Zero times: not so.
type Decision struct {
	Hidden   time.Time // since then on no page and in no feed
	Pinned   time.Time // since then at the head of the home page
	Approved time.Time // taken out of the queue then
	Embargo  time.Time // shown only from then on
	Reason   string
	By       string // "rules" where `reprocess` decided; empty: a person
}

// ByRules says that changed rules hid the post; changed rules bring it back.
const ByRules = "rules"

func (d Decision) empty() bool {
	return d.Hidden.IsZero() && d.Pinned.IsZero() && d.Approved.IsZero() && d.Embargo.IsZero()
}

// Decisions are those of a file, by Post.ID. A nil one decides nothing.
type Decisions struct {
	Posts map[string]Decision
}

// Of is what was decided about a post.
func (d *Decisions) Of(id string) Decision {
	if d == nil {
		return Decision{}
	}
	return d.Posts[id]
}

const (
	maxBytes = 16 << 20
	maxPosts = 200_000
)

// Parse reads a file; name is what errors call it. No bytes are no decisions.
func Parse(name string, data []byte) (d *Decisions, err error) {
	d = &Decisions{Posts: map[string]Decision{}}
	posts, err := document(name, data)
	if err != nil || posts == nil {
		return d, err
	}
	for i := 0; i+1 < len(posts.Content); i += 2 {
		k, v := posts.Content[i], posts.Content[i+1]
		if k.Kind != yaml.ScalarNode || k.Value == "" {
			return nil, wrong(name, k, "an id of a post was expected")
		}
		if _, ok := d.Posts[k.Value]; ok {
			return nil, wrong(name, k, k.Value+" stands there twice")
		}
		one, err := decision(name, v)
		if err != nil {
			return nil, err
		}
		d.Posts[k.Value] = one
	}
	if len(d.Posts) > maxPosts {
		return nil, fmt.Errorf("%w: %s: %d posts, at most %d are read", ErrInvalid, name, len(d.Posts), maxPosts)
	}
	return d, nil
}

// document finds the mapping of posts; nil: there is none.
func document(name string, data []byte) (posts *yaml.Node, err error) {
	if len(data) > maxBytes {
		return nil, fmt.Errorf("%w: %s: %d bytes, at most %d are read", ErrInvalid, name, len(data), maxBytes)
	}
	defer func() {
		if r := recover(); r != nil { // the parser's, on input nobody has thought of
			posts, err = nil, fmt.Errorf("%w: %s: not YAML: %v", ErrInvalid, name, r)
		}
	}()
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, fmt.Errorf("%w: %s: %s", ErrInvalid, name, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if len(doc.Content) == 0 || isNull(doc.Content[0]) {
		return nil, nil
	}
	root := doc.Content[0]
	if root.Kind != yaml.MappingNode {
		return nil, wrong(name, root, "posts: was expected")
	}
	for i := 0; i+1 < len(root.Content); i += 2 {
		if k := root.Content[i]; k.Value != "posts" || posts != nil {
			return nil, wrong(name, k, fmt.Sprintf("%q is no key of this file; it has posts:, once", k.Value))
		}
		if posts = root.Content[i+1]; isNull(posts) {
			posts = &yaml.Node{Kind: yaml.MappingNode, Line: posts.Line}
		}
		if posts.Kind != yaml.MappingNode {
			return nil, wrong(name, posts, "a mapping of ids was expected")
		}
	}
	return posts, nil
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

func wrong(name string, n *yaml.Node, why string) error {
	return fmt.Errorf("%w: %s:%d:%d: %s (hint: `git log -p %s` shows when it was right)", ErrInvalid, name, n.Line, n.Column, why, name)
}

// decision reads {hidden: TIME, pinned: TIME, approved: TIME, embargo: TIME, reason: TEXT, by: TEXT}.
func decision(name string, n *yaml.Node) (Decision, error) {
	var d Decision
	if n.Kind != yaml.MappingNode {
		return d, wrong(name, n, "a decision was expected, such as {hidden: 2026-01-02T15:04:05Z, reason: spam}")
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		if v.Kind != yaml.ScalarNode {
			return d, wrong(name, v, k.Value+" takes one value")
		}
		var to *time.Time
		switch k.Value {
		case "hidden":
			to = &d.Hidden
		case "pinned":
			to = &d.Pinned
		case "approved":
			to = &d.Approved
		case "embargo":
			to = &d.Embargo
		case "reason":
			d.Reason = v.Value
			continue
		case "by":
			d.By = v.Value
			continue
		default:
			return d, wrong(name, k, fmt.Sprintf("%q is not known; known are hidden, pinned, approved, embargo, reason, by", k.Value))
		}
		at, err := instant(v.Value)
		if err != nil {
			return d, wrong(name, v, fmt.Sprintf("%s: %v", k.Value, err))
		}
		*to = at
	}
	if d.empty() {
		return d, wrong(name, n, "nothing is decided; take the line out")
	}
	return d, nil
}

// instant reads a time or a day (its begin, UTC).
func instant(s string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if at, err := time.Parse(layout, s); err == nil && !at.IsZero() {
			return at.UTC().Truncate(time.Second), nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no time (like 2026-01-02T15:04:05Z or 2026-01-02)", s)
}

// State says how a post stands.
type State string

// The states. All but Shown and Pinned are hidden from readers.
const (
	Shown     State = "shown"
	Pinned    State = "pinned"
	Hidden    State = "hidden"
	Embargoed State = "embargo"
	Queued    State = "queued"
)

// Rules are what decides besides the file.
type Rules struct {
	Now time.Time
	// Moderated reports whether a source's posts wait for approval. One that is
	// no longer configured is: nobody approved what it left in the queue.
	Moderated func(source string) bool
}

// StateOf is how a post stands at r.Now.
func (d *Decisions) StateOf(p *coranto.Post, r Rules) State {
	is := d.Of(p.ID)
	switch {
	case p.Hidden || !is.Hidden.IsZero():
		return Hidden
	case p.Queued && is.Approved.IsZero() && onlyModerated(p, r):
		return Queued
	case is.Embargo.After(r.Now):
		return Embargoed
	case !is.Pinned.IsZero():
		return Pinned
	}
	return Shown
}

// onlyModerated reports whether no source that needs no approval carries the
// post: one source must not keep back what another publishes.
func onlyModerated(p *coranto.Post, r Rules) bool {
	if r.Moderated == nil || !r.Moderated(p.Source) {
		return r.Moderated == nil
	}
	return !slices.ContainsFunc(p.Also, func(a coranto.Also) bool { return !r.Moderated(a.Source) })
}

// Applied is the posts as readers are to see them.
type Applied struct {
	Posts   []coranto.Post       // Hidden where they are not to be seen; the given slice where nothing differs
	Deleted map[string]time.Time // hidden by a decision, by ID: since when
	Pinned  map[string]bool
	Sum     string // of all that decisions changed; equal ones apply equally to posts that are there
}

// Apply makes the decisions at r.Now. Posts are not changed but copied.
func (d *Decisions) Apply(posts []coranto.Post, r Rules) Applied {
	a := Applied{Posts: posts}
	h := sha256.New()
	copied := false
	for i := range posts {
		p := &posts[i]
		if !p.Queued && (d == nil || len(d.Posts) == 0) {
			continue
		}
		state := d.StateOf(p, r)
		if state == Shown || state == Hidden && p.Hidden && d.Of(p.ID).Hidden.IsZero() {
			if p.Queued {
				fmt.Fprintln(h, "shown", p.ID)
			}
			continue
		}
		if state != Queued {
			fmt.Fprintln(h, state, p.ID, d.Of(p.ID).Hidden.Unix())
		}
		if state == Pinned {
			if a.Pinned == nil {
				a.Pinned = map[string]bool{}
			}
			a.Pinned[p.ID] = true
			continue
		}
		if !copied {
			a.Posts, copied = slices.Clone(posts), true
		}
		a.Posts[i].Hidden = true
		if state == Hidden {
			if a.Deleted == nil {
				a.Deleted = map[string]time.Time{}
			}
			a.Deleted[p.ID] = d.Of(p.ID).Hidden
		}
	}
	a.Sum = hex.EncodeToString(h.Sum(nil)[:8])
	return a
}

// Over counts the embargoes that have ended by now: what a build shows besides
// what is committed depends on that alone.
func (d *Decisions) Over(now time.Time) int {
	n := 0
	if d != nil {
		for _, one := range d.Posts {
			if !one.Embargo.IsZero() && !one.Embargo.After(now) {
				n++
			}
		}
	}
	return n
}

// IDs are those decided about, sorted.
func (d *Decisions) IDs() []string {
	if d == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(d.Posts))
}
