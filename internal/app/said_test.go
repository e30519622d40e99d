package app

import (
	"net/netip"
	"reflect"
	"testing"
	"time"

	"github.com/coranto/coranto/internal/config"
)

// TestSaid: what is asked about reads like the configuration, and nothing that
// is not said is in it, or another version with more keys would ask again.
func TestSaid(t *testing.T) {
	for _, tt := range []struct {
		name string
		part any
		want string
	}{
		{"zone", config.Zone{Name: "lab", Allow: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}, `{allow: ["10.0.0.0/8"]}`},
		{"all of a zone", config.Zone{Ports: []uint16{8080}, SourceAddress: netip.MustParseAddr("10.7.1.2"), CA: "ca.pem", PerHost: config.PerHost{GapSet: true}},
			`{ports: [8080], source_address: "10.7.1.2", ca: "ca.pem", per_host: {gap_set: true}}`},
		{"task", config.Task{Name: "x", Command: []string{"sh", "-c", "a, b"}, Timeout: time.Minute}, `{command: ["sh","-c","a, b"], timeout: 1m0s}`},
		{"nothing", config.Zone{Name: "lab"}, `{}`},
	} {
		got, err := said(reflect.ValueOf(tt.part))
		if err != nil || got != tt.want {
			t.Errorf("%s: got %s, %v, want %s", tt.name, got, err, tt.want)
		}
	}
}
