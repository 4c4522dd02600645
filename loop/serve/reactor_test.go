package serve

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"mim/codec"
	"mim/codec/mim0"
	"mim/loop"
)

// onReactor runs a server on a real loop and gives its address.
func onReactor(t *testing.T) (*loop.Reactor, string) {
	t.Helper()
	m := New(Config{Doors: []Door{{Dialect: mim0.New(), Role: codec.Registry, Network: "tcp", Addr: netip.MustParseAddrPort("127.0.0.1:0")}}})
	r := loop.New(loop.Config{Doors: m.Doors()}, m)
	if err := r.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Stop(); err != nil {
			t.Error(err)
		}
	})
	at := make(chan netip.AddrPort, 1)
	r.Post(func() { at <- r.Local(0) })
	return r, (<-at).String()
}

// dial connects to the server; whatever happens ends within the deadline.
func dial(t *testing.T, addr string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(60 * time.Second))
	return c
}

// The same logins over real sockets: how many writes the server needs to tell
// a thousand people of each other.
func TestStormOnReactor(t *testing.T) {
	n := 1000
	if testing.Short() {
		n = 100
	}
	r, addr := onReactor(t)
	conns := make([]net.Conn, n)
	for i := range conns {
		conns[i] = dial(t, addr)
	}
	before := r.Stats()
	block := 2 + 1 + 4 + 2*len("p0000") + 4 + 2*len("127.0.0.1") + 2
	errs := make(chan error, n)
	var wg sync.WaitGroup
	for _, c := range conns {
		wg.Go(func() { errs <- hearAll(c, (n-1)*block) })
	}
	began := time.Now()
	for i, c := range conns {
		if _, err := c.Write(login(fmt.Sprintf("p%04d", i), uint16(1000+i))); err != nil {
			t.Fatal(err)
		}
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
	s := r.Stats()
	t.Logf("%d logins in %v: %d sends, %d writes, %d MB", n, time.Since(began).Round(time.Millisecond),
		s.Sends-before.Sends, s.Writes-before.Writes, (s.Bytes-before.Bytes)>>20)
	if sends := int(s.Sends - before.Sends); sends < n*(n-1)/2 {
		t.Errorf("%d sends: not all were told", sends)
	}
	if writes := int(s.Writes - before.Writes); writes > 10*n {
		t.Errorf("%d writes", writes)
	}
}

// hearAll reads the logo and that many bytes of blocks.
func hearAll(c net.Conn, blocks int) error {
	in := bufio.NewReader(c)
	if logo, err := in.ReadString('\n'); err != nil || !strings.HasPrefix(logo, "Welcome") {
		return fmt.Errorf("logo %q: %w", logo, err)
	}
	if n, err := io.CopyN(io.Discard, in, int64(blocks)); err != nil {
		return fmt.Errorf("after %d bytes of %d: %w", n, blocks, err)
	}
	return nil
}
