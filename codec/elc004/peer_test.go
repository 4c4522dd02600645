package elc004

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"mim/codec"
)

var strangerAt = netip.MustParseAddrPort("192.0.2.66:4000")

// friends is a node whose friend's program has a shape; the next datagram to it
// has number 17.
func friends(tb testing.TB, as shape) *node { return newNode(tb, "alice", aliceAt).speaks(as, 17) }

// TestShapes: what is said to each program, and what comes of it (elc004 rules
// 8 and 12).
func TestShapes(t *testing.T) {
	for _, c := range []struct {
		what string
		as   shape
		text string
		want []string
	}{
		{"ours", ours, "so: yes", []string{`-> "M:17:so: yes"`}},
		{"ours, nothing", ours, "", []string{`-> "M:17:"`}},
		{"ours, lines", ours, "a\r\nb\x1b", []string{`-> "M:17:a\r\nb "`}},
		{"ours, plus signs stay", ours, "1+1", []string{`-> "M:17:1+1"`}},
		{"unknown", unknown, "hello", []string{`-> "hello\n+alice+17"`, "sent 7"}},
		{"unknown, a plus sign", unknown, "+1+1=2+", []string{`-> "＋1＋1=2＋\n+alice+17"`, "sent 7"}},
		{"unknown, lines", unknown, "a\n+b\nc", []string{`-> "a ＋b c\n+alice+17"`, "sent 7"}},
		{"unknown, what looks like ours", unknown, "A:1:bob", []string{`-> " A:1:bob\n+alice+17"`, "sent 7"}},
		{"(a)", plus, "1+1", []string{`-> "1＋1\n+alice"`, "sent 7"}},
		{"(a), what looks like ours", plus, "M:1:bob", []string{`-> " M:1:bob\n+alice"`, "sent 7"}},
		{"(b)", fields, "hello", []string{`-> "hello\n\\: 127.0.0.1\\: 3001\\: alice"`, "sent 7"}},
		{"(b), its separator", fields, `a\: b`, []string{`-> "a\\： b\n\\: 127.0.0.1\\: 3001\\: alice"`, "sent 7"}},
		{"(b), a request", fields, `IDReq\: 4`, []string{`-> " IDReq\\： 4\n\\: 127.0.0.1\\: 3001\\: alice"`, "sent 7"}},
		{"(b), what looks like ours", fields, "Q:1:bob", []string{`-> " Q:1:bob\n\\: 127.0.0.1\\: 3001\\: alice"`, "sent 7"}},
		{"(c)", bang, "hello", []string{`-> "3001!hello\n"`, "sent 7"}},
		{"(c), a request", bang, "X_GET_NAME|1", []string{`-> "3001! X_GET_NAME|1\n"`, "sent 7"}},
		{"(c), lines", bang, "a\n4!b", []string{`-> "3001!a 4!b\n"`, "sent 7"}},
		{"too long for ours", ours, strings.Repeat("x", 1020), []string{"failed 7: toolong"}},
		{"too long for (a)", unknown, strings.Repeat("x", 1015), []string{"failed 7: toolong"}},
		{"too long for the repeat in our shape", unknown, strings.Repeat("\r\n", 511), []string{"failed 7: toolong"}},
		{"grows too long", unknown, strings.Repeat("+", 400), []string{"failed 7: toolong"}},
		{"far too long", bang, strings.Repeat("x", 1<<20), []string{"failed 7: toolong"}},
	} {
		friends(t, c.as).say(c.text).want(c.what, c.want...)
	}
	at := len("M:") + maxDigits + len(":")
	if n := friends(t, ours).speaks(ours, 9999999999).say(strings.Repeat("x", maxText)); len(n.sent) != 1 || len(n.sent[0]) != 1024 || maxText != 1024-at {
		t.Errorf("the longest text: %q", n.told)
	}
}

