package asl

import (
	"errors"
	"testing"
)

const library = `{"store":{"book":[
 {"category":"reference","author":"Rees","title":"Sayings","price":8.95},
 {"category":"fiction","author":"Waugh","title":"Sword","price":12.99},
 {"category":"fiction","author":"Melville","title":"Moby","isbn":"0-553","price":8.99},
 {"category":"fiction","author":"Tolkien","title":"Rings","isbn":"0-395","price":22.99}],
 "bicycle":{"color":"red","price":19.95}},"sub-values":[1,2,3],"a.b":{"c d":1},"empty":[],"max":9}`

// testRoots stand for the documents of a path in a test.
func testRoots(t testing.TB, input string) *env {
	t.Helper()
	v, err := parseText(input)
	if err != nil {
		t.Fatal(err)
	}
	vars, _ := parseText(`{"v":{"list":[10,20]},"limit":10}`)
	return &env{input: v, context: func() Value { return ObjectValue(Member{"State", StringValue("S")}) }, scope: &scope{vars: vars}}
}

func TestPath(t *testing.T) {
	e := testRoots(t, library)
	tests := []struct{ path, want string }{ // want "" where nothing is found
		{"$.store.bicycle.color", `"red"`},
		{"$['store']['bicycle']['color']", `"red"`},
		{`$["store"].bicycle`, `{"color":"red","price":19.95}`},
		{"$.sub-values", `[1,2,3]`},
		{"$['a.b']['c d']", `1`},
		{"$.sub-values[0]", `1`},
		{"$.sub-values[-1]", `3`},
		{"$.sub-values[7]", ``},
		{"$.sub-values[7].x", ``},
		{"$.sub-values.x", ``},
		{"$.nothing", ``},
		{"$.nothing.at.all", ``},
		{"$.nothing[0]", ``},
		{"$.store.book[*].author", `["Rees","Waugh","Melville","Tolkien"]`},
		{"$.store.*.color", `["red"]`},
		{"$..author", `["Rees","Waugh","Melville","Tolkien"]`},
		{"$..book[2].title", `["Moby"]`},
		{"$..book[0,1].title", `["Sayings","Sword"]`},
		{"$..book[:2].title", `["Sayings","Sword"]`},
		{"$..book[-1:].title", `["Rings"]`},
		{"$.sub-values[1:]", `[2,3]`},
		{"$.sub-values[1:2]", `[2]`},
		{"$.sub-values[:-1]", `[1,2]`},
		{"$.store.book[0]['author','price']", `{"author":"Rees","price":8.95}`},
		{"$..book[?(@.isbn)].title", `["Moby","Rings"]`},
		{"$..book[?(!@.isbn)].title", `["Sayings","Sword"]`},
		{"$..book[?(@.price < 10)].title", `["Sayings","Moby"]`},
		{"$..book[?(@.price < $.max)].title", `["Sayings","Moby"]`},
		{"$..book[?(@.price < 10 && @.category == 'fiction')].title", `["Moby"]`},
		{"$..book[?(@.price > 20 || @.author == \"Rees\")].title", `["Sayings","Rings"]`},
		{"$..book[?(@.author =~ /m.*/i)].title", `["Moby"]`},
		{"$..book[?(@.author in ['Rees','Waugh'])].title", `["Sayings","Sword"]`},
		{"$..book[?(@.author nin ['Rees','Waugh'])].title", `["Moby","Rings"]`},
		{"$..book[?(@['category'] != 'fiction')].author", `["Rees"]`},
		{"$..book[?(@.price > $limit)].title", `["Sword","Rings"]`},
		{"$..book[?(@.price in [8.95, null, true])].title", `["Sayings"]`},
		{"$..book[?(@.title contains 'o' && @.title size 4)].title", `["Moby"]`},
		{"$[?(@.sub-values contains 3 && @.empty empty true)].max", `[9]`},
		{"$[?(@.sub-values subsetof [1,2,3,4] && @.sub-values anyof [3] && @.sub-values noneof [5] && @.sub-values all [1,2])].max", `[9]`},
		{"$[?(@.sub-values subsetof [1] || @.sub-values anyof [5] || @.sub-values noneof [3] || @.sub-values all [7])].max", `[]`},
		{"$[?(@.store.book[0].price >= 8.95 && @.max <= 9 && @.max === 9 && @.max !== 8)].max", `[9]`},
		{"$.store.bicycle.color.concat($.max, $.sub-values)", `"red9123"`},
		{"$.store.bicycle.color.length()", `3`},
		{"$.sub-values.first()", `1`},
		{"$.sub-values.last()", `3`},
		{"$.sub-values.min()", `1`},
		{"$.sub-values.stddev()", `0.8164965809277263`},
		{"$.empty.max()", ``},
		{"$.max.length()", ``},
		{"$..price", `[8.95,12.99,8.99,22.99,19.95]`},
		{"$..book.length()", `1`}, // of the list of what .. selects
		{"$.store.book.length()", `4`},
		{"$.store.book[*].price.max()", `22.99`},
		{"$.sub-values.sum()", `6`},
		{"$.sub-values.avg()", `2`},
		{"$.store.bicycle.keys()", `["color","price"]`},
		{"$.empty[*]", `[]`},
		{"$.nothing[*]", `[]`}, // an indefinite path always finds an array
		{"$.nothing[1:5].x", `[]`},
		{"$[*].nothing", `[]`},
		{"$$.State", `"S"`},
		{"$v.list[1]", `20`},
		{"$v.list[*]", `[10,20]`},
		{"$unknown", ``},
	}
	for _, tt := range tests {
		p, err := parsePath(tt.path)
		if err != nil {
			t.Errorf("%s: %v", tt.path, err)
			continue
		}
		v, ok := p.find(e)
		got := ""
		if ok {
			got = string(v.JSON())
		}
		if got != tt.want {
			t.Errorf("%s = %s, want %s", tt.path, got, tt.want)
		}
	}
}

