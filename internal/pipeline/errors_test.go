package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/coranto/coranto/asl"
	"github.com/coranto/coranto/internal/content"
	"github.com/coranto/coranto/internal/egress"
	"github.com/coranto/coranto/internal/engine"
	"github.com/coranto/coranto/internal/feed"
	"github.com/coranto/coranto/internal/git"
	"github.com/coranto/coranto/internal/release"
	"github.com/coranto/coranto/internal/sqlite"
)

func TestKindOf(t *testing.T) {
	tests := []struct {
		err  error
		name string
		exit int
		http int
	}{
		{&feed.StatusError{Status: 503}, "Fetch.Temporary", ExitSources, http.StatusBadGateway},
		{fmt.Errorf("get: %w", &feed.StatusError{Status: 404}), "Fetch.NotFound", ExitSources, http.StatusBadGateway},
		{&feed.StatusError{Status: 403}, "Fetch.Forbidden", ExitSources, http.StatusBadGateway},
		{&feed.StatusError{Status: 500}, "Fetch.Status", ExitSources, http.StatusBadGateway},
		{fmt.Errorf("dial: %w", egress.ErrDenied), "Egress.Denied", ExitSources, http.StatusForbidden},
		{egress.ErrTimeout, "Fetch.Timeout", ExitSources, http.StatusGatewayTimeout},
		{egress.ErrConnection, "Fetch.Temporary", ExitSources, http.StatusBadGateway},
		{&egress.HeldError{}, "Fetch.Held", ExitSources, http.StatusServiceUnavailable},
		{feed.ErrNotFeed, "Feed.NotFeed", ExitSources, http.StatusUnprocessableEntity},
		{content.ErrConflict, "Content.Conflict", ExitError, http.StatusConflict},
		{git.ErrBusy, "Content.Busy", ExitError, http.StatusConflict},
		{ErrGuard, "Site.Guard", ExitGuard, http.StatusConflict},
		{release.ErrLocked, "Release.Locked", ExitLocked, http.StatusConflict},
		{sqlite.ErrDamaged, "State.Damaged", ExitError, http.StatusInternalServerError},
		{engine.ErrNotFound, "Run.NotFound", ExitError, http.StatusNotFound},
		{context.DeadlineExceeded, "Coranto.Deadline", ExitError, http.StatusGatewayTimeout},
		{errors.New("what nobody foresaw"), "Coranto.Internal", ExitError, http.StatusInternalServerError},
		// A name that a task gave counts, whatever it wraps; one that is unknown does not.
		{&engine.TaskError{Name: "Source.Filter", Err: egress.ErrDenied}, "Source.Filter", ExitSources, http.StatusUnprocessableEntity},
		{&engine.TaskError{Name: "My.Own", Err: egress.ErrDenied}, "Egress.Denied", ExitSources, http.StatusForbidden},
		{&engine.TaskError{Name: "My.Own"}, "My.Own", ExitError, http.StatusInternalServerError},
		{&engine.TaskError{Name: engine.ErrorNoTask}, "Coranto.NoTask", ExitConfig, http.StatusInternalServerError},
	}
	for _, tt := range tests {
		got := KindOf(tt.err)
		if got.Name != tt.name || got.Exit != tt.exit || got.HTTP != tt.http || got.Reason == "" {
			t.Errorf("KindOf(%v) = %+v, want %s, exit %d, HTTP %d", tt.err, got, tt.name, tt.exit, tt.http)
		}
	}
}

func TestKindNamed(t *testing.T) {
	for _, k := range kinds {
		if got := KindNamed(k.Name); got != k.Kind && k.Name != "Disk.Full" && got.Name != k.Name {
			t.Errorf("KindNamed(%q) = %+v", k.Name, got)
		}
		if k.Reason == "" || k.HTTP < 400 || k.Exit == ExitOK {
			t.Errorf("%+v: a row has a reason, a status and an exit code", k.Kind)
		}
	}
	if k := KindNamed("My.Own"); k.Name != "My.Own" || k.Exit != ExitError {
		t.Errorf("%+v", k)
	}
	if k := KindNamed(""); k != internal {
		t.Errorf("%+v", k)
	}
	if k := KindNamed("Task.Exit.7"); k.Name != "Task.Exit.7" || k.Reason == internal.Reason {
		t.Errorf("%+v", k)
	}
}

// failureNames are the first words of the names of failures.
var failureNames = regexp.MustCompile(`"((?:Fetch|Feed|Page|Listing|Source|Egress|Content|Remote|Git|Site|Release|Disk|State|Run|Task|Secret|Export|Coranto)\.[A-Z][A-Za-z]+)"`)

// TestEveryNameIsInTheTable reads the sources: a failure's name that stands
// there, and in a workflow, is a row.
func TestEveryNameIsInTheTable(t *testing.T) {
	known := map[string]bool{internal.Name: true}
	for _, k := range kinds {
		known[k.Name] = true
	}
	for _, name := range []string{asl.ErrorTimeout, asl.ErrorHeartbeat, asl.ErrorTaskFailed, asl.ErrorRuntime, asl.ErrorDataLimit,
		asl.ErrorToleratedFailure, asl.ErrorItemReader, asl.ErrorResultWriter, asl.ErrorReferencePath, asl.ErrorResultPath} {
		if !known[name] {
			t.Errorf("%s is no row of the table", name)
		}
	}
	found := 0
	for _, root := range []string{"../../internal", "../../cmd"} {
		err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			code := strings.HasSuffix(file, ".go") && !strings.HasSuffix(file, "_test.go") && !strings.Contains(filepath.ToSlash(file), "/enginetest/")
			if !code && !strings.HasSuffix(file, ".asl.json") || strings.Contains(file, "testdata") {
				return nil
			}
			b, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			for _, m := range failureNames.FindAllStringSubmatch(string(b), -1) {
				found++
				if !known[m[1]] {
					t.Errorf("%s: %s is no row of the table", file, m[1])
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if found < 50 {
		t.Errorf("only %d names are found: the expression is out of date", found)
	}
}
