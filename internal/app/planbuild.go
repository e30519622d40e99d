package app

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/coranto/coranto/asl"
	"github.com/coranto/coranto/internal/diagram"
	"github.com/coranto/coranto/internal/engine"
	"github.com/coranto/coranto/internal/release"
)

// PlannedBuild is what a build would do, if it began now.
type PlannedBuild struct {
	Commit string            `json:"commit"`
	Pages  PlannedPages      `json:"pages"`
	Out    *release.Exported `json:"out,omitempty"` // what would be done to the folder
}

// PlanBuild tells what a build of the site in dir would change, and, with out,
// what would be written to that folder. It writes nothing. What a guard would
// refuse is its error, unless force is set.
func PlanBuild(ctx context.Context, dir, out string, force bool, o Options) (PlannedBuild, error) {
	o.defaults()
	v, err := openView(ctx, dir, o)
	if err != nil {
		return PlannedBuild{}, err
	}
	defer v.close()
	if out != "" {
		if err := (&App{Layout: v.Layout}).apart(out); err != nil {
			return PlannedBuild{}, err
		}
	}
	sourceDefaults(v.config)
	p := &planner{view: v}
	refused, err := p.pages(ctx, o.Version)
	res := PlannedBuild{Commit: v.snap.Commit(), Pages: p.out.Pages}
	if err != nil {
		return res, err
	}
	if refused != nil && !force {
		return res, refused
	}
	if out != "" && p.out.Pages.Why == "" {
		x, err := release.PlanExport(p.files(), filepath.Clean(out))
		if err != nil {
			return res, err
		}
		res.Out = &x
	}
	return res, nil
}

// files are those of the site that would come of it, and the pictures that are
// live.
func (p *planner) files() []release.File {
	var out []release.File
	for path, hash := range p.built.files {
		out = append(out, release.File{Path: path, Hash: hash, Size: p.built.sizes[path]})
	}
	if p.releases == nil {
		return out
	}
	if m, err := p.releases.Current(); err == nil {
		for f := range m.All() {
			if _, ok := p.built.files[f.Path]; !ok && strings.HasPrefix(f.Path, "images/") {
				out = append(out, f)
			}
		}
	}
	return out
}

// PlannedStart is a workflow that would be started.
type PlannedStart struct {
	Workflow  string   `json:"workflow"`
	Origin    string   `json:"origin"` // site or built-in
	Resources []string `json:"resources"`
	Valid     bool     `json:"valid"`
}

// PlanWorkflow checks all that RunWorkflow would before it starts a workflow.
func PlanWorkflow(dir, name string) (PlannedStart, error) {
	list, err := Workflows(dir)
	if err != nil {
		return PlannedStart{}, err
	}
	for _, w := range list {
		if w.Name != name {
			continue
		}
		if !w.Trusted {
			return PlannedStart{}, untrustedWorkflow(name)
		}
		_, def, err := Definition(dir, name)
		if err == nil {
			err = resolved(def)
		}
		return PlannedStart{Workflow: name, Origin: w.Origin, Resources: w.Resources, Valid: err == nil}, err
	}
	_, _, err = Definition(dir, name)
	if err == nil {
		err = fmt.Errorf("%w: %q is a file, not the name of a workflow; put it into workflows/", ErrNoWorkflow, name)
	}
	return PlannedStart{}, err
}

// PlannedRedrive is an execution that would go on.
type PlannedRedrive struct {
	engine.Execution
	Again []string `json:"again"` // its states that would run again
}

// PlanRedrive tells what Redrive would take up.
func PlanRedrive(ctx context.Context, dir, id string) (PlannedRedrive, error) {
	w, err := Watch(ctx, dir, id)
	if err != nil {
		return PlannedRedrive{}, err
	}
	defer w.Close()
	l, err := w.Look(ctx)
	if err != nil {
		return PlannedRedrive{}, err
	}
	out := PlannedRedrive{Execution: l.Execution, Again: []string{}}
	if l.Status == asl.StatusRunning || l.Status == asl.StatusSucceeded {
		return out, fmt.Errorf("redrive %s: %w: it is %s", l.ID, engine.ErrNotRedrivable, l.Status)
	}
	for name, t := range diagram.Follow(l.History, l.Status).States {
		if t.Failed+t.Aborted > 0 {
			out.Again = append(out.Again, name)
		}
	}
	slices.Sort(out.Again)
	return out, nil
}
