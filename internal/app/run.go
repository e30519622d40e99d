package app

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/coranto/coranto/asl"
	"github.com/coranto/coranto/internal/catalog"
	"github.com/coranto/coranto/internal/engine"
	"github.com/coranto/coranto/internal/moderation"
	"github.com/coranto/coranto/internal/pipeline"
	"github.com/coranto/coranto/internal/release"
	"github.com/coranto/coranto/internal/workflows"
)

// RunResult is what a run, and the publishing that follows it, came to.
type RunResult struct {
	pipeline.Summary
	Resumed   bool       `json:"resumed,omitempty"` // it had been begun by a process that did not end it
	Published *Published `json:"published,omitempty"`
}

// Published is a release that went live.
type Published struct {
	pipeline.Built
	Live bool `json:"live"`
}

// WorkflowError is an execution that failed, with the ASL name of the failure.
type WorkflowError struct {
	Workflow string
	ID       engine.ExecutionID
	Name     string
	Cause    string
}

func (e *WorkflowError) Error() string {
	if e.Cause == "" {
		return fmt.Sprintf("%s %s failed: %s", e.Workflow, e.ID, e.Name)
	}
	if strings.Contains(e.Cause, "\n") { // the name would get lost behind it
		return fmt.Sprintf("%s %s failed (%s): %s", e.Workflow, e.ID, e.Name, strings.TrimRight(e.Cause, " \n"))
	}
	return fmt.Sprintf("%s %s failed: %s (%s)", e.Workflow, e.ID, e.Cause, e.Name)
}

// Run reads the sources and commits what is new. A run that a crash has left
// unfinished is brought to its end instead; that is the run then.
func (a *App) Run(ctx context.Context, in pipeline.DueInput) (RunResult, error) {
	for _, id := range in.Only {
		if _, ok := a.Config().Source(id); !ok {
			return RunResult{}, noSource(a.Config(), id)
		}
	}
	open, err := a.runtime.List(ctx, engine.Filter{Workflow: workflows.Aggregate, Status: asl.StatusRunning, Limit: 1})
	if err != nil {
		return RunResult{}, err
	}
	defer a.prune(ctx)
	var res RunResult
	var id engine.ExecutionID
	if len(open) > 0 {
		id, res.Resumed = open[0].ID, true
	} else if id, err = a.start(ctx, workflows.Aggregate, in); err != nil {
		return res, err
	}
	err = a.finish(ctx, id, &res.Summary)
	pipeline.Tidy(res.New)
	return res, err
}

// Unfinished reports whether executions of a workflow wait for their end.
func (a *App) Unfinished(ctx context.Context, workflow string) (bool, error) {
	open, err := a.runtime.List(ctx, engine.Filter{Workflow: workflow, Status: asl.StatusRunning, Limit: 1})
	return len(open) > 0, err
}

// start begins an execution of a workflow: the site's own or the embedded one.
func (a *App) start(ctx context.Context, workflow string, input any) (engine.ExecutionID, error) {
	id, err := engine.NewID(a.o.Now(), rand.Reader)
	if err != nil {
		return "", err
	}
	return id, a.startAs(ctx, id, workflow, input)
}

func (a *App) startAs(ctx context.Context, id engine.ExecutionID, workflow string, input any) error {
	def, err := a.definition(workflow)
	if err != nil {
		return err
	}
	b, err := json.Marshal(input)
	if err != nil {
		return err
	}
	return a.runtime.Start(ctx, engine.StartRequest{ID: id, Workflow: workflow, Definition: def, Input: b})
}

// definition is the ASL text of a workflow: the site's file, once trusted, or
// the embedded one.
func (a *App) definition(workflow string) ([]byte, error) {
	now := a.current.Load()
	if b, ok := now.workflows[workflow]; ok && now.ownWorkflows {
		return pipeline.Substitute(b), nil
	}
	return a.text(workflow, false)
}

// finish waits for an execution and reads its output.
func (a *App) finish(ctx context.Context, id engine.ExecutionID, out any) error {
	x, err := a.runtime.Wait(ctx, id)
	if err != nil {
		return err
	}
	if x.Status != asl.StatusSucceeded {
		return &WorkflowError{x.Workflow, id, x.Error, x.Cause}
	}
	if err := json.Unmarshal(x.Output, out); err != nil {
		return fmt.Errorf("%s %s: its output is not what %s expects: %w", x.Workflow, id, x.Workflow, err)
	}
	return nil
}

// wanted names what the site should show.
func (a *App) wanted(ctx context.Context) (string, error) {
	return a.wantedWith(ctx, a.pictures)
}

// wantedWith is wanted with these pictures; nil: whatever pictures there are.
func (a *App) wantedWith(ctx context.Context, pictures pipeline.Pictures) (string, error) {
	head, err := a.content.Head(ctx)
	if err != nil {
		return "", err
	}
	decided, _, err := a.tasks.DecisionsAt(ctx, head)
	if err != nil && !errors.Is(err, moderation.ErrInvalid) { // the build tells of that
		return "", err
	}
	return pipeline.Wanted(ctx, a.current.Load().settings, pictures, head, decided.Over(a.o.Now()))
}

