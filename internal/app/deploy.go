package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/coranto/coranto/internal/bucket"
	"github.com/coranto/coranto/internal/config"
	"github.com/coranto/coranto/internal/git"
	"github.com/coranto/coranto/internal/pipeline"
	"github.com/coranto/coranto/internal/release"
	"github.com/coranto/coranto/internal/secret"
)

// Deployed is what taking the site to one place came to.
type Deployed struct {
	To      string `json:"to"`
	Release string `json:"release"`
	Written int    `json:"written"`
	Removed int    `json:"removed"`
	Already bool   `json:"already,omitempty"` // it had this release
	Error   string `json:"error,omitempty"`
}

// deploying keeps two from taking the site somewhere at once.
type deploying struct{ mu sync.Mutex }

// Deploy takes the live release to every place that the configuration names.
// One that fails does not keep the others from it. Places that have the release
// already are left alone, unless force is set.
func (a *App) Deploy(ctx context.Context, force bool) ([]Deployed, error) {
	a.deploying.mu.Lock()
	defer a.deploying.mu.Unlock()
	cfg := a.Config()
	if len(cfg.Deploy) == 0 {
		return nil, nil
	}
	trusted, err := a.trusted(cfg)
	if err != nil {
		return nil, err
	}
	if !trusted {
		return nil, fmt.Errorf("deploy: %w; read it, then `coranto trust`", pipeline.ErrUntrusted)
	}
	m, err := a.releases.Current()
	if err != nil {
		return nil, err
	}
	var out []Deployed
	var errs []error
	for _, d := range cfg.Deploy {
		one := Deployed{To: d.To, Release: m.ID()}
		fact := "deployed." + placeID(d)
		had, err := a.catalog.Fact(ctx, fact)
		if err == nil && had == m.ID() && !force {
			one.Already = true
			out = append(out, one)
			continue
		}
		if err == nil {
			err = a.deployTo(ctx, d, m, had, &one)
		}
		if err == nil {
			err = a.catalog.SetFact(ctx, fact, m.ID())
		}
		if err != nil {
			err = fmt.Errorf("deploy to %s: %w", d.To, err)
			one.Error = err.Error()
			errs = append(errs, err)
		}
		out = append(out, one)
	}
	return out, errors.Join(errs...)
}

// placeID names a place within facts and folders.
func placeID(d config.Deploy) string {
	h := sha256.Sum256([]byte(d.Kind + "\x00" + d.To + "\x00" + d.Branch))
	return hex.EncodeToString(h[:8])
}

func (a *App) deployTo(ctx context.Context, d config.Deploy, m *release.Manifest, had string, done *Deployed) error {
	switch d.Kind {
	case "directory":
		x, err := a.releases.Swap(ctx, m.ID(), a.within(d.To))
		done.Written, done.Removed = x.Written, x.Removed
		return err
	case "git":
		return a.deployGit(ctx, d, m, had, done)
	case "s3":
		return a.deployBucket(ctx, d, m, done)
	}
	return fmt.Errorf("%s is no kind of place", d.Kind)
}

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

// bucketState is the object that says what we have put into a bucket.
const bucketState = ".coranto-release.json"

type bucketRecord struct {
	Release string            `json:"release"`
	Files   map[string]string `json:"files"` // path → hash
}

