//go:build !unix || solaris || illumos

package app

// freeSpace is not known here.
func freeSpace(string) (uint64, bool) { return 0, false }
