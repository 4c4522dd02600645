package serve

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"testing"

	"mim/codec"
	"mim/codec/messenger"
	"mim/codec/mim0"
	"mim/loop"
)

// A place is a server on a real loop, with one lent port, and what can be asked of it.
type place struct {
	t    *testing.T
	mode *Mode
	loop *loop.Reactor
}

// at is the address of a door; links are those that we have now, and lines those
// that the roster knows.
func (p *place) at(door int) string {
	return on(p, func() string { return p.loop.Local(door).String() })
}
func (p *place) links() int {
	return on(p, func() (n int) {
		for i := range p.mode.links {
			if p.mode.links[i].Link != nil {
				n++
			}
		}
		return n
	})
}

// on asks something on the loop.
func on[T any](p *place, f func() T) T {
	p.t.Helper()
	c := make(chan T, 1)
	p.loop.Post(func() { c <- f() })
	return <-c
}

func newPlace(t *testing.T) *place {
	here := netip.MustParseAddrPort("127.0.0.1:0")
	p := &place{t: t, mode: New(Config{Doors: []Door{
		{Dialect: messenger.New(), Role: codec.Registry, Network: "tcp", Addr: here},
		{Dialect: mim0.New(), Role: codec.Registry, Network: "tcp", Addr: here},
		{Dialect: mim0.New(), Role: codec.Peer, Network: "tcp", Addr: here, Lent: true},
	}})}
	p.loop = loop.New(loop.Config{Doors: p.mode.Doors()}, p.mode)
	if err := p.loop.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.loop.Stop(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// reads reads exactly this.
func reads(t *testing.T, in io.Reader, want string) {
	t.Helper()
	got := make([]byte, len(want))
	if n, err := io.ReadFull(in, got); err != nil || string(got) != want {
		t.Fatalf("read %q, %v; want %q", got[:n], err, want)
	}
}

// TestLinesLeaveNothing: 500 connections to a listener and 500 to a lent port,
// each for one text, leave no link, no goroutine and no memory.
func TestLinesLeaveNothing(t *testing.T) {
	p := newPlace(t)
	ann, hears := dial(t, p.at(0)), dial(t, p.at(0))
	fmt.Fprint(ann, "REGISTER TOSEND ann\n\n")
	reads(t, ann, "REGISTERED TOSEND ann\n\n")
	fmt.Fprint(hears, "REGISTER TORECV ann\n\n")
	reads(t, hears, "REGISTERED TORECV ann\n\n")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	bob := dial(t, p.at(1))
	bob.Write(login("bob", netip.MustParseAddrPort(listener.Addr().String()).Port()))
	registry := bufio.NewReader(bob)
	if logo, err := registry.ReadString('\n'); err != nil || !strings.HasPrefix(logo, "Welcome") {
		t.Fatalf("%q, %v", logo, err)
	}
	block := make([]byte, 2)
	if _, err := io.ReadFull(registry, block); err != nil { // the size of ann's, so she has the lent port
		t.Fatal(err)
	}
	// end ends a connection from bob's side and waits for the other.
	end := func(c net.Conn) {
		c.(*net.TCPConn).CloseWrite()
		if rest, err := io.ReadAll(c); err != nil || len(rest) > 0 {
			t.Fatalf("then %q, %v", rest, err)
		}
		c.Close()
		for p.links() > 3 { // each look is a turn of the loop
		}
	}
	hearsOf := func(text string) {
		reads(t, hears, fmt.Sprintf("FORWARD bob\nContent-length: %d\n\n%s", len(text), text))
		fmt.Fprint(hears, "RECEIVED bob\n\n")
	}
	round := func() {
		fmt.Fprint(ann, "SEND bob\nContent-length: 2\n\nhi")
		c, err := listener.Accept()
		if err != nil {
			t.Fatal(err)
		}
		reads(t, c, "ann\nhi\n")
		fmt.Fprint(c, "yes\n") // its bytes bring the kernel's acknowledgement along
		reads(t, ann, "SENT bob\n\n")
		hearsOf("yes")
		end(c)
		c, err = net.Dial("tcp", p.at(2))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(c, "bob\nho\n")
		hearsOf("ho")
		end(c)
	}
	for range 50 {
		round()
	}
	goroutines, before := runtime.NumGoroutine(), heap()
	for range 500 {
		round()
	}
	if n := runtime.NumGoroutine(); n > goroutines+2 {
		t.Errorf("%d goroutines, %d before", n, goroutines)
	}
	if more := heap() - before; more > 256<<10 {
		t.Errorf("%d KiB more on the heap", more>>10)
	}
}
