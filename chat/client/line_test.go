package client

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"mim/chat"
)

// A caller's word is a claim: only an entry of that name at that address
// makes it a person of the table.
func TestClaims(t *testing.T) {
	tests := []struct {
		name, from, says string
		want             string
	}{
		{"entry and address fit", "192.0.2.2:40000", "bob", "bob"},
		{"another address", "192.0.2.9:40000", "bob", "bob (192.0.2.9)"},
		{"another name", "192.0.2.2:40000", "carol", "carol (192.0.2.2)"},
		{"another case", "192.0.2.2:40000", "Bob", "Bob (192.0.2.2)"},
		{"our own name", "192.0.2.2:40000", "alice", "alice (192.0.2.2)"},
		{"a handle of ours", "192.0.2.3:40000", "bob~2", "bob~2 (192.0.2.3)"},
		{"IPv6", "[2001:db8::1]:40000", "bob", "bob (2001:db8::1)"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			u := joined(t, []*chat.Person{bob, bob2})
			link, _ := u.opened(test.from, 0)
			e := events(u.c.PeerRequest(u.now, link, &chat.Hello{Name: test.says}))
			if e == "" {
				u.expect(u.says(link, "hi"))
				u.expect(u.wait(knownWithin-time.Millisecond), []Effect{}...)
				u.now = u.now.Add(time.Millisecond)
				u.expect(u.c.Tick(u.now), opened(test.want, test.from), said(test.want, "hi"))
			} else if e != "opened "+test.want {
				t.Errorf("got %s, want opened %s", e, test.want)
			}
			u.expect(u.says(link, "there"), said(test.want, "there"))
		})
	}
}

// The first words of a newcomer may be here before its entry.
func TestCallerIsListedSoon(t *testing.T) {
	u := joined(t, nil)
	link := u.called(bob)
	u.expect(u.says(link, "one"))
	u.expect(u.wait(50 * time.Millisecond))
	u.expect(u.event(&chat.Came{Who: carol}), came("carol", carol))
	u.expect(u.event(&chat.Came{Who: bob}), came("bob", bob), opened("bob", "192.0.2.2:40000"), said("bob", "one"))
	u.expect(u.wait(time.Minute))
}

