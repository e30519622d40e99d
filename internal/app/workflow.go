package app

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/coranto/coranto/asl"
	"github.com/coranto/coranto/internal/engine"
	"github.com/coranto/coranto/internal/pipeline"
	"github.com/coranto/coranto/internal/workflows"
)

// ErrNoWorkflow is returned for a name that neither the site nor the program has.
var ErrNoWorkflow = errors.New("no such workflow")

// Workflow is a state machine that can be started here.
type Workflow struct {
	Name      string   `json:"name"`
	Origin    string   `json:"origin"`         // site or built-in
	File      string   `json:"file,omitempty"` // of the site, relative to it
	Trusted   bool     `json:"trusted"`
	Resources []string `json:"resources,omitempty"`
	Invalid   string   `json:"invalid,omitempty"`
	Schedules []string `json:"schedules,omitempty"`
}

// Workflows lists the state machines of the site in dir, its own first.
func Workflows(dir string) ([]Workflow, error) {
	l, cfg, trusted, err := look(dir)
	if err != nil {
		return nil, err
	}
	var out []Workflow
	own := map[string]bool{}
	for _, f := range workflowFiles(l) {
		w := Workflow{Name: workflowName(f), Origin: "site", File: filepath.Join("workflows", filepath.Base(f)), Trusted: trusted}
		own[w.Name] = true
		out = append(out, w)
	}
	for _, name := range workflows.Names() {
		if !own[name] {
			out = append(out, Workflow{Name: name, Origin: "built-in", Trusted: true})
		}
	}
	for i := range out {
		w := &out[i]
		def, err := l.text(w.Name, w.Origin == "site")
		if err != nil {
			return nil, err
		}
		if m, err := asl.Parse(def); err != nil {
			w.Invalid = firstLine(err.Error())
		} else {
			w.Resources = m.Resources()
		}
		for _, s := range cfg.Schedules {
			if s.Workflow == w.Name {
				w.Schedules = append(w.Schedules, s.At)
			}
		}
	}
	return out, nil
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s
}

// workflowFile is how a workflow's file is called.
func workflowFile(name string) string { return workflows.FileName(name) }

func workflowName(file string) string {
	return strings.TrimSuffix(filepath.Base(file), workflows.FileName(""))
}

