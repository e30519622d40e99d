package git

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestTrailer(t *testing.T) {
	for message, want := range map[string]string{
		"s\n\nRun: 1\n":                     "1",
		"s\n\nRun: 1\n\nRun: 2\nX: y\n":     "2",
		"s\n\nRun: 1\n\nsaid somebody else": "",
		"Run: 1":                            "1",
		"s\n\n- Run: 1\n\nCoranto: 1\n":     "",
		"":                                  "",
	} {
		if got := (Commit{Message: message}).Trailer("run"); got != want {
			t.Errorf("%q: %q, want %q", message, got, want)
		}
	}
}

func TestParseCommit(t *testing.T) {
	got := parseCommit(Object{ID: "x", Data: []byte("tree t\nparent p\nparent q\nauthor A <B> C <a@b> 1000000000 +0200\ncommitter D <> 5 -0100\ngpgsig -----\n tree no\n\nHi\n\nthere\n")})
	want := Commit{
		ID: "x", Tree: "t", Parents: []OID{"p", "q"}, Author: Ident{Name: "A", Email: "B> C <a@b"},
		Date: time.Unix(1e9, 0).UTC(), When: time.Unix(5, 0).UTC(), Message: "Hi\n\nthere\n",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// FuzzParseTree: whatever is read covers the bytes exactly.
func FuzzParseTree(f *testing.F) {
	f.Add([]byte("100644 a\x0001234567890123456789"))
	f.Add([]byte("40000 dir\x0001234567890123456789100755 b\x0001234567890123456789"))
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := parseTree(data, 20)
		if err != nil {
			return
		}
		n := 0
		for _, e := range list {
			n += len(e.Mode) + 1 + len(e.Path) + 1 + 20
			if len(e.ID) != 40 {
				t.Errorf("%+v", e)
			}
		}
		if n != len(data) {
			t.Errorf("%d of %d bytes read", n, len(data))
		}
		parseCommit(Object{Data: data})
	})
}
