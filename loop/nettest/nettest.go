// Package nettest is the conformance test of loop.Net and loop.Mode: what they
// promise, shown by two machines that talk. The reactor and the simulated
// network run the same scenarios, so that what is tested on the one holds on
// the other.
//
// No scenario sleeps: it waits for what must come, at most for patience. What
// must not come is looked for in what was told up to a later sign.
package nettest

import (
	"errors"
	"net/netip"
	"strconv"
	"testing"
	"time"

	"mim/loop"
)

// patience is how long a scenario waits for what must come.
const patience = 20 * time.Second

// A World is where a scenario runs: a network and its clock.
type World struct {
	// Start runs a mode on a machine of its own and returns when it was
	// Booted. The test's end stops it.
	Start func(m loop.Mode, doors ...loop.Door)
	// Stop stops the loop of a Net in order and returns when it has stopped.
	Stop func(loop.Net)
	// Until lets time pass until cond holds, for at most d, and says whether it
	// does. Something may have changed whenever changed can be received from.
	Until func(cond func() bool, changed <-chan struct{}, d time.Duration) bool
	// Addr is the address that doors are bound to.
	Addr netip.Addr
	// UnreadFor is how long a link may be unread whose mode uses nothing; 0: the
	// loop cannot stop reading, and drops such a link at once.
	UnreadFor time.Duration
	// At is the address under which a door of a Net is reached.
	At func(n loop.Net, door int) netip.AddrPort
}

// Run runs all scenarios, each in a World of its own.
func Run(t *testing.T, world func(*testing.T) *World) {
	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			w := world(t)
			changed := make(chan struct{}, 1)
			p := &pair{T: t, w: w, a: newHost(changed), b: newHost(changed), changed: changed}
			udp := loop.Door{Network: "udp", Addr: netip.AddrPortFrom(w.Addr, 0)}
			w.Start(p.a, udp)
			w.Start(p.b, loop.Door{Network: "tcp", Addr: netip.AddrPortFrom(w.Addr, 0)}, udp)
			s.run(p)
			p.check()
		})
	}
}

// A pair is two machines: a, which dials, with a UDP door, and b, whose doors
// are TCP (0) and UDP (1).
type pair struct {
	*testing.T
	w       *World
	a, b    *host
	changed chan struct{}
}

// both runs f while neither host notes anything.
func (p *pair) both(f func()) {
	p.a.mu.Lock()
	defer p.a.mu.Unlock()
	p.b.mu.Lock()
	defer p.b.mu.Unlock()
	f()
}

// until waits for cond, which may look at both hosts.
func (p *pair) until(what string, cond func() bool) {
	p.Helper()
	p.within(patience, what, cond)
}

// within is until with a patience of its own.
func (p *pair) within(d time.Duration, what string, cond func() bool) {
	p.Helper()
	holds := func() (ok bool) {
		p.both(func() { ok = cond() })
		return ok
	}
	if !p.w.Until(holds, p.changed, d) {
		p.both(func() { p.Fatalf("in vain waited for: %s\na: %v\nb: %v", what, p.a, p.b) })
	}
}

// on runs f on the loop of h and waits for it.
func (p *pair) on(h *host, f func(n loop.Net)) {
	p.Helper()
	ran := false
	h.net.Post(func() {
		f(h.net)
		h.note(func() { ran = true })
	})
	p.until("a posted function", func() bool { return ran })
}

// dial dials from a to b's TCP door.
func (p *pair) dial(n loop.Net, tag any) {
	n.Dial("tcp", p.w.At(p.b.net, 0).String(), patience, tag)
}

// connect opens a connection and gives its ends.
func (p *pair) connect() (a, b *end) {
	p.Helper()
	var n, m int
	p.both(func() { n, m = len(p.a.ends), len(p.b.ends) })
	p.on(p.a, func(x loop.Net) { p.dial(x, nil) })
	p.until("both ends open", func() bool {
		if len(p.a.ends) == n || len(p.b.ends) == m {
			return false
		}
		a, b = p.a.ends[n], p.b.ends[m]
		return true
	})
	return a, b
}

// send sends text from one end, as one piece.
func (p *pair) send(e *end, text string) {
	p.Helper()
	p.on(e.host, func(n loop.Net) { n.Send(e.id, []byte(text), 0, false) })
}

// check holds whatever the scenario was: nothing nested, nothing after Closed.
func (p *pair) check() {
	p.both(func() {
		for _, x := range append(p.a.broken, p.b.broken...) {
			p.Error(x)
		}
	})
}

var errTest = errors.New("nettest: closed by the scenario")

func (e *end) String() string {
	return strconv.FormatUint(uint64(e.id), 16) + ": got " + strconv.Itoa(len(e.got)) + " bytes, ends " +
		strconv.Itoa(e.eofs) + ", closed " + strconv.Itoa(e.closed)
}
