package client

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"mim/chat"
)

// An entry is what a user is known by (mim0 rule 5).
type entry struct {
	name string
	addr netip.AddrPort
}

// A contact is a person whom we can show: listed by the server, or in a talk
// with us, or someone we talked with before. Its handle is unique among them.
type contact struct {
	entry          // of a stranger: addr is not valid, we cannot call back
	handle  string // as shown and typed
	dialect string
	listed  bool
	stale   bool   // listed by a server that was lost, not yet by the new one
	twin    bool   // a stranger only because several in the table could be it
	room    bool   // no person, but all in the room of that name
	says    string // by datagram: the name alone, in the table or as claimed
	tabled  bool   // that is the table's
	smooth  bool   // the server had nothing to say about the last text for it
	talk
}

// stranger reports whether the contact is a caller who is not in the table.
func (k *contact) stranger() bool { return !k.addr.IsValid() }

func (k *contact) address() string {
	if !k.addr.IsValid() {
		return ""
	}
	return k.addr.String()
}

// idle reports whether nothing but memory is left of the contact.
func (k *contact) idle() bool {
	return !k.listed && len(k.lines) == 0 && len(k.waiting) == 0 && k.call == 0 && k.letters == 0
}

// addrOf is where the person can be dialled. The server tells us each person
// once, at the address that is right for us.
func addrOf(p *chat.Person) netip.AddrPort {
	if p.Far.IsValid() {
		return p.Far
	}
	return p.Near
}

// entryOf is what a person is known by: where texts go through the server by
// the name alone, exactly as the server writes it.
func (c *Client) entryOf(p *chat.Person) entry {
	if c.relayed() {
		return named(p.Name)
	}
	return entry{p.Name, addrOf(p)}
}

func named(name string) entry { return entry{name: name} }

// came takes one entry of the server's table. An address that is none, where
// one is needed, and our own entry are skipped (mim0 rules 3 and 9), and so is
// what we know already.
func (c *Client) came(p *chat.Person) {
	e := c.entryOf(p)
	switch {
	case p.Name == "":
		return
	case c.relayed():
		if strings.EqualFold(p.Name, c.cfg.Name) {
			return
		}
	case !e.addr.IsValid() || e.addr.Port() == 0 || c.own(p.Name, e.addr):
		return
	}
	if k := c.listed[e]; k != nil {
		k.stale = false
		return
	}
	if len(c.people)+len(c.server.newcomers) >= maxPeople {
		return
	}
	if !c.server.told {
		// Those who were here may still be listed again: a newcomer's handle
		// is chosen when we know who has stayed.
		if c.relayed() || !slices.ContainsFunc(c.server.newcomers, func(q *chat.Person) bool { return c.entryOf(q) == e }) {
			c.server.newcomers = append(c.server.newcomers, p)
		}
		return
	}
	c.enter(e, p)
}

// own reports whether an entry is ourselves: our listener's port at the
// address by which we reach the server (mim0 rule 3) or, where NAT stands
// between, under our name. NAT makes a private address a public one: anyone
// else of our name and port is someone else.
func (c *Client) own(name string, addr netip.AddrPort) bool {
	here, there := c.server.here.Unmap(), addr.Addr().Unmap()
	switch {
	case addr.Port() != c.cfg.Listening.Port():
		return false
	case here == there:
		return true
	}
	return name == c.cfg.Name && here.IsPrivate() && !there.IsPrivate() && !there.IsLoopback()
}

// enter puts a person into the table and tells of it.
func (c *Client) enter(e entry, p *chat.Person) {
	var k *contact
	if c.relayed() {
		k = c.takeWritten(p.Name) // one contact, for what still waits for it
	} else {
		k = c.claim(e)
	}
	k.dialect, k.listed = cmp.Or(p.Dialect, c.cfg.Traits.Dialect), true
	c.people = append(c.people, k)
	c.listed[e] = k
	c.show(View{Event: Came, Name: k.handle, Dialect: k.dialect, Address: k.address()})
	c.doubt(k)
	c.recognise(k)
}

// claim gives the contact for a new entry: the one of before if the same
// person is back, else that of an idle namesake who is gone, else a new one.
func (c *Client) claim(e entry) *contact {
	var k *contact
	if i := slices.IndexFunc(c.past, func(k *contact) bool { return k.entry == e }); i >= 0 {
		k = c.past[i]
	} else {
		k = c.learn(e.name, c.handle(e.name))
	}
	k.entry = e
	c.unpast(k)
	return k
}

// namesakes counts the contacts of one name and the handles they ever had.
type namesakes struct{ now, last int }

// fewHandles is how many handles of a name are looked through for a free one;
// beyond them each newcomer gets the next number, so that a crowd of one name
// costs no more than others.
const fewHandles = 9

