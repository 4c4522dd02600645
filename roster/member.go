package roster

import (
	"net/netip"
	"slices"
	"time"

	"mim/chat"
)

// A member is a user as users of other dialects meet it. It is reached by the
// links by which it logged in, one or one for each part, or is a guest, who has
// an address of their own: see guest.go. Members have their names for
// themselves: a name is taken until its last link has closed, in whatever case
// it is written.
//
//	nobody -- Login, one part --> half -- Login, the other --> here
//	   ^                           | ^                          |
//	   |<-- its last link closed --| |<--- a link closed -------|
//	   |<-- halfWithin ------------|
//
// Who is here has come; who was here and is half again has gone.
type member struct {
	*mailbox // nil for guests
	came     chat.Came
	traits   *chat.Traits // of its dialect
	folded   string       // the name by which it is found
	odd      *odd         // nil: the name is its own alias, and the one it wanted
	account  *account     // nil: it has none
	sends    chat.Link    // 0: it lacks that part
	receives chat.Link
	seat     int32   // its place in Roster.members; -1: it is not here
	guest    bool    // it has an address of its own; no link of its own carries texts
	selfless bool    // a text to itself is an error
	user     *user   // of a guest: in the table
	lease    *lease  // of a guest: what it logs in by
	lent     lent    // what stands for it where others need an address
	lines    []*line // to it, or for it
	trust    trust   // of a guest with a listener
	asking   *asking // nil: nobody is to be dialled for it
	rooms    []*room
}

// A mailbox is what is on its way to a member by its links.
type mailbox struct {
	since    time.Time // it has been here
	leaving  *entry    // a Logout that waits for what was told to arrive
	inbox    inbox
	halfTill timer
	calls    []*end // that it takes part in or is asked to
}

// halfWithin is how long a user may lack a part (messenger rule 5).
const halfWithin = 30 * time.Second

var (
	errTaken    error = chat.Errorf(chat.Taken, "the name is taken; try another")
	errOtherOne error = chat.Errorf(chat.BadName, "this connection has another name already")
	errHalf     error = chat.Errorf(chat.Unregistered, "only one of the two connections has logged in for %v; connect again with both", halfWithin)
)

// here reports whether all parts of the member are there.
func (m *member) here() bool { return m.guest || m.sends != 0 && m.receives != 0 }

// addr is the observed address.
func (m *member) addr() netip.Addr { return m.came.Who.Near.Addr() }

// lacks reports whether nobody has the part yet.
func (m *member) lacks(p chat.Part) bool {
	switch p {
	case chat.Sends:
		return m.sends == 0
	case chat.Receives:
		return m.receives == 0
	}
	return m.sends == 0 && m.receives == 0
}

// has reports whether l is the link of the part.
func (m *member) has(l chat.Link, p chat.Part) bool {
	return (p == chat.Receives || m.sends == l) && (p == chat.Sends || m.receives == l)
}

func (m *member) take(l chat.Link, p chat.Part) {
	if p != chat.Receives {
		m.sends = l
	}
	if p != chat.Sends {
		m.receives = l
	}
}

// register is a Login on a link by which its user is reached. Who has just
// closed the connection that had the name, and asks on another, must not be
// refused because we hear of the one before the other: a name that is taken at
// the same address is asked for once more after a moment.
func (r *Roster) register(k *link, q *chat.Login) {
	m, err := r.claim(k, q)
	switch {
	case err == errTaken && r.memberCalled([]byte(q.Name)).addr() == k.addr:
		e := r.hold(k, q)
		e.timer.fire, e.timer.of = fireTaken, e
		r.start(&e.timer, takenFor)
	case err != nil:
		r.refuseName(k, q, err)
	default:
		r.settle(k, q, nil)
		r.admit(k, m, q.Part)
	}
}

// registerAgain is the second try of a login.
func (r *Roster) registerAgain(e *entry) {
	k := r.at(e.link)
	if k == nil || k.ending {
		return
	}
	m, err := r.claim(k, &e.login)
	p := e.login.Part
	if err != nil && r.slow(k.talker) {
		r.later(e, err, slowFor-takenFor)
		return
	}
	if r.done(e, err); err == nil {
		r.admit(k, m, p)
	}
}

