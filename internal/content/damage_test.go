package content_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/content"
)

const legacy = `[
  {"title":"New","intro":"n","author":"A","date":"Sep 14, 2020","link":"https://a.example/new","image":"https://a.example/n.png","tags":["x"]},
  [{"title":"Old","intro":"o","author":"B","date":"Sep 2, 2020","link":"https://a.example/old","image":null,"tags":null},
   [{"title":"Oldest","intro":"","author":"B","date":"","link":"https://a.example/oldest","image":"","tags":"y, z"}]]
]
`

// TestLegacy: the content of the AWS sample loads as it is, nested or not, and
// is taken over by the sources that announce it.
func TestLegacy(t *testing.T) {
	s := newSite(t, content.Options{Path: "content.json"})
	s.write("content.json", legacy)
	s.git("add", ".")
	s.git("commit", "-q", "-m", "import")
	if diff := cmp.Diff([]string{"Oldest", "Old", "New"}, s.titles()); diff != "" {
		t.Error(diff)
	}
	sn, err := s.store.Snapshot(t.Context())
	if err != nil || len(sn.Warnings()) != 1 || !strings.Contains(sn.Warnings()[0], "content.json") || sn.Len() != 3 {
		t.Errorf("%v %v", sn.Warnings(), err)
	}
	p := s.posts()[2]
	if p.ID == "" || p.Source != "" || p.Date != "Sep 14, 2020" || p.FirstSeen.Format("2006-01-02") != "2020-09-14" {
		t.Errorf("%+v", p)
	}
	ids := []string{s.posts()[0].ID, s.posts()[1].ID, s.posts()[2].ID}
	r := s.run(doc{"alice", []coranto.Entry{e("1", "http://a.example/new/?utm_source=rss", "New"), e("2", "https://a.example/other", "Other")}})
	if len(r.Merged) != 1 || len(r.Added) != 1 {
		t.Errorf("%+v", r)
	}
	if diff := cmp.Diff([]string{"Oldest", "Old", "New", "Other"}, s.titles()); diff != "" {
		t.Error(diff)
	}
	for i, id := range ids {
		if got := s.posts()[i].ID; got != id {
			t.Errorf("post %d was %s, is %s", i, id, got)
		}
	}
	if r := s.run(doc{"alice", []coranto.Entry{e("1", "https://a.example/new", "New")}}); !r.None {
		t.Errorf("%+v", r)
	}
	s.clean()
	if sn, _ := s.store.Snapshot(t.Context()); len(sn.Warnings()) != 0 {
		t.Errorf("still nested: %v", sn.Warnings())
	}
}

func TestHandwritten(t *testing.T) {
	s := newSite(t, content.Options{})
	s.write("content/mine.json", `[{"title":"By hand","link":"https://x.example/1","published":"2025-05-05T00:00:00Z","mood":"good"}]`)
	s.git("add", ".")
	s.git("commit", "-q", "-m", "mine")
	s.run(doc{"alice", []coranto.Entry{e("1", "https://x.example/1", "Announced")}})
	p := s.posts()
	if len(p) != 1 || p[0].Title != "By hand" || len(p[0].Also) != 1 || len(p[0].Extra) != 1 || p[0].Date != "May 5, 2025" {
		t.Errorf("%+v", p)
	}
}

func TestDamageStopsCommits(t *testing.T) {
	for name, data := range map[string]string{
		"cut": "[\n{\"title\":\"A\"", "object": `{"posts": []}`, "markers": "<<<<<<< HEAD\n[]\n=======\n[]\n>>>>>>> x\n", "type": `[{"keys": "x"}]`, "binary": "\x00\x01",
	} {
		s := newSite(t, content.Options{})
		s.run(doc{"alice", entries(1, 2)})
		b := s.batch(doc{"alice", entries(1, 3)})
		s.write("content/2025/12.json", data)
		s.git("add", ".")
		s.git("commit", "-q", "-m", "oops")
		head := s.git("rev-parse", "HEAD")
		_, err := s.store.Commit(t.Context(), b)
		if !errors.Is(err, content.ErrDamaged) || !strings.Contains(err.Error(), "content/2025/12.json line ") {
			t.Errorf("%s: %v", name, err)
		}
		if s.git("rev-parse", "HEAD") != head || s.read("content/2025/12.json") != data {
			t.Errorf("%s: something was written", name)
		}
		s.git("rm", "-q", "content/2025/12.json")
		s.git("commit", "-q", "-m", "mended")
		if _, err := s.store.Commit(t.Context(), b); err != nil || len(s.posts()) != 3 {
			t.Errorf("%s: mended, yet %v", name, err)
		}
	}
}

