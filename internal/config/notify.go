package config

import (
	"fmt"
	"net"
	"net/mail"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Notify is somebody who is told when a source's state changes for the worse or
// the site is no longer fresh, and when it is well again.
type Notify struct {
	Kind   string   // mail, webhook or ntfy
	To     string   // address of mail, or where to post to
	Server string   // mail: host:port of the SMTP server; empty: localhost:25
	From   string   // mail: sender; empty: To
	Secret string   // name of a secret: user:password or a token
	Zone   string   // network zone of webhook and ntfy
	On     []string // sources, freshness, hub; empty: all
}

// Kinds of Notify, and what they are told of.
const (
	NotifyMail, NotifyWebhook, NotifyNtfy = "mail", "webhook", "ntfy"
	OnSources, OnFreshness, OnHub         = "sources", "freshness", "hub"
)

// Wants reports whether something of this kind is to be told.
func (n Notify) Wants(on string) bool {
	for _, o := range n.On {
		if o == on {
			return true
		}
	}
	return len(n.On) == 0
}

// rawNotify is what the file says.
type rawNotify struct {
	mail, webhook, ntfy, server, from, secret, zone string
	on                                              []string
}

var notifyKeys = []entry[rawNotify]{
	text("mail", "address that is written to", func(n *rawNotify) *string { return &n.mail }, mailAddress),
	text("webhook", "address that JSON is posted to", func(n *rawNotify) *string { return &n.webhook }, webURL),
	text("ntfy", "topic of an ntfy server: https://ntfy.sh/my-topic", func(n *rawNotify) *string { return &n.ntfy }, webURL),
	text("server", "SMTP server of mail, host:port; without it localhost:25", func(n *rawNotify) *string { return &n.server }, hostPort),
	text("from", "sender of mail; without it the receiver", func(n *rawNotify) *string { return &n.from }, mailAddress),
	text("secret", "name of a secret: user:password, or a token", func(n *rawNotify) *string { return &n.secret }, notEmpty),
	text("zone", "network zone of webhook and ntfy", func(n *rawNotify) *string { return &n.zone }, identifier),
	texts("on", "sources, freshness, hub; without it all", func(n *rawNotify) *[]string { return &n.on }, oneOf([]string{OnSources, OnFreshness, OnHub})),
}

func mailAddress(s string) (string, string) {
	if a, err := mail.ParseAddress(s); err != nil || a.Address != s {
		return fmt.Sprintf("%q is not a mail address", s), "write ops@example.org"
	}
	return "", ""
}

func hostPort(s string) (string, string) {
	if host, port, err := net.SplitHostPort(s); err != nil || host == "" || port == "" {
		return fmt.Sprintf("%q is not host:port", s), "write smtp.example.org:587"
	}
	return "", ""
}

func notifyEntry() entry[raw] {
	one := schema{"oneOf": []schema{{"type": "string"}, objectSchema(notifyKeys)}}
	return entry[raw]{name: "notify", doc: "who is told when sources fail or the site goes stale, and when all is well again",
		schema: schema{"oneOf": []schema{{"type": "string"}, objectSchema(notifyKeys), {"type": "array", "items": one}}},
		set: func(d *decoder, n *yaml.Node, key string, depth int, out *raw) {
			for i, v := range d.items(n, key, depth) {
				at := key
				if n.Kind == yaml.SequenceNode {
					at = index(key, i)
				}
				if v.Kind == yaml.ScalarNode {
					if d.passes(v, at, v.Value, []check{receiver}) {
						out.Notify = append(out.Notify, receiverOf(v.Value))
					}
					continue
				}
				var r rawNotify
				before := len(d.faults)
				object(d, v, at, depth+1, notifyKeys, &r)
				if one, why := r.notify(); why != "" && len(d.faults) == before {
					d.fault(v, at, "write {mail: ops@example.org} or {webhook: https://…} or {ntfy: https://ntfy.sh/topic}", "%s %s", at, why)
				} else {
					out.Notify = append(out.Notify, one)
				}
			}
		}}
}

// notify settles what the file says; why is what is wrong with it.
func (r rawNotify) notify() (n Notify, why string) {
	n = Notify{Server: r.server, From: r.from, Secret: r.secret, Zone: r.zone, On: r.on}
	kinds := 0
	for _, k := range []struct{ kind, to string }{{NotifyMail, r.mail}, {NotifyWebhook, r.webhook}, {NotifyNtfy, r.ntfy}} {
		if k.to != "" {
			n.Kind, n.To = k.kind, k.to
			kinds++
		}
	}
	switch {
	case kinds != 1:
		return n, fmt.Sprintf("names %d receivers, want one", kinds)
	case n.Kind != NotifyMail && (n.Server != "" || n.From != ""):
		return n, "has server or from, which belong to mail"
	case n.Kind == NotifyMail && n.Zone != "":
		return n, "has a zone, which belongs to webhook and ntfy"
	}
	return n, ""
}

// receiverOf reads the short form: mail:…, ntfy:https://…, https://….
func receiverOf(s string) Notify {
	kind, to, _ := strings.Cut(s, ":")
	switch kind {
	case NotifyMail, NotifyNtfy:
		return Notify{Kind: kind, To: to}
	}
	return Notify{Kind: NotifyWebhook, To: s}
}

// Receivers are all who are told, those of freshness.notify among them.
func (c *Config) Receivers() []Notify {
	out := append([]Notify(nil), c.Notify...)
	for _, s := range c.Freshness.Notify {
		n := receiverOf(s)
		n.On = []string{OnFreshness}
		out = append(out, n)
	}
	return out
}
