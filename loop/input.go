package loop

import (
	"fmt"
	"time"
)

const (
	// maxKept is how many bytes that the mode did not use are kept of a link
	// while it is read; one read more may come on top.
	maxKept = 128 << 10
	// maxRead is the most that one read brings: gnet's buffer.
	maxRead = 64 << 10
	// highKept is how many make the loop work off a link's input before it
	// reads more of it, so that a sender that is merely ahead is not held up.
	highKept = 64 << 10
)

// feed gives p, which just came, to the mode, behind what was kept.
func (r *Reactor) feed(l *link, p []byte) {
	if s := l.side; s != nil && len(s.in) > 0 {
		s.in = append(s.in, p...)
		p = s.in
	}
	used := r.modeData(l, p, l.is(ended))
	if used < 0 || used > len(p) {
		r.doom(l, fmt.Errorf("%w: used %d of %d bytes", ErrPanic, used, len(p)))
		return
	}
	r.keep(l, p[used:])
	r.ration(l, used)
}

// keep stores the bytes that were not used, which may lie in the buffer of the
// link itself.
func (r *Reactor) keep(l *link, rest []byte) {
	if len(rest) == 0 || !l.takesInput() || l.is(ended) && !l.is(owing) {
		if s := l.side; s != nil {
			s.in = s.in[:0]
			r.arm(l, quiet, 0)
			r.tidy(l)
		}
		return
	}
	s := r.need(l)
	s.in = append(s.in[:0], rest...)
	if l.quiet > 0 && !l.is(ended) {
		r.arm(l, quiet, r.at+time.Duration(l.quiet)*time.Millisecond)
	}
}

// receive takes what was just read from l's socket.
func (r *Reactor) receive(l *link, p []byte) {
	if !l.takesInput() {
		return // thrown away
	}
	if l.is(unread) { // an event of its own: perhaps it broke
		if err := failure(int(l.fd)); err != nil {
			r.lose(l, err)
			return
		}
	}
	// What came may answer what we sent, and carries its acknowledgement: the
	// mode hears that its bytes arrived before it hears the answer.
	if r.checkAcks(l); !l.takesInput() {
		return
	}
	r.feed(l, p)
	// A sender that is ahead of us is worked off while the mode wants more:
	// never more than the bytes of about one read, and not for long, since what
	// a request costs is not known here. The rest comes by Again.
	for l.takesInput() && l.is(again) && l.side != nil && len(l.side.in) > highKept && time.Since(r.now) < maxTurn {
		before := len(l.side.in)
		r.feed(l, nil)
		if l.side != nil && len(l.side.in) == before {
			return
		}
	}
}

// Again asks for one more Data in the next round.
func (r *Reactor) Again(id ID) {
	if l := r.get(id); l != nil && l.takesInput() && !l.is(again) {
		l.set(again)
		r.again = append(r.again, l)
	}
}

// runAgain calls Data for the links that asked for it before this turn, in
// the order in which they asked, for about maxTurn; the others, and those that
// ask meanwhile, are served in the next.
func (r *Reactor) runAgain() {
	n, most := 0, len(r.again)
	if most == 0 {
		return
	}
	for began := time.Now(); n < most && (n == 0 || time.Since(began) < maxTurn); n++ {
		l := r.again[n]
		l.clear(again)
		if l.takesInput() {
			r.feed(l, nil)
		}
	}
	rest := copy(r.again, r.again[n:])
	clear(r.again[rest:])
	r.again = r.again[:rest]
}

// IdleAfter sets the silence after which kept bytes are given to Idle.
func (r *Reactor) IdleAfter(id ID, d time.Duration) {
	l := r.get(id)
	if l == nil {
		return
	}
	l.quiet = uint32(min(max(d, 0), time.Hour).Milliseconds())
	if d > 0 && l.quiet == 0 {
		l.quiet = 1
	}
	var at time.Duration
	if l.quiet > 0 && !l.is(ended) && l.side != nil && len(l.side.in) > 0 {
		at = r.at + time.Duration(l.quiet)*time.Millisecond
	}
	r.arm(l, quiet, at)
}

// idle gives the kept bytes to the mode after a silence.
func (r *Reactor) idle(l *link) {
	if !l.takesInput() || len(l.side.in) == 0 {
		return
	}
	p := l.side.in
	used := r.modeIdle(l, p)
	if used < 0 || used > len(p) {
		r.doom(l, fmt.Errorf("%w: used %d of %d idle bytes", ErrPanic, used, len(p)))
		return
	}
	if l.side != nil {
		l.side.in = p[:copy(p, p[used:])]
	}
	r.ration(l, used)
}
