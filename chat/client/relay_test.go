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

// relays is a dialect whose users are reached through the server, by two links.
var relays = chat.Traits{
	Dialect: "toy", Reach: chat.ByLink, Receipts: true, All: true, Parts: true, MaxText: 40, Piece: 10,
}

func traits(t chat.Traits) option {
	return func(c *Config) { c.Traits, c.Listening = t, listening }
}

// guest gives a client of that dialect that has been started.
func guest(t *testing.T, opts ...option) *user {
	u := &user{T: t, now: time.Date(2005, 2, 27, 12, 0, 0, 0, time.UTC)}
	cfg := Config{Name: "alice", Server: "server:1", Traits: relays, Retry: true, Rand: alice(t).c.cfg.Rand}
	for _, o := range opts {
		o(&cfg)
	}
	u.c = New(cfg)
	u.expect(u.c.Start(u.now), Effect{Kind: Dial, Part: u.c.sends()})
	return u
}

// logIn takes the dials and logins from where they stand to the end.
func (u *user) logIn() (last []Effect) {
	u.Helper()
	u.login()
	last = u.answer(u.c.sends(), nil)
	if u.c.cfg.Traits.Parts {
		u.login()
		last = u.answer(chat.Receives, nil)
	}
	if u.c.server.phase != online {
		u.Fatalf("phase %d after the last answer", u.c.server.phase)
	}
	return last
}

// hosted gives a client that is online.
func hosted(t *testing.T, opts ...option) *user {
	u := guest(t, opts...)
	u.logIn()
	return u
}

func (u *user) on(p chat.Part, e chat.Event) []Effect { return u.c.ServerEvent(u.now, p, e) }

// answer is that to a login; done is that to a text.
func (u *user) answer(p chat.Part, err error) []Effect {
	return u.on(p, &chat.Answer{To: &chat.Login{}, Err: err})
}

func (u *user) done(err error) []Effect {
	return u.on(u.c.sends(), &chat.Answer{To: &chat.Say{}, Err: err})
}

func (u *user) tells(from, text string) []Effect {
	p := chat.Both
	if u.c.cfg.Traits.Parts {
		p = chat.Receives
	}
	return u.on(p, &chat.Said{From: &chat.Person{Name: from}, Text: []byte(text)})
}

func (u *user) tick(d time.Duration) []Effect {
	u.now = u.now.Add(d)
	return u.c.Tick(u.now)
}

func dialPart(p chat.Part) Effect { return Effect{Kind: Dial, Part: p} }

func loginPart(p chat.Part) Effect {
	return Effect{Kind: Login, Login: chat.Login{Name: "alice", Part: p}}
}

func say(to, text string) Effect {
	return Effect{Kind: Ask, Part: chat.Sends, Request: &chat.Say{To: []byte(to), All: to == everybody, Text: []byte(text)}}
}

func receipt(from string) Effect {
	return Effect{Kind: Ask, Part: chat.Receives, Request: &chat.Received{From: []byte(from)}}
}

func told(from, text string) Effect {
	return show(View{Event: Said, From: from, To: "alice", Text: text, Dialect: "toy", Path: PathRelay})
}

func fate(to, text, state, why string) Effect {
	return show(View{Event: Sent, From: "alice", To: to, Text: text, Path: PathRelay, State: state, Why: why})
}

func delivered(to, text string) Effect { return fate(to, text, StateDelivered, "") }

func undelivered(to, text, why string) Effect { return fate(to, text, StateFailed, why) }

func offline(why, next string) Effect {
	return show(View{Event: Offline, Address: "server:1", Why: why, Text: next})
}

var hangUp = Effect{Kind: HangUp}

func TestTwoLinks(t *testing.T) {
	u := guest(t)
	u.expect(u.login(), loginPart(chat.Sends))
	u.expect(u.on(chat.Sends, &chat.Notice{Text: "hello"}), show(View{Event: Notice, Text: "hello"}))
	u.expect(u.answer(chat.Sends, nil), dialPart(chat.Receives))
	u.expect(u.answer(chat.Sends, nil)) // once is enough
	u.expect(u.login(), loginPart(chat.Receives))
	u.expect(u.answer(chat.Sends, nil)) // not the one that is waited for
	u.expect(u.answer(chat.Receives, nil), show(View{Event: Ready, Name: "alice", Dialect: "toy", Address: "server:1"}))
	u.expect(u.answer(chat.Receives, nil))
	u.expect(u.wait(time.Hour))
}

