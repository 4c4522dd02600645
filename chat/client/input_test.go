package client

import (
	"strings"
	"testing"

	"mim/chat"
)

// Whom a line reaches, with what text.
func TestAddressing(t *testing.T) {
	people := []*chat.Person{bob, bob2, carol, anna, annaM, big, person(`a"b c`, "192.0.2.30:2030")}
	tests := []struct {
		line     string
		to, text string
	}{
		{"@carol hi", "carol", "hi"},
		{"@carol   hi  there ", "carol", "hi  there "},
		{"@carol\thi", "carol", "hi"},
		{"@carol hi\r\n", "carol", "hi"},
		{"/msg carol hi", "carol", "hi"},
		{"/msg   carol  hi", "carol", "hi"},
		{"@CAROL hi", "carol", "hi"},
		{"@bob hi", "bob", "hi"},
		{"@BOB hi", "BOB", "hi"},
		{"@bob~2 hi", "bob~2", "hi"},
		{"@Anna hi", "Anna", "hi"},
		{"@Anna Maria hi", "Anna Maria", "hi"},
		{"@anna maria hi", "Anna Maria", "hi"},
		{"@Anna Marian hi", "Anna", "Marian hi"},
		{`@"Anna Maria" hi`, "Anna Maria", "hi"},
		{`@"anna maria"hi`, "Anna Maria", "hi"},
		{`@"Anna" Maria hi`, "Anna", "Maria hi"},
		{`/msg "Anna" Maria hi`, "Anna", "Maria hi"},
		{`@a"b c hi`, `a"b c`, "hi"},
		{"@carol //x", "carol", "//x"},
		{"@carol a\x1b[2Jb\x00", "carol", "a [2Jb "},
		{"@carol \xff", "carol", "ÿ"},
		{"@carol gr\xfc\xdfe", "carol", "grüße"},
		{"  @carol hi", "carol", "hi"},
		{"\t /msg carol hi", "carol", "hi"},
		{"\u00a0@carol hi", "carol", "hi"},
		{"@carol héllo 👋", "carol", "héllo 👋"},
	}
	for _, test := range tests {
		t.Run(test.line, func(t *testing.T) {
			u := joined(t, people)
			call := only(t, u.line(test.line), Call)
			_, e := u.opened(call.Addr.String(), call.Call)
			if v := e[0].View; v.Name != test.to {
				t.Errorf("the talk is with %q, want %q", v.Name, test.to)
			}
			if s := only(t, e, Send); s.Text != test.text {
				t.Errorf("the text is %q, want %q", s.Text, test.text)
			}
		})
	}
}

func TestBadInput(t *testing.T) {
	people := []*chat.Person{bob, big, annaM}
	tests := []struct {
		line string
		kind chat.Kind
		text string
	}{
		{"@nobody hi", chat.Unknown, `nobody here is called "nobody"; /who lists who is here`},
		{"@ hi", chat.Usage, "the name is missing: @NAME text"},
		{"@", chat.Usage, "the name is missing: @NAME text"},
		{"@ ", chat.Usage, "the name is missing: @NAME text"},
		{"/msg", chat.Usage, "the name is missing: @NAME text"},
		{"/msg ", chat.Usage, "the name is missing: @NAME text"},
		{`@"" hi`, chat.Usage, "the name is missing: @NAME text"},
		{"@Bob hi", chat.Unknown, `several people here are called "Bob" but for the case of letters; type the name as it is shown`},
		{"@bob", chat.Usage, "no text for bob: what is to be said stands behind it"},
		{"@bob  ", chat.Usage, "no text for bob: what is to be said stands behind it"},
		{"@bobby hi", chat.Unknown, `nobody here is called "bobby"; /who lists who is here`},
		{`@"Anna" hi`, chat.Unknown, `nobody here is called "Anna"; /who lists who is here`},
		{`@"Anna Maria hi`, chat.Usage, `the quote before the name is not closed: @"a name" text`},
		{`@"Anna`, chat.Usage, `the quote before the name is not closed: @"a name" text`},
		{"@alice hi", chat.Usage, "alice is you"},
		{"@Alice", chat.Usage, "alice is you"},
		{`@"alice" hi`, chat.Usage, "alice is you"},
		{"/close alice", chat.Usage, "alice is you"},
		{"@alicia hi", chat.Unknown, `nobody here is called "alicia"; /who lists who is here`},
		{"  @nobody hi", chat.Unknown, `nobody here is called "nobody"; /who lists who is here`},
		{"hi", chat.Usage, "to whom? begin with @NAME; /who lists who is here"},
		{"//hi", chat.Usage, "to whom? begin with @NAME; /who lists who is here"},
		{"/dance", chat.Usage, "there is no command /dance; /help lists them, and a text that begins with / is typed with //"},
		{"/", chat.Usage, "there is no command /; /help lists them, and a text that begins with / is typed with //"},
		{"/close", chat.Usage, "whose talk? /close NAME"},
		{"/close nobody", chat.Unknown, `nobody here is called "nobody"; /who lists who is here`},
		{"/close bob", chat.Unknown, "no talk with bob is open; a text begins one"},
		{"/close bob now", chat.Usage, "/close takes a name and nothing else"},
		{"@bob " + strings.Repeat("x", 21), chat.TooLong, "the text is longer than 20 bytes: it was not sent"},
		{"@bob " + strings.Repeat("é", 11), chat.TooLong, "the text is longer than 20 bytes: it was not sent"},
	}
	for _, test := range tests {
		t.Run(test.line, func(t *testing.T) {
			u := joined(t, people)
			u.expect(u.line(test.line), failure(test.kind, test.text))
		})
	}
}

