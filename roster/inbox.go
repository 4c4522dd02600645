package roster

import (
	"bytes"
	"strings"
	"time"
	"unicode/utf8"

	"mim/chat"
)

// An inbox is what waits to be told to one member, in order. Where texts have
// receipts only the first is under way: it was told and its receipt is awaited.
type inbox struct {
	first, last *delivery
	waiting     int // deliveries, the one under way included
	under       bool
	again       bool       // what is under way was told once more, counted the other way
	misses      uint8      // receipts in a row that did not come
	count       chat.Count // how the member's program counts, once it has shown
	late        []late     // receipts that may still come, and are for nothing any more
	receipt     timer
}

// A delivery is one text on its way to one member.
type delivery struct {
	next *delivery
	of   *entry
	said chat.Said // the piece under way
	rest []byte    // what comes after it
}

// A late is a receipt that did not come in time: whose text it was for, and
// when its time was over.
type late struct {
	from string
	at   time.Duration
}

const (
	// receiptWithin is how long a receipt may take from when its text was told.
	receiptWithin = 2 * time.Second
	// maxMisses receipts missed in a row, nothing is told any more until the
	// receiver answers something.
	maxMisses = 3
	// maxInbox is how many texts may wait for a member.
	maxInbox = 100
	// earlyWithin is how long a text waits for its author's other part.
	earlyWithin = time.Second
	// lateWithin is how long a missing receipt is remembered. A program that
	// has lost one for good would else be one behind for ever.
	lateWithin = 30 * time.Second
)

var (
	errNobody   error = chat.Errorf(chat.NotDelivered, "nobody else is here")
	errAbsent   error = chat.Errorf(chat.NotDelivered, "nobody of that name is here")
	errGone     error = chat.Errorf(chat.NotDelivered, "the receiver has left")
	errSilent   error = chat.Errorf(chat.NotDelivered, "the receiver does not confirm")
	errFull     error = chat.Errorf(chat.NotDelivered, "too much waits for the receiver")
	errNotByAll error = chat.Errorf(chat.NotDelivered, "not everyone has confirmed")
)

// say is a text from a link by which its user is reached.
func (r *Roster) say(k *link, q *chat.Say) {
	m := k.talker.member
	if m == nil || m.sends != k.id {
		r.settle(k, q, errUnregistered)
		return
	}
	if !m.here() {
		e := r.hold(k, q)
		e.early = true
		e.timer.fire, e.timer.entry = fireEarly, e
		r.start(&e.timer, earlyWithin)
		return
	}
	if !q.All {
		if err := refusal(r.memberCalled(q.To)); err != nil {
			r.settle(k, q, err)
			return
		}
	}
	r.route(m, r.hold(k, q))
	r.flush(k)
}

// refusal is why nothing can be delivered to m now, or nil.
func refusal(m *member) error {
	switch {
	case m == nil || !m.here():
		return errAbsent
	case m.inbox.misses >= maxMisses:
		return errSilent
	case m.inbox.waiting >= maxInbox:
		return errFull
	}
	return nil
}

// route delivers a text that author has said.
func (r *Roster) route(author *member, e *entry) {
	if !e.say.All {
		to := r.memberCalled(e.say.To)
		if e.err = refusal(to); e.err == nil {
			r.deliver(author, e, to)
		}
		e.done = e.err != nil
		return
	}
	e.err = errNobody
	for _, to := range r.members {
		switch {
		case to == author:
		case refusal(to) != nil:
			e.err = errNotByAll
		default:
			if e.err == errNobody {
				e.err = nil
			}
			r.deliver(author, e, to)
		}
	}
	e.done = e.open == 0
}

// deliver puts a text into an inbox.
func (r *Roster) deliver(author *member, e *entry, to *member) {
	d := r.newDelivery()
	e.open++
	d.of, d.said.From, d.rest = e, author.came.Who, e.say.Text
	b := &to.inbox
	if b.waiting++; b.first == nil {
		b.first = d
	} else {
		b.last.next = d
	}
	b.last = d
	r.pump(to)
}

// pump tells the first text of an inbox unless one is under way.
func (r *Roster) pump(m *member) {
	if b := &m.inbox; !b.under && b.first != nil {
		r.tellPiece(m, b.first)
	}
}

