package sim

import (
	"net/netip"
	"time"

	"mim/loop"
)

// The bounds of the reactor.
const (
	maxKept     = 128 << 10        // bytes that a mode may leave unused and the link is still read
	unreadFor   = 60 * time.Second // how long a link is not read while the mode uses nothing
	maxUnsent   = 1 << 20          // bytes queued on a link: no more for longer than slowFor
	unreadTimes = 10               // times unreadFor is the most for a link that the mode owes something
	pieceCost   = 64               // what a piece with a gap, which is never joined, counts beside its bytes
	hardTimes   = 16               // times maxUnsent is too much at once
	slowFor     = 30 * time.Second // also the age of the oldest piece where pieces have gaps
	lazyFor     = 50 * time.Millisecond
	oweFor      = 5 * time.Second // how long a link outlives the end of its input
	lingerFor   = 2 * time.Second // how long one that has said its last waits for the other end
)

// A link is one end of a connection, with the wire that leads to it.
type link struct {
	id            loop.ID
	h             *Host
	peer          *link
	local, remote netip.AddrPort
	dial          *dial // until Opened was told to the end that dialled
	in            wire

	// Out: what was sent and is not on the wire yet.
	out       fifo[piece]
	unsent    int
	queued    uint64        // bytes that Send took, ever
	written   uint64        // of these, put on the wire
	watch     []uint64      // positions that Left is due for, ascending
	notBefore int64         // the gap after the last paced piece
	lazyAt    int64         // when lazy bytes leave at the latest; 0: none
	overSince int64         // since when unsent is over its bound; 0: it is not
	gaps      int           // pieces in out that have a gap
	gap       time.Duration // of the last piece
	full      bool          // the wire takes no more
	dirty     bool          // in h.dirty

	// In: buf[:kept] was given to the mode and not used, the rest has arrived
	// with our machine and was not read yet.
	buf     []byte
	kept    int
	quiet   time.Duration // of IdleAfter
	quietAt int64
	paused  int64
	unread  bool  // nothing is read: too much is kept
	starved int64 // when an unread link is dropped unless the mode uses something
	usedAt  int64 // when it last did, or when the link became unread
	again   bool  // in h.agains
	eof     bool  // the other end's end of output has arrived
	broken  error

	// The end.
	owes      bool
	ended     bool  // Data has heard of eof
	finishing bool  // nothing more is sent: Finish or CloseSoon
	closing   bool  // CloseSoon: nothing more is read either
	fin       bool  // our end of output is on the wire
	limitAt   int64 // when a half-closed link ends at the latest
	dead      bool
	why       error

	armed [timers]int64 // when the timer of this kind is due; 0: none
}

// A piece is what one Send queued.
type piece struct {
	b   []byte
	gap time.Duration
	at  int64 // when it was queued
}

func (l *link) fire(what kind) {
	if what < timers && l.armed[what] == l.h.w.now {
		l.armed[what] = 0
	}
	switch {
	case what == arrive:
		l.arrive()
	case what == cut:
		l.cut()
	case what == lost:
		l.notice()
	case l.dead || l.dial != nil:
	case what == ack:
		l.acked()
	case what == resume:
		l.read()
	default:
		l.timeout(what)
	}
}

// timeout is called at a time that was right when the timer was set; whether
// it still is, the fields say.
func (l *link) timeout(what kind) {
	now := l.h.w.now
	switch what {
	case pace:
		l.mark()
	case lazy:
		if now >= l.lazyAt {
			l.mark()
		} else {
			l.timer(lazy, l.lazyAt)
		}
	case idle:
		switch {
		case l.quietAt == 0:
		case now < l.quietAt:
			l.timer(idle, l.quietAt)
		case l.kept > 0 && !l.closing:
			l.quietAt = 0
			n := l.h.mode.Idle(l.id, l.buf[:l.kept:l.kept])
			l.used(n, l.kept)
			l.ration(n)
		}
	case starve:
		switch {
		case !l.unread:
		case now < l.starved:
			l.timer(starve, l.starved)
		default:
			l.over(loop.ErrFlood, true)
		}
	case slow:
		l.checkSlow()
	case limit:
		switch {
		case now < l.limitAt:
			l.timer(limit, l.limitAt)
		case l.fin:
			l.over(nil, false)
		case l.ended && !l.finishing:
			l.over(loop.ErrOwed, true)
		default:
			l.over(loop.ErrSlow, true)
		}
	}
}

