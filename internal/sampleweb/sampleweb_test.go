package sampleweb_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"image/png"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/coranto/coranto/internal/sampleweb"
)

func fixed() time.Time { return time.Date(2026, 3, 4, 12, 30, 0, 0, time.UTC) }

func start(t *testing.T, opt sampleweb.Options) *sampleweb.Web {
	t.Helper()
	if opt.Now == nil {
		opt.Now = fixed
	}
	w, err := sampleweb.Start(t.Context(), opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	return w
}

// get does not follow redirects and does not decode.
func get(t *testing.T, url string, header ...string) (*http.Response, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	tr := &http.Transport{DisableCompression: true, DisableKeepAlives: true}
	res, err := tr.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, b
}

func TestFeedsAreWellFormed(t *testing.T) {
	w := start(t, sampleweb.Options{Sources: 14, FeedSize: 5})
	formats := map[string]int{}
	for _, s := range w.Sources() {
		formats[s.Format]++
		res, b := get(t, s.FeedURL)
		if res.StatusCode != http.StatusOK {
			t.Errorf("%s: status %d", s.ID, res.StatusCode)
		}
		if s.Format == "jsonfeed" {
			if !json.Valid(b) {
				t.Errorf("%s: not JSON", s.ID)
			}
			continue
		}
		d := xml.NewDecoder(bytes.NewReader(b))
		n := 0
		for {
			tok, err := d.Token()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatalf("%s (%s): %v", s.ID, s.Format, err)
			}
			if e, ok := tok.(xml.StartElement); ok && (e.Name.Local == "item" || e.Name.Local == "entry") {
				n++
			}
		}
		if n != 5 {
			t.Errorf("%s: %d entries, want 5", s.ID, n)
		}
	}
	if len(formats) != 4 {
		t.Errorf("formats %v, want four", formats)
	}
}

func TestPostsStandWhereTheySay(t *testing.T) {
	w := start(t, sampleweb.Options{PostsPer: 3})
	posts := w.Posts()
	if len(posts) != 36 {
		t.Fatalf("%d posts, want 36", len(posts))
	}
	seen := map[string]bool{}
	for _, p := range posts {
		if seen[p.URL] {
			t.Errorf("%s stands twice", p.URL)
		}
		seen[p.URL] = true
		res, b := get(t, p.URL)
		if res.StatusCode != http.StatusOK {
			t.Errorf("%s: status %d", p.URL, res.StatusCode)
		}
		if p.Language == "en" && !strings.Contains(strings.ReplaceAll(string(b), "&#39;", "'"), p.Title) {
			t.Errorf("%s lacks its title %q", p.URL, p.Title)
		}
		if !strings.Contains(string(b), p.Published.Format("2006-01-02")) && !strings.Contains(string(b), p.Published.Format("January 2, 2006")) {
			t.Errorf("%s lacks its date", p.URL)
		}
		if p.Title == "" || p.Author == "" || p.Intro == "" || len(p.Tags) == 0 || p.Published.After(fixed()) {
			t.Errorf("incomplete: %+v", p)
		}
		if strings.ContainsAny(p.Title+p.Intro, "{}|") {
			t.Errorf("undrawn alternative in %q, %q", p.Title, p.Intro)
		}
	}
	res, b := get(t, posts[0].Image)
	if res.Header.Get("Content-Type") != "image/png" {
		t.Errorf("picture is %s", res.Header.Get("Content-Type"))
	}
	img, err := png.Decode(bytes.NewReader(b))
	if err != nil || img.Bounds().Dx() != 800 || img.Bounds().Dy() != 450 {
		t.Errorf("picture: %v, %v", err, img)
	}
}

func TestSameSeedSamePosts(t *testing.T) {
	titles := func(seed uint64) (all []string) {
		for _, p := range start(t, sampleweb.Options{Seed: seed, PostsPer: 4}).Posts() {
			all = append(all, fmt.Sprint(p.Site, p.Title, p.Author, p.Published, p.Tags))
		}
		return all
	}
	a, b, c := titles(1), titles(1), titles(2)
	if d := cmp.Diff(a, b); d != "" {
		t.Errorf("one seed, two webs:\n%s", d)
	}
	if cmp.Equal(a, c) {
		t.Error("two seeds, one web")
	}
}

func TestConditionalRequests(t *testing.T) {
	w := start(t, sampleweb.Options{Sources: 8})
	kinds := map[string]int{}
	for i, s := range w.Sources() {
		res, _ := get(t, s.FeedURL)
		etag, mod := res.Header.Get("ETag"), res.Header.Get("Last-Modified")
		kinds[fmt.Sprint(etag != "", mod != "")]++
		var h []string
		if etag != "" {
			h = append(h, "If-None-Match", etag)
		}
		if mod != "" {
			h = append(h, "If-Modified-Since", mod)
		}
		want := http.StatusNotModified
		if len(h) == 0 {
			want = http.StatusOK
		}
		if res, _ := get(t, s.FeedURL, h...); res.StatusCode != want {
			t.Errorf("%s again: status %d, want %d", s.ID, res.StatusCode, want)
		}
		w.PublishOn(i, 1)
		if res, _ := get(t, s.FeedURL, h...); res.StatusCode != http.StatusOK {
			t.Errorf("%s after a new post: status %d", s.ID, res.StatusCode)
		}
	}
	if len(kinds) != 4 {
		t.Errorf("validators %v, want all four mixtures", kinds)
	}
	w.Close() // an answer may be read before it is in the log
	n := 0
	for _, a := range w.Log() {
		if a.Conditional {
			n++
		}
	}
	if n != 12 {
		t.Errorf("%d conditional requests in the log, want 12", n)
	}
}

