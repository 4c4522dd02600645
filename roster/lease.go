package roster

import (
	"net/netip"
	"slices"

	"mim/chat"
)

// A lease is a user who logs in by a connection that ends at once, and is here
// for as long as they say so again in time (elc004.md: a client asks again
// every 30 s).
type lease struct {
	came  chat.Came
	timer timer
}

// maxLeases is how many one address may have.
const maxLeases = 4096

var errLeases error = chat.Errorf(chat.Full, "too many entries from your address")

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
	if l == nil && r.leasesAt[k.addr] >= maxLeases {
		r.reply(k.id, chat.Answer{To: q, Err: errLeases})
		return
	}
	r.reply(k.id, chat.Answer{To: q, People: r.leased})
	who := r.person(key{at, q.Name}, k.traits)
	switch {
	case l == nil:
		l = &lease{came: chat.Came{Who: who}}
		l.timer.fire, l.timer.lease = fireLease, l
		r.leases[at] = l
		r.leasesAt[k.addr]++
		r.leased = append(slices.Clip(r.leased), who)
		r.tellGroup(&r.nobody, 0, &l.came, true)
	case l.came.Who.Name != who.Name:
		old := *l.came.Who
		i := slices.Index(r.leased, l.came.Who)
		r.leased = slices.Clone(r.leased)
		r.leased[i] = who
		l.came.Who = who
		r.tellGroup(&r.nobody, 0, &chat.Went{Who: &old}, true)
		r.tellGroup(&r.nobody, 0, &l.came, true)
	}
	r.start(&l.timer, k.traits.Lease)
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

// lapse ends a lease.
func (r *Roster) lapse(l *lease) {
	r.stop(&l.timer)
	at := l.came.Who.Near
	delete(r.leases, at)
	if r.leasesAt[at.Addr()]--; r.leasesAt[at.Addr()] == 0 {
		delete(r.leasesAt, at.Addr())
	}
	i := slices.Index(r.leased, l.came.Who)
	r.leased = slices.Concat(r.leased[:i], r.leased[i+1:])
	r.tellGroup(&r.nobody, 0, (*chat.Went)(&l.came), true)
}
