package feed

import (
	"strings"
	"testing"
)

func TestParked(t *testing.T) {
	page := func(body string) string {
		return "<!doctype html><html><head><title>x</title></head><body>" + body + "</body></html>"
	}
	tests := []struct {
		name, url, body string
		want            bool
	}{
		{"a page", "https://alice.example/feed", page("<p>My new flat. See related searches."), false},
		{"an article about it", "https://alice.example/feed", page("<p>How a scammer said: this domain is for sale." + strings.Repeat(" More of the story.", 2000)), false},
		{"for sale", "https://alice.example/feed", page("<h1>alice.example</h1>Buy this domain"), true},
		{"sold to a parker", "https://www.hugedomains.com/domain_profile.cfm?d=alice", page("x"), true},
		{"a parker's script", "https://alice.example/", page(`<script src="https://js.parkingcrew.net/x.js"></script>`), true},
		{"a registrar's lander", "https://alice.example/lander", page("x"), true},
		{"two signs", "https://alice.example/", page("Related Searches: loans. Sponsored listings: cars."), true},
		{"mentions a parker", "https://alice.example/", page(`<p>I sold it at <a href="https://sedo.com/">Sedo</a>`), false},
	}
	for _, tt := range tests {
		if got := parked(tt.url, []byte(tt.body)); (got != "") != tt.want {
			t.Errorf("%s: %q, want a sign: %t", tt.name, got, tt.want)
		}
	}
}
