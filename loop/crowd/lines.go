package crowd

import (
	"net/netip"
	"time"

	"mim/codec"
	"mim/loop"
)

// A line is a direct line that person n of the crowd has dialled to another. A
// person has one at a time: what is for somebody else waits until everything on
// it has arrived. So the texts of a person arrive in their order.
type line struct {
	id    loop.ID // 0: it is dialled
	to    int32
	sent  uint64 // position behind the last text
	acked uint64 // everything up to here is with the other machine
	over  bool   // it is closing
}

// A queued text waits for its line.
type queued struct {
	to   int32 // number of the person; -i: the one with that number in Mode.cards.abroad, less 1
	id   uint64
	text []byte
}

// lineWithin bounds the dial of a direct line.
const lineWithin = 10 * time.Second

// sayDirectly says a text on a direct line to its reader.
func (m *Mode) sayDirectly(n int, k mark, name string, text []byte) {
	to := int32(k.to)
	if to == 0 {
		if to = m.cards.stranger(name); to == 0 {
			m.oops(notThere)
			m.fail(0)
			return
		}
	}
	e := m.people[n].extra()
	e.texts = append(e.texts, queued{to, k.id, append([]byte(nil), text...)})
	m.pump(n)
}

// pump says what waits, as far as it can.
func (m *Mode) pump(n int) {
	e := m.people[n].more
	for e != nil && len(e.texts) > 0 && m.over != done {
		head, l := &e.texts[0], e.line
		switch {
		case l == nil:
			m.dialLine(n)
			return
		case l.over || l.id == 0:
			return
		case l.to != head.to && l.acked < l.sent:
			return
		case l.to != head.to:
			m.closeLine(l)
			return
		}
		s := m.driver.Get(l.id)
		if s == nil {
			return // Closed is about to come
		}
		m.said.Text = head.text
		if pos := m.driver.Tell(s, &m.said, false); pos > 0 {
			l.sent = pos
			m.net.Watch(l.id, pos)
		}
		if e.texts = e.texts[1:]; len(e.texts) == 0 {
			e.texts = nil
		}
	}
}

// dialLine dials the line for the first text of a person, if one more may be.
func (m *Mode) dialLine(n int) {
	e := m.people[n].more
	if m.lines >= max(m.cfg.Lines, 1) {
		if !e.wants {
			e.wants = true
			m.wantsLine = append(m.wantsLine, int32(n))
		}
		m.freeLine()
		return
	}
	to := int(e.texts[0].to)
	m.lines++
	e.line = &line{to: int32(to)}
	m.net.DialFrom(m.from(n), "tcp", m.addressOf(to), lineWithin, lineTag{int32(n), e.line})
}

// addressOf is where a person is reached; see queued.to.
func (m *Mode) addressOf(n int) string {
	if n < 0 {
		return m.cards.abroad[-n-1].Near.String()
	}
	at := m.net.Local(m.door(n))
	if at.Addr().IsUnspecified() {
		loopback := netip.AddrFrom4([4]byte{127, 0, 0, 1})
		if at.Addr().Is6() {
			loopback = netip.IPv6Loopback()
		}
		if e := m.end(m.people[n].links[0]); e != nil {
			if here := m.net.Here(e.id); here.IsValid() {
				loopback = here.Addr()
			}
		}
		at = netip.AddrPortFrom(loopback, at.Port())
	}
	return at.String()
}

// freeLine closes a line on which nothing is under way, for those who want one.
func (m *Mode) freeLine() {
	for range m.cfg.Count {
		if m.victim++; m.victim > m.cfg.Count {
			m.victim = 1
		}
		e := m.people[m.victim].more
		if e == nil || e.line == nil || e.line.id == 0 || e.line.over || e.line.acked < e.line.sent || len(e.texts) > 0 {
			continue
		}
		m.closeLine(e.line)
		return
	}
}

func (m *Mode) closeLine(l *line) {
	l.over = true
	m.net.CloseSoon(l.id, nil)
}

func (m *Mode) openedLine(id loop.ID, tag lineTag, remote netip.AddrPort) {
	if m.over == done {
		m.net.Kill(id, nil)
		return
	}
	tag.line.id = id
	m.own(end{id: id, n: tag.n, kind: dialled})
	m.driver.Open(id, 0, codec.Link{Role: codec.Peer, As: m.name(int(tag.n)), Dialed: true, Remote: remote})
	m.pump(int(tag.n))
}

// Left implements loop.Mode: what was said on a direct line has arrived.
func (m *Mode) Left(id loop.ID, pos uint64) {
	e := m.end(id)
	if e == nil || e.kind != dialled {
		return
	}
	more := m.people[e.n].more
	if more == nil || more.line == nil || more.line.id != id {
		return
	}
	more.line.acked = pos
	m.pump(int(e.n))
	if len(m.wantsLine) > 0 && len(more.texts) == 0 && more.line.acked >= more.line.sent && !more.line.over {
		m.closeLine(more.line)
	}
	m.run(int(e.n))
}

// lineOver takes the end of a line, or of a dial that came to nothing: then the
// first text, which was for the same person, has failed.
func (m *Mode) lineOver(n int, l *line, why string) {
	e := m.people[n].more
	m.lines--
	e.line = nil
	if why != "" {
		m.oops(why)
		if len(e.texts) > 0 {
			m.fail(e.texts[0].id)
			e.texts = e.texts[1:]
		}
	}
	m.pump(n)
	for len(m.wantsLine) > 0 && m.lines < max(m.cfg.Lines, 1) {
		next := m.wantsLine[0]
		m.wantsLine = m.wantsLine[1:]
		m.people[next].more.wants = false
		m.pump(int(next))
	}
	m.run(n)
}
