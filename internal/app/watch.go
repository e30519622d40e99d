package app

import (
	"context"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/coranto/coranto/internal/git"
)

// branchWatch tells that a branch may have moved, as soon as the file system
// does. It is a hint and nothing else: whoever waits for it looks at the branch
// now and then as well, since a network file system tells nothing and watches
// may be used up.
type branchWatch struct {
	watcher *fsnotify.Watcher
	common  string   // what all working trees share: refs, packed-refs
	ref     string   // "refs/heads/main"
	folders []string // where the ref may appear, from refs/heads down
	files   map[string]bool
	moved   chan struct{}
}

// watchBranch watches until ctx ends; then the channel is silent. Where nothing
// can be watched it is nil, for ever silent too.
func watchBranch(ctx context.Context, repo *git.Repo, branch string) (<-chan struct{}, func()) {
	w, err := newBranchWatch(repo, branch)
	if err != nil {
		return nil, func() {}
	}
	ctx, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		w.run(ctx)
	}()
	return w.moved, func() { stop(); <-ended }
}

func newBranchWatch(repo *git.Repo, branch string) (*branchWatch, error) {
	common, err := commonDir(repo.GitDir())
	if err != nil {
		return nil, err
	}
	w := &branchWatch{common: common, ref: "refs/heads/" + branch, moved: make(chan struct{}, 1), files: map[string]bool{}}
	for _, name := range []string{"packed-refs", "reftable/tables.list", w.ref} {
		w.files[filepath.Join(common, filepath.FromSlash(name))] = true
	}
	for d := path.Dir(w.ref); d != "refs"; d = path.Dir(d) {
		at := filepath.Join(common, filepath.FromSlash(d))
		w.folders = append([]string{at}, w.folders...)
		w.files[at] = true
	}
	if w.watcher, err = fsnotify.NewWatcher(); err != nil {
		return nil, err
	}
	if err := w.watcher.Add(common); err != nil {
		w.watcher.Close()
		return nil, err
	}
	_ = w.watcher.Add(filepath.Join(common, "reftable")) // most have none
	w.descend()
	return w, nil
}

// commonDir is what the working tree with this git folder shares with others.
func commonDir(gitDir string) (string, error) {
	b, err := os.ReadFile(filepath.Join(gitDir, "commondir"))
	if os.IsNotExist(err) {
		return gitDir, nil
	}
	if err != nil {
		return "", err
	}
	common := strings.TrimSpace(string(b))
	if !filepath.IsAbs(common) {
		common = filepath.Join(gitDir, common)
	}
	return filepath.Clean(common), nil
}

// descend watches the folders of the ref that are there; git removes one that
// packing has emptied, and makes it again. To watch one twice is to watch it once.
func (w *branchWatch) descend() {
	for _, d := range w.folders {
		if w.watcher.Add(d) != nil {
			return
		}
	}
}

func (w *branchWatch) run(ctx context.Context) {
	defer w.watcher.Close()
	for {
		select {
		case <-ctx.Done():
			return
		case e, ok := <-w.watcher.Events:
			if !ok {
				return
			}
			if !w.files[e.Name] || e.Op == fsnotify.Chmod {
				continue
			}
			w.descend()
		case _, ok := <-w.watcher.Errors: // events were lost
			if !ok {
				return
			}
		}
		select {
		case w.moved <- struct{}{}:
		default: // it is told already
		}
	}
}

// settle is the least time between two looks at the branch because it moved: the
// first of a burst is looked at at once, what follows together.
const settle = 100 * time.Millisecond

// rest waits for the next look: for a tick, for moved, which counts once settle
// has passed since began, or for the end.
func rest(ctx context.Context, tick <-chan time.Time, moved <-chan struct{}, began time.Time) error {
	select {
	case <-tick:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-moved:
	}
	wait := time.NewTimer(settle - time.Since(began))
	defer wait.Stop()
	select {
	case <-wait.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
