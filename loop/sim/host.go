package sim

import (
	"net/netip"
	"time"

	"mim/loop"
)

// A Host is one process on a machine, with its loop. It implements loop.Net.
type Host struct {
	w     *World
	mode  loop.Mode
	addr  netip.Addr
	doors []*door
	links []*link  // by slot; nil: free
	gens  []uint32 // by slot: how often it was used
	free  []uint32

	turning bool // a turn event is underway
	dirty   []*link
	agains  []*link
	ended   []*link
	alarmAt int64 // 0: none
	paused  int64
	dials   dials

	stopping, dead bool
}

var _ loop.Net = (*Host)(nil)

// Host starts a process on the machine addr: m is Booted before Host returns.
// Several processes may share a machine, if their ports differ; a machine that
// died may come back. A door's address is the machine's own, loopback, or
// unspecified for both; port 0 is picked. Host panics if a door cannot be
// opened: that is a mistake of the test.
func (w *World) Host(addr netip.Addr, m loop.Mode, doors ...loop.Door) *Host {
	h := &Host{w: w, mode: m, addr: addr.Unmap()}
	for i, d := range doors {
		h.doors = append(h.doors, w.open(h, i, d))
	}
	defer w.caught()
	w.at = spot{host: h}
	m.Booted(h)
	return h
}

// Alive says whether the process runs: it has neither crashed nor stopped.
func (h *Host) Alive() bool { return !h.dead }

// Crash ends the process like kill -9: its mode hears nothing any more, what
// it had queued is lost, and its machine's kernel ends the connections behind
// what is on the wire: in an orderly way, or with a reset where bytes were unread.
func (h *Host) Crash() {
	h.exit()
	for _, l := range h.links {
		if l != nil {
			l.over(nil, false)
		}
	}
}

// Stop ends the process in order: the mode is told Stopping, what is queued
// has a second to leave, the other ends to close, and each link is Closed. It
// begins here and needs time to pass. Not to be called inside a callback.
func (h *Host) Stop() {
	if h.dead || h.stopping {
		return
	}
	h.stopping = true
	h.shut()
	h.mode.Stopping()
	for _, l := range h.links {
		if l != nil {
			l.finish()
		}
	}
	h.w.push(h.w.now+int64(time.Second), stop, h)
	h.wake()
}

// Pause makes the host read nothing from any link for at least d.
func (h *Host) Pause(d time.Duration) { h.paused = max(h.paused, h.w.now+int64(d)) }

// PauseLink makes the host read nothing from one link for at least d.
func (h *Host) PauseLink(id loop.ID, d time.Duration) {
	if l := h.get(id); l != nil {
		l.paused = max(l.paused, h.w.now+int64(d))
	}
}

// Links are the open links, for PauseLink and Lose, by slot.
func (h *Host) Links() (ids []loop.ID) {
	for _, l := range h.links {
		if l != nil && !l.dead {
			ids = append(ids, l.id)
		}
	}
	return ids
}

// Lose cuts a link now: what is on the wire is lost, both ends notice later.
func (h *Host) Lose(id loop.ID) {
	if l := h.get(id); l != nil {
		l.cut()
	}
}

// shut closes the doors and gives up the dials.
func (h *Host) shut() {
	for _, d := range h.doors {
		if h.w.doors[d.place] == d { // nobody has bound it again since
			delete(h.w.doors, d.place)
		}
	}
	h.dials.abandon()
}

// exit is the end of the process; its links are the caller's concern.
func (h *Host) exit() {
	h.shut()
	h.dead = true
}

func (h *Host) fire(what kind) {
	switch {
	case h.dead:
	case what == turn:
		h.turn()
	case what == stop:
		for _, l := range h.links {
			if l != nil {
				l.over(loop.ErrStopped, true)
			}
		}
		h.wake()
	case what == alarm && h.alarmAt != 0 && h.w.now >= h.alarmAt:
		h.alarmAt = 0
		h.mode.Tick(h.Now())
	}
}

// wake asks for a turn after what is due at this instant already.
func (h *Host) wake() {
	if !h.turning && !h.dead {
		h.turning = true
		h.w.push(h.w.now, turn, h)
	}
}

