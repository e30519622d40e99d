package bucket

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// The example of a GET of an object in the documentation of the service.
func TestSignatureOfTheDocumentation(t *testing.T) {
	r, err := http.NewRequest("GET", "https://examplebucket.s3.amazonaws.com/test.txt", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Range", "bytes=0-9")
	const none = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	sign(r, Key{"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}, "us-east-1", none, time.Date(2013, 5, 24, 0, 0, 0, 0, time.UTC))
	const want = "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
	if got := r.Header.Get("Authorization"); !strings.HasSuffix(got, "Signature="+want) {
		t.Errorf("Authorization: %s, want signature %s", got, want)
	}
}

// store is a small S3 that checks signatures by signing what it got itself.
type store struct {
	t   *testing.T
	key Key
	now time.Time
	mu  sync.Mutex
	m   map[string]string
	bad int // requests to fail first
}

func (s *store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bad > 0 {
		s.bad--
		http.Error(w, "SlowDown", http.StatusServiceUnavailable)
		return
	}
	again := r.Clone(context.Background())
	again.URL.Host = r.Host
	got := again.Header.Get("Authorization")
	sign(again, s.key, "eu", r.Header.Get("X-Amz-Content-Sha256"), s.now)
	if got != again.Header.Get("Authorization") {
		http.Error(w, "SignatureDoesNotMatch", http.StatusForbidden)
		return
	}
	path := r.URL.Path
	old, there := s.m[path]
	tag := `"` + old + `"`
	if m := r.Header.Get("If-Match"); m != "" && (!there || m != tag) || r.Header.Get("If-None-Match") == "*" && there {
		http.Error(w, "PreconditionFailed", http.StatusPreconditionFailed)
		return
	}
	switch r.Method {
	case "PUT":
		s.m[path] = string(body)
	case "DELETE":
		delete(s.m, path)
		w.WriteHeader(http.StatusNoContent)
	case "GET":
		if !there {
			http.Error(w, "NoSuchKey", http.StatusNotFound)
			return
		}
		w.Header().Set("Etag", tag)
		_, _ = io.WriteString(w, old)
	}
}

func TestBucket(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	s := &store{t: t, key: Key{"id", "secret"}, now: now, m: map[string]string{}, bad: 1}
	web := httptest.NewServer(s)
	defer web.Close()
	open := func(secret string) *Bucket {
		b, err := New(web.URL+"/sites/news?region=eu", Key{"id", secret}, Options{Now: func() time.Time { return now }})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	ctx, b := t.Context(), open("secret")
	const name = "posts/ü + (1)/index.html"
	if _, err := b.Put(ctx, name, []byte("one"), Object{Type: "text/html", IfNone: true}); err != nil {
		t.Fatal(err)
	}
	if got := s.m["/sites/news/"+name]; got != "one" {
		t.Fatalf("stored %q in %v", got, s.m)
	}
	if _, err := b.Put(ctx, name, []byte("two"), Object{IfNone: true}); !errors.Is(err, ErrCondition) {
		t.Errorf("second put: %v", err)
	}
	body, tag, err := b.Get(ctx, name)
	if err != nil || string(body) != "one" {
		t.Fatal(string(body), err)
	}
	if _, err := b.Put(ctx, name, []byte("two"), Object{IfMatch: tag}); err != nil {
		t.Error(err)
	}
	if _, err := b.Put(ctx, name, []byte("three"), Object{IfMatch: tag}); !errors.Is(err, ErrCondition) {
		t.Errorf("put over another: %v", err)
	}
	if err := b.Delete(ctx, name); err != nil {
		t.Error(err)
	}
	if err := b.Delete(ctx, name); err != nil {
		t.Error(err)
	}
	if _, _, err := b.Get(ctx, name); !errors.Is(err, ErrNotFound) {
		t.Errorf("get of nothing: %v", err)
	}
	if _, _, err := open("other").Get(ctx, name); !errors.Is(err, ErrRefused) {
		t.Errorf("with another key: %v", err)
	}
	for _, bad := range []string{"", "s3://", "https://endpoint.example", "ftp://a/b", "https://u:p@a/b"} {
		if _, err := New(bad, Key{}, Options{}); !errors.Is(err, ErrAddress) {
			t.Errorf("New(%q): %v", bad, err)
		}
	}
	if h, err := Host("s3://bucket/x?region=eu-central-1"); err != nil || h != "s3.eu-central-1.amazonaws.com" {
		t.Error(h, err)
	}
}
