package client

import (
	"slices"
	"strings"

	"mim/chat"
)

// everybody is the name by which one writes to all.
const everybody = "ALL"

// untold reports whether the server knows who is here and does not tell.
func (c *Client) untold() bool { return c.relayed() && !c.cfg.Traits.Presence }

// addressee finds whom a line that begins with a name is for, and the text
// behind the name. Where texts go through the server any name may be written to:
// it knows best who is here, or for whom it can keep a text.
func (c *Client) addressee(s string) (k *contact, rest string, err *chat.Error) {
	switch {
	case c.byDatagram() && strings.HasPrefix(s, roomSign):
		return c.roomAddressee(s)
	case !c.relayed():
		return c.resolve(s)
	}
	name, rest, err := c.nameFirst(s)
	switch {
	case err != nil:
		return nil, "", err
	case name == everybody && c.cfg.Traits.All:
		return c.everyone(), rest, nil
	case c.isRoom(name):
		name, _, err = roomFirst("@#room text", name)
		if err != nil {
			return nil, "", err
		}
		return c.roomTo(name), rest, nil
	case c.cfg.Traits.NotSelf && strings.EqualFold(name, c.cfg.Name):
		return nil, "", c.unknown(name, nil)
	}
	name = c.writtenInRooms(name)
	if k = c.called(name); k == nil {
		k = c.nameOnly(name)
	}
	return k, rest, nil
}

// nameFirst takes a name off the front of s that somebody could have.
func (c *Client) nameFirst(s string) (name, rest string, err *chat.Error) {
	name, rest, err = firstName(s)
	switch {
	case err != nil:
		return "", "", err
	case strings.TrimSpace(name) == "":
		return "", "", c.unknown(name, nil)
	}
	if bad := chat.CheckName(name); bad != nil {
		return "", "", chat.Errorf(chat.BadName, "nobody can be called %q: %s", name, bad)
	}
	return name, rest, nil
}

// called is who is here, or whom we wrote with, under exactly that name; nil:
// nobody. Some servers tell names apart by the case of letters, and a text for
// one person must not go to another; those that do not find bob under BOB by
// themselves. Only of a name that nobody has is the case forgiven, if the server
// tells who is here and it is one of them.
func (c *Client) called(name string) *contact {
	if k := c.listed[named(name)]; k != nil {
		return k
	}
	if k := c.writtenTo(name); k != nil {
		return k
	}
	return c.likeListed(name)
}

// likeListed is the only one who is here under that name in any case of
// letters, or nil.
func (c *Client) likeListed(name string) (like *contact) {
	for _, k := range c.people {
		if !strings.EqualFold(k.handle, name) {
			continue
		}
		if like != nil {
			return nil
		}
		like = k
	}
	return like
}

// firstName takes a name off the front of s: up to the first blank, or what
// stands in quotes.
func firstName(s string) (name, rest string, err *chat.Error) {
	quoted, ok := strings.CutPrefix(s, `"`)
	if !ok {
		name, rest = cutBlank(s)
		return name, rest, nil
	}
	if name, rest, ok = strings.Cut(quoted, `"`); !ok {
		return "", "", chat.Errorf(chat.Usage, `the quote before the name is not closed: @"a name" text`)
	}
	return name, strings.TrimLeft(rest, " \t"), nil
}

// everyone is the contact that stands for all.
func (c *Client) everyone() *contact {
	if c.relay.all == nil {
		c.relay.all = c.nameOnly(everybody)
	}
	return c.relay.all
}

// nameOnly makes a contact of whom nothing but the name is known.
func (c *Client) nameOnly(name string) *contact {
	return &contact{entry: entry{name: name}, handle: name, dialect: c.cfg.Traits.Dialect}
}

// writtenTo is whom we wrote with under exactly that name, or nil.
func (c *Client) writtenTo(name string) *contact {
	for _, k := range slices.Backward(c.relay.people) {
		if k.handle == name {
			return k
		}
	}
	return nil
}

// correspond gives the contact of that name: who is here, or the one we wrote
// with last, from now on.
func (c *Client) correspond(name string) *contact {
	k := c.listed[named(name)]
	if k == nil {
		k = c.takeWritten(name)
		c.keepWritten(k)
	}
	k.talked = true
	return k
}

// takeWritten takes the contact of that name out of those we wrote with; if
// there is none it is a new one.
func (c *Client) takeWritten(name string) *contact {
	k := c.writtenTo(name)
	if k == nil {
		return c.nameOnly(name)
	}
	r := &c.relay
	i := slices.Index(r.people, k)
	r.people = slices.Delete(r.people, i, i+1)
	return k
}

// keepWritten puts k last among those we wrote with; the first makes room.
func (c *Client) keepWritten(k *contact) {
	r := &c.relay
	if len(r.people) >= maxWritten {
		r.people = slices.Delete(r.people, 0, 1)
	}
	r.people = append(r.people, k)
}

// speaker is who said something through the server.
func (c *Client) speaker(p *chat.Person) *contact {
	k := c.correspond(p.Name)
	if k.listed {
		return k
	}
	if p.Dialect != "" {
		k.dialect = p.Dialect
	}
	return k
}

// written answers /who where the server does not tell who is here.
func (c *Client) written() {
	if c.cfg.Traits.Rooms {
		c.roommates()
		return
	}
	v := View{Event: Table, People: make([]Person, 0, len(c.relay.people))}
	for _, k := range c.relay.people {
		v.People = append(v.People, Person{Name: k.handle, Dialect: k.dialect})
	}
	v.Text = c.cfg.Traits.Dialect + " servers do not tell who is here; you wrote with "
	if len(v.People) == 0 {
		v.Text += "nobody yet"
	} else {
		v.Text += "these:"
	}
	c.show(v)
}
