package book

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"mim/chat"
	"mim/chat/client"
)

var (
	eve   = Key{Person, "eve"}
	lobby = Key{Room, "#lobby"}
	home  = Key{}
)

func TestMentions(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       bool
	}{
		{"alice", "alice", true},
		{"alice", "hi Alice!", true},
		{"alice", "@ALICE: look", true},
		{"alice", "malice", false},
		{"alice", "alices", false},
		{"alice", "alice2", false},
		{"alice", "malice and alice", true},
		{"alice", "alice's", true},
		{"alice", "", false},
		{"", "anything", false},
		{"jürgen", "JÜRGEN, komm", true},
		{"jürgen", "jürgens", false},
		{"anna maria", "ask Anna Maria.", true},
		{"你好", "say 你好", true},
		{"al", "a l al_x", false},
		{"c++", "I like C++ a lot", true},
	} {
		if got := mentions(c.text, c.name); got != c.want {
			t.Errorf("mentions(%q, %q) is %v", c.text, c.name, got)
		}
	}
}

// Who comes and goes one after the other is one line; who comes back is no news.
func TestFold(t *testing.T) {
	for _, c := range []struct{ name, events, want string }{
		{"one", "+bob", "bob came"},
		{"two", "+bob +eve", "bob and eve came"},
		{"three", "+bob +eve +dan", "bob, eve and dan came"},
		{"more", "+bob +eve +dan +x +y +z", "bob, eve, dan and 3 more came"},
		{"both", "+bob -eve +dan", "bob and dan came; eve left"},
		{"came and went", "+bob +eve -bob", "eve came"},
		{"went and came back", "-bob -eve +bob", "eve left"},
		{"nothing left", "+bob -bob", ""},
		{"twice", "+bob +bob", "bob came"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := alice(t, direct)
			for _, e := range strings.Fields(c.events) {
				s.events(map[byte]client.Event{'+': client.Came, '-': client.Went}[e[0]], e[1:])
			}
			want := []string{"* you are alice at server:1; others reach you through the server"}
			if c.want != "" {
				want = append(want, "* "+c.want)
			}
			s.looks(home, want...)
		})
	}
	s := alice(t, direct)
	for i := range 1000 {
		s.events(client.Came, fmt.Sprint("p", i))
	}
	lines := s.Conversation(home).Lines()
	if l := lines[len(lines)-1]; len(lines) != 2 || l.Text != "p0, p1, p2 and 997 more came" || len(l.came.names) > maxMoved {
		t.Errorf("a crowd is %d lines, the last: %+v", len(lines), l.Text)
	}
	s.after(24 * time.Hour)
	s.events(client.Came, "late")
	if got := s.Conversation(home).Lines(); got[len(got)-1].Text != "late came" {
		t.Errorf("the next day: %s", got[len(got)-1].Text)
	}
}

// Unread, mentions and the unread line, as conversations are opened and left,
// scrolled, and the terminal is looked at or not.
func TestUnread(t *testing.T) {
	s := alice(t, rooms)
	s.show(client.View{Event: client.Joined, Room: "#lobby", People: []client.Person{{Name: "alice"}, {Name: "bob"}, {Name: "eve"}}})
	s.saysIn("#lobby", "bob", "one")
	s.saysIn("#lobby", "bob", "alice: two")
	s.says("eve", "psst")
	s.lists("[@home], #lobby 2 @1, eve 1")
	if u, m := s.Totals(); u != 3 || m != 1 {
		t.Errorf("totals %d, %d", u, m)
	}
	if k, ok := s.NextActive(); !ok || k != lobby {
		t.Errorf("next %v: a mention is first", k)
	}
	s.Open(lobby)
	s.looks(lobby, "* you are in #lobby, with 2 others", "---", "<bob> one", "<bob> alice: two @")
	if n := s.saysIn("#lobby", "bob", "three"); !n.Read || n.Direct {
		t.Errorf("news %+v", n)
	}
	s.lists("@home, [#lobby], eve 1")
	if k, _ := s.NextActive(); k != eve {
		t.Errorf("next %v", k)
	}
	s.Open(home)
	s.Open(lobby)
	s.looks(lobby, "* you are in #lobby, with 2 others", "<bob> one", "<bob> alice: two @", "<bob> three")

	s.Scroll(Anchor{Line: s.Current().Lines()[0].ID})
	s.saysIn("#lobby", "bob", "four")
	s.lists("@home, [#lobby] 1, eve 1")
	s.Scroll(Anchor{})
	s.lists("@home, [#lobby], eve 1")

	s.Focus(false)
	s.saysIn("#lobby", "bob", "five")
	s.lists("@home, [#lobby] 1, eve 1")
	s.Focus(true)
	s.lists("@home, [#lobby], eve 1")
	if got := picture(s.Current()); !strings.HasSuffix(got, "---\n<bob> five\n") {
		t.Errorf("the unread line of when nobody looked is not above five:\n%s", got)
	}
	s.show(client.View{Event: client.Waiting, Room: "#lobby", Text: "me", Ticket: 1})
	if s.Current().UnreadFrom() != 0 {
		t.Error("the unread line stays when we have answered")
	}
}

