package loop

import (
	"errors"
	"net/netip"
	"time"

	"github.com/panjf2000/gnet/v2"
	"golang.org/x/sys/unix"
)

// A phase is how far a link is on its way to the end.
type phase uint8

const (
	live    phase = iota
	ending        // Finish: our direction ends when all has left
	closing       // CloseSoon: the same, and what comes in is thrown away
	doomed        // ends in this turn; in Reactor.doomed
	dead          // over; Closed was told or is about to be
)

// marks are the yes-or-no facts about a link.
type marks uint16

const (
	dirty   marks = 1 << iota // in Reactor.dirty
	lazy                      // in Reactor.lazy
	stalled                   // its socket is full; in Reactor.stalled
	again                     // in Reactor.again
	owing                     // the mode will Send more, see Net.Owe
	ended                     // the other end sends no more
	half                      // lives on a duplicate of its descriptor; it has ended
	shut                      // our direction has ended
	broken                    // a write failed; what had come before is still read
	private                   // what is queued is copied, see slow.go
	unread                    // nothing is read from it for now, see pause.go
)

// A link is one connection: 64 bytes while it is idle. What only some links
// need, or only at times, is in a side.
type link struct {
	id     ID
	conn   gnet.Conn // nil when half or dead
	queued uint64    // position behind what was sent by Send
	side   *side     // nil if nothing is in it
	fd     int32     // -1 when dead
	quiet  uint32    // milliseconds, see Net.IdleAfter
	marks  marks
	phase  phase
}

func (l *link) is(m marks) bool  { return l.marks&m != 0 }
func (l *link) set(m marks)      { l.marks |= m }
func (l *link) clear(m marks)    { l.marks &^= m }
func (l *link) unsent() int      { return l.side.size() }
func (l *link) written() uint64  { return l.queued - uint64(l.unsent()) }
func (l *link) takesInput() bool { return l.phase <= ending }

// A piece is what one Send queued. 32 bytes.
type piece struct {
	b   []byte
	gap uint32 // microseconds of silence after it
	at  uint32 // when it was queued: milliseconds since the start, wrapping
}

// A side is the part of a link that exists only while there is something to
// keep: bytes to send, bytes not used yet, deadlines, a reason.
type side struct {
	out       []piece // out[:head] have left
	head      int
	bytes     int           // unsent, in out[head:]
	gaps      int           // pieces of out[head:] that have a gap
	charged   int           // of Reactor.copied, for this link
	notBefore time.Duration // no write before: a gap runs
	over      time.Duration // since when bytes is over the bound; 0: it is not
	since     time.Duration // since when the link does not get rid of its bytes
	stuck     time.Duration // when its socket took nothing more, and it has not since; 0: it takes some

	in      []byte
	used    time.Duration // when a byte of an unread link was last used
	watched []uint64      // positions in order, see Net.Watch
	backoff time.Duration
	why     error

	due   [deadlines]time.Duration // 0: none
	wake  time.Duration            // the earliest of due
	place int                      // in Reactor.timers, from 1; 0: not there
}

func (s *side) size() int {
	if s == nil {
		return 0
	}
	return s.bytes
}

// pieceCost is what a piece takes beside its bytes, about: its place in a list
// that has room to grow, and what a small copy of its own is rounded up to.
const pieceCost = 64

// weight is what counts of the bytes that wait, see Config.MaxUnsent.
func (s *side) weight() int { return s.bytes + pieceCost*(len(s.out)-s.head) }

// empty reports whether nothing of the side is needed any more.
func (s *side) empty() bool {
	return s.bytes == 0 && s.notBefore == 0 && len(s.in) == 0 && len(s.watched) == 0 && s.why == nil && s.place == 0
}

const (
	keepPieces = 16   // largest list, and
	keepBytes  = 1024 // largest input buffer, that an empty side keeps
)

// reset makes an empty side ready for another link.
func (s *side) reset() {
	out, in, watched := s.out, s.in, s.watched
	clear(out)
	if cap(out) > keepPieces {
		out = nil
	}
	if cap(in) > keepBytes {
		in = nil
	}
	if cap(watched) > keepPieces {
		watched = nil
	}
	*s = side{out: out[:0], in: in[:0], watched: watched[:0]}
}

// need gives the side of l, a new one if it has none.
func (r *Reactor) need(l *link) *side {
	if l.side == nil {
		if s, ok := r.sides.Get().(*side); ok {
			l.side = s
		} else {
			l.side = new(side)
		}
	}
	return l.side
}

// tidy gives the side of l back if it is empty.
func (r *Reactor) tidy(l *link) {
	if s := l.side; s != nil && (s.empty() || l.phase == dead) {
		l.side = nil
		s.reset()
		r.sides.Put(s)
	}
}

// add makes the link of a connection that was just opened.
func (r *Reactor) add(c gnet.Conn) *link {
	var slot uint32
	if n := len(r.free); n > 0 {
		slot = r.free[n-1]
		r.free = r.free[:n-1]
	} else {
		slot = uint32(len(r.links))
		r.links = append(r.links, nil)
		r.uses = append(r.uses, 0)
	}
	r.uses[slot]++
	l := &link{id: MakeID(slot, r.uses[slot]), conn: c, fd: int32(c.Fd())}
	r.links[slot] = l
	r.count.Open++
	c.SetContext(l)
	return l
}

// get finds a link by its ID; nil if it has ended. A later user of the same
// slot, or of the same descriptor, has another generation.
func (r *Reactor) get(id ID) *link {
	if int(id.Slot()) < len(r.links) {
		if l := r.links[id.Slot()]; l != nil && l.id == id {
			return l
		}
	}
	return nil
}

// An obituary is an ended link of which the mode was not told yet. Its slot
// stays taken until then.
type obituary struct {
	id  ID
	why error
}

// bury ends a link whose descriptor is about to be closed. Nothing is written
// for it from here on.
func (r *Reactor) bury(l *link, why error) {
	r.checkAcks(l) // the last chance for Left
	if l.unsent() > 0 {
		r.backlog--
	}
	if l.is(half) {
		r.halves--
	}
	if l.is(private) {
		l.clear(private)
		r.recount(l)
	}
	l.phase, l.conn, l.fd = dead, nil, -1
	if l.side != nil {
		r.disarm(l)
		r.tidy(l)
	}
	r.links[l.id.Slot()] = nil
	r.count.Open--
	if errors.Is(why, ErrSlow) {
		r.count.Slow++
	}
	r.closed = append(r.closed, obituary{l.id, why})
}

// tellClosed tells the mode which links have ended and sets their slots free.
func (r *Reactor) tellClosed() {
	for i := 0; i < len(r.closed); i++ { // it may grow meanwhile
		o := r.closed[i]
		r.closed[i].why = nil
		r.modeClosed(o)
		r.free = append(r.free, o.id.Slot())
	}
	r.closed = r.closed[:0]
}

// Here is our own address of a connection.
func (r *Reactor) Here(id ID) netip.AddrPort {
	l := r.get(id)
	if l == nil {
		return netip.AddrPort{}
	}
	sa, err := unix.Getsockname(int(l.fd))
	if err != nil {
		return netip.AddrPort{}
	}
	return addrPort(sa)
}
