package client

import (
	"net/netip"
	"slices"
	"time"

	"mim/chat"
)

// The table where a login holds by a lease (Traits.Renew): we ask for it again
// and again, each time on a new link, and who comes and goes is the difference
// between two tables. The phases of client.go, then, are
//
//	phase     opened    table            closed, failed or time-out
//	dialling  asked     -                away
//	asked     -         settling/online  away
//	settling  -         -                -                        (names are asked for)
//	online    -         -                -                        and dialling when it is time
//	away      -         -                -                        and dialling when it is time
//
// so the end of a link behind its table is no loss.
//
// Between two tables we learn of newcomers when they write to us, or when the
// person asks for somebody: then the table is asked for before its time.
//
// One who is missing from a table is gone. But a server that has begun anew
// knows only those who have asked it since, so who is missing from the first
// table after a loss has until the next one.

// A nameless is an entry of the table that has no name and is not shown yet.
type nameless struct {
	addr  netip.AddrPort
	until time.Time
}

const (
	// namedWithin is how long we wait for the name of such an entry, which the
	// socket asks for: three of its questions fit in.
	namedWithin = 2 * time.Second
	// tableGap is the least time between two tables, whoever writes to us;
	// askGap the same for a person who asks.
	tableGap = 2 * time.Second
	askGap   = 500 * time.Millisecond
	// withdrawWithin bounds the goodbye to the server.
	withdrawWithin = 2 * time.Second
)

// polled reports whether the table is asked for again and again.
func (c *Client) polled() bool { return c.cfg.Traits.Renew > 0 }

// pollOpened asks for the table or, if we are leaving, to be taken out of it.
func (c *Client) pollOpened(here netip.Addr) {
	s := &c.server
	switch {
	case s.leaving:
		s.phase = asked
		c.do(Effect{Kind: Ask, Part: chat.Both, Request: &chat.Withdraw{Name: c.cfg.Name, Port: c.cfg.Listening.Port()}})
	case c.exit.phase >= finishing:
		c.do(Effect{Kind: HangUp})
	default:
		s.phase, s.until, s.here = asked, c.now.Add(answerWithin), here
		c.do(Effect{Kind: Login, Login: chat.Login{Name: c.cfg.Name, Port: c.cfg.Listening.Port()}})
	}
}

// pollAnswered takes the table. That we are out of it nothing says but the end
// of the link.
func (c *Client) pollAnswered(a *chat.Answer) {
	s := &c.server
	switch {
	case !s.asks(chat.Both) || s.leaving:
	case a.Err != nil:
		c.do(Effect{Kind: HangUp})
		c.noServer(a.Err)
	default:
		c.tableCame(a.People)
	}
}

// tickPoll does what is due where the table is polled; false: nothing special.
func (c *Client) tickPoll() bool {
	s := &c.server
	switch {
	case s.leaving:
		c.leaveServer()
	case s.phase == settling:
		c.tableSettled()
	case s.phase == online:
		c.do(Effect{Kind: HangUp}) // a server that has not closed the last link
		c.dialServer()
	default:
		return false
	}
	return true
}

// tableCame makes the table that which the server has sent.
func (c *Client) tableCame(people []*chat.Person) {
	s := &c.server
	first, lost := !s.been, s.been && !s.told
	s.phase, s.tries = online, 0
	if first {
		s.been, s.told = true, true
		c.show(View{Event: Ready, Name: c.cfg.Name, Dialect: c.cfg.Traits.Dialect, Address: c.cfg.Server, Listening: c.listening()})
	}
	c.tables = tables{last: c.now}
	there := c.entries(people)
	c.depart(there, lost)
	c.arrive(people, there)
	c.know()
	c.tellEarly()
	if lost {
		s.told = true
		c.show(View{Event: Online, Address: c.cfg.Server})
	}
	s.until = c.now.Add(c.cfg.Traits.Renew)
	if first && len(c.dgrams.nameless) > 0 {
		s.phase, s.until = settling, c.now.Add(namedWithin)
		return
	}
	c.obeyHeld()
}

// tables is what is known of when the table came.
type tables struct {
	last   time.Time
	wanted bool // input waits for the next one
}

// wantTable asks for the table before its time; false: it cannot be had now.
func (c *Client) wantTable(gap time.Duration) bool {
	s := &c.server
	if !c.polled() || !s.told || s.phase == away || s.phase == settling {
		return false
	}
	if at := c.tables.last.Add(gap); s.phase == online && at.Before(s.until) {
		if s.until = at; at.Before(c.now) {
			s.until = c.now
		}
	}
	return true
}

