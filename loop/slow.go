package loop

import (
	"cmp"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// Links whose sockets are full are looked at together, with one poll(2),
	// after pollFirst, then less often up to pollLast while none of them moves.
	pollFirst = 2 * time.Millisecond
	pollLast  = 50 * time.Millisecond
	// pollEach is added to the pause for each link that is looked at, so that
	// thousands of them do not take a core while one of them trickles.
	pollEach = 10 * time.Microsecond
	// ownAfter is how long a link may be stalled, or behind its pace, before
	// what it has to send is copied. Sent slices are small parts of large
	// shared blocks; a link that holds one of them would keep the block alive.
	// Not sooner: in a rush all links are behind for a moment, with the same
	// bytes.
	ownAfter = time.Second
	// ownSize is the least size of the blocks of such copies. Bytes.
	ownSize = 4 << 10
	// hardTimes MaxUnsent is never exceeded, not even for SlowFor.
	hardTimes = 16
	// behindTimes SlowFor is how old the oldest piece of a paced link may be,
	// whose socket takes what it is given. It is not its reader who is slow then,
	// but its pace or this loop: when 4,500 people log in within 7 s where each
	// news is a write of its own, those are 20 million writes, and all are behind
	// for more than a minute.
	behindTimes = 10
	// spareCopies: when copies need more room than there is, readers are
	// dropped until so much of it is free, in 1/spareCopies.
	spareCopies = 8
)

// stall notes that the socket of l is full.
func (r *Reactor) stall(l *link) {
	s := l.side
	if s.since == 0 {
		s.since = r.at
	}
	if s.stuck == 0 {
		s.stuck = max(r.at, 1)
	}
	l.set(stalled)
	r.stalled = append(r.stalled, l)
	r.pollStep = pollFirst
	if at := r.at + pollFirst; r.pollAt == 0 || at < r.pollAt {
		r.pollAt = at
	}
}

// pollStalled asks the kernel which of the stalled links can go on.
func (r *Reactor) pollStalled() {
	fds, waiting := r.polls[:0], r.stalled[:0]
	for _, l := range r.stalled {
		if l.phase < doomed && l.unsent() > 0 {
			waiting = append(waiting, l)
			fds = append(fds, unix.PollFd{Fd: l.fd, Events: unix.POLLOUT})
		} else {
			l.clear(stalled)
		}
	}
	r.polls = fds
	if _, err := unix.Poll(fds, 0); err != nil {
		clear(fds) // interrupted: nobody can go on for now
	}
	still := r.stalled[:0]
	for i, l := range waiting {
		if fds[i].Revents != 0 {
			l.clear(stalled)
			r.mark(l)
			continue
		}
		if !l.is(private) && r.at-l.side.since >= ownAfter {
			r.own(l)
		}
		still = append(still, l)
	}
	if len(still) < len(waiting) {
		r.pollStep = pollFirst
	} else {
		r.pollStep = min(2*r.pollStep, pollLast)
	}
	clear(r.stalled[len(still):])
	r.stalled, r.pollAt = still, 0
	if len(still) > 0 {
		r.pollAt = r.at + r.pollStep + time.Duration(len(still))*pollEach
	}
}

// own copies what l has to send into memory of its own, gapless pieces
// together.
func (r *Reactor) own(l *link) {
	s := l.side
	if l.phase >= doomed || !r.fits(l, s.bytes) {
		return
	}
	l.set(private)
	all := make([]byte, 0, s.bytes)
	out := s.out[:0]
	from := 0 // where the last of out begins in all
	for _, p := range s.out[s.head:] {
		all = append(all, p.b...)
		if n := len(out); n > 0 && out[n-1].gap == 0 && p.gap == 0 {
			out[n-1].b = all[from:len(all):len(all)]
			continue
		}
		from = len(all) - len(p.b)
		p.b = all[from:len(all):len(all)]
		out = append(out, p)
	}
	clear(s.out[len(out):])
	s.out, s.head = out, 0
	r.recount(l)
}

// fits reports whether there is room for a copy of n more bytes for l, if need
// be after others were dropped; if not, l is.
func (r *Reactor) fits(l *link, n int) bool {
	if r.copied+n+pieceCost <= r.cfg.MaxCopied {
		return true
	}
	r.shed(l, n+pieceCost)
	return l.phase < doomed
}

