// Package sim is a network of simulated machines with a virtual clock, behind
// the same loop.Net and loop.Mode as the reactor: the modes of mim run on it
// unchanged, a talk of minutes takes microseconds, and whatever can go wrong
// on a network goes wrong as often as a test asks for.
//
// All chance comes from one seeded generator: the same seed and the same calls
// give the same run, callback by callback and byte by byte.
//
// A stream between two machines is modelled as TCP shows itself to programs:
//
//	Send -> queue of the link ("unsent", bounded as in the reactor)
//	     -> wire: at most Window bytes that the other loop has not read yet
//	     -> arrived: with the other machine; this is what Left reports
//	     -> Data, in segments cut anywhere
//
// A link of which the mode leaves too much unused is not read, as in the
// reactor: what its sender goes on sending fills the wire and then its queue.
// If such a link breaks it ends at once, with what was not read.
//
// An orderly end, or a reset, travels behind the bytes that were on the wire
// before it. A link that is lost loses what is on the wire and nothing else:
// what had arrived is given to the mode before Closed (but of a link that is
// not read), and Left is never told for a byte that did not arrive.
//
// Errors are those of package loop, else what a kernel would say: ETIMEDOUT
// for a link that was lost, ECONNRESET, ECONNREFUSED.
//
// A World and its Hosts belong to one goroutine, the test's; only Host.Post
// may be called from others. Between two calls of Run, Step or RunUntil a test
// may call the Net of a Host as if it were on its loop.
package sim

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"mim/loop"
)

// Faults says how bad the network is. The zero value is a perfect one, which
// carries everything whole and at once. Chances are from 0 (never) to 1.
type Faults struct {
	// Delay is how long anything travels at least, Jitter how much longer at
	// most; drawn anew for each write and each direction. Streams keep their
	// order, datagrams do not.
	Delay, Jitter time.Duration
	// MaxCut makes streams arrive in segments of 1 to MaxCut bytes; 0: as they
	// were written.
	MaxCut int
	// Lose is the chance, for each write, that the link is lost while it
	// travels. Both ends hear of it later, each at a time of its own, at most
	// Notice (0: 1 s) afterwards.
	Lose   float64
	Notice time.Duration
	// Stall is the chance, for each segment, that its reader pauses for up to
	// StallFor.
	Stall    float64
	StallFor time.Duration
	// Window is how many bytes one direction of a link carries that the other
	// loop has not read; 0: 64 KiB.
	Window int
	// DialRefused and DialLost are the chances that a dial is refused, and that
	// it is never answered, so that it times out.
	DialRefused, DialLost float64
	// Loss, Repeat and Reorder are the chances that a datagram gets lost, comes
	// twice, and is overtaken by later ones.
	Loss, Repeat, Reorder float64
}

// A World is a network, its machines and their common clock.
type World struct {
	// Faults may be changed between two steps, say to let a run end in calm.
	Faults Faults
	// Contain makes a panic in a callback end its link only, as the reactor
	// does. Without it a panic goes on to the test, with seed, time and place.
	Contain bool

	seed  uint64
	rand  *rand.Rand
	now   int64 // nanoseconds since epoch, from 1: 0 stands for never
	queue queue
	steps uint64
	still int // steps since the clock last moved
	doors map[place]*door
	ports map[netip.Addr]uint16 // the last port picked on a machine
	names map[string]netip.Addr
	at    spot

	posted atomic.Bool // posts is not empty
	mu     sync.Mutex
	posts  []post
}

// A spot says what runs, for the words of a panic.
type spot struct {
	host *Host
	link *link
}

type post struct {
	h *Host
	f func()
}

// epoch is when every World begins.
var epoch = time.Unix(1_000_000_000, 0).UTC()

// maxStill is how many steps may happen at one instant: more of them mean that
// a mode asks for something again each time it gets it.
const maxStill = 1 << 20

// New makes a world without machines. The name "localhost" is known.
func New(seed uint64, f Faults) *World {
	return &World{
		Faults: f, seed: seed, now: 1, rand: rand.New(rand.NewPCG(seed, 1)),
		doors: map[place]*door{}, ports: map[netip.Addr]uint16{},
		names: map[string]netip.Addr{"localhost": loopback},
	}
}

