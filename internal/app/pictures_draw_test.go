package app

import (
	"bytes"
	"context"
	"encoding/binary"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"net/http"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/coranto/coranto/internal/egress"
	"github.com/coranto/coranto/internal/sqlite"
)

// scene is a picture whose left upper corner is red, the rest a gradient.
func scene(w, h int, through bool) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.NRGBA{uint8(x * 60 / w), uint8(y * 200 / h), uint8((x*7 + y*13) % 97), 255}
			if x < w/4 && y < h/4 {
				c = color.NRGBA{255, 0, 0, 255}
			}
			if through && x > w/2 {
				c.A = 100
			}
			m.SetNRGBA(x, y, c)
		}
	}
	return m
}

func asJPEG(t testing.TB, m image.Image) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asPNG(t testing.TB, m image.Image) []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// held puts an EXIF orientation into a JPEG.
func held(body []byte, turn uint16) []byte {
	tiff := []byte("Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01")
	tiff = binary.BigEndian.AppendUint16(tiff, turn)
	tiff = append(tiff, 0, 0, 0, 0, 0, 0)
	out := append([]byte{0xff, 0xd8, 0xff, 0xe1}, binary.BigEndian.AppendUint16(nil, uint16(len(tiff)+2))...)
	return slices.Concat(out, tiff, body[2:])
}

func TestDrawSizes(t *testing.T) {
	var moving bytes.Buffer
	frame := image.NewPaletted(image.Rect(0, 0, 900, 300), color.Palette{color.Black, color.White})
	if err := gif.EncodeAll(&moving, &gif.GIF{Image: []*image.Paletted{frame, frame}, Delay: []int{1, 1}}); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		body   []byte
		widths []int
		height int // of the widest
		ext    string
		asCame bool
	}{
		{"large", asJPEG(t, scene(2600, 1300, false)), []int{320, 640, 1280}, 640, ".jpg", false},
		{"kept", asJPEG(t, scene(1000, 500, false)), []int{320, 640, 1000}, 500, ".jpg", true},
		{"never wider", asJPEG(t, scene(300, 200, false)), []int{300}, 200, ".jpg", true},
		{"not much wider than a size", asJPEG(t, scene(700, 350, false)), []int{320, 700}, 350, ".jpg", true},
		{"shows through", asPNG(t, scene(1500, 300, true)), []int{320, 640, 1280}, 256, ".png", false},
		{"moves", moving.Bytes(), []int{900}, 300, ".gif", true},
		{"on its side", held(asJPEG(t, scene(800, 400, false)), 6), []int{320, 400}, 800, ".jpg", false},
		{"upright", held(asJPEG(t, scene(300, 200, false)), 1), []int{300}, 200, ".jpg", true},
	} {
		got, err := drawSizes("x", tt.body)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		last := got[len(got)-1]
		if tt.asCame != bytes.Equal(last.body, tt.body) {
			t.Errorf("%s: kept as it came: %t", tt.name, !tt.asCame)
		}
		widths := []int{}
		for _, d := range got {
			widths = append(widths, d.width)
			size, _, err := image.DecodeConfig(bytes.NewReader(d.body))
			if err != nil || d.ext() != tt.ext || size.Width != d.width || size.Height != d.height {
				t.Errorf("%s: %s is said to be %d × %d and is %v, %v", tt.name, d.path, d.width, d.height, size, err)
			}
		}
		if !slices.Equal(widths, tt.widths) || last.height != tt.height {
			t.Errorf("%s: widths %v, height %d, want %v, %d", tt.name, widths, last.height, tt.widths, tt.height)
		}
	}
}

func (d drawn) ext() string { return filepath.Ext(d.path) }

