// Package session drives the sessions and callers of dialects on the links of
// a loop: it feeds them bytes, hands their requests and events to a mode,
// encodes what the mode has to say, and keeps their timers. Both modes use it;
// it knows no dialect by name and no rule about chat.
//
// A Driver belongs to one loop; all its methods are called on that loop.
package session

import (
	"math"
	"time"

	"mim/chat"
	"mim/codec"
	"mim/loop"
)

// A Handler is the mode that owns a Driver.
type Handler interface {
	// Request: the other end of l asked for r, valid during the call. The
	// handler may answer, tell and close.
	Request(l *Link, r chat.Request)
	// Event: the server at the other end of l (opened by Call) said e.
	Event(l *Link, e chat.Event)
	// Broken: l sent what its dialect cannot accept. Its last words are queued
	// and it closes; nothing more of it is read.
	Broken(l *Link, err error)
}

// maxRequests is how many steps one callback decodes before the other links
// get their turn.
const maxRequests = 64

// A Link is one connection with its protocol state. Links are made by Open and
// Call; 64 bytes while nothing happens.
type Link struct {
	id      loop.ID
	session codec.Session // the other end asks, or nil
	caller  codec.Caller  // we ask, or nil
	due     int64         // Unix nanoseconds; counts while place >= 0
	place   int32         // in the heap of timers
	dialect uint8         // index into Driver.dialects
	variant codec.Variant
	closing bool
	timed   bool // the session or caller is a codec.Timed; paced, idler likewise
	paced   bool
	idler   bool
	resting bool // see rest.go
	prompts bool
	owing   bool   // the loop has been told that we owe
	more    bool   // its input has ended, and not all of it has been decoded
	owed    uint16 // requests that have no answer yet
}

// ID is the loop's name of the link.
func (l *Link) ID() loop.ID { return l.id }

// Caller is what asks on the link; nil if the other end does.
func (l *Link) Caller() codec.Caller { return l.caller }

// Closing reports whether the link takes no requests any more.
func (l *Link) Closing() bool { return l.closing }

// More reports whether the link's input has ended and not all of it has been
// decoded yet: Data comes again.
func (l *Link) More() bool { return l.more }

// A Driver holds the sessions of one loop.
type Driver struct {
	net      loop.Net
	handler  Handler
	dialects []codec.Dialect
	links    []*Link // by slot
	timers   timers
	arena    arena // of what goes to one link
	lanes    []lane
	event    uint64 // counts the events told
	batch    uint64 // and the batches
	decoding *Link  // whose bytes are being decoded now
	encodes  uint64
	traffic  []Traffic     // by dialect
	spent    int           // see Spend
	behind   time.Duration // how far the links are that were told something in this step
	resting  []resting
}

// New makes a driver for at most 256 dialects, which Open names by index.
func New(net loop.Net, h Handler, dialects ...codec.Dialect) *Driver {
	return &Driver{net: net, handler: h, dialects: dialects, traffic: make([]Traffic, len(dialects))}
}

// Traffic counts what went over the links of a dialect since the start.
type Traffic struct {
	In  uint64 // requests, or events from a server, that were decoded
	Out uint64 // messages that were sent: one event to a thousand links counts a thousand times
}

// Traffic of the dialect with this index.
func (d *Driver) Traffic(dialect int) Traffic { return d.traffic[dialect] }

// Open makes the session of a link that was just opened and lets it speak
// first, if its dialect does.
func (d *Driver) Open(id loop.ID, dialect int, in codec.Link) *Link {
	l := &Link{id: id, session: d.dialects[dialect].Open(in), dialect: uint8(dialect), place: idle}
	l.variant = l.session.Variant()
	_, l.paced = l.session.(codec.Paced)
	_, l.prompts = l.session.(codec.Prompting)
	if i, ok := l.session.(codec.Idler); ok {
		l.idler = true
		d.net.IdleAfter(id, i.Quiet())
	}
	d.enter(l, l.session)
	return l
}

// Call makes the caller of a link that we opened to a server. The dialect
// must be a codec.Calling.
func (d *Driver) Call(id loop.ID, dialect int, in codec.Link) *Link {
	l := &Link{id: id, caller: d.dialects[dialect].(codec.Calling).Call(in), dialect: uint8(dialect), place: idle}
	d.enter(l, l.caller)
	return l
}

func (d *Driver) enter(l *Link, state any) {
	for int(l.id.Slot()) >= len(d.links) {
		d.links = append(d.links, nil)
	}
	d.links[l.id.Slot()] = l
	if s, ok := state.(codec.Starter); ok {
		d.send(l, d.arena.keep(s.Start(d.arena.open())), false)
	}
	d.prompt(l)
	if _, l.timed = state.(codec.Timed); l.timed {
		d.run(l, d.net.Now())
	}
}

