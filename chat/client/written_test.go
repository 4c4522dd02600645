package client

import (
	"fmt"
	"strings"
	"testing"

	"mim/chat"
)

// Whom a line reaches, with what text, where any name may be written to.
func TestAnyName(t *testing.T) {
	tests := []struct{ line, to, text string }{
		{"@bob hi", "bob", "hi"},
		{"@BOB hi", "BOB", "hi"},
		{"@bob   hi  x ", "bob", "hi  x "},
		{"@bob\thi", "bob", "hi"},
		{"  @bob hi", "bob", "hi"},
		{"/msg bob hi", "bob", "hi"},
		{"@Anna Maria", "Anna", "Maria"},
		{`@"Anna Maria" hi`, "Anna Maria", "hi"},
		{`@"bob"hi`, "bob", "hi"},
		{"@alice hi", "alice", "hi"}, // oneself is one like any other
		{"@ALL hi", "ALL", "hi"},
		{`@"ALL" hi`, "ALL", "hi"},
		{"/msg ALL hi", "ALL", "hi"},
		{"/all hi", "ALL", "hi"},
		{"/all   hi x", "ALL", "hi x"},
		{"@all hi", "all", "hi"}, // the server says what that is
		{"@ALLY hi", "ALLY", "hi"},
		{"@bob //x", "bob", "//x"},
		{"@jürgen.k hi", "jürgen.k", "hi"},
		{"@bob a\x1b[2Jb", "bob", "a [2Jb"},
	}
	for _, test := range tests {
		t.Run(test.line, func(t *testing.T) {
			u := hosted(t)
			u.expect(u.line(test.line), say(test.to, test.text))
		})
	}
}

func TestBadRelayInput(t *testing.T) {
	noAll := relays
	noAll.All = false
	tests := []struct {
		line string
		kind chat.Kind
		text string
		opts []option
	}{
		{"@", chat.Usage, "the name is missing: @NAME text", nil},
		{"@ hi", chat.Usage, "the name is missing: @NAME text", nil},
		{"/msg", chat.Usage, "the name is missing: @NAME text", nil},
		{`@"" hi`, chat.Usage, "the name is missing: @NAME text", nil},
		{`@" " hi`, chat.Usage, "the name is missing: @NAME text", nil},
		{`@"Anna hi`, chat.Usage, `the quote before the name is not closed: @"a name" text`, nil},
		{"@bob", chat.Usage, "no text for bob: what is to be said stands behind it", nil},
		{"@bob  ", chat.Usage, "no text for bob: what is to be said stands behind it", nil},
		{"@ALL", chat.Usage, "no text for ALL: what is to be said stands behind it", nil},
		{"/all", chat.Usage, "no text for ALL: what is to be said stands behind it", nil},
		{"@bo\x01b hi", chat.BadName, `nobody can be called "bo\x01b": the name holds a control or format character (U+0001)`, nil},
		{`@" bob" hi`, chat.BadName, `nobody can be called " bob": the name begins or ends with a blank`, nil},
		{"@bob " + strings.Repeat("x", 41), chat.TooLong, "the text is longer than 40 bytes: it was not sent", nil},
		{"hi", chat.Usage, "to whom? begin with @NAME", nil},
		{"hi", chat.Usage, "a line must say to whom: @NAME text", []option{strict}},
		{"/dance", chat.Usage, "there is no command /dance; /help lists them, and a text that begins with / is typed with //", nil},
		{"@ALL hi", chat.Unsupported, "toy cannot do /all: there is no text to everyone; write to each person with @NAME text", []option{traits(noAll)}},
		{"/all hi", chat.Unsupported, "toy cannot do /all: there is no text to everyone; write to each person with @NAME text", []option{traits(noAll)}},
		{"/close bob", chat.Unsupported, "toy cannot do /close: texts go through the server, there is no line to close", nil},
		{"/block bob", chat.Unsupported, "toy cannot do /block: nobody can be blocked", nil},
		{"/whoelse", chat.Unsupported, "toy cannot do /whoelse: the server cannot be asked; see /who", nil},
	}
	for _, test := range tests {
		t.Run(test.line, func(t *testing.T) {
			u := hosted(t, test.opts...)
			u.expect(u.line(test.line), failure(test.kind, test.text))
			u.expect(u.line("/who"), show(View{Event: Table, People: []Person{}, Text: "toy servers do not tell who is here; you wrote with nobody yet"}))
		})
	}
}

