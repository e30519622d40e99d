package config

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/coranto/coranto"
)

// raw is what the file says, before defaults and cross-checks.
type raw struct {
	Config
	sources   []rawSource
	schedule  []rawSchedule
	schedules []rawSchedule
	siteTheme string
}

type rawSource struct {
	coranto.Source
	node *yaml.Node // the item, aliases followed
	item *yaml.Node // the item as it stands in the list
	key  string
}

type rawSchedule struct {
	Schedule
	key string
}

// home is a mapping and the keys that it knows, for hints.
type home struct {
	key   string
	names []string
}

func homes() []home {
	return []home{
		{"", keyNames(rootKeys)}, {"site", keyNames(siteKeys)}, {"fetch", keyNames(fetchKeys)}, {"fetch.per_host", keyNames(perHostKeys)},
		{"freshness", keyNames(freshnessKeys)}, {"guards", keyNames(guardKeys)}, {"build", keyNames(buildKeys)}, {"a source", keyNames(sourceKeys)},
		{"a zone", keyNames(zoneKeys)}, {"a task", keyNames(taskKeys)}, {"host", keyNames(hostKeys)}, {"host.tls", keyNames(tlsKeys)},
	}
}

var rootKeys = []entry[raw]{
	sub("site", "what the publication says of itself", siteKeys, func(r *raw) *raw { return r }),
	text("content", "path of the content in the repository, by first_seen: {year} {month} {day}", func(r *raw) *string { return &r.Content }, contentPath),
	text("branch", "branch that is committed to", func(r *raw) *string { return &r.Branch }, branchName),
	remoteEntry(),
	schedulesEntry("schedule", "when runs start: rate(2 hours), cron(0 6 * * ? *), or a list", func(r *raw) *[]rawSchedule { return &r.schedule }),
	schedulesEntry("schedules", "a list of {workflow, at, input}", func(r *raw) *[]rawSchedule { return &r.schedules }),
	sub("freshness", "when the site counts as stale", freshnessKeys, func(r *raw) *Freshness { return &r.Freshness }),
	notifyEntry(),
	sub("fetch", "how the web is asked", fetchKeys, func(r *raw) *Fetch { return &r.Fetch }),
	sub("guards", "what is refused", guardKeys, func(r *raw) *Guards { return &r.Guards }),
	sourcesEntry(),
	zonesEntry(),
	sub("tags", "rules for tags", tagKeys, func(r *raw) *Config { return &r.Config }),
	sub("build", "a generator of your own", buildKeys, func(r *raw) *Build { return &r.Build }),
	tasksEntry(),
	deployEntry(),
	imagesEntry(),
	sub("commit", "who commits", commitKeys, func(r *raw) *Identity { return &r.Commit }),
	themeEntry(),
	hostEntry(),
}

var siteKeys = []entry[raw]{
	text("title", "title of the publication", func(r *raw) *string { return &r.Site.Title }, notEmpty),
	text("url", "where it is published", func(r *raw) *string { return &r.Site.URL }, siteURL),
	text("description", "a sentence about it", func(r *raw) *string { return &r.Site.Description }),
	text("author", "who publishes it", func(r *raw) *string { return &r.Site.Author }),
	text("hub", "WebSub hub that is told when the feed changes", func(r *raw) *string { return &r.Site.Hub }, webURL),
	text("language", "language tag, BCP 47", func(r *raw) *string { return &r.Site.Language }, languageTag),
	zoneTime("timezone", "time zone of dates and of cron(…)", func(r *raw) **time.Location { return &r.Site.Timezone }),
	text("theme", "name of the theme", func(r *raw) *string { return &r.siteTheme }, word),
	integer("per_page", "posts on a list page", 1, 500, func(r *raw) *int { return &r.Site.PerPage }),
	linksEntry(),
}

func siteURL(s string) (string, string) {
	if reason, hint := webURL(s); reason != "" {
		return reason, hint
	}
	if u, _ := url.Parse(s); u.RawQuery != "" || u.Fragment != "" {
		return "the address of a site has no query and no fragment", "end it before the ? or #"
	}
	return "", ""
}

