package site

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coranto/coranto"
)

// tree is a Sink that keeps files in memory, over a store of blobs which
// outlives it, as that of the releases does.
type tree struct {
	files map[string]string
	blobs map[string]string // by hash; shared between builds
}

func newTree(blobs map[string]string) *tree { return &tree{map[string]string{}, blobs} }

func (t *tree) Put(path string, body []byte) (string, error) {
	if _, twice := t.files[path]; twice {
		return "", fmt.Errorf("%s given twice", path)
	}
	sum := sha256.Sum256(body)
	hash := hex.EncodeToString(sum[:])
	t.files[path] = string(body)
	t.blobs[hash] = t.files[path]
	return hash, nil
}

func (t *tree) Reuse(path, hash string) error {
	if _, twice := t.files[path]; twice {
		return fmt.Errorf("%s given twice", path)
	}
	body, ok := t.blobs[hash]
	if !ok {
		return ErrGone
	}
	t.files[path] = body
	return nil
}

// build makes a site from nothing.
func buildSite(t testing.TB, in Input) (map[string]string, Report) {
	t.Helper()
	out := newTree(map[string]string{})
	r, err := Build(t.Context(), in, out, nil)
	if err != nil {
		t.Fatal(err)
	}
	return out.files, r
}

func write(t testing.TB, dir string, files map[string]string) {
	t.Helper()
	for p, body := range files {
		name := filepath.Join(dir, filepath.FromSlash(p))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(body), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func sortPosts(posts []coranto.Post) {
	slices.SortFunc(posts, func(a, b coranto.Post) int { return a.Compare(&b) })
}

var (
	sampleVerbs  = []string{"Building", "Understanding", "Debugging", "Shipping", "Measuring", "Rethinking", "Taming", "Scaling", "Teaching", "Rewriting"}
	sampleThings = []string{"a queue that never forgets", "event-driven backups", "cold starts", "our static site", "idempotent workers", "the humble cron job", "distributed tracing", "a feed reader", "SQLite at the edge", "retry storms", "the build pipeline", "schema migrations"}
	sampleTails  = []string{"", " in production", ", five years on", " without tears", " for small teams", ": what we learned", " with plain files"}
	sampleTags   = []string{"Serverless", "Go", "Databases", "Observability", "Testing", "Architecture", "Security", "Performance", "Open Source", "Workflows", "C++", "Frontend", "Careers"}
	sampleNames  = []string{"Ada Marsh", "Bo Lindqvist", "Chiara Conti", "Dmitri Volkov", "Esther Okafor", "Farid Haddad", "Greta Sommer", "Hiro Tanaka", "Inês Duarte", "Jonas Weber"}
	sampleIntros = []string{
		"Every message has to arrive once, and only once, even when the machine that handles it is switched off half way through. Here is the small table that made it work for us.",
		"We replaced eleven scripts with one workflow. This is the story of the two we had to bring back, and of what the graphs looked like in the week after.",
		"A walk through the profile of a program that was slow for a reason nobody expected: it was sorting a list that was already sorted, eleven thousand times a day.",
		"Most of the advice on this subject is about servers we do not have. So we measured, and wrote down what holds for the three of us and a budget of forty euros.",
		"Notes from a talk: why the boring solution won, what we would do differently, and the one dashboard that is still open on every screen in the office.",
	}
	sampleSites = []string{"The Daily Queue", "Night Deploys", "Plain Text Labs", "Kernel & Kettle", "Fjord Engineering", "Off by One", "Casa do Código", "Tiny Clusters", "مدونة الخادم", "Green Builds"}
)

// sampleInput invents n posts; the same n gives the same posts.
func sampleInput(n int) Input {
	r := rand.New(rand.NewPCG(1, 2))
	pick := func(l []string) string { return l[r.IntN(len(l))] }
	in := Input{Config: Config{
		Title: "The Weekly Coranto", Description: "What engineers who run small things well are writing about.",
		URL: "https://news.example.org", Timezone: "Europe/Berlin",
	}}
	sources := max(10, n/15)
	for i := range min(sources, 800) {
		s := coranto.Source{ID: fmt.Sprintf("s%d", i), Title: sampleSites[i%len(sampleSites)], URL: fmt.Sprintf("https://s%d.example.com/feed.xml", i), Site: fmt.Sprintf("https://s%d.example.com/", i)}
		if i >= len(sampleSites) {
			s.Title += fmt.Sprintf(" %d", i/len(sampleSites)+1)
		}
		if i%9 == 7 {
			s.Kind = "video"
		}
		s.Retired = i%10 == 9
		in.Sources = append(in.Sources, s)
	}
	at := time.Date(2026, 6, 1, 8, 0, 0, 0, time.UTC).Add(-time.Duration(n) * 7 * time.Hour)
	for i := range n {
		s := in.Sources[r.IntN(len(in.Sources))]
		at = at.Add(time.Duration(1+r.IntN(14)) * time.Hour)
		title := pick(sampleVerbs) + " " + pick(sampleThings) + pick(sampleTails)
		p := coranto.Post{
			Title: title, Intro: pick(sampleIntros), Author: pick(sampleNames), Source: s.ID, Kind: s.Kind,
			FirstSeen: at, Published: at.Add(-time.Duration(r.IntN(3000)) * time.Minute),
			ID: fmt.Sprintf("%s-%06x", slug(title), i), Link: fmt.Sprintf("%sposts/%d?ref=a&lang=en", s.Site, i), Keys: []string{fmt.Sprintf("%s:%d", s.ID, i)},
		}
		if s.Title == "مدونة الخادم" {
			p.Title, p.Intro, p.Language = "كيف نبني طابورًا لا ينسى", "يجب أن تصل كل رسالة مرة واحدة فقط، حتى عندما ينطفئ الخادم في منتصف الطريق. هذا ما تعلمناه.", "ar"
		}
		if i%17 == 3 {
			p.Author += ", " + pick(sampleNames)
		}
		p.Date = p.Published.Format(coranto.DateLayout)
		for range 1 + r.IntN(4) {
			if t := pick(sampleTags); !slices.Contains(p.Tags, t) {
				p.Tags = append(p.Tags, t)
			}
		}
		if n > 1000 && i%3 == 0 {
			p.Tags = append(p.Tags, fmt.Sprintf("topic %d", r.IntN(n/20)))
		}
		if i%11 == 5 {
			p.Also = []coranto.Also{{Source: in.Sources[(i+3)%len(in.Sources)].ID, Link: p.Link + "#also"}}
		}
		if i%5 == 4 {
			p.Content = sampleContent
		}
		in.Posts = append(in.Posts, p)
	}
	sortPosts(in.Posts)
	return in
}

const sampleContent = `<p>Every message has to arrive <em>once</em>, and only once, even when the machine that handles it is switched off half way through. <a href="https://example.com/paper?a=1&amp;b=2">The paper</a> says it better.</p>
<h1>What went wrong</h1><p>It began with a <code>SELECT</code> that nobody had looked at for years.</p>
<pre><code>BEGIN IMMEDIATE;
UPDATE jobs SET owner = 'me' WHERE id = (SELECT id FROM jobs WHERE owner IS NULL LIMIT 1);
COMMIT;</code></pre>
<h3>And then</h3><ul><li>We measured.</li><li>We were wrong.</li><li>We measured again, <strong>with the right clock</strong>.</li></ul>
<figure><img src="https://cdn.example.com/chart.png" alt="A chart of the week"><figcaption>The week in question.</figcaption></figure>
<blockquote><p>The boring solution is the one you can explain at three in the morning.</p></blockquote>
<table><thead><tr><th>Day</th><th>Jobs</th></tr></thead><tbody><tr><td>Monday</td><td>11,260</td></tr><tr><td>Tuesday</td><td>9,871</td></tr></tbody></table>
<p>That is all. Write to us.</p>`

// TestWriteSample writes a site of invented posts to the directory named in
// SITE_OUT, to be looked at; without it there is nothing to do.
func TestWriteSample(t *testing.T) {
	dir := os.Getenv("SITE_OUT")
	if dir == "" {
		t.Skip("SITE_OUT is not set")
	}
	in := sampleInput(66)
	in.Images = samplePictures(in.Posts)
	in.Config.Language, in.Config.Theme = os.Getenv("SITE_LANGUAGE"), os.Getenv("SITE_THEME")
	files, r := buildSite(t, in)
	for _, i := range in.Images {
		files[i.Path] = drawnPicture(i.Path)
	}
	files["status.json"] = `{"checked":"2026-06-01T09:00:00Z","fresh":true,"sources":{"s0":{"state":"ok"},"s1":{"state":"failing","error":"HTTP.Status500"},"s2":{"state":"ok"},"s3":{"state":"held"},"s4":{"state":"ok"},"s5":{"state":"gone"}}}`
	write(t, dir, files)
	empty, _ := buildSite(t, Input{Config: in.Config})
	write(t, filepath.Join(dir, "_empty"), empty)
	t.Logf("%+v", r)
}

// samplePictures gives a third of the posts a picture.
func samplePictures(posts []coranto.Post) map[string]Image {
	m := map[string]Image{}
	for i := range posts {
		if i%3 == 1 {
			posts[i].Image = fmt.Sprintf("https://cdn.example.com/%d.jpg", i)
			m[posts[i].Image] = Image{Path: fmt.Sprintf("images/%d.svg", i), Width: 1200, Height: 675}
		}
	}
	return m
}

func drawnPicture(name string) string {
	h := mix(name) % 360
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1200 675"><rect width="1200" height="675" fill="hsl(%d 45%% 78%%)"/>`, h)
	fmt.Fprintf(&b, `<circle cx="%d" cy="190" r="90" fill="hsl(%d 80%% 92%%)"/>`, 300+h*2%700, (h+40)%360)
	for i := range uint32(4) {
		y := 330 + i*85
		fmt.Fprintf(&b, `<path d="M0 %d Q %d %d 600 %d T 1200 %d V675H0Z" fill="hsl(%d 38%% %d%%)"/>`, y, 150+h%200, y-120+i*20, y, y-40, (h+i*14)%360, 62-i*12)
	}
	b.WriteString("</svg>")
	return b.String()
}
