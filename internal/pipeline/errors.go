package pipeline

import (
	"context"
	"errors"
	"net/http"
	"syscall"

	"github.com/coranto/coranto/asl"
	"github.com/coranto/coranto/internal/catalog"
	"github.com/coranto/coranto/internal/content"
	"github.com/coranto/coranto/internal/egress"
	"github.com/coranto/coranto/internal/engine"
	"github.com/coranto/coranto/internal/feed"
	"github.com/coranto/coranto/internal/feed/listing"
	"github.com/coranto/coranto/internal/git"
	"github.com/coranto/coranto/internal/job"
	"github.com/coranto/coranto/internal/moderation"
	"github.com/coranto/coranto/internal/release"
	"github.com/coranto/coranto/internal/scrape"
	"github.com/coranto/coranto/internal/secret"
	"github.com/coranto/coranto/internal/site"
	"github.com/coranto/coranto/internal/sqlite"
)

// Exit codes of the commands.
const (
	ExitOK      = 0
	ExitError   = 1
	ExitUsage   = 2
	ExitSources = 3 // some sources failed
	ExitStale   = 4
	ExitGuard   = 5 // refused by a guard
	ExitConfig  = 10
	ExitLocked  = 11
)

// ErrGuard is wrapped by what a guard refuses.
var ErrGuard = errors.New("refused by a guard")

// Kind is what a failure is, for every reader: a workflow's Retry and Catch, a
// script, a browser, and a retry strategy in the terms of AWS Batch (exit
// code, reason, status reason).
type Kind struct {
	Name   string // ASL error name
	Exit   int
	HTTP   int
	Reason string // one line for people and for onReason
}

