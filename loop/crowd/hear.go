package crowd

import (
	"hash/maphash"

	"mim/chat"
	"mim/codec"
	"mim/loop/session"
)

// A handler is the side of a Mode that its driver of sessions calls.
type handler Mode

// Request implements session.Handler: on a direct line somebody says something.
func (h *handler) Request(l *session.Link, r chat.Request) {
	m := (*Mode)(h)
	if say, ok := r.(*chat.Say); ok {
		m.hear(0, say.Text)
	}
	m.driver.Answer(l, chat.Answer{To: r})
}

// Event implements session.Handler: the server tells something.
func (h *handler) Event(l *session.Link, e chat.Event) {
	m := (*Mode)(h)
	owner := m.end(l.ID())
	if owner == nil || owner.kind != toServer {
		return
	}
	n, p := int(owner.n), &m.people[owner.n]
	switch e := e.(type) {
	case *chat.Answer:
		m.answered(n, e)
	case *chat.Said:
		m.receipt(l, e)
		m.hear(n, e.Text)
	case *chat.Came:
		if owner.n == m.cards.reader {
			m.cards.note(m.number(e.Who.Plain()), e.Who)
		}
		m.tells(owner.skim, p, e.Who, true)
	case *chat.Went:
		m.tells(owner.skim, p, e.Who, false)
	case *chat.Members:
		if e.Room == m.traits.Lobby && p.state == in {
			m.goIn(n, m.room(e.Room))
		}
	case *chat.Notice:
		if p.state == entering {
			p.extra().words = e.Text
		}
	}
}

// receipt says that a text has come, where the server waits for that.
func (m *Mode) receipt(l *session.Link, e *chat.Said) {
	if m.traits.Receipts && e.From != nil {
		m.driver.Ask(l, &chat.Received{From: []byte(e.From.Name)})
	}
}

// Broken implements session.Handler.
func (h *handler) Broken(_ *session.Link, err error) {
	(*Mode)(h).oops("a link does not speak the dialect: " + err.Error())
}

// tells takes news of a person as a value.
func (m *Mode) tells(skim codec.Skimming, p *person, who *chat.Person, came bool) {
	if skim == nil {
		m.count.entries++
		return
	}
	m.buf = skim.AppendWho(m.buf[:0], who)
	m.news(p, m.buf, came)
}

// news takes news of a person by the bytes that stand for it. They are added
// up, so that their order does not count and each takes back the other.
func (m *Mode) news(p *person, who []byte, came bool) {
	h := maphash.Bytes(m.seed, who)
	m.count.entries++
	switch {
	case h == p.self: // some servers tell people of themselves
	case came:
		p.sum += h
		p.known++
	default:
		p.sum -= h
		p.known--
	}
	m.lastNews = m.now()
}
