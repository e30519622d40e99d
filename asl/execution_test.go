package asl_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/coranto/coranto/asl"
)

// one wraps a state into a machine, with a place to go on failure.
func one(state string) string {
	return `{"StartAt":"S","States":{"S":` + state + `}}`
}

// echo answers each task with its input.
func echo(c asl.Command) (asl.Event, time.Duration) { return succeed(c.Input) }

func TestData(t *testing.T) {
	tests := []struct{ name, state, input, want string }{ // want: the output, or after ! words of the cause
		{"pass", `{"Type":"Pass","End":true}`, `{"a":1}`, `{"a":1}`},
		{"result", `{"Type":"Pass","Result":[1],"ResultPath":"$.r","End":true}`, `{"a":1}`, `{"a":1,"r":[1]}`},
		{"input path", `{"Type":"Pass","InputPath":"$.a","End":true}`, `{"a":{"b":2}}`, `{"b":2}`},
		{"input path null", `{"Type":"Pass","InputPath":null,"End":true}`, `{"a":1}`, `{}`},
		{"output path", `{"Type":"Pass","OutputPath":"$.a","End":true}`, `{"a":{"b":2}}`, `{"b":2}`},
		{"output path null", `{"Type":"Pass","OutputPath":null,"End":true}`, `{"a":1}`, `{}`},
		{"result path null", `{"Type":"Pass","Result":1,"ResultPath":null,"End":true}`, `{"a":1}`, `{"a":1}`},
		{"parameters", `{"Type":"Pass","Parameters":{"x.$":"$.a","y":{"z.$":["no"]},"n":[{"k.$":"$.a"}],"c.$":"$$.State.Name"},"End":true}`, `{"a":1}`, `!`},
		{"parameters", `{"Type":"Pass","Parameters":{"x.$":"$.a","n":[{"k.$":"$.a"}],"c.$":"$$.State.Name","lit":"$.a"},"End":true}`, `{"a":1}`, `{"x":1,"n":[{"k":1}],"c":"S","lit":"$.a"}`},
		{"past the end", `{"Type":"Pass","Parameters":{"x.$":"$.a[1]","y.$":"States.Array($.a[-2])"},"End":true}`, `{"a":[1]}`, `{"x":null,"y":[null]}`},
		{"odd names", `{"Type":"Pass","Parameters":{"x.$":"$.aws:tag.a{b}","y.$":"States.Format('{}', $.it's)"},"End":true}`, `{"aws:tag":{"a{b}":1},"it's":2}`, `{"x":1,"y":"2"}`},
		{"result keeps raw input", `{"Type":"Pass","InputPath":"$.a","ResultPath":"$.r","End":true}`, `{"a":{"b":2}}`, `{"a":{"b":2},"r":{"b":2}}`},
		{"task", `{"Type":"Task","Resource":"echo","Parameters":{"p.$":"$.a"},"ResultSelector":{"s.$":"$.p"},"ResultPath":"$.r","OutputPath":"$.r","End":true}`, `{"a":1}`, `{"s":1}`},
		{"succeed", `{"Type":"Succeed","InputPath":"$.a"}`, `{"a":1}`, `1`},
		{"missing input path", `{"Type":"Pass","InputPath":"$.x.y","End":true}`, `{}`, `!An error occurred while executing the state 'S' (entered at the event id #2). Invalid path '$.x.y' : No results for path: $['x']['y']`},
		{"missing parameter", `{"Type":"Pass","Parameters":{"p.$":"$.x"},"End":true}`, `{"a": 1}`, `!The JSONPath '$.x' specified for the field 'p.$' could not be found in the input '{"a":1}'`},
		{"no place for the result", `{"Type":"Pass","Result":1,"ResultPath":"$.a.b","End":true}`, `{"a":1}`, `!Unable to apply step "b" to input {"a":1}`},
		{"map of no array", `{"Type":"Map","ItemsPath":"$.a","ItemProcessor":{"StartAt":"I","States":{"I":{"Type":"Pass","End":true}}},"End":true}`, `{"a":1}`, `!Reference path "$.a" must point to array.`},
		{"map of nothing", `{"Type":"Map","ItemsPath":"$.a.b","ItemProcessor":{"StartAt":"I","States":{"I":{"Type":"Pass","End":true}}},"End":true}`, `{"a":1}`, `!Unable to apply step "b" to input {"a":1}`},
		{"negative concurrency", `{"Type":"Map","MaxConcurrencyPath":"$.m","ItemsPath":"$.a","ItemProcessor":{"StartAt":"I","States":{"I":{"Type":"Pass","End":true}}},"End":true}`, `{"a":[],"m":-1}`, `!Expected non-negative integer for MaxConcurrency, got '-1' instead.`},
		{"empty map", `{"Type":"Map","ItemProcessor":{"StartAt":"I","States":{"I":{"Type":"Pass","End":true}}},"End":true}`, `[]`, `[]`},
		{"map", `{"Type":"Map","ItemsPath":"$.a","ItemSelector":{"i.$":"$$.Map.Item.Index","v.$":"$$.Map.Item.Value","all.$":"$.b"},"ItemProcessor":{"StartAt":"I","States":{"I":{"Type":"Pass","End":true}}},"ResultPath":"$.r","OutputPath":"$.r","End":true}`,
			`{"a":["x","y"],"b":true}`, `[{"i":0,"v":"x","all":true},{"i":1,"v":"y","all":true}]`},
		{"batches", `{"Type":"Map","ItemBatcher":{"MaxItemsPerBatch":2,"BatchInput":{"k.$":"$[0]"}},"ItemProcessor":{"StartAt":"I","States":{"I":{"Type":"Pass","End":true}}},"End":true}`, `[1,2,3]`,
			`[{"BatchInput":{"k":1},"Items":[1,2]},{"BatchInput":{"k":1},"Items":[3]}]`},
		{"batches by size", `{"Type":"Map","ItemBatcher":{"MaxInputBytesPerBatch":8},"ItemProcessor":{"StartAt":"I","States":{"I":{"Type":"Pass","End":true}}},"End":true}`, `["aaaa","b","c"]`,
			`[{"Items":["aaaa"]},{"Items":["b","c"]}]`},
		{"parallel", `{"Type":"Parallel","Branches":[{"StartAt":"A","States":{"A":{"Type":"Pass","Result":1,"End":true}}},{"StartAt":"B","States":{"B":{"Type":"Pass","End":true}}}],"End":true}`, `{"x":0}`, `[1,{"x":0}]`},
		{"reader", `{"Type":"Map","ItemReader":{"Resource":"echo","Parameters":{"Body":"n,t\n1,a\n2,b\n3,c\n"},"ReaderConfig":{"InputType":"CSV","CSVHeaderLocation":"FIRST_ROW","MaxItems":2}},"ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},"StartAt":"I","States":{"I":{"Type":"Pass","End":true}}},"End":true}`,
			`{}`, `[{"n":"1","t":"a"},{"n":"2","t":"b"}]`},
		{"lines", `{"Type":"Map","ItemReader":{"Resource":"echo","Parameters":{"Body":"1\n\n[2]\n"},"ReaderConfig":{"InputType":"JSONL"}},"ItemProcessor":{"StartAt":"I","States":{"I":{"Type":"Pass","End":true}}},"End":true}`, `{}`, `[1,[2]]`},
		{"text", `{"Type":"Map","ItemReader":{"Resource":"echo","Parameters":{"Body":"[1,2]"},"ReaderConfig":{"MaxItemsPath":"$.most"}},"ItemProcessor":{"StartAt":"I","States":{"I":{"Type":"Pass","End":true}}},"End":true}`, `{"most":1}`, `[1]`},
		{"listing", `{"Type":"Map","ItemReader":{"Resource":"echo","Parameters":{"Contents":[{"Key":"k"}]}},"ItemProcessor":{"StartAt":"I","States":{"I":{"Type":"Pass","End":true}}},"End":true}`, `{}`, `[{"Key":"k"}]`},
		{"given headers", `{"Type":"Map","ItemReader":{"Resource":"echo","Parameters":{"Body":"1;2\n3"},"ReaderConfig":{"InputType":"CSV","CSVDelimiter":"SEMICOLON","CSVHeaderLocation":"GIVEN","CSVHeaders":["a","b"]}},"ItemProcessor":{"StartAt":"I","States":{"I":{"Type":"Pass","End":true}}},"End":true}`,
			`{}`, `[{"a":"1","b":"2"},{"a":"3","b":""}]`},
		{"nothing to read", `{"Type":"Map","ItemReader":{"Resource":"echo","Parameters":{"Body":"{}"}},"ItemProcessor":{"StartAt":"I","States":{"I":{"Type":"Pass","End":true}}},"End":true}`, `{}`, `!The items could not be read: no array of items`},
		{"writer", `{"Type":"Map","ResultWriter":{"Resource":"echo","Parameters":{"to":"x"}},"ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},"StartAt":"I","States":{"I":{"Type":"Pass","End":true}}},"End":true}`,
			`[1]`, `{"MapRunArn":"/S:2","ResultWriterDetails":{"to":"x","Results":[1]}}`},
	}
	for _, tt := range tests {
		if tt.want == "!" {
			if _, err := asl.Parse([]byte(one(tt.state))); !errors.Is(err, asl.ErrInvalid) {
				t.Errorf("%s: got %v, want ErrInvalid", tt.name, err)
			}
			continue
		}
		tr := drive(t, one(tt.state), tt.input, asl.Options{}, echo)
		if words, failing := strings.CutPrefix(tt.want, "!"); failing {
			if tr.done.Status != asl.StatusFailed || !strings.Contains(tr.done.Cause, words) {
				t.Errorf("%s: got %+v, want the cause %q", tt.name, tr.done, words)
			}
		} else if got := string(tr.done.Output.JSON()); tr.done.Status != asl.StatusSucceeded || got != tt.want {
			t.Errorf("%s: got %s %s (%s), want %s", tt.name, tr.done.Status, got, tr.done.Cause, tt.want)
		}
	}
}

