package release

import (
	"os"

	"golang.org/x/sys/unix"
)

// syncAll makes everything below dir durable: one call for the whole file
// system, where a call for each of ten thousand pages takes minutes.
func syncAll(dir string, names, dirs []string) error {
	if len(names) <= 4 {
		return syncEach(names, dirs)
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := unix.Syncfs(int(d.Fd())); err != nil {
		return full(os.NewSyscallError("syncfs", err))
	}
	return nil
}
