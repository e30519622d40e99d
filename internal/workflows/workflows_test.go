package workflows

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coranto/coranto/asl"
)

func TestEmbeddedWorkflowsAreValid(t *testing.T) {
	if diff := cmp.Diff([]string{Aggregate, Pictures, Publish}, Names()); diff != "" {
		t.Error(diff)
	}
	for _, name := range Names() {
		def, err := Get(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := asl.Parse(def); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, d := range asl.Validate(def, asl.ParseOptions{}) {
			t.Errorf("%s: %+v", name, d)
		}
	}
	if _, err := Get("nonesuch"); err == nil {
		t.Error("a workflow that is not there is found")
	}
}
