package client

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"mim/chat"
)

// calls is a dialect with rooms and calls.
func calling(c *Config) {
	c.Traits = rooms
	c.Traits.Calls = true
}

// caller is a client of that dialect that is online, with others in the lobby.
func caller(t *testing.T, opts ...option) *user {
	u := patron(t, append([]option{calling}, opts...)...)
	u.members("#lobby", "alice", "bob", "carol", "Eve")
	return u
}

// news is what the server tells of a call.
func (u *user) news(state chat.CallState, who string, key uint64) []Effect {
	e := &chat.Call{State: state, Key: key}
	if strings.HasPrefix(who, "#") {
		e.Room = who
	} else if who != "" {
		e.Who = people(who)[0]
	}
	return u.on(chat.Both, e)
}

// talkDone answers a Talk, talkSaid a word about a call.
func (u *user) talkDone(err error) []Effect {
	return u.on(chat.Both, &chat.Answer{To: &chat.Talk{}, Err: err})
}

func (u *user) talkSaid(to chat.Request, err error) []Effect {
	return u.on(chat.Both, &chat.Answer{To: to, Err: err})
}

func askTalk(to string) Effect {
	return ask(&chat.Talk{To: []byte(to), Room: strings.HasPrefix(to, "#")})
}

func askReply(key uint64, yes bool) Effect { return ask(&chat.TalkReply{Key: key, Yes: yes}) }

func askEnd(key uint64) Effect { return ask(&chat.TalkEnd{Key: key}) }

func callIs(state, name, why string) Effect {
	return show(View{Event: Called, State: state, Name: name, Why: why})
}

// roomCall is news of the call of a room, in which these take part.
func roomCall(state, room, name, why string, people ...string) Effect {
	v := View{Event: Called, State: state, Room: room, Name: name, Why: why}
	for _, p := range people {
		v.People = append(v.People, Person{Name: p})
	}
	return show(v)
}

func voiceBind(key uint64) Effect  { return Effect{Kind: VoiceBind, Key: key} }
func voiceOpen(key uint64) Effect  { return Effect{Kind: VoiceOpen, Key: key} }
func voiceClose(key uint64) Effect { return Effect{Kind: VoiceClose, Key: key} }

// calls asks for a call of two, which gets the key.
func (u *user) calls(who string, key uint64) *user {
	u.Helper()
	u.expect(u.line("/call "+who), askTalk(who))
	u.expect(u.talkDone(nil))
	u.expect(u.news(chat.CallAsked, who, key), callIs(StateAsked, who, ""), voiceBind(key))
	return u
}

// talks is in a call that it asked for.
func (u *user) talks(who string, key uint64) *user {
	u.Helper()
	u.calls(who, key)
	u.expect(u.news(chat.CallAccepted, who, key), callIs(StateAccepted, who, ""), voiceOpen(key))
	return u
}

// rings is called by somebody, and is in no call.
func (u *user) rings(who string, key uint64) *user {
	u.Helper()
	u.expect(u.news(chat.CallAsked, who, key), callIs(StateRinging, who, ""), voiceBind(key))
	return u
}

// idle checks that nothing of calls is left.
func (u *user) idle() {
	u.Helper()
	if k := &u.c.calling; k.ours != nil || len(k.rings) > 0 || k.mine != nil || k.bound != 0 {
		u.Errorf("left: %+v", *k)
	}
	u.expect(u.wait(time.Hour))
	if u.c.unsettled != 0 {
		u.Errorf("%d unsettled", u.c.unsettled)
	}
}

func TestCall(t *testing.T) {
	u := caller(t).talks("bob", 7)
	u.expect(u.news(chat.CallAccepted, "bob", 7)) // said before
	u.expect(u.wait(time.Hour))
	u.expect(u.line("/hangup"), askEnd(7), callIs(StateEnded, "bob", whyHungUp), voiceClose(7))
	u.expect(u.talkSaid(&chat.TalkEnd{Key: 7}, nil))
	u.expect(u.news(chat.CallEnded, "", 7))
	u.idle()
}

