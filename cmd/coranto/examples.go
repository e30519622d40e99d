package main

import (
	"strings"

	"github.com/spf13/cobra"
)

// examples show how commands are typed, where they do not say so themselves.
var examples = map[string]string{
	"demo":              "coranto demo\ncoranto demo --once /tmp/demo",
	"deploy":            "coranto deploy",
	"feed parse":        "coranto feed parse https://alice.example/feed\ncoranto feed parse --json feed.xml | jq -r '.entries[].title'",
	"manners":           "coranto manners",
	"page inspect":      "coranto page inspect https://alice.example/clocks",
	"preview":           "coranto preview",
	"releases":          "coranto releases\ncoranto releases --json | jq -r .id",
	"rollback":          "coranto rollback\ncoranto rollback e8323ece",
	"run":               "coranto run\ncoranto run alice bob\n*/30 * * * * coranto -C /srv/news run --due",
	"runs cancel":       "coranto runs cancel last",
	"runs list":         "coranto runs list",
	"runs show":         "coranto runs show last",
	"secret list":       "coranto secret list",
	"secret rm":         "coranto secret rm git.example.org",
	"serve":             "coranto serve\ncoranto -C /srv/news serve --listen :8080",
	"source export":     "coranto source export > planet.opml",
	"source pause":      "coranto source pause alice",
	"source resume":     "coranto source resume alice",
	"source retire":     "coranto source retire alice",
	"status":            "coranto status\ncoranto status --all\ncoranto status --json | jq '.sources[] | select(.health == \"failing\") | .id'",
	"theme files":       "coranto theme files",
	"theme list":        "coranto theme list",
	"trust":             "coranto trust -n\ncoranto trust",
	"version":           "coranto version",
	"workflow eject":    "coranto workflow eject aggregate",
	"workflow list":     "coranto workflow list",
	"workflow run":      "coranto workflow run aggregate",
	"workflow validate": "coranto workflow validate",
	"zones list":        "coranto zones list",
}

// withExamples gives each command its example.
func withExamples(parent *cobra.Command) {
	for _, cmd := range parent.Commands() {
		withExamples(cmd)
		_, path, _ := strings.Cut(cmd.CommandPath(), " ")
		if e := examples[path]; e != "" && cmd.Example == "" {
			cmd.Example = "  " + strings.ReplaceAll(e, "\n", "\n  ")
		}
	}
}
