package git

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// maxObject bounds what is read into memory at once.
const maxObject = 1 << 30

// reader is a kept "git cat-file --batch": an object costs a round trip over a
// pipe rather than a process.
type reader struct {
	repo *Repo
	mu   sync.Mutex
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Reader
	said *tail // what it complained of
	shut bool
}

// tail keeps the beginning of what a process says.
type tail struct {
	mu sync.Mutex
	b  []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if room := 2000 - len(t.b); room > 0 {
		t.b = append(t.b, p[:min(len(p), room)]...)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.b)
}

// Object is what git keeps under an OID.
type Object struct {
	ID   OID
	Type string // blob, tree, commit, tag
	Data []byte
}

func (c *reader) start() error {
	// Its life is the repository's, not one caller's; it ends when its input does.
	cmd := command(context.Background(), c.repo.program, c.repo.dir, c.repo.author, call{args: []string{"cat-file", "--batch"}})
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	said := &tail{}
	cmd.Stderr = said
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("git cat-file: %w", err)
	}
	c.cmd, c.in, c.out, c.said = cmd, in, bufio.NewReaderSize(out, 64<<10), said
	return nil
}

func (c *reader) stop() {
	if c.cmd == nil {
		return
	}
	c.in.Close()
	_ = c.cmd.Process.Kill() // it only reads
	_ = c.cmd.Wait()
	c.cmd = nil
}

func (c *reader) close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stop()
	c.shut = true
	return nil
}