func TestChoice(t *testing.T) {
	tests := []struct {
		rule, input string
		want        string // yes, no, or words of the cause
	}{
		{`"Variable":"$.v","StringEquals":"a"`, `{"v":"a"}`, "yes"},
		{`"Variable":"$.v","StringEquals":"1"`, `{"v":1}`, "no"},
		{`"Variable":"$.v","StringLessThan":"b"`, `{"v":"a"}`, "yes"},
		{`"Variable":"$.v","StringGreaterThanEquals":"b"`, `{"v":"a"}`, "no"},
		{`"Variable":"$.v","StringEqualsPath":"$.w"`, `{"v":"a","w":"a"}`, "yes"},
		{`"Variable":"$.v","StringEqualsPath":"$.w"`, `{"v":"a"}`, "Invalid path '$.w': The choice state's condition path references an invalid value."},
		{`"Variable":"$.v","NumericEquals":1`, `{"v":1.0}`, "yes"},
		{`"Variable":"$.v","NumericLessThanEquals":1`, `{"v":1}`, "yes"},
		{`"Variable":"$.v","NumericGreaterThanPath":"$.w"`, `{"v":9007199254740993,"w":9007199254740992}`, "yes"},
		{`"Variable":"$.v","BooleanEquals":true`, `{"v":true}`, "yes"},
		{`"Variable":"$.v","BooleanEqualsPath":"$.w"`, `{"v":true,"w":false}`, "no"},
		{`"Variable":"$.v","TimestampEquals":"2024-01-01T00:00:00Z"`, `{"v":"2024-01-01T01:00:00+01:00"}`, "yes"},
		{`"Variable":"$.v","TimestampLessThan":"2024-01-01T00:00:00Z"`, `{"v":"yesterday"}`, "no"},
		{`"Variable":"$.v","StringMatches":"log-*.txt"`, `{"v":"log-2024.txt"}`, "yes"},
		{`"Variable":"$.v","StringMatches":"*a*b*c"`, `{"v":"xxaybbzc"}`, "yes"},
		{`"Variable":"$.v","StringMatches":"a\\*"`, `{"v":"a*"}`, "yes"},
		{`"Variable":"$.v","StringMatches":"a\\*"`, `{"v":"ab"}`, "no"},
		{`"Variable":"$.v","IsPresent":true`, `{"v":null}`, "yes"},
		{`"Variable":"$.v","IsPresent":false`, `{}`, "yes"},
		{`"Variable":"$.v[1]","IsPresent":true`, `{"v":[1]}`, "no"},
		{`"Variable":"$.v","IsNull":true`, `{"v":null}`, "yes"},
		{`"Variable":"$.v","IsNumeric":false`, `{"v":"1"}`, "yes"},
		{`"Variable":"$.v","IsTimestamp":true`, `{"v":"2024-01-01"}`, "no"},
		{`"Variable":"$.v","IsString":true`, `{}`, "Invalid path '$.v'"},
		{`"Not":{"Variable":"$.v","IsString":true}`, `{"v":1}`, "yes"},
		{`"And":[{"Variable":"$.v","IsPresent":true},{"Variable":"$.v","NumericEquals":1}]`, `{}`, "no"},
		{`"Or":[{"Variable":"$.v","NumericEquals":2},{"Variable":"$.v","NumericEquals":1}]`, `{"v":1}`, "yes"},
	}
	for _, tt := range tests {
		definition := `{"StartAt":"C","States":{"C":{"Type":"Choice","Choices":[{` + tt.rule + `,"Next":"Y"}],"Default":"N"},
			"Y":{"Type":"Pass","Result":"yes","End":true},"N":{"Type":"Pass","Result":"no","End":true}}}`
		tr := drive(t, definition, tt.input, asl.Options{}, nil)
		got := tr.done.Output.String()
		if tr.done.Status == asl.StatusFailed {
			got = tr.done.Cause
		}
		if !strings.Contains(got, tt.want) {
			t.Errorf("%s of %s: got %q, want %q", tt.rule, tt.input, got, tt.want)
		}
	}
}

