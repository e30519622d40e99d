package content

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/git"
)

// template says in which file a post is kept.
type template struct {
	text  string
	dir   string // the folder before the first placeholder; empty: the top
	match *regexp.Regexp
}

var placeholder = regexp.MustCompile(`\{[^{}]*\}`)

func parseTemplate(text string) (template, error) {
	t := template{text: text}
	bad := func(why string) (template, error) {
		return t, fmt.Errorf("%w: %q %s (hint: %s)", ErrPath, text, why, DefaultPath)
	}
	if !strings.HasSuffix(text, ".json") {
		return bad("does not end in .json")
	}
	if err := git.CheckPath(placeholder.ReplaceAllString(text, "x")); err != nil {
		return bad("is no path in a repository")
	}
	re := "^"
	at := 0
	for _, m := range placeholder.FindAllStringIndex(text, -1) {
		name := text[m[0]:m[1]]
		pattern, ok := map[string]string{"{year}": `\d{4}`, "{month}": `\d\d`, "{day}": `\d\d`, "{source}": `[^/]+`}[name]
		if !ok {
			return bad("has the unknown part " + name)
		}
		re += regexp.QuoteMeta(text[at:m[0]]) + pattern
		at = m[1]
	}
	re += regexp.QuoteMeta(text[at:]) + "$"
	if strings.ContainsAny(placeholder.ReplaceAllString(text, ""), "{}") {
		return bad("has a brace too many")
	}
	t.match = regexp.MustCompile(re)
	fixed, _, _ := strings.Cut(text, "{")
	t.dir = path.Dir(fixed + "x")
	if t.dir == "." {
		t.dir = ""
	}
	return t, nil
}

// path is the file of a new post.
func (t template) path(p *coranto.Post) string {
	at := p.FirstSeen.UTC()
	source := p.Source
	if source == "" {
		source = "none"
	}
	return strings.NewReplacer(
		"{year}", at.Format("2006"), "{month}", at.Format("01"), "{day}", at.Format("02"), "{source}", source,
	).Replace(t.text)
}

// legacyFile is where the AWS sample, and a site of one file, keep all posts.
const legacyFile = "content.json"

// roots are the places that hold shards of this or an earlier template.
func (t template) roots() []string {
	roots := []string{legacyFile, "content"}
	if !slices.Contains(roots, t.dir) {
		roots = append(roots, t.dir)
	}
	return roots
}

// holds reports whether a file below one of the roots is a shard. Below the top
// of the repository only the template's own paths are: other files live there.
func (t template) holds(file string) bool {
	if file == legacyFile || t.match.MatchString(file) {
		return true
	}
	if !strings.HasSuffix(file, ".json") {
		return false
	}
	return strings.HasPrefix(file, "content/") || t.dir != "" && strings.HasPrefix(file, t.dir+"/")
}
