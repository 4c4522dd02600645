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
// Where they have none all are told at once, and a text has arrived when its
// bytes have left.
type inbox struct {
	first, last *delivery
	next        *delivery // the first that was not told; without receipts only
	waiting     int       // deliveries, what is under way included
	under       bool
	again       bool       // what is under way was told once more, counted the other way
	guessed     bool       // a text was told whose length may have been counted wrongly
	misses      uint8      // receipts in a row that did not come
	count       chat.Count // how the member's program counts, once it has shown
	late        []late     // receipts that may still come, and are for nothing any more
	slip        late       // the last of them that came, while under was set
	receipt     timer
}

// A delivery is one text on its way to one member.
type delivery struct {
	next     *delivery
	of       *entry   // whose author waits; nil: it comes from the store
	id       uint64   // in the store
	from     *account // whose store
	said     chat.Said
	text     []byte        // all of it
	rest     []byte        // what comes after the piece that was told last
	more     []chat.Said   // further pieces, of one told without receipts
	receipts bool          // its pieces are confirmed one by one
	mark     uint64        // see Effect.Mark
	order    uint64        // the ID that it has if it has to go to the store
	at       time.Duration // when it was told
}

// A late is a receipt that did not come in time: whose text it was for, and
// when its time was over. One for a text of the store still takes it out there.
type late struct {
	from string
	at   time.Duration
	id   uint64
}

const (
	// receiptWithin is how long a receipt may take from when its text was told.
	receiptWithin = 2 * time.Second
	// leftWithin is how long the author of a text without a receipt waits for
	// its bytes to leave; they may leave later.
	leftWithin = 5 * time.Second
	// maxMisses receipts missed in a row, nothing is told any more until the
	// receiver answers something.
	maxMisses = 3
	// maxInbox is how many texts may wait for a member.
	maxInbox = 100
	// maxTold is the same where there are no receipts: what is on the way
	// through the network. The loop bounds the bytes.
	maxTold = 10000
	// earlyWithin is how long a text waits for its author's other part.
	earlyWithin = time.Second
	// lateWithin is how long a missing receipt is remembered, and with it how
	// long a program that has lost one for good may seem to be one behind.
	lateWithin = 30 * time.Second
)

var (
	errNobody   error = chat.Errorf(chat.Unknown, "nobody else is here")
	errAbsent   error = chat.Errorf(chat.Unknown, "nobody of that name is here")
	errUnsaid   error = chat.Errorf(chat.NotDelivered, "the receiver's program cannot be told who writes")
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
	if r.heldText+len(q.Text) > maxHeldText {
		r.settle(k, q, errHeldText)
		return
	}
	if !m.here() {
		e := r.hold(k, q)
		e.early = true
		e.timer.fire, e.timer.of = fireEarly, e
		r.start(&e.timer, earlyWithin)
		return
	}
	if !q.All {
		if err := r.refusal(m, q.To); err != nil {
			r.settle(k, q, err)
			return
		}
	}
	if k.traits.Silent && r.live(m, q) {
		e := r.loose(q)
		r.route(m, e)
		r.settle(k, q, e.answer.Err)
		if e.open == 0 {
			r.free(e)
		}
		return
	}
	r.route(m, r.hold(k, q))
	r.flush(k)
}

// live reports whether a text goes to nobody who confirms it and to no store:
// then all that its author could hear of it is known at once.
func (r *Roster) live(author *member, q *chat.Say) bool {
	if !q.All {
		to := r.memberCalled(q.To)
		return to != nil && to.here() && !to.guest && !r.spooled(to) && !to.traits.Receipts
	}
	for _, to := range r.members {
		if to != author && !to.guest && (r.spooled(to) || to.traits.Receipts) {
			return false
		}
	}
	return true
}

// spooled reports whether what is said to a member goes to the store.
func (r *Roster) spooled(to *member) bool {
	return to.account != nil && !to.account.closed && (to.account.spool.texts > 0 || to.leaving != nil)
}