// timer sets a timer, unless one of this kind is due earlier: that one looks
// at the fields and goes on from there.
func (l *link) timer(what kind, at int64) {
	if l.armed[what] == 0 || l.armed[what] > at {
		l.armed[what] = at
		l.h.w.push(at, what, l)
	}
}

// mark has the link looked at, and what it can send sent, at the end of the round.
func (l *link) mark() {
	if !l.dirty && !l.dead {
		l.dirty = true
		l.h.dirty = append(l.h.dirty, l)
		l.h.wake()
	}
}

func (l *link) send(b []byte, gap time.Duration, isLazy bool) (pos uint64) {
	if l.finishing || len(b) == 0 {
		return l.queued + uint64(len(b)) // a position that never comes
	}
	now := l.h.w.now
	l.queued += uint64(len(b))
	l.unsent += len(b)
	if l.gap = gap; gap > 0 {
		l.gaps++
	}
	l.out.push(piece{b, gap, now})
	switch {
	case !isLazy:
		l.mark()
	case !l.dirty && l.lazyAt == 0:
		l.lazyAt = now + 1 + l.h.w.upTo(lazyFor-1)
		l.timer(lazy, l.lazyAt)
	}
	return l.queued
}

// flush puts on the wire what gaps and window allow. What is written in one go
// travels together.
func (l *link) flush() {
	w := l.h.w
	l.lazyAt, l.full = 0, false
	at := int64(-1)
	for l.out.len() > 0 {
		if w.now < l.notBefore {
			l.timer(pace, l.notBefore)
			break
		}
		room := w.window() - int(l.written-l.peer.in.freed)
		if room <= 0 {
			l.full = true
			l.wantAck()
			break
		}
		p := l.out.first()
		b := p.b[:min(room, len(p.b))]
		if at < 0 || p.gap > 0 {
			at = w.now + w.transit()
		}
		l.put(chunk{b: b, at: at})
		l.written += uint64(len(b))
		l.unsent -= len(b)
		if p.b = p.b[len(b):]; len(p.b) > 0 {
			continue
		}
		if p.gap > 0 {
			l.notBefore = w.now + int64(p.gap)
			l.gaps--
			at = -1
		}
		l.out.pop()
	}
	l.checkSlow()
}

// checkSlow drops a link whose other end reads too slowly: by what is unsent,
// and where pieces wait for their gap by the age of the oldest.
func (l *link) checkSlow() {
	now, weight := l.h.w.now, l.unsent+pieceCost*l.gaps
	switch {
	case weight <= maxUnsent:
		l.overSince = 0
	case l.overSince == 0:
		l.overSince = now
	}
	since := l.overSince
	if l.gaps > 0 {
		since = l.out.first().at
	}
	switch due := since + int64(slowFor); {
	case weight > hardTimes*maxUnsent, since != 0 && now >= due:
		l.over(loop.ErrSlow, true)
	case since != 0:
		l.timer(slow, due)
	}
}

// finish has the link end after what is queued has left.
func (l *link) finish() {
	if l.finishing = true; !l.ended {
		l.setLimit(slowFor)
	}
	l.mark()
}

// settle ends what can be ended now that everything possible is on the wire.
func (l *link) settle() {
	switch {
	case l.dead || l.out.len() > 0:
	case l.ended && (l.finishing || !l.owes):
		l.over(nil, false)
	case l.finishing && !l.fin:
		l.fin = true
		l.put(chunk{what: fin, at: l.h.w.now + l.h.w.transit()})
		l.setLimit(lingerFor)
	}
}

