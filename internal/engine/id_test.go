package engine_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/coranto/coranto/internal/engine"
)

func TestNewID(t *testing.T) {
	at := time.Date(2026, 11, 22, 13, 15, 3, 0, time.FixedZone("CET", 3600))
	got, err := engine.NewID(at, bytes.NewReader([]byte{0, 255, 1, 26, 27}))
	if want := engine.ExecutionID("20261122-121503-23z2"); got != want || err != nil {
		t.Errorf("NewID = %q, %v; want %q", got, err, want)
	}
	if _, err := engine.NewID(at, strings.NewReader("")); !errors.Is(err, io.EOF) {
		t.Errorf("NewID without randomness = %v, want io.EOF", err)
	}
	form := regexp.MustCompile(`^\d{8}-\d{6}-[2-9a-z]{4}$`)
	for range 100 {
		id, err := engine.NewID(at, rand.Reader)
		if err != nil || !form.MatchString(string(id)) || id.Check() != nil {
			t.Errorf("NewID = %q, %v; Check: %v", id, err, id.Check())
		}
	}
}

func TestCheckID(t *testing.T) {
	for id, ok := range map[engine.ExecutionID]bool{
		"20261122-121503-k3x9": true, "nightly:2026": true, "täglich": true,
		"": false, "a b": false, "a\nb": false, "a/b": false, `a\b`: false, "a\x00": false, "\xff": false,
		engine.ExecutionID(strings.Repeat("x", 128)): true, engine.ExecutionID(strings.Repeat("x", 129)): false,
	} {
		if err := id.Check(); (err == nil) != ok || err != nil && !errors.Is(err, engine.ErrID) {
			t.Errorf("Check(%q) = %v", id, err)
		}
	}
}