// TestReading: what is made of a datagram of bob, whom the table calls bob, and
// how he is written to then (elc004 rule 12).
func TestReading(t *testing.T) {
	for _, c := range []struct {
		what, p string
		as      shape
		want    []string
	}{
		{"ours, text", "M:18:so: yes", ours, []string{`bob: "so: yes"`, `-> "A:18:alice"`}},
		{"ours, a typed line", "M:18:hi\r\n", ours, []string{`bob: "hi"`, `-> "A:18:alice"`}},
		{"ours, several lines", "M:18:a\nb\n", ours, []string{`bob: "a\nb"`, `-> "A:18:alice"`}},
		{"ours, nothing", "M:18:", ours, []string{`bob: ""`, `-> "A:18:alice"`}},
		{"ours, an escape", "M:18:\x1b[2J", ours, []string{`bob: " [2J"`, `-> "A:18:alice"`}},
		{"ours, no UTF-8", "M:18:h\xe9", ours, []string{`bob: "hé"`, `-> "A:18:alice"`}},
		{"ours, ten digits", "M:9999999999:x", ours, []string{`bob: "x"`, `-> "A:9999999999:alice"`}},
		{"ours, zeros in front", "M:007:x", ours, []string{`bob: "x"`, `-> "A:007:alice"`}},
		{"ours, who are you", "Q:3:robert", ours, []string{`-> "A:3:alice"`}},
		{"ours, who are you, no name", "Q:3:", ours, []string{`-> "A:3:alice"`}},
		{"ours, an acknowledgement of nothing", "A:3:robert", ours, nil},
		{"ours, group text", "G:19:Class:hi: you", ours, []string{`bob in #class: "hi: you"`, `-> "A:19:alice"`}},
		{"ours, group text without a text", "G:19:class", ours, nil},
		{"ours, a group that is none", "G:19:a b:hi", ours, nil},
		{"ours, bye", "B:19:", ours, []string{"bob says bye"}},
		{"eleven digits", "M:12345678901:x", unknown, []string{`bob: "M:12345678901:x"`}},
		{"no digits", "M::x", unknown, []string{`bob: "M::x"`}},
		{"no second colon", "M:1", unknown, []string{`bob: "M:1"`}},
		{"another letter", "X:1:x", unknown, []string{`bob: "X:1:x"`}},
		{"a small letter", "m:1:x", unknown, []string{`bob: "m:1:x"`}},
		{"(a)", "hi: there - you+me\n+bob", plus, []string{`bob: "hi: there - you+me"`}},
		{"(a), the last sign counts", "a\n+b\n+bob", plus, []string{`bob: "a\n+b"`}},
		{"(a), another name", "hi\n+robert", plus, []string{`bob: "hi"`}},
		{"(a) with a number", "hi\n+bob+17", ours, []string{`bob: "hi"`, `-> "A:17:alice"`}},
		{"(a) with no number", "hi\n+bob+", plus, []string{`bob: "hi"`}},
		{"(b)", "hi\nyou\n\\: 127.0.0.1\\: 3002\\: bob", fields, []string{`bob: "hi\nyou"`}},
		{"(b), no port", "hi\n\\: 127.0.0.1\\: x\\: bob", unknown, []string{`bob: "hi\n\\: 127.0.0.1\\: x\\: bob"`}},
		{"(b), who are you", "IDReq\\: 4\\: 127.0.0.1\\: 3002", fields, []string{`-> "ID\\: alice\\: 4"`}},
		{"(b), a name", "ID\\: robert\\: 4", fields, nil},
		{"(c)", "3002!hi\n", bang, []string{`bob: "hi"`}},
		{"(c) without its end", "10!wow", unknown, []string{`bob: "10!wow"`}},
		{"(c), six digits", "123456!wow\n", unknown, []string{`bob: "123456!wow"`}},
		{"(c), who are you", "3002!X_GET_NAME|3002", bang, []string{`-> "3001!X_NAME|alice|3001"`}},
		{"(c), a name", "3002!X_NAME|robert|3002", bang, nil},
		{"anything else", "hi\n", unknown, []string{`bob: "hi"`}},
		{"a control character", "\x00\x9b", unknown, []string{`bob: "  "`}},
		{"too long", strings.Repeat("x", 1025), unknown, nil},
		{"empty", "", unknown, nil},
	} {
		n := friends(t, unknown).hear(c.p).want(c.what, c.want...)
		if got := n.s.peers[keyAt(bobAt)].shape; got != c.as {
			t.Errorf("%s: shape %d, want %d", c.what, got, c.as)
		}
	}
	n := friends(t, unknown)
	n.from(netip.MustParseAddrPort("[2001:db8::1]:3001"), "M:1:hi").want("IPv6")
	n.from(netip.MustParseAddrPort("[::ffff:127.0.0.1]:3002"), "M:1:hi").want("IPv4 in IPv6", `bob: "hi"`, `-> "A:1:alice"`)
}