func TestFaults(t *testing.T) {
	w := start(t, sampleweb.Options{Faults: true, RetryAfter: true})
	got := map[sampleweb.Fault][]int{}
	for _, s := range w.Sources() {
		if s.Fault == sampleweb.Hang {
			continue
		}
		for range 2 {
			res, _ := get(t, s.FeedURL)
			got[s.Fault] = append(got[s.Fault], res.StatusCode)
			if s.Fault == sampleweb.Moved && res.Header.Get("Location") != s.MovedTo {
				t.Errorf("moved to %s, want %s", res.Header.Get("Location"), s.MovedTo)
			}
			if res.StatusCode == 503 && res.Header.Get("Retry-After") == "" {
				t.Error("503 without Retry-After")
			}
		}
		if s.Fault != sampleweb.Healthy {
			continue
		}
		delete(got, sampleweb.Healthy)
	}
	want := map[sampleweb.Fault][]int{
		sampleweb.Error: {500, 500}, sampleweb.Gone: {410, 410}, sampleweb.Moved: {301, 301}, sampleweb.Flaky: {503, 200},
		sampleweb.Malformed: {200, 200}, sampleweb.Repeat: {200, 200},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	var also int
	for _, p := range w.Posts() {
		also += len(p.Also)
	}
	if also != 2 {
		t.Errorf("%d repeated posts, want 2", also)
	}
}

func TestHangEndsWithTheWeb(t *testing.T) {
	w := start(t, sampleweb.Options{Sources: 1, Assign: map[int]sampleweb.Fault{0: sampleweb.Hang}})
	done := make(chan error, 1)
	go func() {
		_, err := http.Get(w.Sources()[0].FeedURL)
		done <- err
	}()
	for len(w.Log()) == 0 { // until it has come in
		select {
		case err := <-done:
			t.Fatalf("answered early: %v", err)
		default:
		}
	}
	w.Close()
	if err := <-done; err == nil {
		t.Error("a hanging source answered")
	}
}

func TestQuirks(t *testing.T) {
	w := start(t, sampleweb.Options{Sources: 1, FeedSize: 3, AllQuirks: sampleweb.Tracking | sampleweb.Regenerate | sampleweb.Redate | sampleweb.NoAuthors})
	s := w.Sources()[0]
	_, a := get(t, s.FeedURL)
	w.Rebuild()
	_, b := get(t, s.FeedURL)
	if bytes.Equal(a, b) {
		t.Error("a rebuilt feed did not change")
	}
	for _, want := range []string{"utm_campaign=r1", ">r1-"} {
		if !strings.Contains(string(b), want) || strings.Contains(string(a), want) {
			t.Errorf("%q: not in the new revision alone", want)
		}
	}
	if strings.Contains(string(b), "creator>") {
		t.Error("names an author")
	}
	// A post with tracking parameters is the same page.
	link := string(b[bytes.Index(b, []byte("<item>")):])
	link = link[strings.Index(link, "<link>")+6 : strings.Index(link, "</link>")]
	if res, _ := get(t, strings.ReplaceAll(link, "&amp;", "&")); res.StatusCode != http.StatusOK {
		t.Errorf("%s: status %d", link, res.StatusCode)
	}
}

func TestManySourcesBehindFewListeners(t *testing.T) {
	w := start(t, sampleweb.Options{Sources: 300, PostsPer: 2, Listeners: 2, PageBytes: 60 << 10})
	hosts := map[string]bool{}
	for _, s := range w.Sources() {
		hosts[strings.Split(s.FeedURL, "/")[2]] = true
	}
	if len(hosts) != 300 {
		t.Fatalf("%d hosts, want 300", len(hosts))
	}
	p := w.Posts()[599]
	res, b := get(t, p.URL, "Accept-Encoding", "gzip")
	if res.Header.Get("Content-Encoding") != "gzip" {
		t.Fatal("not compressed")
	}
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	page, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(page); n < 50<<10 || n > 80<<10 {
		t.Errorf("padded page of %d bytes", n)
	}
}

func TestPublishAndOPML(t *testing.T) {
	w := start(t, sampleweb.Options{Faults: true})
	before := len(w.Posts())
	made := w.Publish(20)
	if n := len(w.Posts()); n != before+20 || len(made) != 20 {
		t.Errorf("%d posts after publishing 20 on %d (%d told)", n, before, len(made))
	}
	for _, p := range made {
		if !p.Published.Equal(fixed()) {
			t.Errorf("published at %v, want now", p.Published)
		}
	}
	var doc struct {
		Outlines []struct {
			URL string `xml:"xmlUrl,attr"`
		} `xml:"body>outline"`
	}
	if err := xml.Unmarshal([]byte(w.OPML()), &doc); err != nil || len(doc.Outlines) != 12 {
		t.Errorf("OPML: %v, %d outlines", err, len(doc.Outlines))
	}
}

func TestEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	w, err := sampleweb.Start(ctx, sampleweb.Options{Sources: 2})
	if err != nil {
		t.Fatal(err)
	}
	w.AutoPublish(time.Hour)
	cancel()
	w.Close()
	if res, err := http.Get(w.Sources()[0].FeedURL); err == nil {
		res.Body.Close()
		t.Error("still answers")
	}
}

func BenchmarkPage(b *testing.B) {
	w, err := sampleweb.Start(b.Context(), sampleweb.Options{Sources: 20, PostsPer: 500, Listeners: 1, PageBytes: 60 << 10})
	if err != nil {
		b.Fatal(err)
	}
	defer w.Close()
	posts := w.Posts()
	i := 0
	for b.Loop() {
		res, err := http.Get(posts[i%len(posts)].URL)
		if err != nil {
			b.Fatal(err)
		}
		io.Copy(io.Discard, res.Body)
		res.Body.Close()
		i++
	}
}
