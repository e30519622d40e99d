// Package workflows holds Coranto's own state machines, embedded: aggregate
// (sources to new posts to one commit), publish (build to live) and pictures
// (copies of lead pictures). They are data; a site's workflows/ folder may replace them. Reading that folder, and
// what the tasks do, stay outside.
package workflows

import (
	"embed"
	"fmt"
	"sort"
	"strings"
)

//go:embed *.asl.json
var files embed.FS

// The names of the embedded workflows.
const (
	Aggregate = "aggregate"
	Publish   = "publish"
	Pictures  = "pictures"
)

const suffix = ".asl.json"

// FileName is how a workflow's file is called, here and in a site's workflows/.
func FileName(name string) string { return name + suffix }

// Get returns the ASL text of an embedded workflow.
func Get(name string) ([]byte, error) {
	b, err := files.ReadFile(FileName(name))
	if err != nil {
		return nil, fmt.Errorf("no workflow %q: there are %s", name, strings.Join(Names(), ", "))
	}
	return b, nil
}

// Names lists the embedded workflows.
func Names() []string {
	list, _ := files.ReadDir(".")
	var out []string
	for _, f := range list {
		out = append(out, strings.TrimSuffix(f.Name(), suffix))
	}
	sort.Strings(out)
	return out
}