// Get is the link with this ID, or nil if it has closed or was never opened here.
func (d *Driver) Get(id loop.ID) *Link {
	if int(id.Slot()) < len(d.links) {
		if l := d.links[id.Slot()]; l != nil && l.id == id {
			return l
		}
	}
	return nil
}

// Closed forgets a link; it belongs into the mode's Closed.
func (d *Driver) Closed(id loop.ID) {
	if l := d.Get(id); l != nil {
		d.schedule(l, time.Time{})
		d.unrest(l)
		d.links[id.Slot()] = nil
	}
}

// Data decodes what came, at most maxRequests steps of it, and says how many
// bytes are used; it belongs into the mode's
// Data. Requests and events go to the handler as they are found.
func (d *Driver) Data(id loop.ID, p []byte, end bool) int {
	l := d.Get(id)
	if l == nil || l.closing {
		return len(p)
	}
	used, left := 0, maxRequests
	if !l.resting {
		used, left = d.decode(l, p, maxRequests)
	}
	if l.timed && left > 0 && !l.resting {
		d.run(l, d.net.Now())
		n, rest := d.decode(l, p[used:], left)
		used, left = used+n, rest
	}
	switch {
	case l.closing:
		return len(p)
	case l.resting:
		left = 0
	case left == 0:
		d.net.Again(id)
	case end && l.idler && used < len(p):
		n, all := d.settle(l, p[used:], true)
		if used += n; !all {
			left = 0
			d.net.Again(id)
		}
	case end && l.caller != nil:
		n, all := d.end(l, p[used:])
		if used += n; !all {
			left = 0
			d.net.Again(id)
		}
	}
	// Answer asks for one more Data, which looks again. A link that has not
	// been read to its end yet owes that, too.
	l.more = end && left == 0
	if owing := l.owed > 0 || l.more; owing != l.owing {
		l.owing = owing
		d.net.Owe(id, owing)
	}
	return used
}

// Idle looks at a partial request after the silence its session asked for; it
// belongs into the mode's Idle.
func (d *Driver) Idle(id loop.ID, p []byte) int {
	l := d.Get(id)
	if l == nil || !l.idler || l.closing || l.resting {
		return 0
	}
	used, all := d.settle(l, p, false)
	if !all {
		d.net.Again(id)
	}
	return used
}

// settle has a partial request looked at, and then what follows it, for as
// long as that gives something; not all: there may be more of it.
func (d *Driver) settle(l *Link, p []byte, end bool) (used int, all bool) {
	s := l.session.(codec.Idler)
	for steps := maxRequests; steps > 0 && !l.closing && !all; steps-- {
		r, n, err := s.Idle(p[used:], end)
		used += n
		if all = !d.step(l, r, nil, err) && n == 0; all {
			break
		}
		n, steps = d.decode(l, p[used:], steps)
		used += n
	}
	d.net.IdleAfter(l.id, s.Quiet())
	return used, all || l.closing
}

// end has a caller look at what is left behind the end of input, for as long as
// that gives something; not all: there may be more of it.
func (d *Driver) end(l *Link, p []byte) (used int, all bool) {
	c, ok := l.caller.(codec.Ending)
	if !ok {
		return 0, true
	}
	for range maxRequests {
		e, n, err := c.End(p[used:])
		used += n
		if !d.step(l, nil, e, err) && n == 0 || l.closing {
			return used, true
		}
	}
	return used, false
}

// Spend says that the request being handled cost as much as n others: the other
// links get their turn sooner.
func (d *Driver) Spend(n int) { d.spent += n }

// decode takes at most steps steps and says how many bytes they used and how
// many steps are left; none left means that there may be more to decode.
func (d *Driver) decode(l *Link, p []byte, steps int) (used, left int) {
	d.decoding, d.behind = l, 0
	defer func() { d.decoding = nil }()
	for ; steps > 0 && !l.closing; steps-- {
		var r chat.Request
		var e chat.Event
		var n int
		var err error
		if l.session != nil {
			r, n, err = l.session.Next(p[used:])
		} else {
			e, n, err = l.caller.Next(p[used:])
		}
		used += n
		if !d.step(l, r, e, err) && n == 0 {
			break
		}
		steps -= d.spent
		d.spent = 0
		if d.behind > maxBehind {
			d.rest(l)
			break
		}
	}
	return used, max(steps, 0)
}

// step hands on what one Next gave; false: it gave nothing.
func (d *Driver) step(l *Link, r chat.Request, e chat.Event, err error) bool {
	if l.session != nil {
		l.variant = l.session.Variant()
		d.prompt(l)
	}
	switch {
	case err != nil:
		d.Close(l, err)
		d.handler.Broken(l, err)
	case r != nil:
		d.traffic[l.dialect].In++
		if chat.Answered(r) && l.owed < math.MaxUint16 {
			l.owed++
		}
		d.handler.Request(l, r)
	case e != nil:
		d.traffic[l.dialect].In++
		d.handler.Event(l, e)
	default:
		return false
	}
	return true
}
