package local_test

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/coranto/coranto/asl"
	"github.com/coranto/coranto/internal/engine"
	"github.com/coranto/coranto/internal/engine/local"
)

func numbers(n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprint(&b, i)
	}
	return "[" + b.String() + "]"
}

func mapOf(states string) string {
	return `{"StartAt": "M", "States": {"M": {"Type": "Map", "ItemsPath": "$.items", "ResultPath": null, "End": true, "ItemProcessor": ` + states + `}}}`
}

// measure runs one execution per iteration, reports the rate of tasks, and
// fails when one fails.
func measure(b *testing.B, tasks engine.Tasks, definition, input string, perRun int) {
	r := openRuntime(b, b.TempDir(), tasks, local.Options{})
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		id := engine.ExecutionID(fmt.Sprint(i))
		start(b, r, id, definition, input)
		if e := wait(b, r, id); e.Status != asl.StatusSucceeded {
			b.Fatalf("%s %s %s", e.Status, e.Error, e.Cause)
		}
	}
	b.ReportMetric(float64(perRun*b.N)/b.Elapsed().Seconds(), "tasks/s")
}

// 1,000 tasks fanned out, each result durable.
func BenchmarkFanOut(b *testing.B) {
	result := json.RawMessage(`{"doc":"` + strings.Repeat("0123456789", 200) + `"}`)
	for _, size := range []int{10, 2000} {
		b.Run(fmt.Sprintf("result=%d", size), func(b *testing.B) {
			tasks := engine.TaskMap{"a": func(context.Context, engine.Task) (json.RawMessage, error) {
				if size == 10 {
					return json.RawMessage(`{"ok":true}`), nil
				}
				return result, nil
			}}
			measure(b, tasks, mapOf(oneTask), `{"items":`+numbers(1000)+`}`, 1000)
		})
	}
}

// A Map of 10,000 items with four states each.
func BenchmarkMap10000x4(b *testing.B) {
	const four = `{"StartAt": "P", "States": {
		"P": {"Type": "Pass", "Parameters": {"n.$": "$"}, "Next": "A"},
		"A": {"Type": "Task", "Resource": "a", "ResultPath": "$.a", "Next": "C"},
		"C": {"Type": "Choice", "Choices": [{"Variable": "$.n", "NumericGreaterThanEquals": 0, "Next": "Z"}], "Default": "Z"},
		"Z": {"Type": "Pass", "OutputPath": "$.a", "End": true}}}`
	measure(b, engine.TaskMap{"a": echo}, mapOf(four), `{"items":`+numbers(10_000)+`}`, 10_000)
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.Sys)/(1<<20), "MiB-sys")
}

// 800 sources of three steps and 14 scrapes each: the shape of a first run.
func BenchmarkPlanet(b *testing.B) {
	const source = `{"StartAt": "Fetch", "States": {
		"Fetch": {"Type": "Task", "Resource": "fetch", "Next": "Match"},
		"Match": {"Type": "Task", "Resource": "match", "Next": "Posts"},
		"Posts": {"Type": "Map", "MaxConcurrency": 4, "End": true, "ItemProcessor": {
			"StartAt": "Scrape", "States": {"Scrape": {"Type": "Task", "Resource": "scrape", "End": true}}}}}}`
	post := `{"title":"` + strings.Repeat("t", 2000) + `"}`
	tasks := engine.TaskMap{
		"fetch": func(context.Context, engine.Task) (json.RawMessage, error) {
			return json.RawMessage("[" + strings.Repeat(post+",", 13) + post + "]"), nil
		},
		"match": echo, "scrape": echo,
	}
	measure(b, tasks, mapOf(source), `{"items":`+numbers(800)+`}`, 800*16)
}

// A document of 10 MB handed to 1,000 items.
func BenchmarkBigDocument(b *testing.B) {
	const machine = `{"StartAt": "M", "States": {"M": {"Type": "Map", "ItemsPath": "$.items", "ResultPath": null, "End": true,
		"ItemSelector": {"n.$": "$$.Map.Item.Value", "doc.$": "$.doc"}, "ItemProcessor": ` + oneTask + `}}}`
	input := `{"items":` + numbers(1000) + `,"doc":"` + strings.Repeat("0123456789", 1<<20) + `"}`
	measure(b, values{"a": func(_ context.Context, _ engine.Task, in asl.Value) (asl.Value, error) {
		return in.Get("n"), nil
	}}, machine, input, 1000)
}

// values is a Tasks of ValueHandlers alone.
type values map[string]engine.ValueHandler

func (v values) Handler(resource string) engine.Handler {
	if h := v[resource]; h != nil {
		return engine.JSONHandler(h)
	}
	return nil
}

func (v values) ValueHandler(resource string) engine.ValueHandler { return v[resource] }

// From Start to the first call of a handler.
func BenchmarkStartToFirstTask(b *testing.B) {
	called := make(chan time.Time, 1)
	tasks := engine.TaskMap{"a": func(context.Context, engine.Task) (json.RawMessage, error) {
		called <- time.Now()
		return nil, nil
	}}
	r := openRuntime(b, b.TempDir(), tasks, local.Options{})
	var total time.Duration
	n := 0
	for ; b.Loop(); n++ {
		id := engine.ExecutionID(fmt.Sprint(n))
		began := time.Now()
		start(b, r, id, oneTask, `{}`)
		total += (<-called).Sub(began)
		wait(b, r, id)
	}
	b.ReportMetric(float64(total.Microseconds())/float64(n)/1000, "ms-to-task")
}

// What runs beside 10,000 executions that wait.
func BenchmarkBesideIdleTimers(b *testing.B) {
	r := openRuntime(b, b.TempDir(), engine.TaskMap{"a": echo}, local.Options{})
	for i := range 10_000 {
		start(b, r, engine.ExecutionID(fmt.Sprintf("idle-%d", i)), sleepy, `{"s":86400}`)
	}
	for i := 0; b.Loop(); i++ {
		id := engine.ExecutionID(fmt.Sprint(i))
		start(b, r, id, oneTask, `{}`)
		wait(b, r, id)
	}
}
