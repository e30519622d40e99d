package scrape_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/coranto/coranto/internal/egress"
	"github.com/coranto/coranto/internal/sampleweb"
	"github.com/coranto/coranto/internal/scrape"
)

// getter answers with one response.
type getter struct {
	res *egress.Response
	err error
	got egress.Request
}

func (g *getter) Get(_ context.Context, r egress.Request) (*egress.Response, error) {
	g.got = r
	return g.res, g.err
}

func TestFetch(t *testing.T) {
	g := &getter{res: &egress.Response{
		Status: 200, URL: "https://b.example/moved", WireBytes: 42, Truncated: true,
		Header: http.Header{"Content-Type": {"text/html; charset=utf-8"}},
		Body:   []byte(`<title>Rope</title><img itemprop="image" src="/r.png">`),
	}}
	r, err := scrape.Fetch(t.Context(), g, "https://a.example/rope", scrape.FetchOptions{Zone: "office"})
	if err != nil {
		t.Fatal(err)
	}
	if r.Title != "Rope" || r.URL != "https://a.example/rope" || r.FinalURL != "https://b.example/moved" || r.Link != r.FinalURL || r.Image != "https://b.example/r.png" || r.Bytes != 42 || len(r.Warnings) != 1 {
		t.Errorf("result %+v of %+v", r, r.Page)
	}
	if g.got.Zone != "office" || g.got.MaxBody == 0 || !strings.HasPrefix(g.got.Accept, "text/html") {
		t.Errorf("request %+v", g.got)
	}
}

func TestFetchErrors(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, tt := range []struct {
		retry string
		want  time.Duration
	}{{"", 0}, {"120", 2 * time.Minute}, {"Fri, 02 Jan 2026 04:04:05 GMT", time.Hour}, {"Fri, 02 Jan 2025 04:04:05 GMT", 0}, {"-3", 0}, {"soon", 0}} {
		g := &getter{res: &egress.Response{Status: 503, Header: http.Header{"Retry-After": {tt.retry}}}}
		_, err := scrape.Fetch(t.Context(), g, "https://a.example/", scrape.FetchOptions{Now: now})
		var status *scrape.StatusError
		if !errors.As(err, &status) || status.Status != 503 || status.RetryAfter != tt.want {
			t.Errorf("Retry-After %q: %v, want %v", tt.retry, err, tt.want)
		}
	}
	if _, err := scrape.Fetch(t.Context(), &getter{err: egress.ErrDenied}, "https://a.example/", scrape.FetchOptions{}); !errors.Is(err, egress.ErrDenied) {
		t.Errorf("egress's error is lost: %v", err)
	}
	g := &getter{res: &egress.Response{Status: 200, Header: http.Header{"Content-Type": {"application/pdf"}}, Body: []byte("%PDF")}}
	if _, err := scrape.Fetch(t.Context(), g, "https://a.example/", scrape.FetchOptions{}); !errors.Is(err, scrape.ErrNotPage) {
		t.Errorf("a PDF: %v", err)
	}
}

// Every field of every post of the sample web is read right, whatever way its
// site has to tell it.
func TestSampleWeb(t *testing.T) {
	now := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	w, err := sampleweb.Start(t.Context(), sampleweb.Options{PostsPer: 12, Sources: 24, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	bare := 0
	for _, p := range w.Posts() {
		res, err := http.Get(p.URL)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		got, err := scrape.Extract(body, scrape.Meta{URL: p.URL, ContentType: res.Header.Get("Content-Type"), Now: now})
		if err != nil {
			t.Fatal(err)
		}
		if got.Image == "" { // some sites declare none
			bare++
			p.Image = ""
		}
		if len(got.Tags) == 0 {
			bare++
			p.Tags = nil
		}
		slices.Sort(p.Tags)
		slices.Sort(got.Tags)
		want := []any{p.URL, p.Title, p.Author, p.Intro, p.Published.Format(time.DateOnly), p.Tags, p.Image, p.Language}
		have := []any{got.Link, got.Title, got.Author(), got.Intro, got.Published.Format(time.DateOnly), got.Tags, got.Image, strings.Split(got.Language, "-")[0]}
		if d := cmp.Diff(want, have); d != "" {
			t.Errorf("%s (by %v): -want +got\n%s", p.URL, got.Sources, d)
		}
	}
	if bare > 200 {
		t.Errorf("%d fields that are not declared: the sample web hides too much", bare)
	}
}
