package job

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/coranto/coranto/internal/sqlite"
)

// Defaults of a Job.
const (
	DefaultTimeout   = 10 * time.Minute
	DefaultMaxOutput = 10 << 20
	defaultGrace     = 5 * time.Second
)

// Job is a command to be done once, in as many attempts as its strategy allows.
// (Execution, Task) names it for ever.
type Job struct {
	Execution string
	Task      uint64

	Name      string // for people
	Command   []string
	Dir       string            // working directory
	Env       map[string]string // all it gets, besides PATH and what names the attempt
	Secrets   map[string]string // added to Env; never shown in what it says
	Input     json.RawMessage
	Timeout   time.Duration // of an attempt; 0: DefaultTimeout
	MaxOutput int64         // bytes; 0: DefaultMaxOutput
	Strategy  Strategy
	Net       *Net // what it has of the network; nil: what the machine has
	// Say is told what the command writes to its standard error, by the line.
	Say func(attempt int, line string)
}

// Options of a Runner; the zero value works.
type Options struct {
	Parallel int              // commands at the same time; 0: four a core
	Now      func() time.Time // nil: time.Now
	Grace    time.Duration    // between SIGTERM and SIGKILL; 0: 5 s
	// Confine is a program's file, its name and its first arguments, which calls
	// RunConfined with the arguments after them; empty: commands with a Net are
	// told of it, and not confined to it.
	Confine []string
}

// Runner does jobs, and remembers their attempts in the state database.
type Runner struct {
	*Log
	o     Options
	turns chan struct{}
}

// New returns a runner on db.
func New(ctx context.Context, db *sqlite.DB, o Options) (*Runner, error) {
	if o.Parallel <= 0 {
		o.Parallel = 4 * runtime.NumCPU()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Grace <= 0 {
		o.Grace = defaultGrace
	}
	log, err := NewLog(ctx, db)
	if err != nil {
		return nil, err
	}
	return &Runner{Log: log, o: o, turns: make(chan struct{}, o.Parallel)}, nil
}

// Do does a job and returns what it wrote: JSON, null for nothing. Called again
// for the same job it goes on where the journal says it was: an attempt that
// was begun and has no end was lost with whoever ran it, one that succeeded is
// not run again. A job that failed gives a *Failure; ctx's error means that it
// was stopped, which costs no attempt.
func (r *Runner) Do(ctx context.Context, j Job) (json.RawMessage, error) {
	if len(j.Command) == 0 {
		return nil, fmt.Errorf("task %s has no command", j.Name)
	}
	if j.Timeout <= 0 {
		j.Timeout = DefaultTimeout
	}
	if j.MaxOutput <= 0 {
		j.MaxOutput = DefaultMaxOutput
	}
	select {
	case r.turns <- struct{}{}:
		defer func() { <-r.turns }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	n, last, err := r.resume(ctx, j)
	for err == nil {
		if last != nil && !r.again(j, n, *last) {
			return last.Output, j.failure(n, *last)
		}
		n++
		last, err = r.attempt(ctx, j, n)
	}
	return nil, err
}

// again reports whether attempt n, which ended so, is followed by another.
func (r *Runner) again(j Job, n int, e ended) bool {
	switch e.Cause {
	case "", CauseTimeout, CauseTooLarge, CauseOutput:
		// A timeout is final for the service too; the others would only happen again.
		return false
	}
	return j.Strategy.Retry(n, e.Outcome)
}

func (j Job) failure(n int, e ended) error {
	if e.Cause == "" {
		return nil
	}
	return &Failure{Job: j.Name, Attempts: n, Cause: e.Cause, Outcome: e.Outcome, Said: e.Said, detail: e.detail(j.Timeout, j.MaxOutput)}
}

// resume reads where a job stands: the number of its last attempt and how that
// ended, nil where there was none.
func (r *Runner) resume(ctx context.Context, j Job) (int, *ended, error) {
	a, err := r.last(ctx, j.Execution, j.Task)
	if err != nil || a == nil {
		return 0, nil, err
	}
	if a.Ended.IsZero() {
		killLeftovers(mark(j, a.Number))
		e := ended{Cause: CauseLost, Outcome: Outcome{StatusReason: statusLost("who ran it, " + a.Host)}}
		return a.Number, &e, r.end(ctx, j, a.Number, e, r.o.Now())
	}
	e := ended{Cause: a.Cause, Outcome: a.Outcome, Output: a.output, Said: a.Said}
	return a.Number, &e, nil
}

// attempt does attempt n, between its two records.
func (r *Runner) attempt(ctx context.Context, j Job, n int) (*ended, error) {
	if err := r.begin(ctx, j, n, r.o.Now()); err != nil {
		return nil, err
	}
	hide := redactor(j.Secrets)
	p := process{argv: j.Command, dir: j.Dir, env: environ(j, n), input: j.Input, timeout: j.Timeout, grace: r.o.Grace, limit: j.MaxOutput, net: j.Net, confine: r.o.Confine,
		say: func(line string) {
			if j.Say != nil {
				j.Say(n, hide.Replace(line))
			}
		}}
	e := p.run(ctx)
	e.Said = hide.Replace(e.Said)
	// What was done is written down even where the result is no longer wanted.
	ctx = context.WithoutCancel(ctx)
	if e.Stopped {
		if err := r.forget(ctx, j, n); err != nil {
			return nil, err
		}
		return nil, context.Canceled
	}
	if e.Cause != "" {
		e.Output = nil
	}
	return &e, r.end(ctx, j, n, e, r.o.Now())
}

// Variables that name an attempt to its command.
const (
	EnvExecution = "CORANTO_RUN"     // the execution
	EnvTask      = "CORANTO_TASK"    // the task's name
	EnvAttempt   = "CORANTO_ATTEMPT" // from 1
	EnvID        = "CORANTO_TASK_ID" // of the attempt; the same after a restart
)

func mark(j Job, n int) string {
	return fmt.Sprintf("%s=%s/%d/%d", EnvID, j.Execution, j.Task, n)
}

// environ is the whole environment of an attempt.
func environ(j Job, n int) []string {
	env := []string{"PATH=" + os.Getenv("PATH"), EnvExecution + "=" + j.Execution, EnvTask + "=" + j.Name,
		fmt.Sprintf("%s=%d", EnvAttempt, n), mark(j, n)}
	for _, m := range []map[string]string{j.Env, j.Secrets} {
		for k, v := range m {
			env = append(env, k+"="+v)
		}
	}
	return env
}

// redactor takes secrets out of what a command says.
func redactor(secrets map[string]string) *strings.Replacer {
	var pairs []string
	for _, v := range secrets {
		if len(v) >= 4 { // what is shorter would take ordinary words apart
			pairs = append(pairs, v, "[secret]")
		}
	}
	return strings.NewReplacer(pairs...)
}
