package site

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	xhtml "golang.org/x/net/html"

	"github.com/coranto/coranto"
)

// A history of edits gives, build after build with a memo that is written and
// read in between, the very tree that a build from nothing gives.
func TestAnyHistoryGivesTheSameTree(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, 7))
			all := sampleInput(160)
			in := Input{Config: all.Config, Sources: all.Sources[:6], Images: map[string]Image{}}
			in.Config.PerPage, in.searchFirst = 4, 3
			next := 0
			blobs, memo := map[string]string{}, NewCache()
			for step := range 24 {
				next = mutate(r, &in, all, next)
				got := newTree(blobs)
				if _, err := Build(t.Context(), in, got, memo); err != nil {
					t.Fatal(err)
				}
				want, _ := buildSite(t, in)
				if !maps.Equal(want, got.files) {
					t.Fatalf("step %d: tree differs from a build from nothing (-want +got):\n%.3000s", step, cmp.Diff(want, got.files))
				}
				memo.Next()
				var file bytes.Buffer
				if _, err := memo.WriteTo(&file); err != nil {
					t.Fatal(err)
				}
				var err error
				if memo, err = ReadCache(&file); err != nil {
					t.Fatal(err)
				}
				if r.IntN(4) == 0 { // the store was swept
					for k := range blobs {
						if r.IntN(3) == 0 {
							delete(blobs, k)
						}
					}
				}
			}
		})
	}
}

// mutate changes the input as life does.
func mutate(r *rand.Rand, in *Input, all Input, next int) int {
	add := func(n int) {
		for ; n > 0 && next < len(all.Posts); n-- {
			p := all.Posts[next]
			p.Backlog = r.IntN(6) == 0
			in.Posts = append(in.Posts, p)
			next++
		}
	}
	in.Posts = slices.Clone(in.Posts)
	in.Sources = slices.Clone(in.Sources)
	if len(in.Posts) == 0 {
		add(30)
		return next
	}
	p := &in.Posts[r.IntN(len(in.Posts))]
	switch r.IntN(14) {
	case 0, 1, 2:
		add(1 + r.IntN(9))
	case 3, 12, 13:
		edit(r, p)
	case 4:
		p.Hidden = !p.Hidden
	case 5:
		s := &in.Sources[r.IntN(len(in.Sources))]
		s.Retired = !s.Retired
	case 6:
		s := &in.Sources[r.IntN(len(in.Sources))]
		s.Title += "!"
	case 7:
		in.Config.Description += "."
	case 8:
		p.Tags = append(slices.Clone(p.Tags), "Rare "+fmt.Sprint(r.IntN(3)))
	case 9:
		p.Image = "https://cdn.example.com/x.png"
		in.Images = map[string]Image{p.Image: {Path: "images/" + fmt.Sprint(r.IntN(9)) + ".png", Width: 100, Height: 50}}
	case 10:
		in.Theme = fstest.MapFS{"static/robots.txt": {Data: []byte(fmt.Sprint(r.IntN(5)))}, "assets/extra.css": {Data: []byte("a{}")}}
	case 11:
		p.Also = append(slices.Clone(p.Also), coranto.Also{Source: in.Sources[r.IntN(len(in.Sources))].ID})
		if len(in.Sources) < len(all.Sources) {
			in.Sources = append(in.Sources, all.Sources[len(in.Sources)])
		}
	}
	return next
}

// edit changes one field of a post.
func edit(r *rand.Rand, p *coranto.Post) {
	word := fmt.Sprint(" ", r.IntN(1000))
	switch r.IntN(12) {
	case 0:
		p.Title += word
	case 1:
		p.Updated = p.FirstSeen.Add(time.Hour)
	case 2:
		p.Author = strings.ToUpper(p.Author)
	case 3:
		p.Intro += word
	case 4:
		p.Link += strings.TrimSpace(word)
	case 5:
		p.Content += word
	case 6:
		p.Language = []string{"de", "ar", ""}[r.IntN(3)]
	case 7:
		p.Authors = []coranto.Person{{Name: p.Author, URL: "https://a.example/" + strings.TrimSpace(word)}}
	case 8:
		p.Image = "https://cdn.example.com/x.png"
	case 9:
		p.Published = p.Published.Add(time.Minute)
	case 10:
		p.Kind = []string{"blog", "video", "story"}[r.IntN(3)]
	case 11:
		p.Backlog = !p.Backlog
	}
}

