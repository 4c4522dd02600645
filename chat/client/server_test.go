package client

import (
	"errors"
	"strings"
	"testing"
	"time"

	"mim/chat"
)

func TestLogin(t *testing.T) {
	u := alice(t)
	u.expect(u.login(), Effect{Kind: Login, Login: chat.Login{Name: "alice", Port: 2001}})
	u.expect(u.event(&chat.Notice{Text: "welcome"}), show(View{Event: Notice, Text: "welcome"}))
	u.expect(u.event(&chat.Answer{}), show(View{
		Event: Ready, Name: "alice", Dialect: "mim0", Address: "server:4242", Listening: "192.0.2.1:2001",
	}))
	u.expect(u.event(&chat.Page{People: []*chat.Person{bob, carol}}), came("bob", bob), came("carol", carol))
	u.expect(u.wait(time.Minute))
	u.expect(u.event(&chat.Came{Who: anna}), came("Anna", anna))
	u.expect(u.event(&chat.Went{Who: bob}), went("bob", bob))
	u.expect(u.event(&chat.Went{Who: bob})) // nobody we have
}

// People may be told before the login is confirmed; the person hears of them
// behind "ready".
func TestTableBeforeAnswer(t *testing.T) {
	u := alice(t)
	u.login()
	u.expect(u.event(&chat.Came{Who: bob}))
	u.expect(u.event(&chat.Came{Who: bob}))
	u.expect(u.event(&chat.Came{Who: carol}))
	u.expect(u.event(&chat.Went{Who: carol}))
	if got, want := events(u.event(&chat.Answer{})), "ready alice, came bob"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestFirstLoginFails(t *testing.T) {
	tests := []struct {
		name  string
		fail  func(u *user) []Effect
		words string
		kind  chat.Kind
		code  int
	}{
		{"nobody there", func(u *user) []Effect {
			return u.c.ServerFailed(u.now, errors.New("connection refused"))
		}, "cannot reach the server at server:4242: connection refused", chat.Lost, ExitNoServer},
		{"closed without a word", func(u *user) []Effect {
			u.login()
			return u.c.ServerClosed(u.now, nil)
		}, "no mim0 server at server:4242: it closed the connection without a word; it may not let in this machine's address (mim serve --public)", chat.Lost, ExitNoServer},
		{"another protocol", func(u *user) []Effect {
			u.login()
			u.event(&chat.Notice{Text: "mail"})
			return u.c.ServerClosed(u.now, chat.Errorf(chat.Malformed, "no mim0"))
		}, "no mim0 server at server:4242: no mim0", chat.Lost, ExitNoServer},
		{"refused with a sentence", func(u *user) []Effect {
			u.login()
			u.event(&chat.Notice{Text: "the name is taken"})
			return u.c.ServerClosed(u.now, nil)
		}, "the server refused the login: the name is taken", chat.Refused, ExitRefused},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			u := alice(t)
			u.expect(test.fail(u), final(test.kind, test.words), show(View{Event: Bye}), Effect{Kind: Quit, Code: test.code})
			u.expect(u.wait(time.Hour))
			u.expect(u.line("/who"))
		})
	}
	t.Run("refused by an answer", func(t *testing.T) {
		u := alice(t)
		u.login()
		u.expect(u.event(&chat.Answer{To: &chat.Login{}, Err: errors.New("wrong password")}),
			Effect{Kind: HangUp}, final(chat.Refused, "the server refused the login: wrong password"),
			show(View{Event: Bye}), Effect{Kind: Quit, Code: ExitRefused})
		u.expect(u.c.ServerClosed(u.now, nil))
	})
	t.Run("no answer", func(t *testing.T) {
		u := alice(t)
		u.login()
		e := u.wait(answerWithin)
		u.expect(e, Effect{Kind: HangUp},
			final(chat.Lost, "no mim0 server at server:4242: no answer to the login within 10s"),
			show(View{Event: Bye}), Effect{Kind: Quit, Code: ExitNoServer})
	})
}