// Now is the virtual time.
func (w *World) Now() time.Time { return epoch.Add(time.Duration(w.now)) }

// Steps counts what happened so far: arrivals, timers, posts, turns.
func (w *World) Steps() uint64 { return w.steps }

// Name makes Dial find addr under a host name.
func (w *World) Name(name string, addr netip.Addr) { w.names[name] = addr.Unmap() }

// Run lets d of virtual time pass.
func (w *World) Run(d time.Duration) {
	end := w.now + int64(d)
	for w.stepUntil(end) {
	}
	w.now = end
}

// RunUntil runs until cond holds, looked at before each step, for at most
// atMost of virtual time; it says whether cond holds.
func (w *World) RunUntil(cond func() bool, atMost time.Duration) bool {
	end := w.now + int64(atMost)
	for !cond() {
		if !w.stepUntil(end) {
			w.now = end
			return cond()
		}
	}
	return true
}

// Step does the next thing that is due, at whatever time, and says whether
// there was one.
func (w *World) Step() bool { return w.stepUntil(1<<63 - 1) }

func (w *World) stepUntil(end int64) bool {
	if w.posted.Load() {
		w.count()
		w.runPost()
		return true
	}
	if len(w.queue.heap) == 0 || w.queue.heap[0].at > end {
		return false
	}
	e := w.queue.pop()
	if e.at > w.now {
		w.now, w.still = e.at, 0
	}
	w.count()
	w.fire(e)
	return true
}

func (w *World) count() {
	w.steps++
	if w.still++; w.still > maxStill {
		panic(fmt.Sprintf("sim: seed %d: the clock stands still at %v", w.seed, time.Duration(w.now)))
	}
}

func (w *World) runPost() {
	w.mu.Lock()
	p := w.posts[0]
	w.posts[0] = post{}
	if w.posts = w.posts[1:]; len(w.posts) == 0 {
		w.posts = nil
		w.posted.Store(false)
	}
	w.mu.Unlock()
	if !p.h.dead {
		w.at = spot{host: p.h}
		defer w.caught()
		p.f()
	}
}

// caught is deferred around whatever calls a mode.
func (w *World) caught() {
	r := recover()
	if r == nil {
		return
	}
	at := w.at
	if !w.Contain {
		name, id := netip.Addr{}, loop.ID(0)
		if at.host != nil {
			name = at.host.addr
		}
		if at.link != nil {
			id = at.link.id
		}
		panic(fmt.Sprintf("sim: seed %d, after %v, host %v, link %#x: %v", w.seed, time.Duration(w.now), name, uint64(id), r))
	}
	if at.link != nil {
		at.link.over(fmt.Errorf("%w: %v", loop.ErrPanic, r), true)
	}
	if at.host != nil {
		at.host.wake()
	}
}

// push puts what into the queue, due at the given time or at once.
func (w *World) push(at int64, what kind, x any) {
	w.queue.push(max(at, w.now), what, x)
}

// fire does what an event is about.
func (w *World) fire(e event) {
	defer w.caught()
	switch x := e.x.(type) {
	case *link:
		w.at = spot{x.h, x}
		x.fire(e.what)
	case *Host:
		w.at = spot{host: x}
		x.fire(e.what)
	case *dial:
		w.at = spot{host: x.h}
		x.fire(e.what)
	case *datagram:
		w.at = spot{host: x.to.h}
		x.deliver()
	}
}

// transit draws how long something travels.
func (w *World) transit() int64 { return int64(w.Faults.Delay) + w.upTo(w.Faults.Jitter) }

// upTo draws a time from 0 to d.
func (w *World) upTo(d time.Duration) int64 {
	if d <= 0 {
		return 0
	}
	return w.rand.Int64N(int64(d) + 1)
}

func (w *World) window() int { return cmp.Or(w.Faults.Window, 64<<10) }

func (w *World) chance(p float64) bool { return p > 0 && w.rand.Float64() < p }
