//go:build unix

package job

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/coranto/coranto/internal/sqlite"
)

// helper makes the test's own program the command of the jobs.
const helper = "JOB_TEST"

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "confine" {
		fmt.Fprintln(os.Stderr, RunConfined(os.Args[2:]))
		os.Exit(1)
	}
	if what := os.Getenv(helper); what != "" {
		os.Exit(act(what))
	}
	os.Exit(m.Run())
}

// act is the program that the jobs run.
func act(what string) int {
	verb, arg, _ := strings.Cut(what, " ")
	switch verb {
	case "echo":
		io.Copy(os.Stdout, os.Stdin)
	case "get": // asks as programs do: by a proxy for what is not loopback
		resp, err := http.Get(arg)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		if out, _ := io.ReadAll(resp.Body); len(out) > 0 {
			os.Stdout.Write(out)
			break
		}
		fmt.Print(`"reached"`)
	case "env":
		json.NewEncoder(os.Stdout).Encode(os.Environ())
	case "exit": // "exit 1 2 0": by the attempt
		codes := strings.Fields(arg)
		n, _ := strconv.Atoi(os.Getenv(EnvAttempt))
		fmt.Fprintln(os.Stderr, "attempt", n)
		c, _ := strconv.Atoi(codes[min(n, len(codes))-1])
		return c
	case "die":
		n, _ := strconv.Atoi(arg)
		syscall.Kill(os.Getpid(), syscall.Signal(n))
		time.Sleep(time.Minute)
	case "stubborn": // a child and itself, deaf to SIGTERM
		signal.Ignore(syscall.SIGTERM)
		c := exec.Command(os.Args[0])
		c.Env = append(os.Environ(), helper+"=deaf "+arg)
		c.Stdout = os.Stdout
		if err := c.Start(); err != nil {
			return 1
		}
		time.Sleep(time.Minute)
	case "deaf":
		signal.Ignore(syscall.SIGTERM)
		os.WriteFile(arg, []byte(strconv.Itoa(os.Getpid())), 0o600)
		time.Sleep(time.Minute)
	case "daemon": // leaves a child behind that holds its pipes
		c := exec.Command(os.Args[0])
		c.Env = append(os.Environ(), helper+"=deaf "+arg)
		c.Stdout, c.Stderr = os.Stdout, os.Stderr
		c.Start()
		for range 2000 {
			if _, err := os.Stat(arg); err == nil {
				break
			}
			time.Sleep(time.Millisecond)
		}
		fmt.Println("1")
	case "flood":
		for {
			if _, err := fmt.Println(strings.Repeat("x", 1000)); err != nil {
				return 0
			}
		}
	case "say":
		fmt.Fprint(os.Stderr, "one\r\ntwo the password is ", os.Getenv("PASSWORD"), "\n", strings.Repeat("long", 5000))
		fmt.Print("{}")
	case "print":
		fmt.Print(arg)
	case "sleep":
		fmt.Fprintln(os.Stderr, "ready")
		time.Sleep(time.Minute)
	}
	return 0
}

