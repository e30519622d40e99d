package sampleweb

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"math/rand/v2"
	"sync"
)

// motif is what stands on a picture's gradient.
type motif int

const (
	rings motif = iota
	dots
	waves
	hills
	bars
	route
	motifs
)

// Pictures are 800 by 450, in a palette of 64 shades of the gradient under
// four strengths of the motif: quick to draw, small to send.
const (
	pictureW, pictureH = 800, 450
	shades             = 64
)

// pictures keeps the encoded pictures of late; a browser asks in flocks.
type pictures struct {
	mu   sync.Mutex
	made map[string][]byte
}

const maxPictures = 512

func newPictures() *pictures { return &pictures{made: map[string][]byte{}} }

func (c *pictures) get(s *site, n int) []byte {
	key := fmt.Sprint(s.n, "/", n)
	c.mu.Lock()
	b, ok := c.made[key]
	c.mu.Unlock()
	if ok {
		return b
	}
	b = drawPicture(s.motif, s.hue, uint64(s.n)<<32|uint64(n))
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.made) >= maxPictures {
		clear(c.made)
	}
	c.made[key] = b
	return b
}

// drawPicture paints the motif on a gradient about the hue.
func drawPicture(m motif, hue float64, seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 0x91c7))
	img := image.NewPaletted(image.Rect(0, 0, pictureW, pictureH), palette(r, hue))
	angle := r.Float64() * math.Pi / 2
	dx, dy := math.Cos(angle), math.Sin(angle)
	span := dx*pictureW + dy*pictureH
	cover := m.field(r)
	for y := range pictureH {
		row := img.Pix[y*img.Stride : y*img.Stride+pictureW]
		for x := range row {
			t := (dx*float64(x)+dy*float64(y))/span*(shades-1) + bayer[y&3][x&3]
			row[x] = uint8(cover(float64(x), float64(y)))*shades + uint8(min(max(t, 0), shades-1))
		}
	}
	var b bytes.Buffer
	enc := png.Encoder{CompressionLevel: png.BestSpeed}
	if err := enc.Encode(&b, img); err != nil {
		return nil
	}
	return b.Bytes()
}

// bayer dithers between two shades, so that the gradient shows no bands.
var bayer = [4][4]float64{
	{0.03, 0.53, 0.16, 0.66}, {0.78, 0.28, 0.91, 0.41}, {0.22, 0.72, 0.09, 0.59}, {0.97, 0.47, 0.84, 0.34},
}

func palette(r *rand.Rand, hue float64) color.Palette {
	h1 := hue + r.Float64()*40 - 20
	h2 := h1 + 30 + r.Float64()*50
	l1, l2 := 0.26+r.Float64()*0.1, 0.58+r.Float64()*0.12
	p := make(color.Palette, 0, 4*shades)
	for strength := range 4 {
		for i := range shades {
			t := float64(i) / (shades - 1)
			cr, cg, cb := hsl(h1+(h2-h1)*t, 0.52-0.1*t, l1+(l2-l1)*t)
			a := float64(strength) * 0.17
			p = append(p, color.RGBA{mixWhite(cr, a), mixWhite(cg, a), mixWhite(cb, a), 255})
		}
	}
	return p
}

func mixWhite(v, a float64) uint8 { return uint8(255 * (v + (1-v)*a)) }

func hsl(h, s, l float64) (r, g, b float64) {
	f := func(n float64) float64 {
		k := math.Mod(n+h/30+24, 12)
		return l - s*min(l, 1-l)*max(-1, min(k-3, 9-k, 1))
	}
	return f(0), f(8), f(4)
}

// field gives the strength of the motif, 0 to 3, at each point.
func (m motif) field(r *rand.Rand) func(x, y float64) int {
	cx, cy := pictureW*(0.2+0.6*r.Float64()), pictureH*(0.2+0.6*r.Float64())
	a, b := 0.6+r.Float64(), r.Float64()*6
	switch m {
	case rings:
		gap := 34 + r.Float64()*30
		return func(x, y float64) int {
			d := math.Hypot(x-cx, y-cy)
			if d > gap*6.4 {
				return 0
			}
			return 3 - int(d/gap/1.6)
		}
	case dots:
		gap := 26 + r.Float64()*14
		return func(x, y float64) int {
			gx, gy := math.Floor(x/gap), math.Floor(y/gap)
			d := math.Hypot(x-(gx+0.5)*gap, y-(gy+0.5)*gap)
			size := gap * (0.08 + 0.4*math.Exp(-math.Pow(math.Hypot(gx*gap-cx, gy*gap-cy)/210, 2)))
			return level(size-d, 3)
		}
	case waves:
		return func(x, y float64) int {
			n := 0
			for i := range 3 {
				f := float64(i)
				line := 190 + 75*f + 34*math.Sin(x/(95+22*f)*a+b+f*1.7)
				if y > line {
					n++
				}
			}
			return n
		}
	case hills:
		return func(x, y float64) int {
			if math.Hypot(x-cx, y-110) < 44 {
				return 3
			}
			n := 0
			for i := range 2 {
				f := float64(i)
				line := 250 + 80*f + 60*math.Sin(x/(150-30*f)*a+b*(f+1)) + 18*math.Sin(x/47+b+f)
				if y > line {
					n++
				}
			}
			return n
		}
	case bars:
		var height [16]float64
		for i := range height {
			height[i] = 60 + 300*r.Float64()
		}
		return func(x, y float64) int {
			i := int(x/50) & 15
			if in := math.Mod(x, 50); in > 34 || y < pictureH-height[i] {
				return 0
			}
			return 1 + i%3
		}
	}
	return func(x, y float64) int { // route: contour lines and a way across
		way := cy + 70*math.Sin(x/130*a+b) + 25*math.Sin(x/41+b)
		if d := math.Abs(y - way); d < 6 {
			return level(6-d, 3)
		}
		h := math.Sin(x/170+b)*math.Cos(y/120*a) + 0.4*math.Sin((x+y)/90)
		if math.Abs(math.Mod(h+4, 0.25)-0.125) < 0.014 {
			return 1
		}
		return 0
	}
}

// level is full inside a shape, by its distance to the edge.
func level(inside float64, full int) int {
	return int(min(max(inside*2, 0), float64(full)))
}

// logo is a source's mark, as SVG.
func logo(s *site) []byte {
	letter := []rune(s.name)[0]
	return fmt.Appendf(nil, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><defs><linearGradient id="g" x2="1" y2="1"><stop stop-color="hsl(%.0f 55%% 38%%)"/><stop offset="1" stop-color="hsl(%.0f 60%% 58%%)"/></linearGradient></defs><rect width="64" height="64" rx="14" fill="url(#g)"/><text x="32" y="44" text-anchor="middle" font-family="Georgia,serif" font-size="36" fill="#fff">%c</text></svg>`,
		s.hue, s.hue+40, letter)
}
