package asl_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/coranto/coranto/asl"
)

// fanOut is a Map whose items walk four states, one of them a task.
const fanOut = `{"StartAt":"Each","States":{"Each":{"Type":"Map","ItemsPath":"$.items","ItemSelector":{"n.$":"$$.Map.Item.Value","shared.$":"$.shared"},
 "ItemProcessor":{"StartAt":"Shape","States":{
  "Shape":{"Type":"Pass","Parameters":{"n.$":"$.n","text.$":"States.Format('item {}', $.n)"},"Next":"Ask"},
  "Ask":{"Type":"Task","Resource":"ask","ResultPath":"$.answer","Retry":[{"ErrorEquals":["States.ALL"]}],"Next":"Good?"},
  "Good?":{"Type":"Choice","Choices":[{"Variable":"$.answer","NumericGreaterThan":-1,"Next":"Keep"}],"Default":"Keep"},
  "Keep":{"Type":"Pass","OutputPath":"$.n","End":true}}},"End":true}}}`

// runFanOut answers the tasks in the order they were asked for.
func runFanOut(tb testing.TB, m *asl.Machine, n int, o asl.Options) asl.Command {
	items := make([]asl.Value, n)
	for i := range items {
		items[i] = asl.IntValue(int64(i))
	}
	input := asl.ObjectValue(asl.Member{Name: "items", Value: asl.ArrayValue(items...)}, asl.Member{Name: "shared", Value: asl.StringValue("document")})
	x := asl.New(m, o)
	commands, err := x.Apply(asl.Event{Kind: asl.Started, Time: began, Input: input})
	for i := 0; err == nil && i < len(commands); i++ {
		switch c := commands[i]; c.Kind {
		case asl.Done:
			return c
		case asl.RunTask:
			var more []asl.Command
			more, err = x.Apply(asl.Event{Kind: asl.TaskSucceeded, Time: began, ID: c.ID, Output: asl.IntValue(1)})
			commands = append(commands, more...)
		}
	}
	tb.Fatalf("not done: %v", err)
	return asl.Command{}
}

func BenchmarkMap(b *testing.B) {
	m, err := asl.Parse([]byte(fanOut))
	if err != nil {
		b.Fatal(err)
	}
	for _, n := range []int{100, 1000, 10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if done := runFanOut(b, m, n, asl.Options{}); done.Status != asl.StatusSucceeded {
					b.Fatal(done)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/item")
		})
	}
}

func BenchmarkParseValue(b *testing.B) {
	doc := asl.ObjectValue(asl.Member{Name: "title", Value: asl.StringValue("A post about \"things\"")}, asl.Member{Name: "n", Value: asl.IntValue(42)})
	all := make([]asl.Value, 1000)
	for i := range all {
		all[i] = doc
	}
	data := asl.ArrayValue(all...).JSON()
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := asl.ParseValue(data); err != nil {
			b.Fatal(err)
		}
	}
}

// posts is what tasks return: objects of fourteen members, one a document.
func posts(n int) [][]byte {
	out := make([][]byte, n)
	for i := range out {
		out[i] = fmt.Appendf(nil, `{"title":"A post about thing %d","intro":"%s","author":"Alice Example","date":"Sep 14, 2020","link":"https://blog.example/%d/a-post-about-things",
			"image":"https://blog.example/%d.jpg","tags":["go","serverless","things"],"id":"https://blog.example/?p=%d","kind":"blog","source":"alice",
			"published":"2020-09-14T10:00:00Z","updated":"2020-09-14T10:00:00Z","first_seen":"2026-01-01T00:00:00Z","language":"en","keys":["https://blog.example/?p=%d","tag:%d"]}`,
			i, strings.Repeat("words and ", 20), i, i, i, i, i)
	}
	return out
}

// BenchmarkValueMemory says what parsed documents keep, a byte of JSON.
func BenchmarkValueMemory(b *testing.B) {
	docs := posts(5000)
	size := 0
	for _, d := range docs {
		size += len(d)
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	var kept uint64
	for b.Loop() {
		var before, after runtime.MemStats
		b.StopTimer()
		runtime.GC()
		runtime.ReadMemStats(&before)
		b.StartTimer()
		values := make([]asl.Value, len(docs))
		for i, d := range docs {
			v, err := asl.ParseValue(d)
			if err != nil {
				b.Fatal(err)
			}
			values[i] = v
		}
		b.StopTimer()
		runtime.GC()
		runtime.ReadMemStats(&after)
		kept += after.HeapAlloc - before.HeapAlloc
		runtime.KeepAlive(values)
		b.StartTimer()
	}
	b.ReportMetric(float64(kept)/float64(b.N)/float64(size), "kept/byte")
}