func zoneTime[T any](name, doc string, at func(*T) **time.Location) entry[T] {
	return entry[T]{name: name, doc: doc, schema: schema{"type": "string"}, set: func(d *decoder, n *yaml.Node, key string, _ int, out *T) {
		s, ok := d.scalar(n, key)
		if !ok {
			return
		}
		z, err := time.LoadLocation(s)
		if err != nil || s == "" || s == "Local" {
			d.fault(n, key, "write a name such as Europe/Berlin or UTC", "%s: there is no time zone %q", label(key), s)
			return
		}
		*at(out) = z
	}}
}

var linkKeys = []entry[Link]{
	text("title", "what the link is called", func(l *Link) *string { return &l.Title }, notEmpty),
	text("url", "where it leads; a path within the site or an address", func(l *Link) *string { return &l.URL }, notEmpty),
}

func linksEntry() entry[raw] {
	return entry[raw]{name: "links", doc: "links of the menu", schema: schema{"type": "array", "items": objectSchema(linkKeys)},
		set: func(d *decoder, n *yaml.Node, key string, depth int, out *raw) {
			for i, v := range d.items(n, key, depth) {
				var l Link
				object(d, v, index(key, i), depth+1, linkKeys, &l)
				if l.Title == "" || l.URL == "" {
					d.fault(v, index(key, i), "write {title: About, url: /about/}", "%s lacks title or url", index(key, i))
					continue
				}
				out.Site.Links = append(out.Site.Links, l)
			}
		}}
}

var freshnessKeys = []entry[Freshness]{
	duration("max_age", "status fails when the last good run is older; 0: never", 0, func(f *Freshness) *time.Duration { return &f.MaxAge }),
	texts("notify", "who is told: mail:…, https://…", func(f *Freshness) *[]string { return &f.Notify }, receiver),
}

var fetchKeys = []entry[Fetch]{
	text("identity", "where people read about this reader, sent with each request", func(f *Fetch) *string { return &f.Identity }, headerText),
	duration("timeout", "of one request", time.Millisecond, func(f *Fetch) *time.Duration { return &f.Timeout }),
	size("max_body", "largest answer that is read", func(f *Fetch) *int64 { return &f.MaxBody }),
	sub("per_host", "manners towards one origin", perHostKeys, func(f *Fetch) *PerHost { return &f.PerHost }),
	text("zone", "zone of sources that name none", func(f *Fetch) *string { return &f.Zone }, identifier),
	integer("parallel", "requests at once, all hosts together", 1, 4096, func(f *Fetch) *int { return &f.Parallel }),
	choice("robots", "ignore: read pages whatever robots.txt says", func(f *Fetch) *string { return &f.Robots }, coranto.RobotsIgnore),
	choice("websub", "off: do not subscribe to the hubs that sources name", func(f *Fetch) *string { return &f.WebSub }, WebSubOff),
	duration("every", "how often a source is asked; without it the interval adapts", time.Second, func(f *Fetch) *time.Duration { return &f.Every }),
}

var perHostKeys = []entry[PerHost]{
	integer("parallel", "requests at once", 1, 64, func(p *PerHost) *int { return &p.Parallel }),
	duration("gap", "pause between two requests", 0, func(p *PerHost) *time.Duration { return &p.Gap }, func(p *PerHost) { p.GapSet = true }),
}

func headerText(s string) (string, string) {
	if strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r > 0x7e }) {
		return "takes printable ASCII only", `write "+https://…", an address where people can read about it`
	}
	return "", ""
}

var guardKeys = []entry[Guards]{
	percent("max_removed", "share of the posts that one build may drop", func(g *Guards) *float64 { return &g.MaxRemoved }),
}

var tagKeys = []entry[Config]{
	{name: "map", doc: "tag as announced: tag as published", schema: schema{"type": "object", "additionalProperties": schema{"type": "string"}}, set: setTagMap},
}

