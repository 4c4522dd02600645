package client

import (
	"errors"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"mim/chat"
)

// datagrams is what a client keeps where people reach each other by datagrams
// (Traits.Reach is ByPeerUDP). The driver has the dialect's socket; we say what
// it is to do, and are told what came of it:
//
//	Know, Write, EndTalk, EnterRoom, LeaveRoom              ->  the socket
//	Text{Came,Sent,Confirmed,Failed}, Named, TalkEnded,
//	RoomEntered, RoomLeft, RoomNews                         <-  the socket
//
// Of each text one outcome is shown:
//
//	state     sent, final   sent, more follows   confirmed   failed   time-out
//	waiting   sent          left, for a moment   delivered   failed   -
//	left      sent          -                    delivered   failed   sent
//
// and one to a room waits until each member has or has not confirmed it. The
// table is in datagramtable.go, rooms are in datagramroom.go.
type datagrams struct {
	at       map[netip.AddrPort]*contact // who is at an address: listed or, if nobody is, who wrote from there
	letters  map[uint64]*letter          // without an outcome, by ticket
	bytes    int                         // of their texts
	left     []*letter                   // those that may be confirmed still, by until
	nameless []nameless                  // by until
	early    []earlyText                 // of people who may turn up in the table, in order
}

// An earlyText is one that waits for a newer table: its writer is not in ours.
type earlyText struct {
	from       netip.AddrPort
	name, room string
	words      string
	until      time.Time
}

// earlyWithin is how long it does: we ask for the table anew, and that takes
// the time of a dial.
const earlyWithin = tableGap + 1500*time.Millisecond

// A letter is a text on its way.
type letter struct {
	text
	to    *contact
	until time.Time // left: then it counts as sent
	more  int       // of one to a room: members of whom we have not heard
	got   int       // members who have it
	lost  []string  // members who have not, by handle
	why   error     // of the first of them
	gone  bool      // it has an outcome
}

// receiptWithin is how long a text that has left waits for a receipt, where we
// do not know whether the program at the other end gives any: longer than a
// datagram and its answer take on any network on which one would talk.
const receiptWithin = 1500 * time.Millisecond

// byDatagram reports whether people reach each other by datagrams.
func (c *Client) byDatagram() bool { return c.cfg.Traits.Reach == chat.ByPeerUDP }

// write sends a text to a person or a room.
func (c *Client) write(k *contact, words string, number uint64) {
	d := &c.dgrams
	l := &letter{text: text{words: words, number: number, ticket: c.id()}, to: k}
	c.last, k.talked = k, true
	if len(d.letters) >= maxWaiting || d.bytes+len(words) > maxWaitBytes {
		c.tellFate(l, StateFailed, whyFull, false)
		return
	}
	d.letters[l.ticket] = l
	d.bytes += len(words)
	c.unsettled++
	k.letters++
	e := Effect{Kind: Write, Addr: k.addr, Text: words, Ticket: l.ticket}
	if k.room {
		e.Addr, e.Room = netip.AddrPort{}, k.handle
	}
	c.do(e)
}

// TextSent says that the text of ticket has left, and that so many outcomes of
// it may follow: to a room, one for each member.
func (c *Client) TextSent(now time.Time, ticket uint64, more int) []Effect {
	c.begin(now)
	switch l := c.dgrams.letters[ticket]; {
	case l == nil:
	case l.to.room:
		l.more = more
	case more == 0:
		c.fateOf(l, StateSent, "", false)
	case l.until.IsZero():
		l.until = now.Add(receiptWithin)
		c.dgrams.left = append(c.dgrams.left, l)
	}
	return c.end()
}

// TextConfirmed says that the program at an address has the text of ticket.
func (c *Client) TextConfirmed(now time.Time, ticket uint64, by netip.AddrPort) []Effect {
	c.begin(now)
	l := c.dgrams.letters[ticket]
	if l == nil {
		return c.end()
	}
	if l.to.room {
		l.got++
		c.countOff(l)
	} else {
		c.fateOf(l, StateDelivered, "", false)
	}
	return c.end()
}

