package feed

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/egress"
)

// answers is a Getter that gives one answer and notes what was asked.
type answers struct {
	resp  egress.Response
	err   error
	asked egress.Request
}

func (a *answers) Get(_ context.Context, r egress.Request) (*egress.Response, error) {
	a.asked = r
	if a.err != nil {
		return nil, a.err
	}
	if a.resp.URL == "" {
		a.resp.URL = r.URL
	}
	if a.resp.Header == nil {
		a.resp.Header = http.Header{}
	}
	return &a.resp, nil
}

const minimal = `<rss version="2.0"><channel><title>T</title><item><guid>1</guid></item></channel></rss>`

// minimalHash is SHA-256 of minimal.
const minimalHash = "6202de02efbbca299f706a64f2867c7634050df5377e79d027b0c609863a61b9"

func TestFetch(t *testing.T) {
	src := coranto.Source{ID: "a", URL: "https://a.example/feed", Zone: "office"}
	head := func(kv ...string) http.Header {
		h := http.Header{}
		for i := 0; i < len(kv); i += 2 {
			h.Set(kv[i], kv[i+1])
		}
		return h
	}
	known := Validators{URL: src.URL, ETag: `"1"`, LastModified: "Mon, 02 Sep 2024 08:30:15 GMT", BodyHash: "x"}
	tests := []struct {
		name string
		v    Validators
		resp egress.Response
		want Result // without Document
		docs int    // entries; -1: no document
	}{
		{"first", Validators{}, egress.Response{Status: 200, Body: []byte(minimal), Header: head("ETag", `"1"`, "Last-Modified", "x"), WireBytes: 9},
			Result{Status: 200, FinalURL: src.URL, Bytes: 9, Validators: Validators{URL: src.URL, ETag: `"1"`, LastModified: "x", BodyHash: minimalHash}}, 1},
		{"304", known, egress.Response{Status: 304, Header: head("ETag", `"2"`, "Cache-Control", "max-age=600")},
			Result{Status: 304, NotModified: true, FinalURL: src.URL, MaxAge: 10 * time.Minute, Validators: Validators{URL: src.URL, ETag: `"2"`, LastModified: known.LastModified, BodyHash: "x"}}, -1},
		{"same body", Validators{URL: src.URL, BodyHash: minimalHash}, egress.Response{Status: 200, Body: []byte(minimal), Header: head("ETag", "new")},
			Result{Status: 200, NotModified: true, FinalURL: src.URL, Validators: Validators{URL: src.URL, ETag: "new", BodyHash: minimalHash}}, -1},
		{"same body, other URL", Validators{URL: "https://b.example/", BodyHash: minimalHash}, egress.Response{Status: 200, Body: []byte(minimal)},
			Result{Status: 200, FinalURL: src.URL, Validators: Validators{URL: src.URL, BodyHash: minimalHash}}, 1},
		{"truncated", Validators{}, egress.Response{Status: 200, Body: []byte(minimal), Truncated: true, Header: head("ETag", "x")},
			Result{Status: 200, FinalURL: src.URL, Truncated: true, Validators: Validators{URL: src.URL}}, 1},
		{"gone", known, egress.Response{Status: 410}, Result{Status: 410, FinalURL: src.URL, Gone: true}, -1},
		{"moved for good", Validators{}, egress.Response{Status: 200, URL: "https://c.example/", Body: []byte(minimal),
			Redirects: []egress.Redirect{{From: src.URL, To: "https://b.example/", Status: 301}, {From: "https://b.example/", To: "https://c.example/", Status: 308}}},
			Result{Status: 200, FinalURL: "https://c.example/", Permanent: "https://c.example/", Validators: Validators{URL: src.URL, BodyHash: minimalHash, Bearer: "https://c.example/"}}, 1},
		{"moved for now", Validators{}, egress.Response{Status: 200, URL: "https://c.example/", Body: []byte(minimal),
			Redirects: []egress.Redirect{{To: "https://b.example/", Status: 301}, {To: "https://c.example/", Status: 302}}},
			Result{Status: 200, FinalURL: "https://c.example/", Validators: Validators{URL: src.URL, BodyHash: minimalHash, Bearer: "https://c.example/"}}, 1},
		{"fresh by Expires", Validators{}, egress.Response{Status: 200, Body: []byte(minimal), Header: head("Date", "Mon, 02 Sep 2024 08:00:00 GMT", "Expires", "Mon, 02 Sep 2024 09:00:00 GMT", "Age", "600")},
			Result{Status: 200, FinalURL: src.URL, MaxAge: 50 * time.Minute, Validators: Validators{URL: src.URL, BodyHash: minimalHash}}, 1},
		{"not to be stored", Validators{}, egress.Response{Status: 200, Body: []byte(minimal), Header: head("Cache-Control", "max-age=60, no-store")},
			Result{Status: 200, FinalURL: src.URL, Validators: Validators{URL: src.URL, BodyHash: minimalHash}}, 1},
	}
	for _, tt := range tests {
		a := &answers{resp: tt.resp}
		got, err := Fetch(t.Context(), a, src, tt.v, Options{MaxBody: 7})
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		n := -1
		if got.Document != nil {
			n = len(got.Document.Entries)
			if got.Document.Malformed != tt.resp.Truncated {
				t.Errorf("%s: malformed %t", tt.name, got.Document.Malformed)
			}
		}
		got.Document = nil
		if diff := cmp.Diff(tt.want, got); diff != "" || n != tt.docs {
			t.Errorf("%s: %d entries, want %d; -want +got:\n%s", tt.name, n, tt.docs, diff)
		}
		if a.asked.Zone != "office" || a.asked.MaxBody != 7 || a.asked.Accept == "" {
			t.Errorf("%s: asked %+v", tt.name, a.asked)
		}
		if conditional := a.asked.ETag != "" || a.asked.LastModified != ""; conditional != (tt.v == known) {
			t.Errorf("%s: conditional %t", tt.name, conditional)
		}
	}
}