// kinds is the one table of failures: the first row that is the error decides.
var kinds = []struct {
	is func(error) bool
	Kind
}{
	{held, Kind{"Fetch.Held", ExitSources, http.StatusServiceUnavailable, "the server asked not to be asked yet"}},
	{temporary, Kind{"Fetch.Temporary", ExitSources, http.StatusBadGateway, "the server could not answer now"}},
	{status(http.StatusNotFound), Kind{"Fetch.NotFound", ExitSources, http.StatusBadGateway, "there is nothing at this address"}},
	{status(http.StatusUnauthorized, http.StatusForbidden), Kind{"Fetch.Forbidden", ExitSources, http.StatusBadGateway, "the server refuses us"}},
	{unsaid, Kind{"Fetch.Gone", ExitSources, http.StatusBadGateway, "the address is gone for good"}},
	{unsaid, Kind{"Fetch.Moved", ExitSources, http.StatusBadGateway, "the server names another address for good"}},
	{anyStatus, Kind{"Fetch.Status", ExitSources, http.StatusBadGateway, "the server answered with an error"}},
	{is(egress.ErrDenied), Kind{"Egress.Denied", ExitSources, http.StatusForbidden, "the zone does not allow this address"}},
	{is(egress.ErrScheme), Kind{"Egress.Scheme", ExitSources, http.StatusForbidden, "only http and https are fetched"}},
	{is(egress.ErrRedirects), Kind{"Fetch.Redirects", ExitSources, http.StatusBadGateway, "too many redirects"}},
	{is(egress.ErrTimeout), Kind{"Fetch.Timeout", ExitSources, http.StatusGatewayTimeout, "no answer in time"}},
	{is(egress.ErrDNS), Kind{"Fetch.DNS", ExitSources, http.StatusBadGateway, "the host name is not found"}},
	{is(egress.ErrTLS), Kind{"Fetch.TLS", ExitSources, http.StatusBadGateway, "no secure connection"}},
	{is(egress.ErrBody), Kind{"Fetch.Body", ExitSources, http.StatusBadGateway, "the body cannot be decoded"}},
	{disallowed, Kind{"Page.Robots", ExitSources, http.StatusForbidden, "robots.txt closes the page to programs"}},
	{is(listing.ErrNothing), Kind{"Listing.Empty", ExitSources, http.StatusUnprocessableEntity, "no entries are found on the page"}},
	{is(listing.ErrRecipe), Kind{"Source.Recipe", ExitSources, http.StatusUnprocessableEntity, "the recipe cannot be used"}},
	{unsaid, Kind{"Source.Filter", ExitSources, http.StatusUnprocessableEntity, "include or exclude cannot be used"}},
	{unsaid, Kind{"Source.TooMany", ExitSources, http.StatusUnprocessableEntity, "too many entries without a date"}},
	{parked, Kind{catalog.ErrorParked, ExitSources, http.StatusUnprocessableEntity, "the domain is parked"}},
	{is(ErrIdentity), Kind{catalog.ErrorIdentity, ExitSources, http.StatusConflict, "another feed answers at this address"}},
	{is(feed.ErrNotFeed), Kind{"Feed.NotFeed", ExitSources, http.StatusUnprocessableEntity, "this is not a feed"}},
	{is(scrape.ErrNotPage), Kind{"Page.NotPage", ExitSources, http.StatusUnprocessableEntity, "this is not a page"}},

	{is(syscall.ENOSPC), Kind{"Disk.Full", ExitError, http.StatusInsufficientStorage, "the disk is full"}},
	{is(content.ErrConflict), Kind{"Content.Conflict", ExitError, http.StatusConflict, "somebody else committed"}},
	{is(git.ErrBusy, git.ErrLocked), Kind{"Content.Busy", ExitError, http.StatusConflict, "the repository is in the middle of something"}},
	{is(content.ErrDamaged), Kind{"Content.Damaged", ExitError, http.StatusInternalServerError, "a content file cannot be read"}},
	{is(content.ErrDiverged), Kind{"Content.Diverged", ExitError, http.StatusConflict, "local and remote history need a person"}},
	{is(moderation.ErrInvalid), Kind{"Content.Moderation", ExitConfig, http.StatusConflict, "moderation.yaml cannot be read"}},
	{is(content.ErrEdited), Kind{"Content.Edited", ExitError, http.StatusConflict, "the file has uncommitted edits"}},
	{is(git.ErrAuth), Kind{"Remote.Auth", ExitError, http.StatusBadGateway, "the remote refuses the credentials"}},
	{is(git.ErrRefused), Kind{"Remote.Refused", ExitError, http.StatusBadGateway, "the remote refuses the push"}},
	{is(git.ErrRemote), Kind{"Remote.Unreachable", ExitError, http.StatusBadGateway, "the remote cannot be reached"}},
	{is(git.ErrMissing), Kind{"Git.Missing", ExitError, http.StatusInternalServerError, "the git program is missing or too old"}},
	{is(git.ErrDamaged), Kind{"Git.Damaged", ExitError, http.StatusInternalServerError, "the repository is damaged"}},
	{is(git.ErrNotRepo, git.ErrSubdir), Kind{"Content.NotRepository", ExitError, http.StatusInternalServerError, "this is not the top of a git repository"}},

	{is(ErrGuard), Kind{"Site.Guard", ExitGuard, http.StatusConflict, "refused by a guard"}},
	{is(site.ErrTheme), Kind{"Site.Theme", ExitGuard, http.StatusInternalServerError, "the theme has an error"}},
	{is(release.ErrLocked), Kind{"Release.Locked", ExitLocked, http.StatusConflict, "another build is at work"}},
	{is(release.ErrFull), Kind{"Disk.Full", ExitError, http.StatusInsufficientStorage, "the disk is full"}},
	{is(sqlite.ErrFull), Kind{"Disk.Full", ExitError, http.StatusInsufficientStorage, "the disk is full"}},
	{is(release.ErrNotFound, release.ErrNone, release.ErrNoEarlier), Kind{"Release.NotFound", ExitError, http.StatusNotFound, "no such release"}},
	{is(release.ErrCorrupt), Kind{"Release.Damaged", ExitError, http.StatusInternalServerError, "the kept releases are damaged"}},
	{is(release.ErrForeign), Kind{"Export.Foreign", ExitError, http.StatusConflict, "a file there is not ours"}},
	{is(sqlite.ErrDamaged), Kind{"State.Damaged", ExitError, http.StatusInternalServerError, "the state file cannot be read"}},
	{is(sqlite.ErrNewer), Kind{"State.Newer", ExitError, http.StatusInternalServerError, "the state is of a newer version"}},
	{is(sqlite.ErrOlder), Kind{"State.Older", ExitError, http.StatusInternalServerError, "the state is of an older version"}},
	{is(sqlite.ErrBusy), Kind{"State.Busy", ExitLocked, http.StatusServiceUnavailable, "another process is writing the state"}},
	{is(sqlite.ErrIO), Kind{"Disk.Failed", ExitError, http.StatusInternalServerError, "the disk failed"}},
	{is(engine.ErrNotFound), Kind{"Run.NotFound", ExitError, http.StatusNotFound, "no such execution"}},
	{is(ErrUntrusted), Kind{"Coranto.Untrusted", ExitGuard, http.StatusForbidden, "a person has to trust this first"}},
	{is(ErrNoCommand), Kind{"Task.Unknown", ExitConfig, http.StatusInternalServerError, "the configuration has no such task"}},
	{is(ErrSecret), Kind{"Task.Secret", ExitError, http.StatusInternalServerError, "a secret that the task needs is missing"}},
	{is(secret.ErrNotFound, secret.ErrName), Kind{"Secret.NotFound", ExitError, http.StatusNotFound, "no such secret"}},
	{is(secret.ErrNoKey, secret.ErrWrongKey), Kind{"Secret.Key", ExitError, http.StatusInternalServerError, "the key of the secrets is missing or another"}},
	{is(secret.ErrDamaged), Kind{"Secret.Damaged", ExitError, http.StatusInternalServerError, "the file of secrets is damaged"}},
	{jobFailed(job.CauseExit), Kind{exitName, ExitError, http.StatusBadGateway, "the command ended with an error"}}, // Task.Exit.N, N its exit code
	{jobFailed(job.CauseLost), Kind{"Task.Lost", ExitError, http.StatusBadGateway, "the command, or who ran it, was killed"}},
	{jobFailed(job.CauseStart), Kind{"Task.CannotStart", ExitError, http.StatusInternalServerError, "the command cannot be started"}},
	{jobFailed(job.CauseTimeout), Kind{"Task.Timeout", ExitError, http.StatusGatewayTimeout, "the command took too long"}},
	{jobFailed(job.CauseTooLarge), Kind{"Task.OutputTooLarge", ExitError, http.StatusBadGateway, "the command wrote too much"}},
	{jobFailed(job.CauseOutput), Kind{"Task.Output", ExitError, http.StatusBadGateway, "the command wrote no JSON"}},
	{unsaid, Kind{"Coranto.Input", ExitError, http.StatusBadRequest, "a task got input that it does not understand"}},
	{unsaid, Kind{engine.ErrorPanic, ExitError, http.StatusInternalServerError, "a task broke down: an error of the program"}},
	{unsaid, Kind{engine.ErrorNoTask, ExitConfig, http.StatusInternalServerError, "nobody answers to a Resource of the workflow"}},
	{unsaid, Kind{"Coranto.NoWorker", ExitError, http.StatusServiceUnavailable, "the worker that had the task is gone"}},
	{unsaid, Kind{engine.ErrorOutput, ExitError, http.StatusInternalServerError, "a task's output is no JSON"}},
	{unsaid, Kind{engine.ErrorJournal, ExitError, http.StatusInternalServerError, "the journal of the execution cannot be replayed"}},
	{unsaid, Kind{engine.ErrorRevision, ExitError, http.StatusInternalServerError, "another version of the program began the execution"}},
	{unsaid, Kind{asl.ErrorTimeout, ExitError, http.StatusGatewayTimeout, "a state took too long"}},
	{unsaid, Kind{asl.ErrorHeartbeat, ExitError, http.StatusGatewayTimeout, "a task gave no sign of life"}},
	{unsaid, Kind{asl.ErrorTaskFailed, ExitError, http.StatusInternalServerError, "a task failed"}},
	{unsaid, Kind{asl.ErrorRuntime, ExitError, http.StatusInternalServerError, "the workflow cannot go on with this data"}},
	{unsaid, Kind{asl.ErrorDataLimit, ExitError, http.StatusRequestEntityTooLarge, "the data of a state are too large"}},
	{unsaid, Kind{asl.ErrorToleratedFailure, ExitError, http.StatusInternalServerError, "too many items of a Map failed"}},
	{unsaid, Kind{asl.ErrorItemReader, ExitError, http.StatusInternalServerError, "the items of a Map cannot be read"}},
	{unsaid, Kind{asl.ErrorResultWriter, ExitError, http.StatusInternalServerError, "the results of a Map cannot be written"}},
	{unsaid, Kind{asl.ErrorReferencePath, ExitError, http.StatusInternalServerError, "a result does not fit where it is to go"}},
	{unsaid, Kind{asl.ErrorResultPath, ExitError, http.StatusInternalServerError, "a result does not fit where it is to go"}},
	{is(context.Canceled), Kind{"Coranto.Cancelled", ExitError, http.StatusServiceUnavailable, "stopped"}},
	{is(context.DeadlineExceeded), Kind{"Coranto.Deadline", ExitError, http.StatusGatewayTimeout, "took too long"}},
}

