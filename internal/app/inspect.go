package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/coranto/coranto/internal/egress"
	"github.com/coranto/coranto/internal/feed"
	"github.com/coranto/coranto/internal/scrape"
)

// Document is a file or an answer of the web, to be looked at.
type Document struct {
	URL         string
	Body        []byte
	ContentType string
	Location    string // Content-Location
	Language    string // Content-Language
}

// maxDocument bounds what is read of a file.
const maxDocument = 64 << 20

// ReadDocument reads a file, "-" for in, or asks for an address: as the site in
// dir does, or where that is none, as one without a configuration would.
func ReadDocument(ctx context.Context, dir, name, zone string, in io.Reader, o Options) (Document, error) {
	o.defaults()
	if !strings.HasPrefix(name, "http://") && !strings.HasPrefix(name, "https://") {
		return readFile(name, in)
	}
	web, zone, err := clientOf(dir, zone, o)
	if err != nil {
		return Document{}, err
	}
	defer web.Close()
	res, err := web.Get(ctx, egress.Request{URL: name, Zone: zone})
	if err != nil {
		return Document{}, err
	}
	if res.Status != http.StatusOK {
		return Document{}, &feed.StatusError{Status: res.Status, URL: res.URL}
	}
	return Document{URL: res.URL, Body: res.Body, ContentType: res.Header.Get("Content-Type"),
		Location: res.Header.Get("Content-Location"), Language: res.Header.Get("Content-Language")}, nil
}

func readFile(name string, in io.Reader) (d Document, err error) {
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return d, err
		}
		defer f.Close()
		in = f
	}
	d.Body, err = io.ReadAll(io.LimitReader(in, maxDocument+1))
	if err == nil && len(d.Body) > maxDocument {
		err = fmt.Errorf("%s is larger than %d MiB", name, maxDocument>>20)
	}
	return d, err
}

// clientOf asks the web as the site in dir does.
func clientOf(dir, zone string, o Options) (*egress.Client, string, error) {
	l, err := layoutOf(dir)
	if err != nil {
		return nil, "", err
	}
	cfg, err := l.readConfig()
	if errors.Is(err, ErrNoSite) {
		web, err := egress.New(egress.Options{Version: o.Version, Now: o.Now})
		return web, zone, err
	}
	if err != nil {
		return nil, "", err
	}
	if zone == "" {
		zone = cfg.Fetch.Zone
	}
	web, err := l.client(cfg, o)
	return web, zone, err
}

// ParseFeed reads a document as a feed.
func ParseFeed(d Document) (*feed.Document, error) {
	return feed.Parse(d.Body, feed.Meta{URL: d.URL, ContentType: d.ContentType, ContentLocation: d.Location, ContentLanguage: d.Language})
}

// InspectPage reads a document as a page, its main content included.
func InspectPage(d Document, o Options) (*scrape.Page, error) {
	o.defaults()
	return scrape.Extract(d.Body, scrape.Meta{URL: d.URL, ContentType: d.ContentType, Content: true, Now: o.Now()})
}
