package coranto_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/coranto/coranto"

// layers lists every package, lowest row first. A package imports packages of
// rows below its own, never of its own row (a folder below a package may
// import that package: it implements or feeds it).
var layers = [][]string{
	{"."},
	{"asl", "internal/failpoint", "internal/markup", "bench/read/meter"},
	{"internal/durable"},
	{"internal/egress", "internal/secret", "internal/sqlite", "internal/config", "internal/schedule", "internal/workflows", "internal/git", "internal/trust", "internal/bucket"},
	{"internal/catalog", "internal/feed", "internal/feed/listing", "internal/robots", "internal/scrape", "internal/content", "internal/release", "internal/engine", "internal/opml", "internal/planets", "internal/moderation", "internal/notify", "internal/websub", "internal/job", "internal/lint", "internal/diagram"},
	{"internal/site", "internal/host", "internal/engine/local", "internal/engine/enginetest", "internal/sampleweb"},
	{"internal/pipeline"},
	{"internal/app"},
	{"cmd/coranto", "cmd/conformance", "bench", "bench/engine", "bench/read", "bench/read/peers", "bench/site", "bench/host"},
}

// onlyFor lists packages that few may import.
var onlyFor = map[string][]string{
	"internal/config": {"internal/app", "cmd/coranto"},
	"internal/app":    {"cmd/coranto", "bench"},
}

func TestLayers(t *testing.T) {
	row := map[string]int{}
	for i, r := range layers {
		for _, p := range r {
			row[p] = i
		}
	}
	seen := map[string]bool{}
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name := d.Name(); name == "testdata" || file != "." && strings.HasPrefix(name, ".") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(file, ".go") {
			return nil
		}
		dir := filepath.ToSlash(filepath.Dir(file))
		at, ok := row[dir]
		if !ok {
			if !seen[dir] {
				t.Errorf("package %s stands on no row of layers", dir)
			}
			seen[dir] = true
			return nil
		}
		seen[dir] = true
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		test := strings.HasSuffix(file, "_test.go")
		for _, spec := range f.Imports {
			imp, _ := strconv.Unquote(spec.Path.Value)
			if imp == module {
				imp = "."
			} else if rest, ok := strings.CutPrefix(imp, module+"/"); ok {
				imp = rest
			} else {
				continue
			}
			if test && (imp == dir || row[imp] != row["internal/app"]) {
				continue // tests may use what they need, but for the assembly
			}
			if to, ok := row[imp]; ok && to >= at && path.Dir(imp) != dir && path.Dir(dir) != imp {
				t.Errorf("%s imports %s, which is not below it", file, imp)
			}
			if who := onlyFor[imp]; who != nil && !test && !slices.Contains(who, dir) {
				t.Errorf("%s imports %s, which only %v may", file, imp, who)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for p := range row {
		if !seen[p] && p != "bench" {
			t.Logf("layers lists %s, which does not exist (yet)", p)
		}
	}
}

// TestArchitectureIsWhole: docs/ARCHITECTURE.md names every package, in the
// house and with its promise.
func TestArchitectureIsWhole(t *testing.T) {
	b, err := os.ReadFile("docs/ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.SplitN(string(b), "```", 3)
	if len(parts) != 3 {
		t.Fatal("there is no house")
	}
	house := strings.Fields(parts[1])
	for _, row := range layers {
		for _, p := range row {
			name, internal := strings.CutPrefix(p, "internal/")
			if !internal {
				continue
			}
			if !slices.Contains(house, name) && !slices.Contains(house, p) {
				t.Errorf("%s is not in the house", p)
			}
			if !strings.Contains(parts[2], "`"+name+"`") {
				t.Errorf("%s is not described", p)
			}
		}
	}
}
