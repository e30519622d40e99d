package app

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
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
		if got := signedBy(h, body, tt.key, time.Now()); got != tt.want {
			t.Errorf("%s %q with %q: %t", tt.name, tt.value, tt.key, got)
		}
	}
}

// The example of GitHub's documentation, and a signature of Standard Webhooks
// made by hand.
func TestSignaturesOfTheDocumentation(t *testing.T) {
	const github = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
	now := time.Unix(1614265330, 0)
	if !signedBy(http.Header{"X-Hub-Signature-256": {github}}, []byte("Hello, World!"), "It's a Secret to Everybody", now) {
		t.Error("GitHub's example is refused")
	}
	m := hmac.New(sha256.New, []byte("0123456789abcdef"))
	m.Write([]byte(`msg_1.1614265330.{"a":1}`))
	sum := base64.StdEncoding.EncodeToString(m.Sum(nil))
	for _, tt := range []struct {
		name, id, at, signature, key string
		now                          time.Time
		want                         bool
	}{
		{"right", "msg_1", "1614265330", "v1," + sum, "whsec_MDEyMzQ1Njc4OWFiY2RlZg==", now, true},
		{"one of two", "msg_1", "1614265330", "v1,AAAA v1," + sum, "whsec_MDEyMzQ1Njc4OWFiY2RlZg==", now, true},
		{"another number", "msg_2", "1614265330", "v1," + sum, "whsec_MDEyMzQ1Njc4OWFiY2RlZg==", now, false},
		{"another time", "msg_1", "1614265331", "v1," + sum, "whsec_MDEyMzQ1Njc4OWFiY2RlZg==", now, false},
		{"old", "msg_1", "1614265330", "v1," + sum, "whsec_MDEyMzQ1Njc4OWFiY2RlZg==", now.Add(time.Hour), false},
		{"another key", "msg_1", "1614265330", "v1," + sum, "whsec_AAAA", now, false},
		{"no key", "msg_1", "1614265330", "v1," + sum, "whsec_", now, false},
	} {
		h := http.Header{}
		h.Set("Webhook-Id", tt.id)
		h.Set("Webhook-Timestamp", tt.at)
		h.Set("Webhook-Signature", tt.signature)
		if got := signedBy(h, []byte(`{"a":1}`), tt.key, tt.now); got != tt.want {
			t.Errorf("%s: %t", tt.name, got)
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