// freshen asks for the table before the line that is being carried out, which
// waits for it; false: the table is that which it waited for, or cannot be had.
func (c *Client) freshen() bool {
	if c.typing == "" || !c.tables.last.Before(c.now) || !c.wantTable(askGap) {
		return false
	}
	c.tables.wanted = true
	c.held = append(c.held, c.typing)
	c.heldBytes += len(c.typing)
	return true
}

// tableSettled: those of the first table have their names, or get none.
func (c *Client) tableSettled() {
	c.server.phase, c.server.until = online, c.now.Add(c.cfg.Traits.Renew)
	c.obeyHeld()
}

// entries are the names in the table by address, without us and what nobody
// can be reached at.
func (c *Client) entries(people []*chat.Person) map[netip.AddrPort]string {
	there := make(map[netip.AddrPort]string, len(people))
	for _, p := range people {
		a := addrOf(p)
		if _, twice := there[a]; twice || !a.IsValid() || a.Port() == 0 || len(there) >= maxPeople {
			continue
		}
		if c.own(p.Name, a) || p.Name == chat.AliasStem(c.cfg.Name) && c.own(c.cfg.Name, a) {
			continue
		}
		there[a] = p.Name
	}
	return there
}

// depart takes out those who are not in the table any more, or under another
// name: the table's counts more than what they call themselves.
func (c *Client) depart(there map[netip.AddrPort]string, lost bool) {
	var went []*contact
	c.people = slices.DeleteFunc(c.people, func(k *contact) bool {
		name, ok := there[k.addr]
		switch {
		case ok && (name == "" || name == k.says):
			k.stale, k.tabled = false, k.tabled || name != ""
			return false
		case !ok && lost && !k.stale:
			k.stale = true
			return false
		}
		went = append(went, k)
		return true
	})
	for _, k := range went {
		c.leave(k)
	}
	d := &c.dgrams
	d.nameless = slices.DeleteFunc(d.nameless, func(n nameless) bool {
		name, ok := there[n.addr]
		return !ok || name != ""
	})
}

// arrive enters those who are new.
func (c *Client) arrive(people []*chat.Person, there map[netip.AddrPort]string) {
	d := &c.dgrams
	for _, p := range people {
		a := addrOf(p)
		name, ok := there[a]
		if k := d.at[a]; !ok || k != nil && k.listed {
			continue
		}
		delete(there, a) // once is enough
		switch {
		case name != "":
			c.enterAt(a, name, true)
		case !slices.ContainsFunc(d.nameless, func(n nameless) bool { return n.addr == a }):
			d.nameless = append(d.nameless, nameless{a, c.now.Add(namedWithin)})
		}
	}
}

// enterAt puts who is at an address into the table of people. Without a name
// it is known by its address.
func (c *Client) enterAt(a netip.AddrPort, name string, tabled bool) {
	e := entry{name, a}
	if name == "" {
		e.name = a.String()
	}
	c.enter(e, &chat.Person{Name: e.name, Near: a, Far: a})
	k := c.listed[e]
	k.says, k.tabled, k.stale = name, tabled, false
	c.dgrams.at[a] = k
	c.renamed(a, k.handle)
}

// Named says what somebody whom the table does not name is called.
func (c *Client) Named(now time.Time, who netip.AddrPort, name string) []Effect {
	c.begin(now)
	c.unnameless(who, name)
	if k := c.dgrams.at[who]; k != nil && k.listed && !k.tabled && k.says != name {
		c.people = slices.DeleteFunc(c.people, func(o *contact) bool { return o == k })
		c.leave(k)
		c.enterAt(who, name, false)
	}
	return c.end()
}

// unnameless shows an entry that waited for its name.
func (c *Client) unnameless(a netip.AddrPort, name string) {
	d := &c.dgrams
	i := slices.IndexFunc(d.nameless, func(n nameless) bool { return n.addr == a })
	if i < 0 {
		return
	}
	d.nameless = slices.Delete(d.nameless, i, i+1)
	c.enterAt(a, name, false)
	if c.server.phase == settling && len(d.nameless) == 0 {
		c.tableSettled()
	}
}

// know gives the table to the socket.
func (c *Client) know() {
	e := Effect{Kind: Know, Addr: c.listensAt()}
	for _, k := range c.people {
		p := &chat.Person{Near: k.addr, Far: k.addr}
		if k.tabled {
			p.Name = k.says
		}
		e.People = append(e.People, p)
	}
	for _, n := range c.dgrams.nameless {
		e.People = append(e.People, &chat.Person{Near: n.addr, Far: n.addr})
	}
	c.do(e)
}

// withdraw asks the server to take us out of the table; false: we are in none.
func (c *Client) withdraw() bool {
	s := &c.server
	if !c.polled() || s.phase == away || !s.been && s.phase < asked {
		return false
	}
	c.do(Effect{Kind: HangUp})
	s.leaving = true
	c.dialServer()
	s.until = c.now.Add(withdrawWithin)
	return true
}
