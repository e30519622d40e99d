package job

import (
	"fmt"
	"time"
)

// The words of outcomes are the service's, so that a strategy written for it
// ("CannotPullContainerError:*", "Host EC2*") holds here unchanged.
const (
	reasonMissing = "CannotPullContainerError: " // there is no such program
	reasonStart   = "CannotStartContainerError: "

	statusExited  = "Essential container in task exited"
	statusStart   = "Task failed to start"
	statusTimeout = "Job attempt duration exceeded timeout"
)

// statusLost says that whoever ran the attempt is gone.
func statusLost(who string) string { return "Host EC2 (" + who + ") terminated." }

// Cause says in one word why a job failed; Failure.Name makes an error name of it.
type Cause string

// The causes.
const (
	CauseExit     Cause = "Exit"           // the command ended with another code than 0
	CauseLost     Cause = "Lost"           // it, or who ran it, was killed from outside
	CauseStart    Cause = "CannotStart"    // it is not there, or is no program
	CauseTimeout  Cause = "Timeout"        // it took too long and was ended
	CauseTooLarge Cause = "OutputTooLarge" // it wrote more than allowed and was ended
	CauseOutput   Cause = "Output"         // it ended well, but what it wrote is no JSON
)

// Failure is how a job failed, after its last attempt.
type Failure struct {
	Job      string
	Attempts int
	Cause    Cause
	Outcome  Outcome
	Said     string // the last line it wrote to its standard error
	detail   string
}

// Name is the name of the failure in a workflow: Task.Exit.3, Task.Timeout …
func (f *Failure) Name() string {
	if f.Cause == CauseExit && f.Outcome.ExitCode != nil {
		return fmt.Sprintf("Task.Exit.%d", *f.Outcome.ExitCode)
	}
	return "Task." + string(f.Cause)
}

// Error says what happened, in the last attempt, in one line.
func (f *Failure) Error() string {
	s := fmt.Sprintf("task %s: %s", f.Job, f.detail)
	if f.Attempts > 1 {
		s += fmt.Sprintf(", attempt %d", f.Attempts)
	}
	if f.Said != "" {
		s += ": " + f.Said
	}
	return s
}

// detail words the end of an attempt for people.
func (e ended) detail(timeout time.Duration, limit int64) string {
	switch e.Cause {
	case CauseTimeout:
		return fmt.Sprintf("did not end within %s", timeout)
	case CauseTooLarge:
		return fmt.Sprintf("wrote more than %d bytes", limit)
	case CauseOutput:
		return "what it wrote is no JSON"
	case CauseStart:
		return e.Outcome.Reason
	case CauseLost:
		return e.Outcome.StatusReason
	}
	if e.Signal != "" {
		return "was ended by " + e.Signal
	}
	if e.Outcome.ExitCode != nil {
		return fmt.Sprintf("exit code %d", *e.Outcome.ExitCode)
	}
	return "failed"
}
