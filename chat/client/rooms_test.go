package client

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"mim/chat"
)

// rooms is a dialect whose users meet in rooms, by one link.
var rooms = chat.Traits{
	Dialect: "toy", Reach: chat.ByLink, Rooms: true, Lobby: "#lobby", Silent: true, Logout: true, MaxText: 40, Piece: 10,
}

// patron is a client of that dialect that is online.
func patron(t *testing.T, opts ...option) *user {
	return hosted(t, append([]option{func(c *Config) { c.Traits = rooms }}, opts...)...)
}

func people(names ...string) (list []*chat.Person) {
	for _, n := range names {
		list = append(list, &chat.Person{Name: n, Dialect: "toy"})
	}
	return list
}

func (u *user) members(room string, names ...string) []Effect {
	return u.on(chat.Both, &chat.Members{Room: room, People: people(names...)})
}

func (u *user) enters(room, name string) []Effect {
	return u.on(chat.Both, &chat.Entered{Room: room, Who: people(name)[0]})
}

func (u *user) exits(room, name string) []Effect {
	return u.on(chat.Both, &chat.Exited{Room: room, Who: people(name)[0]})
}

func (u *user) tellsRoom(room, from, text string) []Effect {
	return u.on(chat.Both, &chat.Said{From: people(from)[0], Room: room, Text: []byte(text)})
}

// letIn and letOut answer a Join and a Leave.
func (u *user) letIn(room string, err error) []Effect {
	return u.on(chat.Both, &chat.Answer{To: &chat.Join{Room: room}, Err: err})
}

func (u *user) letOut(room string, err error) []Effect {
	return u.on(chat.Both, &chat.Answer{To: &chat.Leave{Room: room}, Err: err})
}

// in takes u into a room with others.
func (u *user) in(room string, names ...string) *user {
	u.Helper()
	u.expect(u.line("/join "+room), askJoin(room))
	u.expect(u.letIn(room, nil))
	u.expect(u.members(room, append([]string{"alice"}, names...)...), joinedRoom(room, append([]string{"alice"}, names...)...))
	return u
}

func askJoin(room string) Effect { return ask(&chat.Join{Room: room}) }

func askLeave(room string) Effect { return ask(&chat.Leave{Room: room}) }

func sayIn(room, text string) Effect {
	return ask(&chat.Say{To: []byte(room), Room: true, Text: []byte(text)})
}

func joinedRoom(room string, names ...string) Effect {
	v := View{Event: Joined, Room: room, People: []Person{}}
	for _, n := range names {
		v.People = append(v.People, Person{Name: n})
	}
	return show(v)
}

func userJoin(room, name string) Effect {
	return show(View{Event: UserJoin, Room: room, Name: name})
}

func userLeave(room, name string) Effect {
	return show(View{Event: UserLeave, Room: room, Name: name})
}

func sentIn(room, text, state, why string) Effect {
	return show(View{Event: Sent, From: "alice", Room: room, Text: text, Path: PathRelay, State: state, Why: why})
}

func saidIn(room, from, text string) Effect {
	return show(View{Event: Said, From: from, Room: room, Text: text, Dialect: "toy", Path: PathRelay})
}

func roommates(names ...string) Effect {
	v := View{Event: Table, People: []Person{}, Text: "toy servers tell who is in your rooms only; nobody else is there"}
	for _, n := range names {
		v.People = append(v.People, Person{Name: n, Dialect: "toy"})
		v.Text = "toy servers tell who is in your rooms only; these are:"
	}
	return show(v)
}

