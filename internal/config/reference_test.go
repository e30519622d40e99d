package config

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestReference keeps docs/CONFIG.md true; UPDATE=1 writes it anew.
func TestReference(t *testing.T) {
	const path = "../../docs/CONFIG.md"
	got := Reference()
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(path, got, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Errorf("docs/CONFIG.md is not what the tables say; UPDATE=1 go test ./internal/config writes it (-there +wanted):\n%s", d)
	}
}

func TestExamplesAreRead(t *testing.T) {
	for name, text := range examples {
		if _, err := Parse(name, []byte(text)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNotify(t *testing.T) {
	c, err := Parse(FileName, []byte(examples["notify"]+"freshness: {notify: [mail:boss@example.org]}\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := []Notify{
		{Kind: NotifyMail, To: "ops@example.org"},
		{Kind: NotifyMail, To: "ops@example.org", Server: "smtp.example.org:587", From: "planet@example.org", Secret: "smtp.example.org"},
		{Kind: NotifyNtfy, To: "https://ntfy.sh/my-planet", On: []string{OnFreshness}},
		{Kind: NotifyWebhook, To: "https://hooks.example.org/planet", Secret: "hook"},
		{Kind: NotifyMail, To: "boss@example.org", On: []string{OnFreshness}},
	}
	if d := cmp.Diff(want, c.Receivers()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if c.NeedsTrust() == nil {
		t.Error("somebody is told and nobody has to trust that")
	}
	for _, in := range []string{"notify: {mail: a@b.example, webhook: https://x.example}", "notify: {}", "notify: [bob]", "notify: {mail: nobody}",
		"notify: {webhook: https://x.example, server: \"a:25\"}", "notify: {mail: a@b.example, zone: office}", "notify: {mail: a@b.example, on: [all]}", "notify: {webhook: https://x.example, zone: nowhere}"} {
		if _, err := Parse(FileName, []byte(in+"\n")); err == nil {
			t.Errorf("%s is accepted", in)
		}
	}
}
