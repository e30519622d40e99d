package scrape

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"
)

// outline lists the tags and the text of a page as the scanner sees them.
func outline(page string) []string {
	s := scanner{b: []byte(page)}
	var all []string
	for {
		switch s.next() {
		case tokEnd:
			return all
		case tokText:
			all = append(all, "#"+html.UnescapeString(string(s.text)))
		case tokStart:
			all = append(all, "<"+s.tag.String()+" "+string(s.attr.class)+" "+string(s.attr.href))
		case tokClose:
			all = append(all, "/"+s.tag.String())
		}
	}
}

// reference lists the same as x/net/html sees them.
func reference(page string) []string {
	z := html.NewTokenizer(strings.NewReader(page))
	var all []string
	for {
		t := z.Next()
		tok := z.Token()
		attr := func(k string) string {
			for _, a := range tok.Attr {
				if a.Key == k {
					return a.Val
				}
			}
			return ""
		}
		switch t {
		case html.ErrorToken:
			return all
		case html.TextToken:
			all = append(all, "#"+tok.Data)
		case html.StartTagToken, html.SelfClosingTagToken:
			all = append(all, "<"+tok.DataAtom.String()+" "+attr("class")+" "+attr("href"))
		case html.EndTagToken:
			all = append(all, "/"+tok.DataAtom.String())
		}
	}
}

// joined makes one text of those that stand together.
func joined(all []string) []string {
	var out []string
	for _, s := range all {
		if n := len(out); n > 0 && s[0] == '#' && out[n-1][0] == '#' {
			out[n-1] += s[1:]
			continue
		}
		out = append(out, s)
	}
	return out
}

func TestScannerAgrees(t *testing.T) {
	for _, page := range []string{
		`<p>a<b class=x>b</b></p>`,
		`<P CLASS="a b" HREF='x&amp;y'>a &lt; b < c <3 &euro;</P>`,
		`<!doctype html><!-- <p> --><p>x<!---->y<!-->z<!--->w<!-- a -- b --!>v`,
		`<script>if (a<b) "</p>"</script><p>x`,
		`<style>a>b{}</STYLE ><title>a<b></title>x`,
		`<textarea><p></textarea><p>`,
		`<a href=/x/ class=y>z</a/><br/><img src=x/>`,
		`<a href="a>b" class='c"d'>x</a>`,
		`<a class = x href= "y" disabled>`,
		`<?php echo "<b>" ?><p></ x><p></>`,
		`a <`, `a <p`, `a </`, `<p class="`, `<!--`, `<!`, `<a =x href=y>`,
		`<p/class=x/href=y>`, `<svg><path d="M0"/></svg>`, `<noscript><img class=x></noscript>`,
		`<script></script><script/>x</script>y`,
		`<iframe><p></iframe><xmp><p></xmp>`,
	} {
		if d := cmp.Diff(joined(reference(page)), joined(outline(page))); d != "" {
			t.Errorf("%s\n%s", page, d)
		}
	}
}

func FuzzScanner(f *testing.F) {
	f.Add([]byte(`<p class="a">x<!-- y --><script>z</script></p>`))
	f.Fuzz(func(t *testing.T, page []byte) {
		s := scanner{b: page}
		for last := -1; s.next() != tokEnd; last = s.at {
			if s.at <= last && s.at < len(page) {
				t.Fatalf("stands still at %d", s.at)
			}
		}
	})
}
