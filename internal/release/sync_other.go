//go:build !linux

package release

func syncAll(_ string, names, dirs []string) error { return syncEach(names, dirs) }