// setTagMap folds the case of what is announced.
func setTagMap(d *decoder, n *yaml.Node, key string, depth int, c *Config) {
	m := map[string]string{}
	for _, p := range d.mapping(n, key, depth) {
		v, ok := d.follow(p.value, join(key, p.key.Value), depth+1)
		if !ok {
			continue
		}
		s, from := "", strings.ToLower(strings.TrimSpace(p.key.Value))
		if !isNull(v) { // nothing: the tag is dropped
			if s, ok = d.scalar(v, join(key, p.key.Value)); !ok {
				continue
			}
		}
		if old, ok := m[from]; ok && old != s {
			d.fault(p.key, key, "upper and lower case are the same here", "%q leads to %q and to %q", p.key.Value, old, s)
		}
		m[from] = s
	}
	c.TagMap = m
}

var commitKeys = []entry[Identity]{
	text("name", "name of the committer", func(i *Identity) *string { return &i.Name }, identText),
	text("email", "address of the committer", func(i *Identity) *string { return &i.Email }, identText),
}

func identText(s string) (string, string) {
	if strings.TrimSpace(s) == "" || strings.ContainsAny(s, "<>\n\x00") {
		return fmt.Sprintf("%q cannot stand in a commit", s), "leave out < and >"
	}
	return "", ""
}

var scheduleKeys = []entry[Schedule]{
	text("workflow", "name of the workflow", func(s *Schedule) *string { return &s.Workflow }, word),
	text("at", "rate(…) or cron(…)", func(s *Schedule) *string { return &s.At }, expression),
	zoneTime("timezone", "time zone of cron(…)", func(s *Schedule) **time.Location { return &s.Timezone }),
	{name: "input", doc: "what the workflow is given", schema: schema{}, set: func(d *decoder, n *yaml.Node, key string, depth int, s *Schedule) {
		b, err := json.Marshal(d.anything(n, key, depth))
		if err != nil {
			d.fault(n, key, "", "%s cannot be written as JSON: %v", key, err)
			return
		}
		s.Input = b
	}},
}

func schedulesEntry(name, doc string, list func(*raw) *[]rawSchedule) entry[raw] {
	one := schema{"oneOf": []schema{{"type": "string"}, objectSchema(scheduleKeys)}}
	return entry[raw]{name: name, doc: doc, schema: schema{"oneOf": []schema{{"type": "string"}, objectSchema(scheduleKeys), {"type": "array", "items": one}}},
		set: func(d *decoder, n *yaml.Node, key string, depth int, out *raw) {
			for i, v := range d.items(n, key, depth) {
				s := rawSchedule{key: key}
				if n.Kind == yaml.SequenceNode {
					s.key = index(key, i)
				}
				if v.Kind == yaml.ScalarNode && !isNull(v) {
					if d.passes(v, s.key, v.Value, []check{expression}) {
						s.At = v.Value
						d.at[s.key] = v
					}
				} else {
					object(d, v, s.key, depth+1, scheduleKeys, &s.Schedule)
					if s.At == "" && v.Kind == yaml.MappingNode {
						d.fault(v, s.key, "write {at: rate(2 hours)}", "%s lacks at", s.key)
					}
				}
				*list(out) = append(*list(out), s)
			}
		}}
}

var recipeTypes = []string{coranto.RecipeCSS, coranto.RecipeHFeed, coranto.RecipeJSONLD, coranto.RecipeSitemap}

var recipeKeys = []entry[recipe]{
	choice("type", "what the document is; without it: css where there is an item, else whatever is found", func(r *recipe) *string { return &r.Type }, recipeTypes...),
	text("url", "the page", func(r *recipe) *string { return &r.url }, webURL),
	text("item", "CSS selector of one entry", func(r *recipe) *string { return &r.Item }, selector),
	text("id", "selector, @attribute; without it the link is the identity", func(r *recipe) *string { return &r.ID }, selector),
	text("title", "selector within the entry", func(r *recipe) *string { return &r.Title }, selector),
	text("link", "selector, @attribute", func(r *recipe) *string { return &r.Link }, selector),
	text("date", "selector, @attribute", func(r *recipe) *string { return &r.Date }, selector),
	text("image", "selector, @attribute", func(r *recipe) *string { return &r.Image }, selector),
	text("intro", "selector", func(r *recipe) *string { return &r.Intro }, selector),
	text("author", "selector", func(r *recipe) *string { return &r.Author }, selector),
	text("tags", "selector; every match is a tag", func(r *recipe) *string { return &r.Tags }, selector),
}

