package websub

import (
	"net/url"
	"slices"
	"strings"

	"github.com/coranto/coranto"
)

// Bounds of what is believed of a document.
const (
	maxHubs   = 4
	maxURL    = 2048
	maxHeader = 16 << 10
)

// Found is what a document says of its hubs.
type Found struct {
	Hubs  []string // those with https first
	Topic string   // "": no rel=self, so nobody can subscribe
	// Header says that the Link header told it, so that it counts also where the
	// document itself was not sent.
	Header bool
}

// Discover finds hubs and topic (section 4): the values of the Link header,
// which are relative to base, count before the links of the document. What is
// no http(s) address is left out.
func Discover(header []string, base string, links []coranto.Link) Found {
	var f Found
	at, err := url.Parse(base)
	if err != nil {
		at = &url.URL{}
	}
	said := parseLinks(header)
	for i := range said {
		if u, err := at.Parse(said[i].Href); err == nil {
			said[i].Href = u.String()
		}
	}
	f.Hubs, f.Topic = of(said)
	f.Header = len(f.Hubs) > 0
	hubs, topic := of(links)
	if len(f.Hubs) == 0 {
		f.Hubs = hubs
	}
	if f.Topic == "" {
		f.Topic = topic
	}
	// Section 8.2: what a hub is told should not be read by others.
	slices.SortStableFunc(f.Hubs, func(a, b string) int { return insecure(a) - insecure(b) })
	f.Hubs = f.Hubs[:min(len(f.Hubs), maxHubs)]
	return f
}

func insecure(hub string) int {
	if strings.HasPrefix(hub, "https:") {
		return 0
	}
	return 1
}

func of(links []coranto.Link) (hubs []string, topic string) {
	for _, l := range links {
		u, ok := address(l.Href)
		if !ok {
			continue
		}
		for rel := range strings.FieldsSeq(strings.ToLower(l.Rel)) {
			switch {
			case rel == "hub" && !slices.Contains(hubs, u):
				hubs = append(hubs, u)
			case rel == "self" && topic == "":
				topic = u
			}
		}
	}
	return hubs, topic
}

// address reports whether a text is an address of the web, without its fragment,
// that can be written into a header: net/url lets more pass than RFC 3986 does.
func address(text string) (string, bool) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
		return "", false
	}
	u.Fragment, u.RawFragment = "", ""
	s := u.String()
	return s, len(s) <= maxURL && !strings.ContainsAny(s, "<>\" ") && !strings.ContainsAny(u.Host, "\\^`{|}")
}

// parseLinks reads Link headers (RFC 8288, section 3), as far as they can be read.
func parseLinks(values []string) []coranto.Link {
	var out []coranto.Link
	size := 0
	for _, v := range values {
		if size += len(v); size > maxHeader {
			break
		}
		for v != "" && len(out) < 64 {
			var l coranto.Link
			var ok bool
			if l, v, ok = parseLink(v); ok {
				out = append(out, l)
			}
		}
	}
	return out
}

// parseLink reads one link, <address>; rel=…, and returns what follows its comma.
func parseLink(s string) (l coranto.Link, rest string, ok bool) {
	_, s, found := strings.Cut(s, "<")
	if !found {
		return l, "", false
	}
	href, s, found := strings.Cut(s, ">")
	if !found {
		return l, "", false
	}
	l.Href = strings.TrimSpace(href)
	anchored := false
	for {
		s = strings.TrimLeft(s, " \t")
		if s == "" || s[0] == ',' {
			break
		}
		if s[0] != ';' {
			_, rest, _ = strings.Cut(s, ",") // not as it should be: on with the next
			return l, rest, false
		}
		var name, value string
		name, value, s = parameter(s[1:])
		switch {
		case name == "rel" && l.Rel == "":
			l.Rel = value
		case name == "anchor":
			anchored = true // it is a link of something else
		}
	}
	return l, strings.TrimPrefix(s, ","), l.Rel != "" && !anchored
}

// parameter reads name=value, the value perhaps in quotes, up to the next ";" or ",".
func parameter(s string) (name, value, rest string) {
	end := strings.IndexAny(s, "=;,")
	if end < 0 {
		return strings.ToLower(strings.TrimSpace(s)), "", ""
	}
	name = strings.ToLower(strings.TrimSpace(s[:end]))
	if s[end] != '=' {
		return name, "", s[end:]
	}
	s = strings.TrimLeft(s[end+1:], " \t")
	if s == "" || s[0] != '"' {
		end = strings.IndexAny(s, ";,")
		if end < 0 {
			end = len(s)
		}
		return name, strings.TrimSpace(s[:end]), s[end:]
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '"':
			return name, b.String(), s[i+1:]
		case '\\':
			if i++; i < len(s) {
				b.WriteByte(s[i])
			}
		default:
			b.WriteByte(s[i])
		}
	}
	return name, b.String(), ""
}
