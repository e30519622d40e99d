package sampleweb

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// site is a Site with what it has published. Web.mu guards the second half.
type site struct {
	Site
	blog
	n         int // number among the sources
	origin    string
	oldOrigin string // of a moved source
	feedPath  string
	size      int // entries in the feed
	style     style

	posts    []*post // oldest first
	repeated []*post // other sources' posts that the feed lists too
	slugs    map[string]bool
	byPath   map[string]*post
	revision int
	modified time.Time // Last-Modified; grows by a second at least with each revision
	asked    int       // requests for the feed so far
	feed     *document // of this revision, once asked for
}

// post is one article. Its text is drawn again from its number when needed.
type post struct {
	Truth
	site   *site
	n      int
	path   string
	words  uint64 // seed of title and text
	render *document
}

func (p *post) truth(s *site) Truth {
	t := p.Truth
	t.Tags = append([]string(nil), t.Tags...)
	t.Also = append([]string(nil), t.Also...)
	return t
}

var formats = []string{"rss2", "atom", "jsonfeed", "rss1"}

var dozen = []Fault{Healthy, Healthy, Flaky, Healthy, Malformed, Moved, Error, Healthy, Gone, Repeat, Hang, Healthy}

// makeSites decides everything about the sources but their origins.
func (w *Web) makeSites() {
	broken := dozenOf(dozen)
	for i := range w.opt.Sources {
		r := rand.New(rand.NewPCG(w.opt.Seed, uint64(i)+1))
		b := blogs[i%len(blogs)]
		if i >= len(blogs) {
			b.rename(r)
		}
		s := &site{blog: b, n: i, slugs: map[string]bool{}, byPath: map[string]*post{}, style: style(i % int(styles)), size: w.opt.FeedSize}
		s.Site = Site{ID: slug(b.name), Name: b.name, Format: formats[(i+i/12)%4], Kind: "blog", Language: b.lang, Topic: b.topic}
		if b.kind != "" {
			s.Kind = b.kind
		}
		if s.ID == "" {
			s.ID = "kansokujo"
		}
		if i >= len(blogs) {
			s.ID = fmt.Sprintf("%s-%d", s.ID, i)
		}
		if s.size <= 0 {
			s.size = 10 + r.IntN(16)
		}
		if w.opt.Faults {
			switch {
			case i < len(dozen):
				s.Fault = dozen[i]
			case i%25 == 0:
				s.Fault = broken[i/25%len(broken)]
			}
		}
		if f, ok := w.opt.Assign[i]; ok {
			s.Fault = f
		}
		if s.Fault == Malformed {
			s.Format = "rss2"
		}
		s.Quirks = w.opt.AllQuirks | w.opt.Quirks[i]
		s.feedPath = feedPath(s.Format, i)
		s.modified = w.now().Add(-time.Hour)
		w.sites = append(w.sites, s)
	}
}

func dozenOf(all []Fault) []Fault {
	var f []Fault
	for _, x := range all {
		if x != Healthy {
			f = append(f, x)
		}
	}
	return f
}

// rename makes another blog on the same topic.
func (b *blog) rename(r *rand.Rand) {
	b.name = pick(r, nameFirst) + " " + pick(r, nameLast)
	b.hue = float64(r.IntN(360))
	b.motif = motif(r.IntN(int(motifs)))
	b.authors = nil
	for range 1 + r.IntN(3) {
		b.authors = append(b.authors, pick(r, given)+" "+pick(r, family))
	}
}

func feedPath(format string, i int) string {
	paths := map[string][]string{
		"rss2":     {"/feed/", "/rss.xml", "/index.xml"},
		"rss1":     {"/index.rdf", "/rss10.xml"},
		"atom":     {"/atom.xml", "/feed.atom"},
		"jsonfeed": {"/feed.json", "/index.json"},
	}[format]
	return paths[i/4%len(paths)]
}

// address fills in the URLs, once the origin is known.
func (s *site) address() {
	s.Home, s.FeedURL = s.origin+"/", s.origin+s.feedPath
	if s.Fault == Moved {
		s.MovedTo, s.FeedURL, s.Home = s.FeedURL, s.oldOrigin+s.feedPath, s.oldOrigin+"/"
	}
}

// backlog writes what was published before the start.
func (w *Web) backlog(s *site) {
	r := rand.New(rand.NewPCG(w.opt.Seed, uint64(s.n)<<20))
	at := w.now().Truncate(time.Hour).Add(-time.Duration(r.IntN(120)+1) * time.Hour)
	times := make([]time.Time, w.opt.PostsPer)
	for i := range times {
		times[len(times)-1-i] = at
		at = at.Add(-time.Duration(20+r.IntN(200))*time.Hour - time.Duration(r.IntN(3600))*time.Second)
	}
	for _, t := range times {
		s.posts = append(s.posts, s.compose(w.opt.Seed, t))
	}
}

// repeat lets the sources with that fault list the newest posts of the first
// healthy source before them (or after, if there is none).
func (w *Web) repeat() {
	for _, s := range w.sites {
		if s.Fault != Repeat {
			continue
		}
		for d := 1; d < len(w.sites); d++ {
			from := w.sites[(s.n-d+len(w.sites))%len(w.sites)]
			if from.Fault != Healthy {
				continue
			}
			for _, p := range from.posts[max(0, len(from.posts)-2):] {
				s.repeated = append(s.repeated, p)
				p.Also = append(p.Also, s.ID)
			}
			break
		}
	}
}

