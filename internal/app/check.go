package app

import (
	"strings"

	"github.com/coranto/coranto/asl"
	"github.com/coranto/coranto/internal/lint"
	"github.com/coranto/coranto/internal/pipeline"
)

// outputs are the shapes of what our tasks return.
var outputs = map[string]lint.Shape{
	"coranto:dueSources":         lint.Of[pipeline.DueOutput](),
	"coranto:fetchFeed":          lint.Of[pipeline.Fetched](),
	"coranto:matchEntries":       lint.Of[pipeline.Matched](),
	"coranto:scrapePost":         lint.Of[pipeline.Scraped](),
	"coranto:commitPosts":        lint.Of[pipeline.Summary](),
	"coranto:buildSite":          lint.Of[pipeline.Built](),
	"coranto:getUrls":            lint.Of[pipeline.Answer[[]string]](),
	"coranto:getRepoContents":    lint.Of[pipeline.Answer[pipeline.RepoContents]](),
	"coranto:getBlogPost":        lint.Of[pipeline.Answer[[]pipeline.BlogMeta]](),
	"coranto:compareAgainstRepo": lint.Of[pipeline.Compared](),
	"coranto:addToList":          lint.Of[pipeline.Answer[pipeline.ToCommit]](),
	"coranto:writeToGitHub":      lint.Of[pipeline.Answer[pipeline.Written]](),
}

// CheckWorkflow returns what is wrong with a definition: the service's diagnostics, and
// where it has none our warnings. known tells the Resources that are here.
func CheckWorkflow(def []byte, known func(resource string) bool) []asl.Diagnostic {
	found := asl.Validate(def, asl.ParseOptions{})
	return append(found, lint.Check(def, lint.Options{
		Known:   known,
		Remote:  remote,
		Outputs: func(resource string) lint.Shape { return outputs[resource] },
	})...)
}

// remote reports whether a task asks other hosts. A command may.
func remote(resource string) bool {
	switch resource {
	case "coranto:fetchFeed", "coranto:scrapePost", "coranto:fetchPicture", "coranto:getUrls", "coranto:getBlogPost", pipeline.LambdaInvoke:
		return true
	}
	return !strings.HasPrefix(resource, "coranto:")
}
