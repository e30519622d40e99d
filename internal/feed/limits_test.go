package feed

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

const head = `<rss version="2.0"><channel><title>T</title>`

// TestLimits feeds what is too much of something: it is cut, what can be read
// is kept, and the document is Malformed.
func TestLimits(t *testing.T) {
	rep := strings.Repeat
	tests := []struct {
		name, body     string
		entries, after int // kept, dropped
	}{
		{"entries", head + rep("<item><guid>1</guid></item>", 12_000), 10_000, 2_000},
		{"unclosed entries", head + rep("<item><guid>1</guid>", 12_000), 10_000, 2_000},
		{"title", head + "<item><title>" + rep("x ", 1<<20) + "</title></item><item/>", 2, 0},
		{"title of references", head + "<item><title>" + rep("&eacute;é", 1<<18) + "</title></item><item/>", 2, 0},
		{"title in CDATA", head + "<item><title><![CDATA[" + rep("é ", 1<<22) + "]]></title></item><item/>", 2, 0},
		{"title without end", head + "<item><title>" + rep("x", 1<<20), 1, 0},
		{"content", head + "<item><description>" + rep("&lt;p>x", 1<<20) + "</description></item>", 1, 0},
		{"depth", head + rep("<a>", 100_000) + "<item/>", 0, 0},
		{"depth in content", head + "<item><description>" + rep("<b>", 100_000) + "</description></item><item/>", 2, 0},
		{"depth of HTML", head + "<item><description>" + rep("&lt;b>", 100_000) + "</description></item><item/>", 2, 0},
		{"end tags", head + rep("<x>", 50) + rep("</y>", 200_000), 0, 0},
		{"attributes", head + "<item " + rep("a='b' ", 100_000) + "><guid>1</guid></item>", 1, 0},
		{"tags", head + "<item>" + rep("<category>a</category>", 10_000) + "</item>", 1, 0},
		{"open comments", head + rep("<!-- ", 200_000), 0, 0},
		{"open CDATA", head + "<item>" + rep("<title><![CDATA[", 100_000), 1, 0},
		{"stray signs", head + rep("<", 500_000) + rep("&", 500_000), 0, 0},
		{"entity bomb", `<!DOCTYPE r [<!ENTITY a "` + rep("x", 1000) + `"><!ENTITY b "` + rep("&a;", 100) + `"><!ENTITY c "` + rep("&b;", 100) + `">]>` + head + "<item><title>&c;</title></item>", 1, 0},
		{"doctype", "<!DOCTYPE r [" + rep("<!ENTITY a 'x", 100_000) + "\n]>" + head + "<item/>", 1, 0},
		{"namespaces", head + rep("<item xmlns:a='x' xmlns:b='y'><a:x/>", 12_000), 10_000, 2_000},
	}
	for _, tt := range tests {
		doc, err := Parse([]byte(tt.body), Meta{})
		if err != nil {
			if !errors.Is(err, ErrNotFeed) || tt.entries > 0 {
				t.Errorf("%s: %v", tt.name, err)
			}
			continue
		}
		if len(doc.Entries) != tt.entries || doc.Dropped != tt.after {
			t.Errorf("%s: %d entries and %d dropped, want %d and %d", tt.name, len(doc.Entries), doc.Dropped, tt.entries, tt.after)
		}
		if !doc.Malformed && tt.name != "attributes" && tt.name != "depth of HTML" {
			t.Errorf("%s: not malformed", tt.name)
		}
		for _, e := range doc.Entries {
			if len(e.Title) > maxText || !utf8.ValidString(e.Title+e.Summary+e.Content) || len(e.Tags) > maxList || len(e.Content)+len(e.Summary) > 2*maxBody {
				t.Errorf("%s: title of %d, body of %d bytes, %d tags", tt.name, len(e.Title), len(e.Content)+len(e.Summary), len(e.Tags))
			}
		}
	}
}

// TestLinear reads megabytes of what would take a quadratic reader hours: the
// guard is that the test ends.
func TestLinear(t *testing.T) {
	for _, unit := range []string{"<item><title>a", "<![CDATA[", "<!--", "&a", "<a b='", `<a b="<`, "</x>", "<b>", "&lt;b>", "<item><description><![CDATA[<p>x]]>", "<!DOCTYPE [",
		"<?", "<link href=x>", "<textarea>", "&lt;textarea>", "&lt;!--", "&lt;a b='", "&lt;script>", "&lt;xmp>&lt;title>", "<author>", "<category label=a>", "<item><link>x</link><category>a"} {
		for _, before := range []string{"", "<item><description>", "<item><description><![CDATA["} {
			body := []byte(head + before + strings.Repeat(unit, 1<<20/len(unit)))
			if _, err := Parse(body, Meta{MaxEntries: 100}); err != nil {
				t.Errorf("%s%s…: %v", before, unit, err)
			}
		}
	}
}

func TestMaxEntries(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"version": "https://jsonfeed.org/version/1", "items": [`)
	for i := range 9 {
		fmt.Fprintf(&b, `{"id": "%d"},`, i)
	}
	b.WriteString("]}")
	doc, err := Parse([]byte(b.String()), Meta{MaxEntries: 4})
	if err != nil || len(doc.Entries) != 4 || doc.Dropped != 5 || !doc.Malformed || doc.Entries[3].ID != "3" {
		t.Errorf("%+v, %v", doc, err)
	}
}

// TestDeepJSON: depth costs no stack, and what stands behind is read.
func TestDeepJSON(t *testing.T) {
	deep := strings.Repeat(`{"a":[`, 500_000) + `"]}'" ` + strings.Repeat("]}", 500_000)
	doc, err := Parse([]byte(`{"version":"https://jsonfeed.org/version/1.1","title":`+deep+`,"items":[{"id":"1","title":"Whole"}]}`), Meta{})
	if err != nil || len(doc.Entries) != 1 || doc.Entries[0].Title != "Whole" {
		t.Errorf("%+v, %v", doc, err)
	}
}
