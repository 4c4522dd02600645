package client

import (
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"mim/chat"
)

// byTable is a dialect of a table that is asked for, and of datagrams.
var byTable = chat.Traits{Dialect: "mim0", Reach: chat.ByPeerUDP, Lease: 95 * time.Second, Renew: 30 * time.Second, MaxText: 40}

var (
	bobAt        = netip.MustParseAddrPort("192.0.2.2:2002")
	carolAt      = netip.MustParseAddrPort("192.0.2.4:2004")
	eveAt        = netip.MustParseAddrPort("192.0.2.66:6666")
	nowhere      netip.AddrPort
	errNoReceipt = chat.Errorf(chat.NotDelivered, "nothing confirmed it")
)

// listed is somebody in a table; without a name there is none.
func listed(name string, at netip.AddrPort) *chat.Person {
	return &chat.Person{Name: name, Dialect: "mim0", Near: at, Far: at}
}

func know(people ...*chat.Person) Effect {
	e := Effect{Kind: Know, Addr: netip.MustParseAddrPort("192.0.2.1:2001")}
	for _, p := range people {
		e.People = append(e.People, &chat.Person{Name: p.Name, Near: p.Near, Far: p.Far})
	}
	return e
}

// reader is a client of that dialect that has its first table.
func reader(t *testing.T, table []*chat.Person, opts ...option) *user {
	u := alice(t, append([]option{func(c *Config) { c.Traits = byTable }}, opts...)...)
	u.expect(u.login(), Effect{Kind: Login, Login: chat.Login{Name: u.c.cfg.Name, Port: 2001}})
	u.table(table...)
	u.expect(u.c.ServerClosed(u.now, nil))
	return u
}

// table answers what was asked.
func (u *user) table(people ...*chat.Person) []Effect {
	return u.event(&chat.Answer{To: &chat.Login{}, People: people})
}

// again lets the next table be asked for, and answers.
func (u *user) again(people ...*chat.Person) []Effect {
	u.Helper()
	if got := u.wait(byTable.Renew); !reflect.DeepEqual(got, []Effect{{Kind: HangUp}, {Kind: Dial}}) {
		u.Fatalf("the next table is not asked for: %+v", got)
	}
	u.login()
	e := u.table(people...)
	u.c.ServerClosed(u.now, nil)
	return e
}

func (u *user) hears(from netip.AddrPort, name, room, words string) []Effect {
	return u.c.TextCame(u.now, from, name, room, []byte(words))
}

// writes types a text and gives its ticket.
func (u *user) writes(line string) uint64 {
	u.Helper()
	return only(u.T, u.line(line), Write).Ticket
}

func confirmed(handle, text string) Effect {
	e := sent(handle, text)
	e.View.State = StateDelivered
	return e
}

func TestTablesDiffer(t *testing.T) {
	b, c := listed("bob", bobAt), listed("carol", carolAt)
	u := reader(t, nil)
	u.expect(u.again(b, listed("alice", netip.AddrPortFrom(here, 2001)), listed("x", netip.AddrPort{})), came("bob", b), know(b))
	u.expect(u.again(b), know(b))
	u.expect(u.again(b, c), came("carol", c), know(b, c))
	u.expect(u.again(c), went("bob", b), know(c))
	robert := listed("robert", carolAt)
	u.expect(u.again(robert, robert), went("carol", c), came("robert", robert), know(robert))
	bToo := listed("bob", eveAt)
	u.expect(u.again(b, bToo), went("robert", robert), came("bob", b), came("bob~2", bToo), know(b, bToo))
	// Behind NAT our entry has another address, and what is left of our name.
	n := reader(t, nil, func(c *Config) { c.Name = "Al I." })
	n.c.server.here = netip.MustParseAddr("10.0.0.7")
	n.expect(n.c.begin2(n.now, listed("AlI", netip.MustParseAddrPort("192.0.2.99:2001")), b), came("bob", b),
		Effect{Kind: Know, Addr: netip.MustParseAddrPort("10.0.0.7:2001"), People: know(b).People})
}

// begin2 takes a table in a call of its own.
func (c *Client) begin2(now time.Time, people ...*chat.Person) []Effect {
	c.begin(now)
	c.tableCame(people)
	return c.end()
}

