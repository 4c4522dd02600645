package sim

import (
	"fmt"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"

	"mim/loop"
)

var (
	addrA = netip.MustParseAddr("10.0.0.1")
	addrB = netip.MustParseAddr("10.0.0.2")
	tcp   = loop.Door{Network: "tcp"}
	udp   = loop.Door{Network: "udp"}
)

// mode is a loop.Mode of functions; those that are nil do nothing, and Data
// then uses and counts all.
type mode struct {
	net       loop.Net
	last      loop.ID // that opened
	got       []byte
	eof       bool
	left      []uint64
	closed    int
	why       error
	closedAt  time.Time
	failed    []error
	datagrams []string
	ticks     int

	opened func(id loop.ID, in loop.Info)
	data   func(id loop.ID, p []byte, end bool) int
	tick   func()
}

func (m *mode) Booted(n loop.Net) { m.net = n }
func (m *mode) Opened(id loop.ID, in loop.Info) {
	m.last = id
	if m.opened != nil {
		m.opened(id, in)
	}
}
func (m *mode) Data(id loop.ID, p []byte, end bool) int {
	if m.data != nil {
		return m.data(id, p, end)
	}
	m.got, m.eof = append(m.got, p...), end
	return len(p)
}
func (m *mode) Idle(id loop.ID, p []byte) int { return 0 }
func (m *mode) Left(id loop.ID, pos uint64)   { m.left = append(m.left, pos) }
func (m *mode) Closed(id loop.ID, why error)  { m.closed++; m.why, m.closedAt = why, m.net.Now() }
func (m *mode) Failed(tag any, why error)     { m.failed = append(m.failed, why) }
func (m *mode) Datagram(d int, f netip.AddrPort, p []byte) {
	m.datagrams = append(m.datagrams, string(p))
}
func (m *mode) Tick(time.Time) {
	if m.ticks++; m.tick != nil {
		m.tick()
	}
}
func (m *mode) Stopping() {}

// pair is two machines with one open link; a has dialled.
type pair struct {
	w    *World
	a, b *mode
	x, y *Host
}

func newPair(t testing.TB, f Faults) *pair {
	t.Helper()
	p := &pair{w: New(1, f), a: &mode{}, b: &mode{}}
	p.x, p.y = p.w.Host(addrA, p.a), p.w.Host(addrB, p.b, tcp)
	p.x.Dial("tcp", netip.AddrPortFrom(addrB, p.y.Local(0).Port()).String(), time.Minute, nil)
	if !p.w.RunUntil(func() bool { return p.a.last != 0 }, time.Minute) {
		t.Fatal("no link")
	}
	return p
}

func portOf(h *Host) string { return fmt.Sprint(h.Local(0).Port()) }

func (p *pair) send(n int) uint64 { return p.x.Send(p.a.last, make([]byte, n), 0, false) }

func TestLostLink(t *testing.T) {
	f := Faults{Delay: 100 * time.Millisecond, MaxCut: 100}
	p := newPair(t, f)
	p.x.Watch(p.a.last, p.send(1000))
	p.w.RunUntil(func() bool { return len(p.b.got) > 0 }, time.Second)
	p.w.Run(0)
	p.y.Pause(3 * time.Second) // what arrives now stays unread
	second := p.send(500)
	p.x.Watch(p.a.last, second)
	p.w.Run(150 * time.Millisecond)
	p.x.Watch(p.a.last, p.send(500)) // on the wire when the link is lost
	p.x.Lose(p.a.last)
	p.w.Run(time.Minute)
	if len(p.b.got) != 1500 || p.b.eof {
		t.Errorf("b got %d bytes, end %v, want the 1500 that had arrived and no end", len(p.b.got), p.b.eof)
	}
	if len(p.a.left) > 1 {
		t.Errorf("Left: %v: news of what arrived last was lost too", p.a.left)
	}
	if p.a.why != syscall.ETIMEDOUT || p.b.why != syscall.ETIMEDOUT || p.a.closedAt.Equal(p.b.closedAt) {
		t.Errorf("closed by %v at %v and by %v at %v", p.a.why, p.a.closedAt, p.b.why, p.b.closedAt)
	}
}

