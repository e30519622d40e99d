package diagram

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/coranto/coranto/asl"
	"github.com/coranto/coranto/internal/workflows"
)

const loops = `{"StartAt":"Look","States":{
	"Look":{"Type":"Task","Resource":"task:look","Catch":[{"ErrorEquals":["Task.Timeout"],"Next":"Rest"},{"ErrorEquals":["States.ALL"],"Next":"Broken"}],"Next":"Ready"},
	"Ready":{"Type":"Choice","Choices":[{"And":[{"Variable":"$.ready","BooleanEquals":true},{"Not":{"Variable":"$.draft","IsPresent":true}}],"Next":"Both"},
		{"Variable":"$.tries","NumericGreaterThan":10,"Next":"Broken"},{"Variable":"$.name","StringMatches":"<a&b>*","Next":"Ready"}],"Default":"Rest"},
	"Rest":{"Type":"Wait","Seconds":30,"Next":"Look"},
	"Both":{"Type":"Parallel","Branches":[
		{"StartAt":"Translate","States":{"Translate":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:123456789012:function:translate","End":true}}},
		{"StartAt":"Each","States":{"Each":{"Type":"Map","ItemsPath":"$.pictures","ItemProcessor":{"StartAt":"Shrink","States":{
			"Shrink":{"Type":"Task","Resource":"task:shrink","Next":"Big"},
			"Big":{"Type":"Choice","Choices":[{"Variable":"$.size","NumericGreaterThan":1000,"Next":"Shrink"}],"Default":"Kept"},
			"Kept":{"Type":"Succeed"}}},"End":true}}}],"Next":"Publish"},
	"Publish":{"Type":"Pass","End":true},
	"Broken":{"Type":"Fail","Error":"Site.Broken"}}}`

// definitions are what is drawn in several tests: ours, one with loops, and
// random ones.
func definitions(t testing.TB) map[string][]byte {
	defs := map[string][]byte{"loops": []byte(loops)}
	for _, name := range workflows.Names() {
		def, err := workflows.Get(name)
		if err != nil {
			t.Fatal(err)
		}
		defs[name] = def
	}
	for i := range 60 {
		r := rand.New(rand.NewPCG(uint64(i), 1))
		id := 0
		defs[fmt.Sprint("random ", i)] = []byte(randomMachine(r, 2, &id))
	}
	return defs
}

// randomMachine has all types of states, and transitions back and forth.
func randomMachine(r *rand.Rand, depth int, id *int) string {
	n := 1 + r.IntN(7)
	first := *id
	*id += n
	name := func(i int) string { return fmt.Sprintf("State %d", first+i) }
	var states []string
	for i := range n {
		next := `"End":true`
		if i < n-1 {
			next = fmt.Sprintf(`"Next":%q`, name(i+1))
		}
		s := `"Type":"Pass",` + next
		switch k := r.IntN(6); {
		case i == n-1:
		case k == 0:
			s = fmt.Sprintf(`"Type":"Choice","Choices":[{"Variable":"$.x","NumericLessThan":%d,"Next":%q},{"Variable":"$.y","IsNull":true,"Next":%q}],"Default":%q`,
				r.IntN(9), name(r.IntN(n)), name(r.IntN(n)), name(i+1))
		case k == 1:
			s = fmt.Sprintf(`"Type":"Task","Resource":"r%d","Catch":[{"ErrorEquals":["States.ALL"],"Next":%q}],%s`, i, name(r.IntN(n)), next)
		case k == 2 && depth > 0:
			s = `"Type":"Map","ItemProcessor":` + randomMachine(r, depth-1, id) + `,` + next
		case k == 3 && depth > 0:
			s = `"Type":"Parallel","Branches":[` + randomMachine(r, depth-1, id) + `,` + randomMachine(r, depth-1, id) + `],` + next
		}
		states = append(states, fmt.Sprintf("%q:{%s}", name(i), s))
	}
	return fmt.Sprintf(`{"StartAt":%q,"States":{%s}}`, name(0), strings.Join(states, ","))
}

// Nothing overlaps, what is within a state stays within it, and every edge ends
// at its states.
func TestLayout(t *testing.T) {
	for name, def := range definitions(t) {
		t.Run(name, func(t *testing.T) {
			c, err := read(def)
			if err != nil {
				t.Fatal(err)
			}
			w, h := layout(c)
			checkChart(t, c, box{0, 0, w, h})
		})
	}
}