// TextFailed says that the program at an address has not confirmed the text of
// ticket, or that it could not be sent at all: then by is not valid.
func (c *Client) TextFailed(now time.Time, ticket uint64, by netip.AddrPort, why error) []Effect {
	c.begin(now)
	l := c.dgrams.letters[ticket]
	if l == nil {
		return c.end()
	}
	if l.to.room && by.IsValid() {
		l.lost = append(l.lost, c.handleAt(l.to.handle, by))
		if l.why == nil {
			l.why = why
		}
		c.countOff(l)
	} else {
		words, unsure := whyUndelivered(why)
		c.fateOf(l, StateFailed, words, unsure)
	}
	return c.end()
}

// countOff notes that one more member of a room has or has not confirmed l.
func (c *Client) countOff(l *letter) {
	if l.more--; l.more > 0 {
		return
	}
	if len(l.lost) == 0 {
		c.fateOf(l, StateDelivered, "", false)
		return
	}
	words, unsure := whyUndelivered(l.why)
	words = strings.Join(l.lost, ", ") + ": " + words
	if l.got > 0 {
		words += "; the others have it"
	}
	c.fateOf(l, StateFailed, words, unsure || l.got > 0)
}

// whyUndelivered words why a text failed; unsure: it may have arrived.
func whyUndelivered(why error) (words string, unsure bool) {
	var e *chat.Error
	if errors.As(why, &e) && e.Kind == chat.NotDelivered {
		return "no receipt came: it may or may not have arrived", true
	}
	return reason(why, "it could not be sent"), false
}

// fateOf ends a letter.
func (c *Client) fateOf(l *letter, state, why string, unsure bool) {
	d := &c.dgrams
	delete(d.letters, l.ticket)
	d.bytes -= len(l.words)
	l.gone = true
	l.to.letters--
	c.unsettled--
	if state != StateFailed {
		c.exit.active = c.now
		c.openTalk(l.to)
	}
	c.tellFate(l, state, why, unsure)
	if k := l.to; k.letters == 0 {
		if k.closing {
			c.shutTalk(k, whyOurs)
		}
		if !k.room {
			c.release(k)
		}
	}
}

func (c *Client) tellFate(l *letter, state, why string, unsure bool) {
	v := View{Event: Sent, From: c.cfg.Name, To: l.to.handle, Text: l.words, Path: PathDirect, State: state, Why: why, Ticket: l.number, Unsure: unsure}
	if l.to.room {
		v.To, v.Room = "", l.to.handle
	}
	c.show(v)
}

// TextCame takes a text from an address, whose owner says it is called name,
// which may be empty. It was said in a room, if that is not empty.
func (c *Client) TextCame(now time.Time, from netip.AddrPort, name, room string, words []byte) []Effect {
	c.begin(now)
	switch {
	case c.exit.phase == gone:
		return c.out
	case c.unlisted(from, name) && c.wantTable(tableGap) && len(c.dgrams.early) < maxEarly:
		c.dgrams.early = append(c.dgrams.early, earlyText{from, name, room, string(words), now.Add(earlyWithin)})
	default:
		c.tellText(from, name, room, string(words))
	}
	return c.end()
}

// unlisted reports whether who writes may turn up in a newer table, or has
// written before and is waited for.
func (c *Client) unlisted(from netip.AddrPort, name string) bool {
	if c.exit.phase >= finishing {
		return false
	}
	k := c.dgrams.at[from]
	return slices.ContainsFunc(c.dgrams.early, func(e earlyText) bool { return e.from == from }) ||
		(k == nil || !k.listed && name != "" && name != k.says) &&
			!slices.ContainsFunc(c.dgrams.nameless, func(n nameless) bool { return n.addr == from })
}

// Unlisted says that somebody who is not in the table has written to us, though
// no text: the table may be old.
func (c *Client) Unlisted(now time.Time) []Effect {
	c.begin(now)
	c.wantTable(tableGap)
	return c.end()
}

// tellEarly shows texts that waited for a newer table.
func (c *Client) tellEarly() {
	early := c.dgrams.early
	c.dgrams.early = nil
	for _, e := range early {
		c.tellText(e.from, e.name, e.room, e.words)
	}
}

// tellText shows a text.
func (c *Client) tellText(from netip.AddrPort, name, room, words string) {
	k := c.writer(from, name)
	k.talked = true
	v := View{Event: Said, From: k.handle, To: c.cfg.Name, Text: words, Dialect: k.dialect, Path: PathDirect}
	if room != "" {
		v.To, v.Room = "", room
	} else {
		c.openTalk(k)
	}
	if c.last == nil && k.listed {
		if c.last = k; room != "" {
			c.last = c.roomTo(room)
		}
	}
	c.exit.active = c.now
	c.show(v)
	if !k.listed {
		c.remember(k)
	}
}

