package crowd

import (
	"net/netip"
	"runtime"
	"testing"
	"time"

	"mim/chat/report"
	"mim/chat/script"
	"mim/codec"
	"mim/codec/elc004"
	"mim/codec/messenger"
	"mim/codec/mim0"
	"mim/loop"
	"mim/loop/serve"
)

// patience is how long a test waits for what must come.
const patience = time.Minute

// TestReactor: crowds on real sockets, with no goroutine for any of them.
func TestReactor(t *testing.T) {
	const people = 200
	for _, d := range []codec.Dialect{mim0.New(), messenger.New(), elc004.New()} {
		before := runtime.NumGoroutine()
		m := serve.New(serve.Config{Doors: []serve.Door{{Dialect: d, Network: "tcp", Addr: netip.MustParseAddrPort("127.0.0.1:0")}}})
		server := loop.New(loop.Config{Doors: m.Doors()}, m)
		if err := server.Start(); err != nil {
			t.Fatal(err)
		}
		at := make(chan netip.AddrPort, 1)
		server.Post(func() { at <- server.Local(0) })
		s, err := script.Parse([]byte("wait for everyone\nrepeat 3 times\nsay to other \"hello\"\nwait about 100ms\nend"))
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		c := New(Config{
			Dialect: d.(codec.Calling), Name: "p", Count: people, Server: (<-at).String(), Script: s, Lines: 50, Run: 7,
			From: []netip.Addr{netip.MustParseAddr("127.0.1.1"), netip.MustParseAddr("127.0.1.2")},
			Done: func() { close(done) },
		})
		doors := c.Doors()
		if len(doors) == 0 {
			doors = []loop.Door{{Network: "udp", Addr: netip.MustParseAddrPort("127.0.0.1:0")}}
		}
		crew := loop.New(loop.Config{Doors: doors}, c)
		if err := crew.Start(); err != nil {
			t.Fatal(err)
		}
		select {
		case <-done:
		case <-time.After(patience):
			t.Fatal("the run does not end")
		}
		during := runtime.NumGoroutine()
		result := make(chan *report.Report, 1)
		crew.Post(func() { result <- c.Report() })
		if r := <-result; !r.OK || r.Logins != people || r.Delivered != 3*people {
			t.Errorf("%s\n%s", d.Name(), r.Text())
		}
		for _, r := range []*loop.Reactor{crew, server} {
			if err := r.Stop(); err != nil {
				t.Error(err)
			}
		}
		if during-before > 40 {
			t.Errorf("%s: %d goroutines for %d people, %d before", d.Name(), during, people, before)
		}
		if after := runtime.NumGoroutine(); after-before > 40 { // gnet's pool of goroutines is idle for a while
			t.Errorf("%s: %d goroutines are left, %d before", d.Name(), after, before)
		}
	}
}