// refusal is why a text of author to a name cannot even be tried, or nil.
func (r *Roster) refusal(author *member, name []byte) error {
	to, a := r.find(name)
	if to == nil {
		switch {
		case a == nil:
			return errAbsent
		case a.blocked(author.folded):
			return errBlocked
		}
		return nil
	}
	switch {
	case to.account.blocked(author.folded):
		return errBlocked
	case to == author && author.selfless:
		return errSelf
	case !to.here() && (to.account == nil || to.account.closed):
		return errAbsent
	case to.account != nil && to.inbox.waiting+to.account.spool.texts >= maxSpool:
		return errSpoolFull // else what is under way could not be kept if it leaves
	}
	if to.guest {
		return nil
	}
	return to.inbox.refusal()
}

// refusal is why nothing can be told to the member now, or nil.
func (b *inbox) refusal() error {
	switch {
	case b.misses >= maxMisses:
		return errSilent
	case b.next == nil && b.waiting >= maxTold, b.under && b.waiting >= maxInbox:
		return errFull
	}
	return nil
}

// route delivers a text that author has said.
func (r *Roster) route(author *member, e *entry) {
	if e.say.All {
		r.routeAll(author, e)
		return
	}
	if err := r.refusal(author, e.say.To); err != nil {
		e.answer.Err, e.done = err, true
		return
	}
	e.open++ // so that it is not done before it has been given to somebody
	to, a := r.find(e.say.To)
	switch {
	case to == nil:
		r.wait(a, author, e)
	case !to.here():
		r.wait(to.account, author, e)
	default:
		r.deliver(author, e, to)
	}
	r.given(e)
}

// routeAll delivers a text to everyone else who is here.
func (r *Roster) routeAll(author *member, e *entry) {
	err := errNobody
	e.open++
	r.walked += len(r.members)
	for _, to := range r.members {
		if to == author {
			continue
		}
		if err == errNobody {
			err = nil
		}
		var no error
		if !to.guest {
			no = to.inbox.refusal()
		}
		switch {
		case to.account.blocked(author.folded):
			err = errSomeBlock
		case no != nil && err == nil:
			err = errNotByAll
		case no != nil:
		default:
			r.deliver(author, e, to)
		}
	}
	if err != nil {
		e.answer.Err = err
	}
	r.given(e)
}

// given takes back the hold of a route on its entry. Whoever routes flushes.
func (r *Roster) given(e *entry) {
	if e.open--; e.open == 0 {
		e.done = true
		e.answer.Stored = e.stored && !e.say.All
	}
}

// wait puts a text into the spool of someone who is not here.
func (r *Roster) wait(a *account, author *member, e *entry) {
	e.open++
	r.store(a, e, author.came.Who.Word(), e.say.Text, 0)
}

// deliver puts a text into an inbox, or behind what waits in the store.
func (r *Roster) deliver(author *member, e *entry, to *member) {
	if to.guest {
		r.deliverGuest(author, e, to)
		return
	}
	if r.spooled(to) {
		r.wait(to.account, author, e)
		return
	}
	e.open++
	d := r.newDelivery()
	if to.account != nil {
		r.lastText++
		d.order = r.lastText
	}
	d.of, d.said.From, d.said.To, d.text = e, author.came.Who, to.came.Who, e.say.Text
	r.enqueue(to, d)
	r.pump(to)
}

// enqueue puts a delivery at the end of an inbox.
func (r *Roster) enqueue(m *member, d *delivery) {
	b := &m.inbox
	d.rest = d.text
	d.receipts = m.traits.Receipts
	if b.waiting++; b.first == nil {
		b.first = d
	} else {
		b.last.next = d
	}
	b.last = d
	if b.next == nil && !d.receipts {
		b.next = d
	}
}

// pump tells what can be told: the first text of an inbox unless one is under
// way, or all that have not been told where there are no receipts.
func (r *Roster) pump(m *member) {
	b := &m.inbox
	for b.next != nil {
		d := b.next
		b.next = d.next
		r.tellWhole(m, d)
	}
	if !b.under && b.first != nil && b.first.receipts {
		r.tellPiece(m, b.first)
	}
}

// pieceOf is the longest text that can be told to a member at once.
func (r *Roster) pieceOf(m *member, text []byte) []byte {
	most := m.traits.Piece
	if most == 0 {
		most = m.traits.MaxText
	}
	if most == 0 {
		return text
	}
	return chat.Clip(text, most)
}

