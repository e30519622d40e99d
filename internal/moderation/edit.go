package moderation

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

const header = `# What has been decided about single posts. ` + "`coranto post`" + ` writes this file,
# a line a post; a line may be edited or taken out by hand.
posts:
`

// Set returns the file with a decision about a post; an empty one takes the
// post's out. Every other line stays as it is.
func Set(data []byte, id string, d Decision) ([]byte, error) {
	return SetAll(data, map[string]Decision{id: d})
}

// SetAll does so for several posts.
func SetAll(data []byte, all map[string]Decision) ([]byte, error) {
	was, err := Parse(FileName, data)
	if err != nil {
		return nil, err
	}
	want := maps.Clone(was.Posts)
	out := data
	for _, id := range slices.Sorted(maps.Keys(all)) {
		d := all[id]
		if id == "" {
			return nil, fmt.Errorf("%s %w: a post without an id", FileName, ErrByHand)
		}
		d = normal(d)
		if want[id] == d {
			continue
		}
		if d.empty() {
			delete(want, id)
		} else {
			want[id] = d
		}
		if out, err = setLine(out, id, d); err != nil {
			return nil, err
		}
	}
	now, err := Parse(FileName, out)
	if err != nil || !maps.Equal(now.Posts, want) || comments(out) < comments(data) {
		return nil, fmt.Errorf("%s %w: write each post in one line, like\n  some-id: {hidden: 2026-01-02T15:04:05Z, reason: spam}", FileName, ErrByHand)
	}
	return out, nil
}

// normal is what reading the written decision gives.
func normal(d Decision) Decision {
	for _, t := range []*time.Time{&d.Hidden, &d.Pinned, &d.Approved, &d.Embargo} {
		*t = t.UTC().Truncate(time.Second)
	}
	d.Reason = strings.Join(strings.Fields(strings.ToValidUTF8(d.Reason, "\uFFFD")), " ")
	if d.empty() {
		return Decision{}
	}
	return d
}

// comments counts the lines that hold one alone.
func comments(data []byte) int {
	n := 0
	for line := range strings.SplitSeq(string(data), "\n") {
		if strings.HasPrefix(strings.TrimSpace(line), "#") {
			n++
		}
	}
	return n
}

// setLine replaces, adds or removes the line of one post.
func setLine(data []byte, id string, d Decision) ([]byte, error) {
	text := string(data)
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	posts, err := document(FileName, []byte(text))
	if err != nil {
		return nil, err
	}
	if posts == nil {
		if d.empty() {
			return data, nil
		}
		if strings.TrimSpace(text) == "" {
			text = header
		} else {
			text += "posts:\n"
		}
		return []byte(text + "  " + line(id, d) + "\n"), nil
	}
	lines := strings.SplitAfter(text, "\n")
	lines = lines[:len(lines)-1]
	byHand := fmt.Errorf("%s %w: posts: is written in one line", FileName, ErrByHand)
	indent := "  "
	at, last := -1, posts.Line // lines from 1; at: where to write
	for i := 0; i+1 < len(posts.Content); i += 2 {
		k, v := posts.Content[i], posts.Content[i+1]
		if posts.Style&yaml.FlowStyle != 0 || v.Line != k.Line && v.Kind != yaml.MappingNode {
			return nil, byHand
		}
		indent = strings.Repeat(" ", k.Column-1)
		end := lastLine(v)
		if k.Value == id {
			tail := ""
			if c := v.LineComment; c != "" && end == k.Line {
				tail = " " + c
			}
			var with []string
			if !d.empty() {
				with = []string{indent + line(id, d) + tail + "\n"}
			}
			return []byte(strings.Join(slices.Concat(lines[:k.Line-1], with, lines[end:]), "")), nil
		}
		if at < 0 && k.Value > id {
			at = k.Line - 1
			for at > 0 && strings.HasPrefix(lines[at-1], indent+"#") {
				at-- // a comment belongs to the line below it
			}
		}
		last = end
	}
	if d.empty() {
		return data, nil
	}
	if len(posts.Content) == 0 {
		last = max(posts.Line, 1)
		if l := strings.TrimRight(lines[last-1], "\n"); strings.Contains(l, "{}") {
			lines[last-1] = strings.TrimRight(strings.Replace(l, "{}", "", 1), " ") + "\n"
		}
	}
	if at < 0 {
		at = last
	}
	return []byte(strings.Join(slices.Insert(slices.Clone(lines), at, indent+line(id, d)+"\n"), "")), nil
}

func lastLine(n *yaml.Node) int {
	last := n.Line
	for _, c := range n.Content {
		last = max(last, lastLine(c))
	}
	return last
}

// line writes a decision.
func line(id string, d Decision) string {
	var parts []string
	for _, t := range []struct {
		name string
		at   time.Time
	}{{"hidden", d.Hidden}, {"pinned", d.Pinned}, {"approved", d.Approved}, {"embargo", d.Embargo}} {
		if !t.at.IsZero() {
			parts = append(parts, t.name+": "+t.at.Format(time.RFC3339))
		}
	}
	if d.Reason != "" {
		parts = append(parts, "reason: "+plain(d.Reason))
	}
	if d.By != "" {
		parts = append(parts, "by: "+plain(d.By))
	}
	return plain(id) + ": {" + strings.Join(parts, ", ") + "}"
}

var bare = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9._ -]*[A-Za-z0-9._-]$`)

var words = []string{"true", "false", "null", "yes", "no", "on", "off"}

// plain writes a text bare where YAML reads it as the same text.
func plain(s string) string {
	if bare.MatchString(s) && !slices.Contains(words, strings.ToLower(s)) {
		return s
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteString(`\` + string(r))
		case r < 0x20 || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029 || r == 0xfeff:
			b.WriteString(`\u` + fmt.Sprintf("%04x", r))
		case strconv.IsPrint(r) || r < 0xd800:
			b.WriteRune(r)
		default:
			b.WriteString(`\U` + fmt.Sprintf("%08x", r))
		}
	}
	return b.String() + `"`
}
