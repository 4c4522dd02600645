package serve

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"mim/loop"
	"mim/roster"
)

// A hall is a server with calls on a real loop.
type hall struct {
	t     *testing.T
	mode  *Mode
	loop  *loop.Reactor
	doors []netip.AddrPort
	sent  uint64 // datagrams, by all sources
}

func newHall(t *testing.T) *hall {
	m := New(Config{Doors: doorsWithVoice(netip.MustParseAddr("127.0.0.1")), Roster: roster.Config{Keys: keysFrom(firstKey - 1)}})
	h := &hall{t: t, mode: m, loop: loop.New(loop.Config{Doors: m.Doors()}, m)}
	if err := h.loop.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.loop.Stop(); err != nil {
			t.Error(err)
		}
	})
	h.on(func() {
		for i := range m.Doors() {
			h.doors = append(h.doors, h.loop.Local(i))
		}
	})
	return h
}

// on runs f on the loop.
func (h *hall) on(f func()) {
	done := make(chan struct{})
	h.loop.Post(func() { defer close(done); f() })
	<-done
}

// read waits until the server has read all that was sent.
func (h *hall) read() {
	h.t.Helper()
	var in uint64
	for limit := time.Now().Add(time.Minute); in < h.sent; {
		h.on(func() { in = h.mode.Datagrams().In })
		if time.Now().After(limit) {
			h.t.Fatalf("of %d datagrams %d came", h.sent, in)
		}
	}
}

// come logs in from an address and gives the connection.
func (h *hall) come(from, name string) (net.Conn, *bufio.Reader) {
	h.t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	c, err := d.Dial("tcp", h.doors[tcpDoor].String())
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(time.Minute))
	fmt.Fprintf(c, "CONNECT: %q %q 1\r\n", name, name)
	in := bufio.NewReader(c)
	h.hear(in, "USERLIST")
	return c, in
}

// hear reads lines up to one that holds a word.
func (h *hall) hear(in *bufio.Reader, word string) string {
	h.t.Helper()
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			h.t.Fatalf("waiting for %q: %v", word, err)
		}
		if strings.Contains(line, word) {
			return line
		}
	}
}

// A socket is one for datagrams, which counts the bytes both ways.
type socket struct {
	*net.UDPConn
	h       *hall
	in, out int // to the server, and from it
	p       []byte
}

func (h *hall) socket(from string) *socket {
	h.t.Helper()
	c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.ParseIP(from)})
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { c.Close() })
	return &socket{UDPConn: c, h: h, p: make([]byte, 1<<16)}
}

func (s *socket) send(door int, text string) {
	s.h.t.Helper()
	if _, err := s.WriteToUDPAddrPort([]byte(text), s.h.doors[door]); err != nil {
		s.h.t.Fatal(err)
	}
	s.h.sent++
	s.in += len(text)
}

// next reads a datagram; wait: it has to come, else "" is none that is there.
func (s *socket) next(wait bool) string {
	s.h.t.Helper()
	limit := time.Now().Add(time.Millisecond)
	if wait {
		limit = limit.Add(time.Minute)
	}
	s.SetReadDeadline(limit)
	n, _, err := s.ReadFromUDPAddrPort(s.p)
	if err != nil && (wait || !errors.Is(err, os.ErrDeadlineExceeded)) {
		s.h.t.Fatal(err)
	}
	s.out += n
	return string(s.p[:n])
}

// call has ann call bob and binds their sockets.
func (h *hall) call() (ann, bob *socket, key string) {
	a, fromA := h.come("127.0.0.1", "ann")
	b, fromB := h.come("127.0.0.1", "bob")
	fmt.Fprint(a, "TALK bob: REQUEST\r\n")
	key = keyOf.FindStringSubmatch(h.hear(fromB, "REQUEST"))[1]
	fmt.Fprintf(b, "TALK %s: ACCEPT\r\n", key)
	h.hear(fromA, "ACCEPTED")
	ann, bob = h.socket("127.0.0.1"), h.socket("127.0.0.1")
	for _, s := range []*socket{ann, bob} {
		bound := "TALKSESSION: " + key + " ack"
		if s.send(voiceDoor, bound); s.next(true) != bound {
			h.t.Fatal("no receipt")
		}
	}
	return ann, bob, key
}

