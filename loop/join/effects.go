package join

import (
	"context"
	"errors"
	"net"
	"os"
	"syscall"
	"time"

	"mim/chat"
	"mim/chat/client"
	"mim/loop"
	"mim/loop/session"
)

// A handler is the side of a Mode that its driver of sessions calls.
type handler Mode

// Request implements session.Handler: another person's program asks.
func (h *handler) Request(l *session.Link, r chat.Request) {
	m := (*Mode)(h)
	var err error
	if no, ok := r.(*chat.Refuse); ok {
		err = no.Err
	}
	m.carryOut(m.client.PeerRequest(m.net.Now(), chat.Link(l.ID()), r))
	m.driver.Answer(l, chat.Answer{To: r, Err: err})
}

// Event implements session.Handler: the server tells.
func (h *handler) Event(l *session.Link, e chat.Event) {
	m := (*Mode)(h)
	if part, ok := m.partOf(l.ID()); ok {
		m.carryOut(m.client.ServerEvent(m.net.Now(), part, e))
	}
}

// Broken implements session.Handler. The link is closing; Closed tells the client.
func (h *handler) Broken(l *session.Link, err error) {
	(*Mode)(h).log.Info("malformed", "why", err)
}

// carryOut does what the client decided, in order. Nothing in it comes back
// to the client.
func (m *Mode) carryOut(effects []client.Effect) {
	for i := range effects {
		m.effect(&effects[i])
	}
	m.spread()
	m.wake(m.client.Next())
	m.wake(m.socketDue())
}

// wake asks for a Tick at a time, unless an earlier one is asked for already.
func (m *Mode) wake(at time.Time) {
	if !at.IsZero() && (m.alarm.IsZero() || at.Before(m.alarm)) {
		m.alarm = at
		m.net.Alarm(at)
	}
}

func (m *Mode) effect(e *client.Effect) {
	switch e.Kind {
	case client.Show:
		m.cfg.Show(e.View)
	case client.Quit:
		m.cfg.Done(e.Code)
	case client.Dial:
		m.wanted, m.dialled = true, e.Part
		m.net.Dial("tcp", m.cfg.Server, serverWithin, serverTag{})
	case client.Login:
		m.ask(e.Login.Part, &e.Login)
	case client.Ask:
		m.ask(e.Part, e.Request)
	case client.HangUp:
		m.hangUp()
	case client.Call:
		m.net.Dial("tcp", e.Addr.String(), peerWithin, peerTag(e.Call))
	case client.Send:
		m.send(loop.ID(e.Link), e.Text, e.Ticket)
	case client.Know, client.Write, client.EndTalk, client.EnterRoom, client.LeaveRoom:
		m.onSocket(e)
	case client.Finish:
		m.net.Finish(loop.ID(e.Link))
	case client.VoiceBind, client.VoiceOpen, client.VoiceClose, client.VoiceMute, client.VoiceVolume, client.VoiceStats:
		m.voiceEffect(e)
	case client.Close:
		if l := m.driver.Get(loop.ID(e.Link)); l != nil {
			m.driver.Close(l, e.Why)
		}
	}
}

// ask puts r to the server. On a link that has ended already, but was not told
// as Closed, it does nothing: Closed is about to say so.
func (m *Mode) ask(part chat.Part, r chat.Request) {
	if l := m.driver.Get(m.servers[part]); l != nil {
		m.driver.Ask(l, r)
	}
}

// hangUp ends the links to the server, and forgets them: they may take a while
// to close, and the next ones may be there before.
func (m *Mode) hangUp() {
	m.wanted = false
	for _, id := range m.servers {
		if l := m.driver.Get(id); l != nil {
			m.driver.Close(l, nil)
		}
	}
	clear(m.servers[:])
}

// send says a text on a direct line. On one that has ended already, but was
// not told as Closed, it does nothing: Closed is about to say so.
func (m *Mode) send(id loop.ID, text string, number uint64) {
	l, s := m.at(id), m.driver.Get(id)
	if l == nil || s == nil {
		return
	}
	m.said.Text = append(m.said.Text[:0], text...)
	if pos := m.driver.Tell(s, &m.said, false); pos != 0 {
		l.tickets = append(l.tickets, ticket{pos, number})
		m.net.Watch(id, pos)
	}
}

// errNoDevice is why a call without a device has no sound.
var errNoDevice = errors.New("this program was started without a sound device")

// plain gives an error of a socket in words for people: what happened, without
// the addresses and system calls around it, which the log has.
func plain(why error) error {
	var dns *net.DNSError
	var no syscall.Errno
	switch {
	case why == nil:
		return nil
	case errors.As(why, &dns) && dns.IsNotFound:
		return chat.Errorf(chat.Lost, "there is no host %s", dns.Name)
	case errors.As(why, &no):
		return chat.Errorf(chat.Lost, "%s", no.Error())
	case errors.Is(why, os.ErrDeadlineExceeded), errors.Is(why, context.DeadlineExceeded):
		return chat.Errorf(chat.Lost, "no answer in time")
	}
	return why
}
