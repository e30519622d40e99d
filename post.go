package coranto

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// DateLayout is how Post.Date is written: "Sep 14, 2020".
const DateLayout = "Jan 2, 2006"

// Post is what is kept in git and published. Its first seven keys are those of
// the content.json that the AWS sample writes, in its order. Times are UTC,
// whole seconds, RFC 3339 in JSON.
//
// FirstSeen, Published, ID and Source never change once committed. Keys only
// grows. Order is (FirstSeen, Published, ID), see Compare.
type Post struct {
	Title  string   `json:"title"`
	Intro  string   `json:"intro"`  // plain text, a few sentences
	Author string   `json:"author"` // names joined with ", "
	Date   string   `json:"date"`   // the published day, DateLayout; empty when unknown
	Link   string   `json:"link"`   // the original, canonical
	Image  string   `json:"image"`  // absolute, or empty
	Tags   []string `json:"tags"`

	ID        string    `json:"id,omitempty"` // slug of the title, "-", hash of the first key; names the post's page
	Kind      string    `json:"kind,omitempty"`
	Source    string    `json:"source,omitempty"`    // Source.ID of the one that announced it first
	Published time.Time `json:"published,omitzero"`  // as first told, clamped to FirstSeen; zero when nobody told
	Updated   time.Time `json:"updated,omitzero"`    // only where the feed told a later revision
	FirstSeen time.Time `json:"first_seen,omitzero"` // when the run that added it began
	Language  string    `json:"language,omitempty"`  // BCP 47
	Content   string    `json:"content,omitempty"`   // sanitised HTML, where the source asks for full text
	Authors   []Person  `json:"authors,omitempty"`   // where more is known than the names in Author
	Keys      []string  `json:"keys,omitempty"`      // every key under which it was announced
	Also      []Also    `json:"also,omitempty"`      // other sources that announced the same article

	// Backlog marks a post that was already old when its source joined a living
	// site: it enters its own lists, not the home page or the feeds.
	Backlog bool `json:"backlog,omitempty"`
	// Hidden takes the post from every page and feed but keeps its slot.
	Hidden bool `json:"hidden,omitempty"`
	// Queued marks a post of a source that was moderated when it came: it is
	// shown once it has been approved.
	Queued bool `json:"queued,omitempty"`

	// Extra holds the keys this version does not know, sorted by name.
	Extra []Field `json:"-"`
}

// Also says that another source announced the same article.
type Also struct {
	Source string `json:"source"`
	Link   string `json:"link,omitempty"`
}

// Field is one JSON member kept as it was read.
type Field struct {
	Name  string
	Value json.RawMessage
}

// Compare orders posts by (FirstSeen, Published, ID): the order of every list,
// oldest first. A place in it never changes.
func (p *Post) Compare(q *Post) int {
	if c := p.FirstSeen.Compare(q.FirstSeen); c != 0 {
		return c
	}
	if c := p.Published.Compare(q.Published); c != 0 {
		return c
	}
	return strings.Compare(p.ID, q.ID)
}

// plain is Post without its methods: what encoding/json knows how to do.
type plain Post

var known = func() map[string]bool {
	b, _ := json.Marshal(plain{ID: "x", Kind: "x", Source: "x", Published: time.Unix(0, 0), Updated: time.Unix(0, 0),
		FirstSeen: time.Unix(0, 0), Language: "x", Content: "x", Authors: []Person{{}}, Keys: []string{""}, Also: []Also{{}}, Backlog: true, Hidden: true, Queued: true})
	var m map[string]json.RawMessage
	_ = json.Unmarshal(b, &m)
	k := make(map[string]bool, len(m))
	for n := range m {
		k[n] = true
	}
	return k
}()

// MarshalJSON writes the known keys in their fixed order, then the others by
// name. HTML is not escaped: the file is for people and diffs.
func (p Post) MarshalJSON() ([]byte, error) {
	if p.Tags == nil {
		p.Tags = []string{}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(plain(p)); err != nil {
		return nil, err
	}
	out := bytes.TrimRight(b.Bytes(), "\n")
	if len(p.Extra) == 0 {
		return out, nil
	}
	out = out[:len(out)-1]
	for _, f := range p.Extra {
		name, err := json.Marshal(f.Name)
		if err != nil {
			return nil, err
		}
		out = append(out, ',')
		out = append(out, name...)
		out = append(out, ':')
		out = append(out, f.Value...)
	}
	return append(out, '}'), nil
}

// UnmarshalJSON reads a post and keeps the members it does not know in Extra.
func (p *Post) UnmarshalJSON(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	q := plain{}
	err := d.Decode(&q)
	if err == nil {
		*p = Post(q)
		return nil
	}
	// Rare: an unknown key (or a real error, which the second reading repeats).
	q = plain{}
	if err := json.Unmarshal(data, &q); err != nil {
		return fmt.Errorf("post: %w", err)
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(data, &all); err != nil {
		return fmt.Errorf("post: %w", err)
	}
	for name, v := range all {
		if !known[name] {
			q.Extra = append(q.Extra, Field{name, v})
		}
	}
	slices.SortFunc(q.Extra, func(a, b Field) int { return strings.Compare(a.Name, b.Name) })
	*p = Post(q)
	return nil
}