// get asks for any revision. A process that has died is started again once.
func (c *reader) get(ctx context.Context, rev string) (Object, error) {
	if err := ctx.Err(); err != nil {
		return Object{}, context.Cause(ctx)
	}
	if rev == "" || strings.ContainsAny(rev, "\n\r\x00") {
		return Object{}, fmt.Errorf("%w: %q", ErrNotFound, rev)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.shut {
		return Object{}, errors.New("repository is closed")
	}
	fresh := c.cmd == nil
	if fresh {
		if err := c.start(); err != nil {
			return Object{}, err
		}
	}
	o, err := c.ask(rev)
	if err == nil || errors.Is(err, ErrNotFound) {
		return o, err
	}
	c.stop()
	if fresh {
		return o, c.failed(rev, err)
	}
	if err := c.start(); err != nil {
		return Object{}, err
	}
	if o, err = c.ask(rev); err != nil && !errors.Is(err, ErrNotFound) {
		c.stop()
		return o, c.failed(rev, err)
	}
	return o, err
}

// failed is the error of a process that was stopped over a question, with what
// it had to say.
func (c *reader) failed(rev string, err error) error {
	if text := c.said.String(); text != "" {
		return fmt.Errorf("read %s: %w", rev, &failure{args: []string{"cat-file"}, code: -1, stderr: text, err: err})
	}
	return fmt.Errorf("git cat-file %s: %w", rev, err)
}

// ask makes one round trip.
func (c *reader) ask(rev string) (Object, error) {
	if _, err := io.WriteString(c.in, rev+"\n"); err != nil {
		return Object{}, err
	}
	line, err := c.out.ReadString('\n')
	if err != nil {
		return Object{}, err
	}
	line = strings.TrimSuffix(line, "\n")
	if strings.HasSuffix(line, " missing") || strings.HasSuffix(line, " ambiguous") {
		return Object{}, fmt.Errorf("%w: %s", ErrNotFound, rev)
	}
	part := strings.Split(line, " ")
	if len(part) != 3 {
		return Object{}, fmt.Errorf("answer %q", line)
	}
	size, err := strconv.ParseInt(part[2], 10, 64)
	if err != nil || size < 0 || size > maxObject {
		return Object{}, fmt.Errorf("object of %s bytes", part[2])
	}
	data := make([]byte, size)
	if _, err := io.ReadFull(c.out, data); err != nil {
		return Object{}, err
	}
	if _, err := c.out.Discard(1); err != nil {
		return Object{}, err
	}
	return Object{ID: OID(part[0]), Type: part[1], Data: data}, nil
}

// Object returns the object a revision names, or ErrNotFound.
func (r *Repo) Object(ctx context.Context, rev string) (Object, error) {
	return r.reader.get(ctx, rev)
}

// Resolve returns the name of the object a revision names, or ErrNotFound.
func (r *Repo) Resolve(ctx context.Context, rev string) (OID, error) {
	o, err := r.reader.get(ctx, rev)
	return o.ID, err
}

// Branch returns a branch's commit; empty when it has none. One whose commit
// cannot be read is ErrDamaged: to take it for a new one would begin anew on top
// of all that is there.
func (r *Repo) Branch(ctx context.Context, name string) (OID, error) {
	id, err := r.ref(ctx, "refs/heads/"+name)
	if err != nil || id != "" {
		return id, err
	}
	return "", r.unborn(ctx, "refs/heads/"+name)
}

// unborn returns nil for a ref that does not exist, and else why nothing can be
// read of it.
func (r *Repo) unborn(ctx context.Context, name string) error {
	out, err := r.run(ctx, nil, "rev-parse", "--verify", "-q", name)
	if err == nil {
		// Perhaps it has come into being just now.
		if _, err := r.Resolve(ctx, name); err == nil || !errors.Is(err, ErrNotFound) {
			return err
		}
		return fmt.Errorf("%w: %s names the commit %.12s, which is missing or broken", ErrDamaged, name, out)
	}
	if info, serr := os.Lstat(filepath.Join(r.common, filepath.FromSlash(name))); serr == nil && !info.IsDir() {
		return fmt.Errorf("%w: %s names no commit", ErrDamaged, filepath.Join(r.common, filepath.FromSlash(name)))
	}
	var f *failure
	if errors.As(err, &f) && f.code == 1 {
		return nil
	}
	return err
}

// ref returns what a ref names; empty when there is none.
func (r *Repo) ref(ctx context.Context, name string) (OID, error) {
	id, err := r.Resolve(ctx, name)
	if errors.Is(err, ErrNotFound) {
		return "", nil
	}
	return id, err
}

// Commit is a commit's head.
type Commit struct {
	ID      OID
	Tree    OID
	Parents []OID
	Author  Ident
	Date    time.Time // the author's
	When    time.Time // the committer's
	Message string
}

// ReadCommit reads a commit, or fails with ErrNotFound.
func (r *Repo) ReadCommit(ctx context.Context, rev string) (Commit, error) {
	o, err := r.reader.get(ctx, rev+"^{commit}")
	if err != nil {
		return Commit{}, err
	}
	return parseCommit(o), nil
}

func parseCommit(o Object) Commit {
	c := Commit{ID: o.ID}
	head, message, _ := strings.Cut(string(o.Data), "\n\n")
	c.Message = message
	for _, line := range strings.Split(head, "\n") {
		switch key, v, _ := strings.Cut(line, " "); key {
		case "tree":
			c.Tree = OID(v)
		case "parent":
			c.Parents = append(c.Parents, OID(v))
		case "author":
			c.Author, c.Date = parseIdent(v)
		case "committer":
			_, c.When = parseIdent(v)
		}
	}
	return c
}

// parseIdent reads "Name <email> 1600000000 +0200".
func parseIdent(s string) (Ident, time.Time) {
	open, shut := strings.IndexByte(s, '<'), strings.LastIndexByte(s, '>')
	if open < 0 || shut < open {
		return Ident{Name: s}, time.Time{}
	}
	id := Ident{Name: strings.TrimSpace(s[:open]), Email: s[open+1 : shut]}
	if f := strings.Fields(s[shut+1:]); len(f) > 0 {
		if sec, err := strconv.ParseInt(f[0], 10, 64); err == nil {
			return id, time.Unix(sec, 0).UTC()
		}
	}
	return id, time.Time{}
}

// Trailer returns the last value of a trailer of the message, or "".
func (c Commit) Trailer(key string) string {
	text := strings.TrimRight(c.Message, "\n")
	if i := strings.LastIndex(text, "\n\n"); i >= 0 {
		text = text[i+2:]
	}
	value := ""
	for _, line := range strings.Split(text, "\n") {
		if k, v, ok := strings.Cut(line, ": "); ok && strings.EqualFold(k, key) {
			value = strings.TrimSpace(v)
		}
	}
	return value
}