// What becomes of a call that somebody else has a say in.
func TestCallEnds(t *testing.T) {
	soon, late := time.Second, callWithin-time.Millisecond
	for _, c := range []struct {
		what  string
		after time.Duration
		do    func(u *user) []Effect
		want  []Effect
	}{
		{"declined", soon, func(u *user) []Effect { return u.news(chat.CallDenied, "bob", 7) }, []Effect{callIs(StateDenied, "bob", whyDenied), voiceClose(7)}},
		{"ended by them", soon, func(u *user) []Effect { return u.news(chat.CallEnded, "", 7) }, []Effect{callIs(StateEnded, "bob", whyEnded), voiceClose(7)}},
		{"ended by the server", late, func(u *user) []Effect { return u.news(chat.CallEnded, "", 7) }, []Effect{callIs(StateEnded, "bob", whyNobody), voiceClose(7)}},
		{"hung up", soon, func(u *user) []Effect { return u.line("/hangup") }, []Effect{askEnd(7), callIs(StateEnded, "bob", whyHungUp), voiceClose(7)}},
		{"too late", callWithin, func(u *user) []Effect { return u.c.Tick(u.now) }, []Effect{askEnd(7), callIs(StateEnded, "bob", whyNobody), voiceClose(7)}},
		{"server lost", soon, func(u *user) []Effect { return u.c.ServerClosed(u.now, errLost)[:2] }, []Effect{callIs(StateEnded, "bob", whyCallsLost), voiceClose(7)}},
		{"we leave", soon, func(u *user) []Effect { return u.c.Interrupt(u.now)[:2] }, []Effect{callIs(StateEnded, "bob", whyLeaving), voiceClose(7)}},
	} {
		t.Run(c.what, func(t *testing.T) {
			u := caller(t).calls("bob", 7)
			u.now = u.now.Add(c.after)
			u.expect(c.do(u), c.want...)
			if k := &u.c.calling; k.ours != nil || k.bound != 0 {
				t.Errorf("left: %+v", *k)
			}
		})
	}
	u := caller(t).calls("nobody", 7)
	u.expect(u.news(chat.CallDenied, "nobody", 7), callIs(StateDenied, "nobody", whyDeniedOr), voiceClose(7))
	u.idle()
}

// A call that has begun is not declined any more, but ends.
func TestTalkEnds(t *testing.T) {
	u := caller(t).talks("bob", 7)
	u.expect(u.news(chat.CallDenied, "bob", 7))
	u.expect(u.news(chat.CallEnded, "", 8)) // none of ours
	u.expect(u.news(chat.CallEnded, "", 0))
	u.expect(u.news(chat.CallEnded, "", 7), callIs(StateEnded, "bob", whyEnded), voiceClose(7))
	u.expect(u.news(chat.CallAccepted, "bob", 7))
	u.idle()

	u.talks("bob", 9)
	u.expect(u.c.ServerClosed(u.now, errLost)[:2], callIs(StateEnded, "bob", whyCallsLost), voiceClose(9))
	u.expect(u.line("/call bob"), failure(chat.Lost, "nobody can be called: the server is lost; try again when it is back"))
}

// Without sound there is no call, but all else goes on.
func TestNoSound(t *testing.T) {
	u := caller(t).talks("bob", 7)
	u.expect(u.c.VoiceFailed(u.now, 8, errors.New("x")))
	u.expect(u.c.VoiceFailed(u.now, 7, errors.New("no\x1b device")),
		failure(chat.Broken, "the call cannot go on: no  device"), askEnd(7), callIs(StateEnded, "bob", whyNoSound), voiceClose(7))
	u.expect(u.c.VoiceFailed(u.now, 7, errors.New("x")))
	u.expect(u.talkSaid(&chat.TalkEnd{Key: 7}, chat.Errorf(chat.Unknown, "gone")))
	u.expect(u.line("@bob hi"), ask(&chat.Say{To: []byte("bob"), Text: []byte("hi")}))
}