type recipe struct {
	coranto.Recipe
	url string
}

var sourceKeys = []entry[rawSource]{
	text("id", "names the source for ever; part of the keys of its posts", func(s *rawSource) *string { return &s.ID }, identifier),
	text("url", "of the feed, or of a page that links to it", func(s *rawSource) *string { return &s.URL }, webURL),
	text("title", "what people call it", func(s *rawSource) *string { return &s.Title }, notEmpty),
	text("site", "its home page", func(s *rawSource) *string { return &s.Site }, webURL),
	text("kind", "blog, video, training …: each has its route", func(s *rawSource) *string { return &s.Kind }, identifier),
	texts("tags", "added to each of its posts", func(s *rawSource) *[]string { return &s.Tags }, notEmpty),
	text("author", "overrides what feed and page say", func(s *rawSource) *string { return &s.Author }, notEmpty),
	text("language", "where the feed names none", func(s *rawSource) *string { return &s.Language }, languageTag),
	text("zone", "network zone of its requests", func(s *rawSource) *string { return &s.Zone }, identifier),
	choice("full_text", "where the whole text of posts comes from", func(s *rawSource) *string { return &s.FullText }, "feed", "page"),
	everyEntry(),
	boolean("paused", "not asked for the time being", func(s *rawSource) *bool { return &s.Paused }),
	boolean("retired", "never asked again; its posts stay", func(s *rawSource) *bool { return &s.Retired }),
	subPtr("include", "keep only what matches", filterKeys, func(s *rawSource) **coranto.Filter { return &s.Include }),
	subPtr("exclude", "drop what matches", filterKeys, func(s *rawSource) **coranto.Filter { return &s.Exclude }),
	integer("limit", "only the newest so many entries", 1, 10000, func(s *rawSource) *int { return &s.Limit }),
	choice("robots", "ignore: read pages whatever robots.txt says", func(s *rawSource) *string { return &s.Robots }, coranto.RobotsIgnore),
	choice("moderate", "approve: its posts wait until `coranto post approve`", func(s *rawSource) *string { return &s.Moderate }, coranto.ModerateApprove),
	{name: "scrape", doc: "how to read what is no feed", set: setRecipe,
		schema: schema{"oneOf": []schema{{"enum": append([]string{"auto"}, recipeTypes[1:]...)}, objectSchema(recipeKeys)}}},
}

func everyEntry() entry[rawSource] {
	var t time.Duration
	e := duration("every", "a fixed interval; without it the interval adapts", time.Second, func(*rawSource) *time.Duration { return &t })
	e.set = func(d *decoder, n *yaml.Node, key string, depth int, out *rawSource) {
		var v time.Duration
		duration("every", "", time.Second, func(*rawSource) *time.Duration { return &v }).set(d, n, key, depth, out)
		if v > 0 {
			out.Every = v.String()
		}
	}
	return e
}

func setRecipe(d *decoder, n *yaml.Node, key string, depth int, s *rawSource) {
	var r recipe
	if n.Kind == yaml.ScalarNode && !isNull(n) {
		if n.Value != "auto" && !slices.Contains(recipeTypes[1:], n.Value) {
			d.fault(n, key, "write auto, h-feed, json-ld, sitemap or {item: article, title: h2, link: a@href}", "%s: %q is not known", key, n.Value)
			return
		}
		if n.Value != "auto" {
			r.Type = n.Value
		}
		s.Scrape = &r.Recipe
		return
	}
	object(d, n, key, depth, recipeKeys, &r)
	if n.Kind == yaml.MappingNode && r.Item == "" && (r.Type == "" || r.Type == coranto.RecipeCSS || r.Recipe != coranto.Recipe{Type: r.Type}) {
		d.fault(n, key, "write {url: …, item: article, title: h2, link: a@href}", "%s lacks item", key)
	}
	if r.Item != "" && r.Type != "" && r.Type != coranto.RecipeCSS {
		d.fault(n, key, "leave out type, or item and what belongs to it", "%s: selectors belong to type css, not %s", key, r.Type)
	}
	if r.url != "" {
		if s.URL != "" && s.URL != r.url {
			d.fault(n, key, "leave out one of them", "%s: two addresses, %s and %s", key, s.URL, r.url)
		}
		s.URL = r.url
	}
	s.Scrape = &r.Recipe
}