// TestRepeats: elc004 rule 10.
func TestRepeats(t *testing.T) {
	n := friends(t, ours).say("hi").want("at once", `-> "M:17:hi"`)
	n.after(time.Minute).want("never confirmed",
		`500ms: -> "M:17:hi"`, `1.5s: -> "M:17:hi"`, `3.5s: -> "M:17:hi"`, `7.5s: -> "M:17:hi"`, `11.5s: failed 7: undelivered`)
	n.hear("A:17:bob").want("confirmed too late")

	n.say("hi").after(600*time.Millisecond).want("the next number", `-> "M:18:hi"`, `500ms: -> "M:18:hi"`)
	n.from(strangerAt, "A:18:bob").hear("A:17:bob").want("not by that", "named bob at 192.0.2.66:4000")
	n.hear("A:18:bob").want("confirmed", "delivered 7")
	n.hear("A:18:bob").after(time.Minute).want("confirmed twice")
}

// TestConfirmed: a text is shown once within a minute, and confirmed as often
// as it comes (elc004 rule 10).
func TestConfirmed(t *testing.T) {
	n := friends(t, ours)
	n.hear("M:18:hi").want("first", `bob: "hi"`, `-> "A:18:alice"`)
	n.hear("M:19:you").want("another", `bob: "you"`, `-> "A:19:alice"`)
	n.hear("M:18:hi").want("repeat", `-> "A:18:alice"`)
	n.hear("hi\n+bob+18").want("repeat in shape (a)", `-> "A:18:alice"`)
	n.hear("G:18:class:hi").want("repeat as group text", `-> "A:18:alice"`)
	n.hear("M:0018:hi").want("repeat in other digits", `-> "A:0018:alice"`)
	n.from(strangerAt, "M:18:hi to you").want("another source", `at 192.0.2.66:4000: "hi to you"`, `at 192.0.2.66:4000 -> "A:18:alice"`)
	n.after(59*time.Second).hear("M:18:hi").want("in time", `-> "A:18:alice"`)
	n.after(time.Second).hear("M:18:hi").want("after a minute", `bob: "hi"`, `-> "A:18:alice"`)
}

// TestUnknownShape: ours is never sent to a program that may not read it, and
// goes on in our shape as soon as that is known (elc004 rule 12).
func TestUnknownShape(t *testing.T) {
	n := friends(t, unknown)
	n.say("one").say("two").want("once", `-> "one\n+alice+17"`, "sent 7", `-> "two\n+alice+18"`, "sent 7")
	n.after(11 * time.Second).want("not repeated")
	n.hear("A:18:bob").want("ours", "delivered 7", `-> "M:17:one"`)
	n.say("three").want("now ours", `-> "M:19:three"`)
	n.hear("A:17:bob").hear("A:19:bob").want("all there", "delivered 7", "delivered 7")

	friends(t, unknown).say("one").hear("M:5:hello").want("they say something first",
		`-> "one\n+alice+17"`, "sent 7", `-> "M:17:one"`, `bob: "hello"`, `-> "A:5:alice"`)
	n = friends(t, unknown).say("one").after(time.Minute).hear("hi\n+bob").say("two").want("(a)",
		`-> "one\n+alice+17"`, "sent 7", "11.5s: sent 7", `bob: "hi"`, `-> "two\n+alice"`, "sent 7")
	n.after(time.Minute).bye().join("class").leave("class").want("nothing of ours")

	friends(t, ours).say("one").forget().table().after(time.Minute).want("who left the table is not written to", "11.5s: failed 7: undelivered")
}