func TestEndsNoticeApart(t *testing.T) {
	p := newPair(t, Faults{Notice: 10 * time.Second})
	p.x.Lose(p.a.last)
	lost := p.w.Now()
	p.w.Run(10 * time.Second)
	if p.a.closed != 1 || p.b.closed != 1 || p.a.closedAt.Equal(p.b.closedAt) || p.a.closedAt.Equal(lost) {
		t.Errorf("lost at %v, closed at %v and %v", lost, p.a.closedAt, p.b.closedAt)
	}
}

func TestLeftMeansArrived(t *testing.T) {
	p := newPair(t, Faults{Delay: 100 * time.Millisecond})
	start := p.w.Now()
	p.x.Watch(p.a.last, p.send(10))
	p.y.Pause(time.Second)
	p.w.RunUntil(func() bool { return len(p.a.left) > 0 }, time.Minute)
	if d := p.w.Now().Sub(start); d != 200*time.Millisecond {
		t.Errorf("Left after %v, want one way and back", d)
	}
	if len(p.b.got) != 0 {
		t.Error("a paused reader has read")
	}
}

func TestSlowReaders(t *testing.T) {
	const delay = time.Millisecond
	for _, row := range []struct {
		name  string
		each  int // bytes sent, once each every
		every time.Duration
		gap   time.Duration
		pause time.Duration
		want  error
		after time.Duration // at least
		soon  time.Duration // and at most this later
	}{
		{"a short pause", 64 << 10, time.Second, 0, 5 * time.Second, nil, 0, 0},
		{"little, never read", 10 << 10, 10 * time.Second, 0, time.Hour, nil, 0, 0},
		{"over the bound for too long", 256 << 10, time.Second, 0, time.Hour, loop.ErrSlow, 34 * time.Second, 2 * time.Second},
		{"far too much at once", 18 << 20, time.Second, 0, time.Hour, loop.ErrSlow, 0, time.Second},
		{"paced, far too many at once", 1, time.Microsecond, time.Hour, 0, loop.ErrSlow, 200 * time.Millisecond, 200 * time.Millisecond},
		{"paced, by age", 1, 10 * time.Millisecond, 20 * time.Millisecond, 0, loop.ErrSlow, 60 * time.Second, 5 * time.Second},
		{"paced, many bytes that wait for their gap", 20 << 10, 100 * time.Millisecond, 110 * time.Millisecond, 0, loop.ErrSlow, 300 * time.Second, 60 * time.Second},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := newPair(t, Faults{Delay: delay, Window: 256 << 10})
			start := p.w.Now()
			p.y.Pause(row.pause)
			p.a.tick = func() {
				p.x.Send(p.a.last, make([]byte, row.each), row.gap, false)
				p.x.Alarm(p.x.Now().Add(row.every))
			}
			p.a.tick()
			p.w.RunUntil(func() bool { return p.a.closed > 0 }, 10*time.Minute)
			if p.a.why != row.want {
				t.Errorf("closed by %v, want %v", p.a.why, row.want)
			}
			if d := p.w.Now().Sub(start); d < row.after || row.want != nil && d > row.after+row.soon {
				t.Errorf("dropped after %v", d)
			}
		})
	}
}

func TestCrash(t *testing.T) {
	p := newPair(t, Faults{Delay: 10 * time.Millisecond})
	port := p.y.Local(0).Port()
	p.y.Send(p.b.last, []byte("last words"), 0, false)
	p.w.Run(5 * time.Millisecond) // they are on the wire
	p.y.Send(p.b.last, []byte("never sent"), 0, false)
	p.y.Crash()
	p.w.Run(time.Second)
	if string(p.a.got) != "last words" || !p.a.eof || p.a.closed != 1 || p.a.why != nil {
		t.Errorf("a got %q, end %v, closed %d times by %v", p.a.got, p.a.eof, p.a.closed, p.a.why)
	}
	if p.b.closed != 0 || p.y.Alive() {
		t.Error("a dead process was told something")
	}
	dial := func() {
		p.x.Dial("tcp", netip.AddrPortFrom(addrB, port).String(), time.Second, nil)
		p.w.Run(time.Second)
	}
	if dial(); len(p.a.failed) != 1 {
		t.Error("a dead machine was reached")
	}
	b := &mode{}
	p.w.Host(addrB, b, loop.Door{Network: "tcp", Addr: netip.AddrPortFrom(addrB, port)})
	if dial(); b.last == 0 {
		t.Error("a machine that came back was not reached")
	}
}

