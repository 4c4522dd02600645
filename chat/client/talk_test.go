package client

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"mim/chat"
)

var errLost = errors.New("connection reset")

func TestTalkWeBegin(t *testing.T) {
	u := joined(t, []*chat.Person{bob})
	u.expect(u.line("@bob one"), Effect{Kind: Call, Call: 1, Addr: bob.Far})
	u.expect(u.line("@bob two")) // waits for the same dial
	link, e := u.opened(bob.Far.String(), 1)
	u.expect(e, opened("bob", bob.Far.String()),
		Effect{Kind: Send, Link: link, Text: "one", Ticket: 2}, Effect{Kind: Send, Link: link, Text: "two", Ticket: 3})
	u.expect(u.c.Left(u.now, link, 2), sent("bob", "one"))
	u.expect(u.line("three"), Effect{Kind: Send, Link: link, Text: "three", Ticket: 4})
	u.expect(u.c.Left(u.now, link, 4), sent("bob", "two"), sent("bob", "three"))
	u.expect(u.c.Left(u.now, link, 4))
	u.expect(u.says(link, "hello"), said("bob", "hello"))
	u.expect(u.says(link, ""), said("bob", ""))
}

func TestTalkTheyBegin(t *testing.T) {
	u := joined(t, []*chat.Person{bob, carol})
	link, e := u.opened("192.0.2.2:40000", 0)
	u.expect(e)
	u.expect(u.c.PeerRequest(u.now, link, &chat.Hello{Name: "bob"}), opened("bob", "192.0.2.2:40000"))
	u.expect(u.says(link, "hello"), said("bob", "hello"))
	u.expect(u.line("to the one who began"), Effect{Kind: Send, Link: link, Text: "to the one who began", Ticket: 1})
	u.expect(u.c.PeerRequest(u.now, link, &chat.Hello{Name: "carol"})) // nobody changes their name
	u.expect(u.says(link, "still me"), said("bob", "still me"))
}

func TestCutText(t *testing.T) {
	u := joined(t, []*chat.Person{bob})
	link := u.called(bob)
	u.expect(u.c.PeerRequest(u.now, link, &chat.Say{Text: []byte("long"), Cut: true}), said("bob", "long"),
		show(View{Event: Notice, Name: "bob", Text: "the line was too long; the rest of it was dropped"}))
}

// Three talks at once, each on its own line, whoever says something last.
func TestThreeTalks(t *testing.T) {
	u := joined(t, []*chat.Person{bob, carol, anna})
	b, c, a := u.talk(bob), u.called(carol), u.talk(anna)
	if e := only(t, u.line("@bob x"), Send); e.Link != b {
		t.Errorf("bob's text went on line %d, want %d", e.Link, b)
	}
	u.expect(u.says(c, "hi"), said("carol", "hi"))
	if e := only(t, u.line("still to bob"), Send); e.Link != b {
		t.Errorf("an unaddressed text went on line %d, want %d: bob's", e.Link, b)
	}
	if e := only(t, u.line("@anna x"), Send); e.Link != a {
		t.Errorf("anna's text went on line %d, want %d", e.Link, a)
	}
	u.expect(u.c.PeerClosed(u.now, c, nil), closed("carol", "the other side ended the talk"))
	u.expect(u.says(b, "and I"), said("bob", "and I"))
}

func TestDialFails(t *testing.T) {
	u := joined(t, []*chat.Person{bob})
	call := only(t, u.line("@bob one"), Call).Call
	u.line("@bob two")
	for _, gap := range []time.Duration{shortGap, 2 * shortGap} {
		u.expect(u.c.PeerFailed(u.now, call, errors.New("refused")))
		u.expect(u.wait(gap - time.Millisecond))
		e := u.wait(time.Millisecond)
		if call = only(t, e, Call).Call; len(e) != 1 {
			t.Errorf("got %+v, want one Call", e)
		}
	}
	why := "cannot reach bob at 192.0.2.2:2002: refused"
	u.expect(u.c.PeerFailed(u.now, call, errors.New("refused")), unsent("bob", "one", why), unsent("bob", "two", why))
	u.expect(u.wait(time.Minute))
	only(t, u.line("@bob three"), Call) // a new text is a new attempt
}

