package git

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
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
	shut bool
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
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("git cat-file: %w", err)
	}
	c.cmd, c.in, c.out = cmd, in, bufio.NewReaderSize(out, 64<<10)
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
		return o, fmt.Errorf("git cat-file %s: %w", rev, err)
	}
	if err := c.start(); err != nil {
		return Object{}, err
	}
	if o, err = c.ask(rev); err != nil && !errors.Is(err, ErrNotFound) {
		c.stop()
		return o, fmt.Errorf("git cat-file %s: %w", rev, err)
	}
	return o, err
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

// Branch returns a branch's commit; empty when it has none.
func (r *Repo) Branch(ctx context.Context, name string) (OID, error) {
	return r.ref(ctx, "refs/heads/"+name)
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
