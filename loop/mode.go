package loop

import (
	"fmt"
	"net/netip"
	"runtime/debug"
)

// The methods below call the mode so that a panic in it costs one connection
// at most. The stack goes to the log.

// rescue ends the link of a callback that panicked. Deferred; l is nil if the
// callback was for no link.
func (r *Reactor) rescue(l *link, callback string) {
	v := recover()
	if v == nil {
		return
	}
	r.count.Panics++
	r.log.Error("panic in a callback", "callback", callback, "value", v, "stack", string(debug.Stack()))
	if l != nil {
		r.doom(l, fmt.Errorf("%w: %v", ErrPanic, v))
	}
}

func (r *Reactor) modeOpened(l *link, in Info) {
	defer r.rescue(l, "Opened")
	r.mode.Opened(l.id, in)
}

func (r *Reactor) modeData(l *link, p []byte, end bool) (used int) {
	defer r.rescue(l, "Data")
	return r.mode.Data(l.id, p, end)
}

func (r *Reactor) modeIdle(l *link, p []byte) (used int) {
	defer r.rescue(l, "Idle")
	return r.mode.Idle(l.id, p)
}

func (r *Reactor) modeLeft(l *link, pos uint64) {
	defer r.rescue(l, "Left")
	r.mode.Left(l.id, pos)
}

func (r *Reactor) modeClosed(o obituary) {
	defer r.rescue(nil, "Closed")
	r.mode.Closed(o.id, o.why)
}

func (r *Reactor) modeFailed(tag any, why error) {
	defer r.rescue(nil, "Failed")
	r.mode.Failed(tag, why)
}

func (r *Reactor) modeDatagram(door int, from netip.AddrPort, p []byte) {
	defer r.rescue(nil, "Datagram")
	r.mode.Datagram(door, from, p)
}

func (r *Reactor) modeTick() {
	defer r.rescue(nil, "Tick")
	r.mode.Tick(r.now)
}

func (r *Reactor) modeStopping() {
	defer r.rescue(nil, "Stopping")
	r.mode.Stopping()
}

func (r *Reactor) runPost(f func()) {
	defer r.rescue(nil, "Post")
	f()
}