func (l *link) setLimit(d time.Duration) {
	l.limitAt = l.h.w.now + int64(d)
	l.timer(limit, l.limitAt)
}

// read gives the mode what arrived, then, once, the end.
func (l *link) read() {
	w := l.h.w
	if l.dead {
		return
	}
	if until := max(l.paused, l.h.paused); until > w.now {
		l.timer(resume, until)
		return
	}
	news := len(l.buf) - l.kept
	if l.unread {
		if l.broken != nil {
			l.over(l.broken, true)
		}
		return
	}
	l.in.read += uint64(news)
	if end := l.eof && !l.ended; end || news > 0 {
		if end {
			l.ended = true
			l.setLimit(oweFor)
			l.mark()
		}
		l.data(len(l.buf))
	}
	l.peer.wantAck()
	if l.broken != nil {
		l.over(l.broken, true)
	}
}

// data gives the first n bytes to the mode and keeps what it does not use.
func (l *link) data(n int) {
	l.kept = n
	used := 0
	if !l.closing {
		used = l.h.mode.Data(l.id, l.buf[:n:n], l.ended)
		l.used(used, n)
	}
	switch {
	case l.dead:
	case l.closing || l.ended && !l.owes:
		l.used(l.kept, l.kept)
	default:
		l.silence()
	}
	l.ration(used)
}

// ration stops reading the link when the mode has left too much unused, and
// goes on when it has used enough.
func (l *link) ration(used int) {
	switch {
	case l.dead:
	case l.kept <= maxKept || l.closing || l.ended:
		l.readOn()
	case !l.unread || used > 0:
		l.unread, l.usedAt = true, l.h.w.now
		l.grant()
	}
}

// grant sets by when the mode must have used something of an unread link; while
// the mode owes it something that is later.
func (l *link) grant() {
	l.starved = l.usedAt + unreadTimes*int64(unreadFor)
	if !l.owes {
		l.starved = min(l.starved, l.h.w.now+int64(unreadFor))
	}
	l.timer(starve, l.starved)
}

// readOn has a link that was not read read again, in an event of its own.
func (l *link) readOn() {
	if l.unread {
		l.unread = false
		l.timer(resume, l.h.w.now)
	}
}

// silence counts from now until Idle, if there is something to give.
func (l *link) silence() {
	l.quietAt = 0
	if l.quiet > 0 && l.kept > 0 && !l.ended {
		l.quietAt = l.h.w.now + int64(l.quiet)
		l.timer(idle, l.quietAt)
	}
}

// used forgets the first used of n bytes. What was passed to the mode is
// overwritten, so that a mode that held on to it is found out.
func (l *link) used(used, n int) {
	if used < 0 || used > n {
		panic("the mode used more bytes than it was given")
	}
	if l.dead || used == 0 {
		return
	}
	rest := copy(l.buf, l.buf[used:])
	clear(l.buf[rest:])
	l.buf = l.buf[:rest]
	l.kept = n - used
}

// over ends the link: the other end hears of it behind what is on the wire,
// the mode at the end of the turn. A reason given with CloseSoon stays. hard:
// as a reset, which is also what the kernel makes of bytes that nobody read.
func (l *link) over(why error, hard bool) {
	if l.dead {
		return
	}
	hard = hard || len(l.buf) > l.kept
	if l.dead = true; l.why == nil {
		l.why = why
	}
	if hard || !l.fin {
		c := chunk{what: fin, at: l.h.w.now + l.h.w.transit()}
		if hard {
			c.what = reset
		}
		l.put(c)
	}
	l.out.drop()
	l.buf, l.watch, l.unsent, l.kept = nil, nil, 0, 0
	l.h.ended = append(l.h.ended, l)
	l.h.wake()
}
