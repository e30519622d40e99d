package config

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"os"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/coranto/coranto"
)

// Load reads the file at path. An error is an *Error, or what opening the file
// answered.
func Load(path string) (*Config, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	return Parse(path, data)
}

// Parse reads data; name is what errors call it.
func Parse(name string, data []byte) (*Config, error) {
	p, err := parse(name, data)
	if err != nil {
		return nil, err
	}
	return p.config, nil
}

// parsed is a file with what the edits need of it.
type parsed struct {
	config *Config
	doc    *document
	items  []rawSource
}

func parse(name string, data []byte) (*parsed, error) {
	doc, err := parseDocument(name, data)
	if err != nil {
		return nil, err
	}
	d := &decoder{doc: doc, at: map[string]*yaml.Node{}, homes: homes()}
	var r raw
	if doc.root != nil {
		object(d, doc.root, "", 0, rootKeys, &r)
	}
	c := d.finish(&r)
	if len(d.faults) > 0 {
		e := &Error{Name: name, Faults: d.faults}
		e.sort()
		return nil, e
	}
	c.hash = hashOf(doc.root)
	c.doc, c.at = doc, d.at
	return &parsed{c, doc, r.sources}, nil
}

// Defaults of what the file leaves out.
const (
	DefaultContent    = "content/{year}/{month}.json"
	DefaultSchedule   = "rate(2 hours)"
	DefaultTimeout    = 20 * time.Second
	DefaultMaxBody    = 10 << 20
	DefaultGap        = 2 * time.Second
	DefaultMaxAge     = 26 * time.Hour // a daily run and some time to do it in
	DefaultMaxRemoved = 0.05
	DefaultPerPage    = 20
	DefaultKind       = "blog"
	DefaultTheme      = "magazine"
	DefaultWorkflow   = "aggregate"
	PublicZone        = "public" // is there without being configured
)

// finish fills in defaults and checks what concerns several keys.
func (d *decoder) finish(r *raw) *Config {
	c := r.Config
	or(&c.Site.Title, "News")
	or(&c.Site.Language, "en")
	or(&c.Site.Timezone, time.UTC)
	or(&c.Site.PerPage, DefaultPerPage)
	c.Site.URL = strings.TrimRight(c.Site.URL, "/")
	or(&c.Content, DefaultContent)
	or(&c.Fetch.Timeout, DefaultTimeout)
	or(&c.Fetch.MaxBody, DefaultMaxBody)
	or(&c.Fetch.PerHost.Parallel, 1)
	if !c.Fetch.PerHost.GapSet {
		c.Fetch.PerHost.Gap = DefaultGap
	}
	if d.at["freshness.max_age"] == nil {
		c.Freshness.MaxAge = DefaultMaxAge
	}
	if d.at["guards.max_removed"] == nil {
		c.Guards.MaxRemoved = DefaultMaxRemoved
	}
	or(&c.Images.Mode, "cache") // linking would make each reader ask a third party
	d.theme(r, &c)
	d.schedules(r, &c)
	d.zones(r, &c)
	d.sources(r, &c)
	if b := c.Build; len(b.Command) > 0 && b.BaseDirectory == "" {
		d.fault(d.at["build"], "build", "add base_directory: public", "build.command needs base_directory, where it leaves the site")
	}
	return &c
}

func or[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}

func (d *decoder) theme(r *raw, c *Config) {
	if r.siteTheme != "" && c.Theme.Name != "" && r.siteTheme != c.Theme.Name {
		d.fault(d.at["theme"], "theme", "keep site.theme", "the theme is %s here and %s in site.theme", c.Theme.Name, r.siteTheme)
	}
	or(&c.Theme.Name, r.siteTheme)
	or(&c.Theme.Name, DefaultTheme)
}

func (d *decoder) schedules(r *raw, c *Config) {
	if len(r.schedule) > 0 && len(r.schedules) > 0 {
		d.fault(d.at["schedules"], "schedules", "put all into one list", "there are schedule and schedules")
	}
	all := append(r.schedule, r.schedules...)
	if d.at["schedule"] == nil && d.at["schedules"] == nil {
		all = []rawSchedule{{Schedule: Schedule{At: DefaultSchedule}}}
	}
	for _, s := range all {
		or(&s.Workflow, DefaultWorkflow)
		or(&s.Timezone, c.Site.Timezone)
		c.Schedules = append(c.Schedules, s.Schedule)
		c.scheduleKeys = append(c.scheduleKeys, s.key)
	}
}

// zones checks that every zone that is named is there.
func (d *decoder) zones(r *raw, c *Config) {
	known := []string{PublicZone}
	for _, z := range c.Zones {
		known = append(known, z.Name)
	}
	need := func(name, key string) {
		if name == "" || slices.Contains(known, name) {
			return
		}
		hint := fmt.Sprintf("define it: zones: {%s: {allow: [10.0.0.0/8]}}", name)
		if near := nearest(name, known); near != "" {
			hint = "did you mean " + near + "?"
		}
		d.fault(d.at[key+".zone"], key+".zone", hint, "there is no zone %q", name)
	}
	need(c.Fetch.Zone, "fetch")
	need(c.RemoteZone, "remote")
	for _, s := range r.sources {
		need(s.Zone, s.key)
	}
	for _, t := range c.Tasks {
		need(t.Zone, "tasks."+t.Name)
	}
	for i, n := range c.Notify {
		need(n.Zone, index("notify", i))
	}
	for i, p := range c.Deploy {
		need(p.Zone, index("deploy", i))
	}
}

