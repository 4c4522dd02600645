package serve

import (
	"errors"
	"net/netip"

	"mim/loop"
	"mim/roster"
)

// errNoStore is why nothing is kept by a server without a store.
var errNoStore = errors.New("no store")

// work begins what may take long: a password's check, a change for the disk, a
// look into it, a dial, a text by datagram. Its outcome comes back as a function
// posted to the loop, or as an event of it.
func (m *Mode) work(e *roster.Effect) {
	switch e.Kind {
	case roster.Check:
		m.check(e)
	case roster.Keep:
		m.keep(e)
	case roster.Fetch:
		m.fetch(e)
	case roster.Dial:
		m.dial(e)
	case roster.Note:
		m.log.Warn(e.Name)
	default:
		m.byDatagram(e)
	}
}

func (m *Mode) check(e *roster.Effect) {
	to := e.To
	done := func(right bool, err error) {
		m.net.Post(func() { m.carryOut(m.roster.Checked(m.net.Now(), to, right, err)) })
	}
	if m.cfg.Passwords == nil {
		done(false, nil)
		return
	}
	var from netip.Addr
	if l := m.at(loop.ID(to)); l != nil {
		from = l.remote.Addr()
	}
	m.cfg.Passwords.Check(from, e.Name, e.Pass, done)
	clear(e.Pass)
}

func (m *Mode) keep(e *roster.Effect) {
	var done func(error)
	if w := e.Keeping; w != nil {
		since := m.net.Now()
		done = func(err error) {
			m.net.Post(func() {
				if m.cfg.Kept != nil {
					m.cfg.Kept(m.net.Now().Sub(since))
				}
				m.logStore("cannot store", err)
				m.carryOut(m.roster.Kept(m.net.Now(), w, err))
			})
		}
	}
	switch {
	case m.cfg.Store != nil:
		m.cfg.Store.Keep(*e.Change, done)
	case done != nil:
		done(errNoStore)
	}
}

func (m *Mode) fetch(e *roster.Effect) {
	name := e.Name
	done := func(texts []roster.Text, err error) {
		m.net.Post(func() {
			m.logStore("cannot read the store", err)
			m.carryOut(m.roster.Fetched(m.net.Now(), name, texts, err))
		})
	}
	if m.cfg.Store == nil {
		done(nil, errNoStore)
		return
	}
	m.cfg.Store.Inbox(name, e.After, e.Most, done)
}

// logStore writes a line about what the store could not do.
func (m *Mode) logStore(what string, err error) {
	if err != nil {
		m.log.Error(what, "why", err)
	}
}
