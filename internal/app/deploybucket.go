package app

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/coranto/coranto/internal/bucket"
	"github.com/coranto/coranto/internal/config"
	"github.com/coranto/coranto/internal/failpoint"
	"github.com/coranto/coranto/internal/host"
	"github.com/coranto/coranto/internal/release"
	"github.com/coranto/coranto/internal/secret"
)

var (
	fpDeployClaimed  = failpoint.Name("app.deploy-claimed")
	fpDeployUploaded = failpoint.Name("app.deploy-uploaded")
	fpDeployRemoved  = failpoint.Name("app.deploy-removed")
	fpDeployRecorded = failpoint.Name("app.deploy-recorded")
)

// bucketState is the object that says what we have put into a bucket.
const bucketState = ".coranto-release.json"

// bucketRecord is written before the first object, with what is under way, and
// after the last, without; each time on the condition that nobody else has
// written it. So two never write into one bucket at once, and who finds what
// another left half done knows which objects to trust.
type bucketRecord struct {
	Release  string            `json:"release"`
	Files    map[string]string `json:"files"` // path → hash
	UnderWay *bucketClaim      `json:"under_way,omitempty"`
}

type bucketClaim struct {
	By      string    `json:"by"` // a site directory; it may take up again what it left
	Release string    `json:"release"`
	Since   time.Time `json:"since"`
	Paths   []string  `json:"paths"` // may be the old, the new or nothing
}

// claimAge is for how long others leave a deployment that does not end.
const claimAge = time.Hour

var errUnderWay = errors.New("another deployment is under way there")

// bucketPlan is what differs between a bucket and a release.
type bucketPlan struct {
	old, next bucketRecord
	condition bucket.Object // under which the record may be written
	steps     [3][]release.File
	remove    []string
}

// planBucket reads the record and compares. Objects that a deployment under way
// may have touched count as unknown.
func planBucket(ctx context.Context, b *bucket.Bucket, m *release.Manifest) (*bucketPlan, error) {
	p := &bucketPlan{condition: bucket.Object{Type: "application/json", CacheControl: "no-store"}}
	text, etag, err := b.Get(ctx, bucketState)
	switch {
	case errors.Is(err, bucket.ErrNotFound):
		p.condition.IfNone = true
	case err != nil:
		return nil, err
	default:
		p.condition.IfMatch = etag
		if json.Unmarshal(text, &p.old) != nil {
			p.old = bucketRecord{} // everything is put anew
		}
	}
	unknown := map[string]bool{}
	if c := p.old.UnderWay; c != nil {
		for _, path := range c.Paths {
			unknown[path] = true
		}
	}
	p.next = bucketRecord{Release: m.ID(), Files: make(map[string]string, m.Len())}
	for f := range m.All() {
		p.next.Files[f.Path] = f.Hash
		if p.old.Files[f.Path] == f.Hash && !unknown[f.Path] {
			continue
		}
		// What pages refer to comes before them, the home page last.
		n := 0
		switch {
		case f.Path == "index.html":
			n = 2
		case strings.HasSuffix(f.Path, ".html") || strings.HasSuffix(f.Path, ".xml"):
			n = 1
		}
		p.steps[n] = append(p.steps[n], f)
	}
	gone := func(path string) {
		if _, ok := p.next.Files[path]; !ok && release.CheckPath(path) == nil && path != bucketState {
			p.remove = append(p.remove, path)
		}
	}
	for path := range p.old.Files {
		if !unknown[path] {
			gone(path)
		}
	}
	for path := range unknown {
		gone(path)
	}
	slices.Sort(p.remove)
	return p, nil
}

// paths are those that will be touched.
func (p *bucketPlan) paths() (write []string) {
	for _, step := range p.steps {
		for _, f := range step {
			write = append(write, f.Path)
		}
	}
	return write
}

