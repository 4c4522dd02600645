package client

import (
	"strconv"
	"strings"

	"mim/chat"
)

// callCommands are the words of calls.
func callCommands() []command {
	return []command{
		{"/call", "NAME", "call NAME, or with #room all in a room", (*Client).callUp},
		{"/answer", "NAME", "take the call of NAME", (*Client).answerCall},
		{"/deny", "NAME", "decline it", (*Client).denyCall},
		{"/hangup", "", "end your call", (*Client).hangUpCall},
		{"/mute", "", "they do not hear you, or do again", (*Client).mute},
		{"/volume", "N", "make what you hear louder or softer: 100 is as it comes, 0 nothing", (*Client).setVolume},
		{"/stats", "", "how well the sound of your call comes through", (*Client).callStats},
	}
}

// callUp is /call. Who calls somebody that calls them answers.
func (c *Client) callUp(s string) {
	k, err := c.callee(s)
	switch {
	case err != nil:
	case c.calling.ours != nil:
		err = chat.Errorf(chat.Already, "%s; /hangup ends that call", c.inCall())
	case c.server.phase != online:
		err = chat.Errorf(chat.Lost, "nobody can be called: the server is lost; try again when it is back")
	default:
		if ring := c.ringOf(k.name); ring != nil && !k.room {
			c.take(ring)
			return
		}
		k.until = c.now.Add(callWithin)
		c.calling.ours = k
		c.queue(post{words: "/call " + k.name, asks: &chat.Talk{To: []byte(k.name), Room: k.room}, call: k})
		return
	}
	c.fail(err)
}

// callee reads whom or what room to call.
func (c *Client) callee(s string) (*call, *chat.Error) {
	if s == "" {
		return nil, chat.Errorf(chat.Usage, "whom? /call NAME%s", c.orRoom(", or /call #room"))
	}
	k := &call{}
	var rest string
	var err *chat.Error
	if word, _ := cutBlank(s); c.isRoom(word) {
		k.room = true
		k.name, rest, err = roomFirst("/call #room", s)
	} else {
		k.name, rest, err = c.nameFirst(s)
		k.name = c.writtenInRooms(k.name)
	}
	switch {
	case err != nil:
	case rest != "":
		err = chat.Errorf(chat.Usage, "/call takes one name and nothing else")
	case c.isOurs(k.name):
		err = chat.Errorf(chat.Self, "%s is you", k.name)
	}
	return k, err
}

// inCall says what our call is.
func (c *Client) inCall() string {
	k := c.calling.ours
	if k.state == callTalking {
		return "you are in a call with " + k.name
	}
	return "you are calling " + k.name
}

// ringOf is the call of somebody that rings, the last one, or nil.
func (c *Client) ringOf(name string) (found *call) {
	for _, k := range c.calling.rings {
		if k.name == name || found == nil && strings.EqualFold(k.name, name) {
			found = k
		}
	}
	return found
}

// ringFor finds the call that rings which a command is about. Without a name it
// is the only one there is; a script has to say which.
func (c *Client) ringFor(word, s string) (*call, *chat.Error) {
	rings := c.calling.rings
	switch {
	case s != "":
	case len(rings) == 1 && !c.cfg.Strict:
		return rings[0], nil
	case len(rings) > 0 || c.cfg.Strict:
		return nil, chat.Errorf(chat.Usage, "whose call? %s NAME%s", word, c.whoRings())
	default:
		return nil, chat.Errorf(chat.NotSo, "nobody is calling you; /call NAME calls somebody")
	}
	name, rest, err := c.nameFirst(s)
	switch {
	case err != nil:
		return nil, err
	case rest != "":
		return nil, chat.Errorf(chat.Usage, "%s takes a name and nothing else", word)
	}
	if k := c.ringOf(name); k != nil {
		return k, nil
	}
	return nil, chat.Errorf(chat.NotSo, "%s is not calling you%s", name, c.whoRings())
}

// whoRings says who is calling us, behind a semicolon; "" if nobody is.
func (c *Client) whoRings() string {
	var names []string
	for _, k := range c.calling.rings {
		names = append(names, k.name)
	}
	switch len(names) {
	case 0:
		return ""
	case 1:
		return "; " + names[0] + " is"
	}
	return "; these are: " + strings.Join(names, ", ")
}

// answerCall is /answer. One call at a time: ours is not ended for it.
func (c *Client) answerCall(s string) {
	ring, err := c.ringFor("/answer", s)
	switch {
	case err != nil:
		c.fail(err)
	case c.calling.ours != nil:
		c.fail(chat.Errorf(chat.Already, "%s; /hangup ends that, then /answer %s takes this call", c.inCall(), ring.name))
	default:
		c.take(ring)
	}
}

// denyCall is /deny.
func (c *Client) denyCall(s string) {
	ring, err := c.ringFor("/deny", s)
	if err != nil {
		c.fail(err)
		return
	}
	c.replyCall(ring, false)
	c.callOver(ring, StateDenied, whyYouDenied)
}

// hangUpCall is /hangup.
func (c *Client) hangUpCall(s string) {
	k, err := c.ourCall("/hangup", s)
	if err != nil {
		c.fail(err)
		return
	}
	c.endCall(k)
	c.callOver(k, StateEnded, whyHungUp)
}

// ourCall is the call that a command without a name is about.
func (c *Client) ourCall(word, s string) (*call, *chat.Error) {
	k, rings := c.calling.ours, c.calling.rings
	switch {
	case s != "":
		return nil, chat.Errorf(chat.Usage, "%s takes nothing behind it", word)
	case k != nil:
		return k, nil
	case len(rings) > 0:
		return nil, chat.Errorf(chat.NotSo, "you are in no call; /answer %s takes the one that rings, /deny %s declines it", rings[0].name, rings[0].name)
	}
	return nil, chat.Errorf(chat.NotSo, "you are in no call; /call NAME calls somebody")
}

// mute is /mute: once, and again to undo it. It lasts as long as the call.
func (c *Client) mute(s string) {
	k, err := c.ourCall("/mute", s)
	if err == nil && k.state != callTalking {
		err = chat.Errorf(chat.NotSo, "%s: nobody hears you yet", c.inCall())
	}
	if err != nil {
		c.fail(err)
		return
	}
	c.calling.muted = !c.calling.muted
	text := "you are heard again"
	if c.calling.muted {
		text = "you are not heard; /mute again ends that"
	}
	c.do(Effect{Kind: VoiceMute, On: c.calling.muted})
	c.show(View{Event: Notice, Text: text})
}

// setVolume is /volume: of this call and of those to come.
func (c *Client) setVolume(s string) {
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil || n > maxVolume {
		c.fail(chat.Errorf(chat.Usage, "how loud? /volume N, from 0 to %d; 100 is as it comes", maxVolume))
		return
	}
	c.do(Effect{Kind: VoiceVolume, Level: int(n)})
	c.show(View{Event: Notice, Text: "the volume is " + strconv.FormatUint(n, 10) + " %"})
}

// callStats is /stats. The driver answers by VoiceNotice.
func (c *Client) callStats(s string) {
	k, err := c.ourCall("/stats", s)
	if err == nil && k.state != callTalking {
		err = chat.Errorf(chat.NotSo, "%s: there is no sound yet", c.inCall())
	}
	if err != nil {
		c.fail(err)
		return
	}
	c.do(Effect{Kind: VoiceStats, Key: k.key})
}
