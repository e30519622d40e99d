package app

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"image"
	_ "image/gif" // what posts' pictures come as
	"image/jpeg"
	"image/png"
	"net/http"
	"slices"

	"golang.org/x/image/draw"
	_ "golang.org/x/image/webp" // the same

	"github.com/coranto/coranto/internal/egress"
	"github.com/coranto/coranto/internal/pipeline"
)

// Limits of a picture, and the width it is brought to: what the head of a post
// shows on a dense screen.
const (
	pictureBytes  = 8 << 20
	picturePixels = 40_000_000
	pictureWidth  = 1280
	pictureKeep   = 400_000 // bytes up to which one is kept as it came
	pictureLeast  = 32      // pixels; what is smaller is a counter or a button
)

// pictureWidths are the narrower widths that are drawn of each, as far as it is
// clearly wider: a card on a phone, and one on a desktop.
var pictureWidths = []int{320, 640}

// drawn is a picture in one size, as it is served.
type drawn struct {
	path   string
	width  int
	height int
	body   []byte
}

func newDrawn(width, height int, body []byte, ext string) drawn {
	h := sha256.Sum256(body)
	return drawn{"images/" + hex.EncodeToString(h[:8]) + ext, width, height, body}
}

// pictureOf tells what is known of a picture that was drawn in sizes.
func pictureOf(sizes []drawn) picture {
	last := len(sizes) - 1
	pic := picture{Path: sizes[last].path, Width: sizes[last].width, Height: sizes[last].height}
	for _, s := range sizes[:last] {
		pic.Sizes = append(pic.Sizes, pictureSize{s.path, s.width, s.height})
	}
	return pic
}

// getPicture fetches the bytes of a picture.
func getPicture(ctx context.Context, web pipeline.Getter, url, zone string) ([]byte, error) {
	res, err := web.Get(ctx, egress.Request{URL: url, Zone: zone, Accept: "image/webp,image/png,image/jpeg,image/gif;q=0.8", MaxBody: pictureBytes})
	if err != nil {
		return nil, err
	}
	if res.Status != http.StatusOK || res.Truncated {
		return nil, fmt.Errorf("picture %s: answered %d, %d bytes", url, res.Status, len(res.Body))
	}
	return res.Body, nil
}

// pictureTypes are the formats that are served as they come.
var pictureTypes = map[string]string{"jpeg": ".jpg", "png": ".png", "gif": ".gif", "webp": ".webp"}

// drawSizes draws a picture in the widths that pages show, the widest last. It
// is never made wider. One that is neither too wide nor too heavy stays as it
// came; the others are JPEG, or PNG where something shows through. What moves
// has one size, or it would stand still in the others.
func drawSizes(url string, body []byte) ([]drawn, error) {
	size, format, err := image.DecodeConfig(bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("picture %s: %w", url, err)
	}
	if size.Width < pictureLeast || size.Height < pictureLeast || size.Width*size.Height > picturePixels {
		return nil, fmt.Errorf("picture %s is %d × %d pixels", url, size.Width, size.Height)
	}
	src, _, err := image.Decode(bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("picture %s: %w", url, err)
	}
	turn := 1
	if format == "jpeg" {
		turn = orientation(body)
	}
	width, height := size.Width, size.Height
	if turn > 4 {
		width, height = height, width
	}
	whole := drawn{}
	if ext := pictureTypes[format]; width <= pictureWidth && len(body) <= pictureKeep && turn == 1 && ext != "" {
		whole = newDrawn(width, height, bytes.Clone(body), ext)
	} else {
		m := scaled(src, turn, min(width, pictureWidth))
		if whole, err = encoded(m); err != nil {
			return nil, fmt.Errorf("picture %s: %w", url, err)
		}
		src, turn = m, 1
	}
	out := []drawn{whole}
	if format == "gif" {
		return out, nil
	}
	for _, w := range slices.Backward(pictureWidths) {
		if w*5 > whole.width*4 {
			continue
		}
		m := scaled(src, turn, w)
		d, err := encoded(m)
		if err != nil {
			return nil, fmt.Errorf("picture %s: %w", url, err)
		}
		if len(d.body) < len(out[0].body) { // flat drawings gain nothing
			out = slices.Insert(out, 0, d)
		}
		src, turn = m, 1
	}
	return out, nil
}

