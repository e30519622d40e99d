package markup

import "strings"

// picture is what an img tag says.
type picture struct {
	src, srcset, width, height, style string
	lazy, lazySet                     string
}

// image writes the img at hand: the real image of a lazy one, no tracking pixel.
func (w *sanitizer) image() {
	var p picture
	for i := range w.z.attrs {
		if a := &w.z.attrs[i]; !w.seen(i) {
			p.read(a)
		}
	}
	src := w.imageAddress(p.src)
	if p.lazy != "" && placeholder(src) {
		if u := w.imageAddress(p.lazy); u != "" {
			src = u
		}
	}
	set := w.srcset(p.srcset)
	if p.lazySet != "" && (set == "" || placeholder(set)) {
		set = w.srcset(p.lazySet)
	}
	if src == "" && set != "" {
		src = firstOf(set)
	}
	if p.tracks(src) {
		return
	}
	if w.script && src != "" && src == w.last {
		return // <img data-src=x><noscript><img src=x></noscript>
	}
	if src != "" {
		w.last = src
	}
	w.out = append(w.out, "<img"...)
	if src != "" {
		w.attr("src", src)
	}
	if set != "" {
		w.attr("srcset", set)
	}
	for i := range w.z.attrs {
		a := &w.z.attrs[i]
		if w.seen(i) {
			continue
		}
		switch attributes[a.name] {
		case attrPlain:
			w.plain(a.name, a.val)
		case attrURL:
			if a.name == "longdesc" {
				w.address(tags["img"], a)
			}
		case attrUsemap:
			if v := strings.TrimSpace(a.val); v == "" || v[0] == '#' {
				w.plain(a.name, a.val)
			}
		case attrStyle:
			if s := cleanStyle(p.style); s != "" {
				w.attr("style", s)
			}
		}
	}
	w.out = append(w.out, ` loading="lazy">`...)
}

func (p *picture) read(a *attr) {
	switch a.name {
	case "src":
		p.src = decodeAttr(a.val)
	case "srcset":
		p.srcset = decodeAttr(a.val)
	case "width":
		p.width = a.val
	case "height":
		p.height = a.val
	case "style":
		p.style = decodeAttr(a.val)
	case "data-src", "data-original", "data-lazy-src", "data-lazy", "data-original-src", "data-orig-file", "data-echo", "data-hi-res-src", "data-actualsrc", "data-image", "data-full-src":
		if p.lazy == "" {
			p.lazy = decodeAttr(a.val)
		}
	case "data-srcset", "data-lazy-srcset", "data-original-srcset":
		if p.lazySet == "" {
			p.lazySet = decodeAttr(a.val)
		}
	}
}

// imageAddress resolves an image's address, which may be a bitmap in data:.
func (w *sanitizer) imageAddress(s string) string {
	s = trimAddress(s)
	if s == "" {
		return ""
	}
	if len(s) > 5 && strings.EqualFold(s[:5], "data:") {
		return dataImage(s[5:])
	}
	return StripTracking(Resolve(w.base, s))
}

func dataImage(s string) string {
	head, data, ok := strings.Cut(s, ",")
	if !ok {
		return ""
	}
	head = lower(strings.TrimSpace(head))
	kind, _, _ := strings.Cut(head, ";")
	switch kind {
	case "image/png", "image/gif", "image/jpeg", "image/jpg", "image/webp", "image/avif", "image/bmp":
	default:
		return ""
	}
	if !strings.HasSuffix(head, ";base64") || strings.Trim(data, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=-_%") != "" {
		return ""
	}
	return "data:" + kind + ";base64," + data
}

// placeholder reports whether an image only holds the place of the real one.
func placeholder(src string) bool {
	if src == "" || strings.HasPrefix(src, "data:") {
		return true
	}
	l := lower(src)
	for _, s := range [...]string{"placeholder", "blank.gif", "spacer", "1x1", "grey.gif", "gray.gif", "lazy", "loading", "transparent", "pixel.gif", "trans.gif", "/fallback"} {
		if strings.Contains(l, s) {
			return true
		}
	}
	return false
}

// tracks reports whether the image is there to count readers.
func (p *picture) tracks(src string) bool {
	if src == "" {
		return false
	}
	if tiny(p.width) && tiny(p.height) {
		return true
	}
	if p.style != "" {
		s := strings.ReplaceAll(lower(p.style), " ", "")
		if strings.Contains(s, "display:none") || tinyStyle(s, "width:") && tinyStyle(s, "height:") {
			return true
		}
	}
	return knownTracker(src)
}

