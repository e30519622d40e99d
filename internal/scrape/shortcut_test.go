package scrape

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// What spares the dear expressions and look-ups must never hide from them what
// they would have found.
func TestShortcutsMissNothing(t *testing.T) {
	for _, list := range []struct {
		words map[string]class
		hints *hints
	}{{classNames, &nameHints}, {classParts, &partHints}} {
		for w := range list.words {
			if !list.hints.may([]byte(w)) {
				t.Errorf("class word %q would not be looked up", w)
			}
		}
	}
	for name := range months {
		if utf8.RuneCountInString(name) < 3 {
			continue // the expressions take none so short
		}
		for _, s := range []string{"3 " + name + " 2021", name + " 3, 2021", "3rd" + name + " 2021", "2021. gada " + name + " 3"} {
			if !namesMonth(s) {
				t.Errorf("no month seen in %q", s)
			}
		}
	}
	for _, cue := range bylineWords {
		for _, s := range []string{cue, strings.ToLower(cue[:1]) + cue[1:], strings.ToUpper(cue[:1]) + cue[1:]} {
			text := s + " Ada Lund"
			if bylineCue.MatchString(text) && !strings.Contains(cueStarts, text[:1]) {
				t.Errorf("byline %q would not be asked for", text)
			}
		}
	}
	for _, s := range []string{"Foto by Ada Lund", "von Ada Lund", "par Ada Lund", "por Ada Lund", "door Ada Lund", "Written by Ada Lund", "Autorin: Ada Lund", "AUTHOR: Ada Lund"} {
		if inMeta.MatchString(s) != says(s, inMetaWords) {
			t.Errorf("names among data: %q is judged otherwise", s)
		}
	}
	for _, s := range []string{"Roma, Italia", "Example GmbH", "Acme Inc.", "Acme s.r.l.", "Acme srl", "Acme S.A", "Ltd Acme", "an LLC"} {
		if !postal.MatchString(s) || !says(s, postalWords) {
			t.Errorf("company %q is not seen", s)
		}
	}
}

func TestKeyBegins(t *testing.T) {
	texts := []string{"", "—", "Ada Lund", "ada-lund wrote", "ÄDA Lünd", "Ada 2", "東京の 朝"}
	for _, s := range texts {
		for _, b := range texts {
			if got, want := keyBegins(s, key(b)), strings.HasPrefix(key(s), key(b)); got != want {
				t.Errorf("keyBegins(%q, %q) = %t, want %t", s, key(b), got, want)
			}
		}
	}
}

// TestAttributesThatShareASlot reads more classes than are remembered, twice.
func TestAttributesThatShareASlot(t *testing.T) {
	r := &reader{}
	for range 2 {
		for i := range 2000 {
			name := strings.Repeat("x", i%40) + "-" + strings.Repeat("y", i/40)
			if got := r.classOf([]byte(name + " byline")); got != cByline {
				t.Fatalf("%q hints at %b, want %b", name+" byline", got, cByline)
			}
			if got := r.classOf([]byte(name)); got != 0 {
				t.Fatalf("%q hints at %b, want nothing", name, got)
			}
		}
	}
}
