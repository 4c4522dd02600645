//go:build linux

package loop

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// smallWindow gives a socket the least receive buffer.
func smallWindow(_, _ string, raw syscall.RawConn) error {
	var err error
	if e := raw.Control(func(fd uintptr) {
		err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, 4<<10)
	}); e != nil {
		return e
	}
	return err
}

// An outcome is what became of a dial.
type outcome struct {
	tag any
	in  Info
	why error
}

func dialer() (*puppet, chan outcome) {
	m, all := &puppet{}, make(chan outcome, 1000)
	m.opened = func(_ ID, in Info) { all <- outcome{tag: in.Tag, in: in} }
	m.failed = func(tag any, why error) { all <- outcome{tag: tag, why: why} }
	return m, all
}

func TestDial(t *testing.T) {
	t.Parallel()
	m, all := dialer()
	m.data = func(id ID, p []byte, _ bool) int {
		m.Send(id, append([]byte(nil), p...), 0, false)
		return len(p)
	}
	r := start(t, Config{}, m)
	there, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer there.Close()
	on(t, r, func() { m.Dial("tcp", there.Addr().String(), patience, "tag") })
	nc, err := there.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	got := await(t, "the outcome", all)
	if got.tag != "tag" || got.why != nil || got.in.Door != -1 || got.in.Remote.String() != there.Addr().String() {
		t.Errorf("dialled: %+v", got)
	}
	c := &client{TCPConn: nc.(*net.TCPConn), t: t}
	c.SetDeadline(time.Now().Add(patience))
	c.say("hello")
	b := make([]byte, 5)
	if _, err := nc.Read(b); err != nil || string(b) != "hello" {
		t.Errorf("read %q, %v", b, err)
	}
	on(t, r, func() {
		if here := r.Here(m.links[0]); here.String() != nc.RemoteAddr().String() {
			t.Errorf("Here is %v, the other end sees %v", here, nc.RemoteAddr())
		}
	})
	nc.Close()
	if e := m.end(t); e.why != nil {
		t.Errorf("ended because of %v", e.why)
	}
	on(t, r, func() {
		if r.dialing != 0 {
			t.Errorf("%d dials are under way", r.dialing)
		}
	})
	if len(all) > 0 {
		t.Errorf("a second outcome: %+v", <-all)
	}
}

func TestDialFails(t *testing.T) {
	t.Parallel()
	deaf := deafPort(t)
	g, closed, err := newGuard(tcp4)
	if err != nil {
		t.Fatal(err)
	}
	g.close()
	rows := []struct {
		name, network, address string
		within                 time.Duration
		ok                     func(error) bool
	}{
		{"refused", "tcp", closed.String(), patience, func(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }},
		{"no answer", "tcp", deaf, 100 * time.Millisecond, func(err error) bool { return os.IsTimeout(err) || errors.Is(err, context.DeadlineExceeded) }},
		{"no time", "tcp", deaf, 0, func(err error) bool { return err != nil }},
		{"no port", "tcp", "127.0.0.1", patience, func(err error) bool { return err != nil }},
		{"no such name", "tcp", "no..such..name:1", patience, func(err error) bool { return err != nil }},
		{"not a stream", "udp", "127.0.0.1:1", patience, func(err error) bool { return err != nil }},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			m, all := dialer()
			r := start(t, Config{}, m)
			on(t, r, func() { m.Dial(row.network, row.address, row.within, row.name) })
			if got := await(t, "the outcome", all); got.tag != row.name || got.why == nil || !row.ok(got.why) {
				t.Errorf("%+v", got)
			}
		})
	}
}

// TestDialsWaitInLine: no more than 32 run at once, the others wait in the
// order in which they were asked for.
func TestDialsWaitInLine(t *testing.T) {
	t.Parallel()
	deaf := deafPort(t)
	m, all := dialer()
	r := start(t, Config{}, m)
	const n = 2*maxDials + 10
	on(t, r, func() {
		for i := range n {
			m.Dial("tcp", deaf, 150*time.Millisecond, i)
		}
		if r.dialing != maxDials || len(r.dials) != n-maxDials || r.dials[0].tag != maxDials {
			t.Errorf("%d dials run, %d wait, the first of them %v", r.dialing, len(r.dials), r.dials[0].tag)
		}
	})
	seen := make(map[any]bool)
	for range n {
		o := await(t, "the outcome", all)
		if o.why == nil || seen[o.tag] {
			t.Errorf("%+v", o)
		}
		seen[o.tag] = true
		on(t, r, func() {
			if left := len(r.dials); left > 0 && r.dials[0].tag != n-left {
				t.Errorf("%d wait, the first of them %v", left, r.dials[0].tag)
			}
		})
	}
	on(t, r, func() {
		if r.dialing != 0 || len(r.dials) != 0 {
			t.Errorf("%d dials run, %d wait", r.dialing, len(r.dials))
		}
	})
}

