package pipeline

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/content"
	"github.com/coranto/coranto/internal/engine"
	"github.com/coranto/coranto/internal/feed"
	"github.com/coranto/coranto/internal/feed/listing"
	"github.com/coranto/coranto/internal/markup"
	"github.com/coranto/coranto/internal/scrape"
)

// GetURLsInput is the input of the sample's schedule.
type GetURLsInput struct {
	FeedURL string `json:"feedUrl"`
}

// announcedFeed is what GetUrls remembers of a feed: what makes the next request
// conditional, and what the feed said of each post, which a URL alone does not.
type announcedFeed struct {
	Validators feed.Validators `json:"validators"`
	Entries    []coranto.Entry `json:"entries"` // without their text
}

// Facts of the six functions.
const (
	factFeed = "original.feed." // and its URL: announcedFeed
	factRuns = "original.runs"  // which execution reads which feed
)

// keepRunFeeds is how many executions' feeds are remembered.
const keepRunFeeds = 64

type runFeed struct{ Run, Feed string }

// getURLs lists the posts of a feed in any of its formats, newest as the feed
// has them, each address once. A feed that has not changed is answered from
// what it said last.
func (p *Pipeline) getURLs(ctx context.Context, t engine.Task, in GetURLsInput) (Answer[[]string], error) {
	if in.FeedURL == "" {
		return Answer[[]string]{}, wrongInput(t, `it has no "feedUrl"`)
	}
	if err := p.bindRun(ctx, string(t.Execution), in.FeedURL); err != nil {
		return Answer[[]string]{}, err
	}
	src := p.sourceOfFeed(in.FeedURL)
	known, err := p.feedFact(ctx, in.FeedURL)
	if err != nil {
		return Answer[[]string]{}, err
	}
	g := p.gate(p.documents(src))
	src.URL = in.FeedURL
	res, err := listing.Fetch(ctx, g, src, known.Validators, feed.Options{SummaryOnly: true})
	g.leave()
	if err != nil {
		return Answer[[]string]{}, err
	}
	if res.Gone {
		return Answer[[]string]{}, &engine.TaskError{Name: "Fetch.Gone", Cause: in.FeedURL + " is gone for good (410)"}
	}
	if !res.NotModified {
		known = announcedFeed{Validators: res.Validators, Entries: res.Document.Entries}
		for i := range known.Entries {
			known.Entries[i].Content = ""
		}
		b, err := json.Marshal(known)
		if err != nil {
			return Answer[[]string]{}, err
		}
		if err := p.Catalog.SetFact(ctx, factFeed+in.FeedURL, string(b)); err != nil {
			return Answer[[]string]{}, err
		}
	}
	kept, err := filter(src, &feed.Document{Format: formatOf(src), Entries: known.Entries})
	if err != nil {
		return Answer[[]string]{}, err
	}
	urls, seen := []string{}, map[string]bool{}
	for _, e := range kept {
		if c := content.CanonicalLink(e.Link); c != "" && !seen[c] {
			seen[c] = true
			urls = append(urls, markup.StripTracking(e.Link))
		}
	}
	return answer(urls), nil
}

func (p *Pipeline) feedFact(ctx context.Context, feedURL string) (announcedFeed, error) {
	var f announcedFeed
	text, err := p.Catalog.Fact(ctx, factFeed+feedURL)
	if err != nil || text == "" {
		return f, err
	}
	if json.Unmarshal([]byte(text), &f) != nil {
		return announcedFeed{}, nil // written by another version: asked anew
	}
	return f, nil
}

// bindRun remembers which feed an execution reads.
func (p *Pipeline) bindRun(ctx context.Context, run, feedURL string) error {
	p.runs.Lock()
	defer p.runs.Unlock()
	list, err := p.runFeeds(ctx)
	if err != nil {
		return err
	}
	list = append(list, runFeed{run, feedURL})
	b, err := json.Marshal(list[max(0, len(list)-keepRunFeeds):])
	if err != nil {
		return err
	}
	return p.Catalog.SetFact(ctx, factRuns, string(b))
}

