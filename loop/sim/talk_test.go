package sim

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"mim/loop"
)

// bad is a network on which everything goes wrong now and then.
var bad = Faults{
	Delay: 5 * time.Millisecond, Jitter: 30 * time.Millisecond, MaxCut: 40,
	Lose: 0.01, Notice: 3 * time.Second, Stall: 0.02, StallFor: 2 * time.Second, Window: 2000,
	DialRefused: 0.1, DialLost: 0.1, Loss: 0.1, Repeat: 0.1, Reorder: 0.1,
}

var errOwn = errors.New("closed by the talker")

// A talker is a mode that says, watches, half-closes, closes, kills and dials
// at random, and notes on every link what the other end can be held to.
type talker struct {
	t     *testing.T
	rand  *rand.Rand
	net   loop.Net
	name  string
	dials []string
	ends  map[loop.ID]*talk
	all   map[netip.AddrPort][2]*talk // of both ends, by the dialling end's address
	open  []*talk
	trace func(what string, at time.Time, id loop.ID, p []byte)
}

// A talk is one end of a link.
type talk struct {
	id     loop.ID
	key    netip.AddrPort
	side   int
	sent   uint64
	used   uint64
	seen   uint64 // of the other's bytes: the most that Data was given
	left   uint64
	mute   bool // we sent our last
	deaf   bool // by Kill or CloseSoon: nothing may be read any more
	killed bool
	eof    int
	closed int
	why    error
}

// octet is what the stream of one side has at a position.
func octet(side int, pos uint64) byte { return byte(pos*167>>3) ^ byte(pos) ^ byte(side*85) }

func (m *talker) note(what string, id loop.ID, p []byte) {
	if m.trace != nil {
		m.trace(m.name+what, m.net.Now(), id, p)
	}
}

func (m *talker) Booted(n loop.Net) {
	m.net = n
	for _, d := range m.dials {
		n.Dial("tcp", d, 2*time.Second, d)
	}
	n.Alarm(n.Now())
}

func (m *talker) Opened(id loop.ID, in loop.Info) {
	m.note("opened", id, nil)
	k := &talk{id: id, key: in.Remote, side: 1}
	if in.Door < 0 {
		k.key, k.side = m.net.Here(id), 0
	}
	if m.ends[id] != nil {
		m.t.Errorf("%s: ID %#x came again", m.name, id)
	}
	m.ends[id] = k
	m.open = append(m.open, k)
	two := m.all[k.key]
	two[k.side] = k
	m.all[k.key] = two
}

func (m *talker) Data(id loop.ID, p []byte, end bool) int {
	m.note("data", id, p)
	k := m.ends[id]
	if k.closed > 0 || k.deaf || k.eof > 0 && !end {
		m.t.Errorf("%s: Data after the end", m.name)
	}
	for i, b := range p {
		if want := octet(1-k.side, k.used+uint64(i)); b != want {
			m.t.Fatalf("%s: byte %d is %x, want %x", m.name, k.used+uint64(i), b, want)
		}
	}
	k.seen = max(k.seen, k.used+uint64(len(p)))
	n := len(p)
	if end {
		k.eof++
	} else if m.rand.IntN(4) == 0 {
		n = m.rand.IntN(n + 1) // the rest comes again
	}
	k.used += uint64(n)
	if m.rand.IntN(10) == 0 {
		m.net.Again(id)
	}
	if m.rand.IntN(4) == 0 {
		m.say(k)
	}
	return n
}

// say sends something of a random size in a random way.
func (m *talker) say(k *talk) {
	if k.mute {
		return
	}
	b := make([]byte, 1+m.rand.IntN(300))
	for i := range b {
		b[i] = octet(k.side, k.sent+uint64(i))
	}
	var gap time.Duration
	if m.rand.IntN(10) == 0 {
		gap = 10 * time.Millisecond
	}
	pos := m.net.Send(k.id, b, gap, m.rand.IntN(3) == 0)
	if pos == 0 {
		return // Closed is on its way
	}
	if k.sent = pos; m.rand.IntN(2) == 0 {
		m.net.Watch(k.id, k.sent)
	}
}

func (m *talker) Idle(loop.ID, []byte) int { return 0 }

func (m *talker) Left(id loop.ID, pos uint64) {
	m.note("left", id, nil)
	k := m.ends[id]
	if k.left = max(k.left, pos); pos > k.sent || k.closed > 0 {
		m.t.Errorf("%s: Left %d of %d, closed %d", m.name, pos, k.sent, k.closed)
	}
}

func (m *talker) Closed(id loop.ID, why error) {
	m.note("closed", id, fmt.Append(nil, why))
	k := m.ends[id]
	k.closed++
	k.why = why
	for i, x := range m.open {
		if x == k {
			m.open = append(m.open[:i], m.open[i+1:]...)
			break
		}
	}
}

func (m *talker) Failed(tag any, why error) {
	m.note("failed", 0, fmt.Append(nil, why))
}

