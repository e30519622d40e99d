package content

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/git"
)

// merger brings what ours has changed since base to theirs: posts by their
// keys, other files as git does.
type merger struct {
	store              *Store
	base, ours, theirs git.OID
}

// tree is the joined tree. Nothing is written but objects.
func (m *merger) tree(ctx context.Context) (git.OID, error) {
	repo := m.store.repo
	changed, err := repo.Diff(ctx, m.base, m.ours)
	if err != nil {
		return "", err
	}
	other, err := repo.Diff(ctx, m.base, m.theirs)
	if err != nil {
		return "", err
	}
	moved := map[string]git.Delta{}
	for _, d := range other {
		moved[d.Path] = d
	}
	shards := false
	var puts []git.Put
	var clash []string
	for _, d := range changed {
		if m.store.path.holds(d.Path) {
			shards = true
			continue
		}
		put, ok, err := m.file(ctx, d, moved[d.Path])
		switch {
		case err != nil:
			return "", err
		case !ok:
			clash = append(clash, d.Path)
		case put != nil:
			puts = append(puts, *put)
		}
	}
	if len(clash) > 0 {
		return "", fmt.Errorf("%w: both changed %s (hint: git pull, then settle it by hand)", ErrDiverged, strings.Join(clash, ", "))
	}
	tree := m.theirs
	if shards {
		if tree, err = m.posts(ctx); err != nil {
			return "", err
		}
	}
	return repo.WriteTree(ctx, tree, puts)
}

// file joins one that holds no posts; nil: theirs stays.
func (m *merger) file(ctx context.Context, d, t git.Delta) (*git.Put, bool, error) {
	ours := &git.Put{Path: d.Path, ID: d.New.ID, Mode: d.New.Mode}
	if t.Path == "" {
		return ours, true, nil
	}
	if t.New.ID == d.New.ID && t.New.Mode == d.New.Mode {
		return nil, true, nil
	}
	if !plainFile(d.New) || !plainFile(t.New) || d.Old.ID != "" && !plainFile(d.Old) {
		return nil, false, nil
	}
	var text [3][]byte
	for i, id := range []git.OID{d.Old.ID, d.New.ID, t.New.ID} {
		if id == "" {
			continue
		}
		var err error
		if text[i], err = m.store.repo.Blob(ctx, id); err != nil {
			return nil, false, err
		}
	}
	joined, ok, err := m.store.repo.MergeText(ctx, text[0], text[1], text[2])
	if err != nil || !ok {
		return nil, false, err
	}
	ids, err := m.store.repo.WriteBlobs(ctx, joined)
	if err != nil {
		return nil, false, err
	}
	return &git.Put{Path: d.Path, ID: ids[0]}, true, nil
}

func plainFile(e git.Entry) bool { return e.Mode == git.ModeFile || e.Mode == git.ModeExec }

// side is the posts of some files, by ID.
type side struct {
	order []string
	posts map[string]coranto.Post
	raw   map[string][]byte
	path  map[string]string
	told  map[string]bool // its first_seen is in the file
}

func (m *merger) side(ctx context.Context, files []git.Entry) (*side, error) {
	s := &side{posts: map[string]coranto.Post{}, raw: map[string][]byte{}, path: map[string]string{}, told: map[string]bool{}}
	for _, e := range files {
		if !plainFile(e) {
			continue
		}
		sh, err := m.store.shard(ctx, e)
		if err != nil {
			return nil, err
		}
		for i := range sh.spans {
			p, err := sh.post(i)
			if err != nil {
				return nil, err
			}
			told := !p.FirstSeen.IsZero()
			complete(&p)
			if s.raw[p.ID] != nil {
				continue
			}
			s.order = append(s.order, p.ID)
			s.told[p.ID] = told
			s.posts[p.ID], s.raw[p.ID], s.path[p.ID] = p, sh.raw(i), e.Path
		}
	}
	return s, nil
}

// posts brings our changes of posts to their content.
func (m *merger) posts(ctx context.Context) (git.OID, error) {
	sn, err := m.store.load(ctx, m.theirs)
	if err != nil {
		return "", fmt.Errorf("the remote's content: %w", err)
	}
	b, o, err := m.sides(ctx)
	if err != nil {
		return "", err
	}
	p := newPlan(sn, m.store.now())
	t := &theirPosts{store: m.store, sn: sn, shards: map[string]*shard{}}
	for _, id := range b.order {
		if o.raw[id] == nil {
			if err := m.removed(ctx, p, t, b.posts[id]); err != nil {
				return "", err
			}
		}
	}
	places := m.places(p, b, o)
	for _, id := range o.order {
		if b.raw[id] == nil {
			post := o.posts[id]
			path := o.path[id]
			if at, ok := places[id]; ok && !at.Equal(post.FirstSeen) {
				mine := path == m.store.path.path(&post)
				if post.FirstSeen = at; mine {
					path = m.store.path.path(&post)
				}
			}
			m.added(p, post, path)
		} else if !bytes.Equal(b.raw[id], o.raw[id]) {
			if err := m.edited(ctx, p, t, b.posts[id], o.posts[id], o.path[id]); err != nil {
				return "", err
			}
		}
	}
	if p.empty() {
		c, err := m.store.repo.ReadCommit(ctx, string(m.theirs))
		return c.Tree, err
	}
	return m.store.writePlan(ctx, sn, p)
}

