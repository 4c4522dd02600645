package roster

import (
	"net/netip"
	"slices"
	"time"

	"mim/chat"
)

// A call is people who talk by datagrams, and those who are asked to (dtu.md,
// Voice). Everything that changes who they are is in this file; voice.go says
// where their datagrams come from and go to.
//
//	Talk -> ringing -- ACCEPT of one ------> going on -- END, lost: fewer than two --> gone
//	           |                                |
//	           |-- DENY of all, END, lost ----->|------- 30 s of silence ------------> gone
//	           \-- 30 s ------------------------------------------------------------> gone
//
// In a room's call others may answer while it goes on. Who has not answered 30 s
// after the last one who took part is not asked any more. A call has at least
// one who takes part and, with those who are asked, at least two: the rest of
// one that falls below that is told END.
type call struct {
	key      uint64
	room     string        // of a room's call; else empty
	in       []*end        // who take part, in the order they came
	asked    []*end        // who have not answered yet
	answered bool          // somebody has taken part beside who asked
	rang     time.Duration // when it was asked for or, later, when the last one took part
	heard    time.Duration // when the last datagram or answer came
	timer    timer
}

// An end is one person in a call.
type end struct {
	call   *call
	member *member
	in     bool           // takes part; else is only asked
	caller bool           // has asked for the call
	source netip.AddrPort // datagrams come from there and go there; not valid: none is bound
	bound  uint64         // when that was said last, in the count of calls.binds

	receipts uint8         // how many BoundYes it had
	since    time.Duration // from this time on
}

// calls are all calls of a server and what belongs to them.
type calls struct {
	byKey   map[uint64]*call
	sources map[netip.AddrPort]*end // by bare address
	links   map[netip.Addr]int      // how many links with voice each address has
	wrong   map[netip.Addr]*wrongKeys
	binds   uint64           // counts them
	to      []netip.AddrPort // what Voice gave last
}

const (
	// callWithin is for how long a call rings, and how long its people may be
	// silent (dtu.md, Voice 5 and 8).
	callWithin = 30 * time.Second
	// maxUnanswered is how many calls of one person may ring (the same, 1).
	maxUnanswered = 8
	// maxCalls is how many calls one person may be in, those in which they are
	// asked included. More than maxUnanswered: one caller shuts nobody off.
	maxCalls = 64
	// maxAsked is how many others a room's call may ask.
	maxAsked = 256
	// maxEnds is how many may take part in one: each datagram goes to all others.
	maxEnds = 32
	// minKey and maxKey bound a key: 15 digits, the first not 0 (the same, 7).
	minKey, maxKey = 1e14, 1e15 - 1
	// keyTries is how often a key that is none, or is taken, is replaced.
	keyTries = 100
)

var (
	errNoCall     error = chat.Errorf(chat.Unknown, "there is no such call")
	errUnanswered error = chat.Errorf(chat.TooFast, "%d of your calls have no answer yet; wait for one, or end it", maxUnanswered)
	errCalls      error = chat.Errorf(chat.Full, "nobody can be in more than %d calls", maxCalls)
	errCallRoom   error = chat.Errorf(chat.Full, "too many are in that room to call them all; %d can be asked", maxAsked)
	errNoKeys     error = chat.Errorf(chat.Broken, "no call can be made now; try again later")
)

func newCalls() calls {
	return calls{byKey: map[uint64]*call{}, sources: map[netip.AddrPort]*end{}, links: map[netip.Addr]int{}, wrong: map[netip.Addr]*wrongKeys{}}
}

// here notes that a link of an address has come, by 1, or gone, by -1.
func (v *calls) here(k *link, by int) {
	if !k.traits.Calls {
		return
	}
	if v.links[k.addr] += by; v.links[k.addr] == 0 {
		delete(v.links, k.addr)
	}
}

// carryCall carries out a Talk, TalkReply or TalkEnd and answers it: what comes
// of it is told behind that.
func (r *Roster) carryCall(k *link, q chat.Request) {
	m, err := k.talker.member, error(nil)
	switch {
	case m == nil || !m.here():
		err = errUnregistered
	case r.cfg.Keys == nil || !k.traits.Calls:
		err = errUnsupported
	}
	if err != nil {
		r.reply(k.id, chat.Answer{To: q, Err: err})
		return
	}
	switch q := q.(type) {
	case *chat.Talk:
		if q.Room {
			r.callRoom(k, m, q)
		} else {
			r.callOne(k, m, q)
		}
	case *chat.TalkReply:
		r.answerCall(k, m, q)
	case *chat.TalkEnd:
		e := m.end(q.Key)
		if e == nil {
			r.reply(k.id, chat.Answer{To: q, Err: errNoCall})
			return
		}
		r.reply(k.id, chat.Answer{To: q})
		r.endCall(e)
	}
}