// takenFor is how long after the end of a connection its name may seem taken.
const takenFor = 100 * time.Millisecond

// claim finds out who a link may be: the member of that name if nobody has it
// or the part is free, or why not.
func (r *Roster) claim(k *link, q *chat.Login) (*member, error) {
	if err := chat.CheckName(q.Name); err != nil {
		return nil, err
	}
	mine := k.talker.member
	m, a := r.find([]byte(q.Name))
	switch {
	case mine != nil && mine != m:
		return nil, errOtherOne
	case m == nil:
		if a != nil && a.bound {
			return nil, errBound
		}
		return r.newMember(k, q.Name, a), nil
	case m.guest:
	case m.has(k.id, q.Part), m.lacks(q.Part) && m.addr() == k.addr:
		return m, nil
	case r.spent(m):
		// Its links are there still only because answers are owed by them.
		for _, l := range [...]chat.Link{m.sends, m.receives} {
			if o := r.at(l); o != nil && o.talker.member == m {
				r.quit(o)
			}
		}
		return r.claim(k, q)
	}
	return nil, errTaken
}

// spent reports whether nothing more will be said by any link of the member.
func (r *Roster) spent(m *member) bool {
	for _, l := range [...]chat.Link{m.sends, m.receives} {
		if k := r.at(l); k != nil && !k.ended {
			return false
		}
	}
	return true
}

// Ended says that nothing more will be asked on a link; answers still leave.
func (r *Roster) Ended(l chat.Link) {
	if k := r.at(l); k != nil {
		k.ended = true
	}
}

// newMember makes the member of a name that nobody has, or of the account whose
// name or alias it is.
func (r *Roster) newMember(k *link, name string, a *account) *member {
	alias := ""
	if a != nil {
		name, alias = a.name, a.alias
	}
	remote := k.talker.remote
	m := &member{mailbox: &mailbox{}, folded: fold(name), traits: k.traits, seat: -1, selfless: k.traits.NotSelf, account: a}
	m.came.Who = &chat.Person{Name: name, Alias: alias, Dialect: k.traits.Dialect, Near: remote, Far: remote}
	if k.traits.Accounts {
		m.came.Who.Proof = chat.Pass
	}
	m.inbox.receipt.fire, m.inbox.receipt.of = fireReceipt, m
	m.halfTill.fire, m.halfTill.of = fireHalf, m
	r.enlist(m)
	return m
}

// admit gives a link its part of a member. Whoever has both parts has come,
// and what it said early is carried out.
func (r *Roster) admit(k *link, m *member, p chat.Part) {
	t := k.talker
	if t.member == m && m.has(k.id, p) {
		return // once more
	}
	t.member = m
	r.unwait(k)
	m.take(k.id, p)
	if k.traits.TimesOut && r.cfg.Timeout > 0 {
		t.heard = r.now
		t.silence.fire, t.silence.of = fireSilence, t
		r.start(&t.silence, r.cfg.Timeout)
	}
	if k.traits.PingAfter > 0 {
		t.heard = r.now
		t.silence.fire, t.silence.of = firePing, t
		r.start(&t.silence, k.traits.PingAfter)
	}
	if k.traits.Presence {
		k.seat = r.addTo(&r.listeners, k.id)
	}
	if p == chat.Sends && m.inbox.count != chat.CountUnknown {
		r.count(k.id, m.inbox.count, false)
	}
	if !m.here() {
		r.start(&m.halfTill, halfWithin)
		return
	}
	r.stop(&m.halfTill)
	m.since = r.base.Add(r.now).Truncate(time.Microsecond) // as exact as a store
	if c := m.tries(); c != chat.CountUnknown && m.traits.Receipts {
		r.count(m.receives, c, false)
	}
	if m.account != nil {
		r.stop(&m.account.spool.retry)
		m.account.spool.after = 0
		r.fill(m.account)
	}
	r.appear(m, k.id)
	if lobby := k.traits.Lobby; lobby != "" {
		// It is told as if it had asked to be let in.
		r.reply(k.id, chat.Answer{To: &chat.Join{Room: lobby}})
		r.enter(m, lobby)
	}
	r.released(m)
}