// Who is in a room, and what happens when we leave it.
func TestRoom(t *testing.T) {
	s := alice(t, rooms)
	s.show(client.View{Event: client.Joined, Room: "#lobby", People: []client.Person{{Name: "alice"}, {Name: "Zoe"}, {Name: "bob"}}})
	for _, n := range []string{"carl", "dora"} {
		s.show(client.View{Event: client.UserJoin, Room: "#lobby", Name: n})
	}
	s.show(client.View{Event: client.UserLeave, Room: "#lobby", Name: "Zoe"})
	var names []string
	for _, m := range s.People(lobby) {
		names = append(names, m.Shown)
		if m.Us != (m.Name == "alice") {
			t.Errorf("%+v", m)
		}
	}
	if got := strings.Join(names, " "); got != "alice bob carl dora" {
		t.Errorf("members %s", got)
	}
	s.looks(lobby, "* you are in #lobby, with 2 others", "* carl and dora came; Zoe left")
	s.Open(lobby)
	if lines := s.Close(lobby); !slices.Equal(lines, []string{"/part #lobby"}) {
		t.Errorf("closing asks for %q", lines)
	}
	s.show(client.View{Event: client.UserLeave, Room: "#lobby", Name: "alice"})
	s.lists("[@home]")
	s.show(client.View{Event: client.Joined, Room: "#lobby"})
	s.show(client.View{Event: client.UserLeave, Room: "#lobby", Name: "ALICE"})
	s.lists("[@home], #lobby closed")
}

// The banner while the server is gone and when it is back.
func TestBanner(t *testing.T) {
	s := alice(t, direct)
	want := func(text string) {
		t.Helper()
		if b, ok := s.Banner(s.now); b.Text != text || ok != (text != "") {
			t.Errorf("the banner says %q, want %q", b.Text, text)
		}
	}
	want("")
	s.show(client.View{Event: client.Opened, Name: "bob"})
	s.show(client.View{Event: client.Opened, Name: "eve"})
	s.now = noon.Add(4 * time.Minute)
	s.show(client.View{Event: client.Offline, Why: "reset", Text: "next try in 8s"})
	s.show(client.View{Event: client.Trying, Until: s.now.Add(8 * time.Second)})
	want("server gone since 12:04, 2 direct talks still open, trying again in 8 s")
	s.after(7500 * time.Millisecond)
	want("server gone since 12:04, 2 direct talks still open, trying again in 1 s")
	s.after(time.Second)
	want("server gone since 12:04, 2 direct talks still open, trying now")
	s.show(client.View{Event: client.Closed, Name: "eve", Why: "x"})
	s.show(client.View{Event: client.Trying})
	want("server gone since 12:04, 1 direct talk still open, trying now")
	s.show(client.View{Event: client.Closed, Name: "bob", Why: "x"})
	want("server gone since 12:04, trying now")
	s.says("bob", "alice?")
	s.says("bob", "hello?")
	s.show(client.View{Event: client.Online})
	want("you missed 2 messages, 1 mention")
	s.Open(bob)
	want("")
	s.show(client.View{Event: client.Offline})
	s.show(client.View{Event: client.Online})
	want("")

	s = alice(t, relayed)
	s.show(client.View{Event: client.Offline})
	want("server gone since 12:01, trying now")
	s.show(client.View{Event: client.Online})
	for range 12 {
		s.show(client.View{Event: client.Said, From: "eve", Text: "x", Written: noon, Path: client.PathRelay})
	}
	want("you missed 12 messages")
	s.Dismiss()
	want("")
	s.show(client.View{Event: client.Error, Text: "no server", Final: true})
	want("no server")
}

