package content

import (
	"net"
	"net/url"
	"strings"
)

// tracking lists query parameters that follow readers around and never name
// an article; a trailing * stands for any rest. Keys in git were made with this
// list: taking a name away would make old posts new again, adding one is safe.
var tracking = []string{
	"utm_*", "mtm_*", "pk_*", "piwik_*", "matomo_*", "hsa_*", "_hsenc", "_hsmi", "__hssc", "__hstc", "__hsfp", "hsctatracking",
	"fbclid", "gclid", "gclsrc", "dclid", "gbraid", "wbraid", "msclkid", "yclid", "twclid", "ttclid", "igshid", "igsh", "li_fat_id",
	"mc_cid", "mc_eid", "mkt_tok", "vero_id", "vero_conv", "oly_anon_id", "oly_enc_id", "wickedid", "_openstat", "xtor", "ns_*",
	"at_medium", "at_campaign", "at_custom*", "cmpid", "ncid", "s_cid", "trk_*", "ref_src", "ref_url", "rss_source", "sc_channel", "sc_campaign",
	"_ga", "_gl", "__s", "spm", "guccounter", "guce_referrer", "guce_referrer_sig", "soc_src", "soc_trk",
}

func tracks(name string) bool {
	name = strings.ToLower(name)
	for _, t := range tracking {
		if p, ok := strings.CutSuffix(t, "*"); ok && strings.HasPrefix(name, p) || t == name {
			return true
		}
	}
	return false
}

// CanonicalLink is the form under which links of different sources are
// compared: without fragment, tracking parameters, default port, scheme and
// trailing slash. Empty when link is no http(s) address.
func CanonicalLink(link string) string {
	u := parseLink(link)
	if u == nil {
		return ""
	}
	return bare(u, false)
}

// feedLink is the form under which links of one source are compared. It keeps
// the fragment: a page of many announcements tells them apart by it. What is no
// http(s) address is compared as it is.
func feedLink(link string) string {
	u := parseLink(link)
	if u == nil {
		return strings.TrimSpace(link)
	}
	return bare(u, true)
}

func parseLink(link string) *url.URL {
	u, err := url.Parse(strings.TrimSpace(link))
	if err != nil || u.Host == "" || u.Opaque != "" {
		return nil
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return nil
	}
	return u
}

// bare spells an address so that equal ones are equal: "//host/path?query".
func bare(u *url.URL, fragment bool) string {
	var b strings.Builder
	b.WriteString("//")
	b.WriteString(hostOf(u))
	b.WriteString(strings.TrimRight(u.EscapedPath(), "/"))
	if q := plainQuery(u.RawQuery); q != "" {
		b.WriteString("?" + q)
	}
	// A fragment that is a route of its own ("#!/post/7") names the page.
	if f := u.EscapedFragment(); f != "" && (fragment || f[0] == '!' || f[0] == '/') {
		b.WriteString("#" + f)
	}
	return b.String()
}

func hostOf(u *url.URL) string {
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	port := u.Port()
	if port == "80" && u.Scheme == "http" || port == "443" && u.Scheme == "https" {
		port = ""
	}
	if port != "" {
		return net.JoinHostPort(host, port)
	}
	return host
}

// plainQuery drops what tracks, and keeps the rest as it is spelled.
func plainQuery(raw string) string {
	if raw == "" {
		return ""
	}
	part := strings.Split(raw, "&")
	keep := part[:0]
	for _, p := range part {
		name, _, _ := strings.Cut(p, "=")
		if p != "" && !tracks(name) {
			keep = append(keep, p)
		}
	}
	return strings.Join(keep, "&")
}
