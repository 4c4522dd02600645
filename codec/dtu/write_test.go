package dtu

import (
	"strings"
	"testing"

	"mim/chat"
)

func say(e chat.Event) string { return string(New().Append(nil, e, 0)) }

// TestNames: no name of another dialect forges a line (rule 6).
func TestNames(t *testing.T) {
	wide := strings.Repeat("你", chat.MaxNameUnits)
	for _, c := range []struct{ name, want string }{
		{"Will", "Will"},
		{"jürgen.k", "jürgen.k"},
		{"a-b+c", "a-b+c"},
		{wide, wide},
		{"a b", "ab"},
		{"a:b", "ab"},
		{"a, b", "ab"},
		{"#lobby", "lobby"},
		{`"a"`, "a"},
		{"a\r\nPING: 1", "aPING1"},
		{"a\x1b[2J", "a2J"},
		{"a\xff", "a"},
		{"a\u202eb", "ab"},
		{strings.Repeat("a ", 100), strings.Repeat("a", 64)},
		{"é é", ""},
		{" ", ""},
		{"", ""},
	} {
		want := func(line string) string {
			if c.want == "" {
				return ""
			}
			return strings.ReplaceAll(line, "NAME", c.want) + lineEnd
		}
		who := &chat.Person{Name: c.name}
		for _, row := range []struct {
			e    chat.Event
			want string
		}{
			{&chat.Entered{Room: "#x", Who: who}, want("USERJOIN #x: NAME")},
			{&chat.Exited{Room: "#x", Who: who}, want("USERLEAVE #x: NAME")},
			{&chat.Said{From: who, Room: "#x", Text: []byte("hi")}, want("MSG NAME #x: hi")},
			{&chat.Said{From: john, To: who, Text: []byte("hi")}, want("MSG John NAME: hi")},
			{&chat.Said{From: who, To: john, Text: []byte("hi")}, want("MSG NAME John: hi")},
			{&chat.Call{State: chat.CallAsked, Who: who, Key: key}, want("TALK NAME 827742843590392: REQUEST")},
			{&chat.Call{State: chat.CallAccepted, Who: who, Key: key}, want("TALK NAME 827742843590392: ACCEPTED")},
			{&chat.Call{State: chat.CallDenied, Who: who, Key: key}, want("TALK NAME 827742843590392: DENIED")},
			{&chat.Call{State: chat.CallEnded, Who: who, Key: key}, "TALK 827742843590392: END" + lineEnd},
		} {
			if got := say(row.e); got != row.want {
				t.Errorf("%q, %T: %q, want %q", c.name, row.e, got, row.want)
			}
		}
		list := "USERLIST #x: John, Will" + lineEnd
		if c.want != "" {
			list = "USERLIST #x: " + c.want + ", John, " + c.want + ", Will" + lineEnd
		}
		if got := say(&chat.Members{Room: "#x", People: []*chat.Person{who, john, nil, who, will}}); got != list {
			t.Errorf("%q: %q, want %q", c.name, got, list)
		}
	}
	if got, want := say(&chat.Members{Room: "#x", People: people("", ":")}), "USERLIST #x: "+lineEnd; got != want {
		t.Errorf("a list of nobody: %q, want %q", got, want)
	}
}

