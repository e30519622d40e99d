package asl

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
)

func testEnv(t testing.TB) *env {
	e := testRoots(t, `{"a":[1,2,3,4,5],"s":"x,y","o":{"k":1,"l":[1,"b"]},"n":2.5,"null":null,"text":"Hi {}","dup":[1,1.0,"1",{"a":1,"b":2},{"b":2,"a":1}]}`)
	e.random = rand.New(rand.NewPCG(1, 2))
	return e
}

func TestIntrinsic(t *testing.T) {
	tests := []struct{ call, want string }{ // want in words begins with !
		{`States.Array()`, `[]`},
		{`States.Array(1, 'a', null, true, $.o, States.Array())`, `[1,"a",null,true,{"k":1,"l":[1,"b"]},[]]`},
		{`States.ArrayPartition($.a, 2)`, `[[1,2],[3,4],[5]]`},
		{`States.ArrayPartition($.a, 2.9)`, `[[1,2],[3,4],[5]]`}, // truncated
		{`States.ArrayPartition($.a, 0)`, `!Invalid arguments in States.ArrayPartition`},
		{`States.ArrayContains($.a, 5)`, `true`},
		{`States.ArrayContains($.a, '5')`, `false`},
		{`States.ArrayRange(1, 9, 2)`, `[1,3,5,7,9]`},
		{`States.ArrayRange(5, 1, -2)`, `[5,3,1]`},
		{`States.ArrayRange(1, 5, 0)`, `!Invalid arguments in States.ArrayRange`},
		{`States.ArrayRange(1, 1001, 1)`, `!Invalid arguments in States.ArrayRange`},
		{`States.ArrayGetItem($.a, 1)`, `2`},
		{`States.ArrayGetItem($.a, 9)`, `!Invalid arguments in States.ArrayGetItem`},
		{`States.ArrayLength($.a)`, `5`},
		{`States.ArrayUnique($.dup)`, `[1,"1",{"a":1,"b":2}]`},
		{`States.Base64Encode('Data to encode')`, `"RGF0YSB0byBlbmNvZGU="`},
		{`States.Base64Decode('RGVjb2RlZCBkYXRh')`, `"Decoded data"`},
		{`States.Base64Decode('***')`, `!Invalid arguments in States.Base64Decode`},
		{`States.Hash('input data', 'SHA-1')`, `"aaff4a450a104cd177d28d18d74485e8cae074b7"`},
		{`States.Hash('input data', 'SHA-3')`, `!Invalid arguments in States.Hash`},
		{`States.JsonMerge($.o, States.StringToJson('\{"k":2,"z":3\}'), false)`, `{"k":2,"l":[1,"b"],"z":3}`},
		{`States.JsonMerge($.o, $.o, true)`, `!Invalid arguments in States.JsonMerge`},
		{`States.StringToJson('[1,2]')`, `[1,2]`},
		{`States.StringToJson('[1,')`, `!Invalid arguments in States.StringToJson`},
		{`States.JsonToString($.o)`, `"{\"k\":1,\"l\":[1,\"b\"]}"`},
		{`States.MathAdd(1.5, 1.49)`, `3`}, // rounded, each
		{`States.MathAdd(-2.5, 0)`, `-2`},
		{`States.MathAdd('1', 0)`, `!Invalid arguments in States.MathAdd`},
		{`States.MathRandom(5, 5)`, `!Invalid arguments in States.MathRandom`},
		{`States.StringSplit('1.2|3,,4', '.|,')`, `["1","2","3","4"]`},
		{`States.Format('a \{\} {} \'{}\'', 1, 'x')`, `"a {} 1 'x'"`},
		{`States.Format('{} {} {}', $.o, $.a, null)`, `"{k=1, l=[1, b]} [1, 2, 3, 4, 5] null"`},
		{`States.Format($.text, 'Ada')`, `"Hi Ada"`},
		{`States.Format('{}')`, `!Invalid arguments in States.Format`},
		{`States.Format('', 1)`, `!Invalid arguments in States.Format`},
		{`States.Format('{}', $.nope)`, `!The JsonPath argument for the field '$.nope' could not be found in the input`},
		{`States.ArrayLength(States.ArrayRange(1, States.MathAdd(1, 1), 1))`, `2`},
	}
	for _, tt := range tests {
		f, err := parseIntrinsic(tt.call)
		if err != nil {
			t.Errorf("%s: %v", tt.call, err)
			continue
		}
		v, err := f.eval(testEnv(t))
		if want, failing := strings.CutPrefix(tt.want, "!"); failing {
			if err == nil || asFault(err).name != ErrorRuntime || !strings.Contains(err.Error(), "The function '"+tt.call+"' had the following error: "+want) {
				t.Errorf("%s: got %s, %v, want the error %q", tt.call, v, err, want)
			}
		} else if err != nil || string(v.JSON()) != tt.want {
			t.Errorf("%s = %s, %v, want %s", tt.call, v.JSON(), err, tt.want)
		}
	}
}

