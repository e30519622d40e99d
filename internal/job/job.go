// Package job runs the commands that workflows call as tasks: it starts a
// program with JSON on its standard input, takes JSON from its standard output,
// and decides, as AWS Batch does, whether a failed attempt is tried again.
//
// It promises that a program gets only the environment it was given, that it
// ends with everything it has started, within its time and its size, and that
// each attempt is on the disk before it begins and before the next: a crash in
// between neither restarts the count nor runs anew what has succeeded. Which
// commands there are, who may call them, and what a failure means to a workflow
// stays outside.
package job

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Limits of a Strategy.
const (
	MaxAttempts = 10
	MaxRules    = 5
	maxPattern  = 512
)

// ErrStrategy is wrapped by what Check says of a strategy.
var ErrStrategy = errors.New("retry strategy cannot be used")

// Action is what a rule says is done next. It is read in any case.
type Action string

// The actions.
const (
	Retry Action = "RETRY"
	Exit  Action = "EXIT"
)

// Rule is one entry of evaluateOnExit. It matches when every pattern it names
// does; a pattern is text, optionally with an asterisk at its end.
type Rule struct {
	OnExitCode     string `json:"onExitCode,omitempty"`
	OnReason       string `json:"onReason,omitempty"`
	OnStatusReason string `json:"onStatusReason,omitempty"`
	Action         Action `json:"action"`
}

// Strategy is a retry strategy as AWS Batch defines it:
// https://docs.aws.amazon.com/batch/latest/userguide/job_retries.html.
// Its zero value is one attempt.
type Strategy struct {
	Attempts       int    `json:"attempts,omitempty"` // altogether, 1 to MaxAttempts; 0: 1
	EvaluateOnExit []Rule `json:"evaluateOnExit,omitempty"`
}

// Outcome is how an attempt ended, in the three terms of AWS Batch. An exit sets
// the code, a failed start the reason, a lost runner the status reason.
type Outcome struct {
	ExitCode     *int   `json:"exitCode,omitempty"`
	Reason       string `json:"reason,omitempty"`
	StatusReason string `json:"statusReason,omitempty"`
}

// Retry reports whether the attempt with this number, from 1, is followed by
// another. The first rule that matches decides; where none does, as where there
// are none, it is tried again. An exit code of 0 is no failure, and no attempt
// follows the last.
func (s Strategy) Retry(attempt int, o Outcome) bool {
	if o.Succeeded() || attempt >= max(1, s.Attempts) {
		return false
	}
	for _, r := range s.EvaluateOnExit {
		if r.matches(o) {
			return strings.EqualFold(string(r.Action), string(Retry))
		}
	}
	return true
}

// Succeeded reports an exit code of 0.
func (o Outcome) Succeeded() bool { return o.ExitCode != nil && *o.ExitCode == 0 }

func (r Rule) matches(o Outcome) bool {
	if r == (Rule{Action: r.Action}) {
		return false // says of nothing that it matters
	}
	if r.OnExitCode != "" && (o.ExitCode == nil || !glob(r.OnExitCode, strconv.Itoa(*o.ExitCode))) {
		return false
	}
	// A reason that is not there is the empty one: the service's documentation
	// catches what is left by {"onReason": "*"}, and an exit has no reason.
	return (r.OnReason == "" || glob(r.OnReason, o.Reason)) && (r.OnStatusReason == "" || glob(r.OnStatusReason, o.StatusReason))
}

// glob matches text against a pattern that may end in an asterisk.
func glob(pattern, text string) bool {
	if prefix, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(text, prefix)
	}
	return pattern == text
}

// Check says why the service would refuse the strategy; nil: it would not.
func (s Strategy) Check() error {
	if s.Attempts < 0 || s.Attempts > MaxAttempts {
		return fmt.Errorf("%w: attempts is %d, not 1 to %d", ErrStrategy, s.Attempts, MaxAttempts)
	}
	if len(s.EvaluateOnExit) > MaxRules {
		return fmt.Errorf("%w: evaluateOnExit has %d rules, at most %d are allowed", ErrStrategy, len(s.EvaluateOnExit), MaxRules)
	}
	for i, r := range s.EvaluateOnExit {
		if err := r.check(); err != nil {
			return fmt.Errorf("%w: evaluateOnExit[%d] %w", ErrStrategy, i, err)
		}
	}
	return nil
}

func (r Rule) check() error {
	if !strings.EqualFold(string(r.Action), string(Retry)) && !strings.EqualFold(string(r.Action), string(Exit)) {
		return fmt.Errorf("has the action %q, not RETRY or EXIT", r.Action)
	}
	if r == (Rule{Action: r.Action}) {
		return errors.New("names neither onExitCode, onReason nor onStatusReason")
	}
	for _, p := range []string{r.OnExitCode, r.OnReason, r.OnStatusReason} {
		if len(p) > maxPattern || strings.Contains(strings.TrimSuffix(p, "*"), "*") {
			return fmt.Errorf("has the pattern %.40q: at most %d characters, an asterisk at the end only", p, maxPattern)
		}
	}
	if strings.Trim(strings.TrimSuffix(r.OnExitCode, "*"), "0123456789") != "" {
		return fmt.Errorf("has the exit code %q, which is no number", r.OnExitCode)
	}
	return nil
}
