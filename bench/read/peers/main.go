// Command peers measures other readers of feeds and pages beside ours. It is a
// module of its own, so that what it needs is no need of Coranto.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"os"

	"github.com/markusmobius/go-trafilatura"
	"github.com/microcosm-cc/bluemonday"
	"github.com/mmcdole/gofeed"

	"github.com/coranto/coranto/bench/read/meter"
	"github.com/coranto/coranto/internal/feed"
	"github.com/coranto/coranto/internal/scrape"
)

func main() {
	rounds := flag.Int("rounds", 9, "turns of each reader")
	size := flag.Int("size", 1<<20, "bytes of the feed, about")
	scripts := flag.String("metascraper", "metascraper", "folder of metascraper's script, where npm install was run")
	flag.Parse()
	tasks := append(feeds(*size), pages()...)
	stop := func() error { return nil }
	if theirs, end, err := metascraper(*scripts); err != nil {
		fmt.Fprintf(os.Stderr, "peers: without metascraper: %v\n", err)
	} else {
		tasks, stop = append(tasks, theirs...), end
	}
	figures, err := meter.Run(tasks, *rounds)
	err = errors.Join(err, stop())
	if err == nil {
		err = meter.Print(os.Stdout, figures)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

func feeds(size int) []meter.Task {
	policy := bluemonday.UGCPolicy()
	var all []meter.Task
	for _, cdata := range []bool{true, false} {
		body := meter.Feed(size, cdata)
		form := map[bool]string{true: "CDATA", false: "escaped"}[cdata]
		pair := func(group string, ours feed.Meta, theirs func(*gofeed.Feed)) {
			ours.URL = "https://blog.example/feed"
			name := map[bool]string{true: "gofeed", false: "gofeed and bluemonday"}[ours.Unsanitised]
			all = append(all, meter.Task{Group: group, Name: "coranto", Bytes: len(body), Do: func() error {
				_, err := feed.Parse(body, ours)
				return err
			}}, meter.Task{Group: group, Name: name, Bytes: len(body), Do: func() error {
				f, err := gofeed.NewParser().Parse(bytes.NewReader(body))
				if err == nil {
					theirs(f)
				}
				return err
			}})
		}
		pair("feed, "+form, feed.Meta{Unsanitised: true}, func(*gofeed.Feed) {})
		pair("feed, "+form+", sanitised", feed.Meta{}, func(f *gofeed.Feed) {
			for _, e := range f.Items {
				e.Description, e.Content = policy.Sanitize(e.Description), policy.Sanitize(e.Content)
			}
		})
	}
	return all
}

func pages() []meter.Task {
	body := meter.Page()
	at, err := url.Parse(meter.PageURL)
	if err != nil {
		panic(err)
	}
	task := func(group, name string, do func() error) meter.Task {
		return meter.Task{Group: group, Name: name, Bytes: len(body), Do: do}
	}
	theirs := func() error {
		_, err := trafilatura.Extract(bytes.NewReader(body), trafilatura.Options{OriginalURL: at})
		return err
	}
	return []meter.Task{
		task("page, with content", "coranto", ours(body, true)),
		task("page, with content", "go-trafilatura", theirs),
		task("page, metadata", "coranto", ours(body, false)),
		task("page, metadata", "go-trafilatura", theirs), // it has no way to read metadata alone
	}
}

func ours(body []byte, content bool) func() error {
	return func() error {
		_, err := scrape.Extract(body, scrape.Meta{URL: meter.PageURL, Content: content})
		return err
	}
}
