package codectest

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"time"

	"mim/chat"
)

var home = netip.MustParseAddrPort("192.0.2.7:40002")

// A message is what an end may have to say: an event or a request.
type message struct {
	value any
	shows []string // one of these the reader must find in it, if it is written at all; none: anything
}

// plain gives what everybody says all day.
func plain() []message {
	bob := &chat.Person{Name: "bob", Near: home, Far: home}
	// A dialect without lines in its texts makes two of them one.
	whole := []string{`two\nlines`, "two lines"}
	return []message{
		{&chat.Came{Who: bob}, []string{"bob"}},
		{&chat.Went{Who: bob}, []string{"bob"}},
		{&chat.Said{Text: []byte("hello there")}, []string{"hello there"}},
		{&chat.Said{From: bob, Text: []byte("grüße 👋")}, []string{"grüße 👋"}},
		{&chat.Said{From: bob, Text: []byte("two\nlines")}, whole},
		{&chat.Notice{Text: "maintenance at noon"}, []string{"maintenance at noon"}},
		{&chat.Login{Name: "alice", Port: 40001}, []string{"alice"}},
		{&chat.Hello{Name: "alice"}, []string{"alice"}},
		{&chat.Say{To: []byte("bob"), Text: []byte("hello there")}, []string{"hello there"}},
		{&chat.Say{To: []byte("bob"), Text: []byte("two\nlines")}, whole},
	}
}

// samples are the plain messages, those that the dialect's traits promise to
// carry, and the nasty ones.
func (s Suite) samples() []message {
	return slices.Concat(plain(), promised(s.Dialect.Traits()), nasty())
}

// promised messages mean what they say only where the traits allow them.
func promised(t chat.Traits) (all []message) {
	bob := &chat.Person{Name: "bob", Near: home, Far: home}
	room := []*chat.Person{bob, {Name: "carol", Near: home, Far: home}}
	rows := []struct {
		by    bool
		value any
		shows string
	}{
		{t.Parts, &chat.Login{Name: "alice", Part: chat.Sends}, `"alice" port 0, sends`},
		{t.Parts, &chat.Login{Name: "alice", Part: chat.Receives}, `"alice" port 0, receives`},
		{t.All, &chat.Say{All: true, Text: []byte("hello all")}, "to all"},
		{t.Receipts, &chat.Received{From: []byte("bob")}, "<nil>"},
		{t.Receipts, &chat.Received{Err: chat.Errorf(chat.Refused, "no")}, "refused: "},
		{t.Accounts, &chat.WhoElse{Now: true}, "WhoElse now"},
		{t.Accounts, &chat.WhoElse{Since: 90500 * time.Millisecond}, "WhoElse since 1m30.5s"},
		{t.Accounts, &chat.Block{Name: []byte("bob")}, `Block "bob", undo false`},
		{t.Accounts, &chat.Block{Name: []byte("bob"), Undo: true}, `Block "bob", undo true`},
		{t.Rooms, &chat.Join{Room: "#lunch"}, `Join "#lunch"`},
		{t.Rooms, &chat.Leave{Room: "#lunch"}, `Leave "#lunch"`},
		{t.Rooms, &chat.Say{To: []byte("#lunch"), Room: true, Text: []byte("hello room")}, `Say to room "#lunch": "hello room"`},
		{t.Rooms, &chat.Said{From: bob, Room: "#lunch", Text: []byte("hello room")}, "hello room"},
		{t.Rooms, &chat.Members{Room: "#lunch", People: room}, "carol"},
		{t.Rooms, &chat.Entered{Room: "#lunch", Who: bob}, "bob"},
		{t.Rooms, &chat.Exited{Room: "#lunch", Who: bob}, "bob"},
		{t.Calls, &chat.Talk{To: []byte("bob")}, `Talk to "bob", room false`},
		{t.Calls, &chat.Talk{To: []byte("#lunch"), Room: true}, `Talk to "#lunch", room true`},
		{t.PingAfter > 0, &chat.Ping{Number: 123456789}, "123456789"},
		{t.Calls, &chat.Call{State: chat.CallAsked, Who: bob, Key: 123456789012345}, `Call 1, "bob" of`},
		{t.Calls, &chat.Call{State: chat.CallAccepted, Who: bob, Key: 123456789012345}, `Call 2, "bob" of`},
		{t.Calls, &chat.Call{State: chat.CallDenied, Who: bob, Key: 123456789012345}, `Call 3, "bob" of`},
		{t.Calls, &chat.Call{State: chat.CallEnded, Who: bob, Key: 123456789012345}, `key 123456789012345`},
		{t.Calls, &chat.Call{State: chat.CallAsked, Room: "#lunch", Key: 123456789012345}, `room "#lunch", key 123456789012345`},
		{true, &chat.Said{From: &chat.Person{Name: "bob"}, Text: []byte("stored one"), At: time.Unix(1e9, 0)}, "stored one"},
		{true, &chat.Counts{As: chat.CountRunes}, ""},
	}
	for _, r := range rows {
		m := message{value: r.value}
		if r.by {
			m.shows = []string{r.shows}
		}
		all = append(all, m)
	}
	return all
}

