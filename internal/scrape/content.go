package scrape

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"codeberg.org/readeck/go-readability/v2"
	"golang.org/x/net/html"

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
	p.Content.Text = strings.ReplaceAll(markup.Text(html), "\u00ad", "") // where words may break
	p.Content.Words = len(strings.Fields(p.Content.Text))
}

// maxElements is how many elements a page has at most whose main part is sought.
const maxElements = 200_000

// mainPart is sanitised. It guards against the panics of the parser it asks,
// which has met nil nodes on real pages.
func mainPart(body []byte, base *url.URL) (text string, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("readability: %v", r)
		}
	}()
	doc, err := html.Parse(bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	t := survey(doc)
	if t.elements > maxElements {
		return "", fmt.Errorf("%d elements are too many", t.elements)
	}
	t.prune(doc)
	whole := ""
	if own := t.marked(doc); own != nil {
		whole = rendered(own)
	}
	found := readable(doc, base)
	// what was found may be a part of what the page marks as its article, or
	// something else altogether
	if len(markup.Text(found))*2 < len(whole) && len(whole) > 0 {
		if own, err := html.Parse(strings.NewReader(whole)); err == nil {
			if again := readable(own, base); len(markup.Text(again)) > 2*len(markup.Text(found)) {
				found = again
			}
		}
	}
	if found == "" {
		return "", errNoContent
	}
	return found, nil
}

var errNoContent = errors.New("none found")

// readable is what go-readability makes of a document, sanitised; empty if
// nothing.
func readable(doc *html.Node, base *url.URL) string {
	parser := readability.NewParser()
	article, err := parser.ParseAndMutate(doc, base)
	if err != nil || article.Node == nil {
		return ""
	}
	trimTail(article.Node)
	var b strings.Builder
	if err := article.RenderHTML(&b); err != nil {
		return ""
	}
	return markup.Sanitize(b.String(), base)
}

func rendered(n *html.Node) string {
	var b strings.Builder
	if err := html.Render(&b, n); err != nil {
		return ""
	}
	return b.String()
}
