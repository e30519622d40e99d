package asl

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Kind is the JSON type of a Value.
type Kind uint8

// The kinds. Absent is the kind of the zero Value: nothing was given. It is
// written as null but is not Null.
const (
	Absent Kind = iota
	Null
	Bool
	Number
	String
	Array
	Object
)

// String returns the kind's name in lower case.
func (k Kind) String() string {
	switch k {
	case Null:
		return "null"
	case Bool:
		return "boolean"
	case Number:
		return "number"
	case String:
		return "string"
	case Array:
		return "array"
	case Object:
		return "object"
	}
	return "absent"
}

// Value is an immutable JSON value. Copying one copies a few words and never
// what it holds, so a document shared by a thousand Map items exists once.
// Objects keep the order of their members; numbers keep the text they were
// written in. Values may be used by many goroutines.
//
// Compare with Equal, not with ==.
type Value struct {
	kind Kind
	size uint32    // bytes of the JSON, see sized
	text string    // of a string its contents, of a number its text, of a boolean true or false
	kids *children // of an array or object
}

// Member is one member of an object.
type Member struct {
	Name  string
	Value Value
}

// children is shared by all copies of an array or object.
type children struct {
	elems   []Value   // of an array
	members []Member  // of an object, without repeated names
	index   *[]uint32 // of a large object: its members in the order of their names
}

// indexFrom is the number of members from which an object carries an index. Up
// to there looking at each is as fast, and an index costs memory.
const indexFrom = 24

// sized makes a size fit: what is larger than 4 GiB is 4 GiB, which is beyond
// every limit.
func sized(n int) uint32 { return uint32(min(n, math.MaxUint32)) }

// NullValue returns null.
func NullValue() Value { return Value{kind: Null, size: 4} }

// BoolValue returns true or false.
func BoolValue(b bool) Value {
	if b {
		return Value{kind: Bool, size: 4, text: "true"}
	}
	return Value{kind: Bool, size: 5, text: "false"}
}

// IntValue returns a whole number.
func IntValue(n int64) Value {
	t := strconv.FormatInt(n, 10)
	return numberText(t)
}

// FloatValue returns a number, null when it is infinite or no number.
func FloatValue(f float64) Value {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return NullValue()
	}
	format := byte('f')
	if a := math.Abs(f); a != 0 && (a < 1e-6 || a >= 1e21) {
		format = 'e'
	}
	t := strconv.FormatFloat(f, format, -1, 64)
	return numberText(t)
}

// numberText returns a number written as text, which must be valid JSON.
func numberText(text string) Value { return Value{kind: Number, size: sized(len(text)), text: text} }

// StringValue returns a string. Bytes that are not UTF-8 become U+FFFD.
func StringValue(s string) Value {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	return validString(s)
}

// validString is StringValue of what is known to be UTF-8.
func validString(s string) Value { return Value{kind: String, size: sized(quotedSize(s)), text: s} }

// ArrayValue returns an array of elems, which it takes over. Absent elements
// are null.
func ArrayValue(elems ...Value) Value {
	size := 2
	for i, e := range elems {
		if e.kind == Absent {
			elems[i] = NullValue()
		}
		size += int(elems[i].size)
	}
	if n := len(elems); n > 1 {
		size += n - 1
	}
	return Value{kind: Array, size: sized(size), kids: &children{elems: elems}}
}

// ObjectValue returns an object of members, which it takes over. Of members
// with the same name the last counts, in the place of the first. Absent values
// are null.
func ObjectValue(members ...Member) Value {
	kids := &children{}
	if len(members) < indexFrom {
		members = uniqueFew(members)
	} else {
		members, kids.index = uniqueMany(members)
	}
	kids.members = members
	size := 2
	for i, m := range members {
		if m.Value.kind == Absent {
			members[i].Value = NullValue()
		}
		size += quotedSize(m.Name) + 1 + int(members[i].Value.size)
	}
	if n := len(members); n > 1 {
		size += n - 1
	}
	return Value{kind: Object, size: sized(size), kids: kids}
}

func uniqueFew(members []Member) []Member {
	out := members[:0]
next:
	for _, m := range members {
		for i := range out {
			if out[i].Name == m.Name {
				out[i].Value = m.Value
				continue next
			}
		}
		out = append(out, m)
	}
	return out
}

// uniqueMany does the same for many, and indexes them.
func uniqueMany(members []Member) ([]Member, *[]uint32) {
	index := make([]uint32, len(members))
	for i := range index {
		index[i] = uint32(i)
	}
	slices.SortFunc(index, func(a, b uint32) int {
		return cmp.Or(strings.Compare(members[a].Name, members[b].Name), cmp.Compare(a, b))
	})
	same := func(a, b uint32) bool { return members[a].Name == members[b].Name }
	repeated := false
	for i := 1; i < len(index); i++ {
		repeated = repeated || same(index[i-1], index[i])
	}
	if !repeated {
		return members, &index
	}
	// The last of a name goes where the first is, the others go.
	drop := make([]bool, len(members))
	for i := 0; i < len(index); {
		j := i + 1
		for ; j < len(index) && same(index[i], index[j]); j++ {
			drop[index[j]] = true
		}
		members[index[i]].Value = members[index[j-1]].Value
		i = j
	}
	out := members[:0]
	for i, m := range members {
		if !drop[i] {
			out = append(out, m)
		}
	}
	if len(out) < indexFrom {
		return out, nil
	}
	return uniqueMany(out)
}

