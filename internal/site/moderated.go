package site

import (
	"bytes"
	"slices"
	"strings"
	"time"
)

// tombstoneSpace is the namespace of deleted entries (RFC 6721).
const tombstoneSpace = "http://purl.org/atompub/tombstones/1.0"

// maxTombstones bounds those of one feed; readers that come by less often than
// fifty posts are hidden keep what they have.
const maxTombstones = 50

// tombstone tells readers of a feed that an entry was taken back.
type tombstone struct {
	ref  string // id of the entry
	when time.Time
}

// tombstones are those of a list, the newest first. Hidden posts of the backlog
// never were in a feed of the home page, but may have been in their own.
func (b *build) tombstones(posts []int32) []tombstone {
	if len(b.in.Deleted) == 0 {
		return nil
	}
	if b.deleted == nil {
		b.deleted = findAll(b.m, b.in.Deleted)
	}
	var out []tombstone
	for _, i := range b.deleted {
		if _, ok := slices.BinarySearch(posts, i); !ok {
			continue
		}
		if p := b.m.post(i); p.Hidden && !b.in.Deleted[p.ID].IsZero() {
			out = append(out, tombstone{urnUUID(cmpOr(p.ID, p.id)), b.in.Deleted[p.ID].UTC()})
		}
	}
	slices.SortStableFunc(out, func(s, t tombstone) int {
		if c := t.when.Compare(s.when); c != 0 {
			return c
		}
		return strings.Compare(s.ref, t.ref)
	})
	return out[:min(len(out), maxTombstones)]
}

// writeTombstones writes deleted entries (RFC 6721, 3). Why a post was hidden is
// the keeper's affair and stays in the repository.
func writeTombstones(w *bytes.Buffer, list []tombstone) {
	for _, t := range list {
		x := &xmlWriter{}
		x.raw("<at:deleted-entry")
		x.attr("ref", t.ref)
		x.attr("when", t.when.Format(time.RFC3339))
		x.raw("/>\n")
		w.Write(x.out)
	}
}

// withPinned puts pinned posts to the end of the home page's slots, which is
// where the newest are and so what readers see first.
func (b *build) withPinned(head []int32) []int32 {
	if len(b.in.Pinned) == 0 {
		return head
	}
	pinned := func(i int32) bool { p := b.m.post(i); return !p.Hidden && b.in.Pinned[p.ID] }
	var first []int32
	for _, i := range findAll(b.m, b.in.Pinned) {
		if pinned(i) {
			first = append(first, i)
		}
	}
	return append(slices.DeleteFunc(slices.Clone(head), pinned), first...)
}
