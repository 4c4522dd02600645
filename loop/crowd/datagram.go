package crowd

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"time"

	"mim/chat"
	"mim/chat/report"
	"mim/codec"
	"mim/loop"
	"mim/loop/session"
)

// Where people write to each other by datagrams each person has a socket, and a
// login is a question for the table that ends its link. It holds by a lease, so
// the table is asked for again and again:
//
//	in, asks -- table --> in, rests -- Renew, or sooner --> in, asks
//	   \-- closed, failed: counted, and asked again after tableGap
//
// A socket that knew everybody would take as much for N people as N tables. So
// it is told only of those with whom its person talks, of those who are in the
// table that came last; who else is in that is one bit.

const (
	// tableGap is the least time between two tables for one person: one for
	// whom there is a text who is not in the last one makes us ask sooner.
	tableGap = 2 * time.Second
	// maxTalks is with how many others a person talks at once, so that their
	// program is remembered.
	maxTalks = 64
)

// A mailbox is the socket of a person.
type mailbox struct {
	socket codec.Socket
	talks  []*chat.Person // of whom the socket knows, the newest last
	table  report.Set     // who of the crowd is in the last table
	texts  []queued       // for people who are not
	open   int            // texts that have no outcome yet
	asks   bool           // the table is on its way
	asked  time.Duration  // when it was asked for last, and
	again  time.Duration  // when it is to be again
	at     time.Duration  // when this is to be looked at; never
}

// Tidings are what the socket of a person has told.
type tidings struct {
	n int32
	codec.Output
}

func (b *mailbox) full() bool { return b.open+len(b.texts) >= maxOpen }

// mail is the mailbox of a person; nil: they have none now.
func (m *Mode) mail(n int) *mailbox {
	if e := m.people[n].more; e != nil {
		return e.mail
	}
	return nil
}

// openMail gives a person who logs in a socket that knows nobody.
func (m *Mode) openMail(n int) {
	d, ok := m.cfg.Dialect.(codec.Datagrams)
	if !ok {
		return
	}
	cfg := codec.SocketConfig{Name: m.name(n), Self: m.net.Local(m.door(n))}
	binary.BigEndian.PutUint64(cfg.Seed[:], m.cfg.Run)
	binary.BigEndian.PutUint64(cfg.Seed[8:], uint64(n))
	m.people[n].extra().mail = &mailbox{socket: d.Socket(cfg), asks: true, asked: m.now(), again: never, at: never}
}

// askTable asks for the table, which is a login, or to be taken out of it.
func (m *Mode) askTable(n int, l *session.Link) {
	port := m.net.Local(m.door(n)).Port()
	// That is where the table has us. Our name in it may be another.
	m.cards.numbers[netip.AddrPortFrom(m.net.Here(l.ID()).Addr(), port)] = int32(n)
	if m.people[n].state == leaving {
		m.driver.Ask(l, &chat.Withdraw{Name: m.name(n), Port: port})
		return
	}
	m.driver.Ask(l, &chat.Login{Name: m.name(n), Port: port})
}

// pollOpens reports whether a link to the server is one for the table, or for
// the goodbye, of somebody who is in already.
func (m *Mode) pollOpens(n int) bool {
	p := &m.people[n]
	return m.writes() && (p.state == leaving || p.state == in && p.more.mail.asks)
}

// poll asks for the table once more.
func (m *Mode) poll(n int) {
	b := m.mail(n)
	b.asks, b.asked, b.again = true, m.now(), never
	m.dial(n, chat.Both)
}

// pollSoon asks for the table before its time.
func (m *Mode) pollSoon(n int) {
	if b := m.mail(n); b != nil && !b.asks {
		b.again = min(b.again, max(b.asked+tableGap, m.now()))
		m.setPost(n)
	}
}

