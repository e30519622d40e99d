package markup

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Resolve makes an address as it stands in a document absolute: cleaned as
// browsers do (white space, stray characters), joined to base, http or https.
// It returns "" for any other scheme, and for a relative one without a base.
func Resolve(base *url.URL, ref string) string {
	ref = trimAddress(ref)
	scheme, rest, ok := splitScheme(ref)
	if ok {
		if scheme != "http" && scheme != "https" {
			return ""
		}
		if ref[:len(scheme)] == scheme && strings.HasPrefix(rest, "//") && plainAddress(rest) {
			if len(rest) > 2 && isHostByte(rest[2]) {
				return ref
			}
		}
		rest = strings.TrimLeft(rest, `/\`)
		return finish(scheme + "://" + rest)
	}
	if base == nil || base.Scheme != "http" && base.Scheme != "https" || base.Host == "" {
		return ""
	}
	return finish(join(base, ref))
}

// trimAddress drops the white space around and within. That of Unicode and
// what nobody sees go too at the ends: browsers take them for a part of a
// path, but nobody who wrote them did.
func trimAddress(s string) string {
	for len(s) > 0 && s[0] <= ' ' {
		s = s[1:]
	}
	for len(s) > 0 && s[len(s)-1] <= ' ' {
		s = s[:len(s)-1]
	}
	if len(s) > 0 && (s[0] >= utf8.RuneSelf || s[len(s)-1] >= utf8.RuneSelf) {
		s = strings.TrimFunc(s, func(r rune) bool { return r <= ' ' || unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) })
	}
	if strings.ContainsAny(s, "\t\n\r\x00") {
		s = strings.NewReplacer("\t", "", "\n", "", "\r", "", "\x00", "").Replace(s)
	}
	return s
}

func splitScheme(s string) (scheme, rest string, ok bool) {
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case isLetter(c), i > 0 && ('0' <= c && c <= '9' || c == '+' || c == '-' || c == '.'):
		case c == ':' && i > 0:
			return lower(s[:i]), s[i+1:], true
		default:
			return "", s, false
		}
	}
	return "", s, false
}

// safeByte marks what stands in an address without being encoded.
var safeByte = func() (t [256]bool) {
	for c := byte('!'); c < 0x7F; c++ {
		t[c] = !strings.ContainsRune("\"<>`{}|\\^", rune(c))
	}
	return
}()

func isHostByte(c byte) bool { return isLetter(c) || '0' <= c && c <= '9' || c == '[' || c == '_' }

func plainAddress(s string) bool {
	for i := 0; i < len(s); i++ {
		if !safeByte[s[i]] {
			return false
		}
	}
	return true
}

// finish encodes what must not stand in an address, and refuses one without a host.
func finish(s string) string {
	n := strings.Index(s, "://") + 3
	host := s[n:]
	if i := strings.IndexAny(host, "/?#\\"); i >= 0 {
		host = host[:i]
	}
	if host == "" || strings.ContainsAny(host, " <>\"'`{}|^%\t\n\r,;()*!$&") || host[0] == ':' || strings.HasSuffix(host, "@") {
		return ""
	}
	for i := 0; i < len(host); i++ {
		if host[i] < ' ' || host[i] == 0x7F {
			return ""
		}
	}
	rest := s[n+len(host):]
	if plainAddress(rest) {
		return s
	}
	b := make([]byte, 0, len(s)+16)
	b = append(b, s[:n+len(host)]...)
	query := false
	for i := 0; i < len(rest); i++ {
		c := rest[i]
		query = query || c == '?' || c == '#'
		switch {
		case safeByte[c]:
			b = append(b, c)
		case c == '\\' && !query:
			b = append(b, '/')
		case c < ' ' || c == 0x7F:
		default:
			const hex = "0123456789ABCDEF"
			b = append(b, '%', hex[c>>4], hex[c&15])
		}
	}
	return string(b)
}

// join resolves a reference without a scheme (RFC 3986, 5.3), whatever is wrong with it.
func join(base *url.URL, ref string) string {
	root := base.Scheme + "://" + base.Host
	path := base.EscapedPath()
	if path == "" {
		path = "/"
	}
	if len(ref) > 1 && (ref[0] == '/' || ref[0] == '\\') && (ref[1] == '/' || ref[1] == '\\') {
		return base.Scheme + "://" + strings.TrimLeft(ref, `/\`)
	}
	query := ""
	if base.RawQuery != "" {
		query = "?" + base.RawQuery
	}
	switch {
	case ref == "":
		return root + path + query
	case ref[0] == '#':
		return root + path + query + ref
	case ref[0] == '?':
		return root + path + ref
	}
	tail := ""
	if i := strings.IndexAny(ref, "?#"); i >= 0 {
		ref, tail = ref[:i], ref[i:]
	}
	if ref[0] != '/' && ref[0] != '\\' {
		ref = path[:strings.LastIndexByte(path, '/')+1] + ref
	}
	return root + removeDots(strings.ReplaceAll(ref, `\`, "/")) + tail
}

func removeDots(path string) string {
	if !strings.Contains(path, "/.") {
		return path
	}
	out := make([]byte, 0, len(path))
	for len(path) > 0 {
		n := strings.IndexByte(path[1:], '/') + 1
		if n == 0 {
			n = len(path)
		}
		seg, last := path[:n], n == len(path)
		path = path[n:]
		switch seg {
		case "/.":
			if last {
				out = append(out, '/')
			}
		case "/..":
			for i := len(out) - 1; i >= 0; i-- {
				if out[i] == '/' {
					out = out[:i]
					break
				}
			}
			if last {
				out = append(out, '/')
			}
		default:
			out = append(out, seg...)
		}
	}
	if len(out) == 0 {
		return "/"
	}
	return string(out)
}

// StripTracking returns the address without the parameters that only serve to
// follow readers around (utm_source, fbclid and their kin), in the query and in
// the fragment. The rest stays as it was written.
func StripTracking(rawURL string) string {
	if !strings.ContainsAny(rawURL, "?#") {
		return rawURL
	}
	head, frag, hasFrag := strings.Cut(rawURL, "#")
	head, query, hasQuery := strings.Cut(head, "?")
	if hasQuery {
		if kept := dropTracking(query); kept != "" || query == "" {
			head += "?" + kept
		}
	}
	if hasFrag && strings.IndexByte(frag, '=') > 0 {
		frag = dropTracking(frag)
		hasFrag = frag != ""
	}
	if hasFrag {
		head += "#" + frag
	}
	if len(head) == len(rawURL) {
		return rawURL
	}
	return head
}

func dropTracking(query string) string {
	if !mayTrack(query) {
		return query
	}
	var b strings.Builder
	for part := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(strings.TrimPrefix(part, "amp;"), "=")
		if tracking(lower(name)) {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('&')
		}
		b.WriteString(part)
	}
	return b.String()
}

func mayTrack(query string) bool {
	for part := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(strings.TrimPrefix(part, "amp;"), "=")
		if tracking(lower(name)) {
			return true
		}
	}
	return false
}

func tracking(name string) bool {
	if len(name) < 3 {
		return false
	}
	for _, p := range [...]string{"utm_", "mtm_", "pk_", "piwik_", "matomo_", "stm_", "hsa_", "__hs", "_hs", "fb_action_", "vero_", "oly_", "guce_referrer"} {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	switch name {
	case "fbclid", "gclid", "gclsrc", "dclid", "gbraid", "wbraid", "msclkid", "yclid", "ysclid", "twclid", "ttclid", "igshid", "igsh",
		"li_fat_id", "mc_cid", "mc_eid", "mkt_tok", "rb_clickid", "s_cid", "wickedid", "_openstat", "xtor", "srsltid", "epik",
		"guccounter", "ml_subscriber", "ml_subscriber_hash", "_branch_match_id", "_ke", "_kx", "irclickid", "irgwc", "fb_ref", "fb_source",
		"hsctatracking", "sc_cid", "trk_contact", "trk_msg", "trk_module", "trk_sid", "elqtrackid", "elqtrack", "awt_l", "awt_m",
		"ref_src", "ref_url", "cmpid", "ncid", "_ga", "_gl", "__s", "bsft_eid", "bsft_clkid", "dm_i", "ef_id", "nr_email_referer", "echobox":
		return true
	}
	return false
}
