// Package meter compares ways to read the same bytes by the CPU time that they
// take: in one process, turn about, so that whatever else the machine does
// falls on all of them alike. What is measured is for its callers to say.
package meter

import (
	"fmt"
	"io"
	"runtime"
	"slices"
	"syscall"
	"text/tabwriter"
	"time"
)

// Task is one way to read a document.
type Task struct {
	Group string // tasks of one group read the same document; the first is what the others are compared to
	Name  string
	Bytes int // of the document
	Do    func() error

	// Turn takes the place of Do for a reader in a process of its own: it reads
	// the document until that has spent so much CPU time, and tells how much it
	// was and how often. What it allocates is not known.
	Turn func(atLeast time.Duration) (spent time.Duration, n int, err error)
}

// Figure is what a task costs: medians over the rounds.
type Figure struct {
	Task
	CPU    time.Duration // of all threads, the collector's too, a document
	Allocs uint64        // a document
	Heap   uint64        // bytes allocated, a document
}

// turn is how much CPU time a task gets before the next has its turn.
const turn = 30 * time.Millisecond

// Run lets the tasks take turns, so many rounds, after one that does not count.
func Run(tasks []Task, rounds int) ([]Figure, error) {
	samples := make([][]Figure, len(tasks))
	for round := range rounds + 1 {
		for i, t := range tasks {
			f, err := once(t)
			if err != nil {
				return nil, fmt.Errorf("%s, %s: %w", t.Group, t.Name, err)
			}
			if round > 0 {
				samples[i] = append(samples[i], f)
			}
		}
	}
	figures := make([]Figure, len(tasks))
	for i, s := range samples {
		slices.SortFunc(s, func(a, b Figure) int { return int(a.CPU - b.CPU) })
		figures[i] = s[len(s)/2]
	}
	return figures, nil
}

func once(t Task) (Figure, error) {
	if t.Turn != nil {
		spent, n, err := t.Turn(turn)
		if err != nil || n == 0 {
			return Figure{}, err
		}
		return Figure{Task: t, CPU: spent / time.Duration(n)}, nil
	}
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	began, n := cpu(), 0
	for n == 0 || cpu()-began < turn {
		if err := t.Do(); err != nil {
			return Figure{}, err
		}
		n++
	}
	spent := cpu() - began
	runtime.ReadMemStats(&after)
	return Figure{t, spent / time.Duration(n), (after.Mallocs - before.Mallocs) / uint64(n), (after.TotalAlloc - before.TotalAlloc) / uint64(n)}, nil
}

// cpu is the time that this process has had so far.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// Print writes a table; × is how many times the CPU of the group's first.
func Print(w io.Writer, figures []Figure) error {
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "document\treader\tCPU µs\tns/byte\tMB/s\t×\tallocs\tKB\t")
	base := map[string]time.Duration{}
	for _, f := range figures {
		if base[f.Group] == 0 {
			base[f.Group] = f.CPU
		}
		perByte := float64(f.CPU) / float64(f.Bytes)
		fmt.Fprintf(t, "%s\t%s\t%d\t%.1f\t%.0f\t%.2f\t%d\t%d\t\n", f.Group, f.Name, f.CPU.Microseconds(), perByte, 1e3/perByte, float64(f.CPU)/float64(base[f.Group]), f.Allocs, f.Heap/1000)
	}
	return t.Flush()
}
