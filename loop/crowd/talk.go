package crowd

import (
	"slices"
	"strings"

	"mim/chat"
	"mim/chat/report"
	"mim/chat/script"
)

// woken goes on with a person whose time has come.
func (m *Mode) woken(n int) {
	switch p := &m.people[n]; p.state {
	case entering:
		m.refused(n, "a login was not answered in time")
	case leaving:
		m.hangUp(n)
	default:
		m.run(n)
	}
}

// run goes on with a person's script until it has to wait.
func (m *Mode) run(n int) {
	p := &m.people[n]
	for range maxSteps {
		if m.over != running || p.busy || p.ended || p.state == gone || p.state == entering || !p.been || m.full(p) {
			return
		}
		step := m.cfg.Script.Step(&p.Person, m.now(), m)
		switch step.Do {
		case script.End:
			m.endScript(n)
			return
		case script.Sleep, script.Listen:
			m.wake(n, step.At)
			return
		case script.Everyone:
			if m.allIn == 0 {
				p.busy = true
				m.waiting = append(m.waiting, int32(n))
			}
		case script.Missed:
			m.count.missed++
			m.missed[step.Line]++
		default:
			m.act(n, step)
		}
	}
	m.wake(n, m.now())
}

// full reports whether a person has asked as much as callers take at once.
func (m *Mode) full(p *person) bool {
	return p.open >= maxOpen || p.more != nil && (len(p.more.texts) >= maxOpen || p.more.mail != nil && p.more.mail.full())
}

// act carries out a step that the server hears of.
func (m *Mode) act(n int, step script.Step) {
	p := &m.people[n]
	switch {
	case step.Do == script.Return:
		if p.state == out {
			p.busy = true
			m.enter(n, max(step.Due, 0))
		}
	case p.state != in:
		m.oops("the script has a person act who has left")
	case step.Do == script.Say:
		m.say(n, step)
	case step.Do == script.Join:
		p.busy = true
		m.ask(n, &chat.Join{Room: roomName(step.Name)})
	case step.Do == script.Part:
		room := roomName(step.Name)
		p.busy = true
		m.goOut(n, m.room(room))
		m.ask(n, &chat.Leave{Room: room})
	case step.Do == script.Leave:
		p.busy = true
		m.leave(n)
	}
}

// roomName is how rooms are named in chat: in lower case.
func roomName(s string) string { return strings.ToLower(s) }

// ask puts something to the server that is answered.
func (m *Mode) ask(n int, r chat.Request) {
	p := &m.people[n]
	l := m.driver.Get(p.links[0])
	if l == nil {
		return // it is closing, and that is about to be told
	}
	p.open++
	m.driver.Ask(l, r)
}

// say says a text that the script says now.
func (m *Mode) say(n int, step script.Step) {
	p := &m.people[n]
	k := mark{run: m.cfg.Run, from: n}
	var to string
	switch step.Target {
	case script.Number:
		k.to, to = step.Number, m.name(step.Number)
	case script.Named:
		k.to, to = m.number(step.Name), step.Name
	case script.All:
		k.id = m.ledger.SentMany(n, 0, m.inRoom[0], step.Due)
	case script.Room:
		to = roomName(step.Name)
		room := m.room(to)
		k.id = m.ledger.SentMany(n, room, m.inRoom[room], step.Due)
	}
	switch {
	case k.to != 0:
		k.id = m.ledger.Sent(n, k.to, step.Due)
	case step.Target == script.Named:
		m.count.abroad++
	}
	m.figures.Sent(m.now())
	text := m.text(k, step)
	switch {
	case m.writes():
		m.post(n, k, to, text)
		return
	case m.traits.Reach != chat.ByLink:
		m.sayDirectly(n, k, to, text)
		return
	}
	if m.traits.Receipts {
		p.extra().asked = append(p.extra().asked, k.id)
	}
	m.ask(n, &chat.Say{To: []byte(to), All: step.Target == script.All, Room: step.Target == script.Room, Text: text})
}

