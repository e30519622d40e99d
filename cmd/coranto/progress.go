package main

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/coranto/coranto/asl"
	"github.com/coranto/coranto/internal/engine"
)

// progress shows on one line of a terminal how far a run is. Elsewhere it says
// nothing.
type progress struct {
	w     io.Writer
	tty   bool
	width int

	mu    sync.Mutex
	total map[string]int // items begun, by Map state
	ended map[string]int
	maps  map[int64]string // Map states entered, by event
	phase string
	drawn time.Time
	open  bool
}

func newProgress(w io.Writer) *progress {
	p := &progress{w: w, total: map[string]int{}, ended: map[string]int{}, maps: map[int64]string{}}
	p.tty, p.width = terminal(w)
	return p
}

var phases = map[string]string{
	"DueSources": "looking what is due", "CommitPosts": "committing", "BuildSite": "building the site",
	"ActivateRelease": "going live",
}

// observe is told what happens in every execution.
func (p *progress) observe(_ engine.ExecutionID, e asl.HistoryEvent) {
	if !p.tty {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e.Type {
	case "TaskStateEntered":
		if text := phases[e.Name]; text != "" {
			p.phase = text
		} else if len(p.total) > 0 {
			p.phase = ""
		}
	case "MapStateEntered":
		p.maps[e.ID] = e.Name
	case "MapStateStarted":
		p.total[p.maps[e.Prev]] += e.Length
		delete(p.maps, e.Prev)
		p.phase = ""
	case "MapIterationSucceeded", "MapIterationFailed":
		p.ended[e.Name]++
	default:
		return
	}
	if now := time.Now(); now.Sub(p.drawn) > 80*time.Millisecond {
		p.drawn = now
		p.draw()
	}
}

func (p *progress) draw() {
	text := p.phase
	if text == "" {
		text = fmt.Sprintf("sources %d/%d", p.ended["EachSource"], p.total["EachSource"])
		if n := p.total["EachPost"]; n > 0 {
			text += fmt.Sprintf("  pages %d/%d", p.ended["EachPost"], n)
		}
		if n := p.total["EachPicture"]; n > 0 {
			text = fmt.Sprintf("pictures %d/%d", p.ended["EachPicture"], n)
		}
	}
	fmt.Fprintf(p.w, "\r\x1b[K%s", clip(text, p.width-1))
	p.open = true
}

// stop ends the show for good.
func (p *progress) stop() {
	p.done()
	p.mu.Lock()
	p.tty = false
	p.mu.Unlock()
}

// done clears the line, before the answer is printed.
func (p *progress) done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.open {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.open = false
	}
	clear(p.total)
	clear(p.ended)
	clear(p.maps)
	p.phase = ""
}
