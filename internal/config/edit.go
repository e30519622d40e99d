package config

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/coranto/coranto"
)

// SourceEdit is a source as AddSource writes it; empty fields are left out.
type SourceEdit struct {
	ID, URL, Title, Site, Kind, Author, Language, Zone, FullText, Every string
	Tags                                                                []string
	Paused, Retired                                                     bool
	Include, Exclude                                                    *coranto.Filter
	Scrape                                                              string          // a Recipe.Type
	Recipe                                                              *coranto.Recipe // in place of Scrape, with selectors
	Limit                                                               int
	Robots, Moderate                                                    string
}

// SameURL is equal for addresses that no two sources may have.
func SameURL(address string) string { return sameURL(address) }

// EditOf is the edit that writes a source as it is.
func EditOf(s coranto.Source) SourceEdit {
	return SourceEdit{ID: s.ID, URL: s.URL, Title: s.Title, Site: s.Site, Kind: s.Kind, Author: s.Author, Language: s.Language, Zone: s.Zone,
		FullText: s.FullText, Every: s.Every, Tags: s.Tags, Paused: s.Paused, Retired: s.Retired, Include: s.Include, Exclude: s.Exclude,
		Recipe: s.Scrape, Limit: s.Limit, Robots: s.Robots, Moderate: s.Moderate}
}

// source is what the decoder will make of it.
func (s SourceEdit) source() coranto.Source {
	out := coranto.Source{ID: s.ID, URL: s.URL, Title: s.Title, Site: s.Site, Kind: s.Kind, Tags: s.Tags, Author: s.Author,
		Language: s.Language, Zone: s.Zone, FullText: s.FullText, Every: s.Every, Paused: s.Paused, Retired: s.Retired,
		Include: s.Include, Exclude: s.Exclude, Scrape: s.Recipe, Limit: s.Limit, Robots: s.Robots, Moderate: s.Moderate}
	if s.Recipe == nil && s.Scrape != "" {
		out.Scrape = &coranto.Recipe{Type: s.Scrape}
	}
	or(&out.Kind, DefaultKind)
	if v, err := ParseDuration(s.Every); err == nil && s.Every != "" {
		out.Every = v.String()
	}
	if len(out.Tags) == 0 {
		out.Tags = nil
	}
	return out
}

// AddSource returns the file with the source at the end of its list. Everything
// else stays byte for byte as it is. Without an ID the source gets one.
func AddSource(data []byte, s SourceEdit) ([]byte, error) {
	return AddSources(data, []SourceEdit{s})
}

// AddSources adds several at once, or none.
func AddSources(data []byte, list []SourceEdit) ([]byte, error) {
	e, err := newEditor(data)
	if err != nil {
		return nil, fmt.Errorf("add source: %w", err)
	}
	list, err = e.identify(list)
	if err != nil {
		return nil, fmt.Errorf("add source: %w", err)
	}
	want := slices.Clone(e.p.config.Sources)
	for _, s := range list {
		if err := e.acceptable(s); err != nil {
			return nil, err
		}
		want = append(want, s.source())
	}
	if len(list) == 0 {
		return data, nil
	}
	out, err := e.add(list)
	if err == nil {
		err = e.verify(out, want)
	}
	if err != nil {
		return nil, fmt.Errorf("add source: %s %w; write below sources:\n  - %s", FileName, err, list[0].flow())
	}
	return out, nil
}

// acceptable says which value of a source cannot be written, before it would
// make the whole file invalid.
func (e *editor) acceptable(s SourceEdit) error {
	if s.Zone != "" && s.Zone != PublicZone && !slices.ContainsFunc(e.p.config.Zones, func(z Zone) bool { return z.Name == s.Zone }) {
		names := []string{PublicZone}
		for _, z := range e.p.config.Zones {
			names = append(names, z.Name)
		}
		hint := "there is " + strings.Join(names, ", ")
		if near := nearest(s.Zone, names); near != "" {
			hint = "did you mean " + near + "?"
		}
		return fmt.Errorf("%w: there is no zone %q (hint: %s)", ErrValue, s.Zone, hint)
	}
	s.Zone = ""
	_, err := Parse("", []byte("sources:\n  - "+s.flow()+"\n"))
	bad, ok := err.(*Error)
	if !ok || len(bad.Faults) == 0 {
		return err
	}
	f := bad.Faults[0]
	reason := strings.TrimPrefix(f.Reason, "sources[0].")
	if f.Hint != "" {
		return fmt.Errorf("%w: %s (hint: %s)", ErrValue, reason, f.Hint)
	}
	return fmt.Errorf("%w: %s", ErrValue, reason)
}