// TestCrashInBetween: a process that ends hears nothing any more, whatever was
// on its way to it.
func TestCrashInBetween(t *testing.T) {
	w, a, b := New(1, Faults{Delay: 10 * time.Millisecond}), &mode{}, &mode{}
	x, y := w.Host(addrA, a), w.Host(addrB, b, tcp)
	x.Dial("tcp", "10.0.0.2:"+portOf(y), time.Minute, nil)
	w.RunUntil(func() bool { return b.last != 0 }, time.Second) // accepted: the word is on its way
	x.Post(func() { t.Error("a dead process ran what was posted") })
	x.Crash()
	w.Run(time.Second)
	if a.last != 0 || len(a.failed) > 0 || b.closed != 1 || b.why != syscall.ECONNRESET {
		t.Errorf("opened %#x, failed %v; the other end closed %d times by %v", a.last, a.failed, b.closed, b.why)
	}
}

// TestStop: who stops takes a second at most, and another may have its port meanwhile.
func TestStop(t *testing.T) {
	p := newPair(t, Faults{})
	p.x.PauseLink(p.a.last, time.Hour) // never sees the end
	at := p.y.Local(0)
	start := p.w.Now()
	p.y.Stop()
	if p.w.Run(0); !p.y.Alive() || p.b.closed > 0 {
		t.Error("stopped before the other end had time to close")
	}
	b := &mode{}
	p.w.Host(addrB, b, loop.Door{Network: "tcp", Addr: at})
	p.w.RunUntil(func() bool { return !p.y.Alive() }, time.Minute)
	if d := p.w.Now().Sub(start); d != time.Second || p.b.closed != 1 || p.b.why != loop.ErrStopped {
		t.Errorf("stopped after %v, closed %d times by %v", d, p.b.closed, p.b.why)
	}
	p.x.Dial("tcp", netip.AddrPortFrom(addrB, at.Port()).String(), time.Second, nil)
	if p.w.Run(time.Second); b.last == 0 {
		t.Error("the next process was not reached")
	}
}

// TestCloseSoonReason: the reason given with CloseSoon outlives a reset.
func TestCloseSoonReason(t *testing.T) {
	p := newPair(t, Faults{Window: 10})
	p.y.Pause(time.Hour)
	p.send(100)
	p.x.CloseSoon(p.a.last, errOwn)
	p.w.Run(time.Second)
	p.y.Crash()
	if p.w.Run(time.Second); p.a.why != errOwn {
		t.Errorf("closed by %v", p.a.why)
	}
}

func TestSegments(t *testing.T) {
	p := newPair(t, Faults{MaxCut: 7})
	sizes := map[int]int{}
	p.b.data = func(_ loop.ID, b []byte, _ bool) int { sizes[len(b)]++; return len(b) }
	p.send(10_000)
	p.w.Run(time.Second)
	if len(sizes) != 7 || sizes[1] < 200 || sizes[7] < 200 {
		t.Errorf("segments by size: %v, want about as many of each from 1 to 7", sizes)
	}
}

func TestCrashWithUnreadBytes(t *testing.T) {
	p := newPair(t, Faults{Delay: 10 * time.Millisecond})
	p.y.Pause(time.Minute)
	p.send(10)
	p.w.Run(time.Second)
	p.y.Crash()
	p.w.Run(time.Second)
	if p.a.eof || p.a.why != syscall.ECONNRESET {
		t.Errorf("end %v, closed by %v, want a reset", p.a.eof, p.a.why)
	}
}

