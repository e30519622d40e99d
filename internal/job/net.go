package job

import (
	"crypto/rand"
	"fmt"
	"net"
	"os/exec"
)

// Gate is a proxy through which a command reaches what it may, and nothing else.
type Gate interface {
	Denied() error // the first reason for which something was not let through
	Close() error
}

// Net is what a command has of the network.
type Net struct {
	Name string // for people: the zone's
	// Open opens a gate on a listener, which it closes in the end. An empty
	// password lets in whoever can connect.
	Open func(l net.Listener, password string) (Gate, error)
}

// insidePort is where the gate is within a network of a command's own, which
// is empty but for it.
const insidePort = 3128

// reach is the way out of one attempt.
type reach struct {
	gate  Gate
	url   string
	doubt error // why the command is told of the gate, and kept by nothing
}

// proxied is what programs look for.
var proxied = []string{"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"}

// environ tells a command of its gate.
func (r *reach) environ() []string {
	env := []string{"NO_PROXY=", "no_proxy="}
	for _, name := range proxied {
		env = append(env, name+"="+r.url)
	}
	return env
}

// start starts the command with no other network than n, and returns it as it
// was started.
//
// Where the system can, it is put into a network of its own; elsewhere the
// gate stands on loopback and its address in the environment.
func (n *Net) start(cmd *exec.Cmd, confine []string) (*exec.Cmd, *reach, error) {
	doubt := errNoProgram
	for _, how := range cages(confine) {
		r := &reach{url: fmt.Sprintf("http://127.0.0.1:%d", insidePort)}
		inner := r.lead(cmd)
		c, l, err := startCaged(inner, confine, how)
		if err == nil {
			return inner, r, n.enter(r, c, l, inner)
		}
		if isMissing(err) {
			return nil, nil, err
		}
		doubt = err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	password := rand.Text()
	r := &reach{doubt: doubt, url: "http://coranto:" + password + "@" + l.Addr().String()}
	if r.gate, err = n.Open(l, password); err != nil {
		l.Close()
		return nil, nil, err
	}
	cmd = r.lead(cmd)
	if err := cmd.Start(); err != nil {
		r.close()
		return nil, nil, err
	}
	return cmd, r, nil
}

// Confines reports why commands that have a Net could not be kept from any
// other; nil: they can.
func Confines(confine []string) error {
	why := errNoProgram
	for _, how := range cages(confine) {
		cmd := exec.Command(confine[0])
		setGroup(cmd)
		c, l, err := startCaged(cmd, confine, how)
		if err == nil {
			l.Close()
			c.abandon(cmd)
			return nil
		}
		why = err
	}
	return why
}

// enter opens the gate to a command that waits in its cage, and lets it begin.
func (n *Net) enter(r *reach, c *cage, l net.Listener, cmd *exec.Cmd) (err error) {
	if r.gate, err = n.Open(l, ""); err != nil {
		l.Close()
	} else {
		err = c.release()
	}
	if err != nil {
		r.close()
		c.abandon(cmd)
	}
	return err
}

// lead copies a command that has not begun, and tells it of the gate.
func (r *reach) lead(c *exec.Cmd) *exec.Cmd {
	attr := *c.SysProcAttr
	env := append(c.Env[:len(c.Env):len(c.Env)], r.environ()...)
	return &exec.Cmd{Path: c.Path, Args: c.Args, Env: env, Dir: c.Dir, Stdin: c.Stdin, Stdout: c.Stdout, Stderr: c.Stderr, SysProcAttr: &attr, Err: c.Err}
}

func (r *reach) close() {
	if r != nil && r.gate != nil {
		r.gate.Close()
	}
}
