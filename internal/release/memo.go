package release

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"slices"

	"github.com/coranto/coranto/internal/failpoint"
)

var (
	fpBeforeMemo = failpoint.Name("release.before-memo")
	fpAfterMemo  = failpoint.Name("release.after-memo")
)

// Memo remembers, between builds, what was rendered from what: the key is a
// hash of everything that went in, the value the hash of the blob that came
// out. It may be lost at any time and only costs the rendering again.
type Memo map[[32]byte]string

const (
	memoMagic  = "coranto memo 1\n"
	memoRecord = 64
	maxMemo    = 1 << 30
)

// LoadMemo returns the memo without the entries whose blobs are gone; an empty
// one when there is none or it is damaged.
func (s *Store) LoadMemo() (Memo, error) {
	data, err := readLimited(s.path(memoFile), maxMemo)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, ErrCorrupt) {
		return Memo{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("load build memo: %w", err)
	}
	all := decodeMemo(data)
	there, err := s.blobs()
	if err != nil {
		return nil, fmt.Errorf("load build memo: %w", err)
	}
	for k, h := range all {
		if _, ok := there[h]; !ok {
			delete(all, k)
		}
	}
	return all, nil
}

// SaveMemo replaces the memo.
func (s *Store) SaveMemo(m Memo) error {
	data, err := encodeMemo(m)
	if err != nil {
		return fmt.Errorf("save build memo: %w", err)
	}
	if err := writeAtomic(s.path(memoFile), data, fpBeforeMemo, fpAfterMemo); err != nil {
		return fmt.Errorf("save build memo: %w", err)
	}
	return nil
}

func encodeMemo(m Memo) ([]byte, error) {
	keys := make([][32]byte, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b [32]byte) int { return bytes.Compare(a[:], b[:]) })
	data := make([]byte, 0, len(memoMagic)+4+len(m)*memoRecord)
	data = append(data, memoMagic...)
	data = append(data, 0, 0, 0, 0)
	for _, k := range keys {
		if !validHash(m[k]) {
			return nil, fmt.Errorf("%q is no hash", m[k])
		}
		data = append(data, k[:]...)
		data, _ = hex.AppendDecode(data, []byte(m[k]))
	}
	putCRC(data)
	return data, nil
}

func putCRC(data []byte) {
	sum := crc32.ChecksumIEEE(data[len(memoMagic)+4:])
	for i := range 4 {
		data[len(memoMagic)+i] = byte(sum >> (8 * i))
	}
}

// decodeMemo reads what encodeMemo wrote; anything else is an empty memo.
func decodeMemo(data []byte) Memo {
	body, ok := bytes.CutPrefix(data, []byte(memoMagic))
	if !ok || len(body) < 4 || (len(body)-4)%memoRecord != 0 {
		return Memo{}
	}
	sum := uint32(body[0]) | uint32(body[1])<<8 | uint32(body[2])<<16 | uint32(body[3])<<24
	body = body[4:]
	if crc32.ChecksumIEEE(body) != sum {
		return Memo{}
	}
	m := make(Memo, len(body)/memoRecord)
	for len(body) > 0 {
		m[[32]byte(body[:32])] = hex.EncodeToString(body[32:64])
		body = body[memoRecord:]
	}
	return m
}

// blobs lists the hashes that are on disk.
func (s *Store) blobs() (map[string]struct{}, error) {
	names, err := readNames(s.path(blobsDir))
	if err != nil {
		return nil, err
	}
	out := make(map[string]struct{}, len(names))
	for _, n := range names {
		if validHash(n) {
			out[n] = struct{}{}
		}
	}
	return out, nil
}

func readNames(dir string) ([]string, error) {
	d, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	return d.Readdirnames(-1)
}
