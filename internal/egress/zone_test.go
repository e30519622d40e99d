package egress

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

func testZone(t *testing.T, z Zone) *zone {
	t.Helper()
	o := Options{}
	o.defaults()
	got, err := newZone(&o, z, &resolver{ask: o.Lookup})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestPublicZone(t *testing.T) {
	z := testZone(t, Zone{Name: DefaultZone})
	for _, a := range []string{"8.8.8.8", "93.184.216.34", "172.15.255.255", "172.32.0.1", "192.0.1.1", "198.20.0.1", "2606:4700::1111", "2a00:1450::1"} {
		if err := z.checkAddr(netip.MustParseAddr(a)); err != nil {
			t.Errorf("%s: %v", a, err)
		}
	}
	for _, a := range []string{
		"0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.255.254", "169.254.169.254", "172.16.0.1",
		"172.31.255.255", "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1",
		"239.255.255.250", "240.0.0.1", "255.255.255.255", "168.63.129.16",
		"::", "::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::1", "100::1",
		"2001::1", "2001:db8::1", "2002:7f00:1::", "2002:808:808::1", "3fff::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1",
	} {
		err := z.checkAddr(netip.MustParseAddr(a))
		if !errors.Is(err, ErrDenied) {
			t.Errorf("%s is let through (%v)", a, err)
		} else if !strings.Contains(err.Error(), "allow: [") {
			t.Errorf("%s: the error names no way out: %v", a, err)
		}
	}
}

func TestAllow(t *testing.T) {
	wide := testZone(t, Zone{Name: DefaultZone, Allow: []netip.Prefix{netip.MustParsePrefix("10.20.0.0/16"), netip.MustParsePrefix("64:ff9b::/96")}})
	office := testZone(t, Zone{Name: "office", Allow: []netip.Prefix{netip.MustParsePrefix("10.20.0.0/16"), netip.MustParsePrefix("fd00::/8")}})
	bare := testZone(t, Zone{Name: "dmz"})
	tests := []struct {
		zone *zone
		addr string
		want bool
	}{
		{wide, "10.20.1.1", true}, {wide, "10.21.1.1", false}, {wide, "8.8.8.8", true},
		{wide, "64:ff9b::808:808", true}, {wide, "64:ff9b::7f00:1", false}, {wide, "64:ff9b::a14:101", true},
		{office, "10.20.1.1", true}, {office, "10.21.1.1", false}, {office, "8.8.8.8", false}, {office, "127.0.0.1", false},
		{office, "fd00::1", true}, {office, "fe80::1", false}, {office, "::ffff:10.20.1.1", false},
		{bare, "8.8.8.8", true}, {bare, "10.20.1.1", false},
	}
	for _, tt := range tests {
		if err := tt.zone.checkAddr(netip.MustParseAddr(tt.addr)); (err == nil) != tt.want {
			t.Errorf("%s in zone %s: %v, want allowed %t", tt.addr, tt.zone.Name, err, tt.want)
		}
	}
}

func TestPorts(t *testing.T) {
	if !slices.IsSorted(badPorts) {
		t.Fatal("badPorts is not sorted")
	}
	any, few := testZone(t, Zone{Name: DefaultZone}), testZone(t, Zone{Name: "few", Ports: []uint16{443, 25}})
	tests := []struct {
		zone *zone
		port uint16
		want bool
	}{{any, 80, true}, {any, 8080, true}, {any, 22, false}, {any, 25, false}, {any, 6667, false}, {any, 65535, true}, {few, 443, true}, {few, 25, true}, {few, 80, false}}
	for _, tt := range tests {
		if err := tt.zone.checkPort(tt.port); (err == nil) != tt.want {
			t.Errorf("port %d in zone %s: %v, want allowed %t", tt.port, tt.zone.Name, err, tt.want)
		}
	}
}

func TestControl(t *testing.T) {
	z := testZone(t, Zone{Name: DefaultZone})
	for addr, want := range map[string]bool{"8.8.8.8:80": true, "127.0.0.1:80": false, "[::1]:80": false, "8.8.8.8:22": false, "x": false} {
		if err := z.control("tcp4", addr, nil); (err == nil) != want {
			t.Errorf("control(%s) = %v, want allowed %t", addr, err, want)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	for name, o := range map[string]Options{
		"twice":        {Zones: []Zone{{Name: "a"}, {Name: "a"}}},
		"proxy scheme": {Zones: []Zone{{Name: "a", Proxy: "ftp://p:1"}}},
		"no proxy URL": {Zones: []Zone{{Name: "a", Proxy: "::"}}},
		"prefix":       {Zones: []Zone{{Name: "a", Allow: []netip.Prefix{{}}}}},
	} {
		if _, err := New(o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	_, err := New(Options{Zones: []Zone{{Name: "a", Proxy: "ftp://u:s3cret@p"}}})
	if err == nil || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("error with credentials: %v", err)
	}
}