// TestTableAfterLoss: a server that begins anew knows only those who have asked
// it since.
func TestTableAfterLoss(t *testing.T) {
	b, c := listed("bob", bobAt), listed("carol", carolAt)
	u := reader(t, []*chat.Person{b, c})
	u.wait(byTable.Renew)
	e := u.c.ServerFailed(u.now, errNoReceipt)
	if events(e) != "offline" {
		t.Fatal(events(e))
	}
	if e = u.wait(2 * time.Second); len(e) != 1 || e[0].Kind != Dial {
		t.Fatalf("%+v", e)
	}
	u.login()
	u.expect(u.table(b), know(b, c), show(View{Event: Online, Address: "server:4242"}))
	u.c.ServerClosed(u.now, nil)
	u.expect(u.again(b), went("carol", c), know(b))
}

// TestBadTables: what is no table is a lost server, at first the end.
func TestBadTables(t *testing.T) {
	why := chat.Errorf(chat.Malformed, "that is no table")
	u := alice(t, func(c *Config) { c.Traits = byTable })
	u.login()
	e := u.event(&chat.Answer{To: &chat.Login{}, Err: why})
	if events(e) != "error, bye" || only(t, e, Quit).Code != ExitNoServer || !strings.Contains(e[1].View.Text, "that is no table") {
		t.Errorf("at first: %+v", e)
	}
	u = reader(t, nil)
	u.wait(byTable.Renew)
	u.login()
	if e = u.event(&chat.Answer{To: &chat.Login{}, Err: why}); events(e) != "offline" {
		t.Errorf("later: %+v", e)
	}
	u = reader(t, nil)
	u.wait(byTable.Renew)
	u.login()
	if e = u.c.ServerClosed(u.now, why); events(e) != "offline" {
		t.Errorf("closed before the table: %+v", e)
	}
	u = reader(t, nil)
	u.wait(byTable.Renew)
	u.login()
	if e = u.wait(answerWithin); events(e) != "offline" {
		t.Errorf("silent: %+v", e)
	}
}

// TestNameless: entries that the table does not name.
func TestNameless(t *testing.T) {
	b := listed("bob", bobAt)
	u := alice(t, func(c *Config) { c.Traits = byTable })
	u.login()
	u.line("@bob hi")
	e := u.table(listed("", bobAt))
	u.expect(e[1:], know(listed("", bobAt)))
	e = u.c.Named(u.now, bobAt, "bob")
	u.expect(e[:1], came("bob", b))
	if only(t, e, Write).Addr != bobAt {
		t.Errorf("%+v", e)
	}
	u.expect(u.c.Named(u.now, bobAt, "bob"))
	u.expect(u.c.Named(u.now, bobAt, "bobby"), went("bob", b), came("bobby", listed("bobby", bobAt)))
	u.expect(u.again(listed("bobby", bobAt)), know(listed("bobby", bobAt)))
	u.expect(u.c.Named(u.now, bobAt, "eve")) // the table's counts

	u = reader(t, nil)
	u.again(listed("", bobAt))
	shown := listed(bobAt.String(), bobAt)
	u.expect(u.wait(namedWithin), came(bobAt.String(), shown))
	u.expect(u.again(b), went(bobAt.String(), shown), came("bob", b), know(b))
	u.again(listed("", carolAt))
	u.expect(u.hears(carolAt, "", "", "hi"), came(carolAt.String(), listed(carolAt.String(), carolAt)),
		opened(carolAt.String(), carolAt.String()), said(carolAt.String(), "hi"))
	u.again(listed("", carolAt), listed("", eveAt))
	u.expect(u.c.begin2(u.now, listed("", carolAt)), know(listed("", carolAt))) // eve is gone before she had a name
	u.expect(u.wait(namedWithin))
}