func checkChart(t *testing.T, c *chart, within box) {
	t.Helper()
	inside := func(what string, b box) {
		if b.x < within.x-0.1 || b.y < within.y-0.1 || b.x+b.w > within.x+within.w+0.1 || b.y+b.h > within.y+within.h+0.1 {
			t.Errorf("%s at %+v is not within %+v", what, b, within)
		}
	}
	overlap := func(a, b box) bool {
		return a.x < b.x+b.w-0.1 && b.x < a.x+a.w-0.1 && a.y < b.y+b.h-0.1 && b.y < a.y+a.h-0.1
	}
	for i, n := range c.nodes {
		inside(n.name, n.box)
		for _, m := range c.nodes[:i] {
			if overlap(n.box, m.box) {
				t.Errorf("%s %+v and %s %+v overlap", n.name, n.box, m.name, m.box)
			}
		}
		for _, in := range n.inner {
			checkChart(t, in, n.box)
		}
	}
	for i, e := range c.edges {
		first, last := e.points[0], e.points[len(e.points)-1]
		if abs(first.y-(e.from.y+e.from.h)) > 0.1 || first.x < e.from.x || first.x > e.from.x+e.from.w {
			t.Errorf("the edge from %s begins at %+v, which is not its lower side %+v", e.from.name, first, e.from.box)
		}
		if abs(last.y-e.to.y) > 0.1 || last.x < e.to.x || last.x > e.to.x+e.to.w {
			t.Errorf("the edge to %s ends at %+v, which is not its upper side %+v", e.to.name, last, e.to.box)
		}
		if e.label == "" {
			continue
		}
		if e.labelAt == nil {
			t.Errorf("the label %q is nowhere", e.label)
			continue
		}
		inside(e.label, *e.labelAt)
		for _, f := range c.edges[:i] {
			if f.labelAt != nil && overlap(*e.labelAt, *f.labelAt) {
				t.Errorf("labels %q and %q overlap", e.label, f.label)
			}
		}
		for _, n := range c.nodes {
			if overlap(*e.labelAt, n.box) {
				t.Errorf("label %q lies upon %s", e.label, n.name)
			}
		}
	}
}

func abs(f float64) float64 { return max(f, -f) }

// The drawing is well-formed XML, names every state, and is the same every time.
func TestSVG(t *testing.T) {
	for name, def := range definitions(t) {
		a, err := SVG(def, Options{Title: "<" + name + ">"})
		if err != nil {
			t.Fatal(err)
		}
		b, err := SVG(def, Options{Title: "<" + name + ">"})
		if err != nil || !bytes.Equal(a, b) {
			t.Errorf("%s: drawn twice, it is not the same (%v)", name, err)
		}
		d := xml.NewDecoder(bytes.NewReader(a))
		var text strings.Builder
		for {
			tok, err := d.Token()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if c, ok := tok.(xml.CharData); ok {
				text.Write(c)
				text.WriteByte('\n')
			}
			if s, ok := tok.(xml.StartElement); ok && (s.Name.Local == "script" || s.Name.Local == "image") {
				t.Errorf("%s: there is a %s", name, s.Name.Local)
			}
		}
		for _, state := range Outline(def) {
			if !strings.Contains(text.String(), "\n"+state.Name+"\n") {
				t.Errorf("%s: %s is not drawn", name, state.Name)
			}
		}
	}
}

func TestMermaid(t *testing.T) {
	got, err := Mermaid([]byte(`{"StartAt":"A","States":{"A":{"Type":"Map","Iterator":{"StartAt":"I","States":{"I":{"Type":"Pass","End":true}}},"Next":"B"},
		"B":{"Type":"Choice","Choices":[{"Variable":"$.x","StringEquals":"a;b","Next":"C"}],"Default":"A"},"C":{"Type":"Succeed"}}}`), Options{Title: "t"})
	if err != nil {
		t.Fatal(err)
	}
	want := `---
title: t
---
stateDiagram-v2
    direction TB
    state "A (Map · $)" as s1
    state s1 {
        state "I (Pass)" as s2
        [*] --> s2
    }
    state "B (Choice)" as s3
    state "C (Succeed)" as s4
    s1 --> s3
    s3 --> s4 : $.x = 'a,b'
    s3 --> s1 : default
    s4 --> [*]
    [*] --> s1
`
	if d := cmp.Diff(want, string(got)); d != "" {
		t.Error(d)
	}
}

func TestOutline(t *testing.T) {
	want := []Line{{"Look", "Task", 0}, {"Ready", "Choice", 0}, {"Rest", "Wait", 0}, {"Both", "Parallel", 0}, {"Translate", "Task", 1},
		{"Each", "Map", 1}, {"Shrink", "Task", 2}, {"Big", "Choice", 2}, {"Kept", "Succeed", 2}, {"Publish", "Pass", 0}, {"Broken", "Fail", 0}}
	if d := cmp.Diff(want, Outline([]byte(loops))); d != "" {
		t.Error(d)
	}
}

func TestRefused(t *testing.T) {
	var many []string
	for i := range maxStates + 1 {
		many = append(many, fmt.Sprintf(`"S%d":{"Type":"Pass","Next":"S%d"}`, i, i+1))
	}
	big := fmt.Sprintf(`{"StartAt":"S0","States":{%s,"S%d":{"Type":"Succeed"}}}`, strings.Join(many, ","), maxStates+1)
	for _, def := range []string{"", "{}", `{"StartAt":"A","States":{}}`, big} {
		if _, err := SVG([]byte(def), Options{}); !errors.Is(err, ErrDefinition) {
			t.Errorf("%.40q: %v", def, err)
		}
	}
}

