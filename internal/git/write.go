package git

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/coranto/coranto/internal/failpoint"
)

var (
	fpBlobs  = failpoint.Name("git.before-blobs")
	fpTrees  = failpoint.Name("git.before-trees")
	fpCommit = failpoint.Name("git.before-commit")
	fpMade   = failpoint.Name("git.after-commit")
	fpRefs   = failpoint.Name("git.before-refs")
	fpMoved  = failpoint.Name("git.after-refs")
)

// WriteBlobs makes each value a durable blob, as it is, and returns their names.
func (r *Repo) WriteBlobs(ctx context.Context, values ...[]byte) ([]OID, error) {
	if len(values) == 0 {
		return nil, nil
	}
	if err := failpoint.Hit(fpBlobs); err != nil {
		return nil, err
	}
	if len(values) == 1 {
		out, err := r.run(ctx, nonNil(values[0]), "hash-object", "-w", "-t", "blob", "--no-filters", "--stdin")
		if err != nil {
			return nil, err
		}
		return []OID{OID(strings.TrimSpace(string(out)))}, nil
	}
	// One process for all: it reads them from files, since its input holds paths.
	dir, err := os.MkdirTemp("", "coranto-blobs-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	var paths bytes.Buffer
	for i, v := range values {
		p := filepath.Join(dir, strconv.Itoa(i))
		if err := os.WriteFile(p, v, 0o600); err != nil {
			return nil, err
		}
		paths.WriteString(p + "\n")
	}
	out, err := r.run(ctx, paths.Bytes(), "hash-object", "-w", "-t", "blob", "--no-filters", "--stdin-paths")
	if err != nil {
		return nil, err
	}
	ids := strings.Fields(string(out))
	if len(ids) != len(values) {
		return nil, fmt.Errorf("git hash-object: %d names for %d blobs", len(ids), len(values))
	}
	oids := make([]OID, len(ids))
	for i, id := range ids {
		oids[i] = OID(id)
	}
	return oids, nil
}

func nonNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// Put is a change of one path of a tree. Without an ID the file is deleted.
type Put struct {
	Path string
	ID   OID
	Mode string // empty: as it was, else ModeFile
}

// WriteTree applies the changes to a tree or commit ("": empty) and returns
// the new tree. A path that runs through a file, or ends at a folder, is an error.
func (r *Repo) WriteTree(ctx context.Context, base OID, puts []Put) (OID, error) {
	root := &node{}
	for _, p := range puts {
		if err := root.add(p); err != nil {
			return "", err
		}
	}
	if err := failpoint.Hit(fpTrees); err != nil {
		return "", err
	}
	maker, err := r.treeMaker(ctx)
	if err != nil {
		return "", err
	}
	id, err := r.build(ctx, maker, base, root, "")
	if err2 := maker.close(); err == nil {
		err = err2
	}
	if err != nil {
		return "", fmt.Errorf("write tree: %w", err)
	}
	return id, nil
}

// node is the part of a change at or below one name.
type node struct {
	put   *Put
	below map[string]*node
}

func (n *node) add(p Put) error {
	if err := CheckPath(p.Path); err != nil {
		return err
	}
	at := n
	for name := range strings.SplitSeq(p.Path, "/") {
		if at.put != nil {
			return fmt.Errorf("%s is both a file and a folder", at.put.Path)
		}
		if at.below == nil {
			at.below = map[string]*node{}
		}
		if at.below[name] == nil {
			at.below[name] = &node{}
		}
		at = at.below[name]
	}
	if at.below != nil || at.put != nil {
		return fmt.Errorf("%s is changed twice", p.Path)
	}
	at.put = &p
	return nil
}

// CheckPath refuses what must not be a file of a repository: nothing leaves the
// working tree or enters git's own folder, in any spelling that some file
// system takes for it.
func CheckPath(path string) error {
	for name := range strings.SplitSeq(path, "/") {
		bad := name == "" || name == "." || name == ".." || strings.ContainsAny(name, "\\\x00\n\r")
		low := strings.ToLower(strings.TrimRight(strings.Map(dropIgnored, name), ". "))
		if bad || low == ".git" || strings.HasPrefix(low, ".git:") || strings.HasPrefix(low, "git~") {
			return fmt.Errorf("%q is no path for a file in git", path)
		}
	}
	return nil
}

// dropIgnored removes the characters that HFS+ does not see in a name.
func dropIgnored(r rune) rune {
	if r >= 0x200c && r <= 0x200f || r >= 0x202a && r <= 0x202e || r >= 0x206a && r <= 0x206f || r == 0xfeff {
		return -1
	}
	return r
}

func (r *Repo) build(ctx context.Context, m *treeMaker, base OID, n *node, dir string) (OID, error) {
	list, err := r.readTree(ctx, base)
	if err != nil {
		return "", err
	}
	names := make([]string, 0, len(n.below))
	for name := range n.below {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if list, err = r.place(ctx, m, list, name, n.below[name], dir); err != nil {
			return "", err
		}
	}
	if len(list) == 0 && dir != "" {
		return "", nil // git keeps no empty folders
	}
	return m.tree(list)
}

// place applies what happens below one name to the lines of its folder.
func (r *Repo) place(ctx context.Context, m *treeMaker, list []Entry, name string, n *node, dir string) ([]Entry, error) {
	at := slices.IndexFunc(list, func(e Entry) bool { return e.Path == name })
	var old Entry
	if at >= 0 {
		old = list[at]
	}
	new := Entry{Path: name}
	if n.put != nil {
		if old.IsTree() && n.put.ID != "" {
			return nil, fmt.Errorf("%s%s is a folder (hint: move it away, a file is to be written there)", dir, name)
		}
		new.ID, new.Mode = n.put.ID, n.put.Mode
		if new.Mode == "" {
			if new.Mode = old.Mode; new.Mode != ModeExec {
				new.Mode = ModeFile
			}
		}
	} else {
		if old.ID != "" && !old.IsTree() {
			return nil, fmt.Errorf("%s%s is a file (hint: move it away, a folder of that name is needed)", dir, name)
		}
		id, err := r.build(ctx, m, old.ID, n, dir+name+"/")
		if err != nil {
			return nil, err
		}
		new.ID, new.Mode = id, modeTree
	}
	switch {
	case new.ID == "" && at >= 0:
		return slices.Delete(list, at, at+1), nil
	case new.ID == "":
		return list, nil
	case at >= 0:
		list[at] = new
		return list, nil
	}
	return append(list, new), nil
}

// treeMaker is a "git mktree --batch": all folders of a commit, one process.
type treeMaker struct {
	in   io.WriteCloser
	out  *bufio.Reader
	wait func() error
}

func (r *Repo) treeMaker(ctx context.Context) (*treeMaker, error) {
	cmd := command(ctx, r.program, r.dir, r.author, r.durable(call{args: []string{"mktree", "-z", "--missing", "--batch"}}))
	errs := &capped{max: 4 << 10, drop: true}
	cmd.Stderr = errs
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	wait := func() error {
		if err := cmd.Wait(); err != nil {
			return &failure{args: []string{"mktree"}, stderr: errs.String(), err: err}
		}
		return nil
	}
	return &treeMaker{in: in, out: bufio.NewReader(out), wait: wait}, nil
}

func (m *treeMaker) tree(list []Entry) (OID, error) {
	var b bytes.Buffer
	for _, e := range list {
		kind := "blob"
		switch e.Mode {
		case modeTree:
			kind = "tree"
		case ModeModule:
			kind = "commit"
		}
		fmt.Fprintf(&b, "%s %s %s\t%s\x00", e.Mode, kind, e.ID, e.Path)
	}
	b.WriteByte(0)
	if _, err := m.in.Write(b.Bytes()); err != nil {
		return "", err
	}
	line, err := m.out.ReadString('\n')
	return OID(strings.TrimSpace(line)), err
}

func (m *treeMaker) close() error {
	m.in.Close()
	return m.wait()
}

// NewCommit describes a commit to make.
type NewCommit struct {
	Tree    OID
	Parents []OID
	Message string
	When    time.Time
	Author  Ident     // zero: the repository's
	Date    time.Time // the author's; zero: When
}

// MakeCommit makes a durable commit that no ref names yet.
func (r *Repo) MakeCommit(ctx context.Context, c NewCommit) (OID, error) {
	if err := failpoint.Hit(fpCommit); err != nil {
		return "", err
	}
	args := []string{"commit-tree", string(c.Tree), "-F", "-"}
	for _, p := range c.Parents {
		args = append(args, "-p", string(p))
	}
	if c.Date.IsZero() {
		c.Date = c.When
	}
	env := []string{"GIT_AUTHOR_DATE=" + stamp(c.Date), "GIT_COMMITTER_DATE=" + stamp(c.When)}
	if c.Author != (Ident{}) {
		env = append(env, "GIT_AUTHOR_NAME="+c.Author.Name, "GIT_AUTHOR_EMAIL="+c.Author.Email)
	}
	out, err := r.call(ctx, call{args: args, env: env, stdin: strings.NewReader(c.Message)})
	if err != nil {
		return "", err
	}
	return OID(strings.TrimSpace(string(out))), failpoint.Hit(fpMade)
}

// stamp is git's raw date, in UTC: a commit tells nothing of the machine's place.
func stamp(t time.Time) string { return "@" + strconv.FormatInt(t.Unix(), 10) + " +0000" }

// RefUpdate moves one ref. Old is what it must be now: empty means that it must
// not exist. An empty New deletes it; the same New only checks it.
type RefUpdate struct {
	Name     string
	New, Old OID
}

// UpdateRefs moves all refs or none. ErrMoved says that one was not at Old.
func (r *Repo) UpdateRefs(ctx context.Context, why string, updates ...RefUpdate) error {
	lock, err := r.lock(ctx)
	if err != nil {
		return err
	}
	defer lock.unlock()
	return r.updateRefs(ctx, lock, why, updates...)
}

func (r *Repo) updateRefs(ctx context.Context, lock *treeLock, why string, updates ...RefUpdate) error {
	if err := failpoint.Hit(fpRefs); err != nil {
		return err
	}
	var b bytes.Buffer
	for _, u := range updates {
		old := string(u.Old)
		if old == "" {
			old = r.zero()
		}
		if u.New == u.Old {
			fmt.Fprintf(&b, "verify %s\x00%s\x00", u.Name, old)
			continue
		}
		if u.New == "" {
			fmt.Fprintf(&b, "delete %s\x00%s\x00", u.Name, old)
			continue
		}
		fmt.Fprintf(&b, "update %s\x00%s\x00%s\x00", u.Name, u.New, old)
	}
	err := lock.during(r.lockFiles(updates), func() error {
		_, err := r.run(ctx, b.Bytes(), "update-ref", "-m", "coranto: "+why, "-z", "--stdin")
		return err
	})
	if err != nil {
		return refError(err)
	}
	return failpoint.Hit(fpMoved)
}

func refError(err error) error {
	var f *failure
	if !errors.As(err, &f) {
		return err
	}
	switch {
	case f.says("but expected", "reference already exists", "unable to resolve reference", "reference is missing"):
		return fmt.Errorf("%w: %w", ErrMoved, err)
	case f.says(".lock': File exists"):
		return fmt.Errorf("%w: %w", ErrLocked, err)
	}
	return err
}