// callOne asks one person. Who cannot be asked has declined (dtu.md, Voice 1).
func (r *Roster) callOne(k *link, m *member, q *chat.Talk) {
	err := chat.CheckName(string(q.To))
	if err != nil {
		err = errAbsent // no name anybody could have
	} else {
		err = m.mayCall()
	}
	key, err := r.newKey(err)
	r.reply(k.id, chat.Answer{To: q, Err: err})
	if err != nil {
		return
	}
	to := r.memberCalled(q.To)
	who := &chat.Person{Name: string(q.To)}
	if to != nil {
		who = to.came.Who
	}
	r.tell(k.id, &chat.Call{State: chat.CallAsked, Who: who, Key: key})
	if to == m || !r.callable(to, m) {
		r.tell(k.id, &chat.Call{State: chat.CallDenied, Who: who, Key: key})
		return
	}
	c := r.newCall(m, key)
	c.ask(to)
	r.tell(to.receives, &chat.Call{State: chat.CallAsked, Who: m.came.Who, Key: key})
}

// callRoom asks all others in a room (dtu.md, Voice 8).
func (r *Roster) callRoom(k *link, m *member, q *chat.Talk) {
	o := r.roomOf(m, q.To)
	var others []*member
	err := m.mayCall()
	switch {
	case o == nil:
		err = errNotInRoom
	case err == nil:
		r.walked += len(o.members)
		if others = r.callables(o, m); len(others) > maxAsked {
			err = errCallRoom
		}
	}
	key, err := r.newKey(err)
	r.reply(k.id, chat.Answer{To: q, Err: err})
	if err != nil {
		return
	}
	r.tell(k.id, &chat.Call{State: chat.CallAsked, Room: o.name, Key: key})
	c := r.newCall(m, key)
	c.room = o.name
	for _, to := range others {
		c.ask(to)
	}
	r.tellEnds(c.asked, &chat.Call{State: chat.CallAsked, Who: m.came.Who, Key: key})
	r.closeCall(c) // if there is nobody else
}

// mayCall is why the member cannot ask for another call, or nil.
func (m *member) mayCall() error {
	ringing := 0
	for _, e := range m.calls {
		if e.caller && !e.call.answered {
			ringing++
		}
	}
	switch {
	case ringing >= maxUnanswered:
		return errUnanswered
	case len(m.calls) >= maxCalls:
		return errCalls
	}
	return nil
}

// callable reports whether to, who may be nil, can be asked for a call by m.
func (r *Roster) callable(to, m *member) bool {
	return to != nil && to.here() && to.traits.Calls && len(to.calls) < maxCalls && !to.account.blocked(m.folded)
}

// callables are the others in a room who can be asked by m.
func (r *Roster) callables(o *room, m *member) []*member {
	others := make([]*member, 0, len(o.members))
	for _, to := range o.members {
		if to != m && r.callable(to, m) {
			others = append(others, to)
		}
	}
	return others
}

// newKey makes the key of a call, unless there is an error already.
//
// No key comes twice as long as its call lives. That one of a call that is over
// comes again is left to chance: among the 9e14 keys, a server that has made a
// million calls meets an old one with its next in about one of 9e8 cases, and
// then it only matters to a program that still sends the old key, from an
// address that is in the new call.
func (r *Roster) newKey(err error) (uint64, error) {
	if err != nil {
		return 0, err
	}
	for range keyTries {
		key := r.cfg.Keys()
		if key >= minKey && key <= maxKey && r.calls.byKey[key] == nil {
			return key, nil
		}
	}
	return 0, errNoKeys
}

// newCall begins a call of m, who takes part in it.
func (r *Roster) newCall(m *member, key uint64) *call {
	c := &call{key: key, rang: r.now, heard: r.now}
	c.timer.fire, c.timer.of = fireCall, c
	e := &end{call: c, member: m, in: true, caller: true}
	c.in = append(c.in, e)
	m.calls = append(m.calls, e)
	r.calls.byKey[key] = c
	r.start(&c.timer, callWithin)
	return c
}

// ask puts somebody among those who are asked.
func (c *call) ask(m *member) {
	e := &end{call: c, member: m}
	c.asked = append(c.asked, e)
	m.calls = append(m.calls, e)
}

// end is the member's end of the call with a key, or nil.
func (m *member) end(key uint64) *end {
	for _, e := range m.calls {
		if e.call.key == key {
			return e
		}
	}
	return nil
}

