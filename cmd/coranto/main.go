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
	"syscall"
	_ "time/tzdata" // a site in Berlin on a machine without zone files
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
