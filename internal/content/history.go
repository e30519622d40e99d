package content

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/git"
)

// Key is a key of a post, taken apart.
type Key struct {
	Source string `json:"source"`
	Kind   string `json:"kind"` // id, link or title
	Value  string `json:"value"`
}

// ReadKey takes a key apart; false for one that no version has written.
func ReadKey(key string) (Key, bool) {
	p, ok := parseKey(key)
	if !ok {
		return Key{}, false
	}
	return Key{p.source, p.form[:len(p.form)-1], p.value}, true
}

// Touch is a commit that changed a post.
type Touch struct {
	Commit  string    `json:"commit"`
	When    time.Time `json:"when"`
	Subject string    `json:"subject"`
	Run     string    `json:"run,omitempty"`
	What    []string  `json:"what"` // added, or the names of the members that changed
}

// maxWalk bounds how far back History looks.
const maxWalk = 5_000

// History lists the commits that changed a post, the newest first, along first
// parents; whole says that it reaches the commit that added it.
func (sn *Snapshot) History(ctx context.Context, id string) (list []Touch, whole bool, err error) {
	n := newBoard(sn.ix, sn.store.seed).find(inIDs, id)
	if n < 0 {
		return nil, false, nil
	}
	shard, _ := sn.ix.where(n)
	path, blob := sn.ix.shards[shard].path, git.OID(sn.ix.shards[shard].blob)
	now, at := sn.store.postIn(ctx, blob, path, id), sn.commit
	for range maxWalk {
		c, err := sn.store.repo.ReadCommit(ctx, string(at))
		if err != nil {
			return list, false, err
		}
		before := git.OID("")
		if len(c.Parents) > 0 {
			if before, err = sn.store.blobAt(ctx, c.Parents[0], path); err != nil {
				return list, false, err
			}
		}
		if before != blob {
			was := sn.store.postIn(ctx, before, path, id)
			if what := changed(was, now); len(what) > 0 {
				subject, _, _ := strings.Cut(c.Message, "\n")
				list = append(list, Touch{Commit: string(c.ID), When: c.When.UTC(), Subject: subject, Run: c.Trailer(trailerRun), What: what})
			}
			if was == nil {
				return list, true, nil
			}
			now, blob = was, before
		}
		if len(c.Parents) == 0 {
			return list, true, nil
		}
		at = c.Parents[0]
	}
	return list, false, nil
}

// Path names the file that holds a post; "" where none does.
func (sn *Snapshot) Path(id string) string {
	n := newBoard(sn.ix, sn.store.seed).find(inIDs, id)
	if n < 0 {
		return ""
	}
	shard, _ := sn.ix.where(n)
	return sn.ix.shards[shard].path
}

// blobAt names the file's bytes at a commit; "": it is not there.
func (s *Store) blobAt(ctx context.Context, commit git.OID, path string) (git.OID, error) {
	o, err := s.repo.Object(ctx, string(commit)+":"+path)
	if errors.Is(err, git.ErrNotFound) {
		return "", nil
	}
	return o.ID, err
}

// postIn finds a post in a shard; nil: it is not there, or the shard was
// damaged at the time.
func (s *Store) postIn(ctx context.Context, blob git.OID, path, id string) *coranto.Post {
	if blob == "" {
		return nil
	}
	sh, err := s.shard(ctx, git.Entry{ID: blob, Path: path})
	if err != nil {
		return nil
	}
	for i := range sh.spans {
		p, err := sh.post(i)
		if err != nil {
			continue
		}
		if complete(&p); p.ID == id {
			return &p
		}
	}
	return nil
}

// changed names the members in which two versions of a post differ.
func changed(was, now *coranto.Post) []string {
	if was == nil || now == nil {
		return []string{"added"}
	}
	var m [2]map[string]json.RawMessage
	for i, p := range []*coranto.Post{was, now} {
		raw, err := json.Marshal(*p)
		if err != nil || json.Unmarshal(raw, &m[i]) != nil {
			return nil
		}
	}
	var out []string
	for _, name := range memberNames(m[:]) {
		if !bytes.Equal(m[0][name], m[1][name]) {
			out = append(out, name)
		}
	}
	return out
}
