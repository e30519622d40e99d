package main

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// openTerminal makes a pseudo terminal of so many columns. What is written to
// slave is given by read once slave is closed.
func openTerminal(t *testing.T, columns int) (slave *os.File, read func() string) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no pseudo terminals here: %v", err)
	}
	fd := int(master.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 50, Col: uint16(columns)}); err != nil {
		t.Fatal(err)
	}
	slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = text.ReadFrom(master) // ends with EIO once the last slave is closed
	}()
	return slave, func() string {
		slave.Close()
		<-done
		master.Close()
		return strings.ReplaceAll(text.String(), "\r\n", "\n")
	}
}

// hardTitles are what posts are called, and what makes tables crooked.
var hardTitles = []string{"日本語の長い題名がここにありますとても長い題名なので切られなければなりません", "🙂🚀 emoji that go on and on and on until they do not fit any more, and then some",
	"مرحبا بالعالم هذا عنوان طويل جدا باللغة العربية لا يتسع له السطر", "שלום עולם כותרת ארוכה בעברית שאינה נכנסת לשורה אחת בטרמינל", "e\u0301a\u0300 combining " + strings.Repeat("n\u0303", 70),
	"한국어 제목은 넓은 글자로 쓰여 있습니다 그래서 잘라야 합니다 그렇지요", "plain but very long " + strings.Repeat("x", 150), "evil \u202eltr\u202c \u2028line", "short"}

// TestAtATerminal types the commands that print tables at terminals of 80 and
// of 200 columns: no line is wider, heads stand over their columns, and nothing
// is coloured.
func TestAtATerminal(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	web := newChanging(t)
	web.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.URL.Path, "/bad"):
			http.Error(w, "no", http.StatusForbidden)
		case strings.HasPrefix(r.URL.Path, "/feed"):
			fmt.Fprint(w, rss("Blog 日本 "+r.URL.Path, web.URL, hardTitles...))
		default:
			http.NotFound(w, r)
		}
	})
	dir := loopbackSite(t, "", web.URL+"/feed")
	path := filepath.Join(dir, "coranto.yaml")
	yaml, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		yaml = fmt.Appendf(yaml, "  - {id: a-source-with-quite-a-long-name-%d, url: %s/feed%d, title: 壊れた 🙂, tags: [日本]}\n  - {id: bad-%d, url: %s/bad%d}\n", i, web.URL, i, i, web.URL, i)
	}
	if err := os.WriteFile(path, yaml, 0o666); err != nil {
		t.Fatal(err)
	}
	typed(t, "-C", dir, "run")
	t.Setenv("NO_COLOR", "1")
	tables := []string{"status", "status --all", "source list", "post list --limit 60", "runs list", "runs show last", "releases", "manners", "zones list", "workflow list",
		"theme files", "source test alice --no-robots"}
	prose := []string{"source show alice", "source show bad-3", "doctor --offline", "plan", "run -n", "post explain " + web.URL + "/short", "trust -n", "notify -n", "check --all --base HEAD",
		"post show nothing", "source show nobody", "run", "add " + web.URL + "/bad", "source pause alice -n", "reprocess -n", "build -n", "config validate", "version"}
	for _, columns := range []int{80, 200} {
		for i, command := range append(tables[:len(tables):len(tables)], prose...) {
			slave, read := openTerminal(t, columns)
			args := append([]string{"-C", dir}, strings.Fields(command)...)
			run(t.Context(), args, strings.NewReader(""), slave, slave)
			checkScreen(t, fmt.Sprintf("%d columns: %s", columns, command), read(), columns, i < len(tables))
		}
	}
}

func checkScreen(t *testing.T, name, text string, columns int, isTable bool) {
	t.Helper()
	if isTable && strings.Count(text, "\n") < 2 {
		t.Errorf("%s: no table:\n%s", name, text)
	}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if i := strings.LastIndex(line, "\x1b[K"); i >= 0 {
			line = line[i+len("\x1b[K"):] // the progress before it is gone
		}
		if strings.Contains(line, "\x1b") {
			t.Errorf("%s: colours or worse: %q", name, line)
		}
		longest := 0 // an address or a path cannot be broken
		for word := range strings.SplitSeq(line, " ") {
			longest = max(longest, cells(word))
		}
		if n := cells(line); n > columns && (isTable || longest < columns-30) {
			t.Errorf("%s: a line of %d columns: %s", name, n, line)
		}
	}
}
