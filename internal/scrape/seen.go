package scrape

import (
	"bytes"
	"slices"
	"strings"
)

// A name that is declared for machines alone is that of the account which
// posted the page, as often as not: on annotated pages it was the author's in one
// case of fourteen. So it counts if readers see it, or if the site is called so.

// bears says that the site is called after one of those names.
func (ev *evidence) bears(names []string) bool {
	for _, n := range names {
		whole := umlauts.Replace(strings.ToLower(n))
		last := bare(whole[strings.LastIndexByte(whole, ' ')+1:])
		for _, l := range ev.labels() {
			if l == bare(whole) || len(last) > 4 && looksPersonal(n) && strings.Contains(l, last) {
				return true
			}
		}
	}
	return false
}

var umlauts = strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "ß", "ss")

// shows says that readers see one of the names. A page that has hardly any
// text is filled by scripts, and shows what nobody here can tell.
func (ev *evidence) shows(names []string) bool {
	for _, n := range names {
		for i := range ev.marks {
			if strings.Contains(ev.marks[i].text, n) {
				return true
			}
		}
	}
	var words [][]byte // of the names, as they may be written
	keys := make([]string, len(names))
	longest := 0
	for i, n := range names {
		keys[i] = key(n)
		longest = max(longest, len(keys[i]))
		for w := range strings.FieldsSeq(n) {
			words = append(words, []byte(w), []byte(strings.ToUpper(w)), []byte(strings.ToLower(w)), []byte(titleCase(w)))
		}
	}
	bearsWord := func(t []byte) bool {
		return slices.ContainsFunc(words, func(w []byte) bool { return bytes.Contains(t, w) })
	}
	s := scanner{b: ev.body}
	text, window := 0, ""
	for {
		switch s.next() {
		case tokEnd:
			return text < minText
		case tokStart:
			if s.raw != nil {
				s.at, s.raw = s.rawEnd(), nil
			}
		case tokText:
			t := unescape(bytes.TrimSpace(s.text))
			text += len(t)
			if len(t) < 2 {
				continue
			}
			if !bearsWord(t) {
				window = "" // something else stands between
				continue
			}
			window += key(string(t))
			for _, n := range keys {
				if strings.Contains(window, n) {
					return true
				}
			}
			window = window[max(0, len(window)-longest):]
		}
	}
}

// minText is how many bytes of text a page has at least that is not filled by
// scripts.
const minText = 400
