package client

import (
	"maps"
	"net/netip"
	"slices"

	"mim/chat"
)

// whyTwin is why a line is taken out of a talk.
const whyTwin = "another of that name is at that address: the line may be theirs"

// hello takes a caller's name, which is a claim: only the table makes it more.
func (c *Client) hello(l *line, name string) {
	if l.who != nil || l.name != "" {
		return
	}
	if err := chat.CheckName(name); err != nil {
		c.drop(l, err)
		return
	}
	l.name = name
	l.until = c.now.Add(knownWithin)
	c.identify(l, false)
}

// identify finds out whose line l is. A caller who may be one of several is a
// stranger, and in the end one of whom the table knows nothing is, too.
func (c *Client) identify(l *line, end bool) {
	k, several := c.callerOf(l.name, l.remote.Addr())
	if k == nil && !several && !end {
		return
	}
	if k == nil {
		k = c.stranger(l, several)
	} else {
		l.taken = c.now
	}
	c.uncaller(l)
	c.attach(l, k)
}

// stranger makes a contact for the caller on l alone, with a conversation that
// shows what we know. It can be answered, but not called back.
func (c *Client) stranger(l *line, twin bool) *contact {
	name := l.name + " (" + l.remote.Addr().String() + ")"
	k := c.learn(name, c.handle(name))
	k.entry, k.dialect, k.twin = entry{name: name}, c.cfg.Traits.Dialect, twin
	c.unpast(k)
	return k
}

// callerOf is who in the table a caller is: the one entry with that name at
// that address, or nil. Several cannot be told apart by a caller's word, and
// what is meant for one of them must not be written to another.
func (c *Client) callerOf(name string, from netip.Addr) (k *contact, several bool) {
	for _, o := range c.people {
		if o.name != name || o.addr.Addr() != from {
			continue
		}
		if k != nil {
			return nil, true
		}
		k = o
	}
	return k, false
}

// recognise gives callers who waited for their entry to the newcomer k.
func (c *Client) recognise(k *contact) {
	for _, l := range slices.Clone(c.callers) {
		if l.name == k.name {
			c.identify(l, false)
		}
	}
}

// doubt looks, when k has come, at those who called us and were taken for the
// only one of k's name at k's address: whoever was when k may have been there
// already, unknown to us, gets a conversation of its own.
func (c *Client) doubt(k *contact) {
	if c.names[k.name].now < 2 {
		return
	}
	from := c.now.Add(-knownWithin)
	if s := &c.server; !s.told && s.lostAt.Before(from) {
		from = s.lostAt.Add(-knownWithin)
	}
	for _, link := range slices.Sorted(maps.Keys(c.lines)) {
		l := c.lines[link]
		if !l.taken.Before(from) && l.who.rivals(k) {
			c.part(l)
		}
	}
}

// rivals reports whether a caller who was taken for k could as well be o.
func (k *contact) rivals(o *contact) bool {
	return k != o && k.listed && k.name == o.name && k.addr.Addr() == o.addr.Addr()
}

// part takes l out of its talk, which may go on by a call of ours.
func (c *Client) part(l *line) {
	k := l.who
	c.delayed = slices.DeleteFunc(c.delayed, func(o *line) bool { return o == l })
	k.lines = slices.DeleteFunc(k.lines, func(o *line) bool { return o == l })
	if k.speaker == l {
		k.speaker = nil
	}
	if len(k.lines) == 0 {
		k.open = false
		c.show(View{Event: Closed, Name: k.handle, Path: PathDirect, Why: whyTwin})
	}
	c.attach(l, c.stranger(l, true))
	c.pump(k)
}

// drop closes a caller's line for good.
func (c *Client) drop(l *line, why error) {
	c.uncaller(l)
	delete(c.lines, l.link)
	c.do(Effect{Kind: Close, Link: l.link, Why: why})
}

func (c *Client) uncaller(l *line) {
	if i := slices.Index(c.callers, l); i >= 0 {
		c.callers = slices.Delete(c.callers, i, i+1)
	}
}

// tickCallers drops callers who never said their name and settles who the
// others are. While the table is coming it may still name them.
func (c *Client) tickCallers() {
	for _, l := range slices.Clone(c.callers) {
		switch {
		case l.until.After(c.now):
		case l.name == "" && l.until.Before(l.since.Add(nameWithin)):
			c.drop(l, errCrowd)
		case l.name == "":
			c.drop(l, errLate)
		case c.server.phase == settling:
			l.until = c.server.until
		default:
			c.identify(l, true)
		}
	}
}

func (c *Client) unnamedAt(from netip.Addr) (n int) {
	for _, l := range c.callers {
		if l.name == "" && l.remote.Addr() == from {
			n++
		}
	}
	return n
}
