package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/config"
	"github.com/coranto/coranto/internal/schedule"
	"github.com/coranto/coranto/internal/site"
)

// Validated is a configuration that was found right.
type Validated struct {
	File    string `json:"file"`
	Sources int    `json:"sources"`
	Active  int    `json:"active"`
	Theme   string `json:"theme"`
}

// Validate reads the configuration of the site in dir, and what it names, as a
// run would: schedules, filters and the theme too. Nothing is asked or written.
func Validate(ctx context.Context, dir string) (Validated, error) {
	l, err := layoutOf(dir)
	if err != nil {
		return Validated{}, err
	}
	cfg, err := l.readConfig()
	if err != nil {
		return Validated{}, err
	}
	v := Validated{File: l.config(), Sources: len(cfg.Sources), Theme: cfg.Theme.Name}
	for _, s := range cfg.Sources {
		if s.Active() {
			v.Active++
		}
	}
	if err := checkSchedules(cfg); err != nil {
		return v, err
	}
	theme, pages, _, err := l.readLook()
	if err != nil {
		return v, &notValid{err}
	}
	sources, posts := examples(cfg)
	_, err = site.Build(ctx, site.Input{Config: siteConfig(cfg), Sources: sources, Posts: posts, Theme: theme, Pages: pages}, nowhere{}, nil)
	if err != nil {
		return v, &notValid{fmt.Errorf("theme: %w", err)}
	}
	return v, nil
}

// notValid is a fault of what the configuration names, found by reading it: for
// whoever validates, it is one of the configuration. A build that meets it is
// refused instead.
type notValid struct{ error }

func (e *notValid) Unwrap() error { return e.error }

// examples are posts for a theme to be tried with: templates are wrong only
// where they are reached.
func examples(cfg *config.Config) ([]coranto.Source, []coranto.Post) {
	sources := slices.Clone(cfg.Sources)
	if len(sources) == 0 {
		sources = []coranto.Source{{ID: "example", URL: "https://blog.example/feed", Title: "Example", Kind: "blog", Site: "https://blog.example/"}}
	}
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	var posts []coranto.Post
	for i := range 2*cfg.Site.PerPage + 3 {
		at := at.Add(time.Duration(i) * time.Hour)
		p := coranto.Post{Title: fmt.Sprintf("Example %d", i), Link: fmt.Sprintf("https://blog.example/%d", i), ID: fmt.Sprintf("example-%d", i),
			Source: sources[i%len(sources)].ID, Kind: "blog", FirstSeen: at}
		if i%2 == 0 { // a full one and a bare one by turns
			p.Intro, p.Author, p.Date, p.Published, p.Updated = "Words.", "A. Uthor", at.Format(coranto.DateLayout), at, at.Add(time.Minute)
			p.Image, p.Tags, p.Language, p.Content = "https://blog.example/a.png", []string{"one", "two"}, "en", "<p>Words.</p>"
			p.Authors = []coranto.Person{{Name: "A. Uthor", URL: "https://blog.example/"}}
			p.Also = []coranto.Also{{Source: sources[len(sources)-1].ID, Link: "https://blog.example/also"}}
		}
		posts = append(posts, p)
	}
	return sources, posts
}

// checkSchedules reads the expressions, and says of a wrong one where it stands.
func checkSchedules(cfg *config.Config) error {
	for i, s := range cfg.Schedules {
		if _, err := schedule.Parse(s.At, s.Timezone); err != nil {
			return cfg.Fault(cfg.ScheduleKey(i), err.Error(), "write rate(2 hours) or cron(0 6 * * ? *)")
		}
	}
	return nil
}

// nowhere is where a build goes that is only tried.
type nowhere struct{}

func (nowhere) Put(string, []byte) (string, error) { return "", nil }
func (nowhere) Reuse(string, string) error         { return site.ErrGone }

// EffectiveConfig is the configuration with every default filled in, as YAML.
func EffectiveConfig(dir string) ([]byte, error) {
	l, err := layoutOf(dir)
	if err != nil {
		return nil, err
	}
	cfg, err := l.readConfig()
	if err != nil {
		return nil, err
	}
	return cfg.Effective()
}

// Formatted is what laying out the configuration did.
type Formatted struct {
	File    string `json:"file"`
	Changed bool   `json:"changed"`
	Text    []byte `json:"-"` // as it is laid out
	Old     []byte `json:"-"`
}

// FormatConfig lays out coranto.yaml; write says whether it is written.
func FormatConfig(dir string, write bool) (Formatted, error) {
	l, err := layoutOf(dir)
	if err != nil {
		return Formatted{}, err
	}
	if _, err := l.readConfig(); err != nil {
		return Formatted{}, err
	}
	old, err := os.ReadFile(l.config())
	if err != nil {
		return Formatted{}, err
	}
	text, err := config.Format(old)
	if err != nil {
		if errors.Is(err, config.ErrByHand) {
			err = fmt.Errorf("%w (nothing was written)", err)
		}
		return Formatted{}, err
	}
	f := Formatted{File: l.config(), Changed: string(text) != string(old), Text: text, Old: old}
	if f.Changed && write {
		return f, replaceFile(l.config(), text)
	}
	return f, nil
}
