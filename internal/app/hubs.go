package app

import (
	"context"
	"fmt"
	"time"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/catalog"
	"github.com/coranto/coranto/internal/config"
	"github.com/coranto/coranto/internal/egress"
	"github.com/coranto/coranto/internal/sqlite"
	"github.com/coranto/coranto/internal/websub"
)

// WebSub counts the subscriptions of a site.
type WebSub struct {
	Sources  int `json:"sources"` // that name a hub
	Verified int `json:"verified"`
	Asked    int `json:"asked"` // not answered yet
	Failing  int `json:"failing"`
	Denied   int `json:"denied"`
}

// webSub counts; nil where no source names a hub.
func webSub(ctx context.Context, db *sqlite.DB, cfg *config.Config, states map[string]catalog.State, now time.Time) (*WebSub, error) {
	var w WebSub
	for _, src := range cfg.Sources {
		if s := states[src.ID]; src.Active() && s.URL == src.URL && len(s.Push.Hubs.Names) > 0 {
			w.Sources++
		}
	}
	if w.Sources == 0 {
		return nil, nil
	}
	list, err := websub.Read(ctx, db)
	if err != nil {
		return nil, err
	}
	for _, x := range list {
		switch x.State(now) {
		case websub.Verified:
			w.Verified++
		case websub.Asked:
			w.Asked++
		case websub.Failing:
			w.Failing++
		case websub.Denied:
			w.Denied++
		}
	}
	return &w, nil
}

// subscription finds what the hub of a source has said, and puts it in words.
func (x *ShownSource) subscription(ctx context.Context, v *view) error {
	h := x.State.Push.Hubs
	if v.db == nil || len(h.Names) == 0 {
		return nil
	}
	list, err := websub.Read(ctx, v.db)
	if err != nil {
		return err
	}
	for i := range list {
		if list[i].Source == x.ID && !list[i].Leaving {
			x.Subscription = &list[i]
		}
	}
	x.Hub = hubInWords(v.config, x.Source, h, x.Subscription, x.State.Push, v.now)
	return nil
}

func hubInWords(cfg *config.Config, src coranto.Source, h catalog.Hubs, s *websub.Subscription, p catalog.Push, now time.Time) string {
	named := h.Names[0]
	switch {
	case h.Topic == "":
		return named + ": not subscribed to, since the source does not say which address it knows it by (rel=self)"
	case s == nil && cfg.Fetch.WebSub == config.WebSubOff:
		return named + ": not subscribed to, as fetch.websub is off"
	case s == nil && cfg.Site.URL == "":
		return named + ": not subscribed to, since site.url does not say where it could call"
	case s == nil && private(cfg.Site.URL) && (src.Zone == "" || src.Zone == egress.DefaultZone):
		return named + ": not subscribed to, since it cannot call " + cfg.Site.URL
	case s == nil:
		return named + ": not subscribed to; `coranto serve` does"
	}
	text := s.Hub
	switch s.State(now) {
	case websub.Verified:
		text += " tells of new posts, until " + s.Until.UTC().Format("2006-01-02 15:04") + " and then on"
		if s.Pings > 0 {
			text += fmt.Sprintf("; %d times so far, last %s", s.Pings, s.Pinged.UTC().Format("2006-01-02 15:04"))
		}
		if s.Unsigned > 0 {
			text += fmt.Sprintf("; %d messages were not signed as they should be and did not count", s.Unsigned)
		}
		if !p.Trusted(now) {
			text += "; it has missed posts, so the source is asked as often as without it"
		}
	case websub.Denied, websub.Failing:
		text += " is asked again at " + s.Next.UTC().Format("2006-01-02 15:04")
	case websub.Asked:
		text += " is asked, and has not answered yet"
	}
	if s.Error != "" {
		text += ": " + s.Error
	}
	return text
}

// checkHubs looks at those who tell of what is new, and at the one we tell.
func (d *doctor) checkHubs(ctx context.Context) []Finding {
	db, err := sqlite.Open(d.database(), sqlite.Options{ReadOnly: true})
	if err != nil {
		return nil // told by state, or there is none yet
	}
	defer db.Close()
	var out []Finding
	if u, err := readUntold(ctx, catalog.View(db)); err == nil && u != nil {
		out = append(out, Finding{Name: "hub", Level: Warning, Text: fmt.Sprintf("%s was not told of what is new, %d times since %s: %s", u.Hub, u.Tries, u.At.UTC().Format("2006-01-02 15:04"), u.Error),
			Hint: "`coranto serve` tries again; if the hub is no more, name another as site.hub"})
	}
	list, err := websub.Read(ctx, db)
	if err != nil {
		return append(out, broken("websub", err)...)
	}
	now, verified, trouble := d.o.Now(), 0, 0
	for _, s := range list {
		switch s.State(now) {
		case websub.Verified:
			verified++
		case websub.Denied, websub.Failing:
			if trouble++; trouble <= maxListed {
				out = append(out, Finding{Name: "websub", Level: Warning, Text: fmt.Sprintf("the hub of %s does not tell of new posts: %s", s.Source, s.Error),
					Hint: "nothing is lost: the source is asked as often as one without a hub"})
			}
		}
	}
	if verified > 0 || trouble > maxListed {
		out = append(out, fine("websub", "%d hubs tell of new posts, %d do not", verified, trouble)...)
	}
	return out
}
