package pipeline_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/asl"
	"github.com/coranto/coranto/internal/catalog"
	"github.com/coranto/coranto/internal/content"
	"github.com/coranto/coranto/internal/egress"
	"github.com/coranto/coranto/internal/engine"
	"github.com/coranto/coranto/internal/engine/local"
	"github.com/coranto/coranto/internal/git"
	"github.com/coranto/coranto/internal/pipeline"
	"github.com/coranto/coranto/internal/robots"
	"github.com/coranto/coranto/internal/sqlite"
	"github.com/coranto/coranto/internal/workflows"
)

// rig is the pipeline on a real repository, a real database and a real engine.
type rig struct {
	t       *testing.T
	set     *pipeline.Settings
	catalog *catalog.Catalog
	content *content.Store
	runtime *local.Runtime
}

func newRig(t *testing.T, web egress.Options, sources []coranto.Source) *rig {
	t.Helper()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ctx := t.Context()
	r := &rig{t: t}
	repo, err := git.Init(ctx, t.TempDir(), "main", git.Options{Author: git.Ident{Name: "Rig", Email: "rig@example.org"}})
	check(err)
	t.Cleanup(func() { repo.Close() })
	r.content, err = content.Open(ctx, repo, content.Options{})
	check(err)
	t.Cleanup(func() { r.content.Close() })
	db, err := sqlite.Open(filepath.Join(t.TempDir(), "state.db"), sqlite.Options{})
	check(err)
	t.Cleanup(func() { db.Close() })
	r.catalog, err = catalog.Open(ctx, db)
	check(err)
	client, err := egress.New(web)
	check(err)
	t.Cleanup(client.Close)
	r.set = &pipeline.Settings{Sources: sources, Bounds: catalog.DefaultBounds, Web: client}
	tasks := pipeline.New(pipeline.Deps{
		Catalog: r.catalog, Content: r.content, Robots: robots.NewCache(nil, nil),
		Settings: func() *pipeline.Settings { return r.set },
		Contains: func(context.Context, string, string) (bool, error) { return true, nil },
	}, 2)
	r.runtime, err = local.Open(ctx, db, tasks, local.Options{Workers: 1024})
	check(err)
	t.Cleanup(func() { r.runtime.Close() })
	return r
}

// run is one run of the aggregate workflow, with short pauses before what may
// pass is tried again.
func (r *rig) run() pipeline.Summary {
	r.t.Helper()
	def, err := workflows.Get(workflows.Aggregate)
	if err != nil {
		r.t.Fatal(err)
	}
	text := strings.ReplaceAll(string(def), `"MaxDelaySeconds": 30`, `"MaxDelaySeconds": 1`)
	text = strings.ReplaceAll(text, `"IntervalSeconds": 2`, `"IntervalSeconds": 1`)
	id, err := engine.NewID(time.Now(), rand.Reader)
	if err != nil {
		r.t.Fatal(err)
	}
	if err := r.runtime.Start(r.t.Context(), engine.StartRequest{ID: id, Workflow: workflows.Aggregate, Definition: []byte(text), Input: []byte("{}")}); err != nil {
		r.t.Fatal(err)
	}
	x, err := r.runtime.Wait(r.t.Context(), id)
	if err != nil || x.Status != asl.StatusSucceeded {
		r.t.Fatalf("the run: %s %s (%s), %v", x.Status, x.Error, x.Cause, err)
	}
	var sum pipeline.Summary
	if err := json.Unmarshal(x.Output, &sum); err != nil {
		r.t.Fatal(err)
	}
	return sum
}

func (r *rig) posts() []coranto.Post {
	r.t.Helper()
	snap, err := r.content.Snapshot(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	posts, err := snap.Posts(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	return posts
}