// TestNames: elc004 rule 9.
func TestNames(t *testing.T) {
	n := newNode(t, "alice", aliceAt).forget()
	n.table(Entry{Addr: bobAt}).after(time.Minute)
	first := n.sent[0]
	if len(n.sent) != 5 || !strings.HasPrefix(first, "Q:") || !strings.HasSuffix(first, ":alice") {
		t.Errorf("asked %q", n.sent)
	}
	n.forget().table(Entry{Addr: bobAt}).want("asked only once while its shape is not known")
	n.hear("hi\n+bob").want("named by a text", "named bob", `bob: "hi"`)
	n.hear("hi\n+b.o.b").want("the same", `bob: "hi"`)
	n.hear("hi\n+robert").want("another one", "named robert", `robert: "hi"`)
	n.hear("hi\n+你").want("none", `robert: "hi"`)
	n.table(Entry{Addr: bobAt, ID: "bob"}).hear("hi\n+eve").want("the table's wins", `bob: "hi"`)

	for what, p := range map[string]string{"A": "A:%s:bob", "its own Q": "Q:%s:bob", "(b)": "ID\\: bob\\: %s", "(c)": "3002!X_NAME|bob|3002"} {
		n := newNode(t, "alice", aliceAt).speaks(unknown, 17)
		n.table(Entry{Addr: bobAt}).want(what, `-> "Q:17:alice"`)
		if strings.Contains(p, "%s") {
			p = fmt.Sprintf(p, "17")
		}
		n.hear(p)
		if n.told[0] != "named bob" {
			t.Errorf("%s: %q", what, n.told)
		}
		n.forget().after(time.Minute).want(what + " is known")
	}
	n = newNode(t, "alice", aliceAt)
	n.table(Entry{Addr: bobAt, ID: "bob"}, Entry{Addr: aliceAt}, Entry{Addr: netip.MustParseAddrPort("[::1]:1")}, Entry{}).want("nobody to ask")
	n = friends(t, ours).table(Entry{Addr: bobAt}).table(Entry{Addr: bobAt}).want("one question at a time", `-> "Q:17:alice"`)
	n.hear("A:17:bob").after(time.Minute).want("answered", "named bob")
	friends(t, bang).table(Entry{Addr: bobAt}).want("another program is not asked")
	n = friends(t, ours).table(Entry{Addr: bobAt}).hear("A:17:").want("no name", `-> "Q:17:alice"`)
	n.table(Entry{Addr: bobAt}).want("asked again, since it speaks ours", `-> "Q:18:alice"`)
}

