package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/coranto/coranto/internal/bucket"
	"github.com/coranto/coranto/internal/catalog"
	"github.com/coranto/coranto/internal/config"
	"github.com/coranto/coranto/internal/pipeline"
	"github.com/coranto/coranto/internal/release"
)

// Deployed is what taking the site to one place came to.
type Deployed struct {
	To      string `json:"to"`
	Release string `json:"release"`
	Written int    `json:"written"`
	Removed int    `json:"removed"`
	Already bool   `json:"already,omitempty"` // it had this release
	Error   string `json:"error,omitempty"`
	// Write and Remove name the files of a plan.
	Write  []string `json:"write,omitempty"`
	Remove []string `json:"remove,omitempty"`
}

// deploying keeps two from taking the site somewhere at once.
type deploying struct{ mu sync.Mutex }

// Place is how a place to which the site is taken stands.
type Place struct {
	To      string    `json:"to"`
	Kind    string    `json:"kind"`
	Release string    `json:"release,omitempty"` // it has; empty: none of ours
	At      time.Time `json:"at,omitzero"`       // when it got that
	Error   string    `json:"error,omitempty"`   // of the last try, where that failed
	Since   time.Time `json:"since,omitzero"`    // the first failure in a row
	Behind  bool      `json:"behind,omitempty"`  // another release is live
}

// readPlace is what is remembered of a place.
func readPlace(ctx context.Context, c *catalog.Catalog, d config.Deploy) (Place, error) {
	p := Place{}
	text, err := c.Fact(ctx, "place."+placeID(d))
	if err == nil && text != "" && json.Unmarshal([]byte(text), &p) != nil {
		p = Place{}
	}
	p.To, p.Kind = d.To, d.Kind
	return p, err
}

// places tells how all places stand while a release is live.
func places(ctx context.Context, c *catalog.Catalog, cfg *config.Config, live string) ([]Place, error) {
	var out []Place
	for _, d := range cfg.Deploy {
		p, err := readPlace(ctx, c, d)
		if err != nil {
			return nil, err
		}
		p.Behind = live != "" && p.Release != live
		out = append(out, p)
	}
	return out, nil
}

// Deploy takes the live release to every place that the configuration names.
// One that fails does not keep the others from it. Places that have the release
// already are left alone, unless force is set, which also goes past a deployment
// that another has begun and not ended.
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
		return nil, errDeployUntrusted
	}
	m, err := a.releases.Current()
	if err != nil {
		return nil, err
	}
	var out []Deployed
	var errs []error
	for _, d := range cfg.Deploy {
		one := Deployed{To: d.To, Release: m.ID()}
		if err := a.deployOne(ctx, d, m, force, &one); err != nil {
			err = fmt.Errorf("deploy to %s: %w", d.To, err)
			one.Error = err.Error()
			errs = append(errs, err)
		}
		out = append(out, one)
	}
	return out, errors.Join(errs...)
}

var errDeployUntrusted = fmt.Errorf("deploy: %w; read it, then `coranto trust`", pipeline.ErrUntrusted)

// deployOne takes the release to one place, and remembers how that went.
func (a *App) deployOne(ctx context.Context, d config.Deploy, m *release.Manifest, force bool, done *Deployed) error {
	p, err := readPlace(ctx, a.catalog, d)
	if err != nil {
		return err
	}
	if p.Release == m.ID() && !force {
		done.Already = true
		return nil
	}
	now := a.o.Now().UTC().Truncate(time.Second)
	err = a.deployTo(ctx, d, m, p.Release, force, done)
	if err != nil {
		if ctx.Err() != nil {
			return err // it was stopped, which says nothing of the place
		}
		p.Error = err.Error()
		if p.Since.IsZero() {
			p.Since = now
		}
	} else {
		p = Place{Release: m.ID(), At: now}
	}
	p.To, p.Kind, p.Behind = "", "", false
	text, merr := json.Marshal(p)
	return errors.Join(err, merr, a.catalog.SetFact(ctx, "place."+placeID(d), string(text)))
}

// placeID names a place within facts and folders.
func placeID(d config.Deploy) string {
	h := sha256.Sum256([]byte(d.Kind + "\x00" + d.To + "\x00" + d.Branch))
	return hex.EncodeToString(h[:8])
}

func (a *App) deployTo(ctx context.Context, d config.Deploy, m *release.Manifest, had string, force bool, done *Deployed) error {
	switch d.Kind {
	case "directory":
		x, err := a.releases.Swap(ctx, m.ID(), a.within(d.To))
		done.Written, done.Removed = x.Written, x.Removed
		return err
	case "git":
		return a.deployGit(ctx, d, m, had, done)
	case "s3":
		return a.deployBucket(ctx, d, m, force, done)
	}
	return fmt.Errorf("%s is no kind of place", d.Kind)
}

// deployHint is the way out of an error of Deploy, "" where none is known.
func deployHint(err error) string {
	switch {
	case errors.Is(err, bucket.ErrRefused):
		return "set the key anew: `coranto secret set HOST` with ID:SECRET, HOST being the endpoint's name; it needs the right to get, put and delete objects"
	case errors.Is(err, bucket.ErrNoBucket):
		return "make the bucket, or mend its name in deploy: of coranto.yaml; Coranto makes none"
	case errors.Is(err, bucket.ErrCondition), errors.Is(err, errUnderWay):
		return "another deployment writes there; wait for it, or `coranto deploy --force` once it is certain that none does"
	}
	return ""
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
