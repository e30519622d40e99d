package main

import (
	"bufio"
	"encoding/json"
	"io"
	"os"

	"github.com/coranto/coranto/internal/scrape"
)

// runPages answers requests {"id","url","file"} with normalised page
// documents, one JSON object a line each.
func runPages(r io.Reader, w io.Writer) error {
	in := bufio.NewScanner(r)
	in.Buffer(nil, 16<<20)
	out := bufio.NewWriter(w)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	for in.Scan() {
		var q struct {
			ID      string `json:"id"`
			URL     string `json:"url"`
			File    string `json:"file"`
			Content *bool  `json:"content"` // false: leave out the main content
		}
		if err := json.Unmarshal(in.Bytes(), &q); err != nil {
			return err
		}
		var answer any
		body, err := os.ReadFile(q.File)
		var p *scrape.Page
		if err == nil {
			p, err = scrape.Extract(body, scrape.Meta{URL: q.URL, Content: q.Content == nil || *q.Content})
		}
		if err != nil {
			answer = map[string]string{"id": q.ID, "error": err.Error()}
		} else {
			p.ID = q.ID
			answer = p
		}
		if err := enc.Encode(answer); err != nil {
			return err
		}
	}
	if err := in.Err(); err != nil {
		return err
	}
	return out.Flush()
}
