package site

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"hash/fnv"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/failpoint"
)

// A ledger is what a Resident knows, in files, so that another process goes on
// where it has stopped. The posts themselves lie there too and are read one by
// one: what a build does not look at is not read. It is a cache; whatever is
// wrong with it is a reason to build from everything.
//
//	ledger    the posts; then their places, the names of their pages, the groups
//	          with their lists, fingerprints of files, and a head in JSON
//	journal   what each build since has added
//
// Neither is brought to the disk at once: sums tell what a power cut has torn.
type ledger struct {
	file *os.File
	head ledgerHead
	meta []byte // of the file, after the posts

	offsets, ids, groups, front []byte
	keys                        map[string][32]byte
	entries                     []journalEntry
	size                        int              // of the journal
	over                        map[int32][]byte // records told anew since
}

type ledgerHead struct {
	Base     string // names the file, for the journal
	Epoch    string
	Frame    string
	Settings string
	Version  string
	Images   string
	First    int // searchFirst
	Posts    int
	Visible  int
	Report   Report
	Note     []byte
	Parts    []int // lengths of the parts of meta
}

const (
	ledgerMagic  = "coranto ledger 1\n"
	journalMagic = "coranto journal 1\n"
	ledgerFile   = "ledger"
	journalFile  = "journal"
	maxLedger    = 1 << 30 // bytes besides the posts
	maxJournal   = 4 << 20
	maxEntries   = 128
)

var (
	errLedger = errors.New("ledger of the site")
	fpLedger  = failpoint.Name("site.before-ledger")
	ledgerSum = crc32.MakeTable(crc32.Castagnoli)
)

// frameOf names what a model depends on besides posts and Settings.
func frameOf(in Input) string {
	s := newSummer().start("frame")
	for _, v := range in.Sources {
		s.str(v.ID).str(v.URL).str(v.Site).str(v.Title).str(v.Language).flag(v.Paused).flag(v.Retired)
	}
	for _, k := range slices.Sorted(maps.Keys(in.SourceTitles)) {
		s.str(k).str(in.SourceTitles[k])
	}
	sum := s.end()
	return hex.EncodeToString(sum[:])
}

// imagesOf names a set of pictures, whatever their order.
func imagesOf(images map[string]Image) string {
	var all uint64
	h := fnv.New64a()
	for a, i := range images {
		h.Reset()
		fmt.Fprint(h, a, "\x00", i)
		all += h.Sum64()
	}
	return fmt.Sprintf("%d %x", len(images), all)
}

// OpenResident returns a Resident that keeps a ledger in dir, and the note that
// was left there with Keep; nil: there is none.
func OpenResident(dir string) (*Resident, []byte) {
	r := &Resident{dir: dir}
	l, err := readLedger(dir)
	if err != nil {
		return r, nil
	}
	r.kept, r.journal.base, r.journal.entries, r.journal.size = l, l.head.Base, len(l.entries), l.size
	if n := len(l.entries); n > 0 {
		return r, l.entries[n-1].note
	}
	return r, l.head.Note
}

// fits reports whether the ledger is of an input, as far as posts have no part.
func (l *ledger) fits(in Input) bool {
	h := l.head
	return in.Settings != "" && h.Settings == in.Settings && h.Version == in.Version && h.First == in.searchFirst && h.Frame == frameOf(in) && h.Images == imagesOf(in.Images)
}

// recall makes the build that the ledger tells of; nil where it is not of in.
func (r *Resident) recall(in Input) *build {
	l := r.kept
	b, err := prepare(in, nil, nil, func(loc *time.Location) (*model, error) { return l.model(in, loc) })
	if err != nil || hex.EncodeToString(b.epoch[:]) != l.head.Epoch {
		return nil
	}
	b.keys, b.placed, b.report = l.keys, map[string]bool{}, l.head.Report
	if n := len(l.entries); n > 0 {
		b.report = l.entries[n-1].report
	}
	return b
}

// Keep writes down what the last build has changed, with a note for OpenResident.
func (r *Resident) Keep(note []byte) error {
	if r.dir == "" || r.last == nil {
		return nil
	}
	j := &r.journal
	err := failpoint.Hit(fpLedger)
	if err == nil {
		if j.whole || j.base == "" || j.entries >= maxEntries || j.size > maxJournal {
			err = r.writeLedger(note)
		} else {
			err = r.writeEntry(note)
		}
	}
	if err != nil {
		j.base = ""
		os.Remove(filepath.Join(r.dir, ledgerFile))
		return fmt.Errorf("keep the %w: %w", errLedger, err)
	}
	j.whole, j.noted, j.changed, j.keys = false, false, nil, nil
	return nil
}

// cutter cuts values off the beginning of bytes; past the end all are zero.
type cutter struct {
	b   []byte
	bad bool
}

