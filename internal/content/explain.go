package content

import "github.com/coranto/coranto"

// Fate is what Match makes of one entry, for people.
type Fate struct {
	Known   bool     // it is a post already
	Repeats bool     // it is an entry before it in the same document
	Post    string   // ID of the post it is, or will join as another source's; empty: none yet
	Keys    []string // known: the key that says so; else those it would get, the deciding one first
	Why     string   // it can become no post
}

// Explain tells what Match makes of each entry, and by which key.
func (sn *Snapshot) Explain(source coranto.Source, entries []coranto.Entry) []Fate {
	m := &matcher{board: newBoard(sn.ix, sn.store.seed), source: source.ID, changes: map[int]*Change{}, canon: map[string]int{}}
	told := m.announced(entries)
	fates := make([]Fate, len(entries))
	at := make([]int, 0, len(entries)) // the entry of each candidate
	for i := range entries {
		a, f := told[i], &fates[i]
		if a.nothing() {
			f.Why = "has neither id, link nor title"
			continue
		}
		alone := m.links[a.link] == 1
		n := m.own(m.source, a, alone)
		switch {
		case n < 0:
			at = append(at, i)
			f.Keys = a.keys(m.source)
		case m.isAdded(n):
			f.Repeats = true
		default:
			f.Known, f.Post, f.Keys = true, m.id(n), []string{m.byKey(n, a)}
		}
		m.entry(&entries[i], a)
	}
	for k, c := range m.done().New {
		fates[at[k]].Post = c.Merge
	}
	return fates
}

// byKey is the key under which a post is known, in the order in which own asks.
func (m *matcher) byKey(n int, a announced) string {
	for _, k := range a.keys(m.source) {
		if m.find(inKeys, k) == n {
			return k
		}
	}
	return linkKey(m.source, a.link)
}
