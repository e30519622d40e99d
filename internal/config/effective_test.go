package config

import (
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEffective(t *testing.T) {
	for _, in := range []string{"", examples["site"] + examples["schedule"] + examples["notify"] + examples["fetch"] + examples["sources"] + examples["zones"] + examples["tags"] + examples["images"]} {
		c, err := Parse(FileName, []byte(in))
		if err != nil {
			t.Fatal(err)
		}
		out, err := c.Effective()
		if err != nil {
			t.Fatal(err)
		}
		d, err := Parse("effective", out)
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		if diff := cmp.Diff(c.Sources, d.Sources); diff != "" {
			t.Errorf("(-is +printed):\n%s", diff)
		}
		for _, f := range []func(*Config) any{
			func(c *Config) any { return c.Fetch.Timeout }, func(c *Config) any { return c.Guards }, func(c *Config) any { return c.Images.Mode },
			func(c *Config) any { return c.Schedules }, func(c *Config) any { return c.Freshness }, func(c *Config) any { return c.Notify },
			func(c *Config) any { return c.Zones }, func(c *Config) any { return c.TagMap }, func(c *Config) any { return c.Site.Title },
		} {
			if !reflect.DeepEqual(f(c), f(d)) {
				t.Errorf("%v is printed as %v\n%s", f(c), f(d), out)
			}
		}
	}
}