func TestOneLink(t *testing.T) {
	one := relays
	one.Parts, one.Receipts = false, false
	u := guest(t, traits(one))
	u.expect(u.login(), Effect{Kind: Login, Login: chat.Login{Name: "alice", Port: 2001}})
	u.answer(chat.Both, nil)
	ask := say("bob", "hi")
	ask.Part = chat.Both
	u.expect(u.line("@bob hi"), ask)
	u.expect(u.done(nil), fate("bob", "hi", StateSent, ""))
	u.expect(u.tells("bob", "yes"), told("bob", "yes")) // nobody wants a receipt
}

// What goes wrong before the first time that we are online ends the program.
func TestLogInFails(t *testing.T) {
	first := func(u *user) { u.login() }
	second := func(u *user) { u.login(); u.answer(chat.Sends, nil) }
	third := func(u *user) { second(u); u.login() }
	refused := chat.Errorf(chat.BadName, "Malformed username")
	silent := "no toy server at server:1: it closed the connection without a word; it may not let in this machine's address (mim serve --public)"
	tests := []struct {
		name   string
		before func(u *user)
		fail   func(u *user) []Effect
		rest   bool // there is something to hang up
		kind   chat.Kind
		words  string
		code   int
	}{
		{"refused at once", first, func(u *user) []Effect { return u.answer(chat.Sends, refused) }, true,
			chat.Refused, "the server refused the login: Malformed username", ExitRefused},
		{"refused on the second", third, func(u *user) []Effect { return u.answer(chat.Receives, refused) }, true,
			chat.Refused, "the server refused the login: Malformed username", ExitRefused},
		{"another protocol", first, func(u *user) []Effect { return u.on(chat.Sends, &chat.Notice{Text: "HTTP/1.1 400 Bad Request"}) }, true,
			chat.Lost, `no toy server at server:1: it says "HTTP/1.1 400 Bad Request"`, ExitNoServer},
		{"one line and the end", first, func(u *user) []Effect {
			u.on(chat.Sends, &chat.Notice{Text: "a login has 6 bytes"})
			return u.c.ServerClosed(u.now, nil)
		}, true, chat.Lost, `no toy server at server:1: it says "a login has 6 bytes"`, ExitNoServer},
		{"malformed", first, func(u *user) []Effect { return u.c.ServerClosed(u.now, chat.Errorf(chat.Malformed, "what?")) }, true,
			chat.Lost, "no toy server at server:1: what?", ExitNoServer},
		{"no second link", second, func(u *user) []Effect { return u.c.ServerFailed(u.now, errors.New("refused")) }, true,
			chat.Lost, "cannot reach the server at server:1: refused", ExitNoServer},
		{"the first lost while the second is dialled", second, func(u *user) []Effect { return u.c.ServerClosed(u.now, nil) }, true,
			chat.Lost, silent, ExitNoServer},
		{"lost while the second is asked", third, func(u *user) []Effect { return u.c.ServerClosed(u.now, nil) }, true,
			chat.Lost, silent, ExitNoServer},
		{"no answer to the second", third, func(u *user) []Effect { return u.wait(answerWithin) }, true,
			chat.Lost, "no toy server at server:1: no answer to the login within 10s", ExitNoServer},
		{"nobody there", func(*user) {}, func(u *user) []Effect { return u.c.ServerFailed(u.now, errors.New("refused")) }, false,
			chat.Lost, "cannot reach the server at server:1: refused", ExitNoServer},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			u := guest(t)
			test.before(u)
			want := []Effect{final(test.kind, test.words), bye[0], {Kind: Quit, Code: test.code}}
			if test.rest {
				want = append([]Effect{hangUp}, want...)
			}
			u.expect(test.fail(u), want...)
			u.expect(u.answer(chat.Sends, nil))
			u.expect(u.wait(time.Hour))
		})
	}
}

