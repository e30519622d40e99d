package git

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"strings"

	"github.com/coranto/coranto/internal/failpoint"
)

var (
	fpFetch   = failpoint.Name("git.before-fetch")
	fpFetched = failpoint.Name("git.after-fetch")
	fpPush    = failpoint.Name("git.before-push")
	fpPushed  = failpoint.Name("git.after-push")
)

// trackRef is where the remote's branch was when we last saw it. The address is
// part of its name: another remote has not seen what this one has.
func (to Remote) trackRef(branch string) string {
	address := to.URL
	if t, err := to.target(false); err == nil {
		address = t.url
	}
	h := sha256.Sum256([]byte(address))
	return "refs/coranto/remote/" + hex.EncodeToString(h[:6]) + "/" + branch
}

// Tracked returns where the remote's branch was when last fetched or pushed;
// empty when that is not known.
func (r *Repo) Tracked(ctx context.Context, to Remote, branch string) (OID, error) {
	return r.ref(ctx, to.trackRef(branch))
}

// track notes where the remote's branch is; empty: it is not there.
func (r *Repo) track(ctx context.Context, to Remote, branch string, at OID) error {
	was, err := r.Tracked(ctx, to, branch)
	if err == nil && was != at {
		err = r.UpdateRefs(ctx, "remote seen", RefUpdate{Name: to.trackRef(branch), New: at, Old: was})
	}
	if errors.Is(err, ErrMoved) {
		err = nil // another of us has seen the remote since
	}
	return err
}

// Fetch brings the remote's branch and returns its commit; empty when the
// remote has no such branch.
func (r *Repo) Fetch(ctx context.Context, to Remote, branch string) (OID, error) {
	if err := failpoint.Hit(fpFetch); err != nil {
		return "", err
	}
	spec := "+refs/heads/" + branch + ":" + to.trackRef(branch)
	err := r.talk(ctx, to, "fetch", "-q", "--no-tags", "--no-write-fetch-head", "--no-auto-gc", "--no-recurse-submodules",
		"--end-of-options", "URL", spec)
	var f *failure
	if errors.As(err, &f) && f.says("couldn't find remote ref") {
		return "", r.track(ctx, to, branch, "")
	}
	if err != nil {
		return "", err
	}
	if err := failpoint.Hit(fpFetched); err != nil {
		return "", err
	}
	return r.Tracked(ctx, to, branch)
}

// Push moves the remote's branch forward to commit. ErrBehind says that the
// remote has what we lack: fetch, join, and push again.
func (r *Repo) Push(ctx context.Context, to Remote, branch string, commit OID) error {
	if err := failpoint.Hit(fpPush); err != nil {
		return err
	}
	err := r.talk(ctx, to, "push", "-q", "--no-verify", "--porcelain", "--end-of-options", "URL", string(commit)+":refs/heads/"+branch)
	if err != nil {
		return err
	}
	if err := failpoint.Hit(fpPushed); err != nil {
		return err
	}
	return r.track(ctx, to, branch, commit)
}

// target is a remote's address split from its secrets.
type target struct {
	url            string
	origin         string // scheme://host[:port], for http(s) only
	user, password string
}

// target splits the address; ask says whether the credentials are wanted.
func (to Remote) target(ask bool) (target, error) {
	t := target{url: to.URL}
	switch {
	case to.URL == "" || strings.HasPrefix(to.URL, "-") || strings.Contains(to.URL, "::") || strings.ContainsAny(to.URL, "\x00\n\r"):
		return t, fmt.Errorf("%w: %q is no address of a git remote", ErrRemote, to.URL)
	case !strings.HasPrefix(to.URL, "http://") && !strings.HasPrefix(to.URL, "https://"):
		return t, nil
	}
	u, err := url.Parse(to.URL)
	if err != nil || u.Host == "" {
		return t, fmt.Errorf("%w: the remote's address cannot be read", ErrRemote) // it may hold a password
	}
	if u.User != nil {
		t.user = u.User.Username()
		t.password, _ = u.User.Password()
		u.User = nil
		t.url = u.String()
	}
	t.origin = u.Scheme + "://" + u.Host
	if to.Credentials == nil || !ask {
		return t, nil
	}
	user, password, err := to.Credentials()
	if err != nil {
		return t, fmt.Errorf("%w: credentials for %s: %w", ErrAuth, t.origin, err)
	}
	if user != "" || password != "" {
		t.user, t.password = user, password
	}
	return t, nil
}

// talk runs a command against the remote; the argument URL stands for its address.
//
// A password travels through a pipe that only git's helper reads, when the
// remote's own origin asks for it: it is in no argument, environment, file or
// trace. Redirects are not followed, so it cannot be asked for from elsewhere.
func (r *Repo) talk(ctx context.Context, to Remote, args ...string) error {
	t, err := to.target(true)
	if err != nil {
		return err
	}
	c := call{args: args, flags: []string{
		"http.followRedirects=false", "http.lowSpeedLimit=100", "http.lowSpeedTime=60",
	}}
	for i, a := range args {
		if a == "URL" {
			c.args[i] = t.url
		}
	}
	var way *Way
	if to.Way != nil && kindOf(t.url) != local {
		if way, err = to.Way(); err != nil {
			return fmt.Errorf("%w: %w", ErrRemote, err)
		}
		if err := r.lead(ctx, &c, way, t); err != nil {
			return errors.Join(err, way.end())
		}
	} else if os.Getenv("GIT_SSH_COMMAND") == "" && os.Getenv("GIT_SSH") == "" && r.config(ctx, "core.sshCommand") == "" {
		c.env = append(c.env, "GIT_SSH_COMMAND="+plainSSH)
	}
	if t.user != "" || t.password != "" {
		pipe, err := secretPipe(t)
		if err != nil {
			return errors.Join(err, way.end())
		}
		defer pipe.Close()
		c.files = []*os.File{pipe}
		c.flags = append(c.flags, "credential.helper=", "credential."+t.origin+".helper=", "credential."+t.origin+".helper=!cat <&3; :")
	}
	_, err = r.call(ctx, c)
	if denied := way.end(); denied != nil && err != nil {
		return fmt.Errorf("%w: %w", ErrRemote, denied) // git only knows that a proxy said no
	}
	return remoteError(err, t)
}

