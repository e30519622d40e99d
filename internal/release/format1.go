package release

import (
	"fmt"
	"strings"
)

// magic1 opens a manifest of the first format, which is read and written no
// more: the lines "hash size path" of all files follow the head, and the ID is
// the hash of those. What a newer program makes of it is stored in lists.
const magic1 = "coranto release 1\n"

// parseFirst reads the files of a manifest of the first format.
func parseFirst(info Release, lines []byte) (*Manifest, error) {
	files, err := parseList(lines)
	if err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	m, _ := newManifest(files, info)
	if m.info.Files != info.Files || m.info.Size != info.Size {
		return nil, fmt.Errorf("totals do not match the files: %w", ErrCorrupt)
	}
	m.info = info // with the ID that its file has
	return m, nil
}

// isFirst reports whether data is of the first format.
func isFirst(data []byte) bool {
	return strings.HasPrefix(string(data[:min(len(data), len(magic1))]), magic1)
}