// A server that greets as another protocol does is left at once, whether it
// closes or not.
func TestForeignServer(t *testing.T) {
	long := strings.Repeat("x", 4096)
	tests := []struct{ name, line, says string }{
		{"a web server", "HTTP/1.1 400 Bad Request", `"HTTP/1.1 400 Bad Request"`},
		{"SSH", "SSH-2.0-OpenSSH_9.6", `"SSH-2.0-OpenSSH_9.6"`},
		{"mail", "220 mail.example ESMTP", `"220 mail.example ESMTP"`},
		{"FTP", "220-hello", `"220-hello"`},
		{"a flood", long, `"` + long[:60] + `..."`},
		{"what acts", "HTTP/1.1 \x1b[2J\u202e\"x\"", `"HTTP/1.1  [2J \"x\""`},
		{"long words of two bytes", "SSH-" + strings.Repeat("é", 57), `"SSH-` + strings.Repeat("é", 56) + `..."`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			u := alice(t)
			u.login()
			u.expect(u.event(&chat.Notice{Text: test.line}), Effect{Kind: HangUp},
				final(chat.Lost, "no mim0 server at server:4242: it says "+test.says),
				show(View{Event: Bye}), Effect{Kind: Quit, Code: ExitNoServer})
			u.expect(u.event(&chat.Answer{}))
			u.expect(u.c.ServerClosed(u.now, nil))
		})
	}
	for _, line := range []string{"220", "2200 people are here", "22 people", "welcome", "the name is longer than 64 characters"} {
		u := alice(t)
		u.login()
		u.expect(u.event(&chat.Notice{Text: line}), show(View{Event: Notice, Text: line}))
	}
	t.Run("several lines", func(t *testing.T) {
		u := alice(t)
		u.login()
		u.event(&chat.Notice{Text: "Welcome to X"})
		u.event(&chat.Notice{Text: "goodbye"})
		u.expect(u.c.ServerClosed(u.now, nil), final(chat.Lost, `no mim0 server at server:4242: it says "Welcome to X"`),
			show(View{Event: Bye}), Effect{Kind: Quit, Code: ExitNoServer})
	})
}

// One line is a refusal, however it looks.
func TestRefusal(t *testing.T) {
	t.Run("a line that acts", func(t *testing.T) {
		u := alice(t)
		u.login()
		u.event(&chat.Notice{Text: "no\x1b[2J\u202e!"})
		u.expect(u.c.ServerClosed(u.now, nil), final(chat.Refused, "the server refused the login: no [2J !"),
			show(View{Event: Bye}), Effect{Kind: Quit, Code: ExitRefused})
	})
	t.Run("an answer may begin as it likes", func(t *testing.T) {
		u := alice(t)
		u.login()
		u.expect(u.event(&chat.Answer{Err: errors.New("401 wrong password")}), Effect{Kind: HangUp},
			final(chat.Refused, "the server refused the login: 401 wrong password"),
			show(View{Event: Bye}), Effect{Kind: Quit, Code: ExitRefused})
	})
	t.Run("at the port of a server that was lost", func(t *testing.T) {
		u := joined(t, []*chat.Person{bob})
		u.c.ServerClosed(u.now, nil)
		u.wait(2 * time.Second)
		u.login()
		u.expect(u.event(&chat.Notice{Text: "SSH-2.0-x"}), Effect{Kind: HangUp})
		u.expect(u.wait(4*time.Second), Effect{Kind: Dial})
	})
}

func TestReconnect(t *testing.T) {
	u := joined(t, []*chat.Person{bob, carol, anna})
	e := u.c.ServerClosed(u.now, nil)
	off := only(t, e, Show).View
	if off.Event != Offline || off.Why != "the server closed the connection" || off.Text == "" {
		t.Errorf("got %+v, want offline with why and when the next try is", off)
	}
	// The table of before stands meanwhile, and failed tries are not told.
	u.expect(u.line("/who"), show(View{Event: Table, People: []Person{
		{"bob", "mim0", "192.0.2.2:2002"}, {"carol", "mim0", "192.0.2.4:2004"}, {"Anna", "mim0", "192.0.2.5:2005"},
	}}))
	u.expect(u.wait(2*time.Second), Effect{Kind: Dial})
	u.expect(u.c.ServerFailed(u.now, errors.New("refused")))
	u.expect(u.wait(4*time.Second), Effect{Kind: Dial})

	u.expect(u.login(), Effect{Kind: Login, Login: chat.Login{Name: "alice", Port: 2001}})
	u.expect(u.event(&chat.Answer{}))
	// Bob is still there; carol is there again at another port; dora is new.
	carolToo, dora := person("carol", "192.0.2.4:3004"), person("dora", "192.0.2.9:2009")
	u.expect(u.event(&chat.Page{People: []*chat.Person{bob, carolToo, dora}}))
	if e := u.wait(quiet - time.Millisecond); len(e) != 0 {
		t.Errorf("the table settled too soon: %+v", e)
	}
	u.expect(u.event(&chat.Went{Who: dora}))
	if e := u.wait(quiet - time.Millisecond); len(e) != 0 {
		t.Errorf("the table settled too soon behind another block: %+v", e)
	}
	u.expect(u.wait(time.Millisecond), went("carol", carol), went("Anna", anna), came("carol", carolToo),
		show(View{Event: Online, Address: "server:4242"}))
	u.expect(u.line("/who"), show(View{Event: Table, People: []Person{
		{"bob", "mim0", "192.0.2.2:2002"}, {"carol", "mim0", "192.0.2.4:3004"},
	}}))
	// What comes now is told at once again, and the next loss is a first one.
	u.expect(u.event(&chat.Came{Who: dora}), came("dora", dora))
	u.c.ServerClosed(u.now, nil)
	u.expect(u.wait(1250*time.Millisecond), Effect{Kind: Dial})
}