// TestGroups: elc004 rule 11.
func TestGroups(t *testing.T) {
	n := friends(t, ours).join("#Class").want("join", `-> "J:17:class"`)
	n.after(time.Minute).want("five times", `500ms: -> "J:17:class"`, `1.5s: -> "J:17:class"`, `3.5s: -> "J:17:class"`, `7.5s: -> "J:17:class"`)
	n.sayTo("class", "hi").want("nobody is there", "failed 7 in #class: unknown")
	n.hear("J:30:class").want("a newcomer is answered", "bob enters #class", `-> "J:18:class"`)
	n.hear("J:30:class").want("a repeat is answered again", `-> "J:19:class"`)
	n.hear("J:31:class").want("an answer is not")
	n.sayTo("#CLASS", "hi").want("text", "sent 7 in #class", `-> "G:20:class:hi"`).hear("A:20:bob").want("confirmed", "delivered 7 in #class")
	n.sayTo("class", "hi").after(time.Minute)
	if len(n.told) != 7 || n.told[6] != "11.5s: failed 7 in #class: undelivered" {
		t.Errorf("not confirmed: %q", n.told)
	}
	n.told = nil
	if got := n.s.Members(nil, "class"); len(got) != 1 || got[0] != bobAt {
		t.Errorf("members %v", got)
	}
	n.hear("L:32:class").hear("L:32:class").want("gone", "bob leaves #class")
	n.hear("J:31:class").hear("G:30:class:late").want("what is older does not bring back", `bob in #class: "late"`, `-> "A:30:alice"`)
	n.hear("G:33:class:hi").want("who writes is in", "bob enters #class", `bob in #class: "hi"`, `-> "A:33:alice"`)
	n.leave("class").want("leave", `-> "L:22:class"`)
	n.hear("G:34:class:hi").want("who did not hear of it is told", `-> "L:23:class"`, `bob in #class: "hi"`, `-> "A:34:alice"`)
	n.sayTo("class", "hi").sayTo("other", "hi").want("not in it", "failed 7 in #class: notso", "failed 7 in #other: notso")
	n.join("class").want("back", "bob enters #class", `-> "J:24:class"`).hear("J:35:class").want("answered, or theirs crossed ours", `-> "J:24:class"`)
	n.hear("J:36:class").after(time.Minute).want("silent")

	n = friends(t, unknown).join("class").want("shape not known: asked in one that others can take", `-> "\n+alice+17"`)
	n.hear("hi\n+bob+9").want("told when it is", `-> "J:18:class"`, `bob: "hi"`, `-> "A:9:alice"`)
	n.hear("J:10:class").table().want("who goes leaves", "bob enters #class", `-> "J:18:class"`, "bob leaves #class")
	n = newNode(t, "alice", aliceAt).join("class").table().forget()
	n.hear("J:1:class").want("not in the table", "unlisted")
}

// TestProbe: who joins asks friends of whose shape nothing is known, twice at
// most, in words that harm no known program (elc004 rule 11).
func TestProbe(t *testing.T) {
	n := friends(t, unknown).join("class").join("other").want("asked twice", `-> "\n+alice+17"`, `-> "\n+alice+18"`)
	n.table(Entry{bobAt, "bob"}).after(time.Minute).want("and never again")
	n.hear("A:17:bob").want("it speaks ours", `-> "J:19:class"`, `-> "J:20:other"`)

	n = friends(t, unknown).join("class").forget().table(Entry{bobAt, "bob"}).want("once more with the next table", `-> "\n+alice+18"`)
	n.table().forget().table(Entry{bobAt, "bob"})
	if len(n.sent) != 1 || !strings.HasPrefix(n.sent[0], "\n+alice+") {
		t.Errorf("a newcomer while we are in a group is sent %q", n.sent)
	}
	n.leave("class").table().forget().table(Entry{bobAt, "bob"}).want("not when we are in none")
	for _, as := range []shape{plus, fields, bang} {
		friends(t, as).join("class").table(Entry{bobAt, "bob"}).want("another program")
	}

	n = friends(t, unknown).hear("\n+bob+9").want("not shown, and confirmed", `-> "A:9:alice"`)
	n.say("hi").want("its shape is known", `-> "M:17:hi"`)
}

// TestGroupForms: three who have never spoken are in a group after they joined
// it, whoever came first.
func TestGroupForms(t *testing.T) {
	w := newWorld(t, 1, "alice", "bob", "carol")
	w.good = true
	for _, at := range w.order {
		out, err := w.sockets[at].Join(w.now, "class")
		if err != nil {
			t.Fatal(err)
		}
		w.take(at, out)
		w.run(time.Second)
	}
	for _, a := range w.order {
		if got := w.sockets[a].Members(nil, "class"); len(got) != 2 {
			t.Errorf("%v knows of the members %v", a, got)
		}
	}
	if len(w.shown) > 0 || len(w.outcomes) > 0 {
		t.Errorf("shown %v, outcomes %v: nobody said anything", w.shown, w.outcomes)
	}
}

