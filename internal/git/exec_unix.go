//go:build unix

package git

import (
	"os/exec"
	"syscall"
)

// ownGroup keeps a Ctrl-C meant for us from ending git in mid-write, and lets
// a cancelled fetch take its transport helper along.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
}
