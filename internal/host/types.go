package host

import (
	"cmp"
	"path"
	"strings"
)

// media is what the host knows of a media type.
type media struct {
	header   []string
	text     bool // compresses well
	document bool // a browser shows it as a page, in which things may run
}

// byExtension is for files whose release says no type.
var byExtension = map[string]string{
	".html": "text/html", ".htm": "text/html", ".css": "text/css", ".js": "text/javascript", ".mjs": "text/javascript",
	".json": "application/json", ".xml": "application/xml", ".atom": "application/atom+xml", ".rss": "application/rss+xml", ".opml": "text/x-opml",
	".txt": "text/plain", ".md": "text/markdown", ".csv": "text/csv", ".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg",
	".jpeg": "image/jpeg", ".gif": "image/gif", ".webp": "image/webp", ".avif": "image/avif", ".ico": "image/x-icon", ".woff": "font/woff",
	".woff2": "font/woff2", ".ttf": "font/ttf", ".otf": "font/otf", ".pdf": "application/pdf", ".wasm": "application/wasm",
	".webmanifest": "application/manifest+json", ".mp4": "video/mp4", ".webm": "video/webm", ".mp3": "audio/mpeg", ".ogg": "audio/ogg",
}

// mediaType classifies the file of a. A site has a dozen types, so each is
// worked out once.
func (h *handler) mediaType(a *answer) *media {
	t := a.file.Type
	if t == "" {
		t = cmp.Or(byExtension[strings.ToLower(path.Ext(a.path))], "application/octet-stream")
	}
	if m, ok := h.types.Load(t); ok {
		return m.(*media)
	}
	m := newMedia(t)
	h.types.Store(t, m)
	return m
}

func newMedia(t string) *media {
	base, _, params := strings.Cut(t, ";")
	base = strings.TrimSpace(base)
	m := &media{}
	switch {
	case base == "text/html", base == "application/xhtml+xml", base == "image/svg+xml":
		m.text, m.document = true, true
	case strings.HasSuffix(base, "xml"):
		m.text, m.document = true, true // style sheets in XSLT run
	case strings.HasPrefix(base, "text/"), strings.HasSuffix(base, "json"), base == "application/javascript",
		base == "application/wasm", base == "font/ttf", base == "font/otf", base == "image/x-icon", base == "image/vnd.microsoft.icon":
		m.text = true
	}
	if !params && (strings.HasPrefix(base, "text/") || strings.HasSuffix(base, "xml") || base == "application/javascript") {
		t += "; charset=utf-8"
	}
	m.header = []string{t}
	return m
}
