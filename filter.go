package coranto

import (
	"fmt"
	"regexp"
	"strings"
)

// Matcher is a compiled Filter.
type Matcher struct {
	title, url, author func(string) bool
	tags               []func(string) bool
	language           []string
	empty              bool
}

// Compile prepares a filter; a nil filter matches nothing. The error names the
// field whose regular expression is wrong.
func (f *Filter) Compile() (*Matcher, error) {
	if f == nil {
		return &Matcher{empty: true}, nil
	}
	m := &Matcher{language: f.Language}
	for _, field := range []struct {
		name, pattern string
		to            *func(string) bool
	}{{"title", f.Title, &m.title}, {"url", f.URL, &m.url}, {"author", f.Author, &m.author}} {
		if field.pattern == "" {
			continue
		}
		is, err := matchText(field.pattern)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", field.name, err)
		}
		*field.to = is
	}
	for _, pattern := range f.Tags {
		is, err := matchText(pattern)
		if err != nil {
			return nil, fmt.Errorf("tags: %w", err)
		}
		m.tags = append(m.tags, is)
	}
	m.empty = m.title == nil && m.url == nil && m.author == nil && m.tags == nil && m.language == nil
	return m, nil
}

func matchText(pattern string) (func(string) bool, error) {
	if len(pattern) > 1 && pattern[0] == '/' && pattern[len(pattern)-1] == '/' {
		re, err := regexp.Compile(pattern[1 : len(pattern)-1])
		if err != nil {
			return nil, err
		}
		return re.MatchString, nil
	}
	pattern = strings.ToLower(pattern)
	return func(s string) bool { return strings.Contains(strings.ToLower(s), pattern) }, nil
}

// Match reports whether every field that is set matches the entry, and names
// the first that does not. An empty filter matches nothing.
func (m *Matcher) Match(e *Entry) (bool, string) {
	switch {
	case m.empty:
		return false, "filter"
	case m.title != nil && !m.title(e.Title):
		return false, "title"
	case m.url != nil && !m.url(e.Link):
		return false, "url"
	case m.author != nil && !anyOf(e.Authors, func(p Person) bool { return m.author(p.Name) || m.author(p.Email) }):
		return false, "author"
	case m.tags != nil && !anyOf(e.Tags, func(t string) bool {
		return anyOf(m.tags, func(is func(string) bool) bool { return is(t) })
	}):
		return false, "tags"
	case m.language != nil && !anyOf(m.language, func(l string) bool { return sameLanguage(l, e.Language) }):
		return false, "language"
	}
	return true, ""
}

// sameLanguage holds where the entry's tag is want or a finer one: en, en-GB.
func sameLanguage(want, have string) bool {
	want, have = strings.ToLower(want), strings.ToLower(have)
	return want == have || strings.HasPrefix(have, want+"-")
}

func anyOf[T any](list []T, is func(T) bool) bool {
	for _, x := range list {
		if is(x) {
			return true
		}
	}
	return false
}
