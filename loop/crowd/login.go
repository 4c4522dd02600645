package crowd

import (
	"hash/maphash"
	"net/netip"
	"slices"
	"strings"
	"time"

	"mim/chat"
	"mim/codec"
	"mim/loop"
)

// enter begins a login that was due then.
func (m *Mode) enter(n int, due time.Duration) {
	p := &m.people[n]
	p.state, p.since = entering, due
	p.sum, p.known = 0, 0
	m.openMail(n)
	m.entering++
	m.wake(n, m.now()+loginWithin)
	part := chat.Both
	if m.traits.Parts {
		part = chat.Sends
	}
	m.dial(n, part)
}

func (m *Mode) dial(n int, part chat.Part) {
	m.net.DialFrom(m.from(n), "tcp", m.cfg.Server, dialWithin, serverTag{int32(n), part})
}

// slot is where the link for a part is kept.
func slot(part chat.Part) int {
	if part == chat.Receives {
		return 1
	}
	return 0
}

func (m *Mode) openedServer(id loop.ID, tag serverTag, remote netip.AddrPort) {
	n, p := int(tag.n), &m.people[tag.n]
	if p.state != entering && !m.pollOpens(n) || m.over == done {
		m.net.Kill(id, nil)
		return
	}
	p.links[slot(tag.part)] = id
	l := m.driver.Call(id, 0, codec.Link{Role: codec.Registry, As: m.name(n), Dialed: true, Remote: remote})
	e := end{id: id, n: tag.n, kind: toServer}
	e.skim, _ = l.Caller().(codec.Skimming)
	m.own(e)
	login := chat.Login{Name: m.name(n), Part: tag.part, Pass: m.cfg.Pass}
	if m.writes() {
		m.askTable(n, l)
		return
	}
	if listens(m.cfg.Dialect) {
		login.Port = m.net.Local(m.door(n)).Port()
		if e.skim != nil {
			m.buf = e.skim.AppendWho(m.buf[:0], &chat.Person{Name: login.Name, Near: netip.AddrPortFrom(m.net.Here(id).Addr(), login.Port)})
			p.self = maphash.Bytes(m.seed, m.buf)
		}
	}
	m.driver.Ask(l, &login)
}

// loggedIn takes the answer to a login.
func (m *Mode) loggedIn(n int, part chat.Part, err error) {
	p := &m.people[n]
	switch {
	case p.state != entering:
		return
	case err != nil:
		m.refused(n, "a login was refused: "+strings.ReplaceAll(err.Error(), m.name(n), "NAME"))
		return
	case part == chat.Sends:
		m.dial(n, chat.Receives)
		return
	}
	now := m.now()
	p.state, p.at = in, never
	if p.more != nil {
		p.more.words = ""
	}
	m.entering--
	p.place = int32(len(m.online))
	m.online = append(m.online, int32(n))
	if m.cards.reader == 0 && m.cfg.Script.Names() {
		m.cards.reader = int32(n)
	}
	m.inRoom[0].Add(n)
	m.figures.Login(now, now-p.since)
	if m.count.loginsDone = now; !p.been {
		p.been = true
		p.Person = m.cfg.Script.Begin(n, m.cfg.Seed, now)
		m.settle()
	} else {
		p.busy = false
		p.Late(now)
	}
	m.run(n)
	m.ramp()
}

// settle counts one more who has been in, or never will be.
func (m *Mode) settle() {
	if m.settled++; m.settled < m.cfg.Count {
		return
	}
	m.allIn = max(m.now(), 1)
	if m.cfg.Script.Stop > 0 {
		m.stopAt = m.allIn + m.cfg.Script.Stop
	}
	waiting := m.waiting
	m.waiting = nil
	for _, n := range waiting {
		m.people[n].busy = false
		m.people[n].Late(m.now())
		m.run(int(n))
	}
}

// refused ends a login that came to nothing, and with it the person.
func (m *Mode) refused(n int, why string) {
	p := &m.people[n]
	if p.state != entering {
		return
	}
	m.oops(why)
	m.count.failed++
	m.entering--
	m.depart(n, gone)
	m.hangUp(n)
	if m.over != done {
		m.ramp()
	}
}

// depart notes that a person is not in any more, and perhaps never again.
func (m *Mode) depart(n int, to state) {
	p := &m.people[n]
	if p.state == in {
		last := m.online[len(m.online)-1]
		m.online[p.place], m.people[last].place = last, p.place
		m.online = m.online[:len(m.online)-1]
		m.inRoom[0].Remove(n)
		m.ledger.Excuse(n, 0)
		if p.more != nil {
			for _, r := range slices.Clone(p.more.rooms) {
				m.goOut(n, int(r))
			}
		}
	}
	p.state, p.at, p.open = to, never, 0
	if p.more != nil {
		p.more.asked = nil
	}
	if to != gone {
		return
	}
	if !p.been {
		p.been = true
		m.settle()
	}
	m.endScript(n)
}

// endScript notes that a person's script is over.
func (m *Mode) endScript(n int) {
	if p := &m.people[n]; !p.ended {
		p.ended = true
		m.ended++
	}
}

// hangUp ends what is left of a person's links to the server.
func (m *Mode) hangUp(n int) {
	p := &m.people[n]
	for _, id := range p.links {
		if l := m.driver.Get(id); l != nil {
			m.driver.Close(l, nil)
		}
	}
}

// closedServer takes the end of a link to the server.
func (m *Mode) closedServer(n int, id loop.ID, why error) {
	p := &m.people[n]
	i := slices.Index(p.links[:], id)
	if i < 0 {
		return
	}
	p.links[i] = 0
	if m.over == done || m.pollClosed(n, why) {
		return
	}
	switch p.state {
	case entering:
		words := ""
		if p.more != nil && p.more.words != "" {
			words = ": " + p.more.words
		}
		m.refused(n, "a login was not answered: "+plain(why)+words)
	case in:
		m.count.dropped++
		m.oops("a link to the server was lost: " + plain(why))
		m.depart(n, gone)
		m.hangUp(n)
	case leaving:
		if p.links == [2]loop.ID{} {
			m.left(n)
		} else {
			m.hangUp(n)
		}
	}
}

// leave logs a person out.
func (m *Mode) leave(n int) {
	p := &m.people[n]
	m.depart(n, leaving)
	if p.more != nil && p.more.line != nil && p.more.line.id != 0 && !p.more.line.over {
		m.closeLine(p.more.line)
	}
	l := m.driver.Get(p.links[0])
	switch {
	case m.writes():
		m.withdraw(n)
	case l == nil:
		m.hangUp(n)
	case m.traits.Logout:
		m.driver.Ask(l, &chat.Logout{})
		m.wake(n, m.now()+leaveWithin)
	default:
		m.hangUp(n)
	}
}

// leaveWithin is how long a server has to close behind a goodbye.
const leaveWithin = 5 * time.Second

// left notes that a person has left.
func (m *Mode) left(n int) {
	p := &m.people[n]
	p.state, p.at, p.busy = out, never, false
	p.Late(m.now())
	m.run(n)
}
