package loop

import (
	"bytes"
	"time"

	"golang.org/x/sys/unix"
)

// Why the bytes go to the kernel from here and not by gnet's Write: gnet takes
// all it is given, copies what the socket does not, tells nobody when that has
// left, and loses it when the other end half-closes; a Write that fails runs
// OnClose before it returns; one to a closed Conn goes to whoever has the
// descriptor now. Here the rest stays in the link's list, at a known position,
// until the socket has room again (slow.go).

const (
	// maxLazy is how long lazy bytes wait for company.
	maxLazy = 50 * time.Millisecond
	// maxFlush is how many links one turn flushes before the sockets get
	// their share; a line to 10,000 links would else hold the loop for 0.1 s.
	maxFlush = 256
	// maxTurn is how long a turn goes on before it stops flushing early,
	// looked at each lookEach links. For about as long it, or a read, gives the
	// mode what was kept.
	maxTurn  = time.Millisecond
	lookEach = 32
	// maxWrite is the most that one write takes, and about the most that one
	// turn writes to one link: neither may a link with much to send hold the
	// loop. Bytes.
	maxWrite = 256 << 10
	// maxWrites is how many writes one turn makes to one link, and fewer if there
	// are many links: as many as one each to maxFlush of them. If of pieces that
	// are a write of their own, with hardly a gap behind it, one left in a turn,
	// a link with a hundred of them would wait for seconds when turns are long.
	maxWrites = 32
	// maxSpin is how long the loop waits out a gap itself: a write into a queue
	// may take less than the shortest gap.
	maxSpin = 2 * time.Microsecond
	// gatherSize is how much of small pieces is gathered for one write. Bytes.
	gatherSize = 64 << 10
	// gatherMost is the largest piece worth copying for that.
	gatherMost = 16 << 10
)

// Send queues b on a link.
func (r *Reactor) Send(id ID, b []byte, gap time.Duration, wait bool) (pos uint64) {
	l := r.get(id)
	if l == nil {
		return NeverSent
	}
	if len(b) == 0 || l.phase != live || l.is(broken) {
		return l.queued + uint64(len(b)) // a position that never comes
	}
	r.count.Sends++
	r.enqueue(l, b, gap)
	l.queued += uint64(len(b))
	switch {
	case !wait:
		r.mark(l)
	case !l.is(dirty | lazy):
		l.set(lazy)
		r.lazy = append(r.lazy, l)
		if r.lazyAt == 0 {
			r.lazyAt = r.at + maxLazy
		}
	}
	return l.queued
}

// enqueue puts b at the end of what l has to send.
func (r *Reactor) enqueue(l *link, b []byte, gap time.Duration) {
	s := r.need(l)
	if s.bytes == 0 {
		r.backlog++
	}
	s.bytes += len(b)
	switch {
	case !l.is(private):
		if gap > 0 || !s.extend(b) {
			r.push(s, b, gap)
		}
	case !r.fits(l, len(b)):
		return
	default:
		if gap > 0 || !s.join(b) {
			r.push(s, bytes.Clone(b), gap) // others must not wait for this link
		}
		r.recount(l)
	}
	r.bound(l)
}

// push puts a piece at the end of the list.
func (r *Reactor) push(s *side, b []byte, gap time.Duration) {
	if 2*s.head > len(s.out) && len(s.out) == cap(s.out) { // not each time, it may be long
		n := copy(s.out, s.out[s.head:])
		clear(s.out[n:])
		s.out, s.head = s.out[:n], 0
	}
	p := piece{b: b, at: uint32(r.at / time.Millisecond)}
	if gap > 0 {
		p.gap = uint32(min(max(gap, time.Microsecond), time.Hour) / time.Microsecond)
		s.gaps++
	}
	s.out = append(s.out, p)
}

// extend makes b part of the last piece if it lies right behind it in the same
// array, as the events do that a mode encodes one after the other. A link that
// waits for the news of a thousand logins then holds one piece, not a thousand.
func (s *side) extend(b []byte) bool {
	if len(s.out) == s.head {
		return false
	}
	last := &s.out[len(s.out)-1]
	n := len(last.b)
	if last.gap > 0 || cap(last.b)-n < len(b) || &last.b[:n+1][n] != &b[0] {
		return false
	}
	last.b = last.b[:n+len(b)]
	return true
}

// mark has l flushed in this turn or the next.
func (r *Reactor) mark(l *link) {
	if !l.is(dirty) && l.phase < doomed {
		l.set(dirty)
		r.dirty = append(r.dirty, l)
	}
}

// flushLazy marks the links whose lazy bytes have waited long enough.
func (r *Reactor) flushLazy() {
	for i, l := range r.lazy {
		r.lazy[i] = nil
		l.clear(lazy)
		if l.unsent() > 0 {
			r.mark(l)
		}
	}
	r.lazy, r.lazyAt = r.lazy[:0], 0
}