// A picture stands upright whichever way its camera was held.
func TestOrientation(t *testing.T) {
	upright := scene(400, 400, false)
	for turn := 1; turn <= 8; turn++ {
		// What the sensor saw is upright, turned back: of 5 to 8 only 6 and 8 are
		// not their own inverse.
		back := map[int]int{6: 8, 8: 6}[turn]
		if back == 0 {
			back = turn
		}
		saw := turned(scaled(upright, 1, 400), back)
		got, err := drawSizes("x", held(asJPEG(t, saw), uint16(turn)))
		if err != nil {
			t.Fatal(err)
		}
		m, _, err := image.Decode(bytes.NewReader(got[len(got)-1].body))
		if err != nil {
			t.Fatal(err)
		}
		if r, g, _, _ := m.At(20, 20).RGBA(); r < 0xe000 || g > 0x2000 {
			t.Errorf("held as %d, the red corner is elsewhere", turn)
		}
	}
}

// one answers with one picture.
type one struct{ body []byte }

func (o one) Get(context.Context, egress.Request) (*egress.Response, error) {
	return &egress.Response{Status: http.StatusOK, Body: o.body}, nil
}

// Sizes are kept, told and served; and what was kept before there were sizes
// goes on being shown.
func TestPictureSizes(t *testing.T) {
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
	const old, url = "https://a.example/old", "https://a.example/new"
	if err := p.write(ctx, old, picture{Path: "images/old.png", Width: 1280, Height: 600}, []drawn{{"images/old.png", 1280, 600, []byte("old")}}); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time over the first
		if err := p.Fetch(ctx, one{asJPEG(t, scene(1400, 700, false))}, url, ""); err != nil {
			t.Fatal(err)
		}
	}
	ready, err := p.Ready(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if img := ready[old]; img.Path != "images/old.png" || len(img.Smaller) != 0 {
		t.Errorf("the old one: %+v", img)
	}
	if b, err := p.Body(ctx, old, "images/old.png"); err != nil || string(b) != "old" {
		t.Errorf("the old one's bytes: %q, %v", b, err)
	}
	img := ready[url]
	if len(img.Smaller) != 2 || img.Width != 1280 {
		t.Fatalf("sizes: %+v", img)
	}
	for _, s := range img.All() {
		b, err := p.Body(ctx, url, s.Path)
		if err != nil {
			t.Fatal(err)
		}
		if size, _, err := image.DecodeConfig(bytes.NewReader(b)); err != nil || size.Width != s.Width || size.Height != s.Height {
			t.Errorf("%s: %v, %v", s.Path, size, err)
		}
	}
	p.max.Store(10_000) // less than any takes
	if _, err := p.Wanted(ctx, nil); err != nil {
		t.Fatal(err)
	}
	var left int
	if err := db.Read().QueryRowContext(ctx, `SELECT count(*) FROM picture_size`).Scan(&left); err != nil || left != 0 {
		t.Errorf("%d sizes are left, %v", left, err)
	}
}

// Whatever a server sends as a picture, what is drawn of it can be shown.
func FuzzDrawSizes(f *testing.F) {
	f.Add(asJPEG(f, scene(40, 50, false)))
	f.Add(held(asJPEG(f, scene(50, 40, false)), 5))
	f.Add(asPNG(f, scene(500, 33, true)))
	f.Add([]byte("GIF89a"))
	f.Fuzz(func(t *testing.T, body []byte) {
		if size, _, err := image.DecodeConfig(bytes.NewReader(body)); err == nil && size.Width*size.Height > 1<<20 {
			return // slow, not other
		}
		sizes, err := drawSizes("x", body)
		if err != nil {
			return
		}
		for i, d := range sizes {
			size, _, err := image.DecodeConfig(bytes.NewReader(d.body))
			if err != nil || d.width > pictureWidth || i > 0 && d.width <= sizes[i-1].width || d.width < 1 || d.height < 1 {
				t.Fatalf("%+v: %v", d.path, err)
			}
			if orientation(d.body) == 1 && (size.Width != d.width || size.Height != d.height) {
				t.Fatalf("%d × %d is told as %d × %d", size.Width, size.Height, d.width, d.height)
			}
		}
	})
}
