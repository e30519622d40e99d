// Package coranto holds the words of the domain: Source (a followed site),
// Entry (one item of a feed) and Post (what is kept in git and published).
// They are plain values with a JSON form, and travel through every layer.
//
// It promises that a Post survives a round trip through JSON with every key,
// also those it does not know. Reading feeds, deciding what is new, keeping
// state and building pages all stay outside; the package imports none of ours.
package coranto
