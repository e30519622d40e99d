package git

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
)

// minMinor is the oldest git 2.x that does all we ask (repack --geometric).
const minMinor = 32

// Repo is an open repository. Its methods may be called from many goroutines.
type Repo struct {
	program string
	dir     string // top of the working tree, or the bare folder
	gitDir  string // of this working tree: HEAD, index, MERGE_HEAD
	common  string // shared by all working trees: objects, refs
	bare    bool
	hexLen  int // 40 or 64
	minor   int // of git 2.x; 0: a later or unknown one
	author  Ident

	reader reader
	follow sync.Mutex // one Follow at a time
}

// Init makes dir a repository whose first branch is branch, or opens it when
// it is one already.
func Init(ctx context.Context, dir, branch string, o Options) (*Repo, error) {
	if r, err := Open(ctx, dir, o); err == nil || !errors.Is(err, ErrNotRepo) && !errors.Is(err, ErrSubdir) {
		return r, err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("init %s: %w", dir, err)
	}
	// An empty template brings neither sample hooks nor the user's own.
	_, err := do(ctx, o.program(), dir, DefaultIdent, call{args: []string{"init", "-q", "--template=", "--initial-branch=" + branch, "."}})
	if err != nil {
		return nil, fmt.Errorf("init %s: %w", dir, err)
	}
	return Open(ctx, dir, o)
}

// Open opens the repository whose working tree (or bare folder) is dir.
func Open(ctx context.Context, dir string, o Options) (*Repo, error) {
	abs, err := filepath.Abs(dir)
	if err == nil {
		abs, err = filepath.EvalSymlinks(abs)
	}
	if err != nil {
		return nil, fmt.Errorf("open %s: %w: %w", dir, ErrNotRepo, err)
	}
	r := &Repo{program: o.program(), dir: abs}
	if err := r.version(ctx); err != nil {
		return nil, err
	}
	if err := r.locate(ctx); err != nil {
		return nil, fmt.Errorf("open %s: %w", dir, err)
	}
	r.author = o.Author
	if r.author == (Ident{}) {
		r.author = r.identity(ctx)
	}
	r.reader.repo = r
	return r, nil
}

func (o Options) program() string {
	if o.Program != "" {
		return o.Program
	}
	return "git"
}

// version refuses a git that lacks what we use.
func (r *Repo) version(ctx context.Context) error {
	out, err := r.run(ctx, nil, "version")
	if errors.Is(err, ErrMissing) {
		return err
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrMissing, err)
	}
	v := strings.TrimPrefix(strings.TrimSpace(string(out)), "git version ")
	part := strings.SplitN(v, ".", 3)
	major, err := strconv.Atoi(part[0])
	if err != nil || len(part) < 2 {
		return nil // some vendor's spelling: let the commands speak
	}
	minor, err := strconv.Atoi(part[1])
	if err != nil || major > 2 {
		return nil
	}
	r.minor = minor
	if major < 2 || minor < minMinor {
		return fmt.Errorf("%w: found git %s, 2.%d or newer is needed", ErrMissing, v, minMinor)
	}
	return nil
}

// locate finds the parts of the repository and refuses a folder inside one:
// paths of posts are told from the top.
func (r *Repo) locate(ctx context.Context) error {
	out, err := r.run(ctx, nil, "rev-parse", "--is-bare-repository", "--show-object-format", "--absolute-git-dir", "--git-common-dir")
	var f *failure
	if errors.As(err, &f) {
		switch {
		case f.says("dubious ownership", "safe.directory"):
			return fmt.Errorf("%w that git trusts: it belongs to another user (hint: git config --global --add safe.directory %s)", ErrNotRepo, r.dir)
		case f.says("not a git repository"):
			if broken := brokenDir(r.dir); broken != "" {
				return fmt.Errorf("%w: %s", ErrDamaged, broken)
			}
			return fmt.Errorf("%w (hint: coranto init %s)", ErrNotRepo, r.dir)
		}
	}
	if err != nil {
		return err
	}
	line := strings.Split(strings.TrimRight(string(out), "\n"), "\n")
	if len(line) != 4 {
		return fmt.Errorf("git rev-parse printed %q", out)
	}
	r.bare, r.gitDir, r.common, r.hexLen = line[0] == "true", line[2], line[3], 40
	if line[1] == "sha256" {
		r.hexLen = 64
	}
	if !filepath.IsAbs(r.common) {
		r.common = filepath.Join(r.dir, r.common)
	}
	if r.bare {
		return nil
	}
	out, err = r.run(ctx, nil, "rev-parse", "--show-toplevel")
	if err != nil {
		return err
	}
	top, err := filepath.EvalSymlinks(strings.TrimRight(string(out), "\n"))
	if err != nil {
		return err
	}
	if top != r.dir {
		return fmt.Errorf("%w: that is %s (hint: give the site a repository of its own: coranto init %s)", ErrSubdir, top, r.dir)
	}
	return nil
}

// brokenDir says why git does not know the repository in dir for one, though there
// is one; "": there is none.
func brokenDir(dir string) string {
	at := filepath.Join(dir, ".git")
	if info, err := os.Stat(at); err != nil || !info.IsDir() {
		return ""
	}
	for _, part := range []string{"HEAD", "objects", "refs"} {
		if _, err := os.Stat(filepath.Join(at, part)); errors.Is(err, fs.ErrNotExist) {
			if part == "HEAD" {
				return filepath.Join(at, part) + " is missing (hint: it holds one line, such as: ref: refs/heads/main)"
			}
			return filepath.Join(at, part) + " is missing"
		}
	}
	if b, err := os.ReadFile(filepath.Join(at, "HEAD")); err == nil && !strings.HasPrefix(string(b), "ref: ") {
		return filepath.Join(at, "HEAD") + " is not what git writes (hint: it holds one line, such as: ref: refs/heads/main)"
	}
	return at + " is not as git makes it"
}

// identity is the user's own where git knows it.
func (r *Repo) identity(ctx context.Context) Ident {
	id := DefaultIdent
	out, err := r.run(ctx, nil, "config", "-z", "--get-regexp", `^user\.(name|email)$`)
	if err != nil {
		return id
	}
	var name, email string
	for _, kv := range strings.Split(string(out), "\x00") {
		switch k, v, _ := strings.Cut(kv, "\n"); k {
		case "user.name":
			name = v
		case "user.email":
			email = v
		}
	}
	if name != "" && email != "" {
		return Ident{Name: name, Email: email}
	}
	return id
}

// Close ends the process kept for reading.
func (r *Repo) Close() error { return r.reader.close() }

// Dir is the working tree's top, or the bare folder.
func (r *Repo) Dir() string { return r.dir }

// GitDir is where git keeps what belongs to this working tree.
func (r *Repo) GitDir() string { return r.gitDir }

// Bare reports whether there is no working tree.
func (r *Repo) Bare() bool { return r.bare }

// Author signs the commits.
func (r *Repo) Author() Ident { return r.author }

// zero is the OID that git writes for "none".
func (r *Repo) zero() string { return strings.Repeat("0", r.hexLen) }
