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
	"slices"
	"sync"
	"sync/atomic"
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
	pictureKeep   = 400_000 // bytes up to which one is kept as it came
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
	// Passing says that the failure was one that may pass: a time-out, a reset.
	Passing bool `json:"passing,omitempty"`
	// Evicted says that it was here and made room for others.
	Evicted bool `json:"evicted,omitempty"`
}

// wait is how long a picture that failed is left alone.
func (p picture) wait() time.Duration {
	if p.Passing {
		return time.Hour
	}
	return pictureRetry
}

// pictures keeps copies of posts' lead pictures in the state database: they
// can be fetched again.
type pictures struct {
	db  *sqlite.DB
	now func() time.Time
	max atomic.Int64 // bytes on disk; 0: no limit

	mu    sync.Mutex
	known map[string]picture    // nil: not read yet; this process alone writes
	ready map[string]site.Image // of known; nil: to be made. It is never changed
}

var _ pipeline.Pictures = (*pictures)(nil)

func openPictures(ctx context.Context, db *sqlite.DB, now func() time.Time) (*pictures, error) {
	if err := db.Migrate(ctx, "pictures", pictureSchema); err != nil {
		return nil, err
	}
	return &pictures{db: db, now: now}, nil
}

// all returns what is known of every picture, by address. The caller holds mu.
func (p *pictures) all(ctx context.Context) (map[string]picture, error) {
	if p.known == nil {
		all, err := p.read(ctx)
		if err != nil {
			return nil, err
		}
		p.known = all
	}
	return p.known, nil
}

func (p *pictures) read(ctx context.Context) (map[string]picture, error) {
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
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ready != nil {
		return p.ready, nil
	}
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
	p.ready = out
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

// Count implements pipeline.Pictures. One that made room counts twice: what
// the site shows is another then, and the number only grows.
func (p *pictures) Count(ctx context.Context) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	all, err := p.all(ctx)
	n := 0
	for _, pic := range all {
		switch {
		case pic.Path != "":
			n++
		case pic.Evicted:
			n += 2
		}
	}
	return n, err
}

// Wanted implements pipeline.Pictures.
func (p *pictures) Wanted(ctx context.Context, urls []string) ([]string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	all, err := p.all(ctx)
	if err != nil {
		return nil, err
	}
	if err := p.room(ctx, all, urls); err != nil {
		return nil, err
	}
	var out []string
	for _, u := range urls {
		pic, ok := all[u]
		if !ok || pic.Path == "" && !pic.Evicted && p.now().Sub(pic.Failed) > pic.wait() {
			out = append(out, u)
		}
	}
	return out, nil
}

// room removes pictures until what is left takes no more than the limit, and a
// little less, so that this is seldom: first those that none of the newest posts
// shows, then those of the older ones. newest are addresses, the newest first.
// The caller holds mu.
func (p *pictures) room(ctx context.Context, all map[string]picture, newest []string) error {
	limit := p.max.Load()
	if limit <= 0 {
		return nil
	}
	rows, err := p.db.Read().QueryContext(ctx, `SELECT url, length(body) FROM picture WHERE body IS NOT NULL ORDER BY url`)
	if err != nil {
		return fmt.Errorf("measure pictures: %w", err)
	}
	defer rows.Close()
	type one struct {
		url  string
		size int64
		rank int
	}
	rank := make(map[string]int, len(newest))
	for i, u := range newest {
		rank[u] = i
	}
	var list []one
	var sum int64
	for rows.Next() {
		var o one
		if err := rows.Scan(&o.url, &o.size); err != nil {
			return fmt.Errorf("measure pictures: %w", err)
		}
		o.rank = len(newest)
		if r, ok := rank[o.url]; ok {
			o.rank = r
		}
		list, sum = append(list, o), sum+o.size
	}
	if err := rows.Err(); err != nil || sum <= limit {
		return err
	}
	rows.Close()
	slices.SortStableFunc(list, func(a, b one) int { return b.rank - a.rank })
	for _, o := range list {
		if sum <= limit-limit/8 {
			break
		}
		if err := p.write(ctx, o.url, picture{Evicted: true, Why: "it made room"}, nil); err != nil {
			return err
		}
		all[o.url] = picture{Evicted: true}
		sum -= o.size
	}
	p.ready = nil
	return nil
}

// Fetch implements pipeline.Pictures.
func (p *pictures) Fetch(ctx context.Context, web pipeline.Getter, url, zone string) error {
	body, ext, pic, err := getPicture(ctx, web, url, zone)
	if err != nil {
		if ctx.Err() != nil {
			return err
		}
		pic = picture{Failed: p.now().UTC().Truncate(time.Second), Why: err.Error(),
			Passing: errors.Is(err, egress.ErrTimeout) || errors.Is(err, egress.ErrConnection)}
		return errors.Join(err, p.keep(ctx, url, pic, nil))
	}
	h := sha256.Sum256(body)
	pic.Path = "images/" + hex.EncodeToString(h[:8]) + ext
	return p.keep(ctx, url, pic, body)
}

func (p *pictures) keep(ctx context.Context, url string, pic picture, body []byte) error {
	if err := p.write(ctx, url, pic, body); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known != nil {
		p.known[url] = pic
	}
	p.ready = nil
	return nil
}

func (p *pictures) write(ctx context.Context, url string, pic picture, body []byte) error {
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

// getPicture fetches a picture. One that is larger than what is shown is
// brought down to that; others stay as they are.
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
	if ext := pictureTypes[format]; size.Width <= pictureWidth && len(res.Body) <= pictureKeep && ext != "" {
		return bytes.Clone(res.Body), ext, picture{Width: size.Width, Height: size.Height}, nil
	}
	return shrink(url, res.Body)
}

// pictureTypes are the formats that are served as they come.
var pictureTypes = map[string]string{"jpeg": ".jpg", "png": ".png", "gif": ".gif", "webp": ".webp"}

// shrink brings a picture to at most pictureWidth: as JPEG, or as PNG where
// something shows through.
func shrink(url string, body []byte) ([]byte, string, picture, error) {
	src, _, err := image.Decode(bytes.NewReader(body))
	if err != nil {
		return nil, "", picture{}, fmt.Errorf("picture %s: %w", url, err)
	}
	w, h := src.Bounds().Dx(), src.Bounds().Dy()
	if w > pictureWidth {
		w, h = pictureWidth, max(1, h*pictureWidth/w)
	}
	dst := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.ApproxBiLinear.Scale(dst, dst.Bounds(), src, src.Bounds(), draw.Src, nil)
	var b bytes.Buffer
	ext := ".jpg"
	if dst.Opaque() {
		err = jpeg.Encode(&b, dst, &jpeg.Options{Quality: 82})
	} else {
		ext = ".png"
		err = png.Encode(&b, dst)
	}
	return b.Bytes(), ext, picture{Width: w, Height: h}, err
}