// Kind returns the JSON type.
func (v Value) Kind() Kind { return v.kind }

// IsAbsent reports whether v is the zero Value.
func (v Value) IsAbsent() bool { return v.kind == Absent }

// IsZero is IsAbsent, for encoding/json's omitzero.
func (v Value) IsZero() bool { return v.kind == Absent }

// Bool reports whether v is true.
func (v Value) Bool() bool { return v.kind == Bool && v.text == "true" }

// String returns the contents of a string and the JSON of anything else.
func (v Value) String() string {
	switch v.kind {
	case String, Number, Bool:
		return v.text
	}
	return string(v.AppendJSON(nil))
}

// Number returns the number, 0 when v is none.
func (v Value) Number() float64 {
	if v.kind != Number {
		return 0
	}
	f, _ := strconv.ParseFloat(v.text, 64)
	return f
}

// Int returns v as a whole number, and whether it is one that fits.
func (v Value) Int() (int64, bool) {
	if v.kind != Number {
		return 0, false
	}
	if n, err := strconv.ParseInt(v.text, 10, 64); err == nil {
		return n, true
	}
	f := v.Number()
	if f != math.Trunc(f) || math.Abs(f) >= 1<<63 {
		return 0, false
	}
	return int64(f), true
}

// Len returns the number of elements, members, or bytes of a string.
func (v Value) Len() int {
	switch v.kind {
	case Array:
		return len(v.kids.elems)
	case Object:
		return len(v.kids.members)
	case String:
		return len(v.text)
	}
	return 0
}

// Index returns the i-th element of an array, Absent when there is none.
func (v Value) Index(i int) Value {
	if v.kind != Array || i < 0 || i >= len(v.kids.elems) {
		return Value{}
	}
	return v.kids.elems[i]
}

// Elements returns the elements of an array. They must not be changed.
func (v Value) Elements() []Value {
	if v.kind != Array {
		return nil
	}
	return v.kids.elems
}

// Get returns the member of an object, Absent when there is none.
func (v Value) Get(name string) Value {
	got, _ := v.Lookup(name)
	return got
}

// Lookup is Get and says whether the member is there.
func (v Value) Lookup(name string) (Value, bool) {
	i := v.find(name)
	if i < 0 {
		return Value{}, false
	}
	return v.kids.members[i].Value, true
}

func (v Value) find(name string) int {
	if v.kind != Object {
		return -1
	}
	if v.kids.index != nil {
		index := *v.kids.index
		i, ok := slices.BinarySearchFunc(index, name, func(i uint32, name string) int {
			return strings.Compare(v.kids.members[i].Name, name)
		})
		if ok {
			return int(index[i])
		}
		return -1
	}
	for i := range v.kids.members {
		if v.kids.members[i].Name == name {
			return i
		}
	}
	return -1
}

// Members returns the members of an object in order. They must not be changed.
func (v Value) Members() []Member {
	if v.kind != Object {
		return nil
	}
	return v.kids.members
}

// With returns the object with one member set, in its old place if it had one.
// Anything but an object is treated as an empty one.
func (v Value) With(name string, to Value) Value {
	old := v.Members()
	members := make([]Member, len(old), len(old)+1)
	copy(members, old)
	if i := v.find(name); i >= 0 {
		members[i].Value = to
	} else {
		members = append(members, Member{name, to})
	}
	return ObjectValue(members...)
}

// Size returns the number of bytes of the value's JSON, which is known without
// writing it; of a value beyond 4 GiB that many.
func (v Value) Size() int {
	if v.kind == Absent {
		return 4
	}
	return int(v.size)
}

// Equal reports whether two values are the same: numbers by value, members in
// any order.
func (v Value) Equal(w Value) bool {
	if v.kind != w.kind {
		return false
	}
	switch v.kind {
	case String, Bool:
		return v.text == w.text
	case Number:
		return v.text == w.text || v.Number() == w.Number()
	case Array:
		return v.kids == w.kids || equalElems(v.kids.elems, w.kids.elems)
	case Object:
		return v.kids == w.kids || equalMembers(v, w)
	}
	return true
}

func equalElems(a, b []Value) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !a[i].Equal(b[i]) {
			return false
		}
	}
	return true
}

func equalMembers(v, w Value) bool {
	if v.Len() != w.Len() {
		return false
	}
	for _, m := range v.kids.members {
		other, ok := w.Lookup(m.Name)
		if !ok || !m.Value.Equal(other) {
			return false
		}
	}
	return true
}