func TestChoiceWithoutMatch(t *testing.T) {
	tr := drive(t, `{"StartAt":"C","States":{"C":{"Type":"Choice","Choices":[{"Variable":"$.v","NumericEquals":1,"Next":"Y"}]},"Y":{"Type":"Succeed"}}}`, `{"v":2}`, asl.Options{}, nil)
	if tr.done.Error != asl.ErrorRuntime || !strings.HasSuffix(tr.done.Cause, "Failed to transition out of the state. The state does not point to a next state.") {
		t.Errorf("got %+v", tr.done)
	}
}

func TestWait(t *testing.T) {
	tests := []struct {
		state, input string
		want         string // how long, or words of the cause
	}{
		{`"Seconds":10`, `{}`, "10s"},
		{`"Seconds":0`, `{}`, "0s"},
		{`"SecondsPath":"$.s"`, `{"s":90}`, "1m30s"},
		{`"SecondsPath":"$.s"`, `{"s":-1}`, "The SecondsPath parameter references a negative value: $.s == -1"},
		{`"SecondsPath":"$.s"`, `{"s":1.5}`, "The SecondsPath parameter cannot be parsed as a long value: $.s == 1.5"},
		{`"SecondsPath":"$.s"`, `{}`, "The SecondsPath parameter does not reference an input value: $.s"},
		{`"Timestamp":"2024-05-17T12:05:00Z"`, `{}`, "5m0s"},
		{`"Timestamp":"2001-05-17T12:05:00Z"`, `{}`, "0s"},
		{`"TimestampPath":"$.t"`, `{"t":"2024-05-17T14:00:30+02:00"}`, "30s"},
		{`"TimestampPath":"$.t"`, `{"t":"soon"}`, "The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time format string: $.t == soon"},
	}
	for _, tt := range tests {
		tr := drive(t, one(`{"Type":"Wait",`+tt.state+`,"End":true}`), tt.input, asl.Options{}, nil)
		got := tr.ended.Sub(began).String()
		if tr.done.Status == asl.StatusFailed {
			got = tr.done.Cause
		}
		if !strings.HasSuffix(got, tt.want) {
			t.Errorf("%s: got %q, want %q", tt.state, got, tt.want)
		}
	}
}