// TestCorruptions damages the content a hundred times at random: a clear error
// or a clean reading, never a panic, and no post that can still be read is lost.
func TestCorruptions(t *testing.T) {
	s := newSite(t, content.Options{Cache: content.DirCache(filepath.Join(t.TempDir(), "cache"))})
	s.run(doc{"alice", entries(1, 8)})
	good := []byte(s.read(shard))
	r := rand.New(rand.NewPCG(1, 2))
	failed := 0
	for i := range 100 {
		bad := corrupt(r, good)
		s.write(shard, string(bad))
		s.git("commit", "-q", "--allow-empty", "-am", fmt.Sprint("corruption ", i))
		sn, err := s.store.Snapshot(t.Context())
		if err != nil {
			failed++
			if !errors.Is(err, content.ErrDamaged) || !strings.Contains(err.Error(), shard+" line ") {
				t.Errorf("%d: unclear: %v", i, err)
			}
			continue
		}
		before, err := sn.Posts(t.Context())
		if err != nil {
			t.Errorf("%d: %v", i, err)
		}
		if i%5 != 0 {
			continue
		}
		s.run(doc{"alice", entries(1, 9)})
		after := s.posts()
		for _, p := range before {
			found := false
			for _, q := range after {
				found = found || q.ID == p.ID && q.Title == p.Title
			}
			if !found {
				t.Errorf("%d: post %q is lost", i, p.Title)
			}
		}
	}
	if failed < 20 || failed > 99 {
		t.Errorf("%d of 100 were errors", failed)
	}
	s.fsck()
}

func corrupt(r *rand.Rand, good []byte) []byte {
	b := bytes.Clone(good)
	at := r.IntN(len(b))
	switch r.IntN(6) {
	case 0:
		return b[:at]
	case 1:
		b[at] ^= 1 << r.IntN(8)
	case 2:
		return append(b[:at:at], b[min(at+r.IntN(200), len(b)):]...)
	case 3:
		return append(b[:at:at], append([]byte("\n=======\n"), b[at:]...)...)
	case 4:
		to := r.IntN(len(b))
		copy(b[at:], b[to:min(to+50, len(b))])
	case 5:
		b[at] = "\"{}[],:\x00 0"[r.IntN(10)]
	}
	return b
}

func TestDamagedCache(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	s := newSite(t, content.Options{Cache: content.DirCache(dir)})
	s.run(doc{"alice", entries(1, 8)})
	s.posts()
	list, err := os.ReadDir(dir)
	if err != nil || len(list) != 2 {
		t.Fatalf("%v %v", list, err)
	}
	for i, f := range list {
		name := filepath.Join(dir, f.Name())
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		b[len(b)/2] ^= 0xff
		if err := os.WriteFile(name, b[:len(b)-i], 0o666); err != nil {
			t.Fatal(err)
		}
		s.reopen()
		if r := s.run(doc{"alice", entries(1, 8)}); !r.None {
			t.Errorf("%+v", r)
		}
	}
	os.RemoveAll(dir)
	s.reopen()
	if r := s.run(doc{"alice", entries(1, 8)}); !r.None {
		t.Errorf("%+v", r)
	}
}

func TestDuplicateID(t *testing.T) {
	s := newSite(t, content.Options{})
	s.run(doc{"alice", entries(1, 2)})
	s.write("content/copy.json", s.read(shard))
	s.git("add", ".")
	s.git("commit", "-q", "-m", "a copy")
	sn, err := s.store.Snapshot(t.Context())
	if err != nil || sn.Len() != 2 || len(s.posts()) != 2 || len(sn.Warnings()) != 2 {
		t.Errorf("%d posts, %v, %v", sn.Len(), sn.Warnings(), err)
	}
}