func TestGroupNames(t *testing.T) {
	for _, name := range []string{"", "#", "a b", "a:b", "a\n", "\u202ea", "\xff", strings.Repeat("x", 65)} {
		if _, err := friends(t, ours).s.Join(time.Time{}, name); kindOf(err) != "name" {
			t.Errorf("%q: %v", name, err)
		}
	}
	n := friends(t, ours)
	for i := range maxGroups {
		n.join(fmt.Sprint("g", i))
	}
	if _, err := n.s.Join(n.now, "g0"); kindOf(err) != "already" {
		t.Error(err)
	}
	if _, err := n.s.Join(n.now, "more"); kindOf(err) != "full" {
		t.Error(err)
	}
	n.leave("g7").join("more")
	if _, err := n.s.Leave(n.now, "g7"); kindOf(err) != "notso" {
		t.Error(err)
	}
}

// TestStrangers: who is not in the table gets no more bytes than it sent, and
// five answers a second in all (elc004 rule 13).
func TestStrangers(t *testing.T) {
	answers := func(n *node) (all []string) {
		all, n.sent, n.told = n.sent, nil, nil
		return all
	}
	for p, want := range map[string]string{
		"Q:1:a": "A:1:", "Q:1:alicia": "A:1:alice", "Q:123:": "A:123:", "M:1:": "A:1:", "M:1:hello": "A:1:alice",
		"G:1:c:h": "A:1:", "hi\n+a+12": "A:12:", "A:1:alice": "", "B:1:": "", "hello": "", "L:1:class": "",
		"3001!X_GET_NAME|3001": "", "IDReq\\: 4\\: 127.0.0.1\\: 3001": "ID\\: alice\\: 4",
	} {
		n := friends(t, ours).from(strangerAt, p)
		if got := strings.Join(answers(n), "; "); got != want {
			t.Errorf("%q is answered %q, want %q", p, got, want)
		}
	}
	n := friends(t, ours)
	for i := range 100 {
		n.from(netip.AddrPortFrom(strangerAt.Addr(), uint16(i+1)), "Q:1:somebody")
		n.after(5 * time.Millisecond)
	}
	if got := answers(n); len(got) != 5 {
		t.Errorf("in half a second %d answers", len(got))
	}
	if got := answers(n.hear("Q:1:bob")); len(got) != 1 {
		t.Errorf("a friend gets %q", got)
	}
	if got := answers(n.after(500*time.Millisecond).from(strangerAt, "M:1:hello")); len(got) != 1 {
		t.Errorf("after a second: %q", got)
	}
}

// TestStrangerBecomesFriend: what was learnt stays.
func TestStrangerBecomesFriend(t *testing.T) {
	n := newNode(t, "alice", aliceAt).table().forget()
	n.hear("hello\n+bob+17").want("before", "named bob", `bob: "hello"`, n.told[len(n.told)-1])
	n.table(Entry{Addr: bobAt}).hear("hello\n+bob+17").want("after", "named bob", `-> "A:17:alice"`)
	n.speaks(ours, 20).say("hi").want("in our shape", `-> "M:20:hi"`)

	n = newNode(t, "alice", aliceAt).table().hear("hello\n+bob+17").join("class").speaks(ours, 20)
	n.forget().table(Entry{Addr: bobAt}).want("told of the group", `-> "J:20:class"`, "named bob")
}

