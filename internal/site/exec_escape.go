package site

import (
	"html/template"
	"reflect"
	"strconv"
	"strings"
)

// sort of a text, as html/template tells trusted types from plain text.
type sort uint8

const (
	plainText sort = iota
	htmlText
	attrText
	urlText
	otherText
)

var (
	stringType = reflect.TypeFor[string]()
	sorts      = map[reflect.Type]sort{
		stringType: plainText, reflect.TypeFor[template.HTML](): htmlText, reflect.TypeFor[template.HTMLAttr](): attrText,
		reflect.TypeFor[template.URL](): urlText, reflect.TypeFor[template.CSS](): otherText, reflect.TypeFor[template.JS](): otherText,
		reflect.TypeFor[template.JSStr](): otherText, reflect.TypeFor[template.Srcset](): otherText,
	}
)

// textOf is what an escaper makes of a value before it escapes.
func textOf(v reflect.Value) (string, sort, bool) {
	if !v.IsValid() {
		return "", 0, false
	}
	switch v.Kind() {
	case reflect.String:
		t := v.Type()
		if t == stringType {
			return v.String(), plainText, true
		}
		is, ok := sorts[t]
		return v.String(), is, ok
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return strconv.FormatInt(v.Int(), 10), plainText, v.Type().NumMethod() == 0
	case reflect.Bool:
		return strconv.FormatBool(v.Bool()), plainText, v.Type().NumMethod() == 0
	}
	return "", 0, false
}

// escapers are those of html/template that are known here, each with a letter
// of its own.
var escapers = map[string]byte{
	"_html_template_htmlescaper": 'h', "_html_template_rcdataescaper": 'r', "_html_template_attrescaper": 'a',
	"_html_template_urlfilter": 'f', "_html_template_urlnormalizer": 'n', "_html_template_htmlnamefilter": 'm',
}

// escaper appends a text; false: only html/template knows how.
type escaper func(dst []byte, s string, is sort) ([]byte, bool)

// escaperOf joins the escapers at the end of a pipeline; nil: they are not known
// in this order.
func escaperOf(names []string) escaper {
	letters := ""
	for _, n := range names {
		letters += string(escapers[n])
	}
	switch letters {
	case "h":
		return func(dst []byte, s string, is sort) ([]byte, bool) {
			if is == htmlText {
				return append(dst, s...), true
			}
			return appendEscaped(dst, s), true
		}
	case "r", "a":
		return func(dst []byte, s string, is sort) ([]byte, bool) {
			if is == htmlText {
				return dst, false // tags are stripped, entities kept
			}
			return appendEscaped(dst, s), true
		}
	case "m":
		return func(dst []byte, s string, is sort) ([]byte, bool) {
			return append(dst, s...), is == attrText
		}
	case "fna":
		return func(dst []byte, s string, is sort) ([]byte, bool) {
			if is != urlText && !safeURL(s) {
				return dst, false
			}
			return appendURL(dst, s), true
		}
	case "na":
		return func(dst []byte, s string, _ sort) ([]byte, bool) { return appendURL(dst, s), true }
	}
	return nil
}

// escaped is what stands for a byte in text and attributes.
var escaped = [256]string{0: "\uFFFD", '"': "&#34;", '&': "&amp;", '\'': "&#39;", '+': "&#43;", '<': "&lt;", '>': "&gt;"}

func appendEscaped(dst []byte, s string) []byte {
	last := 0
	for i := range len(s) {
		if e := escaped[s[i]]; e != "" {
			dst = append(append(dst, s[last:i]...), e...)
			last = i + 1
		}
	}
	return append(dst, s[last:]...)
}

// safeURL reports whether an address is relative or of a scheme that runs
// nothing.
func safeURL(s string) bool {
	scheme, _, ok := strings.Cut(s, ":")
	return !ok || strings.Contains(scheme, "/") || strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https") || strings.EqualFold(scheme, "mailto")
}

// What appendURL does with a byte.
const (
	urlKept    = 1
	urlPercent = 2 // kept where two hexadecimal digits follow
)

var urlBytes = func() (t [256]byte) {
	for c := range 256 {
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~!#$&*+,/:;=?@[]", byte(c)) >= 0 {
			t[c] = urlKept
		}
	}
	t['%'] = urlPercent
	return t
}()

// appendURL appends an address normalised and escaped for an attribute.
func appendURL(dst []byte, s string) []byte {
	const digits = "0123456789abcdef"
	last := 0
	for i := range len(s) {
		c := s[i]
		kept := urlBytes[c] == urlKept || urlBytes[c] == urlPercent && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2])
		if kept && escaped[c] == "" {
			continue
		}
		dst = append(dst, s[last:i]...)
		last = i + 1
		if kept {
			dst = append(dst, escaped[c]...)
		} else {
			dst = append(dst, '%', digits[c>>4], digits[c&15])
		}
	}
	return append(dst, s[last:]...)
}