// turn ends a round: kept bytes are given again, queues flushed, ends told.
// Each list is popped before it calls the mode, so that a panic loses nothing.
func (h *Host) turn() {
	h.turning = false
	for n := len(h.agains); n > 0; n-- {
		l := h.agains[0]
		h.agains = h.agains[1:]
		l.again = false
		if !l.dead && !l.closing {
			h.w.at.link = l
			l.data(l.kept)
			l.mark()
		}
	}
	for _, l := range h.dirty {
		l.dirty = false
		if !l.dead {
			l.flush()
			l.settle()
		}
	}
	h.dirty = h.dirty[:0]
	for len(h.ended) > 0 {
		l := h.ended[0]
		h.ended = h.ended[1:]
		h.links[l.id.Slot()] = nil
		h.free = append(h.free, l.id.Slot())
		h.w.at.link = l
		h.mode.Closed(l.id, l.why)
	}
	if h.stopping && len(h.free) == len(h.links) {
		h.exit()
	}
}

// enter gives a connection its ID.
func (h *Host) enter(l *link) {
	var slot uint32
	if n := len(h.free); n > 0 {
		slot = h.free[n-1]
		h.free = h.free[:n-1]
	} else {
		slot = uint32(len(h.links))
		h.links = append(h.links, nil)
		h.gens = append(h.gens, 0)
	}
	h.gens[slot]++
	l.id = loop.MakeID(slot, h.gens[slot])
	h.links[slot] = l
}

// get is the open link of this ID, or nil.
func (h *Host) get(id loop.ID) *link {
	if int(id.Slot()) < len(h.links) {
		if l := h.links[id.Slot()]; l != nil && l.id == id && !l.dead {
			return l
		}
	}
	return nil
}

// Now is the virtual time.
func (h *Host) Now() time.Time { return h.w.Now() }

// Send queues bytes on a link.
func (h *Host) Send(id loop.ID, b []byte, gap time.Duration, lazy bool) (pos uint64) {
	if l := h.get(id); l != nil {
		return l.send(b, gap, lazy)
	}
	return loop.NeverSent
}

// Behind is how long what is queued takes to leave at its pace.
func (h *Host) Behind(id loop.ID) time.Duration {
	if l := h.get(id); l != nil && !l.full {
		return time.Duration(l.gaps) * l.gap
	}
	return 0
}

// Watch asks for Left.
func (h *Host) Watch(id loop.ID, pos uint64) {
	if l := h.get(id); l != nil {
		l.watchFor(pos)
	}
}

// Again asks for one more Data.
func (h *Host) Again(id loop.ID) {
	if l := h.get(id); l != nil && !l.again {
		l.again = true
		h.agains = append(h.agains, l)
		h.wake()
	}
}

// Owe says whether the mode will send something later.
func (h *Host) Owe(id loop.ID, yes bool) {
	if l := h.get(id); l != nil {
		changed := l.owes != yes
		if l.owes = yes; l.ended {
			l.mark() // it may end with its last byte
		}
		if changed && l.unread {
			l.grant()
		}
	}
}

// Finish ends our direction.
func (h *Host) Finish(id loop.ID) {
	if l := h.get(id); l != nil && !l.finishing {
		l.finish()
	}
}

// CloseSoon closes after what is queued has left.
func (h *Host) CloseSoon(id loop.ID, why error) {
	if l := h.get(id); l != nil && !l.closing {
		l.closing, l.why = true, why
		l.readOn() // to throw it away
		l.finish()
	}
}

// Kill closes at once.
func (h *Host) Kill(id loop.ID, why error) {
	if l := h.get(id); l != nil {
		if why != nil {
			l.why = why
		}
		l.over(why, false)
	}
}

// IdleAfter sets the silence before Idle.
func (h *Host) IdleAfter(id loop.ID, d time.Duration) {
	if l := h.get(id); l != nil {
		l.quiet = d
		l.silence()
	}
}

// Alarm asks for a Tick.
func (h *Host) Alarm(at time.Time) {
	t := max(int64(at.Sub(epoch)), h.w.now)
	if h.alarmAt == 0 || t < h.alarmAt {
		h.alarmAt = t
		h.w.push(t, alarm, h)
	}
}

// Local is the address of a door.
func (h *Host) Local(door int) netip.AddrPort { return h.doors[door].addr }

// Here is our address of a connection.
func (h *Host) Here(id loop.ID) netip.AddrPort {
	if l := h.get(id); l != nil {
		return l.local
	}
	return netip.AddrPort{}
}

// Post runs f on the loop, before anything else that is due.
func (h *Host) Post(f func()) {
	h.w.mu.Lock()
	h.w.posts = append(h.w.posts, post{h, f})
	h.w.posted.Store(true)
	h.w.mu.Unlock()
}

// Addr is the machine's address.
func (h *Host) Addr() netip.Addr { return h.addr }
