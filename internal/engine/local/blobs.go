package local

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/klauspost/compress/zstd"

	"github.com/coranto/coranto/asl"
	"github.com/coranto/coranto/internal/engine"
	"github.com/coranto/coranto/internal/sqlite"
)

// storedValue says where a value is: ref is empty when it stands in the journal
// itself, and blob is set when the journal's transaction has yet to keep it.
type storedValue struct {
	ref  engine.Ref
	blob *blob
}

// blob is a value as the table holds it: packed, where that makes it smaller.
type blob struct {
	body []byte
	size int // unpacked; of a body that is not packed its length
}

const refPrefix = "sha256:"

func refOf(body []byte) engine.Ref {
	sum := sha256.Sum256(body)
	return engine.Ref(refPrefix + hex.EncodeToString(sum[:]))
}

// packer packs blobs with zstd at its fastest, which costs what it saves in
// checksums and copies, and leaves a quarter of feeds and pages.
type packer struct {
	enc *zstd.Encoder
	dec *zstd.Decoder
}

func newPacker() (*packer, error) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderCRC(false), zstd.WithLowerEncoderMem(true))
	if err != nil {
		return nil, err
	}
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(asl.MaxValueBytes))
	if err != nil {
		return nil, err
	}
	return &packer{enc, dec}, nil
}

func (p *packer) pack(value []byte) *blob {
	packed := p.enc.EncodeAll(value, make([]byte, 0, len(value)/3))
	if len(packed) < len(value)/8*7 {
		return &blob{packed, len(value)}
	}
	return &blob{value, len(value)}
}

func (p *packer) unpack(b blob) ([]byte, error) {
	if len(b.body) == b.size {
		return b.body, nil
	}
	return p.dec.DecodeAll(b.body, make([]byte, 0, min(b.size, 1<<20)))
}

// storeValue decides where v is kept. A Blobs of one's own is written to at
// once; our table gets it in the journal's transaction.
func (r *Runtime) storeValue(ctx context.Context, v asl.Value) (storedValue, error) {
	if v.Size() <= BlobSize {
		return storedValue{}, nil
	}
	body := v.JSON()
	if r.o.Blobs == nil {
		return storedValue{refOf(body), r.Store.packer.pack(body)}, nil
	}
	ref, err := r.o.Blobs.Put(ctx, body)
	if err != nil {
		return storedValue{}, fmt.Errorf("keep a value of %d bytes: %w", len(body), err)
	}
	return storedValue{ref: ref}, nil
}

// columnText is what a value column holds.
func columnText(v asl.Value, s storedValue) string {
	if s.ref != "" {
		return string(s.ref)
	}
	return string(v.JSON())
}

// Blobs returns where large values are kept. A value that a handler puts, with
// the context it was given, stays as long as that execution is kept; any other
// until Prune finds it old.
func (r *Runtime) Blobs() engine.Blobs {
	if r.o.Blobs != nil {
		return r.o.Blobs
	}
	return table{r}
}

// table is the Blobs of a runtime that is given none.
type table struct{ r *Runtime }

// Put joins the next transaction of the journal, so that a thousand tasks that
// put at the same time share its fsync.
func (t table) Put(ctx context.Context, value []byte) (engine.Ref, error) {
	m := message{stored: storedValue{refOf(value), t.r.Store.packer.pack(value)}}
	m.blob = m.stored.blob
	if task, ok := engine.TaskOf(ctx); ok {
		m.id = task.Execution
	}
	if err := t.r.ask(ctx, m); err != nil {
		return "", fmt.Errorf("keep a value of %d bytes: %w", len(value), err)
	}
	return m.stored.ref, nil
}

// Get implements engine.Blobs.
func (t table) Get(ctx context.Context, ref engine.Ref) ([]byte, error) {
	return t.r.Store.blobs.Get(ctx, ref)
}

// readTable reads blobs from the database.
type readTable struct {
	db     *sql.DB
	packer *packer
}

// Put implements engine.Blobs.
func (readTable) Put(context.Context, []byte) (engine.Ref, error) { return "", errors.ErrUnsupported }

// Get implements engine.Blobs.
func (t readTable) Get(ctx context.Context, ref engine.Ref) ([]byte, error) {
	var b blob
	err := t.db.QueryRowContext(ctx, `SELECT size, body FROM engine_blobs WHERE ref = ?`, string(ref)).Scan(&b.size, &b.body)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("value %s: %w", ref, engine.ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("value %s: %w", ref, sqlite.Explain(err))
	}
	value, err := t.packer.unpack(b)
	if err == nil && refOf(value) != ref {
		err = errors.New("its bytes are not those of its hash")
	}
	if err != nil {
		return nil, fmt.Errorf("value %s: %w: %w", ref, errLine, err)
	}
	return value, nil
}

// isRef tells a Ref from JSON in a value column.
func isRef(text string) bool { return strings.HasPrefix(text, refPrefix) }

// budget bounds the bytes of large task inputs that are written out as JSON at
// the same time: workers do small tasks freely, and share a few hundred MB for
// documents.
type budget struct {
	mu   sync.Mutex
	cond sync.Cond
	free int
}

const (
	budgetBytes = 128 << 20
	budgetFrom  = 1 << 20 // inputs up to this are not counted
)

func newBudget() *budget {
	b := &budget{free: budgetBytes}
	b.cond.L = &b.mu
	return b
}

// take waits for n bytes and returns what gives them back.
func (b *budget) take(n int) (release func()) {
	if n <= budgetFrom {
		return func() {}
	}
	n = min(n, budgetBytes)
	b.mu.Lock()
	defer b.mu.Unlock()
	for b.free < n {
		b.cond.Wait()
	}
	b.free -= n
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.free += n
		b.cond.Broadcast()
	}
}
