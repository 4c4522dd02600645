package book

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"mim/chat"
	"mim/chat/client"
)

// What is typed, where, and what the client is told of it.
func TestEnter(t *testing.T) {
	annas := Key{Person, "Anna Maria"}
	for _, c := range []struct {
		name  string
		in    Key
		draft string
		lines []string
		local string
		after string // the draft
	}{
		{"to a person", bob, "hi", []string{`@"bob" hi`}, "", ""},
		{"of two words", annas, "hi  there ", []string{`@"Anna Maria" hi  there`}, "", ""},
		{"with a quote in the name", Key{Person, `x"y`}, "hi", []string{`@x"y hi`}, "", ""},
		{"to a room", lobby, "hi", []string{"/say #lobby hi"}, "", ""},
		{"to all", Key{Kind: Everyone}, "hi", []string{"/all hi"}, "", ""},
		{"nothing", bob, " \n ", nil, "", " \n "},
		{"nobody", home, "hi", nil, "", "hi"},
		{"several lines", bob, "one\n\ntwo \n/three", []string{`@"bob" one`, `@"bob" two`, `@"bob" /three`}, "", ""},
		{"a slash", bob, "//usr", []string{`@"bob" /usr`}, "", ""},
		{"a slash and lines", lobby, "//usr\n//bin", []string{"/say #lobby /usr", "/say #lobby //bin"}, "", ""},
		{"a command", bob, "/who", []string{"/who"}, "", ""},
		{"behind blanks", bob, "  /who", []string{"/who"}, "", ""},
		{"somebody else", lobby, "@eve psst", []string{"@eve psst"}, "", ""},
		{"somebody else, several lines", lobby, "@eve psst\nnot for all", []string{"@eve psst not for all"}, "", ""},
		{"a command of several lines", lobby, "/msg eve a\nb", []string{"/msg eve a b"}, "", ""},
		{"at home", home, "@eve psst", []string{"@eve psst"}, "", ""},
		{"of the screen", bob, "/search  two words", nil, "/search|two words", ""},
		{"leave this room", lobby, "/part", []string{"/part #lobby"}, "", ""},
		{"leave another", lobby, "/part #tea", []string{"/part #tea"}, "", ""},
		{"close what is not there", bob, "/close dan", []string{"/close dan"}, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := alice(t, rooms)
			s.Open(c.in)
			s.SetDraft(c.in, c.draft)
			e := s.Enter(s.now)
			local := ""
			if e.Local != "" {
				local = e.Local + "|" + e.Rest
			}
			if !slices.Equal(e.Lines, c.lines) || local != c.local || s.Current().Draft() != c.after {
				t.Errorf("%q %q, draft %q; want %q %q, %q", e.Lines, local, s.Current().Draft(), c.lines, c.local, c.after)
			}
		})
	}
}

// /close takes a conversation away and ends it for the other side, too.
func TestClose(t *testing.T) {
	for _, c := range []struct {
		name, draft string
		lines       []string
		list        string
	}{
		{"the open one", "/close", []string{`/close "bob"`}, "@home, [eve]"},
		{"another", "/close eve", []string{}, "@home, [bob]"},
		{"as it is typed", `/close @"BOB"`, []string{`/close "bob"`}, "@home, [eve]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := alice(t, direct)
			s.says("eve", "hi")
			s.show(client.View{Event: client.Opened, Name: "bob"})
			s.Open(eve)
			s.Open(bob)
			s.SetDraft(bob, c.draft)
			if e := s.Enter(s.now); strings.Join(e.Lines, ",") != strings.Join(c.lines, ",") {
				t.Errorf("lines %q, want %q", e.Lines, c.lines)
			}
			s.lists(c.list)
			s.show(client.View{Event: client.Closed, Name: "bob", Why: "you ended the talk"})
			if c.list == "@home, [eve]" {
				s.lists(c.list)
			}
		})
	}
	s := alice(t, direct)
	s.SetDraft(home, "/close")
	if e := s.Enter(s.now); len(e.Lines) != 1 || s.Current().Key() != home {
		t.Errorf("@home was closed: %+v", e)
	}
}

