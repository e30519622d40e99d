package app

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"testing"
	"time"
)

func TestSignedBy(t *testing.T) {
	body := []byte(`{"ref":"refs/heads/main"}`)
	m := hmac.New(sha256.New, []byte("key"))
	m.Write(body)
	sum := hex.EncodeToString(m.Sum(nil))
	for _, tt := range []struct {
		name, value, key string
		want             bool
	}{
		{"X-Hub-Signature-256", "sha256=" + sum, "key", true},
		{"X-Gitea-Signature", sum, "key", true},
		{"X-Forgejo-Signature", sum, "key", true},
		{"X-Gitlab-Token", "key", "key", true},
		{"X-Gitlab-Token", "kez", "key", false},
		{"X-Hub-Signature-256", "sha256=" + sum, "other", false},
		{"X-Hub-Signature-256", "", "key", false},
		{"X-Hub-Signature-256", "sha256=" + sum[:10], "key", false},
		{"X-Hub-Signature", "sha1=" + sum, "key", false},
		{"X-Gitlab-Token", "", "", false},
		{"X-Hub-Signature-256", "sha256=" + sum, "", false},
	} {
		h := http.Header{}
		h.Set(tt.name, tt.value)
		if got := signedBy(h, body, tt.key); got != tt.want {
			t.Errorf("%s %q with %q: %t", tt.name, tt.value, tt.key, got)
		}
	}
}

// Many announcements are one look, one that is sent again is none, and without
// any the remote is looked at once a minute.
func TestHookJoins(t *testing.T) {
	var h hook
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	if !h.due(now) || h.due(now.Add(30*time.Second)) || !h.due(now.Add(pollRemote)) {
		t.Error("not once a minute")
	}
	now = now.Add(pollRemote + hookGap)
	if !h.first("a") || h.first("a") || !h.first("b") || !h.due(now) || h.due(now.Add(hookGap)) {
		t.Error("announcements are not joined")
	}
	for i := range 3 * hookMemory {
		h.first(string(rune('0' + i)))
	}
	if len(h.seen) > hookMemory || len(h.order) > hookMemory {
		t.Errorf("%d and %d deliveries are remembered", len(h.seen), len(h.order))
	}
}