// sources gives each an id and finds those that are there twice.
func (d *decoder) sources(r *raw, c *Config) {
	ids, urls := map[string]rawSource{}, map[string]rawSource{}
	for i := range r.sources {
		s := &r.sources[i]
		if s.URL == "" {
			continue // reported
		}
		or(&s.Kind, DefaultKind)
		own := s.ID != ""
		or(&s.ID, DefaultID(s.URL))
		if first, ok := urls[sameURL(s.URL)]; ok && !s.Retired && !first.Retired {
			d.fault(s.node, s.key, "remove one of them", "%s is there already, in line %d", s.URL, first.node.Line)
		} else if first, ok := ids[s.ID]; ok {
			hint := "give one of them another id"
			if !own {
				hint = fmt.Sprintf("give it one of its own: {id: %s, url: %s}", uniqueID(s.ID, func(id string) bool { _, ok := ids[id]; return ok }), s.URL)
			}
			d.fault(s.node, s.key, hint, "the id %s is that of line %d already", s.ID, first.node.Line)
		}
		ids[s.ID], urls[sameURL(s.URL)] = *s, *s
		c.Sources = append(c.Sources, s.Source)
	}
}

// Source finds a source by its id.
func (c *Config) Source(id string) (coranto.Source, bool) {
	i := slices.IndexFunc(c.Sources, func(s coranto.Source) bool { return s.ID == id })
	if i < 0 {
		return coranto.Source{}, false
	}
	return c.Sources[i], true
}

// Hash identifies what the file says, not how it is written: comments, order of
// keys and style do not count.
func (c *Config) Hash() string { return c.hash }

// NeedsTrust returns what would run programs or open networks, in a form that
// is the same as long as it means the same; nil when there is nothing.
func (c *Config) NeedsTrust() []byte {
	var v struct {
		Build  *Build   `json:",omitempty"`
		Tasks  []Task   `json:",omitempty"`
		Zones  []Zone   `json:",omitempty"`
		Deploy []Deploy `json:",omitempty"`
		Notify []Notify `json:",omitempty"`
	}
	if len(c.Build.Command) > 0 {
		v.Build = &c.Build
	}
	v.Tasks, v.Zones, v.Notify = c.Tasks, c.Zones, c.Receivers()
	if v.Build == nil && len(v.Tasks)+len(v.Zones)+len(v.Notify) == 0 {
		return nil
	}
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // plain data
	}
	return b
}

// Fault says of the value at a key path ("schedule[0].at") what is wrong with
// it, in the same form as Parse does: for checks that are made elsewhere.
func (c *Config) Fault(key, reason, hint string) *Error {
	for k := key; ; {
		if n := c.at[k]; n != nil || k == "" {
			return &Error{Name: c.doc.name, Faults: []Fault{c.doc.faultAt(n, key, hint, key+": "+reason)}}
		}
		k = k[:max(0, strings.LastIndexAny(k, ".["))]
	}
}

// ScheduleKey returns the key path of the expression of Schedules[i], for Fault.
func (c *Config) ScheduleKey(i int) string {
	key := c.scheduleKeys[i]
	if c.at[key+".at"] != nil {
		return key + ".at"
	}
	return key
}

// ThemeKey returns the key path of the theme's name, for Fault.
func (c *Config) ThemeKey() string {
	for _, key := range []string{"theme.name", "theme"} {
		if c.at[key] != nil {
			return key
		}
	}
	return "site.theme"
}

// hashOf hashes the tree of values.
func hashOf(n *yaml.Node) string {
	h := sha256.New()
	if n != nil {
		hashNode(h, n)
	}
	return hex.EncodeToString(h.Sum(nil))[:32]
}

func hashNode(h hash.Hash, n *yaml.Node) {
	for n.Kind == yaml.AliasNode && n.Alias != nil {
		n = n.Alias
	}
	switch n.Kind {
	case yaml.ScalarNode:
		fmt.Fprintf(h, "s%s %q\n", n.ShortTag(), n.Value)
	case yaml.SequenceNode:
		fmt.Fprintf(h, "l%d\n", len(n.Content))
		for _, c := range n.Content {
			hashNode(h, c)
		}
	case yaml.MappingNode:
		fmt.Fprintf(h, "m%d\n", len(n.Content)/2)
		order := make([]int, 0, len(n.Content)/2)
		for i := 0; i+1 < len(n.Content); i += 2 {
			order = append(order, i)
		}
		slices.SortStableFunc(order, func(a, b int) int { return strings.Compare(n.Content[a].Value, n.Content[b].Value) })
		for _, i := range order {
			hashNode(h, n.Content[i])
			hashNode(h, n.Content[i+1])
		}
	}
}
