package git

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"
)

// keptEnv lists the GIT_ variables that say where the user's configuration and
// transports are. Every other one could point us at another repository, index
// or identity, or write a trace of credentials, and is removed.
var keptEnv = []string{
	"GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM", "GIT_EXEC_PATH",
	"GIT_SSH", "GIT_SSH_COMMAND", "GIT_SSH_VARIANT", "GIT_SSL_CAINFO", "GIT_SSL_CAPATH",
	"GIT_SSL_CERT", "GIT_SSL_KEY", "GIT_PROXY_SSL_CAINFO", "GIT_TEST_FSYNC",
}

// environ is our environment without what would redirect git.
func environ(who Ident) []string {
	var env []string
	for _, kv := range os.Environ() {
		name, _, _ := strings.Cut(kv, "=")
		up := strings.ToUpper(name)
		if strings.HasPrefix(up, "GIT_") && !slices.Contains(keptEnv, up) {
			continue
		}
		switch up {
		case "LC_ALL", "LANG", "LANGUAGE", "SSH_ASKPASS", "EMAIL":
			continue
		}
		env = append(env, kv)
	}
	return append(env, "LC_ALL=C", "GIT_TERMINAL_PROMPT=0", "GIT_NO_REPLACE_OBJECTS=1",
		"GIT_LITERAL_PATHSPECS=1", "GIT_OPTIONAL_LOCKS=0", "GIT_ADVICE=0",
		"GIT_AUTHOR_NAME="+who.Name, "GIT_AUTHOR_EMAIL="+who.Email,
		"GIT_COMMITTER_NAME="+who.Name, "GIT_COMMITTER_EMAIL="+who.Email)
}

// settings go before every command: no hook or monitor runs, nothing is
// repacked behind our back, and objects and refs reach the disk.
var settings = []string{
	"core.hooksPath=" + os.DevNull, "core.fsmonitor=false", "gc.auto=0", "maintenance.auto=false",
	"core.fsync=all", "core.fsyncMethod=fsync", "core.filesRefLockTimeout=1000", "core.packedRefsTimeout=1000",
	"commit.gpgSign=false", "i18n.commitEncoding=UTF-8", "submodule.recurse=false", "fetch.recurseSubmodules=false",
	"push.gpgSign=false", "push.followTags=false", "push.recurseSubmodules=no", "protocol.ext.allow=never",
	"color.ui=false", "advice.pushUpdateRejected=false", "core.quotePath=false", "core.safecrlf=false",
}

// call is one run of the git program.
type call struct {
	args  []string
	stdin io.Reader
	env   []string   // added
	files []*os.File // inherited as descriptors 3, 4 …
	flags []string   // more -c settings
	limit int        // bytes of stdout; 0: 64 MiB
}

// failure is a git command that ended badly; its text is what git said.
type failure struct {
	args   []string
	code   int
	stderr string
	err    error
}

func (f *failure) Error() string {
	said := essence(f.stderr)
	if said == "" {
		said = f.err.Error()
	}
	if len(said) > 2000 {
		said = said[:2000] + "…"
	}
	return fmt.Sprintf("git %s: %s", f.args[0], said)
}

// boilerplate is what git adds to every failure of a remote.
var boilerplate = []string{"Please make sure you have the correct access rights", "and the repository exists.", "fatal: Could not read from remote repository."}

// essence is what git said as one line, without what it always says and what
// `push --porcelain` writes for programs.
func essence(stderr string) string {
	var out []string
	for line := range strings.Lines(stderr) {
		line = strings.TrimSpace(line)
		if ref, ok := strings.CutPrefix(line, "!\t"); ok {
			_, line, _ = strings.Cut(ref, "\t")
		}
		if line == "" || line == "remote:" || line == "Done" || slices.Contains(boilerplate, line) ||
			strings.HasPrefix(line, "To ") || strings.HasPrefix(line, "error: failed to push some refs to ") {
			continue
		}
		out = append(out, line)
	}
	if len(out) == 0 {
		return strings.Join(strings.Fields(stderr), " ")
	}
	return strings.Join(out, "; ")
}

