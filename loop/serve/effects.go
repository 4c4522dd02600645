package serve

import (
	"log/slog"

	"mim/chat"
	"mim/loop"
	"mim/loop/session"
	"mim/roster"
)

// A handler is the side of a Mode that its driver of sessions calls.
type handler Mode

// Request implements session.Handler.
func (h *handler) Request(l *session.Link, r chat.Request) {
	m := (*Mode)(h)
	effects := m.roster.Do(m.net.Now(), chat.Link(l.ID()), r)
	m.driver.Spend((m.roster.Walked() + len(effects)) / stepsWorth)
	if at := m.at(l.ID()); at != nil && m.doors[at.door].records {
		m.record(l, &m.doors[at.door], effects)
	}
	m.carryOut(effects)
}

// stepsWorth is how many members looked at, or effects carried out, cost about
// as much as decoding a request.
const stepsWorth = 16

// Event implements session.Handler; a server calls no other server.
func (h *handler) Event(*session.Link, chat.Event) {}

// Broken implements session.Handler.
func (h *handler) Broken(l *session.Link, err error) { (*Mode)(h).logEnd("malformed", l.ID(), err) }

// carryOut does what the roster decided, in order, and asks to be woken when
// the roster wants it. Nothing in it comes back to the roster, so groups and
// events stay as they are until the end.
func (m *Mode) carryOut(effects []roster.Effect) {
	m.driver.Batch()
	var left *chat.Person // gone by these effects: who comes after is the same user, renamed
	for i := range effects {
		e := &effects[i]
		switch {
		case e.Kind == roster.Tell && e.Many != nil:
			m.driver.TellAll(e.Many.Links(), e.But, e.Event, e.Lazy)
			if !e.Echo {
				left = m.note(e.Event, left)
			}
			continue
		case e.Kind == roster.Close:
			m.logEnd("closing", loop.ID(e.To), e.Why)
		case e.Kind >= roster.Check:
			m.work(e)
			continue
		}
		l := m.driver.Get(loop.ID(e.To))
		if l == nil {
			continue
		}
		switch e.Kind {
		case roster.Tell:
			m.told(l, e, m.driver.TellShared(l, e.Event, e.Lazy))
		case roster.Reply:
			m.logRefusal(l.ID(), &e.Answer)
			m.driver.Answer(l, e.Answer)
		case roster.Count:
			m.driver.Count(l, e.Count, e.Guess)
		case roster.Close:
			m.driver.Close(l, e.Why)
		}
	}
	if left != nil {
		m.logUser("logout", left)
	}
	m.wake(m.roster.Next())
	m.hear()
}

// told asks to hear when what was told has left, or says that it had no words,
// if the roster wants to know.
func (m *Mode) told(to *session.Link, e *roster.Effect, pos uint64) {
	l := m.at(to.ID())
	if l == nil || e.Mark == 0 && e.Said == 0 || to.Closing() {
		return // what a closing link was told has not been said at all
	}
	id, mark, said := chat.Link(to.ID()), e.Mark, e.Said
	switch {
	case pos == 0 && mark != 0: // there is nothing to wait for
		m.net.Post(func() { m.carryOut(m.roster.Left(m.net.Now(), id, mark)) })
	case pos == 0:
		m.net.Post(func() { m.carryOut(m.roster.Unsaid(m.net.Now(), id, said)) })
	case mark != 0:
		l.marks = append(l.marks, toldMark{pos, mark})
		m.net.Watch(l.ID(), pos)
	}
}

// note tells the window and the log of a user who came or went. left is who
// went just before; note says who did now, if the log has not heard of it.
func (m *Mode) note(e chat.Event, left *chat.Person) *chat.Person {
	switch e := e.(type) {
	case *chat.Went:
		m.window(false, e.Who)
		return e.Who
	case *chat.Came:
		m.window(true, e.Who)
		if left == nil {
			m.logUser("login", e.Who)
		} else {
			m.logUser("rename", e.Who, slog.String("from", left.Name))
		}
	}
	return nil
}

func (m *Mode) window(came bool, who *chat.Person) {
	if m.cfg.Window != nil {
		m.cfg.Window(came, who)
	}
}