// tellWhole tells all pieces of a text and asks to hear when they have left.
func (r *Roster) tellWhole(m *member, d *delivery) {
	r.tellPieces(m.receives, m, d)
	if b := &m.inbox; b.receipt.place == 0 {
		r.start(&b.receipt, leftWithin)
	}
}

// tellPieces tells a text to m by a link, in pieces, and asks for Left.
func (r *Roster) tellPieces(to chat.Link, m *member, d *delivery) {
	first := r.pieceOf(m, d.rest)
	d.said.Text, d.rest = first, d.rest[len(first):]
	r.tell(to, d.says(m))
	if len(d.rest) > 0 {
		d.more = make([]chat.Said, 0, len(d.rest)/len(first)+2)
		for len(d.rest) > 0 {
			p := r.pieceOf(m, d.rest)
			d.more = append(d.more, chat.Said{From: d.said.From, To: d.said.To, At: d.said.At, Text: p})
			d.rest = d.rest[len(p):]
			r.tell(to, &d.more[len(d.more)-1])
		}
	}
	r.marks++
	d.mark, d.at = r.marks, r.now
	r.out[len(r.out)-1].Mark = d.mark
}

// says is the piece of d that is told now. A text to all that fits in one piece
// is one event for all, so that it is encoded once, unless m hears in rooms:
// then it reads to whom it is, since it is in none.
func (d *delivery) says(m *member) *chat.Said {
	if d.of == nil || !d.of.say.All || m.traits.Rooms || len(d.said.Text) != len(d.of.say.Text) {
		return &d.said
	}
	d.of.said = chat.Said{From: d.said.From, Text: d.of.say.Text}
	return &d.of.said
}

// detach answers the author of a text that stays on its way.
func (r *Roster) detach(d *delivery, err error) {
	if d.of == nil || d.of.link == 0 && d.of.confirm == nil && d.of.caller == 0 {
		return
	}
	e := r.loose(&d.of.say)
	e.open = 1
	d.text = e.say.Text
	d.of, e = e, d.of
	r.outcome(e, err)
}

// stale answers the authors of texts whose bytes do not leave: they have waited
// for long enough. The texts stay on their way.
func (r *Roster) stale(m *member) {
	next := time.Duration(0)
	for d := m.inbox.first; d != nil && d.mark != 0; d = d.next {
		switch {
		case d.of == nil || d.of.link == 0:
		case r.now-d.at < leftWithin:
			if next == 0 {
				next = d.at + leftWithin - r.now
			}
		default:
			r.detach(d, errSilent)
		}
	}
	if next > 0 {
		r.start(&m.inbox.receipt, next)
	}
}

// Unsaid says that the Tell with this number had no words in its dialect: the
// text cannot be told to this receiver. It is given up, in the store too, or
// it would be in the way of all behind it.
func (r *Roster) Unsaid(now time.Time, l chat.Link, number uint64) []Effect {
	r.begin(now)
	k := r.at(l)
	if k == nil || k.talker == nil || k.talker.member == nil || k.talker.member.receives != l {
		return nil
	}
	m := k.talker.member
	b := &m.inbox
	if !b.under || b.first.mark != number {
		return nil
	}
	r.stop(&b.receipt)
	b.under, b.again = false, false
	err := errUnsaid
	if b.first.of == nil {
		err = nil
	}
	r.finish(m, err)
	r.pump(m)
	return r.out
}

// Left says that the bytes of the Tell with this mark, and of all before it to
// the same link, are with the other machine.
func (r *Roster) Left(now time.Time, l chat.Link, mark uint64) []Effect {
	r.begin(now)
	k := r.at(l)
	if k != nil && k.line != nil {
		r.lineLeft(k.line, l, mark)
		return r.out
	}
	if k == nil || k.talker == nil || k.talker.member == nil || k.talker.member.receives != l {
		return nil
	}
	m := k.talker.member
	for d := m.inbox.first; d != nil && !d.receipts && d.mark != 0 && d.mark <= mark; d = m.inbox.first {
		r.finish(m, nil)
	}
	return r.out
}