func TestAnswer(t *testing.T) {
	u := caller(t).rings("bob", 7)
	u.expect(u.news(chat.CallAsked, "bob", 7)) // once is enough
	u.expect(u.line("/answer BOB"), askReply(7, true), callIs(StateAccepted, "bob", ""), voiceOpen(7))
	u.expect(u.talkSaid(&chat.TalkReply{Key: 7}, nil))
	u.expect(u.wait(time.Hour))
	u.expect(u.news(chat.CallEnded, "", 7), callIs(StateEnded, "bob", whyEnded), voiceClose(7))
	u.idle()

	u.rings("bob", 8)
	u.expect(u.line("/answer"), askReply(8, true), callIs(StateAccepted, "bob", ""), voiceOpen(8))
	u.expect(u.talkSaid(&chat.TalkReply{Key: 8, Yes: true}, chat.Errorf(chat.Unknown, "gone")), callIs(StateEnded, "bob", whyCallGone), voiceClose(8))
	u.idle()

	u.rings("bob", 9)
	u.expect(u.line("/call bob"), askReply(9, true), callIs(StateAccepted, "bob", ""), voiceOpen(9))
}

func TestDeny(t *testing.T) {
	u := caller(t).rings("bob", 7)
	u.expect(u.line("/deny bob"), askReply(7, false), callIs(StateDenied, "bob", whyYouDenied), voiceClose(7))
	u.expect(u.talkSaid(&chat.TalkReply{Key: 7}, nil))
	u.idle()
	u.rings("bob", 8)
	u.expect(u.line("/deny"), askReply(8, false), callIs(StateDenied, "bob", whyYouDenied), voiceClose(8))
	u.expect(u.talkSaid(&chat.TalkReply{Key: 8}, chat.Errorf(chat.Unknown, "gone")))
	u.idle()
}

// What rings stops by itself, too.
func TestRingEnds(t *testing.T) {
	u := caller(t).rings("bob", 7)
	u.expect(u.news(chat.CallEnded, "", 7), callIs(StateEnded, "bob", whyEnded), voiceClose(7))
	u.idle()
	u.rings("bob", 8)
	u.expect(u.news(chat.CallAccepted, "bob", 8)) // not ours to hear
	u.expect(u.wait(ringWithin - time.Millisecond))
	u.expect(u.wait(time.Millisecond), callIs(StateEnded, "bob", whyRungOut), voiceClose(8))
	u.idle()
	u.rings("bob", 9)
	u.expect(u.c.ServerClosed(u.now, errLost)[:2], callIs(StateEnded, "bob", whyCallsLost), voiceClose(9))
}

// One call is ours, others ring; the voice socket is bound to ours, or else to
// the first of those.
func TestSeveralCalls(t *testing.T) {
	u := caller(t).talks("bob", 7)
	u.expect(u.news(chat.CallAsked, "carol", 8), callIs(StateRinging, "carol", ""))
	u.expect(u.news(chat.CallAsked, "Eve", 9), callIs(StateRinging, "Eve", ""))
	u.expect(u.line("/answer eve"), failure(chat.Already, "you are in a call with bob; /hangup ends that, then /answer Eve takes this call"))
	u.expect(u.line("/call carol"), failure(chat.Already, "you are in a call with bob; /hangup ends that call"))
	u.expect(u.line("/deny"), failure(chat.Usage, "whose call? /deny NAME; these are: carol, Eve"))
	u.expect(u.line("/hangup"), askEnd(7), callIs(StateEnded, "bob", whyHungUp), voiceClose(7), voiceBind(8))
	u.talkSaid(&chat.TalkEnd{Key: 7}, nil)
	u.expect(u.line("/hangup"), failure(chat.NotSo, "you are in no call; /answer carol takes the one that rings, /deny carol declines it"))
	u.expect(u.line("/deny carol"), askReply(8, false), callIs(StateDenied, "carol", whyYouDenied), voiceClose(8), voiceBind(9))
	u.talkSaid(&chat.TalkReply{Key: 8}, nil)
	u.expect(u.line("/answer bob"), failure(chat.NotSo, "bob is not calling you; Eve is"))
	u.expect(u.line("/answer eve"), askReply(9, true), callIs(StateAccepted, "Eve", ""), voiceOpen(9))
}

