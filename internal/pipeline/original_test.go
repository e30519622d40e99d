package pipeline

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coranto/coranto/internal/content"
	"github.com/coranto/coranto/internal/engine"
)

func TestSubstitute(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{`{"Resource": "${GetUrlsArn}"}`, `{"Resource": "coranto:getUrls"}`},
		{`${WriteToGitHubArn}${AddToListArn}`, `coranto:writeToGitHubcoranto:addToList`},
		{`${Else} $ {GetUrlsArn} ${GetUrlsArn`, `${Else} $ {GetUrlsArn} ${GetUrlsArn`},
	} {
		if got := string(Substitute([]byte(tt.in))); got != tt.want {
			t.Errorf("Substitute(%s) = %s, want %s", tt.in, got, tt.want)
		}
	}
}

// However posts are wrapped, they come out as one flat list.
func TestPostsIn(t *testing.T) {
	const post = `{"title":"T","link":"https://a.example/1","tags":["x"]}`
	text, _ := json.Marshal(post)
	for _, tt := range []struct {
		in   string
		want []string
	}{
		{post, []string{"https://a.example/1"}},
		{string(text), []string{"https://a.example/1"}},
		{`[[[` + post + `]]]`, []string{"https://a.example/1"}},
		{`{"statusCode":200,"body":[{"blogMeta":` + string(text) + `}]}`, []string{"https://a.example/1"}},
		{`{"body":{"sha":"1","jsonBlogs":"[[{\"link\":\"https://a.example/2\"}],{\"link\":\"https://a.example/3\",\"tags\":\"one, two\",\"image\":null}]"}}`,
			[]string{"https://a.example/2", "https://a.example/3"}},
		{`{"title":"without a link"}`, nil},
		{`"no JSON {"`, nil},
		{`null`, nil},
		{``, nil},
		{strings.Repeat("[", 2000) + strings.Repeat("]", 2000), nil},
	} {
		var got []string
		for _, p := range postsIn(json.RawMessage(tt.in)) {
			got = append(got, p.Link)
		}
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%.80s: %s", tt.in, d)
		}
	}
	if got := postsIn(json.RawMessage(`{"link":"https://a.example/3","tags":"one, two"}`))[0].Tags; !cmp.Equal(got, []string{"one", "two"}) {
		t.Errorf("tags of one text: %q", got)
	}
}

func TestPostsUnder(t *testing.T) {
	doc := `{"urls":{"body":["https://a.example/9"]},"mapResults":[
		{"statusCode":200,"body":{"ToCommit":"{\"link\":\"https://a.example/1\"}"}},
		{}, null,
		{"body":{"ToCommit":"{\"link\":\"https://a.example/1/?utm_source=x\"}"}},
		[{"body":{"toCommit":{"link":"https://a.example/2"}}}]]}`
	var got []string
	for _, p := range postsUnder(json.RawMessage(doc), "tocommit") {
		got = append(got, p.Link)
	}
	if d := cmp.Diff([]string{"https://a.example/1", "https://a.example/2"}, got); d != "" {
		t.Error(d)
	}
}

func TestAddToList(t *testing.T) {
	p := New(Deps{}, 1)
	h := p.Handler("coranto:addToList")
	out, err := h(t.Context(), engine.Task{Input: json.RawMessage(`{"RepoBlogs":"[]","BlogMeta":"{\"title\":\"T\",\"link\":\"https://a.example/1\",\"tags\":[]}"}`)})
	want := `{"statusCode":200,"body":{"ToCommit":"{\"title\":\"T\",\"intro\":\"\",\"author\":\"\",\"date\":\"\",\"link\":\"https://a.example/1\",\"image\":\"\",\"tags\":[]}"}}`
	if err != nil || string(out) != want {
		t.Errorf("%s, %v, want %s", out, err, want)
	}
	if _, err := h(t.Context(), engine.Task{Input: json.RawMessage(`{}`)}); KindOf(err).Name != "Coranto.Input" {
		t.Errorf("without a post: %v", err)
	}
}

func TestSecretVariable(t *testing.T) {
	for in, want := range map[string]string{"git.example.org": "GIT_EXAMPLE_ORG", "OpenAI-key": "OPENAI_KEY", "1password": "_1PASSWORD", "ä": "_"} {
		if got := SecretVariable(in); got != want {
			t.Errorf("SecretVariable(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestNamesOfCommands(t *testing.T) {
	if k := KindNamed("Task.Exit.7"); k.Name != "Task.Exit.7" || k.Exit != ExitError || k.Reason == "" || k.Reason == internal.Reason {
		t.Errorf("Task.Exit.7 is %+v", k)
	}
	if k := KindNamed("Task.Exit.x"); k.Reason != internal.Reason {
		t.Errorf("Task.Exit.x is %+v", k)
	}
}

// FuzzPostsIn states that whatever comes out has a link, and that what is made
// of it again comes out the same.
func FuzzPostsIn(f *testing.F) {
	f.Add([]byte(`[{"blogMeta":"{\"link\":\"https://a.example\",\"tags\":\"a,b\"}"}]`))
	f.Add([]byte(`{"body":{"jsonBlogs":"[[{\"link\":\"x\"}]]"}}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		for _, p := range postsIn(in) {
			if p.Link == "" {
				t.Errorf("a post without link: %+v", p)
			}
			text, err := jsonText(p)
			if err != nil {
				t.Fatal(err)
			}
			again := postsIn(json.RawMessage(text))
			if len(again) != 1 || content.CanonicalLink(again[0].Link) != content.CanonicalLink(p.Link) {
				t.Errorf("%s came back as %+v", text, again)
			}
		}
	})
}
