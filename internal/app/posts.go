package app

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/config"
	"github.com/coranto/coranto/internal/content"
	"github.com/coranto/coranto/internal/moderation"
	"github.com/coranto/coranto/internal/pipeline"
)

// Post is a post with how it stands.
type Post struct {
	coranto.Post
	State    moderation.State
	Decision moderation.Decision
}

// PostLine is a post as lists tell of it.
type PostLine struct {
	ID        string           `json:"id"`
	Title     string           `json:"title"`
	Source    string           `json:"source"`
	Also      []string         `json:"also,omitempty"`
	Link      string           `json:"link"`
	FirstSeen time.Time        `json:"first_seen"`
	Published time.Time        `json:"published,omitzero"`
	State     moderation.State `json:"state"`
	Since     time.Time        `json:"since,omitzero"` // of the state; an embargo's end
	Reason    string           `json:"reason,omitempty"`
}

func lineOf(p Post) PostLine {
	l := PostLine{ID: p.ID, Title: p.Title, Source: p.Source, Link: p.Link, FirstSeen: p.FirstSeen, Published: p.Published,
		State: p.State, Reason: p.Decision.Reason}
	for _, a := range p.Also {
		l.Also = append(l.Also, a.Source)
	}
	switch p.State {
	case moderation.Hidden:
		l.Since = p.Decision.Hidden
	case moderation.Pinned:
		l.Since = p.Decision.Pinned
	case moderation.Embargoed:
		l.Since = p.Decision.Embargo
	}
	return l
}

// PostFilter chooses posts; zero fields choose all.
type PostFilter struct {
	Source string // announced by it, first or also
	Tag    string
	State  string
	Text   string // in title or link
	Limit  int    // the newest so many; 0: all
}

// Posts lists posts, the newest first.
func Posts(ctx context.Context, dir string, f PostFilter, o Options) ([]PostLine, error) {
	v, err := openView(ctx, dir, o)
	if err != nil {
		return nil, err
	}
	defer v.close()
	if f.Source != "" {
		if _, ok := v.config.Source(f.Source); !ok {
			return nil, noSource(v.config, f.Source)
		}
	}
	posts, err := v.snap.Posts(ctx)
	if err != nil {
		return nil, err
	}
	out := []PostLine{}
	rules := v.rules()
	for i := len(posts) - 1; i >= 0 && (f.Limit == 0 || len(out) < f.Limit); i-- {
		if p := v.post(&posts[i], rules); f.wants(p) {
			out = append(out, lineOf(p))
		}
	}
	return out, nil
}

func (v *view) post(p *coranto.Post, rules moderation.Rules) Post {
	return Post{*p, v.decided.StateOf(p, rules), v.decided.Of(p.ID)}
}

func (f PostFilter) wants(p Post) bool {
	has := func(list []string, s string) bool {
		return slices.ContainsFunc(list, func(t string) bool { return strings.EqualFold(t, s) })
	}
	text := strings.ToLower(f.Text)
	return (f.Source == "" || p.Source == f.Source || slices.ContainsFunc(p.Also, func(a coranto.Also) bool { return a.Source == f.Source })) &&
		(f.Tag == "" || has(p.Tags, f.Tag)) && (f.State == "" || string(p.State) == f.State) &&
		(text == "" || strings.Contains(strings.ToLower(p.Title), text) || strings.Contains(strings.ToLower(p.Link), text))
}

// Errors about naming a post.
var (
	ErrNoPost   = errors.New("no such post")
	ErrManyPost = errors.New("names several posts")
)

