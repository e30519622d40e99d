package release

import (
	"fmt"
	"io/fs"
	"strings"
	"unicode/utf8"
)

// Limits of a path: a segment must be a file name everywhere, a whole path fit
// where a site is exported to.
const (
	maxPath    = 1024
	maxSegment = 255
)

// CheckPath reports why path cannot be a file of a site: it must be relative,
// clean, UTF-8, without backslashes, colons at a drive's place or control characters.
func CheckPath(path string) error {
	why := ""
	switch {
	case path == "" || path == ".":
		why = "is empty"
	case len(path) > maxPath:
		why = fmt.Sprintf("is longer than %d bytes", maxPath)
	case !utf8.ValidString(path):
		why = "is not UTF-8"
	case path[0] == '/':
		why = "begins with a slash"
	case !fs.ValidPath(path):
		why = "is not clean"
	case strings.ContainsFunc(path, func(r rune) bool { return r < 0x20 || r == 0x7f || r == '\\' }):
		why = "has a control character or a backslash"
	case longSegment(path):
		why = fmt.Sprintf("has a segment longer than %d bytes", maxSegment)
	case path == recordName || strings.HasPrefix(path, stageName+"/") || path == stageName:
		why = "is reserved for exports"
	default:
		return nil
	}
	if len(path) > 80 {
		path = path[:80] + "…"
	}
	return fmt.Errorf("path %q %s: %w", path, why, ErrPath)
}

func longSegment(path string) bool {
	n := 0
	for i := range len(path) {
		if path[i] == '/' {
			n = 0
		} else if n++; n > maxSegment {
			return true
		}
	}
	return false
}

// typeNames maps extensions to media types. The system's own table is not
// asked: the same release must be the same everywhere.
var typeNames = map[string]string{
	".html": "text/html; charset=utf-8", ".htm": "text/html; charset=utf-8",
	".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".mjs": "text/javascript; charset=utf-8",
	".txt": "text/plain; charset=utf-8", ".md": "text/markdown; charset=utf-8", ".csv": "text/csv; charset=utf-8",
	".ics": "text/calendar; charset=utf-8", ".vtt": "text/vtt; charset=utf-8",
	".json": "application/json", ".map": "application/json", ".jsonl": "application/jsonl; charset=utf-8",
	".webmanifest": "application/manifest+json", ".geojson": "application/geo+json",
	".xml": "application/xml; charset=utf-8", ".xsl": "text/xsl; charset=utf-8", ".xslt": "application/xslt+xml; charset=utf-8",
	".atom": "application/atom+xml; charset=utf-8", ".rss": "application/rss+xml; charset=utf-8", ".rdf": "application/rdf+xml; charset=utf-8",
	".opml": "text/x-opml; charset=utf-8", ".xhtml": "application/xhtml+xml; charset=utf-8",
	".svg": "image/svg+xml; charset=utf-8", ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif",
	".webp": "image/webp", ".avif": "image/avif", ".ico": "image/x-icon", ".bmp": "image/bmp",
	".woff": "font/woff", ".woff2": "font/woff2", ".ttf": "font/ttf", ".otf": "font/otf",
	".mp4": "video/mp4", ".webm": "video/webm", ".mp3": "audio/mpeg", ".m4a": "audio/mp4", ".ogg": "audio/ogg", ".opus": "audio/ogg", ".wav": "audio/wav",
	".pdf": "application/pdf", ".zip": "application/zip", ".gz": "application/gzip", ".wasm": "application/wasm",
	".asc": "text/plain; charset=utf-8",
}

// feedNames are files whose extension says too little.
var feedNames = map[string]string{
	"atom.xml":    "application/atom+xml; charset=utf-8",
	"rss.xml":     "application/rss+xml; charset=utf-8",
	"feed.xml":    "application/atom+xml; charset=utf-8", // ours, and Jekyll's
	"index.rdf":   "application/rdf+xml; charset=utf-8",
	"feed.json":   "application/feed+json; charset=utf-8",
	"_redirects":  "text/plain; charset=utf-8",
	"_headers":    "text/plain; charset=utf-8",
	"CNAME":       "text/plain; charset=utf-8",
	"humans.txt":  "text/plain; charset=utf-8",
	"opml.xml":    "text/x-opml; charset=utf-8",
	"sources.xml": "text/x-opml; charset=utf-8",
}

// TypeOf returns the media type of a path, by its name.
func TypeOf(path string) string {
	base := path[strings.LastIndexByte(path, '/')+1:]
	if t, ok := feedNames[base]; ok {
		return t
	}
	if i := strings.LastIndexByte(base, '.'); i >= 0 {
		ext := base[i:]
		if t, ok := typeNames[ext]; ok {
			return t
		}
		if t, ok := typeNames[strings.ToLower(ext)]; ok {
			return t
		}
	}
	return "application/octet-stream"
}
