package app

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	_ "image/gif" // what posts' pictures come as
	"image/jpeg"
	"image/png"
	"net/http"
	"time"

	"golang.org/x/image/draw"
	_ "golang.org/x/image/webp" // the same

	"github.com/coranto/coranto/internal/egress"
	"github.com/coranto/coranto/internal/failpoint"
	"github.com/coranto/coranto/internal/pipeline"
	"github.com/coranto/coranto/internal/site"
	"github.com/coranto/coranto/internal/sqlite"
)

var (
	beforePicture = failpoint.Name("picture.before-keep")
	afterPicture  = failpoint.Name("picture.after-keep")
)

// Limits of a picture, and the width it is brought to: what a card or the head
// of a post shows on a dense screen.
const (
	pictureBytes  = 8 << 20
	picturePixels = 40_000_000
	pictureWidth  = 1280
	pictureRetry  = 3 * 24 * time.Hour
)

var pictureSchema = []string{`
CREATE TABLE picture (
	url   TEXT PRIMARY KEY,
	state TEXT NOT NULL, -- picture as JSON
	body  BLOB           -- as it is served; NULL: there is none, see state
) WITHOUT ROWID;`}

// picture is what is known of one picture.
type picture struct {
	Path   string    `json:"path,omitempty"` // within the site
	Width  int       `json:"width,omitempty"`
	Height int       `json:"height,omitempty"`
	Failed time.Time `json:"failed,omitzero"`
	Why    string    `json:"why,omitempty"`
}

// pictures keeps copies of posts' lead pictures in the state database: they
// can be fetched again.
type pictures struct {
	db  *sqlite.DB
	now func() time.Time
}

var _ pipeline.Pictures = (*pictures)(nil)

func openPictures(ctx context.Context, db *sqlite.DB, now func() time.Time) (*pictures, error) {
	if err := db.Migrate(ctx, "pictures", pictureSchema); err != nil {
		return nil, err
	}
	return &pictures{db, now}, nil
}

// all returns what is known of every picture, by address.
func (p *pictures) all(ctx context.Context) (map[string]picture, error) {
	rows, err := p.db.Read().QueryContext(ctx, `SELECT url, state FROM picture`)
	if err != nil {
		return nil, fmt.Errorf("read pictures: %w", err)
	}
	defer rows.Close()
	out := map[string]picture{}
	for rows.Next() {
		var url, state string
		if err := rows.Scan(&url, &state); err != nil {
			return nil, fmt.Errorf("read pictures: %w", err)
		}
		var pic picture
		if json.Unmarshal([]byte(state), &pic) == nil {
			out[url] = pic
		}
	}
	return out, rows.Err()
}

// Ready implements pipeline.Pictures.
func (p *pictures) Ready(ctx context.Context) (map[string]site.Image, error) {
	all, err := p.all(ctx)
	if err != nil {
		return nil, err
	}
	out := map[string]site.Image{}
	for url, pic := range all {
		if pic.Path != "" {
			out[url] = site.Image{Path: pic.Path, Width: pic.Width, Height: pic.Height}
		}
	}
	return out, nil
}

// Body implements pipeline.Pictures.
func (p *pictures) Body(ctx context.Context, url string) ([]byte, error) {
	var b []byte
	err := p.db.Read().QueryRowContext(ctx, `SELECT body FROM picture WHERE url = ?`, url).Scan(&b)
	if err != nil {
		return nil, fmt.Errorf("read picture of %s: %w", url, err)
	}
	return b, nil
}

// Wanted implements pipeline.Pictures.
func (p *pictures) Wanted(ctx context.Context, urls []string) ([]string, error) {
	all, err := p.all(ctx)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, u := range urls {
		pic, ok := all[u]
		if !ok || pic.Path == "" && p.now().Sub(pic.Failed) > pictureRetry {
			out = append(out, u)
		}
	}
	return out, nil
}

// Fetch implements pipeline.Pictures.
func (p *pictures) Fetch(ctx context.Context, web pipeline.Getter, url, zone string) error {
	body, ext, pic, err := getPicture(ctx, web, url, zone)
	if err != nil {
		if ctx.Err() != nil {
			return err
		}
		pic = picture{Failed: p.now().UTC().Truncate(time.Second), Why: err.Error()}
		return errors.Join(err, p.keep(ctx, url, pic, nil))
	}
	h := sha256.Sum256(body)
	pic.Path = "images/" + hex.EncodeToString(h[:8]) + ext
	return p.keep(ctx, url, pic, body)
}

func (p *pictures) keep(ctx context.Context, url string, pic picture, body []byte) error {
	state, err := json.Marshal(pic)
	if err != nil {
		return err
	}
	if err := failpoint.Hit(beforePicture); err != nil {
		return err
	}
	err = p.db.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO picture VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET state = excluded.state, body = excluded.body`, url, string(state), body)
		return err
	})
	if err != nil {
		return fmt.Errorf("keep picture: %w", err)
	}
	return failpoint.Hit(afterPicture)
}

// getPicture fetches a picture and brings it to the size that is shown. What
// is drawn here anew cannot carry anything but pixels.
func getPicture(ctx context.Context, web pipeline.Getter, url, zone string) ([]byte, string, picture, error) {
	res, err := web.Get(ctx, egress.Request{URL: url, Zone: zone, Accept: "image/webp,image/png,image/jpeg,image/gif;q=0.8", MaxBody: pictureBytes})
	if err != nil {
		return nil, "", picture{}, err
	}
	if res.Status != http.StatusOK || res.Truncated {
		return nil, "", picture{}, fmt.Errorf("picture %s: answered %d, %d bytes", url, res.Status, len(res.Body))
	}
	size, format, err := image.DecodeConfig(bytes.NewReader(res.Body))
	if err != nil {
		return nil, "", picture{}, fmt.Errorf("picture %s: %w", url, err)
	}
	if size.Width < 32 || size.Height < 32 || size.Width*size.Height > picturePixels {
		return nil, "", picture{}, fmt.Errorf("picture %s is %d × %d pixels", url, size.Width, size.Height)
	}
	src, _, err := image.Decode(bytes.NewReader(res.Body))
	if err != nil {
		return nil, "", picture{}, fmt.Errorf("picture %s: %w", url, err)
	}
	w, h := size.Width, size.Height
	if w > pictureWidth {
		w, h = pictureWidth, max(1, h*pictureWidth/w)
	}
	dst := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.ApproxBiLinear.Scale(dst, dst.Bounds(), src, src.Bounds(), draw.Src, nil)
	var b bytes.Buffer
	if format == "png" || format == "gif" || !dst.Opaque() {
		if err := png.Encode(&b, dst); err != nil {
			return nil, "", picture{}, err
		}
		if dst.Opaque() && b.Len() > 150_000 {
			b.Reset() // a photograph in a drawing's clothes
			format = "jpeg"
		} else {
			return b.Bytes(), ".png", picture{Width: w, Height: h}, nil
		}
	}
	if err := jpeg.Encode(&b, dst, &jpeg.Options{Quality: 82}); err != nil {
		return nil, "", picture{}, err
	}
	return b.Bytes(), ".jpg", picture{Width: w, Height: h}, nil
}
