// Command coranto follows many sources, keeps every post as JSON in a git
// repository, and publishes the site that each commit changes.
//
// It holds flags, exit codes and printing, one file a command; everything else
// is internal/app and below.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	_ "time/tzdata" // a site in Berlin on a machine without zone files
)

// gcPercent trades a little time for memory: what a run holds at its peak lives
// to its end, so waiting for the heap to double only keeps garbage.
const gcPercent = 50

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // whoever presses Ctrl-C twice does not want to wait
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
