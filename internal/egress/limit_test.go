package egress

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

func TestLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimit(t.Context(), time.Second)
		defer l.end()
		time.Sleep(600 * time.Millisecond)
		if err := l.pause(func() error { time.Sleep(time.Hour); return nil }); err != nil || l.ctx.Err() != nil || l.paused != time.Hour {
			t.Errorf("a pause of %v: %v, %v", l.paused, err, l.ctx.Err())
		}
		time.Sleep(399 * time.Millisecond)
		if l.ctx.Err() != nil {
			t.Error("over before its time")
		}
		time.Sleep(2 * time.Millisecond)
		if !errors.Is(l.cause(io.EOF), context.DeadlineExceeded) {
			t.Errorf("not over: %v", context.Cause(l.ctx))
		}
		if err := l.pause(func() error { t.Error("a pause after the end"); return nil }); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("pause = %v", err)
		}
	})
}

func TestGrow(t *testing.T) {
	size := LargeBody
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(bytes.Repeat([]byte("x"), size)) })
	c := loopback(t, Options{})
	asked := 0
	refuse := errors.New("no room")
	get := func(err error) (*Response, error) {
		return c.Get(t.Context(), Request{URL: s.URL, Grow: func(context.Context) error { asked++; return err }})
	}
	if res, err := get(refuse); err != nil || asked != 0 || len(res.Body) != size {
		t.Errorf("a small body: asked %d times, %v", asked, err)
	}
	size = 4 * LargeBody
	if res, err := get(nil); err != nil || asked != 1 || len(res.Body) != size {
		t.Errorf("a large body: asked %d times, %v", asked, err)
	}
	if res, err := get(refuse); !errors.Is(err, refuse) || res == nil || len(res.Body) >= size {
		t.Errorf("a large body that is refused: %v", err)
	}
}
