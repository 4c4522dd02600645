package roster

import (
	"container/list"
	"net/netip"
	"slices"
	"time"

	"mim/chat"
)

// A line is what a user with an address of their own and one of another dialect
// say to each other. By TCP it is a connection that we dial, or that is made to
// the port that is lent to the other; by UDP it is the texts from that port, one
// at a time, since they may overtake each other.
//
//	nothing to say --> dialling --> up -- idle for lineIdle, or either is gone --> closed
//	                     |  ^
//	                     |--| dialTries, then what waits has failed
//
// Both may call at the same time, and programs call once more for each window
// they open: then there are several connections. Each is heard, but we speak by
// one as long as it works, so that texts do not overtake each other.
type line struct {
	own    *member       // at the other end; nil: the one who calls has not said its name
	other  *member       // for whom we speak
	link   chat.Link     // by which we speak; 0: not up
	spare  []chat.Link   // other connections, the last one is the newest
	dial   uint64        // the one under way, 0: none
	turn   *list.Element // its place among those to be dialled, or nil
	trust  trust         // as it was when it got that
	tries  uint8
	until  time.Duration // when it is given up to dial
	ticket uint64        // of the piece under way, by UDP; 0: none
	left   bool          // that piece has, and may be all we hear of it
	most   int           // bytes of a piece of the first text, if whole ones do not fit into a datagram; else 0
	first  *delivery
	last   *delivery
	wait   int // deliveries
	used   time.Duration
	timer  timer
}

// A pair is whose line it is.
type pair struct{ own, other *member }

const (
	// dialTries dials, each given up by the driver after 2 s, make a person
	// unreachable; between two of them is dialPause.
	dialTries = 3
	dialPause = 300 * time.Millisecond
	// postWithin is how long the author of a text waits for it to be confirmed
	// by UDP.
	postWithin = 6 * time.Second
	// sentWithin is how long a program is given to confirm a text, of which
	// nobody knows whether it does such things.
	sentWithin = 500 * time.Millisecond
	// lineIdle is how long a connection is kept on which nothing is said.
	lineIdle = 15 * time.Minute
	// maxLines is how many there are; beyond it the idle ones go earlier.
	maxLines = 4096
	// maxSpares is how many connections a line has beside the one by which we
	// speak; beyond it the oldest of them goes.
	maxSpares = 8
	// namedWithin is how long one who calls may take to say its name, and
	// maxUnnamed how many from one address may do so at once (mim0.md, Peers).
	namedWithin = 30 * time.Second
	maxUnnamed  = 8
	// lowestPort is the first that is dialled: a login must not make us speak to
	// a machine's own services (mim0.md, Peers).
	lowestPort = 1024
)

var (
	errUnreachable error = chat.Errorf(chat.NotDelivered, "the receiver's program cannot be reached")
	errNoPort      error = chat.Errorf(chat.NotDelivered, "all ports are lent by which the receiver could hear from you; try again later")
	errTooMany     error = chat.Errorf(chat.NotDelivered, "too many talks are open; try again later")
)

// deliverGuest puts a text on the line to a guest.
func (r *Roster) deliverGuest(author *member, e *entry, to *member) {
	l, err := r.lineOf(to, author)
	if err == nil && l.wait >= maxInbox {
		err = errFull
	}
	if err != nil {
		if e.answer.Err = err; e.say.All {
			e.answer.Err = errNotByAll
		}
		return
	}
	e.open++
	d := r.newDelivery()
	d.of, d.said.From, d.said.To = e, author.came.Who, to.came.Who
	d.text, d.rest = e.say.Text, e.say.Text
	if l.wait++; l.first == nil {
		l.first = d
	} else {
		l.last.next = d
	}
	l.last = d
	l.used = r.now
	switch {
	case to.traits.Reach == chat.ByPeerUDP:
		r.postNext(l)
	case l.link != 0:
		r.tellLine(l, d)
	case l.timer.place == 0:
		r.reachLine(l)
	}
}

// lineOf is the line of a guest and another, made if there is none.
func (r *Roster) lineOf(own, other *member) (*line, error) {
	if l := r.lines[pair{own, other}]; l != nil {
		return l, nil
	}
	at := own.came.Who.Near
	switch {
	case own.traits.Reach == chat.ByPeerUDP && other.lent[udp].port == nil:
		return nil, errNoPort
	case own.traits.Reach == chat.ByPeerTCP && at.Port() < lowestPort:
		return nil, errUnreachable
	case len(r.lines) >= r.maxLines() && !r.closeIdle():
		return nil, errTooMany
	}
	return r.addLine(&line{own: own, other: other}), nil
}

