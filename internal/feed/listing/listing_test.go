package listing_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/egress"
	"github.com/coranto/coranto/internal/feed"
	"github.com/coranto/coranto/internal/feed/listing"
)

func day(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }

const head = "<!doctype html><html lang=en><title>News of Vendor</title><body>"

func TestRead(t *testing.T) {
	tests := []struct {
		name   string
		recipe coranto.Recipe
		page   string
		want   []coranto.Entry
	}{
		{
			"selectors", coranto.Recipe{Item: "article", Title: "h2", Link: "a.more@href", Date: "time@datetime", Image: "img@data-big | img", Intro: "p", Author: ".by", Tags: ".tag", ID: "@data-id"},
			head + `<article data-id=7><h2>One &amp; <i>only</i></h2><p>Some <b>words</b>.</p><span class=by>Ann</span>
				<time datetime="2024-03-02T10:00:00+02:00">soon</time><a href=/x>x</a><a class=more href="one?a=b">more</a>
				<img src=/small.png data-big=/big.png><i class=tag>Go</i><i class=tag>SQL</i></article>`,
			[]coranto.Entry{{ID: "7", Title: "One & only", Link: "https://v.example/news/one?a=b", Summary: "Some words.", Language: "en", Authors: []coranto.Person{{Name: "Ann"}},
				Published: time.Date(2024, 3, 2, 8, 0, 0, 0, time.UTC), Image: "https://v.example/big.png", Tags: []string{"Go", "SQL"}}},
		},
		{
			"what every list has needs no selector", coranto.Recipe{Item: "li"},
			head + `<ul><li><a href=a><img data-src=a.jpg src="data:image/gif;base64,R0"></a><h3><a href=/a>First</a></h3><time datetime=2024-05-01>1 May</time><script>no()</script>
				<li><a href="//other.example/b">Second</a><li><a href="javascript:alert(1)">Third</a></ul>`,
			[]coranto.Entry{
				{Title: "First", Link: "https://v.example/a", Published: day(2024, 5, 1), Image: "https://v.example/news/a.jpg", Language: "en"},
				{Title: "Second", Link: "https://other.example/b", Language: "en"},
				{Title: "Third", Language: "en"},
			},
		},
		{
			"the item is the link, dates have words around them", coranto.Recipe{Item: "a.card", Date: ".meta"},
			head + `<a class=card href=x><h4>X</h4><div class=meta>Published on January 5th, 2024 by Ann</div></a><a class=card href=y><h4>Y</h4><div class=meta>vom 6. März 2024</div></a>
				<a class=card href=z><h4>Z</h4><div class=meta>three hours ago</div></a>`,
			[]coranto.Entry{
				{Title: "X", Link: "https://v.example/news/x", Published: day(2024, 1, 5), Language: "en"},
				{Title: "Y", Link: "https://v.example/news/y", Published: day(2024, 3, 6), Language: "en"},
				{Title: "Z", Link: "https://v.example/news/z", Language: "en"},
			},
		},
		{
			"a base address", coranto.Recipe{Item: "p"},
			"<html><head><base href=https://cdn.example/d/></head><p><a href=e>E</a>",
			[]coranto.Entry{{Title: "E", Link: "https://cdn.example/d/e"}},
		},
		{
			"h-feed", coranto.Recipe{Type: coranto.RecipeHFeed},
			head + `<div class=h-feed><h1 class=p-name>Ann writes</h1><a class="p-author h-card" href=/>Ann</a>
				<article class=h-entry><h2 class=p-name><a class=u-url href=/1>One</a></h2><time class=dt-published datetime="2024-02-03 04:05">then</time>
					<div class=e-content><p>Text <a href=/x>x</a></p><script>bad()</script></div><a class="p-category" href=/t>tag</a>
					<div class="u-comment h-cite"><a class=u-url href=/not>reply</a><span class=p-name>Not this</span></div></article>
				<article class=h-entry><div class="e-content p-name">A note without a title.</div><a class=u-url href=/2><time class=dt-published datetime=2024-02-04>4</time></a>
					<span class="p-author h-card"><span class=p-name>Bob</span> <a class=u-url href=https://bob.example/>b</a></span></article></div>`,
			[]coranto.Entry{
				{Title: "One", Link: "https://v.example/1", Published: time.Date(2024, 2, 3, 4, 5, 0, 0, time.UTC), Tags: []string{"tag"}, Language: "en",
					Content: `<p>Text <a href="https://v.example/x" rel="noopener">x</a></p>`, Authors: []coranto.Person{{Name: "Ann", URL: "https://v.example/"}}},
				{Link: "https://v.example/2", Published: day(2024, 2, 4), Content: "A note without a title.", Language: "en", Authors: []coranto.Person{{Name: "Bob", URL: "https://bob.example/"}}},
			},
		},
		{
			"classic hentry", coranto.Recipe{},
			head + `<div class="hentry post"><h2 class=entry-title><a href=/1 rel=bookmark>One</a></h2><abbr class=published title=2020-01-02>Jan</abbr>
				<span class="author vcard"><a class="url fn" href=/ann>Ann</a></span><div class=entry-summary>Short.</div><a rel=tag href=/t/go>Go</a></div>
				<div class="hentry post"><h2 class=entry-title><a href=/2>Two</a></h2></div>`,
			[]coranto.Entry{
				{Title: "One", Link: "https://v.example/1", Published: day(2020, 1, 2), Summary: "Short.", Tags: []string{"Go"}, Language: "en", Authors: []coranto.Person{{Name: "Ann", URL: "https://v.example/ann"}}},
				{Title: "Two", Link: "https://v.example/2", Language: "en"},
			},
		},
		{
			"JSON-LD", coranto.Recipe{},
			head + `<script type="application/ld+json">{"@context":"https://schema.org","@graph":[{"@type":"BreadcrumbList","itemListElement":[{"@type":"ListItem","item":"https://v.example/a"},{"@type":"ListItem","item":"https://v.example/b"},{"@type":"ListItem","item":"https://v.example/c"}]},
				{"@type":"Person","@id":"#ann","name":"Ann"},
				{"@type":"Blog","blogPost":[{"@type":"BlogPosting","headline":"One &amp; two","url":"/1","datePublished":"2024-01-02T03:04:05Z","author":{"@id":"#ann"},"image":{"url":"/i.png"},"keywords":"a, b","description":"Words."},
				{"@type":"BlogPosting","name":"Two","mainEntityOfPage":{"@id":"https://v.example/2"}}]}]}</script>`,
			[]coranto.Entry{
				{Title: "One & two", Link: "https://v.example/1", Published: time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC), Authors: []coranto.Person{{Name: "Ann"}}, Image: "https://v.example/i.png",
					Tags: []string{"a", "b"}, Summary: "Words.", Language: "en"},
				{Title: "Two", Link: "https://v.example/2", Language: "en"},
			},
		},
		{
			"an item list of addresses", coranto.Recipe{Type: coranto.RecipeJSONLD},
			head + `<script type=application/ld+json>{"@type":"ItemList","itemListElement":[{"@type":"ListItem","position":1,"url":"https://v.example/1","name":"One"},{"@type":"ListItem","item":{"@type":"Course","name":"Two","url":"/2"}}]}</script>`,
			[]coranto.Entry{{Title: "One", Link: "https://v.example/1", Language: "en"}, {Title: "Two", Link: "https://v.example/2", Language: "en"}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			doc, err := listing.Read([]byte(tt.page), tt.recipe, feed.Meta{URL: "https://v.example/news/", ContentType: "text/html; charset=utf-8"})
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, doc.Entries); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestNothing(t *testing.T) {
	for _, r := range []coranto.Recipe{{Item: "article"}, {Type: coranto.RecipeHFeed}, {Type: coranto.RecipeJSONLD}, {}} {
		_, err := listing.Read([]byte(head+"<p>Bread"), r, feed.Meta{URL: "https://v.example/"})
		if !errors.Is(err, listing.ErrNothing) {
			t.Errorf("%+v: %v, want ErrNothing", r, err)
		}
	}
	for _, r := range []coranto.Recipe{{Item: "a[["}, {Item: "a", Title: "h2 >"}, {Type: "rss"}} {
		if _, err := listing.Read([]byte(head), r, feed.Meta{}); !errors.Is(err, listing.ErrRecipe) {
			t.Errorf("%+v: %v, want ErrRecipe", r, err)
		}
	}
}

func TestDeepPage(t *testing.T) {
	page := head + strings.Repeat("<div class=h-entry><p class=p-name>", 200_000)
	doc, err := listing.Read([]byte(page), coranto.Recipe{Item: "div"}, feed.Meta{URL: "https://v.example/"})
	if err == nil && len(doc.Entries) > 1000 || err != nil && !errors.Is(err, listing.ErrNothing) {
		t.Errorf("%v", err)
	}
}

func TestFind(t *testing.T) {
	page := head + `<div class=hentry><a rel=bookmark href=1>1</a></div><div class=hentry><a rel=bookmark href=2>2</a></div>`
	want := []listing.Found{{Type: "h-feed", Entries: 2}}
	if d := cmp.Diff(want, listing.Find([]byte(page), feed.Meta{URL: "https://v.example/"})); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if got := listing.Find([]byte(head+"<p>Bread"), feed.Meta{}); got != nil {
		t.Errorf("found %v on a page without", got)
	}
}

const news = `<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">
<url><loc>https://v.example/old</loc><lastmod>2024-01-01</lastmod></url>
<url><loc> https://v.example/new?a=1&amp;b=2 </loc><lastmod>2024-06-02T00:00:00Z</lastmod><image:image><image:loc>https://v.example/i.png</image:loc><image:title>Not this</image:title></image:image>
<news:news><news:publication><news:name>V</news:name><news:language>en</news:language></news:publication><news:publication_date>2024-06-01T10:00:00+02:00</news:publication_date><news:title>New &amp; good</news:title><news:keywords>a, b</news:keywords></news:news></url>
<url><loc>file:///etc/passwd</loc></url>`

func TestParseSitemap(t *testing.T) {
	want := []coranto.Entry{
		{Link: "https://v.example/old", Updated: day(2024, 1, 1)},
		{Link: "https://v.example/new?a=1&b=2", Title: "New & good", Published: time.Date(2024, 6, 1, 8, 0, 0, 0, time.UTC), Updated: day(2024, 6, 2), Language: "en",
			Image: "https://v.example/i.png", Tags: []string{"a", "b"}},
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write([]byte(news + "</urlset>")); err != nil || z.Close() != nil {
		t.Fatal(err)
	}
	for name, body := range map[string]string{"whole": news + "</urlset>", "cut short": news + "<url><lo", "gzipped": packed.String()} {
		s, err := listing.ParseSitemap([]byte(body), feed.Meta{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if d := cmp.Diff(want, s.Entries); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
		if s.Malformed != (name == "cut short") {
			t.Errorf("%s: malformed = %t", name, s.Malformed)
		}
	}
	s, err := listing.ParseSitemap([]byte("https://v.example/a\nnonsense\nhttps://v.example/b\r\n"), feed.Meta{})
	if err != nil || len(s.Entries) != 2 || s.Entries[1].Link != "https://v.example/b" {
		t.Errorf("text: %+v, %v", s, err)
	}
	for _, body := range []string{"", "hello", "<html>", "<rss/>"} {
		if _, err := listing.ParseSitemap([]byte(body), feed.Meta{}); !errors.Is(err, listing.ErrNothing) {
			t.Errorf("%q: %v, want ErrNothing", body, err)
		}
	}
}

// web answers from a map, and 304 to a validator it gave.
type web map[string]string

func (w web) Get(_ context.Context, r egress.Request) (*egress.Response, error) {
	h := http.Header{"Etag": {`"` + fmt.Sprint(len(w[r.URL])) + `"`}}
	if r.ETag != "" && r.ETag == h.Get("ETag") {
		return &egress.Response{Status: 304, URL: r.URL, Header: h}, nil
	}
	if body, ok := w[r.URL]; ok {
		return &egress.Response{Status: 200, URL: r.URL, Header: h, Body: []byte(body)}, nil
	}
	return &egress.Response{Status: 404, URL: r.URL, Header: http.Header{}}, nil
}

func TestFetchIndex(t *testing.T) {
	index := func(dated string) string {
		var b strings.Builder
		b.WriteString("<sitemapindex>")
		for i, name := range []string{"page", "post-1", "post-2", "post-3", "post-4", "category"} {
			fmt.Fprintf(&b, "<sitemap><loc>https://v.example/%s.xml</loc>%s</sitemap>", name, strings.ReplaceAll(dated, "D", fmt.Sprint(i+1)))
		}
		return b.String() + "</sitemapindex>"
	}
	w := web{"https://v.example/dated.xml": index("<lastmod>2024-01-0D</lastmod>"), "https://v.example/undated.xml": index("")}
	for i := 1; i <= 4; i++ {
		w[fmt.Sprintf("https://v.example/post-%d.xml", i)] = fmt.Sprintf("<urlset><url><loc>https://v.example/%d</loc><lastmod>2024-02-0%d</lastmod></url></urlset>", i, i)
	}
	for name, keeps := range map[string]bool{"dated": true, "undated": false} {
		src := coranto.Source{URL: "https://v.example/" + name + ".xml", Scrape: &coranto.Recipe{Type: coranto.RecipeSitemap}}
		res, err := listing.Fetch(t.Context(), w, src, feed.Validators{}, feed.Options{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var links []string
		for _, e := range res.Document.Entries {
			links = append(links, e.Link)
		}
		if d := cmp.Diff([]string{"https://v.example/4", "https://v.example/3", "https://v.example/2"}, links); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
		if (res.Validators.ETag != "") != keeps {
			t.Errorf("%s: validators %+v", name, res.Validators)
		}
		again, err := listing.Fetch(t.Context(), w, src, res.Validators, feed.Options{})
		if err != nil || again.NotModified != keeps {
			t.Errorf("%s again: not modified = %t, %v", name, again.NotModified, err)
		}
	}
}

func TestFetchPage(t *testing.T) {
	w := web{"https://v.example/": head + `<a class=h-entry href=/1>One</a><a class=h-entry href=/2>Two</a>`, "https://v.example/bread": head + "<p>Bread<a href=/feed>RSS</a>"}
	src := coranto.Source{URL: "https://v.example/", Scrape: &coranto.Recipe{}}
	res, err := listing.Fetch(t.Context(), w, src, feed.Validators{}, feed.Options{SummaryOnly: true})
	if err != nil || len(res.Document.Entries) != 2 || res.Validators.BodyHash == "" {
		t.Fatalf("%+v, %v", res, err)
	}
	src.URL = "https://v.example/bread"
	if _, err := listing.Fetch(t.Context(), w, src, feed.Validators{}, feed.Options{}); !errors.Is(err, listing.ErrNothing) {
		t.Errorf("%v, want ErrNothing", err)
	}
	src.Scrape = &coranto.Recipe{Item: "[["}
	if _, err := listing.Fetch(t.Context(), nil, src, feed.Validators{}, feed.Options{}); !errors.Is(err, listing.ErrRecipe) {
		t.Errorf("%v, want ErrRecipe", err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(head+`<article class=h-entry><h2 class=p-name><a class=u-url href=/1>One</a></h2><div class=e-content>x</div></article>`), "article", "h2 | a@href")
	f.Add([]byte(head+`<script type=application/ld+json>{"@type":"ItemList","itemListElement":[{"url":"/1"}]}</script>`), "", "")
	f.Add([]byte(news), "", ".@id")
	f.Fuzz(func(t *testing.T, body []byte, item, field string) {
		m := feed.Meta{URL: "https://v.example/news/"}
		check := func(list []coranto.Entry) {
			for _, e := range list {
				for _, u := range []string{e.Link, e.Image} {
					if u != "" && !strings.HasPrefix(u, "http://") && !strings.HasPrefix(u, "https://") {
						t.Errorf("address %q", u)
					}
				}
				if strings.Contains(strings.ToLower(e.Content+e.Summary), "<script") {
					t.Errorf("script in %q %q", e.Content, e.Summary)
				}
			}
		}
		r := coranto.Recipe{Item: item, Title: field, Link: field, Date: field, Image: field, Intro: field, Author: field, Tags: field}
		if doc, err := listing.Read(body, r, m); err == nil {
			check(doc.Entries)
		} else if !errors.Is(err, listing.ErrNothing) && !errors.Is(err, listing.ErrRecipe) {
			t.Errorf("unclassified error %v", err)
		}
		if s, err := listing.ParseSitemap(body, m); err == nil {
			check(s.Entries)
		} else if !errors.Is(err, listing.ErrNothing) {
			t.Errorf("unclassified error %v", err)
		}
	})
}
