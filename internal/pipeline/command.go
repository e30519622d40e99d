package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/coranto/coranto/internal/engine"
	"github.com/coranto/coranto/internal/job"
)

// TaskPrefix begins the Resource of a command that the site's configuration
// defines: "task:summarise". A Resource is literal in the Amazon States
// Language, so a workflow calls only what its text names, and that text is what
// `coranto trust` shows and hashes.
const TaskPrefix = "task:"

// Errors of commands that do not come to run.
var (
	ErrUntrusted = errors.New("not trusted")
	ErrNoCommand = errors.New("no such task")
	ErrSecret    = errors.New("a secret is missing")
)

// Command is a task of the site's own: a program that reads JSON and writes
// JSON.
type Command struct {
	Name     string
	Argv     []string
	Dir      string // working directory: the site's
	Env      map[string]string
	Secrets  []string // names; see SecretVariable
	Zone     string   // where it may go; empty: wherever the machine lets it
	Timeout  time.Duration
	Strategy job.Strategy
}

// Commands are those of a configuration, by name.
type Commands struct {
	Trusted bool // a person has said that they may run
	List    map[string]Command
	// Gate opens the way out of a zone on a listener.
	Gate func(zone string, l net.Listener, password string) (job.Gate, error)
}

// SecretVariable is the environment variable in which a command finds a secret:
// its name in capitals, with "_" for what is no letter or digit.
// "git.example.org" becomes GIT_EXAMPLE_ORG.
func SecretVariable(name string) string {
	s := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
			return r
		}
		return '_'
	}, name)
	if s != "" && s[0] >= '0' && s[0] <= '9' {
		s = "_" + s
	}
	return s
}

// command is the handler of a command task. What the configuration says is read
// when it is called, not before: it may have changed, and have lost its trust.
func (p *Pipeline) command(name string) engine.Handler {
	return func(ctx context.Context, t engine.Task) (json.RawMessage, error) {
		out, err := p.runCommand(ctx, name, t)
		if f, ok := errors.AsType[*job.Failure](err); ok {
			return nil, &engine.TaskError{Name: f.Name(), Cause: f.Error(), Err: f}
		}
		if err != nil {
			return nil, named(err)
		}
		return out, nil
	}
}

func (p *Pipeline) runCommand(ctx context.Context, name string, t engine.Task) (json.RawMessage, error) {
	set := p.Settings().Commands
	c, ok := set.List[name]
	switch {
	case !ok:
		return nil, fmt.Errorf("%w: state %s calls %s%s, which the configuration does not define", ErrNoCommand, t.State, TaskPrefix, name)
	case !set.Trusted:
		return nil, fmt.Errorf("task %s runs a program (%s): %w; read it, then `coranto trust`", name, strings.Join(c.Argv, " "), ErrUntrusted)
	case p.Jobs == nil:
		return nil, fmt.Errorf("task %s: this process runs no commands", name)
	}
	secrets := map[string]string{}
	for _, s := range c.Secrets {
		v, err := p.Secret(s)
		if err != nil {
			return nil, fmt.Errorf("%w: task %s needs %s: %w", ErrSecret, name, s, err)
		}
		secrets[SecretVariable(s)] = v
	}
	return p.Jobs.Do(ctx, job.Job{
		Execution: string(t.Execution), Task: t.ID, Name: name, Command: c.Argv, Dir: c.Dir, Env: c.Env, Secrets: secrets,
		Input: t.Input, Timeout: c.Timeout, Strategy: c.Strategy, Net: p.netOf(c.Zone),
		Say: func(attempt int, line string) {
			engine.Heartbeat(ctx)
			p.Log.InfoContext(ctx, line, KeyExecution, t.Execution, KeyTask, name, KeyAttempt, attempt)
		},
	})
}

// netOf is what a command in a zone has of the network; nil without one.
func (p *Pipeline) netOf(zone string) *job.Net {
	if zone == "" {
		return nil
	}
	return &job.Net{Name: zone, Open: func(l net.Listener, password string) (job.Gate, error) {
		return p.Settings().Commands.Gate(zone, l, password)
	}}
}

// jobFailed finds the failures of commands by their cause.
func jobFailed(c job.Cause) func(error) bool {
	return func(err error) bool {
		f, ok := errors.AsType[*job.Failure](err)
		return ok && f.Cause == c
	}
}

// exitName is the row of the table for Task.Exit.N, whatever N.
const exitName = "Task.Exit"

// tableName is the name under which the table lists a failure.
func tableName(name string) string {
	if code, ok := strings.CutPrefix(name, exitName+"."); ok {
		if _, err := strconv.Atoi(code); err == nil {
			return exitName
		}
	}
	return name
}