// maxLines is how many lines there may be.
func (r *Roster) maxLines() int {
	if n := r.cfg.Lines; n > 0 {
		return min(n, maxLines)
	}
	return maxLines
}

func (r *Roster) addLine(l *line) *line {
	l.timer.fire, l.timer.of = fireLine, l
	l.used = r.now
	r.lines[pair{l.own, l.other}] = l
	l.own.lines = append(l.own.lines, l)
	l.other.lines = append(l.other.lines, l)
	return l
}

// closeIdle closes the lines on which nothing waits and has not for a minute, and
// reports whether there was one.
func (r *Roster) closeIdle() (found bool) {
	r.walked += len(r.lines)
	for _, l := range r.lines {
		if l.first == nil && r.now-l.used > time.Minute {
			found = true
			r.endLine(l, nil)
		}
	}
	return found
}

// connected is a line that has a link, or one more. One by which nothing has left
// for leftWithin gives way to it.
func (r *Roster) connected(l *line, k *link) {
	k.line = l
	l.used = r.now
	r.unturn(l)
	if l.link != 0 {
		if len(l.spare) >= maxSpares {
			r.end(r.at(l.spare[0]), nil)
			l.spare = slices.Delete(l.spare, 0, 1)
		}
		l.spare = append(l.spare, k.id)
		if d := l.first; d != nil && r.now-d.at >= leftWithin {
			old := r.at(l.link)
			if r.lost(l); !old.ending {
				r.end(old, nil)
			}
		}
		return
	}
	l.link = k.id
	r.start(&l.timer, lineIdle)
	for d := l.first; d != nil; d = d.next {
		if d.mark == 0 {
			r.tellLine(l, d)
		}
	}
}

// tellLine tells a text on a connection and asks to hear when it has left.
func (r *Roster) tellLine(l *line, d *delivery) {
	r.tellPieces(l.link, l.own, d)
	if l.timer.at > r.now+leftWithin || l.timer.place == 0 {
		r.start(&l.timer, leftWithin)
	}
}

// lineLeft takes the texts off a line whose bytes have left by a link.
func (r *Roster) lineLeft(l *line, by chat.Link, mark uint64) {
	if l.link != by {
		return
	}
	for d := l.first; d != nil && d.mark != 0 && d.mark <= mark; d = l.first {
		r.shift(l, nil)
	}
}

// shift takes the first text off a line, with its outcome.
func (r *Roster) shift(l *line, err error) {
	d := l.first
	if l.first = d.next; l.first == nil {
		l.last = nil
	}
	l.wait--
	l.most = 0
	l.used = r.now
	r.outcome(d.of, err)
	r.freeDelivery(d)
}

// ringLine is the timer of a line: it dials again, gives up what does not leave
// or is not confirmed, and closes a line on which nothing is said.
func (r *Roster) ringLine(l *line) {
	switch {
	case l.ticket != 0 && l.left:
		r.postedLine(l, nil)
	case l.ticket != 0:
		r.postedLine(l, errSilent)
	case l.own.traits.Reach == chat.ByPeerUDP:
		r.endLine(l, nil)
	case l.link == 0 && r.now >= l.until:
		r.endLine(l, errUnreachable)
	case l.link == 0:
		r.dialLine(l)
	case l.first == nil && r.now-l.used >= lineIdle:
		r.endLine(l, nil)
	default:
		next := lineIdle
		if l.first == nil {
			next -= r.now - l.used
		}
		for d := l.first; d != nil; d = d.next {
			if r.now-d.at < leftWithin {
				next = d.at + leftWithin - r.now
				break
			}
			if r.detach(d, errSilent); !r.isOpen(l) {
				return // its author has left with the answer
			}
		}
		r.start(&l.timer, next)
	}
}

// endLine ends a line: what waits on it fails.
func (r *Roster) endLine(l *line, why error) {
	r.stop(&l.timer)
	r.undial(l)
	if l.ticket != 0 {
		delete(r.posts, l.ticket)
		l.ticket = 0
	}
	if why == nil {
		why = errGone
	}
	for l.first != nil {
		r.shift(l, why)
	}
	for _, id := range append(l.spare, l.link) {
		if k := r.at(id); id != 0 && k != nil && !k.ending {
			r.end(k, nil)
		}
	}
	if p := l.other.lent[udp].port; p != nil && l.own.traits.Reach == chat.ByPeerUDP {
		r.out = append(r.out, Effect{Kind: Farewell, Port: p.index, Addr: l.own.came.Who.Near})
	}
	delete(r.lines, pair{l.own, l.other})
	l.own.unline(l)
	l.other.unline(l)
}

