package client

import (
	"slices"
	"time"

	"mim/chat"
)

// Calls are talks by voice that the server arranges (Traits.Calls): here is
// who is asked, who asks, and with whom there is sound. The sound itself is
// the driver's.
//
// One call at most is ours: we asked for it or take part in it. Others, at most
// maxRings, ring until they are answered.
//
//	ours     its key  Accepted  Denied  Ended  /hangup  too late  no sound  server lost
//	wanted   asked    -         -       -      over     over      -         over
//	asked    -        talking   over    over   over     over      -         over
//	talking  -        stays     -       over   over     -         over      over
//
//	others   /answer  /deny  Ended  too late  server lost
//	ringing  talking  over   over   over      over
//
// News of a call goes by its key, so that what comes late changes no other one.
// Who calls somebody who calls them wants the same call: see cross.
type calls struct {
	ours  *call   // nil: none
	rings []*call // the oldest first
	// mine is the call whose Talk was just answered: the next event has its key.
	mine  *call
	bound uint64 // the key that the driver was told to bind; 0: none
	muted bool   // in our call
}

type call struct {
	state  callState
	key    uint64
	name   string // the other end: a person's, or a room's
	room   bool
	until  time.Time // it is too late then; zero: it never is
	people []string  // who takes part beside us, as far as we know
}

type callState uint8

const (
	callWanted  callState = iota // the server was asked, or is about to be
	callAsked                    // the other end is being asked
	callRinging                  // we are
	callTalking                  // there is sound
	callOver
)

const (
	// callWithin is how long a call waits for somebody to take it (dtu,
	// Voice 5: 30 s).
	callWithin = 30 * time.Second
	// ringWithin is when a call has rung out of which the server says nothing;
	// servers do, before.
	ringWithin = 40 * time.Second
	// maxVolume is the loudest that others can be made, in percent.
	maxVolume = 400
)

// Why a call is over.
const (
	whyHungUp    = "you hung up"
	whyYouDenied = "you declined"
	whyEnded     = "the other side, or the server, has ended it"
	whyUnasked   = "the server did not answer"
	whyNobody    = "nobody has answered"
	whyAlone     = "nobody else takes part"
	whyDenied    = "they declined"
	whyDeniedOr  = "they declined, or nobody of that name can be called"
	whyRungOut   = "it was not answered"
	whyNoSound   = "there is no sound here"
	whyCallGone  = "it was over already"
	whyCallsLost = "the server is lost"
	whyLeaving   = "you left"
)

// callNews takes news of a call; mine is the one whose key it may bring.
func (c *Client) callNews(e *chat.Call, mine *call) {
	switch k := c.callOf(e.Key); {
	case e.Key == 0 || !c.cfg.Traits.Calls || c.exit.phase >= finishing:
	case e.State == chat.CallAsked && mine != nil:
		c.callHasKey(mine, e)
	case e.State == chat.CallAsked && k == nil:
		c.rung(e)
	case k == nil:
	case e.State == chat.CallAccepted && k.state != callRinging:
		c.callAccepted(k, e)
	case e.State == chat.CallDenied && k.state == callAsked:
		c.callOver(k, StateDenied, c.whyDenied(k))
	case e.State == chat.CallEnded && k.state == callAsked && !c.now.Before(k.until.Add(-time.Second)):
		c.callOver(k, StateEnded, whyNobody)
	case e.State == chat.CallEnded && k.state == callAsked && k.room:
		c.callOver(k, StateEnded, whyAlone)
	case e.State == chat.CallEnded:
		c.callOver(k, StateEnded, whyEnded)
	}
}

// callOf is the call with this key, or nil.
func (c *Client) callOf(key uint64) *call {
	if k := c.calling.ours; k != nil && k.key == key && key != 0 {
		return k
	}
	if i := slices.IndexFunc(c.calling.rings, func(k *call) bool { return k.key == key }); i >= 0 {
		return c.calling.rings[i]
	}
	return nil
}

// showCall tells how far a call is, because of name if it is a room's.
func (c *Client) showCall(k *call, state, name, why string) {
	v := View{Event: Called, State: state, Name: name, Why: why}
	if k.room {
		v.Room = k.name
	} else if name == "" {
		v.Name = k.name
	}
	for _, p := range k.people {
		v.People = append(v.People, Person{Name: p})
	}
	c.show(v)
}

// callHasKey: what we asked for has come to be. If we do not want it any more
// it ends.
func (c *Client) callHasKey(k *call, e *chat.Call) {
	k.key = e.Key
	if k.state != callWanted {
		c.endCall(k)
		return
	}
	k.state, k.until = callAsked, c.now.Add(callWithin)
	if e.Who != nil {
		k.name = e.Who.Name
	}
	c.showCall(k, StateAsked, "", "")
	if ring := c.ringOf(k.name); ring != nil && !k.room {
		c.cross(ring)
	}
	c.bind()
}