func TestDialFaults(t *testing.T) {
	for _, row := range []struct {
		name    string
		faults  Faults
		address string
		want    string
		after   time.Duration
	}{
		{"refused", Faults{DialRefused: 1}, "10.0.0.2:4242", "connection refused", 20 * time.Millisecond},
		{"lost", Faults{DialLost: 1}, "10.0.0.2:4242", "deadline exceeded", 3 * time.Second},
		{"no machine", Faults{}, "10.9.9.9:4242", "connection refused", 20 * time.Millisecond},
		{"no name", Faults{}, "nowhere:4242", "no such host", 10 * time.Millisecond},
		{"too far away", Faults{Delay: 2 * time.Second}, "10.0.0.2:4242", "deadline exceeded", 3 * time.Second},
		{"other machine's loopback", Faults{}, "127.0.0.1:4242", "connection refused", 20 * time.Millisecond},
	} {
		t.Run(row.name, func(t *testing.T) {
			row.faults.Delay = max(row.faults.Delay, 10*time.Millisecond)
			w, a, b := New(1, row.faults), &mode{}, &mode{}
			x := w.Host(addrA, a)
			w.Host(addrB, b, loop.Door{Network: "tcp", Addr: netip.MustParseAddrPort("0.0.0.0:4242")})
			x.Dial("tcp", row.address, 3*time.Second, nil)
			start := w.Now()
			w.RunUntil(func() bool { return len(a.failed) > 0 }, time.Minute)
			if len(a.failed) != 1 || !strings.Contains(a.failed[0].Error(), row.want) {
				t.Fatalf("failed: %v, want %v", a.failed, row.want)
			}
			if d := w.Now().Sub(start); d != row.after {
				t.Errorf("failed after %v, want %v", d, row.after)
			}
			w.Run(time.Minute)
			if a.last != 0 || b.closed == 0 && b.last != 0 {
				t.Error("a link was left over")
			}
		})
	}
}

func TestDialsAtOnce(t *testing.T) {
	w, n := New(1, Faults{Delay: time.Second}), 0
	a := &mode{opened: func(loop.ID, loop.Info) { n++ }}
	x, y := w.Host(addrA, a), w.Host(addrB, &mode{}, tcp)
	w.Name("b.lan", addrB)
	for range 100 {
		x.Dial("tcp", "b.lan:"+portOf(y), time.Minute, nil)
	}
	for _, want := range []int{0, 32, 64, 96, 100} {
		if n != want {
			t.Errorf("at %v %d dials are open, want %d", w.Now().Sub(epoch), n, want)
		}
		w.Run(2 * time.Second)
	}
}

// TestLoopback: a machine sees its own processes under the address they used.
func TestLoopback(t *testing.T) {
	for _, row := range []struct{ door, from, address, seen string }{
		{"0.0.0.0", "10.0.0.2", "localhost:4242", "127.0.0.1"},
		{"0.0.0.0", "10.0.0.2", "10.0.0.2:4242", "10.0.0.2"},
		{"0.0.0.0", "10.0.0.1", "10.0.0.2:4242", "10.0.0.1"},
		{"127.0.0.1", "10.0.0.2", "localhost:4242", "127.0.0.1"},
		{"127.0.0.1", "10.0.0.1", "10.0.0.2:4242", ""},
		{"10.0.0.2", "10.0.0.2", "localhost:4242", ""},
		{"10.0.0.2", "10.0.0.1", "10.0.0.2:4242", "10.0.0.1"},
	} {
		var in loop.Info
		var here netip.AddrPort
		w, b := New(1, Faults{}), &mode{}
		b.opened = func(id loop.ID, i loop.Info) { in, here = i, b.net.Here(id) }
		w.Host(addrB, b, loop.Door{Network: "tcp", Addr: netip.AddrPortFrom(netip.MustParseAddr(row.door), 4242)})
		w.Host(netip.MustParseAddr(row.from), &mode{}).Dial("tcp", row.address, time.Second, nil)
		w.Run(time.Second)
		seen := ""
		if in.Remote.IsValid() {
			seen = in.Remote.Addr().String()
		}
		if seen != row.seen || seen != "" && here.String() != strings.Replace(row.address, "localhost", "127.0.0.1", 1) {
			t.Errorf("%s to %s: seen as %v, at %v", row.from, row.address, in.Remote, here)
		}
	}
}

