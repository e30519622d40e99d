package site

import (
	"strings"
	"testing"
)

// Each feed names the hub, the archive documents do not.
func TestFeedsNameTheHub(t *testing.T) {
	in := sampleInput(120)
	in.Config.Hub = "https://hub.example.org/?a=b&c=d"
	files, _ := buildSite(t, in)
	for name, want := range map[string]string{
		"feed.xml":  `<link rel="hub" href="https://hub.example.org/?a=b&amp;c=d"/>`,
		"rss.xml":   `<atom:link rel="hub" href="https://hub.example.org/?a=b&amp;c=d"/>`,
		"feed.json": `"url": "https://hub.example.org/?a=b&c=d"`,
	} {
		if !strings.Contains(files[name], want) {
			t.Errorf("%s lacks %s", name, want)
		}
	}
	if !strings.Contains(files["feed/1.xml"], "<fh:archive/>") || strings.Contains(files["feed/1.xml"], `rel="hub"`) {
		t.Errorf("feed/1.xml: %.600s", files["feed/1.xml"])
	}
	if !strings.Contains(files["feed.xml"], `<link rel="prev-archive" type="application/atom+xml" href="https://news.example.org/feed/2.xml"/>`) {
		t.Error("feed.xml names no archive")
	}
}