// compose writes the next post of s.
func (s *site) compose(seed uint64, at time.Time) *post {
	n := len(s.posts)
	p := &post{site: s, n: n, words: seed ^ uint64(s.n)<<32 ^ uint64(n)}
	r := p.draw()
	title := draw(r, s.titles[(n*7+s.n)%len(s.titles)])
	for try := 0; s.slugs[title] && try < 12; try++ {
		title = draw(r, pick(r, s.titles))
	}
	if s.slugs[title] {
		title = fmt.Sprintf("%s (%d)", title, n+1)
	}
	s.slugs[title] = true
	p.Truth = Truth{
		Site: s.ID, Title: title, Author: pick(r, s.authors), Intro: s.intro(r, n),
		Published: at, Language: s.lang,
	}
	for _, t := range r.Perm(len(s.tags))[:2+r.IntN(3)] {
		p.Tags = append(p.Tags, s.tags[t])
	}
	p.path = s.path(p, at)
	p.URL = s.origin + p.path
	s.byPath[p.path] = p
	if r.IntN(12) > 0 {
		p.Image = fmt.Sprintf("%s/img/%d.png", s.origin, n)
	}
	p.ID = p.URL
	switch {
	case s.Format == "atom":
		host := strings.TrimPrefix(s.origin, "http://")
		p.ID = fmt.Sprintf("tag:%s,%s:%d", strings.ReplaceAll(host, ":", "-"), at.Format("2006-01-02"), n)
	case s.n%3 == 1:
		p.ID = fmt.Sprintf("%s-%06d", s.Site.ID, n)
	}
	return p
}

// intro takes turns, so that neighbours in a list differ.
func (s *site) intro(r *rand.Rand, n int) string {
	gap := s.gap()
	one := func(i int) string { return draw(r, s.sentences[i%len(s.sentences)]) }
	if n%2 == 0 {
		return draw(r, s.ledes[n/2%len(s.ledes)])
	}
	return one(n*5+s.n) + gap + one(n*5+s.n+3)
}

// gap stands between two sentences.
func (s *site) gap() string {
	if s.Language == "ja" {
		return ""
	}
	return " "
}

// path is where the post stands; blogs differ in their habits.
func (s *site) path(p *post, at time.Time) string {
	name := slug(p.Title)
	if name == "" {
		name = fmt.Sprintf("note-%d", p.n)
	}
	switch s.n % 5 {
	case 0:
		return at.Format("/2006/01/02/") + name + "/"
	case 1:
		return "/posts/" + name
	case 2:
		return fmt.Sprintf("/blog/%s.html", name)
	case 3:
		return fmt.Sprintf("/p/%d-%s", p.n, name)
	}
	return fmt.Sprintf("/?p=%d", 100+p.n)
}

// draw starts the dice of the post anew: the first throws are its title's.
func (p *post) draw() *rand.Rand { return rand.New(rand.NewPCG(p.words, 0xa171c1e)) }

// paragraphs is the text of the post.
func (p *post) paragraphs() []string {
	r := rand.New(rand.NewPCG(p.words, 0x7e47))
	order := r.Perm(len(p.site.sentences))
	if p.n%2 == 1 { // the intro has said two of them
		said := (p.n*5 + p.site.n) % len(order)
		order = slices.DeleteFunc(order, func(i int) bool { return i == said || i == (said+3)%len(p.site.sentences) })
	}
	var all []string
	gap := p.site.gap()
	for len(order) > 0 {
		n := min(2+r.IntN(3), len(order))
		var b strings.Builder
		for i, k := range order[:n] {
			if i > 0 {
				b.WriteString(gap)
			}
			b.WriteString(draw(r, p.site.sentences[k]))
		}
		order = order[n:]
		all = append(all, b.String())
	}
	return all
}

// revise makes a new revision of the feed.
func (s *site) revise(at time.Time) {
	s.revision++
	s.feed = nil
	if !at.After(s.modified) {
		at = s.modified.Add(time.Second) // two revisions in one second must differ
	}
	s.modified = at
}

// listed is what the feed shows, newest first.
func (s *site) listed() []*post {
	var all []*post
	for i := len(s.posts) - 1; i >= 0 && len(all) < s.size; i-- {
		all = append(all, s.posts[i])
	}
	return append(all, s.repeated...)
}

func pick[T any](r *rand.Rand, all []T) T { return all[r.IntN(len(all))] }

// slug keeps ASCII letters and digits, accents dropped.
func slug(s string) string {
	var b strings.Builder
	for _, c := range norm.NFD.String(strings.ToLower(s)) {
		switch {
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
			b.WriteRune(c)
		case c == 'ß':
			b.WriteString("ss")
		case c == 'ł':
			b.WriteByte('l')
		case c == 'ı':
			b.WriteByte('i')
		case unicode.Is(unicode.Mn, c) || c == '’' || c == '\'':
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	return strings.Trim(b.String(), "-")
}
