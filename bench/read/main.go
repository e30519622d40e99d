// Command read measures what reading costs: feeds beside encoding/xml's bare
// scan for tokens, pages beside x/net/html's bare parse. Other readers of feeds
// and pages are compared in the folder peers, a module of its own.
package main

import (
	"bytes"
	"encoding/xml"
	"flag"
	"fmt"
	"io"
	"os"

	"golang.org/x/net/html"

	"github.com/coranto/coranto/bench/read/meter"
	"github.com/coranto/coranto/internal/feed"
	"github.com/coranto/coranto/internal/scrape"
)

func main() {
	rounds := flag.Int("rounds", 15, "turns of each reader")
	size := flag.Int("size", 1<<20, "bytes of the feed, about")
	flag.Parse()
	figures, err := meter.Run(append(feeds(*size), pages()...), *rounds)
	if err == nil {
		err = meter.Print(os.Stdout, figures)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "read:", err)
		os.Exit(1)
	}
}

func feeds(size int) []meter.Task {
	var all []meter.Task
	for _, cdata := range []bool{true, false} {
		body := meter.Feed(size, cdata)
		group := map[bool]string{true: "feed, CDATA", false: "feed, escaped"}[cdata]
		add := func(name string, do func() error) {
			all = append(all, meter.Task{Group: group, Name: name, Bytes: len(body), Do: do})
		}
		add("encoding/xml, tokens", func() error { return tokens(body) })
		for _, m := range []struct {
			name string
			meta feed.Meta
		}{{"coranto, not sanitised", feed.Meta{Unsanitised: true}}, {"coranto, summaries", feed.Meta{SummaryOnly: true}}, {"coranto, sanitised", feed.Meta{}}} {
			m.meta.URL = "https://blog.example/feed"
			add(m.name, func() error {
				_, err := feed.Parse(body, m.meta)
				return err
			})
		}
	}
	return all
}

func tokens(body []byte) error {
	d := xml.NewDecoder(bytes.NewReader(body))
	for {
		if _, err := d.RawToken(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func pages() []meter.Task {
	body := meter.Page()
	task := func(name string, do func() error) meter.Task {
		return meter.Task{Group: "page", Name: name, Bytes: len(body), Do: do}
	}
	extract := func(content bool) func() error {
		return func() error {
			_, err := scrape.Extract(body, scrape.Meta{URL: meter.PageURL, Content: content})
			return err
		}
	}
	return []meter.Task{
		task("x/net/html, parse", func() error {
			_, err := html.Parse(bytes.NewReader(body))
			return err
		}),
		task("coranto, metadata", extract(false)),
		task("coranto, with content", extract(true)),
	}
}
