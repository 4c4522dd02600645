package session

import (
	"bytes"
	"time"

	"mim/chat"
	"mim/codec"
	"mim/loop"
)

// encoding is what one dialect writes for one event in one variant.
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
	if l != d.decoding { // who is being decoded goes on by itself
		d.net.Again(l.id)
	}
}

// Tell sends an event to one link and gives the position behind it, for
// Net.Watch; 0 if the dialect has no words for the event.
func (d *Driver) Tell(l *Link, e chat.Event, lazy bool) (pos uint64) {
	d.encoded = d.encoded[:0]
	return d.tell(l, e, lazy)
}

// TellAll sends an event to each of the links but one. It is encoded once for
// each dialect and variant among them; all of those share the bytes.
func (d *Driver) TellAll(links []chat.Link, but chat.Link, e chat.Event, lazy bool) {
	d.encoded = d.encoded[:0]
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
	b, ok := find(d.encoded, l)
	if !ok {
		b = d.arena.keep(d.encode(d.arena.open(), l, e))
		d.encoded = append(d.encoded, encoding{l.dialect, l.variant, b})
	}
	return d.send(l, b, lazy)
}

func (d *Driver) encode(dst []byte, l *Link, e chat.Event) []byte {
	d.encodes++
	return d.dialects[l.dialect].Append(dst, e, l.variant)
}

func find(in []encoding, l *Link) ([]byte, bool) {
	for i := range in {
		if in[i].dialect == l.dialect && in[i].variant == l.variant {
			return in[i].bytes, true
		}
	}
	return nil, false
}

// page gives the bytes of a page of the table, which all newcomers share for
// as long as the page stands. They lie in memory of their own: a page may live
// for days and must not pin an arena.
func (d *Driver) page(l *Link, p *chat.Page) []byte {
	known, _ := p.Memo.([]encoding)
	b, ok := find(known, l)
	if !ok {
		b = bytes.Clone(d.encode(d.arena.open(), l, p))
		p.Memo = append(known, encoding{l.dialect, l.variant, b})
	}
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
	return d.net.Send(l.id, b, gap, lazy)
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
