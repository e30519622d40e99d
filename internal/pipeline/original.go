package pipeline

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"hash/maphash"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/content"
	"github.com/coranto/coranto/internal/engine"
)

// The functions of the AWS sample, under the names by which its definition
// calls them: a state machine written for them runs here as it is. They take
// and return what the sample's take and return, but do it right where that was
// wrong: a list of posts is flat, a post that is known is not scraped, a page
// that fails costs only itself, and nothing new is no commit.
//
// Substitutions are the variables of DefinitionSubstitutions that name them.
var Substitutions = map[string]string{
	"GetUrlsArn":            "coranto:getUrls",
	"GetRepoContentsArn":    "coranto:getRepoContents",
	"GetBlogPostArn":        "coranto:getBlogPost",
	"CompareAgainstRepoArn": "coranto:compareAgainstRepo",
	"AddToListArn":          "coranto:addToList",
	"WriteToGitHubArn":      "coranto:writeToGitHub",
}

// LambdaInvoke is the service's own way to call a function by name; it takes
// {FunctionName, Payload}. Only the six can be called so.
const LambdaInvoke = "arn:aws:states:::lambda:invoke"

var variable = regexp.MustCompile(`\$\{[A-Za-z0-9_]+\}`)

// Substitute puts the resources in the place of the variables.
func Substitute(definition []byte) []byte {
	if !bytes.Contains(definition, []byte("${")) {
		return definition
	}
	return variable.ReplaceAllFunc(definition, func(v []byte) []byte {
		if r, ok := Substitutions[string(v[2:len(v)-1])]; ok {
			return []byte(r)
		}
		return v
	})
}

func (p *Pipeline) addOriginal() {
	six := map[string]engine.Handler{
		"coranto:getUrls":            task(p.getURLs),
		"coranto:getRepoContents":    task(p.getRepoContents),
		"coranto:getBlogPost":        task(p.getBlogPost),
		"coranto:compareAgainstRepo": task(p.compareAgainstRepo),
		"coranto:addToList":          task(p.addToList),
		"coranto:writeToGitHub":      task(p.writeToGitHub),
	}
	for name, h := range six {
		p.tasks[name] = h
	}
	p.tasks[LambdaInvoke] = lambdaInvoke(six)
}

// lambdaInvoke wraps a function's answer as the service does.
func lambdaInvoke(functions map[string]engine.Handler) engine.Handler {
	return func(ctx context.Context, t engine.Task) (json.RawMessage, error) {
		var in struct {
			FunctionName string
			Payload      json.RawMessage
		}
		if err := json.Unmarshal(t.Input, &in); err != nil {
			return nil, wrongInput(t, "%v", err)
		}
		h := functions[in.FunctionName]
		if h == nil {
			return nil, &engine.TaskError{Name: "Lambda.ResourceNotFoundException", Cause: fmt.Sprintf("there is no function %q", in.FunctionName)}
		}
		t.Input = in.Payload
		if len(t.Input) == 0 {
			t.Input = json.RawMessage("{}")
		}
		out, err := h(ctx, t)
		if err != nil {
			return nil, err
		}
		return json.Marshal(map[string]any{"ExecutedVersion": "$LATEST", "Payload": out, "StatusCode": 200})
	}
}

func wrongInput(t engine.Task, format string, args ...any) error {
	return &engine.TaskError{Name: "Coranto.Input", Cause: fmt.Sprintf("%s: input of state %s: %s", t.Resource, t.State, fmt.Sprintf(format, args...))}
}

// Answer is how the sample's functions answer.
type Answer[T any] struct {
	StatusCode int `json:"statusCode"`
	Body       T   `json:"body"`
}

func answer[T any](body T) Answer[T] { return Answer[T]{200, body} }

// RepoContents is the body of GetRepoContents. The text of JSONBlogs is one flat
// array of posts, each with the sample's seven keys.
type RepoContents struct {
	SHA       string `json:"sha"` // of the commit that was read
	JSONBlogs string `json:"jsonBlogs"`
}

// sevenKeys is a post as the sample's content.json has it.
type sevenKeys struct {
	Title  string   `json:"title"`
	Intro  string   `json:"intro"`
	Author string   `json:"author"`
	Date   string   `json:"date"`
	Link   string   `json:"link"`
	Image  string   `json:"image"`
	Tags   []string `json:"tags"`
}

func (p *Pipeline) getRepoContents(ctx context.Context, _ engine.Task, _ json.RawMessage) (Answer[RepoContents], error) {
	snap, err := p.Content.Snapshot(ctx)
	if err != nil {
		return Answer[RepoContents]{}, err
	}
	posts, err := snap.Posts(ctx)
	if err != nil {
		return Answer[RepoContents]{}, err
	}
	list := make([]sevenKeys, len(posts))
	for i := range posts {
		q := &posts[i]
		list[i] = sevenKeys{q.Title, q.Intro, q.Author, q.Date, q.Link, q.Image, q.Tags}
		if q.Tags == nil {
			list[i].Tags = []string{}
		}
	}
	text, err := jsonText(list)
	return answer(RepoContents{SHA: snap.Commit(), JSONBlogs: text}), err
}