func TestRetry(t *testing.T) {
	definition := one(`{"Type":"Task","Resource":"work","Retry":[
		{"ErrorEquals":["Throttled"],"IntervalSeconds":2,"BackoffRate":3,"MaxAttempts":3,"MaxDelaySeconds":10},
		{"ErrorEquals":["States.TaskFailed"],"MaxAttempts":1}],"End":true}`)
	tests := []struct {
		name     string
		failures []string
		attempts int
		after    time.Duration
		status   asl.Status
	}{
		{"first retrier, with back-off and its ceiling", []string{"Throttled", "Throttled", "Throttled"}, 4, 18 * time.Second, asl.StatusSucceeded},
		{"first retrier exhausted: no other is asked", []string{"Throttled", "Throttled", "Throttled", "Throttled"}, 4, 18 * time.Second, asl.StatusFailed},
		{"each retrier counts for itself", []string{"Other", "Throttled"}, 3, 3 * time.Second, asl.StatusSucceeded},
		{"time-outs are no TaskFailed", []string{"States.Timeout"}, 1, 0, asl.StatusFailed},
	}
	for _, tt := range tests {
		n := 0
		tr := drive(t, definition, `{}`, asl.Options{}, func(c asl.Command) (asl.Event, time.Duration) {
			if c.Attempt != n {
				t.Errorf("%s: attempt %d, want %d", tt.name, c.Attempt, n)
			}
			if n++; n <= len(tt.failures) {
				return failWith(tt.failures[n-1], "cause")
			}
			return succeed(asl.IntValue(1))
		})
		if n != tt.attempts || tr.ended.Sub(began) != tt.after || tr.done.Status != tt.status {
			t.Errorf("%s: %d attempts, %s after %s, want %d, %s, %s", tt.name, n, tr.done.Status, tr.ended.Sub(began), tt.attempts, tt.status, tt.after)
		}
	}
}