func runner(t *testing.T) *Runner {
	t.Helper()
	db, err := sqlite.Open(filepath.Join(t.TempDir(), "state.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	r, err := New(t.Context(), db, Options{Grace: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func jobOf(what string) Job {
	return Job{Execution: "x", Task: 1, Name: "t", Command: []string{os.Args[0]}, Env: map[string]string{helper: what}, Input: json.RawMessage(`{"a":1}`)}
}

// The three cases that the service's documentation publishes, with real
// processes, and others.
func TestOutcomes(t *testing.T) {
	hosts := Strategy{Attempts: 5, EvaluateOnExit: []Rule{{OnStatusReason: "Host EC2*", Action: Retry}, {OnReason: "*", Action: Exit}}}
	codes := Strategy{Attempts: 4, EvaluateOnExit: []Rule{{OnExitCode: "1", Action: Retry}, {OnExitCode: "2", Action: Retry}, {OnExitCode: "3", Action: Exit}}}
	pull := Strategy{Attempts: 10, EvaluateOnExit: []Rule{{OnReason: "CannotPull*", Action: Exit}}}
	missing := jobOf("")
	missing.Command = []string{"./no-such-program"}
	nameless := jobOf("")
	nameless.Command = []string{"no-such-program-anywhere"}
	folder := jobOf("")
	folder.Command = []string{t.TempDir()}
	fault := jobOf("") // a Go program turns its faults into an exit code by itself
	fault.Command = []string{"sh", "-c", "ulimit -c 0; kill -SEGV $$"}
	for _, tt := range []struct {
		name     string
		job      Job
		strategy Strategy
		attempts int
		failure  string // "": none
	}{
		{"lost host is tried again", jobOf("die 9"), hosts, 5, "Task.Lost"},
		{"what is no lost host is not", jobOf("exit 1"), hosts, 1, "Task.Exit.1"},
		{"1 and 2 are tried again, 3 is not", jobOf("exit 1 2 3"), codes, 3, "Task.Exit.3"},
		{"1 and 2, then it works", jobOf("exit 2 1 0"), codes, 3, ""},
		{"no program: EXIT at once", missing, pull, 1, "Task.CannotStart"},
		{"none in PATH either", nameless, pull, 1, "Task.CannotStart"},
		{"a folder is no program", folder, Strategy{Attempts: 2, EvaluateOnExit: []Rule{{OnReason: "CannotStart*", Action: Exit}}}, 1, "Task.CannotStart"},
		{"its own fault is an exit", fault, hosts, 1, "Task.Exit.139"},
		{"no strategy", jobOf("exit 1"), Strategy{}, 1, "Task.Exit.1"},
		{"no JSON is not tried again", jobOf("print {"), Strategy{Attempts: 3}, 1, "Task.Output"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := runner(t)
			tt.job.Strategy = tt.strategy
			_, err := r.Do(t.Context(), tt.job)
			if got := nameOf(err); got != tt.failure {
				t.Errorf("failure %q (%v), want %q", got, err, tt.failure)
			}
			list, err := r.Attempts(t.Context(), "x")
			if err != nil || len(list) != tt.attempts {
				t.Errorf("%d attempts (%v), want %d: %+v", len(list), err, tt.attempts, list)
			}
		})
	}
}

func nameOf(err error) string {
	if f, ok := errors.AsType[*Failure](err); ok {
		return f.Name()
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

func TestInputAndOutput(t *testing.T) {
	r := runner(t)
	out, err := r.Do(t.Context(), jobOf("echo"))
	if err != nil || string(out) != `{"a":1}` {
		t.Errorf("Do = %s, %v", out, err)
	}
	j := jobOf("exit 0")
	j.Task = 2
	if out, err := r.Do(t.Context(), j); err != nil || string(out) != "null" {
		t.Errorf("a command that writes nothing gives %s, %v", out, err)
	}
	j = jobOf("exit 0") // does not read what it is told
	j.Task, j.Input = 3, json.RawMessage(`"`+strings.Repeat("x", 1<<20)+`"`)
	if _, err := r.Do(t.Context(), j); err != nil {
		t.Error(err)
	}
}

func TestEnvironment(t *testing.T) {
	t.Setenv("NOT_FOR_TASKS", "1")
	j := jobOf("env")
	j.Env["NAMED"] = "yes"
	j.Secrets = map[string]string{"TOKEN": "s3cret"}
	out, err := runner(t).Do(t.Context(), j)
	if err != nil {
		t.Fatal(err)
	}
	var env []string
	if err := json.Unmarshal(out, &env); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, v := range env {
		name, value, _ := strings.Cut(v, "=")
		got[name] = value
	}
	want := map[string]string{"PATH": os.Getenv("PATH"), "NAMED": "yes", "TOKEN": "s3cret", helper: "env",
		EnvExecution: "x", EnvTask: "t", EnvAttempt: "1", EnvID: "x/1/1"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestTimeoutEndsTheGroup(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pid")
	j := jobOf("stubborn " + file)
	j.Timeout, j.Strategy = 300*time.Millisecond, Strategy{Attempts: 3}
	_, err := runner(t).Do(t.Context(), j)
	if nameOf(err) != "Task.Timeout" || !strings.Contains(err.Error(), "300ms") {
		t.Errorf("Do = %v", err)
	}
	gone(t, file)
}

func TestLeftBehindIsKilled(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pid")
	out, err := runner(t).Do(t.Context(), jobOf("daemon "+file))
	if err != nil || strings.TrimSpace(string(out)) != "1" {
		t.Errorf("Do = %s, %v", out, err)
	}
	gone(t, file)
}

// gone fails unless the process whose number is in the file has ended.
func gone(t *testing.T, file string) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Skip("the child did not come to write its number")
	}
	pid, _ := strconv.Atoi(string(b))
	for range 2000 {
		if stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); err != nil && syscall.Kill(pid, 0) != nil || strings.Contains(string(stat), ") Z ") {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Errorf("process %d lives on", pid)
	syscall.Kill(pid, syscall.SIGKILL)
}

func TestOutputLimit(t *testing.T) {
	j := jobOf("flood")
	j.MaxOutput, j.Strategy = 10_000, Strategy{Attempts: 3}
	_, err := runner(t).Do(t.Context(), j)
	if nameOf(err) != "Task.OutputTooLarge" {
		t.Errorf("Do = %v", err)
	}
}

func TestSays(t *testing.T) {
	j := jobOf("say")
	j.Secrets = map[string]string{"PASSWORD": "hunter22"}
	var mu sync.Mutex
	var said []string
	j.Say = func(n int, line string) {
		mu.Lock()
		defer mu.Unlock()
		said = append(said, fmt.Sprint(n, " ", line))
	}
	if _, err := runner(t).Do(t.Context(), j); err != nil {
		t.Fatal(err)
	}
	want := []string{"1 one", "1 two the password is [secret]", "1 " + strings.Repeat("long", 1024)}
	if d := cmp.Diff(want, said); d != "" {
		t.Error(d)
	}
}

// A crash between two attempts does not restart the count; one in the middle of
// an attempt is a lost host; one after success runs nothing again.
func TestResume(t *testing.T) {
	ctx := t.Context()
	r := runner(t)
	j := jobOf("exit 1 0")
	j.Strategy = Strategy{Attempts: 3}
	one := ended{Cause: CauseExit, Outcome: exited(1)}
	if err := errors.Join(r.begin(ctx, j, 1, time.Now()), r.end(ctx, j, 1, one, time.Now())); err != nil {
		t.Fatal(err)
	}
	if out, err := r.Do(ctx, j); err != nil || string(out) != "null" {
		t.Errorf("Do = %s, %v", out, err)
	}
	list, err := r.Attempts(ctx, "x")
	if err != nil || len(list) != 2 {
		t.Fatalf("attempts %+v, %v", list, err)
	}
	j.Env[helper] = "exit 9"
	if out, err := r.Do(ctx, j); err != nil || string(out) != "null" {
		t.Errorf("what had succeeded was done again: %s, %v", out, err)
	}

	j = jobOf("exit 0")
	j.Task, j.Strategy = 2, Strategy{Attempts: 2, EvaluateOnExit: []Rule{{OnStatusReason: "Host*", Action: Exit}}}
	if err := r.begin(ctx, j, 1, time.Now()); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Do(ctx, j); nameOf(err) != "Task.Lost" {
		t.Errorf("Do = %v, want Task.Lost", err)
	}
}

// What is left of a lost attempt is killed before the next begins.
func TestResumeKillsLeftovers(t *testing.T) {
	if _, err := os.Stat("/proc/self/environ"); err != nil {
		t.Skip("processes do not show their environment here")
	}
	r := runner(t)
	j := jobOf("exit 0")
	j.Strategy.Attempts = 2
	if err := r.begin(t.Context(), j, 1, time.Now()); err != nil {
		t.Fatal(err)
	}
	orphan := exec.Command(os.Args[0])
	orphan.Env = append(environ(j, 1), helper+"=sleep")
	orphan.Stderr = nil
	out, err := orphan.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := orphan.Start(); err != nil {
		t.Fatal(err)
	}
	io.ReadFull(out, make([]byte, 5))
	if _, err := r.Do(t.Context(), j); err != nil {
		t.Error(err)
	}
	if err := orphan.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Errorf("the leftover ended with %v", err)
	}
}

// Stopping costs no attempt.
func TestStopped(t *testing.T) {
	r := runner(t)
	ctx, stop := context.WithCancel(t.Context())
	j := jobOf("sleep")
	j.Say = func(int, string) { stop() }
	if _, err := r.Do(ctx, j); !errors.Is(err, context.Canceled) {
		t.Errorf("Do = %v", err)
	}
	if list, err := r.Attempts(t.Context(), "x"); err != nil || len(list) != 0 {
		t.Errorf("attempts %+v, %v", list, err)
	}
}

func TestPrune(t *testing.T) {
	r := runner(t)
	for i, x := range []string{"old", "new"} {
		j := jobOf("exit 0")
		j.Execution, j.Task = x, uint64(i)
		if _, err := r.Do(t.Context(), j); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Prune(t.Context(), func(x string) (bool, error) { return x == "new", nil }); err != nil {
		t.Fatal(err)
	}
	for x, want := range map[string]int{"old": 0, "new": 1} {
		if list, err := r.Attempts(t.Context(), x); err != nil || len(list) != want {
			t.Errorf("%s: %d attempts, %v", x, len(list), err)
		}
	}
}
