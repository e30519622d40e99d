package coranto_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// durable are the calls that make something outlast the process. A method is
// named with a dot before it.
var durable = map[string]bool{
	"os.Rename": true, "os.Link": true, ".Sync": true, "unix.Syncfs": true, "unix.Fsync": true,
	"tx.Commit": true,
}

// exempt lists functions whose write needs no point of its own, with why.
var exempt = map[string]string{
	"internal/app.rotate":      "puts a full access log aside",
	"internal/sqlite.SetAside": "moves a damaged state file away; done again it does nothing",
}

// TestDurableWritesHaveFailpoints reads the sources: a function that makes
// something durable passes a failpoint, or every function of its package that
// calls it does.
func TestDurableWritesHaveFailpoints(t *testing.T) {
	packages := map[string]map[string]*function{}
	err := filepath.WalkDir("internal", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return err
		}
		dir := filepath.ToSlash(filepath.Dir(file))
		if packages[dir] == nil {
			packages[dir] = map[string]*function{}
		}
		return readFunctions(file, packages[dir])
	})
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for dir, functions := range packages {
		for name, f := range functions {
			if !f.writes || exempt[dir+"."+name] != "" {
				continue
			}
			found++
			if !covered(functions, name, map[string]bool{}) {
				t.Errorf("%s.%s makes something durable and passes no failpoint", dir, name)
			}
		}
	}
	if found == 0 {
		t.Error("no durable write found: the test has lost its eyes")
	}
}

// function is what the test knows of one: by name, methods of all types together.
type function struct {
	writes, hits bool
	calls        map[string]bool
}

func readFunctions(file string, into map[string]*function) error {
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	for _, d := range f.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Body == nil {
			continue
		}
		g := into[fn.Name.Name]
		if g == nil {
			g = &function{calls: map[string]bool{}}
			into[fn.Name.Name] = g
		}
		ast.Inspect(fn.Body, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			switch fun := call.Fun.(type) {
			case *ast.Ident:
				g.calls[fun.Name] = true
			case *ast.SelectorExpr:
				g.calls[fun.Sel.Name] = true
				on, _ := fun.X.(*ast.Ident)
				switch {
				case on != nil && on.Name == "failpoint" && fun.Sel.Name == "Hit":
					g.hits = true
				case on != nil && durable[on.Name+"."+fun.Sel.Name]:
					g.writes = true
				case durable["."+fun.Sel.Name] && len(call.Args) == 0:
					g.writes = true
				}
			}
			return true
		})
	}
	return nil
}

// covered reports whether name, or everything that calls it, passes a failpoint.
func covered(functions map[string]*function, name string, seen map[string]bool) bool {
	if functions[name].hits {
		return true
	}
	seen[name] = true
	callers := 0
	for caller, f := range functions {
		if !f.calls[name] || caller == name {
			continue
		}
		callers++
		if !seen[caller] && !covered(functions, caller, seen) {
			return false
		}
	}
	return callers > 0
}
