package release

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// Layout of the directory. Blobs lie in one folder, under their final names from
// the moment they are created; what a crashed build left is told by the marker.
// (256 folders made the creation of 11,260 files on ext4 two to four times as
// dear: each folder has its own place on the disk.)
const (
	blobsDir     = "blobs"
	manifestsDir = "manifests"
	listsDir     = "lists"
	pointerFile  = "current.json"
	memoFile     = "memo"
	markerFile   = "building"
	buildLock    = "build.lock"
	pointerLock  = "pointer.lock"
)

// Store is a directory of releases. Its methods may be called from many
// goroutines, and several processes may open one directory.
type Store struct {
	dir     string
	recheck time.Duration
	now     func() time.Time

	live    atomic.Pointer[live]
	built   atomic.Pointer[Manifest] // by this process last: it need not be read back
	refresh sync.Mutex               // one at a time looks at the pointer file
	moving  sync.Mutex               // one at a time moves the pointer
}

// Open opens the store in dir, making the directory when there is none, and
// removes what a crashed build left behind; read-only it does neither.
func Open(dir string, o Options) (*Store, error) {
	if o.Recheck == 0 {
		o.Recheck = time.Second
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("release store %s: %w", dir, err)
	}
	s := &Store{dir: abs, recheck: o.Recheck, now: o.Now}
	if o.ReadOnly {
		return s, nil
	}
	for _, d := range []string{blobsDir, manifestsDir, listsDir} {
		if err := os.MkdirAll(s.path(d), 0o777); err != nil {
			return nil, fmt.Errorf("open release store: %w", full(err))
		}
	}
	if _, err := os.Lstat(s.path(markerFile)); err == nil {
		unlock, err := s.lock()
		switch {
		case errors.Is(err, ErrLocked): // somebody is at work, nothing has crashed
		case err != nil:
			return nil, err
		default:
			err = s.recoverBuild()
			unlock()
			if err != nil {
				return nil, err
			}
		}
	}
	return s, nil
}

func (s *Store) path(elem ...string) string {
	return filepath.Join(append([]string{s.dir}, elem...)...)
}

func (s *Store) blobPath(hash string) string {
	return s.dir + "/" + blobsDir + "/" + hash
}

func (s *Store) listPath(hash string) string {
	return s.dir + "/" + listsDir + "/" + hash
}

// lock takes the right to write blobs and manifests, or fails with ErrLocked.
func (s *Store) lock() (unlock func(), err error) {
	unlock, err = tryLock(s.path(buildLock))
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", s.path(buildLock), full(err))
	}
	return unlock, nil
}

// recoverBuild removes every blob that no manifest names. The caller holds the
// lock. Such a blob may have been cut short by the crash, and its name says it
// is whole; to make it again is cheaper than to know.
func (s *Store) recoverBuild() error {
	if _, err := os.Lstat(s.path(markerFile)); err != nil {
		return nil
	}
	if _, err := s.sweep(nil); err != nil {
		return fmt.Errorf("remove what a crashed build left: %w", err)
	}
	return s.dropMarker()
}

func (s *Store) dropMarker() error {
	if err := os.Remove(s.path(markerFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("end of build: %w", err)
	}
	return nil
}

// Blob returns the content with the given hash.
func (s *Store) Blob(hash string) ([]byte, error) {
	if !validHash(hash) {
		return nil, fmt.Errorf("blob %q: %w", hash, ErrNotFound)
	}
	b, err := os.ReadFile(s.blobPath(hash))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("blob %s: %w", hash, ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("blob %s: %w", hash, err)
	}
	return b, nil
}

// OpenBlob opens the content with the given hash for reading, for what is too
// large to hold in memory.
func (s *Store) OpenBlob(hash string) (*os.File, error) {
	if !validHash(hash) {
		return nil, fmt.Errorf("blob %q: %w", hash, ErrNotFound)
	}
	f, err := os.Open(s.blobPath(hash))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("blob %s: %w", hash, ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("blob %s: %w", hash, err)
	}
	return f, nil
}

func validHash(h string) bool {
	return len(h) == 64 && isHex(h)
}

func isHex(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