func TestJitter(t *testing.T) {
	tr := drive(t, one(`{"Type":"Task","Resource":"work","Retry":[{"ErrorEquals":["States.ALL"],"IntervalSeconds":100,"MaxAttempts":1,"JitterStrategy":"FULL"}],"End":true}`), `{}`, asl.Options{},
		func(c asl.Command) (asl.Event, time.Duration) { return failWith("E", "") })
	if d := tr.ended.Sub(began); d <= 0 || d >= 100*time.Second {
		t.Errorf("waited %s, want between 0 and 100s", d)
	}
}

func TestCatch(t *testing.T) {
	definition := `{"StartAt":"T","States":{
	  "T":{"Type":"Task","Resource":"work","Catch":[
	    {"ErrorEquals":["Known"],"ResultPath":"$.error","Assign":{"seen.$":"$.Error"},"Next":"H"},
	    {"ErrorEquals":["States.ALL"],"Next":"A"}],"Next":"H"},
	  "H":{"Type":"Pass","Parameters":{"in.$":"$","seen.$":"$seen"},"End":true},
	  "A":{"Type":"Pass","End":true}}}`
	tests := []struct{ error, want string }{
		{"Known", `{"in":{"a":1,"error":{"Error":"Known","Cause":"why"}},"seen":"Known"}`},
		{"Other", `{"Error":"Other","Cause":"why"}`},
		{"States.Timeout", `{"Error":"States.Timeout","Cause":"why"}`},
	}
	for _, tt := range tests {
		tr := drive(t, definition, `{"a":1}`, asl.Options{}, func(asl.Command) (asl.Event, time.Duration) { return failWith(tt.error, "why") })
		if got := string(tr.done.Output.JSON()); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.error, got, tt.want)
		}
	}
}

func TestRuntimeErrorsAreNotCaughtByAll(t *testing.T) {
	definition := `{"StartAt":"P","States":{"P":{"Type":"Parallel","Branches":[{"StartAt":"B","States":{"B":{"Type":"Pass","Parameters":{"x.$":"$.nope"},"End":true}}}],
	  "Catch":[{"ErrorEquals":["%s"],"Next":"H"}],"Next":"H"},"H":{"Type":"Succeed"}}}`
	tr := drive(t, fmt.Sprintf(definition, "States.ALL"), `{}`, asl.Options{}, nil)
	if diff := cmp.Diff([]string{"ExecutionStarted", "ParallelStateEntered P", "ParallelStateStarted", "PassStateEntered B", "ExecutionFailed"}, tr.types()); diff != "" {
		t.Errorf("history: -want +got\n%s", diff)
	}
	if tr = drive(t, fmt.Sprintf(definition, "States.Runtime"), `{}`, asl.Options{}, nil); tr.done.Status != asl.StatusSucceeded {
		t.Errorf("caught by its own name: got %+v", tr.done)
	}
}

func TestFail(t *testing.T) {
	tr := drive(t, one(`{"Type":"Fail","ErrorPath":"$.e","CausePath":"States.Format('because {}', $.c)"}`), `{"e":"Bad","c":1}`, asl.Options{}, nil)
	if tr.done.Status != asl.StatusFailed || tr.done.Error != "Bad" || tr.done.Cause != "because 1" {
		t.Errorf("got %+v", tr.done)
	}
}