// Either link lost is the server lost: the other is closed, and both are had again.
func TestEitherLinkLost(t *testing.T) {
	u := hosted(t)
	e := u.c.ServerClosed(u.now, nil)
	u.expect(e, hangUp, offline("the server closed the connection", e[len(e)-1].View.Text))
	u.expect(u.on(chat.Sends, &chat.Notice{Text: "late"}))
	u.expect(u.tells("bob", "late"))
	u.expect(u.wait(2*time.Second), dialPart(chat.Sends))
	u.login()
	u.expect(u.answer(chat.Sends, nil), dialPart(chat.Receives))
	u.expect(u.c.ServerClosed(u.now, nil), hangUp) // told once
	u.expect(u.wait(4*time.Second), dialPart(chat.Sends))
	u.login()
	u.answer(chat.Sends, nil)
	u.expect(u.c.ServerFailed(u.now, errLost), hangUp)
	u.expect(u.wait(8*time.Second), dialPart(chat.Sends))
	u.expect(u.logIn(), show(View{Event: Online, Address: "server:1"}))
}

// A server that takes logins and loses them at once is tried ever more seldom,
// one that stayed for a while soon again.
func TestFlappingRelay(t *testing.T) {
	u := hosted(t)
	u.wait(settleWithin)
	wait := func() time.Duration {
		u.c.ServerClosed(u.now, nil)
		from := u.now
		for u.c.server.phase == away {
			u.wait(100 * time.Millisecond)
		}
		u.logIn()
		return u.now.Sub(from)
	}
	for range 5 {
		wait()
	}
	if d := wait(); d < 20*time.Second {
		t.Errorf("the sixth try came after %v, want about 30 s", d)
	}
	u.wait(settleWithin)
	if d := wait(); d > 2*time.Second {
		t.Errorf("behind a good time the first try came after %v, want about 1 s", d)
	}
}

// What becomes of a text, by what the server answers.
func TestOutcomes(t *testing.T) {
	tests := []struct {
		name, line, to string
		err            error
		state, why     string
	}{
		{"delivered", "@bob hi", "bob", nil, StateDelivered, ""},
		{"nobody", "@bob hi", "bob", chat.Errorf(chat.NotDelivered, "Unable to send"), StateFailed, "nobody of that name is there, or their program did not confirm it"},
		{"nobody at all", "@ALL hi", "ALL", chat.Errorf(chat.NotDelivered, "Unable to send"), StateFailed, "nobody else is there, or not everyone's program confirmed it"},
		{"refused", "@bob hi", "bob", chat.Errorf(chat.Refused, "Header Incomplete"), StateFailed, "their program refused it"},
		{"refused by one", "/all hi", "ALL", chat.Errorf(chat.Refused, "Header Incomplete"), StateFailed, "somebody's program refused it"},
		{"unregistered", "@bob hi", "bob", chat.Errorf(chat.Unregistered, "No user registered"), StateFailed, "the server says that the login is not complete"},
		{"wrapped", "@bob hi", "bob", fmt.Errorf("x: %w", chat.Errorf(chat.Unknown, "?")), StateFailed, "nobody of that name is there"},
		{"not in this dialect", "@bob hi", "bob", chat.Errorf(chat.BadName, "nobody can be called\x07 so"), StateFailed, "nobody can be called  so"},
		{"anything else", "@bob hi", "bob", errors.New("full\x1b[2J"), StateFailed, "the server says: full [2J"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			u := hosted(t)
			u.expect(u.line(test.line), say(test.to, "hi"))
			u.expect(u.on(chat.Receives, &chat.Answer{To: &chat.Say{}})) // of the other link: no outcome
			u.expect(u.done(test.err), fate(test.to, "hi", test.state, test.why))
			u.expect(u.done(nil)) // nothing is asked
			u.expect(u.wait(time.Hour))
		})
	}
	t.Run("without receipts", func(t *testing.T) {
		plain := relays
		plain.Receipts = false
		for to, why := range map[string]string{"bob": "nobody of that name is there", "ALL": "nobody else is there, or it did not get to everyone"} {
			u := hosted(t, traits(plain))
			u.line("@" + to + " hi")
			u.expect(u.done(chat.Errorf(chat.NotDelivered, "no")), undelivered(to, "hi", why))
		}
	})
}

