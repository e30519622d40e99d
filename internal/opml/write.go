package opml

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/coranto/coranto"
)

// namespace names the attributes that only we read.
const namespace = "https://github.com/coranto/coranto/opml"

// Write writes the sources so that any feed reader can subscribe to them and
// Parse gives them back as they were. The title is that of the list.
func Write(w io.Writer, title string, sources []coranto.Source) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<opml version=\"2.0\" xmlns:coranto=\"%s\">\n  <head>\n    <title>%s</title>\n  </head>\n  <body>\n",
		namespace, escape(title))
	for _, s := range sources {
		if err := writeSource(b, s); err != nil {
			return fmt.Errorf("write OPML: source %s: %w", s.ID, err)
		}
	}
	b.WriteString("  </body>\n</opml>\n")
	if err := b.Flush(); err != nil {
		return fmt.Errorf("write OPML: %w", err)
	}
	return nil
}

func writeSource(b *bufio.Writer, s coranto.Source) error {
	text := s.Title
	for _, other := range []string{s.ID, s.URL} {
		if strings.TrimSpace(text) == "" {
			text = other
		}
	}
	b.WriteString(`    <outline type="rss"`)
	attr := func(name, value string) {
		if value != "" {
			b.WriteString(" " + name + `="` + escape(value) + `"`)
		}
	}
	asJSON := func(name string, v any) error {
		text, err := json.Marshal(v)
		attr(name, string(text))
		return err
	}
	attr("text", text)
	attr("title", s.Title)
	attr("xmlUrl", s.URL)
	attr("htmlUrl", s.Site)
	attr("language", s.Language)
	attr("category", strings.Join(s.Tags, ","))
	attr("coranto:id", s.ID)
	attr("coranto:kind", s.Kind)
	attr("coranto:author", s.Author)
	attr("coranto:zone", s.Zone)
	attr("coranto:full-text", s.FullText)
	attr("coranto:every", s.Every)
	attr("coranto:robots", s.Robots)
	attr("coranto:moderate", s.Moderate)
	if s.Limit > 0 {
		attr("coranto:limit", strconv.Itoa(s.Limit))
	}
	if s.Scrape != nil {
		if err := asJSON("coranto:scrape", s.Scrape); err != nil {
			return err
		}
	}
	if s.Paused {
		attr("coranto:paused", "true")
	}
	if s.Retired {
		attr("coranto:retired", "true")
	}
	if !plainTags(s.Tags) {
		if err := asJSON("coranto:tags", s.Tags); err != nil {
			return err
		}
	}
	if s.Include != nil {
		if err := asJSON("coranto:include", s.Include); err != nil {
			return err
		}
	}
	if s.Exclude != nil {
		if err := asJSON("coranto:exclude", s.Exclude); err != nil {
			return err
		}
	}
	_, err := b.WriteString("/>\n")
	return err
}

// plainTags reports that the category attribute says all.
func plainTags(tags []string) bool {
	back := categories(strings.Join(tags, ","))
	if len(back) != len(tags) {
		return false
	}
	for i := range tags {
		if back[i] != tags[i] {
			return false
		}
	}
	return true
}

var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "\t", "&#9;", "\n", "&#10;", "\r", "&#13;")

// escape writes a text as XML has it; what XML cannot say is left out.
func escape(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0xfffe || r == 0xffff {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
	return escaper.Replace(s)
}
