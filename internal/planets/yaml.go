package planets

import (
	"fmt"
	"slices"
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
	if len(doc.Content) == 1 && isListed(doc.Content[0]) {
		return listed(doc.Content[0]), nil
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
	g := *newSection("", 0)
	for k, v := range pairs(root) {
		if k != "sources" {
			g.set(strings.ToLower(k), flat(v), v.Line)
		}
	}
	b.osmosGlobals(&g)
	for i, item := range seq(member(root, "sources")) {
		label := fmt.Sprintf("source %d", i+1)
		b.line = item.Line
		if item.Kind == yaml.ScalarNode {
			b.add(label, coranto.Source{URL: strings.TrimSpace(item.Value)})
			continue
		}
		var s coranto.Source
		for k, v := range pairs(item) {
			b.line = v.Line
			switch strings.ToLower(k) {
			case "href", "url":
				s.URL = strings.TrimSpace(v.Value)
			case "title":
				s.Title = strings.Join(strings.Fields(v.Value), " ")
			default:
				b.note("%s: %s: %s: has no counterpart", label, clip(k), clip(flat(v)))
			}
		}
		b.line = item.Line
		b.add(label, s)
	}
	return b.List
}

// addressKeys name the address of a feed in lists of mappings.
var addressKeys = []string{"url", "feed", "feed_url", "href", "xmlurl"}

// isListed reports a list of mappings of which one has an address.
func isListed(root *yaml.Node) bool {
	return slices.ContainsFunc(seq(root), func(item *yaml.Node) bool {
		for k, v := range pairs(item) {
			if slices.Contains(addressKeys, strings.ToLower(k)) && isAddress(strings.TrimSpace(v.Value)) {
				return true
			}
		}
		return false
	})
}

// listed reads such a list. What is disabled is paused.
func listed(root *yaml.Node) List {
	b := newBuilder(Listed)
	for i, item := range seq(root) {
		b.line = item.Line
		b.mapping(fmt.Sprintf("source %d", i+1), item)
	}
	return b.List
}

func (b *builder) mapping(label string, item *yaml.Node) {
	for _, key := range []string{"id", "title", "name"} {
		if v := member(item, key); v != nil && v.Kind == yaml.ScalarNode && strings.TrimSpace(v.Value) != "" {
			label = clip(v.Value)
		}
	}
	var src coranto.Source
	for k, v := range pairs(item) {
		b.line = v.Line
		text := strings.Join(strings.Fields(flat(v)), " ")
		switch key := strings.ToLower(k); {
		case slices.Contains(addressKeys, key):
			src.URL = text
		case key == "id":
			src.ID = slug(text)
		case key == "name" || key == "title":
			src.Title = text
		case key == "link" || key == "site" || key == "homepage":
			b.site(&src, label, k, text)
		case key == "author":
			src.Author = text
		case key == "language" || key == "lang":
			b.language(&src, label, k, text)
		case key == "tags" || key == "categories":
			for _, t := range seq(v) {
				src.Tags = append(src.Tags, clip(t.Value))
			}
		case key == "disabled" || key == "paused":
			src.Paused = src.Paused || text == "true"
		case key == "publish_all" && text == "false":
			b.note("%s: publish_all = false: only what is about the planet's subject was taken; write include: {title: …} or include: {tags: […]} at the source", label)
		case key == "publish_all":
		default:
			b.unknown(label, k, text)
		}
	}
	b.line = item.Line
	b.add(label, src)
}

func (b *builder) osmosGlobals(g *section) {
	for _, k := range g.keys {
		v := clip(g.values[k])
		b.line = g.lines[k]
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
	g := *newSection("", 0)
	for k, v := range pairs(root) {
		if v.Kind == yaml.ScalarNode {
			g.set(strings.ToLower(k), v.Value, v.Line)
		}
	}
	b.global(&g)
	for _, name := range seq(member(root, "feeds")) {
		b.line = name.Line
		def := member(root, name.Value)
		if def == nil || def.Kind != yaml.MappingNode {
			b.skip(name.Value, "it is named in feeds: and not described")
			continue
		}
		s := newSection(name.Value, def.Line)
		for k, v := range pairs(def) {
			s.set(strings.ToLower(k), flat(v), v.Line)
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