// A slip before @ or / does not make a command a text to whoever was last.
func TestLeadingBlanks(t *testing.T) {
	u := joined(t, []*chat.Person{bob, carol})
	u.talk(carol)
	if call := only(t, u.line("  @bob for bob alone"), Call); call.Addr != bob.Far {
		t.Errorf("dials %v, want bob", call.Addr)
	}
	u.expect(u.line(" /dance"), failure(chat.Usage, "there is no command /dance; /help lists them, and a text that begins with / is typed with //"))
	only(t, u.line("\t/close carol"), Finish)
}

// Someone else may have our name: then it is theirs.
func TestNamesakeOfOurs(t *testing.T) {
	other := person("alice", "192.0.2.9:2009")
	u := joined(t, []*chat.Person{other})
	if call := only(t, u.line("@alice hi"), Call); call.Addr != other.Far {
		t.Errorf("dials %v, want the other alice", call.Addr)
	}
}

func TestUnsupported(t *testing.T) {
	for _, line := range []string{
		"@ALL hi", "/all hi", "/say #room hi", "/join #room", "/part #room", "/whoelse", "/whoelsesince 5m",
		"/block bob", "/unblock bob", "/call bob", "/answer bob", "/deny bob", "/hangup",
	} {
		t.Run(line, func(t *testing.T) {
			u := joined(t, []*chat.Person{bob})
			v := only(t, u.line(line), Show).View
			if v.Event != Error || v.Kind != "unsupported" || !strings.HasPrefix(v.Text, "mim0 cannot do /") || !strings.Contains(v.Text, ": ") {
				t.Errorf("got %+v, want an error that says what to do instead", v)
			}
		})
	}
}

func TestUnaddressed(t *testing.T) {
	t.Run("goes where the last text went", func(t *testing.T) {
		u := joined(t, []*chat.Person{bob, carol})
		b := u.talk(bob)
		c := u.talk(carol)
		for _, step := range []struct {
			line string
			link chat.Link
			text string
		}{
			{"one", c, "one"}, {"@bob two", b, "two"}, {"three", b, "three"}, {"//slash", b, "/slash"}, {" x", b, " x"},
		} {
			if e := only(t, u.line(step.line), Send); e.Link != step.link || e.Text != step.text {
				t.Errorf("%q went as %q on line %d, want %q on %d", step.line, e.Text, e.Link, step.text, step.link)
			}
		}
		u.expect(u.line(""))
		u.expect(u.line("  \t"))
	})
	t.Run("answers who spoke first", func(t *testing.T) {
		u := joined(t, []*chat.Person{bob, carol})
		b := u.called(bob)
		u.says(b, "hi")
		u.says(u.called(carol), "hi")
		if e := only(t, u.line("yes?"), Send); e.Link != b {
			t.Errorf("went on line %d, want %d", e.Link, b)
		}
	})
	t.Run("strict", func(t *testing.T) {
		u := joined(t, []*chat.Person{bob}, strict)
		u.talk(bob)
		want := failure(chat.Usage, "a line must say to whom: @NAME text")
		u.expect(u.line("one"), want)
		u.expect(u.line("//one"), want)
		u.expect(u.line("/close"), failure(chat.Usage, "whose talk? /close NAME"))
		u.expect(u.line(""))
		only(t, u.line("/close bob"), Finish)
	})
}