// writer is who writes from an address: who is listed there, else who was and
// says nothing else, else somebody of whom we know a claim at most. What an
// entry without a name is called is not waited for any more.
func (c *Client) writer(from netip.AddrPort, name string) *contact {
	c.unnameless(from, name)
	k := c.dgrams.at[from]
	if k != nil && (k.listed || name == "" || name == k.says) {
		return k
	}
	full := from.String()
	if name != "" {
		full = name + " (" + full + ")"
	}
	k = c.learn(full, c.handle(full))
	k.entry, k.dialect, k.says, k.open = entry{full, from}, c.cfg.Traits.Dialect, name, false
	c.dgrams.at[from] = k
	return k
}

// whyOurs and whyTheirs are why a talk is over.
const (
	whyOurs   = "you ended the talk"
	whyTheirs = "the other side ended the talk"
)

// openTalk shows that we are in a talk.
func (c *Client) openTalk(k *contact) {
	if !k.open && !k.room {
		k.open = true
		c.show(View{Event: Opened, Name: k.handle, Dialect: k.dialect, Address: k.address(), Path: PathDirect})
	}
}

// endTalk is /close: the other side is told behind what was typed before.
func (c *Client) endTalk(k *contact) {
	switch {
	case k.room || !k.open && k.letters == 0:
		c.fail(chat.Errorf(chat.Unknown, "no talk with %s is open; a text begins one", k.handle))
	case k.letters > 0:
		k.closing = true
	default:
		c.shutTalk(k, whyOurs)
	}
}

// shutTalk shows that a talk is over and, if we end it, says so.
func (c *Client) shutTalk(k *contact, why string) {
	if why == whyOurs {
		c.do(Effect{Kind: EndTalk, Addr: k.addr})
	}
	k.closing = false
	if k.open {
		k.open = false
		c.show(View{Event: Closed, Name: k.handle, Path: PathDirect, Why: why})
	}
}

// TalkEnded says that the other side has closed the talk.
func (c *Client) TalkEnded(now time.Time, who netip.AddrPort) []Effect {
	c.begin(now)
	if k := c.dgrams.at[who]; k != nil && k.open && c.exit.phase < finishing {
		c.shutTalk(k, whyTheirs)
	}
	return c.end()
}

// talking reports whether a talk by datagrams is open.
func (c *Client) talking() bool {
	for _, k := range c.dgrams.at {
		if k.open {
			return true
		}
	}
	return false
}

// tickDatagrams shows what has waited long enough: texts for a receipt or for
// their writers, and entries of the table for a name.
func (c *Client) tickDatagrams() {
	d := &c.dgrams
	if len(d.early) > 0 && !d.early[0].until.After(c.now) {
		c.tellEarly()
	}
	for len(d.left) > 0 && (d.left[0].gone || !d.left[0].until.After(c.now)) {
		if l := d.left[0]; !l.gone {
			c.fateOf(l, StateSent, "", false)
		}
		d.left = slices.Delete(d.left, 0, 1)
	}
	for len(d.nameless) > 0 && !d.nameless[0].until.After(c.now) {
		c.unnameless(d.nameless[0].addr, "")
	}
}

// datagramsDue is when that is to be called again.
func (c *Client) datagramsDue() (due time.Time) {
	d := &c.dgrams
	sooner := func(t time.Time) {
		if due.IsZero() || t.Before(due) {
			due = t
		}
	}
	if len(d.left) > 0 {
		sooner(d.left[0].until)
	}
	if len(d.nameless) > 0 {
		sooner(d.nameless[0].until)
	}
	if len(d.early) > 0 {
		sooner(d.early[0].until)
	}
	return due
}

// finishDatagrams says goodbye to everybody.
func (c *Client) finishDatagrams() {
	if !c.byDatagram() {
		return
	}
	d := &c.dgrams
	c.tellEarly()
	for _, ticket := range slices.Sorted(maps.Keys(d.letters)) {
		c.fateOf(d.letters[ticket], StateFailed, whyGoing, true)
	}
	d.left = nil
	for _, o := range c.rooms {
		c.do(Effect{Kind: LeaveRoom, Room: o.to.handle})
	}
	for _, k := range c.talks() {
		if k.open {
			c.shutTalk(k, whyOurs)
		}
	}
}