// config reads a setting of git's; empty when it is not set.
func (r *Repo) config(ctx context.Context, key string) string {
	out, err := r.run(ctx, nil, "config", "--get", key)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

// secretPipe holds the answer to git's one question.
func secretPipe(t target) (*os.File, error) {
	if strings.ContainsAny(t.user+t.password, "\n\r\x00") || len(t.user)+len(t.password) > 16<<10 {
		return nil, fmt.Errorf("%w: user or password for %s cannot be sent", ErrAuth, t.origin)
	}
	out, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	_, err = fmt.Fprintf(in, "username=%s\npassword=%s\n", t.user, t.password) // less than a pipe holds
	if err2 := in.Close(); err == nil {
		err = err2
	}
	if err != nil {
		out.Close()
		return nil, err
	}
	return out, nil
}

// remoteError names what went wrong and says nothing secret.
func remoteError(err error, t target) error {
	var f *failure
	if err == nil || !errors.As(err, &f) {
		return err
	}
	f.args = f.args[:1]
	f.stderr = scrub(f.stderr, t)
	switch {
	case f.says("couldn't find remote ref"):
		return f
	case f.says("non-fast-forward", "fetch first", "stale info", "[rejected]", "cannot lock ref", "failed to update ref"):
		return fmt.Errorf("%w: %w", ErrBehind, f)
	case f.says("[remote rejected]", "hook declined", "protected branch"):
		return fmt.Errorf("%w: %w", ErrRefused, f)
	case f.says("Authentication failed", "could not read Username", "could not read Password", "Permission denied", "error: 403", "error: 401", "access denied", "Host key verification failed"):
		return fmt.Errorf("%w: %w (hint: coranto secret set %s)", ErrAuth, f, host(t))
	}
	return fmt.Errorf("%w: %w", ErrRemote, f)
}

func host(t target) string {
	if u, err := url.Parse(t.url); err == nil && u.Host != "" {
		return u.Host
	}
	return t.url
}

var userinfo = regexp.MustCompile(`://[^/@\s']*@`)

// scrub removes what the remote may have echoed.
func scrub(text string, t target) string {
	text = userinfo.ReplaceAllString(text, "://")
	for _, secret := range []string{t.password, url.QueryEscape(t.password), url.PathEscape(t.password)} {
		if len(secret) > 0 {
			text = strings.ReplaceAll(text, secret, "[secret]")
		}
	}
	return text
}

// MergeBase returns the best common ancestor of two commits; empty when their
// histories are unrelated.
func (r *Repo) MergeBase(ctx context.Context, a, b OID) (OID, error) {
	if a == b {
		return a, nil
	}
	out, err := r.run(ctx, nil, "merge-base", string(a), string(b))
	var f *failure
	if errors.As(err, &f) && f.code == 1 {
		return "", nil
	}
	id, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	return OID(id), err
}

// Since lists the commits of tip that base has not, parents before children.
func (r *Repo) Since(ctx context.Context, base, tip OID) ([]OID, error) {
	args := []string{"rev-list", "--reverse", "--topo-order", string(tip)}
	if base != "" {
		args = append(args, "^"+string(base))
	}
	out, err := r.run(ctx, nil, args...)
	if err != nil {
		return nil, err
	}
	var ids []OID
	for id := range strings.FieldsSeq(string(out)) {
		ids = append(ids, OID(id))
	}
	return ids, nil
}

// MergeText joins two edits of a text as git does; ok is false when they touch
// the same lines.
func (r *Repo) MergeText(ctx context.Context, base, ours, theirs []byte) (merged []byte, ok bool, err error) {
	dir, err := os.MkdirTemp("", "coranto-merge-")
	if err != nil {
		return nil, false, err
	}
	defer os.RemoveAll(dir)
	var names []string
	for i, data := range [][]byte{ours, base, theirs} {
		name := fmt.Sprintf("%s/%d", dir, i)
		if err := os.WriteFile(name, data, 0o600); err != nil {
			return nil, false, err
		}
		names = append(names, name)
	}
	out, err := r.run(ctx, nil, append([]string{"merge-file", "-p", "-q"}, names...)...)
	var f *failure
	if errors.As(err, &f) && f.code > 0 {
		return nil, false, nil // the number of conflicts, or a binary file
	}
	return out, err == nil, err
}

// looseLimit is how many loose objects we leave lying; git's own limit is 6,700,
// but a shard of posts is written again by every run that adds to it, whole.
const looseLimit = 2000

// Tidy packs loose objects when there are many. Nothing unreachable is deleted.
func (r *Repo) Tidy(ctx context.Context) error {
	// As git does it: objects spread evenly over 256 folders.
	list, err := os.ReadDir(r.common + "/objects/17")
	if err != nil || len(list) < looseLimit/256 {
		return nil
	}
	_, err = r.run(ctx, nil, "repack", "-d", "-l", "-q", "--geometric=2")
	return err
}
