package egress

import (
	"errors"
	"strings"
	"testing"
)

func TestParseTarget(t *testing.T) {
	tests := []struct{ raw, url, origin, domain string }{
		{"http://example.org", "http://example.org/", "http://example.org", "example.org"},
		{" HTTPS://Blog.Example.ORG:443/a?b#c ", "https://blog.example.org/a?b", "https://blog.example.org", "example.org"},
		{"http://example.org.:8080/", "http://example.org:8080/", "http://example.org:8080", "example.org"},
		{"http://user:pass@example.org/", "http://example.org/", "http://example.org", "example.org"},
		{"http://bücher.example/", "http://xn--bcher-kva.example/", "http://xn--bcher-kva.example", "xn--bcher-kva.example"},
		{"http://a.b.co.uk/", "http://a.b.co.uk/", "http://a.b.co.uk", "b.co.uk"},
		{"http://ann.github.io/", "http://ann.github.io/", "http://ann.github.io", "ann.github.io"},
		{"http://localhost:80/", "http://localhost/", "http://localhost", "localhost"},
		{"http://my_host.example.org/", "http://my_host.example.org/", "http://my_host.example.org", "example.org"},
		{"http://a.example/?q=a b\u00e9", "http://a.example/?q=a%20b%C3%A9", "http://a.example", "a.example"},
		{"http://127.0.0.1/", "http://127.0.0.1/", "http://127.0.0.1", "127.0.0.1"},
		{"http://127.0.0.1./", "http://127.0.0.1/", "http://127.0.0.1", "127.0.0.1"},
		{"http://2130706433/", "http://127.0.0.1/", "http://127.0.0.1", "127.0.0.1"},
		{"http://0x7f.1/", "http://127.0.0.1/", "http://127.0.0.1", "127.0.0.1"},
		{"http://0x7F000001/", "http://127.0.0.1/", "http://127.0.0.1", "127.0.0.1"},
		{"http://0177.0.0.01/", "http://127.0.0.1/", "http://127.0.0.1", "127.0.0.1"},
		{"http://127.1/", "http://127.0.0.1/", "http://127.0.0.1", "127.0.0.1"},
		{"http://0/", "http://0.0.0.0/", "http://0.0.0.0", "0.0.0.0"},
		{"http://１２７。０。０。１/", "http://127.0.0.1/", "http://127.0.0.1", "127.0.0.1"},
		{"http://[::1]:8080/", "http://[::1]:8080/", "http://[::1]:8080", "::1"},
		{"http://[0:0:0:0:0:FFFF:7f00:1]/", "http://[::ffff:127.0.0.1]/", "http://[::ffff:127.0.0.1]", "::ffff:127.0.0.1"},
		{"http://[fe80::1%25eth0]/", "http://[fe80::1]/", "http://[fe80::1]", "fe80::1"},
	}
	for _, tt := range tests {
		got, err := parseTarget(tt.raw)
		if err != nil {
			t.Errorf("parseTarget(%q): %v", tt.raw, err)
			continue
		}
		if got.String() != tt.url || got.origin != tt.origin || got.domain() != tt.domain {
			t.Errorf("parseTarget(%q) = %s, %s, %s, want %s, %s, %s", tt.raw, got, got.origin, got.domain(), tt.url, tt.origin, tt.domain)
		}
	}
}

func TestParseTargetRefuses(t *testing.T) {
	for _, raw := range []string{
		"", "example.org/feed", "//example.org/", "ftp://example.org/", "file:///etc/passwd", "gopher://a/", "javascript:alert(1)",
		"http:///x", "http:example.org", "http://:80/", "http://example.org:0/", "http://example.org:99999/", "http://a..b/",
		"http://256.1.1.1/", "http://1.2.3.4.5/", "http://0x100000000/", "http://09.1.1.1/", "http://1.2.3.08/", "http://a.0x/1/../",
		"http://[::1/", "http://[zz]/", "http://exa mple.org/", "http://a%31.org/", "http://a\r\nb/", "http://.example.org/",
	} {
		got, err := parseTarget(raw)
		if err == nil {
			t.Errorf("parseTarget(%q) = %s, want an error", raw, got)
		} else if !errors.Is(err, ErrScheme) {
			t.Errorf("parseTarget(%q): unclassified error %v", raw, err)
		}
	}
}

func TestParseTargetHidesUserinfo(t *testing.T) {
	for _, raw := range []string{"http://u:s3cret@[zz/", "http://u:s3cret@a b/", "ftp://u:s3cret@a/", "http://u:s3cret@a:0/x", "://u:s3cret@a", "http://u:s3cret%@a/"} {
		_, err := parseTarget(raw)
		if err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("parseTarget(%q): %v", raw, err)
		}
	}
}

func FuzzParseTarget(f *testing.F) {
	for _, s := range []string{"http://example.org/a?b", "https://user@0x7f.1:8080", "http://[::1]/", "http://bücher.example/ü?ü", "http://a.b:80//x/../y"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		a, err := parseTarget(raw)
		if err != nil {
			if !errors.Is(err, ErrScheme) {
				t.Fatalf("unclassified error %v", err)
			}
			return
		}
		b, err := parseTarget(a.String())
		if err != nil {
			t.Fatalf("parseTarget(%q) = %q, which is refused: %v", raw, a, err)
		}
		if a.origin != b.origin || a.host != b.host || a.port != b.port || a.addr != b.addr {
			t.Fatalf("%q: %s is read as %s", raw, a, b)
		}
		if b.user != nil || strings.ContainsAny(a.String(), " \r\n\x00") {
			t.Fatalf("%q becomes %q", raw, a)
		}
	})
}