// What became of texts, told under their numbers, in whatever order.
func TestTickets(t *testing.T) {
	s := alice(t, relayed)
	a, b, c := s.waits("bob", "a"), s.waits("eve", "b"), s.waits("bob", "c")
	s.fate(c, "bob", "c", client.StateStored, "")
	s.fate(a, "bob", "a", client.StateSent, "")
	s.fate(a, "bob", "a", client.StateDelivered, "")
	s.looks(bob, "<alice> a [delivered]", "<alice> c [stored]")
	s.Close(eve)
	s.fate(b, "eve", "b", client.StateSent, "")
	s.lists("[@home], bob")
	d := s.waits("eve", "d")
	s.Close(eve)
	s.fate(d, "eve", "d", client.StateFailed, "no")
	s.looks(eve, "<alice> d [failed] (no)")
	s.show(client.View{Event: client.Sent, To: "ALL", Text: "untold", State: client.StateSent})
	s.looks(Key{Kind: Everyone}, "<alice> untold [sent]")
}

// A text that failed is in the draft again, as it has to be typed; but for one
// that may have arrived, and not over something else.
func TestBackInDraft(t *testing.T) {
	for _, c := range []struct {
		name, draft, text string
		unsure            bool
		want              string
	}{
		{"a text", "", "hi", false, "hi"},
		{"with a slash", "", "/usr/bin", false, "//usr/bin"},
		{"with an at", "", "@eve hi", false, `@"bob" @eve hi`},
		{"that may be there", "", "hi", true, ""},
		{"over another", "else", "hi", false, "else"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := alice(t, relayed)
			s.waits("bob", c.text)
			s.SetDraft(bob, c.draft)
			s.show(client.View{Event: client.Sent, To: "bob", Text: c.text, Ticket: 1, State: client.StateFailed, Why: "no", Unsure: c.unsure})
			if got := s.Conversation(bob).Draft(); got != c.want {
				t.Errorf("draft %q, want %q", got, c.want)
			}
		})
	}
}

// An error about a line is shown where it was typed, and the line is back in
// the draft there.
func TestErrorAboutLine(t *testing.T) {
	s := alice(t, direct)
	s.Open(bob)
	s.SetDraft(bob, "too long a text")
	e := s.Enter(s.now)
	if !slices.Equal(e.Lines, []string{`@"bob" too long a text`}) || s.Current().Draft() != "" {
		t.Fatalf("%+v, draft %q", e, s.Current().Draft())
	}
	s.Open(eve)
	s.show(client.View{Event: client.Error, Kind: "toolong", Text: "the text is too long", Line: e.Lines[0]})
	s.looks(bob, "! the text is too long")
	if got := s.Conversation(bob).Draft(); got != "too long a text" {
		t.Errorf("draft %q", got)
	}
	s.SetDraft(eve, "/who")
	e = s.Enter(s.now)
	s.Open(bob)
	s.show(client.View{Event: client.Table, Line: e.Lines[0], People: []client.Person{{Name: "bob"}, {Name: "x y"}}})
	s.looks(eve, `* 2 others are here: bob, "x y"`)
	s.show(client.View{Event: client.Notice, Text: "tea at five"})
	s.show(client.View{Event: client.Error, Text: "by itself"})
	if got := picture(s.Conversation(home)); !strings.HasSuffix(got, "* tea at five\n") {
		t.Errorf("home:\n%s", got)
	}
	if got := picture(s.Conversation(bob)); !strings.HasSuffix(got, "! by itself\n") {
		t.Errorf("an error is shown where one is:\n%s", got)
	}
}