// TestDialWhenFull: a dial that succeeds finds no room either.
func TestDialWhenFull(t *testing.T) {
	t.Parallel()
	there := start(t, Config{}, &puppet{})
	m, all := dialer()
	r := start(t, Config{MaxConns: 1}, m)
	on(t, r, func() { m.Dial("tcp", there.Local(0).String(), patience, 1) })
	if o := await(t, "the first", all); o.why != nil {
		t.Fatal(o.why)
	}
	on(t, r, func() { m.Dial("tcp", there.Local(0).String(), patience, 2) })
	if o := await(t, "the second", all); o.tag != 2 || !errors.Is(o.why, ErrFull) {
		t.Errorf("%+v", o)
	}
	c := connect(t, r, 0)
	if got, err := c.rest(); got != "" || err != nil {
		t.Errorf("a newcomer to a full house read %q, %v", got, err)
	}
	if n := r.Stats().Refused; n != 2 {
		t.Errorf("%d were refused, want 2", n)
	}
}

// TestOptions: each connection, accepted or dialled, has what finds the dead.
func TestOptions(t *testing.T) {
	t.Parallel()
	m, all := dialer()
	r := start(t, Config{}, m)
	on(t, r, func() { m.Dial("tcp", r.Local(0).String(), patience, nil) })
	await(t, "one end", all)
	await(t, "the other end", all)
	options := []struct {
		name               string
		level, option, val int
	}{
		{"TCP_NODELAY", unix.IPPROTO_TCP, unix.TCP_NODELAY, 1},
		{"SO_KEEPALIVE", unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1},
		{"TCP_KEEPIDLE", unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, 60},
		{"TCP_KEEPINTVL", unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, 15},
		{"TCP_KEEPCNT", unix.IPPROTO_TCP, unix.TCP_KEEPCNT, 4},
		{"TCP_USER_TIMEOUT", unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, 100_000},
		{"TCP_NOTSENT_LOWAT", unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, 128 << 10},
	}
	on(t, r, func() {
		for i, id := range m.links {
			for _, o := range options {
				got, err := unix.GetsockoptInt(int(r.get(id).fd), o.level, o.option)
				if err != nil || got != o.val {
					t.Errorf("connection %d: %s is %d, want %d; %v", i, o.name, got, o.val, err)
				}
			}
		}
	})
}

// TestDatagrams: a UDP door beside a TCP door, both ways, empty ones too.
func TestDatagrams(t *testing.T) {
	t.Parallel()
	type packet struct {
		door int
		from netip.AddrPort
		text string
	}
	for _, door := range []Door{udp4, udp6} {
		t.Run(fmt.Sprint(door.Addr.Addr()), func(t *testing.T) {
			t.Parallel()
			m := &puppet{}
			got := make(chan packet, 10)
			m.datagram = func(door int, from netip.AddrPort, p []byte) { got <- packet{door, from, string(p)} }
			r := start(t, Config{Doors: []Door{tcp4, door}}, m)
			c, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(r.Local(1)))
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			c.SetDeadline(time.Now().Add(patience))
			from := c.LocalAddr().(*net.UDPAddr).AddrPort()
			on(t, r, func() { // we speak first
				m.SendTo(1, from, []byte("hello"))
				m.SendTo(0, from, []byte("from a TCP door"))
				m.SendTo(7, from, []byte("from no door"))
				m.SendTo(1, netip.AddrPort{}, []byte("to nobody"))
			})
			b := make([]byte, 100)
			if n, err := c.Read(b); err != nil || string(b[:n]) != "hello" {
				t.Fatalf("read %q, %v", b[:n], err)
			}
			for _, text := range []string{"one", "", "two"} {
				if _, err := c.Write([]byte(text)); err != nil {
					t.Fatal(err)
				}
				if p := await(t, "a datagram", got); p != (packet{1, from, text}) {
					t.Errorf("got %+v, want %q from %v by door 1", p, text, from)
				}
			}
			tcp := connect(t, r, 0)
			tcp.Close()
			eventually(t, "the TCP door works too", func() bool { return len(m.told()) == 1 })
		})
	}
}

// TestDialFrom: the other end sees the address that was asked for.
func TestDialFrom(t *testing.T) {
	t.Parallel()
	m, all := dialer()
	r := start(t, Config{}, m)
	there, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer there.Close()
	from := netip.MustParseAddr("127.0.1.7")
	on(t, r, func() { m.DialFrom(from, "tcp", there.Addr().String(), patience, "tag") })
	nc, err := there.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	if got := await(t, "the outcome", all); got.why != nil {
		t.Fatal(got.why)
	}
	if at := netAddr(nc.RemoteAddr()); at.Addr() != from {
		t.Errorf("dialled from %v, the other end sees %v", from, at)
	}
	on(t, r, func() {
		if here := r.Here(m.links[0]); here != netAddr(nc.RemoteAddr()) {
			t.Errorf("Here is %v", here)
		}
	})
}