func (p *Pipeline) runFeeds(ctx context.Context) ([]runFeed, error) {
	text, err := p.Catalog.Fact(ctx, factRuns)
	if err != nil || text == "" {
		return nil, err
	}
	var list []runFeed
	_ = json.Unmarshal([]byte(text), &list)
	return list, nil
}

// runFeedURL is the feed that an execution reads, "" when it has not said.
func (p *Pipeline) runFeedURL(ctx context.Context, run string) (string, error) {
	list, err := p.runFeeds(ctx)
	for i := len(list) - 1; i >= 0; i-- {
		if list[i].Run == run {
			return list[i].Feed, err
		}
	}
	return "", err
}

// sourceOfFeed is the configured source with that feed, or one made up from its
// host.
func (p *Pipeline) sourceOfFeed(feedURL string) coranto.Source {
	set := p.Settings()
	want := content.CanonicalLink(feedURL)
	for _, s := range set.Sources {
		if s.URL == feedURL || want != "" && content.CanonicalLink(s.URL) == want {
			return s
		}
	}
	return coranto.Source{ID: hostID(feedURL), URL: feedURL, Zone: set.Zone}
}

// runSource is the source of an execution's posts; without a feed that of link.
func (p *Pipeline) runSource(ctx context.Context, run, link string) (coranto.Source, error) {
	feedURL, err := p.runFeedURL(ctx, run)
	if err != nil {
		return coranto.Source{}, err
	}
	return p.sourceOfFeed(cmp.Or(feedURL, link)), nil
}

// hostID makes the ID of a source from the host of an address.
func hostID(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return "web"
	}
	id := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(u.Host))
	return cmp.Or(strings.Trim(id, "-"), "web")
}

// announced finds what the feed of an execution said of a post.
func (p *Pipeline) announced(ctx context.Context, run, link string) (coranto.Source, coranto.Entry, error) {
	feedURL, err := p.runFeedURL(ctx, run)
	if err != nil {
		return coranto.Source{}, coranto.Entry{}, err
	}
	src := p.sourceOfFeed(cmp.Or(feedURL, link))
	if feedURL != "" {
		f, err := p.feedFact(ctx, feedURL)
		if err != nil {
			return src, coranto.Entry{}, err
		}
		want := content.CanonicalLink(link)
		for _, e := range f.Entries {
			if e.Link == link || want != "" && content.CanonicalLink(e.Link) == want {
				return src, e, nil
			}
		}
	}
	return src, coranto.Entry{Link: link}, nil
}

// BlogMeta is what GetBlogPost tells of a post: the text of its JSON, the first
// seven keys as the sample has them.
type BlogMeta struct {
	BlogMeta string `json:"blogMeta"`
}

// getBlogPost makes a post of what its feed and its page say. The page of one
// that is known is not asked for; where it cannot be read, the feed's words do.
func (p *Pipeline) getBlogPost(ctx context.Context, t engine.Task, in json.RawMessage) (Answer[[]BlogMeta], error) {
	link := linkIn(in)
	if link == "" {
		return Answer[[]BlogMeta]{}, wrongInput(t, "it is no URL")
	}
	src, entry, err := p.announced(ctx, string(t.Execution), link)
	if err != nil {
		return Answer[[]BlogMeta]{}, err
	}
	snap, err := p.Content.Snapshot(ctx)
	if err != nil {
		return Answer[[]BlogMeta]{}, err
	}
	m := snap.Match(src, []coranto.Entry{entry})
	cand := content.Candidate{Source: src.ID, Entry: entry}
	var page *content.PageFacts
	if len(m.New) > 0 {
		cand = m.New[0]
		if page, err = p.readPage(ctx, link, src); err != nil {
			if entry.Title == "" || ctx.Err() != nil {
				return Answer[[]BlogMeta]{}, err // there are no words of a feed
			}
			p.Log.WarnContext(ctx, "the page cannot be read: the feed's words are kept", KeySource, src.ID, KeyError, err)
		}
	}
	set := p.Settings()
	post := content.Assemble(src, cand, page, content.Assembly{FirstSeen: p.Now().UTC().Truncate(time.Second), Location: set.Location, TagMap: set.TagMap})
	post.FirstSeen = time.Time{} // is the run's
	text, err := jsonText(post)
	return answer([]BlogMeta{{text}}), err
}