// texts that try to be more than one line, or none.
var texts = []string{
	"", " ", "\t", "\n", "\r\n", "\r", "\x00", "\x7f", "\u0085", "\u2028", "\u2029", "\ufeff",
	"two\nlines", "two\r\nlines", "two\rlines", "end\n", "end\r", "\nbegin", "\n\n\n", "nul\x00inside",
	"\x1b[2J\x1b[H", "\u009b2J", "\u202eright to left", "zero\u200bwidth", "\U000e0041tag",
	"no\xffUTF-8", "\xff\xfe", "half a character \xf0\x9f", "\xc3\n\x28", "\ufffd",
	"\x00\x23A\x00\x00\x00", "\x00\x10\x9c\x41", "A\x00D\x00", ":", " : ", "-", "+", "@ALL", "#room",
	strings.Repeat("x", 64<<10), strings.Repeat("\n", 64<<10), strings.Repeat("é", 32<<10),
	strings.Repeat("\xff", 64<<10), "a" + strings.Repeat("👋", 16<<10),
}

// addresses where nobody can be called, or not by everybody.
var addresses = []netip.AddrPort{
	{},
	home,
	netip.MustParseAddrPort("127.0.0.1:1"),
	netip.MustParseAddrPort("[::1]:65535"),
	netip.MustParseAddrPort("[2001:db8:ffff:ffff:ffff:ffff:ffff:fffe]:65535"),
	netip.MustParseAddrPort("[::ffff:192.0.2.7]:40002"),
	netip.MustParseAddrPort("[fe80::1%eth0]:40002"),
	netip.MustParseAddrPort("192.0.2.7:0"),
	netip.MustParseAddrPort("0.0.0.0:40002"),
	netip.MustParseAddrPort("[::]:40002"),
	netip.MustParseAddrPort("224.0.0.1:40002"),
}

// nasty gives each kind of message with each text as its text and as its name.
func nasty() (all []message) {
	for _, text := range texts {
		who := &chat.Person{Name: text, Near: home, Far: home}
		all = append(all,
			message{value: &chat.Said{Text: []byte(text)}},
			message{value: &chat.Said{From: who, Text: []byte(text)}},
			message{value: &chat.Notice{Text: text}},
			message{value: &chat.Came{Who: who}},
			message{value: &chat.Went{Who: who}},
			message{value: &chat.Page{People: []*chat.Person{who, {Name: "bob", Near: home, Far: home}, who}}},
			message{value: &chat.Login{Name: text, Port: 40001}},
			message{value: &chat.Login{Name: text, Part: chat.Sends}},
			message{value: &chat.Login{Name: text, Part: chat.Receives}},
			message{value: &chat.Hello{Name: text}},
			message{value: &chat.Say{To: []byte(text), Text: []byte(text)}},
			message{value: &chat.Say{To: []byte("bob"), Text: []byte(text)}},
			message{value: &chat.Say{All: true, Text: []byte(text)}},
			message{value: &chat.Received{From: []byte(text)}},
			message{value: &chat.Join{Room: text}},
			message{value: &chat.Say{To: []byte(text), Room: true, Text: []byte(text)}},
			message{value: &chat.Said{From: who, To: who, Text: []byte(text)}},
			message{value: &chat.Said{From: who, Room: text, Text: []byte(text)}},
			message{value: &chat.Members{Room: text, People: []*chat.Person{who, who}}},
			message{value: &chat.Entered{Room: text, Who: who}},
			message{value: &chat.Exited{Room: text, Who: who}},
			message{value: &chat.Call{State: chat.CallAsked, Who: who, Room: text, Key: 1}},
			message{value: &chat.Received{From: []byte(text), Err: errors.New(text)}},
		)
	}
	for _, near := range addresses {
		for _, far := range addresses {
			all = append(all, message{value: &chat.Came{Who: &chat.Person{Name: "bob", Near: near, Far: far}}})
		}
	}
	return append(all,
		message{value: &chat.Page{}},
		message{value: &chat.Page{People: many(chat.PageSize)}},
		message{value: &chat.Login{Name: "alice"}},
	)
}

// many people, each with another name.
func many(n int) (people []*chat.Person) {
	for i := range n {
		people = append(people, &chat.Person{Name: "user" + string(rune('0'+i)), Near: home, Far: home})
	}
	return people
}
