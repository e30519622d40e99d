package job

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"
)

// cage is a network namespace with nothing in it but loopback, into which a
// command is put by a program of ours that becomes the command.
type cage struct{ sock *os.File }

var errNoProgram = errors.New("there is no program to confine it")

// cages are the ways to make one: as anybody, and as root where users may make
// no namespaces.
func cages(confine []string) []uintptr {
	switch {
	case len(confine) == 0:
		return nil
	case os.Geteuid() == 0:
		return []uintptr{unix.CLONE_NEWUSER | unix.CLONE_NEWNET, unix.CLONE_NEWNET}
	}
	return []uintptr{unix.CLONE_NEWUSER | unix.CLONE_NEWNET}
}

// startCaged starts cmd by way of confine and returns its listener. The
// command waits until it is released.
func startCaged(cmd *exec.Cmd, confine []string, how uintptr) (*cage, net.Listener, error) {
	if cmd.Err != nil {
		return nil, nil, cmd.Err
	}
	if path := cmd.Path; filepath.Base(path) != path {
		if !filepath.IsAbs(path) {
			path = filepath.Join(cmd.Dir, path)
		}
		if _, err := os.Stat(path); err != nil {
			return nil, nil, err
		}
	}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, err
	}
	c := &cage{sock: os.NewFile(uintptr(pair[0]), "cage")}
	theirs := os.NewFile(uintptr(pair[1]), "cage")
	defer theirs.Close()
	cmd.Args = slices.Concat(confine[1:], []string{cmd.Path}, cmd.Args)
	cmd.Path = confine[0]
	cmd.ExtraFiles = []*os.File{theirs}
	cmd.SysProcAttr.Cloneflags = how
	if how&unix.CLONE_NEWUSER != 0 {
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: os.Geteuid(), HostID: os.Geteuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getegid(), HostID: os.Getegid(), Size: 1}}
	}
	if err := cmd.Start(); err != nil {
		c.sock.Close()
		return nil, nil, err
	}
	theirs.Close()
	l, err := c.listener()
	if err != nil {
		c.abandon(cmd)
		return nil, nil, err
	}
	return c, l, nil
}

// listener takes the socket that the other side has opened in its namespace.
func (c *cage) listener() (net.Listener, error) {
	text, control := make([]byte, 512), make([]byte, unix.CmsgSpace(4))
	n, cn, _, _, err := unix.Recvmsg(int(c.sock.Fd()), text, control, unix.MSG_CMSG_CLOEXEC)
	if err != nil {
		return nil, err
	}
	if n == 0 {
		return nil, errors.New("the program that confines it has ended")
	}
	messages, err := unix.ParseSocketControlMessage(control[:cn])
	if err != nil || len(messages) == 0 {
		return nil, errors.New(string(text[:n]))
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil || len(fds) != 1 {
		return nil, errors.New("no socket came")
	}
	f := os.NewFile(uintptr(fds[0]), "gate")
	defer f.Close()
	return net.FileListener(f)
}

// release lets the command begin, and reports why it cannot.
func (c *cage) release() error {
	defer c.sock.Close()
	if _, err := unix.Write(int(c.sock.Fd()), []byte("go")); err != nil {
		return err
	}
	text := make([]byte, 512)
	n, err := unix.Read(int(c.sock.Fd()), text) // the end, once it is the command
	if err != nil || n == 0 {
		return nil
	}
	if text[0] == byte(unix.ENOENT) {
		return fmt.Errorf("%s: %w", text[1:n], fs.ErrNotExist)
	}
	return errors.New(string(text[1:n]))
}

// abandon ends what will not come to be the command.
func (c *cage) abandon(cmd *exec.Cmd) {
	c.sock.Close()
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
}

func isMissing(err error) bool {
	return errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist)
}

// RunConfined is the program that startCaged starts: in a network namespace of
// its own it brings loopback up, hands a listener out, and becomes the command
// in args, whose first two are its file and its name. It returns only where it
// cannot.
func RunConfined(args []string) error {
	const sock = 3
	if len(args) < 2 {
		return errors.New("nothing to run")
	}
	unix.CloseOnExec(sock)
	listener, err := insideListener()
	if err != nil {
		_ = unix.Sendmsg(sock, []byte(err.Error()), nil, nil, 0)
		return err
	}
	if err := unix.Sendmsg(sock, []byte("l"), unix.UnixRights(listener), nil, 0); err != nil {
		return err
	}
	unix.Close(listener)
	text := make([]byte, 8)
	if n, err := unix.Read(sock, text); err != nil || n == 0 {
		return io.ErrUnexpectedEOF
	}
	err = unix.Exec(args[0], args[1:], os.Environ())
	code, _ := errors.AsType[unix.Errno](err)
	_, _ = unix.Write(sock, fmt.Appendf([]byte{byte(code)}, "%s: %v", args[0], err))
	return err
}

// insideListener brings loopback up and listens on it.
func insideListener() (int, error) {
	s, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, fmt.Errorf("socket: %w", err)
	}
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		return 0, err
	}
	if err := unix.IoctlIfreq(s, unix.SIOCGIFFLAGS, lo); err != nil {
		return 0, fmt.Errorf("loopback: %w", err)
	}
	lo.SetUint16(lo.Uint16() | unix.IFF_UP)
	if err := unix.IoctlIfreq(s, unix.SIOCSIFFLAGS, lo); err != nil {
		return 0, fmt.Errorf("bring loopback up: %w", err)
	}
	if err := unix.Bind(s, &unix.SockaddrInet4{Port: insidePort, Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return 0, fmt.Errorf("bind: %w", err)
	}
	if err := unix.Listen(s, 128); err != nil {
		return 0, fmt.Errorf("listen: %w", err)
	}
	return s, nil
}
