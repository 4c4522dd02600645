package client

import (
	"net/netip"
	"slices"
	"strings"

	"mim/chat"
)

// A room is one that we are in, as far as the server has told (Traits.Rooms).
//
//	/join  ->  Join   ->  its answer   we are in it
//	                  ->  Members      who is there: shown as joined
//	/part  ->  Leave  ->  its answer   we are not any more
//
// The server may put us into a room by itself, as into Traits.Lobby: then only
// the Members come. When the server was lost and is found again, we ask for all
// rooms but the lobby, in front of what waits to be said there.
type room struct {
	to     *contact                  // stands for it where texts go
	people []string                  // in the order in which they came; we are among them
	here   map[string]bool           // the same
	at     map[netip.AddrPort]string // by datagram: the others, where they are
}

const (
	// maxRooms bounds the rooms that we know to be in; servers are stricter.
	maxRooms = 256
	// roomSign begins the name of every room (chat.Members).
	roomSign = "#"
)

// isRoom reports whether a word names a room, where there are any.
func (c *Client) isRoom(word string) bool {
	return c.hasRooms() && strings.HasPrefix(word, roomSign)
}

// roomFirst takes the name of a room off the front of s, as the server has it.
func roomFirst(command, s string) (name, rest string, err *chat.Error) {
	word, rest := cutBlank(s)
	switch {
	case word == "":
		return "", "", chat.Errorf(chat.Usage, "which room? %s", command)
	case !strings.HasPrefix(word, roomSign) || word == roomSign:
		return "", "", chat.Errorf(chat.Usage, "the name of a room begins with %s: %s", roomSign, command)
	}
	return strings.ToLower(word), rest, nil
}

// joinRoom is /join. What is said next without an addressee is for that room, even
// if the server does not let us in: better unsaid than said to somebody else.
func (c *Client) joinRoom(s string) {
	name, rest, err := roomFirst("/join #room", s)
	switch {
	case err != nil:
		c.fail(err)
	case rest != "":
		c.fail(chat.Errorf(chat.Usage, "/join takes one room and nothing else"))
	default:
		if c.last = c.roomTo(name); c.askRoom(EnterRoom, name) {
			return
		}
		c.queue(post{words: "/join " + name, asks: &chat.Join{Room: name}})
	}
}

// leaveRoom is /part: of the room spoken in last, if none is named.
func (c *Client) leaveRoom(s string) {
	if s == "" && !c.cfg.Strict && c.last != nil && c.last.room {
		s = c.last.handle
	}
	name, rest, err := roomFirst("/part #room", s)
	switch {
	case err != nil:
		c.fail(err)
	case rest != "":
		c.fail(chat.Errorf(chat.Usage, "/part takes one room and nothing else"))
	case c.askRoom(LeaveRoom, name):
	default:
		c.queue(post{words: "/part " + name, asks: &chat.Leave{Room: name}})
	}
}

// sayRoom is /say.
func (c *Client) sayRoom(s string) {
	name, words, err := roomFirst("/say #room text", s)
	switch {
	case err != nil:
		c.fail(err)
	case words == "":
		c.fail(chat.Errorf(chat.Usage, "no text for %s: what is to be said stands behind it", name))
	default:
		c.typed(c.roomTo(name), words)
	}
}

// roomTo is who stands for a room, whether we are in it or not.
func (c *Client) roomTo(name string) *contact {
	if i := c.roomAt(name); i >= 0 {
		return c.rooms[i].to
	}
	if k := c.last; k != nil && k.room && k.handle == name {
		return k
	}
	k := c.nameOnly(name)
	k.room = true
	return k
}

// roomAt is where a room stands among ours; -1: we are not in it.
func (c *Client) roomAt(name string) int {
	return slices.IndexFunc(c.rooms, func(o *room) bool { return o.to.handle == name })
}

// inRoom notes that we are in a room. nil: in too many to know them all.
func (c *Client) inRoom(name string) *room {
	if i := c.roomAt(name); i >= 0 {
		return c.rooms[i]
	}
	if len(c.rooms) >= maxRooms {
		return nil
	}
	o := &room{to: c.roomTo(name), here: map[string]bool{}}
	c.rooms = append(c.rooms, o)
	return o
}

// outOfRoom notes that we are not in a room any more.
func (c *Client) outOfRoom(name string) {
	if i := c.roomAt(name); i >= 0 {
		c.rooms[i].to.smooth = false
		c.rooms = slices.Delete(c.rooms, i, i+1)
	}
}

// members takes the list of who is in a room, which is also how we hear that
// the server has put us into one.
func (c *Client) members(e *chat.Members) {
	v := View{Event: Joined, Room: e.Room, People: make([]Person, 0, len(e.People))}
	c.findOurs(e.People)
	o := c.inRoom(e.Room)
	if o != nil {
		o.people = nil
		clear(o.here)
	}
	for _, p := range e.People {
		v.People = append(v.People, Person{Name: p.Name})
		c.addTo(o, p.Name)
	}
	c.show(v)
}

// addTo notes that somebody is in a room; those beyond maxPeople are not.
func (c *Client) addTo(o *room, name string) {
	if o == nil || name == "" || o.here[name] {
		return
	}
	n := 0
	for _, other := range c.rooms {
		n += len(other.people)
	}
	if n < maxPeople {
		o.people, o.here[name] = append(o.people, name), true
	}
}

