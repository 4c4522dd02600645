package join

import (
	"bufio"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"mim/chat/client"
	"mim/codec"
	"mim/loop"
	"mim/loop/serve"
)

// How long a test waits for what must come.
const patience = time.Minute

var anyLocal = netip.MustParseAddrPort("127.0.0.1:0")

// realServer runs a server on a real loop.
func realServer(t *testing.T, at netip.AddrPort) (*loop.Reactor, netip.AddrPort) {
	t.Helper()
	m := serve.New(serve.Config{Doors: []serve.Door{{Dialect: calling(), Role: codec.Registry, Network: "tcp", Addr: at}}})
	r := loop.New(loop.Config{Doors: m.Doors()}, m)
	if err := r.Start(); err != nil {
		t.Fatal(err)
	}
	local := make(chan netip.AddrPort, 1)
	r.Post(func() { local <- r.Local(0) })
	return r, <-local
}

// A resident is a messenger on a real loop.
type resident struct {
	*testing.T
	name  string
	loop  *loop.Reactor
	mode  *Mode
	views chan client.View
	code  chan int
}

func reside(t *testing.T, name string, server netip.AddrPort) *resident {
	t.Helper()
	p := &resident{T: t, name: name, views: make(chan client.View, 10_000), code: make(chan int, 1)}
	p.mode = New(Config{
		Dialect: calling(), Name: name, Server: server.String(), Listen: anyLocal, JSON: true, Retry: true,
		Show: func(v client.View) { p.views <- v },
		Done: func(code int) { p.code <- code },
	})
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

func (p *resident) types(s string) { p.loop.Post(func() { p.mode.Line(s) }) }

// waits takes views until one is as wanted, in few words.
func (p *resident) waits(want string) client.View {
	p.Helper()
	late := time.After(patience)
	var got []string
	for {
		select {
		case v := <-p.views:
			if brief(v) == want {
				return v
			}
			got = append(got, brief(v))
		case <-late:
			p.Fatalf("%s waited for %q in vain, got %q", p.name, want, got)
		}
	}
}

// The same as on the simulated network, over real sockets: people come, talk,
// lose the server, talk on, and find it again.
func TestOnReactor(t *testing.T) {
	server, at := realServer(t, anyLocal)
	alice := reside(t, "alice", at)
	alice.waits("ready alice")
	bob := reside(t, "bob", at)
	bob.waits("came alice")
	alice.waits("came bob")

	alice.types("@bob Grüße 👋")
	bob.waits("said alice Grüße 👋")
	alice.waits("sent sent to bob Grüße 👋")
	if err := server.Stop(); err != nil {
		t.Fatal(err)
	}
	alice.waits("offline")
	bob.waits("offline")
	bob.types("@alice still there?")
	if v := alice.waits("said bob still there?"); v.Path != client.PathDirect {
		t.Errorf("got %+v", v)
	}
	server, _ = realServer(t, at)
	defer server.Stop()
	alice.waits("online")
	bob.waits("online")

	bob.types("/close alice")
	bob.waits("closed alice")
	alice.waits("closed bob")
	bob.types("/quit")
	bob.waits("bye")
	if code := <-bob.code; code != client.ExitFine {
		t.Errorf("exit code %d", code)
	}
}

// Peers cost no goroutines: 500 of them are links of the one loop.
func TestPeersAddNoGoroutines(t *testing.T) {
	server, at := realServer(t, anyLocal)
	defer server.Stop()
	alice := reside(t, "alice", at)
	listening := alice.waits("ready alice").Listening
	const peers = 500
	few := settled(t, func(int) bool { return true })
	conns := make([]net.Conn, peers)
	for i := range conns {
		c, err := net.DialTimeout("tcp", listening, patience)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		conns[i] = c
		fmt.Fprintf(c, "peer%d\nhello\n", i)
	}
	for range peers {
		late := time.After(patience)
		for said := false; !said; {
			select {
			case v := <-alice.views:
				said = v.Event == client.Said
			case <-late:
				t.Fatal("not all peers were heard")
			}
		}
	}
	// And alice says something to one of them.
	alice.types("@peer7 (127.0.0.1) you")
	conns[7].SetReadDeadline(time.Now().Add(patience))
	if s, err := bufio.NewReader(conns[7]).ReadString('\n'); s != "you\n" {
		t.Errorf("peer 7 was told %q (%v)", s, err)
	}
	settled(t, func(n int) bool { return n <= few })
}

// settled waits until the number of goroutines has stood still for a while and
// is good, and gives it.
func settled(t *testing.T, good func(int) bool) int {
	t.Helper()
	last, since := 0, time.Now()
	for end := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		n := runtime.NumGoroutine()
		switch {
		case n != last:
			last, since = n, time.Now()
		case good(n) && time.Since(since) > 300*time.Millisecond:
			return n
		case time.Now().After(end):
			stacks := make([]byte, 1<<16)
			t.Fatalf("%d goroutines:\n%s", n, stacks[:runtime.Stack(stacks, true)])
		}
	}
}
