package asl_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/coranto/coranto/asl"
)

func TestParseValue(t *testing.T) {
	tests := []struct{ in, want string }{
		{`null`, `null`},
		{` { "b" : 1 , "a" : [ true , false , null ] } `, `{"b":1,"a":[true,false,null]}`}, // members keep their order
		{`[1.0,1e3,-0,12345678901234567890]`, `[1.0,1e3,-0,12345678901234567890]`},         // numbers keep their text
		{`{"a":1,"b":2,"a":3}`, `{"a":3,"b":2}`},                                           // the last of a name counts
		{`"\u0041\n\/\ud83d\ude00<&>"`, `"A\n/😀<&>"`},                                      // no needless escapes
		{`"\ud83d x"`, `"� x"`},
		{`"\u0001"`, `"\u0001"`},
		{`{}`, `{}`},
		{`[]`, `[]`},
	}
	for _, tt := range tests {
		v, err := asl.ParseValue([]byte(tt.in))
		if err != nil {
			t.Errorf("ParseValue(%s): %v", tt.in, err)
			continue
		}
		if got := string(v.JSON()); got != tt.want {
			t.Errorf("ParseValue(%s) = %s, want %s", tt.in, got, tt.want)
		}
		if v.Size() != len(tt.want) {
			t.Errorf("Size of %s = %d, want %d", tt.want, v.Size(), len(tt.want))
		}
	}
}

func TestParseValueRefuses(t *testing.T) {
	for _, in := range []string{``, `{`, `[1,]`, `{"a"}`, `01`, `1.`, `-`, `"`, "\"\n\"", `tru`, `1 2`, `{"a":1,}`, `"\x"`, `"\u12"`,
		strings.Repeat("[", asl.MaxValueDepth+2) + strings.Repeat("]", asl.MaxValueDepth+2)} {
		if _, err := asl.ParseValue([]byte(in)); !errors.Is(err, asl.ErrJSON) {
			t.Errorf("ParseValue(%.20q): got %v, want ErrJSON", in, err)
		}
	}
}

func TestValueEqual(t *testing.T) {
	tests := []struct {
		a, b string
		want bool
	}{
		{`1`, `1.0`, true},
		{`{"a":1,"b":2}`, `{"b":2,"a":1}`, true},
		{`[1,2]`, `[2,1]`, false},
		{`"1"`, `1`, false},
		{`null`, `false`, false},
	}
	for _, tt := range tests {
		if got := value(t, tt.a).Equal(value(t, tt.b)); got != tt.want {
			t.Errorf("%s equals %s: %t, want %t", tt.a, tt.b, got, tt.want)
		}
	}
	if (asl.Value{}).Equal(asl.NullValue()) {
		t.Error("an absent value equals null")
	}
}

func TestValueWith(t *testing.T) {
	v := value(t, `{"a":1,"b":2}`)
	w := v.With("a", asl.StringValue("x")).With("c", asl.BoolValue(true))
	if got, want := string(w.JSON()), `{"a":"x","b":2,"c":true}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := string(v.JSON()), `{"a":1,"b":2}`; got != want {
		t.Errorf("the original became %s, want %s", got, want)
	}
}

func TestValueInAStruct(t *testing.T) {
	var s struct {
		A asl.Value `json:"a"`
		B asl.Value `json:"b,omitzero"`
	}
	if err := json.Unmarshal([]byte(`{"a":{"x":[1,"<"]}}`), &s); err != nil {
		t.Fatal(err)
	}
	out, err := json.Marshal(s)
	if got, want := string(out), `{"a":{"x":[1,"\u003c"]}}`; got != want || err != nil {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
	if s.A.Kind() != asl.Object || s.B.Kind() != asl.Absent || s.A.Kind().String() != "object" {
		t.Errorf("kinds %s and %s", s.A.Kind(), s.B.Kind())
	}
}

func TestLargeObject(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"k0":0`)
	for i := 1; i < 100; i++ {
		b.WriteString(`,"k` + string(asl.IntValue(int64(i)).JSON()) + `":` + string(asl.IntValue(int64(i)).JSON()))
	}
	b.WriteString(`,"k5":"again"}`)
	v := value(t, b.String())
	if got := v.Get("k99").String(); got != "99" {
		t.Errorf("k99 = %s", got)
	}
	if got := v.Get("k5").String(); got != "again" || v.Len() != 100 {
		t.Errorf("k5 = %s of %d members", got, v.Len())
	}
}

func value(tb testing.TB, s string) asl.Value {
	tb.Helper()
	v, err := asl.ParseValue([]byte(s))
	if err != nil {
		tb.Fatal(err)
	}
	return v
}

// FuzzParseValue: what is read is valid JSON and means the same as before; its
// size is known without writing it.
func FuzzParseValue(f *testing.F) {
	for _, s := range []string{`{"a":[1,2.5e-3,"x\u00e9\ud83d\ude00"],"a":null}`, `"\u0000\\"`, `[[[]]]`, "\"\xff\"", `-0.0`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := asl.ParseValue(data)
		if err != nil {
			if !errors.Is(err, asl.ErrJSON) {
				t.Fatalf("unclassified error %v", err)
			}
			return
		}
		if !json.Valid(data) {
			t.Fatalf("%q was read, which is no JSON", data)
		}
		out := v.JSON()
		if len(out) != v.Size() {
			t.Fatalf("Size = %d of %q", v.Size(), out)
		}
		again, err := asl.ParseValue(out)
		if err != nil || !again.Equal(v) {
			t.Fatalf("%q became %q (%v)", data, out, err)
		}
	})
}

// Of members with the same name the last counts, in the place of the first,
// however many there are; and each is found.
func TestMembers(t *testing.T) {
	for _, n := range []int{1, 5, 23, 24, 100} {
		var text, want strings.Builder
		text.WriteByte('{')
		want.WriteByte('{')
		for i := range n {
			fmt.Fprintf(&text, `"m%d":%d,"m\u0061%d":0,`, i*7919%n, i, i)
		}
		for i := range n {
			fmt.Fprintf(&text, `"m%d":"last%d",`, i*7919%n, i)
		}
		for i := range n {
			if i > 0 {
				want.WriteByte(',')
			}
			fmt.Fprintf(&want, `"m%d":"last%d","ma%d":0`, i*7919%n, i, i)
		}
		v, err := asl.ParseValue([]byte(strings.TrimSuffix(text.String(), ",") + "}"))
		if err != nil {
			t.Fatal(err)
		}
		want.WriteByte('}')
		if got := string(v.JSON()); got != want.String() {
			t.Errorf("%d members:\n got %s\nwant %s", n, got, want.String())
		}
		if got := v.Size(); got != want.Len() {
			t.Errorf("%d members: Size = %d, want %d", n, got, want.Len())
		}
		for i, m := range v.Members() {
			if got, ok := v.Lookup(m.Name); !ok || !got.Equal(m.Value) {
				t.Errorf("%d members: %s is %v, %t; want that of place %d", n, m.Name, got, ok, i)
			}
		}
		for _, name := range []string{"", "a", "m", "m0x", "zzz"} {
			if got, ok := v.Lookup(name); ok {
				t.Errorf("%d members: %q is %v", n, name, got)
			}
		}
	}
}
