package main

import (
	"fmt"
	"regexp"
	"strings"
)

// noCounterpart is a note about one setting of one source.
var noCounterpart = regexp.MustCompile(`(?s)^.*: ([\w.:-]+) = .*: has no counterpart$`)

var lineOf = regexp.MustCompile(`^line (\d+): `)

// inFile writes where a note is from as editors understand it: FILE:LINE.
func inFile(file, note string) string {
	if file == "-" {
		return note
	}
	return lineOf.ReplaceAllString(note, strings.ReplaceAll(file, "$", "$$")+":$1: ")
}

// severalNotes is how many sources may have the same setting before they are
// told in one line; --json has them all.
const severalNotes = 3

// grouped makes one line of the notes about a setting that many sources have.
func grouped(notes []string) []string {
	count := map[string]int{}
	for _, n := range notes {
		if m := noCounterpart.FindStringSubmatch(n); m != nil {
			count[m[1]]++
		}
	}
	var out []string
	told := map[string]bool{}
	for _, n := range notes {
		m := noCounterpart.FindStringSubmatch(n)
		switch {
		case m == nil || count[m[1]] <= severalNotes:
			out = append(out, n)
		case !told[m[1]]:
			told[m[1]] = true
			out = append(out, fmt.Sprintf("%s: has no counterpart, in %d sources (--json lists them)", m[1], count[m[1]]))
		}
	}
	return out
}