func tiny(v string) bool {
	v = strings.TrimSuffix(strings.TrimSpace(v), "px")
	return v == "0" || v == "1"
}

func tinyStyle(s, prop string) bool {
	for d := range strings.SplitSeq(s, ";") {
		if v, ok := strings.CutPrefix(d, prop); ok && tiny(strings.TrimSuffix(v, "!important")) {
			return true
		}
	}
	return false
}

// trackers are host and beginning of path (or a part of it, after '*').
var trackers = []string{
	"feeds.feedburner.com/~r/", "feeds.feedburner.com/~ff/", "feedproxy.google.com/~r/", "feeds.wordpress.com/1.0/", "stats.wordpress.com/",
	"pixel.wp.com/", "pixel.quantserve.com/", "sb.scorecardresearch.com/", "b.scorecardresearch.com/", "www.google-analytics.com/",
	"ssl.google-analytics.com/", "ad.doubleclick.net/", "medium.com/_/stat", "pi.feedsportal.com/", "res.feedsportal.com/", "da.feedsportal.com/",
	"feeds.feedblitz.com/~/i/", "assets.feedblitz.com/i/", "www.facebook.com/tr", "px.ads.linkedin.com/", "analytics.twitter.com/",
	"counter.theconversation.com/", "counter.theconversation.edu.au/", "pixel.mathtag.com/", "pixel.facebook.com/", "hits.theguardian.com/",
	"rss.buysellads.com/", "tracking.feedpress.it/", "tracking.feedpress.com/", "track.hubspot.com/", "fmpub.net/", "feedads.g.doubleclick.net/",
	"s.w.org/images/core/emoji/blank", "blogger.googleusercontent.com/tracker/", "www.assoc-amazon.com/e/ir", "ir-na.amazon-adsystem.com/e/ir",
	"www.awltovhc.com/", "www.tqlkg.com/", "www.lduhtrp.net/", "www.ftjcfx.com/", "ct.pinterest.com/", "bat.bing.com/", "mc.yandex.ru/watch/",
	"statcounter.com/", "c.statcounter.com/", "sitemeter.com/", "hit.gemius.pl/", "rs.6apart.com/", "feeds.bcast.fm/", "px.srvcs.tumblr.com/",
}

func knownTracker(src string) bool {
	_, rest, ok := strings.Cut(src, "://")
	if !ok {
		return false
	}
	for _, t := range trackers {
		if len(rest) >= len(t) && rest[0]|0x20 == t[0] && strings.EqualFold(rest[:len(t)], t) {
			return true
		}
	}
	return false
}

// srcset keeps the candidates with a good address ("url 2x, url 640w").
func (w *sanitizer) srcset(s string) string {
	if s == "" || len(s) > 1<<16 {
		return ""
	}
	var b strings.Builder
	for s != "" {
		s = strings.TrimLeft(s, " \t\n\r\f,")
		n := strings.IndexAny(s, " \t\n\r\f")
		if n < 0 {
			n = len(s)
		}
		ref, rest := s[:n], s[n:]
		desc := ""
		if trimmed := strings.TrimRight(ref, ","); trimmed != ref {
			ref = trimmed
		} else if desc, rest, _ = strings.Cut(rest, ","); desc != "" {
			desc = strings.TrimSpace(desc)
		}
		s = rest
		if ref == "" || desc != "" && !descriptor(desc) {
			continue
		}
		u := StripTracking(Resolve(w.base, ref))
		if u == "" || strings.HasSuffix(u, ",") {
			continue
		}
		if b.Len() > 0 {
			b.WriteString(", ")
		}
		b.WriteString(u)
		if desc != "" {
			b.WriteByte(' ')
			b.WriteString(desc)
		}
	}
	return b.String()
}

func descriptor(d string) bool {
	if len(d) < 2 || len(d) > 16 {
		return false
	}
	return strings.IndexByte("wxh", d[len(d)-1]) >= 0 && strings.Trim(d[:len(d)-1], "0123456789.") == ""
}

func firstOf(set string) string {
	u, _, _ := strings.Cut(set, " ")
	return strings.TrimRight(u, ",")
}