// While a new table comes, a caller may still be in it.
func TestCallerDuringReconnect(t *testing.T) {
	u := joined(t, nil)
	u.c.ServerClosed(u.now, nil)
	u.wait(2 * time.Second)
	u.login()
	link := u.called(bob)
	u.says(link, "one")
	u.wait(knownWithin - time.Millisecond)
	u.event(&chat.Answer{})
	u.event(&chat.Came{Who: bob})
	u.expect(u.wait(time.Millisecond)) // its time is up, but the table is not whole
	got := events(u.wait(quiet))
	if want := "came bob, opened bob, said alice, online"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// A caller who says a lot before we know who it is does not wait any longer.
func TestEarlyTextsAreBounded(t *testing.T) {
	u := joined(t, nil)
	link := u.called(bob)
	for i := range maxEarly - 1 {
		u.expect(u.says(link, fmt.Sprint(i)))
	}
	e := u.says(link, "last")
	if len(e) != 1+maxEarly || e[0].View.Event != Opened || e[maxEarly].View.Text != "last" {
		t.Errorf("got %d effects, want the talk opened and %d texts", len(e), maxEarly)
	}
}

// Two people of one name at one address who call cannot be told apart. Each
// gets a conversation that can be answered; what is for one of them by handle
// goes to the address that is listed, never on a line that may be the other's.
func TestNamesakesAtOneAddress(t *testing.T) {
	u := joined(t, []*chat.Person{bob, bobToo})
	first, second := u.called(bobToo), u.called(bob)
	u.expect(u.says(first, "one"), said("bob (192.0.2.2)", "one"))
	u.expect(u.says(second, "two"), said("bob (192.0.2.2)~2", "two"))
	if e := only(t, u.line("to who spoke first"), Send); e.Link != first {
		t.Errorf("the answer went on line %d, want %d", e.Link, first)
	}
	if e := only(t, u.line("@bob (192.0.2.2)~2 x"), Send); e.Link != second {
		t.Errorf("the text for the second went on line %d, want %d", e.Link, second)
	}
	if e := only(t, u.line("and this"), Send); e.Link != second {
		t.Errorf("what followed went on line %d, want %d", e.Link, second)
	}
	for handle, p := range map[string]*chat.Person{"bob": bob, "bob~2": bobToo} {
		e := u.line("@" + handle + " secret")
		call := only(t, e, Call)
		if call.Addr != p.Far || len(e) != 1 {
			t.Fatalf("@%s: %+v, want a call of %v", handle, e, p.Far)
		}
		link, e := u.opened(p.Far.String(), call.Call)
		if s := only(t, e, Send); s.Link != link || s.Text != "secret" {
			t.Errorf("@%s: %+v", handle, s)
		}
	}
	u.expect(u.c.PeerClosed(u.now, second, nil),
		unsent("bob (192.0.2.2)~2", "x", whyUnsure), unsent("bob (192.0.2.2)~2", "and this", whyUnsure),
		closed("bob (192.0.2.2)~2", "the other side ended the talk"))
	// One is left: a caller is that one.
	u.event(&chat.Went{Who: bobToo})
	third := u.called(bob)
	u.says(third, "three")
	if e := u.wait(turnWithin); events(e) != "said alice" || e[0].View.From != "bob" {
		t.Errorf("got %+v, want said by bob", e)
	}
}

// The second one called before we knew that there are two: what it was taken
// for is taken back, and nothing more for the first is written to it.
func TestNamesakeIsListedBehindItsCall(t *testing.T) {
	tests := []struct {
		name  string
		begin func(u *user) chat.Link
		back  bool // the entry comes with the table of the server that is back
	}{
		{"a moment", func(u *user) chat.Link {
			link := u.called(bobToo)
			u.wait(knownWithin)
			return link
		}, false},
		{"waiting for its entry", func(u *user) chat.Link {
			u.event(&chat.Went{Who: bob})
			link := u.called(bobToo)
			u.event(&chat.Came{Who: bob})
			return link
		}, false},
		{"while the server was lost", func(u *user) chat.Link {
			u.c.ServerClosed(u.now, nil)
			u.wait(100 * time.Millisecond)
			return u.called(bobToo)
		}, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			u := joined(t, []*chat.Person{bob})
			link := test.begin(u)
			sent := only(t, u.line("@bob to whom?"), Send)
			u.says(link, "hi")
			if test.back {
				u.wait(2 * time.Second)
				u.login()
				u.event(&chat.Answer{})
				u.event(&chat.Came{Who: bob})
			}
			e := slices.Clone(u.event(&chat.Came{Who: bobToo}))
			if test.back {
				e = u.wait(quiet)
			}
			want := "came bob~2, closed bob, opened bob (192.0.2.2)"
			if got := strings.TrimSuffix(events(e), ", online"); got != want {
				t.Fatalf("got %s, want %s", got, want)
			}
			u.expect(u.c.Left(u.now, link, sent.Ticket), show(View{Event: Sent, From: "alice", To: "bob (192.0.2.2)",
				Text: "to whom?", Path: PathDirect, State: StateSent}))
			u.expect(u.says(link, "me"), said("bob (192.0.2.2)", "me"))
			if call := only(t, u.line("@bob secret"), Call); call.Addr != bob.Far {
				t.Errorf("dials %v, want %v", call.Addr, bob.Far)
			}
		})
	}
}

