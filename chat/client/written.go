package client

import (
	"slices"
	"strings"

	"mim/chat"
)

// everybody is the name by which one writes to all.
const everybody = "ALL"

// anyone reports whether any name may be written to, because the server knows
// who is here and does not tell.
func (c *Client) anyone() bool { return c.relayed() && !c.cfg.Traits.Presence }

// addressee finds whom a line that begins with a name is for, and the text
// behind the name.
func (c *Client) addressee(s string) (k *contact, rest string, err *chat.Error) {
	if !c.relayed() {
		return c.resolve(s)
	}
	name, rest, err := firstName(s)
	switch {
	case err == nil && name == everybody && c.cfg.Traits.All:
		return c.everyone(), rest, nil
	case !c.anyone():
		return c.resolve(s)
	case err != nil:
		return nil, "", err
	case strings.TrimSpace(name) == "":
		return nil, "", c.unknown(name, nil)
	}
	if bad := chat.CheckName(name); bad != nil {
		return nil, "", chat.Errorf(chat.BadName, "nobody can be called %q: %s", name, bad)
	}
	if k = c.writtenTo(name); k == nil {
		k = c.nameOnly(name)
	}
	return k, rest, nil
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

// writtenTo is whom we wrote with under that name in any case of letters, or nil.
func (c *Client) writtenTo(name string) *contact {
	for _, k := range slices.Backward(c.relay.people) {
		if strings.EqualFold(k.handle, name) {
			return k
		}
	}
	return nil
}

// correspond gives the contact of that name, as the one we wrote with last.
func (c *Client) correspond(name string) *contact {
	r := &c.relay
	k := c.writtenTo(name)
	if k == nil {
		if k = c.nameOnly(name); len(r.people) >= maxWritten {
			r.people = slices.Delete(r.people, 0, 1)
		}
	} else {
		i := slices.Index(r.people, k)
		r.people = slices.Delete(r.people, i, i+1)
	}
	r.people = append(r.people, k)
	return k
}

// speaker is who said something through the server. Its writing of the name is
// the person's own and counts from here on.
func (c *Client) speaker(p *chat.Person) *contact {
	if !c.anyone() {
		if k := c.known[p.Name]; k != nil {
			return k
		}
	}
	k := c.correspond(p.Name)
	k.name, k.handle = p.Name, p.Name
	if p.Dialect != "" {
		k.dialect = p.Dialect
	}
	return k
}

// written answers /who where the server does not tell who is here.
func (c *Client) written() {
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
