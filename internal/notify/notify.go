// Package notify decides who is to be told what about the health of a site, and
// says it by mail, webhook or ntfy.
//
// It promises that a change for the worse is told once and that all is well
// again once, however often the process is started anew: what has been told,
// and what is still to be told to whom, is one value that its caller keeps. A
// message has the same id at each try, so that a receiver can tell a second
// copy in the one case where there may be one: when the process ends between
// sending and remembering. How sources stand is decided elsewhere.
package notify

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Standing is how a source stands.
type Standing struct {
	ID     string    `json:"id"`
	Title  string    `json:"title,omitempty"`
	URL    string    `json:"url"`
	Health string    `json:"health"`
	Bad    bool      `json:"bad"` // somebody has to look after it
	Why    string    `json:"why,omitempty"`
	Advice string    `json:"advice,omitempty"`
	Since  time.Time `json:"since,omitzero"`
}

// Site is how a site stands.
type Site struct {
	Title   string
	URL     string
	Now     time.Time
	Stale   bool
	LastOK  time.Time
	MaxAge  time.Duration
	Sources []Standing
	Hub     *Standing // of the site's own hub, where that could not be told; nil: all is well
}

// Kinds of messages.
const (
	Sources   = "sources"
	Freshness = "freshness"
	Hub       = "hub"
)

// Message is what is told.
type Message struct {
	ID      string     `json:"id"`
	Kind    string     `json:"kind"`
	Site    string     `json:"site"`
	URL     string     `json:"url,omitempty"`
	At      time.Time  `json:"at"`
	Subject string     `json:"subject"`
	Text    string     `json:"text"`
	Worse   []Standing `json:"worse,omitempty"`
	Well    []Standing `json:"well,omitempty"` // again
	Bad     bool       `json:"bad"`            // it tells of something that is bad now
}

// Parcel is a message on its way to one receiver.
type Parcel struct {
	To      string    `json:"to"` // name of the receiver, as the caller knows it
	Message Message   `json:"message"`
	Tries   int       `json:"tries,omitempty"`
	Next    time.Time `json:"next,omitzero"`
	Error   string    `json:"error,omitempty"`
}

// Memory is what has been told, and what is on its way. Its zero value has told
// nothing.
type Memory struct {
	Told  map[string]string `json:"told,omitempty"` // source → the health that was told, while it is bad
	Stale bool              `json:"stale,omitempty"`
	Hub   bool              `json:"hub,omitempty"` // that it could not be told
	Out   []Parcel          `json:"out,omitempty"`
	Count int               `json:"count,omitempty"` // of messages so far
}

// Receiver says what somebody wants to hear.
type Receiver struct {
	Name string
	On   []string // kinds; empty: all
}

func (r Receiver) wants(kind string) bool { return len(r.On) == 0 || slices.Contains(r.On, kind) }

// Take compares how a site stands with what was told, and puts what is news on
// its way. It reports whether there was any. Without receivers nothing counts as
// told, so that one who is added later hears of what is bad then.
func (m *Memory) Take(s Site, to []Receiver) bool {
	if len(to) == 0 {
		return false
	}
	news := m.sources(s, to)
	if m.Stale != s.Stale {
		m.Stale = s.Stale
		m.send(freshness(s), s, to)
		news = true
	}
	if bad := s.Hub != nil; m.Hub != bad {
		m.Hub = bad
		m.send(hub(s), s, to)
		news = true
	}
	return news
}

func (m *Memory) sources(s Site, to []Receiver) bool {
	var worse, well []Standing
	now := map[string]string{}
	known := map[string]bool{}
	for _, src := range s.Sources {
		known[src.ID] = true
		was, told := m.Told[src.ID]
		switch {
		case src.Bad:
			now[src.ID] = src.Health
			if !told || was != src.Health {
				worse = append(worse, src)
			}
		case told:
			well = append(well, src)
		}
	}
	for id := range m.Told {
		if !known[id] {
			delete(m.Told, id) // no longer a source: nothing to tell
		}
	}
	if maps.Equal(now, m.Told) || len(worse)+len(well) == 0 {
		return false
	}
	m.Told = now
	m.send(Message{Kind: Sources, Worse: worse, Well: well, Bad: len(worse) > 0, Subject: subject(worse, well), Text: text(worse, well)}, s, to)
	return true
}

