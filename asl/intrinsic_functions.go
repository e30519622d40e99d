package asl

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"unicode/utf8"
)

// call is one call of an intrinsic function.
type call struct {
	args   []Value
	raw    string // of the first argument, when it was written as a text
	hasRaw bool
	random *rand.Rand
}

// function is an intrinsic function: how many arguments it takes (max -1: any
// number) and what it does; false means that the arguments were wrong.
type function struct {
	min, max int
	call     func(c *call) (Value, bool)
}

// The service's ceilings on arguments.
const (
	maxRange    = 1000
	maxEncoding = 10_000
)

func lookupFunction(name string) (function, bool) {
	switch name {
	case "Array":
		return function{0, -1, array}, true
	case "ArrayPartition":
		return function{2, 2, arrayPartition}, true
	case "ArrayContains":
		return function{2, 2, arrayContains}, true
	case "ArrayRange":
		return function{3, 3, arrayRange}, true
	case "ArrayGetItem":
		return function{2, 2, arrayGetItem}, true
	case "ArrayLength":
		return function{1, 1, arrayLength}, true
	case "ArrayUnique":
		return function{1, 1, arrayUnique}, true
	case "Base64Encode":
		return function{1, 1, base64Encode}, true
	case "Base64Decode":
		return function{1, 1, base64Decode}, true
	case "Hash":
		return function{2, 2, hash}, true
	case "JsonMerge":
		return function{3, 3, jsonMerge}, true
	case "StringToJson":
		return function{1, 1, stringToJSON}, true
	case "JsonToString":
		return function{1, 1, jsonToString}, true
	case "MathRandom":
		return function{2, 3, mathRandom}, true
	case "MathAdd":
		return function{2, 2, mathAdd}, true
	case "StringSplit":
		return function{2, 2, stringSplit}, true
	case "UUID":
		return function{0, 0, uuid}, true
	case "Format":
		return function{1, -1, format}, true
	}
	return function{}, false
}

func array(c *call) (Value, bool) { return ArrayValue(c.args...), true }

// whole returns a number without its fraction; the service truncates the
// arguments of all functions but MathAdd, whatever its documentation says.
func whole(v Value) (int64, bool) {
	if n, ok := v.Int(); ok {
		return n, true
	}
	if v.kind != Number || math.Abs(v.Number()) >= 1<<62 {
		return 0, false
	}
	return int64(v.Number()), true
}

func arrayPartition(c *call) (Value, bool) {
	n, ok := whole(c.args[1])
	if !ok || n < 1 || c.args[0].kind != Array {
		return Value{}, false
	}
	var parts []Value
	for part := range slices.Chunk(c.args[0].Elements(), int(min(n, math.MaxInt32))) {
		parts = append(parts, ArrayValue(part...))
	}
	return ArrayValue(parts...), true
}

func arrayContains(c *call) (Value, bool) {
	return BoolValue(slices.ContainsFunc(c.args[0].Elements(), c.args[1].Equal)), c.args[0].kind == Array
}

func arrayRange(c *call) (Value, bool) {
	from, ok1 := whole(c.args[0])
	to, ok2 := whole(c.args[1])
	by, ok3 := whole(c.args[2])
	if !ok1 || !ok2 || !ok3 || by == 0 {
		return Value{}, false
	}
	var out []Value
	for n := from; by > 0 && n <= to || by < 0 && n >= to; n += by {
		if out = append(out, IntValue(n)); len(out) > maxRange {
			return Value{}, false
		}
	}
	return ArrayValue(out...), true
}

func arrayGetItem(c *call) (Value, bool) {
	n, ok := whole(c.args[1])
	if !ok || n < 0 || n >= int64(c.args[0].Len()) || c.args[0].kind != Array {
		return Value{}, false
	}
	return c.args[0].Index(int(n)), true
}

func arrayLength(c *call) (Value, bool) {
	return IntValue(int64(c.args[0].Len())), c.args[0].kind == Array
}

func arrayUnique(c *call) (Value, bool) {
	if c.args[0].kind != Array {
		return Value{}, false
	}
	var out []Value
	seen := map[string]bool{}
	for _, e := range c.args[0].Elements() {
		key := string(e.JSON())
		if e.kind == Number {
			key = string(FloatValue(e.Number()).JSON())
		}
		if seen[key] || (e.kind == Object || e.kind == Array) && slices.ContainsFunc(out, e.Equal) {
			continue
		}
		seen[key] = true
		out = append(out, e)
	}
	return ArrayValue(out...), true
}

func base64Encode(c *call) (Value, bool) {
	v := c.args[0]
	if v.kind != String || utf8.RuneCountInString(v.text) > maxEncoding {
		return Value{}, false
	}
	return StringValue(base64.StdEncoding.EncodeToString([]byte(v.text))), true
}

func base64Decode(c *call) (Value, bool) {
	v := c.args[0]
	if v.kind != String || len(v.text) > maxEncoding {
		return Value{}, false
	}
	text := strings.TrimRight(v.text, "=")
	b, err := base64.RawStdEncoding.DecodeString(text)
	return StringValue(string(b)), err == nil
}

