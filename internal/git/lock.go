package git

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// treeLock lets one of our processes at a time change refs, index and working
// tree. It ends with its process.
//
// Git's own locks do not: when a whole machine or container is killed, the file
// of a git process of ours may stay, and block the user as well as us. So
// before such a process the lock's file names what it may leave behind; the
// next holder takes away exactly that. A lock of the user's is never touched.
type treeLock struct {
	repo *Repo
	file *os.File
}

const (
	lockName = "coranto.lock"
	// A file of ours is made right after it was named, and a process of ours
	// that outlives its parent is soon done with it.
	lockSoon = 5 * time.Second
	lockDone = 2 * time.Second
)

func (r *Repo) lock(ctx context.Context) (*treeLock, error) {
	f, err := os.OpenFile(filepath.Join(r.gitDir, lockName), os.O_CREATE|os.O_RDWR, 0o666)
	if err != nil {
		return nil, err
	}
	for {
		ok, err := tryLock(f)
		if err != nil {
			f.Close()
			return nil, fmt.Errorf("lock %s: %w", f.Name(), err)
		}
		if ok {
			l := &treeLock{repo: r, file: f}
			l.sweep(ctx)
			return l, nil
		}
		if !pause(ctx, 5*time.Millisecond) {
			f.Close()
			return nil, context.Cause(ctx)
		}
	}
}

func (l *treeLock) unlock() { l.file.Close() }

// during runs a git process that may leave these files behind.
func (l *treeLock) during(files []string, run func() error) error {
	// Without the note all works, but for what a dead machine leaves.
	_, _ = l.file.WriteAt([]byte(strings.Join(files, "\n")+"\n"), 0)
	defer l.file.Truncate(0)
	return run()
}

// sweep takes away what a process of ours has left when all was killed.
func (l *treeLock) sweep(ctx context.Context) {
	info, err := l.file.Stat()
	if err != nil || info.Size() == 0 || info.Size() > 64<<10 {
		return
	}
	note := make([]byte, info.Size())
	if _, err := l.file.ReadAt(note, 0); err != nil {
		return
	}
	for name := range strings.Lines(string(note)) {
		l.remove(ctx, strings.TrimSuffix(name, "\n"), info.ModTime())
	}
	_ = l.file.Truncate(0)
}

func (l *treeLock) remove(ctx context.Context, name string, noted time.Time) {
	inside := strings.HasPrefix(name, l.repo.gitDir+string(filepath.Separator)) || strings.HasPrefix(name, l.repo.common+string(filepath.Separator))
	if !inside || !strings.HasSuffix(name, ".lock") || filepath.Base(name) == lockName {
		return
	}
	for end := time.Now().Add(lockDone); ; {
		info, err := os.Lstat(name)
		if errors.Is(err, fs.ErrNotExist) || err != nil {
			return
		}
		if at := info.ModTime(); at.Before(noted.Add(-time.Second)) || at.After(noted.Add(lockSoon)) {
			return // not ours
		}
		if !time.Now().Before(end) {
			_ = os.Remove(name)
			return
		}
		if !pause(ctx, 20*time.Millisecond) {
			return
		}
	}
}

// lockFiles are those of an update of refs.
func (r *Repo) lockFiles(updates []RefUpdate) []string {
	files := []string{filepath.Join(r.gitDir, "HEAD.lock"), filepath.Join(r.common, "packed-refs.lock")}
	for _, u := range updates {
		dir := r.common
		if strings.HasPrefix(u.Name, "refs/worktree/") {
			dir = r.gitDir
		}
		files = append(files, filepath.Join(dir, filepath.FromSlash(u.Name))+".lock")
	}
	return files
}
