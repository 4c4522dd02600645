package nettest

import (
	"fmt"
	"net/netip"
	"sync"
	"time"

	"mim/loop"
)

// A host is a mode that notes what it is told. Its hooks are set before links
// open and run on the loop, without the lock.
type host struct {
	net     loop.Net
	changed chan struct{}

	// data takes the bytes of a link; nil: all are used.
	data func(e *end, p []byte, end bool) int
	// These hear of a thing after it was noted.
	opened   func(e *end)
	closed   func(e *end)
	idle     func(e *end, p []byte) int
	tick     func(now time.Time)
	stopping func()

	mu        sync.Mutex // guards all below; the test reads it
	inside    string     // the callback that runs
	broken    []string   // promises that were broken
	booted    bool
	ends      []*end // in the order of Opened
	byID      map[loop.ID]*end
	failed    []failure
	datagrams []string
	ticks     int
}

// An end is one connection as its mode saw it.
type end struct {
	host   *host
	id     loop.ID
	info   loop.Info
	got    []byte      // what Data and Idle used
	reads  int         // calls of Data
	at     []time.Time // when the first bytes of got were used, one by one
	eofs   int         // calls of Data with end
	left   []uint64
	closed int
	why    error
	over   bool // the mode gave it up: no Data, no Idle any more
}

type failure struct {
	tag any
	why error
}

func newHost(changed chan struct{}) *host {
	return &host{changed: changed, byID: map[loop.ID]*end{}}
}

// note changes what the test reads and has it look again.
func (h *host) note(f func()) {
	h.mu.Lock()
	f()
	h.mu.Unlock()
	select {
	case h.changed <- struct{}{}:
	default:
	}
}

// enter notes a callback and finds its link; leave, deferred, ends it.
func (h *host) enter(what string, id loop.ID) (e *end) {
	h.note(func() {
		if h.inside != "" {
			h.complain("%s inside %s", what, h.inside)
		}
		if !h.booted {
			h.complain("%s before Booted", what)
		}
		h.inside = what
		if e = h.byID[id]; e == nil && id != 0 {
			h.complain("%s for a link that never opened: %#x", what, uint64(id))
			e = &end{host: h, id: id}
		} else if e != nil && e.closed > 0 {
			h.complain("%s after Closed", what)
		} else if e != nil && e.over && (what == "Data" || what == "Idle") {
			h.complain("%s after Kill or CloseSoon", what)
		}
	})
	return e
}

// giveUp notes that the mode has killed or closed a link.
func (e *end) giveUp() { e.host.note(func() { e.over = true }) }

func (h *host) leave() { h.note(func() { h.inside = "" }) }

func (h *host) complain(format string, args ...any) {
	h.broken = append(h.broken, fmt.Sprintf(format, args...))
}

func (h *host) Booted(n loop.Net) {
	h.net = n
	h.note(func() { h.booted = true })
}

func (h *host) Opened(id loop.ID, info loop.Info) {
	h.enter("Opened", 0)
	defer h.leave()
	e := &end{host: h, id: id, info: info}
	h.note(func() {
		if h.byID[id] != nil || id == 0 {
			h.complain("an ID came again: %#x", uint64(id))
		}
		h.byID[id] = e
		h.ends = append(h.ends, e)
	})
	if h.opened != nil {
		h.opened(e)
	}
}

func (h *host) Data(id loop.ID, p []byte, eof bool) (used int) {
	e := h.enter("Data", id)
	defer h.leave()
	if used = len(p); h.data != nil {
		used = h.data(e, p, eof)
	}
	h.note(func() {
		e.reads++
		e.take(p[:used])
		if eof {
			e.eofs++
		} else if e.eofs > 0 {
			h.complain("Data without end after the end")
		}
	})
	return used
}

// take notes bytes that were used.
func (e *end) take(p []byte) {
	now := e.host.net.Now()
	for i := len(e.got); i < min(len(e.got)+len(p), 10); i++ {
		e.at = append(e.at, now)
	}
	e.got = append(e.got, p...)
}

func (h *host) Idle(id loop.ID, p []byte) (used int) {
	e := h.enter("Idle", id)
	defer h.leave()
	if h.idle != nil {
		used = h.idle(e, p)
	}
	h.note(func() { e.take(p[:used]) })
	return used
}

func (h *host) Left(id loop.ID, pos uint64) {
	e := h.enter("Left", id)
	defer h.leave()
	h.note(func() { e.left = append(e.left, pos) })
}

func (h *host) Closed(id loop.ID, why error) {
	e := h.enter("Closed", id)
	defer h.leave()
	h.note(func() { e.closed, e.why = e.closed+1, why })
	if h.closed != nil {
		h.closed(e)
	}
}

func (h *host) Failed(tag any, why error) {
	h.enter("Failed", 0)
	defer h.leave()
	h.note(func() { h.failed = append(h.failed, failure{tag, why}) })
}

func (h *host) Datagram(door int, from netip.AddrPort, p []byte) {
	h.enter("Datagram", 0)
	defer h.leave()
	h.note(func() { h.datagrams = append(h.datagrams, fmt.Sprintf("%d %s %s", door, from, p)) })
}

func (h *host) Tick(now time.Time) {
	h.enter("Tick", 0)
	defer h.leave()
	h.note(func() { h.ticks++ })
	if h.tick != nil {
		h.tick(now)
	}
}

func (h *host) Stopping() {
	h.enter("Stopping", 0)
	defer h.leave()
	if h.stopping != nil {
		h.stopping()
	}
}

func (h *host) String() string {
	return fmt.Sprintf("ends %v, failed %v, datagrams %q, ticks %d", h.ends, h.failed, h.datagrams, h.ticks)
}