func TestThreeNewPostsTouchFewFiles(t *testing.T) {
	in := sampleInput(3000)
	old := in
	old.Posts = in.Posts[:len(in.Posts)-3]
	blobs, memo := map[string]string{}, NewCache()
	first, err := Build(t.Context(), old, newTree(blobs), memo)
	if err != nil {
		t.Fatal(err)
	}
	if first.Reused > 0 || first.Files != first.Rendered {
		t.Errorf("first build reused %d files: %+v", first.Reused, first)
	}
	r, err := Build(t.Context(), in, newTree(blobs), memo)
	if err != nil {
		t.Fatal(err)
	}
	if r.Rendered > 50 {
		t.Errorf("three new posts rendered %d files of %d, want at most 50", r.Rendered, r.Files)
	}
	again, err := Build(t.Context(), in, newTree(blobs), memo)
	if err != nil {
		t.Fatal(err)
	}
	if again.Rendered != 0 || again.Files != r.Files {
		t.Errorf("unchanged input rendered %d files, want 0", again.Rendered)
	}
}

// Sealed pages hold the same slots whatever comes after, and all but the last
// stay as they are byte for byte.
func TestSealedPagesStay(t *testing.T) {
	in := sampleInput(120)
	in.Config.PerPage = 10
	in.Sources, in.Posts = in.Sources[:10], slices.Clone(in.Posts)
	for i := range in.Posts {
		in.Posts[i].Also = nil
	}
	pages := func(n int) map[string]string {
		cut := in
		cut.Posts = in.Posts[:n]
		files, _ := buildSite(t, cut)
		out := map[string]string{}
		for p, body := range files {
			if strings.HasPrefix(p, "page/") {
				out[p] = body
			}
		}
		return out
	}
	before, after := pages(75), pages(119)
	if got, want := len(before), 6; got != want {
		t.Fatalf("75 posts at 10 a page: %d sealed pages, want %d", got, want)
	}
	for p, body := range before {
		if p == "page/6/index.html" {
			if !strings.Contains(body, `rel="prev" href="/">`) || !strings.Contains(after[p], `rel="prev" href="/page/7/">`) {
				t.Errorf("%s: newer does not name the head and then the next page", p)
			}
			continue
		}
		if after[p] != body {
			t.Errorf("%s changed when posts were added", p)
		}
	}
}

func TestHiddenAndBacklogPosts(t *testing.T) {
	in := sampleInput(60)
	in.Posts = slices.Clone(in.Posts)
	hidden, backlog := &in.Posts[58], &in.Posts[57]
	hidden.Hidden, hidden.Title, hidden.Tags = true, "Hidden gem", []string{"Only hidden"}
	backlog.Backlog, backlog.Title, backlog.Tags = true, "Backlog gem", []string{"Old things"}
	files, _ := buildSite(t, in)
	for p, body := range files {
		if strings.Contains(body, "Hidden gem") || strings.Contains(body, "Only hidden") {
			t.Errorf("%s shows the hidden post", p)
		}
		front := p == "index.html" || strings.HasPrefix(p, "page/") || strings.HasSuffix(p, "feed.xml") || p == "rss.xml" || p == "feed.json"
		if has := strings.Contains(body, "Backlog gem"); has && front {
			t.Errorf("%s shows a post of the backlog", p)
		}
	}
	for _, p := range []string{"posts/" + backlog.ID + "/index.html", "tags/old-things/index.html"} {
		if !strings.Contains(files[p], "Backlog gem") {
			t.Errorf("%s lacks the post of the backlog", p)
		}
	}
}

var hrefs = regexp.MustCompile(`(?:href|src|action|data-status)="([^"]*)"`)

// Every link within the site leads to a file, and nothing is loaded from
// elsewhere, whether the site stands at the root or in a folder.
func TestLinksAndPolicy(t *testing.T) {
	for _, base := range []string{"", "https://news.example.org", "https://example.org/planet/"} {
		in := sampleInput(90)
		in.Config.URL = base
		in.Config.Title = `Tom & "Jerry" <3`
		in.Images = samplePictures(in.Posts)
		files, _ := buildSite(t, in)
		for _, i := range in.Images {
			files[i.Path] = ""
		}
		root := "/"
		if u, _ := url.Parse(base); u.Path != "" {
			root = u.Path
		}
		for p, body := range files {
			if !strings.HasSuffix(p, ".html") {
				continue
			}
			for _, m := range hrefs.FindAllStringSubmatch(body, -1) {
				checkLink(t, files, p, root, base, xhtml.UnescapeString(m[1]))
			}
			checkMarkup(t, p, body)
		}
		if base != "" {
			checkSitemap(t, files, strings.TrimSuffix(base, "/"))
		} else if _, ok := files["sitemap.xml"]; ok {
			t.Error("a site that does not know its address has a sitemap")
		}
	}
}