func TestLineBreaks(t *testing.T) {
	u := joined(t, []*chat.Person{bob})
	link := u.talk(bob)
	u.line("one")
	ticket := only(t, u.line("two"), Send).Ticket
	u.c.Left(u.now, link, ticket-1)
	u.expect(u.c.PeerClosed(u.now, link, errLost),
		unsent("bob", "two", whyUnsure), closed("bob", "the line was lost: connection reset"))
	u.expect(u.says(link, "too late"))
	u.expect(u.c.Left(u.now, link, ticket))
	// Writing again dials again, and the talk is one that was opened.
	call := only(t, u.line("three"), Call)
	again, e := u.opened(bob.Far.String(), call.Call)
	u.expect(e, opened("bob", bob.Far.String()), Effect{Kind: Send, Link: again, Text: "three", Ticket: call.Call + 1})
}

// Both sides dial at once: one conversation, opened once, over with the last line.
func TestBothDial(t *testing.T) {
	u := joined(t, []*chat.Person{bob})
	call := only(t, u.line("@bob one"), Call)
	in := u.called(bob) // theirs is first; what waits takes it
	u.expect(u.c.Left(u.now, in, 2), sent("bob", "one"))
	out, e := u.opened(bob.Far.String(), call.Call)
	u.expect(e)
	u.expect(u.says(out, "on yours")) // unless something older comes on theirs
	u.now = u.now.Add(turnWithin)
	u.expect(u.c.Tick(u.now), said("bob", "on yours"))
	u.expect(u.says(out, "still"), said("bob", "still"))
	u.expect(u.line("two"), Effect{Kind: Send, Link: in, Text: "two", Ticket: 3})

	u.expect(u.c.PeerClosed(u.now, in, nil), unsent("bob", "two", whyUnsure))
	u.expect(u.line("three"), Effect{Kind: Send, Link: out, Text: "three", Ticket: 4})
	u.expect(u.c.PeerClosed(u.now, out, nil), unsent("bob", "three", whyUnsure), closed("bob", "the other side ended the talk"))
}

// The other side changed to another line: what it said on the first is shown
// before what it says on the second, wherever we read first.
func TestReadsOneLineToItsEnd(t *testing.T) {
	lines := func(t *testing.T) (u *user, first, second chat.Link) {
		u = joined(t, []*chat.Person{bob})
		first = u.called(bob)
		u.expect(u.says(first, "one"), said("bob", "one"))
		second = u.called(bob)
		u.expect(u.says(second, "three"))
		u.expect(u.says(second, "four"))
		u.expect(u.says(first, "two"), said("bob", "two"))
		return u, first, second
	}
	t.Run("closed", func(t *testing.T) {
		u, first, second := lines(t)
		u.expect(u.c.PeerClosed(u.now, first, errLost), said("bob", "three"), said("bob", "four"))
		u.expect(u.says(second, "five"), said("bob", "five"))
	})
	t.Run("ended", func(t *testing.T) {
		u, first, _ := lines(t)
		u.expect(u.c.PeerEnded(u.now, first), said("bob", "three"), said("bob", "four"))
	})
	t.Run("a moment at most", func(t *testing.T) {
		u, first, second := lines(t)
		u.expect(u.wait(turnWithin-time.Millisecond), []Effect{}...)
		u.now = u.now.Add(time.Millisecond)
		u.expect(u.c.Tick(u.now), said("bob", "three"), said("bob", "four"))
		u.expect(u.says(second, "five"), said("bob", "five"))
		u.expect(u.says(first, "changed again"))
		u.now = u.now.Add(turnWithin)
		u.expect(u.c.Tick(u.now), said("bob", "changed again"))
	})
	t.Run("not more than a few", func(t *testing.T) {
		u, _, second := lines(t)
		for range maxEarly - 3 {
			u.expect(u.says(second, "more"))
		}
		if e := u.says(second, "enough"); len(e) != maxEarly {
			t.Errorf("%d are shown, want all %d", len(e), maxEarly)
		}
	})
	t.Run("the second breaks first", func(t *testing.T) {
		u, first, second := lines(t)
		u.expect(u.c.PeerClosed(u.now, second, errLost), said("bob", "three"), said("bob", "four"))
		u.expect(u.says(first, "and"), said("bob", "and"))
		u.expect(u.wait(time.Minute))
	})
	t.Run("the one that breaks first spoke first", func(t *testing.T) {
		u := joined(t, []*chat.Person{bob})
		a, b := u.called(bob), u.called(bob)
		u.expect(u.says(a, "two"))
		u.expect(u.says(b, "one"))
		u.expect(u.c.PeerClosed(u.now, b, errLost), said("bob", "one"), said("bob", "two"))
	})
	t.Run("until the program ends", func(t *testing.T) {
		u, _, _ := lines(t)
		u.c.Interrupt(u.now)
		if got := events(u.c.Interrupt(u.now)); got != "said alice, said alice, bye" {
			t.Errorf("got %s", got)
		}
	})
}

