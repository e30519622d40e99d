package catalog

import (
	"fmt"
	"time"

	"github.com/coranto/coranto"
)

// Turn is a change of health.
type Turn struct {
	At      time.Time `json:"at"`
	Health  Health    `json:"health"`
	Error   string    `json:"error,omitempty"`
	Message string    `json:"message,omitempty"`
}

// maxTurns is how many a state remembers.
const maxTurns = 20

// turned notes how the health differs from before. A hold passes by itself and
// is no turn.
func (s State) turned(before State, o Outcome) State {
	if !o.Held.IsZero() && o.Error != "" {
		return s
	}
	at := Turn{At: o.At, Health: s.Health(coranto.Source{}, o.At), Error: s.Error, Message: clipped(s.Message)}
	if n := len(before.Log); n > 0 && before.Log[n-1].Health == at.Health && before.Log[n-1].Error == at.Error {
		return s
	}
	s.Log = append(append([]Turn(nil), before.Log[max(0, len(before.Log)-maxTurns+1):]...), at)
	return s
}

func clipped(s string) string {
	if r := []rune(s); len(r) > 300 {
		return string(r[:299]) + "…"
	}
	return s
}

// WhyNext explains Next, as interval has found it.
func (s State) WhyNext(src coranto.Source, every time.Duration, b Bounds, now time.Time) string {
	if b.Max == 0 {
		b = DefaultBounds
	}
	switch {
	case src.Retired:
		return "never: it is retired"
	case src.Paused:
		return "never: it is paused"
	case s.Gone:
		return "never: it said 410, gone for good"
	case s.Checked.IsZero():
		return "at once: it has never been asked"
	case s.Held.After(now):
		return "then, since the server asked for patience (Retry-After)"
	case every > 0:
		return fmt.Sprintf("every %s, as coranto.yaml says", every)
	case s.Failures > 0 && s.Gap == b.Max:
		return fmt.Sprintf("once in %s, the longest interval: it failed %d times in a row", b.Max, s.Failures)
	case s.Failures > 0:
		return fmt.Sprintf("after %s: the interval doubles with each failure, and it failed %d times in a row", s.Gap, s.Failures)
	case s.Push.Trusted(now):
		return fmt.Sprintf("after %s: a hub tells of what is new, so it is asked %d times as seldom, within %s", s.Gap.Round(time.Minute), stretch, b.Max)
	case s.MaxAge >= s.Gap && s.MaxAge > 0:
		return fmt.Sprintf("after %s: the server says its answer is fresh for %s", s.Gap, s.MaxAge)
	case s.TTL >= s.Gap && s.TTL > 0:
		return fmt.Sprintf("after %s: the feed says it changes every %s (ttl)", s.Gap, s.TTL)
	case s.PostGap == 0:
		return fmt.Sprintf("after %s: how often it posts cannot be told yet", s.Gap)
	}
	return fmt.Sprintf("after %s: a quarter of the %s that usually lie between its posts, within %s and %s", s.Gap.Round(time.Minute), roughly(s.PostGap), b.Min, b.Max)
}

func roughly(d time.Duration) string {
	if d >= 48*time.Hour {
		return fmt.Sprintf("%.1f days", d.Hours()/24)
	}
	return d.Round(time.Minute).String()
}

// Accepted is the state once its keeper has said that the feed which answers
// now is the right one: it is asked at once, and believed.
func (s State) Accepted() State {
	s.Identity, s.Error, s.Message, s.Failures = "", "", "", 0
	s.Validators, s.Next = Validators{}, time.Time{}
	return s
}
