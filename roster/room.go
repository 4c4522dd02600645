package roster

import (
	"slices"

	"mim/chat"
)

// A room is a list of members who hear each other. It is there as long as
// somebody is in it.
type room struct {
	name    string // begins with "#", lower case
	group   Group  // the links by which its members hear, in the order of members
	members []*member
	said    chat.Said
}

// maxRooms is how many rooms one person may be in (dtu.md, JOIN).
const maxRooms = 50

var (
	errNotInRoom error = chat.Errorf(chat.Unknown, "you are not in that room")
	errRooms     error = chat.Errorf(chat.Full, "nobody can be in more than %d rooms", maxRooms)
	errNoPong    error = chat.Errorf(chat.TooLate, "no answer to a ping")
)

// at is where m is in the room, or -1.
func (o *room) at(m *member) int { return slices.Index(o.members, m) }

// roomOf finds a room that m is in, or nil.
func (r *Roster) roomOf(m *member, name []byte) *room {
	if o := r.rooms[string(name)]; o != nil && o.at(m) >= 0 {
		return o
	}
	return nil
}

// inTurn is a Join or a Leave, or about a call. What comes of it is told behind
// its answer, so if that has to wait for others, all of it does.
func (r *Roster) inTurn(k *link, q chat.Request) {
	if k.talker.first != nil {
		e := r.hold(k, q)
		e.done, e.moves = true, true
		return
	}
	r.move(k, q)
}

// move carries out what inTurn takes, and answers it.
func (r *Roster) move(k *link, q chat.Request) {
	switch q := q.(type) {
	case *chat.Join:
		err := r.mayJoin(k, q.Room)
		r.reply(k.id, chat.Answer{To: q, Err: err})
		if err == nil {
			r.enter(k.talker.member, q.Room)
		}
	case *chat.Leave:
		m := k.talker.member
		if m == nil {
			r.reply(k.id, chat.Answer{To: q, Err: errUnregistered})
			return
		}
		o := r.roomOf(m, []byte(q.Room))
		if o == nil {
			r.reply(k.id, chat.Answer{To: q, Err: errNotInRoom})
			return
		}
		r.reply(k.id, chat.Answer{To: q})
		r.exit(m, o)
	default:
		r.carryCall(k, q)
	}
}

// mayJoin is why the user of a link cannot join a room, or nil. Who is in it
// already is told again who is there, and nobody else hears of it.
func (r *Roster) mayJoin(k *link, name string) error {
	m := k.talker.member
	switch {
	case m == nil || !m.here():
		return errUnregistered
	case !k.traits.Rooms:
		return errUnsupported
	case r.roomOf(m, []byte(name)) == nil && len(m.rooms) >= maxRooms:
		return errRooms
	}
	return nil
}

// enter puts m into a room, if it is not there, and tells it who is.
func (r *Roster) enter(m *member, name string) {
	o := r.rooms[name]
	if o == nil {
		o = &room{name: name}
		r.rooms[name] = o
	}
	fresh := o.at(m) < 0
	if fresh {
		r.addTo(&o.group, m.receives)
		o.members = append(o.members, m)
		m.rooms = append(m.rooms, o)
	}
	people := make([]*chat.Person, len(o.members))
	for i, other := range o.members {
		people[i] = other.came.Who
	}
	if !m.guest {
		r.tell(m.receives, &chat.Members{Room: name, People: people})
	}
	if fresh {
		r.group(m, o, true)
		r.tellGroup(&o.group, m.receives, &chat.Entered{Room: name, Who: m.came.Who}, false)
	}
}

// exit takes m out of a room that it is in, and of the calls of it; who stays
// hears of it.
func (r *Roster) exit(m *member, o *room) {
	if !m.guest {
		r.leaveCalls(m, o)
	}
	i := o.at(m)
	r.cutFrom(&o.group, i)
	o.members = slices.Delete(o.members, i, i+1)
	m.rooms = slices.DeleteFunc(m.rooms, func(other *room) bool { return other == o })
	r.group(m, o, false)
	if !slices.ContainsFunc(o.members, func(m *member) bool { return !m.guest }) {
		// Guests are here only as far as others see them in it.
		for _, g := range o.members {
			g.rooms = slices.DeleteFunc(g.rooms, func(other *room) bool { return other == o })
		}
		delete(r.rooms, o.name)
		return
	}
	r.tellGroup(&o.group, 0, &chat.Exited{Room: o.name, Who: m.came.Who}, false)
}

// sayRoom tells a text to the others in a room.
func (r *Roster) sayRoom(k *link, q *chat.Say) {
	m := k.talker.member
	if m == nil || m.sends != k.id || !m.here() {
		r.settle(k, q, errUnregistered)
		return
	}
	o := r.roomOf(m, q.To)
	if o == nil {
		r.settle(k, q, errNotInRoom)
		return
	}
	r.sayGuests(m, o, q)
	said := &o.said
	for rest := q.Text; ; said = new(chat.Said) { // events of one call must differ
		text := r.pieceOf(m, rest)
		*said = chat.Said{From: m.came.Who, Room: o.name, Text: text}
		r.tellGroup(&o.group, m.receives, said, false)
		if rest = rest[len(text):]; len(rest) == 0 || len(text) == 0 {
			break
		}
	}
	r.settle(k, q, nil)
}

// sayGuests sends a text in a room to those in it who have an address of their
// own. Nobody waits for what becomes of it.
func (r *Roster) sayGuests(author *member, o *room, q *chat.Say) {
	p := author.lent[udp].port
	i := slices.IndexFunc(o.members, func(m *member) bool { return m.guest })
	if p == nil || i < 0 {
		return
	}
	for rest := q.Text; len(rest) > 0; {
		text := r.pieceOf(o.members[i], rest)
		rest = rest[len(text):]
		said := &chat.Said{From: author.came.Who, Room: o.name, Text: text}
		r.out = append(r.out, Effect{Kind: Post, Port: p.index, Event: said})
	}
}

// tellRoom tells a text in a room to one who is in it.
func (r *Roster) tellRoom(m *member, from *chat.Person, room string, text []byte) {
	for rest := text; ; {
		p := r.pieceOf(m, rest)
		r.tell(m.receives, &chat.Said{From: from, Room: room, Text: p})
		if rest = rest[len(p):]; len(rest) == 0 || len(p) == 0 {
			return
		}
	}
}

// ping asks a silent link whether anybody is there, or gives it up if it did
// not answer the last time.
func (r *Roster) ping(t *talker) {
	k := r.at(t.link)
	if k == nil || k.ending {
		return
	}
	if t.pinged != 0 {
		r.end(k, errNoPong)
		return
	}
	if rest := t.heard + k.traits.PingAfter - r.now; rest > 0 {
		r.start(&t.silence, rest)
		return
	}
	// Nobody must know the number before; nobody gains much by knowing it.
	r.pings++
	t.pinged = 1e8 + uint32(r.table.users.hash(key{name: string(rune(r.pings & 0xffff)), addr: t.remote})%9e8)
	r.tell(t.link, &chat.Ping{Number: t.pinged})
	r.start(&t.silence, k.traits.PongWithin)
}

// pong takes the answer to a ping; a wrong number counts for nothing.
func (r *Roster) pong(k *link, q *chat.Pong) {
	if t := k.talker; t.pinged != 0 && q.Number == t.pinged {
		t.pinged = 0
		r.start(&t.silence, k.traits.PingAfter)
	}
}