// pauses before a page that could not answer is asked again.
var pauses = [...]time.Duration{2 * time.Second, 4 * time.Second}

func (p *Pipeline) readPage(ctx context.Context, link string, src coranto.Source) (*content.PageFacts, error) {
	for try := 0; ; try++ {
		g := p.gate(p.pages(src))
		res, err := scrape.Fetch(ctx, g, link, scrape.FetchOptions{Zone: src.Zone, Content: src.FullText == "page", Now: p.Now()})
		g.leave()
		if err == nil {
			return facts(res.Page), nil
		}
		if !temporary(err) || try == len(pauses) {
			return nil, err
		}
		select {
		case <-time.After(pauses[try]):
		case <-ctx.Done():
			return nil, errors.Join(err, ctx.Err())
		}
	}
}

// linkIn finds the URL in an input that is it, or names it.
func linkIn(in json.RawMessage) string {
	var s string
	if json.Unmarshal(in, &s) == nil {
		return strings.TrimSpace(s)
	}
	var m map[string]json.RawMessage
	if json.Unmarshal(in, &m) != nil {
		return ""
	}
	for _, name := range []string{"BlogUrl", "blogUrl", "url", "Url", "URL", "link"} {
		if json.Unmarshal(m[name], &s) == nil && s != "" {
			return strings.TrimSpace(s)
		}
	}
	return ""
}

// fit makes a post that came through a workflow fit to be kept: anybody may
// have had it in hand. It reports false for what is no post, or there already.
func (p *Pipeline) fit(snap *content.Snapshot, q coranto.Post, run coranto.Source) (coranto.Post, bool) {
	if content.CanonicalLink(q.Link) == "" {
		return q, false
	}
	q.ID, q.Backlog, q.Hidden, q.FirstSeen, q.Also = "", false, false, time.Time{}, nil
	q.Content = markup.Sanitize(q.Content, nil)
	if q.Image != "" && content.CanonicalLink(q.Image) == "" {
		q.Image = ""
	}
	if q.Kind == "" {
		q.Kind = "blog"
	}
	if len(q.Keys) > 0 && ownKeys(q) {
		for _, src := range p.Settings().Sources {
			if src.ID == q.Source {
				queue(src, &q)
			}
		}
		return q, true // ours, made by GetBlogPost; the commit knows it by its keys
	}
	src := run
	if run.URL == "" {
		src = p.sourceOfFeed(q.Link)
	}
	q.Source = src.ID
	if day, err := time.ParseInLocation(coranto.DateLayout, q.Date, cmp.Or(p.Settings().Location, time.UTC)); err == nil && q.Published.IsZero() {
		q.Published = day.UTC()
	}
	m := snap.Match(src, []coranto.Entry{{Link: q.Link, Title: q.Title, Published: q.Published}})
	if len(m.New) == 0 {
		return q, false
	}
	q.Keys = m.New[0].Keys
	queue(src, &q)
	return q, true
}

// ownKeys reports whether every key is the post's source's.
func ownKeys(q coranto.Post) bool {
	if q.Source == "" || strings.Trim(q.Source, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return false
	}
	for _, k := range q.Keys {
		if !strings.HasPrefix(k, q.Source+" ") {
			return false
		}
	}
	return true
}
