package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/catalog"
	"github.com/coranto/coranto/internal/config"
	"github.com/coranto/coranto/internal/moderation"
	"github.com/coranto/coranto/internal/sqlite"
	"github.com/coranto/coranto/internal/websub"
)

// SourceFilter chooses sources; zero fields choose all.
type SourceFilter struct {
	Health string // or "bad": all that somebody should look after
	Tag    string
	Zone   string
	Kind   string
	Text   string // in id, title or address
}

// Wants reports whether a source is chosen.
func (f SourceFilter) Wants(s SourceStatus) bool {
	text := strings.ToLower(f.Text)
	in := func(t string) bool { return strings.Contains(strings.ToLower(t), text) }
	return (f.Health == "" || string(s.Health) == f.Health || f.Health == "bad" && s.Health.Bad()) &&
		(f.Tag == "" || slices.ContainsFunc(s.Tags, func(t string) bool { return strings.EqualFold(t, f.Tag) })) &&
		(f.Zone == "" || s.Zone == f.Zone) && (f.Kind == "" || s.Kind == f.Kind) &&
		(text == "" || in(s.ID) || in(s.Title) || in(s.URL))
}

// ShownSource is all that is known of one source.
type ShownSource struct {
	coranto.Source
	Health  catalog.Health `json:"health"`
	Why     string         `json:"why,omitempty"`
	Advice  string         `json:"advice,omitempty"`
	State   catalog.State  `json:"state"`
	Next    string         `json:"next"` // why then
	Posts   int            `json:"posts"`
	Also    int            `json:"also"`   // posts of others that it announced too
	Queued  int            `json:"queued"` // waiting for approval
	Hidden  int            `json:"hidden"`
	Newest  []PostLine     `json:"newest"`
	Keys    map[string]int `json:"keys"` // by kind: how its posts are known again
	Line    int            `json:"line"` // in coranto.yaml
	NextDue time.Time      `json:"next_due,omitzero"`

	// Subscription is what its hub has said; nil: it names none, or none was asked.
	Subscription *websub.Subscription `json:"subscription,omitempty"`
	Hub          string               `json:"hub,omitempty"` // that in words
}

// ShowSource tells all that is known of a source.
func ShowSource(ctx context.Context, dir, id string, o Options) (ShownSource, error) {
	v, err := openView(ctx, dir, o)
	if err != nil {
		return ShownSource{}, err
	}
	defer v.close()
	src, ok := v.config.Source(id)
	if !ok {
		return ShownSource{}, noSource(v.config, id)
	}
	s := v.states[id]
	every := v.config.Fetch.Every
	if d, err := time.ParseDuration(src.Every); err == nil && src.Every != "" {
		every = d
	}
	x := ShownSource{Source: src, Health: s.Health(src, v.now), State: s, Next: s.WhyNext(src, every, catalog.DefaultBounds, v.now),
		Newest: []PostLine{}, Keys: map[string]int{}, Line: v.config.SourceLine(id)}
	if !s.Gone && src.Active() {
		x.NextDue = s.Next
	}
	if err := x.subscription(ctx, v); err != nil {
		return x, err
	}
	x.Why, x.Advice = why(x.Health, src, s), advice(x.Health, src, s)
	posts, err := v.snap.Posts(ctx)
	if err != nil {
		return x, err
	}
	rules := v.rules()
	for i := len(posts) - 1; i >= 0; i-- {
		x.count(v.post(&posts[i], rules))
	}
	return x, nil
}

// count takes a post of the site into account.
func (x *ShownSource) count(p Post) {
	if p.Source != x.ID {
		if slices.ContainsFunc(p.Also, func(a coranto.Also) bool { return a.Source == x.ID }) {
			x.Also++
		}
		return
	}
	x.Posts++
	switch p.State {
	case moderation.Queued:
		x.Queued++
	case moderation.Hidden, moderation.Embargoed:
		x.Hidden++
	}
	if len(x.Newest) < 5 {
		x.Newest = append(x.Newest, lineOf(p))
	}
	for _, k := range keysOf(&p.Post) {
		if k.Source == x.ID {
			x.Keys[k.Kind]++
		}
	}
}