// One text is asked at a time; the others wait in order, whomever they are for.
func TestOneAtATime(t *testing.T) {
	u := hosted(t)
	u.expect(u.line("@bob one"), say("bob", "one"))
	u.expect(u.line("@carol two"))
	u.expect(u.line("@ALL three"))
	u.expect(u.done(nil), delivered("bob", "one"), say("carol", "two"))
	u.expect(u.done(chat.Errorf(chat.Refused, "")), undelivered("carol", "two", "their program refused it"), say("ALL", "three"))
	u.expect(u.line("four")) // to all again
	u.expect(u.done(nil), delivered("ALL", "three"), say("ALL", "four"))
	u.expect(u.done(nil), delivered("ALL", "four"))
}

// A long text goes in pieces cut between characters, with one word for all.
func TestPieces(t *testing.T) {
	tests := []struct {
		name, text string
		pieces     []string
	}{
		{"just one", "0123456789", []string{"0123456789"}},
		{"one more", "0123456789a", []string{"0123456789", "a"}},
		{"three", "0123456789abcdefghijk", []string{"0123456789", "abcdefghij", "k"}},
		{"a character over the cut", "012345678é0", []string{"012345678", "é0"}},
		{"one up to it", "01234567é0", []string{"01234567é", "0"}},
		{"wide ones", "👋👋👋👋", []string{"👋👋", "👋👋"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			u := hosted(t)
			e := u.line("@bob " + test.text)
			for _, p := range test.pieces {
				u.expect(e, say("bob", p))
				e = u.done(nil)
			}
			u.expect(e, delivered("bob", test.text))
		})
	}
	t.Run("none behind a failure", func(t *testing.T) {
		u := hosted(t)
		u.line("@bob 0123456789abcdefghijk")
		u.line("next")
		u.expect(u.done(nil), say("bob", "abcdefghij"))
		u.expect(u.done(chat.Errorf(chat.Refused, "")), undelivered("bob", "0123456789abcdefghijk", "their program refused it"), say("bob", "next"))
	})
	t.Run("of one byte", func(t *testing.T) {
		tiny := relays
		tiny.Piece = 1
		u := hosted(t, traits(tiny))
		u.expect(u.line("@bob 👋👋"), say("bob", "👋"))
		u.expect(u.done(nil), say("bob", "👋"))
		u.expect(u.done(nil), delivered("bob", "👋👋"))
	})
	t.Run("no bound", func(t *testing.T) {
		whole := relays
		whole.Piece = 0
		u := hosted(t, traits(whole))
		u.expect(u.line("@bob "+strings.Repeat("x", 40)), say("bob", strings.Repeat("x", 40)))
	})
}

// A server that does not answer is one that is lost.
func TestNoAnswer(t *testing.T) {
	u := hosted(t)
	u.line("@bob 0123456789a")
	u.line("next")
	u.wait(sayWithin - time.Second)
	u.expect(u.done(nil), say("bob", "a")) // each piece has its time
	u.expect(u.wait(sayWithin-time.Millisecond), []Effect{}...)
	e := slices.Clone(u.tick(time.Millisecond))
	u.expect(e, undelivered("bob", "0123456789a", whySilent), hangUp,
		offline("no answer to a text within 1m0s", e[len(e)-1].View.Text))
	u.expect(u.done(nil))
	u.wait(2 * time.Second)
	u.expect(u.logIn(), show(View{Event: Online, Address: "server:1"}))
	u.expect(u.wait(restFor), say("bob", "next"))
}

