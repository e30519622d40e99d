package pipeline

import (
	"context"

	"github.com/coranto/coranto/internal/engine"
	"github.com/coranto/coranto/internal/site"
)

// Pictures keeps copies of posts' lead pictures, so that a reader's browser
// asks nobody but the site.
type Pictures interface {
	// Ready returns the pictures there are, by the address the posts give.
	Ready(ctx context.Context) (map[string]site.Image, error)
	// Body returns a picture's bytes in one of its sizes, by the address the posts
	// give and the path within the site.
	Body(ctx context.Context, url, path string) ([]byte, error)
	// Wanted returns those of urls that have neither a copy nor a recent failure.
	Wanted(ctx context.Context, urls []string) ([]string, error)
	// Fetch makes a copy, or remembers why there is none.
	Fetch(ctx context.Context, web Getter, url, zone string) error
	// Count is the number of copies; it only grows.
	Count(ctx context.Context) (int, error)
}

// PictureInput is one lead picture.
type PictureInput struct {
	URL  string `json:"url"`
	Zone string `json:"zone,omitempty"`
}

// WantedOutput lists pictures to be fetched.
type WantedOutput struct {
	Pictures []PictureInput `json:"pictures"`
	Count    int            `json:"count"`
}

// putPictures adds the pictures that pages show to the build, each under its
// path; those that an earlier release has are not read again.
func (p *Pipeline) putPictures(ctx context.Context, b files, images map[string]site.Image, has func(path string) (string, bool)) error {
	done := map[string]bool{}
	for url, img := range images {
		for _, img := range img.All() {
			if done[img.Path] {
				continue
			}
			done[img.Path] = true
			if hash, ok := has(img.Path); ok && b.Reuse(img.Path, hash) == nil {
				continue
			}
			body, err := p.Pictures.Body(ctx, url, img.Path)
			if err != nil {
				return err
			}
			if _, err := b.Put(img.Path, body); err != nil {
				return err
			}
		}
	}
	return nil
}

// newestPictures is how many of the newest posts get a copy of their picture:
// what people see on the head pages, whatever the size of the archive.
const newestPictures = 200

// wantedPictures finds the newest posts whose picture is not here yet.
func (p *Pipeline) wantedPictures(ctx context.Context, _ engine.Task, _ struct{}) (WantedOutput, error) {
	out := WantedOutput{Pictures: []PictureInput{}}
	set := p.Settings()
	if p.Pictures == nil || !set.Pictures {
		return out, nil
	}
	snap, err := p.Content.Snapshot(ctx)
	if err != nil {
		return out, err
	}
	posts, err := snap.Posts(ctx)
	if err != nil {
		return out, err
	}
	decided, err := p.Decisions(ctx, snap)
	if err != nil {
		return out, err
	}
	posts = decided.Apply(posts, moderationRules(set, p.Now())).Posts
	zone := map[string]string{}
	for _, s := range set.Sources {
		zone[s.ID] = s.Zone
	}
	var urls []string
	of := map[string]string{}
	for i := len(posts) - 1; i >= 0 && len(urls) < newestPictures; i-- {
		post := &posts[i]
		if post.Image == "" || post.Hidden || of[post.Image] != "" {
			continue
		}
		urls = append(urls, post.Image)
		of[post.Image] = zone[post.Source]
	}
	wanted, err := p.Pictures.Wanted(ctx, urls)
	if err != nil {
		return out, err
	}
	for _, u := range wanted {
		out.Pictures = append(out.Pictures, PictureInput{u, of[u]})
	}
	out.Count = len(out.Pictures)
	return out, nil
}

// PictureOutput says whether there is a copy now.
type PictureOutput struct {
	Kept bool `json:"kept"`
}

// fetchPicture copies one picture. One that cannot be had is no failure of the
// workflow: the card shows a drawn one.
func (p *Pipeline) fetchPicture(ctx context.Context, _ engine.Task, in PictureInput) (PictureOutput, error) {
	err := p.Pictures.Fetch(ctx, p.Settings().Web, in.URL, in.Zone)
	if err != nil && ctx.Err() == nil {
		p.Log.DebugContext(ctx, "no picture", "url", in.URL, KeyError, err)
		return PictureOutput{}, nil
	}
	return PictureOutput{Kept: err == nil}, err
}
