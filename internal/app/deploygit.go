package app

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/coranto/coranto/internal/config"
	"github.com/coranto/coranto/internal/git"
	"github.com/coranto/coranto/internal/release"
)

// pagesBranch is pushed to where the configuration names no branch.
const pagesBranch = "pages"

// deployGit makes the release one commit on a branch: only blobs that are new
// are written, and the branch moves forward as a whole.
func (a *App) deployGit(ctx context.Context, d config.Deploy, m *release.Manifest, had string, done *Deployed) error {
	branch := d.Branch
	if branch == "" {
		branch = pagesBranch
	}
	dir := a.state("deploy", placeID(d))
	repo, err := openDeploy(ctx, dir, branch)
	if err != nil {
		return err
	}
	defer repo.Close()
	remote := a.remote(d.To, d.Zone)
	if !strings.Contains(d.To, "://") && !strings.Contains(d.To, ":") {
		remote.URL = a.within(d.To)
	}
	tip, err := repo.Fetch(ctx, remote, branch)
	if err != nil {
		return err
	}
	base, old, err := a.deployedTree(ctx, repo, tip, had)
	if err != nil {
		return err
	}
	puts, err := a.changedBlobs(ctx, repo, old, m, done)
	if err != nil {
		return err
	}
	tree, err := repo.WriteTree(ctx, base, puts)
	if err != nil {
		return err
	}
	c := git.NewCommit{Tree: tree, When: a.o.Now(), Message: fmt.Sprintf("Site of commit %.10s\n\nRelease: %s\n", m.Release().Commit, m.ID())}
	if tip != "" {
		was, err := repo.ReadCommit(ctx, string(tip))
		if err != nil {
			return err
		}
		if was.Tree == tree {
			return nil
		}
		c.Parents = []git.OID{tip}
	}
	commit, err := repo.MakeCommit(ctx, c)
	if err != nil {
		return err
	}
	return repo.Push(ctx, remote, branch, commit)
}

func openDeploy(ctx context.Context, dir, branch string) (*git.Repo, error) {
	o := git.Options{Author: git.Ident{Name: "Coranto", Email: "coranto@localhost"}}
	if exists(filepath.Join(dir, ".git")) {
		return git.Open(ctx, dir, o)
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	return git.Init(ctx, dir, branch, o)
}

// deployedTree is the tree that the branch shows, with the manifest it is of,
// where we know it; else nothing, and the tree is made whole.
func (a *App) deployedTree(ctx context.Context, repo *git.Repo, tip git.OID, had string) (git.OID, *release.Manifest, error) {
	if tip == "" || had == "" {
		return "", nil, nil
	}
	c, err := repo.ReadCommit(ctx, string(tip))
	if err != nil {
		return "", nil, err
	}
	old, err := a.releases.Get(had)
	if err != nil || !strings.Contains(c.Message, "\nRelease: "+had) {
		return "", nil, nil // somebody else has pushed, or the release is gone
	}
	return tip, old, nil
}

// blobBatch is how many bytes of files are made blobs at a time.
const blobBatch = 32 << 20

func (a *App) changedBlobs(ctx context.Context, repo *git.Repo, old, m *release.Manifest, done *Deployed) ([]git.Put, error) {
	var puts []git.Put
	var paths []string
	var bodies [][]byte
	size := 0
	flush := func() error {
		ids, err := repo.WriteBlobs(ctx, bodies...)
		if err != nil {
			return err
		}
		for i, id := range ids {
			puts = append(puts, git.Put{Path: paths[i], ID: id})
		}
		done.Written += len(ids)
		paths, bodies, size = nil, nil, 0
		return nil
	}
	for f := range m.All() {
		if old != nil {
			if was, ok := old.Lookup(f.Path); ok && was.Hash == f.Hash {
				continue
			}
		}
		body, err := a.releases.Blob(f.Hash)
		if err != nil {
			return nil, err
		}
		paths, bodies, size = append(paths, f.Path), append(bodies, body), size+len(body)
		if size > blobBatch {
			if err := flush(); err != nil {
				return nil, err
			}
		}
	}
	if _, own := m.Lookup(".nojekyll"); !own && old == nil {
		paths, bodies = append(paths, ".nojekyll"), append(bodies, nil) // pages hosting must not build it again
		done.Written--
	}
	if len(paths) > 0 {
		if err := flush(); err != nil {
			return nil, err
		}
	}
	if old != nil {
		for f := range old.All() {
			if _, ok := m.Lookup(f.Path); !ok {
				puts = append(puts, git.Put{Path: f.Path})
				done.Removed++
			}
		}
	}
	return puts, nil
}
