package asl_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coranto/coranto/asl"
)

func TestTestState(t *testing.T) {
	task := `{"Type":"Task","Resource":"x","InputPath":"$.in","Parameters":{"p.$":"$.a"},"ResultSelector":{"r.$":"$.b"},"ResultPath":"$.out",
	  "Retry":[{"ErrorEquals":["Again"],"MaxAttempts":2,"IntervalSeconds":3}],"Catch":[{"ErrorEquals":["Caught"],"Next":"H"}],"Next":"N"}`
	input := `{"in":{"a":1}}`
	tests := []struct {
		name, state string
		mock        *asl.Mock
		retries     int
		want        asl.TestResult
	}{
		{"mocked", task, &asl.Mock{Result: value(t, `{"b":2}`)}, 0, asl.TestResult{Status: asl.TestSucceeded, NextState: "N", Output: value(t, `{"in":{"a":1},"out":{"r":2}}`),
			Inspection: []asl.Member{{Name: "input", Value: value(t, input)}, {Name: "afterInputPath", Value: value(t, `{"a":1}`)}, {Name: "afterParameters", Value: value(t, `{"p":1}`)},
				{Name: "result", Value: value(t, `{"b":2}`)}, {Name: "afterResultSelector", Value: value(t, `{"r":2}`)}, {Name: "afterResultPath", Value: value(t, `{"in":{"a":1},"out":{"r":2}}`)}}}},
		{"retried", task, &asl.Mock{Error: "Again", Cause: "c"}, 1, asl.TestResult{Status: asl.TestRetriable, Error: "Again", Cause: "c",
			Inspection: []asl.Member{{Name: "input", Value: value(t, input)}, {Name: "afterInputPath", Value: value(t, `{"a":1}`)}, {Name: "afterParameters", Value: value(t, `{"p":1}`)},
				{Name: "errorDetails", Value: value(t, `{"retryIndex":0,"retryBackoffIntervalSeconds":6}`)}}}},
		{"caught", task, &asl.Mock{Error: "Caught", Cause: "c"}, 0, asl.TestResult{Status: asl.TestCaught, Error: "Caught", Cause: "c", NextState: "H", Output: value(t, `{"Error":"Caught","Cause":"c"}`),
			Inspection: []asl.Member{{Name: "input", Value: value(t, input)}, {Name: "afterInputPath", Value: value(t, `{"a":1}`)}, {Name: "afterParameters", Value: value(t, `{"p":1}`)},
				{Name: "errorDetails", Value: value(t, `{"catchIndex":0}`)}}}},
		{"failed", `{"Type":"Fail","Error":"E","Cause":"C"}`, nil, 0, asl.TestResult{Status: asl.TestFailed, Error: "E", Cause: "C",
			Inspection: []asl.Member{{Name: "input", Value: value(t, input)}, {Name: "afterInputPath", Value: value(t, input)}}}},
		{"waits for nothing", `{"Type":"Wait","Seconds":99,"End":true}`, nil, 0, asl.TestResult{Status: asl.TestSucceeded, Output: value(t, input),
			Inspection: []asl.Member{{Name: "input", Value: value(t, input)}, {Name: "afterInputPath", Value: value(t, input)}}}},
	}
	for _, tt := range tests {
		got, err := asl.TestState([]byte(tt.state), asl.TestOptions{Input: value(t, input), Mock: tt.mock, RetryCount: tt.retries})
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: -want +got\n%s", tt.name, diff)
		}
	}
}