// A dial that fails while their line is up is no failure of anything.
func TestOurDialFailsTheirsIsUp(t *testing.T) {
	u := joined(t, []*chat.Person{bob})
	call := only(t, u.line("@bob one"), Call)
	in := u.called(bob)
	u.expect(u.c.PeerFailed(u.now, call.Call, errLost))
	u.expect(u.wait(time.Minute))
	u.expect(u.c.Left(u.now, in, 2), sent("bob", "one"))

	// The same between two tries: their line ends the trying.
	u.c.PeerClosed(u.now, in, nil)
	call = only(t, u.line("two"), Call)
	u.expect(u.c.PeerFailed(u.now, call.Call, errLost))
	in = u.called(bob)
	u.expect(u.wait(time.Minute))
	u.expect(u.c.Left(u.now, in, 99), sent("bob", "two"))
}

// A line of theirs that comes between two of our tries makes the next attempt
// a first one.
func TestTriesBeginAnew(t *testing.T) {
	u := joined(t, []*chat.Person{bob})
	call := only(t, u.line("@bob one"), Call)
	u.c.PeerFailed(u.now, call.Call, errLost)
	u.c.PeerFailed(u.now, only(t, u.wait(shortGap), Call).Call, errLost)
	in := u.called(bob)
	u.c.Left(u.now, in, 99)
	u.c.PeerClosed(u.now, in, nil)
	call = only(t, u.line("two"), Call) // at once
	for range maxTries - 1 {
		u.expect(u.c.PeerFailed(u.now, call.Call, errLost))
		call = only(t, u.wait(time.Second), Call)
	}
	u.expect(u.c.PeerFailed(u.now, call.Call, errLost), unsent("bob", "two", "cannot reach bob at 192.0.2.2:2002: connection reset"))
}

// Our dial succeeds when all has been said on a line of theirs that is gone.
func TestDialIsNotNeededAnyMore(t *testing.T) {
	u := joined(t, []*chat.Person{bob})
	call := only(t, u.line("@bob one"), Call)
	in := u.called(bob)
	u.c.Left(u.now, in, 2)
	u.c.PeerClosed(u.now, in, nil)
	link, e := u.opened(bob.Far.String(), call.Call)
	u.expect(e, Effect{Kind: Close, Link: link})
	u.expect(u.says(link, "x"))
}

// Nothing overtakes a text on a line that is ending.
func TestOrderAcrossLines(t *testing.T) {
	u := joined(t, []*chat.Person{bob})
	first := u.talk(bob)
	second := u.called(bob)
	one := only(t, u.line("one"), Send)
	u.expect(u.c.PeerEnded(u.now, first))
	u.expect(u.line("two")) // "one" is not confirmed yet
	if one.Link != first {
		t.Fatalf("the first text went on line %d", one.Link)
	}
	u.expect(u.c.Left(u.now, first, one.Ticket), sent("bob", "one"), Effect{Kind: Send, Link: second, Text: "two", Ticket: one.Ticket + 1})
}

func TestClose(t *testing.T) {
	t.Run("theirs is heard to the end", func(t *testing.T) {
		u := joined(t, []*chat.Person{bob})
		link := u.talk(bob)
		u.expect(u.line("/close bob"), Effect{Kind: Finish, Link: link})
		u.expect(u.line("/close bob")) // once is enough
		u.expect(u.says(link, "bye"), said("bob", "bye"))
		u.expect(u.c.PeerClosed(u.now, link, nil), closed("bob", "you ended the talk"))
		u.expect(u.line("/close bob"), failure(chat.Unknown, "no talk with bob is open; a text begins one"))
	})
	t.Run("behind what waits for a dial", func(t *testing.T) {
		u := joined(t, []*chat.Person{bob})
		call := only(t, u.line("@bob one"), Call)
		u.expect(u.line("/close bob"))
		u.expect(u.line("@bob two"))
		link, e := u.opened(bob.Far.String(), call.Call)
		u.expect(e, opened("bob", bob.Far.String()),
			Effect{Kind: Send, Link: link, Text: "one", Ticket: 2}, Effect{Kind: Finish, Link: link})
		// What was typed behind it begins a talk of its own.
		u.expect(u.c.Left(u.now, link, 2), sent("bob", "one"))
		u.expect(u.c.PeerClosed(u.now, link, nil), closed("bob", "you ended the talk"), Effect{Kind: Call, Call: 3, Addr: bob.Far})
	})
	t.Run("both lines", func(t *testing.T) {
		u := joined(t, []*chat.Person{bob})
		a, b := u.talk(bob), u.called(bob)
		u.expect(u.line("/close"), Effect{Kind: Finish, Link: a}, Effect{Kind: Finish, Link: b})
		u.expect(u.c.PeerClosed(u.now, b, nil))
		u.expect(u.c.PeerClosed(u.now, a, nil), closed("bob", "you ended the talk"))
	})
}