// handle is the first of name, name~2, name~3 ... that nobody has, or that
// belonged to a namesake of whom nothing but memory is left.
func (c *Client) handle(name string) string {
	h, i := name, 1
	for {
		if k := c.known[h]; k == nil || k.name == name && k.idle() {
			return h
		}
		if i++; i > fewHandles {
			i = max(i, c.names[name].last+1)
		}
		h = fmt.Sprintf("%s~%d", name, i)
		if n := c.names[name]; i > n.last {
			n.last = i
			c.names[name] = n
		}
	}
}

// learn enters a contact under the handle that was found for it.
func (c *Client) learn(name, handle string) *contact {
	k := c.known[handle]
	if k == nil {
		k = &contact{handle: handle}
		c.known[handle] = k
		n := c.names[name]
		n.now++
		c.names[name] = n
	}
	k.name = name
	return k
}

// went takes an entry out of the table. A direct talk goes on without it.
func (c *Client) went(p *chat.Person) {
	e := c.entryOf(p)
	if k := c.listed[e]; k != nil {
		i := slices.Index(c.people, k)
		c.people = slices.Delete(c.people, i, i+1)
		c.leave(k)
		return
	}
	c.server.newcomers = slices.DeleteFunc(c.server.newcomers, func(q *chat.Person) bool {
		return c.entryOf(q) == e
	})
}

// leave is the rest of went for a contact that is out of c.people already.
func (c *Client) leave(k *contact) {
	delete(c.listed, k.entry)
	k.listed, k.stale, k.smooth = false, false, false
	c.show(View{Event: Went, Name: k.handle, Dialect: k.dialect, Address: k.address()})
	switch {
	case !c.relayed():
		c.remember(k)
	case k.talked:
		c.keepWritten(k)
	}
}

// remember keeps a contact that is not listed while it matters: its line is
// up, or we talked and may write again. The longest gone are forgotten first.
func (c *Client) remember(k *contact) {
	c.unpast(k)
	if k.idle() && (!k.talked || k.stranger()) {
		c.forget(k)
		return
	}
	c.past = append(c.past, k)
	for i := 0; len(c.past) > maxPast && i < len(c.past); {
		if old := c.past[i]; old.idle() {
			c.past = slices.Delete(c.past, i, i+1)
			c.forget(old)
		} else {
			i++
		}
	}
}

// release notes that something of a contact has ended, perhaps the last thing.
func (c *Client) release(k *contact) {
	if k.idle() {
		c.remember(k)
	}
}

func (c *Client) unpast(k *contact) {
	if i := slices.Index(c.past, k); i >= 0 {
		c.past = slices.Delete(c.past, i, i+1)
	}
}

func (c *Client) forget(k *contact) {
	delete(c.known, k.handle)
	n := c.names[k.name]
	if n.now--; n.now > 0 {
		c.names[k.name] = n
	} else {
		delete(c.names, k.name)
	}
	if c.dgrams.at[k.addr] == k {
		delete(c.dgrams.at, k.addr)
	}
	if c.last == k {
		c.last = nil
	}
}

// outdate marks the table as that of a server that is lost.
func (c *Client) outdate() {
	for _, k := range c.people {
		k.stale = true
	}
	c.server.newcomers = nil
}

// renew makes the table that of the server we found again: first those go who
// were not listed any more, then those come who are new.
func (c *Client) renew() {
	var went []*contact
	c.people = slices.DeleteFunc(c.people, func(k *contact) bool {
		if k.stale {
			went = append(went, k)
		}
		return k.stale
	})
	for _, k := range went {
		c.leave(k)
	}
	newcomers := c.server.newcomers
	c.server.newcomers = nil
	for _, p := range newcomers {
		if e := c.entryOf(p); c.listed[e] == nil {
			c.enter(e, p)
		}
	}
}

// present takes the names of all who are here now, as the server lists them.
func (c *Client) present(names []string) {
	told := c.server.told
	if told {
		c.outdate()
	}
	for _, name := range names {
		c.came(&chat.Person{Name: name, Dialect: c.cfg.Traits.Dialect})
	}
	if told { // else settle does it
		c.renew()
	}
}

// who answers /who.
func (c *Client) who() {
	if c.untold() {
		c.written()
		return
	}
	if c.freshen() {
		return
	}
	v := View{Event: Table, People: make([]Person, 0, len(c.people))}
	for _, k := range c.people {
		v.People = append(v.People, Person{Name: k.handle, Dialect: k.dialect, Address: k.address()})
	}
	c.show(v)
}

// sleep is how long the server is left alone before try n (from 0): 1, 2, 4
// ... 30 s, a quarter more or less, so that not all clients come at once.
func (c *Client) sleep(n int) time.Duration {
	d := min(time.Second<<min(n, 5), 30*time.Second)
	return d*3/4 + time.Duration(c.cfg.Rand.Int64N(int64(d/2)+1))
}