// flush writes what the links have to send, maxFlush of them at most.
func (r *Reactor) flush() {
	n, most := 0, min(len(r.dirty), maxFlush) // the list may grow meanwhile
	each := min(maxFlush/max(most, 1), maxWrites)
	for ; n < most; n++ {
		if n > 0 && n%lookEach == 0 && time.Since(r.now) > maxTurn {
			break
		}
		l := r.dirty[n]
		l.clear(dirty)
		if l.phase < doomed {
			r.flushLink(l, each)
		}
	}
	rest := copy(r.dirty, r.dirty[n:])
	clear(r.dirty[rest:])
	r.dirty = r.dirty[:rest]
}

// flushLink writes what l has to send, as far as its pace and its socket allow,
// with most writes at most.
func (r *Reactor) flushLink(l *link, most int) {
	for sent, writes := 0, 0; l.unsent() > 0; writes++ {
		s := l.side
		if l.is(stalled) {
			return
		}
		if sent >= maxWrite || writes >= most {
			r.mark(l)
			r.checkAcks(l)
			return
		}
		now := r.at
		if s.notBefore > now || s.out[s.head].gap > 0 {
			now = r.outwait(s.notBefore)
		}
		if s.notBefore > now {
			r.await(l)
			return
		}
		b := r.gather(s)
		n, err := unix.Write(int(l.fd), b)
		r.count.Writes++
		if n > 0 {
			r.count.Bytes += uint64(n)
			r.wrote(l, n, now)
			sent += n
		}
		switch {
		case err == unix.EAGAIN, err == nil && n < len(b):
			r.stall(l)
			r.checkAcks(l)
			return
		case err != nil && err != unix.EINTR:
			r.breakOff(l, err)
			return
		}
	}
	if s := l.side; s != nil && s.notBefore != 0 {
		if s.notBefore > r.at && s.notBefore > r.outwait(s.notBefore) {
			r.arm(l, pace, s.notBefore)
		} else {
			s.notBefore = 0
		}
	}
	r.checkAcks(l)
	r.settle(l)
}

// outwait reads the clock, since the turn may be old, until at, if that is
// almost now.
func (r *Reactor) outwait(at time.Duration) time.Duration {
	for {
		if now := time.Since(r.start); now >= at || at-now > maxSpin {
			return now
		}
	}
}

// await has l flushed again when its gap is over. A link whose bytes have
// waited for long gets copies of them.
func (r *Reactor) await(l *link) {
	s := l.side
	at := s.notBefore
	if !l.is(private) {
		if age := r.age(s); age >= ownAfter {
			r.own(l)
		} else {
			at = min(at, r.at+ownAfter-age)
		}
	}
	r.arm(l, pace, at)
}

// gather gives the bytes of the next write: one piece if it has a gap or is
// large, else as many as fit. A piece with a gap is a write of its own.
func (r *Reactor) gather(s *side) []byte {
	todo := s.out[s.head:]
	first := todo[0]
	if first.gap > 0 || len(todo) == 1 || len(first.b) > gatherMost {
		return first.b[:min(len(first.b), maxWrite)]
	}
	if r.scratch == nil {
		r.scratch = make([]byte, 0, gatherSize)
	}
	b := r.scratch[:0]
	for _, p := range todo {
		if p.gap > 0 || len(b)+len(p.b) > cap(b) {
			break
		}
		b = append(b, p.b...)
	}
	return b
}

// wrote takes n bytes off what l has to send. A gap counts from now, when
// their write began.
func (r *Reactor) wrote(l *link, n int, now time.Duration) {
	s := l.side
	s.bytes -= n
	s.stuck = 0
	for n > 0 {
		p := &s.out[s.head]
		if n < len(p.b) {
			p.b = p.b[n:]
			break
		}
		n -= len(p.b)
		if p.gap > 0 {
			s.gaps--
			s.notBefore = now + time.Duration(p.gap)*time.Microsecond
		}
		*p = piece{}
		s.head++
	}
	if s.bytes == 0 {
		r.backlog--
		s.out, s.head, s.since = s.out[:0], 0, 0
		l.clear(private)
		r.arm(l, overdue, 0)
	}
	r.recount(l)
	r.bound(l)
}

// breakOff gives up writing after an error. The kernel has ended the
// connection, so gnet will read what came before that, and then its end.
func (r *Reactor) breakOff(l *link, err error) {
	s := r.need(l)
	if s.why == nil {
		s.why = err
	}
	l.set(broken)
	r.drop(l)
	if l.is(half | unread) {
		r.doom(l, s.why)
		return
	}
	r.arm(l, linger, r.at+lingerFor)
}

// drop forgets what l has to send; its position falls back to what was written.
func (r *Reactor) drop(l *link) {
	if s := l.side; s != nil && s.bytes > 0 {
		r.backlog--
		l.clear(private)
		l.queued = l.written()
		clear(s.out)
		s.out, s.head, s.bytes, s.gaps, s.over, s.since, s.stuck = s.out[:0], 0, 0, 0, 0, 0, 0
		r.recount(l)
	}
}
