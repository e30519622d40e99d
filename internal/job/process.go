package job

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// Bounds of what a command says.
const (
	maxLine = 4 << 10 // bytes of one line of its standard error; what is longer is cut
	drain   = 500 * time.Millisecond
)

// process is one attempt at a command.
type process struct {
	argv    []string
	dir     string
	env     []string
	input   []byte
	timeout time.Duration
	grace   time.Duration // between SIGTERM and SIGKILL
	limit   int64         // bytes of output
	say     func(line string)
	net     *Net     // nil: the machine's
	confine []string // see Options
}

// ended is how it went. Cause is empty where it went well.
type ended struct {
	Outcome Outcome
	Cause   Cause
	Signal  string
	Output  []byte
	Said    string
	Stopped bool // our own context ended it: it does not count
}

// run starts the command and waits for its end, and for that of all it has
// started: it leads a process group of its own, which is killed as a whole.
func (p process) run(ctx context.Context) ended {
	cmd := exec.Command(p.argv[0], p.argv[1:]...)
	cmd.Dir, cmd.Env = p.dir, p.env
	setGroup(cmd)
	pipes, err := newPipes()
	if err != nil {
		return cannotStart(reasonStart, err)
	}
	defer pipes.close()
	cmd.Stdin, cmd.Stdout, cmd.Stderr = pipes.in.r, pipes.out.w, pipes.err.w
	var way *reach
	if p.net == nil {
		err = cmd.Start()
	} else if cmd, way, err = p.net.start(cmd, p.confine); err == nil {
		defer way.close()
		p.warn(way.doubt)
	}
	if err != nil {
		if errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
			return cannotStart(reasonMissing, err)
		}
		return cannotStart(reasonStart, err)
	}
	pipes.started()
	talk := p.talk(pipes)
	e := p.wait(ctx, cmd, talk)
	killGroup(cmd) // what it has left behind
	pipes.expire(time.Now().Add(drain))
	talk.readers.Wait()
	if way != nil {
		p.denied(way.gate.Denied())
	}
	e.Said, e.Output = talk.said, talk.output.Bytes()
	switch {
	case e.Stopped || e.Cause != "":
	case talk.large():
		e.Cause = CauseTooLarge
	case len(bytes.TrimSpace(e.Output)) == 0:
		e.Output = []byte("null")
	case !json.Valid(e.Output):
		e.Cause = CauseOutput
	}
	return e
}

// warn says that the command is not kept in its zone.
func (p process) warn(doubt error) {
	if doubt != nil && p.say != nil {
		p.say(fmt.Sprintf("coranto: zone %s: the command is told of the zone's gate, but nothing keeps it from other ways: %v", p.net.Name, doubt))
	}
}

// denied says what the gate did not let through: the command may not.
func (p process) denied(why error) {
	if why != nil && p.say != nil {
		p.say(fmt.Sprintf("coranto: not let through: %v", why))
	}
}

func cannotStart(reason string, err error) ended {
	return ended{Cause: CauseStart, Outcome: Outcome{Reason: reason + err.Error(), StatusReason: statusStart}}
}

// wait waits for the command, or ends it.
func (p process) wait(ctx context.Context, cmd *exec.Cmd, t *talk) ended {
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	clock := time.NewTimer(p.timeout)
	defer clock.Stop()
	var e ended
	select {
	case err := <-done:
		return outcome(cmd, err)
	case <-clock.C:
		e = ended{Cause: CauseTimeout, Outcome: Outcome{StatusReason: statusTimeout}}
	case <-t.tooLarge:
		e = ended{Cause: CauseTooLarge, Outcome: Outcome{Reason: fmt.Sprintf("OutputTooLarge: more than %d bytes", p.limit), StatusReason: statusExited}}
	case <-ctx.Done():
		e = ended{Stopped: true}
	}
	terminateGroup(cmd)
	grace := time.NewTimer(p.grace)
	defer grace.Stop()
	select {
	case <-done:
	case <-grace.C:
		killGroup(cmd)
		<-done
	}
	return e
}

