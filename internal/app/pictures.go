package app

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

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

// pictureRetry is how long a picture that failed for good is left alone.
const pictureRetry = 3 * 24 * time.Hour

var pictureSchema = []string{`
CREATE TABLE picture (
	url   TEXT PRIMARY KEY,
	state TEXT NOT NULL, -- picture as JSON
	body  BLOB           -- as it is served; NULL: there is none, see state
) WITHOUT ROWID;`, `
CREATE TABLE picture_size (
	url  TEXT NOT NULL,
	path TEXT NOT NULL, -- within the site
	body BLOB NOT NULL,
	PRIMARY KEY (url, path)
) WITHOUT ROWID;`}

// picture is what is known of one picture.
type picture struct {
	Path   string `json:"path,omitempty"` // within the site
	Width  int    `json:"width,omitempty"`
	Height int    `json:"height,omitempty"`
	// Sizes are narrower ones, the narrowest first; those that were kept before
	// there were any have none.
	Sizes  []pictureSize `json:"sizes,omitempty"`
	Failed time.Time     `json:"failed,omitzero"`
	Why    string        `json:"why,omitempty"`
	// Passing says that the failure was one that may pass: a time-out, a reset.
	Passing bool `json:"passing,omitempty"`
	// Evicted says that it was here and made room for others.
	Evicted bool `json:"evicted,omitempty"`
}

// pictureSize is a picture in one width.
type pictureSize struct {
	Path   string `json:"path"`
	Width  int    `json:"width"`
	Height int    `json:"height"`
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

	drawing sync.Mutex // one at a time: a large one takes 160 MB while it is scaled

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
			img := site.Image{Path: pic.Path, Width: pic.Width, Height: pic.Height}
			for _, s := range pic.Sizes {
				img.Smaller = append(img.Smaller, site.Image{Path: s.Path, Width: s.Width, Height: s.Height})
			}
			out[url] = img
		}
	}
	p.ready = out
	return out, nil
}

// Body implements pipeline.Pictures.
func (p *pictures) Body(ctx context.Context, url, path string) ([]byte, error) {
	var b []byte
	err := p.db.Read().QueryRowContext(ctx, `SELECT body FROM picture_size WHERE url = ? AND path = ?`, url, path).Scan(&b)
	if errors.Is(err, sql.ErrNoRows) {
		err = p.db.Read().QueryRowContext(ctx, `SELECT body FROM picture WHERE url = ?`, url).Scan(&b)
	}
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
	rows, err := p.db.Read().QueryContext(ctx, `SELECT url, length(body) + coalesce((SELECT sum(length(s.body)) FROM picture_size s WHERE s.url = picture.url), 0)
		FROM picture WHERE body IS NOT NULL ORDER BY url`)
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
	d, err := p.get(ctx, web, url, zone)
	if err != nil {
		if ctx.Err() != nil {
			return err
		}
		pic := picture{Failed: p.now().UTC().Truncate(time.Second), Why: err.Error(),
			Passing: errors.Is(err, egress.ErrTimeout) || errors.Is(err, egress.ErrConnection)}
		return errors.Join(err, p.keep(ctx, url, pic, nil))
	}
	return p.keep(ctx, url, pictureOf(d), d)
}

// get fetches a picture and draws its sizes.
func (p *pictures) get(ctx context.Context, web pipeline.Getter, url, zone string) ([]drawn, error) {
	body, err := getPicture(ctx, web, url, zone)
	if err != nil {
		return nil, err
	}
	p.drawing.Lock()
	defer p.drawing.Unlock()
	return drawSizes(url, body)
}

func (p *pictures) keep(ctx context.Context, url string, pic picture, sizes []drawn) error {
	if err := p.write(ctx, url, pic, sizes); err != nil {
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

// write keeps what is known of a picture, and its sizes, the widest last; nil:
// there is none.
func (p *pictures) write(ctx context.Context, url string, pic picture, sizes []drawn) error {
	state, err := json.Marshal(pic)
	if err != nil {
		return err
	}
	if err := failpoint.Hit(beforePicture); err != nil {
		return err
	}
	err = p.db.Write(ctx, func(tx *sql.Tx) error {
		var body []byte
		if n := len(sizes); n > 0 {
			body = sizes[n-1].body
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO picture VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET state = excluded.state, body = excluded.body`, url, string(state), body)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM picture_size WHERE url = ?`, url); err != nil || len(sizes) < 2 {
			return err
		}
		for _, s := range sizes[:len(sizes)-1] {
			if _, err := tx.ExecContext(ctx, `INSERT INTO picture_size VALUES (?, ?, ?)`, url, s.path, s.body); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("keep picture: %w", err)
	}
	return failpoint.Hit(afterPicture)
}