func TestTestStateInAMachine(t *testing.T) {
	got, err := asl.TestState([]byte(everything), asl.TestOptions{State: "Size", Input: value(t, `{"n":21}`)})
	if err != nil || got.NextState != "Big" {
		t.Errorf("got %+v, %v", got, err)
	}
	got, err = asl.TestState([]byte(everything), asl.TestOptions{State: "Work", Input: value(t, `{"n":21}`), Run: func(task asl.Task) *asl.Mock {
		return &asl.Mock{Result: asl.StringValue("ran " + task.Resource)}
	}})
	if err != nil || got.Output.Get("done").String() != "ran work" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestTestStateOfAMap(t *testing.T) {
	state := `{"Type":"Map","ItemsPath":"$.items","MaxConcurrency":2,"ToleratedFailureCount":1,"ItemSelector":{"v.$":"$$.Map.Item.Value","run.$":"$$.Execution.Name","x.$":"$x"},
	  "ItemProcessor":{"StartAt":"I","States":{"I":{"Type":"Pass","End":true}}},"Next":"N"}`
	o := asl.TestOptions{Input: value(t, `{"items":[1,2]}`), Variables: value(t, `{"x":true}`), Context: value(t, `{"Execution":{"Name":"night"}}`), Mock: &asl.Mock{Result: value(t, `["a","b"]`)}}
	got, err := asl.TestState([]byte(state), o)
	if err != nil {
		t.Fatal(err)
	}
	want := asl.TestResult{Status: asl.TestSucceeded, Output: value(t, `["a","b"]`), NextState: "N", Inspection: []asl.Member{
		{Name: "input", Value: o.Input}, {Name: "afterInputPath", Value: o.Input}, {Name: "afterItemsPath", Value: value(t, `[1,2]`)},
		{Name: "maxConcurrency", Value: asl.IntValue(2)}, {Name: "toleratedFailureCount", Value: asl.IntValue(1)},
		{Name: "afterItemSelector", Value: value(t, `[{"v":1,"run":"night","x":true},{"v":2,"run":"night","x":true}]`)},
		{Name: "afterResultSelector", Value: value(t, `["a","b"]`)}, {Name: "afterResultPath", Value: value(t, `["a","b"]`)}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	failed := 2
	o.FailedItems = &failed
	if got, err = asl.TestState([]byte(state), o); err != nil || got.Error != asl.ErrorToleratedFailure {
		t.Errorf("two failed: got %+v, %v", got, err)
	}
}

func TestTestStateRefuses(t *testing.T) {
	failed := 1
	tests := []struct {
		name, state string
		options     asl.TestOptions
		want        string
	}{
		{"mocked pass", `{"Type":"Pass","End":true}`, asl.TestOptions{Mock: &asl.Mock{}}, "State type 'Pass' is not supported when a mock is specified"},
		{"unknown state", everything, asl.TestOptions{State: "Nope"}, "State not found in definition"},
		{"task without runner", `{"Type":"Task","Resource":"x","End":true}`, asl.TestOptions{}, "RoleArn must be specified when testing a Task state"},
		{"failures without mock", `{"Type":"Task","Resource":"x","End":true}`, asl.TestOptions{FailedItems: &failed}, "TestState does not support MapIterationFailureCount when a mock is not specified."},
		{"context", `{"Type":"Pass","End":true}`, asl.TestOptions{Context: value(t, `{"Map":{}}`)}, "Invalid Context object provided: 'Map' field is not supported when mocking a Context object"},
		{"context field", `{"Type":"Pass","End":true}`, asl.TestOptions{Context: value(t, `{"Pokedex":{}}`)}, "Invalid Context object provided: Field 'Pokedex' is not allowed"},
		{"context type", `{"Type":"Pass","End":true}`, asl.TestOptions{Context: value(t, `{"Execution":{"Id":1}}`)}, "Invalid Context object provided: Execution.Id must be a string"},
		{"mocked Map", `{"Type":"Parallel","Branches":[{"StartAt":"A","States":{"A":{"Type":"Succeed"}}}],"End":true}`, asl.TestOptions{Mock: &asl.Mock{Result: value(t, `{}`)}}, "Mocked result must be an array."},
		{"invalid", `{"Type":"Parallel","Branches":[],"End":true}`, asl.TestOptions{}, "Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: Value cannot be empty at /States/StateName/Branches'"},
	}
	for _, tt := range tests {
		_, err := asl.TestState([]byte(tt.state), tt.options)
		var refused *asl.TestError
		if !errors.As(err, &refused) || refused.Message != tt.want {
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.want)
		}
	}
}
