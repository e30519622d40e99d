package site

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// locale holds the words of the site in its language: the theme's i18n/en.json
// under i18n/<language>.json, so that a missing word is English, never empty.
type locale struct {
	words  map[string]string
	months []string
	short  []string
	date   string // pattern: {d} {mm} {mmm} {mmmm} {y}
}

func loadLocale(files map[string]themeFile, lang string) (*locale, error) {
	l := &locale{words: map[string]string{}}
	base, _, _ := strings.Cut(lang, "-")
	for _, name := range []string{"en", base, lang} {
		f, ok := files["i18n/"+name+".json"]
		if !ok {
			continue
		}
		if f.under != nil { // words are replaced one by one, not file by file
			if err := l.add(themeFile{name: f.name, from: f.under}); err != nil {
				return nil, err
			}
		}
		if err := l.add(f); err != nil {
			return nil, err
		}
	}
	l.months = strings.Split(l.words["months"], ",")
	l.short = strings.Split(l.words["months_short"], ",")
	l.date = l.words["date"]
	if len(l.months) != 12 || len(l.short) != 12 || l.date == "" {
		return nil, fmt.Errorf("%w: i18n/%s.json: months and months_short need twelve names, date a pattern", ErrTheme, lang)
	}
	return l, nil
}

func (l *locale) add(f themeFile) error {
	body, err := f.read()
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, &l.words); err != nil {
		e := &TemplateError{File: f.name, Reason: err.Error()}
		at := int64(0)
		if s, ok := errors.AsType[*json.SyntaxError](err); ok {
			at = s.Offset
		}
		if k, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			at = k.Offset
		}
		if at > 0 {
			e.Line = 1 + bytes.Count(body[:min(at, int64(len(body)))], []byte("\n"))
			e.Excerpt = excerptAt(string(body), e.Line)
		}
		return e
	}
	return nil
}

// t returns the word for key, with {name} replaced in pairs.
func (l *locale) t(key string, pairs ...string) string {
	w, ok := l.words[key]
	if !ok {
		return key
	}
	return fill(w, pairs...)
}

// day tells the day of t.
func (l *locale) day(t time.Time) string {
	return fill(l.date,
		"{d}", strconv.Itoa(t.Day()),
		"{mmmm}", l.months[t.Month()-1],
		"{mmm}", l.short[t.Month()-1],
		"{mm}", strconv.Itoa(int(t.Month())),
		"{y}", strconv.Itoa(t.Year()),
	)
}

// fill puts values into the holes of a pattern, once each and in one pass, so
// that a value which looks like a hole stays as it is.
func fill(pattern string, pairs ...string) string {
	if len(pairs) == 0 {
		return pattern
	}
	var b strings.Builder
	for {
		i := strings.IndexByte(pattern, '{')
		if i < 0 {
			b.WriteString(pattern)
			return b.String()
		}
		b.WriteString(pattern[:i])
		pattern = pattern[i:]
		n := 1
		for k := 0; k < len(pairs); k += 2 {
			if strings.HasPrefix(pattern, pairs[k]) {
				b.WriteString(pairs[k+1])
				pattern, n = pattern[len(pairs[k]):], 0
				break
			}
		}
		b.WriteString(pattern[:n])
		pattern = pattern[n:]
	}
}

// span tells from which day to which.
func (l *locale) span(from, to time.Time) string {
	if from.IsZero() || to.IsZero() {
		return ""
	}
	a, b := l.day(from), l.day(to)
	if a == b {
		return a
	}
	return a + " – " + b
}
