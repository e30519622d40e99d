package app

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/content"
	"github.com/coranto/coranto/internal/pipeline"
	"github.com/coranto/coranto/internal/site"
)

// Explained is all that is known of how a post came to be what it is.
type Explained struct {
	Post    PostLine        `json:"post"`
	File    string          `json:"file"` // in the repository
	Keys    []ExplainedKey  `json:"keys"`
	Sources []Carrier       `json:"sources"`
	Merged  string          `json:"merged,omitempty"` // why several sources share it
	Fields  []Field         `json:"fields"`
	Pages   []string        `json:"pages"` // paths of the site, feeds among them
	History []content.Touch `json:"history"`
	Whole   bool            `json:"whole_history"`
	Full    coranto.Post    `json:"full"`
}

// ExplainedKey is a name under which the post is known again.
type ExplainedKey struct {
	Text string `json:"key"`
	content.Key
	Decides bool `json:"decides"` // the one it was first announced under
}

// Carrier is a source that announced the post.
type Carrier struct {
	Source string   `json:"source"`
	Title  string   `json:"title,omitempty"`
	First  bool     `json:"first"`
	Link   string   `json:"link,omitempty"`
	By     []string `json:"by"` // kinds of its keys: id, link, title
	State  string   `json:"state"`
}

// Field says where a value came from. What is derived follows from the rules and
// from coranto.yaml as it is now: which of feed and page told a value is not
// kept with a post.
type Field struct {
	Name    string `json:"name"`
	Value   string `json:"value"`
	From    string `json:"from"`
	Derived bool   `json:"derived,omitempty"`
}

// ExplainPost tells all that is known of a post.
func ExplainPost(ctx context.Context, dir, ref string, o Options) (Explained, error) {
	v, err := openView(ctx, dir, o)
	if err != nil {
		return Explained{}, err
	}
	defer v.close()
	posts, err := v.snap.Posts(ctx)
	if err != nil {
		return Explained{}, err
	}
	i, err := find(posts, ref)
	if err != nil {
		return Explained{}, err
	}
	p := v.post(&posts[i], v.rules())
	x := Explained{Post: lineOf(p), File: v.snap.Path(p.ID), Keys: keysOf(&p.Post), Sources: v.carriers(&p.Post), Full: p.Post}
	x.Merged = merged(&p.Post)
	if x.History, x.Whole, err = v.snap.History(ctx, p.ID); err != nil {
		return x, err
	}
	x.Fields = v.fields(&p.Post, x.History)
	x.Pages, err = v.pages(posts, p.ID)
	return x, err
}

func keysOf(p *coranto.Post) []ExplainedKey {
	out := []ExplainedKey{}
	for i, k := range p.Keys {
		key, _ := content.ReadKey(k)
		out = append(out, ExplainedKey{k, key, i == 0})
	}
	return out
}

func (v *view) carriers(p *coranto.Post) []Carrier {
	var out []Carrier
	add := func(id, link string, first bool) {
		c := Carrier{Source: id, First: first, Link: link, By: []string{}, State: "no longer a source"}
		for _, k := range p.Keys {
			if key, ok := content.ReadKey(k); ok && key.Source == id && !slices.Contains(c.By, key.Kind) {
				c.By = append(c.By, key.Kind)
			}
		}
		if src, ok := v.config.Source(id); ok {
			c.Title, c.State = src.Title, string(v.states[id].Health(src, v.now))
			if c.Title == "" {
				c.Title = v.states[id].Title
			}
		}
		out = append(out, c)
	}
	add(p.Source, p.Link, true)
	for _, a := range p.Also {
		add(a.Source, a.Link, false)
	}
	return out
}

// merged says why several sources share a post.
func merged(p *coranto.Post) string {
	if len(p.Also) == 0 {
		return ""
	}
	link := content.CanonicalLink(p.Link)
	for _, a := range p.Also {
		if content.CanonicalLink(a.Link) == link {
			continue
		}
		return fmt.Sprintf("the sources announced one article: an address of %s is the same as one of the post's, besides tracking parameters, fragment, scheme and final slash", a.Source)
	}
	return "the sources announced the same address: " + link + " (fragment, tracking parameters, scheme and final slash do not count)"
}

