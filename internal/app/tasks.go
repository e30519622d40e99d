package app

import (
	"context"
	"errors"
	"maps"
	"os"

	"github.com/coranto/coranto/internal/config"
	"github.com/coranto/coranto/internal/engine"
	"github.com/coranto/coranto/internal/job"
	"github.com/coranto/coranto/internal/pipeline"
	"github.com/coranto/coranto/internal/secret"
)

// commands makes tasks of what the configuration says of them. They are known,
// but do not run, while nobody has trusted them.
func commands(cfg *config.Config, dir string, trusted bool) pipeline.Commands {
	c := pipeline.Commands{Trusted: trusted, List: map[string]pipeline.Command{}}
	for _, t := range cfg.Tasks {
		s := job.Strategy{Attempts: t.Retry.Attempts}
		for _, r := range t.Retry.EvaluateOnExit {
			s.EvaluateOnExit = append(s.EvaluateOnExit, job.Rule{OnExitCode: r.OnExitCode, OnReason: r.OnReason, OnStatusReason: r.OnStatusReason, Action: job.Action(r.Action)})
		}
		env := maps.Clone(t.Env)
		for _, name := range t.Pass {
			if v, ok := os.LookupEnv(name); ok {
				if env == nil {
					env = map[string]string{}
				}
				env[name] = v
			}
		}
		c.List[t.Name] = pipeline.Command{Name: t.Name, Argv: t.Command, Dir: dir, Env: env, Secrets: t.Secrets, Zone: t.Zone, Timeout: t.Timeout, Strategy: s}
	}
	return c
}

// revealSecret reads a secret for a command that names it.
func (a *App) revealSecret(name string) (string, error) {
	v, err := secret.Open(a.secrets(), secret.Options{}).Get(name)
	return v.Reveal(), err
}

// pruneJobs removes the attempts of executions that are no longer kept.
func (a *App) pruneJobs(ctx context.Context) error {
	return a.jobs.Prune(ctx, func(execution string) (bool, error) {
		_, err := a.runtime.Get(ctx, engine.ExecutionID(execution))
		if errors.Is(err, engine.ErrNotFound) {
			return false, nil
		}
		return true, err
	})
}
