package asl_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coranto/coranto/asl"
)

func TestValidate(t *testing.T) {
	pass := `"Z":{"Type":"Pass","End":true}`
	tests := []struct {
		name, definition string
		want             []string // as Diagnostic.String
	}{
		{"right", `{"StartAt":"Z","States":{` + pass + `}}`, nil},
		{"no JSON", `{`, []string{"INVALID_JSON_DESCRIPTION: invalid JSON at byte 1: a member's name expected at null"}},
		{"no object", `[]`, []string{"INVALID_JSON_DESCRIPTION: The definition must be an object at null"}},
		{"no StartAt", `{"States":{` + pass + `}}`, []string{"SCHEMA_VALIDATION_FAILED: These fields are required: [StartAt] at /"}},
		{"no states", `{"StartAt":"Z","States":{}}`, []string{"SCHEMA_VALIDATION_FAILED: Value cannot be empty at /States", "MISSING_TRANSITION_TARGET: Missing 'StartAt' target: Z at /StartAt"}},
		{"unknown field", `{"StartAt":"Z","Foo":1,"States":{` + pass + `}}`, []string{"SCHEMA_VALIDATION_FAILED: Field 'Foo' is not supported at /"}},
		{"field of another type", `{"StartAt":"Z","States":{"Z":{"Type":"Pass","TimeoutSeconds":1,"End":true}}}`, []string{"SCHEMA_VALIDATION_FAILED: Field 'TimeoutSeconds' is not supported at /States/Z"}},
		{"field of another language", `{"StartAt":"Z","States":{"Z":{"Type":"Pass","Output":1,"End":true}}}`,
			[]string{"SCHEMA_VALIDATION_FAILED: The QueryLanguage is set to 'JSONPath', but field 'Output' is only supported for the 'JSONata' QueryLanguage at /States/Z"}},
		{"JSONata", `{"QueryLanguage":"JSONata","StartAt":"Z","States":{` + pass + `}}`,
			[]string{"QUERY_LANGUAGE_NOT_SUPPORTED: QueryLanguage JSONata is not supported yet: use JSONPath at /QueryLanguage"}},
		{"unknown type", `{"StartAt":"Z","States":{"Z":{"Type":"Jump"}}}`, []string{"SCHEMA_VALIDATION_FAILED: Value is not one of the allowed values: [Choice, Fail, Map, Parallel, Pass, Succeed, Task, Wait] at /States/Z/Type"}},
		{"dangling", `{"StartAt":"Z","States":{"Z":{"Type":"Pass","Next":"Y"}}}`, []string{"MISSING_TRANSITION_TARGET: Missing 'Next' target: Y at /States/Z/Next", "MISSING_END_STATE: Workflow has no terminal state at null"}},
		{"unreachable", `{"StartAt":"Z","States":{` + pass + `,"Y":{"Type":"Succeed"}}}`, []string{`MISSING_TRANSITION_TARGET: State "Y" is not reachable. at /States/Y`}},
		{"endless", `{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"B"},"B":{"Type":"Pass","Next":"A"}}}`, []string{"MISSING_END_STATE: Workflow has no terminal state at null"}},
		{"neither Next nor End", `{"StartAt":"Z","States":{"Z":{"Type":"Pass"}}}`, []string{"SCHEMA_VALIDATION_FAILED: One of these fields is required: [Next, End] at /States/Z"}},
		{"places inside", `{"StartAt":"M","States":{"M":{"Type":"Map","ItemProcessor":{"StartAt":"P","States":{"P":{"Type":"Parallel","Branches":[{"StartAt":"C","States":{
		   "C":{"Type":"Choice","Choices":[{"Variable":"$.x","NumericEquals":"1","Next":"N"}]},"D":{"Type":"Succeed"}}}],"End":true}}},"End":true}}}`,
			[]string{"SCHEMA_VALIDATION_FAILED: Expected value of type Number at /States/M/ItemProcessor/States/P/Branches[0]/States/C/Choices[0]/NumericEquals",
				"MISSING_TRANSITION_TARGET: Missing 'Next' target: N at /States/M/ItemProcessor/States/P/Branches[0]/States/C/Choices[0]/Next",
				`MISSING_TRANSITION_TARGET: State "D" is not reachable. at /States/M/ItemProcessor/States/P/Branches[0]/States/D`}},
		{"name twice", `{"StartAt":"P","States":{"P":{"Type":"Parallel","Branches":[{"StartAt":"P","States":{"P":{"Type":"Succeed"}}}],"End":true}}}`,
			[]string{"DUPLICATE_STATE_NAME: Duplicate State name: P at /States/P/Branches[0]/States/P"}},
		{"bad call", `{"StartAt":"Z","States":{"Z":{"Type":"Pass","Parameters":{"x.$":"States.Nope()"},"End":true}}}`,
			[]string{"SCHEMA_VALIDATION_FAILED: The value for the field 'x.$' must be a valid JSONPath or a valid intrinsic function call at /States/Z/Parameters"}},
		{"no reference path", `{"StartAt":"Z","States":{"Z":{"Type":"Pass","ResultPath":"$.a[*]","End":true}}}`, []string{"SCHEMA_VALIDATION_FAILED: Value is not a Reference Path at /States/Z/ResultPath"}},
		{"no time", `{"StartAt":"Z","States":{"Z":{"Type":"Wait","Timestamp":"soon","End":true}}}`, []string{"SCHEMA_VALIDATION_FAILED: String does not match RFC3339 timestamp at /States/Z/Timestamp"}},
		{"States.ALL with others", `{"StartAt":"Z","States":{"Z":{"Type":"Task","Resource":"x","Retry":[{"ErrorEquals":["States.ALL","X"]}],"End":true}}}`,
			[]string{"SCHEMA_VALIDATION_FAILED: States.ALL must appear alone at /States/Z/Retry[0]/ErrorEquals"}},
		{"retrier", `{"StartAt":"Z","States":{"Z":{"Type":"Task","Resource":"x","Retry":[{"MaxAttempts":1}],"End":true}}}`, []string{"SCHEMA_VALIDATION_FAILED: These fields are required: [ErrorEquals] at /States/Z/Retry[0]"}},
		{"empty branches", `{"StartAt":"Z","States":{"Z":{"Type":"Parallel","Branches":[],"End":true}}}`, []string{"SCHEMA_VALIDATION_FAILED: Value cannot be empty at /States/Z/Branches"}},
		{"variable name", `{"StartAt":"Z","States":{"Z":{"Type":"Pass","Assign":{"1x":1},"End":true}}}`, []string{"SCHEMA_VALIDATION_FAILED: Invalid variable name: 1x at /States/Z/Assign"}},
	}
	for _, tt := range tests {
		var got []string
		for _, d := range asl.Validate([]byte(tt.definition), asl.ParseOptions{}) {
			got = append(got, d.String())
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: -want +got\n%s", tt.name, diff)
		}
		if _, err := asl.Parse([]byte(tt.definition)); (err != nil) != (tt.want != nil) || err != nil && !errors.Is(err, asl.ErrInvalid) {
			t.Errorf("%s: Parse gave %v", tt.name, err)
		}
	}
}