// jsonText is JSON for people and diffs: HTML is not escaped.
func jsonText(v any) (string, error) {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return strings.TrimSuffix(b.String(), "\n"), err
}

// CompareInput is what CompareAgainstRepo takes: texts, as the functions before
// it return them, or what encloses those.
type CompareInput struct {
	BlogURL   string          `json:"BlogUrl"`
	RepoBlogs json.RawMessage `json:"RepoBlogs"`
	BlogMeta  json.RawMessage `json:"BlogMeta"`
}

// Compared is what it returns: 1 for a post that is there.
type Compared struct {
	Exist int `json:"exist"`
}

// compareAgainstRepo compares by canonical link with the list it is given, and
// by everything a post was announced under with the repository as it is.
func (p *Pipeline) compareAgainstRepo(ctx context.Context, t engine.Task, in CompareInput) (Compared, error) {
	mine := map[string]bool{}
	add := func(link string) {
		if c := content.CanonicalLink(link); c != "" {
			mine[c] = true
		}
	}
	add(in.BlogURL)
	var metas []coranto.Post
	if len(in.BlogMeta) > 0 {
		metas = postsIn(in.BlogMeta)
	}
	for i := range metas {
		add(metas[i].Link)
	}
	if len(mine) == 0 {
		return Compared{}, wrongInput(t, "neither BlogUrl nor BlogMeta has a link")
	}
	repo := p.links.of(in.RepoBlogs)
	for c := range mine {
		if repo[c] {
			return Compared{1}, nil
		}
	}
	snap, err := p.Content.Snapshot(ctx)
	if err != nil {
		return Compared{}, err
	}
	if in.BlogURL == "" {
		return Compared{}, nil
	}
	src, entry, err := p.announced(ctx, string(t.Execution), in.BlogURL)
	if err != nil {
		return Compared{}, err
	}
	return Compared{min(1, snap.Match(src, []coranto.Entry{entry}).Known)}, nil
}

// linkMemo remembers the links of the list it has read last: every item of a Map
// brings the same.
type linkMemo struct {
	mu   sync.Mutex
	seed maphash.Seed
	sum  uint64
	last map[string]bool
}

func (m *linkMemo) of(list json.RawMessage) map[string]bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	sum := maphash.Bytes(m.seed, list)
	if m.last == nil || m.sum != sum {
		m.sum, m.last = sum, map[string]bool{}
		for _, link := range linksOf(list) {
			if c := content.CanonicalLink(link); c != "" {
				m.last[c] = true
			}
		}
	}
	return m.last
}

// linksOf lists the links of the posts in JSON. The form in which GetRepoContents
// gives them, a text, is read without making posts of it.
func linksOf(raw json.RawMessage) []string {
	var text string
	if json.Unmarshal(raw, &text) != nil {
		text = string(raw)
	}
	var list []struct{ Link string }
	var links []string
	if json.Unmarshal([]byte(text), &list) == nil {
		for _, e := range list {
			links = append(links, e.Link)
		}
		return links
	}
	for _, q := range postsIn(raw) {
		links = append(links, q.Link)
	}
	return links
}

// ToCommit is the body of AddToList: a post as the text of its JSON.
type ToCommit struct {
	ToCommit string
}

// addToList takes the meta of a new post, wherever in its input that stands.
func (p *Pipeline) addToList(_ context.Context, t engine.Task, in json.RawMessage) (Answer[ToCommit], error) {
	posts := postsUnder(in, "blogmeta")
	if len(posts) == 0 {
		posts = postsIn(in)
	}
	if len(posts) == 0 {
		return Answer[ToCommit]{}, wrongInput(t, "there is no BlogMeta with a link in it")
	}
	text, err := jsonText(posts[0])
	return answer(ToCommit{text}), err
}

// Written is the body of WriteToGitHub.
type Written struct {
	Commit string `json:"commit"` // empty: nothing was new
	Added  int    `json:"added"`
	Merged int    `json:"merged"` // also announced by another source
	Pushed bool   `json:"pushed"`
}

