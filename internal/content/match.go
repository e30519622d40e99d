package content

import (
	"strings"

	"github.com/coranto/coranto"
)

// maxForm bounds the ids, and the links, that one post collects from a source
// which tells new ones all the time; it is found by the others.
const maxForm = 6

// Match compares a source's document with the posts there are. It is pure and
// fast, and runs before anything is scraped.
func (sn *Snapshot) Match(source coranto.Source, entries []coranto.Entry) Matched {
	m := &matcher{board: newBoard(sn.ix, sn.store.seed), source: source.ID, changes: map[int]*Change{}, canon: map[string]int{}}
	told := m.announced(entries)
	for i := range entries {
		m.entry(&entries[i], told[i])
	}
	return m.done()
}

// matcher goes through one document.
type matcher struct {
	*board
	source  string
	links   map[string]int // entries that have a link
	out     Matched
	at      []int // number of each of out.New
	changes map[int]*Change
	touched []int          // the order of changes
	canon   map[string]int // canonical link → its one post of the document; -1: several
}

// announced reads what tells the entries apart. An id that several links of one
// document bear is no id.
func (m *matcher) announced(entries []coranto.Entry) []announced {
	told := make([]announced, len(entries))
	m.links = map[string]int{}
	first := map[string]string{} // id → its link
	shared := map[string]bool{}
	for i := range entries {
		a := announce(&entries[i])
		told[i] = a
		if a.link == "" {
			continue
		}
		m.links[a.link]++
		if a.id == "" {
			continue
		}
		if l, ok := first[a.id]; ok && l != a.link {
			shared[a.id] = true
		}
		first[a.id] = a.link
	}
	for i := range told {
		if shared[told[i].id] && told[i].link != "" {
			told[i].id = ""
		}
	}
	return told
}

func (m *matcher) entry(e *coranto.Entry, a announced) {
	if a.nothing() {
		m.out.Dropped = append(m.out.Dropped, Dropped{Title: e.Title, Link: e.Link, Why: "has neither id, link nor title"})
		return
	}
	if a.link == "" && a.title == "" && introOf(e) == "" && len(e.Enclosures) == 0 {
		m.out.Dropped = append(m.out.Dropped, Dropped{Why: "has nothing to show but its id"})
		return
	}
	n := m.own(m.source, a, m.links[a.link] == 1)
	switch {
	case n < 0:
		n = m.fresh(e, a)
	case m.isAdded(n):
		for _, k := range a.keys(m.source) {
			if len(m.post(n).Keys) < 2*maxForm {
				m.addKey(n, k)
			}
		}
	default:
		m.out.Known++
		m.known(n, e, a)
	}
	if c := CanonicalLink(e.Link); c != "" {
		if was, ok := m.canon[c]; ok && was != n {
			n = -1
		}
		m.canon[c] = n
	}
}

// fresh makes the entry a candidate.
func (m *matcher) fresh(e *coranto.Entry, a announced) int {
	n := m.add(&coranto.Post{Source: m.source, Title: e.Title, Keys: a.keys(m.source)})
	m.out.New = append(m.out.New, Candidate{Source: m.source, Entry: *e})
	m.at = append(m.at, n)
	return n
}

// known notes what a known entry adds to its post.
func (m *matcher) known(n int, e *coranto.Entry, a announced) {
	f := m.ix.fact(n)
	newTitle := a.title != "" && f.title != m.seed.hash(inTitles, a.title) && (a.link == "" || m.find(inKeys, a.linkKey(m.source)) != n)
	m.newKeys(n, f, a)
	if newTitle && m.ix.list[m.ix.owner[n]] == m.source && !e.Updated.IsZero() && clock(e.Updated) > f.told {
		c := m.change(n)
		if c.Revision == nil || e.Updated.After(c.Revision.Updated) {
			c.Revision = &Revision{Title: strings.Join(strings.Fields(e.Title), " "), Intro: introOf(e), Updated: e.Updated.UTC()}
		}
	}
}

func (m *matcher) newKeys(n int, f *fact, a announced) {
	room := maxForm * (1 + len(f.also))
	add := func(key string, have int) {
		if have < room && m.find(inKeys, key) < 0 {
			c := m.change(n)
			c.Keys = append(c.Keys, key)
			m.nameKey(n, key)
		}
	}
	// A post known by its link alone gets no id: its id may be one that several
	// links bore, and would swallow the next of them.
	if a.id != "" && m.byID(n, m.source) {
		add(idKey(m.source, a.id), int(f.ids))
	}
	if a.link != "" && (a.id != "" || m.find(inLinks, linkKey(m.source, a.link)) != n) {
		add(a.linkKey(m.source), int(f.urls))
	}
}

func (m *matcher) change(n int) *Change {
	c := m.changes[n]
	if c == nil {
		c = &Change{Source: m.source, Post: m.id(n)}
		m.changes[n] = c
		m.touched = append(m.touched, n)
	}
	return c
}

// done names for each candidate its keys and the post it will join.
func (m *matcher) done() Matched {
	for i, n := range m.at {
		c := &m.out.New[i]
		p := m.post(n)
		c.Keys = p.Keys
		links := canons(p)
		joint := len(links) > 0
		for _, l := range links {
			joint = joint && m.canon[l] == n
		}
		if !joint {
			continue
		}
		if to := m.elsewhere(n, p, links); to >= 0 {
			c.Merge = m.id(to)
		}
	}
	for _, n := range m.touched {
		m.out.Changes = append(m.out.Changes, *m.changes[n])
	}
	return m.out
}

// elsewhere looks for the candidate's article among the posts there are.
func (m *matcher) elsewhere(n int, p *coranto.Post, links []string) int {
	probe := &board{ix: m.ix, seed: m.seed, extra: m.extra}
	return probe.across(m.source, p.Title, links)
}
