package site

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/coranto/coranto"
)

func TestSlug(t *testing.T) {
	for in, want := range map[string]string{
		"AWS Lambda": "aws-lambda", "C": "c", "C++": "c-plus-plus", "C#": "c-sharp", ".NET": "net", "Node.js": "node-js", "Über Größe": "uber-grosse",
		"R&D": "r-and-d", "日本語": "日本語", "Ελλάδα": "ελλάδα", "مدونة الخادم": "مدونة-الخادم", "  a  b ": "a-b", "it's": "its", "Ørsted": "orsted", "हिन्दी": "हिन्दी",
	} {
		if got := slug(in); got != want {
			t.Errorf("slug(%q) = %q, want %q", in, got, want)
		}
	}
	for _, in := range []string{"", "!!!", "…", strings.Repeat("word ", 60), strings.Repeat("語", 60)} {
		if got := slug(in); got == "" || len(got) > maxSlug+9 || !utf8.ValidString(got) || strings.Contains(got, "/") {
			t.Errorf("slug(%.20q) = %q", in, got)
		}
	}
}

func TestHTTPURL(t *testing.T) {
	for in, want := range map[string]string{
		"https://a.example/x?b=1&c=2": "https://a.example/x?b=1&c=2", " HTTP://a.example ": "http://a.example", "javascript:alert(1)": "", "//a.example": "",
		"https://": "", "https:a.example": "", "ftp://a.example/": "", "https://u:p@a.example/": "https://a.example/", "https://a.example/100%": "https://a.example/100%25",
		"https://a.example/a b": "https://a.example/a%20b", `https://a.example/?q="<x>"`: "https://a.example/?q=%22%3Cx%3E%22", "https://bücher.example/ü": "https://xn--bcher-kva.example/%C3%BC",
		"https://a.example/?q=a|b": "https://a.example/?q=a%7Cb", "https://a.example/#a#b": "https://a.example/#a%23b", "https://[::1]:80/": "https://[::1]:80/", "https://a.exa\"mple/": "",
	} {
		if got := httpURL(in); got != want {
			t.Errorf("httpURL(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestAuthorNames(t *testing.T) {
	for _, tt := range []struct {
		post coranto.Post
		want []string
	}{
		{coranto.Post{Author: "Ada Marsh, Bo Lind"}, []string{"Ada Marsh", "Bo Lind"}},
		{coranto.Post{Author: "Martin King, Jr., Ada"}, []string{"Martin King, Jr.", "Ada"}},
		{coranto.Post{Author: "X", Authors: []coranto.Person{{Name: "Ada"}, {Email: "a@b"}, {Name: "Ada"}}}, []string{"Ada"}},
		{coranto.Post{}, nil},
	} {
		if diff := cmp.Diff(tt.want, authorNames(&tt.post)); diff != "" {
			t.Errorf("%+v: %s", tt.post, diff)
		}
	}
}

func TestPublishedDay(t *testing.T) {
	ny, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Skip("no time zones on this machine")
	}
	for _, tt := range []struct{ name, published, date, want string }{
		{"evening before in New York", "2026-01-02T03:00:00Z", "", "2026-01-01"},
		{"a day without a time stays", "2026-01-02T00:00:00Z", "", "2026-01-02"},
		{"only the day as text", "", "Sep 14, 2020", "2020-09-14"},
		{"nothing known", "", "", "0001-01-01"},
		{"nonsense", "", "soon", "0001-01-01"},
	} {
		p := coranto.Post{Date: tt.date}
		if tt.published != "" {
			p.Published, _ = time.Parse(time.RFC3339, tt.published)
		}
		if got := publishedDay(&p, ny).Format(time.DateOnly); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestPlural(t *testing.T) {
	for in, want := range map[string]string{"blog": "blogs", "video": "videos", "story": "stories", "news": "news", "box": "boxes", "essay": "essays", "": "", "動画": "動画"} {
		if got := plural(in); got != want {
			t.Errorf("plural(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestInitials(t *testing.T) {
	for in, want := range map[string]string{"The Daily Queue": "DQ", "Off by One": "OO", "مدونة الخادم": "م", "日本語 ブログ": "日", "": "", "the": "T", "a.example": "A"} {
		if got := initials(in); got != want {
			t.Errorf("initials(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestCacheRoundTrip(t *testing.T) {
	c := NewCache()
	for i := range 100 {
		c.Set([32]byte{byte(i)}, strings.Repeat("x", i))
	}
	var file bytes.Buffer
	if _, err := c.WriteTo(&file); err != nil {
		t.Fatal(err)
	}
	back, err := ReadCache(bytes.NewReader(file.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if h, ok := back.Get([32]byte{7}); !ok || h != "xxxxxxx" || back.Len() != 100 {
		t.Errorf("read back %q of %d", h, back.Len())
	}
	back.Next()
	if back.Len() != 1 {
		t.Errorf("kept %d entries that no build asked for", back.Len()-1)
	}
	for i := range file.Len() {
		torn := bytes.Clone(file.Bytes())
		torn[i] ^= 0x20
		if _, err := ReadCache(bytes.NewReader(torn)); !errors.Is(err, ErrCache) {
			t.Fatalf("byte %d changed: %v, want ErrCache", i, err)
		}
		if _, err := ReadCache(io.LimitReader(bytes.NewReader(file.Bytes()), int64(i))); !errors.Is(err, ErrCache) {
			t.Fatalf("cut at %d: %v, want ErrCache", i, err)
		}
	}
}

func FuzzReadCache(f *testing.F) {
	f.Add([]byte(cacheMagic))
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := ReadCache(bytes.NewReader(b)); err != nil && !errors.Is(err, ErrCache) {
			t.Errorf("unclassified error %v", err)
		}
	})
}

func FuzzHTTPURL(f *testing.F) {
	for _, s := range attacks {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		u := httpURL(s)
		if u == "" {
			return
		}
		if !strings.HasPrefix(u, "http://") && !strings.HasPrefix(u, "https://") || strings.ContainsAny(u, "\"'<> \n\x00") {
			t.Errorf("httpURL(%q) = %q", s, u)
		}
		if again := httpURL(u); again != u && len(u) <= 4096 {
			t.Errorf("not stable: %q, %q", u, again)
		}
	})
}