// A table that never stops coming is taken as whole after a second.
func TestSettlesAtLast(t *testing.T) {
	u := joined(t, nil)
	u.c.ServerClosed(u.now, nil)
	u.wait(2 * time.Second)
	u.login()
	u.event(&chat.Answer{})
	var e []Effect
	for range 10 {
		u.event(&chat.Went{Who: bob})
		e = append(e, u.wait(100*time.Millisecond)...)
	}
	if events(e) != "online" {
		t.Errorf("got %q, want online within %v", events(e), settleWithin)
	}
}

// A server that takes logins and loses them at once is not told as a new loss
// each time, and is tried ever more seldom.
func TestFlappingServer(t *testing.T) {
	u := joined(t, []*chat.Person{bob})
	u.c.ServerClosed(u.now, nil)
	var longest time.Duration
	for range 10 {
		from := u.now
		for u.c.server.phase == away {
			u.expectFew(u.wait(100 * time.Millisecond))
		}
		longest = max(longest, u.now.Sub(from))
		u.login()
		u.expect(u.event(&chat.Answer{}))
		u.expect(u.c.ServerClosed(u.now, errors.New("reset")))
	}
	if longest < 20*time.Second || longest > 40*time.Second {
		t.Errorf("the longest wait was %v, want about 30 s", longest)
	}
}

func (u *user) expectFew(e []Effect) {
	u.Helper()
	if len(e) > 1 || len(e) == 1 && e[0].Kind != Dial {
		u.Fatalf("got %+v, want nothing or a Dial", e)
	}
}

func TestBackOff(t *testing.T) {
	u := joined(t, nil)
	for n, base := range []time.Duration{1, 2, 4, 8, 16, 30, 30, 30} {
		base *= time.Second
		lo, hi := time.Hour, time.Duration(0)
		for range 200 {
			d := u.c.sleep(n)
			lo, hi = min(lo, d), max(hi, d)
		}
		if lo < base*3/4 || hi > base*5/4 || hi-lo < base/4 {
			t.Errorf("try %d: between %v and %v, want spread around %v by a quarter", n, lo, hi, base)
		}
	}
}

// A refusal of a later login is not the end: the server may be starting.
func TestRefusedLater(t *testing.T) {
	u := joined(t, []*chat.Person{bob})
	u.c.ServerClosed(u.now, nil)
	u.wait(2 * time.Second)
	u.login()
	u.expect(u.event(&chat.Answer{Err: errors.New("too many")}), Effect{Kind: HangUp})
	u.expect(u.c.ServerClosed(u.now, nil))
	u.expect(u.wait(4*time.Second), Effect{Kind: Dial})
}

func TestNoRetry(t *testing.T) {
	t.Run("no talk", func(t *testing.T) {
		u := joined(t, []*chat.Person{bob}, noRetry)
		u.expect(u.c.ServerClosed(u.now, nil),
			show(View{Event: Offline, Address: "server:4242", Why: "the server closed the connection", Text: "no retry: the program ends with the last talk"}),
			show(View{Event: Bye}), Effect{Kind: Quit, Code: ExitNoServer})
	})
	t.Run("with the last talk", func(t *testing.T) {
		u := joined(t, []*chat.Person{bob}, noRetry)
		link := u.talk(bob)
		u.c.ServerClosed(u.now, nil)
		u.expect(u.wait(time.Hour))
		u.expect(u.says(link, "on we talk"), said("bob", "on we talk"))
		u.expect(u.c.PeerClosed(u.now, link, nil), closed("bob", "the other side ended the talk"),
			show(View{Event: Bye}), Effect{Kind: Quit, Code: ExitNoServer})
	})
}
