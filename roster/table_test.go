package roster

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"runtime"
	"slices"
	"testing"
	"time"

	"mim/chat"
)

// crowd is a roster with n users on n links, each at a port of its own.
func crowd(t testing.TB, n int) *Roster {
	r := New(Config{})
	local := netip.MustParseAddrPort("192.168.1.1:4242")
	remote := netip.MustParseAddrPort("192.168.1.2:5000")
	for i := range n {
		r.Open(start, linkOf(i+1), &traits, remote, local)
		r.Do(start, linkOf(i+1), &chat.Login{Name: fmt.Sprintf("user%05d", i), Port: uint16(i%60000 + 1)})
	}
	if r.Len() != n {
		t.Fatalf("%d users of %d", r.Len(), n)
	}
	return r
}

func sizes(r *Roster) (out []int) {
	for _, b := range r.table.blocks {
		out = append(out, len(b.page.People))
	}
	return out
}

func TestPages(t *testing.T) {
	r := crowd(t, chat.PageSize+2)
	closeAll := func(from, to int) {
		for i := from; i <= to; i++ {
			r.Closed(start, linkOf(i))
		}
	}
	expectSizes := func(what string, want ...int) {
		t.Helper()
		if got := sizes(r); !slices.Equal(got, want) {
			t.Errorf("%s: pages of %v, want %v", what, got, want)
		}
	}
	expectSizes("a page is filled before the next", chat.PageSize, 2)
	closeAll(1, 1)
	expectSizes("a hole stays", chat.PageSize-1, 2)
	closeAll(2, chat.PageSize-mergeAt+1)
	expectSizes("almost small enough", mergeAt-1, 2)
	closeAll(chat.PageSize-mergeAt+2, chat.PageSize-mergeAt+2)
	expectSizes("small enough for one page", mergeAt)
	closeAll(1, chat.PageSize+1)
	expectSizes("the last of them", 1)
	closeAll(chat.PageSize+2, chat.PageSize+2)
	expectSizes("nobody")
}

// A page that has shrunk goes to the one before it, too, and its people know it.
func TestPageMergesBackwards(t *testing.T) {
	r := crowd(t, 2*chat.PageSize)
	for i := 1; i <= chat.PageSize-20; i++ {
		r.Closed(start, linkOf(i))
	}
	for i := 1; i <= chat.PageSize-28; i++ {
		r.Closed(start, linkOf(chat.PageSize+i))
	}
	if got := sizes(r); !slices.Equal(got, []int{48}) {
		t.Fatalf("pages of %v", got)
	}
	for i := chat.PageSize - 19; i <= 2*chat.PageSize; i++ {
		r.Closed(start, linkOf(i))
	}
	if got := sizes(r); len(got) != 0 || r.Len() != 0 {
		t.Errorf("pages of %v, %d people", got, r.Len())
	}
}

// Appending shares the array with the page before; removing must not.
func TestPagesAreImmutable(t *testing.T) {
	r := crowd(t, 3)
	before := r.table.blocks[0].page
	was := slices.Clone(before.People)
	r.Open(start, linkOf(4), &traits, netip.MustParseAddrPort("192.168.1.2:1"), netip.AddrPort{})
	r.Do(start, linkOf(4), &chat.Login{Name: "dan", Port: 9})
	after := r.table.blocks[0].page
	if &before.People[0] != &after.People[0] {
		t.Error("appending copied the page")
	}
	r.Closed(start, linkOf(1))
	r.Do(start.Add(1), linkOf(2), &chat.Login{Name: "new", Port: 9})
	if !slices.Equal(before.People, was) || !slices.Equal(after.People[:3], was) {
		t.Error("a page has changed")
	}
}

