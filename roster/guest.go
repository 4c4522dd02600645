package roster

import (
	"net/netip"
	"slices"

	"mim/chat"
)

// A guest is a user with an address of their own, as all others meet it: a
// member that no link of theirs reaches. They talk to others by lines (line.go)
// and others to them; where they see each other, in the table or by lease,
// their names are what they claim.

// An odd is what a member has whose name is no alias, or not the one it wanted.
type odd struct {
	alias string // folded
	stem  string // what that was made of, folded
	twin  string // the name that it wanted, folded, if it has another
}

// guestOf makes the guest of a user who has come. The name may be one that
// somebody has already: then the guest has another.
func (r *Roster) guestOf(who *chat.Person, t *chat.Traits) *member {
	m := &member{guest: true, traits: t, seat: -1}
	name, twin := r.twinOf(who.Name)
	if name != who.Name {
		as := *who
		as.Name = name
		who = &as
		m.odd = &odd{twin: twin}
	}
	m.folded, m.came.Who = fold(name), who
	r.enlist(m)
	return m
}

// enterGuest makes the guest of a user who has come known to all; of says whose
// it is.
func (r *Roster) enterGuest(who *chat.Person, t *chat.Traits, of func(*member)) *member {
	m := r.guestOf(who, t)
	of(m)
	if c, is := callerOf(m); is {
		r.callers[c] = append(r.callers[c], m)
	}
	r.appear(m, 0)
	return m
}

// leaveGuest takes the guest of a user who has gone out of everything.
func (r *Roster) leaveGuest(m *member) {
	for len(m.rooms) > 0 {
		r.exit(m, m.rooms[len(m.rooms)-1])
	}
	r.vanish(m, 0)
	if c, is := callerOf(m); is {
		if r.callers[c] = slices.DeleteFunc(r.callers[c], func(o *member) bool { return o == m }); len(r.callers[c]) == 0 {
			delete(r.callers, c)
		}
	}
	r.delist(m)
}

// renamed gives a guest another name, or alias, than the one that belongs to an
// account now.
func (r *Roster) renamed(m *member) {
	who := *m.came.Who
	who.Alias = ""
	if l := m.lease; l != nil {
		r.leaveLease(l)
		who.Name = l.claimed
		r.enterLease(l, &who, m.traits)
		return
	}
	r.leaveGuest(m)
	who.Name = m.user.came.Who.Name
	m.user.guest = r.enterGuest(&who, m.traits, func(n *member) { n.user = m.user })
}

// mayClaim is why nobody can log in at an address of their own under a name
// that only they say is theirs, or nil.
func (r *Roster) mayClaim(kind int, name string, at netip.AddrPort) error {
	a := r.accountCalled([]byte(name))
	switch {
	case a != nil && a.bound:
		return errBound
	case r.isLent(kind, at):
		return errLent
	}
	return nil
}

// A caller is how one who calls a lent port is known.
type caller struct {
	addr netip.Addr
	name string // as it claims it
}

// callerOf is how a guest calls whom others know by another name than it claims;
// false: it is found by its name, or calls nobody.
func callerOf(m *member) (caller, bool) {
	if m.user == nil || m.odd == nil || m.odd.twin == "" {
		return caller{}, false
	}
	return caller{m.addr(), m.user.came.Who.Name}, true
}

// called finds the guest who dials from an address and says a name, nil: there
// is none. Of several it is the one who has the name, then the oldest.
func (r *Roster) called(addr netip.Addr, name string) *member {
	if m := r.named[fold(name)]; m != nil && m.user != nil && m.user.came.Who.Name == name && m.addr() == addr {
		return m
	}
	if twins := r.callers[caller{addr, name}]; len(twins) > 0 {
		return twins[0]
	}
	return nil
}