// tellPiece tells the next piece of a text and waits for its receipt.
func (r *Roster) tellPiece(m *member, d *delivery) {
	k := r.at(m.receives)
	most := k.traits.Piece
	if most == 0 {
		most = len(d.rest)
	}
	d.said.Text = chat.Clip(d.rest, most)
	d.rest = d.rest[len(d.said.Text):]
	r.tellSaid(m, d)
}

func (r *Roster) tellSaid(m *member, d *delivery) {
	m.inbox.under = true
	r.tell(m.receives, &d.said)
	r.start(&m.inbox.receipt, receiptWithin)
}

// received takes a receipt. Receipts come in the order of the texts: one for a
// text whose time is over is for nothing.
func (r *Roster) received(k *link, q *chat.Received) {
	m := k.talker.member
	if m == nil || m.receives != k.id || !m.here() && m.inbox.first == nil {
		r.settle(k, q, errUnregistered)
		return
	}
	b := &m.inbox
	b.misses = 0
	for i, l := range b.late {
		if l.at+lateWithin > r.now && isFrom(q.From, l.from) {
			b.late = append(b.late[:0], b.late[i+1:]...)
			return
		}
	}
	if !b.under || !isFrom(q.From, b.first.said.From.Name) {
		return // a receipt for nothing
	}
	b.late = b.late[:0]
	r.stop(&b.receipt)
	b.under = false
	if q.Err != nil {
		r.refused(m, q.Err)
		return
	}
	if b.again {
		b.again = false
		b.count = other(m.tries())
	}
	if d := b.first; len(d.rest) > 0 {
		r.tellPiece(m, d)
		return
	}
	r.finish(m, nil)
	r.pump(m)
}

// isFrom reports whether a receipt that names who is one for a text of name.
func isFrom(who []byte, name string) bool {
	return len(who) == 0 || len(who) == len(name) && strings.EqualFold(string(who), name)
}

// refused takes a refusal of the text under way. If the length may have been
// counted wrongly, the text is told once more, counted the other way.
func (r *Roster) refused(m *member, err error) {
	b := &m.inbox
	d := b.first
	switch {
	case b.again:
		b.again = false
		r.count(m.receives, m.tries())
	case b.count == chat.CountUnknown && !ascii(d.said.Text):
		b.again = true
		r.count(m.receives, other(m.tries()))
		r.tellSaid(m, d)
		return
	}
	r.finish(m, err)
	r.pump(m)
}

// other is the other way to count.
func other(c chat.Count) chat.Count {
	if c == chat.CountRunes {
		return chat.CountBytes
	}
	return chat.CountRunes
}

func ascii(p []byte) bool {
	return bytes.IndexFunc(p, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
}

// missed gives up waiting for the receipt of the text under way.
func (r *Roster) missed(m *member) {
	b := &m.inbox
	b.under = false
	if b.again {
		b.again = false
		r.count(m.receives, m.tries())
	}
	for len(b.late) > 0 && b.late[0].at+lateWithin <= r.now {
		b.late = append(b.late[:0], b.late[1:]...)
	}
	b.late = append(b.late, late{b.first.said.From.Name, r.now})
	if b.misses++; b.misses >= maxMisses {
		r.failAll(m, errSilent)
		return
	}
	r.finish(m, errSilent)
	r.pump(m)
}

// failAll gives up all that waits for a member.
func (r *Roster) failAll(m *member, err error) {
	b := &m.inbox
	r.stop(&b.receipt)
	b.under, b.again = false, false
	for b.first != nil {
		r.finish(m, err)
	}
}

// finish takes the first text out of an inbox, with its outcome. A text to all
// succeeds if every receiver has confirmed.
func (r *Roster) finish(m *member, err error) {
	b := &m.inbox
	d := b.first
	if b.first = d.next; b.first == nil {
		b.last = nil
	}
	b.waiting--
	e := d.of
	r.freeDelivery(d)
	if err != nil {
		if e.err = err; e.say.All {
			e.err = errNotByAll
		}
	}
	if e.open--; e.open == 0 && e.link == 0 {
		r.free(e)
	} else if e.open == 0 {
		r.done(e, e.err)
	}
}