// send puts a message on its way to all who want it.
func (m *Memory) send(msg Message, s Site, to []Receiver) {
	m.Count++
	msg.Site, msg.URL, msg.At = s.Title, s.URL, s.Now.UTC().Truncate(time.Second)
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %s %d %d", msg.Site, msg.Kind, msg.At.Unix(), m.Count))
	msg.ID = hex.EncodeToString(sum[:12])
	for _, r := range to {
		if r.wants(msg.Kind) {
			m.Out = append(m.Out, Parcel{To: r.Name, Message: msg})
		}
	}
	if n := len(m.Out) - maxOut; n > 0 {
		m.Out = m.Out[n:]
	}
}

const (
	maxOut   = 1000
	giveUp   = 3 * 24 * time.Hour
	longest  = 6 * time.Hour
	maxLines = 40
)

// Due lists the parcels whose time has come, by index in Out, the oldest first.
// Those that could not be delivered for three days are given up.
func (m *Memory) Due(now time.Time) []int {
	m.Out = slices.DeleteFunc(m.Out, func(p Parcel) bool { return p.Tries > 0 && now.Sub(p.Message.At) > giveUp })
	var out []int
	for i, p := range m.Out {
		if !p.Next.After(now) {
			out = append(out, i)
		}
	}
	return out
}

// Sent takes a parcel out, or puts it back for later where err is not nil.
func (m *Memory) Sent(i int, err error, now time.Time) {
	p := &m.Out[i]
	if err == nil {
		m.Out = slices.Delete(m.Out, i, i+1)
		return
	}
	p.Tries++
	p.Error = err.Error()
	p.Next = now.Add(min(time.Minute<<min(p.Tries, 10), longest))
}

func subject(worse, well []Standing) string {
	one := func(s Standing) string {
		if s.Title != "" {
			return s.Title
		}
		return s.ID
	}
	var parts []string
	switch {
	case len(worse) == 1:
		parts = append(parts, one(worse[0])+" is "+worse[0].Health)
	case len(worse) > 1:
		parts = append(parts, fmt.Sprintf("%d sources need care", len(worse)))
	}
	switch {
	case len(well) == 1:
		parts = append(parts, one(well[0])+" is well again")
	case len(well) > 1:
		parts = append(parts, fmt.Sprintf("%d sources are well again", len(well)))
	}
	return strings.Join(parts, "; ")
}

func text(worse, well []Standing) string {
	var b strings.Builder
	for i, s := range worse {
		if i == maxLines {
			fmt.Fprintf(&b, "and %d more: coranto status\n", len(worse)-i)
			break
		}
		fmt.Fprintf(&b, "%s is %s", s.ID, s.Health)
		if !s.Since.IsZero() {
			fmt.Fprintf(&b, " since %s", s.Since.UTC().Format("2006-01-02 15:04 MST"))
		}
		fmt.Fprintf(&b, "\n  %s\n", s.URL)
		for _, l := range []string{s.Why, s.Advice} {
			if l = strings.Join(strings.Fields(l), " "); l != "" {
				fmt.Fprintf(&b, "  %s\n", l)
			}
		}
	}
	for i, s := range well {
		if i == maxLines {
			fmt.Fprintf(&b, "and %d more are well again\n", len(well)-i)
			break
		}
		fmt.Fprintf(&b, "%s is well again\n  %s\n", s.ID, s.URL)
	}
	return b.String()
}

func freshness(s Site) Message {
	last := "no run has ended well yet"
	if !s.LastOK.IsZero() {
		last = "the last good run was at " + s.LastOK.UTC().Format("2006-01-02 15:04 MST")
	}
	if s.Stale {
		return Message{Kind: Freshness, Bad: true, Subject: "The site is stale",
			Text: fmt.Sprintf("%s; freshness.max_age is %s.\n`coranto status` tells why.\n", capital(last), s.MaxAge)}
	}
	return Message{Kind: Freshness, Subject: "The site is fresh again", Text: capital(last) + ".\n"}
}

func hub(s Site) Message {
	if s.Hub == nil {
		return Message{Kind: Hub, Subject: "The hub of the site is told again", Text: "It knows all that is new.\n"}
	}
	worse := []Standing{*s.Hub}
	return Message{Kind: Hub, Bad: true, Subject: "The hub of the site cannot be told what is new", Text: text(worse, nil), Worse: worse}
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