// Of several calls of one person the last one is meant.
func TestRingsTwice(t *testing.T) {
	u := caller(t).rings("bob", 7)
	u.expect(u.news(chat.CallAsked, "bob", 8), callIs(StateRinging, "bob", ""))
	u.expect(u.line("/answer bob"), askReply(8, true), callIs(StateAccepted, "bob", ""), voiceOpen(8))
}

// Too many who ring are declined without a word to us.
func TestManyRings(t *testing.T) {
	u := caller(t)
	for i := range maxRings {
		u.news(chat.CallAsked, fmt.Sprint("bob", i), uint64(100+i))
	}
	u.expect(u.news(chat.CallAsked, "bob", 7), askReply(7, false))
	if n := len(u.c.calling.rings); n != maxRings {
		t.Errorf("%d ring", n)
	}
}

// Before the server has answered there is no key; a call that is given up
// meanwhile ends when it has one.
func TestHangUpEarly(t *testing.T) {
	u := caller(t)
	u.expect(u.line("/call bob"), askTalk("bob"))
	u.expect(u.line("/hangup"), callIs(StateEnded, "bob", whyHungUp))
	u.expect(u.line("/call carol")) // waits for the answer
	u.expect(u.talkDone(nil), askTalk("carol"))
	u.expect(u.news(chat.CallAsked, "bob", 7), askEnd(7)) // no texts to wait for
	u.expect(u.talkDone(nil))
	u.expect(u.news(chat.CallAsked, "carol", 8), callIs(StateAsked, "carol", ""), voiceBind(8))
	u.expect(u.news(chat.CallDenied, "bob", 7))
}

// What the server says no to, or nothing.
func TestCallRefused(t *testing.T) {
	u := caller(t)
	u.line("/call #tea")
	u.expect(u.talkDone(chat.Errorf(chat.Unknown, "you are not in #tea")), failure(chat.Unknown, "/call #tea: you are not in #tea"))
	u.idle()
	u.line("/call bob")
	u.talkDone(nil)
	u.tells("bob", "hi") // and no key
	u.expect(u.wait(callWithin), failure(chat.TooLate, "no call with bob: the server did not answer"))
	u.expect(u.news(chat.CallAsked, "bob", 7), callIs(StateRinging, "bob", ""), voiceBind(7)) // not ours any more
	u = caller(t)
	u.line("/call bob")
	u.expect(u.c.ServerClosed(u.now, errLost)[:1], failure(chat.Lost, "/call bob: "+whyCut))
	if u.c.calling.ours != nil {
		t.Error("it is still wanted")
	}
}