func TestDatagrams(t *testing.T) {
	const n = 1000
	some := func(got int) bool { return got > n/20 && got < n/3 }
	none := func(got int) bool { return got == 0 }
	for _, row := range []struct {
		name                  string
		loss, repeat, reorder float64
		lost, twice           func(int) bool
		overtaken             func(int) bool
	}{
		{"calm", 0, 0, 0, none, none, none},
		{"lost", 0.2, 0, 0, some, none, none},
		{"repeated", 0, 0.2, 0, none, some, none},
		{"overtaken", 0, 0, 0.2, none, none, some},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := New(1, Faults{Delay: time.Millisecond, Loss: row.loss, Repeat: row.repeat, Reorder: row.reorder})
			b := &mode{}
			x, y := w.Host(addrA, &mode{}, udp), w.Host(addrB, b, udp)
			to := netip.AddrPortFrom(addrB, y.Local(0).Port())
			for i := range n {
				x.SendTo(0, to, fmt.Appendf(nil, "%04d", i))
			}
			w.Run(time.Second)
			seen, overtaken := map[string]int{}, 0
			for i, d := range b.datagrams {
				if seen[d]++; i > 0 && d < b.datagrams[i-1] {
					overtaken++
				}
			}
			lost, twice := n-len(seen), len(b.datagrams)-len(seen)
			if !row.lost(lost) || !row.twice(twice) || !row.overtaken(overtaken) {
				t.Errorf("of %d: %d lost, %d twice, %d overtaken", n, lost, twice, overtaken)
			}
		})
	}
}

func TestPanicsSayWhere(t *testing.T) {
	p := newPair(t, Faults{})
	p.b.data = func(loop.ID, []byte, bool) int { panic("oops") }
	p.send(1)
	defer func() {
		r := fmt.Sprint(recover())
		if !strings.Contains(r, "seed 1") || !strings.Contains(r, "10.0.0.2") || !strings.Contains(r, "oops") {
			t.Errorf("panic: %s", r)
		}
	}()
	p.w.Run(time.Second)
	t.Error("the panic was swallowed")
}

func TestClockStandsStill(t *testing.T) {
	p := newPair(t, Faults{})
	p.a.tick = func() { p.x.Alarm(p.x.Now()) }
	p.x.Alarm(p.x.Now())
	defer func() {
		if r := fmt.Sprint(recover()); !strings.Contains(r, "stands still") {
			t.Errorf("panic: %s", r)
		}
	}()
	p.w.Run(time.Second)
}

// TestHeldBytesAreOverwritten: a mode that holds on to what Data gave is found out.
func TestHeldBytesAreOverwritten(t *testing.T) {
	p := newPair(t, Faults{})
	var held []byte
	p.b.data = func(_ loop.ID, b []byte, _ bool) int { held = b; return len(b) }
	p.x.Send(p.a.last, []byte("hello"), 0, false)
	p.w.Run(time.Second)
	if string(held) == "hello" {
		t.Error("the bytes are still there after the call")
	}
}

// TestDialFrom: a process is seen by its own machine under the address of
// loopback that it asks for, by others never.
func TestDialFrom(t *testing.T) {
	from := netip.MustParseAddr("127.0.1.7")
	for _, row := range []struct {
		what, to   string
		from, seen netip.Addr
	}{
		{"loopback to loopback", "127.0.0.1", from, from},
		{"loopback to another machine", "10.0.0.2", from, addrA},
		{"its own", "10.0.0.2", addrA, addrA},
		{"none", "127.0.0.1", netip.Addr{}, loopback},
	} {
		w, seen := New(1, Faults{}), netip.Addr{}
		opened := func(_ loop.ID, in loop.Info) { seen = in.Remote.Addr() }
		here, there := w.Host(addrA, &mode{opened: opened}, tcp), w.Host(addrB, &mode{opened: opened}, tcp)
		to := row.to + ":" + portOf(there)
		if row.to == "127.0.0.1" {
			to = row.to + ":" + portOf(here)
		}
		caller := &mode{}
		w.Host(addrA, caller).DialFrom(row.from, "tcp", to, time.Minute, nil)
		w.Run(time.Second)
		if caller.last == 0 || seen != row.seen {
			t.Errorf("%s: seen as %v, want %v (failed: %v)", row.what, seen, row.seen, caller.failed)
		}
	}
}