// A thousand datagrams each way, in bursts, by real sockets: unchanged.
func TestVoiceOnReactor(t *testing.T) {
	h := newHall(t)
	ann, bob, _ := h.call()
	for n := 0; n < 1000; n += 20 {
		for i := range 20 {
			ann.send(voiceDoor, tone("a", n+i))
			bob.send(voiceDoor, tone("b", n+i))
		}
		for i := range 20 {
			if got, want := bob.next(true), tone("a", n+i); got != want {
				t.Fatalf("bob heard %d bytes, want %d: %.20q", len(got), len(want), got)
			}
			if got, want := ann.next(true), tone("b", n+i); got != want {
				t.Fatalf("ann heard %d bytes, want %d: %.20q", len(got), len(want), got)
			}
		}
	}
}

// TestNoAmplification: whatever they say, by whatever UDP door, whoever has not
// proved to be in a call gets no more bytes than came from there, at no moment;
// nobody else gets any; and who has no connection gets none.
func TestNoAmplification(t *testing.T) {
	h := newHall(t)
	ann, bob, key := h.call()
	h.come("127.0.0.3", "eve") // is here, knows the key, and is not in the call
	eve, lone := h.socket("127.0.0.3"), h.socket("127.0.0.4")
	rng := rand.New(rand.NewPCG(1, 2))
	kinds := []func() string{
		func() string { return "TALKSESSION: " + key },
		func() string { return "TALKSESSION: " + key + " ack" },
		func() string { return fmt.Sprint("TALKSESSION: ", 500_000_000_000_000+rng.Int64N(1e14)) },
		func() string { return fmt.Sprint("TALKSESSION: ", 500_000_000_000_000+rng.Int64N(1e14), " ack") },
		func() string { return fmt.Sprint("TALKSESSION:", rng.IntN(1000)) },
		func() string { return "TALKSESSION:" },
		func() string { return "TALKSESSION: " + key + strings.Repeat(" ", rng.IntN(3000)) + "ack" },
		func() string { return strings.Repeat("long", 512+rng.IntN(500)) },
		func() string { return "SESSIONERROR: bad key" },
		func() string { return "" },
		func() string {
			p := make([]byte, rng.IntN(100))
			for i := range p {
				p[i] = byte(rng.Uint32())
			}
			return string(p)
		},
	}
	before := [2]int{ann.out, bob.out}
	const all, burst = 10_000, 20
	for n := 0; n < all; n += burst {
		door, s := voiceDoor, eve
		if rng.IntN(4) == 0 {
			door = deafDoor + rng.IntN(2)
		}
		if rng.IntN(3) == 0 {
			s = lone
		}
		was := s.out
		for range burst {
			s.send(door, kinds[rng.IntN(len(kinds))]())
		}
		h.read()
		for s.next(false) != "" {
		}
		if s.out > s.in || s.out > was && door != voiceDoor {
			t.Fatalf("by door %d: %d bytes came from there, %d went there", door, s.in, s.out)
		}
	}
	for _, s := range []*socket{ann, bob, lone} {
		for s.next(false) != "" {
		}
	}
	var n Datagrams
	h.on(func() { n = h.mode.Datagrams() })
	t.Logf("eve: %d bytes in, %d out; lone: %d in, %d out; %+v", eve.in, eve.out, lone.in, lone.out, n)
	if lone.out > 0 || ann.out > before[0] || bob.out > before[1] {
		t.Errorf("lone was sent %d bytes, ann %d, bob %d", lone.out, ann.out-before[0], bob.out-before[1])
	}
	if eve.out == 0 {
		t.Error("no wrong key was answered: this tests too little")
	}
	ann.send(voiceDoor, "still here")
	if got := bob.next(true); got != "still here" {
		t.Errorf("bob heard %q", got)
	}
}