// stale reports whether the site does not yet show what the branch, the
// configuration and the theme say. A release that was rolled back is not
// forced upon the reader again.
func (a *App) stale(ctx context.Context) (bool, error) {
	want, err := a.wanted(ctx)
	if err != nil {
		return false, err
	}
	have, err := a.catalog.Fact(ctx, pipeline.FactPublished)
	if err != nil {
		return false, err
	}
	if have != want {
		return true, nil
	}
	_, err = a.releases.Current()
	return errors.Is(err, release.ErrNone), nil
}

// PublishOptions say how the site is published.
type PublishOptions struct {
	Always bool // also where the site shows already what it should
	Force  bool // past the guards; implies Always
}

// Publish builds the site and makes it live, if it does not show already what
// it should. nil: it does.
func (a *App) Publish(ctx context.Context, o PublishOptions) (*Published, error) {
	// One that a crash has left unfinished is ended first; it may be of an
	// older commit.
	open, err := a.runtime.List(ctx, engine.Filter{Workflow: workflows.Publish, Status: asl.StatusRunning, Limit: 10})
	if err != nil {
		return nil, err
	}
	for _, x := range open {
		if _, err := a.runtime.Wait(ctx, x.ID); err != nil {
			return nil, err
		}
	}
	if stale, err := a.stale(ctx); err != nil || !stale && !o.Always && !o.Force {
		return nil, err
	}
	id, err := a.start(ctx, workflows.Publish, pipeline.BuildInput{Force: o.Force})
	if err != nil {
		return nil, err
	}
	p := &Published{Live: true}
	if err := a.finish(ctx, id, &p.Built); err != nil {
		return nil, errors.Join(err, a.unpublished(ctx, err))
	}
	return p, a.catalog.SetFact(ctx, factUnpublished, "")
}

// factUnpublished remembers why what should be live is not: Unpublished as JSON.
const factUnpublished = "unpublished"

// Unpublished is a publishing that failed.
type Unpublished struct {
	At    time.Time `json:"at"` // the first time in a row
	Error string    `json:"error"`
	Cause string    `json:"cause"`
}

// unpublished remembers a publishing that failed, for status to tell.
func (a *App) unpublished(ctx context.Context, failed error) error {
	w, ok := errors.AsType[*WorkflowError](failed)
	if !ok || ctx.Err() != nil {
		return nil
	}
	u := Unpublished{At: a.o.Now().UTC().Truncate(time.Second), Error: w.Name, Cause: w.Cause}
	if old, err := readUnpublished(ctx, a.catalog); err == nil && old != nil {
		u.At = old.At
	}
	b, err := json.Marshal(u)
	if err != nil {
		return err
	}
	return a.catalog.SetFact(ctx, factUnpublished, string(b))
}

// readUnpublished returns the publishing that failed, nil where none did.
func readUnpublished(ctx context.Context, c *catalog.Catalog) (*Unpublished, error) {
	text, err := c.Fact(ctx, factUnpublished)
	if err != nil || text == "" {
		return nil, err
	}
	var u Unpublished
	if json.Unmarshal([]byte(text), &u) != nil {
		return nil, nil
	}
	return &u, nil
}

// Illustrate fetches the pictures that the newest posts want and that are not
// here yet, and reports how many came. Publish puts them in.
func (a *App) Illustrate(ctx context.Context) (int, error) {
	id, err := a.startPictures(ctx)
	if err != nil || id == "" {
		return 0, err
	}
	return a.illustrated(ctx, id)
}

// startPictures begins to fetch pictures, or finds what has begun; "" where
// none are wanted.
func (a *App) startPictures(ctx context.Context) (engine.ExecutionID, error) {
	if !a.current.Load().settings.Pictures {
		return "", nil
	}
	open, err := a.runtime.List(ctx, engine.Filter{Workflow: workflows.Pictures, Status: asl.StatusRunning, Limit: 1})
	if err != nil {
		return "", err
	}
	if len(open) > 0 {
		return open[0].ID, nil
	}
	return a.start(ctx, workflows.Pictures, struct{}{})
}

// illustrated waits for pictures and counts those that came.
func (a *App) illustrated(ctx context.Context, id engine.ExecutionID) (int, error) {
	var out []pipeline.PictureOutput
	if err := a.finish(ctx, id, &out); err != nil {
		return 0, err
	}
	n := 0
	for _, p := range out {
		if p.Kept {
			n++
		}
	}
	return n, nil
}

// Executions are kept for `runs`, but not for ever.
const (
	keepRuns   = 200
	keepRunFor = 3 * 24 * time.Hour
)

// prune removes old executions.
func (a *App) prune(ctx context.Context) {
	if err := a.keepManners(ctx); err != nil && ctx.Err() == nil {
		a.o.Log.WarnContext(ctx, "how servers were treated was not written down", "error", err)
	}
	if _, err := a.runtime.Prune(ctx, keepRuns, a.o.Now().Add(-keepRunFor)); err != nil && ctx.Err() == nil {
		a.o.Log.WarnContext(ctx, "old executions were not removed", "error", err)
	}
	if err := a.pruneJobs(ctx); err != nil && ctx.Err() == nil {
		a.o.Log.WarnContext(ctx, "old attempts were not removed", "error", err)
	}
}

// Releases is the store of built sites.
func (a *App) Releases() *release.Store { return a.releases }

// Sync takes over what others have pushed to the remote, and pushes ours.
func (a *App) Sync(ctx context.Context) error {
	if a.Config().Remote == "" {
		return nil
	}
	_, err := a.content.Sync(ctx)
	return err
}