func TestValidateForTheService(t *testing.T) {
	definition := func(resource string) []byte {
		return []byte(one(`{"Type":"Task","Resource":"` + resource + `","End":true}`))
	}
	tests := []struct {
		resource string
		options  asl.ParseOptions
		want     string
	}{
		{"fetch", asl.ParseOptions{}, ""},
		{"fetch", asl.ParseOptions{Service: true}, "Value is not a valid resource ARN"},
		{"arn:aws:states:::sqs:sendMessage.waitForTaskToken", asl.ParseOptions{Service: true}, ""},
		{"arn:aws:states:::sqs:sendMessage.waitForTaskToken", asl.ParseOptions{Type: asl.Express}, "Express state machine does not support '.waitForTaskToken' service integration"},
		{"arn:aws:states:::states:startExecution.sync:2", asl.ParseOptions{Type: asl.Express}, "Express state machine does not support '.sync' service integration"},
	}
	for _, tt := range tests {
		got := ""
		for _, d := range asl.Validate(definition(tt.resource), tt.options) {
			got += d.Message
		}
		if got != tt.want {
			t.Errorf("%s, %+v: got %q, want %q", tt.resource, tt.options, got, tt.want)
		}
	}
}

func TestVariableReferences(t *testing.T) {
	m, err := asl.Parse([]byte(`{"StartAt":"C","States":{
	  "C":{"Type":"Choice","Choices":[{"And":[{"Variable":"$a","StringEqualsPath":"$b"},{"Not":{"Variable":"$c","IsNull":true}},{"Or":[{"Variable":"$d","IsPresent":true}]}],"Assign":{"x.$":"$e"},"Next":"W"}],"Default":"W"},
	  "W":{"Type":"Wait","SecondsPath":"$s","Next":"T"},
	  "T":{"Type":"Task","Resource":"x","TimeoutSecondsPath":"$t","Parameters":{"l":[{"v.$":"$.list[?(@.x == $u || !($.y in [1]))]"}],"f.$":"States.Format('{}', States.Array($w))"},"Catch":[{"ErrorEquals":["States.ALL"],"Assign":{"y.$":"$y"},"Next":"M"}],"Next":"M"},
	  "M":{"Type":"Map","ItemsPath":"$i","MaxConcurrencyPath":"$m","ItemSelector":{"v.$":"$j"},"ItemReader":{"Resource":"r","Parameters":{"k.$":"$k"},"ReaderConfig":{"MaxItemsPath":"$n"}},"ItemBatcher":{"MaxItemsPerBatchPath":"$o","BatchInput":{"p.$":"$p"}},
	    "ResultWriter":{"Resource":"w","Parameters":{"q.$":"$q"}},"ItemProcessor":{"StartAt":"F","States":{"F":{"Type":"Fail","ErrorPath":"$g","CausePath":"States.Format('{}', $h)"}}},"Next":"P"},
	  "P":{"Type":"Pass","InputPath":"$in","OutputPath":"$out","End":true}}}`))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{"C": {"a", "b", "c", "d", "e"}, "W": {"s"}, "T": {"t", "u", "w", "y"}, "M": {"i", "j", "k", "m", "n", "o", "p", "q"}, "F": {"g", "h"}, "P": {"in", "out"}}
	if diff := cmp.Diff(want, m.VariableReferences()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestValidateLooksThroughAnotherLanguage: what JSONata leaves alone is checked.
func TestValidateLooksThroughAnotherLanguage(t *testing.T) {
	definition := `{"QueryLanguage":"JSONata","StartAt":"C","States":{
	  "C":{"Type":"Choice","Choices":[{"Condition":"{% true %}","Next":"T"}],"Default":"Nowhere"},
	  "T":{"Type":"Task","Resource":"x","Arguments":{},"InputPath":"$","Next":"M"},
	  "M":{"Type":"Map","Items":"{% [] %}","ItemProcessor":{"StartAt":"I","States":{"I":{"Type":"Parallel","Branches":[],"End":true}}},"End":true}}}`
	var got []string
	for _, d := range asl.Validate([]byte(definition), asl.ParseOptions{}) {
		got = append(got, d.Code+" "+d.Location)
	}
	want := []string{"QUERY_LANGUAGE_NOT_SUPPORTED /QueryLanguage", "SCHEMA_VALIDATION_FAILED /States/T", "SCHEMA_VALIDATION_FAILED /States/M/ItemProcessor/States/I/Branches", "MISSING_TRANSITION_TARGET /States/C/Default"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestMachine(t *testing.T) {
	m, err := asl.Parse([]byte(everything))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"work"}, m.Resources()); diff != "" {
		t.Errorf("resources: -want +got\n%s", diff)
	}
	if diff := cmp.Diff(map[string][]string{"Each": {"run"}}, m.VariableReferences()); diff != "" {
		t.Errorf("variables: -want +got\n%s", diff)
	}
	if h := m.Hash(); len(h) != 64 || strings.Trim(h, "0123456789abcdef") != "" {
		t.Errorf("hash %q", h)
	}
}