// The history of what was typed, by conversation.
func TestTyped(t *testing.T) {
	s := alice(t, rooms)
	enter := func(k Key, text string) {
		s.Open(k)
		s.SetDraft(k, text)
		s.Enter(s.now)
	}
	for _, text := range []string{"one", "two", "two", "three"} {
		enter(bob, text)
	}
	enter(eve, "other")
	s.Open(bob)
	s.SetDraft(bob, "unsent")
	for _, step := range []struct {
		earlier bool
		want    string
		ok      bool
	}{
		{false, "unsent", false}, {true, "three", true}, {true, "two", true}, {true, "one", true}, {true, "one", false},
		{false, "two", true}, {false, "three", true}, {false, "unsent", true}, {false, "unsent", false},
	} {
		move := s.Later
		if step.earlier {
			move = s.Earlier
		}
		if got, ok := move(); got != step.want || ok != step.ok || s.Current().Draft() != got {
			t.Fatalf("%+v: %q, %v", step, got, ok)
		}
	}
	for i := range 3 * maxTyped {
		enter(bob, fmt.Sprint(i))
	}
	n := 0
	for ok := true; ok; n++ {
		_, ok = s.Earlier()
	}
	if n-1 != maxTyped {
		t.Errorf("the history has %d", n-1)
	}
}

