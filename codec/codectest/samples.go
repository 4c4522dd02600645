package codectest

import (
	"net/netip"
	"strings"

	"mim/chat"
)

var home = netip.MustParseAddrPort("192.0.2.7:40002")

// plain messages: what everybody says all day.
var plain = []message{
	{&chat.Came{Who: &chat.Person{Name: "bob", Near: home, Far: home}}, "bob"},
	{&chat.Went{Who: &chat.Person{Name: "bob", Near: home, Far: home}}, "bob"},
	{&chat.Said{Text: []byte("hello there")}, "hello there"},
	{&chat.Said{From: &chat.Person{Name: "bob", Near: home, Far: home}, Text: []byte("grüße 👋")}, "grüße 👋"},
	{&chat.Notice{Text: "maintenance at noon"}, "maintenance at noon"},
	{&chat.Login{Name: "alice", Port: 40001}, "alice"},
	{&chat.Hello{Name: "alice"}, "alice"},
	{&chat.Say{To: []byte("bob"), Text: []byte("hello there")}, "hello there"},
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
			message{value: &chat.Page{People: []*chat.Person{who, plain[0].value.(*chat.Came).Who, who}}},
			message{value: &chat.Login{Name: text, Port: 40001}},
			message{value: &chat.Hello{Name: text}},
			message{value: &chat.Say{To: []byte(text), Text: []byte(text)}},
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
