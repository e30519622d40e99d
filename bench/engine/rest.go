package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/coranto/coranto/asl"
	"github.com/coranto/coranto/internal/engine"
)

func echo(_ context.Context, t engine.Task) (json.RawMessage, error) { return t.Input, nil }

// largeMap runs a Map of 10,000 items with four states each, once.
func largeMap(ctx context.Context, dir string) error {
	const four = `{"StartAt":"P","States":{
		"P":{"Type":"Pass","Parameters":{"n.$":"$"},"Next":"A"},
		"A":{"Type":"Task","Resource":"a","ResultPath":"$.a","Next":"C"},
		"C":{"Type":"Choice","Choices":[{"Variable":"$.n","NumericGreaterThanEquals":0,"Next":"Z"}],"Default":"Z"},
		"Z":{"Type":"Pass","OutputPath":"$.a","End":true}}}`
	s, err := open(ctx, dir, "map", engine.TaskMap{"a": echo})
	if err != nil {
		return err
	}
	defer s.close()
	took, err := s.execute(ctx, mapOf(four), items(10_000, ""))
	fmt.Println(took.Seconds())
	return err
}

// measureMap runs largeMap in processes of its own.
func measureMap(ctx context.Context, dir string, rounds int) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	var wall, cpu, peak sample
	for range min(rounds, 5) {
		cmd := exec.CommandContext(ctx, self, "-map", "-dir", dir)
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		if err != nil {
			return err
		}
		var s float64
		if _, err := fmt.Sscan(string(out), &s); err != nil {
			return err
		}
		wall = append(wall, s)
		cpu = append(cpu, (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds())
		if use, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
			peak = append(peak, float64(use.Maxrss)/1024)
		} else {
			peak = append(peak, 0)
		}
	}
	fmt.Printf("Map of 10,000 items × 4 states\twall s\tCPU s\tpeak MiB\n\t%.2f\t%.2f\t%.0f\n", wall.median(), cpu.median(), peak.median())
	return nil
}

// values is a Tasks that takes values as they are.
type values map[string]engine.ValueHandler

func (v values) Handler(resource string) engine.Handler { return engine.JSONHandler(v[resource]) }

func (v values) ValueHandler(resource string) engine.ValueHandler { return v[resource] }

// bigDocument hands a document to one item and to 1,000, in turns with a small
// one. What an item more costs beyond what it costs with the small one is what
// handing on the large one costs.
func bigDocument(ctx context.Context, dir string, rounds int) error {
	const machine = `{"StartAt":"M","States":{"M":{"Type":"Map","ItemsPath":"$.items","ResultPath":null,"OutputPath":"$.items","End":true,
		"ItemSelector":{"n.$":"$$.Map.Item.Value","doc.$":"$.doc"},"ItemProcessor":` + oneTask + `}}}`
	t := values{"a": func(_ context.Context, _ engine.Task, in asl.Value) (asl.Value, error) { return in.Get("n"), nil }}
	var kib [2][2]sample // by size, by number of items
	for round := range rounds {
		for i, size := range []int{10, 10 << 20} {
			for j, n := range []int{1, tasks} {
				s, err := open(ctx, dir, fmt.Sprint("doc", round, i, j), t)
				if err != nil {
					return err
				}
				input := items(n, `,"doc":"`+strings.Repeat("x", size)+`"`)
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				_, err = s.execute(ctx, machine, input)
				runtime.ReadMemStats(&after)
				s.close()
				if err != nil {
					return err
				}
				kib[i][j] = append(kib[i][j], float64(after.TotalAlloc-before.TotalAlloc)/1024)
			}
		}
	}
	small := (kib[0][1].median() - kib[0][0].median()) / (tasks - 1)
	large := (kib[1][1].median() - kib[1][0].median()) / (tasks - 1)
	fmt.Printf("a document to 1,000 items\tMiB, one item\tMiB, 1,000 items\tKiB an item\n10 bytes\t%.1f\t%.1f\t%.1f\n10 MiB\t%.1f\t%.1f\t%.1f\n",
		kib[0][0].median()/1024, kib[0][1].median()/1024, small, kib[1][0].median()/1024, kib[1][1].median()/1024, large)
	return nil
}

// latency compares an execution of one task on an idle runtime with one beside
// 10,000 executions that wait.
func latency(ctx context.Context, dir string, rounds int) error {
	const timers, runs = 10_000, 50
	called := make(chan time.Time, 1)
	t := engine.TaskMap{"a": func(context.Context, engine.Task) (json.RawMessage, error) {
		called <- time.Now()
		return nil, nil
	}}
	var sites [2]*site
	for i, name := range []string{"idle", "timers"} {
		s, err := open(ctx, dir, name, t)
		if err != nil {
			return err
		}
		defer s.close()
		sites[i] = s
	}
	cpu, heap, err := wait(ctx, sites[1], timers)
	if err != nil {
		return err
	}
	var first, whole [2]sample
	for range rounds {
		for i, s := range sites {
			var toTask, toEnd time.Duration
			for range runs {
				began := time.Now()
				took, err := s.execute(ctx, oneTask, nil)
				if err != nil {
					return err
				}
				toTask += (<-called).Sub(began)
				toEnd += took
			}
			first[i] = append(first[i], toTask.Seconds()*1000/runs)
			whole[i] = append(whole[i], toEnd.Seconds()*1000/runs)
		}
	}
	fmt.Printf("an execution of one task\tms to its task\tms to its end\nalone\t%.2f\t%.2f\nbeside %d timers\t%.2f\t%.2f\n×\t%.2f\t%.2f\n",
		first[0].median(), whole[0].median(), timers, first[1].median(), whole[1].median(), ratio(first[1], first[0]), ratio(whole[1], whole[0]))
	fmt.Printf("%d timers\tCPU ms in 2 s\tKiB each\n\t%.1f\t%.1f\n", timers, cpu, heap)
	return nil
}

// wait starts executions that wait for a day, and measures what they cost while
// nothing else happens.
func wait(ctx context.Context, s *site, n int) (cpuMillis, kib float64, err error) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	failed := make(chan error, 100)
	for from := range 100 {
		go func() {
			for i := from; i < n; i += 100 {
				id := engine.ExecutionID(fmt.Sprint("idle-", i))
				err := s.Start(ctx, engine.StartRequest{ID: id, Definition: []byte(`{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":86400,"End":true}}}`)})
				if err != nil {
					failed <- err
					return
				}
			}
			failed <- nil
		}()
	}
	for range 100 {
		if err := <-failed; err != nil {
			return 0, 0, err
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	began := used()
	time.Sleep(2 * time.Second)
	return (used() - began).Seconds() * 1000, (float64(after.HeapAlloc) - float64(before.HeapAlloc)) / 1024 / float64(n), nil
}

// used is the CPU time of this process.
func used() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
