// Package markup makes foreign HTML fit to be kept and shown: sanitised
// fragments, plain text, excerpts, and addresses without tracking parameters.
//
// It promises that what Sanitize returns runs no script in whatever place of a
// page it is put, names no address that is not http(s), mailto or an image in
// data:, loses no visible text, and is unchanged by a second Sanitize; that all
// of it takes linear time. Fetching, and knowing which part of a page matters,
// stay outside.
//
// The sanitiser works on tags, not on a tree: every tag and attribute that is
// written is harmless in any context, none begins raw text, and all others
// are escaped, so no second reading by another parser can turn it into more.
// Only where svg or math meets raw text does a tree say first what is text.
package markup