// outcome reads how a command ended by itself.
func outcome(cmd *exec.Cmd, err error) ended {
	if err == nil {
		return ended{Outcome: exited(0)}
	}
	if _, ok := errors.AsType[*exec.ExitError](err); !ok {
		return ended{Cause: CauseLost, Outcome: Outcome{StatusReason: statusLost(err.Error())}}
	}
	name, number, own := signalOf(cmd.ProcessState)
	switch {
	case name == "":
		return ended{Cause: CauseExit, Outcome: exited(cmd.ProcessState.ExitCode())}
	case own:
		// Its own fault (a segmentation fault, an abort): a code, as a shell gives.
		return ended{Cause: CauseExit, Signal: name, Outcome: exited(128 + number)}
	}
	return ended{Cause: CauseLost, Signal: name, Outcome: Outcome{StatusReason: statusLost(fmt.Sprintf("process %d, %s", cmd.Process.Pid, name))}}
}

func exited(code int) Outcome { return Outcome{ExitCode: &code, StatusReason: statusExited} }

// pipe has both its ends until the command has its own.
type pipe struct{ r, w *os.File }

type pipes struct{ in, out, err pipe }

func newPipes() (*pipes, error) {
	p := &pipes{}
	for _, q := range []*pipe{&p.in, &p.out, &p.err} {
		var err error
		if q.r, q.w, err = os.Pipe(); err != nil {
			p.close()
			return nil, err
		}
	}
	return p, nil
}

// started closes the ends that are the command's.
func (p *pipes) started() { p.in.r.Close(); p.out.w.Close(); p.err.w.Close() }

// expire ends reading and writing, should somebody still hold the other ends.
func (p *pipes) expire(at time.Time) {
	_ = p.in.w.SetWriteDeadline(at)
	_ = p.out.r.SetReadDeadline(at)
	_ = p.err.r.SetReadDeadline(at)
}

func (p *pipes) close() {
	for _, q := range []pipe{p.in, p.out, p.err} {
		if q.r != nil {
			q.r.Close()
			q.w.Close()
		}
	}
}

// talk is the traffic with a running command.
type talk struct {
	readers  sync.WaitGroup
	output   bytes.Buffer
	tooLarge chan struct{}
	said     string
}

func (p process) talk(pipes *pipes) *talk {
	t := &talk{tooLarge: make(chan struct{})}
	t.readers.Go(func() {
		_, _ = pipes.in.w.Write(p.input) // a command need not read what it is told
		pipes.in.w.Close()
	})
	t.readers.Go(func() {
		n, _ := io.Copy(&t.output, io.LimitReader(pipes.out.r, p.limit+1))
		if n > p.limit {
			t.output.Truncate(int(p.limit))
			close(t.tooLarge)
		}
	})
	t.readers.Go(func() {
		eachLine(pipes.err.r, func(line string) {
			if strings.TrimSpace(line) == "" {
				return
			}
			t.said = line
			if p.say != nil {
				p.say(line)
			}
		})
	})
	return t
}

// large reports whether the command has written too much.
func (t *talk) large() bool {
	select {
	case <-t.tooLarge:
		return true
	default:
		return false
	}
}

// eachLine hands on lines as they come, each at most maxLine long.
func eachLine(r io.Reader, do func(string)) {
	var line []byte
	buf := make([]byte, 4<<10)
	for {
		n, err := r.Read(buf)
		for _, c := range buf[:n] {
			switch {
			case c == '\n' || c == '\r':
				do(strings.ToValidUTF8(string(line), "\uFFFD"))
				line = line[:0]
			case len(line) < maxLine:
				line = append(line, c)
			}
		}
		if err != nil {
			do(strings.ToValidUTF8(string(line), "\uFFFD"))
			return
		}
	}
}