// shed makes room for n bytes of copies for l. Those go first whose sockets
// have taken nothing for the longest time, then those who have most: somebody
// who reads slowly should not have to go for others who do not read at all.
// It makes more room than is needed, since it looks at all links.
func (r *Reactor) shed(l *link, n int) {
	var slow []*link
	for _, o := range r.links {
		if o != nil && o.phase < doomed && o.side != nil && (o == l || o.is(private)) {
			slow = append(slow, o)
		}
	}
	slices.SortFunc(slow, func(a, b *link) int {
		x, y := a.side, b.side
		return cmp.Or(cmp.Compare(x.stuckAt(), y.stuckAt()), cmp.Compare(y.bytes, x.bytes))
	})
	enough := r.cfg.MaxCopied - r.cfg.MaxCopied/spareCopies - n
	for _, o := range slow {
		if r.copied <= enough {
			break
		}
		r.doom(o, ErrSlow)
		if o == l {
			break // it is being written to: what it has goes with it
		}
		r.drop(o)
	}
}

// stuckAt is stuck in an order in which who takes bytes comes last.
func (s *side) stuckAt() time.Duration {
	if s.stuck == 0 {
		return 1<<63 - 1
	}
	return s.stuck
}

// recount accounts for what waits in copies for l after it has changed.
func (r *Reactor) recount(l *link) {
	s, now := l.side, 0
	if l.is(private) {
		now = s.weight()
	}
	r.copied += now - s.charged
	s.charged = now
}

// join copies b behind the last piece, which the link owns, if it is of the
// same kind; a list of many small pieces would take more than the bytes.
func (s *side) join(b []byte) bool {
	if len(s.out) == s.head {
		return false
	}
	last := &s.out[len(s.out)-1]
	if last.gap > 0 {
		return false
	}
	if cap(last.b)-len(last.b) < len(b) {
		if len(last.b)+len(b) > ownSize {
			return false
		}
		last.b = append(make([]byte, 0, ownSize), last.b...)
	}
	last.b = append(last.b, b...)
	return true
}

// bound looks at how much l has to send after that changed. Without pacing
// the bytes are bounded; a link that is paced is behind by design, for it the
// time is in which its socket has taken nothing, and, ten times longer, the age
// of its oldest piece.
func (r *Reactor) bound(l *link) {
	s := l.side
	switch {
	case s.weight() > hardTimes*r.cfg.MaxUnsent:
		r.doom(l, ErrSlow)
		return
	case s.weight() <= r.cfg.MaxUnsent:
		s.over = 0
	case s.over == 0:
		s.over = r.at
	}
	if (s.over != 0 || s.gaps > 0) && s.due[overdue] == 0 {
		r.arm(l, overdue, r.at+r.cfg.SlowFor)
	}
}

// Behind is what the gaps of all that waits on a link add up to, if the last
// one stands for all.
func (r *Reactor) Behind(id ID) time.Duration {
	l := r.get(id)
	if l == nil || l.unsent() == 0 || l.side.since != 0 {
		return 0
	}
	s := l.side
	return time.Duration(s.gaps) * time.Duration(s.out[len(s.out)-1].gap) * time.Microsecond
}

// age is how long ago the oldest unsent piece was queued. There must be one.
func (r *Reactor) age(s *side) time.Duration {
	return time.Duration(uint32(r.at/time.Millisecond)-s.out[s.head].at) * time.Millisecond
}

// checkOverdue ends l if it is over its bound for too long.
func (r *Reactor) checkOverdue(l *link) {
	s := l.side
	var late time.Duration
	switch {
	case s.gaps > 0:
		late = r.age(s) / behindTimes
		if l.is(stalled) {
			late = max(late, r.at-s.stuck)
		}
	case s.over != 0:
		late = r.at - s.over
	default:
		return
	}
	if late >= r.cfg.SlowFor {
		r.doom(l, ErrSlow)
		return
	}
	r.arm(l, overdue, r.at+r.cfg.SlowFor-late) // of an age that is too soon, and then asked again
}
