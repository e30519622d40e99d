package app

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/coranto/coranto/internal/egress"
	"github.com/coranto/coranto/internal/sqlite"
)

// painter answers with a picture of noise, another for each address.
type painter struct{}

func (painter) Get(_ context.Context, r egress.Request) (*egress.Response, error) {
	g := rand.New(rand.NewPCG(uint64(len(r.URL)), uint64(r.URL[len(r.URL)-1])))
	m := image.NewGray(image.Rect(0, 0, 100, 100))
	for i := range m.Pix {
		m.Pix[i] = color.Gray{uint8(g.IntN(256))}.Y
	}
	var b bytes.Buffer
	err := png.Encode(&b, m)
	return &egress.Response{Status: http.StatusOK, Body: b.Bytes()}, err
}

// Pictures stay below the limit: those of the newest posts are the last to go,
// and what has gone is not fetched again.
func TestPicturesMakeRoom(t *testing.T) {
	ctx := t.Context()
	db, err := sqlite.Open(filepath.Join(t.TempDir(), "state.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	p, err := openPictures(ctx, db, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	var urls []string
	for i := range 8 {
		urls = append(urls, fmt.Sprintf("https://cdn.example.com/%d", i))
	}
	for _, u := range urls {
		if err := p.Fetch(ctx, painter{}, u, ""); err != nil {
			t.Fatal(err)
		}
	}
	before, err := p.Count(ctx)
	if err != nil || before != 8 {
		t.Fatal(before, err)
	}
	p.max.Store(45_000) // four and a bit
	newest := append([]string{"https://cdn.example.com/new"}, urls[4:]...)
	want, err := p.Wanted(ctx, newest)
	if err != nil || len(want) != 1 {
		t.Fatalf("wanted %v, %v", want, err)
	}
	ready, err := p.Ready(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range urls[:4] {
		if _, ok := ready[u]; ok {
			t.Errorf("%s is still here", u)
		}
	}
	if _, ok := ready[urls[4]]; !ok || len(ready) > 4 {
		t.Errorf("%d pictures stay: %v", len(ready), ready)
	}
	if again, err := p.Wanted(ctx, urls); err != nil || len(again) != 0 {
		t.Errorf("wanted again: %v, %v", again, err)
	}
	if after, err := p.Count(ctx); err != nil || after <= before {
		t.Errorf("the count went from %d to %d, %v", before, after, err)
	}
}