// entered tells who came into a room. That we did the list of members says.
func (c *Client) entered(e *chat.Entered) {
	if c.isUs(e.Who.Name) {
		return
	}
	if i := c.roomAt(e.Room); i >= 0 {
		c.addTo(c.rooms[i], e.Who.Name)
	}
	c.show(View{Event: UserJoin, Room: e.Room, Name: e.Who.Name})
}

// exited tells who left a room, which may be us.
func (c *Client) exited(e *chat.Exited) {
	name := e.Who.Name
	if c.isUs(name) {
		c.outOfRoom(e.Room)
	} else if i := c.roomAt(e.Room); i >= 0 && c.rooms[i].here[name] {
		o := c.rooms[i]
		delete(o.here, name)
		at := slices.Index(o.people, name)
		o.people = slices.Delete(o.people, at, at+1)
	}
	c.quitsCall(e.Room, name)
	c.show(View{Event: UserLeave, Room: e.Room, Name: name})
}

// isUs reports whether a name is ours, in whatever case; isOurs also whether
// it is what others know us by.
func (c *Client) isUs(name string) bool { return strings.EqualFold(name, c.cfg.Name) }

func (c *Client) isOurs(name string) bool { return c.isUs(name) || strings.EqualFold(name, c.alias) }

// KnownAs is what others in our rooms know us by: our name, or an alias of it
// if it is no plain word (chat.Aliases). Only a list of a room tells.
func (c *Client) KnownAs() string {
	if c.alias != "" {
		return c.alias
	}
	return c.cfg.Name
}

// findOurs looks for us in a list of who is in a room. If our name is not in
// it, the last one that can be an alias of it is ours: newcomers are last.
func (c *Client) findOurs(people []*chat.Person) {
	has := func(name string) bool {
		return slices.ContainsFunc(people, func(p *chat.Person) bool { return strings.EqualFold(p.Name, name) })
	}
	switch {
	case chat.IsAlias(c.cfg.Name) || c.alias != "" && has(c.alias):
		return
	case has(c.cfg.Name):
		c.alias = ""
		return
	}
	stem := chat.AliasStem(c.cfg.Name)
	for _, p := range slices.Backward(people) {
		if chat.IsAliasOf(p.Name, stem) {
			c.alias = p.Name
			return
		}
	}
}

// writtenInRooms gives the name as its owner writes it, if one person in our rooms has
// it but for the case of letters; else as it was typed.
func (c *Client) writtenInRooms(name string) string {
	if c.sharesRoom(name) {
		return name
	}
	found := ""
	for _, o := range c.rooms {
		for _, p := range o.people {
			if strings.EqualFold(p, name) {
				if found != "" && found != p {
					return name
				}
				found = p
			}
		}
	}
	if found == "" {
		return name
	}
	return found
}

// sharesRoom reports whether somebody of that name is in a room of ours.
func (c *Client) sharesRoom(name string) bool {
	return slices.ContainsFunc(c.rooms, func(o *room) bool { return o.here[name] })
}

// roommates answers /who where the server tells only who is in our rooms.
func (c *Client) roommates() {
	v := View{Event: Table, People: []Person{}}
	seen := map[string]bool{}
	for _, o := range c.rooms {
		for _, name := range o.people {
			if !seen[name] && !c.isOurs(name) {
				seen[name] = true
				v.People = append(v.People, Person{Name: name, Dialect: c.cfg.Traits.Dialect})
			}
		}
	}
	v.Text = c.cfg.Traits.Dialect + " servers tell who is in your rooms only; "
	if len(v.People) == 0 {
		v.Text += "nobody else is there"
	} else {
		v.Text += "these are:"
	}
	c.show(v)
}

// askedRoom takes the answer to a Join or Leave. Of a Join nothing is shown but
// a refusal: the members come next.
func (c *Client) askedRoom(p *post, a *chat.Answer) {
	switch q := p.asks.(type) {
	case *chat.Join:
		if a.Err != nil {
			if p.again {
				c.outOfRoom(q.Room)
			}
			break
		}
		c.inRoom(q.Room)
		c.exit.active = c.now
	case *chat.Leave:
		if a.Err == nil {
			c.outOfRoom(q.Room)
			c.show(View{Event: UserLeave, Room: q.Room, Name: c.cfg.Name})
		}
	}
	if a.Err != nil {
		c.fail(refused(p.words, "", a.Err))
	}
}

// rejoin asks for the rooms that we were in when the server was lost, before
// anything that waits. The lobby the server remembers by itself.
func (c *Client) rejoin() {
	var again []post
	for _, o := range c.rooms {
		if name := o.to.handle; name != c.cfg.Traits.Lobby {
			p := post{words: "/join " + name, asks: &chat.Join{Room: name}, again: true}
			again = append(again, p)
			c.relay.bytes += len(p.words)
			c.unsettled++
		}
	}
	if len(again) > 0 {
		c.relay.posts = append(again, c.relay.posts...)
	}
}

// dropRejoins forgets what rejoin asked for: the server is lost again, and is
// asked for the same rooms when it is back.
func (c *Client) dropRejoins() {
	for r := &c.relay; len(r.posts) > 0 && r.posts[0].again; {
		c.takePost()
	}
}