func checkLink(t *testing.T, files map[string]string, page, root, base, href string) {
	t.Helper()
	u, err := url.Parse(href)
	if err != nil {
		t.Errorf("%s: link %q: %v", page, href, err)
		return
	}
	if u.Fragment != "" && u.Path == "" {
		return
	}
	if u.Host != "" {
		if u.Scheme != "http" && u.Scheme != "https" {
			t.Errorf("%s: link %q has a forbidden scheme", page, href)
		}
		if base == "" || !strings.HasPrefix(href, strings.TrimSuffix(base, "/")+"/") {
			return
		}
	}
	rest, ok := strings.CutPrefix(u.Path, root)
	if !ok {
		t.Errorf("%s: link %q leaves the site", page, href)
		return
	}
	if rest == "status.json" {
		return
	}
	if rest == "" || strings.HasSuffix(rest, "/") {
		rest += "index.html"
	}
	if _, ok := files[rest]; !ok {
		t.Errorf("%s: link %q leads nowhere", page, href)
	}
}

// checkMarkup reads a page as a browser does and finds what the policy or the
// standard forbids.
func checkMarkup(t *testing.T, page, body string) {
	t.Helper()
	doc, err := xhtml.Parse(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	ids, level := map[string]bool{}, 0
	h1, mains := 0, 0
	for n := range doc.Descendants() {
		if n.Type != xhtml.ElementNode {
			continue
		}
		attr := map[string]string{}
		for _, a := range n.Attr {
			attr[a.Key] = a.Val
			if strings.HasPrefix(a.Key, "on") || a.Key == "style" {
				t.Errorf("%s: <%s> has a %s attribute", page, n.Data, a.Key)
			}
		}
		if id, ok := attr["id"]; ok {
			if ids[id] {
				t.Errorf("%s: id %q twice", page, id)
			}
			ids[id] = true
		}
		switch n.Data {
		case "script", "link", "img":
			src := attr["src"]
			if n.Data == "link" && (attr["rel"] == "stylesheet" || attr["rel"] == "icon") {
				src = attr["href"]
			}
			if n.Data == "script" && (src == "" || n.FirstChild != nil) {
				t.Errorf("%s: inline script", page)
			}
			if src != "" && !strings.HasPrefix(src, "/") && !strings.HasPrefix(src, "data:image/") {
				t.Errorf("%s: <%s> loads %q", page, n.Data, src)
			}
			if _, ok := attr["alt"]; n.Data == "img" && !ok {
				t.Errorf("%s: img without alt", page)
			}
		case "style", "iframe", "object", "embed", "form", "video", "audio", "base":
			t.Errorf("%s: <%s>", page, n.Data)
		case "main":
			mains++
		case "h1", "h2", "h3", "h4", "h5", "h6":
			l := int(n.Data[1] - '0')
			if l > level+1 {
				t.Errorf("%s: h%d follows h%d", page, l, level)
			}
			level = l
			if l == 1 {
				h1++
			}
		}
	}
	if h1 != 1 || mains != 1 {
		t.Errorf("%s: %d h1 and %d main, want one each", page, h1, mains)
	}
}

func checkSitemap(t *testing.T, files map[string]string, base string) {
	t.Helper()
	locs := regexp.MustCompile(`<loc>([^<]*)</loc>`)
	n := 0
	for _, m := range locs.FindAllStringSubmatch(files["sitemap.xml"], -1) {
		chunk := strings.TrimPrefix(m[1], base+"/")
		for _, l := range locs.FindAllStringSubmatch(files[chunk], -1) {
			p, err := url.PathUnescape(strings.TrimPrefix(xhtml.UnescapeString(l[1]), base+"/"))
			if _, ok := files[path.Join(p, "index.html")]; err != nil || !ok {
				t.Errorf("sitemap names %s, which is not there", l[1])
			}
			n++
		}
	}
	if n < 90 {
		t.Errorf("sitemap names %d pages, want each post at least", n)
	}
}

func wellFormed(t *testing.T, name, body string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(body))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Errorf("%s is not well-formed: %v", name, err)
			return
		}
	}
}