// TestFates: one outcome for each text.
func TestFates(t *testing.T) {
	b := listed("bob", bobAt)
	for _, c := range []struct {
		what string
		told func(u *user, n uint64) []Effect
		want []Effect
	}{
		{"confirmed", func(u *user, n uint64) []Effect { return u.c.TextConfirmed(u.now, n, bobAt) }, []Effect{opened("bob", bobAt.String()), confirmed("bob", "hi")}},
		{"not confirmed", func(u *user, n uint64) []Effect { return u.c.TextFailed(u.now, n, bobAt, errNoReceipt) },
			[]Effect{unsent("bob", "hi", "no receipt came: it may or may not have arrived")}},
		{"not sent", func(u *user, n uint64) []Effect {
			return u.c.TextFailed(u.now, n, nowhere, chat.Errorf(chat.TooLong, "it does not fit"))
		}, []Effect{unsent("bob", "hi", "it does not fit")}},
		{"left for good", func(u *user, n uint64) []Effect { return u.c.TextSent(u.now, n, 0) }, []Effect{opened("bob", bobAt.String()), sent("bob", "hi")}},
		{"left, then confirmed", func(u *user, n uint64) []Effect {
			u.expect(u.c.TextSent(u.now, n, 1))
			u.expect(u.wait(receiptWithin - time.Millisecond))
			return u.c.TextConfirmed(u.now, n, bobAt)
		}, []Effect{opened("bob", bobAt.String()), confirmed("bob", "hi")}},
		{"left, then nothing", func(u *user, n uint64) []Effect {
			u.expect(u.c.TextSent(u.now, n, 1))
			return u.wait(receiptWithin)
		}, []Effect{opened("bob", bobAt.String()), sent("bob", "hi")}},
	} {
		t.Run(c.what, func(t *testing.T) {
			u := reader(t, []*chat.Person{b})
			n := u.writes("@bob hi")
			u.expect(c.told(u, n), c.want...)
			u.expect(u.c.TextConfirmed(u.now, n, bobAt))
			u.expect(u.c.TextFailed(u.now, n, bobAt, errNoReceipt))
			u.expect(u.c.TextSent(u.now, n, 0))
			u.expect(u.wait(byTable.Renew - 5*time.Second))
			if u.c.unsettled != 0 || len(u.c.dgrams.letters) != 0 || u.c.dgrams.bytes != 0 {
				t.Errorf("%d unsettled, %d letters", u.c.unsettled, len(u.c.dgrams.letters))
			}
		})
	}
}

// TestRoomFates: a text to a room waits for each member.
func TestRoomFates(t *testing.T) {
	u := reader(t, []*chat.Person{listed("bob", bobAt), listed("carol", carolAt)})
	u.expect(u.line("/join #Tea"), Effect{Kind: EnterRoom, Room: "#tea"})
	u.expect(u.c.RoomEntered(u.now, "#tea", []netip.AddrPort{bobAt}, nil),
		show(View{Event: Joined, Room: "#tea", People: []Person{{Name: "alice"}, {Name: "bob"}}}))
	u.expect(u.c.RoomNews(u.now, bobAt, "bob", "#tea", true))
	u.expect(u.c.RoomNews(u.now, carolAt, "carol", "#tea", true), show(View{Event: UserJoin, Room: "#tea", Name: "carol"}))
	inRoom := func(state, why string) Effect {
		return show(View{Event: Sent, From: "alice", Room: "#tea", Text: "hi", Path: PathDirect, State: state, Why: why})
	}
	for _, c := range []struct {
		what       string
		bob, carol bool
		state, why string
	}{
		{"all", true, true, StateDelivered, ""},
		{"one", true, false, StateFailed, "carol: no receipt came: it may or may not have arrived; the others have it"},
		{"none", false, false, StateFailed, "bob, carol: no receipt came: it may or may not have arrived"},
	} {
		n := u.writes("/say #tea hi")
		u.expect(u.c.TextSent(u.now, n, 2))
		tell := func(has bool, who netip.AddrPort) []Effect {
			if has {
				return u.c.TextConfirmed(u.now, n, who)
			}
			return u.c.TextFailed(u.now, n, who, errNoReceipt)
		}
		u.expect(tell(c.bob, bobAt))
		u.expect(tell(c.carol, carolAt), inRoom(c.state, c.why))
	}
	n := u.writes("hi") // the room was spoken in last
	u.expect(u.c.TextFailed(u.now, n, nowhere, chat.Errorf(chat.Unknown, "nobody else is in the room")), inRoom(StateFailed, "nobody else is in the room"))
	u.expect(u.hears(bobAt, "bob", "#tea", "yes"), show(View{Event: Said, From: "bob", Room: "#tea", Text: "yes", Dialect: "mim0", Path: PathDirect}))

	u.expect(u.again(listed("bob", bobAt)), went("carol", listed("carol", carolAt)), know(listed("bob", bobAt)))
	u.expect(u.c.RoomNews(u.now, carolAt, "carol", "#tea", false), show(View{Event: UserLeave, Room: "#tea", Name: "carol"}))
	u.expect(u.c.RoomNews(u.now, carolAt, "carol", "#tea", false))
	u.expect(u.c.RoomNews(u.now, carolAt, "carol", "#other", true))
	robert := listed("robert", bobAt)
	u.expect(u.again(robert), went("bob", listed("bob", bobAt)), came("robert", robert),
		show(View{Event: UserLeave, Room: "#tea", Name: "bob"}), show(View{Event: UserJoin, Room: "#tea", Name: "robert"}), know(robert))
	u.expect(u.line("/part #tea"), Effect{Kind: LeaveRoom, Room: "#tea"})
	u.expect(u.c.RoomLeft(u.now, "#tea", nil), show(View{Event: UserLeave, Room: "#tea", Name: "alice"}))
	u.line("/join #a:b")
	u.expect(u.c.RoomEntered(u.now, "#a:b", nil, chat.Errorf(chat.BadName, "no colon")), failure(chat.BadName, "/join #a:b: no colon"))
	u.expect(u.c.RoomLeft(u.now, "#none", chat.Errorf(chat.NotSo, "you are not in that room")), failure(chat.NotSo, "/part #none: you are not in that room"))
}

