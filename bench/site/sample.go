package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/coranto/coranto"
)

// sample is an invented planet: the same number gives the same posts.
type sample struct {
	r       *rand.Rand
	at      time.Time
	posts   []coranto.Post
	sources int
}

var (
	subjects = strings.Fields("queues retries caches schedulers indexes backups migrations dashboards tokens sockets shards kernels parsers feeds logs builds releases proxies brokers journals")
	verbs    = strings.Fields("Measuring Taming Replacing Understanding Shipping Debugging Scaling Rewriting Testing Forgetting")
	filler   = strings.Fields("the a of and in to we our this that with when for small large every never often before after machine network disk reader writer table graph night morning because although plan budget team user error answer")
	first    = strings.Fields("Ada Bo Chiara Dmitri Esther Farid Greta Hiro Jonas Kaja Lena Mika Nadia Omar Pia Quentin Rosa Sami Tove Uma")
	last     = strings.Fields("Marsh Lindqvist Conti Volkov Okafor Haddad Sommer Tanaka Weber Nowak Bauer Aho Ivanova Farouk Keller Roy Luna Virtanen Berg Patel")
)

const tags = 500

// invent makes n posts of a planet of 400 sources, 400 authors and 500 tags:
// two hours between posts, a fifth of them with their full text.
func invent(n int) *sample {
	s := &sample{r: rand.New(rand.NewPCG(5, 7)), sources: 400, at: time.Date(2026, 6, 1, 8, 0, 0, 0, time.UTC).Add(-time.Duration(n) * 2 * time.Hour)}
	for range n {
		s.add()
	}
	return s
}

func (s *sample) words(n int) string {
	w := make([]string, n)
	for i := range w {
		w[i] = filler[s.r.IntN(len(filler))]
		if s.r.IntN(6) == 0 {
			w[i] = subjects[s.r.IntN(len(subjects))]
		}
	}
	return strings.ToUpper(w[0][:1]) + strings.Join(w, " ")[1:] + "."
}

// add invents one more post.
func (s *sample) add() coranto.Post {
	i := len(s.posts)
	s.at = s.at.Add(2 * time.Hour)
	source := s.r.IntN(s.sources)
	title := fmt.Sprintf("%s %s %s %s", verbs[s.r.IntN(len(verbs))], subjects[s.r.IntN(len(subjects))], filler[s.r.IntN(len(filler))], subjects[s.r.IntN(len(subjects))])
	link := fmt.Sprintf("https://s%d.example.com/%d", source, i)
	p := coranto.Post{
		Title: title, Intro: s.words(30), Author: first[s.r.IntN(len(first))] + " " + last[s.r.IntN(len(last))], Link: link,
		ID: fmt.Sprintf("%s-%06x", strings.ReplaceAll(strings.ToLower(title), " ", "-"), i), Source: fmt.Sprintf("s%d", source), Kind: "blog",
		FirstSeen: s.at, Published: s.at.Add(-time.Hour), Date: s.at.Add(-time.Hour).Format(coranto.DateLayout), Tags: []string{}, Keys: []string{link},
	}
	for range 1 + s.r.IntN(3) {
		if t := fmt.Sprintf("Topic %d", s.r.IntN(tags)); !slices.Contains(p.Tags, t) {
			p.Tags = append(p.Tags, t)
		}
	}
	if i%5 == 0 {
		var b strings.Builder
		for range 6 {
			b.WriteString("<p>" + s.words(40) + "</p>")
		}
		p.Content = b.String()
	}
	s.posts = append(s.posts, p)
	return p
}

func shardOf(p *coranto.Post) string { return p.FirstSeen.Format("content/2006/01.json") }

// write puts the shards that hold posts from the given one on into dir.
func (s *sample) write(dir string, from int) error {
	shards := map[string]bool{}
	for i := range s.posts[from:] {
		shards[shardOf(&s.posts[from+i])] = true
	}
	by := map[string][]coranto.Post{}
	for i := range s.posts {
		if n := shardOf(&s.posts[i]); shards[n] {
			by[n] = append(by[n], s.posts[i])
		}
	}
	for name, posts := range by {
		body, err := json.MarshalIndent(posts, "", "  ")
		if err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o777); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name), body, 0o666); err != nil {
			return err
		}
	}
	return nil
}

// plant makes the site directory: configuration, content, one commit.
func (s *sample) plant(dir string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	conf := "site: {title: Bench, url: https://news.example.org, description: An invented planet.}\nimages: {mode: none}\nsources:\n"
	for i := range s.sources {
		conf += fmt.Sprintf("  - {id: s%d, url: 'https://s%d.example.com/feed', title: Source %d}\n", i, i, i)
	}
	if err := os.WriteFile(filepath.Join(dir, "coranto.yaml"), []byte(conf), 0o666); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, ".gitignore"), []byte(".coranto/\n"), 0o666); err != nil {
		return err
	}
	if err := s.write(dir, 0); err != nil {
		return err
	}
	if err := git(dir, "init", "-q", "-b", "main"); err != nil {
		return err
	}
	return commit(dir, "all")
}

// grow commits n new posts.
func (s *sample) grow(dir string, n int) error {
	from := len(s.posts)
	for range n {
		s.add()
	}
	if err := s.write(dir, from); err != nil {
		return err
	}
	return commit(dir, fmt.Sprint(n, " new"))
}

func commit(dir, message string) error {
	if err := git(dir, "add", "."); err != nil {
		return err
	}
	return git(dir, "commit", "-q", "-m", message)
}

func git(dir string, args ...string) error {
	cmd := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=bench", "-c", "user.email=bench@example.org"}, args...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("git %s: %w\n%s", args[0], err, out)
	}
	return nil
}