// play runs a machine: tasks whose input says "fail" fail, the last is left open.
func play(t *testing.T, def, input string, open bool) ([]asl.HistoryEvent, asl.Status) {
	t.Helper()
	m, err := asl.Parse([]byte(def))
	if err != nil {
		t.Fatal(err)
	}
	var history []asl.HistoryEvent
	x := asl.New(m, asl.Options{History: func(e asl.HistoryEvent) { history = append(history, e) }})
	in, err := asl.ParseValue([]byte(input))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	events := []asl.Event{{Kind: asl.Started, Time: now, Input: in}}
	for len(events) > 0 {
		cmds, err := x.Apply(events[0])
		if err != nil {
			t.Fatal(err)
		}
		events = events[1:]
		for _, c := range cmds {
			now = now.Add(time.Second)
			switch {
			case c.Kind == asl.StartTimer:
				events = append(events, asl.Event{Kind: asl.TimerFired, Time: now, ID: c.ID})
			case c.Kind != asl.RunTask || open && c.Input.String() == "open":
			case strings.HasPrefix(c.Input.String(), "fail"):
				events = append(events, asl.Event{Kind: asl.TaskFailed, Time: now, ID: c.ID, Error: "Bad", Cause: "bad"})
			default:
				events = append(events, asl.Event{Kind: asl.TaskSucceeded, Time: now, ID: c.ID, Output: c.Input})
			}
		}
	}
	return history, x.Status()
}

func TestFollow(t *testing.T) {
	const def = `{"StartAt":"M","States":{
		"M":{"Type":"Map","ItemProcessor":{"StartAt":"T","States":{
			"T":{"Type":"Task","Resource":"r","Retry":[{"ErrorEquals":["Bad"],"MaxAttempts":1}],"Catch":[{"ErrorEquals":["Bad"],"Next":"C"}],"Next":"D"},
			"C":{"Type":"Choice","Choices":[{"Variable":"$.Error","StringEquals":"Bad","Next":"D"}],"Default":"D"},
			"D":{"Type":"Pass","End":true}}},"Next":"L"},
		"L":{"Type":"Task","Resource":"r","InputPath":"$[0]","End":true}}}`
	history, status := play(t, def, `["a","fail","b"]`, false)
	got := Follow(history, status)
	want := map[string]*Tally{
		"M": {Entered: 1, Succeeded: 1, Items: 3, ItemsDone: 3},
		"T": {Entered: 3, Succeeded: 2, Caught: 1, Retries: 1, Error: "Bad"},
		"C": {Entered: 1, Succeeded: 1},
		"D": {Entered: 3, Succeeded: 3},
		"L": {Entered: 1, Succeeded: 1},
	}
	if d := cmp.Diff(want, got.States); d != "" {
		t.Error(d)
	}
	passed := map[[2]string]int{{"T", "D"}: 2, {"T", "C"}: 1, {"C", "D"}: 1, {"M", "L"}: 1}
	if d := cmp.Diff(passed, got.Passed); d != "" {
		t.Error(d)
	}
	if svg, err := SVG([]byte(def), Options{Title: "r", Run: got}); err != nil || !strings.Contains(string(svg), "3 of 3") {
		t.Errorf("the drawing lacks the count (%v)", err)
	}

	// One item fails, and with it the Map and the execution.
	const hard = `{"StartAt":"M","States":{"M":{"Type":"Map","MaxConcurrency":1,"ItemProcessor":{"StartAt":"T","States":{"T":{"Type":"Task","Resource":"r","End":true}}},"End":true}}}`
	history, status = play(t, hard, `["a","fail","b"]`, false)
	got = Follow(history, status)
	want = map[string]*Tally{
		"M": {Entered: 1, Failed: 1, Items: 3, ItemsDone: 1, ItemsFailed: 1, Error: "Bad"},
		"T": {Entered: 2, Succeeded: 1, Failed: 1, Error: "Bad"},
	}
	if d := cmp.Diff(want, got.States); d != "" {
		t.Error(d)
	}

	history, status = play(t, hard, `["open","a"]`, true)
	if got = Follow(history, status); got.States["T"].Running != 1 || got.States["M"].ItemsRunning != 1 || got.look(&node{name: "M", kind: "Map"}) != lookRunning {
		t.Errorf("under way: %+v %+v", got.States["T"], got.States["M"])
	}
}

// FuzzSVG states that what asl takes is drawn, without overlaps, as XML.
func FuzzSVG(f *testing.F) {
	f.Add([]byte(loops))
	f.Add([]byte(`{"StartAt":"A","States":{"A":{"Type":"Choice","Choices":[{"Not":{"Variable":"$.\"<","StringEqualsPath":"$.b"},"Next":"A"}],"Default":"B"},"B":{"Type":"Fail","Cause":"]]>"}}}`))
	f.Fuzz(func(t *testing.T, def []byte) {
		out, err := SVG(def, Options{Run: &Run{}})
		if err != nil {
			if !errors.Is(err, ErrDefinition) {
				t.Errorf("unclassified error %v", err)
			}
			return
		}
		d := xml.NewDecoder(bytes.NewReader(out))
		for {
			if _, err := d.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatal(err)
			}
		}
	})
}