func sourcesEntry() entry[raw] {
	one := schema{"oneOf": []schema{{"type": "string", "format": "uri"}, objectSchema(sourceKeys)}}
	return entry[raw]{name: "sources", doc: "the sites that are followed", schema: schema{"type": "array", "items": one},
		set: func(d *decoder, n *yaml.Node, key string, depth int, out *raw) {
			if n.Kind != yaml.SequenceNode {
				d.fault(n, key, "write each in a line of its own:  - https://…", "sources is a list, not %s", what(n))
				return
			}
			for i, item := range n.Content {
				at := index(key, i)
				v, ok := d.follow(item, at, depth+1)
				if !ok {
					return
				}
				s := rawSource{node: v, item: item, key: at}
				switch {
				case isNull(v):
					d.fault(v, at, "remove the dash", "%s is empty", at)
					continue
				case v.Kind == yaml.ScalarNode:
					if !d.passes(v, at, v.Value, []check{webURL}) {
						continue
					}
					s.URL = v.Value
				default:
					before := len(d.faults)
					object(d, v, at, depth+1, sourceKeys, &s)
					if s.URL == "" && len(d.faults) == before {
						d.fault(v, at, "add url: https://…", "%s has no url", at)
					}
				}
				out.sources = append(out.sources, s)
			}
		}}
}

var zoneKeys = []entry[Zone]{
	{name: "allow", doc: "networks that may be reached", schema: schema{"type": "array", "items": schema{"type": "string"}},
		set: func(d *decoder, n *yaml.Node, key string, depth int, z *Zone) {
			z.Allow = []netip.Prefix{}
			for i, v := range d.items(n, key, depth) {
				if s, ok := d.scalar(v, index(key, i)); ok {
					p, reason, hint := prefix(s)
					if reason != "" {
						d.fault(v, index(key, i), hint, "%s: %s", index(key, i), reason)
						continue
					}
					z.Allow = append(z.Allow, p)
				}
			}
		}},
	{name: "ports", doc: "ports that may be reached; none named: all", schema: schema{"type": "array", "items": schema{"type": "integer", "minimum": 1, "maximum": 65535}},
		set: func(d *decoder, n *yaml.Node, key string, depth int, z *Zone) {
			for i, v := range d.items(n, key, depth) {
				p, err := strconv.ParseUint(v.Value, 10, 16)
				if v.Kind != yaml.ScalarNode || err != nil || p == 0 {
					d.fault(v, index(key, i), "", "%s is a port from 1 to 65535, not %s", index(key, i), what(v))
					continue
				}
				z.Ports = append(z.Ports, uint16(p))
			}
		}},
	{name: "source_address", doc: "local address that requests leave from", schema: schema{"type": "string"},
		set: func(d *decoder, n *yaml.Node, key string, _ int, z *Zone) {
			s, ok := d.scalar(n, key)
			if !ok {
				return
			}
			a, err := netip.ParseAddr(s)
			if err != nil {
				d.fault(n, key, "write 10.77.1.2", "%s: %q is not an IP address", key, s)
				return
			}
			z.SourceAddress = a
		}},
	text("proxy", "http://… or socks5://…", func(z *Zone) *string { return &z.Proxy }, proxyURL),
	{name: "dns", doc: "resolver of its names: an address, with a port where that is not 53", schema: schema{"type": "string"},
		set: func(d *decoder, n *yaml.Node, key string, _ int, z *Zone) {
			s, ok := d.scalar(n, key)
			if !ok {
				return
			}
			if a, err := netip.ParseAddr(s); err == nil {
				z.DNS = netip.AddrPortFrom(a, 53)
			} else if z.DNS, err = netip.ParseAddrPort(s); err != nil {
				d.fault(n, key, "write 10.20.0.53 or 10.20.0.53:5353", "%s: %q is not the address of a resolver", key, s)
			}
		}},
	text("ca", "file of PEM certificates that its TLS trusts, in place of the system's", func(z *Zone) *string { return &z.CA }, notEmpty),
	sub("per_host", "manners towards one origin, in place of fetch.per_host", perHostKeys, func(z *Zone) *PerHost { return &z.PerHost }),
	choice("robots", "ignore: read pages whatever robots.txt says", func(z *Zone) *string { return &z.Robots }, coranto.RobotsIgnore),
}