func TestConcurrency(t *testing.T) {
	definition := one(`{"Type":"Map","MaxConcurrencyPath":"$.max","ItemsPath":"$.items","ItemProcessor":{"StartAt":"T","States":{"T":{"Type":"Task","Resource":"x","End":true}}},"End":true}`)
	for _, tt := range []struct {
		max    string
		rounds int // each task takes a second
	}{{"1", 7}, {"3", 3}, {"0", 1}, {`"2"`, 4}} {
		tr := drive(t, definition, `{"max":`+tt.max+`,"items":[1,2,3,4,5,6,7]}`, asl.Options{}, func(c asl.Command) (asl.Event, time.Duration) {
			return asl.Event{Kind: asl.TaskSucceeded, Output: c.Input}, time.Second
		})
		if got := string(tr.done.Output.JSON()); got != "[1,2,3,4,5,6,7]" {
			t.Errorf("max %s: output %s", tt.max, got)
		}
		if took := tr.ended.Sub(began); took != time.Duration(tt.rounds)*time.Second {
			t.Errorf("max %s: took %s, want %ds", tt.max, took, tt.rounds)
		}
	}
}

func TestFailingItemCancelsTheOthers(t *testing.T) {
	definition := `{"StartAt":"M","States":{"M":{"Type":"Map","ItemProcessor":{"StartAt":"T","States":{"T":{"Type":"Task","Resource":"x","TimeoutSeconds":60,"End":true}}},
	  "Catch":[{"ErrorEquals":["Boom"],"Next":"H"}],"End":true},"H":{"Type":"Pass","End":true}}}`
	tr := drive(t, definition, `[1,2,3]`, asl.Options{}, func(c asl.Command) (asl.Event, time.Duration) {
		if c.Path != fmt.Sprintf("M[%d]/T", c.ID/2) {
			t.Errorf("task %d stands at %s", c.ID, c.Path)
		}
		if c.Input.String() == "2" {
			return failWith("Boom", "why")
		}
		return asl.Event{}, 0
	})
	if got, want := string(tr.done.Output.JSON()), `{"Error":"Boom","Cause":"why"}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	open := map[uint64]bool{}
	for _, c := range tr.commands {
		switch c.Kind {
		case asl.RunTask, asl.StartTimer:
			open[c.ID] = true
		case asl.CancelTask, asl.CancelTimer:
			delete(open, c.ID)
		}
	}
	if delete(open, 3); len(open) != 0 { // the one that failed
		t.Errorf("still open: %v", open)
	}
	want := []string{"ExecutionStarted", "MapStateEntered M", "MapStateStarted",
		"MapIterationStarted M", "MapIterationStarted M", "MapIterationStarted M",
		"TaskStateEntered T", "TaskScheduled", "TaskStarted", "TaskStateEntered T", "TaskScheduled", "TaskStarted", "TaskStateEntered T", "TaskScheduled", "TaskStarted",
		"TaskFailed", "TaskStateAborted", "MapIterationAborted M", "TaskStateAborted", "MapIterationAborted M", "TaskStateAborted", "MapIterationFailed M", "MapStateFailed", "MapStateExited M",
		"PassStateEntered H", "PassStateExited H", "ExecutionSucceeded"}
	if diff := cmp.Diff(want, tr.types()); diff != "" {
		t.Errorf("history: -want +got\n%s", diff)
	}
}

func TestFailingBranchAbortsTheOthers(t *testing.T) {
	definition := `{"StartAt":"P","States":{"P":{"Type":"Parallel","Branches":[
	  {"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":5,"End":true}}},
	  {"StartAt":"F","States":{"F":{"Type":"Fail","Error":"E"}}}],"Retry":[{"ErrorEquals":["E"],"MaxAttempts":1}],"End":true}}}`
	tr := drive(t, definition, `{}`, asl.Options{}, nil)
	attempt := []string{"ParallelStateStarted", "WaitStateEntered W", "FailStateEntered F", "WaitStateAborted"}
	want := append([]string{"ExecutionStarted", "ParallelStateEntered P"}, attempt...)
	want = append(append(want, attempt...), "ParallelStateFailed", "ExecutionFailed")
	if diff := cmp.Diff(want, tr.types()); diff != "" {
		t.Errorf("history: -want +got\n%s", diff)
	}
}

func TestToleratedFailures(t *testing.T) {
	definition := one(`{"Type":"Map","ItemsPath":"$.items","ToleratedFailurePercentagePath":"$.p","ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"EXPRESS"},
	  "StartAt":"T","States":{"T":{"Type":"Task","Resource":"x","End":true}}},"End":true}`)
	odd := func(c asl.Command) (asl.Event, time.Duration) {
		if n, _ := c.Input.Int(); n%2 == 1 {
			return failWith("Odd", "")
		}
		return succeed(c.Input)
	}
	if tr := drive(t, definition, `{"p":50,"items":[1,2,3,4]}`, asl.Options{}, odd); string(tr.done.Output.JSON()) != "[2,4]" {
		t.Errorf("half may fail: got %+v", tr.done)
	}
	if tr := drive(t, definition, `{"p":49,"items":[1,2,3,4]}`, asl.Options{}, odd); tr.done.Error != asl.ErrorToleratedFailure {
		t.Errorf("less than half may fail: got %+v", tr.done)
	}
}

func TestDistributedMap(t *testing.T) {
	definition := `{"StartAt":"M","States":{"M":{"Type":"Map","ItemReader":{"Resource":"read","Parameters":{}},"ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"EXPRESS"},
	  "StartAt":"T","States":{"T":{"Type":"Pass","Parameters":{"x.$":"$.x"},"End":true}}},"Catch":[{"ErrorEquals":["States.ALL"],"Next":"H"}],"Next":"H"},"H":{"Type":"Succeed"}}}`
	started := []string{"ExecutionStarted", "MapStateEntered M", "MapStateStarted", "MapRunStarted"}
	caught := []string{"MapRunFailed", "MapStateFailed", "MapStateExited M", "SucceedStateEntered H", "SucceedStateExited H", "ExecutionSucceeded"}
	tests := []struct {
		name   string
		answer answers
		want   []string
		output string
	}{
		{"items leave nothing in the history", func(asl.Command) (asl.Event, time.Duration) { return succeed(value(t, `[{"x":1},{"x":2}]`)) },
			append(started, "MapRunSucceeded", "MapStateSucceeded", "MapStateExited M", "SucceedStateEntered H", "SucceedStateExited H", "ExecutionSucceeded"), `[{"x":1},{"x":2}]`},
		{"an item's States.Runtime is its own", func(asl.Command) (asl.Event, time.Duration) { return succeed(value(t, `[{"x":1},{}]`)) },
			append(started, caught...), `{"Error":"States.ExceedToleratedFailureThreshold","Cause":"The specified tolerated failure threshold was exceeded"}`},
		{"the reader fails", func(asl.Command) (asl.Event, time.Duration) { return failWith("S3.NoSuchKey", "gone") },
			append(started, caught...), `{"Error":"States.ItemReaderFailed","Cause":"gone"}`},
	}
	for _, tt := range tests {
		tr := drive(t, definition, `{}`, asl.Options{}, tt.answer)
		if diff := cmp.Diff(tt.want, tr.types()); diff != "" {
			t.Errorf("%s: -want +got\n%s", tt.name, diff)
		}
		if got := string(tr.done.Output.JSON()); got != tt.output {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.output)
		}
	}
}

func TestVariables(t *testing.T) {
	definition := `{"StartAt":"A","States":{
	  "A":{"Type":"Pass","Assign":{"x":1,"y.$":"$.n","list.$":"States.Array($.n, 2)"},"Next":"M"},
	  "M":{"Type":"Map","ItemsPath":"$list","ItemProcessor":{"StartAt":"I","States":{
	     "I":{"Type":"Pass","Assign":{"z.$":"$x"},"Next":"J"},
	     "J":{"Type":"Pass","Parameters":{"z.$":"$z","y.$":"$y"},"End":true}}},"Assign":{"x":2,"was.$":"$x","first.$":"$[0].z"},"Next":"B"},
	  "B":{"Type":"Pass","Parameters":{"x.$":"$x","was.$":"$was","first.$":"$first","in.$":"$"},"End":true}}}`
	tr := drive(t, definition, `{"n":5}`, asl.Options{}, nil)
	if got, want := string(tr.done.Output.JSON()), `{"x":2,"was":1,"first":1,"in":[{"z":1,"y":5},{"z":1,"y":5}]}`; got != want {
		t.Errorf("got %s (%s), want %s", got, tr.done.Cause, want)
	}
}
