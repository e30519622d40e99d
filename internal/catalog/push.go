package catalog

import (
	"slices"
	"time"
)

// Push is what is known of the hub that tells of what a source has new.
type Push struct {
	Hubs   Hubs      `json:"hubs,omitzero"`
	Since  time.Time `json:"since,omitzero"`   // the hub has said yes, without a gap, since then
	Until  time.Time `json:"until,omitzero"`   // and until then
	Pinged time.Time `json:"pinged,omitzero"`  // it last told of something new
	Asked  time.Time `json:"asked,omitzero"`   // the source was last asked
	Again  time.Time `json:"again,omitzero"`   // it is asked once more, for it did not have yet what it was told to have
	Idle   int       `json:"idle,omitempty"`   // messages in a row that brought nothing
	Missed int       `json:"missed,omitempty"` // posts in a row that the hub did not tell of
}

// Hubs is what a source says of its hubs.
type Hubs struct {
	Names  []string `json:"names,omitempty"`
	Topic  string   `json:"topic,omitempty"`
	Header bool     `json:"header,omitempty"` // the Link header says so
}

// Equal reports whether both say the same.
func (h Hubs) Equal(o Hubs) bool {
	return slices.Equal(h.Names, o.Names) && h.Topic == o.Topic && h.Header == o.Header
}

// IsZero reports whether there is no hub.
func (h Hubs) IsZero() bool { return len(h.Names) == 0 && h.Topic == "" && !h.Header }

const (
	stretch = 4 // so much longer is the interval of a source whose hub tells

	// A source may have its new post on the wire later than its hub has it: a
	// cache stands before it. It is asked once more then.
	secondLook = 3 * time.Minute

	pingGap    = 5 * time.Second // after a message in vain, doubling with each further one
	pingGapMax = 30 * time.Minute
	maxMissed  = 2 // then the hub is no longer relied upon
)

// Live reports whether the hub has said yes, at now.
func (p Push) Live(now time.Time) bool { return p.Until.After(now) }

// Trusted reports whether the hub makes it needless to ask often.
func (p Push) Trusted(now time.Time) bool { return p.Live(now) && p.Missed < maxMissed }

// Waiting reports whether the source is to be asked for what its hub said, now
// or soon.
func (p Push) Waiting() bool { return p.Pinged.After(p.Asked) || !p.Again.IsZero() }

// Due reports whether that is to be now.
func (p Push) Due(now time.Time) bool {
	if !p.Again.IsZero() && !p.Again.After(now) {
		return true
	}
	return p.Pinged.After(p.Asked) && !p.Asked.Add(p.gap()).After(now)
}

func (p Push) gap() time.Duration {
	if p.Idle == 0 {
		return 0
	}
	return min(pingGap<<min(p.Idle, 20), pingGapMax)
}

// after is what asking the source once has changed. before is when it was asked
// before that.
func (p Push) after(o Outcome, before time.Time) Push {
	asked := o.Asked
	if asked.IsZero() {
		asked = o.At
	}
	told := p.Pinged.After(p.Asked) && !p.Pinged.After(asked)
	again := !p.Again.IsZero() && !p.Again.After(asked)
	p.Asked = asked
	if !o.Held.IsZero() && o.Error != "" {
		return p // it has not been asked after all; when it may be, it is
	}
	p.Again = time.Time{}
	switch {
	case o.New > 0:
		if told || again {
			p.Missed = 0
		} else if p.Live(o.At) && !p.Since.IsZero() && p.Since.Before(before) {
			p.Missed++
		}
		p.Idle = 0
	case told && o.Error == "":
		p.Idle++
		p.Missed = max(0, p.Missed-1) // it has told, only later than somebody asked
		if o.NotModified && !again {
			p.Again = asked.Add(secondLook)
		}
	}
	if o.Hubs != nil && o.Error == "" {
		p.Hubs = *o.Hubs
	}
	return p
}

// Subscribed is the state once a hub has said yes until then; zero: no longer.
func (s State) Subscribed(since, until, now time.Time, every time.Duration, b Bounds) State {
	s.Push.Since, s.Push.Until = since, until
	if s.Failures == 0 && !s.Checked.IsZero() && !s.Held.After(now) {
		s.Gap = s.interval(now, every, b)
		s.Next = s.Checked.Add(s.Gap)
	}
	return s
}