// named reads a mapping of names to mappings.
func named[T any](d *decoder, n *yaml.Node, key string, depth int, table []entry[T], checkName check, add func(name string, n *yaml.Node, v T)) {
	for _, p := range d.mapping(n, key, depth) {
		if !d.passes(p.key, key, p.key.Value, []check{checkName}) {
			continue
		}
		var v T
		object(d, p.value, join(key, p.key.Value), depth+1, table, &v)
		add(p.key.Value, p.value, v)
	}
}

func zonesEntry() entry[raw] {
	return entry[raw]{name: "zones", doc: "where requests may go besides the public network",
		schema: schema{"type": "object", "additionalProperties": objectSchema(zoneKeys)},
		set: func(d *decoder, n *yaml.Node, key string, depth int, out *raw) {
			named(d, n, key, depth, zoneKeys, identifier, func(name string, _ *yaml.Node, z Zone) {
				z.Name = name
				out.Zones = append(out.Zones, z)
			})
			slices.SortFunc(out.Zones, func(a, b Zone) int { return strings.Compare(a.Name, b.Name) })
		}}
}

// command reads a list of words; one text is a line for the shell.
func command[T any](name, doc string, at func(*T) *[]string) entry[T] {
	return entry[T]{name: name, doc: doc, schema: schema{"oneOf": []schema{{"type": "string"}, {"type": "array", "items": schema{"type": "string"}, "minItems": 1}}},
		set: func(d *decoder, n *yaml.Node, key string, depth int, out *T) {
			if n.Kind == yaml.ScalarNode {
				if s, ok := d.scalar(n, key); ok && d.passes(n, key, s, []check{notEmpty}) {
					*at(out) = []string{"sh", "-c", s}
				}
				return
			}
			words := []string{}
			for i, v := range d.items(n, key, depth) {
				if s, ok := d.scalar(v, index(key, i)); ok {
					words = append(words, s)
				}
			}
			if len(words) == 0 || words[0] == "" {
				d.fault(n, key, "write [npm, run, generate]", "%s names no program", key)
				return
			}
			*at(out) = words
		}}
}

var buildKeys = []entry[Build]{
	command("command", "makes the site in a clean checkout", func(b *Build) *[]string { return &b.Command }),
	text("base_directory", "what it leaves the site in", func(b *Build) *string { return &b.BaseDirectory }, innerPath),
	textMap("env", "environment of the command", func(b *Build) *map[string]string { return &b.Env }, environment),
	texts("secrets", "secrets that it is given", func(b *Build) *[]string { return &b.Secrets }, notEmpty),
	duration("timeout", "longest time it may take", time.Second, func(b *Build) *time.Duration { return &b.Timeout }),
}

func innerPath(s string) (string, string) {
	if s == "" || strings.HasPrefix(s, "/") || strings.Contains("/"+s+"/", "/../") || strings.Contains(s, "\\") {
		return fmt.Sprintf("%q is not a path within the repository", s), ""
	}
	return "", ""
}

var exitRuleKeys = []entry[ExitRule]{
	text("onExitCode", "exit code, may end in *", func(r *ExitRule) *string { return &r.OnExitCode }, globText),
	text("onReason", "reason, may end in *", func(r *ExitRule) *string { return &r.OnReason }, globText),
	text("onStatusReason", "status reason, may end in *", func(r *ExitRule) *string { return &r.OnStatusReason }, globText),
	{name: "action", doc: "RETRY or EXIT", schema: schema{"enum": []string{"RETRY", "EXIT", "retry", "exit"}},
		set: func(d *decoder, n *yaml.Node, key string, _ int, r *ExitRule) {
			if s, ok := d.scalar(n, key); ok && d.passes(n, key, strings.ToUpper(s), []check{oneOf([]string{"RETRY", "EXIT"})}) {
				r.Action = strings.ToUpper(s)
			}
		}},
}

