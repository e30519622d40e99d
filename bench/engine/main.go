// Command engine measures the workflow runtime: how many durable tasks a second
// it does beside what SQLite takes of the same journal without it, what a large
// Map costs, what it costs to hand a large document to many items, how soon the
// first task of an execution begins, and what ten thousand timers cost others.
//
// What is compared takes turns in one process, on databases in one folder; the
// median of the rounds counts. Large Maps run in a process of their own, whose
// peak memory is theirs alone.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"slices"
	"time"
)

func main() {
	rounds := flag.Int("rounds", 9, "turns of each")
	dir := flag.String("dir", "", "where the databases are made; empty: the folder for temporary files")
	alone := flag.Bool("map", false, "only run the large Map once")
	flag.Parse()
	if err := run(context.Background(), *dir, *rounds, *alone); err != nil {
		fmt.Fprintln(os.Stderr, "engine:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, dir string, rounds int, alone bool) error {
	dir, err := os.MkdirTemp(dir, "coranto-engine-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if alone {
		return largeMap(ctx, dir)
	}
	for _, measure := range []func(context.Context, string, int) error{fanOut, measureMap, bigDocument, latency} {
		if err := measure(ctx, dir, rounds); err != nil {
			return err
		}
		fmt.Println()
	}
	return nil
}

// sample gathers the figures of one thing over the rounds.
type sample []float64

func (s sample) median() float64 {
	sorted := slices.Sorted(slices.Values(s))
	return sorted[len(sorted)/2]
}

// ratio is the median of a over b, round by round.
func ratio(a, b sample) float64 {
	var r sample
	for i := range a {
		r = append(r, a[i]/b[i])
	}
	return r.median()
}

func rate(n int, d time.Duration) float64 { return float64(n) / d.Seconds() }