// released carries out the texts that waited for the member to be here.
func (r *Roster) released(m *member) {
	k := r.at(m.sends)
	if k == nil || k.talker == nil {
		return
	}
	for e := k.talker.first; e != nil; e = e.next {
		if e.early {
			e.early = false
			r.stop(&e.timer)
			r.route(m, e)
		}
	}
	r.flush(k)
}

// quit takes a link from its member.
func (r *Roster) quit(k *link) {
	m := k.talker.member
	k.talker.member = nil
	r.leaveGroup(&r.listeners, k)
	if m.here() {
		r.dropCalls(m)
		for len(m.rooms) > 0 {
			r.exit(m, m.rooms[len(m.rooms)-1])
		}
		r.vanish(m, k.id)
	}
	if m.sends == k.id {
		m.sends = 0
	}
	if m.receives == k.id {
		m.receives = 0
		m.leaving = nil
		r.failAll(m, errGone)
		// Another connection is another receiver: it owes nothing.
		m.inbox.late, m.inbox.misses, m.inbox.guessed = nil, 0, false
		if m.account != nil {
			r.stop(&m.account.spool.retry)
		}
	}
	if m.sends == 0 && m.receives == 0 {
		r.stop(&m.halfTill)
		r.delist(m)
		return
	}
	r.start(&m.halfTill, halfWithin)
}

// tries is how the length of a text is told to the member: as it counts itself
// or, while that is not known, in characters if one link does for both parts
// (those programs are in Python), else in bytes (messenger rule 8).
func (m *member) tries() chat.Count {
	if m.inbox.count == chat.CountUnknown && m.sends == m.receives {
		return chat.CountRunes
	}
	return m.inbox.count
}

// appear gives m, who is here from now on, its seat and tells the others; but is
// the link of m itself.
func (r *Roster) appear(m *member, but chat.Link) {
	m.seat = int32(len(r.members))
	r.members = append(r.members, m)
	r.tellPresence(m, but, &m.came)
	r.lend(m)
	r.sight(m)
	if m.guest {
		return
	}
	r.linked++
	if r.lookTimer.place == 0 {
		r.lookTimer.fire = fireLook
		r.start(&r.lookTimer, lookEvery)
	}
}

// vanish is the opposite.
func (r *Roster) vanish(m *member, but chat.Link) {
	r.unseat(m)
	r.tellPresence(m, but, (*chat.Went)(&m.came))
	r.hangUp(m)
	r.unlend(m)
	r.sight(m)
	if m.guest {
		return
	}
	if r.linked--; r.linked == 0 {
		r.stop(&r.lookTimer)
	}
}

// unseat takes a member out of the list of those who are here.
func (r *Roster) unseat(m *member) {
	last := len(r.members) - 1
	moved := r.members[last]
	r.members[m.seat], moved.seat = moved, m.seat
	r.members[last] = nil
	r.members = r.members[:last]
	m.seat = -1
}

// endAll ends the links of a member.
func (r *Roster) endAll(m *member, why error) {
	for _, l := range [...]chat.Link{m.sends, m.receives} {
		if k := r.at(l); l != 0 && k != nil && !k.ending {
			r.end(k, why)
		}
	}
}

// counts notes how a member's program counts the length of a text, which it
// shows on the link by which it sends; the other one has to know.
func (r *Roster) counts(k *link, as chat.Count) {
	m := k.talker.member
	if m == nil || as == chat.CountUnknown || m.inbox.count == as {
		return
	}
	m.inbox.count = as
	if m.receives != 0 {
		r.count(m.receives, as, false)
	}
}

// tellPresence tells who hears of members that one has come or gone; but those
// whom its user blocks are not told.
func (r *Roster) tellPresence(m *member, but chat.Link, e chat.Event) {
	who := &r.listeners
	if m.account != nil && len(m.account.blocks) > 0 {
		who = &Group{links: slices.Clone(r.listeners.links)}
		who.links = slices.DeleteFunc(who.links, func(l chat.Link) bool {
			k := r.at(l)
			return k == nil || k.talker.member != nil && m.account.blocked(k.talker.member.folded)
		})
	}
	if m.guest {
		r.echo(who, but, e)
		return
	}
	r.tellGroup(who, but, e, false)
}
