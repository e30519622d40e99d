package egress

import "net/http"

// Transport returns what sends requests of any method within a zone: for the
// few that are no reading of the web, such as putting files into a bucket. The
// zone's addresses, ports and proxy hold; manners, retries and the limits of
// Get are the caller's affair. Redirects are not followed.
func (c *Client) Transport(zoneName string) (http.RoundTripper, error) {
	z, err := c.zone(zoneName)
	if err != nil {
		return nil, err
	}
	return within{z}, nil
}

type within struct{ z *zone }

// RoundTrip implements http.RoundTripper.
func (w within) RoundTrip(r *http.Request) (*http.Response, error) {
	t, err := parseTarget(r.URL.String())
	if err == nil {
		err = w.z.checkPort(t.port)
	}
	if err == nil {
		_, err = w.z.reach(r.Context(), t.host)
	}
	if err != nil {
		return nil, err
	}
	return w.z.transport.RoundTrip(r)
}