func TestRoom(t *testing.T) {
	u := patron(t)
	u.expect(u.line("/who"), roommates())
	u.expect(u.members("#lobby", "bob", "alice"), joinedRoom("#lobby", "bob", "alice"))
	u.expect(u.line("/join #Tea"), askJoin("#tea"))
	u.expect(u.line("/say #TEA hi")) // waits for the answer
	u.expect(u.letIn("#tea", nil), sayIn("#tea", "hi"))
	u.expect(u.members("#tea", "alice", "carol"), joinedRoom("#tea", "alice", "carol"))
	u.expect(u.done(nil), sentIn("#tea", "hi", StateSent, ""))
	u.expect(u.enters("#tea", "bob"), userJoin("#tea", "bob"))
	u.expect(u.enters("#tea", "Alice")) // the members said so
	u.expect(u.line("/who"), roommates("bob", "carol"))
	u.expect(u.tellsRoom("#tea", "bob", "yes"), saidIn("#tea", "bob", "yes"))
	u.expect(u.exits("#tea", "carol"), userLeave("#tea", "carol"))
	u.expect(u.exits("#none", "carol"), userLeave("#none", "carol"))
	u.expect(u.line("/who"), roommates("bob"))
	u.expect(u.members("#tea", "alice", "eve"), joinedRoom("#tea", "alice", "eve")) // the truth
	u.expect(u.line("/who"), roommates("bob", "eve"))
	u.expect(u.line("/part #TEA"), askLeave("#tea"))
	u.expect(u.letOut("#tea", nil), userLeave("#tea", "alice"))
	u.expect(u.line("/who"), roommates("bob"))
	u.expect(u.exits("#lobby", "ALICE"), userLeave("#lobby", "ALICE")) // put out
	u.expect(u.line("/who"), roommates())
	u.expect(u.wait(time.Hour))
}

// A line without an addressee goes to the conversation last used: a room that
// was written to, or entered by command, or in which the first text came.
func TestRoomIsConversation(t *testing.T) {
	for _, c := range []struct {
		what   string
		before func(u *user)
		want   Effect
	}{
		{"said to", func(u *user) {
			u.line("@bob hi")
			u.done(nil)
			u.line("/say #lobby hi")
			u.done(nil)
		}, sayIn("#lobby", "x")},
		{"by @", func(u *user) {
			u.line("@#Lobby hi")
			u.done(nil)
		}, sayIn("#lobby", "x")},
		{"in private", func(u *user) {
			u.line("/say #lobby hi")
			u.done(nil)
			u.line("@bob hi")
			u.done(nil)
		}, tell("bob", "x")},
		{"entered", func(u *user) {
			u.line("@bob hi")
			u.done(nil)
			u.in("#tea")
		}, sayIn("#tea", "x")},
		{"not let in", func(u *user) {
			u.line("@bob hi")
			u.done(nil)
			u.line("/join #tea")
			u.letIn("#tea", chat.Errorf(chat.Full, "full"))
		}, sayIn("#tea", "x")},
		{"left", func(u *user) {
			u.in("#tea").line("/part")
			u.letOut("#tea", nil)
			u.tells("bob", "psst")
		}, sayIn("#tea", "x")},
		{"heard in", func(u *user) {
			u.tellsRoom("#lobby", "bob", "hi")
			u.tells("carol", "psst")
		}, sayIn("#lobby", "x")},
		{"heard from", func(u *user) {
			u.tells("carol", "psst")
			u.tellsRoom("#lobby", "bob", "hi")
		}, tell("carol", "x")},
		{"not entered unasked", func(u *user) {}, failure(chat.Usage, "to whom? begin with @NAME or /say #room")},
	} {
		t.Run(c.what, func(t *testing.T) {
			u := patron(t)
			u.members("#lobby", "alice", "bob")
			c.before(u)
			u.expect(u.line("x"), c.want)
		})
	}
}

func TestRoomErrors(t *testing.T) {
	json := []option{strict}
	for _, c := range []struct {
		line, text string
		kind       chat.Kind
		opts       []option
	}{
		{"/join", "which room? /join #room", chat.Usage, nil},
		{"/join tea", "the name of a room begins with #: /join #room", chat.Usage, nil},
		{"/join #", "the name of a room begins with #: /join #room", chat.Usage, nil},
		{"/join #a #b", "/join takes one room and nothing else", chat.Usage, nil},
		{"/part", "which room? /part #room", chat.Usage, nil},
		{"/part tea", "the name of a room begins with #: /part #room", chat.Usage, nil},
		{"/part #a now", "/part takes one room and nothing else", chat.Usage, nil},
		{"/say", "which room? /say #room text", chat.Usage, nil},
		{"/say hello all", "the name of a room begins with #: /say #room text", chat.Usage, nil},
		{"/say #Tea", "no text for #tea: what is to be said stands behind it", chat.Usage, nil},
		{"@#Tea", "no text for #tea: what is to be said stands behind it", chat.Usage, nil},
		{"@# hi", "the name of a room begins with #: @#room text", chat.Usage, nil},
		{"/say #tea " + strings.Repeat("x", 41), "the text is longer than 40 bytes: it was not sent", chat.TooLong, nil},
		{"hi", "a line must say to whom: @NAME text or /say #room text", chat.Usage, json},
		{"/all hi", "toy cannot do /all: there is no text to everyone; /say #room text is for all in a room", chat.Unsupported, nil},
		{"@ALL hi", "toy cannot do /all: there is no text to everyone; /say #room text is for all in a room", chat.Unsupported, nil},
		{"/whoelse", "toy cannot do /whoelse: the server cannot be asked; /who lists who is in your rooms", chat.Unsupported, nil},
		{"/close bob", "toy cannot do /close: texts go through the server, there is no line to close; /part #room leaves a room", chat.Unsupported, nil},
		{"/block bob", "toy cannot do /block: nobody can be blocked", chat.Unsupported, nil},
		{"/call bob", "toy cannot do /call: there are no voice calls; write with @NAME text", chat.Unsupported, nil},
		{"/hangup", "toy cannot do /hangup: there are no voice calls", chat.Unsupported, nil},
	} {
		t.Run(c.line, func(t *testing.T) {
			u := patron(t, c.opts...)
			u.expect(u.line(c.line), failure(c.kind, c.text))
			u.expect(u.wait(time.Hour))
		})
	}
}

