package serve

import (
	"fmt"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"mim/chat"
	"mim/codec"
	"mim/codec/mim0"
	"mim/loop"
)

// A nowhere is a net that takes everything and keeps nothing.
type nowhere struct {
	loop.Net
	now  time.Time
	sent int
}

func (n *nowhere) Now() time.Time { return n.now }
func (n *nowhere) Send(_ loop.ID, b []byte, _ time.Duration, _ bool) uint64 {
	n.sent += len(b)
	return 0
}
func (n *nowhere) Again(loop.ID)                {}
func (n *nowhere) CloseSoon(loop.ID, error)     {}
func (n *nowhere) Alarm(time.Time)              {}
func (n *nowhere) Behind(loop.ID) time.Duration { return 0 }
func (n *nowhere) Here(loop.ID) netip.AddrPort  { return netip.AddrPort{} }

// full is a server on no network with n users.
func full(n int) (*Mode, *nowhere) {
	m := New(Config{Doors: []Door{{Dialect: mim0.New(), Role: codec.Registry, Network: "tcp"}}})
	net := &nowhere{now: time.Unix(1_000_000_000, 0)}
	m.Booted(net)
	for i := range n {
		enter(m, i, login(fmt.Sprintf("user%05d", i), uint16(i%60000+1)))
	}
	return m, net
}

var comer = loop.Info{Remote: netip.MustParseAddrPort("127.0.0.1:40000")}

// enter lets somebody in by a slot.
func enter(m *Mode, slot int, block []byte) {
	m.Opened(loop.MakeID(uint32(slot), 1), comer)
	m.Data(loop.MakeID(uint32(slot), 1), block, false)
}

// A request that changes nothing costs the name that was decoded; telling a
// crowd costs nothing but its share of an arena.
func TestAllocs(t *testing.T) {
	m, net := full(1000)
	id, block := loop.MakeID(7, 1), login("user00007", 8)
	if n := testing.AllocsPerRun(100, func() {
		net.now = net.now.Add(time.Second)
		m.Data(id, block, false)
	}); n > 1 {
		t.Errorf("a login that changes nothing: %v allocations", n)
	}
	request := &chat.Login{Name: "user00007", Port: 8}
	link := m.driver.Get(id)
	if n := testing.AllocsPerRun(100, func() {
		net.now = net.now.Add(time.Second)
		(*handler)(m).Request(link, request)
	}); n != 0 {
		t.Errorf("its way through the roster and back: %v allocations", n)
	}
	rename := [2]*chat.Login{{Name: "one", Port: 8}, {Name: "two", Port: 8}}
	i, sent := 0, net.sent
	n := testing.AllocsPerRun(100, func() {
		net.now = net.now.Add(time.Second)
		(*handler)(m).Request(link, rename[i%2])
		i++
	})
	if net.sent == sent {
		t.Error("nobody heard of the renames")
	}
	if n > 8 { // the person, its user, two pages with their lists
		t.Errorf("a rename that 999 hear of: %v allocations", n)
	}
}

// What a link costs in all layers above the loop. The loop's own share comes
// on top.
func TestMemoryPerLink(t *testing.T) {
	const n = 3000
	m, _ := full(0)
	empty := heap()
	for i := range n {
		m.Opened(loop.MakeID(uint32(i), 1), comer)
	}
	open := heap()
	for i := range n {
		m.Data(loop.MakeID(uint32(i), 1), login(fmt.Sprintf("user%05d", i), uint16(i+1)), false)
	}
	here := heap()
	connected, loggedIn := (open-empty)/n, (here-empty)/n
	t.Logf("connected %d B, logged in %d B", connected, loggedIn)
	if connected > 512 || loggedIn > 1024 {
		t.Errorf("a link costs %d B, with a user %d B", connected, loggedIn)
	}
	runtime.KeepAlive(m)
}

func heap() int {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// Somebody comes and goes among n others, from bytes in to bytes queued for
// all of them.
func BenchmarkLoginLogout(b *testing.B) {
	for _, n := range []int{10, 1000} {
		b.Run(fmt.Sprintf("among=%d", n), func(b *testing.B) {
			m, _ := full(n)
			block := login("someone", 9)
			b.ReportAllocs()
			for b.Loop() {
				enter(m, n, block)
				m.Closed(loop.MakeID(uint32(n), 1), nil)
			}
		})
	}
}

// The table of 10,000 for one newcomer, from its login to all bytes queued.
// shared: the pages were told before. fresh: nobody has asked for them yet.
func BenchmarkTable(b *testing.B) {
	const n = 10000
	for _, row := range []string{"shared", "fresh"} {
		b.Run(row, func(b *testing.B) {
			m, net := full(n)
			for i := range n { // to tell the others of the arrival is not what is measured
				m.driver.Closed(loop.MakeID(uint32(i), 1))
			}
			block := login("someone", 9)
			net.sent = 0
			b.ReportAllocs()
			for b.Loop() {
				if row == "fresh" {
					b.StopTimer()
					forget(m, n)
					b.StartTimer()
				}
				enter(m, n, block)
				m.Closed(loop.MakeID(uint32(n), 1), nil)
			}
			b.ReportMetric(float64(net.sent)/float64(b.N), "sent-B/op")
		})
	}
}

// forget drops the bytes of all pages, told to a newcomer by slot.
func forget(m *Mode, slot int) {
	id := chat.Link(loop.MakeID(uint32(slot), 1))
	traits := m.doors[0].traits
	m.roster.Open(time.Time{}, id, &traits, comer.Remote, netip.AddrPort{})
	for _, e := range m.roster.Do(time.Time{}, id, &chat.Login{Name: "x", Port: 1}) {
		if p, ok := e.Event.(*chat.Page); ok {
			p.Memo = nil
		}
	}
	m.roster.Closed(time.Time{}, id)
}