// identify gives each an id and refuses what is there.
func (e *editor) identify(list []SourceEdit) ([]SourceEdit, error) {
	list = slices.Clone(list)
	ids, urls := map[string]bool{}, map[string]string{}
	for _, s := range e.p.config.Sources {
		ids[s.ID] = true
		if !s.Retired {
			urls[sameURL(s.URL)] = s.ID
		}
	}
	for i := range list {
		s := &list[i]
		if reason, hint := webURL(s.URL); reason != "" {
			return nil, &Error{Name: s.URL, Faults: []Fault{{Reason: reason, Hint: hint}}}
		}
		if s.ID == "" {
			s.ID = uniqueID(DefaultID(s.URL), func(id string) bool { return ids[id] })
		}
		if ids[s.ID] {
			return nil, fmt.Errorf("id %s: %w", s.ID, ErrKnown)
		}
		if id, ok := urls[sameURL(s.URL)]; ok && !s.Retired {
			return nil, fmt.Errorf("%s: %w, as %s", s.URL, ErrKnown, id)
		}
		ids[s.ID], urls[sameURL(s.URL)] = true, s.ID
	}
	return list, nil
}

// RetireSource marks a source as never to be asked again; its posts stay.
func RetireSource(data []byte, id string) ([]byte, error) {
	return change(data, id, "retire source", func(s *coranto.Source) { s.Retired = true },
		func(e *editor, s rawSource) error { return e.set(s.item, "retired", "true") })
}

// PauseSource sets or lifts the pause of a source.
func PauseSource(data []byte, id string, paused bool) ([]byte, error) {
	return change(data, id, "pause source", func(s *coranto.Source) { s.Paused = paused },
		func(e *editor, s rawSource) error {
			if paused {
				return e.set(s.item, "paused", "true")
			}
			return e.unset(s.item, "paused")
		})
}

// SetSourceURL changes the address of a source; its id stays, and is written
// down where it came from the old address.
func SetSourceURL(data []byte, id, address string) ([]byte, error) {
	if reason, hint := webURL(address); reason != "" {
		return nil, fmt.Errorf("source %s: %w", id, &Error{Name: address, Faults: []Fault{{Reason: reason, Hint: hint}}})
	}
	if DefaultID(address) != id {
		var err error
		data, err = change(data, id, "move source", func(*coranto.Source) {}, func(e *editor, s rawSource) error {
			if s.item.Kind == yaml.MappingNode && member(s.item, "id") != nil {
				return nil
			}
			return e.set(s.item, "id", id)
		})
		if err != nil {
			return nil, err
		}
	}
	return change(data, id, "move source", func(s *coranto.Source) { s.URL = address }, func(e *editor, s rawSource) error {
		n := s.item
		if n.Kind == yaml.MappingNode {
			if sc := member(n, "scrape"); sc != nil && member(sc, "url") != nil {
				n = sc
			}
			return e.set(n, "url", plain(address, true))
		}
		return e.replace(n, plain(address, true))
	})
}

// change edits one source and proves that nothing else has changed.
func change(data []byte, id, doing string, model func(*coranto.Source), edit func(*editor, rawSource) error) ([]byte, error) {
	fail := func(err error) ([]byte, error) { return nil, fmt.Errorf("%s %s: %w", doing, id, err) }
	e, err := newEditor(data)
	if err != nil {
		return fail(err)
	}
	i := slices.IndexFunc(e.p.items, func(s rawSource) bool { return s.ID == id })
	if i < 0 {
		hint := ""
		if near := nearest(id, e.ids()); near != "" {
			hint = "; did you mean " + near + "?"
		}
		return fail(fmt.Errorf("%w%s", ErrNoSource, hint))
	}
	want := slices.Clone(e.p.config.Sources)
	model(&want[i])
	if reflect.DeepEqual(want, e.p.config.Sources) && doing != "move source" {
		return data, nil
	}
	if err := edit(e, e.p.items[i]); err != nil {
		return fail(err)
	}
	out := e.apply()
	if err := e.verify(out, want); err != nil {
		return fail(fmt.Errorf("%s %w, see line %d", FileName, err, e.p.items[i].node.Line))
	}
	return out, nil
}

func (e *editor) ids() []string {
	out := make([]string, len(e.p.config.Sources))
	for i, s := range e.p.config.Sources {
		out[i] = s.ID
	}
	return out
}

// verify reads the new text and compares: the sources are those wanted, all
// else is as it was.
func (e *editor) verify(out []byte, want []coranto.Source) error {
	p, err := parse(FileName, out)
	if err != nil {
		return ErrByHand
	}
	norm := func(c *Config) Config {
		v := *c
		v.hash, v.doc, v.at, v.scheduleKeys, v.Sources = "", nil, nil, nil, nil
		return v
	}
	if !reflect.DeepEqual(norm(p.config), norm(e.p.config)) || !slices.EqualFunc(p.config.Sources, want, func(a, b coranto.Source) bool { return reflect.DeepEqual(a, b) }) {
		return ErrByHand
	}
	return nil
}

