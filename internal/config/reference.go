package config

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Reference returns docs/CONFIG.md: every key with what it takes and its
// default, made of the tables the decoder reads by.
func Reference() []byte {
	var root node
	if err := json.Unmarshal(Schema(), &root); err != nil {
		panic(err) // plain data
	}
	c, err := Parse(FileName, nil)
	if err != nil {
		panic(err) // nothing in it can be wrong
	}
	r := &reference{defaults: c.defaults()}
	r.b.WriteString(referenceHead)
	for _, name := range keyNames(rootKeys) {
		r.section(name, root.Properties[name])
	}
	return []byte(r.b.String())
}

const referenceHead = `# The configuration, key by key

<!-- Made of the program's own tables: UPDATE=1 go test ./internal/config -->

` + "`coranto.yaml`" + ` is read strictly: a key that nobody knows is an error that names
line and column and the nearest key. ` + "`coranto config validate`" + ` checks the file,
` + "`config show`" + ` prints it with all defaults, ` + "`config schema`" + ` prints a JSON Schema for
editors, and ` + "`coranto fmt`" + ` lays it out. Durations are written 90s, 15m, 2h, 7d;
sizes 512KiB, 10MiB; shares 5%. Text patterns are regular expressions (RE2) when
written /like this/, else parts of a text in any case.

A first line like this one lets editors complete and check keys, once
` + "`coranto config schema > coranto.schema.json`" + ` was done:

` + "```yaml\n# yaml-language-server: $schema=coranto.schema.json\n```\n"

// node is what there is to know of a schema.
type node struct {
	Description string          `json:"description"`
	Type        any             `json:"type"`
	Enum        []string        `json:"enum"`
	OneOf       []node          `json:"oneOf"`
	Items       *node           `json:"items"`
	Properties  map[string]node `json:"properties"`
	Additional  json.RawMessage `json:"additionalProperties"`
	Minimum     *float64        `json:"minimum"`
	Maximum     *float64        `json:"maximum"`
}

type reference struct {
	b        strings.Builder
	defaults map[string]string
}

func (r *reference) section(name string, n node) {
	fmt.Fprintf(&r.b, "\n## %s\n\n%s\n", name, sentence(n.Description))
	if e := examples[name]; e != "" {
		fmt.Fprintf(&r.b, "\n```yaml\n%s```\n", e)
	}
	rows := r.rows(name, n)
	if len(rows) == 0 {
		if d := r.defaults[name]; d != "" {
			fmt.Fprintf(&r.b, "\nDefault: `%s`\n", d)
		}
		return
	}
	r.b.WriteString("\n| key | takes | default | |\n| --- | --- | --- | --- |\n")
	for _, row := range rows {
		r.b.WriteString(row)
	}
}

// rows describes the keys below one.
func (r *reference) rows(path string, n node) []string {
	o, at := objectOf(path, n)
	if o == nil {
		return nil
	}
	var out []string
	for _, name := range r.order(at, o.Properties) {
		p := o.Properties[name]
		key := at + "." + name
		if sub := r.rows(key, p); sub != nil {
			out = append(out, sub...)
			continue
		}
		d := r.defaults[key]
		if d != "" {
			d = "`" + d + "`"
		}
		out = append(out, fmt.Sprintf("| `%s` | %s | %s | %s |\n", key, takes(p), d, strings.ReplaceAll(p.Description, "|", "\\|")))
	}
	return out
}

// objectOf finds the mapping in what a key takes: itself, the members of its
// list, or those under names of the keeper's choice.
func objectOf(path string, n node) (*node, string) {
	if n.Properties != nil {
		return &n, path
	}
	for _, o := range n.OneOf {
		if o.Properties != nil {
			return &o, path
		}
		if o.Items != nil {
			if found, at := objectOf(path+"[]", *o.Items); found != nil {
				return found, at
			}
		}
	}
	if n.Items != nil {
		return objectOf(path+"[]", *n.Items)
	}
	var more node
	if len(n.Additional) > 0 && n.Additional[0] == '{' && json.Unmarshal(n.Additional, &more) == nil && more.Properties != nil {
		return &more, path + ".NAME"
	}
	return nil, ""
}

// order is that of the schema where it is known.
func (r *reference) order(path string, props map[string]node) []string {
	var known []string
	for _, h := range homes() {
		if h.key == path || h.key == map[string]string{"sources[]": "a source", "zones.NAME": "a zone", "tasks.NAME": "a task"}[path] && h.key != "" {
			known = h.names
		}
	}
	names := make([]string, 0, len(props))
	for n := range props {
		if known == nil || slices.Contains(known, n) {
			names = append(names, n)
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		if i, j := slices.Index(known, a), slices.Index(known, b); i != j {
			return i - j
		}
		return strings.Compare(a, b)
	})
	return names
}

// takes says what a value may be.
func takes(n node) string {
	switch {
	case len(n.Enum) > 0:
		return strings.Join(n.Enum, ", ")
	case len(n.OneOf) > 0:
		var list []string
		for _, o := range n.OneOf {
			if t := takes(o); !slices.Contains(list, t) {
				list = append(list, t)
			}
		}
		return strings.Join(list, " or ")
	case n.Items != nil:
		return "list of " + takes(*n.Items)
	}
	t, _ := n.Type.(string)
	switch t {
	case "string":
		return "text"
	case "integer":
		if n.Minimum != nil && n.Maximum != nil {
			return fmt.Sprintf("number %.0f to %.0f", *n.Minimum, *n.Maximum)
		}
		return "number"
	case "boolean":
		return "true or false"
	case "object":
		return "mapping"
	case "array":
		return "list"
	}
	return "anything"
}