// find resolves what a person calls a post: its ID, the begin of one, its page
// here, or the address of the article.
func find(posts []coranto.Post, ref string) (int, error) {
	ref = strings.TrimSpace(ref)
	id := ref
	if u, err := url.Parse(ref); err == nil && strings.Contains(strings.Trim(u.Path, "/"), "posts/") {
		id = path.Base(u.Path)
	}
	if i := slices.IndexFunc(posts, func(p coranto.Post) bool { return p.ID == id || p.ID == ref }); i >= 0 {
		return i, nil
	}
	var hits []int
	if link := content.CanonicalLink(ref); link != "" {
		for i := range posts {
			if carries(&posts[i], link) {
				hits = append(hits, i)
			}
		}
	} else if len(id) >= 4 {
		for i := range posts {
			if strings.HasPrefix(posts[i].ID, id) || strings.HasSuffix(posts[i].ID, "-"+id) {
				hits = append(hits, i)
			}
		}
	}
	switch len(hits) {
	case 0:
		return -1, fmt.Errorf("%w: %s", ErrNoPost, ref)
	case 1:
		return hits[0], nil
	}
	var ids []string
	for _, i := range hits[:min(5, len(hits))] {
		ids = append(ids, posts[i].ID)
	}
	return -1, fmt.Errorf("%s %w: %s", ref, ErrManyPost, strings.Join(ids, ", "))
}

// carries reports whether a post was announced under a canonical link.
func carries(p *coranto.Post, link string) bool {
	if content.CanonicalLink(p.Link) == link {
		return true
	}
	for _, a := range p.Also {
		if content.CanonicalLink(a.Link) == link {
			return true
		}
	}
	for _, k := range p.Keys {
		if key, ok := content.ReadKey(k); ok && key.Kind == "link" && content.CanonicalLink("http:"+key.Value) == link {
			return true
		}
	}
	return false
}

// Act is what can be decided about a post.
type Act string

// The acts.
const (
	Hide      Act = "hide"
	Unhide    Act = "unhide"
	Pin       Act = "pin"
	Unpin     Act = "unpin"
	Embargo   Act = "embargo"
	Unembargo Act = "unembargo"
	Approve   Act = "approve"
	Unapprove Act = "unapprove"
)

// undo is the act that takes one back.
var undo = map[Act]Act{Hide: Unhide, Unhide: Hide, Pin: Unpin, Unpin: Pin, Embargo: Unembargo, Unembargo: Embargo, Approve: Unapprove, Unapprove: Approve}

// DecideOptions say how posts are decided about.
type DecideOptions struct {
	Reason string
	Until  time.Time // of an embargo
	Source string    // with Approve: all that this source has in the queue
	DryRun bool
}

// Decided is what deciding did.
type Decided struct {
	Act    Act        `json:"act"`
	Posts  []PostLine `json:"posts"` // as they stand now
	Undo   string     `json:"undo,omitempty"`
	Commit string     `json:"commit,omitempty"`
	Same   bool       `json:"same,omitempty"` // it had been decided so already
}

// ErrReason asks for the one thing that a decision cannot do without.
var ErrReason = errors.New("a reason is missing")

// Decide writes a decision about posts into moderation.yaml, and commits that.
func Decide(ctx context.Context, dir string, refs []string, act Act, do DecideOptions, o Options) (Decided, error) {
	o.defaults()
	res := Decided{Act: act, Posts: []PostLine{}}
	if act == Hide && strings.TrimSpace(do.Reason) == "" {
		return res, fmt.Errorf("%w: say why, with --reason (hint: it is kept in git, and not published)", ErrReason)
	}
	v, err := openView(ctx, dir, o)
	if err != nil {
		return res, err
	}
	defer v.close()
	chosen, err := v.choose(ctx, refs, act, do)
	if err != nil {
		return res, err
	}
	all := map[string]moderation.Decision{}
	for _, p := range chosen {
		all[p.ID] = decide(p.Decision, act, do, o.Now())
	}
	change := func(old []byte) ([]byte, error) { return moderation.SetAll(old, all) }
	after := &moderation.Decisions{Posts: all}
	for _, p := range chosen {
		res.Posts = append(res.Posts, lineOf(Post{p.Post, after.StateOf(&p.Post, v.rules()), all[p.ID]}))
	}
	if len(chosen) == 1 {
		res.Undo = fmt.Sprintf("coranto post %s %s", undo[act], chosen[0].ID)
	}
	if do.DryRun || len(chosen) == 0 {
		return res, nil
	}
	d, err := openDirectory(ctx, dir, o)
	if err != nil {
		return res, err
	}
	defer d.close()
	res.Commit, err = d.content.CommitFile(ctx, moderation.FileName, change, decisionMessage(act, chosen, do))
	res.Same = err == nil && res.Commit == ""
	return res, err
}

