package feed

import (
	"strings"
	"time"
)

// Dates in figures with slashes do not say whether the day or the month comes
// first. Those that could be either are read as in America, and bear a mark
// until the whole feed is read: then its other dates, or its language, decide.
var (
	eitherWay = time.FixedZone("either way", 0)
	dayLed    = time.FixedZone("day first", 0)
	monthLed  = time.FixedZone("month first", 0)
)

// mark says what a date of the form a/b/year tells of the order.
func (d *dateReader) mark(a, b int) {
	switch {
	case d.offset != 0 || a == b:
	case a > 12:
		d.order = dayLed
	case b > 12:
		d.order = monthLed
	default:
		d.order = eitherWay
	}
}

// settleDays turns about the days that other dates of the feed, or its
// language, show to stand before the month; all times are UTC then.
func (d *Document) settleDays() {
	all := []*time.Time{&d.Feed.Published, &d.Feed.Updated}
	for i := range d.Entries {
		all = append(all, &d.Entries[i].Published, &d.Entries[i].Updated)
	}
	open, days, months := false, false, false
	for _, t := range all {
		switch t.Location() {
		case eitherWay:
			open = true
		case dayLed:
			days = true
		case monthLed:
			months = true
		}
	}
	turn := open && !months && (days || daysLead(d.Feed.Language))
	for _, t := range all {
		at := t.Location()
		if at != eitherWay && at != dayLed && at != monthLed {
			continue
		}
		if *t = t.UTC(); turn && at == eitherWay {
			*t = time.Date(t.Year(), time.Month(t.Day()), int(t.Month()), t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
		}
	}
}

// daysLead says that the readers of a language write the day before the month.
func daysLead(lang string) bool {
	lang = strings.ToLower(lang)
	base, region, _ := strings.Cut(lang, "-")
	switch base {
	case "en":
		return region == "gb" || region == "au" || region == "nz" || region == "ie" || region == "in" || region == "za"
	case "de", "fr", "es", "pt", "it", "nl", "pl", "cs", "sk", "ru", "uk", "be", "bg", "sr", "hr", "sl", "ro", "tr", "el", "da", "no", "nb", "nn", "fi", "et", "lv", "ca", "gl", "vi", "id", "he", "ar", "th":
		return true
	}
	return false
}
