package scenarios

import (
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"mim/chat/client"
	"mim/codec"
	"mim/codec/all"
	"mim/loop"
	"mim/loop/join"
	"mim/loop/serve"
)

// crowd is how many connections must cost no goroutine.
const crowd = 500

// loopback is a port of this machine that the system picks.
var loopback = netip.MustParseAddrPort("127.0.0.1:0")

// TestGoroutinesOfServe: people who log in, and links that say nothing, add no
// goroutine to a server.
func TestGoroutinesOfServe(t *testing.T) {
	s := startServer(t)
	links := connect(t, s.at, 1) // whatever a first connection starts has started
	before := settled(t, 0)
	links = append(links, connect(t, s.at, crowd)...)
	for i, c := range links {
		if i%2 == 0 {
			write(t, c, login(fmt.Sprintf("user%d", i), uint16(1024+i)))
		}
	}
	s.until(t, "all connections are open", func() bool { return s.Stats().Open >= crowd })
	s.until(t, "half of them have logged in", func() bool {
		n := make(chan int, 1)
		s.Post(func() { n <- s.mode.Len() })
		return <-n >= crowd/2
	})
	settled(t, before)
}

// TestGoroutinesOfJoin: people who call add no goroutine to a messenger.
func TestGoroutinesOfJoin(t *testing.T) {
	s := startServer(t)
	views := make(chan client.View, 4*crowd)
	mode := join.New(join.Config{
		Dialect: calling(t), Name: "alice", Server: s.at, Listen: loopback,
		Show: func(v client.View) { views <- v }, Done: func(int) {},
	})
	r := startReactor(t, mode, mode.Doors())
	ready := awaitView(t, views, client.Ready)
	before := settled(t, 0)
	for i, c := range connect(t, ready.Listening, crowd) {
		write(t, c, fmt.Appendf(nil, "caller%d\nhello\n", i))
	}
	for range crowd {
		awaitView(t, views, client.Said)
	}
	if open := r.Stats().Open; open < crowd {
		t.Fatalf("only %d links are open", open)
	}
	settled(t, before)
}

// calling is a dialect that a messenger can speak.
func calling(t *testing.T) codec.Calling {
	t.Helper()
	for _, d := range all.Dialects() {
		if c, ok := d.(codec.Calling); ok {
			return c
		}
	}
	t.Fatal("no dialect has a client's side")
	return nil
}

// A server in this process.
type server struct {
	*loop.Reactor
	mode *serve.Mode
	at   string // "host:port"
}

func startServer(t *testing.T) *server {
	t.Helper()
	s := &server{mode: serve.New(serve.Config{Doors: []serve.Door{{
		Dialect: calling(t), Role: codec.Registry, Network: "tcp", Addr: loopback,
	}}})}
	s.Reactor = startReactor(t, s.mode, s.mode.Doors())
	at := make(chan netip.AddrPort, 1)
	s.Post(func() { at <- s.Local(0) })
	s.at = (<-at).String()
	return s
}

func startReactor(t *testing.T, m loop.Mode, doors []loop.Door) *loop.Reactor {
	t.Helper()
	r := loop.New(loop.Config{Doors: doors}, m)
	if err := r.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Stop(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// connect opens n connections that last as long as the test, eight from each
// address: a messenger takes no more from one before they say their names.
func connect(t *testing.T, at string, n int) (links []net.Conn) {
	t.Helper()
	for i := range n {
		from := &net.TCPAddr{IP: net.IPv4(127, 0, 1, byte(1+i/8))}
		d := net.Dialer{Timeout: patience, LocalAddr: from}
		c, err := d.Dial("tcp", at)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		links = append(links, c)
	}
	return links
}

func write(t *testing.T, c net.Conn, p []byte) {
	t.Helper()
	if _, err := c.Write(p); err != nil {
		t.Fatal(err)
	}
}

func awaitView(t *testing.T, views <-chan client.View, e client.Event) client.View {
	t.Helper()
	late := time.After(patience)
	for {
		select {
		case v := <-views:
			if v.Event == e {
				return v
			}
		case <-late:
			t.Fatalf("no %s within %v", e, patience)
		}
	}
}

// until looks again and again whether cond holds.
func (s *server) until(t *testing.T, what string, cond func() bool) {
	t.Helper()
	if !poll(cond) {
		t.Fatalf("%s: not within %v; %+v", what, patience, s.Stats())
	}
}

func poll(cond func() bool) bool {
	late := time.After(patience)
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for !cond() {
		select {
		case <-again.C:
		case <-late:
			return false
		}
	}
	return true
}

// settled waits until the number of goroutines stands still, or, with a limit,
// is not above it: gnet's pool for accepted connections and finished dials
// takes a moment to drain. It gives the number.
func settled(t *testing.T, limit int) int {
	t.Helper()
	last, same := 0, 0
	ok := poll(func() bool {
		n := runtime.NumGoroutine()
		if limit > 0 {
			last = n
			return n <= limit
		}
		if same++; n != last {
			last, same = n, 0
		}
		return same > 40
	})
	if !ok {
		stacks := make([]byte, 1<<20)
		t.Fatalf("there are %d goroutines, want at most %d:\n%s", last, limit, stacks[:runtime.Stack(stacks, true)])
	}
	return last
}