// deployBucket puts the objects that differ, what pages refer to before the
// pages, removes what is gone, and writes the record last, on the condition
// that nobody else has.
func (a *App) deployBucket(ctx context.Context, d config.Deploy, m *release.Manifest, done *Deployed) error {
	b, err := a.openBucket(d)
	if err != nil {
		return err
	}
	old := bucketRecord{}
	last := bucket.Object{Type: "application/json", CacheControl: "no-store", IfNone: true}
	text, etag, err := b.Get(ctx, bucketState)
	switch {
	case errors.Is(err, bucket.ErrNotFound):
	case err != nil:
		return err
	default:
		last.IfNone, last.IfMatch = false, etag
		if err := json.Unmarshal(text, &old); err != nil {
			old = bucketRecord{} // everything is put anew
		}
	}
	next := bucketRecord{Release: m.ID(), Files: make(map[string]string, m.Len())}
	steps := [3][]release.File{}
	for f := range m.All() {
		next.Files[f.Path] = f.Hash
		if old.Files[f.Path] == f.Hash {
			continue
		}
		n := 0
		switch {
		case f.Path == "index.html":
			n = 2
		case strings.HasSuffix(f.Path, ".html") || strings.HasSuffix(f.Path, ".xml"):
			n = 1
		}
		steps[n] = append(steps[n], f)
	}
	for _, files := range steps {
		if err := a.putObjects(ctx, b, files); err != nil {
			return err
		}
		done.Written += len(files)
	}
	var gone []string
	for p := range old.Files {
		if _, ok := next.Files[p]; !ok && release.CheckPath(p) == nil {
			gone = append(gone, p)
		}
	}
	slices.Sort(gone)
	for _, p := range gone {
		if err := b.Delete(ctx, p); err != nil {
			return err
		}
		done.Removed++
	}
	body, err := json.Marshal(next)
	if err != nil {
		return err
	}
	return b.Put(ctx, bucketState, body, last)
}

func (a *App) putObjects(ctx context.Context, b *bucket.Bucket, files []release.File) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	for _, f := range files {
		g.Go(func() error {
			body, err := a.releases.Blob(f.Hash)
			if err != nil {
				return err
			}
			o := bucket.Object{Type: f.Type, CacheControl: "no-cache"}
			if strings.HasPrefix(f.Path, "assets/") || strings.HasPrefix(f.Path, "images/") {
				o.CacheControl = "public, max-age=31536000, immutable"
			}
			return b.Put(ctx, f.Path, body, o)
		})
	}
	return g.Wait()
}

func (a *App) openBucket(d config.Deploy) (*bucket.Bucket, error) {
	name, err := bucket.Host(d.To)
	if err != nil {
		return nil, err
	}
	v, err := secret.Open(a.secrets(), secret.Options{}).Get(name)
	if err != nil {
		return nil, fmt.Errorf("the key of the bucket (ID:SECRET) is the secret %s: %w", name, err)
	}
	id, key := v.Login()
	way, err := a.current.Load().web.Transport(d.Zone)
	if err != nil {
		return nil, err
	}
	return bucket.New(d.To, bucket.Key{ID: id, Secret: key}, bucket.Options{Transport: way, Now: a.o.Now})
}

// How serve looks after the places: soon after a release is live, and again
// where that failed.
const (
	deployEvery = time.Second
	deployRetry = time.Minute
)

// keepDeployed takes each release to its places, until ctx ends.
func (a *App) keepDeployed(ctx context.Context) {
	tick := time.NewTicker(deployEvery)
	defer tick.Stop()
	tried, at := "", time.Time{}
	everywhere := false // tried is where readers are sent
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		m, err := a.releases.Current()
		if err != nil || len(a.Config().Deploy) == 0 && a.Config().Site.Hub == "" {
			continue
		}
		if m.ID() != tried || a.o.Now().Sub(at) >= deployRetry {
			tried, at = m.ID(), a.o.Now()
			everywhere = a.deployAll(ctx)
		}
		if everywhere { // a hub that is told earlier would find the old feeds
			a.announce(ctx, m)
		}
	}
}

// deployAll takes the release to its places, says what it does, and reports
// whether it is everywhere.
func (a *App) deployAll(ctx context.Context) bool {
	done, err := a.Deploy(ctx, false)
	if err != nil && ctx.Err() == nil {
		a.o.Log.WarnContext(ctx, "the site was not taken everywhere", "error", err)
	}
	for _, d := range done {
		if !d.Already && d.Error == "" {
			a.o.Log.InfoContext(ctx, "deployed", "to", d.To, "release", d.Release, "written", d.Written, "removed", d.Removed)
		}
	}
	return err == nil
}
