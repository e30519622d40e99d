//go:build !linux

package job

import (
	"errors"
	"io/fs"
	"net"
	"os/exec"
)

var errNoProgram = errors.New("only Linux can confine it")

// cage is a network of a command's own, which only Linux has.
type cage struct{}

func cages([]string) []uintptr { return nil }

func startCaged(*exec.Cmd, []string, uintptr) (*cage, net.Listener, error) {
	return nil, nil, errNoProgram
}

func (*cage) release() error    { return nil }
func (*cage) abandon(*exec.Cmd) {}

func isMissing(err error) bool {
	return errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist)
}

// RunConfined runs a command in a network of its own, which only Linux has.
func RunConfined([]string) error { return errNoProgram }
