package asl_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/coranto/coranto/asl"
)

// A runtime in a dozen lines: it carries out what the execution asks for, and
// tells it what became of that.
func Example() {
	machine, err := asl.Parse([]byte(`{
	  "StartAt": "Greet",
	  "States": {
	    "Greet": {"Type": "Map", "ItemsPath": "$.names", "ItemProcessor": {
	      "StartAt": "Ask", "States": {"Ask": {"Type": "Task", "Resource": "greeting", "End": true}}}, "End": true}
	  }}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	input, _ := asl.ParseValue([]byte(`{"names": ["Ada", "Grace"]}`))
	now := time.Now()

	execution := asl.New(machine, asl.Options{})
	events := []asl.Event{{Kind: asl.Started, Time: now, Seed: 42, Input: input}}
	for len(events) > 0 {
		commands, err := execution.Apply(events[0])
		if err != nil {
			fmt.Println(err)
			return
		}
		events = events[1:]
		for _, c := range commands {
			switch c.Kind {
			case asl.RunTask:
				fmt.Println(c.Path, c.Resource, c.Input)
				events = append(events, asl.Event{Kind: asl.TaskSucceeded, Time: now, ID: c.ID, Output: asl.StringValue("Hello, " + c.Input.String())})
			case asl.Done:
				fmt.Println(c.Status, c.Output)
			}
		}
	}
	// Output:
	// Greet[0]/Ask greeting Ada
	// Greet[1]/Ask greeting Grace
	// SUCCEEDED ["Hello, Ada","Hello, Grace"]
}

// What has failed goes on from where it failed: the first task is not done again.
func ExampleExecution_Redrivable() {
	machine, err := asl.Parse([]byte(`{
	  "StartAt": "Fetch",
	  "States": {
	    "Fetch": {"Type": "Task", "Resource": "fetch", "Next": "Publish"},
	    "Publish": {"Type": "Task", "Resource": "publish", "End": true}
	  }}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	now := time.Now()
	execution := asl.New(machine, asl.Options{History: func(ev asl.HistoryEvent) {
		fmt.Println(strings.TrimSpace(fmt.Sprint(ev.ID, " ", ev.Type, " ", ev.Name)))
	}})
	for _, ev := range []asl.Event{
		{Kind: asl.Started},
		{Kind: asl.TaskSucceeded, ID: 1, Output: asl.StringValue("page")},
		{Kind: asl.TaskFailed, ID: 2, Error: "Disk.Full"},
		{Kind: asl.Redriven},
		{Kind: asl.TaskSucceeded, ID: 3},
	} {
		ev.Time = now
		if ev.Kind == asl.Redriven {
			fmt.Println("redrivable:", execution.Redrivable() == nil)
		}
		if _, err := execution.Apply(ev); err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// 1 ExecutionStarted
	// 2 TaskStateEntered Fetch
	// 3 TaskScheduled
	// 4 TaskStarted
	// 5 TaskSucceeded
	// 6 TaskStateExited Fetch
	// 7 TaskStateEntered Publish
	// 8 TaskScheduled
	// 9 TaskStarted
	// 10 TaskFailed
	// 11 ExecutionFailed
	// redrivable: true
	// 12 ExecutionRedriven
	// 13 TaskScheduled
	// 14 TaskStarted
	// 15 TaskSucceeded
	// 16 TaskStateExited Publish
	// 17 ExecutionSucceeded
}

func ExampleValidate() {
	for _, d := range asl.Validate([]byte(`{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}}}`), asl.ParseOptions{}) {
		fmt.Println(d)
	}
	// Output:
	// MISSING_TRANSITION_TARGET: Missing 'Next' target: B at /States/A/Next
	// MISSING_END_STATE: Workflow has no terminal state at null
}

func ExampleTestState() {
	input, _ := asl.ParseValue([]byte(`{"price": 12}`))
	got, err := asl.TestState([]byte(`{"Type": "Choice", "Choices": [{"Variable": "$.price", "NumericGreaterThan": 10, "Next": "Expensive"}], "Default": "Cheap"}`),
		asl.TestOptions{Input: input})
	fmt.Println(got.Status, got.NextState, err)
	// Output:
	// SUCCEEDED Expensive <nil>
}

func ExampleValue() {
	v, _ := asl.ParseValue([]byte(`{"title": "On Values", "tags": ["go", "json"], "price": 1.50}`))
	w := v.With("title", asl.StringValue("On Sharing"))
	fmt.Println(v.Get("title"), "/", w.Get("title"), "/", w.Get("tags").Index(1))
	fmt.Println(w, w.Size())
	// Output:
	// On Values / On Sharing / json
	// {"title":"On Sharing","tags":["go","json"],"price":1.50} 56
}