// choose finds the posts that are meant.
func (v *view) choose(ctx context.Context, refs []string, act Act, do DecideOptions) ([]Post, error) {
	posts, err := v.snap.Posts(ctx)
	if err != nil {
		return nil, err
	}
	rules := v.rules()
	var out []Post
	for _, ref := range refs {
		i, err := find(posts, ref)
		if err != nil {
			return nil, err
		}
		p := v.post(&posts[i], rules)
		if p.Hidden && act == Unhide {
			return nil, fmt.Errorf("%s is hidden by its own `hidden: true` in %s: change it there", p.ID, v.snap.Path(p.ID))
		}
		if act == Approve && !p.Queued {
			return nil, fmt.Errorf("%s does not wait for approval: it is %s", p.ID, p.State)
		}
		out = append(out, p)
	}
	if do.Source != "" {
		for i := range posts {
			if p := v.post(&posts[i], rules); p.Source == do.Source && p.State == moderation.Queued {
				out = append(out, p)
			}
		}
	}
	return out, nil
}

// decide is the decision after an act.
func decide(d moderation.Decision, act Act, do DecideOptions, now time.Time) moderation.Decision {
	now = now.UTC().Truncate(time.Second)
	set := func(t *time.Time, to time.Time) {
		if t.IsZero() || !to.Equal(now) {
			*t = to
		}
	}
	d.By = ""
	if do.Reason != "" {
		d.Reason = do.Reason
	}
	switch act {
	case Hide:
		set(&d.Hidden, now)
	case Unhide:
		d.Hidden = time.Time{}
	case Pin:
		set(&d.Pinned, now)
	case Unpin:
		d.Pinned = time.Time{}
	case Embargo:
		d.Embargo = do.Until
	case Unembargo:
		d.Embargo = time.Time{}
	case Approve:
		set(&d.Approved, now)
	case Unapprove:
		d.Approved = time.Time{}
	}
	if undoing := act == Unhide || act == Unpin || act == Unembargo || act == Unapprove; undoing && do.Reason == "" {
		d.Reason = ""
	}
	return d
}

func decisionMessage(act Act, posts []Post, do DecideOptions) string {
	name := string(act[0]-'a'+'A') + string(act[1:])
	subject := fmt.Sprintf("%s %d posts", name, len(posts))
	if len(posts) == 1 {
		subject = name + " post " + posts[0].ID
	}
	var b strings.Builder
	b.WriteString(subject + "\n")
	if do.Reason != "" {
		b.WriteString("\n" + strings.Join(strings.Fields(do.Reason), " ") + "\n")
	}
	b.WriteByte('\n')
	for i, p := range posts {
		if i == 50 {
			fmt.Fprintf(&b, "and %d more\n", len(posts)-i)
			break
		}
		fmt.Fprintf(&b, "* %s: %s\n", p.Source, strings.Join(strings.Fields(p.Title), " "))
	}
	return strings.TrimRight(b.String(), "\n")
}

// queued counts the posts that wait for approval. Where no source is moderated
// there are none, and no post is read.
func queued(ctx context.Context, cfg *config.Config, snap *content.Snapshot, now time.Time) int {
	if !slices.ContainsFunc(cfg.Sources, func(s coranto.Source) bool { return s.Moderate != "" }) {
		return 0
	}
	decided, err := pipeline.ReadDecisions(ctx, snap)
	if err != nil {
		return 0 // whoever reads it next tells of the error
	}
	posts, err := snap.Posts(ctx)
	if err != nil {
		return 0
	}
	n, rules := 0, pipeline.ModerationRules(cfg.Sources, now)
	for i := range posts {
		if posts[i].Queued && decided.StateOf(&posts[i], rules) == moderation.Queued {
			n++
		}
	}
	return n
}
