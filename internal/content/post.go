package content

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/coranto/coranto"
)

// decodePost reads a post as coranto.Post does, several times faster, and
// tolerates what the AWS sample leaves: null for any field, tags as one string
// of names.
func decodePost(raw []byte) (coranto.Post, error) {
	var p coranto.Post
	err := eachMember(raw, func(name, value []byte) error {
		if err := setMember(&p, name, value); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		return nil
	})
	if len(p.Extra) > 1 {
		slices.SortStableFunc(p.Extra, func(a, b coranto.Field) int { return strings.Compare(a.Name, b.Name) })
	}
	return p, err
}

func setMember(p *coranto.Post, name, value []byte) error {
	if bytes.Equal(value, []byte("null")) && isKnown(name) {
		return nil
	}
	var err error
	switch string(name) {
	case `"title"`:
		p.Title, err = text(value)
	case `"intro"`:
		p.Intro, err = text(value)
	case `"author"`:
		p.Author, err = text(value)
	case `"date"`:
		p.Date, err = text(value)
	case `"link"`:
		p.Link, err = text(value)
	case `"image"`:
		p.Image, err = text(value)
	case `"tags"`:
		p.Tags, err = tagList(value)
	case `"id"`:
		p.ID, err = text(value)
	case `"kind"`:
		p.Kind, err = text(value)
	case `"source"`:
		p.Source, err = text(value)
	case `"published"`:
		p.Published, err = instant(value)
	case `"updated"`:
		p.Updated, err = instant(value)
	case `"first_seen"`:
		p.FirstSeen, err = instant(value)
	case `"language"`:
		p.Language, err = text(value)
	case `"content"`:
		p.Content, err = text(value)
	case `"authors"`:
		err = json.Unmarshal(value, &p.Authors)
	case `"keys"`:
		p.Keys, err = texts(value)
	case `"also"`:
		err = json.Unmarshal(value, &p.Also)
	case `"backlog"`:
		err = json.Unmarshal(value, &p.Backlog)
	case `"hidden"`:
		err = json.Unmarshal(value, &p.Hidden)
	case `"queued"`:
		err = json.Unmarshal(value, &p.Queued)
	default:
		var n string
		n, err = text(name)
		p.Extra = append(p.Extra, coranto.Field{Name: n, Value: bytes.Clone(value)})
	}
	return err
}

func isKnown(name []byte) bool {
	switch string(name) {
	case `"title"`, `"intro"`, `"author"`, `"date"`, `"link"`, `"image"`, `"tags"`, `"id"`, `"kind"`, `"source"`, `"published"`, `"updated"`,
		`"first_seen"`, `"language"`, `"content"`, `"authors"`, `"keys"`, `"also"`, `"backlog"`, `"hidden"`, `"queued"`:
		return true
	}
	return false
}

var errNotText = errors.New("a string was expected")

// text decodes a string.
func text(value []byte) (string, error) {
	if len(value) < 2 || value[0] != '"' {
		return "", errNotText
	}
	in := value[1 : len(value)-1]
	if bytes.IndexByte(in, '\\') < 0 && utf8.Valid(in) {
		return string(in), nil
	}
	var s string
	err := json.Unmarshal(value, &s)
	return s, err
}

// texts decodes an array of strings.
func texts(value []byte) ([]string, error) {
	s := scanner{b: value}
	if s.peek() != '[' {
		return nil, errors.New("an array of strings was expected")
	}
	s.at++
	list := []string{}
	for s.peek() != ']' {
		v, err := s.value(1)
		if err != nil {
			return nil, err
		}
		t, err := text(v)
		if err != nil {
			return nil, err
		}
		list = append(list, t)
		if s.peek() == ',' {
			s.at++
		}
	}
	return list, nil
}

// tagList decodes tags; the sample writes them as one string, too.
func tagList(value []byte) ([]string, error) {
	if value[0] != '"' {
		return texts(value)
	}
	t, err := text(value)
	if err != nil {
		return nil, err
	}
	var list []string
	for tag := range strings.SplitSeq(t, ",") {
		if tag = strings.TrimSpace(tag); tag != "" {
			list = append(list, tag)
		}
	}
	return list, nil
}

// instant decodes a time. The empty string, which hand-written files have, is none.
func instant(value []byte) (time.Time, error) {
	t, err := text(value)
	if err != nil || t == "" {
		return time.Time{}, err
	}
	at, err := time.Parse(time.RFC3339, t)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is no time (like 2026-01-02T15:04:05Z)", t)
	}
	return at.UTC(), nil
}