// internal is what a failure is that nobody foresaw.
var internal = Kind{"Coranto.Internal", ExitError, http.StatusInternalServerError, "unexpected failure"}

// KindOf finds what an error is. A name of the table that a task has given it
// counts before what it wraps: Retry and Catch see that name too.
func KindOf(err error) Kind {
	t, told := errors.AsType[*engine.TaskError](err)
	if told {
		if k := KindNamed(t.Name); k.Reason != internal.Reason {
			return k
		}
	}
	for _, k := range kinds {
		if k.is(err) {
			return k.Kind
		}
	}
	if told {
		return KindNamed(t.Name)
	}
	return internal
}

// KindNamed finds a kind by its ASL error name.
func KindNamed(name string) Kind {
	for _, k := range kinds {
		if k.Name == tableName(name) {
			k.Name = name
			return k.Kind
		}
	}
	k := internal
	if name != "" {
		k.Name = name
	}
	return k
}

// named gives an error the name that Retry and Catch see.
func named(err error) error {
	if t, ok := errors.AsType[*engine.TaskError](err); ok {
		return t
	}
	return &engine.TaskError{Name: KindOf(err).Name, Cause: err.Error(), Err: err}
}

func is(targets ...error) func(error) bool {
	return func(err error) bool {
		for _, t := range targets {
			if errors.Is(err, t) {
				return true
			}
		}
		return false
	}
}

// unsaid is of rows that are found by their name alone: who fails so gives it
// (an engine.TaskError, or an event of an execution).
func unsaid(error) bool { return false }

func held(err error) bool {
	_, ok := errors.AsType[*egress.HeldError](err)
	return ok
}

// statusOf is the HTTP status an error stands for, 0 for none.
func statusOf(err error) int {
	if e, ok := errors.AsType[*feed.StatusError](err); ok {
		return e.Status
	}
	if e, ok := errors.AsType[*scrape.StatusError](err); ok {
		return e.Status
	}
	return 0
}

// temporary is what may be gone in a few seconds.
func temporary(err error) bool {
	switch statusOf(err) {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return errors.Is(err, egress.ErrConnection)
}

func status(codes ...int) func(error) bool {
	return func(err error) bool {
		s := statusOf(err)
		for _, c := range codes {
			if s == c {
				return true
			}
		}
		return false
	}
}

func anyStatus(err error) bool { return statusOf(err) != 0 }
