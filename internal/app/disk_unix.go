//go:build unix && !solaris && !illumos

package app

import "golang.org/x/sys/unix"

// freeSpace is how many bytes can still be written below a directory.
func freeSpace(dir string) (uint64, bool) {
	var s unix.Statfs_t
	if unix.Statfs(dir, &s) != nil {
		return 0, false
	}
	return uint64(s.Bavail) * uint64(s.Bsize), true
}