// What is kept has bounds, whatever others do.
func TestBounds(t *testing.T) {
	b := New(Config{Name: "alice", Traits: direct, Zone: time.UTC, Lines: 100, Conversations: 20, Bytes: 50_000})
	b.Open(bob)
	b.SetDraft(bob, "dear")
	b.Open(home)
	for i := range 3000 {
		b.Apply(client.View{Event: client.Said, At: noon.Add(time.Duration(i)), From: fmt.Sprint("stranger", i%97), Text: strings.Repeat("x", i%300)})
		if i%5 == 0 {
			b.Apply(client.View{Event: client.Said, At: noon.Add(time.Duration(i)), From: "loud", Text: "x"})
		}
		check(t, b)
	}
	if b.Conversation(bob) == nil {
		t.Error("a conversation with a draft has gone for strangers")
	}
	if c := b.Conversation(Key{Person, "loud"}); c == nil || len(c.Lines()) == 0 {
		t.Error("the last that spoke is not there")
	}
}

// check fails if a book is not what it says, or above its bounds.
func check(t *testing.T, b *Book) {
	t.Helper()
	all := 0
	for i, c := range b.list {
		sum := 0
		for j := range c.lines {
			l := &c.lines[j]
			sum += l.size()
			if j > 0 && l.ID <= c.lines[j-1].ID {
				t.Fatalf("%s: lines %d and %d", c.key, c.lines[j-1].ID, l.ID)
			}
			for _, s := range []string{l.Who, l.Text, l.Why} {
				if string(chat.AppendHarmlessLines(nil, s)) != s {
					t.Fatalf("%s: %q is not harmless", c.key, s)
				}
			}
		}
		if sum != c.bytes || b.byKey[c.key] != c || i > 0 && c.key.Kind < b.list[i-1].key.Kind {
			t.Fatalf("%s: %d bytes, counted %d", c.key, sum, c.bytes)
		}
		if c.unread < c.mentions || c.unread < 0 || len(c.lines) > b.cfg.Lines*5+5 {
			t.Fatalf("%s: %d unread, %d mentions, %d lines", c.key, c.unread, c.mentions, len(c.lines))
		}
		all += sum
	}
	if all != b.bytes || all > b.cfg.Bytes+10_000 || len(b.list) > b.cfg.Conversations || b.byKey[b.open.key] != b.open {
		t.Fatalf("%d bytes in %d conversations, counted %d", all, len(b.list), b.bytes)
	}
}

// Calls: who rings, who is in ours, who speaks.
func TestCalls(t *testing.T) {
	s := alice(t, rooms)
	call := func(state, name, room, why string, people ...string) News {
		v := client.View{Event: client.Called, State: state, Name: name, Room: room, Why: why}
		for _, p := range people {
			v.People = append(v.People, client.Person{Name: p})
		}
		return s.show(v)
	}
	if n := call(client.StateRinging, "bob", "", ""); !n.Ringing || n.In != bob {
		t.Errorf("news %+v", n)
	}
	call(client.StateRinging, "eve", "", "")
	if r := s.Rings(); len(r) != 2 || r[0].From != bob || r[1].From != eve {
		t.Errorf("rings %+v", r)
	}
	s.after(time.Second)
	call(client.StateAccepted, "bob", "", "")
	c, ok := s.Call()
	if !ok || c.With != bob || !c.Talking || !c.Since.Equal(s.now) || len(c.Voices) != 1 || len(s.Rings()) != 1 {
		t.Errorf("in a call: %+v, %v", c, s.Rings())
	}
	s.show(client.View{Event: client.Voices, Voices: []client.Voice{{Level: -20, Speaking: true, Muted: true}, {Name: "bob", Level: -30}, {Level: -40, Speaking: true}}})
	c, _ = s.Call()
	if !c.Muted || c.Level != -20 || !c.Speaking || len(c.Voices) != 2 || c.Voices[0] != (Voice{"bob", -30, false}) || c.Voices[1] != (Voice{"", -40, true}) {
		t.Errorf("levels: %+v", c)
	}
	call(client.StateAccepted, "dan", "", "", "bob", "dan")
	if c, _ = s.Call(); c.With != bob || len(c.Voices) != 2 || c.Voices[1].Who != "dan" {
		t.Errorf("one more: %+v", c)
	}
	call(client.StateEnded, "eve", "", "it was not answered")
	call(client.StateEnded, "bob", "", "you hung up")
	if _, ok := s.Call(); ok || len(s.Rings()) != 0 {
		t.Error("something is left of calls that are over")
	}
	call(client.StateAsked, "", "#lobby", "")
	if c, _ = s.Call(); c.With != lobby || c.Talking {
		t.Errorf("asked for: %+v", c)
	}
	call(client.StateDenied, "", "#lobby", "they declined")
	s.looks(lobby, "* you call all in #lobby; /hangup gives up", "* no call with all in #lobby: they declined")
	s.looks(bob, "* bob calls you: /answer bob or /deny bob", "* you are in a call with bob", "* dan takes part in your call", "* the call with bob is over: you hung up")
}

