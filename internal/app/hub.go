package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/coranto/coranto/internal/catalog"
	"github.com/coranto/coranto/internal/egress"
	"github.com/coranto/coranto/internal/release"
)

// The feeds that name the hub, within a release.
var hubFeeds = []string{"feed.xml", "rss.xml", "feed.json"}

// Facts of the hub of the site.
const (
	factTold   = "hub.told"   // toldHub as JSON
	factUntold = "hub.untold" // Untold as JSON
)

// toldHub is what the hub has been told of.
type toldHub struct {
	Hub   string            `json:"hub"`
	Feeds map[string]string `json:"feeds"` // address → hash
}

// Untold is a hub that could not be told of what is new.
type Untold struct {
	Hub   string    `json:"hub"`
	At    time.Time `json:"at"` // the first time in a row
	Tries int       `json:"tries"`
	Next  time.Time `json:"next"`
	Error string    `json:"error"`
}

// How a hub is told.
const (
	hubTime   = 30 * time.Second
	hubAgain  = time.Minute // doubling
	hubLatest = time.Hour
	hubAnswer = 16 << 10
)

// Announce tells the site's hub which of the feeds that name it have changed
// since it was told last: WebSub leaves the form to the hub (section 6); this is
// the one that the public ones take. One that could not be told is told again
// later, however often the process is started anew. It reports how many feeds
// were announced.
func (a *App) Announce(ctx context.Context) (int, error) {
	cfg := a.Config()
	if cfg.Site.Hub == "" || cfg.Site.URL == "" {
		return 0, a.catalog.SetFact(ctx, factUntold, "")
	}
	m, err := a.releases.Current()
	if err != nil {
		return 0, err
	}
	told, err := readTold(ctx, a.catalog, cfg.Site.Hub)
	if err != nil {
		return 0, err
	}
	untold, err := readUntold(ctx, a.catalog)
	if err != nil {
		return 0, err
	}
	if untold != nil && untold.Hub == cfg.Site.Hub && a.o.Now().Before(untold.Next) {
		return 0, nil
	}
	n := 0
	for _, name := range hubFeeds {
		f, ok := m.Lookup(name)
		at := cfg.Site.URL + "/" + name
		if !ok || told.Feeds[at] == f.Hash {
			continue
		}
		if err := a.tellHub(ctx, cfg.Site.Hub, at); err != nil {
			if ctx.Err() != nil {
				return n, ctx.Err()
			}
			return n, errors.Join(err, a.untold(ctx, cfg.Site.Hub, untold, err))
		}
		told.Feeds[at] = f.Hash
		if err := a.setFactJSON(ctx, factTold, told); err != nil {
			return n, err
		}
		n++
	}
	return n, a.catalog.SetFact(ctx, factUntold, "")
}

// tellHub announces one feed.
func (a *App) tellHub(ctx context.Context, hub, feed string) error {
	form := url.Values{"hub.mode": {"publish"}, "hub.url": {feed}, "hub.topic": {feed}}
	r, err := a.current.Load().web.Get(ctx, egress.Request{URL: hub, Zone: a.Config().Fetch.Zone, Post: []byte(form.Encode()), Timeout: hubTime, MaxBody: hubAnswer,
		Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}})
	if err != nil && r == nil {
		return fmt.Errorf("tell the hub of %s: %w", feed, err)
	}
	if r.Status < 200 || r.Status > 299 {
		return fmt.Errorf("tell the hub of %s: %s answers %d", feed, hub, r.Status)
	}
	return nil
}

// untold remembers a hub that could not be told.
func (a *App) untold(ctx context.Context, hub string, was *Untold, why error) error {
	now := a.o.Now().UTC().Truncate(time.Second)
	u := Untold{Hub: hub, At: now, Error: why.Error()}
	if was != nil && was.Hub == hub {
		u.At, u.Tries = was.At, was.Tries
	}
	u.Next = now.Add(min(hubAgain<<min(u.Tries, 10), hubLatest))
	if h, ok := errors.AsType[*egress.HeldError](why); ok && h.Until.After(u.Next) {
		u.Next = h.Until.UTC()
	}
	u.Tries++
	return a.setFactJSON(ctx, factUntold, u)
}

func (a *App) setFactJSON(ctx context.Context, name string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return a.catalog.SetFact(ctx, name, string(b))
}

func readTold(ctx context.Context, c *catalog.Catalog, hub string) (toldHub, error) {
	text, err := c.Fact(ctx, factTold)
	var t toldHub
	if json.Unmarshal([]byte(text), &t) != nil || t.Hub != hub || t.Feeds == nil {
		t = toldHub{Hub: hub, Feeds: map[string]string{}}
	}
	return t, err
}

// readUntold returns what the hub could not be told, nil where it knows all.
func readUntold(ctx context.Context, c *catalog.Catalog) (*Untold, error) {
	text, err := c.Fact(ctx, factUntold)
	if err != nil || text == "" {
		return nil, err
	}
	var u Untold
	if json.Unmarshal([]byte(text), &u) != nil {
		return nil, nil
	}
	return &u, nil
}

// announce is Announce for a process that goes on, and says what it does.
func (a *App) announce(ctx context.Context, m *release.Manifest) {
	n, err := a.Announce(ctx)
	switch {
	case ctx.Err() != nil:
	case err != nil:
		a.o.Log.WarnContext(ctx, "the hub was not told", "error", err)
	case n > 0:
		a.o.Log.InfoContext(ctx, "the hub was told", "release", m.ID(), "feeds", n)
	}
}

// advertise adds to the feeds that name the hub the Link header that says so
// (section 4), which subscribers look at first.
func advertise(next http.Handler, site, hub string) http.Handler {
	if hub == "" || site == "" {
		return next
	}
	links := map[string][]string{}
	for _, name := range hubFeeds {
		links["/"+name] = []string{fmt.Sprintf(`<%s>; rel="hub"`, hub), fmt.Sprintf(`<%s/%s>; rel="self"`, site, name)}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if v := links[r.URL.Path]; v != nil && !strings.Contains(r.Host, "--") { // a preview is nobody's topic
			w.Header()["Link"] = v
		}
		next.ServeHTTP(w, r)
	})
}