func (m *member) unline(l *line) {
	for i, other := range m.lines {
		if other == l {
			last := len(m.lines) - 1
			m.lines[i], m.lines[last] = m.lines[last], nil
			m.lines = m.lines[:last]
			return
		}
	}
}

// cut is the end of a link of a line. What was told on it and has not left may
// have arrived or not: nobody tells it twice.
func (r *Roster) cut(k *link, l *line) {
	switch {
	case l.own == nil:
		r.isNamed(k)
	case !r.isOpen(l):
	case l.link != k.id:
		l.spare = slices.DeleteFunc(l.spare, func(id chat.Link) bool { return id == k.id })
	default:
		if r.lost(l); l.link == 0 {
			r.endLine(l, errGone)
		}
	}
}

// isOpen reports whether a line has not ended.
func (r *Roster) isOpen(l *line) bool { return r.lines[pair{l.own, l.other}] == l }

// lost takes the link by which we spoke from a line, and with it what was told
// on it; the newest of the others has its place.
func (r *Roster) lost(l *line) {
	l.link = 0
	if n := len(l.spare); n > 0 {
		l.link, l.spare = l.spare[n-1], l.spare[:n-1]
	}
	for l.first != nil {
		r.shift(l, errGone)
	}
}

// hangUp ends all lines of a member who has gone.
func (r *Roster) hangUp(m *member) {
	for len(m.lines) > 0 {
		r.endLine(m.lines[len(m.lines)-1], errGone)
	}
}

// Called notes a link to a lent port of TCP. Who is not at the address of a user
// who has a listener, or finds nobody behind the port, learns nothing.
func (r *Roster) Called(now time.Time, id chat.Link, t *chat.Traits, index int, remote netip.AddrPort) []Effect {
	r.begin(now)
	k := r.place(id, t)
	k.addr = bare(remote.Addr())
	p := r.pools[tcp].ports[index]
	if p.who == nil || r.listening[k.addr] == 0 || r.unnamed[k.addr] >= maxUnnamed {
		r.end(k, nil)
		return r.out
	}
	r.unnamed[k.addr]++
	k.line = &line{other: p.who}
	r.await(id.Slot(), r.now+namedWithin)
	return r.out
}

// named is a link to a lent port whose other end has said who it is, or that
// ends before it has.
func (r *Roster) isNamed(k *link) {
	r.unwait(k)
	if r.unnamed[k.addr]--; r.unnamed[k.addr] == 0 {
		delete(r.unnamed, k.addr)
	}
}

// onLine is Do for a link to a user with a listener of their own.
func (r *Roster) onLine(k *link, q chat.Request) {
	switch q := q.(type) {
	case *chat.Hello:
		r.reply(k.id, chat.Answer{To: q}) // which has no words there, nor have others
		if k.line.own == nil {
			r.hello(k, q)
		}
	case *chat.Say:
		if l := k.line; l.own != nil {
			l.used = r.now
			if err := r.sayAs(l.own, l.other, q, nil, k.id); err != nil {
				r.end(k, nil) // the only word there is for it
			}
		}
	default:
		r.reply(k.id, chat.Answer{To: q})
	}
}

// hello is the name that the one who called a lent port has said.
func (r *Roster) hello(k *link, q *chat.Hello) {
	other := k.line.other
	r.isNamed(k)
	own := r.called(k.addr, q.Name)
	if own == nil || !other.here() || other.lent[tcp].port == nil {
		k.line = nil
		r.end(k, nil)
		return
	}
	l := r.lines[pair{own, other}]
	if l == nil {
		l = r.addLine(&line{own: own, other: other})
	}
	r.connected(l, k)
}

// sayAs is a text of a guest. confirm, if not nil, is told whoever sent it once
// it has arrived or is stored; caller, if not 0, is answered when its outcome is
// known: a program that writes faster than another reads is not read meanwhile.
// The error is why it cannot even be tried.
func (r *Roster) sayAs(m, to *member, q *chat.Say, confirm *confirm, caller chat.Link) error {
	if r.heldText+len(q.Text) > maxHeldText {
		return errHeldText
	}
	say := &r.saying
	*say = chat.Say{To: append(say.To[:0], to.came.Who.Name...), Text: q.Text, Cut: q.Cut}
	if err := r.refusal(m, say.To); err != nil {
		return err
	}
	e := r.loose(say)
	say.Text = nil
	e.confirm, e.caller = confirm, caller
	r.route(m, e)
	err := e.answer.Err
	if e.open == 0 {
		r.confirmed(e)
		r.free(e)
	}
	return err
}
