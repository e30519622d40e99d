package opml

import (
	"io"

	"github.com/coranto/coranto"
)

// Parse reads a document.
func Parse(data []byte) (Outline, error) { panic("soon") }

// Write writes one.
func Write(w io.Writer, title string, sources []coranto.Source) error { panic("soon") }