// Whatever word one way of talking has or has not, the other knows it, too.
func TestInsteadIsWhole(t *testing.T) {
	for word := range insteadDirect {
		if insteadRelayed[word] == "" {
			t.Errorf("nothing is said of %s where texts go through the server", word)
		}
	}
	u := hosted(t)
	for word, what := range insteadRelayed {
		for _, cmd := range u.c.commands() {
			if strings.HasPrefix(what, cmd.word) && cmd.word == word {
				t.Errorf("%s is a command and has an excuse", word)
			}
		}
		if strings.Contains(what, "/close NAME") {
			t.Errorf("%s: %q speaks of what cannot be done", word, what)
		}
	}
}

// Names that differ only in case are two people, since some servers tell them
// apart: a text goes to the name as it was typed, whoever writes meanwhile.
func TestTwoWritings(t *testing.T) {
	u := hosted(t)
	u.expect(u.line("@bob one"), say("bob", "one"))
	u.expect(u.line("@Bob two"))
	u.expect(u.line("@bob three"))
	u.expect(u.tells("BOB", "hi"), told("BOB", "hi"), receipt("BOB"))
	u.expect(u.done(nil), delivered("bob", "one"), say("Bob", "two"))
	u.expect(u.done(nil), delivered("Bob", "two"), say("bob", "three"))
	u.expect(u.done(nil), delivered("bob", "three"))
	u.expect(u.line("four"), say("bob", "four")) // whoever spoke meanwhile
	u.expect(u.line("/who"), show(View{Event: Table, Text: "toy servers do not tell who is here; you wrote with these:",
		People: []Person{{"Bob", "toy", ""}, {"BOB", "toy", ""}, {"bob", "toy", ""}}}))
	u.done(nil)
	u.line("@Bob y")
	u.line("@ALL z")
	u.expect(u.line("/who"), show(View{Event: Table, Text: "toy servers do not tell who is here; you wrote with these:",
		People: []Person{{"BOB", "toy", ""}, {"bob", "toy", ""}, {"Bob", "toy", ""}}}))
}

func TestRelayHelp(t *testing.T) {
	u := hosted(t)
	e := u.line("/help")
	var words []string
	for _, e := range e {
		word, _, _ := strings.Cut(e.View.Text, " ")
		words = append(words, strings.TrimSuffix(word, ":"))
	}
	if got := strings.Join(words, " "); got != "/msg /all /who /help /quit a" {
		t.Errorf("help for %s", got)
	}
}

// People that only their words have told us of are forgotten when there are
// too many; the one whom a line without a name goes to is still that one.
func TestWrittenIsBounded(t *testing.T) {
	u := hosted(t)
	u.line("@bob hi")
	u.done(nil)
	for i := range 2 * maxWritten {
		u.tells(fmt.Sprint("eve", i), "hi")
	}
	if n := len(u.c.relay.people); n != maxWritten {
		t.Errorf("%d people are kept, want %d", n, maxWritten)
	}
	u.expect(u.line("still there?"), say("bob", "still ther"))
	if n, last := len(u.c.relay.people), u.c.relay.people[maxWritten-1]; n != maxWritten || last.handle != "bob" {
		t.Errorf("%d people, the last %q, want %d and bob", n, last.handle, maxWritten)
	}
}

// Where the server tells who is here, others can be written to nevertheless:
// what becomes of such a text it knows best.
func TestRelayWithTable(t *testing.T) {
	table := relays
	table.Presence = true
	u := guest(t, traits(table))
	u.line("@bob hi")
	u.login()
	u.answer(chat.Sends, nil)
	u.login()
	u.answer(chat.Receives, nil)
	u.on(chat.Receives, &chat.Page{People: []*chat.Person{bob}})
	u.expect(u.wait(quiet), say("bob", "hi"))
	u.expect(u.done(nil), delivered("bob", "hi"))
	u.expect(u.line("@nobody hi"), say("nobody", "hi"))
	u.expect(u.done(chat.Errorf(chat.Unknown, "no")), undelivered("nobody", "hi", "nobody of that name is there"))
	u.expect(u.tells("bob", "yes"), show(View{Event: Said, From: "bob", To: "alice", Text: "yes", Dialect: "mim0", Path: PathRelay}), receipt("bob"))
	u.expect(u.line("/all hi"), say("ALL", "hi"))
	u.expect(u.line("/who"), show(View{Event: Table, People: []Person{{"bob", "mim0", ""}}}))
}
