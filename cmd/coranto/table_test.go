package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func sample() *table {
	t := &table{head: []string{"SOURCE", "HEALTH", "SINCE", "URL"}, wrap: 3}
	t.add("alice", "active", "3m ago", "https://alice.example/a/rather/long/address/of/a/feed/that/nobody/would/type/by/hand.xml")
	t.add("日本語のブログ", "failing", "12d ago", "https://例え.example/")
	t.add(strings.Repeat("very-long-id-", 6), "quarantined", "-", "x\x1b[31mred\nline\ttab")
	return t
}

func TestTableFits(t *testing.T) {
	for _, width := range []int{20, 40, 80, 120, 200} {
		tab := sample()
		for _, r := range tab.rows {
			for i := range r {
				r[i] = printable(r[i])
			}
		}
		text := tab.layout(width)
		for line := range strings.Lines(text) {
			if n := cells(strings.TrimRight(line, "\n")); n > max(width, 40) {
				t.Errorf("%d columns: a line of %d cells: %s", width, n, line)
			}
		}
		if strings.Count(text, "\n") != 4 || strings.ContainsAny(text, "\x1b\t") {
			t.Errorf("%d columns:\n%q", width, text)
		}
	}
	wide := sample().layout(200)
	if strings.Contains(wide, "…") {
		t.Errorf("cut though there is room:\n%s", wide)
	}
	narrow := strings.Split(sample().layout(80), "\n")
	if !strings.Contains(narrow[1], "https://a") || !strings.Contains(narrow[1], "…") {
		t.Errorf("80 columns:\n%s", strings.Join(narrow, "\n"))
	}
	at := strings.Index(narrow[0], "HEALTH")
	if got := cells(narrow[2][:strings.Index(narrow[2], "failing")]); got != at {
		t.Errorf("wide letters push the columns: %d, want %d", got, at)
	}
}

func TestFold(t *testing.T) {
	tests := []struct{ in, want string }{
		{"short", "short"},
		{"warn    remote     there is none: this is the only copy", "warn    remote     there is none: this\n                   is the only copy"},
		{"coranto: run: it is not a site directory of ours", "coranto: run: it is not a site directory\n         of ours"},
		{"hint: https://a.example/an/address/that/cannot/be/broken", "hint: https://a.example/an/address/that/cannot/be/broken"},
		{"    1 | site: {title: x, url: https://a.example/}", "    1 | site: {title: x, url: https://a.example/}"},
		{"title   日本語の長い題名がここにありますかな", "title   日本語の長い題名がここにありま\n        すかな"},
	}
	for _, tt := range tests {
		if d := cmp.Diff(tt.want, fold(tt.in, 40)); d != "" {
			t.Errorf("%q (-want +got):\n%s", tt.in, d)
		}
	}
}

func TestTableKeepsWhatIsTyped(t *testing.T) {
	tab := &table{head: []string{"SOURCE", "HEALTH", "URL"}, wrap: 2, keep: 1}
	tab.add(strings.Repeat("a-long-id-", 5), "active", "https://a.example/feed.xml")
	if text := tab.layout(80); !strings.Contains(text, strings.Repeat("a-long-id-", 5)) || !strings.Contains(text, "…") {
		t.Errorf("the id is cut:\n%s", text)
	}
}

func TestTableInPipe(t *testing.T) {
	var b bytes.Buffer
	sample().print(&b)
	lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	if len(lines) != 3 {
		t.Fatalf("%d lines, want one a row and no head:\n%s", len(lines), b.String())
	}
	want := []string{strings.Repeat("very-long-id-", 6), "quarantined", "-", "x [31mred line tab"}
	if d := cmp.Diff(want, strings.Split(lines[2], "\t")); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestClip(t *testing.T) {
	tests := []struct {
		in   string
		n    int
		want string
	}{{"abc", 3, "abc"}, {"abcd", 3, "ab…"}, {"日本語", 6, "日本語"}, {"日本語", 5, "日本…"}, {"日本語", 4, "日…"}, {"e\u0301a", 2, "e\u0301a"}, {"a\x1b]0;x\x07", 9, "a ]0;x "}, {"abc", 0, "…"}}
	for _, tt := range tests {
		if got := clip(tt.in, tt.n); got != tt.want {
			t.Errorf("clip(%q, %d) = %q, want %q", tt.in, tt.n, got, tt.want)
		}
	}
}