func TestRandom(t *testing.T) {
	eval := func(e *env, text string) string {
		f, err := parseIntrinsic(text)
		if err != nil {
			t.Fatal(err)
		}
		v, err := f.eval(e)
		if err != nil {
			t.Fatal(err)
		}
		return v.String()
	}
	e := testEnv(t)
	id := eval(e, "States.UUID()")
	if len(id) != 36 || id[14] != '4' || !strings.ContainsRune("89ab", rune(id[19])) {
		t.Errorf("UUID %s is not of version 4", id)
	}
	if other := eval(e, "States.UUID()"); other == id {
		t.Errorf("two UUIDs are both %s", id)
	}
	if again := eval(testEnv(t), "States.UUID()"); again != id {
		t.Errorf("the same seed gave %s, then %s", id, again)
	}
	if a, b := eval(e, "States.MathRandom(1, 1000000, 42)"), eval(e, "States.MathRandom(1, 1000000, 42)"); a != b {
		t.Errorf("the same seed gave %s, then %s", a, b)
	}
}

func TestIntrinsicRefuses(t *testing.T) {
	for _, text := range []string{"", "States.", "States.Nope()", "States.UUID", "States.UUID(1)", "States.Array(", "States.Array(1,)", "States.Array('a)", `States.Array('\"')`,
		"States.Array({})", "States.Array($.)", "States.Array(1) x", strings.Repeat("States.Array(", 11) + strings.Repeat(")", 11)} {
		if _, err := parseIntrinsic(text); !errors.Is(err, errIntrinsic) && !errors.Is(err, errPath) {
			t.Errorf("parseIntrinsic(%q): got %v, want errIntrinsic", text, err)
		}
	}
}

// FuzzIntrinsic: a call is refused with errIntrinsic or errPath, or gives the
// same under the same seed; its failures are States.Runtime.
func FuzzIntrinsic(f *testing.F) {
	for _, s := range []string{"States.Format('{} \\{ {}', $.o, States.UUID())", "States.ArrayRange(1, 5, 2)", "States.Array($.a[*], 'x', 1.5, null)", "States.JsonMerge($.o, $.o, false)",
		"States.StringSplit($.s, ',')", "States.MathRandom(1, 9)", "States.Hash($.s, 'MD5')", "States.Base64Decode($.s)"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		call, err := parseIntrinsic(text)
		if err != nil {
			if !errors.Is(err, errIntrinsic) && !errors.Is(err, errPath) {
				t.Fatalf("unclassified error %v", err)
			}
			return
		}
		if strings.Count(text, "..") > 2 {
			return
		}
		a, err := call.eval(testEnv(t))
		b, again := call.eval(testEnv(t))
		if (err == nil) != (again == nil) || !a.Equal(b) {
			t.Fatalf("%q gave %s (%v), then %s (%v)", text, a, err, b, again)
		}
		if err != nil && asFault(err).name != ErrorRuntime {
			t.Fatalf("%q failed with %v", text, err)
		}
	})
}