// tellPiece tells the next piece of a text and waits for its receipt.
func (r *Roster) tellPiece(m *member, d *delivery) {
	d.said.Text = r.pieceOf(m, d.rest)
	d.rest = d.rest[len(d.said.Text):]
	if b := &m.inbox; !b.guessed && b.count == chat.CountUnknown && !ascii(d.said.Text) {
		b.guessed = true
		r.count(m.receives, m.tries(), true)
	}
	r.tellSaid(m, d)
}

func (r *Roster) tellSaid(m *member, d *delivery) {
	m.inbox.under = true
	r.marks++
	d.mark = r.marks
	r.tell(m.receives, d.says(m))
	r.out[len(r.out)-1].Said = d.mark
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
	defer r.fillFor(m) // it answers: what waits in the store may go on
	for i, l := range b.late {
		if l.at+lateWithin > r.now && isFrom(q.From, l.from) {
			b.late = append(b.late[:0], b.late[i+1:]...)
			if b.under {
				b.slip = l
			}
			if l.id != 0 && m.account != nil && q.Err == nil {
				r.drop(m.account, l.id)
				r.stop(&m.account.spool.retry)
				m.account.spool.after = 0
			}
			return
		}
	}
	if !b.under || !isFrom(q.From, b.first.said.From.Plain()) {
		return // a receipt for nothing
	}
	b.late, b.slip = b.late[:0], late{}
	r.stop(&b.receipt)
	b.under = false
	if q.Err != nil {
		r.refused(m, q.Err)
		return
	}
	if b.again {
		b.again = false
		b.count = other(m.tries())
		r.count(m.receives, b.count, false)
	}
	if d := b.first; len(d.rest) > 0 {
		r.tellPiece(m, d)
		return
	}
	r.finish(m, nil)
	r.pump(m)
}

// fillFor goes on with what waits in the store for a member.
func (r *Roster) fillFor(m *member) {
	if m.account != nil {
		r.fill(m.account)
	}
}

// isFrom reports whether a receipt that names who is one for a text of name, as
// the receiver's dialect writes it.
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
		r.count(m.receives, m.tries(), true)
	case b.count == chat.CountUnknown && !ascii(d.said.Text):
		b.again = true
		r.count(m.receives, other(m.tries()), true)
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
		r.count(m.receives, m.tries(), true)
	}
	for len(b.late) > 0 && b.late[0].at+lateWithin <= r.now {
		b.late = append(b.late[:0], b.late[1:]...)
	}
	// A receipt for an earlier text came meanwhile: this one may only be one
	// behind. So it is believed to be for as long as that one would have been.
	at := r.now
	if b.slip.from != "" {
		at = b.slip.at
	}
	b.slip = late{}
	b.late = append(b.late, late{b.first.said.From.Plain(), at, b.first.id})
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
	b.under, b.again, b.next, b.slip = false, false, nil, late{}
	for b.first != nil {
		r.finish(m, err)
	}
}

// finish takes the first text out of an inbox, with its outcome.
func (r *Roster) finish(m *member, err error) {
	b := &m.inbox
	d := b.first
	if b.first = d.next; b.first == nil {
		b.last = nil
	}
	b.waiting--
	switch {
	case d.of == nil:
		r.unspool(m, d, err)
	case err == errGone:
		r.respool(m, d, err)
	default:
		r.outcome(d.of, err)
	}
	r.freeDelivery(d)
	if d.of == nil && err == nil {
		r.fillFor(m)
	}
	if e := m.leaving; e != nil && !e.done && b.waiting == 0 {
		r.done(e, nil)
	}
}

// outcome settles one delivery of an entry. A text to all succeeds if every
// receiver has confirmed.
func (r *Roster) outcome(e *entry, err error) {
	if e.open--; err != nil {
		if e.answer.Err = err; e.say.All {
			e.answer.Err = errNotByAll
		}
	}
	if e.open > 0 {
		return
	}
	e.answer.Stored = e.stored && !e.say.All
	if e.link == 0 {
		r.confirmed(e)
		r.free(e)
	} else {
		r.done(e, e.answer.Err)
	}
}
