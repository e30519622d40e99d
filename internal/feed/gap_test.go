package feed_test

import (
	"testing"
	"time"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/feed"
)

func TestGap(t *testing.T) {
	day := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	at := func(hours ...int) (list []coranto.Entry) {
		for _, h := range hours {
			e := coranto.Entry{}
			if h >= 0 {
				e.Published = day.Add(time.Duration(h) * time.Hour)
			}
			list = append(list, e)
		}
		return list
	}
	tests := []struct {
		name    string
		entries []coranto.Entry
		want    time.Duration
	}{
		{"none", nil, 0},
		{"one", at(0), 0},
		{"two, the newest first", at(48, 0), 48 * time.Hour},
		{"those without a date do not count", at(0, -1, -1, 24), 24 * time.Hour},
		{"several", at(10, 0, 30, 20), 10 * time.Hour},
		{"all dated by the request", at(5, 5, 5), 0},
	}
	for _, tt := range tests {
		if got := feed.Gap(tt.entries); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}