// The other side ended its direction: what we typed meanwhile goes by a new line.
func TestEndedByThem(t *testing.T) {
	u := joined(t, []*chat.Person{bob})
	link := u.talk(bob)
	u.expect(u.c.PeerEnded(u.now, link))
	u.expect(u.line("one"))
	u.expect(u.c.PeerClosed(u.now, link, nil), closed("bob", "the other side ended the talk"), Effect{Kind: Call, Call: 3, Addr: bob.Far})
}

// A slow reader: a bounded part is on the line, a bounded part waits, the rest
// is refused, and all of it is told, in order.
func TestSlowReader(t *testing.T) {
	u := joined(t, []*chat.Person{bob})
	link := u.talk(bob)
	var tickets []uint64
	refused := 0
	for i := range maxFlight + maxWaiting + 3 {
		for _, e := range u.line(fmt.Sprint("text ", i)) {
			switch {
			case e.Kind == Send:
				tickets = append(tickets, e.Ticket)
			case e.View.State == StateFailed && e.View.Why == whyFull:
				refused++
			default:
				t.Fatalf("unexpected %+v", e)
			}
		}
	}
	if len(tickets) != maxFlight || refused != 3 {
		t.Fatalf("%d on the line, %d refused, want %d and 3", len(tickets), refused, maxFlight)
	}
	next := 0
	for len(tickets) > 0 {
		ticket := tickets[0]
		tickets = tickets[1:]
		for _, e := range u.c.Left(u.now, link, ticket) {
			if e.Kind == Send {
				tickets = append(tickets, e.Ticket)
				continue
			}
			if want := fmt.Sprint("text ", next); e.View.Text != want || e.View.State != StateSent {
				t.Fatalf("got %+v, want %q sent", e.View, want)
			}
			next++
		}
	}
	if next != maxFlight+maxWaiting {
		t.Errorf("%d were sent, want %d", next, maxFlight+maxWaiting)
	}
	if u.c.unsettled != 0 {
		t.Errorf("%d are unsettled", u.c.unsettled)
	}
}

// The same by bytes: few long texts fill the bounds as well.
func TestSlowReaderOfLongTexts(t *testing.T) {
	u := joined(t, []*chat.Person{bob}, func(c *Config) { c.Traits.MaxText = 0 })
	u.talk(bob)
	long := strings.Repeat("x", 64<<10)
	sends, refused := 0, 0
	for range 100 {
		for _, e := range u.line(long) {
			switch e.Kind {
			case Send:
				sends++
			case Show:
				refused++
			}
		}
	}
	if sends != 4 || refused != 100-4-64 {
		t.Errorf("%d on the line, %d refused, want 4 and %d", sends, refused, 100-4-64)
	}
}

// A steady line costs nothing but the view: no memory for each text.
func TestSendAllocs(t *testing.T) {
	u := joined(t, []*chat.Person{bob})
	link := u.talk(bob)
	u.line("warm")
	n := testing.AllocsPerRun(1000, func() {
		for _, e := range u.c.Line(u.now, "hello") {
			u.c.Left(u.now, link, e.Ticket)
			break
		}
	})
	if n > 3 {
		t.Errorf("%v allocations for a text, want at most 3", n)
	}
}

func BenchmarkSay(b *testing.B) {
	u := joined(&testing.T{}, []*chat.Person{bob})
	link := u.talk(bob)
	b.ReportAllocs()
	for b.Loop() {
		for _, e := range u.c.Line(u.now, "hello") {
			u.c.Left(u.now, link, e.Ticket)
			break
		}
	}
}