// text is the mark and the words of a step, as long as it says; valid until
// the next one.
func (m *Mode) text(k mark, step script.Step) []byte {
	m.buf = append(k.append(m.buf[:0]), step.Text...)
	for i := 0; len(m.buf) < step.Size; i++ {
		m.buf = append(m.buf, 'a'+byte(i%26))
	}
	if step.Text == "" && step.Size == 0 {
		m.buf = append(m.buf, "hello"...)
	}
	return m.buf
}

// room is the number of a room, from 1.
func (m *Mode) room(name string) int {
	r, ok := m.rooms[name]
	if !ok {
		r = len(m.inRoom)
		m.rooms[name] = r
		m.inRoom = append(m.inRoom, &report.Set{})
	}
	return r
}

// goIn notes that a person is in a room, goOut that it is not.
func (m *Mode) goIn(n, room int) {
	if !m.inRoom[room].Has(n) {
		m.inRoom[room].Add(n)
		e := m.people[n].extra()
		e.rooms = append(e.rooms, int32(room))
	}
}

func (m *Mode) goOut(n, room int) {
	if m.inRoom[room].Remove(n) {
		m.ledger.Excuse(n, room)
		e := m.people[n].extra()
		e.rooms = slices.DeleteFunc(e.rooms, func(r int32) bool { return r == int32(room) })
	}
}

// answered takes the outcome of what a person has asked.
func (m *Mode) answered(n int, a *chat.Answer) {
	p := &m.people[n]
	switch to := a.To.(type) {
	case *chat.Login:
		if m.polled(n, a) {
			return
		}
		m.loggedIn(n, to.Part, a.Err)
		return
	case *chat.Logout:
		m.hangUp(n)
		return
	case *chat.Withdraw:
		return // the end of the link says that it is so
	case *chat.Say:
		m.saidSo(n, to, a.Err)
	case *chat.Join:
		if a.Err == nil && p.state == in {
			m.goIn(n, m.room(to.Room))
		}
		p.busy = false
	case *chat.Leave:
		p.busy = false
	default:
		return
	}
	if a.Err != nil {
		m.oops(a.Err.Error())
	}
	if p.open > 0 {
		p.open--
	}
	m.run(n)
}

// saidSo takes the outcome of a text. Where each text is answered, in order,
// it is the oldest one; else only failures have words, and are about the
// oldest one for whom they name.
func (m *Mode) saidSo(n int, to *chat.Say, err error) {
	p := &m.people[n]
	switch {
	case m.traits.Receipts:
		if p.more == nil || len(p.more.asked) == 0 {
			return
		}
		id := p.more.asked[0]
		if p.more.asked = p.more.asked[:copy(p.more.asked, p.more.asked[1:])]; err != nil {
			m.fail(id)
		}
	case err != nil && (to.All || to.Room):
		m.ledger.FailTo(n, 0)
	case err != nil:
		if other := m.number(string(to.To)); other != 0 {
			m.ledger.FailTo(n, other)
		} else {
			m.fail(0)
		}
	}
}

// fail notes that a text has failed, by its number; 0: one for somebody who is
// not of the crowd.
func (m *Mode) fail(id uint64) {
	if id == 0 {
		m.count.strayed++
		return
	}
	m.ledger.Fail(id)
}

// hear takes a text that person n has got; n is 0 on a direct line, where the
// text itself says for whom it is.
func (m *Mode) hear(n int, text []byte) {
	k, ok := readMark(text)
	if !ok || k.run != m.cfg.Run {
		m.count.heard++
		if n != 0 {
			m.overheard(n, 0)
		}
		return
	}
	if n == 0 {
		if n = k.to; n < 1 || n > m.cfg.Count {
			m.count.heard++
			return
		}
	}
	now := m.now()
	due, verdict := m.ledger.Got(k.id, n)
	if m.lastText = now; verdict <= report.Reordered {
		m.figures.Delivered(now, now-due)
	}
	m.overheard(n, k.from)
}

// overheard tells the script of a person that somebody said something.
func (m *Mode) overheard(n, from int) {
	p := &m.people[n]
	if !p.been || p.ended {
		return
	}
	p.Heard(from)
	m.run(n)
}