func (f *failure) Unwrap() error { return f.err }

// Is makes of what git says of a damage, or of a full disk, the error that tells
// so. An object that finds no place is not a broken one.
func (f *failure) Is(target error) bool {
	switch target {
	case syscall.ENOSPC:
		return f.full()
	case ErrDamaged:
		return f.says(damage...) && !f.full()
	}
	return false
}

// full reports whether the disk here is full; that of a remote is its own affair.
func (f *failure) full() bool {
	for line := range strings.Lines(f.stderr) {
		if !strings.HasPrefix(line, "remote:") && (strings.Contains(line, "No space left on device") || strings.Contains(line, "Disk quota exceeded")) {
			return true
		}
	}
	return false
}

// damage is how git says that something is broken rather than not there.
var damage = []string{
	"bad object", "corrupt", "loose object", "packfile", "pack idx", "index file", "bad signature 0x", "bad index file", "bad tree object", "unable to read tree", "missing blob", "missing tree",
	"missing commit", "inflate:", "unable to unpack", "bad config", "No such ref: HEAD", "invalid sha1 pointer", "not a valid object", "failed to read object", "unable to read",
}

func (f *failure) says(words ...string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(f.stderr, w) })
}

// command prepares a git process in dir.
func command(ctx context.Context, program, dir string, who Ident, c call) *exec.Cmd {
	var args []string
	for _, s := range slices.Concat(settings, c.flags) {
		args = append(args, "-c", s)
	}
	cmd := exec.CommandContext(ctx, program, append(args, c.args...)...)
	cmd.Dir = dir
	cmd.Env = append(environ(who), c.env...)
	cmd.Stdin = c.stdin
	cmd.ExtraFiles = c.files
	cmd.WaitDelay = 5 * time.Second // a child of git may hold the pipe
	ownGroup(cmd)
	return cmd
}

// do runs the call and returns what it printed.
func do(ctx context.Context, program, dir string, who Ident, c call) ([]byte, error) {
	cmd := command(ctx, program, dir, who, c)
	limit := c.limit
	if limit == 0 {
		limit = 64 << 20
	}
	out, errs := &capped{max: limit}, &capped{max: 64 << 10, drop: true}
	cmd.Stdout, cmd.Stderr = out, errs
	err := cmd.Run()
	if err == nil {
		return out.Bytes(), nil
	}
	if errors.Is(err, exec.ErrNotFound) {
		return nil, fmt.Errorf("%w: %s is not in PATH (hint: install git)", ErrMissing, program)
	}
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	f := &failure{args: c.args, code: -1, stderr: errs.String(), err: err}
	if c.args[0] == "push" {
		f.stderr = out.String() + f.stderr // which ref was refused, and why
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		f.code = exit.ExitCode()
	}
	return out.Bytes(), f
}

// run runs git in the repository.
func (r *Repo) run(ctx context.Context, stdin []byte, args ...string) ([]byte, error) {
	c := call{args: args}
	if stdin != nil {
		c.stdin = bytes.NewReader(stdin)
	}
	return r.call(ctx, c)
}

func (r *Repo) call(ctx context.Context, c call) ([]byte, error) {
	return do(ctx, r.program, r.dir, r.author, r.durable(c))
}

// durable adds what a git before 2.36 needs to bring objects to the disk.
func (r *Repo) durable(c call) call {
	if r.minor > 0 && r.minor < 36 {
		c.flags = append(slices.Clip(c.flags), "core.fsyncObjectFiles=true")
	}
	return c
}

// capped keeps the first max bytes; then it fails, or drops the rest.
type capped struct {
	bytes.Buffer
	max  int
	drop bool
}

func (c *capped) Write(p []byte) (int, error) {
	if room := c.max - c.Len(); len(p) > room {
		if !c.drop {
			return 0, fmt.Errorf("git printed more than %d bytes", c.max)
		}
		c.Buffer.Write(p[:max(room, 0)])
		return len(p), nil
	}
	return c.Buffer.Write(p)
}