// polled takes the answer to a question for the table; false: it is that to a
// login, which is not over with it.
func (m *Mode) polled(n int, a *chat.Answer) bool {
	b := m.mail(n)
	if b == nil || !m.writes() {
		return false
	}
	p := &m.people[n]
	if p.state != in {
		if p.state == entering && a.Err == nil {
			m.tableCame(n, a.People)
		}
		return false
	}
	if a.Err != nil {
		m.pollFailed(n, a.Err.Error())
		return true
	}
	m.tableCame(n, a.People)
	m.postWaiting(n)
	return true
}

// tableCame makes the table of a person that which has come.
func (m *Mode) tableCame(n int, people []*chat.Person) {
	b := m.mail(n)
	b.asks, b.again = false, m.now()+m.traits.Renew
	b.table = report.Set{}
	for _, who := range people {
		i := int(m.cards.numbers[who.Near])
		m.cards.note(i, who)
		if i != 0 {
			b.table.Add(i)
		}
	}
	m.count.entries += uint64(len(people))
	m.lastNews = m.now()
	if gone := func(who *chat.Person) bool {
		i, ours := m.cards.numbers[who.Near]
		return ours && !b.table.Has(int(i))
	}; slices.ContainsFunc(b.talks, gone) {
		b.talks = slices.DeleteFunc(b.talks, gone)
		m.know(n)
	}
	m.setPost(n)
}

// pollFailed counts a question for the table that came to nothing.
func (m *Mode) pollFailed(n int, why string) {
	b := m.mail(n)
	m.count.dropped++
	m.oops("the table did not come: " + why)
	b.asks, b.again = false, m.now()+tableGap
	m.setPost(n)
}

// pollClosed takes the end of a link to the server, or of a dial, which says
// nothing about who is in; false: it does.
func (m *Mode) pollClosed(n int, why error) bool {
	p := &m.people[n]
	if !m.writes() || p.state != in && p.state != leaving {
		return false
	}
	if p.state == leaving {
		if p.links == [2]loop.ID{} {
			m.left(n)
		}
		return true
	}
	if b := m.mail(n); b.asks {
		m.pollFailed(n, plain(why))
	}
	return true
}

// withdraw takes a person out of the table. What was said to them is theirs no more.
func (m *Mode) withdraw(n int) {
	e := m.people[n].extra()
	for _, t := range e.mail.texts {
		m.fail(t.id)
	}
	for _, who := range e.mail.talks {
		m.takeNow(n, e.mail.socket.Bye(m.net.Now(), who.Near))
	}
	e.mail = nil
	m.hangUp(n)
	m.dial(n, chat.Both)
}

// post says a text by datagram, as soon as its reader is in the table.
func (m *Mode) post(n int, k mark, name string, text []byte) {
	b := m.mail(n)
	to := int32(k.to)
	if to == 0 {
		if to = m.cards.stranger(name); to == 0 {
			m.oops(notThere)
			m.fail(0)
			m.pollSoon(n)
			return
		}
	}
	if len(b.texts) > 0 || to > 0 && !b.table.Has(int(to)) {
		b.texts = append(b.texts, queued{to, k.id, slices.Clone(text)})
		m.pollSoon(n)
		return
	}
	m.postTo(n, to, k.id, text)
}

// postTo says a text to somebody who is in the table.
func (m *Mode) postTo(n int, to int32, id uint64, text []byte) {
	b := m.mail(n)
	who := m.card(to)
	m.talk(n, who)
	b.open++
	m.take(n, b.socket.Say(m.net.Now(), who.Near, text, id))
}

func (m *Mode) card(to int32) *chat.Person {
	if to < 0 {
		return m.cards.abroad[-to-1]
	}
	return m.cards.ours[to]
}

// postWaiting says what has waited for the table. Whoever is not in it cannot
// be written to.
func (m *Mode) postWaiting(n int) {
	b := m.mail(n)
	texts := b.texts
	b.texts = nil
	for _, t := range texts {
		if t.to > 0 && !b.table.Has(int(t.to)) {
			m.oops(notThere)
			m.fail(t.id)
			continue
		}
		m.postTo(n, t.to, t.id, t.text)
	}
	if len(texts) > 0 {
		m.run(n)
	}
}

