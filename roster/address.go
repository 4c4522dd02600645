package roster

import (
	"net/netip"
	"slices"

	"mim/chat"
)

// bare is an address as it is shown and compared: IPv4 in its own form, no zone.
func bare(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }

// person makes the entry of a user who reaches us by a link with these traits
// (mim0 rule 7). Near is always the observed address: of a link from our own
// machine it holds for viewers on this machine only.
func (r *Roster) person(who key, t *chat.Traits) *chat.Person {
	p := &chat.Person{Name: who.name, Dialect: t.Dialect, Near: who.addr, Far: who.addr}
	if who.addr.Addr().IsLoopback() {
		p.Far = r.elsewhere(who.addr)
	}
	return p
}

// elsewhere is how viewers on other machines reach a loopback address; not
// valid as long as nobody knows.
func (r *Roster) elsewhere(near netip.AddrPort) netip.AddrPort {
	if !r.far.IsValid() {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(r.far, near.Port())
}

// learn finds out our own address on the network from the first link that
// came from there, unless we know it. Everybody who is here by loopback gets
// it then; nobody has to hear of it, since until now there was no viewer for
// whom it makes a difference.
func (r *Roster) learn(remote, local netip.Addr) {
	if r.far.IsValid() || remote.IsLoopback() || !local.IsValid() || local.IsLoopback() || local.IsUnspecified() {
		return
	}
	r.far = local
	r.table.replace(func(p *chat.Person) *chat.Person {
		if !p.Near.Addr().IsLoopback() {
			return p
		}
		n := *p
		n.Far = r.elsewhere(p.Near)
		return &n
	})
	people := slices.Clone(r.leased.all())
	better := map[*chat.Person]*chat.Person{}
	for i, p := range people {
		if p.Near.Addr().IsLoopback() {
			n := *p
			n.Far = r.elsewhere(p.Near)
			people[i], better[p] = &n, &n
		}
	}
	for _, l := range r.leases {
		if n := better[l.guest.came.Who]; n != nil {
			l.guest.came.Who = n
		}
	}
	for _, p := range r.pools[udp].ports {
		if n := better[p.as]; n != nil {
			p.as = n
		}
	}
	if len(better) > 0 {
		r.leased = listing{people: people, changes: r.leased.changes + 1}
	}
}