// /part without a room is for that of the conversation, where there is one.
func TestPartOfLast(t *testing.T) {
	u := patron(t).in("#tea")
	u.expect(u.line("/part"), askLeave("#tea"))
	u.letOut("#tea", nil)
	u.line("@bob hi")
	u.done(nil)
	u.expect(u.line("/part"), failure(chat.Usage, "which room? /part #room"))
	u = patron(t, strict).in("#tea")
	u.expect(u.line("/part"), failure(chat.Usage, "which room? /part #room"))
}

func TestRoomRefusals(t *testing.T) {
	for _, c := range []struct {
		what, line string
		a          chat.Answer
		want       Effect
	}{
		{"join", "/join #a:b", chat.Answer{To: &chat.Join{}, Err: chat.Errorf(chat.BadName, "no\x1bsuch")}, failure(chat.BadName, "/join #a:b: no such")},
		{"join, an error of nobody's", "/join #a", chat.Answer{To: &chat.Join{}, Err: errors.New("x")}, failure(chat.Refused, "/join #a: the server says: x")},
		{"part", "/part #a", chat.Answer{To: &chat.Leave{}, Err: chat.Errorf(chat.Unknown, "you are not in #a")}, failure(chat.Unknown, "/part #a: you are not in #a")},
		{"say", "/say #a hi", chat.Answer{To: &chat.Say{}, Err: chat.Errorf(chat.Unknown, "x")}, sentIn("#a", "hi", StateFailed, "you are not in that room")},
		{"say, otherwise", "/say #a hi", chat.Answer{To: &chat.Say{}, Err: chat.Errorf(chat.Refused, "no\x1b!")}, sentIn("#a", "hi", StateFailed, "the server says: no !")},
		{"nobody", "@bob hi", chat.Answer{To: &chat.Say{}, Err: chat.Errorf(chat.Unknown, "x")}, undelivered("bob", "hi", "nobody of that name is there")},
		{"the server's no", "@bob hi", chat.Answer{To: &chat.Say{}, Err: chat.Errorf(chat.Refused, "no")}, undelivered("bob", "hi", "the server says: no")},
	} {
		t.Run(c.what, func(t *testing.T) {
			u := patron(t)
			u.line(c.line)
			u.expect(u.on(chat.Both, &c.a), c.want)
			if len(u.c.rooms) != 0 || u.c.unsettled != 0 {
				t.Errorf("%d rooms, %d unsettled", len(u.c.rooms), u.c.unsettled)
			}
			u.expect(u.wait(time.Hour))
		})
	}
}

// A text to one person goes together with the one before it only if we would
// hear of it if they left; in a room it may.
func TestSmoothRooms(t *testing.T) {
	u := patron(t)
	u.members("#lobby", "alice", "bob")
	for _, c := range []struct {
		to   string
		say  func(text string) Effect
		fast bool
	}{
		{"@bob", func(s string) Effect { return tell("bob", s) }, true},
		{"@BOB", func(s string) Effect { return tell("bob", s) }, true},
		{"@eve", func(s string) Effect { return tell("eve", s) }, false},
		{"@#lobby", func(s string) Effect { return sayIn("#lobby", s) }, true},
	} {
		u.line(c.to + " 1")
		u.done(nil)
		u.expect(u.line(c.to+" 2"), c.say("2"))
		if got := u.line(c.to + " 3"); c.fast {
			u.expect(got, c.say("3"))
			u.done(nil)
		} else {
			u.expect(got)
			u.expect(slices.Clone(u.done(nil))[1:], c.say("3"))
		}
		u.done(nil)
	}
	u.exits("#lobby", "bob")
	u.expect(u.line("@bob 4"), tell("bob", "4"))
	u.expect(u.line("@bob 5"))
}