func (c *cutter) bytes(n int) []byte {
	if n < 0 || n > len(c.b) {
		c.bad, c.b = true, nil
		return nil
	}
	out := c.b[:n]
	c.b = c.b[n:]
	return out
}

func (c *cutter) num() int {
	v, n := binary.Varint(c.b)
	if n <= 0 {
		c.bad, c.b = true, nil
		return 0
	}
	c.b = c.b[n:]
	return int(v)
}

func (c *cutter) str() string { return string(c.bytes(c.num())) }

// many is the number of things that take a byte each at least.
func (c *cutter) many() int {
	n := c.num()
	if n < 0 || n > len(c.b) {
		c.bad, c.b = true, nil
		return 0
	}
	return n
}

func (c *cutter) time() time.Time {
	s := c.num()
	n := c.num()
	if n < 0 {
		return time.Time{}
	}
	return time.Unix(int64(s), int64(n)).UTC()
}

type appender struct{ b []byte }

func (a *appender) num(n int) { a.b = binary.AppendVarint(a.b, int64(n)) }

func (a *appender) str(s string) {
	a.num(len(s))
	a.b = append(a.b, s...)
}

func (a *appender) time(t time.Time) {
	if t.IsZero() {
		a.num(0)
		a.num(-1)
		return
	}
	a.num(int(t.Unix()))
	a.num(t.Nanosecond())
}

func (a *appender) flag(v bool) {
	if v {
		a.num(1)
	} else {
		a.num(0)
	}
}

// record appends a post with the name of its page and a sum.
func (a *appender) record(id string, p *coranto.Post) {
	at := len(a.b)
	for _, s := range []string{id, p.ID, p.Title, p.Intro, p.Author, p.Date, p.Link, p.Image, p.Kind, p.Source, p.Language, p.Content} {
		a.str(s)
	}
	a.num(len(p.Tags))
	for _, t := range p.Tags {
		a.str(t)
	}
	a.time(p.Published)
	a.time(p.Updated)
	a.time(p.FirstSeen)
	a.num(len(p.Authors))
	for _, v := range p.Authors {
		a.str(v.Name)
		a.str(v.Email)
		a.str(v.URL)
	}
	a.num(len(p.Also))
	for _, v := range p.Also {
		a.str(v.Source)
		a.str(v.Link)
	}
	a.flag(p.Backlog)
	a.flag(p.Hidden)
	a.b = binary.LittleEndian.AppendUint32(a.b, crc32.Checksum(a.b[at:], ledgerSum))
}

// readRecord reads what record wrote.
func readRecord(b []byte) (id string, p *coranto.Post, err error) {
	if len(b) < 4 || crc32.Checksum(b[:len(b)-4], ledgerSum) != binary.LittleEndian.Uint32(b[len(b)-4:]) {
		return "", nil, errLedger
	}
	c := &cutter{b: b[:len(b)-4]}
	p = &coranto.Post{}
	for _, s := range []*string{&id, &p.ID, &p.Title, &p.Intro, &p.Author, &p.Date, &p.Link, &p.Image, &p.Kind, &p.Source, &p.Language, &p.Content} {
		*s = c.str()
	}
	for range c.many() {
		p.Tags = append(p.Tags, c.str())
	}
	p.Published, p.Updated, p.FirstSeen = c.time(), c.time(), c.time()
	for range c.many() {
		p.Authors = append(p.Authors, coranto.Person{Name: c.str(), Email: c.str(), URL: c.str()})
	}
	for range c.many() {
		p.Also = append(p.Also, coranto.Also{Source: c.str(), Link: c.str()})
	}
	p.Backlog, p.Hidden = c.num() == 1, c.num() == 1
	if c.bad || len(c.b) > 0 {
		return "", nil, errLedger
	}
	return id, p, nil
}

func nameHash(id string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(id))
	return h.Sum64()
}

const idSize = 8 + 4 // a hash and the place of the post