// rung: somebody asks us. Too many at once are declined.
func (c *Client) rung(e *chat.Call) {
	if e.Who == nil {
		return
	}
	ring := &call{state: callRinging, key: e.Key, name: e.Who.Name, until: c.now.Add(ringWithin)}
	c.exit.active = c.now
	switch k := c.calling.ours; {
	case k != nil && k.state == callAsked && !k.room && k.name == ring.name:
		c.cross(ring)
	case len(c.calling.rings) >= maxRings:
		c.replyCall(ring, false)
	default:
		c.calling.rings = append(c.calling.rings, ring)
		c.showCall(ring, StateRinging, "", "")
	}
	c.bind()
}

// cross is for somebody who rings and is being called by us. Both sides keep
// the call with the lower key and take it: which of the two is ours the lines
// of a server do not say for sure, and who takes their own call is told that
// there is none, to which toldCall pays no heed.
func (c *Client) cross(ring *call) {
	low, high := c.calling.ours, ring
	if high.key < low.key {
		low, high = high, low
	}
	c.unring(ring)
	c.calling.ours = low
	low.state, low.until, high.state = callAsked, c.now.Add(callWithin), callOver
	c.replyCall(low, true)
	c.endCall(high)
}

// unring takes a call out of those that ring.
func (c *Client) unring(k *call) {
	c.calling.rings = slices.DeleteFunc(c.calling.rings, func(o *call) bool { return o == k })
}

// take takes part in a call that rings.
func (c *Client) take(ring *call) {
	c.unring(ring)
	c.calling.ours = ring
	c.replyCall(ring, true)
	c.begins(ring, "")
}

// begins: there is sound in our call, because name takes part.
func (c *Client) begins(k *call, name string) {
	k.state, k.until = callTalking, time.Time{}
	c.showCall(k, StateAccepted, name, "")
	c.calling.muted, c.calling.bound = false, k.key
	c.do(Effect{Kind: VoiceOpen, Key: k.key})
}

// callAccepted: somebody takes part in our call.
func (c *Client) callAccepted(k *call, e *chat.Call) {
	name := ""
	if e.Who != nil && !c.isOurs(e.Who.Name) {
		name = e.Who.Name
	}
	more := c.joinsCall(k, name)
	switch {
	case k.state == callAsked:
		c.begins(k, name)
	case more:
		c.showCall(k, StateAccepted, name, "")
	}
}

// joinsCall notes that somebody takes part; false: nobody new. That a call of
// two is one of more shows when somebody else does.
func (c *Client) joinsCall(k *call, name string) bool {
	if name == "" || slices.Contains(k.people, name) || len(k.people) >= maxTalkers {
		return false
	}
	if !k.room && len(k.people) == 0 {
		if name == k.name {
			return false
		}
		k.people = append(k.people, k.name)
	}
	k.people = append(k.people, name)
	return true
}

// bind has the driver bind our voice socket to the call that we are most
// likely to speak in: a datagram of it may come before we know that the call
// is taken. Only one call is bound at a time.
func (c *Client) bind() {
	key := uint64(0)
	if k := c.calling.ours; k != nil && k.key != 0 {
		key = k.key
	} else if len(c.calling.rings) > 0 {
		key = c.calling.rings[0].key
	}
	if key != 0 && key != c.calling.bound {
		c.calling.bound = key
		c.do(Effect{Kind: VoiceBind, Key: key})
	}
}

// callOver ends a call for us and says so.
func (c *Client) callOver(k *call, state, why string) {
	k.state, k.people = callOver, nil
	if c.calling.ours == k {
		c.calling.ours = nil
	}
	c.unring(k)
	c.showCall(k, state, "", why)
	if k.key != 0 && k.key == c.calling.bound {
		c.calling.bound = 0
		c.do(Effect{Kind: VoiceClose, Key: k.key})
		c.bind()
	}
}

// endCall tells the server that we do not take part any more, and replyCall
// whether we do. Neither waits for the answers to texts: these are asked
// by themselves, and their answers known by what they say.
func (c *Client) endCall(k *call) {
	if k.key != 0 {
		c.tellCall(&chat.TalkEnd{Key: k.key})
	}
}

func (c *Client) replyCall(k *call, yes bool) { c.tellCall(&chat.TalkReply{Key: k.key, Yes: yes}) }

func (c *Client) tellCall(r chat.Request) {
	if c.server.phase == online {
		c.do(Effect{Kind: Ask, Part: c.sends(), Request: r})
	}
}

