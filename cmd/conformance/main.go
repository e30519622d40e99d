// Command conformance answers recorded cases with what Coranto's packages say,
// for a program that compares the answers.
//
//	conformance asl < requests > replies
//
// Each dialect (asl, feeds, pages) has its own file and contract. It holds no
// logic of its own, and no case.
package main

import (
	"fmt"
	"io"
	"os"
)

// dialects are the conversations the command can hold.
var dialects = []struct {
	name string
	run  func(r io.Reader, w io.Writer) error
}{
	{"asl", runASL},
	{"feeds", feeds},
	{"pages", runPages},
}

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	for _, d := range dialects {
		if len(args) == 1 && args[0] == d.name {
			if err := d.run(stdin, stdout); err != nil {
				fmt.Fprintf(stderr, "conformance: %s: %v\n", d.name, err)
				return 1
			}
			return 0
		}
	}
	fmt.Fprint(stderr, "usage: conformance DIALECT, one of:")
	for _, d := range dialects {
		fmt.Fprint(stderr, " ", d.name)
	}
	fmt.Fprintln(stderr)
	return 2
}
