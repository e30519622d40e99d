package git

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strings"
)

// Way leads git to a remote where git's own way is not to be taken. It is
// asked for before each talk with the remote, and closed after it.
type Way struct {
	Proxy  string   // http://user:password@127.0.0.1:port, the only way out, for http(s)
	CA     string   // file of the certificates that TLS trusts; empty: git's own
	Tunnel []string // program that joins its standard streams with the host and port that are its last arguments, for ssh; empty: ssh reaches nobody
	Env    []string // of that program
	// Close gives the way up; its error says what was not let through.
	Close func() error
}

// kind is how git would reach a remote.
type kind int

const (
	local kind = iota // a path or file://
	web               // http(s)://
	shell             // ssh://, host:path
	bare              // git://
)

// kindOf reads an address as git does (connect.c).
func kindOf(address string) kind {
	scheme, _, ok := strings.Cut(address, "://")
	switch {
	case !ok:
		if colon := strings.IndexByte(address, ':'); colon > 0 && !strings.Contains(address[:colon], "/") {
			return shell
		}
		return local
	case scheme == "http" || scheme == "https":
		return web
	case scheme == "file":
		return local
	case scheme == "git":
		return bare
	}
	return shell
}

// lead makes a call to the remote t go w's way. Each kind is led, whatever t is
// of: the user's url.….insteadOf may make another of it.
func (r *Repo) lead(ctx context.Context, c *call, w *Way, t target) error {
	switch kindOf(t.url) {
	case shell:
		if os.Getenv("GIT_SSH_COMMAND") != "" || os.Getenv("GIT_SSH") != "" || r.config(ctx, "core.sshCommand") != "" {
			return fmt.Errorf("%w: %s is in a zone, and an ssh command of your own (core.sshCommand, GIT_SSH_COMMAND or GIT_SSH) would leave it; put what it says into ~/.ssh/config, or take the zone away", ErrRemote, t.url)
		}
		if !plainAuthority.MatchString(authority(t.url)) {
			return fmt.Errorf("%w: the host of %s has a character that a shell would read", ErrRemote, t.url)
		}
	case bare:
		return fmt.Errorf("%w: %s is in a zone, which git:// cannot be kept in; write https:// or ssh://", ErrRemote, t.url)
	}
	c.flags = append(c.flags, "protocol.git.allow=never")
	c.env = append(append(append(c.env, w.web(t)...), w.Env...), "GIT_SSH_VARIANT=ssh", "GIT_SSH_COMMAND="+plainSSH+" -o ControlPath=none -o "+quote("ProxyCommand="+w.command()))
	return nil
}

// plainAuthority is a user, a host and a port without what a shell reads: the host
// comes to stand in a command, which ssh before 9.6 does not look at.
var plainAuthority = regexp.MustCompile(`^[\w.@:%\[\]-]+$`)

// authority is what stands before the path of an ssh address.
func authority(address string) string {
	_, rest, ok := strings.Cut(address, "://")
	if !ok {
		before, _, _ := strings.Cut(address, "/")
		return before[:max(0, strings.LastIndexByte(before, ':'))]
	}
	before, _, _ := strings.Cut(rest, "/")
	return before
}

// end gives the way up, if there is one.
func (w *Way) end() error {
	if w == nil || w.Close == nil {
		return nil
	}
	return w.Close()
}

// plainSSH is how ssh is called where the user has not said how.
const plainSSH = "ssh -o BatchMode=yes -o ConnectTimeout=20"

// command is what ssh runs in place of connecting; it replaces %h and %p.
func (w *Way) command() string {
	if len(w.Tunnel) == 0 {
		return "false"
	}
	var words []string
	for _, a := range w.Tunnel {
		words = append(words, strings.ReplaceAll(quote(a), "%", "%%"))
	}
	return strings.Join(append(words, "%h", "%p"), " ")
}

// web is the environment in which git asks for t by the proxy alone. The
// settings are given for the whole address, so that none of the user's is
// nearer, and do not stand in the arguments, which everybody may read.
func (w *Way) web(t target) []string {
	set := [][2]string{
		{"http.proxy", w.Proxy}, {"http." + t.url + ".proxy", w.Proxy}, {"http.proxyAuthMethod", "basic"}, {"http." + t.url + ".proxyAuthMethod", "basic"},
	}
	if at := strings.LastIndexByte(w.Proxy, '@'); at >= 0 {
		// The credentials of the proxy are good for this talk: no helper shall keep them.
		set = append(set, [2]string{"credential.http://" + w.Proxy[at+1:] + ".helper", ""})
	}
	if w.CA != "" {
		set = append(set, [2]string{"http.sslCAInfo", w.CA}, [2]string{"http." + t.url + ".sslCAInfo", w.CA})
	}
	env := []string{"NO_PROXY=", "no_proxy="}
	if w.CA != "" {
		env = append(env, "GIT_SSL_CAINFO="+w.CA) // the environment's goes before settings
	}
	env = append(env, fmt.Sprintf("GIT_CONFIG_COUNT=%d", len(set)))
	for i, kv := range set {
		env = append(env, fmt.Sprintf("GIT_CONFIG_KEY_%d=%s", i, kv[0]), fmt.Sprintf("GIT_CONFIG_VALUE_%d=%s", i, kv[1]))
	}
	return env
}

// quote makes a word of a POSIX shell.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