// TestNewerTable: who writes to us or is asked for may have come since our table.
func TestNewerTable(t *testing.T) {
	e := listed("eve", eveAt)
	ask := []Effect{{Kind: HangUp}, {Kind: Dial}}
	u := reader(t, nil)
	u.expect(u.hears(eveAt, "eve", "", "hi"))
	u.expect(u.hears(eveAt, "eve", "", "there"))
	u.expect(u.wait(tableGap), ask...)
	u.login()
	u.expect(u.table(e), came("eve", e), know(e), opened("eve", eveAt.String()), said("eve", "hi"), said("eve", "there"))

	u = reader(t, nil) // not in the newer one either
	u.wait(10 * time.Second)
	u.hears(eveAt, "eve", "", "hi")
	u.expect(u.wait(0), ask...)
	u.login()
	shown := "eve (" + eveAt.String() + ")"
	u.expect(u.table(), know(), opened(shown, eveAt.String()), said(shown, "hi"))
	u.expect(u.hears(eveAt, "", "", "again"), said(shown, "again"))
	u.expect(u.line("@"+shown+" who are you?"), Effect{Kind: Write, Addr: eveAt, Text: "who are you?", Ticket: 1})

	u = reader(t, nil) // the server does not answer
	u.hears(eveAt, "", "", "hi")
	if got := u.wait(earlyWithin); !reflect.DeepEqual(got[len(got)-1].View.Text, "hi") || got[len(got)-1].View.From != eveAt.String() {
		t.Errorf("%+v", got)
	}

	u = reader(t, nil) // the person asks
	u.wait(time.Second)
	u.expect(u.line("@eve hi"))
	u.expect(u.line("/who"))
	u.expect(u.wait(0), ask...)
	u.login()
	u.expect(u.table(e), came("eve", e), know(e), Effect{Kind: Write, Addr: eveAt, Text: "hi", Ticket: 1},
		show(View{Event: Table, People: []Person{{Name: "eve", Dialect: "mim0", Address: eveAt.String()}}}))
	u.wait(time.Second)
	u.line("@bob hi")
	u.wait(0)
	u.login()
	u.expect(u.table(e)[1:], failure(chat.Unknown, `nobody here is called "bob"; /who lists who is here`))
	u.wait(time.Second)
	u.line("@bob hi")
	u.wait(0)
	if got := u.c.ServerFailed(u.now, errNoReceipt); events(got) != "offline, error" {
		t.Errorf("lost while a line waits: %s", events(got))
	}

	u = reader(t, nil) // questions of strangers: every 2 s at most
	u.c.Unlisted(u.now)
	u.expect(u.c.Unlisted(u.now))
	u.expect(u.wait(tableGap-1), []Effect{}...)
	u.expect(u.wait(1), ask...)
}

// TestGoneWriter: who left the table is the same as long as nobody says else.
func TestGoneWriter(t *testing.T) {
	b := listed("bob", bobAt)
	u := reader(t, []*chat.Person{b})
	u.hears(bobAt, "bob", "", "hi")
	u.again()
	u.expect(u.hears(bobAt, "", "", "me still"), said("bob", "me still"))
	u.expect(u.hears(bobAt, "bob", "", "and again"), said("bob", "and again"))
	u.hears(bobAt, "eve", "", "hi")
	e := u.wait(earlyWithin)
	if got := e[len(e)-1].View.From; got != "eve ("+bobAt.String()+")" {
		t.Errorf("somebody else at that address is %q", got)
	}
	if got := u.line("@bob are you there"); only(t, got, Write).Addr != bobAt {
		t.Errorf("%+v", got)
	}
}

