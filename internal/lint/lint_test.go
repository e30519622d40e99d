package lint

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coranto/coranto/asl"
	"github.com/coranto/coranto/internal/workflows"
)

func TestCheck(t *testing.T) {
	const end = `"E":{"Type":"Succeed"}`
	known := Options{
		Known:  func(r string) bool { return !strings.Contains(r, "nobody") && !strings.Contains(r, "${") },
		Remote: func(r string) bool { return r == "far" },
		Outputs: func(r string) Shape {
			return map[string]Shape{"list": object(map[string]Shape{"items": array(scalar)})}[r]
		},
	}
	for _, tt := range []struct {
		name, states string // the first state is A
		want         []string
	}{
		{"of any input any path", `"A":{"Type":"Pass","InputPath":"$.a.b","Next":"E"},` + end, nil},
		{"what Parameters left out", `"A":{"Type":"Pass","Parameters":{"a":1,"b.$":"$.x"},"Next":"B"},"B":{"Type":"Pass","InputPath":"$.c","Next":"E"},` + end,
			[]string{`PATH_CANNOT_EXIST /States/B/InputPath $.c cannot exist: there is no "c", only a, b`}},
		{"within what is not known", `"A":{"Type":"Pass","Parameters":{"b.$":"$.x"},"Next":"B"},"B":{"Type":"Pass","InputPath":"$.b.deep","Next":"E"},` + end, nil},
		{"ResultPath adds", `"A":{"Type":"Pass","Parameters":{"a":1},"Next":"B"},"B":{"Type":"Task","Resource":"near","ResultPath":"$.r","Next":"C"},
			"C":{"Type":"Pass","Parameters":{"x.$":"$.r.deep","y.$":"States.Format('{} $.not', $.a, $.gone)"},"Next":"E"},` + end,
			[]string{`PATH_CANNOT_EXIST /States/C/Parameters $.gone cannot exist: there is no "gone", only a, r`}},
		{"one of two ways has it", `"A":{"Type":"Choice","Choices":[{"Variable":"$.x","IsPresent":true,"Next":"B"}],"Default":"C"},
			"B":{"Type":"Pass","Result":{"b":1},"Next":"D"},"C":{"Type":"Pass","Result":{"c":1},"Next":"D"},
			"D":{"Type":"Pass","Parameters":{"b.$":"$.b","d.$":"$.d"},"Next":"E"},` + end,
			[]string{`PATH_CANNOT_EXIST /States/D/Parameters $.d cannot exist: there is no "d", only b, c`}},
		{"what a task returns", `"A":{"Type":"Task","Resource":"list","Next":"B"},"B":{"Type":"Map","ItemsPath":"$.itmes","MaxConcurrency":1,"ItemProcessor":{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}},"End":true}`,
			[]string{`PATH_CANNOT_EXIST /States/B/ItemsPath $.itmes cannot exist: there is no "itmes", only items`}},
		{"a member of a number", `"A":{"Type":"Pass","Result":{"n":1},"Next":"B"},"B":{"Type":"Wait","SecondsPath":"$.n.m","Next":"E"},` + end,
			[]string{`PATH_CANNOT_EXIST /States/B/SecondsPath $.n.m cannot exist: "m" is looked for in what is no object`}},
		{"what a Catch hands on", `"A":{"Type":"Task","Resource":"near","Catch":[{"ErrorEquals":["States.ALL"],"Next":"B"}],"Next":"E"},"B":{"Type":"Fail","ErrorPath":"$.Error","CausePath":"$.Reason"},` + end,
			[]string{`PATH_CANNOT_EXIST /States/B/CausePath $.Reason cannot exist: there is no "Reason", only Cause, Error`}},
		{"a choice", `"A":{"Type":"Pass","Result":{"n":1},"Next":"B"},"B":{"Type":"Choice","Choices":[{"And":[{"Variable":"$.n","NumericEquals":1},{"Variable":"$.m","NumericEquals":1}],"Next":"E"}],"Default":"E"},` + end,
			[]string{`PATH_CANNOT_EXIST /States/B/Choices[0]/And[1]/Variable $.m cannot exist: there is no "m", only n`}},
		{"a choice that asks whether it is there", `"A":{"Type":"Pass","Result":{"n":1},"Next":"B"},"B":{"Type":"Choice","Choices":[{"And":[{"Variable":"$.m","IsPresent":true},{"Variable":"$.m","NumericEquals":1}],"Next":"E"}],"Default":"E"},` + end, nil},
		{"a loop", `"A":{"Type":"Pass","Result":{"n":1},"Next":"B"},"B":{"Type":"Pass","Parameters":{"inner.$":"$"},"Next":"C"},"C":{"Type":"Choice","Choices":[{"Variable":"$.inner","IsPresent":true,"Next":"B"}],"Default":"E"},` + end, nil},
		{"no Map here", `"A":{"Type":"Pass","Parameters":{"i.$":"$$.Map.Item.Index","t.$":"$$.State.Name"},"Next":"E"},` + end,
			[]string{`PATH_CANNOT_EXIST /States/A/Parameters $$.Map.Item.Index exists inside of a Map only`}},
		{"an item", `"A":{"Type":"Map","ItemsPath":"$.l","ItemSelector":{"v.$":"$$.Map.Item.Value"},"MaxConcurrency":3,"ItemProcessor":{"StartAt":"P","States":{"P":{"Type":"Task","Resource":"far","InputPath":"$.w","End":true}}},"Next":"E"},` + end,
			[]string{`PATH_CANNOT_EXIST /States/A/ItemProcessor/States/P/InputPath $.w cannot exist: there is no "w", only v`}},
		{"unbounded", `"A":{"Type":"Map","Iterator":{"StartAt":"P","States":{"P":{"Type":"Task","Resource":"far","End":true}}},"Next":"E"},` + end,
			[]string{`MAP_UNBOUNDED /States/A every item at once calls far, and all may be of one host: set MaxConcurrency`}},
		{"unbounded, but nobody is asked", `"A":{"Type":"Map","Iterator":{"StartAt":"P","States":{"P":{"Type":"Task","Resource":"near","End":true}}},"Next":"E"},` + end, nil},
		{"nobody", `"A":{"Type":"Task","Resource":"task:nobody","Next":"B"},"B":{"Type":"Task","Resource":"${Who}","Next":"E"},` + end,
			[]string{`RESOURCE_UNKNOWN /States/A/Resource task:nobody: tasks: in coranto.yaml does not define it`,
				`RESOURCE_UNKNOWN /States/B/Resource ${Who}: its variable has no value here`}},
		{"a variable", `"A":{"Type":"Pass","Result":{"n":1},"Assign":{"v.$":"$.n"},"Next":"B"},"B":{"Type":"Pass","Parameters":{"x.$":"$v.deep"},"Next":"E"},` + end, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			def := []byte(`{"StartAt":"A","States":{` + tt.states + `}}`)
			if faults := asl.Validate(def, asl.ParseOptions{}); len(faults) > 0 {
				t.Fatalf("the definition is not valid: %v", faults)
			}
			var got []string
			for _, d := range Check(def, known) {
				got = append(got, d.Code+" "+d.Location+" "+d.Message)
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestOurOwn(t *testing.T) {
	for _, name := range workflows.Names() {
		def, err := workflows.Get(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := Check(def, Options{}); len(got) > 0 {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestOf(t *testing.T) {
	type in struct {
		A int    `json:"a"`
		B []byte `json:"-"`
	}
	type out struct {
		in
		List []in           `json:"list,omitempty"`
		Map  map[string]int `json:"map"`
	}
	want := object(map[string]Shape{"a": scalar, "list": array(object(map[string]Shape{"a": scalar})), "map": Any()})
	if got := Of[out](); !got.equal(want) {
		t.Errorf("Of = %+v", got)
	}
}

// FuzzCheck states that warnings are of valid definitions only, and in order.
func FuzzCheck(f *testing.F) {
	f.Add(`{"StartAt":"A","States":{"A":{"Type":"Pass","Parameters":{"a.$":"States.Array($.x,'$.y')"},"End":true}}}`)
	f.Add(`{"StartAt":"A","States":{"A":{"Type":"Map","ItemsPath":"$['l'][0]","Iterator":{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}},"End":true}}}`)
	f.Fuzz(func(t *testing.T, def string) {
		found := Check([]byte(def), Options{})
		if len(found) > 0 && len(asl.Validate([]byte(def), asl.ParseOptions{})) > 0 {
			t.Errorf("warnings of an invalid definition: %v", found)
		}
		for i := 1; i < len(found); i++ {
			if found[i].Location < found[i-1].Location {
				t.Errorf("out of order: %v", found)
			}
		}
	})
}