// deployBucket claims the bucket, puts the objects that differ, removes what is
// gone, and writes the record.
func (a *App) deployBucket(ctx context.Context, d config.Deploy, m *release.Manifest, force bool, done *Deployed) error {
	way, err := a.current.Load().web.Transport(d.Zone)
	if err != nil {
		return err
	}
	b, err := a.openBucket(d, way, a.o.Now)
	if err != nil {
		return err
	}
	p, err := planBucket(ctx, b, m)
	if err != nil {
		return err
	}
	if err := a.claim(ctx, b, p, force); err != nil {
		return err
	}
	for _, files := range p.steps {
		if err := a.putObjects(ctx, b, files); err != nil {
			return err
		}
		done.Written += len(files)
	}
	if err := failpoint.Hit(fpDeployUploaded); err != nil {
		return err
	}
	for _, path := range p.remove {
		if err := b.Delete(ctx, path); err != nil {
			return err
		}
		done.Removed++
	}
	if err := failpoint.Hit(fpDeployRemoved); err != nil {
		return err
	}
	if err := a.record(ctx, b, p, p.next); err != nil {
		return err
	}
	return failpoint.Hit(fpDeployRecorded)
}

// claim says in the bucket what is under way.
func (a *App) claim(ctx context.Context, b *bucket.Bucket, p *bucketPlan, force bool) error {
	me, err := a.deployer(ctx)
	if err != nil {
		return err
	}
	now := a.o.Now().UTC().Truncate(time.Second)
	if c := p.old.UnderWay; c != nil && c.By != me && now.Sub(c.Since) < claimAge && !force {
		return fmt.Errorf("%w: of release %.10s, since %s", errUnderWay, c.Release, c.Since.Format(time.RFC3339))
	}
	claimed := bucketRecord{Release: p.old.Release, Files: p.old.Files, UnderWay: &bucketClaim{
		By: me, Release: p.next.Release, Since: now, Paths: append(p.paths(), p.remove...)}}
	if err := a.record(ctx, b, p, claimed); err != nil {
		return err
	}
	return failpoint.Hit(fpDeployClaimed)
}

// record writes the record on the condition of the plan, which is then that the
// record is this one.
func (a *App) record(ctx context.Context, b *bucket.Bucket, p *bucketPlan, r bucketRecord) error {
	body, err := json.Marshal(r)
	if err != nil {
		return err
	}
	etag, err := b.Put(ctx, bucketState, body, p.condition)
	if err != nil {
		return err
	}
	p.condition.IfNone, p.condition.IfMatch = false, etag
	return nil
}

// factDeployer holds the name by which this site directory claims buckets.
const factDeployer = "deployer"

func (a *App) deployer(ctx context.Context) (string, error) {
	me, err := a.catalog.Fact(ctx, factDeployer)
	if err != nil || me != "" {
		return me, err
	}
	me = rand.Text()
	return me, a.catalog.SetFact(ctx, factDeployer, me)
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
			_, err = b.Put(ctx, f.Path, body, bucket.Object{Type: f.Type, CacheControl: cacheControl(f.Path)})
			return err
		})
	}
	return g.Wait()
}

// cacheControl is what the host says of a file too: only what has its content in
// its name may be kept.
func cacheControl(path string) string {
	if host.Immutable(path) {
		return "public, max-age=31536000, immutable"
	}
	return "no-cache"
}

func (l Layout) openBucket(d config.Deploy, way http.RoundTripper, now func() time.Time) (*bucket.Bucket, error) {
	name, err := bucket.Host(d.To)
	if err != nil {
		return nil, err
	}
	v, err := secret.Open(l.secrets(), secret.Options{}).Get(name)
	if errors.Is(err, secret.ErrNotFound) {
		return nil, fmt.Errorf("the key of the bucket is a secret that is not there: %w (hint: printf %%s ID:SECRET | coranto secret set %s)", err, name)
	}
	if err != nil {
		return nil, fmt.Errorf("the key of the bucket (ID:SECRET) is the secret %s: %w", name, err)
	}
	id, key := v.Login()
	return bucket.New(d.To, bucket.Key{ID: id, Secret: key}, bucket.Options{Transport: way, Now: now})
}
