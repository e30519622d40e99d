package git

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Branches of a remote come and go; a borrowed repository reads what it is told.
func TestHeads(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	o := Options{Author: Ident{Name: "A", Email: "a@example.org"}}
	there, err := Init(ctx, filepath.Join(dir, "there"), "main", o)
	if err != nil {
		t.Fatal(err)
	}
	defer there.Close()
	commit := func(text string, at time.Time) OID {
		t.Helper()
		ids, err := there.WriteBlobs(ctx, []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		tree, err := there.WriteTree(ctx, "", []Put{{Path: "a/b", ID: ids[0]}})
		if err != nil {
			t.Fatal(err)
		}
		id, err := there.MakeCommit(ctx, NewCommit{Tree: tree, Message: text, When: at})
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	one, two := commit("one", time.Unix(1000, 0)), commit("two", time.Unix(2000, 0))
	if err := there.UpdateRefs(ctx, "test", RefUpdate{Name: "refs/heads/main", New: one}, RefUpdate{Name: "refs/heads/feature/x", New: two}); err != nil {
		t.Fatal(err)
	}
	here, err := Init(ctx, filepath.Join(dir, "here"), "main", o)
	if err != nil {
		t.Fatal(err)
	}
	defer here.Close()
	remote := Remote{URL: there.Dir()}
	heads := func() (names []string) {
		t.Helper()
		if err := here.FetchHeads(ctx, remote); err != nil {
			t.Fatal(err)
		}
		list, err := here.TrackedHeads(ctx, remote)
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range list {
			names = append(names, h.Branch)
		}
		return names
	}
	if got := heads(); len(got) != 2 || got[0] != "feature/x" || got[1] != "main" {
		t.Errorf("heads %v", got)
	}
	if err := there.UpdateRefs(ctx, "test", RefUpdate{Name: "refs/heads/feature/x", Old: two}); err != nil {
		t.Fatal(err)
	}
	if got := heads(); len(got) != 1 {
		t.Errorf("heads after one was deleted: %v", got)
	}
	if list, err := there.Heads(ctx); err != nil || len(list) != 1 || list[0].Commit != one || !list[0].When.Equal(time.Unix(1000, 0)) {
		t.Errorf("%+v, %v", list, err)
	}
	b, err := there.Borrow(ctx, filepath.Join(dir, "borrowed"), "x", two)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if body, err := b.ReadFile(ctx, two, "a/b"); err != nil || string(body) != "two" {
		t.Errorf("%q, %v", body, err)
	}
	if _, err := os.Stat(filepath.Join(dir, "borrowed", "a")); err == nil {
		t.Error("borrowing has checked out files")
	}
}