// appendPost writes a post as an element of a shard: what
// json.MarshalIndent(p, "  ", "  ") writes, without escaping HTML.
func appendPost(b []byte, p *coranto.Post) []byte {
	w := postWriter{b: append(b, '{')}
	w.text("title", p.Title)
	w.text("intro", p.Intro)
	w.text("author", p.Author)
	w.text("date", p.Date)
	w.text("link", p.Link)
	w.text("image", p.Image)
	w.texts("tags", p.Tags)
	w.some("id", p.ID)
	w.some("kind", p.Kind)
	w.some("source", p.Source)
	w.time("published", p.Published)
	w.time("updated", p.Updated)
	w.time("first_seen", p.FirstSeen)
	w.some("language", p.Language)
	w.some("content", p.Content)
	if len(p.Authors) > 0 {
		w.value("authors", p.Authors)
	}
	if len(p.Keys) > 0 {
		w.texts("keys", p.Keys)
	}
	if len(p.Also) > 0 {
		w.value("also", p.Also)
	}
	if p.Backlog {
		w.value("backlog", true)
	}
	if p.Hidden {
		w.value("hidden", true)
	}
	if p.Queued {
		w.value("queued", true)
	}
	for _, f := range p.Extra {
		w.name(f.Name)
		w.indent(f.Value)
	}
	return append(w.b, "\n  }"...)
}

type postWriter struct {
	b    []byte
	more bool
}

func (w *postWriter) name(n string) {
	if w.more {
		w.b = append(w.b, ',')
	}
	w.more = true
	w.b = append(w.b, "\n    "...)
	w.b = appendText(w.b, n)
	w.b = append(w.b, ": "...)
}

func (w *postWriter) text(n, v string) {
	w.name(n)
	w.b = appendText(w.b, v)
}

func (w *postWriter) some(n, v string) {
	if v != "" {
		w.text(n, v)
	}
}

func (w *postWriter) time(n string, t time.Time) {
	if !t.IsZero() {
		w.text(n, t.UTC().Format(time.RFC3339Nano))
	}
}

func (w *postWriter) texts(n string, list []string) {
	w.name(n)
	if len(list) == 0 {
		w.b = append(w.b, "[]"...)
		return
	}
	w.b = append(w.b, '[')
	for i, v := range list {
		if i > 0 {
			w.b = append(w.b, ',')
		}
		w.b = append(w.b, "\n      "...)
		w.b = appendText(w.b, v)
	}
	w.b = append(w.b, "\n    ]"...)
}

func (w *postWriter) value(n string, v any) {
	w.name(n)
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(v) // persons, sources and booleans can always be written
	w.indent(bytes.TrimRight(b.Bytes(), "\n"))
}

func (w *postWriter) indent(raw []byte) {
	var b bytes.Buffer
	if json.Indent(&b, raw, "    ", "  ") != nil {
		b.Reset()
		b.WriteString("null")
	}
	w.b = append(w.b, b.Bytes()...)
}

// appendText writes a string as encoding/json does without escaping HTML.
func appendText(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if c >= 0x20 && c != '"' && c != '\\' {
				i++
				continue
			}
			b = append(append(b, s[start:i]...), escaped(c)...)
			i++
			start = i
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 {
			b = append(append(b, s[start:i]...), `\ufffd`...)
			i++
			start = i
			continue
		}
		if r == '\u2028' || r == '\u2029' {
			b = append(append(b, s[start:i]...), `\u202`...)
			b = append(b, "0123456789abcdef"[r&0xf])
			i += n
			start = i
			continue
		}
		i += n
	}
	return append(append(b, s[start:]...), '"')
}

func escaped(c byte) string {
	switch c {
	case '"':
		return `\"`
	case '\\':
		return `\\`
	case '\n':
		return `\n`
	case '\r':
		return `\r`
	case '\t':
		return `\t`
	case '\b':
		return `\b`
	case '\f':
		return `\f`
	}
	const hex = "0123456789abcdef"
	return `\u00` + string([]byte{hex[c>>4], hex[c&0xf]})
}

// dateLayouts are how hand-written and older files tell a day.
var dateLayouts = []string{coranto.DateLayout, "January 2, 2006", time.RFC3339, time.DateOnly, "2 Jan 2006", "02 Jan 2006", "2006/01/02", time.RFC1123, time.RFC1123Z}

// complete gives a post that was not written by us what every post has. It is
// a function of the post alone, so each reading gives the same.
func complete(p *coranto.Post) {
	if p.FirstSeen.IsZero() {
		p.FirstSeen = p.Published
	}
	if p.FirstSeen.IsZero() {
		for _, layout := range dateLayouts {
			if at, err := time.Parse(layout, strings.TrimSpace(p.Date)); err == nil {
				p.FirstSeen = at.UTC()
				break
			}
		}
		if p.Published.IsZero() {
			p.Published = p.FirstSeen
		}
	}
	if p.ID == "" {
		first := p.Link
		switch {
		case len(p.Keys) > 0:
			first = p.Keys[0]
		case first == "":
			first = p.Title + "|" + p.Date
		}
		p.ID = newID(p.Title, first, nil)
	}
}

// clock is how many seconds a time is after 1970; 0 for none. Facts keep it.
func clock(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}
