package serve

import (
	"bytes"
	"log/slog"
	"net/netip"
	"slices"
	"time"

	"mim/chat"
	"mim/codec"
	"mim/loop"
	"mim/roster"
)

// People with an address of their own are dialled, or written to by datagrams,
// on behalf of others; they reach those at ports that are lent (see
// roster.Lend). What is kept here is the protocol's state of each lent port of
// UDP: who speaks by it is the roster's business.

// dialWithin bounds each dial to a person.
const dialWithin = 2 * time.Second

// A callTag is the roster's number of a dial of ours.
type callTag struct {
	number uint64
	as     string // for whom we speak
	door   int    // of the dialect, see Mode.doors
}

// A lentSocket is what is kept of a lent port of UDP.
type lentSocket struct {
	door    int // of the loop
	dialect codec.Datagrams
	state   codec.Socket // nil: nobody speaks by it
	self    netip.AddrPort
	known   uint64 // of the roster's table, by Roster.Leases
}

// A heard is something that a lent port of UDP has to tell the roster.
type heard struct {
	port int
	codec.Output
}

// lend tells the roster which ports it may lend, now that they are open.
func (m *Mode) lend() {
	var streams, datagrams []netip.AddrPort
	for i := range m.cfg.Doors {
		d := &m.doors[i]
		switch in := &m.cfg.Doors[i]; {
		case !in.Lent:
		case in.Network == "tcp":
			d.lent = len(streams)
			streams = append(streams, m.net.Local(i))
		default:
			d.lent = len(datagrams)
			datagrams = append(datagrams, m.net.Local(i))
			m.sockets = append(m.sockets, lentSocket{door: i, dialect: in.Dialect.(codec.Datagrams)})
		}
	}
	if len(streams)+len(datagrams) > 0 {
		m.carryOut(m.roster.Lend(m.net.Now(), streams, datagrams))
	}
}

// dial calls a person who has a listener of their own.
func (m *Mode) dial(e *roster.Effect) {
	for i := range m.doors {
		if d := &m.doors[i]; d.role == codec.Peer && d.traits.Dialect == e.Dialect && d.traits.Reach == chat.ByPeerTCP {
			m.net.Dial("tcp", e.Addr.String(), dialWithin, callTag{e.Call, e.Name, i})
			return
		}
	}
	number := e.Call // there is always such a door where such people are
	m.net.Post(func() { m.carryOut(m.roster.Undialled(m.net.Now(), number)) })
}

// dialled is a dial of ours that has become a link.
func (m *Mode) dialled(id loop.ID, in loop.Info, tag callTag) {
	d := &m.doors[tag.door]
	m.logLink(slog.LevelDebug, "dialled", d, in.Remote, nil)
	m.open(id, tag.door, codec.Link{Role: codec.Peer, As: tag.as, Dialed: true, Remote: in.Remote})
	m.carryOut(m.roster.Dialled(m.net.Now(), tag.number, chat.Link(id), &d.traits))
}

// stand makes a lent port of UDP speak for someone, or for nobody.
func (m *Mode) stand(e *roster.Effect) {
	s := &m.sockets[e.Port]
	s.state, s.known = nil, 0
	if e.Who == nil {
		return
	}
	if s.self = e.Who.Far; !s.self.IsValid() {
		s.self = e.Who.Near
	}
	s.state = s.dialect.Socket(codec.SocketConfig{Name: e.Who.Plain(), Self: s.self, Seed: m.cfg.Seed(), Hold: true})
}

// socket gives the state of a lent port of UDP, which knows who is here; nil:
// nobody speaks by it.
func (m *Mode) socket(port int) codec.Socket {
	s := &m.sockets[port]
	if s.state == nil {
		return nil
	}
	if people, version := m.roster.Leases(); version != s.known {
		s.known = version
		if m.leasesAt != version { // others see those who are lent a port, too
			m.leasesAt = version
			m.leases = slices.DeleteFunc(slices.Clone(people), func(p *chat.Person) bool { return p.Dialect != s.dialect.Name() })
		}
		m.outputs(port, s.state.Known(m.net.Now(), s.self, m.leases))
	}
	return s.state
}

// byDatagram carries out an effect for a lent port of UDP.
func (m *Mode) byDatagram(e *roster.Effect) {
	if e.Kind == roster.Stand {
		m.stand(e)
		return
	}
	s, now := m.socket(e.Port), m.net.Now()
	if s == nil {
		return
	}
	switch e.Kind {
	case roster.Post:
		if said := e.Event.(*chat.Said); said.Room != "" {
			m.outputs(e.Port, s.SayTo(now, said.Room, said.Text, 0))
		} else {
			m.outputs(e.Port, s.Say(now, e.Addr, said.Text, e.Call))
		}
	case roster.Confirm:
		m.outputs(e.Port, s.Confirm(now, e.Addr, e.Call))
	case roster.Farewell:
		m.outputs(e.Port, s.Bye(now, e.Addr))
	case roster.Grouping:
		move := s.Leave
		if e.In {
			move = s.Join
		}
		if out, err := move(now, e.Name); err == nil { // else the room's name is none there
			m.outputs(e.Port, out)
		}
	}
}

// outputs sends what a socket wants sent, and keeps what it has to tell: the
// roster hears of it when it has no effects under way.
func (m *Mode) outputs(port int, out []codec.Output) {
	for _, o := range out {
		switch o.Kind {
		case codec.Send:
			m.net.SendTo(m.sockets[port].door, o.Who, o.Data)
		case codec.Named:
		default:
			o.Data = bytes.Clone(o.Data)
			m.heard = append(m.heard, heard{port, o})
		}
	}
	if s := m.sockets[port].state; s != nil {
		m.wake(s.Wake())
	}
}

// hear tells the roster what lent ports have to tell.
func (m *Mode) hear() {
	if m.hearing {
		return
	}
	m.hearing = true
	for len(m.heard) > 0 {
		o := m.heard[0]
		m.heard = m.heard[1:]
		m.carryOut(m.tellRoster(&o))
	}
	m.heard, m.hearing = nil, false
}

func (m *Mode) tellRoster(o *heard) []roster.Effect {
	now := m.net.Now()
	switch o.Kind {
	case codec.Said:
		return m.roster.Arrived(now, o.port, o.Who, &chat.Say{Text: o.Data}, o.Room, o.Number)
	case codec.Entered, codec.Exited:
		return m.roster.Grouped(now, o.port, o.Who, o.Room, o.Kind == codec.Entered)
	case codec.Sent, codec.Delivered, codec.Failed:
		switch {
		case o.Ticket == 0:
		case o.Kind == codec.Sent && o.More > 0:
			return m.roster.Sent(now, o.Ticket)
		default:
			return m.roster.Posted(now, o.Ticket, o.Err)
		}
	}
	return nil
}

// lentDatagram takes a datagram that came to a lent port.
func (m *Mode) lentDatagram(port int, from netip.AddrPort, p []byte) {
	if s := m.socket(port); s != nil {
		m.outputs(port, s.Datagram(m.net.Now(), from, p))
	}
	m.hear()
}

// tickSockets lets the lent ports of UDP do what is due.
func (m *Mode) tickSockets(now time.Time) {
	for i := range m.sockets {
		s := m.sockets[i].state
		if s == nil {
			continue
		}
		if at := s.Wake(); !at.IsZero() && !at.After(now) {
			m.outputs(i, s.Due(now))
		} else {
			m.wake(at)
		}
	}
	m.hear()
}
