package scrape

import (
	"bytes"
	"fmt"
	"net/url"
	"strings"

	"codeberg.org/readeck/go-readability/v2"
	"github.com/coranto/coranto/internal/markup"
)

// content finds the main part of the page. Pages without one get a warning.
func (p *Page) content(body []byte, base *url.URL) {
	html, err := mainPart(body, base)
	if err != nil {
		p.warn("no main content: %v", err)
		return
	}
	p.Content.HTML = html
	p.Content.Text = markup.Text(html)
	p.Content.Words = len(strings.Fields(p.Content.Text))
}

// mainPart is sanitised. It guards against the panics of the parser it asks,
// which has met nil nodes on real pages.
func mainPart(body []byte, base *url.URL) (html string, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("readability: %v", r)
		}
	}()
	parser := readability.NewParser()
	parser.MaxElemsToParse = 200_000
	article, err := parser.Parse(bytes.NewReader(body), base)
	if err != nil {
		return "", err
	}
	if article.Node == nil {
		return "", fmt.Errorf("none found")
	}
	var b strings.Builder
	if err := article.RenderHTML(&b); err != nil {
		return "", err
	}
	return markup.Sanitize(b.String(), base), nil
}
