// Package bucket reads and writes objects of an S3-compatible store: the four
// operations that taking a site there needs, signed with AWS Signature
// Version 4, with conditions where a lost race must not overwrite.
//
// It promises that what was put is what the hash says, and that a condition
// which does not hold is told apart from a failure. What is put, in which
// order, and how the network is reached stays outside.
package bucket

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Errors a caller branches on.
var (
	// ErrNotFound is returned for an object that is not there.
	ErrNotFound = errors.New("no such object")
	// ErrNoBucket is returned where the bucket itself is not there.
	ErrNoBucket = errors.New("no such bucket")
	// ErrCondition is returned where another writer was faster.
	ErrCondition = errors.New("the object has changed meanwhile")
	// ErrRefused is returned where the store does not accept the key.
	ErrRefused = errors.New("the bucket refuses the credentials")
	// ErrAddress is returned for an address that names no bucket.
	ErrAddress = errors.New("not the address of a bucket")
)

// Key is what requests are signed with.
type Key struct{ ID, Secret string }

// Options of a Bucket; the zero value works.
type Options struct {
	Transport http.RoundTripper // nil: the default
	Now       func() time.Time  // nil: time.Now
	Attempts  int               // at one request that fails in passing; 0: 4
}

// Bucket is one bucket, or a folder in it.
type Bucket struct {
	endpoint string // "https://s3.eu-central-1.amazonaws.com"
	base     string // "/bucket/prefix", without a slash at its end
	region   string
	key      Key
	o        Options
}

// maxObject bounds what Get reads.
const maxObject = 1 << 30

// Host finds the host that an address leads to: its credentials are kept
// under that name.
func Host(address string) (string, error) {
	b, err := New(address, Key{}, Options{})
	if err != nil {
		return "", err
	}
	u, err := url.Parse(b.endpoint)
	return u.Hostname(), err
}

// New opens the bucket at an address: "s3://bucket/folder?region=eu-central-1",
// or "https://endpoint/bucket/folder" of another store, region optional.
func New(address string, k Key, o Options) (*Bucket, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" {
		return nil, fmt.Errorf("%w: write s3://bucket/folder or https://endpoint/bucket/folder", ErrAddress)
	}
	b := &Bucket{region: u.Query().Get("region"), key: k, o: o}
	if b.region == "" {
		b.region = "us-east-1"
	}
	switch u.Scheme {
	case "s3":
		b.endpoint = "https://s3." + b.region + ".amazonaws.com"
		b.base = "/" + u.Host + strings.TrimRight(u.Path, "/")
	case "http", "https":
		b.endpoint = u.Scheme + "://" + u.Host
		b.base = strings.TrimRight(u.Path, "/")
		if b.base == "" {
			return nil, fmt.Errorf("%w: %s names an endpoint, but no bucket", ErrAddress, address)
		}
	default:
		return nil, fmt.Errorf("%w: %s", ErrAddress, address)
	}
	if b.o.Transport == nil {
		b.o.Transport = http.DefaultTransport
	}
	if b.o.Now == nil {
		b.o.Now = time.Now
	}
	if b.o.Attempts == 0 {
		b.o.Attempts = 4
	}
	return b, nil
}

// Object is what Put writes besides the bytes.
type Object struct {
	Type         string // media type
	CacheControl string
	// IfMatch is the ETag that must be there; IfNone demands that there is none.
	IfMatch string
	IfNone  bool
}

// Put writes an object and returns its ETag.
func (b *Bucket) Put(ctx context.Context, name string, body []byte, o Object) (etag string, err error) {
	h := http.Header{}
	if o.Type != "" {
		h.Set("Content-Type", o.Type)
	}
	if o.CacheControl != "" {
		h.Set("Cache-Control", o.CacheControl)
	}
	if o.IfMatch != "" {
		h.Set("If-Match", o.IfMatch)
	}
	if o.IfNone {
		h.Set("If-None-Match", "*")
	}
	_, etag, err = b.do(ctx, http.MethodPut, name, h, body)
	return etag, err
}

// Get reads an object and its ETag.
func (b *Bucket) Get(ctx context.Context, name string) (body []byte, etag string, err error) {
	return b.do(ctx, http.MethodGet, name, http.Header{}, nil)
}

// Delete removes an object; that there is none is no error.
func (b *Bucket) Delete(ctx context.Context, name string) error {
	_, _, err := b.do(ctx, http.MethodDelete, name, http.Header{}, nil)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

func (b *Bucket) do(ctx context.Context, method, name string, h http.Header, body []byte) ([]byte, string, error) {
	sum := sha256.Sum256(body)
	hash := hex.EncodeToString(sum[:])
	var err error
	for n := range b.o.Attempts {
		if n > 0 {
			select {
			case <-ctx.Done():
				return nil, "", ctx.Err()
			case <-time.After(time.Duration(1<<n) * 200 * time.Millisecond):
			}
		}
		var again bool
		var out []byte
		var etag string
		if out, etag, again, err = b.once(ctx, method, name, h.Clone(), body, hash); err == nil {
			return out, etag, nil
		}
		if !again || ctx.Err() != nil {
			break
		}
	}
	return nil, "", fmt.Errorf("%s %s in %s: %w", strings.ToLower(method), name, b.base[1:], err)
}

func (b *Bucket) once(ctx context.Context, method, name string, h http.Header, body []byte, hash string) (out []byte, etag string, again bool, err error) {
	u, err := url.Parse(b.endpoint)
	if err != nil {
		return nil, "", false, err
	}
	u.Path = b.base + "/" + name
	u.RawPath = encodePath(u.Path)
	r := (&http.Request{Method: method, URL: u, Header: h, Host: u.Host, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body))}).WithContext(ctx)
	if len(body) == 0 {
		r.Body = http.NoBody
	}
	sign(r, b.key, b.region, hash, b.o.Now())
	resp, err := b.o.Transport.RoundTrip(r)
	if err != nil {
		return nil, "", true, err
	}
	defer resp.Body.Close()
	out, err = io.ReadAll(io.LimitReader(resp.Body, maxObject+1))
	if err != nil {
		return nil, "", true, err
	}
	said := string(out[:min(len(out), 300)])
	switch s := resp.StatusCode; {
	case s >= 200 && s < 300 && len(out) <= maxObject:
		return out, resp.Header.Get("Etag"), false, nil
	case s == http.StatusNotFound && strings.Contains(said, "NoSuchBucket"):
		return nil, "", false, ErrNoBucket
	case s == http.StatusNotFound:
		return nil, "", false, ErrNotFound
	case s == http.StatusPreconditionFailed, s == http.StatusConflict && (h.Get("If-Match") != "" || h.Get("If-None-Match") != ""):
		return nil, "", false, ErrCondition
	case s == http.StatusForbidden, s == http.StatusUnauthorized:
		return nil, "", false, fmt.Errorf("%w: %s", ErrRefused, reason(said))
	default:
		return nil, "", s >= 500 || s == http.StatusTooManyRequests, fmt.Errorf("the store answers %d: %s", s, reason(said))
	}
}

// reason is what an answer in XML says, on one line.
func reason(said string) string {
	var words []string
	for _, name := range []string{"Code", "Message"} {
		_, rest, ok := strings.Cut(said, "<"+name+">")
		text, _, end := strings.Cut(rest, "</"+name+">")
		if ok && end {
			words = append(words, text)
		}
	}
	if len(words) == 0 {
		words = strings.Fields(said)
	}
	return strings.Join(words, " ")
}
