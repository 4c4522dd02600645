package roster

import (
	"container/list"
	"net/netip"
	"time"

	"mim/chat"
)

// Dials are many when a text goes to all, and one to a machine that says nothing
// takes all the time there is. So some run at once and the others wait for their
// turn. Turns go round among those who have something to say, so that a text to
// all keeps nobody else waiting, and for each of them among the machines they
// say it to: people listed who never answer are in nobody's way.
//
//	dialLine --> waits for its turn --> under way --> Dialled, Undialled
//	                  `-- the line ends or is called --> forgotten

const (
	// maxDials are under way at once: as many as a driver carries out side by
	// side. Of them one host has at most maxDialsTo, and those of its people who
	// could not be reached the last time maxDoubted.
	maxDials   = 32
	maxDialsTo = 24
	maxDoubted = 8
	// reachWithin is how long the author of a text waits for somebody to be
	// reached: three tries of 2 s with their pauses, or a turn that does not come.
	reachWithin = 7 * time.Second
)

// A trust is what is known of a listener: whom a dial reached the last time goes
// before those of whom nothing is known, and these before whom it did not.
type trust uint8

const (
	untried trust = iota
	reached
	doubted
)

// A host is where people listen, while somebody there is dialled.
type host struct {
	addr    netip.Addr
	running int
	doubted int // of them
}

// An asking is someone for whom people are to be dialled.
type asking struct {
	queues map[netip.Addr]*queue
	order  list.List     // of them, whose turn it is first
	place  *list.Element // in Roster.asking
}

// A queue is the lines of one author to people at one host.
type queue struct {
	at    netip.Addr
	wait  [3]list.List  // by trust
	place *list.Element // in asking.order
}

func (q *queue) empty() bool {
	return q.wait[untried].Len()+q.wait[reached].Len()+q.wait[doubted].Len() == 0
}

// A dial is one that is under way.
type dial struct {
	line  *line // nil: nobody wants it any more
	host  *host
	trust trust
}

// hostOf is the address for which dials are counted: of IPv6 the network, since
// one machine may have all addresses of it.
func hostOf(a netip.Addr) netip.Addr {
	if p, err := a.Prefix(64); err == nil && a.Is6() {
		return p.Addr()
	}
	return a
}

// reachLine begins to look for the guest of a line that is not up.
func (r *Roster) reachLine(l *line) {
	l.tries, l.until = 0, r.now+reachWithin
	r.dialLine(l)
}

// dialLine puts a line among those whose guests are to be dialled.
func (r *Roster) dialLine(l *line) {
	l.tries++
	a, at := l.other.asking, hostOf(l.own.addr())
	if a == nil {
		a = &asking{queues: map[netip.Addr]*queue{}}
		l.other.asking, a.place = a, r.asking.PushBack(a)
	}
	q := a.queues[at]
	if q == nil {
		q = &queue{at: at}
		q.place = a.order.PushBack(q)
		a.queues[at] = q
	}
	l.trust = l.own.trust
	l.turn = q.wait[l.trust].PushBack(l)
	r.start(&l.timer, l.until-r.now)
	r.startDials()
}

// startDials dials whose turn it is.
func (r *Roster) startDials() {
	for len(r.dials) < maxDials {
		l := r.nextDial()
		if l == nil {
			return
		}
		h := r.hosts[hostOf(l.own.addr())]
		if h == nil {
			h = &host{addr: hostOf(l.own.addr())}
			r.hosts[h.addr] = h
		}
		if h.running++; l.trust == doubted {
			h.doubted++
		}
		r.numbered++
		l.dial = r.numbered
		r.dials[l.dial] = &dial{l, h, l.trust}
		r.out = append(r.out, Effect{
			Kind: Dial, Call: l.dial, Addr: l.own.came.Who.Near, Name: l.other.came.Who.Name, Dialect: l.own.traits.Dialect,
		})
	}
}

// nextDial takes out the line whose turn it is, or gives nil. Of one author few
// queues are looked at, since few hosts can have as many dials as they may.
func (r *Roster) nextDial() *line {
	for e := r.asking.Front(); e != nil; e = e.Next() {
		a := e.Value.(*asking)
		r.walked++
		for place := a.order.Front(); place != nil; place = place.Next() {
			if l := r.firstOf(place.Value.(*queue)); l != nil {
				r.asking.MoveToBack(e)
				a.order.MoveToBack(place)
				r.unturn(l)
				return l
			}
		}
	}
	return nil
}

// firstOf is the first line of a queue that may be dialled now, or nil.
func (r *Roster) firstOf(q *queue) *line {
	h := r.hosts[q.at]
	if h != nil && h.running >= maxDialsTo {
		return nil
	}
	for _, t := range [...]trust{reached, untried, doubted} {
		first := q.wait[t].Front()
		if first != nil && (t != doubted || h == nil || h.doubted < maxDoubted) {
			return first.Value.(*line)
		}
	}
	return nil
}

// unturn takes a line from those that wait for their turn.
func (r *Roster) unturn(l *line) {
	if l.turn == nil {
		return
	}
	a := l.other.asking
	q := a.queues[hostOf(l.own.addr())]
	q.wait[l.trust].Remove(l.turn)
	if l.turn = nil; !q.empty() {
		return
	}
	a.order.Remove(q.place)
	if delete(a.queues, q.at); len(a.queues) == 0 {
		r.asking.Remove(a.place)
		l.other.asking = nil
	}
}

// undial forgets that a line is to be dialled. A dial under way goes on.
func (r *Roster) undial(l *line) {
	r.unturn(l)
	if d := r.dials[l.dial]; d != nil {
		d.line = nil
	}
	l.dial = 0
}

// dialOver takes out a dial that has an outcome and gives its line; nil: nobody
// wants it any more.
func (r *Roster) dialOver(number uint64) *line {
	d := r.dials[number]
	if d == nil {
		return nil
	}
	delete(r.dials, number)
	h := d.host
	if h.running--; d.trust == doubted {
		h.doubted--
	}
	if h.running == 0 {
		delete(r.hosts, h.addr)
	}
	if d.line != nil {
		d.line.dial = 0
	}
	return d.line
}

// Dialled says that the dial with this number has become a link. Its session
// has said for whom it speaks.
func (r *Roster) Dialled(now time.Time, number uint64, id chat.Link, t *chat.Traits) []Effect {
	r.begin(now)
	l := r.dialOver(number)
	k := r.place(id, t)
	if l == nil {
		r.end(k, nil)
	} else {
		k.addr = l.own.addr()
		l.own.trust = reached
		r.connected(l, k)
	}
	r.startDials()
	return r.out
}

// Undialled says that the dial with this number has failed.
func (r *Roster) Undialled(now time.Time, number uint64) []Effect {
	r.begin(now)
	if l := r.dialOver(number); l != nil {
		l.own.trust = doubted
		switch {
		case l.link != 0:
		case l.tries < dialTries:
			r.start(&l.timer, min(time.Duration(l.tries)*dialPause, l.until-r.now))
		default:
			r.endLine(l, errUnreachable)
		}
	}
	r.startDials()
	return r.out
}