// What of a talk stays and what goes along when a line is taken out of it, or
// is not.
func TestNamesakeIsListedInATalk(t *testing.T) {
	t.Run("a talk of before stays", func(t *testing.T) {
		u := joined(t, []*chat.Person{bob})
		link := u.called(bob)
		u.wait(knownWithin + time.Millisecond)
		u.expect(u.event(&chat.Came{Who: bobToo}), came("bob~2", bobToo))
		u.expect(u.says(link, "still me"), said("bob", "still me"))
	})
	t.Run("a line of our own stays", func(t *testing.T) {
		u := joined(t, []*chat.Person{bob})
		link := u.talk(bob)
		u.expect(u.event(&chat.Came{Who: bobToo}), came("bob~2", bobToo))
		u.expect(u.says(link, "still me"), said("bob", "still me"))
	})
	t.Run("the line of one who is gone stays", func(t *testing.T) {
		u := joined(t, []*chat.Person{bob})
		link := u.called(bob)
		u.event(&chat.Went{Who: bob})
		u.expect(u.event(&chat.Came{Who: bobToo}), came("bob~2", bobToo))
		u.expect(u.says(link, "still me"), said("bob", "still me"))
	})
	t.Run("what waits to be sent goes by a call", func(t *testing.T) {
		u := joined(t, []*chat.Person{bob})
		link := u.called(bobToo)
		u.line("@bob one")
		u.c.PeerEnded(u.now, link)
		u.expect(u.line("@bob two"))
		if call := only(t, u.event(&chat.Came{Who: bobToo}), Call); call.Addr != bob.Far {
			t.Errorf("dials %v, want %v", call.Addr, bob.Far)
		}
	})
	t.Run("other lines of the talk are heard at once", func(t *testing.T) {
		u := joined(t, []*chat.Person{bob})
		ours := u.talk(bob)
		u.says(u.called(bobToo), "I spoke last")
		u.wait(turnWithin)
		u.event(&chat.Came{Who: bobToo})
		u.expect(u.says(ours, "now I do"), said("bob", "now I do"))
	})
	t.Run("what waits to be shown goes along", func(t *testing.T) {
		u := joined(t, []*chat.Person{bob})
		u.says(u.talk(bob), "mine")
		u.expect(u.says(u.called(bobToo), "mine as well"))
		u.expect(u.event(&chat.Came{Who: bobToo}), came("bob~2", bobToo),
			opened("bob (192.0.2.2)", "192.0.2.2:40000"), said("bob (192.0.2.2)", "mine as well"))
		u.expect(u.wait(time.Minute))
	})
}

// Two strangers of one name at one address as well, and nobody can call them back.
func TestStrangers(t *testing.T) {
	u := joined(t, nil)
	a, b := u.called(bob), u.called(bob)
	u.wait(knownWithin)
	u.expect(u.says(a, "one"), said("bob (192.0.2.2)", "one"))
	u.expect(u.says(b, "two"), said("bob (192.0.2.2)~2", "two"))
	u.expect(u.line("who?"), failure(chat.Usage, "to whom? begin with @NAME; /who lists who is here"))
	u.expect(u.line("@bob (192.0.2.2) who?"), Effect{Kind: Send, Link: a, Text: "who?", Ticket: 1})
	u.expect(u.c.PeerEnded(u.now, b))
	u.expect(u.line("@bob (192.0.2.2)~2 who?"), unsent("bob (192.0.2.2)~2", "who?", whyGone))
	u.expect(u.c.PeerClosed(u.now, a, nil), unsent("bob (192.0.2.2)", "who?", whyUnsure),
		closed("bob (192.0.2.2)", "the other side ended the talk"))
	u.expect(u.line("@bob (192.0.2.2) who?"), failure(chat.Unknown, `nobody here is called "bob"; /who lists who is here`))
	// The stranger who is listed later is a person of the table from then on.
	u.event(&chat.Came{Who: bob})
	if e := u.says(u.called(bob), "me"); events(e) != "said alice" || e[0].View.From != "bob" {
		t.Errorf("got %+v", e)
	}
}

// A stranger under the handle of someone of before cannot be called back there.
func TestStrangerIsNobodyOfBefore(t *testing.T) {
	odd := person("bob (192.0.2.2)", "192.0.2.50:2050")
	u := joined(t, []*chat.Person{odd})
	u.c.PeerClosed(u.now, u.talk(odd), nil)
	u.event(&chat.Went{Who: odd})
	link := u.called(bob)
	u.expect(u.wait(knownWithin), opened("bob (192.0.2.2)", "192.0.2.2:40000"))
	u.c.PeerEnded(u.now, link)
	u.expect(u.line("@bob (192.0.2.2) hi"), unsent("bob (192.0.2.2)", "hi", whyGone))
}