func TestWhoAndHelp(t *testing.T) {
	u := joined(t, []*chat.Person{bob, bob2})
	u.expect(u.line("/who"), show(View{Event: Table, People: []Person{
		{"bob", "mim0", "192.0.2.2:2002"}, {"bob~2", "mim0", "192.0.2.3:2003"},
	}}))
	e := u.line("/help")
	if want := len(u.c.commands()) + 1; len(e) != want {
		t.Errorf("%d lines of help, want %d", len(e), want)
	}
	for _, e := range e {
		if e.View.Event != Notice || e.View.Text == "" {
			t.Errorf("got %+v, want a notice", e.View)
		}
	}
}

func TestHelpOnOneCommand(t *testing.T) {
	u := joined(t, []*chat.Person{bob})
	for _, c := range []struct {
		line string
		want Effect
	}{
		{"/help msg", show(View{Event: Notice, Text: "/msg NAME text: say text to NAME; @NAME text does the same"})},
		{"/help /who", show(View{Event: Notice, Text: "/who: list who is here"})},
		{"/help   quit now", show(View{Event: Notice, Text: "/quit: end all talks and leave"})},
		{"/help join", failure(chat.Unsupported, "mim0 cannot do /join: there are no rooms; write to each person with @NAME text")},
		{"/help frob", failure(chat.Usage, "there is no command /frob; /help lists them")},
	} {
		t.Run(c.line, func(t *testing.T) { u.expect(u.line(c.line), c.want) })
	}
}

// What is typed before the table is here waits for it, in order.
func TestInputWaitsForTheTable(t *testing.T) {
	u := alice(t)
	u.expect(u.line("@bob one"))
	u.login()
	u.expect(u.line("two"))
	u.event(&chat.Answer{})
	u.expect(u.event(&chat.Page{People: []*chat.Person{bob}}), came("bob", bob))
	u.expect(u.line("@nobody three"))
	e := u.wait(quiet)
	u.expect(e, Effect{Kind: Call, Call: 1, Addr: bob.Far},
		failure(chat.Unknown, `nobody here is called "nobody"; /who lists who is here`))
	_, e = u.opened(bob.Far.String(), 1)
	if len(e) != 3 || e[1].Text != "one" || e[2].Text != "two" {
		t.Errorf("got %+v, want both texts", e)
	}

	t.Run("bounded", func(t *testing.T) {
		u := alice(t)
		for range maxHeldLines {
			u.expect(u.line("/who"))
		}
		u.expect(u.line("/who"), failure(chat.Full, "too much input before the table of people is here; the line was dropped"))
		u = alice(t)
		u.expect(u.line(strings.Repeat("x", maxHeldBytes)))
		if only(t, u.line("x"), Show).View.Kind != "full" {
			t.Error("the bytes are not bounded")
		}
	})
	t.Run("not after a loss", func(t *testing.T) {
		u := alice(t)
		u.login()
		u.event(&chat.Answer{})
		u.line("@bob one")
		if got := events(u.c.ServerClosed(u.now, nil)); got != "offline, error" {
			t.Errorf("got %s, want offline, error", got)
		}
		u.expect(u.line("/who"), show(View{Event: Table, People: []Person{}}))
	})
}

func TestFoldedPrefix(t *testing.T) {
	tests := []struct {
		s, prefix string
		want      int
	}{
		{"bob", "BOB", 3}, {"bobby", "BOB", 3}, {"bo", "bob", 0}, {"", "b", 0},
		{"\u212a", "k", 3}, {"k x", "\u212a", 1}, {"straße", "STRASSE", 0}, {"Ärger x", "äRGER", 6}, {"\xff", "\xff", 1},
	}
	for _, test := range tests {
		if got := foldedPrefix(test.s, test.prefix); got != test.want {
			t.Errorf("foldedPrefix(%q, %q) = %d, want %d", test.s, test.prefix, got, test.want)
		}
	}
}
