package feed

import (
	"strings"
	"testing"
)

func TestCodePages(t *testing.T) {
	tests := []struct{ name, bytes, want string }{
		{"cp737", "\x82\x9c\xa0\x98 \xa9\xa6\xac", "Γεια σου"},
		{"IBM857", "\x8d\xa7d\x8dr", "ığdır"},
		{"cp861", "\x8d\xa2r\x8cur", "Þórður"},
		{"mac-greek", "\xb0\xf5\xdc\xee\xe1", "Αθήνα"},
		{"MacIceland", "\xde\x97r\xddur", "Þórður"},
		{"koi8-t", "\x80\xc9\xdb\xcc\xcf\x80", "қишлоқ"},
		{"ptcp154", "\x8d\xe0\xe7\xe0\x9d", "Қазақ"},
		{"cp775", "\xcf\xd0sis", "Žąsis"},
		{"cp1125", "\xf8\xa6\xa0\xaa \xf3\xa0\xa2\xa0", "Їжак ґава"},
	}
	for _, tt := range tests {
		d, err := Parse([]byte(`<?xml version="1.0" encoding="`+tt.name+`"?><rss><channel><title>`+tt.bytes+`</title></channel></rss>`), Meta{})
		if err != nil || d.Feed.Title != tt.want || d.Encoding != strings.ToLower(tt.name) {
			t.Errorf("%s: %q in %s, %v", tt.name, d.Feed.Title, d.Encoding, err)
		}
	}
	for _, p := range codePages {
		if n := len([]rune(p.upper)); n != 128 {
			t.Errorf("%s has %d characters", p.name, n)
		}
	}
}