func sentence(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:] + "."
}

// defaults are what an empty file stands for, by key.
func (c *Config) defaults() map[string]string {
	d := map[string]string{
		"site.title": c.Site.Title, "site.language": c.Site.Language, "site.timezone": c.Site.Timezone.String(), "site.per_page": fmt.Sprint(c.Site.PerPage),
		"site.theme": c.Theme.Name, "site.author": "the title", "content": c.Content, "branch": "the one that is checked out", "schedule": c.Schedules[0].At, "schedules[].workflow": c.Schedules[0].Workflow,
		"schedule[].workflow": c.Schedules[0].Workflow, "schedule[].timezone": "site.timezone", "schedule[].input": "{}",
		"freshness.max_age": spell(c.Freshness.MaxAge), "fetch.timeout": spell(c.Fetch.Timeout), "fetch.max_body": fmt.Sprintf("%dMiB", c.Fetch.MaxBody>>20),
		"fetch.per_host.parallel": fmt.Sprint(c.Fetch.PerHost.Parallel), "fetch.per_host.gap": spell(c.Fetch.PerHost.Gap), "fetch.zone": PublicZone,
		"fetch.every": "adaptive, 15m to 24h", "guards.max_removed": fmt.Sprintf("%g%%", c.Guards.MaxRemoved*100), "images.mode": c.Images.Mode,
		"sources[].kind": DefaultKind, "sources[].id": "from the address", "sources[].every": "adaptive, 15m to 24h", "sources[].zone": "fetch.zone", "sources[].title": "the feed's",
		"notify[].server": "localhost:25", "notify[].from": "the receiver", "notify[].on": "both", "notify[].zone": PublicZone,
		"zones.NAME.ports": "all", "zones.NAME.per_host.gap": "fetch.per_host", "zones.NAME.per_host.parallel": "fetch.per_host", "host.listen": "127.0.0.1:8080",
		"host.tls.directory": "Let's Encrypt", "theme": "magazine", "theme.name": c.Theme.Name,
	}
	return d
}

// spell writes a duration as people do.
func spell(d time.Duration) string {
	switch {
	case d > 0 && d%(24*time.Hour) == 0:
		return fmt.Sprintf("%dd", d/(24*time.Hour))
	case d > 0 && d%time.Hour == 0:
		return fmt.Sprintf("%dh", d/time.Hour)
	case d > 0 && d%time.Minute == 0:
		return fmt.Sprintf("%dm", d/time.Minute)
	}
	return d.String()
}

// examples show each part as it is written; a test reads them.
var examples = map[string]string{
	"site":      "site:\n  title: Serverless Weekly\n  url: https://news.example.org\n  language: en\n  timezone: Europe/Berlin\n  links: [{title: About, url: /about/}]\n",
	"content":   "content: content/{year}/{month}.json   # or one content.json\n",
	"remote":    "remote: https://git.example.org/team/news.git   # credentials: coranto secret set git.example.org\n# remote: {url: https://git.corp.example/news.git, zone: office}   # reached in a zone of zones:\n",
	"schedule":  "schedule:\n  - rate(2 hours)\n  - {workflow: publish, at: \"cron(0 6 * * ? *)\", timezone: Europe/Berlin}\n",
	"freshness": "freshness: {max_age: 6h}   # past that, `coranto status` ends with 4\n",
	"notify":    "notify:\n  - mail:ops@example.org\n  - {mail: ops@example.org, server: \"smtp.example.org:587\", from: planet@example.org, secret: smtp.example.org}\n  - {ntfy: https://ntfy.sh/my-planet, on: [freshness]}\n  - {webhook: https://hooks.example.org/planet, secret: hook}\n",
	"fetch":     "fetch:\n  identity: \"+https://news.example.org/bot\"\n  timeout: 20s\n  max_body: 10MiB\n  per_host: {parallel: 1, gap: 2s}\n",
	"guards":    "guards: {max_removed: 5%}\n",
	"sources": `sources:
  - https://blog.example.com/feed                # a bare URL: all defaults
  - {id: alice, url: https://alice.example/atom.xml, tags: [go], author: Alice}
  - {id: bob, url: https://bob.example/feed.json, include: {tags: [serverless]}, exclude: {url: /sponsored/}, full_text: feed}
  - {id: vendor, scrape: {url: https://vendor.example/news, item: article, title: h2, link: a@href, date: time@datetime}}
  - {id: open, url: https://open.example/feed, moderate: approve}
`,
	"zones":  "zones: {office: {allow: [10.20.0.0/16], source_address: 10.77.1.2}}   # takes effect after `coranto trust`\n",
	"tags":   "tags: {map: {AWS Lambda: lambda, Lambda: lambda}}\n",
	"build":  "build: {command: [hugo, --minify], base_directory: public}   # takes effect after `coranto trust`\n",
	"tasks":  "tasks:\n  shorten: {command: [./shorten.py], timeout: 30s, retry_strategy: {attempts: 3}}\n",
	"images": "images: {mode: cache, max_disk: 1GiB}\n",
	"commit": "commit: {name: Planet Bot, email: bot@example.org}\n",
}
