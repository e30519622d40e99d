package feed

import (
	"strings"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/markup"
)

// parsePerson splits "Ann (a@example.com)", "a@example.com (Ann)",
// "Ann <a@example.com>" and what is like them.
func parsePerson(s string) coranto.Person {
	s = markup.Collapse(s)
	at := strings.IndexByte(s, '@')
	if at <= 0 || len(s) > 1024 {
		return coranto.Person{Name: s}
	}
	start, end := at, at+1
	for start > 0 && isMailbox(s[start-1]) {
		start--
	}
	for end < len(s) && (isMailbox(s[end]) || s[end] == '[' || s[end] == ']') {
		end++
	}
	email := strings.TrimRight(s[start:end], ".")
	if domain := email[at-start+1:]; start == at || !strings.Contains(domain, ".") || strings.HasPrefix(domain, ".") {
		return coranto.Person{Name: s}
	}
	tail := s[end:]
	if strings.HasPrefix(tail, "?subject=") {
		_, tail, _ = strings.Cut(tail, " ")
	}
	name := strings.TrimSuffix(s[:start], "mailto:") + " " + tail
	for _, pair := range [...]string{"( )", "()", "< >", "<>", "[ ]", "[]", "&lt; &gt;"} {
		name = strings.ReplaceAll(name, pair, " ")
	}
	name = strings.TrimSpace(name)
	for _, pair := range [...]string{"()", "<>", `""`, "''"} {
		if len(name) >= 2 && name[0] == pair[0] && name[len(name)-1] == pair[1] {
			name = strings.TrimSpace(name[1 : len(name)-1])
		}
	}
	return coranto.Person{Name: markup.Collapse(strings.Trim(name, " ,;:-")), Email: email}
}

func isMailbox(c byte) bool {
	return isLetter(c) || '0' <= c && c <= '9' || strings.IndexByte("_-.+%'", c) >= 0
}

// addPerson adds who to a list, or fills in what is missing of who is there.
func addPerson(list []coranto.Person, who coranto.Person) []coranto.Person {
	if who == (coranto.Person{}) || len(list) >= maxList {
		return list
	}
	for i := range list {
		q := &list[i]
		same := who.Name != "" && strings.EqualFold(q.Name, who.Name) || who.Email != "" && strings.EqualFold(q.Email, who.Email)
		clash := who.Name != "" && q.Name != "" && !strings.EqualFold(who.Name, q.Name) || who.Email != "" && q.Email != "" && !strings.EqualFold(who.Email, q.Email)
		if !same || clash {
			continue
		}
		if q.Name == "" {
			q.Name = who.Name
		}
		if q.Email == "" {
			q.Email = who.Email
		}
		if q.URL == "" {
			q.URL = who.URL
		}
		return list
	}
	return append(list, who)
}

type role byte

const (
	roleAuthor role = iota
	roleContributor
	roleOwner
)

// person collects a person element: children, or text.
type person struct {
	coranto.Person
	role role
	text []byte
}

func (q *person) addText(p *parser) {
	if q != nil && len(q.text) < 1024 {
		if len(p.z.data) > 1024 {
			p.z.bad = true
			return
		}
		q.text = p.z.appendText(q.text, p.z.data)
	}
}

func (p *parser) startPerson(r role) {
	p.person = &person{role: r}
	p.open(inPerson)
}

func (p *parser) personChild(f field) {
	q := p.person
	if q == nil { // an entry that stood in it has ended it
		p.ignore()
		return
	}
	switch f {
	case fName:
		q.Name = p.plain(asField)
	case fEmail:
		q.Email = strings.TrimPrefix(p.plain(asField), "mailto:")
	case fURI:
		base := p.base()
		q.URL = personAddress(p, base, p.plain(asText))
	default:
		p.ignore()
	}
}

func (p *parser) endPerson() {
	q := p.person
	p.person = nil
	if q == nil {
		return
	}
	if t := markup.TextOfField(string(q.text)); t != "" {
		who := parsePerson(t)
		if q.Name == "" {
			q.Name = who.Name
		}
		if q.Email == "" {
			q.Email = who.Email
		}
	}
	if q.Email == "" && strings.Contains(q.Name, "@") {
		who := parsePerson(q.Name)
		q.Name, q.Email = who.Name, who.Email
	}
	p.credit(q.role, q.Person)
}

// credit notes a person of the entry, or of the feed, that is being read.
func (p *parser) credit(r role, who coranto.Person) {
	switch {
	case p.source != nil:
	case r == roleOwner:
		if p.entry == nil {
			p.info.owner = addPerson(p.info.owner, who)
		}
	case r == roleContributor && p.entry != nil:
		p.entry.Contributors = addPerson(p.entry.Contributors, who)
	case r == roleContributor:
		p.doc.Feed.Contributors = addPerson(p.doc.Feed.Contributors, who)
	case p.entry != nil:
		p.entry.Authors = addPerson(p.entry.Authors, who)
	default:
		p.doc.Feed.Authors = addPerson(p.doc.Feed.Authors, who)
	}
}
