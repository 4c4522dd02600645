package client

import (
	"net/netip"
	"slices"
	"time"

	"mim/chat"
)

// Rooms where people reach each other by datagrams: no server knows of them,
// each member tells the others. We ask the socket, which answers at once.

// hasRooms reports whether there are rooms, whoever keeps them.
func (c *Client) hasRooms() bool { return c.cfg.Traits.Rooms || c.byDatagram() }

// RoomEntered says what became of an EnterRoom: we are in the room, and so are
// those at these addresses, or err says why not.
func (c *Client) RoomEntered(now time.Time, name string, members []netip.AddrPort, err error) []Effect {
	c.begin(now)
	if err != nil {
		c.fail(refused("/join "+name, "", err))
		return c.end()
	}
	o := c.inRoom(name)
	v := View{Event: Joined, Room: name, People: []Person{{Name: c.cfg.Name}}}
	for _, a := range members {
		h := c.nameAt(a, "")
		v.People = append(v.People, Person{Name: h})
		c.addAt(o, a, h)
	}
	c.exit.active = now
	c.show(v)
	return c.end()
}

// RoomLeft says what became of a LeaveRoom.
func (c *Client) RoomLeft(now time.Time, name string, err error) []Effect {
	c.begin(now)
	switch {
	case c.exit.phase >= finishing:
	case err != nil:
		c.fail(refused("/part "+name, "", err))
	default:
		c.outOfRoom(name)
		c.show(View{Event: UserLeave, Room: name, Name: c.cfg.Name})
	}
	return c.end()
}

// RoomNews says that who is at an address, known as name to the socket, is in a
// room of ours now, or not any more.
func (c *Client) RoomNews(now time.Time, who netip.AddrPort, name, room string, in bool) []Effect {
	c.begin(now)
	i := c.roomAt(room)
	if i < 0 {
		return c.end()
	}
	o := c.rooms[i]
	switch h, known := o.at[who]; {
	case in && !known:
		h = c.nameAt(who, name)
		if c.addAt(o, who, h) {
			c.show(View{Event: UserJoin, Room: room, Name: h})
		}
	case !in && known:
		c.takeAt(o, who)
		c.show(View{Event: UserLeave, Room: room, Name: h})
	}
	return c.end()
}

// addAt notes that somebody is in a room; false: in too many, or too big a one.
func (c *Client) addAt(o *room, a netip.AddrPort, handle string) bool {
	if o == nil {
		return false
	}
	if o.at == nil {
		o.at = map[netip.AddrPort]string{}
	}
	c.addTo(o, handle)
	if !o.here[handle] {
		return false
	}
	o.at[a] = handle
	return true
}

func (c *Client) takeAt(o *room, a netip.AddrPort) {
	h := o.at[a]
	delete(o.at, a)
	delete(o.here, h)
	o.people = slices.DeleteFunc(o.people, func(p string) bool { return p == h })
}

// nameAt is the handle of who is at an address, or what is said of them.
func (c *Client) nameAt(a netip.AddrPort, name string) string {
	switch k := c.dgrams.at[a]; {
	case k != nil:
		return k.handle
	case name != "":
		return name
	}
	return a.String()
}

// handleAt is how a member of a room is known there.
func (c *Client) handleAt(room string, a netip.AddrPort) string {
	if i := c.roomAt(room); i >= 0 && c.rooms[i].at[a] != "" {
		return c.rooms[i].at[a]
	}
	return c.nameAt(a, "")
}

// renamed tells in rooms that who is at an address has another handle now.
func (c *Client) renamed(a netip.AddrPort, now string) {
	for _, o := range c.rooms {
		h := o.at[a]
		if h == "" || h == now {
			continue
		}
		c.takeAt(o, a)
		c.show(View{Event: UserLeave, Room: o.to.handle, Name: h})
		if c.addAt(o, a, now) {
			c.show(View{Event: UserJoin, Room: o.to.handle, Name: now})
		}
	}
}

// askRoom asks the socket for a room, where it is the one to ask; false: it is
// not.
func (c *Client) askRoom(k Kind, name string) bool {
	if !c.byDatagram() {
		return false
	}
	c.do(Effect{Kind: k, Room: name})
	return true
}

// roomAddressee takes the name of a room off the front of a line.
func (c *Client) roomAddressee(s string) (k *contact, rest string, err *chat.Error) {
	name, rest, err := roomFirst("@#room text", s)
	if err != nil {
		return nil, "", err
	}
	return c.roomTo(name), rest, nil
}
