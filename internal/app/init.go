package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/coranto/coranto/internal/config"
	"github.com/coranto/coranto/internal/content"
	"github.com/coranto/coranto/internal/git"
)

// Inited is what making a site directory did.
type Inited struct {
	Dir    string   `json:"dir"`
	Made   []string `json:"made"` // files that were not there
	Commit string   `json:"commit,omitempty"`
}

const ignored = `# State that can be thrown away: all that matters is in git.
/.coranto/
`

// ErrExists is returned where there is a site directory already.
var ErrExists = errors.New("is a site directory already")

// Init makes dir a site directory: a git repository with a configuration. yaml
// is the configuration to write, nil for the one a new site starts with. Files
// that are there stay as they are.
func Init(ctx context.Context, dir string, yaml []byte, o Options) (Inited, error) {
	o.defaults()
	l, err := layoutOf(dir)
	if err != nil {
		return Inited{}, err
	}
	res := Inited{Dir: l.Dir}
	files, err := beginning(l, yaml)
	if err != nil {
		return res, err
	}
	cfg, err := config.Parse(config.FileName, files[config.FileName])
	if err != nil {
		return res, err
	}
	res.Made = made(files)
	if err := os.MkdirAll(l.Dir, 0o777); err != nil {
		return res, err
	}
	branch := cfg.Branch
	if branch == "" {
		branch = "main"
	}
	repo, err := git.Init(ctx, l.Dir, branch, git.Options{})
	if err != nil {
		return res, err
	}
	defer repo.Close()
	at, err := branchOf(ctx, repo, cfg)
	if err != nil {
		return res, err
	}
	store, err := content.Open(ctx, repo, content.Options{Path: cfg.Content, Branch: at, Now: o.Now})
	if err != nil {
		return res, err
	}
	defer store.Close()
	for name, b := range files {
		if err := replaceFile(filepath.Join(l.Dir, name), b); err != nil {
			return res, err
		}
	}
	res.Commit, err = store.CommitFiles(ctx, files, "Begin with Coranto")
	return res, err
}

// WouldInit tells what Init would make of dir, and makes nothing.
func WouldInit(dir string) (Inited, error) {
	l, err := layoutOf(dir)
	if err != nil {
		return Inited{}, err
	}
	files, err := beginning(l, nil)
	return Inited{Dir: l.Dir, Made: made(files)}, err
}

func made(files map[string][]byte) []string {
	names := slices.Sorted(maps.Keys(files))
	slices.Reverse(names) // coranto.yaml before .gitignore
	return names
}

// beginning are the files of a new site, with their bytes.
func beginning(l Layout, yaml []byte) (map[string][]byte, error) {
	if exists(l.config()) {
		if exists(filepath.Join(l.Dir, ".git")) {
			return nil, fmt.Errorf("%s %w", l.Dir, ErrExists)
		}
		// A configuration without a repository: it is taken as it is.
		b, err := os.ReadFile(l.config())
		if err != nil {
			return nil, err
		}
		yaml = b
	}
	if yaml == nil {
		yaml = config.Template(config.TemplateData{Title: title(filepath.Base(l.Dir))})
	}
	files := map[string][]byte{config.FileName: yaml}
	ignore, err := os.ReadFile(filepath.Join(l.Dir, ".gitignore"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if !strings.Contains(string(ignore), ".coranto") {
		if len(ignore) > 0 && !strings.HasSuffix(string(ignore), "\n") {
			ignore = append(ignore, '\n')
		}
		files[".gitignore"] = append(ignore, ignored...)
	}
	return files, nil
}

// title makes a site's title of its folder's name.
func title(name string) string {
	words := strings.FieldsFunc(name, func(r rune) bool { return r == '-' || r == '_' || r == '.' })
	for i, w := range words {
		words[i] = strings.ToUpper(w[:1]) + w[1:]
	}
	if len(words) == 0 {
		return "News"
	}
	return strings.Join(words, " ")
}