// talk has the socket know somebody who is in the table.
func (m *Mode) talk(n int, who *chat.Person) {
	b := m.mail(n)
	if slices.Contains(b.talks, who) {
		return
	}
	if b.talks = append(b.talks, who); len(b.talks) > maxTalks {
		b.talks = slices.Delete(b.talks, 0, 1)
	}
	m.know(n)
}

func (m *Mode) know(n int) {
	b := m.mail(n)
	m.take(n, b.socket.Known(m.net.Now(), m.net.Local(m.door(n)), b.talks))
}

// Datagram implements loop.Mode: somebody has written to a person, or confirms
// what a person wrote.
func (m *Mode) Datagram(door int, from netip.AddrPort, p []byte) {
	n := door + 1
	if !m.writes() || n >= len(m.people) || m.over == done {
		return
	}
	b := m.mail(n)
	if b == nil {
		return // not in, or not any more
	}
	m.count.in += uint64(len(p))
	if i := m.cards.numbers[from]; i != 0 && b.table.Has(int(i)) {
		m.talk(n, m.cards.ours[i])
	}
	m.take(n, b.socket.Datagram(m.net.Now(), from, p))
}

// take sends what the socket of a person wants sent, and hears what it tells,
// but not inside itself.
func (m *Mode) take(n int, out []codec.Output) {
	m.takeNow(n, out)
	m.setPost(n)
	if m.hearing {
		return
	}
	m.hearing = true
	for i := 0; i < len(m.told); i++ {
		m.hearTidings(m.told[i])
	}
	clear(m.told)
	m.told, m.hearing = m.told[:0], false
}

func (m *Mode) takeNow(n int, out []codec.Output) {
	for _, o := range out {
		if o.Kind == codec.Send {
			m.net.SendTo(m.door(n), o.Who, o.Data)
			m.count.out += uint64(len(o.Data))
			continue
		}
		o.Data = slices.Clone(o.Data)
		m.told = append(m.told, tidings{int32(n), o})
	}
}

// hearTidings takes one thing that a socket has told.
func (m *Mode) hearTidings(o tidings) {
	n := int(o.n)
	b := m.mail(n)
	if b == nil {
		return
	}
	switch o.Kind {
	case codec.Said:
		if i := m.cards.numbers[o.Who]; i == 0 || !b.table.Has(int(i)) {
			m.pollSoon(n)
		}
		m.hear(n, o.Data)
	case codec.Unlisted:
		m.pollSoon(n)
	case codec.Failed:
		m.oops("a text was not confirmed: " + o.Err.Error())
		m.fail(o.Ticket)
		m.outcome(n, b)
	case codec.Delivered:
		m.outcome(n, b)
	case codec.Sent:
		if o.More == 0 {
			m.outcome(n, b)
		}
	}
}

// outcome counts one text less that has none.
func (m *Mode) outcome(n int, b *mailbox) {
	if b.open--; b.open == maxOpen-1 {
		m.run(n)
	}
}

// wantsPost is when the mailbox of a person is to be looked at.
func (m *Mode) wantsPost(n int32) *time.Duration {
	if b := m.mail(int(n)); b != nil {
		return &b.at
	}
	return nil
}

// setPost has the mailbox of a person looked at when something is due.
func (m *Mode) setPost(n int) {
	b := m.mail(n)
	if b == nil {
		return
	}
	at := b.again
	if wake := b.socket.Wake(); !wake.IsZero() {
		at = min(at, wake.Sub(m.start))
	}
	m.rouse(&m.posts, n, &b.at, at)
}

// postDue does what is due in the mailbox of a person.
func (m *Mode) postDue(n int) {
	b, now := m.mail(n), m.now()
	if wake := b.socket.Wake(); !wake.IsZero() && wake.Sub(m.start) <= now {
		m.take(n, b.socket.Due(m.net.Now()))
	}
	if b = m.mail(n); b != nil && b.again <= now && m.people[n].state == in && !b.asks {
		m.poll(n)
	}
	m.setPost(n)
}