// Two who call each other are in one call, whichever of the two the server told
// first: the one with the lower key.
func TestCrossed(t *testing.T) {
	for _, c := range []struct{ ours, theirs, low, high uint64 }{{7, 9, 7, 9}, {9, 7, 7, 9}} {
		t.Run(fmt.Sprint("key first, ours is ", c.ours), func(t *testing.T) {
			u := caller(t).calls("bob", c.ours)
			want := []Effect{askReply(c.low, true), askEnd(c.high)}
			if c.low != c.ours {
				want = append(want, voiceBind(c.low))
			}
			u.expect(u.news(chat.CallAsked, "bob", c.theirs), want...)
			// Whoever asked for that call is told that it cannot be answered.
			u.expect(u.talkSaid(&chat.TalkReply{Key: c.low, Yes: true}, chat.Errorf(chat.Unknown, "none")))
			u.expect(u.talkSaid(&chat.TalkEnd{Key: c.high}, nil))
			u.expect(u.news(chat.CallEnded, "", c.high))
			u.expect(u.news(chat.CallAccepted, "bob", c.low), callIs(StateAccepted, "bob", ""), voiceOpen(c.low))
		})
		t.Run(fmt.Sprint("answered, ours is ", c.ours), func(t *testing.T) {
			u := caller(t).calls("bob", c.ours)
			u.news(chat.CallAsked, "bob", c.theirs)
			u.expect(u.talkSaid(&chat.TalkReply{Key: c.low, Yes: true}, nil), callIs(StateAccepted, "bob", ""), voiceOpen(c.low))
			u.expect(u.news(chat.CallAccepted, "bob", c.low))
		})
		t.Run(fmt.Sprint("ring first, ours is ", c.ours), func(t *testing.T) {
			u := caller(t)
			u.line("/call bob")
			u.expect(u.news(chat.CallAsked, "bob", c.theirs), callIs(StateRinging, "bob", ""), voiceBind(c.theirs))
			u.talkDone(nil)
			want := []Effect{callIs(StateAsked, "bob", ""), askReply(c.low, true), askEnd(c.high)}
			if c.low != c.theirs {
				want = append(want, voiceBind(c.low))
			}
			u.expect(u.news(chat.CallAsked, "bob", c.ours), want...)
			u.expect(u.wait(callWithin - time.Millisecond))
			if len(u.c.calling.rings) != 0 {
				t.Error("it rings still")
			}
		})
	}
}

// A room's call that nobody takes.
func TestRoomCallAlone(t *testing.T) {
	u := caller(t)
	u.expect(u.line("/call #lobby"), askTalk("#lobby"))
	u.talkDone(nil)
	u.expect(u.news(chat.CallAsked, "#lobby", 7), roomCall(StateAsked, "#lobby", "", ""), voiceBind(7))
	u.expect(u.news(chat.CallEnded, "", 7), roomCall(StateEnded, "#lobby", "", whyAlone), voiceClose(7))
	u.idle()
}

// The call of a room goes on with whoever takes part.
func TestRoomCall(t *testing.T) {
	u := caller(t)
	u.expect(u.line("/call #Lobby"), askTalk("#lobby"))
	u.talkDone(nil)
	u.expect(u.news(chat.CallAsked, "#lobby", 7), roomCall(StateAsked, "#lobby", "", ""), voiceBind(7))
	u.expect(u.news(chat.CallAccepted, "bob", 7), roomCall(StateAccepted, "#lobby", "bob", "", "bob"), voiceOpen(7))
	u.expect(u.news(chat.CallAccepted, "carol", 7), roomCall(StateAccepted, "#lobby", "carol", "", "bob", "carol"))
	u.expect(u.news(chat.CallAccepted, "alice", 7)) // we know
	u.exits("#lobby", "bob")
	u.expect(u.news(chat.CallAccepted, "bob", 7), roomCall(StateAccepted, "#lobby", "bob", "", "carol", "bob"))
	u.expect(u.line("/mute"), Effect{Kind: VoiceMute, On: true}, show(View{Event: Notice, Text: "you are not heard; /mute again ends that"}))
	u.expect(u.news(chat.CallEnded, "", 7), roomCall(StateEnded, "#lobby", "", whyEnded), voiceClose(7))
	u.idle()

	u.line("/call #lobby")
	u.talkDone(nil)
	u.news(chat.CallAsked, "#lobby", 8)
	u.expect(u.news(chat.CallDenied, "#lobby", 8), roomCall(StateDenied, "#lobby", "", whyDenied), voiceClose(8))
	u.idle()

	// Who is called does not know it for a room's until others take part.
	u.rings("bob", 9)
	u.line("/answer bob")
	v := callIs(StateAccepted, "carol", "")
	v.View.People = []Person{{Name: "bob"}, {Name: "carol"}}
	u.expect(u.news(chat.CallAccepted, "carol", 9), v)
	for i := range 2 * maxTalkers {
		u.news(chat.CallAccepted, fmt.Sprint("bob", i), 9)
	}
	if n := len(u.c.calling.ours.people); n != maxTalkers {
		t.Errorf("%d take part", n)
	}
}

