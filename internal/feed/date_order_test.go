package feed

import (
	"strings"
	"testing"
	"time"
)

func TestOrderOfDays(t *testing.T) {
	tests := []struct{ name, language, dates, want string }{
		{"nothing known", "", "03/04/2020", "2020-03-04"},
		{"another date has the day first", "", "03/04/2020 25/04/2020", "2020-04-03 2020-04-25"},
		{"another has the month first", "de", "03/04/2020 04/25/2020", "2020-03-04 2020-04-25"},
		{"both ways", "", "03/04/2020 04/25/2020 25/04/2020", "2020-03-04 2020-04-25 2020-04-25"},
		{"the language", "fr", "03/04/2020", "2020-04-03"},
		{"British", "en-gb", "03/04/20", "2020-04-03"},
		{"American", "en-us", "03/04/2020", "2020-03-04"},
		{"dots are plain", "en-us", "03.04.2020", "2020-04-03"},
		{"the same either way", "fr", "04/04/2020", "2020-04-04"},
	}
	for _, tt := range tests {
		doc := "<rss><channel><language>" + tt.language + "</language>"
		for d := range strings.FieldsSeq(tt.dates) {
			doc += "<item><title>x</title><pubDate>" + d + "</pubDate></item>"
		}
		d, err := Parse([]byte(doc+"</channel></rss>"), Meta{})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range d.Entries {
			got = append(got, e.Published.Format(time.DateOnly))
			if e.Published.Location() != time.UTC {
				t.Errorf("%s: %v is not UTC", tt.name, e.Published)
			}
		}
		if s := strings.Join(got, " "); s != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, s, tt.want)
		}
	}
}