// What becomes of texts when the server is lost.
func TestLostWithTexts(t *testing.T) {
	lose := func(u *user) []Effect {
		u.line("@bob one")
		u.line("@bob two")
		u.line("@carol three")
		u.done(nil)
		return u.c.ServerClosed(u.now, nil)
	}
	t.Run("who waits is told later", func(t *testing.T) {
		u := hosted(t)
		e := lose(u)
		u.expect(e, hangUp, undelivered("bob", "two", whyCut), offline("the server closed the connection", e[2].View.Text))
		u.expect(u.line("@bob four"))
		u.wait(2 * time.Second)
		u.expect(u.logIn(), show(View{Event: Online, Address: "server:1"}))
		u.expect(u.line("@bob five")) // nothing overtakes what rests
		u.expect(u.wait(restFor - time.Millisecond))
		if next, want := u.c.Next(), u.now.Add(time.Millisecond); next.After(want) {
			t.Errorf("the next tick is at %v, want %v", next, want)
		}
		u.expect(u.wait(time.Millisecond), say("carol", "three"))
		u.expect(u.done(nil), delivered("carol", "three"), say("bob", "four"))
		u.expect(u.done(nil), delivered("bob", "four"), say("bob", "five"))
		u.expect(u.done(nil), delivered("bob", "five"))
		u.expect(u.line("@bob six"), say("bob", "six"))
	})
	t.Run("lost again while it rests", func(t *testing.T) {
		u := hosted(t)
		lose(u)
		u.wait(2 * time.Second)
		u.logIn()
		u.wait(restFor / 2)
		u.expect(u.c.ServerClosed(u.now, nil)[:1], hangUp)
		u.wait(4 * time.Second)
		u.expect(u.logIn(), show(View{Event: Online, Address: "server:1"}))
		u.expect(u.wait(restFor-time.Millisecond), []Effect{}...)
		u.expect(u.wait(time.Millisecond), say("carol", "three"))
	})
	t.Run("nothing rests that nobody waits for", func(t *testing.T) {
		u := hosted(t)
		u.c.ServerClosed(u.now, nil)
		u.wait(2 * time.Second)
		u.logIn()
		u.expect(u.line("@bob one"), say("bob", "one"))
	})
	t.Run("the end while it rests", func(t *testing.T) {
		u := hosted(t)
		lose(u)
		u.wait(2 * time.Second)
		u.logIn()
		u.expect(u.line("/quit"))
		u.expect(u.wait(restFor), say("carol", "three"))
		u.expect(u.done(nil), append([]Effect{delivered("carol", "three"), hangUp}, bye...)...)
	})
	t.Run("not for ever", func(t *testing.T) {
		u := hosted(t)
		lose(u)
		var e []Effect
		for range int(postWithin/time.Second) - 1 {
			e = append(e, u.wait(time.Second)...)
			if u.c.server.phase == dialling {
				u.c.ServerFailed(u.now, errLost)
			}
		}
		if events(e) != "" {
			t.Fatalf("too soon: %s", events(e))
		}
		u.expect(u.line("@bob four"))
		e = slices.DeleteFunc(u.wait(time.Second), func(e Effect) bool { return e.Kind == Dial })
		for i, want := range []struct{ to, text string }{{"carol", "three"}, {"bob", "four"}} {
			if i >= len(e) || e[i].View.To != want.to || e[i].View.Text != want.text || e[i].View.Why != whyLost {
				t.Errorf("got %+v, want %s failed", e, want.text)
			}
		}
		u.expect(u.line("@bob five"), undelivered("bob", "five", whyLost))
	})
	t.Run("no retry", func(t *testing.T) {
		u := hosted(t, noRetry)
		u.expect(lose(u), hangUp, undelivered("bob", "two", whyCut),
			offline("the server closed the connection", "no retry: the program ends with the last talk"),
			undelivered("carol", "three", whyLost), bye[0], Effect{Kind: Quit, Code: ExitNoServer})
	})
}

func TestRelayedSaid(t *testing.T) {
	u := hosted(t)
	u.expect(u.tells("Bob", "one\ntwo"), told("Bob", "one\ntwo"), receipt("Bob"))
	u.expect(u.line("to the one who began"), say("Bob", "to the one"))
	u.done(nil)
	u.done(nil)
	u.expect(u.tells("carol", ""), told("carol", ""), receipt("carol"))
	u.expect(u.on(chat.Sends, &chat.Said{From: &chat.Person{Name: "bob", Dialect: "other"}, Text: []byte("x")}),
		show(View{Event: Said, From: "bob", To: "alice", Text: "x", Dialect: "other", Path: PathRelay}),
		Effect{Kind: Ask, Part: chat.Sends, Request: &chat.Received{From: []byte("bob")}})
	u.expect(u.on(chat.Receives, &chat.Said{Text: []byte("from nobody")}), show(View{Event: Notice, Text: "from nobody"}))
}

