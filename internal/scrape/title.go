package scrape

import (
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// separators stand between a headline and the name of the site.
var separator = regexp.MustCompile(`\s+[|–—·•»«›‹/\\:~⋅❘│｜-]+\s+|\s*[|│｜：]+\s*|:\s*|_|\s+-\s*$|--`)

// headline is the title, without the name of the site.
func (ev *evidence) headline(site string) (string, string) {
	var h1 []string
	for _, m := range ev.marks {
		if m.kind == mHeadline && m.text != "" && m.class&(cComment|cRelated) == 0 {
			h1 = append(h1, clean(m.text))
		}
	}
	for _, r := range titleRules {
		for _, v := range r.find(ev) {
			if v = clean(v); v == "" || ev.isSite(v, site) && r.name != "h1" && len(h1) > 0 {
				continue
			}
			t := ev.trimSite(v, site, h1)
			if t == "" {
				continue
			}
			if r.name == "title" {
				if h := ev.sectionHeading(v, site); h != "" {
					return h, "title"
				}
			}
			if h := ev.visibleTitle(t, h1); h != "" && !ev.isSite(h, site) && !(r.name == "title" && trailing(v, h)) {
				return ev.trimSite(h, site, nil), "h1"
			}
			if r.name == "title" {
				for _, h := range h1 {
					if trailing(t, h) {
						t = strings.TrimRight(strings.TrimSuffix(t, h), " |│｜»«–—·•-")
					}
				}
				t = trimSections(t)
			}
			return t, r.name
		}
	}
	return "", ""
}

// sectionHeading is the heading of the page that is a section of its <title>,
// the others being the names of the site and its parts.
func (ev *evidence) sectionHeading(title, site string) string {
	best := ""
	for i := range ev.marks {
		m := &ev.marks[i]
		if m.kind != mHeading && m.kind != mHeadline || m.class&(cComment|cRelated|cNav) != 0 {
			continue
		}
		h := clean(m.text)
		if len(h) <= len(best) || utf8.RuneCountInString(h) < 8 || len(h) >= len(title) || ev.isSite(h, site) {
			continue
		}
		if before, ok := strings.CutSuffix(title, h); ok && endsInSeparator(before) {
			if m.kind == mHeading || !trailing(title, h) {
				best = h
			}
		} else if after, ok := strings.CutPrefix(title, h); ok && beginsWithSeparator(after) {
			best = h
		}
	}
	return best
}

func endsInSeparator(s string) bool {
	loc := separator.FindAllStringIndex(s, -1)
	return len(loc) > 0 && loc[len(loc)-1][1] == len(s)
}

func beginsWithSeparator(s string) bool {
	loc := separator.FindStringIndex(s)
	return loc != nil && loc[0] == 0
}

// trailing says that h is the last section of a <title>: then it names the
// site, which many blogs put into an h1.
func trailing(title, h string) bool {
	head, ok := strings.CutSuffix(title, h)
	if !ok || head == "" {
		return false
	}
	locs := section.FindAllStringIndex(head, -1)
	return len(locs) > 0 && locs[len(locs)-1][1] == len(head) && !genericHead.MatchString(head)
}

// genericHead is how some templates begin every <title>.
var genericHead = regexp.MustCompile(`(?i)^(?:home|start|startseite|blog|blog archive?|news|magazin|details?|aktuelles)\s*[|»>–—:-]+\s*`)

// visibleTitle is the headline that readers see, where it plainly is the declared
// title in other words. What is declared is often tuned for search or shares;
// on annotated pages the visible one was right five times as often. One that
// holds the title whole has a kicker or a byline around it.
func (ev *evidence) visibleTitle(title string, h1 []string) string {
	best, score := "", likeTitle
	for _, h := range h1 {
		if rest, ok := strings.CutPrefix(ev.title, h); ok && beginsWithSeparator(rest) && alike(title, h) > 0 && len(words(h)) > 1 && !strings.Contains(key(h), key(title)) {
			return h // it leads the <title> too
		}
	}
	if ev.heads(title) {
		return ""
	}
	if len(h1) == 1 && len(words(h1[0])) >= 4 { // no other to take it for
		score = likeLone
	}
	if len(h1) == 1 && len(words(title)) < 2 { // "Home", "Work": a place in the menu
		return h1[0]
	}
	for _, h := range h1 {
		s := alike(title, h)
		if s*float64(min(len(words(title)), len(words(h)))) < 1.5 && score > 0 && len(words(h)) > 1 && len(words(title)) > 2 {
			continue // one word in common is chance
		}
		if s > score || s == score && len(h) > len(best) {
			best, score = h, s
		}
	}
	if strings.Contains(key(best), key(title)) || utf8.RuneCountInString(best) < 4 {
		return ""
	}
	return best
}

// heads says that readers see a title word for word in a heading, whatever
// else it bears.
func (ev *evidence) heads(title string) bool {
	if len(words(title)) < 4 {
		return false
	}
	k := key(title)
	for i := range ev.marks {
		if m := &ev.marks[i]; len(m.text) < len(title)+12 && (m.kind == mHeadline || m.kind == mHeading) && m.class&(cComment|cRelated|cNav) == 0 && strings.Contains(key(m.text), k) {
			return true
		}
	}
	return false
}

// How alike a heading and the title are at least, by thresholds found on
// annotated pages.
const (
	likeTitle = 0.42 // it says the title in other words
	likeLone  = 0.3  // so does the only one of a page
	likeSure  = 0.7  // it is the title beyond doubt
)

// alike is the share of the shorter text's words that the other has too.
func alike(a, b string) float64 { return share(words(a), words(b)) }

func share(x, y map[string]bool) float64 {
	if len(x) > len(y) {
		x, y = y, x
	}
	n := 0
	for w := range x {
		if y[w] {
			n++
		}
	}
	return float64(n) / float64(max(len(x), 1))
}

// words are those of a text, in lower case. Of scripts that put no space
// between them each sign counts.
func words(s string) map[string]bool {
	all := make(map[string]bool, strings.Count(s, " ")+1)
	for w := range strings.FieldsFuncSeq(strings.ToLower(s), func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) }) {
		if c, _ := utf8.DecodeRuneInString(w); c < 0x2e80 {
			all[w] = true
			continue
		}
		for _, c := range w {
			all[string(c)] = true
		}
	}
	return all
}

