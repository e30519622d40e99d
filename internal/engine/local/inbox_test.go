package local

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/coranto/coranto/asl"
)

// Large results wait with their workers rather than in memory.
func TestInboxPushesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := newInbox()
		big := message{task: &task{}, event: asl.Event{Output: asl.StringValue(strings.Repeat("x", inboxBytes/4))}}
		put := 0
		go func() {
			for in.put(big) {
				put++
			}
		}()
		synctest.Wait()
		if put != 4 {
			t.Errorf("%d messages of a quarter each were taken", put)
		}
		if got, last := in.take(nil); len(got) != 4 || last {
			t.Errorf("take = %d messages, last %t", len(got), last)
		}
		synctest.Wait()
		if put != 8 {
			t.Errorf("%d messages were taken, want 8", put)
		}
		in.refuse()
		if in.put(message{id: "x"}) {
			t.Error("a request was taken after refuse")
		}
		in.finish()
		synctest.Wait()
		if _, last := in.take(nil); !last || in.put(big) {
			t.Error("the inbox goes on after finish")
		}
	})
}

func TestBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBudget()
		b.take(budgetFrom)() // not counted
		all := b.take(2 * budgetBytes)
		taken := false
		go func() {
			defer b.take(budgetFrom + 1)()
			taken = true
		}()
		synctest.Wait()
		if taken {
			t.Error("more was taken than there is")
		}
		all()
		synctest.Wait()
		if !taken || b.free != budgetBytes {
			t.Errorf("taken %t, %d bytes free, want all %d", taken, b.free, budgetBytes)
		}
	})
}
