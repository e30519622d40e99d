package app

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/coranto/coranto/internal/secret"
)

// hookPath is where a forge announces that something was pushed.
const hookPath = "/-/hook"

// Limits of announcements. What one says is never believed: it only makes serve
// look at the remote, as it does every pollRemote anyhow.
const (
	hookBody   = 5 << 20
	hookGap    = 2 * time.Second
	hookMemory = 1024
	pollRemote = time.Minute
)

// hook joins announcements: many in a burst are one look.
type hook struct {
	mu     sync.Mutex
	wanted bool
	seen   map[string]bool // deliveries, so that one that is sent again does nothing
	order  []string
	looked time.Time // at the remote
}

// first remembers a delivery and reports whether it is a new one.
func (h *hook) first(id string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if id != "" {
		if h.seen[id] {
			return false
		}
		if h.seen == nil {
			h.seen = map[string]bool{}
		}
		h.seen[id] = true
		if h.order = append(h.order, id); len(h.order) > hookMemory {
			delete(h.seen, h.order[0])
			h.order = h.order[1:]
		}
	}
	h.wanted = true
	return true
}

// due reports whether the remote is to be looked at now.
func (h *hook) due(now time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if since := now.Sub(h.looked); since < hookGap || since < pollRemote && !h.wanted {
		return false
	}
	h.wanted, h.looked = false, now
	return true
}

// announced answers a forge: GitHub, Gitea, Forgejo and GitLab sign the body; an
// older GitLab shows the secret.
func (a *App) announced(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", "POST")
		http.Error(w, "405 announcements are posted", http.StatusMethodNotAllowed)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, hookBody))
	if err != nil {
		http.Error(w, "413 the announcement is too large", http.StatusRequestEntityTooLarge)
		return
	}
	v, err := secret.Open(a.secrets(), secret.Options{}).Get(a.Config().Host.Webhook)
	if err != nil {
		a.o.Log.Warn("announcements are refused", "error", err)
		http.Error(w, "503 announcements cannot be checked", http.StatusServiceUnavailable)
		return
	}
	if !signedBy(r.Header, body, v.Reveal(), a.o.Now()) {
		http.Error(w, "403 the signature is wrong", http.StatusForbidden)
		return
	}
	// A captured announcement that is sent again under its own signature has the
	// same body; the forge's number of a delivery is not signed, so both count.
	sum := sha256.Sum256(body)
	if !a.hosting.hook.first(hex.EncodeToString(sum[:])) {
		w.WriteHeader(http.StatusOK)
		_, _ = io.WriteString(w, "seen before\n")
		return
	}
	w.WriteHeader(http.StatusAccepted)
	_, _ = io.WriteString(w, "looking\n")
}

// signedBy checks in constant time what each forge calls a signature.
func signedBy(h http.Header, body []byte, key string, now time.Time) bool {
	if key == "" {
		return false
	}
	if got := h.Get("Webhook-Signature"); got != "" {
		return signedStandard(h, body, key, now)
	}
	m := hmac.New(sha256.New, []byte(key))
	m.Write(body)
	want := []byte(hex.EncodeToString(m.Sum(nil)))
	for _, name := range []string{"X-Hub-Signature-256", "X-Gitea-Signature", "X-Forgejo-Signature", "X-Gogs-Signature"} {
		if got := strings.TrimPrefix(h.Get(name), "sha256="); got != "" {
			return subtle.ConstantTimeCompare([]byte(strings.ToLower(got)), want) == 1
		}
	}
	if got := h.Get("X-Gitlab-Token"); got != "" {
		a, b := sha256.Sum256([]byte(got)), sha256.Sum256([]byte(key))
		return subtle.ConstantTimeCompare(a[:], b[:]) == 1
	}
	return false
}

// follow takes over what was pushed to the remote, when it is time to look.
func (a *App) follow(ctx context.Context, tell func(Happening)) {
	if a.Config().Remote == "" || !a.hosting.hook.due(a.o.Now()) {
		return
	}
	if err := a.Sync(ctx); err != nil && ctx.Err() == nil {
		tell(Happening{Err: err})
	}
	if err := a.fetchPreviews(ctx); err != nil && ctx.Err() == nil {
		tell(Happening{Err: err})
	}
}

// hookAge is by how much the time of a signature may differ from ours.
const hookAge = 5 * time.Minute

// signedStandard checks a signature as Standard Webhooks describes it, which is
// what GitLab calls a signing token: of number, time and body, by a key that is
// written whsec_BASE64.
func signedStandard(h http.Header, body []byte, key string, now time.Time) bool {
	secret, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(key, "whsec_"))
	if err != nil || len(secret) == 0 {
		return false
	}
	id, at := h.Get("Webhook-Id"), h.Get("Webhook-Timestamp")
	seconds, err := strconv.ParseInt(at, 10, 64)
	if err != nil || id == "" || now.Sub(time.Unix(seconds, 0)).Abs() > hookAge {
		return false
	}
	m := hmac.New(sha256.New, secret)
	m.Write([]byte(id + "." + at + "."))
	m.Write(body)
	want := []byte("v1," + base64.StdEncoding.EncodeToString(m.Sum(nil)))
	ok := false
	for _, got := range strings.Fields(h.Get("Webhook-Signature")) { // several while a key is changed
		ok = subtle.ConstantTimeCompare([]byte(got), want) == 1 || ok
	}
	return ok
}
