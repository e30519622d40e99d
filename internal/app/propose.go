package app

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/coranto/coranto/internal/config"
	"github.com/coranto/coranto/internal/git"
)

// ErrNoRemote is returned where a change is to be proposed and there is no
// repository to propose it to.
var ErrNoRemote = errors.New("there is no remote to push to")

// Proposal is a change that was pushed as a branch of its own.
type Proposal struct {
	Branch string `json:"branch"`
	Commit string `json:"commit"`
	Link   string `json:"link,omitempty"` // where the pull request is opened, on forges we know
}

// propose commits a change of coranto.yaml on top of the remote's branch and
// pushes it as a branch of its own. The local branch, the index and the working
// tree stay as they are.
func (d *directory) propose(ctx context.Context, branch string, change func([]byte) ([]byte, error), message string) (Proposal, error) {
	remote := d.config.Remote
	if remote == "" {
		return Proposal{}, fmt.Errorf("%w (hint: set remote: in %s)", ErrNoRemote, config.FileName)
	}
	to := d.remoteOf(d.config)
	main, err := branchOf(ctx, d.repo, d.config)
	if err != nil {
		return Proposal{}, err
	}
	base, err := d.repo.Fetch(ctx, to, main)
	if err != nil {
		return Proposal{}, err
	}
	if base == "" {
		return Proposal{}, fmt.Errorf("%s has no branch %s yet: push it first (`coranto run` does)", redactUser(remote), main)
	}
	old, err := d.repo.ReadFile(ctx, base, config.FileName)
	if err != nil {
		return Proposal{}, fmt.Errorf("read %s of the remote: %w", config.FileName, err)
	}
	text, err := change(old)
	if err != nil {
		return Proposal{}, err
	}
	blobs, err := d.repo.WriteBlobs(ctx, text)
	if err != nil {
		return Proposal{}, err
	}
	tree, err := d.repo.WriteTree(ctx, base, []git.Put{{Path: config.FileName, ID: blobs[0]}})
	if err != nil {
		return Proposal{}, err
	}
	commit, err := d.repo.MakeCommit(ctx, git.NewCommit{Tree: tree, Parents: []git.OID{base}, Message: message + "\n", When: time.Now()})
	if err != nil {
		return Proposal{}, err
	}
	if err := d.repo.Push(ctx, to, branch, commit); err != nil {
		if errors.Is(err, git.ErrBehind) {
			err = fmt.Errorf("the remote has a branch %s already: merge or delete it first, or give the source another --id", branch)
		}
		return Proposal{}, err
	}
	return Proposal{Branch: branch, Commit: string(commit), Link: requestLink(remote, main, branch)}, nil
}

// requestLink is where a pull or merge request for a branch is opened.
func requestLink(remote, main, branch string) string {
	host, path := "", ""
	if u, err := url.Parse(remote); err == nil && u.Host != "" {
		host, path = u.Hostname(), u.Path
	} else if user, rest, ok := strings.Cut(remote, "@"); ok && !strings.Contains(user, "/") {
		host, path, _ = strings.Cut(rest, ":")
	}
	path = strings.Trim(strings.TrimSuffix(path, ".git"), "/")
	if host == "" || path == "" || !strings.Contains(host, ".") {
		return ""
	}
	esc := url.PathEscape
	switch {
	case strings.Contains(host, "gitlab"):
		return fmt.Sprintf("https://%s/%s/-/merge_requests/new?merge_request%%5Bsource_branch%%5D=%s", host, path, url.QueryEscape(branch))
	case strings.Contains(host, "github"):
		return fmt.Sprintf("https://%s/%s/compare/%s...%s?expand=1", host, path, esc(main), strings.ReplaceAll(esc(branch), "%2F", "/"))
	case strings.Contains(host, "codeberg"), strings.Contains(host, "gitea"), strings.Contains(host, "forgejo"):
		return fmt.Sprintf("https://%s/%s/compare/%s...%s", host, path, esc(main), strings.ReplaceAll(esc(branch), "%2F", "/"))
	}
	return ""
}