func (m *talker) Datagram(_ int, from netip.AddrPort, p []byte) { m.note("datagram", 0, p) }

// Tick does something on each link and asks for the next one.
func (m *talker) Tick(now time.Time) {
	for _, k := range m.open {
		switch x := m.rand.IntN(100); {
		case x == 0:
			k.mute, k.deaf, k.killed = true, true, true
			m.net.Kill(k.id, errOwn)
		case x == 1:
			m.say(k)
			k.mute, k.deaf = true, true
			m.net.CloseSoon(k.id, errOwn)
		case x == 2:
			m.say(k)
			k.mute = true
			m.net.Finish(k.id)
		case x < 6:
			m.net.Owe(k.id, x == 3)
		default:
			m.say(k)
		}
	}
	m.net.SendTo(1, netip.AddrPortFrom(addrB, 10001), []byte("tick"))
	if len(m.open) < 3 && len(m.dials) > 0 {
		d := m.dials[m.rand.IntN(len(m.dials))]
		m.net.Dial("tcp", d, 2*time.Second, d)
	}
	m.net.Alarm(now.Add(time.Duration(m.rand.Int64N(int64(200 * time.Millisecond)))))
}

func (m *talker) Stopping() {
	m.note("stopping", 0, nil)
	for _, k := range m.open {
		m.say(k)
		k.mute = true
	}
	m.dials = nil
}

// three runs ann, bob and carol for some seconds, then stops them, and holds
// the network to what it promised.
func three(t *testing.T, seed uint64, seen map[string]int, trace func(string, time.Time, loop.ID, []byte)) {
	w := New(seed, bad)
	all := map[netip.AddrPort][2]*talk{}
	var hosts []*Host
	start := func(name string, addr netip.Addr, dials ...string) {
		m := &talker{t: t, rand: rand.New(rand.NewPCG(seed, uint64(len(hosts)))), name: name, dials: dials,
			ends: map[loop.ID]*talk{}, all: all, trace: trace}
		hosts = append(hosts, w.Host(addr, m,
			loop.Door{Network: "tcp", Addr: netip.AddrPortFrom(addr, 10000)}, loop.Door{Network: "udp", Addr: netip.AddrPortFrom(addr, 10001)}))
	}
	start("bob", addrB)
	start("ann", addrA, "10.0.0.2:10000")
	start("carol", netip.MustParseAddr("10.0.0.3"), "10.0.0.1:10000", "10.0.0.2:10000")
	w.Run(4 * time.Second)
	for _, h := range hosts {
		h.Stop()
	}
	w.Run(time.Minute)
	for key, two := range all {
		for i, k := range two {
			if other := two[1-i]; k != nil && other != nil {
				seen[fmt.Sprintf("closed by %v", k.why)]++
				seen["bytes"] += int(k.used)
				seen["bytes never read"] += int(other.sent - k.seen)
				seen["bytes Left"] += int(k.left)
				for _, x := range k.broken(other) {
					t.Errorf("seed %d, link %v, side %d: %s\n%+v\n%+v", seed, key, i, x, k, other)
				}
			}
		}
	}
	seen["steps"] += int(w.Steps())
}

// broken says which promises were broken to k, knowing the other end.
func (k *talk) broken(other *talk) (list []string) {
	if k.closed != 1 {
		list = append(list, "Closed was not told once")
	}
	if k.seen > other.sent {
		list = append(list, "more was read than sent")
	}
	if k.eof > 0 && !other.killed && k.seen < other.sent {
		list = append(list, "an orderly end came before all bytes")
	}
	if stopped := k.why == loop.ErrStopped; other.left > k.seen && !k.mute && !stopped {
		list = append(list, "bytes that were reported to be here were not given to the mode")
	}
	return list
}

func TestThreeTalk(t *testing.T) {
	seeds := uint64(1000)
	if testing.Short() {
		seeds = 100
	}
	seen := map[string]int{}
	for seed := range seeds {
		if three(t, seed, seen, nil); t.Failed() {
			break
		}
	}
	t.Log(seen)
	for _, what := range []error{nil, errOwn, syscall.ETIMEDOUT, syscall.ECONNRESET, loop.ErrStopped} {
		if seen[fmt.Sprintf("closed by %v", what)] == 0 {
			t.Errorf("no link was closed by %v: the talk tests too little", what)
		}
	}
}

func TestSameSeedSameRun(t *testing.T) {
	digest := func(seed uint64) uint64 {
		h := fnv.New64a()
		three(t, seed, map[string]int{}, func(what string, at time.Time, id loop.ID, p []byte) {
			b := append([]byte(nil), what...)
			b = binary.BigEndian.AppendUint64(b, uint64(at.UnixNano()))
			b = binary.BigEndian.AppendUint64(b, uint64(id))
			h.Write(append(b, p...))
		})
		return h.Sum64()
	}
	seven := digest(7)
	if again := digest(7); again != seven {
		t.Error("two runs of one seed differ")
	}
	if digest(8) == seven {
		t.Error("two seeds give the same run")
	}
}