func TestFetchErrors(t *testing.T) {
	src := coranto.Source{ID: "a", URL: "https://a.example/feed"}
	get := func(status int, body string, kv ...string) error {
		h := http.Header{}
		for i := 0; i < len(kv); i += 2 {
			h.Set(kv[i], kv[i+1])
		}
		_, err := Fetch(t.Context(), &answers{resp: egress.Response{Status: status, Body: []byte(body), Header: h}}, src, Validators{}, Options{})
		return err
	}
	var status *StatusError
	if err := get(503, "", "Retry-After", "120"); !errors.As(err, &status) || status.Status != 503 || status.RetryAfter != 2*time.Minute {
		t.Errorf("503: %v", err)
	}
	if err := get(429, "", "Retry-After", "Mon, 02 Sep 2024 09:00:00 GMT", "Date", "Mon, 02 Sep 2024 08:59:00 GMT"); !errors.As(err, &status) || status.RetryAfter != time.Minute {
		t.Errorf("429: %v", err)
	}
	if err := get(304, ""); !errors.As(err, &status) || status.Status != 304 {
		t.Errorf("304 to a request without validators: %v", err)
	}
	for _, code := range []int{204, 206, 301, 404, 500} {
		if err := get(code, minimal); !errors.As(err, &status) || status.Status != code {
			t.Errorf("%d: %v", code, err)
		}
	}
	var not *NotFeedError
	if err := get(200, ""); !errors.As(err, &not) || !errors.Is(err, ErrNotFeed) {
		t.Errorf("empty body: %v", err)
	}
	err := get(200, `<html><link rel=alternate type="application/rss+xml" title=Posts href=/posts.xml>`)
	want := []Candidate{{URL: "https://a.example/posts.xml", Title: "Posts", Type: "application/rss+xml", Why: "link"}}
	if !errors.As(err, &not) || !errors.Is(err, ErrNotFeed) || cmp.Diff(want, not.Candidates) != "" {
		t.Errorf("HTML: %v", err)
	}
	a := &answers{err: egress.ErrDNS}
	if _, err := Fetch(t.Context(), a, src, Validators{}, Options{}); !errors.Is(err, egress.ErrDNS) {
		t.Errorf("error of egress: %v", err)
	}
}