var section = regexp.MustCompile(`\s*[|│｜]\s*|\s+[»«–—·•-]\s+`)

// trimSections cuts what follows the headline in a <title>: by convention the
// names of sections and the site.
func trimSections(title string) string {
	if loc := genericHead.FindStringIndex(title); loc != nil && loc[1] < len(title) {
		title = title[loc[1]:]
	}
	for {
		locs := section.FindAllStringIndex(title, 20)
		if len(locs) == 0 {
			return title
		}
		last := locs[len(locs)-1]
		head, tail := title[:last[0]], title[last[1]:]
		if !strings.ContainsAny(title[last[0]:last[1]], "|│｜»«") || len(strings.Fields(head)) < 2 || len(strings.Fields(tail)) > 6 {
			return title
		}
		title = strings.TrimSpace(head)
	}
}

// trimSite cuts the name of the site, and of its sections, from a title. The
// headline in the body, where it is a part of the title, settles the matter.
func (ev *evidence) trimSite(title, site string, h1 []string) string {
	for _, h := range h1 {
		if strings.HasPrefix(title, h) && len(h) < len(title) && utf8.RuneCountInString(h) > 3 && !ev.isSite(h, site) {
			rest := title[len(h):]
			if loc := separator.FindStringIndex(rest + " "); loc != nil && loc[0] == 0 {
				return h
			}
		}
		if strings.HasSuffix(title, h) && len(h) < len(title) && utf8.RuneCountInString(h) > 8 && !ev.isSite(h, site) {
			before := title[:len(title)-len(h)]
			if locs := separator.FindAllStringIndex(before, -1); len(locs) > 0 && locs[len(locs)-1][1] == len(before) && ev.isSite(before[:locs[len(locs)-1][0]], site) {
				return h
			}
		}
	}
	for range 3 {
		locs := separator.FindAllStringIndex(title, 20)
		if len(locs) == 0 {
			break
		}
		last, head := locs[len(locs)-1], locs[0]
		switch {
		case ev.isSite(title[last[1]:], site) && last[0] > 0:
			title = strings.TrimSpace(title[:last[0]])
		case ev.isSite(title[:head[0]], site) && head[1] < len(title):
			title = strings.TrimSpace(title[head[1]:])
		default:
			return title
		}
	}
	return title
}