// The end of input waits for what was typed, and a moment for answers.
func TestRelayEOF(t *testing.T) {
	t.Run("typed before the login", func(t *testing.T) {
		u := guest(t)
		u.expect(u.line("@bob one"))
		u.expect(u.line("two"))
		u.expect(u.c.EOF(u.now))
		u.login()
		u.answer(chat.Sends, nil)
		u.login()
		e := u.answer(chat.Receives, nil)
		u.expect(e[1:], say("bob", "one"))
		u.expect(u.wait(time.Second))
		u.expect(u.done(nil), delivered("bob", "one"), say("bob", "two"))
		u.expect(u.done(chat.Errorf(chat.Refused, "")), undelivered("bob", "two", "their program refused it"))
		u.expect(u.wait(answers - time.Millisecond))
		u.expect(u.tells("bob", "got it"), told("bob", "got it"), receipt("bob"))
		u.expect(u.wait(answers - time.Millisecond))
		u.expect(u.wait(time.Millisecond), append([]Effect{hangUp}, bye...)...)
	})
	t.Run("10 s at most", func(t *testing.T) {
		u := hosted(t)
		u.line("@bob one")
		u.line("@bob two")
		u.expect(u.c.EOF(u.now))
		u.expect(u.wait(drainEOF-time.Millisecond), []Effect{}...)
		u.expect(u.tick(time.Millisecond), append([]Effect{undelivered("bob", "one", whyGoing), undelivered("bob", "two", whyLeft), hangUp}, bye...)...)
	})
	t.Run("nothing typed", func(t *testing.T) {
		u := guest(t)
		u.expect(u.c.EOF(u.now))
		u.login()
		u.answer(chat.Sends, nil)
		u.login()
		u.expect(u.answer(chat.Receives, nil)[1:], append([]Effect{hangUp}, bye...)...)
	})
	t.Run("/quit", func(t *testing.T) {
		u := hosted(t)
		u.line("@bob one")
		u.expect(u.line("/quit"))
		u.expect(u.done(nil), append([]Effect{delivered("bob", "one"), hangUp}, bye...)...)
	})
	t.Run("interrupt", func(t *testing.T) {
		u := hosted(t)
		u.line("@bob one")
		u.expect(u.c.Interrupt(u.now), append([]Effect{undelivered("bob", "one", whyGoing), hangUp}, bye...)...)
	})
}

// What waits for the server is bounded, and what is too much is told.
func TestRelayBounds(t *testing.T) {
	full := "too much is waiting for the server"
	u := hosted(t)
	for range maxWaiting {
		u.line("@bob x")
	}
	u.expect(u.line("@bob y"), undelivered("bob", "y", full))
	u.expect(u.done(nil), delivered("bob", "x"), say("bob", "x"))
	u.expect(u.line("@bob z"))
	for range maxWaiting {
		u.done(nil)
	}
	if u.c.unsettled != 0 || u.c.relay.bytes != 0 || len(u.c.relay.posts) != 0 {
		t.Errorf("%d texts, %d bytes are left", u.c.unsettled, u.c.relay.bytes)
	}
	t.Run("bytes", func(t *testing.T) {
		long := relays
		long.MaxText = 0
		u := hosted(t, traits(long))
		for range 4 {
			u.line("@bob " + strings.Repeat("x", 1<<20))
		}
		u.expect(u.line("@bob y"), undelivered("bob", "y", full))
	})
}

// A text out, confirmed, and one in cost the text and its view at most.
func TestRelayAllocs(t *testing.T) {
	u := hosted(t)
	yes := &chat.Answer{To: &chat.Say{}}
	said := &chat.Said{From: &chat.Person{Name: "bob"}, Text: []byte("hello to you")}
	n := testing.AllocsPerRun(1000, func() {
		u.c.Line(u.now, "@bob hello")
		u.on(chat.Sends, yes)
		u.on(chat.Receives, said)
	})
	if n > 4 {
		t.Errorf("%v allocations for a text each way, want at most 4", n)
	}
}