// TestTalkWithStranger: it is written to like anyone, and what it has confirmed
// shows that it is where it says.
func TestTalkWithStranger(t *testing.T) {
	n := newNode(t, "alice", aliceAt).table().hear("hello").speaksFirst().say("one").say("two").forget()
	n.hear("M:5:x").want("no proof", `: "x"`, `-> "A:5:"`)
	n.hear("A:17:bob").want("proof", "delivered 7", "named bob", `-> "M:18:two"`)
	for i := range 3 * maxOthers {
		n.s.Datagram(n.now, netip.AddrPortFrom(strangerAt.Addr(), uint16(i+1)), []byte("hi\n+eve"))
	}
	n.hear("A:18:bob").want("not forgotten while something waits", "delivered 7")
}

// speaksFirst makes bob one who is remembered, without a shape; the next
// datagram to him has number 17.
func (n *node) speaksFirst() *node {
	n.s.other(keyAt(n.other))
	return n.speaks(unknown, 17)
}

// TestRoom: what others can make a socket keep.
func TestRoom(t *testing.T) {
	n := friends(t, ours)
	for i := range maxPeerWait + 1 {
		n.s.Say(n.now, bobAt, fmt.Append(nil, i), uint64(i))
	}
	n.say("more").want("too many wait", "failed 7: full")
	for i := range 2 * maxSeenOf {
		n.s.Datagram(n.now, bobAt, fmt.Appendf(nil, "M:%d:x", i))
	}
	n.hear("M:99999:x").want("too many texts in a minute").hear("M:1:x").want("a repeat", `-> "A:1:alice"`)
	n.after(time.Minute).forget().hear("M:99999:x").want("a minute later", `bob: "x"`, `-> "A:99999:alice"`)

	for i := range maxSeenOther {
		n.s.Datagram(n.now, strangerAt, fmt.Appendf(nil, "M:%d:x", i))
	}
	n.from(strangerAt, "M:9999:x").want("too many texts of others").hear("M:9999:x").want("a friend's", `bob: "x"`, `-> "A:9999:alice"`)
	for i := range 10 * maxOthers {
		n.s.Datagram(n.now, netip.AddrPortFrom(strangerAt.Addr(), uint16(i+1)), fmt.Appendf(nil, "J:1:g%d", i))
	}
	if got := len(n.s.peers); got > maxOthers+1 {
		t.Errorf("%d peers", got)
	}
	for i := range 2 * maxPeerGroup {
		n.hear(fmt.Sprintf("J:%d:g%d", i, i))
	}
	if got := len(n.s.peers[keyAt(bobAt)].groups); got != maxPeerGroup {
		t.Errorf("%d groups of one", got)
	}
	var all []Entry
	for i := range maxFriends + 10 {
		all = append(all, Entry{netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)}), 3001), "x"})
	}
	if n.table().table(all...); len(n.s.friends) != maxFriends {
		t.Errorf("%d friends", len(n.s.friends))
	}
	if n.table(); len(n.s.friends) != 0 || len(n.s.peers) > maxOthers {
		t.Errorf("%d friends, %d peers are left", len(n.s.friends), len(n.s.peers))
	}
}

// TestNowhere: no datagram leaves for what is no one's address.
func TestNowhere(t *testing.T) {
	n := friends(t, ours)
	for _, a := range []string{"[::1]:3001", "127.0.0.1:0", "0.0.0.0:3001", "224.0.0.1:3001", "255.255.255.255:3001"} {
		n.take(n.s.Say(n.now, netip.MustParseAddrPort(a), []byte("hi"), 7))
		if len(n.sent) > 0 || len(n.told) != 1 || n.told[0] != "failed 7: unknown" {
			t.Errorf("%s: %q", a, n.told)
		}
		n.forget()
	}
	n.take(n.s.Bye(n.now, strangerAt)).want("nobody to take leave of")
	n.bye().want("bye", `-> "B:17:"`)
	if id := NewSocket(codec.SocketConfig{Name: "你", Self: aliceAt}).id; id != "u3001" {
		t.Errorf("our name is %q", id)
	}
}
