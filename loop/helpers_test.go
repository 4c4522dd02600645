package loop

import (
	"bufio"
	"io"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// patience is how long a test waits for what must come.
const patience = 20 * time.Second

var (
	tcp4 = Door{"tcp", netip.MustParseAddrPort("127.0.0.1:0")}
	tcp6 = Door{"tcp", netip.MustParseAddrPort("[::1]:0")}
	udp4 = Door{"udp", netip.MustParseAddrPort("127.0.0.1:0")}
	udp6 = Door{"udp", netip.MustParseAddrPort("[::1]:0")}
)

// A puppet is a Mode made of functions; those that are nil do nothing (Data
// then uses all). It notes the ends that it is told of.
type puppet struct {
	Net
	booted   func()
	opened   func(ID, Info)
	data     func(ID, []byte, bool) int
	idle     func(ID, []byte) int
	left     func(ID, uint64)
	closed   func(ID, error)
	failed   func(any, error)
	datagram func(int, netip.AddrPort, []byte)
	tick     func(time.Time)
	stopping func()

	depth  atomic.Int32 // of callbacks
	nested atomic.Int32 // callbacks inside another one

	mu    sync.Mutex
	links []ID
	ends  []end
}

// enter notes that a callback runs; the result leaves it.
func (p *puppet) enter() (leave func()) {
	if p.depth.Add(1) != 1 {
		p.nested.Add(1)
	}
	return func() { p.depth.Add(-1) }
}

// An end is one call of Closed.
type end struct {
	id  ID
	why error
}

func (p *puppet) Booted(n Net) {
	p.Net = n
	if p.booted != nil {
		p.booted()
	}
}

func (p *puppet) Opened(id ID, in Info) {
	defer p.enter()()
	p.mu.Lock()
	p.links = append(p.links, id)
	p.mu.Unlock()
	if p.opened != nil {
		p.opened(id, in)
	}
}

func (p *puppet) Data(id ID, b []byte, end bool) int {
	defer p.enter()()
	if p.data != nil {
		return p.data(id, b, end)
	}
	return len(b)
}

func (p *puppet) Idle(id ID, b []byte) int {
	defer p.enter()()
	if p.idle != nil {
		return p.idle(id, b)
	}
	return 0
}

func (p *puppet) Left(id ID, pos uint64) {
	defer p.enter()()
	if p.left != nil {
		p.left(id, pos)
	}
}

func (p *puppet) Closed(id ID, why error) {
	defer p.enter()()
	p.mu.Lock()
	p.ends = append(p.ends, end{id, why})
	p.mu.Unlock()
	if p.closed != nil {
		p.closed(id, why)
	}
}

func (p *puppet) Failed(tag any, why error) {
	defer p.enter()()
	if p.failed != nil {
		p.failed(tag, why)
	}
}

func (p *puppet) Datagram(door int, from netip.AddrPort, b []byte) {
	defer p.enter()()
	if p.datagram != nil {
		p.datagram(door, from, b)
	}
}

func (p *puppet) Tick(now time.Time) {
	defer p.enter()()
	if p.tick != nil {
		p.tick(now)
	}
}

func (p *puppet) Stopping() {
	defer p.enter()()
	if p.stopping != nil {
		p.stopping()
	}
}

// told gives the ends noted so far.
func (p *puppet) told() []end {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]end(nil), p.ends...)
}

// link gives the nth link that opened, waiting for it.
func (p *puppet) link(t testing.TB, n int) (id ID) {
	t.Helper()
	eventually(t, "a connection opens", func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		if n < len(p.links) {
			id = p.links[n]
			return true
		}
		return false
	})
	return id
}

// start starts a Reactor that stops with the test.
func start(t testing.TB, cfg Config, m Mode) *Reactor {
	t.Helper()
	if cfg.Doors == nil {
		cfg.Doors = []Door{tcp4}
	}
	r := New(cfg, m)
	if err := r.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Stop(); err != nil {
			t.Errorf("Stop: %v", err)
		}
		if p, ok := m.(*puppet); ok && p.nested.Load() > 0 {
			t.Errorf("%d callbacks were called inside another one", p.nested.Load())
		}
	})
	return r
}

// on runs f on the loop and waits for it.
func on(t testing.TB, r *Reactor, f func()) {
	t.Helper()
	done := make(chan struct{})
	r.Post(func() {
		defer close(done)
		f()
	})
	await(t, "the loop runs a post", done)
}

// await waits for a channel to give a value or to be closed.
func await[T any](t testing.TB, what string, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(patience):
		t.Fatalf("waited in vain: %s", what)
	}
	return v
}

// eventually waits until ok.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for limit := time.Now().Add(patience); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

// A client is the other end of a link.
type client struct {
	*net.TCPConn
	t testing.TB
	r *bufio.Reader
}

// connect opens a connection to a door of r.
func connect(t testing.TB, r *Reactor, door int) *client {
	t.Helper()
	c, err := net.DialTimeout("tcp", r.Local(door).String(), patience)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return &client{c.(*net.TCPConn), t, bufio.NewReader(c)}
}

// say writes s.
func (c *client) say(s string) {
	c.t.Helper()
	if _, err := io.WriteString(c, s); err != nil {
		c.t.Fatal(err)
	}
}

// hear reads exactly want.
func (c *client) hear(want string) {
	c.t.Helper()
	got := make([]byte, len(want))
	if n, err := io.ReadFull(c.r, got); err != nil || string(got) != want {
		c.t.Fatalf("read %q, %v; want %q", got[:n], err, want)
	}
}

// rest reads until the end of input.
func (c *client) rest() (string, error) {
	b, err := io.ReadAll(c.r)
	return string(b), err
}

// acked reports whether the other machine has all that was said.
func (c *client) acked() bool {
	c.t.Helper()
	raw, err := c.SyscallConn()
	if err != nil {
		c.t.Fatal(err)
	}
	n := -1
	if err := raw.Control(func(fd uintptr) { n, _ = unacked(int(fd)) }); err != nil {
		c.t.Fatal(err)
	}
	return n == 0
}

// deafPort is a port that answers no SYN: its queue of connections is full.
func deafPort(t *testing.T) string {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	unix.CloseOnExec(fd)
	t.Cleanup(func() { unix.Close(fd) })
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := unix.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	sa, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	at := addrPort(sa).String()
	for { // until one does not get in
		c, err := net.DialTimeout("tcp", at, 50*time.Millisecond)
		if err != nil {
			return at
		}
		t.Cleanup(func() { c.Close() })
	}
}