func globText(s string) (string, string) {
	if s == "" || len(s) > 512 || strings.Contains(strings.TrimSuffix(s, "*"), "*") {
		return fmt.Sprintf("%q: at most 512 characters, with * at the end only", s), ""
	}
	return "", ""
}

var retryKeys = []entry[Retry]{
	integer("attempts", "tries altogether", 1, 10, func(r *Retry) *int { return &r.Attempts }),
	{name: "evaluateOnExit", also: []string{"evaluate_on_exit"}, doc: "rules, the first that matches decides", schema: schema{"type": "array", "maxItems": 5, "items": objectSchema(exitRuleKeys)},
		set: func(d *decoder, n *yaml.Node, key string, depth int, r *Retry) {
			list := d.items(n, key, depth)
			if len(list) > 5 {
				d.fault(n, key, "", "%s: there are %d rules, at most 5 are allowed", key, len(list))
			}
			for i, v := range list {
				var rule ExitRule
				object(d, v, index(key, i), depth+1, exitRuleKeys, &rule)
				if rule.Action == "" || rule.OnExitCode+rule.OnReason+rule.OnStatusReason == "" {
					d.fault(v, index(key, i), "write {onExitCode: \"1\", action: RETRY}", "%s lacks an action, or what it is for", index(key, i))
				}
				r.EvaluateOnExit = append(r.EvaluateOnExit, rule)
			}
		}},
}

var taskKeys = []entry[Task]{
	command("command", "program and arguments; JSON on stdin and stdout", func(t *Task) *[]string { return &t.Command }),
	duration("timeout", "longest time an attempt may take", time.Millisecond, func(t *Task) *time.Duration { return &t.Timeout }),
	taskEnv(),
	texts("secrets", "secrets that it is given", func(t *Task) *[]string { return &t.Secrets }, notEmpty),
	text("zone", "its network zone", func(t *Task) *string { return &t.Zone }, identifier),
	sub("retry_strategy", "which failures are tried again", retryKeys, func(t *Task) *Retry { return &t.Retry }),
}

// taskEnv reads {NAME: value}, or a list of NAME (as Coranto has it) and
// NAME=value.
func taskEnv() entry[Task] {
	given := textMap("env", "its environment: {NAME: value}, or a list of NAME and NAME=value", func(t *Task) *map[string]string { return &t.Env }, environment)
	object := given.set
	given.schema = schema{"oneOf": []schema{given.schema, {"type": "array", "items": schema{"type": "string"}}}}
	given.set = func(d *decoder, n *yaml.Node, key string, depth int, t *Task) {
		if n.Kind != yaml.SequenceNode {
			object(d, n, key, depth, t)
			return
		}
		t.Env = map[string]string{}
		for i, v := range d.items(n, key, depth) {
			s, ok := d.scalar(v, index(key, i))
			name, value, set := strings.Cut(s, "=")
			switch {
			case !ok || !d.passes(v, index(key, i), name, []check{environment}):
			case set:
				t.Env[name] = value
			default:
				t.Pass = append(t.Pass, name)
			}
		}
	}
	return given
}

func tasksEntry() entry[raw] {
	return entry[raw]{name: "tasks", doc: "commands that workflows may call", schema: schema{"type": "object", "additionalProperties": objectSchema(taskKeys)},
		set: func(d *decoder, n *yaml.Node, key string, depth int, out *raw) {
			named(d, n, key, depth, taskKeys, word, func(name string, v *yaml.Node, t Task) {
				if t.Name = name; t.Command == nil {
					d.fault(v, join(key, name), "add command: [program, argument]", "task %s has no command", name)
				}
				out.Tasks = append(out.Tasks, t)
			})
			slices.SortFunc(out.Tasks, func(a, b Task) int { return strings.Compare(a.Name, b.Name) })
		}}
}

var remoteKeys = []entry[Config]{
	text("url", "its address", func(c *Config) *string { return &c.Remote }, remoteAddress),
	text("zone", "network zone that it is reached in", func(c *Config) *string { return &c.RemoteZone }, identifier),
}

