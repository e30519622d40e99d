package local_test

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coranto/coranto/internal/engine"
	"github.com/coranto/coranto/internal/engine/enginetest"
	"github.com/coranto/coranto/internal/engine/local"
	"github.com/coranto/coranto/internal/sqlite"
)

// childEnv makes the test binary another program: a worker, or a runtime that
// is to crash.
const childEnv = "ENGINE_TEST_CHILD"

func TestMain(m *testing.M) {
	switch os.Getenv(childEnv) {
	case "":
		os.Exit(m.Run())
	case "worker":
		os.Exit(workerMain())
	case "run":
		os.Exit(runMain())
	}
}

func openDB(t testing.TB, dir string) *sqlite.DB {
	t.Helper()
	db, err := sqlite.Open(filepath.Join(dir, "state.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// withDB closes the database after the runtime.
type withDB struct {
	*local.Runtime
	db *sqlite.DB
}

func (w withDB) Close() error {
	return errors.Join(w.Runtime.Close(), w.db.Close())
}

func openRuntime(t testing.TB, dir string, tasks engine.Tasks, o local.Options) withDB {
	t.Helper()
	db := openDB(t, dir)
	if o.Grace == 0 {
		o.Grace = -1
	}
	r, err := local.Open(t.Context(), db, tasks, o)
	if err != nil {
		db.Close()
		t.Fatal(err)
	}
	w := withDB{r, db}
	t.Cleanup(func() { w.Close() })
	return w
}

func TestRuntime(t *testing.T) {
	enginetest.Run(t, func(t *testing.T, dir string, tasks engine.Tasks) engine.Runtime {
		return openRuntime(t, dir, tasks, local.Options{})
	})
}

func TestRuntimeWithWorkersElsewhere(t *testing.T) {
	workers := enginetest.NewWorkers(startWorker(t).addr, startWorker(t).addr)
	enginetest.Run(t, func(t *testing.T, dir string, tasks engine.Tasks) engine.Runtime {
		return openRuntime(t, dir, workers, local.Options{})
	})
}

func TestWorkerKilledInMidTask(t *testing.T) {
	victim, other := startWorker(t), startWorker(t)
	r := openRuntime(t, t.TempDir(), enginetest.NewWorkers(victim.addr, other.addr), local.Options{})
	enginetest.RunKilled(t, r, victim.kill)
}

type worker struct {
	addr string
	cmd  *exec.Cmd
}

func (w *worker) kill() {
	w.cmd.Process.Kill()
	w.cmd.Wait()
}

// startWorker starts a process that does the suite's tasks.
func startWorker(t *testing.T) *worker {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"=worker")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe() // it ends when we do
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); cmd.Process.Kill(); cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("worker: %v", err)
	}
	return &worker{strings.TrimSpace(line), cmd}
}

func workerMain() int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	go func() {
		bufio.NewReader(os.Stdin).ReadString('\n')
		os.Exit(0)
	}()
	fmt.Println(l.Addr())
	if err := enginetest.Serve(l, enginetest.Caller{}); err != nil {
		return 1
	}
	return 0
}