// writeToGitHub commits what AddToList has made of the items of mapResults.
func (p *Pipeline) writeToGitHub(ctx context.Context, t engine.Task, in json.RawMessage) (Answer[Written], error) {
	posts := postsUnder(in, "tocommit")
	started := t.Scheduled.UTC().Truncate(time.Second) // the same when it is done again
	if started.IsZero() {
		started = p.Now().UTC().Truncate(time.Second)
	}
	src, err := p.runSource(ctx, string(t.Execution), "")
	if err != nil {
		return Answer[Written]{}, err
	}
	snap, err := p.Content.Snapshot(ctx)
	if err != nil {
		return Answer[Written]{}, err
	}
	batch := content.Batch{Run: string(t.Execution), FirstSeen: started, SourcesRead: 1}
	for _, q := range posts {
		if q, ok := p.fit(snap, q, src); ok {
			batch.Posts = append(batch.Posts, q)
		}
	}
	res, err := p.Content.Commit(ctx, batch)
	if err != nil {
		return Answer[Written]{}, err
	}
	sum := Summary{Run: string(t.Execution), Started: started, Ended: p.Now().UTC().Truncate(time.Second), Sources: 1,
		Entries: len(posts), New: len(res.Added), Merged: len(res.Merged), Commit: res.Commit, Pushed: res.Pushed, Behind: res.Behind}
	if res.PushError != nil {
		sum.PushError = res.PushError.Error()
	}
	facts, err := p.facts(ctx, sum)
	if err != nil {
		return Answer[Written]{}, err
	}
	if err := p.Catalog.Record(ctx, nil, facts, nil); err != nil {
		return Answer[Written]{}, err
	}
	return answer(Written{res.Commit, len(res.Added), len(res.Merged), res.Pushed}), nil
}

// postsIn reads posts from JSON, however it is wrapped: texts of JSON are read,
// lists are made flat, and {"blogMeta": …} and bodies are opened. What has no
// link is no post.
func postsIn(raw json.RawMessage) []coranto.Post {
	var out []coranto.Post
	walk(raw, 0, func(q coranto.Post) { out = append(out, q) })
	return out
}

// maxWrap bounds how deeply a post may be wrapped.
const maxWrap = 40

func walk(raw json.RawMessage, depth int, found func(coranto.Post)) {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || depth > maxWrap {
		return
	}
	switch raw[0] {
	case '"':
		var s string
		if json.Unmarshal(raw, &s) == nil && (strings.HasPrefix(strings.TrimSpace(s), "{") || strings.HasPrefix(strings.TrimSpace(s), "[")) && json.Valid([]byte(s)) {
			walk(json.RawMessage(s), depth+1, found)
		}
	case '[':
		var list []json.RawMessage
		if json.Unmarshal(raw, &list) == nil {
			for _, v := range list {
				walk(v, depth+1, found)
			}
		}
	case '{':
		var m map[string]json.RawMessage
		if json.Unmarshal(raw, &m) != nil {
			return
		}
		if q, ok := blogOf(raw, m); ok {
			found(q)
			return
		}
		for _, name := range []string{"blogMeta", "BlogMeta", "body", "ToCommit", "jsonBlogs"} {
			walk(m[name], depth+1, found)
		}
	}
}

// blogOf reads one post. Tags may be one text of names, as the sample has them.
func blogOf(raw json.RawMessage, m map[string]json.RawMessage) (coranto.Post, bool) {
	var link string
	if json.Unmarshal(m["link"], &link) != nil || link == "" {
		return coranto.Post{}, false
	}
	var q coranto.Post
	if json.Unmarshal(raw, &q) == nil {
		return q, true
	}
	var tags string
	if json.Unmarshal(m["tags"], &tags) == nil {
		names := []string{}
		for _, n := range strings.Split(tags, ",") {
			if n = strings.TrimSpace(n); n != "" {
				names = append(names, n)
			}
		}
		m["tags"], _ = json.Marshal(names)
	}
	for name, v := range m {
		if string(bytes.TrimSpace(v)) == "null" {
			delete(m, name)
		}
	}
	if raw, err := json.Marshal(m); err == nil && json.Unmarshal(raw, &q) == nil {
		return q, true
	}
	return coranto.Post{}, false
}

// postsUnder reads the posts that stand under a key (in lower case) anywhere in
// a document, each link once.
func postsUnder(raw json.RawMessage, key string) []coranto.Post {
	var out []coranto.Post
	seen := map[string]bool{}
	var look func(v any, depth int)
	look = func(v any, depth int) {
		if depth > maxWrap {
			return
		}
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				look(e, depth+1)
			}
		case map[string]any:
			names := make([]string, 0, len(v))
			for n := range v {
				names = append(names, n)
			}
			slices.Sort(names)
			for _, n := range names {
				if strings.ToLower(n) != key {
					look(v[n], depth+1)
					continue
				}
				b, _ := json.Marshal(v[n])
				for _, q := range postsIn(b) {
					if c := content.CanonicalLink(q.Link); !seen[c] {
						seen[c] = true
						out = append(out, q)
					}
				}
			}
		}
	}
	var v any
	if json.Unmarshal(raw, &v) == nil {
		look(v, 0)
	}
	return out
}