// answerCall is what somebody who was asked says (dtu.md, Voice 2). Who takes
// part already may say so once more; who has changed their mind leaves.
func (r *Roster) answerCall(k *link, m *member, q *chat.TalkReply) {
	e := m.end(q.Key)
	if e == nil || e.caller {
		r.reply(k.id, chat.Answer{To: q, Err: errNoCall})
		return
	}
	r.reply(k.id, chat.Answer{To: q})
	c := e.call
	c.heard = r.now
	switch {
	case q.Yes && e.in:
	case q.Yes && len(c.in) < maxEnds:
		r.enterCall(e)
	case e.in, q.Yes: // there is no room for one more
		r.endCall(e)
	case c.room == "":
		r.takeOut(e)
		r.tellEnds(c.in, &chat.Call{State: chat.CallDenied, Who: m.came.Who, Key: c.key})
		r.forgetCall(c)
	default:
		r.takeOut(e)
		r.closeCall(c)
	}
}

// enterCall lets somebody who was asked take part; those who do hear of it.
func (r *Roster) enterCall(e *end) {
	c := e.call
	r.tellEnds(c.in, &chat.Call{State: chat.CallAccepted, Who: e.member.came.Who, Key: c.key})
	c.asked = slices.DeleteFunc(c.asked, func(other *end) bool { return other == e })
	c.in = append(c.in, e)
	e.in, c.answered, c.rang = true, true, r.now
	c.lift(&r.calls, e.member.addr())
}

// endCall is the END of somebody who is in a call or asked; they hear it, too.
func (r *Roster) endCall(e *end) {
	r.takeOut(e)
	r.tell(e.member.receives, e.call.ended())
	r.closeCall(e.call)
}

// leaveCalls is the END of a member who leaves a room, in the calls of it.
func (r *Roster) leaveCalls(m *member, o *room) {
	for i := len(m.calls) - 1; i >= 0; i-- {
		if e := m.calls[i]; e.call.room == o.name {
			r.endCall(e)
		}
	}
}

// dropCalls is the END of a member who is gone, in all calls: the others hear it.
func (r *Roster) dropCalls(m *member) {
	for len(m.calls) > 0 {
		e := m.calls[len(m.calls)-1]
		r.takeOut(e)
		r.closeCall(e.call)
	}
}

// callDue ends what has been silent, or without an answer, for too long.
func (r *Roster) callDue(c *call) {
	rest := c.rang + callWithin - r.now
	if len(c.asked) > 0 && rest <= 0 {
		r.tellEnds(c.asked, c.ended())
		for len(c.asked) > 0 {
			r.takeOut(c.asked[len(c.asked)-1])
		}
		if r.closeCall(c) {
			return
		}
	}
	if len(c.asked) == 0 {
		rest = c.heard + callWithin - r.now // not before: who took part last was heard then
	}
	if rest <= 0 {
		r.tellEnds(c.all(), c.ended())
		r.forgetCall(c)
		return
	}
	r.start(&c.timer, rest)
}

// closeCall ends a call that has too few people left, and tells those. It
// reports whether it is over.
func (r *Roster) closeCall(c *call) bool {
	if len(c.in) > 0 && len(c.in)+len(c.asked) >= 2 {
		return false
	}
	r.tellEnds(c.all(), c.ended())
	r.forgetCall(c)
	return true
}

// forgetCall takes everybody out of a call and its key out of the world.
func (r *Roster) forgetCall(c *call) {
	for _, e := range c.all() {
		r.takeOut(e)
	}
	r.stop(&c.timer)
	delete(r.calls.byKey, c.key)
}

// takeOut takes somebody out of a call, and their source with them.
func (r *Roster) takeOut(e *end) {
	is := func(other *end) bool { return other == e }
	c := e.call
	c.in = slices.DeleteFunc(c.in, is)
	c.asked = slices.DeleteFunc(c.asked, is)
	e.member.calls = slices.DeleteFunc(e.member.calls, is)
	r.calls.unbind(e)
}

// all are those who take part and those who are asked.
func (c *call) all() []*end { return slices.Concat(c.in, c.asked) }

// ended is what those hear for whom the call is over.
func (c *call) ended() *chat.Call {
	return &chat.Call{State: chat.CallEnded, Room: c.room, Key: c.key}
}

// tellEnds tells people of a call what happened.
func (r *Roster) tellEnds(ends []*end, e *chat.Call) {
	switch len(ends) {
	case 0:
	case 1:
		r.tell(ends[0].member.receives, e)
	default:
		g := &Group{links: make([]chat.Link, len(ends))}
		for i, to := range ends {
			g.links[i] = to.member.receives
		}
		r.tellGroup(g, 0, e, false)
	}
}
