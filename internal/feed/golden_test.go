package feed

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

// TestGolden reads testdata/*.txt: headers in the comment, the document, and
// what is read from it. UPDATE=1 writes the latter anew.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files (%v)", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			a, err := txtar.ParseFile(file)
			if err != nil || len(a.Files) == 0 {
				t.Fatalf("%s: %v", file, err)
			}
			got := golden(t, a)
			if os.Getenv("UPDATE") != "" {
				a.Files = append(a.Files[:1], txtar.File{Name: "want.json", Data: got})
				if err := os.WriteFile(file, txtar.Format(a), 0o666); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(a.Files[len(a.Files)-1].Data), string(got)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func golden(t *testing.T, a *txtar.Archive) []byte {
	m := Meta{URL: "https://feeds.example/blog/feed"}
	for line := range strings.Lines(string(a.Comment)) {
		name, val, _ := strings.Cut(strings.TrimSpace(line), ": ")
		switch name {
		case "content-type":
			m.ContentType = val
		case "content-location":
			m.ContentLocation = val
		case "content-language":
			m.ContentLanguage = val
		case "summary-only":
			m.SummaryOnly = true
		}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	doc, err := Parse(a.Files[0].Data, m)
	if err != nil {
		if !errors.Is(err, ErrNotFeed) {
			t.Errorf("unclassified error %v", err)
		}
		err = e.Encode(map[string]string{"error": err.Error()})
	} else {
		err = e.Encode(doc)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
