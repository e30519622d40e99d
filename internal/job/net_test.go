//go:build unix

package job

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"testing"
)

// testGate answers every request itself.
type testGate struct{ s *httptest.Server }

func (g testGate) Denied() error { return errors.New("elsewhere is not in zone lab") }
func (g testGate) Close() error  { g.s.Close(); return nil }

func testNet() *Net {
	return &Net{Name: "lab", Open: func(l net.Listener, password string) (Gate, error) {
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = w.Write([]byte(`"by the gate"`))
		}))
		s.Listener.Close()
		s.Listener = l
		s.Start()
		return testGate{s}, nil
	}}
}

// TestConfined: a command in a zone has its gate and no other network.
func TestConfined(t *testing.T) {
	outside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer outside.Close()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	r := runner(t)
	r.o.Confine = []string{self, self, "confine"}
	ask := func(id uint64, url string, n *Net) (string, []string, error) {
		var said []string
		j := Job{Execution: "x", Task: id, Name: "ask", Command: []string{self}, Env: map[string]string{helper: "get " + url}, Net: n,
			Say: func(_ int, line string) { said = append(said, line) }}
		out, err := r.Do(t.Context(), j)
		return string(out), said, err
	}
	if out, _, err := ask(1, outside.URL, nil); err != nil || out != `"reached"` {
		t.Fatalf("without a zone: %s, %v", out, err)
	}
	out, said, err := ask(2, "http://anywhere.test/", testNet())
	if err != nil || out != `"by the gate"` {
		t.Errorf("by the gate: %s, %v, %q", out, err, said)
	}
	text := strings.Join(said, "\n")
	if !strings.Contains(text, "not let through: elsewhere is not in zone lab") {
		t.Errorf("said %q", said)
	}
	if strings.Contains(text, "nothing keeps it") {
		if runtime.GOOS == "linux" && os.Getenv("CORANTO_E2E") != "" {
			t.Errorf("not confined: %q", said)
		}
		t.Skipf("this machine confines no command: %s", text)
	}
	if out, _, err := ask(3, outside.URL, testNet()); err == nil {
		t.Errorf("out of its zone it got %s", out)
	}
	if err := Confines(r.o.Confine); err != nil {
		t.Errorf("a command was confined, yet %v", err)
	}
	missing := Job{Execution: "x", Task: 4, Name: "missing", Command: []string{"./not-there"}, Dir: t.TempDir(), Net: testNet()}
	if _, err := r.Do(t.Context(), missing); err == nil || !strings.Contains(err.Error(), "not-there") {
		t.Errorf("missing: %v", err)
	}
}