// scaled is a picture brought to a width, the right way up.
func scaled(src image.Image, turn, width int) *image.RGBA {
	b := src.Bounds()
	if turn > 4 { // width and height change places afterwards
		dst := image.NewRGBA(image.Rect(0, 0, max(1, width*b.Dx()/b.Dy()), width))
		draw.BiLinear.Scale(dst, dst.Bounds(), src, b, draw.Src, nil)
		return turned(dst, turn)
	}
	dst := image.NewRGBA(image.Rect(0, 0, width, max(1, width*b.Dy()/b.Dx())))
	draw.BiLinear.Scale(dst, dst.Bounds(), src, b, draw.Src, nil)
	return turned(dst, turn)
}

// encoded is a picture as it is served.
func encoded(m *image.RGBA) (drawn, error) {
	var b bytes.Buffer
	ext := ".jpg"
	var err error
	if m.Opaque() {
		err = jpeg.Encode(&b, m, &jpeg.Options{Quality: 80})
	} else {
		ext = ".png"
		err = png.Encode(&b, m)
	}
	return newDrawn(m.Rect.Dx(), m.Rect.Dy(), b.Bytes(), ext), err
}

// turned undoes an orientation of EXIF, 1 to 8: cameras save pictures as the
// sensor saw them, and tell how they were held.
func turned(m *image.RGBA, turn int) *image.RGBA {
	if turn < 2 || turn > 8 {
		return m
	}
	w, h := m.Rect.Dx(), m.Rect.Dy()
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	if turn > 4 {
		out = image.NewRGBA(image.Rect(0, 0, h, w))
	}
	for y := range h {
		for x := range w {
			var to image.Point
			switch turn {
			case 2:
				to = image.Pt(w-1-x, y)
			case 3:
				to = image.Pt(w-1-x, h-1-y)
			case 4:
				to = image.Pt(x, h-1-y)
			case 5:
				to = image.Pt(y, x)
			case 6:
				to = image.Pt(h-1-y, x)
			case 7:
				to = image.Pt(h-1-y, w-1-x)
			case 8:
				to = image.Pt(y, w-1-x)
			}
			out.SetRGBA(to.X, to.Y, m.RGBAAt(x, y))
		}
	}
	return out
}

// orientation reads how a JPEG was held (EXIF 2.3, tag 0x0112); 1: upright, or
// it does not say.
func orientation(body []byte) int {
	for b := body[min(2, len(body)):]; len(b) > 4 && b[0] == 0xff; {
		n := int(binary.BigEndian.Uint16(b[2:]))
		if n < 2 || len(b) < 2+n || b[1] == 0xda {
			return 1
		}
		if tiff, ok := bytes.CutPrefix(b[4:2+n], []byte("Exif\x00\x00")); ok && b[1] == 0xe1 {
			return tiffOrientation(tiff)
		}
		b = b[2+n:]
	}
	return 1
}

func tiffOrientation(t []byte) int {
	if len(t) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.LittleEndian
	if t[0] == 'M' {
		order = binary.BigEndian
	}
	at := int(order.Uint32(t[4:]))
	if at < 8 || at+2 > len(t) {
		return 1
	}
	for i := range int(order.Uint16(t[at:])) {
		e := at + 2 + 12*i
		if e+12 > len(t) {
			return 1
		}
		if order.Uint16(t[e:]) == 0x0112 {
			if v := int(order.Uint16(t[e+8:])); v >= 1 && v <= 8 {
				return v
			}
			return 1
		}
	}
	return 1
}
