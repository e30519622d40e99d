package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// filesCmd serves a directory as it is at each request, and sets $FILES to its
// address, $FILES_PORT to its port; SITE in a file is replaced by the address.
// A file NAME.to redirects NAME to what stands in it.
func filesCmd(ts *testscript.TestScript, _ bool, args []string) {
	dir := ts.MkAbs(args[0])
	var s *httptest.Server
	s = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := filepath.Join(dir, filepath.FromSlash(strings.TrimPrefix(r.URL.Path, "/")))
		if to, err := os.ReadFile(name + ".to"); err == nil {
			http.Redirect(w, r, strings.TrimSpace(strings.ReplaceAll(string(to), "SITE", s.URL)), http.StatusFound)
			return
		}
		if info, err := os.Stat(name); err == nil && info.IsDir() {
			name = filepath.Join(name, "index.html")
		}
		b, err := os.ReadFile(name)
		if err != nil {
			http.NotFound(w, r)
			return
		}
		b = []byte(strings.ReplaceAll(string(b), "SITE", s.URL))
		if info, err := os.Stat(name); err == nil {
			w.Header().Set("Last-Modified", info.ModTime().UTC().Format(http.TimeFormat))
			if r.Header.Get("If-Modified-Since") == w.Header().Get("Last-Modified") {
				w.WriteHeader(http.StatusNotModified)
				return
			}
		}
		if !strings.Contains(filepath.Base(name), ".") {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
		}
		_, _ = w.Write(b)
	}))
	ts.Defer(s.Close)
	ts.Setenv("FILES", s.URL)
	ts.Setenv("FILES_PORT", s.URL[strings.LastIndexByte(s.URL, ':')+1:])
}
