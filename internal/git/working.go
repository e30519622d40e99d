package git

import (
	"bytes"
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/coranto/coranto/internal/failpoint"
)

// file moves the working file on. False: it is the user's.
func (f *follower) file(ctx context.Context, d Delta) (bool, error) {
	if d.Old.Mode == ModeModule || d.New.Mode == ModeModule {
		return true, nil // its own repository: only the index entry tells of it
	}
	if CheckPath(d.Path) != nil {
		return false, nil
	}
	name := filepath.Join(f.repo.dir, filepath.FromSlash(d.Path))
	if !f.plainParents(d.Path) {
		return false, nil
	}
	w, err := readWorking(name, f.repo.hexLen)
	if err != nil {
		return false, nil // unreadable, or not a file: nothing we could have put there
	}
	if w.is(d.New.ID) {
		return true, nil
	}
	ok, err := f.ours(ctx, d, w.is)
	if err != nil || !ok {
		return false, err
	}
	if w.missing && d.Old.ID != "" {
		return false, nil // deleted by the user
	}
	if f.look {
		return true, nil
	}
	if err := failpoint.Hit(fpFile); err != nil {
		return false, err
	}
	if d.New.ID == "" {
		err = f.remove(name)
	} else {
		err = f.write(ctx, name, d.New, w)
	}
	if err != nil {
		return false, err
	}
	return true, failpoint.Hit(fpFiled)
}

// plainParents reports whether no folder on the way is a symbolic link or a
// file: through those a write would land elsewhere.
func (f *follower) plainParents(path string) bool {
	at := f.repo.dir
	part := strings.Split(path, "/")
	for _, name := range part[:len(part)-1] {
		at = filepath.Join(at, name)
		info, err := os.Lstat(at)
		if errors.Is(err, fs.ErrNotExist) {
			return true
		}
		if err != nil || !info.IsDir() {
			return false
		}
	}
	return true
}

// working is a file as it lies in the working tree.
type working struct {
	missing bool
	raw     OID // of the bytes as they are
	lf      OID // of the bytes with LF line ends, where they have CRLF
	perm    fs.FileMode
}

// is reports whether the file is that blob. With core.autocrlf git itself
// writes CRLF for LF, so both spellings are the same file.
func (w working) is(id OID) bool {
	if w.missing || id == "" {
		return w.missing && id == ""
	}
	return w.raw == id || w.lf == id
}

var errNotFile = errors.New("neither a file nor a symbolic link")

func readWorking(name string, hexLen int) (working, error) {
	info, err := os.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return working{missing: true, perm: 0o666}, nil
	}
	if err != nil {
		return working{}, err
	}
	if info.Mode()&fs.ModeSymlink != 0 {
		target, err := os.Readlink(name)
		return working{raw: blobID([]byte(target), hexLen), perm: 0o666}, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxObject {
		return working{}, errNotFile
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return working{}, err
	}
	w := working{raw: blobID(data, hexLen), perm: info.Mode().Perm()}
	if bytes.Contains(data, []byte("\r\n")) {
		w.lf = blobID(bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n")), hexLen)
	}
	return w, nil
}

// blobID is the name that git gives these bytes.
func blobID(data []byte, hexLen int) OID {
	var h hash.Hash = sha1.New()
	if hexLen == 64 {
		h = sha256.New()
	}
	h.Write([]byte("blob " + strconv.Itoa(len(data)) + "\x00"))
	h.Write(data)
	return OID(hex.EncodeToString(h.Sum(nil)))
}

// remove deletes a file and the folders that it leaves empty.
func (f *follower) remove(name string) error {
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for dir := filepath.Dir(name); dir != f.repo.dir; dir = filepath.Dir(dir) {
		if os.Remove(dir) != nil {
			break
		}
	}
	return nil
}

// write puts the new bytes there in one step.
func (f *follower) write(ctx context.Context, name string, e Entry, w working) error {
	data, err := f.repo.Blob(ctx, e.ID)
	if err != nil {
		return err
	}
	if w.lf != "" && e.Mode != ModeSymlink && w.lf != w.raw && !bytes.Contains(data, []byte("\r\n")) {
		data = bytes.ReplaceAll(data, []byte("\n"), []byte("\r\n"))
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		return err
	}
	// The half-written file lies in git's folder: a crash leaves nothing that
	// git status would show.
	dir := f.repo.gitDir
	tmp, err := f.temp(dir, e, data, w.perm)
	if err != nil {
		return err
	}
	if err = os.Rename(tmp, name); err == nil {
		return nil
	}
	os.Remove(tmp)
	if tmp, err = f.temp(filepath.Dir(name), e, data, w.perm); err != nil {
		return err
	}
	if err = os.Rename(tmp, name); err != nil { // git's folder is on another disk
		os.Remove(tmp)
	}
	return err
}

func (f *follower) temp(dir string, e Entry, data []byte, perm fs.FileMode) (string, error) {
	name := filepath.Join(dir, "coranto-"+strconv.Itoa(os.Getpid())+".tmp")
	os.Remove(name)
	if e.Mode == ModeSymlink {
		return name, os.Symlink(string(data), name)
	}
	switch e.Mode {
	case ModeExec:
		perm |= perm & 0o444 >> 2
	default:
		perm &^= 0o111
	}
	// Without a file before, the umask decides; else the file keeps its mode.
	t, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, perm)
	if err != nil {
		return "", err
	}
	_, err = t.Write(data)
	if err == nil {
		err = t.Sync()
	}
	if err2 := t.Close(); err == nil {
		err = err2
	}
	if err != nil {
		os.Remove(name)
	}
	return name, err
}