func TestVoiceCommands(t *testing.T) {
	u := caller(t).talks("bob", 7)
	u.expect(u.line("/mute"), Effect{Kind: VoiceMute, On: true}, show(View{Event: Notice, Text: "you are not heard; /mute again ends that"}))
	u.expect(u.line("/mute"), Effect{Kind: VoiceMute}, show(View{Event: Notice, Text: "you are heard again"}))
	u.expect(u.line("/volume 50"), Effect{Kind: VoiceVolume, Level: 50}, show(View{Event: Notice, Text: "the volume is 50 %"}))
	u.expect(u.line("/stats"), Effect{Kind: VoiceStats, Key: 7})
	u.expect(u.c.VoiceNotice(u.now, "all is well"), show(View{Event: Notice, Name: "bob", Text: "all is well"}))
}

// Wrong use is told what to do instead.
func TestCallErrors(t *testing.T) {
	none := func(*user) {}
	asks := func(u *user) { u.calls("bob", 7) }
	rung := func(u *user) { u.rings("bob", 7) }
	for _, c := range []struct {
		line   string
		before func(*user)
		kind   chat.Kind
		text   string
		opts   []option
	}{
		{"/call", none, chat.Usage, "whom? /call NAME, or /call #room", nil},
		{"/call bob carol", none, chat.Usage, "/call takes one name and nothing else", nil},
		{"/call #tea carol", none, chat.Usage, "/call takes one name and nothing else", nil},
		{"/call #", none, chat.Usage, "the name of a room begins with #: /call #room", nil},
		{"/call ALICE", none, chat.Self, "alice is you", nil},
		{"/call carol", asks, chat.Already, "you are calling bob; /hangup ends that call", nil},
		{"/answer", none, chat.NotSo, "nobody is calling you; /call NAME calls somebody", nil},
		{"/answer bob", none, chat.NotSo, "bob is not calling you", nil},
		{"/answer carol", rung, chat.NotSo, "carol is not calling you; bob is", nil},
		{"/answer bob please", rung, chat.Usage, "/answer takes a name and nothing else", nil},
		{"/answer", rung, chat.Usage, "whose call? /answer NAME; bob is", []option{strict}},
		{"/answer", none, chat.Usage, "whose call? /answer NAME", []option{strict}},
		{"/deny", none, chat.NotSo, "nobody is calling you; /call NAME calls somebody", nil},
		{`/deny "bob`, none, chat.Usage, `the quote before the name is not closed: @"a name" text`, nil},
		{"/hangup", none, chat.NotSo, "you are in no call; /call NAME calls somebody", nil},
		{"/hangup bob", asks, chat.Usage, "/hangup takes nothing behind it", nil},
		{"/mute", none, chat.NotSo, "you are in no call; /call NAME calls somebody", nil},
		{"/mute", asks, chat.NotSo, "you are calling bob: nobody hears you yet", nil},
		{"/stats", asks, chat.NotSo, "you are calling bob: there is no sound yet", nil},
		{"/volume", none, chat.Usage, "how loud? /volume N, from 0 to 400; 100 is as it comes", nil},
		{"/volume loud", none, chat.Usage, "how loud? /volume N, from 0 to 400; 100 is as it comes", nil},
		{"/volume 401", none, chat.Usage, "how loud? /volume N, from 0 to 400; 100 is as it comes", nil},
		{"/volume -1", none, chat.Usage, "how loud? /volume N, from 0 to 400; 100 is as it comes", nil},
	} {
		t.Run(c.line, func(t *testing.T) {
			u := caller(t, c.opts...)
			c.before(u)
			u.expect(u.line(c.line), failure(c.kind, c.text))
		})
	}
}

// Where there are no calls, news of one is no news.
func TestNoCalls(t *testing.T) {
	u := patron(t)
	u.expect(u.news(chat.CallAsked, "bob", 7))
	u.idle()
	for _, word := range callCommands() {
		if insteadDirect[word.word] == "" || insteadRelayed[word.word] == "" {
			t.Errorf("%s is no word elsewhere", word.word)
		}
	}
}