// A line whose name was not even read may hold what was said before.
func TestReadsAnUnnamedCallerFirst(t *testing.T) {
	begin := func(t *testing.T) (u *user, older chat.Link) {
		u = joined(t, []*chat.Person{bob, carol})
		older, _ = u.opened("192.0.2.2:40000", 0)
		u.now = u.now.Add(time.Millisecond)
		u.expect(u.says(u.called(carol), "elsewhere"), said("carol", "elsewhere"))
		u.expect(u.says(u.called(bob), "two"))
		return u, older
	}
	t.Run("it is the same person's", func(t *testing.T) {
		u, older := begin(t)
		u.expect(u.c.PeerRequest(u.now, older, &chat.Hello{Name: "bob"}))
		u.expect(u.says(older, "one"))
		u.expect(u.c.PeerClosed(u.now, older, nil), said("bob", "one"), said("bob", "two"))
	})
	t.Run("it is someone else's", func(t *testing.T) {
		u, older := begin(t)
		u.expect(u.c.PeerRequest(u.now, older, &chat.Hello{Name: "dave"}), said("bob", "two"))
	})
	t.Run("it is gone", func(t *testing.T) {
		u, older := begin(t)
		u.expect(u.c.PeerClosed(u.now, older, errLost), said("bob", "two"))
	})
	t.Run("a moment at most", func(t *testing.T) {
		u, _ := begin(t)
		u.now = u.now.Add(turnWithin)
		u.expect(u.c.Tick(u.now), said("bob", "two"))
	})
}

func TestUnnamedCallers(t *testing.T) {
	u := joined(t, []*chat.Person{bob})
	const eight = 8 // mim0.md, Peers
	for range eight {
		_, e := u.opened("192.0.2.66:40000", 0)
		u.expect(e)
	}
	link, e := u.opened("192.0.2.66:40001", 0)
	u.expect(e)
	swift, _ := u.opened("192.0.2.66:40002", 0)
	u.expect(u.c.PeerRequest(u.now, swift, &chat.Hello{Name: "swift"})) // its name was only not read yet
	u.expect(u.wait(crowdWithin), Effect{Kind: Close, Link: link, Why: errCrowd})
	u.expect(u.c.PeerRequest(u.now, link, &chat.Hello{Name: "bob"}))
	u.expect(u.c.PeerClosed(u.now, link, nil))
	u.c.PeerClosed(u.now, swift, nil)
	// Others get in, and one more once one of the eight has a name or is gone.
	u.expect(u.says(u.called(bob), "x"), said("bob", "x"))
	u.c.PeerClosed(u.now, 1, nil)
	_, e = u.opened("192.0.2.66:40002", 0)
	u.expect(e)
	e = u.wait(nameWithin)
	if len(e) != eight {
		t.Fatalf("%d were closed, want %d", len(e), eight)
	}
	for _, e := range e {
		if e.Kind != Close || e.Why.Error() != "no name within 30s" {
			t.Errorf("got %+v", e)
		}
	}
	// A crowd is not held for a moment either.
	for range maxCrowd {
		_, e := u.opened("192.0.2.66:40003", 0)
		u.expect(e)
	}
	link, e = u.opened("192.0.2.66:40003", 0)
	u.expect(e, Effect{Kind: Close, Link: link, Why: errCrowd})
}

func TestBadCallers(t *testing.T) {
	tests := []struct {
		name string
		r    chat.Request
		kind chat.Kind
	}{
		{"a name with a control", &chat.Hello{Name: "a\x1b[2J"}, chat.BadName},
		{"an empty name", &chat.Hello{}, chat.BadName},
		{"a long name", &chat.Hello{Name: strings.Repeat("x", 65)}, chat.BadName},
		{"a text before the name", &chat.Say{Text: []byte("x")}, chat.Malformed},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			u := joined(t, []*chat.Person{bob})
			link, _ := u.opened("192.0.2.2:40000", 0)
			e := only(t, u.c.PeerRequest(u.now, link, test.r), Close)
			if err, ok := e.Why.(*chat.Error); !ok || err.Kind != test.kind || e.Link != link {
				t.Errorf("got %+v, want link %d closed as %v", e, link, test.kind)
			}
			u.expect(u.says(link, "more"))
			u.expect(u.c.PeerClosed(u.now, link, nil))
			u.expect(u.wait(time.Hour))
		})
	}
}

// Who spoke and went before we knew them is still shown.
func TestCallerSpeaksAndGoes(t *testing.T) {
	u := joined(t, nil)
	link := u.called(bob)
	u.says(link, "psst")
	u.expect(u.c.PeerClosed(u.now, link, nil), opened("bob (192.0.2.2)", "192.0.2.2:40000"),
		said("bob (192.0.2.2)", "psst"), closed("bob (192.0.2.2)", "the other side ended the talk"))
	link = u.called(bob)
	u.expect(u.c.PeerClosed(u.now, link, nil)) // said nothing: not worth a word
}