// noSource says that no source has the id, and which was meant.
func noSource(cfg *config.Config, id string) error {
	var all, near []string
	for _, s := range cfg.Sources {
		all = append(all, s.ID)
		if strings.Contains(s.ID, id) || strings.Contains(id, s.ID) || strings.Contains(s.URL, id) {
			near = append(near, s.ID)
		}
	}
	if n := config.Nearest(id, all); len(near) == 0 && n != "" {
		near = []string{n}
	}
	if len(near) > 0 && id != "" {
		return fmt.Errorf("%w: %q (hint: did you mean %s?)", ErrNoSource, id, strings.Join(near[:min(3, len(near))], " or "))
	}
	return fmt.Errorf("%w: %q (hint: `coranto source list` lists them)", ErrNoSource, id)
}

// why says in a sentence why a source stands as it does.
func why(h catalog.Health, src coranto.Source, s catalog.State) string {
	switch h {
	case catalog.Failing, catalog.Parked, catalog.Quarantined, catalog.Gone, catalog.Held:
		if s.Failures > 1 {
			return fmt.Sprintf("%s, %d times in a row: %s", s.Error, s.Failures, s.Message)
		}
		return fmt.Sprintf("%s: %s", s.Error, s.Message)
	case catalog.Moved:
		if s.Use != "" {
			return "answers from " + s.Use + " for good"
		}
		return fmt.Sprintf("redirects for good to %s, seen %d times", s.MovedTo, s.MovedSeen)
	case catalog.Paused:
		return "coranto.yaml says paused: true"
	case catalog.Retired:
		return "coranto.yaml says retired: true; its posts stay"
	}
	return ""
}

// advice says what its keeper can do.
func advice(h catalog.Health, src coranto.Source, s catalog.State) string {
	switch h {
	case catalog.Failing:
		if s.Failures < 3 {
			return "wait: it may be passing"
		}
		return fmt.Sprintf("`coranto source test %s` looks closer; `coranto source retire %s` gives up and keeps its posts", src.ID, src.ID)
	case catalog.Parked, catalog.Gone:
		return fmt.Sprintf("`coranto source retire %s` keeps its posts and stops asking", src.ID)
	case catalog.Quarantined:
		return fmt.Sprintf("if the new feed is right: `coranto source accept %s`; else: `coranto source retire %s`", src.ID, src.ID)
	case catalog.Moved:
		to := s.Use
		if to == "" {
			to = s.MovedTo
		}
		return fmt.Sprintf("change its url in coranto.yaml to %s, once you have looked at it", to)
	case catalog.Paused:
		return fmt.Sprintf("`coranto source resume %s`", src.ID)
	}
	return ""
}

// ErrNothingToAccept is returned for a source that is not quarantined.
var ErrNothingToAccept = errors.New("is not quarantined")

// AcceptSource lets a quarantined source be followed again, as the feed that
// answers now. It works beside `coranto serve`.
func AcceptSource(ctx context.Context, dir, id string, dry bool, o Options) (catalog.State, error) {
	o.defaults()
	l, err := layoutOf(dir)
	if err != nil {
		return catalog.State{}, err
	}
	cfg, err := l.readConfig()
	if err != nil {
		return catalog.State{}, err
	}
	src, ok := cfg.Source(id)
	if !ok {
		return catalog.State{}, noSource(cfg, id)
	}
	if !exists(l.database()) {
		return catalog.State{}, fmt.Errorf("source %s %w: nothing has run yet", id, ErrNothingToAccept)
	}
	db, err := sqlite.Open(l.database(), sqlite.Options{})
	if err != nil {
		return catalog.State{}, err
	}
	defer db.Close()
	cat, err := catalog.Open(ctx, db)
	if err != nil {
		return catalog.State{}, err
	}
	states, err := cat.States(ctx)
	if err != nil {
		return catalog.State{}, err
	}
	was := states[id]
	if h := was.Health(src, o.Now()); h != catalog.Quarantined || was.URL != src.URL {
		return was, fmt.Errorf("source %s %w but %s", id, ErrNothingToAccept, h)
	}
	if dry {
		return was, nil
	}
	return was, cat.Update(ctx, []string{id}, func(_ string, s catalog.State) catalog.State { return s.Accepted() })
}

// SourceNames lists the ids of sources, each with a tab and its title or
// address behind it, as shells complete them.
func SourceNames(dir string) ([]string, error) {
	l, err := layoutOf(dir)
	if err != nil {
		return nil, err
	}
	cfg, err := l.readConfig()
	if err != nil {
		return nil, err
	}
	var out []string
	for _, s := range cfg.Sources {
		out = append(out, s.ID+"\t"+or(s.Title, s.URL))
	}
	return out, nil
}