// fields says of each value where it came from, as far as git and the
// configuration know.
func (v *view) fields(p *coranto.Post, history []content.Touch) []Field {
	src, _ := v.config.Source(p.Source)
	var out []Field
	add := func(name, value, from string) {
		if value != "" || from != "" {
			out = append(out, Field{Name: name, Value: value, From: from})
		}
	}
	// derive adds what follows from the rules, but was not written down.
	derive := func(name, value, from string) {
		add(name, value, from)
		if n := len(out); n > 0 && out[n-1].Name == name {
			out[n-1].Derived = value != ""
		}
	}
	revised := map[string]string{}
	for _, t := range slices.Backward(history) {
		if !slices.Contains(t.What, "added") {
			for _, w := range t.What {
				revised[w] = fmt.Sprintf("; changed by commit %.10s, %s", t.Commit, t.Subject)
			}
		}
	}
	derive("title", p.Title, "the feed's, or the page's where the feed has none"+revised["title"])
	if src.Author != "" && src.Author == p.Author {
		add("author", p.Author, "coranto.yaml: author of source "+src.ID+revised["author"])
	} else {
		derive("author", p.Author, pick(p.Author == "", "neither feed nor page told one", "the feed's, or the page's where the feed names none")+revised["author"])
	}
	derive("published", stamp(p.Published), publishedFrom(p)+revised["published"])
	if !p.Updated.IsZero() {
		add("updated", stamp(p.Updated), "a later revision, told by the feed")
	}
	add("first_seen", stamp(p.FirstSeen), "when the run that added it began; never changes")
	derive("link", p.Link, "the page's canonical address, or the feed's; without tracking parameters"+revised["link"])
	derive("image", p.Image, pick(p.Image == "", "neither page nor feed has one", "the page's, or the feed's")+revised["image"])
	for _, t := range p.Tags {
		if slices.Contains(src.Tags, t) {
			add("tag", t, v.tagFrom(src, t))
		} else {
			derive("tag", t, v.tagFrom(src, t))
		}
	}
	add("kind", p.Kind, pick(src.Kind == p.Kind && p.Kind != "blog", "coranto.yaml: kind of source "+src.ID, "default"))
	derive("language", p.Language, pick(src.Language != "" && src.Language == p.Language, "coranto.yaml (or the feed says the same)", "the feed's, or the page's"))
	if p.Content != "" {
		derive("content", fmt.Sprintf("%d bytes", len(p.Content)), pick(src.FullText == "page", "the page (full_text: page)", "the feed (full_text: feed)"))
	}
	if p.Backlog {
		add("backlog", "true", "it was old already when its source joined: not on the home page, not in the feeds")
	}
	return out
}

func pick(is bool, yes, no string) string {
	if is {
		return yes
	}
	return no
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func publishedFrom(p *coranto.Post) string {
	switch {
	case p.Published.IsZero():
		return "nobody told a date, and none is invented"
	case p.Published.Equal(p.FirstSeen):
		return "clamped to first_seen: the source told a time in the future"
	}
	return "as first told by the feed, or by the page; never changes"
}

// tagFrom says where a tag came from.
func (v *view) tagFrom(src coranto.Source, tag string) string {
	if slices.Contains(src.Tags, tag) {
		return "coranto.yaml: tags of source " + src.ID
	}
	var from []string
	for told, kept := range v.config.TagMap {
		if strings.EqualFold(kept, tag) && !strings.EqualFold(told, tag) {
			from = append(from, told)
		}
	}
	if len(from) > 0 {
		slices.Sort(from)
		return "the feed's or the page's; tags.map makes it of " + strings.Join(from, ", ")
	}
	return "the feed's, or the page's where the feed has none"
}

// pages lists where the post stands, as the site would be built now.
func (v *view) pages(posts []coranto.Post, id string) ([]string, error) {
	in, err := v.siteInput(posts)
	if err != nil {
		return nil, err
	}
	return site.Where(in, id)
}

// siteInput is what a build of these posts would depend on, without pictures.
func (v *view) siteInput(posts []coranto.Post) (site.Input, error) {
	theme, pages, _, err := v.readLook()
	if err != nil {
		return site.Input{}, err
	}
	shown := v.decided.Apply(posts, v.rules())
	in := site.Input{Config: siteConfig(v.config), Posts: shown.Posts, Sources: slices.Clone(v.config.Sources), Theme: theme, Pages: pages,
		Deleted: shown.Deleted, Pinned: shown.Pinned, Commit: v.snap.Commit()}
	pipeline.NameSources(in.Sources, v.states)
	return in, nil
}

// ShowPost finds one post.
func ShowPost(ctx context.Context, dir, ref string, o Options) (Post, error) {
	v, err := openView(ctx, dir, o)
	if err != nil {
		return Post{}, err
	}
	defer v.close()
	posts, err := v.snap.Posts(ctx)
	if err != nil {
		return Post{}, err
	}
	i, err := find(posts, ref)
	if err != nil {
		return Post{}, err
	}
	return v.post(&posts[i], v.rules()), nil
}