// found takes u from the loss of the server to the answer to its next login.
func (u *user) found() []Effect {
	u.Helper()
	u.wait(2 * time.Second)
	u.expect(u.login(), Effect{Kind: Login, Login: chat.Login{Name: "alice"}})
	return u.answer(chat.Both, nil)
}

var isBack = show(View{Event: Online, Address: "server:1"})

func TestRejoin(t *testing.T) {
	start := func(t *testing.T) *user {
		u := patron(t)
		u.members("#lobby", "alice", "bob")
		u.in("#gone").in("#tea", "bob").in("#milk")
		u.line("/part #gone")
		u.letOut("#gone", nil)
		return u
	}
	t.Run("before what waits", func(t *testing.T) {
		u := start(t)
		u.line("/say #tea lost")
		e := u.c.ServerClosed(u.now, nil)
		u.expect(e, sentIn("#tea", "lost", StateFailed, whyCut), offline("the server closed the connection", e[1].View.Text))
		u.expect(u.line("/say #milk hi"))
		u.expect(u.found(), isBack, askJoin("#tea")) // without a rest
		u.expect(u.members("#lobby", "alice"), joinedRoom("#lobby", "alice"))
		u.expect(u.letIn("#tea", nil), askJoin("#milk"))
		u.expect(u.members("#tea", "bob", "alice"), joinedRoom("#tea", "bob", "alice"))
		u.expect(u.letIn("#milk", nil))
		u.expect(u.members("#milk", "alice"), joinedRoom("#milk", "alice"))
		u.expect(u.wait(restFor), sayIn("#milk", "hi"))
		u.expect(u.done(nil), sentIn("#milk", "hi", StateSent, ""))
	})
	t.Run("not let in", func(t *testing.T) {
		u := start(t)
		u.c.ServerClosed(u.now, nil)
		u.expect(u.found(), isBack, askJoin("#tea"))
		u.expect(u.letIn("#tea", chat.Errorf(chat.Refused, "no")), failure(chat.Refused, "/join #tea: no"), askJoin("#milk"))
		u.letIn("#milk", nil)
		u.c.ServerClosed(u.now, nil)
		u.wait(2 * time.Second)
		u.expect(u.found(), isBack, askJoin("#milk")) // and that one only
	})
	t.Run("lost again meanwhile", func(t *testing.T) {
		u := start(t)
		u.c.ServerClosed(u.now, nil)
		u.line("/say #milk hi")
		u.found()
		e := u.c.ServerClosed(u.now, nil) // says nothing of a room
		u.expect(e, offline("the server closed the connection", e[0].View.Text))
		if r := &u.c.relay; len(r.posts) != 1 || u.c.unsettled != 1 || r.bytes != len("hi") {
			t.Errorf("%d posts of %d bytes, %d unsettled", len(r.posts), r.bytes, u.c.unsettled)
		}
		u.wait(3 * time.Second)
		u.login()
		u.expect(u.answer(chat.Both, nil), isBack, askJoin("#tea"))
	})
	t.Run("asked for twice", func(t *testing.T) {
		u := start(t)
		u.line("/join #new")
		e := u.c.ServerClosed(u.now, nil)
		u.expect(e[:1], failure(chat.Lost, "/join #new: "+whyCut))
		u.line("/part #tea")
		u.found()
		u.letIn("#tea", nil)
		u.letIn("#milk", nil)
		u.expect(u.wait(restFor), askLeave("#tea"))
		u.expect(u.letOut("#tea", nil), userLeave("#tea", "alice"))
	})
	t.Run("leaving meanwhile", func(t *testing.T) {
		u := start(t)
		u.c.ServerClosed(u.now, nil)
		u.found()
		u.expect(u.c.Interrupt(u.now), logout)
		u.expect(u.on(chat.Both, &chat.Answer{To: &chat.Logout{}}), append([]Effect{hangUp}, bye...)...)
	})
}