// isSite says that s is what the site is called: by its metadata or its host.
func (ev *evidence) isSite(s, site string) bool {
	k := key(s)
	if k == "" {
		return false
	}
	if sk := key(site); sk != "" && (k == sk || len(sk) > 4 && len(k) < 2*len(sk)+8 && strings.Contains(k, sk) || len(k) > 3 && strings.Contains(sk, k)) {
		return true
	}
	if ev.isHost(k) {
		return true
	}
	for _, l := range ev.labels() {
		if len(l) > 3 && strings.HasPrefix(k, l) && len(strings.Fields(s)) <= 3 && len(k) < 3*len(l)+12 {
			return true
		}
	}
	return false
}

// labels are the parts of the host's name, but the last, as keys.
func (ev *evidence) labels() []string {
	parts := strings.Split(strings.TrimPrefix(ev.request.Hostname(), "www."), ".")
	var all []string
	for _, l := range parts[:len(parts)-1] {
		if l = key(l); len(l) >= 3 {
			all = append(all, l)
		}
	}
	return all
}

// isHost says that a key is the host's name, or a part of it.
func (ev *evidence) isHost(k string) bool {
	if k == key(strings.TrimPrefix(ev.request.Hostname(), "www.")) {
		return true
	}
	for _, l := range ev.labels() {
		if k == l || strings.TrimPrefix(k, "the") == l || k == strings.TrimPrefix(l, "the") {
			return true
		}
	}
	return false
}

// link is the canonical address: as declared, unless that is another page
// altogether, as where a template names the home page on every page.
func (ev *evidence) link() (string, string) {
	for _, c := range []struct {
		name   string
		values []string
	}{{"canonical", ev.linked("canonical")}, {"og:url", ev.meta["og:url"]}} {
		for _, v := range c.values {
			u, err := url.Parse(ev.absolute(v))
			if err != nil || !isWeb(u) {
				continue
			}
			if isHome(u) && isWeb(ev.request) && !isHome(ev.request) {
				continue
			}
			u.Fragment, u.RawFragment = "", ""
			return u.String(), c.name
		}
	}
	if !isWeb(ev.request) {
		return "", ""
	}
	u := *ev.request
	u.Fragment, u.RawFragment, u.User = "", "", nil
	return u.String(), "url"
}

func isHome(u *url.URL) bool { return strings.Trim(u.Path, "/") == "" && u.RawQuery == "" }

// samePage says that one of the addresses is the page's, by host and path.
func samePage(page string, addresses []string) bool {
	p, err := url.Parse(page)
	if err != nil {
		return false
	}
	for _, a := range addresses {
		u, err := url.Parse(a)
		if err != nil {
			continue
		}
		if strings.Trim(u.Path, "/") == strings.Trim(p.Path, "/") && (u.Host == "" || strings.TrimPrefix(u.Host, "www.") == strings.TrimPrefix(p.Host, "www.")) && !isHome(u) {
			return true
		}
	}
	return false
}

// noPicture is what a picture that shows nothing of the article is called.
var noPicture = regexp.MustCompile(`(?i)(?:^|[-_./])(?:logos?|favicon\w*|(?:og|opengraph|open-graph|share|social|site|some)[-_]?default|default[-_]?(?:og|opengraph|share|social|image|img|promo)\w*|spacer|blank|pixel|1x1|transparent|placeholder|gravatar|avatar|noimage|no-image|no_image)(?:[-_.0-9x@]|$)`)

// picture accepts the address of a picture, not of a logo or a counter.
func (ev *evidence) picture(s string) string {
	u, err := url.Parse(ev.absolute(clean(s)))
	if err != nil || !isWeb(u) || isHome(u) {
		return ""
	}
	name := u.Path[strings.LastIndexByte(u.Path, '/')+1:]
	if noPicture.MatchString(name) || strings.Contains(u.Host, "gravatar.com") {
		return ""
	}
	return u.String()
}
