package roster

import (
	"errors"
	"net/netip"
	"time"

	"mim/chat"
)

// Texts from and to users who have a UDP socket of their own leave and come by
// the port that is lent to who is at the other end. The driver keeps the
// protocol's state of each port; what is to be sent it gets as a Post, and its
// outcome comes back as Posted.

// A confirm is which datagram is to be acknowledged once its text is safe.
type confirm struct {
	port   int
	from   netip.AddrPort
	number uint64
}

// postNext sends the next piece of what waits on a line by UDP, unless one is
// under way.
func (r *Roster) postNext(l *line) {
	if l.ticket != 0 || !r.isOpen(l) {
		return
	}
	d := l.first
	p := l.other.lent[udp].port
	if d == nil || p == nil {
		if d == nil {
			r.start(&l.timer, lineIdle)
		}
		return
	}
	piece := r.pieceOf(l.own, d.rest)
	if l.most > 0 {
		piece = chat.Clip(piece, l.most)
	}
	d.rest = d.rest[len(piece):]
	r.numbered++
	l.ticket, l.left = r.numbered, false
	r.posts[l.ticket] = l
	d.said.Text = piece
	r.out = append(r.out, Effect{Kind: Post, Port: p.index, Addr: l.own.came.Who.Near, Event: &d.said, Call: l.ticket})
	r.start(&l.timer, postWithin)
}

// leastPiece is the shortest piece of a text, in bytes, that is halved if it
// does not fit into a datagram.
const leastPiece = 64

// halve gives back the piece that was posted last, since it was too long for
// the program of its receiver, and posts half of it; false: it is too short.
func (r *Roster) halve(l *line) bool {
	d := l.first
	n := len(d.said.Text)
	if n < leastPiece {
		return false
	}
	d.rest = d.text[len(d.text)-len(d.rest)-n:]
	l.most = n / 2
	delete(r.posts, l.ticket)
	l.ticket = 0
	r.postNext(l)
	return true
}

// Posted is the outcome of a Post: nil, or why nobody knows that it arrived. If
// that is of the kind TooLong nothing has been sent.
func (r *Roster) Posted(now time.Time, ticket uint64, err error) []Effect {
	r.begin(now)
	l := r.posts[ticket]
	if l == nil {
		return nil
	}
	if told := (*chat.Error)(nil); errors.As(err, &told) && told.Kind == chat.TooLong && r.halve(l) {
		return r.out
	}
	r.postedLine(l, err)
	return r.out
}

// postedLine ends the post that is under way on a line, and begins the next.
func (r *Roster) postedLine(l *line, err error) {
	delete(r.posts, l.ticket)
	l.ticket = 0
	if err != nil {
		err = errSilent
	}
	if d := l.first; err != nil || len(d.rest) == 0 {
		r.shift(l, err)
	}
	r.postNext(l)
}

// Sent says that a Post has left for a program of which nobody knows yet whether
// it confirms texts. If it does, Posted follows soon; after sentWithin the text
// counts as one that has arrived, like any to a program without receipts. The next
// one waits as long, since it could overtake it.
func (r *Roster) Sent(now time.Time, ticket uint64) []Effect {
	r.begin(now)
	if l := r.posts[ticket]; l != nil {
		l.left = true
		r.start(&l.timer, sentWithin)
	}
	return r.out
}

// Arrived is a text that came to a lent port of UDP; in a group if that is not
// empty. number names it for Confirm, 0 if nothing is to be confirmed. Of one
// whose address is not that of a user nothing is taken.
func (r *Roster) Arrived(now time.Time, index int, from netip.AddrPort, q *chat.Say, group string, number uint64) []Effect {
	r.begin(now)
	m, g := r.ends(index, from)
	if m == nil || g == nil {
		return r.out
	}
	c := confirm{index, from, number}
	if len(q.Text) == 0 { // it only asks whether anybody is there
		r.confirm(&c)
		return r.out
	}
	if group != "" {
		r.confirm(&c)
		if o := r.roomOf(m, []byte(group)); o != nil && o.at(g) >= 0 && m.receives != 0 {
			r.tellRoom(m, g.came.Who, o.name, q.Text)
		}
		return r.out
	}
	_ = r.sayAs(g, m, q, &c, 0) // not confirmed is the word for an error
	return r.out
}

// ends are the two who talk by a lent port of UDP: for whom it stands, and the
// guest who has the address; nil: nobody.
func (r *Roster) ends(index int, from netip.AddrPort) (who, guest *member) {
	if l := r.leases[netip.AddrPortFrom(bare(from.Addr()), from.Port())]; l != nil {
		guest = l.guest
	}
	return r.pools[udp].ports[index].who, guest
}

// confirm acknowledges a datagram.
func (r *Roster) confirm(c *confirm) {
	if c.number != 0 {
		r.out = append(r.out, Effect{Kind: Confirm, Port: c.port, Addr: c.from, Call: c.number})
	}
}

// confirmed acknowledges the datagram that brought the text of e, if there is
// one and the text is safe. A connection that brought it goes on in any case.
func (r *Roster) confirmed(e *entry) {
	if k := r.at(e.caller); e.caller != 0 && k != nil && !k.ending {
		r.reply(k.id, chat.Answer{To: e.answer.To})
	}
	e.caller = 0
	if c := e.confirm; c != nil {
		if e.confirm = nil; e.answer.Err == nil {
			r.confirm(c)
		}
	}
}

// Grouped says that the user at an address is in a group now, or no more, as a
// lent port of UDP was told that is in it too.
func (r *Roster) Grouped(now time.Time, index int, from netip.AddrPort, group string, in bool) []Effect {
	r.begin(now)
	m, g := r.ends(index, from)
	if m == nil || g == nil {
		return r.out
	}
	o := r.rooms[group]
	switch {
	case o == nil || o.at(m) < 0:
	case in && o.at(g) < 0 && len(g.rooms) < maxRooms:
		r.enter(g, group)
	case !in && o.at(g) >= 0:
		r.exit(g, o)
	}
	return r.out
}

// group tells those who have a socket of their own that m is in a room now, or
// no more.
func (r *Roster) group(m *member, o *room, in bool) {
	if p := m.lent[udp].port; p != nil {
		r.out = append(r.out, Effect{Kind: Grouping, Port: p.index, Name: o.name, In: in})
	}
}
