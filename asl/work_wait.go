package asl

import "time"

// waitWork is a Wait state in one of its four forms.
type waitWork struct {
	seconds       int
	until         time.Time
	secondsPath   *path
	timestampPath *path
}

func (waitWork) graphs() []*graph { return nil }

func (w waitWork) variables(yield func(string)) {
	for _, p := range []*path{w.secondsPath, w.timestampPath} {
		if p != nil {
			p.variables(yield)
		}
	}
}

func (w waitWork) begin(x *Execution, t *thread) {
	e, f := x.effective(t)
	if f != nil {
		x.fail(t, f)
		return
	}
	at, f := w.when(e, x.now)
	switch {
	case f != nil:
		x.fail(t, f)
	case !at.After(x.now) || x.probe != nil:
		x.finishWait(t)
	default:
		t.waiting = waitState
		t.timer = x.timer(t, at)
	}
}

// finishWait ends a Wait state: its result is its effective input.
func (x *Execution) finishWait(t *thread) {
	e, f := x.effective(t)
	if f != nil {
		x.fail(t, f)
		return
	}
	x.finish(t, e.input)
}

func (w waitWork) when(e *env, now time.Time) (time.Time, *fault) {
	switch {
	case w.secondsPath != nil:
		s, f := w.pathSeconds(e)
		return now.Add(time.Duration(s) * time.Second), f
	case w.timestampPath != nil:
		v, ok := w.timestampPath.find(e)
		if !ok {
			return now, runtimeFault("The TimestampPath parameter does not reference an input value: %s", w.timestampPath.text)
		}
		at, ok := parseTimestamp(v.text)
		if v.kind != String || !ok {
			return now, runtimeFault("The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time format string: %s == %s", w.timestampPath.text, v.String())
		}
		return at, nil
	case !w.until.IsZero():
		return w.until, nil
	}
	return now.Add(time.Duration(w.seconds) * time.Second), nil
}

func (w waitWork) pathSeconds(e *env) (int64, *fault) {
	p := w.secondsPath
	v, ok := p.find(e)
	if !ok {
		return 0, runtimeFault("The SecondsPath parameter does not reference an input value: %s", p.text)
	}
	if v.kind == String {
		if n, err := parseText(v.text); err == nil {
			v = n
		}
	}
	n, ok := v.Int()
	switch {
	case !ok:
		return 0, runtimeFault("The SecondsPath parameter cannot be parsed as a long value: %s == %s", p.text, v.String())
	case n < 0:
		return 0, runtimeFault("The SecondsPath parameter references a negative value: %s == %d", p.text, n)
	case n > maxSeconds:
		return 0, runtimeFault("The SecondsPath parameter references a value greater than %d: %s == %d", maxSeconds, p.text, n)
	}
	return n, nil
}

// parseTimestamp reads an RFC 3339 time; the seconds may be missing.
func parseTimestamp(s string) (time.Time, bool) {
	if len(s) < len("2006-01-02T15:04Z") || s[10] != 'T' {
		return time.Time{}, false
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04Z07:00"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

func (g *graphCompiler) wait(n node) work {
	if !g.exclusive(n, "Seconds", "SecondsPath", "Timestamp", "TimestampPath") {
		g.schema(n.at, "One of these fields is required: [Seconds, SecondsPath, Timestamp, TimestampPath]")
	}
	w := waitWork{seconds: g.integer(n, "Seconds", 0, 0, maxSeconds), secondsPath: g.path(n, "SecondsPath"), timestampPath: g.path(n, "TimestampPath")}
	if text := g.text(n, "Timestamp"); n.has("Timestamp") {
		at, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			g.schema(n.at+"/Timestamp", "String does not match RFC3339 timestamp")
		}
		w.until = at
	}
	return w
}
