package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/app"
	"github.com/coranto/coranto/internal/config"
)

// TestOPMLIsTheIdentity exports and imports what a site follows: every setting
// of every source comes back as it was, whatever is written in it.
func TestOPMLIsTheIdentity(t *testing.T) {
	rnd := rand.New(rand.NewPCG(4, 22))
	var edits []config.SourceEdit
	used := map[string]bool{}
	for i := range 422 {
		s := randomSource(rnd, i)
		fields := reflect.ValueOf(s)
		for n := range fields.NumField() {
			if !fields.Field(n).IsZero() {
				used[fields.Type().Field(n).Name] = true
			}
		}
		edits = append(edits, config.EditOf(s))
	}
	for n := range reflect.TypeFor[coranto.Source]().NumField() {
		if name := reflect.TypeFor[coranto.Source]().Field(n).Name; !used[name] {
			t.Errorf("no source has %s, so nothing is known of it", name)
		}
	}
	const start = "site: {title: A <planet> & more}\nzones: {office: {allow: [10.0.0.0/8]}}\n"
	text, err := config.AddSources([]byte(start), edits)
	if err != nil {
		t.Fatal(err)
	}
	from, to := siteOf(t, "from", string(text)), siteOf(t, "to", start)
	code, exported, errs := typed2(t, "", "-C", from, "source", "export")
	if code != 0 {
		t.Fatal(errs)
	}
	list := filepath.Join(t.TempDir(), "list.opml")
	if err := os.WriteFile(list, []byte(exported), 0o666); err != nil {
		t.Fatal(err)
	}
	code, out, errs := typed2(t, "", "-C", to, "source", "import", list)
	if code != 0 || errs != "" || !strings.Contains(out, "added   422 sources") {
		t.Fatalf("exit code %d\n%s%s", code, out, errs)
	}
	want, err := app.ConfiguredSources(from)
	if err != nil {
		t.Fatal(err)
	}
	got, err := app.ConfiguredSources(to)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-exported +imported):\n%s", d)
	}
	if _, again, _ := typed2(t, "", "-C", to, "source", "export"); again != exported {
		t.Error("what was imported is exported otherwise")
	}
	if code, out, _ := typed2(t, "", "-C", to, "source", "import", list); code != 0 || !strings.Contains(out, "added   0 sources, 422 were there already") {
		t.Errorf("imported again: %d %s", code, out)
	}
}

func siteOf(t *testing.T, name, yaml string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), name)
	if _, err := app.Init(t.Context(), dir, []byte(yaml), app.Options{}); err != nil {
		t.Fatal(err)
	}
	return dir
}

// randomSource has about half of the settings that there are.
func randomSource(rnd *rand.Rand, i int) coranto.Source {
	words := []string{"plain", "Ünïcödé 日本語 🙂", `"quotes" & <tags>`, "it's: a {test}, [too] #1", "\u202eright to left", "a,b/c", "  spaced  out  ", "-", "~", "no", "12", "0x1f", "%s $HOME"}
	word := func() string { return words[rnd.IntN(len(words))] }
	maybe := func(s string) string {
		if rnd.IntN(2) == 0 {
			return ""
		}
		return s
	}
	pick := func(list ...string) string { return maybe(list[rnd.IntN(len(list))]) }
	line := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	s := coranto.Source{ID: fmt.Sprintf("s%d", i), URL: fmt.Sprintf("https://h%d.example/feed?a=1&b=%d", i%300, i), Kind: "blog",
		Title: maybe(line(word())), Site: maybe(fmt.Sprintf("https://h%d.example/?x=<y>", i)), Author: maybe(line(word())), Language: pick("de", "pt-BR", "zh-Hant"),
		Zone: pick("office", "public"), FullText: pick("feed", "page"), Every: pick("48h0m0s", "15m0s"), Robots: pick("ignore"), Moderate: pick("approve"),
		Paused: rnd.IntN(4) == 0, Retired: rnd.IntN(6) == 0}
	if rnd.IntN(3) == 0 {
		s.Kind = "video"
	}
	if rnd.IntN(3) == 0 {
		s.Limit = 1 + rnd.IntN(50)
	}
	for range rnd.IntN(4) {
		if w := line(word()); len(s.Tags) == 0 || s.Tags[0] != w {
			s.Tags = append(s.Tags, w)
		}
	}
	if rnd.IntN(3) == 0 {
		s.Include = &coranto.Filter{Title: `/a"b|<c>\s/`, Tags: []string{line(word()), "y"}}
	}
	if rnd.IntN(3) == 0 {
		s.Exclude = &coranto.Filter{URL: "/sponsored/", Author: line(word()), Language: []string{"en"}}
	}
	if rnd.IntN(4) == 0 {
		s.Scrape = &coranto.Recipe{Item: "article > h2", Title: ".t", Link: "a@href", Date: "time@datetime"}
	}
	return s
}