// TestSilentEvents: what has no words, or too few.
func TestSilentEvents(t *testing.T) {
	bad := "#x\r\nPING: 1"
	for _, e := range []chat.Event{
		&chat.Came{Who: john}, &chat.Went{Who: john}, &chat.Page{People: people("John")}, &chat.Notice{Text: "hi"}, &chat.Answer{},
		&chat.Said{}, &chat.Said{Room: "#x", Text: []byte("hi")}, &chat.Said{From: john, Text: []byte("hi")},
		&chat.Said{From: john, Room: "#x"}, &chat.Said{From: john, Room: "#x", Text: []byte(" \r\n\t")},
		&chat.Said{From: john, Room: bad, Text: []byte("hi")}, &chat.Said{From: john, Room: "x", Text: []byte("hi")},
		&chat.Members{}, &chat.Members{Room: bad}, &chat.Entered{}, &chat.Exited{}, &chat.Entered{Room: "#x"}, &chat.Exited{Room: bad, Who: john},
		&chat.Call{}, &chat.Call{State: chat.CallAsked, Who: john}, &chat.Call{State: chat.CallEnded, Key: 1e15}, &chat.Call{State: chat.CallEnded, Key: 1e14 - 1},
		&chat.Call{State: chat.CallAsked, Key: key}, &chat.Call{State: chat.CallAsked, Room: bad, Key: key}, &chat.Call{State: chat.CallEnded + 1, Who: john, Key: key},
	} {
		if got := say(e); got != "" {
			t.Errorf("%T %+v is said as %q", e, e, got)
		}
	}
}

// TestLines: what has no name in it, and rooms.
func TestLines(t *testing.T) {
	for _, c := range []struct {
		what string
		e    chat.Event
		want string
	}{
		{"ping", &chat.Ping{Number: 123456789}, "PING: 123456789"},
		{"a small one", &chat.Ping{Number: 12}, "PING: 000000012"},
		{"none", &chat.Ping{}, "PING: 000000000"},
		{"a large one", &chat.Ping{Number: 4294967295}, "PING: 4294967295"},
		{"the call of a channel", &chat.Call{State: chat.CallAsked, Room: "#x", Key: key}, "TALK #x 827742843590392: REQUEST"},
		{"of a channel, by somebody", &chat.Call{State: chat.CallAsked, Who: john, Room: "#x", Key: key}, "TALK John 827742843590392: REQUEST"},
		{"the least key", &chat.Call{State: chat.CallEnded, Key: 1e14}, "TALK 100000000000000: END"},
		{"the greatest", &chat.Call{State: chat.CallEnded, Key: 1e15 - 1}, "TALK 999999999999999: END"},
		{"the longest channel", &chat.Exited{Room: "#" + strings.Repeat("x", maxRoom-1), Who: john}, "USERLEAVE #" + strings.Repeat("x", maxRoom-1) + ": John"},
	} {
		if got := say(c.e); got != c.want+lineEnd {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
}

// TestTexts: one line, whatever it holds, of at most 4096 bytes (rule 8).
func TestTexts(t *testing.T) {
	room := maxLine - len("MSG John #x: ") - len(lineEnd)
	for _, c := range []struct{ what, text, want string }{
		{"plain", "Hi", "Hi"},
		{"blanks within", "a  b", "a  b"},
		{"lines", "a\r\nb\nc", "a b c"},
		{"escape", "\x1b[2J", " [2J"},
		{"a line of a server", "x\r\nTALK bob 827742843590392: END", "x TALK bob 827742843590392: END"},
		{"the longest", strings.Repeat("x", room), strings.Repeat("x", room)},
		{"longer", strings.Repeat("x", room+1), strings.Repeat("x", room)},
		{"grown", strings.Repeat("\xff", room), strings.Repeat("\ufffd", room/3)},
	} {
		if got := say(&chat.Said{From: john, Room: "#x", Text: []byte(c.text)}); got != "MSG John #x: "+c.want+lineEnd {
			t.Errorf("%s: %q", c.what, got)
		}
	}
	wide := &chat.Person{Name: strings.Repeat("你", chat.MaxNameUnits)}
	for _, to := range []*chat.Said{{From: wide, To: wide}, {From: wide, Room: "#" + strings.Repeat("x", maxRoom-1)}} {
		to.Text = []byte(strings.Repeat("x", piece))
		got := say(to)
		if len(got) > maxLine || !strings.Contains(got, string(to.Text)) {
			t.Errorf("a piece with the longest names: %d bytes", len(got))
		}
		to.Text = []byte(strings.Repeat("x", maxLine))
		if got := say(to); len(got) != maxLine {
			t.Errorf("the longest line has %d bytes", len(got))
		}
	}
}
