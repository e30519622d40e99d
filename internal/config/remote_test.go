package config

import (
	"strings"
	"testing"
)

func TestRemoteZone(t *testing.T) {
	const zones = "zones: {office: {allow: [10.0.0.0/8]}}\n"
	c, err := Parse("x", []byte(zones+"remote: {url: https://git.corp.example/news.git, zone: office}\n"))
	if err != nil {
		t.Fatal(err)
	}
	again, err := c.Effective()
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range [][]byte{nil, again} {
		if text != nil {
			if c, err = Parse("x", text); err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
		}
		if c.Remote != "https://git.corp.example/news.git" || c.RemoteZone != "office" {
			t.Errorf("remote %q in zone %q", c.Remote, c.RemoteZone)
		}
	}
	for text, want := range map[string]string{
		"remote: {zone: office}\n" + zones:                            "remote has no url",
		"remote: {url: https://git.example/x, zone: ofice}\n" + zones: "did you mean office?",
	} {
		if _, err := Parse("x", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}