// toldCall takes the answer to that. What we end is over for us whatever it is.
func (c *Client) toldCall(a *chat.Answer) {
	q, ok := a.To.(*chat.TalkReply)
	k := c.calling.ours
	if !ok || !q.Yes || k == nil || k.key != q.Key {
		return
	}
	switch {
	case a.Err != nil && k.state == callTalking:
		c.callOver(k, StateEnded, whyCallGone)
	case a.Err == nil && k.state == callAsked: // see cross
		c.begins(k, "")
	}
}

// askedCall takes the answer to a Talk. The key comes next.
func (c *Client) askedCall(p *post, a *chat.Answer) {
	if a.Err == nil {
		c.calling.mine = p.call
		return
	}
	c.callUnasked(p.call)
	c.fail(refused(p.words, "", a.Err))
}

// callUnasked forgets a call that never came to be.
func (c *Client) callUnasked(k *call) {
	if c.calling.ours == k {
		c.calling.ours = nil
		c.bind()
	}
	k.state = callOver
}

// VoiceFailed says that there is no sound for the call with this key: it ends
// for us. why is for people.
func (c *Client) VoiceFailed(now time.Time, key uint64, why error) []Effect {
	c.begin(now)
	if k := c.calling.ours; k != nil && k.key == key && c.exit.phase < finishing {
		c.fail(chat.Errorf(chat.Broken, "the call cannot go on: %s", visible(why.Error())))
		c.endCall(k)
		c.callOver(k, StateEnded, whyNoSound)
	}
	return c.end()
}

// VoiceNotice shows what the driver has to say about the sound of a call.
func (c *Client) VoiceNotice(now time.Time, text string) []Effect {
	c.begin(now)
	if c.exit.phase != gone {
		v := View{Event: Notice, Text: text}
		if k := c.calling.ours; k != nil {
			v.Name = k.name
		}
		c.show(v)
	}
	return c.end()
}

// VoiceLevels shows who is how loud in our call, ourselves first.
func (c *Client) VoiceLevels(now time.Time, voices []Voice) []Effect {
	c.begin(now)
	if k := c.calling.ours; k != nil && k.state == callTalking {
		v := View{Event: Voices, Voices: voices, Name: k.name}
		if k.room {
			v.Name, v.Room = "", k.name
		}
		c.show(v)
	}
	return c.end()
}

// MayTalk lists who may be heard in our call: whom we know to take part and
// all others in our rooms.
func (c *Client) MayTalk() (names []string) {
	k := c.calling.ours
	if k == nil {
		return nil
	}
	names = append(names, k.people...)
	if !k.room {
		names = append(names, k.name)
	}
	for _, o := range c.rooms {
		names = append(names, o.people...)
	}
	return names
}

// tickCalls ends those that it is too late for.
func (c *Client) tickCalls() {
	late := func(k *call) bool { return k != nil && !k.until.IsZero() && !k.until.After(c.now) }
	if k := c.calling.ours; late(k) {
		switch k.state {
		case callWanted:
			c.callUnasked(k)
			c.fail(chat.Errorf(chat.TooLate, "no call with %s: %s", k.name, whyUnasked))
		default:
			c.endCall(k)
			c.callOver(k, StateEnded, whyNobody)
		}
	}
	for len(c.calling.rings) > 0 && late(c.calling.rings[0]) {
		c.callOver(c.calling.rings[0], StateEnded, whyRungOut)
	}
}

// callDue is when tickCalls is to be called; zero: not before something happens.
func (c *Client) callDue() (due time.Time) {
	if k := c.calling.ours; k != nil {
		due = k.until
	}
	if len(c.calling.rings) > 0 {
		if t := c.calling.rings[0].until; due.IsZero() || t.Before(due) {
			due = t
		}
	}
	return due
}

// dropCalls ends all of them: the server cannot be told, or need not be.
func (c *Client) dropCalls(why string) {
	c.calling.mine = nil
	rings := c.calling.rings
	c.calling.rings = nil
	if k := c.calling.ours; k != nil {
		c.callOver(k, StateEnded, why)
	}
	for _, k := range rings {
		c.callOver(k, StateEnded, why)
	}
}

// quitsCall notes that somebody has left a room, and with it its call.
func (c *Client) quitsCall(room, name string) {
	if k := c.calling.ours; k != nil && k.room && k.name == room {
		k.people = slices.DeleteFunc(k.people, func(p string) bool { return p == name })
	}
}

// whyDenied words why a call came to nothing. Of who is not there nothing else
// is told than of who declines.
func (c *Client) whyDenied(k *call) string {
	if k.room || c.sharesRoom(k.name) {
		return whyDenied
	}
	return whyDeniedOr
}