func TestPathNormal(t *testing.T) {
	tests := []struct{ path, want string }{
		{"$.a['b c'][0].d", "$['a']['b c'][0]['d']"},
		{"$$.State..x[*][1:][:2][0,-1]['a','b'].length()", "$$['State']..['x'][*][1:][:2][0,-1]['a','b'].length()"},
		{"$v.a[?(@.x)]", "$v['a'][?]"},
	}
	for _, tt := range tests {
		p, err := parsePath(tt.path)
		if err != nil {
			t.Errorf("%s: %v", tt.path, err)
		} else if got := p.normal(); got != tt.want {
			t.Errorf("%s is %s, want %s", tt.path, got, tt.want)
		}
	}
}

func TestPathRefuses(t *testing.T) {
	for _, text := range []string{"", "x", "$.", "$..", "$[", "$[]", "$['a", "$[?(@.a", "$[?(@.a ==)]", "$[1:2:3]", "$[:]", "$.a b", "$.a.unknown()", "$[?(1)]", "$[?(@.a =~ 'x')]", "$[?(@.a =~ /(/)]"} {
		if _, err := parsePath(text); !errors.Is(err, errPath) {
			t.Errorf("parsePath(%q): got %v, want errPath", text, err)
		}
	}
}

func TestInsert(t *testing.T) {
	tests := []struct{ in, path, want string }{ // want "" where it cannot be
		{`{"a":1}`, "$.b", `{"a":1,"b":true}`},
		{`{"a":1}`, "$.a", `{"a":true}`},
		{`{"a":1}`, "$", `true`},
		{`{}`, "$.a.b.c", `{"a":{"b":{"c":true}}}`},
		{`{"a":[1,2]}`, "$.a[1]", `{"a":[1,true]}`},
		{`{"a":[1,{}]}`, "$.a[1].x", `{"a":[1,{"x":true}]}`},
		{`{"a":[1]}`, "$.a[3]", ``},
		{`[1]`, "$.a", ``},
		{`{"a":5}`, "$.a.b", ``},
	}
	for _, tt := range tests {
		p, err := parsePath(tt.path)
		if err != nil {
			t.Fatal(err)
		}
		v, _ := parseText(tt.in)
		got, err := p.insert(v, BoolValue(true))
		switch {
		case err != nil && tt.want != "":
			t.Errorf("%s into %s: %v", tt.path, tt.in, err)
		case err == nil && string(got.JSON()) != tt.want:
			t.Errorf("%s into %s = %s, want %s", tt.path, tt.in, got, tt.want)
		}
	}
}

// FuzzPath: a path is refused with errPath, or finds the same thing each time;
// what a reference path has written, it finds.
func FuzzPath(f *testing.F) {
	for _, s := range []string{"$", "$$.State", "$v.list[0]", "$..book[?(@.price < 10 && !(@.a =~ /x/i) || @.b in [1,'x'])]['a','b'].length()",
		"$.store.book[-1:]", "$['a\\'b'][0,1][*]", "$.a[?(@.x == $.y)]", "$.sub-values[1]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := parsePath(text)
		if err != nil {
			if !errors.Is(err, errPath) {
				t.Fatalf("unclassified error %v", err)
			}
			return
		}
		if len(p.steps) > 6 {
			return // $..*..*..* takes its time
		}
		e := testRoots(t, library)
		a, ok := p.find(e)
		b, again := p.find(e)
		if ok != again || !a.Equal(b) {
			t.Fatalf("%q found %s, then %s", text, a, b)
		}
		if !p.definite && ok != (p.root != rootVariable || e.hasVariable(p)) && !p.hasFunction() {
			t.Fatalf("%q is indefinite and found nothing", text)
		}
		if !p.isReference() {
			return
		}
		v, err := p.insert(e.input, StringValue("new"))
		if err != nil {
			return
		}
		if got, ok := p.find(e.with(v)); !ok || got.text != "new" {
			t.Fatalf("%q does not find what it wrote into %s", text, v)
		}
	})
}

func (e *env) hasVariable(p *path) bool {
	_, ok := e.scope.lookup(p.variable)
	return ok
}
