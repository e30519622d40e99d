package catalog

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"
)

// RobotsOf returns what each origin's robots.txt said, as T in JSON.
func RobotsOf[T any](ctx context.Context, c *Catalog) (map[string]T, error) {
	notes, err := c.notes(ctx, noteRobots)
	if err != nil {
		return nil, err
	}
	out := make(map[string]T, len(notes))
	for key, text := range notes {
		var v T
		if json.Unmarshal([]byte(text), &v) == nil {
			out[key] = v // one that cannot be read is asked for again
		}
	}
	return out, nil
}

// KeepRobots remembers what origins' robots.txt said.
func KeepRobots[T any](ctx context.Context, c *Catalog, said map[string]T, now time.Time) error {
	if len(said) == 0 {
		return nil
	}
	return c.note(ctx, noteRobots, slices.Sorted(maps.Keys(said)), now, func(key, _ string) (string, error) {
		b, err := json.Marshal(said[key])
		return string(b), err
	})
}
