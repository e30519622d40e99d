package app

import (
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/coranto/coranto/internal/host"
	"github.com/coranto/coranto/internal/release"
)

// packed keeps files of releases as gzip and brotli have made them, by the hash
// of the file: .coranto/cache/encoded/HASH.gzip. Each begins with a checksum, so
// that one which a crash has cut short is as good as none. It can be thrown away.
type packed struct{ dir string }

func (e packed) path(hash, encoding string) string {
	return filepath.Join(e.dir, hash+"."+encoding)
}

// Encoded implements host.Encodings.
func (e packed) Encoded(hash, encoding string) ([]byte, bool) {
	b, err := os.ReadFile(e.path(hash, encoding))
	if err != nil || len(b) < 4 || binary.BigEndian.Uint32(b) != crc32.ChecksumIEEE(b[4:]) {
		return nil, false
	}
	return b[4:], true
}

// KeepEncoded implements host.Encodings. Where it fails the file is encoded again.
func (e packed) KeepEncoded(hash, encoding string, body []byte) {
	b := binary.BigEndian.AppendUint32(make([]byte, 0, len(body)+4), crc32.ChecksumIEEE(body))
	_ = os.WriteFile(e.path(hash, encoding), append(b, body...), 0o666)
}

// sweep removes what belongs to no blob any more.
func (e packed) sweep(ctx context.Context, store *release.Store) error {
	entries, err := os.ReadDir(e.dir)
	if err != nil {
		return err
	}
	for _, f := range entries {
		if ctx.Err() != nil {
			return nil
		}
		hash, _, _ := strings.Cut(f.Name(), ".")
		b, err := store.OpenBlob(hash)
		if err == nil {
			b.Close()
		} else if errors.Is(err, release.ErrNotFound) {
			if err := os.Remove(filepath.Join(e.dir, f.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// sweepEvery is how often what is encoded is looked through.
const sweepEvery = time.Hour

// keepEncoded looks after what is encoded, until ctx ends.
func (a *App) keepEncoded(ctx context.Context) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		if err := a.packed().sweep(ctx, a.releases); err != nil && ctx.Err() == nil && !errors.Is(err, os.ErrNotExist) {
			a.o.Log.WarnContext(ctx, "what is encoded was not looked through", "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func (a *App) packed() packed { return packed{filepath.Join(a.cache(), "encoded")} }

var _ host.Encodings = hostedRelease{}
