package app

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/content"
	"github.com/coranto/coranto/internal/moderation"
)

// Reprocessed is what applying the rules of now to stored posts changes.
type Reprocessed struct {
	Posts   []Rewritten `json:"posts"`
	Skipped int         `json:"skipped"` // posts of sources that are no longer configured
	Commit  string      `json:"commit,omitempty"`
}

// Rewritten is a post that the rules change.
type Rewritten struct {
	ID      string   `json:"id"`
	Source  string   `json:"source"`
	Title   string   `json:"title"`
	Changes []string `json:"changes"` // "tags: a, b -> a, c"

	post     *coranto.Post
	decision *moderation.Decision // nil: as it was
}

// Reprocess applies the filters, the tag map and the overrides of coranto.yaml
// to the posts that are stored, and makes what differs one commit. Posts that
// filters now drop are hidden, not removed, and come back when filters change
// again; what people have decided stays. Filters see what is stored: tags as
// they were mapped, not as they were announced.
func Reprocess(ctx context.Context, dir string, only []string, dry bool, o Options) (Reprocessed, error) {
	o.defaults()
	v, err := openView(ctx, dir, o)
	if err != nil {
		return Reprocessed{}, err
	}
	defer v.close()
	for _, id := range only {
		if _, ok := v.config.Source(id); !ok {
			return Reprocessed{}, noSource(v.config, id)
		}
	}
	posts, err := v.snap.Posts(ctx)
	if err != nil {
		return Reprocessed{}, err
	}
	res := Reprocessed{Posts: []Rewritten{}}
	rules, err := v.compile()
	if err != nil {
		return res, err
	}
	for i := range posts {
		r, ok := rules[posts[i].Source]
		switch {
		case !ok:
			res.Skipped++
		case len(only) == 0 || slices.Contains(only, posts[i].Source):
			if w := v.rewrite(&posts[i], r, o.Now()); w != nil {
				res.Posts = append(res.Posts, *w)
			}
		}
	}
	if dry || len(res.Posts) == 0 {
		return res, nil
	}
	d, err := openDirectory(ctx, dir, o)
	if err != nil {
		return res, err
	}
	defer d.close()
	res.Commit, err = d.rewrite(ctx, res.Posts)
	return res, err
}

// rewrite commits what has been found.
func (d *directory) rewrite(ctx context.Context, list []Rewritten) (string, error) {
	byID := map[string]*coranto.Post{}
	all := map[string]moderation.Decision{}
	var message strings.Builder
	fmt.Fprintf(&message, "Reprocess %d posts\n\n", len(list))
	for i, w := range list {
		byID[w.ID] = w.post
		if w.decision != nil {
			all[w.ID] = *w.decision
		}
		if i < 50 {
			fmt.Fprintf(&message, "~ %s: %s (%s)\n", w.Source, strings.Join(strings.Fields(w.Title), " "), strings.Join(w.Changes, "; "))
		} else if i == 50 {
			fmt.Fprintf(&message, "and %d more\n", len(list)-i)
		}
	}
	files := map[string]content.Edit{}
	if len(all) > 0 {
		files[moderation.FileName] = func(old []byte) ([]byte, error) { return moderation.SetAll(old, all) }
	}
	return d.content.Rewrite(ctx, func(p *coranto.Post) bool {
		to := byID[p.ID]
		if to == nil {
			return false
		}
		p.Tags, p.Author, p.Authors, p.Kind, p.Language = to.Tags, to.Author, to.Authors, to.Kind, to.Language
		return true
	}, files, strings.TrimRight(message.String(), "\n"))
}

// sourceRules are the rules of one source, ready to be applied.
type sourceRules struct {
	coranto.Source
	include, exclude *coranto.Matcher
}

func (v *view) compile() (map[string]sourceRules, error) {
	out := make(map[string]sourceRules, len(v.config.Sources))
	for _, s := range v.config.Sources {
		r := sourceRules{Source: s}
		var err error
		if r.include, err = s.Include.Compile(); err != nil {
			return nil, fmt.Errorf("source %s: include: %w", s.ID, err)
		}
		if r.exclude, err = s.Exclude.Compile(); err != nil {
			return nil, fmt.Errorf("source %s: exclude: %w", s.ID, err)
		}
		out[s.ID] = r
	}
	return out, nil
}

// rewrite applies rules to a post; nil: nothing differs.
func (v *view) rewrite(was *coranto.Post, r sourceRules, now time.Time) *Rewritten {
	p := *was
	w := &Rewritten{ID: p.ID, Source: p.Source, Title: p.Title, post: &p}
	note := func(what, from, to string) {
		w.Changes = append(w.Changes, fmt.Sprintf("%s: %s -> %s", what, or(from, "none"), or(to, "none")))
	}
	if tags := content.MapTags(append(slices.Clone(r.Tags), p.Tags...), v.config.TagMap); !sameSet(tags, p.Tags) {
		note("tags", strings.Join(p.Tags, ", "), strings.Join(tags, ", "))
		p.Tags = tags
	}
	if r.Author != "" && p.Author != r.Author {
		note("author", p.Author, r.Author)
		p.Author, p.Authors = r.Author, nil
	}
	if r.Kind != "" && p.Kind != r.Kind {
		note("kind", p.Kind, r.Kind)
		p.Kind = r.Kind
	}
	if p.Language == "" && r.Language != "" {
		note("language", "", r.Language)
		p.Language = r.Language
	}
	if len(p.Also) == 0 { // what another source brings too is not this one's to drop
		v.filter(w, was, r, now)
	}
	if len(w.Changes) == 0 {
		return nil
	}
	return w
}

// filter hides what the filters drop now, and shows what they no longer drop.
func (v *view) filter(w *Rewritten, p *coranto.Post, r sourceRules, now time.Time) {
	e := coranto.Entry{Title: p.Title, Link: p.Link, Tags: p.Tags, Language: p.Language, Authors: p.Authors}
	if len(e.Authors) == 0 {
		for name := range strings.SplitSeq(p.Author, ", ") {
			e.Authors = append(e.Authors, coranto.Person{Name: name})
		}
	}
	why := ""
	if r.Include != nil {
		if ok, field := r.include.Match(&e); !ok {
			why = "include: its " + field + " does not match"
		}
	}
	if ok, _ := r.exclude.Match(&e); ok {
		why = "exclude: it matches"
	}
	d := v.decided.Of(p.ID)
	switch {
	case why != "" && d.Hidden.IsZero():
		d.Hidden, d.Reason, d.By = now.UTC().Truncate(time.Second), why, moderation.ByRules
		w.Changes = append(w.Changes, "hidden, "+why)
	case why == "" && !d.Hidden.IsZero() && d.By == moderation.ByRules:
		d.Hidden, d.Reason, d.By = time.Time{}, "", ""
		w.Changes = append(w.Changes, "shown again")
	default:
		return
	}
	w.decision = &d
}

// sameSet reports whether two lists have the same members.
func sameSet(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