// part is one "key: value" of a source that is written.
type part struct{ key, value string }

func (s SourceEdit) parts() []part {
	var out []part
	add := func(key, value string) {
		if value != "" {
			out = append(out, part{key, plain(value, true)})
		}
	}
	flag := func(key string, on bool) {
		if on {
			out = append(out, part{key, "true"})
		}
	}
	if s.ID != DefaultID(s.URL) {
		add("id", s.ID)
	}
	add("url", s.URL)
	add("title", s.Title)
	add("site", s.Site)
	if s.Kind != DefaultKind {
		add("kind", s.Kind)
	}
	if len(s.Tags) > 0 {
		out = append(out, part{"tags", flowList(s.Tags)})
	}
	add("author", s.Author)
	add("language", s.Language)
	add("zone", s.Zone)
	add("full_text", s.FullText)
	add("every", s.Every)
	if s.Limit > 0 {
		out = append(out, part{"limit", strconv.Itoa(s.Limit)})
	}
	add("robots", s.Robots)
	add("moderate", s.Moderate)
	if s.Recipe != nil {
		out = append(out, part{"scrape", flowRecipe(s.Recipe)})
	} else {
		add("scrape", s.Scrape)
	}
	flag("paused", s.Paused)
	flag("retired", s.Retired)
	for _, f := range []struct {
		key string
		f   *coranto.Filter
	}{{"include", s.Include}, {"exclude", s.Exclude}} {
		if f.f != nil {
			out = append(out, part{f.key, flowFilter(f.f)})
		}
	}
	return out
}

// flow writes the source in one line: the bare address where that says all.
func (s SourceEdit) flow() string {
	parts := s.parts()
	if len(parts) == 1 {
		return parts[0].value
	}
	return flowMap(parts)
}

func flowMap(parts []part) string {
	var b strings.Builder
	for i, p := range parts {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(p.key + ": " + p.value)
	}
	return "{" + b.String() + "}"
}

func flowList(list []string) string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = plain(s, true)
	}
	return "[" + strings.Join(out, ", ") + "]"
}

// flowRecipe writes a recipe: its type alone where that says all.
func flowRecipe(r *coranto.Recipe) string {
	if *r == (coranto.Recipe{}) {
		return "auto"
	}
	if *r == (coranto.Recipe{Type: r.Type}) && r.Type != coranto.RecipeCSS {
		return r.Type
	}
	var parts []part
	for _, p := range []part{{"type", r.Type}, {"item", r.Item}, {"id", r.ID}, {"title", r.Title}, {"link", r.Link}, {"date", r.Date},
		{"image", r.Image}, {"intro", r.Intro}, {"author", r.Author}, {"tags", r.Tags}} {
		if p.value != "" {
			parts = append(parts, part{p.key, plain(p.value, true)})
		}
	}
	return flowMap(parts)
}

func flowFilter(f *coranto.Filter) string {
	var parts []part
	for _, p := range []part{{"title", f.Title}, {"url", f.URL}, {"author", f.Author}} {
		if p.value != "" {
			parts = append(parts, part{p.key, plain(p.value, true)})
		}
	}
	for _, l := range []struct {
		key  string
		list []string
	}{{"tags", f.Tags}, {"language", f.Language}} {
		if len(l.list) > 0 {
			parts = append(parts, part{l.key, flowList(l.list)})
		}
	}
	return flowMap(parts)
}

// plain writes a text as YAML: bare where it is read back as the same text,
// else in double quotes. In a flow collection brackets and commas matter too.
func plain(s string, flow bool) string {
	before, after := "k: ", "\n"
	if flow {
		before, after = "[k: ", ", x]\n"
	}
	var n yaml.Node
	if s != "" && !strings.ContainsAny(s, "\n\r\"") && yaml.Unmarshal([]byte(before+s+after), &n) == nil && len(n.Content) == 1 {
		m := n.Content[0]
		if flow && m.Kind == yaml.SequenceNode && len(m.Content) == 2 {
			m = m.Content[0]
		}
		if m.Kind == yaml.MappingNode && len(m.Content) == 2 {
			if v := m.Content[1]; v.Kind == yaml.ScalarNode && v.Style == 0 && v.Value == s && v.ShortTag() == "!!str" && v.LineComment == "" {
				return s
			}
		}
	}
	return quoted(s)
}

// quoted writes double quotes with the escapes that YAML and JSON share.
func quoted(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < 0x20 || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029 || r == 0xfeff:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
