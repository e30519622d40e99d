package main

import (
	"bufio"
	"encoding/json"
	"io"
	"os"

	"github.com/coranto/coranto/internal/feed"
)

// feeds answers requests {"id","file","url","headers"} with normalised feed
// documents, one JSON object a line each.
func feeds(r io.Reader, w io.Writer) error {
	in := bufio.NewScanner(r)
	in.Buffer(nil, 16<<20)
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	for in.Scan() {
		var q struct {
			ID      string            `json:"id"`
			File    string            `json:"file"`
			URL     string            `json:"url"`
			Headers map[string]string `json:"headers"`
		}
		if err := json.Unmarshal(in.Bytes(), &q); err != nil {
			return err
		}
		var a struct {
			ID    string `json:"id"`
			Error string `json:"error,omitempty"`
			*feed.Document
		}
		a.ID = q.ID
		body, err := os.ReadFile(q.File)
		if err == nil {
			a.Document, err = feed.Parse(body, feed.Meta{
				URL: q.URL, ContentType: q.Headers["content-type"],
				ContentLocation: q.Headers["content-location"], ContentLanguage: q.Headers["content-language"],
			})
		}
		if err != nil {
			a.Error = err.Error()
		}
		if err := out.Encode(a); err != nil {
			return err
		}
	}
	return in.Err()
}
