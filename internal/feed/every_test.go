package feed

import (
	"testing"
	"time"
)

func TestEvery(t *testing.T) {
	tests := []struct {
		channel string
		want    time.Duration
	}{
		{"", 0},
		{"<ttl>60</ttl>", time.Hour},
		{"<ttl>soon</ttl>", 0},
		{"<ttl>-5</ttl>", 0},
		{"<ttl>999999999</ttl>", 31 * 24 * time.Hour},
		{"<sy:updatePeriod> hourly </sy:updatePeriod><sy:updateFrequency>1</sy:updateFrequency>", time.Hour},
		{"<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>", 6 * time.Hour},
		{"<ttl>60</ttl><sy:updatePeriod>weekly</sy:updatePeriod>", 7 * 24 * time.Hour},
		{"<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>0</sy:updateFrequency>", 24 * time.Hour},
	}
	for _, tt := range tests {
		doc, err := Parse([]byte(`<rss version="2.0" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"><channel><title>x</title>`+tt.channel+`</channel></rss>`), Meta{URL: "https://a.example/"})
		if err != nil {
			t.Fatal(err)
		}
		if got := doc.Feed.Every(); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.channel, got, tt.want)
		}
	}
}
