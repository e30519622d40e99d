// Package failpoint stops the program at a named place, so that a test can
// prove what a crash there leaves behind. Every durable write passes one; the
// sweep in the end-to-end tests stops at each in turn, and a test reads the
// sources for durable writes that have none.
//
// It does nothing unless armed, and then only once.
package failpoint

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// ErrInjected is what an armed point with action "error" returns.
var ErrInjected = errors.New("failpoint: injected error")

// Env is the variable from which the commands arm a point.
const Env = "CORANTO_FAILPOINT"

type armed struct {
	name   string
	count  atomic.Int64
	action string
}

var (
	current atomic.Pointer[armed]
	mu      sync.Mutex
	names   = map[string]bool{}
)

// Name registers a point; use it in a package-level variable:
//
//	var beforeRef = failpoint.Name("content.before-ref")
func Name(name string) string {
	mu.Lock()
	defer mu.Unlock()
	if names[name] {
		panic("failpoint: " + name + " registered twice")
	}
	names[name] = true
	return name
}

// Names lists every registered point.
func Names() []string {
	mu.Lock()
	defer mu.Unlock()
	out := make([]string, 0, len(names))
	for n := range names {
		out = append(out, n)
	}
	return out
}

// Arm sets the one active point from "name", "name:3" (the third passing) or
// "name:3:error" (return ErrInjected rather than exit with 137). An empty spec
// disarms.
func Arm(spec string) error {
	if spec == "" {
		current.Store(nil)
		return nil
	}
	part := strings.Split(spec, ":")
	a := &armed{name: part[0], action: "exit"}
	a.count.Store(1)
	if len(part) > 1 && part[1] != "" {
		n, err := strconv.ParseInt(part[1], 10, 64)
		if err != nil || n < 1 {
			return fmt.Errorf("failpoint %q: want name, name:N or name:N:error", spec)
		}
		a.count.Store(n)
	}
	if len(part) > 2 {
		if part[2] != "exit" && part[2] != "error" {
			return fmt.Errorf("failpoint %q: action %q is neither exit nor error", spec, part[2])
		}
		a.action = part[2]
	}
	mu.Lock()
	ok := names[a.name]
	mu.Unlock()
	if !ok {
		return fmt.Errorf("failpoint %q: no such point", a.name)
	}
	current.Store(a)
	return nil
}

// Hit passes the point name. Disarmed it costs one atomic load.
func Hit(name string) error {
	a := current.Load()
	if a == nil || a.name != name || a.count.Add(-1) != 0 {
		return nil
	}
	if a.action == "error" {
		return fmt.Errorf("%w at %s", ErrInjected, name)
	}
	fmt.Fprintf(os.Stderr, "failpoint: exit at %s\n", name)
	os.Exit(137)
	return nil
}