// text reads a definition: the site's own, with the variables of the AWS sample
// resolved, or the embedded one.
func (l Layout) text(name string, own bool) ([]byte, error) {
	if own && filepath.Base(name) == name {
		b, err := os.ReadFile(filepath.Join(l.workflows(), workflows.FileName(name)))
		if err == nil {
			return pipeline.Substitute(b), nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	if !slices.Contains(workflows.Names(), name) {
		return nil, fmt.Errorf("%w: %q; there are %s", ErrNoWorkflow, name, strings.Join(l.workflowNames(), ", "))
	}
	return workflows.Get(name)
}

func (l Layout) workflowNames() []string {
	names := workflows.Names()
	for _, f := range workflowFiles(l) {
		names = append(names, workflowName(f))
	}
	sort.Strings(names)
	return slices.Compact(names)
}

// Definition reads the ASL text that NAME or FILE stands for, trusted or not:
// it is only looked at. A name wins over a file of that name without suffix.
func Definition(dir, name string) (title string, def []byte, err error) {
	if strings.ContainsAny(name, `/\`) || strings.HasSuffix(name, ".json") {
		b, err := os.ReadFile(name)
		return workflowName(name), pipeline.Substitute(b), err
	}
	l, err := layoutOf(dir)
	if err != nil {
		return "", nil, err
	}
	def, err = l.text(name, true)
	if errors.Is(err, ErrNoWorkflow) {
		if b, ferr := os.ReadFile(name); ferr == nil {
			return workflowName(name), pipeline.Substitute(b), nil
		}
	}
	return name, def, err
}

// Eject copies an embedded workflow into the site's workflows/, for its owner to
// change. It does not overwrite. Dry only tells the file.
func Eject(dir, name string, dry bool) (string, error) {
	l, err := layoutOf(dir)
	if err != nil {
		return "", err
	}
	if _, err := l.readConfig(); err != nil {
		return "", err
	}
	if !slices.Contains(workflows.Names(), name) {
		return "", fmt.Errorf("%w: %q; built-in are %s", ErrNoWorkflow, name, strings.Join(workflows.Names(), ", "))
	}
	b, err := workflows.Get(name)
	if err != nil {
		return "", err
	}
	path := filepath.Join(l.workflows(), workflows.FileName(name))
	if dry {
		if exists(path) {
			return "", fmt.Errorf("%s: %w", path, fs.ErrExist)
		}
		return path, nil
	}
	if err := os.MkdirAll(l.workflows(), 0o777); err != nil {
		return "", err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666)
	if err != nil {
		return "", err
	}
	_, err = f.Write(b)
	return path, errors.Join(err, f.Close())
}

// Tasks lists the resources that workflows of the site in dir may name: ours,
// and those of its tasks.
func Tasks(dir string) (known func(resource string) bool, err error) {
	l, err := layoutOf(dir)
	if err != nil {
		return nil, err
	}
	own := map[string]bool{}
	cfg, err := l.readConfig()
	if err != nil && !errors.Is(err, ErrNoSite) {
		return nil, err
	}
	if err == nil {
		for _, t := range cfg.Tasks {
			own[pipeline.TaskPrefix+t.Name] = true
		}
	}
	ours := pipeline.New(pipeline.Deps{}, 1)
	return func(resource string) bool {
		if strings.HasPrefix(resource, pipeline.TaskPrefix) {
			return own[resource]
		}
		return ours.Handler(resource) != nil
	}, nil
}

// RunWorkflow starts a workflow with an input and returns its execution once it
// has ended. An execution that failed is a *WorkflowError.
func (a *App) RunWorkflow(ctx context.Context, name string, input json.RawMessage) (engine.Execution, error) {
	id, err := a.startWorkflow(ctx, name, input)
	if err != nil {
		return engine.Execution{}, err
	}
	defer a.prune(ctx)
	x, err := a.runtime.Wait(ctx, id)
	if err == nil && x.Status != asl.StatusSucceeded {
		err = &WorkflowError{x.Workflow, id, x.Error, x.Cause}
	}
	return x, err
}

// startWorkflow begins a workflow that may be the site's own.
func (a *App) startWorkflow(ctx context.Context, name string, input json.RawMessage) (engine.ExecutionID, error) {
	id, err := engine.NewID(a.o.Now(), rand.Reader)
	if err != nil {
		return "", err
	}
	return id, a.startWorkflowAs(ctx, id, name, input)
}

func (a *App) startWorkflowAs(ctx context.Context, id engine.ExecutionID, name string, input json.RawMessage) error {
	if len(input) == 0 {
		input = json.RawMessage("{}")
	}
	now := a.current.Load()
	if _, own := now.workflows[name]; own && !now.ownWorkflows {
		return untrustedWorkflow(name)
	}
	def, err := a.definition(name)
	if err != nil {
		return err
	}
	if err := resolved(def); err != nil {
		return fmt.Errorf("workflow %s: %w", name, err)
	}
	return a.startAs(ctx, id, name, input)
}

func untrustedWorkflow(name string) error {
	return fmt.Errorf("workflow %s: %w; read workflows/%s, then `coranto trust`", name, pipeline.ErrUntrusted, workflows.FileName(name))
}

// resolved reports a Resource that is a variable without a value, before
// anything has been begun.
func resolved(def []byte) error {
	m, err := asl.Parse(def)
	if err != nil {
		return err
	}
	for _, r := range m.Resources() {
		if strings.Contains(r, "${") {
			known := slices.Sorted(maps.Keys(pipeline.Substitutions))
			return fmt.Errorf("%w: the Resource %s has no value here; known are ${%s}", asl.ErrInvalid, r, strings.Join(known, "}, ${"))
		}
	}
	return nil
}