// page finds the post whose page has a name, among those that is says yes to.
func (l *ledger) page(id string, is func(int32) bool) int32 {
	want := nameHash(id)
	lo, hi := 0, len(l.ids)/idSize
	for lo < hi {
		mid := (lo + hi) / 2
		if binary.LittleEndian.Uint64(l.ids[mid*idSize:]) < want {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	for ; lo < len(l.ids)/idSize && binary.LittleEndian.Uint64(l.ids[lo*idSize:]) == want; lo++ {
		if i := int32(binary.LittleEndian.Uint32(l.ids[lo*idSize+8:])); is(i) {
			return i
		}
	}
	return -1
}

// raw reads the record of a post.
func (l *ledger) raw(i int32) ([]byte, error) {
	if b, ok := l.over[i]; ok {
		return b, nil
	}
	if int(i+2)*8 > len(l.offsets) {
		return nil, errLedger
	}
	from, to := binary.LittleEndian.Uint64(l.offsets[i*8:]), binary.LittleEndian.Uint64(l.offsets[i*8+8:])
	if from > to || to-from > maxLedger {
		return nil, errLedger
	}
	b := make([]byte, to-from)
	if _, err := l.file.ReadAt(b, int64(from)); err != nil {
		return nil, fmt.Errorf("%w: %w", errLedger, err)
	}
	return b, nil
}

// recall reads a post from the ledger. What cannot be read is a hidden post,
// and the build fails.
func (m *model) recall(i int32) *post {
	b, err := m.ledger.raw(i)
	var id string
	var cp *coranto.Post
	if err == nil {
		id, cp, err = readRecord(b)
	}
	if err != nil {
		m.fault = err
		return &post{Post: &coranto.Post{Hidden: true}, kind: m.kinds.slugged("blogs", "blog")}
	}
	p := &post{Post: cp, id: id}
	m.posts[i] = p
	m.derive(p)
	m.finish(p)
	return p
}

// model is that of the last build. The lists are read whole, the posts are not.
func (l *ledger) model(in Input, loc *time.Location) (*model, error) {
	m := emptyModel(in, loc)
	m.ledger, m.visible, m.posts = l, l.head.Visible, make([]*post, l.head.Posts)
	m.front = appendList(nil, l.front)
	c := &cutter{b: l.groups}
	for range c.many() {
		m.addSource(coranto.Source{ID: c.str()}, true)
	}
	slab := make([]int32, 0, len(l.groups)/4)
	for k, gs := range m.sorts() {
		n := c.many()
		if k == 0 && n != len(gs.order) {
			return nil, errLedger
		}
		for at := range n {
			slug, name := c.str(), c.str()
			g := gs.slugged(slug, name)
			if gs.order[at] != g {
				return nil, errLedger
			}
			g.visible, g.last = c.num(), int32(c.num())
			from := len(slab)
			slab = appendList(slab, c.bytes(4*c.many()))
			g.posts = slab[from:len(slab):len(slab)]
		}
	}
	if c.bad || len(c.b) > 0 {
		return nil, errLedger
	}
	for _, e := range l.entries {
		if err := m.replay(e); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func appendList(dst []int32, b []byte) []int32 {
	for ; len(b) >= 4; b = b[4:] {
		dst = append(dst, int32(binary.LittleEndian.Uint32(b)))
	}
	return dst
}

// sorts are all groups; those of sources come first.
func (m *model) sorts() []*groups {
	return []*groups{m.srcGroups, m.kinds, m.tags, m.authors, m.months}
}

// readLedger reads what is kept in dir, but for the posts.
func readLedger(dir string) (l *ledger, err error) {
	f, err := os.Open(filepath.Join(dir, ledgerFile))
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			f.Close()
		}
	}()
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	const tail = int64(8 + 4 + len(ledgerMagic))
	end := make([]byte, tail)
	if st.Size() < 2*tail {
		return nil, errLedger
	}
	if _, err := f.ReadAt(end, st.Size()-tail); err != nil {
		return nil, err
	}
	from := int64(binary.LittleEndian.Uint64(end))
	size := st.Size() - tail - from
	if string(end[12:]) != ledgerMagic || from < 0 || size < 0 || size > maxLedger {
		return nil, errLedger
	}
	l = &ledger{file: f, meta: make([]byte, size), over: map[int32][]byte{}, keys: map[string][32]byte{}}
	if _, err := f.ReadAt(l.meta, from); err != nil {
		return nil, err
	}
	if crc32.Checksum(l.meta, ledgerSum) != binary.LittleEndian.Uint32(end[8:]) {
		return nil, errLedger
	}
	if err := l.cut(); err != nil {
		return nil, err
	}
	return l, l.readJournal(dir)
}

// cut finds the parts of meta: the head is the first, its length before it.
func (l *ledger) cut() error {
	c := &cutter{b: l.meta}
	if err := json.Unmarshal(c.bytes(c.num()), &l.head); err != nil || len(l.head.Parts) != 5 {
		return errLedger
	}
	var parts [5][]byte
	for i, n := range l.head.Parts {
		parts[i] = c.bytes(n)
	}
	l.offsets, l.ids, l.groups, l.front = parts[0], parts[1], parts[2], parts[3]
	k := &cutter{b: parts[4]}
	readKeys(k, l.keys)
	if c.bad || k.bad || l.head.Posts < 0 || len(l.offsets) != 8*(l.head.Posts+1) || len(l.ids) != idSize*l.head.Posts {
		return errLedger
	}
	return nil
}

func readKeys(c *cutter, keys map[string][32]byte) {
	for range c.many() {
		path := c.str()
		if b := c.bytes(32); len(b) == 32 {
			keys[path] = [32]byte(b)
		}
	}
}

func (a *appender) keys(paths []string, keys map[string][32]byte) {
	a.num(len(paths))
	for _, p := range paths {
		k := keys[p]
		a.str(p)
		a.b = append(a.b, k[:]...)
	}
}

// writeLedger writes everything anew.
func (r *Resident) writeLedger(note []byte) (err error) {
	b := r.last
	if len(b.placed) > 0 {
		return errors.New("pictures are placed by the build")
	}
	if err := os.MkdirAll(r.dir, 0o777); err != nil {
		return err
	}
	f, err := os.CreateTemp(r.dir, "new-*")
	if err != nil {
		return err
	}
	defer func() {
		f.Close()
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	w := bufio.NewWriterSize(f, 1<<18)
	at := uint64(len(ledgerMagic))
	_, _ = w.WriteString(ledgerMagic)
	var offsets, rec appender
	ids := make([]pageAt, len(b.m.posts))
	for i, p := range b.m.posts {
		var raw []byte
		if p == nil {
			if raw, err = b.m.ledger.raw(int32(i)); err != nil {
				return err
			}
			ids[i] = pageAt{nameHash((&cutter{b: raw}).str()), uint32(i)}
		} else {
			rec.b = rec.b[:0]
			rec.record(p.id, p.Post)
			raw = rec.b
			ids[i] = pageAt{nameHash(p.id), uint32(i)}
		}
		offsets.b = binary.LittleEndian.AppendUint64(offsets.b, at)
		at += uint64(len(raw))
		if _, err := w.Write(raw); err != nil {
			return err
		}
	}
	offsets.b = binary.LittleEndian.AppendUint64(offsets.b, at)
	meta, base := b.meta(offsets.b, ids, note)
	_, _ = w.Write(meta)
	var end appender
	end.b = binary.LittleEndian.AppendUint64(end.b, at)
	end.b = binary.LittleEndian.AppendUint32(end.b, crc32.Checksum(meta, ledgerSum))
	end.b = append(end.b, ledgerMagic...)
	if _, err := w.Write(end.b); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	os.Remove(filepath.Join(r.dir, journalFile))
	if err := os.Rename(f.Name(), filepath.Join(r.dir, ledgerFile)); err != nil {
		return err
	}
	r.journal.base, r.journal.entries, r.journal.size = base, 0, 0
	return nil
}

type pageAt struct {
	hash uint64
	post uint32
}

// meta is what stands after the posts, and the name of the ledger.
func (b *build) meta(offsets []byte, ids []pageAt, note []byte) (meta []byte, base string) {
	slices.SortFunc(ids, func(x, y pageAt) int {
		if x.hash != y.hash {
			if x.hash < y.hash {
				return -1
			}
			return 1
		}
		return int(x.post) - int(y.post)
	})
	var table, lists, front, keys appender
	for _, id := range ids {
		table.b = binary.LittleEndian.AppendUint64(table.b, id.hash)
		table.b = binary.LittleEndian.AppendUint32(table.b, id.post)
	}
	var unlisted []string
	for _, s := range b.m.sources {
		if s.unlisted {
			unlisted = append(unlisted, s.src.ID)
		}
	}
	lists.num(len(unlisted))
	for _, id := range unlisted {
		lists.str(id)
	}
	for _, gs := range b.m.sorts() {
		lists.num(len(gs.order))
		for _, g := range gs.order {
			lists.str(g.slug)
			lists.str(g.name)
			lists.num(g.visible)
			lists.num(int(g.last))
			lists.num(len(g.posts))
			lists.list(g.posts)
		}
	}
	front.list(b.m.front)
	keys.keys(slices.Collect(maps.Keys(b.keys)), b.keys)
	base = strings.Clone(hex.EncodeToString(binary.LittleEndian.AppendUint64(nil, uint64(time.Now().UnixNano()))))
	head, err := json.Marshal(ledgerHead{Base: base, Epoch: hex.EncodeToString(b.epoch[:]), Frame: frameOf(b.in), Settings: b.in.Settings, Version: b.in.Version, Images: imagesOf(b.m.images),
		First: b.in.searchFirst, Posts: len(b.m.posts), Visible: b.m.visible, Report: b.report, Note: note,
		Parts: []int{len(offsets), len(table.b), len(lists.b), len(front.b), len(keys.b)}})
	if err != nil {
		return nil, ""
	}
	var out appender
	out.str(string(head))
	for _, part := range [][]byte{offsets, table.b, lists.b, front.b, keys.b} {
		out.b = append(out.b, part...)
	}
	return out.b, base
}

func (a *appender) list(posts []int32) {
	for _, i := range posts {
		a.b = binary.LittleEndian.AppendUint32(a.b, uint32(i))
	}
}
