package roster

import (
	"container/list"
	"net/netip"
	"time"

	"mim/chat"
)

// Users who have an address of their own want one of whomever they talk to.
// Everyone else is shown to them at an address of ours: a port that is lent to
// one person, for all viewers (mim0 rule 8). There is a pool of ports of TCP and
// one of UDP.
//
//	free -- somebody comes --> lent -- they go --> resting -- restFor --> free

// restFor is how long nobody gets a port that somebody had: by then no table
// that is still shown has it.
const restFor = 60 * time.Second

// A pool is the ports of one kind.
type pool struct {
	reach chat.Reach // whose programs want them
	ports []*port
	free  []*port
	wait  list.List // members who have none, the oldest first
	short bool      // the log has been told that there are too few
}

// A port is one that may be lent.
type port struct {
	kind  int
	index int
	at    netip.AddrPort // as viewers on our own machine reach it
	who   *member        // for whom it stands; nil: for nobody
	shown *user          // of TCP: in the table
	as    *chat.Person   // of UDP: in Roster.leased
	rest  timer
}

// lent is the ports that stand for a member, or its places among those who wait
// for one. By kind: TCP, UDP.
type lent [2]struct {
	port *port
	wait *list.Element
}

const (
	tcp = iota
	udp
)

// Lend gives the addresses of the ports that may be lent, those of TCP and of
// UDP; once, at the start. Effects and calls name each by its place here. Of an
// unspecified address the ports are reached by loopback, and from elsewhere as
// mim0 rule 7 says.
func (r *Roster) Lend(now time.Time, streams, datagrams []netip.AddrPort) []Effect {
	r.begin(now)
	r.pools[tcp].reach, r.pools[udp].reach = chat.ByPeerTCP, chat.ByPeerUDP
	for kind, at := range [...][]netip.AddrPort{streams, datagrams} {
		x := &r.pools[kind]
		for i, a := range at {
			p := &port{kind: kind, index: i, at: netip.AddrPortFrom(nearest(a.Addr()), a.Port())}
			p.rest.fire, p.rest.of = fireRested, p
			x.ports, x.free = append(x.ports, p), append(x.free, p)
		}
	}
	for _, m := range r.members {
		r.lend(m)
	}
	return r.out
}

// isLent reports whether an address is that of a port of a pool.
func (r *Roster) isLent(kind int, a netip.AddrPort) bool {
	for _, p := range r.pools[kind].ports {
		if p.at.Port() == a.Port() {
			return p.at.Addr() == a.Addr() || r.far == a.Addr()
		}
	}
	return false
}

// nearest is how our own machine reaches an address that a door is bound to.
func nearest(a netip.Addr) netip.Addr {
	switch {
	case a == netip.IPv6Unspecified():
		return netip.IPv6Loopback()
	case a.IsUnspecified():
		return netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	return bare(a)
}

// lend shows m, who has come, to those who need an address.
func (r *Roster) lend(m *member) {
	for kind := range r.pools {
		x := &r.pools[kind]
		if len(x.ports) == 0 || m.guest && m.traits.Reach == x.reach {
			continue
		}
		if len(x.free) > 0 {
			r.lendPort(kind, m)
			continue
		}
		m.lent[kind].wait = x.wait.PushBack(m)
		if !x.short {
			x.short = true
			r.note("all %d lent %s ports are taken: who comes now is not in the tables of %s programs", len(x.ports), [...]string{"TCP", "UDP"}[kind], [...]string{"TCP", "UDP"}[kind])
		}
	}
}

// lendPort gives m the port that has been free for longest.
func (r *Roster) lendPort(kind int, m *member) {
	x := &r.pools[kind]
	p := x.free[0]
	x.free = x.free[1:]
	p.who, m.lent[kind].port = m, p
	who := *m.came.Who
	who.Near, who.Far = p.at, p.at
	if p.at.Addr().IsLoopback() {
		who.Far = r.elsewhere(p.at)
	}
	if kind == tcp {
		p.shown = r.table.add(&who)
		r.echo(&r.presence, 0, &p.shown.came)
		return
	}
	p.as = &who
	r.leased.add(p.as)
	r.out = append(r.out, Effect{Kind: Stand, Port: p.index, Who: p.as})
	for _, o := range m.rooms {
		r.group(m, o, true)
	}
}

// unlend takes m, who has gone, from the view of those who need an address.
func (r *Roster) unlend(m *member) {
	for kind := range r.pools {
		x, l := &r.pools[kind], &m.lent[kind]
		if l.wait != nil {
			x.wait.Remove(l.wait)
			l.wait = nil
		}
		p := l.port
		if p == nil {
			continue
		}
		l.port, p.who = nil, nil
		r.start(&p.rest, restFor)
		if kind == tcp {
			r.table.remove(p.shown)
			r.echo(&r.presence, 0, p.shown.went())
			p.shown = nil
			continue
		}
		r.leased.remove(p.as)
		p.as = nil
		r.out = append(r.out, Effect{Kind: Stand, Port: p.index})
	}
}

// rested makes a port free; who has waited longest gets it.
func (r *Roster) rested(p *port) {
	x := &r.pools[p.kind]
	x.free = append(x.free, p)
	if first := x.wait.Front(); first != nil {
		m := x.wait.Remove(first).(*member)
		m.lent[p.kind].wait = nil
		r.lendPort(p.kind, m)
		return
	}
	x.short = false
}
