package planets

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/coranto/coranto"
)

// parseYAML reads osmosfeed.yaml ({sources: [{href: …}]}) and Pluto's YAML
// ({feeds: [name …], name: {feed: …}}). Aliases are not followed.
func parseYAML(text string) (list List, err error) {
	defer func() {
		if r := recover(); r != nil { // the parser's, on input nobody has thought of
			err = fmt.Errorf("%w: cannot be read as YAML: %v", ErrUnknown, r)
		}
	}()
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		return List{}, fmt.Errorf("%w: neither OPML, INI nor YAML: %w", ErrUnknown, err)
	}
	if len(doc.Content) != 1 || doc.Content[0].Kind != yaml.MappingNode {
		return List{}, fmt.Errorf("%w: no sources: and no feeds: in it", ErrUnknown)
	}
	root := doc.Content[0]
	switch {
	case seq(member(root, "sources")) != nil:
		return osmos(root), nil
	case seq(member(root, "feeds")) != nil:
		return plutoYAML(root), nil
	}
	return List{}, fmt.Errorf("%w: no sources: and no feeds: in it", ErrUnknown)
}

func osmos(root *yaml.Node) List {
	b := newBuilder(Osmos)
	var g section
	g.values = map[string]string{}
	for k, v := range pairs(root) {
		if k != "sources" {
			g.set(strings.ToLower(k), flat(v))
		}
	}
	b.osmosGlobals(&g)
	for i, item := range seq(member(root, "sources")) {
		label := fmt.Sprintf("source %d", i+1)
		if item.Kind == yaml.ScalarNode {
			b.add(label, coranto.Source{URL: strings.TrimSpace(item.Value)})
			continue
		}
		var s coranto.Source
		for k, v := range pairs(item) {
			switch strings.ToLower(k) {
			case "href", "url":
				s.URL = strings.TrimSpace(v.Value)
			case "title":
				s.Title = strings.Join(strings.Fields(v.Value), " ")
			default:
				b.note("%s: %s: %s: has no counterpart", label, clip(k), clip(flat(v)))
			}
		}
		b.add(label, s)
	}
	return b.List
}

func (b *builder) osmosGlobals(g *section) {
	for _, k := range g.keys {
		v := clip(g.values[k])
		switch k {
		case "sitetitle":
			b.Title = v
			b.note("siteTitle: %s: set site.title", v)
		case "timezone":
			b.note("timezone: %s: set site.timezone", v)
		case "cacheurl", "cachemaxdays":
			b.note("%s: %s: not needed, every post stays in git", k, v)
		default:
			b.note("%s: %s: has no counterpart", clip(k), v)
		}
	}
}

func plutoYAML(root *yaml.Node) List {
	b := newBuilder(Pluto)
	g := section{values: map[string]string{}}
	for k, v := range pairs(root) {
		if v.Kind == yaml.ScalarNode {
			g.set(strings.ToLower(k), v.Value)
		}
	}
	b.global(&g)
	for _, name := range seq(member(root, "feeds")) {
		def := member(root, name.Value)
		if def == nil || def.Kind != yaml.MappingNode {
			b.skip(name.Value, "it is named in feeds: and not described")
			continue
		}
		s := &section{name: name.Value, values: map[string]string{}}
		for k, v := range pairs(def) {
			s.set(strings.ToLower(k), flat(v))
		}
		b.pluto(s)
	}
	return b.List
}

func seq(n *yaml.Node) []*yaml.Node {
	if n == nil || n.Kind != yaml.SequenceNode {
		return nil
	}
	if n.Content == nil {
		return []*yaml.Node{}
	}
	return n.Content
}

func member(n *yaml.Node, key string) *yaml.Node {
	for k, v := range pairs(n) {
		if k == key {
			return v
		}
	}
	return nil
}

// pairs walks over a mapping.
func pairs(n *yaml.Node) func(func(string, *yaml.Node) bool) {
	return func(yield func(string, *yaml.Node) bool) {
		if n == nil || n.Kind != yaml.MappingNode {
			return
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			if !yield(n.Content[i].Value, n.Content[i+1]) {
				return
			}
		}
	}
}

// flat is a value as one text.
func flat(n *yaml.Node) string {
	switch n.Kind {
	case yaml.ScalarNode:
		return n.Value
	case yaml.SequenceNode:
		var list []string
		for _, c := range n.Content {
			if c.Kind == yaml.ScalarNode {
				list = append(list, c.Value)
			}
		}
		return strings.Join(list, ", ")
	}
	return "{…}"
}