func TestTableDoesNotFragment(t *testing.T) {
	const n = 10000
	r := crowd(t, n)
	local, remote := netip.MustParseAddrPort("192.168.1.1:4242"), netip.MustParseAddrPort("192.168.1.2:5000")
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range n { // somebody goes, somebody else comes
		l := linkOf(rng.IntN(n) + 1)
		r.Closed(start, l)
		r.Open(start, l, &traits, remote, local)
		r.Do(start, l, &chat.Login{Name: fmt.Sprintf("other%05d", i), Port: 7})
	}
	check := func() {
		t.Helper()
		if got, most := len(r.table.blocks), 2*r.Len()/mergeAt+1; got > most {
			t.Errorf("%d people fill %d pages, more than %d", r.Len(), got, most)
		}
	}
	check()
	for _, i := range rng.Perm(n)[:n*9/10] {
		r.Closed(start, linkOf(i+1))
	}
	check()
}

// A full last page, one more login and one logout, again and again: pages
// must not be merged and split each time.
func TestNoMergeAtTheEdge(t *testing.T) {
	r := crowd(t, chat.PageSize)
	r.Open(start, linkOf(100), &traits, netip.MustParseAddrPort("192.168.1.2:1"), netip.AddrPort{})
	r.Do(start, linkOf(100), &chat.Login{Name: "more", Port: 9})
	r.Closed(start, linkOf(1))
	if got := sizes(r); !slices.Equal(got, []int{chat.PageSize - 1, 1}) {
		t.Errorf("pages of %v", got)
	}
}

// Whatever order deadlines are made and dropped in, they come in the order of
// their times.
func TestDeadlinesInOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		r := New(Config{})
		var want []time.Duration
		for i := range 40 {
			within := time.Duration(1 + rng.IntN(1000))
			r.Open(start, linkOf(i+1), &chat.Traits{LoginWithin: within}, netip.AddrPort{}, netip.AddrPort{})
			want = append(want, within)
		}
		for _, i := range rng.Perm(40)[:20] {
			r.Closed(start, linkOf(i+1))
			want[i] = 0
		}
		want = slices.DeleteFunc(want, func(d time.Duration) bool { return d == 0 })
		slices.Sort(want)
		for _, d := range want {
			if got := r.Next().Sub(start); got != d {
				t.Fatalf("the next deadline is after %d, want %d", got, d)
			}
			r.unwait(&r.links[r.waiting[0].slot])
		}
		if len(r.waiting) > 0 {
			t.Fatalf("%d are left", len(r.waiting))
		}
	}
}

// What was told must not be held by the list it was told with.
func TestEffectsLetGo(t *testing.T) {
	r := crowd(t, 3*chat.PageSize) // the last login was told three pages
	r.Closed(start, linkOf(1))
	for i, e := range r.out[1:cap(r.out)] {
		if !reflect.ValueOf(e).IsZero() {
			t.Fatalf("effect %d still holds %v", i+1, e)
		}
	}
}

func TestDeadlinesGiveMemoryBack(t *testing.T) {
	const n = 10000
	r := New(Config{})
	for i := range n {
		r.Open(start, linkOf(i+1), &traits, netip.MustParseAddrPort("192.168.1.2:1"), netip.AddrPort{})
	}
	for _, i := range rand.New(rand.NewPCG(1, 2)).Perm(n) {
		r.Do(start, linkOf(i+1), &chat.Login{Name: "ann", Port: uint16(i + 1)})
	}
	if len(r.waiting) != 0 || cap(r.waiting) > smallHeap {
		t.Errorf("nobody waits, but the heap has %d of %d", len(r.waiting), cap(r.waiting))
	}
}

// A logged-in user costs at most 0.7 KiB in all: its link, its seats in the
// group and the table, its person with the name, the index, and what users of
// other dialects meet: its guest.
func TestMemoryPerUser(t *testing.T) {
	const n, bound = 10000, 720
	before := heapInUse()
	r := crowd(t, n)
	per := (heapInUse() - before) / n
	t.Logf("%d B a user", per)
	if per > bound {
		t.Errorf("a user costs %d B, more than %d", per, bound)
	}
	runtime.KeepAlive(r)
}

func heapInUse() int {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}
