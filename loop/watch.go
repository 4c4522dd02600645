package loop

import (
	"slices"
	"time"
)

// An acknowledgement makes no event, so the kernel is asked: at once after the
// write, which is enough for a peer on this machine, then after ackFirst, with
// twice the pause each time up to ackLast. Only links that are watched pay.
const (
	ackFirst = time.Millisecond
	ackLast  = 250 * time.Millisecond
)

// Watch asks for one Left when all bytes up to pos have arrived.
func (r *Reactor) Watch(id ID, pos uint64) {
	if l := r.get(id); l != nil {
		s := r.need(l)
		i, _ := slices.BinarySearch(s.watched, pos)
		s.watched = slices.Insert(s.watched, i, pos)
		s.backoff = 0
		r.mark(l)
	}
}

// checkAcks tells the mode which watched positions have been acknowledged.
func (r *Reactor) checkAcks(l *link) {
	s := l.side
	if s == nil || len(s.watched) == 0 || l.phase == dead {
		return
	}
	if s.watched[0] > l.written() {
		return // asked again after the next write
	}
	out, err := unacked(int(l.fd))
	if err != nil {
		return // it is ending
	}
	// Our FIN counts as one byte in out.
	acked := l.written() - min(uint64(out), l.written())
	n, _ := slices.BinarySearch(s.watched, acked+1)
	r.reached = append(r.reached[:0], s.watched[:n]...)
	s.watched = slices.Delete(s.watched, 0, n)
	for _, pos := range r.reached { // Left may Watch more
		r.modeLeft(l, pos)
	}
	if len(s.watched) > 0 && s.watched[0] <= l.written() {
		s.backoff = min(max(2*s.backoff, ackFirst), ackLast)
		r.arm(l, acks, r.at+s.backoff)
	}
}