// places says when our new posts are first seen, so that they come after all
// that the remote has, and stay in their order among themselves. Those that
// people wrote without a first_seen stay where their dates put them.
func (m *merger) places(p *plan, base, ours *side) map[string]time.Time {
	var fresh []string
	for _, id := range ours.order {
		if post := ours.posts[id]; base.raw[id] == nil && ours.told[id] && p.find(inIDs, id) < 0 && p.known(&post) < 0 {
			fresh = append(fresh, id)
		}
	}
	slices.SortStableFunc(fresh, func(a, b string) int { return ours.posts[a].FirstSeen.Compare(ours.posts[b].FirstSeen) })
	at := map[string]time.Time{}
	next, was := p.next(), time.Time{}
	for _, id := range fresh {
		first := ours.posts[id].FirstSeen
		if !was.IsZero() && first.After(was) {
			next = next.Add(time.Second)
		}
		was, next = first, later(first, next)
		at[id] = next
	}
	return at
}

// added is a post of ours that base had not.
func (m *merger) added(p *plan, post coranto.Post, path string) {
	n := p.find(inIDs, post.ID)
	if n < 0 && len(post.Keys) > 0 {
		n = p.known(&post)
	}
	if n < 0 && post.Source != "" {
		if to := p.across(post.Source, post.Title, canons(&post)); to >= 0 {
			p.join(to, &post)
			return
		}
	}
	if n < 0 {
		n = p.add(&post)
		p.added = append(p.added, n)
		p.paths[n] = path
		return
	}
	if p.addKeys(n, post.Keys) {
		p.note(&p.keyed, n)
	}
	for _, a := range post.Also {
		p.addAlso(n, a)
	}
}

// removed is a post that people have taken out here. If the remote has changed
// it meanwhile, it stays.
func (m *merger) removed(ctx context.Context, p *plan, t *theirPosts, was coranto.Post) error {
	n := p.find(inIDs, was.ID)
	if n < 0 || p.isAdded(n) {
		return nil
	}
	now, err := t.post(ctx, n)
	if err != nil {
		return err
	}
	now.Keys, now.Also = was.Keys, was.Also
	if bytes.Equal(appendPost(nil, &now), appendPost(nil, &was)) {
		p.touched(n).remove = true
	}
	return nil
}

// edited is a post that has changed here: member by member, ours where the
// remote has left it, else theirs; lists are joined.
func (m *merger) edited(ctx context.Context, p *plan, t *theirPosts, was, post coranto.Post, path string) error {
	n := p.find(inIDs, post.ID)
	if n < 0 {
		grown := was
		grown.Keys, grown.Also = post.Keys, post.Also
		if !bytes.Equal(appendPost(nil, &grown), appendPost(nil, &post)) {
			m.added(p, post, path) // taken out there, but worked on here
		}
		return nil
	}
	if p.isAdded(n) {
		return nil
	}
	now, err := t.post(ctx, n)
	if err != nil {
		return err
	}
	joined, err := mergePost(was, post, now)
	if err != nil {
		return err
	}
	if !bytes.Equal(appendPost(nil, &joined), appendPost(nil, &now)) {
		p.touched(n).whole = &joined
		p.note(&p.keyed, n)
	}
	return nil
}

// theirPosts reads posts of the remote's content.
type theirPosts struct {
	store  *Store
	sn     *Snapshot
	shards map[string]*shard
}

func (t *theirPosts) post(ctx context.Context, n int) (coranto.Post, error) {
	i, at := t.sn.ix.where(n)
	l := t.sn.ix.shards[i]
	sh := t.shards[l.path]
	if sh == nil {
		var err error
		if sh, err = t.store.shard(ctx, git.Entry{ID: git.OID(l.blob), Path: l.path}); err != nil {
			return coranto.Post{}, err
		}
		t.shards[l.path] = sh
	}
	p, err := sh.post(at)
	complete(&p)
	return p, err
}

// mergePost joins two edits of a post, member by member.
func mergePost(was, ours, theirs coranto.Post) (coranto.Post, error) {
	var m [3]map[string]json.RawMessage
	for i, p := range []coranto.Post{was, ours, theirs} {
		raw, err := json.Marshal(p)
		if err != nil {
			return theirs, err
		}
		if err := json.Unmarshal(raw, &m[i]); err != nil {
			return theirs, err
		}
	}
	out := m[2]
	for _, name := range memberNames(m[:]) {
		w, o, t := m[0][name], m[1][name], m[2][name]
		if bytes.Equal(w, o) || !bytes.Equal(w, t) {
			continue // we left it, or they have changed it
		}
		if o == nil {
			delete(out, name)
		} else {
			out[name] = o
		}
	}
	raw, err := json.Marshal(out)
	if err != nil {
		return theirs, err
	}
	p, err := decodePost(raw)
	if err != nil {
		return theirs, err
	}
	p.Keys = union(theirs.Keys, ours.Keys)
	p.Also = slices.Clone(theirs.Also)
	for _, a := range ours.Also {
		if !slices.ContainsFunc(p.Also, func(b coranto.Also) bool { return b.Source == a.Source }) {
			p.Also = append(p.Also, a)
		}
	}
	return p, nil
}

func memberNames(maps []map[string]json.RawMessage) []string {
	var names []string
	for _, m := range maps {
		for n := range m {
			if !slices.Contains(names, n) {
				names = append(names, n)
			}
		}
	}
	slices.Sort(names)
	return names
}

func union(a, b []string) []string {
	out := slices.Clone(a)
	for _, s := range b {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}