// TestTalksEnd: /close, the other side's goodbye, and the end of all.
func TestTalksEnd(t *testing.T) {
	b := listed("bob", bobAt)
	u := reader(t, []*chat.Person{b})
	u.expect(u.line("/close bob"), failure(chat.Unknown, "no talk with bob is open; a text begins one"))
	u.expect(u.c.TalkEnded(u.now, bobAt))
	n := u.writes("@bob hi")
	u.expect(u.line("/close bob"))
	u.expect(u.c.TextConfirmed(u.now, n, bobAt), opened("bob", bobAt.String()), confirmed("bob", "hi"),
		Effect{Kind: EndTalk, Addr: bobAt}, closed("bob", whyOurs))
	u.expect(u.hears(bobAt, "bob", "", "hey"), opened("bob", bobAt.String()), said("bob", "hey"))
	u.expect(u.c.TalkEnded(u.now, bobAt), closed("bob", whyTheirs))
	u.expect(u.c.TalkEnded(u.now, bobAt))
	u.hears(bobAt, "bob", "", "hey")
	u.line("/join #tea")
	u.c.RoomEntered(u.now, "#tea", nil, nil)
	u.writes("@bob wait")
	e := u.c.Interrupt(u.now)
	u.expect(e, unsent("bob", "wait", whyGoing), Effect{Kind: LeaveRoom, Room: "#tea"},
		Effect{Kind: EndTalk, Addr: bobAt}, closed("bob", whyOurs), Effect{Kind: HangUp}, Effect{Kind: Dial})
	u.expect(u.login(), Effect{Kind: Ask, Request: &chat.Withdraw{Name: "alice", Port: 2001}})
	u.expect(u.event(&chat.Answer{To: &chat.Withdraw{}}))
	e = u.c.ServerClosed(u.now, nil)
	if events(e) != "bye" || only(t, e, Quit).Code != ExitFine {
		t.Errorf("%+v", e)
	}
}

// TestWithdrawFails: the end does not wait for a server that is not there.
func TestWithdrawFails(t *testing.T) {
	u := reader(t, nil)
	u.c.Interrupt(u.now)
	if e := u.c.ServerFailed(u.now, errNoReceipt); events(e) != "bye" {
		t.Errorf("not reached: %+v", e)
	}
	u = reader(t, nil)
	u.c.Interrupt(u.now)
	if e := u.wait(withdrawWithin); events(e) != "bye" {
		t.Errorf("not answered: %+v", e)
	}
	u = reader(t, nil)
	u.wait(byTable.Renew)
	u.c.ServerFailed(u.now, errNoReceipt)
	if e := u.c.Interrupt(u.now); events(e) != "bye" {
		t.Errorf("lost before: %+v", e)
	}
	u = reader(t, nil, noRetry)
	u.hears(bobAt, "bob", "", "hi")
	u.wait(byTable.Renew)
	if e := u.c.ServerFailed(u.now, errNoReceipt); !strings.HasPrefix(events(e), "offline") || u.c.exit.phase != staying {
		t.Errorf("no retry, and a talk is open: %+v", e)
	}
	if e := u.line("/close bob (" + bobAt.String() + ")"); !strings.HasSuffix(events(e), "bye") {
		t.Errorf("the last talk is over: %+v", e)
	}
}

// TestWritersAreForgotten: what those who are not in the table can make us keep.
func TestWritersAreForgotten(t *testing.T) {
	u := reader(t, nil)
	for i := range 3 * maxPast {
		u.hears(netip.AddrPortFrom(eveAt.Addr(), uint16(i+1)), "eve", "", "hi")
		if i%100 == 0 {
			u.wait(earlyWithin)
			u.c.ServerFailed(u.now, errNoReceipt)
		}
	}
	if n, m, e := len(u.c.known), len(u.c.dgrams.at), len(u.c.dgrams.early); n > maxPast || m > maxPast || e > maxEarly {
		t.Errorf("%d known, %d addresses, %d early", n, m, e)
	}
}
