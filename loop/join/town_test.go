package join

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"mim/chat/client"
	"mim/codec"
	"mim/codec/all"
	"mim/loop"
	"mim/loop/serve"
	"mim/loop/sim"
)

// calling is the first dialect that has a calling side.
func calling() codec.Calling {
	for _, d := range all.Dialects() {
		if c, ok := d.(codec.Calling); ok {
			return c
		}
	}
	panic("no dialect has a calling side")
}

const registryPort = 4242

var serverAddr = netip.MustParseAddr("10.0.0.1")

// A town is a simulated network with a server and people.
type town struct {
	testing.TB
	*sim.World
	server *sim.Host
	users  []*user
}

// A user is one messenger, with what it has shown.
type user struct {
	*town
	name  string
	host  *sim.Host
	mode  *Mode
	views []client.View
	seen  int // views that hears has looked at
	code  int // exit code; -1: runs
}

func newTown(t testing.TB, seed uint64, f sim.Faults) *town {
	return &town{TB: t, World: sim.New(seed, f)}
}

// serve starts a server.
func (w *town) serve() {
	m := serve.New(serve.Config{Doors: []serve.Door{{
		Dialect: calling(), Role: codec.Registry, Network: "tcp",
		Addr: netip.AddrPortFrom(netip.IPv4Unspecified(), registryPort),
	}}})
	w.server = w.Host(serverAddr, m, m.Doors()...)
}

// join starts a messenger on the machine 10.0.1.n, n counting from 1.
func (w *town) join(name string, change ...func(*Config)) *user {
	return w.joinAt(fmt.Sprintf("10.0.1.%d", len(w.users)+1), name, change...)
}

func (w *town) joinAt(addr, name string, change ...func(*Config)) *user {
	u := &user{town: w, name: name, code: -1}
	cfg := Config{
		Dialect: calling(), Name: name, Server: fmt.Sprintf("%v:%d", serverAddr, registryPort),
		Listen: netip.AddrPortFrom(netip.IPv4Unspecified(), 0), Retry: true, Seed: uint64(len(w.users)),
		Show: func(v client.View) { u.views = append(u.views, v) },
		Done: func(code int) { u.code = code },
	}
	for _, f := range change {
		f(&cfg)
	}
	u.mode = New(cfg)
	u.host = w.Host(netip.MustParseAddr(addr), u.mode, u.mode.Doors()...)
	w.users = append(w.users, u)
	return u
}

func (u *user) types(lines ...string) {
	for _, s := range lines {
		u.mode.Line(s)
	}
}

// brief is a view in few words: what scripts would look at.
func brief(v client.View) string {
	var parts []string
	for _, s := range []string{string(v.Event), v.Room, v.Name, v.State, v.Kind} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	if v.To != "" && v.Event == client.Sent {
		parts = append(parts, "to "+v.To)
	}
	if v.Event == client.Said {
		parts = append(parts, v.From)
	}
	if v.Event == client.Said || v.Event == client.Sent {
		parts = append(parts, v.Text)
	}
	for _, p := range v.People {
		parts = append(parts, p.Name)
	}
	return strings.Join(parts, " ")
}

// hears compares what was shown since the last call, but for notices.
func (u *user) hears(want ...string) {
	u.Helper()
	var got []string
	for _, v := range u.views[u.seen:] {
		if v.Event != client.Notice {
			got = append(got, brief(v))
		}
	}
	u.seen = len(u.views)
	if !slices.Equal(got, want) {
		u.Errorf("%s hears\n got %q\nwant %q", u.name, got, want)
	}
}

// hearsAll is hears where the order is not promised.
func (u *user) hearsAll(want ...string) {
	u.Helper()
	slices.SortStableFunc(u.views[u.seen:], func(a, b client.View) int { return strings.Compare(brief(a), brief(b)) })
	slices.Sort(want)
	u.hears(want...)
}

// forget drops what was shown so far.
func (w *town) forget() {
	for _, u := range w.users {
		u.seen = len(u.views)
	}
}

// people starts a server and messengers of these names, and waits until all
// know each other.
func (w *town) people(names ...string) []*user {
	w.Helper()
	w.serve()
	var out []*user
	for _, name := range names {
		out = append(out, w.join(name))
	}
	w.Run(3 * time.Second)
	for _, u := range out {
		if n := len(u.table()); n != len(names)-1 {
			w.Fatalf("%s sees %d people, want %d: %v", u.name, n, len(names)-1, u.views)
		}
	}
	w.forget()
	return out
}

// table is what /who shows.
func (u *user) table() []string {
	u.types("/who")
	var out []string
	for _, p := range u.views[len(u.views)-1].People {
		out = append(out, p.Name)
	}
	slices.Sort(out)
	return out
}

// A stranger is a program that is none of ours: it says bytes to someone's
// listener, or takes what comes on its own.
type stranger struct {
	net    loop.Net
	got    []byte
	ids    []loop.ID
	closed int
	greets string // said on each link that opens
}

func (s *stranger) Booted(n loop.Net) { s.net = n }
func (s *stranger) Opened(id loop.ID, _ loop.Info) {
	s.ids = append(s.ids, id)
	s.say(id, s.greets)
}
func (s *stranger) say(id loop.ID, text string) {
	if text != "" {
		s.net.Send(id, []byte(text), 0, false)
	}
}
func (s *stranger) Data(_ loop.ID, p []byte, _ bool) int {
	s.got = append(s.got, p...)
	return len(p)
}
func (s *stranger) Idle(loop.ID, []byte) int             { return 0 }
func (s *stranger) Left(loop.ID, uint64)                 {}
func (s *stranger) Closed(loop.ID, error)                { s.closed++ }
func (s *stranger) Failed(any, error)                    { s.closed++ }
func (s *stranger) Datagram(int, netip.AddrPort, []byte) {}
func (s *stranger) Tick(time.Time)                       {}
func (s *stranger) Stopping()                            {}

// visits has a stranger connect to u's listener.
func (w *town) visits(u *user, addr, greets string, times int) *stranger {
	s := &stranger{greets: greets}
	h := w.Host(netip.MustParseAddr(addr), s)
	to := netip.AddrPortFrom(netip.MustParseAddr("10.0.1.1"), u.host.Local(0).Port())
	for range times {
		h.Dial("tcp", to.String(), time.Minute, nil)
	}
	return s
}
