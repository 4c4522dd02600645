package roster

import (
	"net/netip"

	"mim/chat"
)

// A lease is a user who logs in by a connection that ends at once, and is here
// for as long as they say so again in time (elc004.md: a client asks again
// every 30 s).
type lease struct {
	guest   *member
	claimed string // its name, as its user says it
	timer   timer
}

const (
	// maxLeases is how many one address may have, maxAllLeases how many there are:
	// as many as clients of ours keep.
	maxLeases    = 4096
	maxAllLeases = 16384
)

var (
	errLeases    error = chat.Errorf(chat.Full, "too many entries from your address")
	errAllLeases error = chat.Errorf(chat.Full, "too many entries")
)

// lease is a Login on such a link: it is answered by who was here before it.
func (r *Roster) lease(k *link, q *chat.Login) {
	r.unwait(k)
	defer r.end(k, nil)
	if q.Port == 0 || !k.addr.Is4() {
		r.reply(k.id, chat.Answer{To: q, Err: errUnsupported})
		return
	}
	at := netip.AddrPortFrom(k.addr, q.Port)
	l := r.leases[at]
	err := r.mayClaim(udp, q.Name, at)
	if no := chat.CheckName(q.Name); no != nil {
		err = no
	}
	switch {
	case err != nil:
	case l == nil && r.leasesAt[k.addr] >= maxLeases:
		err = errLeases
	case l == nil && len(r.leases) >= maxAllLeases:
		err = errAllLeases
	}
	if err != nil {
		r.reply(k.id, chat.Answer{To: q, Err: err})
		return
	}
	r.reply(k.id, chat.Answer{To: q, People: r.leased.all()})
	switch {
	case l == nil:
		l = &lease{}
		l.timer.fire, l.timer.of = fireLease, l
		r.leases[at] = l
		r.leasesAt[k.addr]++
		r.enterLease(l, r.person(key{at, q.Name}, k.traits), k.traits)
	case l.claimed != q.Name:
		r.leaveLease(l)
		r.enterLease(l, r.person(key{at, q.Name}, k.traits), k.traits)
	}
	r.start(&l.timer, k.traits.Lease)
}

// Leases are the people who log in by a lease, and those who are shown to them,
// and a number that is another one after each change, and never 0. The slice is
// never changed.
func (r *Roster) Leases() (people []*chat.Person, version uint64) {
	return r.leased.all(), r.leased.changes + 1
}

// A listing is people in the order they came. Who has a slice of it is not
// disturbed by what comes later: the array only grows at its end, and those who
// are gone are left out of a new one, all at once when it is looked at.
type listing struct {
	people  []*chat.Person
	gone    map[*chat.Person]struct{}
	changes uint64
}

func (x *listing) add(who *chat.Person) {
	x.people = append(x.people, who)
	x.changes++
}

func (x *listing) remove(who *chat.Person) {
	if x.gone == nil {
		x.gone = map[*chat.Person]struct{}{}
	}
	x.gone[who] = struct{}{}
	x.changes++
}

// all gives the people; to be read only.
func (x *listing) all() []*chat.Person {
	if len(x.gone) > 0 {
		left := make([]*chat.Person, 0, len(x.people)-len(x.gone))
		for _, p := range x.people {
			if _, is := x.gone[p]; !is {
				left = append(left, p)
			}
		}
		x.people = left
		clear(x.gone)
	}
	return x.people
}

// withdraw ends a lease by its owner's wish: whoever has its address.
func (r *Roster) withdraw(k *link, q *chat.Withdraw) {
	r.unwait(k)
	if l := r.leases[netip.AddrPortFrom(k.addr, q.Port)]; l != nil {
		r.lapse(l)
	}
	r.reply(k.id, chat.Answer{To: q})
	r.end(k, nil)
}

// enterLease shows the user of a lease to all.
func (r *Roster) enterLease(l *lease, who *chat.Person, t *chat.Traits) {
	l.claimed = who.Name
	l.guest = r.guestOf(who, t)
	l.guest.lease = l
	r.leased.add(l.guest.came.Who)
	r.tellGroup(&r.nobody, 0, &l.guest.came, true)
	r.appear(l.guest, 0)
}

// leaveLease is the opposite.
func (r *Roster) leaveLease(l *lease) {
	r.leased.remove(l.guest.came.Who)
	r.tellGroup(&r.nobody, 0, (*chat.Went)(&l.guest.came), true)
	r.leaveGuest(l.guest)
}

// lapse ends a lease.
func (r *Roster) lapse(l *lease) {
	r.stop(&l.timer)
	at := l.guest.came.Who.Near
	delete(r.leases, at)
	if r.leasesAt[at.Addr()]--; r.leasesAt[at.Addr()] == 0 {
		delete(r.leasesAt, at.Addr())
	}
	r.leaveLease(l)
}