func hash(c *call) (Value, bool) {
	data, name := c.args[0], c.args[1]
	if name.kind != String || data.kind == Null {
		return Value{}, false
	}
	text := data.String()
	if len(text) > maxEncoding {
		return Value{}, false
	}
	var sum []byte
	switch b := []byte(text); name.text {
	case "MD5":
		s := md5.Sum(b)
		sum = s[:]
	case "SHA-1":
		s := sha1.Sum(b)
		sum = s[:]
	case "SHA-256":
		s := sha256.Sum256(b)
		sum = s[:]
	case "SHA-384":
		s := sha512.Sum384(b)
		sum = s[:]
	case "SHA-512":
		s := sha512.Sum512(b)
		sum = s[:]
	default:
		return Value{}, false
	}
	return StringValue(hex.EncodeToString(sum)), true
}

func jsonMerge(c *call) (Value, bool) {
	a, b, deep := c.args[0], c.args[1], c.args[2]
	if a.kind != Object || b.kind != Object || deep.kind != Bool || deep.Bool() {
		return Value{}, false // the service offers the shallow mode only
	}
	return ObjectValue(slices.Concat(a.Members(), b.Members())...), true
}

func stringToJSON(c *call) (Value, bool) {
	v := c.args[0]
	if v.kind != String {
		return Value{}, false
	}
	if strings.TrimSpace(v.text) == "" {
		return NullValue(), true
	}
	got, err := parseText(v.text)
	return got, err == nil
}

func jsonToString(c *call) (Value, bool) { return StringValue(string(c.args[0].JSON())), true }

func mathRandom(c *call) (Value, bool) {
	from, ok1 := whole(c.args[0])
	to, ok2 := whole(c.args[1])
	if !ok1 || !ok2 || from >= to {
		return Value{}, false
	}
	random := c.random
	if len(c.args) == 3 {
		seed, ok := whole(c.args[2])
		if !ok {
			return Value{}, false
		}
		random = rand.New(rand.NewPCG(uint64(seed), 0))
	}
	return IntValue(from + int64(random.Uint64N(uint64(to-from)))), true
}

// round rounds half up, as Java does.
func round(v Value) (int64, bool) {
	if n, ok := v.Int(); ok {
		return n, true
	}
	f := math.Floor(v.Number() + 0.5)
	if v.kind != Number || math.Abs(f) >= 1<<62 {
		return 0, false
	}
	return int64(f), true
}

func mathAdd(c *call) (Value, bool) {
	a, ok1 := round(c.args[0])
	b, ok2 := round(c.args[1])
	if !ok1 || !ok2 {
		return Value{}, false
	}
	return IntValue(a + b), true
}

// stringSplit splits at any of the characters of the second argument; empty
// pieces are dropped.
func stringSplit(c *call) (Value, bool) {
	s, at := c.args[0], c.args[1]
	if s.kind != String || at.kind != String {
		return Value{}, false
	}
	var out []Value
	for _, piece := range strings.FieldsFunc(s.text, func(r rune) bool { return strings.ContainsRune(at.text, r) }) {
		out = append(out, StringValue(piece))
	}
	return ArrayValue(out...), true
}

func uuid(c *call) (Value, bool) {
	var b [16]byte
	for i := range 2 {
		n := c.random.Uint64()
		for j := range 8 {
			b[8*i+j] = byte(n >> (8 * j))
		}
	}
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	h := hex.EncodeToString(b[:])
	return StringValue(h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]), true
}

// format replaces each {} by the next argument.
func format(c *call) (Value, bool) {
	template := c.args[0].text
	if c.hasRaw {
		template = c.raw
	}
	if c.args[0].kind != String {
		return Value{}, false
	}
	args := c.args[1:]
	var b strings.Builder
	for i := 0; i < len(template); i++ {
		switch {
		case template[i] == '\\' && i+1 < len(template):
			i++
			b.WriteByte(template[i])
		case strings.HasPrefix(template[i:], "{}"):
			if len(args) == 0 {
				return Value{}, false
			}
			writeFormatted(&b, args[0])
			args = args[1:]
			i++
		default:
			b.WriteByte(template[i])
		}
	}
	return StringValue(b.String()), len(args) == 0
}

// writeFormatted writes a value as the service's Format does: objects and
// arrays in the form of Java's maps and lists.
func writeFormatted(b *strings.Builder, v Value) {
	switch v.kind {
	case Array:
		b.WriteByte('[')
		for i, e := range v.Elements() {
			if i > 0 {
				b.WriteString(", ")
			}
			writeFormatted(b, e)
		}
		b.WriteByte(']')
	case Object:
		b.WriteByte('{')
		for i, m := range v.Members() {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(m.Name + "=")
			writeFormatted(b, m.Value)
		}
		b.WriteByte('}')
	default:
		b.WriteString(v.String())
	}
}
