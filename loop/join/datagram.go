package join

import (
	"encoding/binary"
	"net/netip"
	"time"

	"mim/chat/client"
	"mim/codec"
)

// socketDoor is the index of the door that a dialect's socket has.
const socketDoor = 0

// A mailbox is a dialect's socket at work, where people reach each other by
// datagrams. What the socket tells of is kept until the client can hear it:
// the client asks for things in the middle of which it is not to be called.
type mailbox struct {
	socket codec.Socket // nil: no datagrams
	news   []news       // from first on, in order
	first  int
}

// A news is one thing that the client is to hear of.
type news struct {
	codec.Output
	answers client.Kind      // EnterRoom or LeaveRoom: it is what became of that
	members []netip.AddrPort // of the room entered
}

// bind makes the socket, if the dialect has one, for the door at an address.
func (m *Mode) bind(at netip.AddrPort) {
	d, ok := m.cfg.Dialect.(codec.Datagrams)
	if !ok {
		return
	}
	cfg := codec.SocketConfig{Name: m.cfg.Name, Self: at}
	binary.BigEndian.PutUint64(cfg.Seed[:], m.cfg.Seed)
	m.mail.socket = d.Socket(cfg)
}

// Datagram implements loop.Mode: another person's
// program writes to ours, or it is voice.
func (m *Mode) Datagram(door int, from netip.AddrPort, p []byte) {
	if s := m.mail.socket; s != nil && door == socketDoor {
		m.take(s.Datagram(m.net.Now(), from, p))
		m.carryOut(nil)
		return
	}
	if m.talk.codec != nil && door == m.talk.door {
		m.hear(from, p)
	}
}

// tickSocket does what is due on the socket.
func (m *Mode) tickSocket(now time.Time) {
	if s := m.mail.socket; s != nil {
		m.take(s.Due(now))
	}
}

// socketDue is when that is to be called; zero: never.
func (m *Mode) socketDue() time.Time {
	if s := m.mail.socket; s != nil {
		return s.Wake()
	}
	return time.Time{}
}

// onSocket carries out an effect that is for the socket.
func (m *Mode) onSocket(e *client.Effect) {
	s, now := m.mail.socket, m.net.Now()
	if s == nil {
		return
	}
	switch e.Kind {
	case client.Know:
		m.take(s.Known(now, e.Addr, e.People))
	case client.Write:
		if e.Room != "" {
			m.take(s.SayTo(now, e.Room, []byte(e.Text), e.Ticket))
		} else {
			m.take(s.Say(now, e.Addr, []byte(e.Text), e.Ticket))
		}
	case client.EndTalk:
		m.take(s.Bye(now, e.Addr))
	case client.EnterRoom:
		out, err := s.Join(now, e.Room)
		m.answer(e, s.Members(nil, e.Room), err)
		m.take(out)
	case client.LeaveRoom:
		out, err := s.Leave(now, e.Room)
		m.take(out)
		m.answer(e, nil, err)
	}
}

// answer notes what became of an EnterRoom or LeaveRoom.
func (m *Mode) answer(e *client.Effect, members []netip.AddrPort, err error) {
	m.mail.news = append(m.mail.news, news{codec.Output{Room: e.Room, Err: err}, e.Kind, members})
}

// take sends what the socket wants sent and notes what it tells.
func (m *Mode) take(out []codec.Output) {
	for i := range out {
		o := out[i]
		if o.Kind == codec.Send {
			m.net.SendTo(socketDoor, o.Who, o.Data)
			continue
		}
		o.Data = append([]byte(nil), o.Data...)
		m.mail.news = append(m.mail.news, news{Output: o})
	}
}

// spread tells the client what there is to tell, and does what it decides then.
func (m *Mode) spread() {
	b := &m.mail
	for ; b.first < len(b.news); b.first++ {
		n := b.news[b.first]
		for _, e := range m.tell(&n) {
			m.effect(&e)
		}
	}
	clear(b.news)
	b.news, b.first = b.news[:0], 0
}

// tell is one call of the client.
func (m *Mode) tell(n *news) []client.Effect {
	c, now := m.client, m.net.Now()
	switch {
	case n.answers == client.EnterRoom:
		return c.RoomEntered(now, n.Room, n.members, n.Err)
	case n.answers == client.LeaveRoom:
		return c.RoomLeft(now, n.Room, n.Err)
	}
	switch n.Kind {
	case codec.Said:
		return c.TextCame(now, n.Who, n.Name, n.Room, n.Data)
	case codec.Sent:
		return c.TextSent(now, n.Ticket, n.More)
	case codec.Delivered:
		return c.TextConfirmed(now, n.Ticket, n.Who)
	case codec.Failed:
		return c.TextFailed(now, n.Ticket, n.Who, n.Err)
	case codec.Named:
		return c.Named(now, n.Who, n.Name)
	case codec.Entered, codec.Exited:
		return c.RoomNews(now, n.Who, n.Name, n.Room, n.Kind == codec.Entered)
	case codec.Ended:
		return c.TalkEnded(now, n.Who)
	case codec.Unlisted:
		return c.Unlisted(now)
	}
	return nil
}