func TestFeedsAreWellFormed(t *testing.T) {
	in := sampleInput(80)
	files, _ := buildSite(t, in)
	n := 0
	for p, body := range files {
		if strings.HasSuffix(p, ".xml") || strings.HasSuffix(p, ".svg") {
			wellFormed(t, p, body)
			n++
		}
	}
	if n < 20 {
		t.Errorf("only %d XML files", n)
	}
	var feed struct {
		Updated string `xml:"updated"`
		Entries []struct {
			ID     string `xml:"id"`
			Author []struct {
				Name string `xml:"name"`
			} `xml:"author"`
			Source *struct {
				ID string `xml:"id"`
			} `xml:"source"`
			Links []struct {
				Rel  string `xml:"rel,attr"`
				Href string `xml:"href,attr"`
			} `xml:"link"`
		} `xml:"entry"`
	}
	if err := xml.Unmarshal([]byte(files["feed.xml"]), &feed); err != nil {
		t.Fatal(err)
	}
	if len(feed.Entries) != 50 {
		t.Errorf("feed.xml has %d entries, want 50", len(feed.Entries))
	}
	ids := map[string]bool{}
	for _, e := range feed.Entries {
		if ids[e.ID] || !strings.HasPrefix(e.ID, "urn:uuid:") || len(e.Author) == 0 || e.Source == nil || len(e.Links) == 0 {
			t.Errorf("entry %+v lacks something or its id is taken", e)
		}
		ids[e.ID] = true
	}
	newest := in.Posts[len(in.Posts)-1]
	if got, err := time.Parse(time.RFC3339, feed.Updated); err != nil || got.After(newest.FirstSeen) {
		t.Errorf("feed updated %s, after its newest post", feed.Updated)
	}
	var doc struct {
		Items []struct{ ID, URL string } `json:"items"`
	}
	if err := json.Unmarshal([]byte(files["feed.json"]), &doc); err != nil || len(doc.Items) != 50 {
		t.Errorf("feed.json: %v, %d items", err, len(doc.Items))
	}
	for _, it := range doc.Items {
		if !ids[it.ID] {
			t.Errorf("feed.json has id %s, which feed.xml has not", it.ID)
		}
	}
}

func TestEmptySiteWelcomes(t *testing.T) {
	files, r := buildSite(t, Input{})
	if !strings.Contains(files["index.html"], "on their way") {
		t.Error("the home page of an empty site does not welcome")
	}
	for p, body := range files {
		if strings.HasSuffix(p, ".html") {
			checkMarkup(t, p, body)
			for _, m := range hrefs.FindAllStringSubmatch(body, -1) {
				checkLink(t, files, p, "/", "", xhtml.UnescapeString(m[1]))
			}
		}
	}
	if r.Posts != 0 || r.Files != len(files) {
		t.Errorf("report %+v, %d files", r, len(files))
	}
	wellFormed(t, "feed.xml", files["feed.xml"])
}

func TestOriginalContentJSON(t *testing.T) {
	// The AWS sample knows no id, kind or first_seen.
	in := Input{Posts: []coranto.Post{
		{Title: "One", Author: "Ada", Date: "Sep 14, 2020", Link: "https://a.example/1", Tags: []string{"x"}},
		{Title: "Two", Author: "Ada", Date: "Sep 15, 2020", Link: "https://a.example/2"},
	}}
	sortPosts(in.Posts)
	files, r := buildSite(t, in)
	if r.Posts != 2 || !strings.Contains(files["index.html"], `<time datetime="2020-09-15">Sep 15, 2020</time>`) {
		t.Errorf("posts without ids: %+v", r)
	}
	if _, ok := files["archive/2020/09/index.html"]; !ok {
		t.Error("no page for September 2020")
	}
	if strings.Contains(files["index.html"], "0001") {
		t.Error("a date was invented")
	}
}

func TestConfigErrors(t *testing.T) {
	for name, c := range map[string]Config{
		"timezone": {Timezone: "Mars/Olympus"}, "language": {Language: "not a language"}, "url": {URL: "news.example.org"},
		"scheme": {URL: "ftp://news.example.org"}, "theme": {Theme: "nonesuch"}, "traversal": {Theme: "../x"},
	} {
		if _, err := Build(t.Context(), Input{Config: c}, newTree(map[string]string{}), nil); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	unsorted := sampleInput(20)
	slices.Reverse(unsorted.Posts)
	if _, err := Build(t.Context(), unsorted, newTree(map[string]string{}), nil); err == nil {
		t.Error("posts out of order: no error")
	}
}

func TestLanguages(t *testing.T) {
	in := sampleInput(30)
	in.Config.Language = "he"
	files, _ := buildSite(t, in)
	if !strings.Contains(files["index.html"], `<html lang="he" dir="rtl">`) {
		t.Error("a site in Hebrew does not run from right to left")
	}
	in.Config.Language = "ar"
	files, _ = buildSite(t, in)
	if !strings.Contains(files["index.html"], `dir="rtl"`) || !strings.Contains(files["index.html"], "الوسوم") {
		t.Error("a site in Arabic does not speak Arabic")
	}
	in.Config.Language = "de"
	files, _ = buildSite(t, in)
	if !strings.Contains(files["index.html"], "Schlagwörter") || !strings.Contains(files["index.html"], ". Mai 2026") {
		t.Error("a site in German does not speak German")
	}
}
