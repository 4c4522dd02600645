package sim

import (
	"cmp"
	"slices"
	"syscall"
	"time"
)

// A wire is one direction of a connection; it lies with the end it leads to.
type wire struct {
	flight fifo[chunk]
	armed  bool // an arrive event is underway
	gone   bool // the link is lost: nothing arrives any more

	arrived uint64 // bytes that are with the machine, ever
	read    uint64 // of these, read by its loop
	freed   uint64 // read, as far as the sender knows

	acking               bool // an ack event is underway, with these two:
	ackArrived, ackFreed uint64
}

// A chunk is what one write put on the wire, or a sign from kernel to kernel.
type chunk struct {
	b    []byte
	at   int64
	what sign
}

type sign uint8

const (
	stream sign = iota // bytes
	opened             // the dial succeeded
	fin                // no more bytes will come
	reset              // the other end is no more
)

// put sends a chunk to the other end. Nothing overtakes on a stream.
func (l *link) put(c chunk) {
	w, in := l.h.w, &l.peer.in
	if in.gone {
		return
	}
	in.flight.push(c)
	if !in.armed {
		in.armed = true
		w.push(c.at, arrive, l.peer)
	}
	if f := &w.Faults; c.what == stream && w.chance(f.Lose) {
		w.push(w.now+w.upTo(2*(f.Delay+f.Jitter)), cut, l)
	}
}

// cut loses the link: nothing arrives any more in either direction, and the
// two ends notice sooner or later.
func (l *link) cut() {
	w := l.h.w
	if l.in.gone {
		return
	}
	for _, x := range [...]*link{l, l.peer} {
		x.in.gone = true
		x.in.flight.drop()
		w.push(w.now+w.upTo(cmp.Or(w.Faults.Notice, time.Second)), lost, x)
	}
}

// notice: this end finds out that its link is lost.
func (l *link) notice() {
	switch {
	case l.dead:
	case l.dial != nil:
		l.dial.fail(syscall.ETIMEDOUT)
	default:
		l.broken = syscall.ETIMEDOUT
		l.read()
	}
}

// arrive takes the next segment, or the next sign, off the wire.
func (l *link) arrive() {
	w, in := l.h.w, &l.in
	in.armed = false
	if in.gone {
		return
	}
	room := 1 << 30
	if c := w.Faults.MaxCut; c > 0 {
		room = 1 + w.rand.IntN(c)
	}
	what := in.flight.first().what
	if what != stream {
		in.flight.pop()
	}
	for what == stream && room > 0 && in.flight.len() > 0 {
		c := in.flight.first()
		if c.what != stream || c.at > w.now {
			break
		}
		n := min(room, len(c.b))
		if !l.dead {
			l.buf = append(l.buf, c.b[:n]...)
			in.arrived += uint64(n)
		}
		room -= n
		if c.b = c.b[n:]; len(c.b) == 0 {
			in.flight.pop()
		}
	}
	if in.flight.len() > 0 {
		in.armed = true
		w.push(max(in.flight.first().at, w.now+w.upTo(w.Faults.Jitter/256)), arrive, l)
	}
	l.take(what)
}

// take acts on what just arrived.
func (l *link) take(what sign) {
	w := l.h.w
	switch {
	case l.dead:
		// Nobody is here: a kernel answers what comes all the same with a reset.
		if what != fin && what != reset && !l.peer.dead {
			l.put(chunk{what: reset, at: w.now + w.transit()})
		}
		return
	case what == opened:
		l.dial.opened(l)
		return
	case what == fin:
		l.eof = true
	case what == reset:
		l.broken = syscall.ECONNRESET
	case w.chance(w.Faults.Stall):
		l.paused = max(l.paused, w.now+w.upTo(w.Faults.StallFor))
	}
	l.peer.wantAck()
	l.read()
}

// watchFor has Left told for pos.
func (l *link) watchFor(pos uint64) {
	i, _ := slices.BinarySearch(l.watch, pos)
	l.watch = slices.Insert(l.watch, i, pos)
	l.wantAck()
}

// wantAck has this end told what arrived and was read at the other, if it
// waits for either. The news travels as long as anything.
func (l *link) wantAck() {
	w, in := l.h.w, &l.peer.in
	if l.dead || in.acking || in.gone {
		return
	}
	left := len(l.watch) > 0 && l.watch[0] <= in.arrived
	room := l.full && in.read > in.freed
	if left || room {
		in.acking, in.ackArrived, in.ackFreed = true, in.arrived, in.read
		w.push(w.now+w.transit(), ack, l)
	}
}

// acked: news of the other end is here.
func (l *link) acked() {
	in := &l.peer.in
	in.acking = false
	if in.gone {
		return
	}
	if in.freed = in.ackFreed; l.full {
		l.mark()
	}
	for len(l.watch) > 0 && l.watch[0] <= in.ackArrived && !l.dead {
		pos := l.watch[0]
		l.watch = l.watch[1:]
		l.h.mode.Left(l.id, pos)
	}
	l.wantAck()
}
