package config

import (
	"fmt"

	"go.yaml.in/yaml/v3"

	"github.com/coranto/coranto"
)

// effectiveRemote is the remote as it is written.
func (c *Config) effectiveRemote() any {
	if c.RemoteZone == "" {
		return c.Remote
	}
	return pairsOf("url", c.Remote, "zone", c.RemoteZone)
}

// Effective returns the configuration as YAML with every default filled in. It
// reads back as the same configuration, apart from comments and order.
func (c *Config) Effective() ([]byte, error) {
	root := &yaml.Node{Kind: yaml.MappingNode}
	add := func(key string, v any) error { return put(root, key, v) }
	site := []any{"title", c.Site.Title, "url", c.Site.URL, "description", c.Site.Description, "author", c.Site.Author, "language", c.Site.Language,
		"timezone", c.Site.Timezone.String(), "theme", c.Theme.Name, "per_page", c.Site.PerPage, "hub", c.Site.Hub, "links", linksOf(c.Site.Links)}
	fetch := []any{"identity", c.Fetch.Identity, "timeout", spell(c.Fetch.Timeout), "max_body", bytesOf(c.Fetch.MaxBody),
		"per_host", pairsOf("parallel", c.Fetch.PerHost.Parallel, "gap", spell(c.Fetch.PerHost.Gap)), "zone", c.Fetch.Zone, "parallel", c.Fetch.Parallel, "robots", c.Fetch.Robots, "websub", c.Fetch.WebSub}
	if c.Fetch.Every > 0 {
		fetch = append(fetch, "every", spell(c.Fetch.Every))
	}
	var schedules []any
	for _, s := range c.Schedules {
		schedules = append(schedules, pairsOf("workflow", s.Workflow, "at", s.At, "timezone", s.Timezone.String()))
	}
	for _, step := range []error{
		add("site", pairsOf(site...)), add("content", c.Content), add("branch", c.Branch), add("remote", c.effectiveRemote()), add("schedule", schedules),
		add("freshness", pairsOf("max_age", spell(c.Freshness.MaxAge))), add("fetch", pairsOf(fetch...)),
		add("guards", pairsOf("max_removed", fmt.Sprintf("%g%%", c.Guards.MaxRemoved*100))), add("images", pairsOf("mode", c.Images.Mode)),
		add("sources", c.effectiveSources()),
	} {
		if step != nil {
			return nil, step
		}
	}
	c.verbatim(root)
	return yaml.Marshal(root)
}

func linksOf(list []Link) []any {
	var out []any
	for _, l := range list {
		out = append(out, pairsOf("title", l.Title, "url", l.URL))
	}
	return out
}

// verbatim takes over the parts that have no defaults as the file has them.
func (c *Config) verbatim(root *yaml.Node) {
	if c.doc == nil || c.doc.root == nil {
		return
	}
	for i := 0; i+1 < len(c.doc.root.Content); i += 2 {
		k, v := c.doc.root.Content[i], c.doc.root.Content[i+1]
		if memberKey(root, k.Value) < 0 && k.Value != "schedules" {
			root.Content = append(root.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: k.Value}, bare(v))
		}
	}
}

// bare is a node without comments.
func bare(n *yaml.Node) *yaml.Node {
	out := &yaml.Node{Kind: n.Kind, Tag: n.Tag, Value: n.Value, Style: n.Style &^ yaml.FlowStyle, Anchor: n.Anchor, Alias: n.Alias}
	for _, m := range n.Content {
		out.Content = append(out.Content, bare(m))
	}
	return out
}

func (c *Config) effectiveSources() []any {
	out := []any{}
	for _, s := range c.Sources {
		p := []any{"id", s.ID, "url", s.URL, "title", s.Title, "site", s.Site, "kind", s.Kind, "tags", listOf(s.Tags), "author", s.Author, "language", s.Language,
			"zone", s.Zone, "full_text", s.FullText, "every", s.Every, "paused", s.Paused, "retired", s.Retired, "include", filterOf(s.Include),
			"exclude", filterOf(s.Exclude), "limit", s.Limit, "robots", s.Robots, "moderate", s.Moderate}
		if r := s.Scrape; r != nil {
			if *r == (coranto.Recipe{Type: r.Type}) {
				t := r.Type
				or(&t, "auto")
				p = append(p, "scrape", t)
			} else {
				p = append(p, "scrape", pairsOf("type", r.Type, "item", r.Item, "id", r.ID, "title", r.Title, "link", r.Link, "date", r.Date, "image", r.Image,
					"intro", r.Intro, "author", r.Author, "tags", r.Tags))
			}
		}
		out = append(out, pairsOf(p...))
	}
	return out
}

func listOf(list []string) any {
	if len(list) == 0 {
		return nil
	}
	return list
}

func filterOf(f *coranto.Filter) any {
	if f == nil {
		return nil
	}
	return pairsOf("title", f.Title, "url", f.URL, "author", f.Author, "tags", listOf(f.Tags), "language", listOf(f.Language))
}

func bytesOf(n int64) string {
	for _, u := range []struct {
		size int64
		name string
	}{{1 << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}} {
		if n > 0 && n%u.size == 0 {
			return fmt.Sprintf("%d%s", n/u.size, u.name)
		}
	}
	return fmt.Sprint(n)
}

// members is a mapping in its order; what is empty is left out.
type members []any

func pairsOf(list ...any) members { return list }

// put adds a member unless it is empty.
func put(to *yaml.Node, key string, v any) error {
	switch x := v.(type) {
	case nil, error:
		return nil
	case string:
		if x == "" {
			return nil
		}
	case int:
		if x == 0 {
			return nil
		}
	case bool:
		if !x {
			return nil
		}
	}
	n, err := nodeOf(v)
	if err != nil || n.Kind == yaml.MappingNode && len(n.Content) == 0 {
		return err
	}
	to.Content = append(to.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: key}, n)
	return nil
}

func nodeOf(v any) (*yaml.Node, error) {
	switch x := v.(type) {
	case members:
		n := &yaml.Node{Kind: yaml.MappingNode}
		for i := 0; i+1 < len(x); i += 2 {
			if err := put(n, x[i].(string), x[i+1]); err != nil {
				return nil, err
			}
		}
		return n, nil
	case []any:
		n := &yaml.Node{Kind: yaml.SequenceNode}
		for _, one := range x {
			m, err := nodeOf(one)
			if err != nil {
				return nil, err
			}
			n.Content = append(n.Content, m)
		}
		return n, nil
	}
	n := &yaml.Node{}
	return n, n.Encode(v)
}