// What a server can make us keep is bounded.
func TestRoomBounds(t *testing.T) {
	u := patron(t)
	for i := range maxRooms + 10 {
		room := fmt.Sprintf("#%d", i)
		u.expect(u.members(room, "alice", "bob"), joinedRoom(room, "alice", "bob"))
	}
	if n := len(u.c.rooms); n != maxRooms {
		t.Errorf("%d rooms, want %d", n, maxRooms)
	}
	u = patron(t)
	var crowd []string
	for i := range maxPeople + 10 {
		crowd = append(crowd, fmt.Sprint(i))
	}
	u.members("#lobby", crowd...)
	u.members("#tea", "bob")
	if n, m := len(u.c.rooms[0].people), len(u.c.rooms[1].people); n != maxPeople || m != 0 {
		t.Errorf("%d and %d people, want %d and 0", n, m, maxPeople)
	}
	u.exits("#lobby", "0")
	u.enters("#tea", "bob")
	u.expect(u.exits("#tea", "bob"), userLeave("#tea", "bob"))
}

func TestRoomHelp(t *testing.T) {
	var words []string
	for _, e := range patron(t, strict).line("/help") {
		word, _, _ := strings.Cut(e.View.Text, " ")
		words = append(words, strings.TrimSuffix(word, ":"))
	}
	if got := strings.Join(words, " "); got != "/msg /say /join /part /who /help /quit" {
		t.Errorf("help for %s", got)
	}
	for word := range insteadRooms {
		if insteadRelayed[word] == "" {
			t.Errorf("%s is no word elsewhere", word)
		}
	}
}

// The end of input waits for who is in the room that was entered last.
func TestEOFBehindJoin(t *testing.T) {
	u := guest(t, func(c *Config) { c.Traits = rooms })
	u.line("/join #tea")
	u.c.EOF(u.now)
	u.login()
	u.expect(u.answer(chat.Both, nil)[1:], askJoin("#tea"))
	u.expect(u.letIn("#tea", nil))
	u.now = u.now.Add(answers - time.Millisecond)
	u.expect(u.members("#tea", "alice"), joinedRoom("#tea", "alice"))
	u.expect(u.wait(time.Millisecond), logout)
}

// Who we are for the others, where names are plain words: the last of a list,
// in which newcomers are last, that can be an alias of our name.
func TestKnownAs(t *testing.T) {
	for _, c := range []struct {
		what, name string
		lists      [][]string
		want       string
		who        []string // that /who lists, of the first room
	}{
		{"a plain name", "alice", [][]string{{"bob", "alice2", "alice"}}, "alice", []string{"bob", "alice2"}},
		{"no list yet", "jürgen", nil, "jürgen", nil},
		{"an alias", "jürgen", [][]string{{"bob", "jurgen"}}, "jurgen", []string{"bob"}},
		{"the second of it", "jürgen", [][]string{{"jurgen", "bob", "jurgen2"}}, "jurgen2", []string{"jurgen", "bob"}},
		{"a later list in another order", "jürgen", [][]string{{"jurgen", "jurgen2"}, {"jurgen2", "jurgen"}}, "jurgen2", []string{"jurgen"}},
		{"a server that writes names as they are", "jürgen", [][]string{{"Jürgen", "jurgen"}}, "jürgen", []string{"jurgen"}},
		{"nothing that fits", "jürgen", [][]string{{"bob", "jur"}}, "jürgen", []string{"bob", "jur"}},
		{"a name of other letters", "你好", [][]string{{"user1", "bob", "user2"}}, "user2", []string{"user1", "bob"}},
	} {
		u := patron(t, func(o *Config) { o.Name = c.name })
		for i, list := range c.lists {
			u.members(fmt.Sprintf("#room%d", i), list...)
		}
		if got := u.c.KnownAs(); got != c.want {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
		var who []string
		for _, e := range u.line("/who") {
			for _, p := range e.View.People {
				who = append(who, p.Name)
			}
		}
		if !slices.Equal(who, c.who) {
			t.Errorf("%s: /who lists %q, want %q", c.what, who, c.who)
		}
	}
	// After the server was lost the alias may be another one's.
	u := patron(t, func(o *Config) { o.Name = "jürgen" })
	u.members("#lobby", "jurgen")
	u.c.ServerClosed(u.now, errLost)
	u.wait(time.Minute)
	u.c.ServerOpened(u.now, u.c.cfg.Listening.Addr())
	if got := u.c.KnownAs(); got != "jürgen" {
		t.Errorf("after the server was lost: %q", got)
	}
}
