package client

import (
	"testing"
	"time"

	"mim/chat"
)

var bye = []Effect{show(View{Event: Bye}), {Kind: Quit}}

func TestQuitWithoutTalks(t *testing.T) {
	ways := map[string]func(u *user) []Effect{
		"end of input": func(u *user) []Effect { return u.c.EOF(u.now) },
		"/quit":        func(u *user) []Effect { return u.line("/quit") },
		"interrupt":    func(u *user) []Effect { return u.c.Interrupt(u.now) },
	}
	for name, quit := range ways {
		t.Run(name, func(t *testing.T) {
			u := joined(t, []*chat.Person{bob})
			u.expect(quit(u), append([]Effect{{Kind: HangUp}}, bye...)...)
			u.expect(quit(u))
			u.expect(u.c.ServerClosed(u.now, nil))
			u.expect(u.wait(time.Hour))
		})
	}
}

func TestQuitEndsTalks(t *testing.T) {
	u := joined(t, []*chat.Person{bob, carol})
	b, c := u.talk(bob), u.called(carol)
	stranger, _ := u.opened("192.0.2.66:40000", 0)
	u.expect(u.line("/quit"), Effect{Kind: Finish, Link: b}, Effect{Kind: Finish, Link: c},
		Effect{Kind: Close, Link: stranger}, Effect{Kind: HangUp})
	u.expect(u.says(b, "bye"), said("bob", "bye"))
	late, e := u.opened("192.0.2.66:40000", 0)
	u.expect(e, Effect{Kind: Close, Link: late})
	u.expect(u.c.PeerClosed(u.now, b, nil), closed("bob", "you ended the talk"))
	u.expect(u.c.PeerClosed(u.now, c, nil), append([]Effect{closed("carol", "you ended the talk")}, bye...)...)
}

// The end of input waits for what was typed, and then for answers to it.
func TestEOF(t *testing.T) {
	t.Run("before the login", func(t *testing.T) {
		u := alice(t)
		u.line("@bob one")
		u.expect(u.c.EOF(u.now))
		u.expect(u.line("more")) // there cannot be
		u.login()
		u.event(&chat.Answer{})
		u.event(&chat.Came{Who: bob})
		call := only(t, u.wait(quiet), Call)
		link, _ := u.opened(bob.Far.String(), call.Call)
		u.wait(time.Second)
		u.expect(u.c.Left(u.now, link, 99), sent("bob", "one"))
		u.expect(u.wait(answers - time.Millisecond))
		u.expect(u.says(link, "got it"), said("bob", "got it"))
		u.expect(u.wait(answers - time.Millisecond))
		u.expect(u.wait(time.Millisecond), Effect{Kind: Finish, Link: link}, Effect{Kind: HangUp})
		u.expect(u.c.PeerClosed(u.now, link, nil), append([]Effect{closed("bob", "you ended the talk")}, bye...)...)
	})
	t.Run("10 s at most", func(t *testing.T) {
		u := joined(t, []*chat.Person{bob})
		link := u.talk(bob)
		u.line("one")
		u.expect(u.c.EOF(u.now))
		for range 9 {
			u.expect(u.wait(time.Second))
			u.expect(u.says(link, "blah"), said("bob", "blah"))
		}
		u.expect(u.wait(time.Second), Effect{Kind: Finish, Link: link}, Effect{Kind: HangUp})
		// And if even the polite end takes too long:
		u.expect(u.wait(finishWithin-time.Millisecond), []Effect{}...)
		u.now = u.now.Add(time.Millisecond)
		u.expect(u.c.Tick(u.now), append([]Effect{
			unsent("bob", "one", whyUnsure),
			{Kind: Close, Link: link, Why: chat.Errorf(chat.Lost, "the other side did not end its direction in time")},
		}, bye...)...)
	})
	t.Run("until it has failed", func(t *testing.T) {
		u := joined(t, []*chat.Person{bob})
		call := only(t, u.line("@bob one"), Call)
		u.expect(u.c.EOF(u.now))
		for range maxTries - 1 {
			u.c.PeerFailed(u.now, call.Call, errLost)
			call = only(t, u.wait(time.Second), Call)
		}
		u.expect(u.c.PeerFailed(u.now, call.Call, errLost), append([]Effect{
			unsent("bob", "one", "cannot reach bob at 192.0.2.2:2002: connection reset"), {Kind: HangUp},
		}, bye...)...)
	})
	t.Run("/quit behind it hurries", func(t *testing.T) {
		u := joined(t, []*chat.Person{bob})
		call := only(t, u.line("@bob one"), Call)
		u.expect(u.line("/quit"))
		u.expect(u.c.EOF(u.now))
		u.expect(u.wait(drainQuit), append([]Effect{unsent("bob", "one", whyLeft), {Kind: HangUp}}, bye...)...)
		link, e := u.opened(bob.Far.String(), call.Call)
		u.expect(e, Effect{Kind: Close, Link: link})
	})
	t.Run("not before the server was reached", func(t *testing.T) {
		u := alice(t)
		u.expect(u.c.EOF(u.now))
		u.login()
		u.event(&chat.Answer{})
		u.expect(u.wait(quiet), append([]Effect{{Kind: HangUp}}, bye...)...)
	})
	t.Run("the server is never reached", func(t *testing.T) {
		u := alice(t)
		u.line("@bob one")
		u.expect(u.c.EOF(u.now))
		u.expect(u.wait(drainEOF), final(chat.Lost, "cannot reach the server at server:4242: no answer in time"),
			Effect{Kind: HangUp}, bye[0], Effect{Kind: Quit, Code: ExitNoServer})
	})
}

// The first interrupt is polite, the second is not.
func TestInterrupt(t *testing.T) {
	u := joined(t, []*chat.Person{bob, carol})
	b := u.talk(bob)
	u.line("one")
	u.line("@carol two")
	u.expect(u.c.Interrupt(u.now), unsent("carol", "two", whyLeft), Effect{Kind: Finish, Link: b}, Effect{Kind: HangUp})
	u.expect(u.c.Interrupt(u.now), append([]Effect{
		unsent("bob", "one", whyUnsure),
		{Kind: Close, Link: b, Why: chat.Errorf(chat.Lost, "the other side did not end its direction in time")},
	}, bye...)...)
	u.expect(u.c.Interrupt(u.now))
}