// Lines from a history stand before the others and are not unread.
func TestRestore(t *testing.T) {
	s := alice(t, relayed)
	s.says("bob", "now")
	s.Restore(bob, []Record{{At: noon.Add(-2), From: "bob", Text: "alice\x1b"}, {At: noon.Add(-1), Own: true, From: "alice", Text: "yes", State: Waiting}}, false)
	s.Restore(bob, []Record{{At: noon.Add(-3), From: "bob", Text: "first"}}, true)
	s.Restore(bob, []Record{{At: noon.Add(-3), From: "bob", Text: "first"}}, true) // asked for twice
	s.looks(bob, "<bob> first", `<bob> alice\x1b @`, "<alice> yes [failed] ("+whyEnded+")", "---", "<bob> now")
	if c := s.Conversation(bob); c.Unread() != 1 || c.Mentions() != 0 {
		t.Errorf("%d unread, %d mentions", c.Unread(), c.Mentions())
	}
	check(t, s.Book)
	s.Forget(bob)
	s.looks(bob, "")
	s.lists("[@home], bob")
	check(t, s.Book)
}

// What a command of the screen answers stands where it was asked, or at home.
func TestTell(t *testing.T) {
	s := alice(t, direct)
	s.Open(bob)
	s.Tell(bob, s.now, "found:\n1\x1b")
	s.Tell(eve, s.now, "found nothing")
	s.looks(bob, "* found:", `1\x1b`)
	if got := picture(s.Conversation(home)); !strings.HasSuffix(got, "* found nothing\n") {
		t.Errorf("home:\n%s", got)
	}
	check(t, s.Book)
}

// Standing: who can be talked with, as lines open and close and people come and go.
func TestStanding(t *testing.T) {
	opened, closed := client.View{Event: client.Opened, Name: "bob"}, client.View{Event: client.Closed, Name: "bob", Why: "x"}
	came, went := client.View{Event: client.Came, Name: "bob"}, client.View{Event: client.Went, Name: "bob"}
	says := client.View{Event: client.Said, From: "bob"}
	for _, c := range []struct {
		name   string
		traits chat.Traits
		views  []client.View
		want   Standing
	}{
		{"begun", direct, nil, Ready},
		{"a line is up", direct, []client.View{opened}, Open},
		{"and down", direct, []client.View{opened, closed}, Closed},
		{"up again", direct, []client.View{opened, closed, opened}, Open},
		{"the server has lost them, the line not", direct, []client.View{opened, went}, Open},
		{"they are gone", direct, []client.View{came, went}, Closed},
		{"and back", direct, []client.View{came, went, came}, Ready},
		{"gone, through a server", relayed, []client.View{came, went}, Closed},
		{"gone, and says something", relayed, []client.View{came, went, says}, Ready},
	} {
		s := alice(t, c.traits)
		s.Open(bob)
		for _, v := range c.views {
			s.show(v)
		}
		if got, why := s.Current().Standing(); got != c.want || (got == Closed) != (why != "") {
			t.Errorf("%s: %v %q, want %v", c.name, got, why, c.want)
		}
	}
	for _, c := range []struct {
		name   string
		traits chat.Traits
		here   bool
		want   Standing
	}{
		{"not here", relayed, false, Closed}, {"here", relayed, true, Ready}, {"nobody knows", chat.Traits{}, false, Ready},
	} {
		s := alice(t, c.traits)
		if c.here {
			s.show(came)
		}
		s.Restore(bob, nil, true)
		if got, _ := s.Conversation(bob).Standing(); got != c.want {
			t.Errorf("found again, %s: %v", c.name, got)
		}
	}
}
