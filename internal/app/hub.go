package app

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// factPinged holds the hash of the feed that the hub was told of last.
const factPinged = "hub.feed"

// hubTime is how long a hub may take.
const hubTime = 30 * time.Second

// Ping tells the site's hub (WebSub, section 4 leaves the form to the hub; this
// is the one that all public ones take) that the feed has changed, if it has
// since the last time. It reports whether the hub was told.
func (a *App) Ping(ctx context.Context) (bool, error) {
	cfg := a.Config()
	if cfg.Site.Hub == "" || cfg.Site.URL == "" {
		return false, nil
	}
	m, err := a.releases.Current()
	if err != nil {
		return false, err
	}
	f, ok := m.Lookup("feed.xml")
	if !ok {
		return false, nil
	}
	if had, err := a.catalog.Fact(ctx, factPinged); err != nil || had == f.Hash {
		return false, err
	}
	way, err := a.current.Load().web.Transport("")
	if err != nil {
		return false, err
	}
	ctx, stop := context.WithTimeout(ctx, hubTime)
	defer stop()
	form := url.Values{"hub.mode": {"publish"}}
	for _, name := range []string{"feed.xml", "rss.xml", "feed.json"} {
		if _, ok := m.Lookup(name); ok {
			form.Add("hub.url", cfg.Site.URL+"/"+name)
		}
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, cfg.Site.Hub, strings.NewReader(form.Encode()))
	if err != nil {
		return false, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := way.RoundTrip(r)
	if err != nil {
		return false, fmt.Errorf("tell the hub: %w", err)
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10))
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return false, fmt.Errorf("tell the hub: %s answers %d", cfg.Site.Hub, resp.StatusCode)
	}
	return true, a.catalog.SetFact(ctx, factPinged, f.Hash)
}