func TestComplete(t *testing.T) {
	words := Candidates{
		Names:    []string{"bob", "Anna Maria", "Bobby", "eve", "bo\"x"},
		Commands: []string{"/join", "/msg", "/mute", "/part"},
		Rooms:    []string{"#lobby", "#tea"},
	}
	for _, c := range []struct{ name, text, want string }{ // | is the cursor; options are joined with ,
		{"a command", "/m|", "0-2 /msg ,/mute "},
		{"no command elsewhere", "see /m|", "4-6 "},
		{"a room", "/join #t|", "6-8 #tea "},
		{"a room in a text", "in #L| or", "3-5 #lobby "},
		{"an address", "@bo|", `0-3 @bob ,@Bobby ,@bo"x `},
		{"an address with blanks", "@anna|", `0-5 @"Anna Maria" `},
		{"in quotes", `@"anna m|`, `0-8 @"Anna Maria" `},
		{"a mention", "hi @e|", "3-5 @eve "},
		{"a name at the beginning", "e|", "0-1 eve: "},
		{"a name in a text", "ask e|", "4-5 eve "},
		{"a name of two words in a text", "ask ann|", "4-7 Anna Maria "},
		{"of a command", "/msg ann|", `5-8 "Anna Maria" `},
		{"of a command, all", "/msg |", `5-5 bob ,"Anna Maria" ,Bobby ,eve ,bo"x `},
		{"nothing", "|", "0-0 "},
		{"nothing behind a blank", "hi |", "3-3 "},
		{"nothing fits", "xyz|", "0-3 "},
		{"in the middle", "e| hi", "0-1 eve: "},
		{"on the second line", "hi\ne|", "3-4 eve "},
	} {
		t.Run(c.name, func(t *testing.T) {
			at := strings.IndexByte(c.text, '|')
			r := Complete(c.text[:at]+c.text[at+1:], at, words)
			if got := fmt.Sprintf("%d-%d %s", r.From, r.To, strings.Join(r.Options, ",")); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
	for at := -1; at < 8; at++ { // no panic, and never inside a character
		if r := Complete("é你", at, words); r.From > r.To || r.From < 0 || r.To > len("é你") {
			t.Errorf("at %d: %+v", at, r)
		}
	}
}

// Who spoke last in this conversation is offered first, then who spoke
// elsewhere, then who is here; ourselves, and names that act, never.
func TestCandidates(t *testing.T) {
	s := alice(t, rooms)
	s.show(client.View{Event: client.Joined, Room: "#lobby", People: []client.Person{{Name: "alice"}, {Name: "zoe"}, {Name: "bob"}, {Name: "dan"}, {Name: "x\x1b"}}})
	s.saysIn("#lobby", "dan", "1")
	s.saysIn("#lobby", "zoe", "2")
	s.says("eve", "3")
	s.Open(lobby)
	c := s.Candidates()
	if got := strings.Join(c.Names, " "); got != "zoe dan bob eve" {
		t.Errorf("names %s", got)
	}
	if got := strings.Join(c.Rooms, " "); got != "#lobby" {
		t.Errorf("rooms %s", got)
	}
	for _, want := range []string{"/join", "/search", "/close", "/quit"} {
		if !slices.Contains(c.Commands, want) {
			t.Errorf("no %s among %s", want, c.Commands)
		}
	}
	s.Open(eve)
	if got := s.Candidates().Names[0]; got != "eve" {
		t.Errorf("in a talk with eve %s is first", got)
	}
}

func TestSearch(t *testing.T) {
	s := alice(t, rooms)
	for _, text := range []string{"Grüße", "nothing", "GRÜSSE und Grüße", "last"} {
		s.says("bob", text)
	}
	found := func(words string) (all []string) {
		for _, id := range s.Search(bob, words) {
			l, ok := s.Conversation(bob).Line(id)
			if !ok {
				t.Fatalf("line %d is not there", id)
			}
			all = append(all, l.Text)
		}
		return all
	}
	for _, c := range []struct {
		words string
		want  []string
	}{
		{"grüße", []string{"GRÜSSE und Grüße", "Grüße"}},
		{"BOB", []string{"last", "GRÜSSE und Grüße", "nothing", "Grüße"}},
		{" ", nil}, {"xyz", nil},
	} {
		if got := found(c.words); !slices.Equal(got, c.want) {
			t.Errorf("%q: %q", c.words, got)
		}
	}
	if s.Search(eve, "x") != nil {
		t.Error("found something where nothing is")
	}
}

// Whatever comes and whatever is done, the book is what it says it is.
func TestAnything(t *testing.T) {
	events := []client.Event{client.Ready, client.Came, client.Went, client.Table, client.Opened, client.Closed, client.Said, client.Said, client.Said,
		client.Sent, client.Waiting, client.Joined, client.UserJoin, client.UserLeave, client.Called, client.Voices, client.Notice, client.Error,
		client.Offline, client.Online, client.Trying, client.Bye, "unknown"}
	names := []string{"", "alice", "bob", "eve", "Anna Maria", "ALL", "x\x1b\u202e", "#lobby", `q"q`, "\xff"}
	rooms := []string{"", "", "", "#lobby", "#tea\n"}
	states := []string{"", client.StateSent, client.StateDelivered, client.StateFailed, client.StateAsked, client.StateRinging, client.StateAccepted, client.StateEnded}
	rounds := 200
	if testing.Short() {
		rounds = 20
	}
	for seed := range uint64(rounds) {
		r := rand.New(rand.NewPCG(seed, 1))
		pick := func(list []string) string { return list[r.IntN(len(list))] }
		tr := []chat.Traits{direct, relayed, {Dialect: "dtu", Reach: chat.ByLink, Rooms: true}}[r.IntN(3)]
		b := New(Config{Name: "alice", Traits: tr, Zone: time.UTC, Lines: 20, Conversations: 6, Bytes: 20_000, Local: []string{"/search"}})
		now := noon
		for range 500 {
			now = now.Add(time.Duration(r.IntN(3)) * time.Second)
			k := b.Conversations()[r.IntN(len(b.Conversations()))].Key()
			switch r.IntN(14) {
			case 0:
				b.Open(k)
			case 1:
				b.SetDraft(k, pick([]string{"", "x", "/close", "/part", "a\nb", "//x", "@bob hi"}))
			case 2:
				b.Enter(now)
			case 3:
				b.Close(k)
			case 4:
				b.Focus(r.IntN(2) == 0)
			case 5:
				a := Anchor{}
				if l := b.Current().Lines(); len(l) > 0 && r.IntN(2) == 0 {
					a.Line = l[r.IntN(len(l))].ID
				}
				b.Scroll(a)
			case 6:
				b.Restore(k, []Record{{At: now, From: pick(names), Text: "old\x07", Own: r.IntN(2) == 0, State: Waiting}}, r.IntN(2) == 0)
			case 7:
				b.Forget(k)
			case 8:
				b.Earlier()
				b.Later()
				b.Candidates()
				b.People(k)
				b.Banner(now)
				b.NextActive()
			default:
				v := client.View{Event: events[r.IntN(len(events))], At: now, Name: pick(names), From: pick(names), To: pick(names), Room: pick(rooms),
					Text: pick([]string{"", "hi Alice", "a\x1b[2J\nb\u202e", strings.Repeat("long ", 200)}), State: pick(states), Why: pick(names), Ticket: uint64(r.IntN(20)),
					People: []client.Person{{Name: pick(names)}}, Voices: []client.Voice{{}, {Name: pick(names)}}}
				b.Apply(v)
				b.Record(v)
			}
			check(t, b)
		}
	}
}

// crowd is a book of a room with 1,000 people who are all here.
func crowd() (b *Book, names []string) {
	b = New(Config{Name: "alice", Traits: chat.Traits{Reach: chat.ByLink, Rooms: true, Presence: true}, Zone: time.UTC})
	var people []client.Person
	for i := range 1000 {
		names = append(names, fmt.Sprint("person", i))
		people = append(people, client.Person{Name: names[i]})
		b.Apply(client.View{Event: client.Came, At: noon, Name: names[i]})
	}
	b.Apply(client.View{Event: client.Joined, At: noon, Room: "#lobby", People: people})
	return b, names
}

// BenchmarkFlood: a message in a room of 1,000 people, of a flood that lasts.
func BenchmarkFlood(b *testing.B) {
	book, names := crowd()
	v := client.View{Event: client.Said, Room: "#lobby", Text: "a text of usual length, which says that alice may come, with an ü"}
	at := noon
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		at = at.Add(5 * time.Millisecond)
		v.At, v.From = at, names[i%len(names)]
		book.Apply(v)
	}
}

// BenchmarkComeAndGo: somebody of 1,000 comes or goes, and the list is drawn.
func BenchmarkComeAndGo(b *testing.B) {
	for _, drawn := range []bool{false, true} {
		b.Run(fmt.Sprint("drawn=", drawn), func(b *testing.B) {
			book, names := crowd()
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				e := client.UserLeave
				if i%2 == 1 {
					e = client.UserJoin
				}
				book.Apply(client.View{Event: e, At: noon, Room: "#lobby", Name: names[i/2%len(names)]})
				if drawn {
					book.People(lobby)
				}
			}
		})
	}
}

// BenchmarkTalks: a message of one of 400 strangers, each in a talk of their own.
func BenchmarkTalks(b *testing.B) {
	book, names := crowd()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		book.Apply(client.View{Event: client.Said, At: noon, From: names[i%400], Text: "hi"})
	}
}

// A message costs few allocations: the strings it is made of.
func TestAllocs(t *testing.T) {
	b, names := crowd()
	v := client.View{Event: client.Said, Room: "#lobby", Text: "a plain text without a name"}
	i := 0
	n := testing.AllocsPerRun(1000, func() {
		v.At, v.From = noon.Add(time.Duration(i)), names[i%1000]
		i++
		b.Apply(v)
	})
	if n > 4 {
		t.Errorf("%v allocations for a message", n)
	}
}
