package session

import (
	"bytes"
	"time"

	"mim/chat"
	"mim/codec"
	"mim/loop"
)

// A lane is where events are encoded for one variant of one dialect. Lanes
// have arenas of their own, so that events that follow each other on a link
// lie side by side and leave it as one piece, however many there are.
type lane struct {
	dialect uint8
	variant codec.Variant
	arena   arena
	event   uint64     // which event bytes is of: Driver.event
	of      chat.Event // the same, if it was told by TellShared in the batch
	batch   uint64
	bytes   []byte
}

// An encoding is what a page keeps for one variant of one dialect.
type encoding struct {
	dialect uint8
	variant codec.Variant
	bytes   []byte
}

// Encodes counts how often an event was encoded since the start: once for
// each event and (dialect, variant) among those who hear it.
func (d *Driver) Encodes() uint64 { return d.encodes }

// Ask sends a request to the server at the other end of l.
func (d *Driver) Ask(l *Link, r chat.Request) {
	if l.closing {
		return
	}
	d.send(l, d.arena.keep(l.caller.Ask(d.arena.open(), r)), false)
	d.run(l, d.net.Now())
}

// Answer sends the outcome of a request to the one who asked and, since a
// session may have waited for it, has the kept bytes looked at again.
func (d *Driver) Answer(l *Link, a chat.Answer) {
	if l.closing {
		return
	}
	d.send(l, d.arena.keep(l.session.Answer(d.arena.open(), a)), false)
	l.variant = l.session.Variant()
	d.prompt(l)
	if chat.Answered(a.To) && l.owed > 0 {
		l.owed--
	}
	if l != d.decoding { // who is being decoded goes on by itself
		d.net.Again(l.id)
	}
}

// maxPrompts is how many messages in a row a session says by itself.
const maxPrompts = 16

// prompt sends what the session of l has to say by itself.
func (d *Driver) prompt(l *Link) {
	if !l.prompts || l.closing {
		return
	}
	s := l.session.(codec.Prompting)
	for range maxPrompts {
		b := d.arena.keep(s.Prompt(d.arena.open()))
		if len(b) == 0 {
			return
		}
		d.send(l, b, false)
	}
}

// Record is what a log tells of the request of l that is being handled; nothing
// if its session is no codec.Recording. Before it is answered only.
func (d *Driver) Record(l *Link) (words string, line []byte) {
	if s, ok := l.session.(codec.Recording); ok {
		return s.Record()
	}
	return "", nil
}

// Count tells the session of l how the program at its other end counts.
func (d *Driver) Count(l *Link, as chat.Count, guess bool) {
	if s, ok := l.session.(codec.Counting); ok && !l.closing {
		s.Count(as, guess)
		l.variant = l.session.Variant()
	}
}

// Tell sends an event to one link and gives the position behind it, for
// Net.Watch; 0 if the dialect has no words for the event.
func (d *Driver) Tell(l *Link, e chat.Event, lazy bool) (pos uint64) {
	d.event++
	return d.tell(l, e, lazy)
}

// Batch begins a batch, in which no event changes: see TellShared.
func (d *Driver) Batch() { d.batch++ }

// TellShared is Tell for an event that others in this batch may have been told,
// each by itself: links of one dialect and variant share the bytes.
func (d *Driver) TellShared(l *Link, e chat.Event, lazy bool) (pos uint64) {
	if w := d.lane(l); !l.closing && w.of == e && w.batch == d.batch {
		return d.send(l, w.bytes, lazy)
	}
	d.event++
	pos = d.tell(l, e, lazy)
	if w := d.lane(l); w.event == d.event {
		w.of, w.batch = e, d.batch
	}
	return pos
}

// TellAll sends an event to each of the links but one. It is encoded once for
// each dialect and variant among them; all of those share the bytes.
func (d *Driver) TellAll(links []chat.Link, but chat.Link, e chat.Event, lazy bool) {
	d.event++
	for _, id := range links {
		if id == but {
			continue
		}
		if l := d.Get(loop.ID(id)); l != nil {
			d.tell(l, e, lazy)
		}
	}
}

func (d *Driver) tell(l *Link, e chat.Event, lazy bool) uint64 {
	if l.closing {
		return 0
	}
	if p, ok := e.(*chat.Page); ok {
		return d.send(l, d.page(l, p), lazy)
	}
	w := d.lane(l)
	if w.event != d.event {
		w.event, w.of = d.event, nil
		w.bytes = w.arena.keep(d.encode(w.arena.open(), l, e))
	}
	return d.send(l, w.bytes, lazy)
}

// lane finds the lane of a link, or makes it. There are few.
func (d *Driver) lane(l *Link) *lane {
	for i := range d.lanes {
		if w := &d.lanes[i]; w.dialect == l.dialect && w.variant == l.variant {
			return w
		}
	}
	d.lanes = append(d.lanes, lane{dialect: l.dialect, variant: l.variant})
	return &d.lanes[len(d.lanes)-1]
}

func (d *Driver) encode(dst []byte, l *Link, e chat.Event) []byte {
	d.encodes++
	return d.dialects[l.dialect].Append(dst, e, l.variant)
}

// page gives the bytes of a page of the table, which all newcomers share for
// as long as the page stands. They lie in memory of their own: a page may live
// for days and must not pin an arena.
func (d *Driver) page(l *Link, p *chat.Page) []byte {
	known, _ := p.Memo.([]encoding)
	for i := range known {
		if k := &known[i]; k.dialect == l.dialect && k.variant == l.variant {
			return k.bytes
		}
	}
	b := bytes.Clone(d.encode(d.arena.open(), l, p))
	p.Memo = append(known, encoding{l.dialect, l.variant, b})
	return b
}

// send queues bytes that were just encoded for l, at the pace of its session.
func (d *Driver) send(l *Link, b []byte, lazy bool) uint64 {
	if len(b) == 0 {
		return 0
	}
	var gap time.Duration
	if l.paced {
		gap = l.session.(codec.Paced).Gap()
	}
	d.traffic[l.dialect].Out++
	pos := d.net.Send(l.id, b, gap, lazy)
	if gap > 0 && d.decoding != nil {
		d.behind = max(d.behind, d.net.Behind(l.id))
	}
	return pos
}

// Close ends a link after what is queued has left. If err is not nil the
// session has the last word about it. Nothing more of the link is read.
func (d *Driver) Close(l *Link, err error) {
	if l.closing {
		return
	}
	if l.session != nil && err != nil {
		d.send(l, d.arena.keep(l.session.Answer(d.arena.open(), chat.Answer{Err: err})), false)
	}
	l.closing = true
	d.schedule(l, time.Time{})
	d.net.CloseSoon(l.id, err)
}