// remoteEntry reads the address of a repository, alone or with its zone.
func remoteEntry() entry[raw] {
	one := text("remote", "repository that is pushed to, or {url, zone}", func(r *raw) *string { return &r.Remote }, remoteAddress)
	alone := one.set
	one.schema = schema{"oneOf": []schema{one.schema, objectSchema(remoteKeys)}}
	one.set = func(d *decoder, n *yaml.Node, key string, depth int, r *raw) {
		if n.Kind != yaml.MappingNode {
			alone(d, n, key, depth, r)
			return
		}
		object(d, n, key, depth, remoteKeys, &r.Config)
		if r.Remote == "" {
			d.fault(n, key, "write {url: https://…, zone: …}", "remote has no url")
		}
	}
	return one
}

type rawDeploy struct{ directory, git, s3, branch, zone string }

var deployKeys = []entry[rawDeploy]{
	text("directory", "a folder", func(d *rawDeploy) *string { return &d.directory }, notEmpty),
	text("git", "a repository", func(d *rawDeploy) *string { return &d.git }, remoteAddress),
	text("s3", "a bucket: s3://name/prefix or the address of one", func(d *rawDeploy) *string { return &d.s3 }, notEmpty),
	text("branch", "branch of the repository", func(d *rawDeploy) *string { return &d.branch }, branchName),
	text("zone", "network zone", func(d *rawDeploy) *string { return &d.zone }, identifier),
}

func deployEntry() entry[raw] {
	one := objectSchema(deployKeys)
	return entry[raw]{name: "deploy", doc: "where the site is taken to", schema: schema{"oneOf": []schema{one, {"type": "array", "items": one}}},
		set: func(d *decoder, n *yaml.Node, key string, depth int, out *raw) {
			for i, v := range d.items(n, key, depth) {
				at := index(key, i)
				before := len(d.faults)
				var r rawDeploy
				object(d, v, at, depth+1, deployKeys, &r)
				p := Deploy{Branch: r.branch, Zone: r.zone}
				kinds := 0
				for kind, to := range map[string]string{"directory": r.directory, "git": r.git, "s3": r.s3} {
					if to != "" {
						p.Kind, p.To = kind, to
						kinds++
					}
				}
				if kinds != 1 && len(d.faults) == before {
					d.fault(v, at, "write {directory: /srv/www} or {git: …, branch: pages} or {s3: …}", "%s names %d targets, want one", at, kinds)
					continue
				}
				out.Deploy = append(out.Deploy, p)
			}
		}}
}

var imageModes = []string{"link", "cache", "none"}

var imageKeys = []entry[Images]{
	choice("mode", "link to pictures, cache them, or show none", func(i *Images) *string { return &i.Mode }, imageModes...),
	size("max_disk", "most that the cache may take", func(i *Images) *int64 { return &i.MaxDisk }),
}

func imagesEntry() entry[raw] {
	return entry[raw]{name: "images", doc: "what is done about pictures: link, cache or none", schema: schema{"oneOf": []schema{{"enum": imageModes}, objectSchema(imageKeys)}},
		set: func(d *decoder, n *yaml.Node, key string, depth int, out *raw) {
			if n.Kind == yaml.ScalarNode {
				if d.passes(n, key, n.Value, []check{oneOf(imageModes)}) {
					out.Images.Mode = n.Value
				}
				return
			}
			object(d, n, key, depth, imageKeys, &out.Images)
		}}
}

// themeEntry reads the options of a theme; which there are is the theme's.
func themeEntry() entry[raw] {
	return entry[raw]{name: "theme", doc: "options of the theme", schema: schema{"oneOf": []schema{{"type": "string"}, {"type": "object"}}},
		set: func(d *decoder, n *yaml.Node, key string, depth int, out *raw) {
			if n.Kind == yaml.ScalarNode {
				if d.passes(n, key, n.Value, []check{word}) {
					out.Theme.Name = n.Value
				}
				return
			}
			if n.Kind != yaml.MappingNode {
				d.fault(n, key, "", "theme is a mapping of options, not %s", what(n))
				return
			}
			m, _ := d.anything(n, key, depth).(map[string]any)
			if name, ok := m["name"].(string); ok {
				out.Theme.Name = name
				delete(m, "name")
			}
			out.Theme.Options = m
		}}
}
