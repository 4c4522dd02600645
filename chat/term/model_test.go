package term

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"mim/chat"
	"mim/chat/book"
	"mim/chat/client"
)

// A sitting is a model with somebody in front of it, and a clock that they set.
type sitting struct {
	testing.TB
	*model
	now   time.Time
	lines []string // what went to the messenger
	hurry int      // how often it was interrupted
}

func sit(t testing.TB, width, height int, change ...func(*Config)) *sitting {
	s := &sitting{TB: t, now: time.Date(2026, 11, 20, 12, 4, 0, 0, time.UTC)}
	cfg := Config{Name: "alice", Server: "host:4242", Traits: chat.Traits{Dialect: "mim0", Reach: chat.ByPeerTCP, Presence: true, Rooms: true}, Zone: time.UTC,
		Line: func(l string) { s.lines = append(s.lines, l) }, Interrupt: func() { s.hurry++ }, Now: func() time.Time { return s.now }}
	for _, c := range change {
		c(&cfg)
	}
	s.model = newModel(cfg)
	s.Update(tea.WindowSizeMsg{Width: width, Height: height})
	s.hear(client.View{Event: client.Ready, Name: "alice", Address: "host:4242", Listening: "here:1"})
	return s
}

// hear takes views at the time that it is.
func (s *sitting) hear(views ...client.View) {
	for i := range views {
		if views[i].At.IsZero() {
			views[i].At = s.now
		}
	}
	s.Update(arrived{views: views})
}

// type types a text, press presses keys by name.
func (s *sitting) typeText(text string) {
	for _, r := range text {
		s.Update(tea.KeyPressMsg{Code: r, Text: string(r)})
	}
}

var codes = map[string]rune{"enter": tea.KeyEnter, "esc": tea.KeyEscape, "up": tea.KeyUp, "down": tea.KeyDown, "pgup": tea.KeyPgUp,
	"pgdown": tea.KeyPgDown, "tab": tea.KeyTab, "f1": tea.KeyF1, "f7": tea.KeyF7, "f8": tea.KeyF8, "left": tea.KeyLeft, "backspace": tea.KeyBackspace}

func (s *sitting) pressKeys(names ...string) {
	for _, name := range names {
		k := tea.KeyPressMsg{}
		if rest, ok := strings.CutPrefix(name, "ctrl+"); ok {
			k.Mod, name = tea.ModCtrl, rest
		} else if rest, ok := strings.CutPrefix(name, "alt+"); ok {
			k.Mod, name = tea.ModAlt, rest
		} else if rest, ok := strings.CutPrefix(name, "shift+"); ok {
			k.Mod, name = tea.ModShift, rest
		}
		if code, ok := codes[name]; ok {
			k.Code = code
		} else {
			k.Code = []rune(name)[0]
			if k.Mod == 0 {
				k.Text = name
			}
		}
		s.Update(k)
	}
}

// rowsShown are the rows of the screen, without looks.
func (s *sitting) rowsShown() []string {
	return strings.Split(ansi.Strip(s.View().Content), "\n")
}

func (s *sitting) shows(texts ...string) {
	s.Helper()
	all := strings.Join(s.rowsShown(), "\n")
	for _, text := range texts {
		if !strings.Contains(all, text) {
			s.Errorf("%q is not shown:\n%s", text, all)
		}
	}
}

func (s *sitting) hides(texts ...string) {
	s.Helper()
	all := strings.Join(s.rowsShown(), "\n")
	for _, text := range texts {
		if strings.Contains(all, text) {
			s.Errorf("%q is shown:\n%s", text, all)
		}
	}
}

func (s *sitting) sent(lines ...string) {
	s.Helper()
	if !slices.Equal(s.lines, lines) {
		s.Errorf("sent %q, want %q", s.lines, lines)
	}
	s.lines = nil
}

// The state of a text of ours, and why it failed.
func TestFates(t *testing.T) {
	for _, c := range []struct {
		what string
		sent client.View
		want string
	}{
		{"waiting", client.View{}, "alice: hello …"},
		{"sent", client.View{State: client.StateSent}, "alice: hello ✓"},
		{"delivered", client.View{State: client.StateDelivered}, "alice: hello ✓✓"},
		{"stored", client.View{State: client.StateStored}, "alice: hello (kept by the server"},
		{"failed", client.View{State: client.StateFailed, Why: "nobody of that name"}, "alice: hello ✗ not sent: nobody of that name"},
		{"unsure", client.View{State: client.StateFailed, Why: "the line broke", Unsure: true}, "alice: hello ✗ may not have arrived: the line broke"},
	} {
		t.Run(c.what, func(t *testing.T) {
			s := sit(t, 100, 20)
			s.hear(client.View{Event: client.Came, Name: "bob"})
			s.typeText("@bob hello")
			s.pressKeys("enter")
			s.sent("@bob hello")
			s.hear(client.View{Event: client.Waiting, To: "bob", Text: "hello", Ticket: 1})
			if c.sent.State != "" {
				c.sent.Event, c.sent.To, c.sent.Text, c.sent.Ticket = client.Sent, "bob", "hello", 1
				s.hear(c.sent)
			}
			s.shows(c.want, "bob> ")
		})
	}
}

// What was refused is in the input again, as it was typed.
func TestRefused(t *testing.T) {
	s := sit(t, 100, 20)
	s.typeText("@nobody hello")
	s.pressKeys("enter")
	s.shows("@home> @NAME hello")
	s.hear(client.View{Event: client.Error, Kind: "unknown", Text: "nobody here is called nobody", Line: "@nobody hello"})
	s.shows("! nobody here is called nobody", "@home> @nobody hello")
}

func TestLeaving(t *testing.T) {
	s := sit(t, 80, 20)
	s.typeText("half a line")
	s.pressKeys("ctrl+c")
	s.shows("@home> @NAME hello")
	s.pressKeys("ctrl+c")
	s.shows("Leave mim?")
	s.pressKeys("n")
	s.hides("Leave mim?")
	s.pressKeys("ctrl+c", "enter")
	s.sent("/quit")
	s.shows("leaving as soon as all is said")
	s.pressKeys("ctrl+c")
	if s.hurry != 1 {
		t.Error("a second Ctrl+C does not hurry")
	}
}

// Who types on without a look at the question stays, with all that was typed.
func TestLeavingTypedOver(t *testing.T) {
	s := sit(t, 80, 20)
	s.pressKeys("ctrl+c")
	s.shows("Leave mim?")
	s.typeText("@bob hi")
	s.hides("Leave mim?")
	s.shows("@home> @bob hi")
	s.pressKeys("enter")
	s.sent("@bob hi")
}

// Esc and a letter right behind it look like Alt and that letter.
func TestEscapeAndALetter(t *testing.T) {
	s := sit(t, 80, 20)
	s.hear(client.View{Event: client.Said, From: "bob", Text: "hi"})
	s.pressKeys("f1")
	s.shows("Write to somebody")
	s.pressKeys("alt+h")
	s.hides("Write to somebody")
	s.typeText("ello")
	s.shows("@home> hello")
	s.pressKeys("ctrl+c", "ctrl+c")
	s.shows("Leave mim?")
	s.pressKeys("alt+a") // after a question nothing else is meant
	s.hides("Leave mim?")
	s.shows("@home> a")
	s.pressKeys("ctrl+c", "ctrl+k", "alt+2")
	s.shows("bob> write to bob")
	s.pressKeys("alt+up")
	s.shows("bob> write to bob")
}

// What became of a text that was said from elsewhere is seen where one is.
func TestFailedElsewhere(t *testing.T) {
	s := sit(t, 80, 20)
	s.hear(client.View{Event: client.Said, From: "bob", Text: "hi"})
	s.pressKeys("alt+2")
	s.hear(client.View{Event: client.Waiting, To: "eve", Text: "psst", Ticket: 7},
		client.View{Event: client.Sent, To: "eve", Text: "psst", Ticket: 7, State: client.StateFailed, Why: "no such user"})
	s.shows("not sent to eve: no such user", "bob> write to bob")
}

// What counts seconds stands above the text.
func TestNotices(t *testing.T) {
	s := sit(t, 100, 20)
	s.hear(client.View{Event: client.Opened, Name: "bob", Address: "10.0.0.2:4300"},
		client.View{Event: client.Offline, Why: "connection reset"}, client.View{Event: client.Trying, Until: s.now.Add(8 * time.Second)})
	s.shows("server gone since 12:04, 1 direct talk still open, trying again in 8 s")
	s.now = s.now.Add(3 * time.Second)
	s.Update(tick{})
	s.shows("trying again in 5 s")
	s.hear(client.View{Event: client.Online})
	s.hides("server gone")

	s.hear(client.View{Event: client.Called, State: client.StateRinging, Name: "bob"})
	s.shows("bob calls you: /answer bob or /deny bob")
	s.typeText("/answer bob")
	s.pressKeys("enter")
	s.sent("/answer bob")
	s.hear(client.View{Event: client.Called, State: client.StateAccepted, Name: "bob"})
	s.now = s.now.Add(75 * time.Second)
	s.Update(tick{})
	s.shows("in a call with bob 1:15", "you [", "/hangup ends it")
	s.hear(client.View{Event: client.Called, State: client.StateEnded, Name: "bob"})
	s.hides("in a call with")
}

func TestMeter(t *testing.T) {
	for _, c := range []struct {
		level float64
		want  string
	}{{-96, "[--------]"}, {-60, "[--------]"}, {-30, "[####----]"}, {0, "[########]"}, {20, "[########]"}} {
		if got := meter(c.level); got != c.want {
			t.Errorf("%v dB is %s, want %s", c.level, got, c.want)
		}
	}
}

func TestBell(t *testing.T) {
	said := book.News{Said: true}
	direct, named := said, said
	direct.Direct, named.Mention = true, true
	read := direct
	read.Read = true
	for _, c := range []struct {
		what string
		news book.News
		want string // the bells that ring
	}{
		{"in a room", said, "all"}, {"to us", direct, "dm mention all"}, {"our name", named, "mention all"},
		{"being read", read, ""}, {"a call", book.News{Ringing: true}, "dm mention all"}, {"somebody came", book.News{}, ""},
	} {
		var rings []string
		for b, word := range bellWords {
			if bell(b).rings(c.news) {
				rings = append(rings, word)
			}
		}
		if got := strings.Join(rings, " "); got != c.want {
			t.Errorf("%s: %q ring, want %q", c.what, got, c.want)
		}
	}
}

// The date between days, the time only where it is another.
func TestTimes(t *testing.T) {
	s := sit(t, 60, 20)
	say := func(text string) {
		s.hear(client.View{Event: client.Said, From: "bob", Text: text})
	}
	say("one")
	say("two")
	s.now = s.now.Add(time.Minute)
	say("three")
	s.now = s.now.Add(24 * time.Hour)
	say("four")
	s.pressKeys("alt+2")
	var got []string
	for _, row := range s.rowsShown() {
		if strings.Contains(row, "bob: ") || strings.Contains(row, "2026") {
			got = append(got, strings.TrimRight(strings.Trim(row, "─"), " "))
		}
	}
	want := []string{" 2026-11-20", "12:04 bob: one", "      bob: two", "12:05 bob: three", " 2026-11-21", "12:05 bob: four"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// No text of somebody else looks like another line: what they say begins behind
// their name, and goes on deeper than any name stands.
func TestOthersLines(t *testing.T) {
	s := sit(t, 60, 24)
	s.hear(client.View{Event: client.Said, From: "eve", Text: "hi\n12:04 bob: I owe you 10\n      * the server says so\nbob: yes"},
		client.View{Event: client.Said, From: "*", Text: "you are dismissed"})
	s.pressKeys("alt+2")
	for _, row := range s.rowsShown() {
		for _, lie := range []string{"bob: I owe", "bob: yes", "* the server says"} {
			if i := strings.Index(row, lie); i >= 0 && i < deepCells {
				t.Errorf("%q stands where mim writes: %q", lie, row)
			}
		}
	}
	s.pressKeys("alt+3")
	s.shows(`"*": you are dismissed`)
}

// Wherever it is scrolled to, the window is full, and the same way back leads to
// the end.
func TestScrolling(t *testing.T) {
	for _, height := range []int{8, 12, 24, 40} {
		s := sit(t, 60, height)
		r := rand.New(rand.NewPCG(7, uint64(height)))
		for i := range 200 {
			s.now = s.now.Add(time.Duration(r.IntN(3600)) * time.Second)
			s.hear(client.View{Event: client.Said, From: "bob", Text: fmt.Sprint(i, strings.Repeat(" word", r.IntN(40)))})
		}
		s.pressKeys("alt+2")
		for range 300 {
			s.scroll(r.IntN(60) - 25)
			l := s.layout()
			for i, row := range s.window(l) {
				if row == "" {
					t.Fatalf("height %d, %+v: row %d is empty", height, s.book.Current().Scrolled(), i)
				}
			}
		}
		s.scroll(1 << 20)
		first := s.window(s.layout())
		if !strings.Contains(first[0], "2026-11-20") {
			t.Errorf("height %d: %q is at the top", height, first[0])
		}
		pages := 0
		for ; s.book.Current().Scrolled() != (book.Anchor{}) && pages < 2000; pages++ {
			s.page(-1)
		}
		if pages == 0 || pages == 2000 {
			t.Errorf("height %d: %d pages to the end", height, pages)
		}
		s.shows(" 199")
	}
}

// Lines that come while somebody reads further up move nothing.
func TestScrolledStays(t *testing.T) {
	s := sit(t, 60, 20)
	for i := range 100 {
		s.hear(client.View{Event: client.Said, From: "bob", Text: fmt.Sprint("line ", i)})
	}
	s.pressKeys("alt+2", "pgup", "pgup")
	before := s.window(s.layout())
	s.hear(client.View{Event: client.Said, From: "bob", Text: "new"})
	if after := s.window(s.layout()); !slices.Equal(before, after) {
		t.Errorf("it moved:\n%q\n%q", before, after)
	}
	s.shows("scrolled, Esc", "1 unread")
	s.pressKeys("esc")
	s.shows("bob: new")
}

func TestSearch(t *testing.T) {
	s := sit(t, 60, 12)
	for i := range 100 {
		text := fmt.Sprint("line ", i)
		if i%40 == 7 {
			text = "Noodles at " + text
		}
		s.hear(client.View{Event: client.Said, From: "bob", Text: text})
	}
	s.pressKeys("alt+2")
	s.typeText("/search noodles")
	s.pressKeys("enter")
	s.shows("1 of 3", "Noodles at line 87")
	s.pressKeys("up")
	s.shows("2 of 3", "Noodles at line 47")
	s.pressKeys("up", "up")
	s.shows("3 of 3", "Noodles at line 7")
	s.pressKeys("down")
	s.shows("2 of 3")
	s.typeText("x")
	s.shows("not found")
	s.pressKeys("esc")
	s.shows("bob> write to bob")
}

func TestFind(t *testing.T) {
	for _, c := range []struct{ text, words, want string }{
		{"Lunch at noon", "LUNCH", "Lunch"}, {"Lunch", "dinner", ""}, {"GRÜSSE", "grüsse", "GRÜSSE"}, {"İstanbul", "istanbul", ""}, {"Kelvin K", "k", "K"}, {"x", "", ""},
	} {
		from, to := find(c.text, c.words)
		got := ""
		if from >= 0 {
			got = c.text[from:to]
		}
		if got != c.want && !(c.words == "istanbul" && got != "") {
			t.Errorf("%q in %q: %q, want %q", c.words, c.text, got, c.want)
		}
	}
}

// Tab goes through what fits, and the other way with Shift.
func TestTab(t *testing.T) {
	s := sit(t, 80, 20)
	s.hear(client.View{Event: client.Came, Name: "bob"}, client.View{Event: client.Came, Name: "bea"})
	s.typeText("@b")
	s.pressKeys("tab")
	s.shows("@home> @bea")
	s.pressKeys("tab")
	s.shows("@home> @bob")
	s.pressKeys("tab")
	s.shows("@home> @bea")
	s.pressKeys("shift+tab")
	s.shows("@home> @bob")
	s.typeText("hi")
	s.pressKeys("enter")
	s.sent("@bob hi")
	s.typeText("@xyz")
	s.pressKeys("tab")
	s.shows("nothing begins like that")
}

// A room that was asked for opens when we are in it; one that was not does not.
func TestGoAlong(t *testing.T) {
	s := sit(t, 80, 20)
	s.hear(client.View{Event: client.Joined, Room: "#lobby"})
	s.shows("@home>")
	s.typeText("/join #tea")
	s.pressKeys("enter")
	s.hear(client.View{Event: client.Joined, Room: "#tea", People: []client.Person{{Name: "alice"}, {Name: "bob"}}})
	s.shows("#tea> write to #tea", "in room: 2")
}

// Who types on while the conversation opens has the whole line in one place.
func TestGoAlongWhileTyping(t *testing.T) {
	s := sit(t, 80, 20)
	begun := func() {
		s.typeText("@bob hello")
		s.pressKeys("enter")
		s.typeText("are yu")
		s.pressKeys("left")
	}
	waits := client.View{Event: client.Waiting, To: "bob", Text: "hello", Ticket: 1}
	begun()
	s.hear(waits)
	s.typeText("o")
	s.shows("bob> are you")
	s.pressKeys("enter")
	s.sent("@bob hello", `@"bob" are you`)

	s.typeText("/join #tea")
	s.pressKeys("enter")
	s.typeText("for bo")
	s.hear(client.View{Event: client.Joined, Room: "#tea", People: []client.Person{{Name: "alice"}}})
	s.shows("Ctrl+K goes to #tea", "bob> for bo")
	s.typeText("b")
	s.pressKeys("alt+1")
	begun()
	s.hear(waits)
	s.shows("Ctrl+K goes to bob", "@home> are yu")
}

// Every key of the help is a key, and every key without a mention is one that
// people know.
func TestHelpIsComplete(t *testing.T) {
	s := sit(t, 120, 60)
	s.pressKeys("f1")
	s.shows("Write to somebody", "@bob hello", "/quit")
	all := strings.Join(s.helpRows(200), "\n")
	for _, c := range client.Commands(s.cfg.Traits) {
		if !strings.Contains(all, c.Word) {
			t.Errorf("%s is not in the help", c.Word)
		}
	}
	for _, word := range localWords(nil) {
		if !strings.Contains(all, word) {
			t.Errorf("%s is not in the help", word)
		}
	}
	for _, b := range bindings() {
		if b.do == nil && b.names != nil {
			t.Errorf("%v do nothing", b.names)
		}
	}
}

// A terminal that knows grapheme clusters is measured by them.
func TestMeasure(t *testing.T) {
	s := sit(t, 80, 20)
	if s.rule.width(family) != 6 {
		t.Errorf("width %d before the terminal has said anything", s.rule.width(family))
	}
	s.Update(tea.ModeReportMsg{Mode: ansi.ModeUnicodeCore, Value: ansi.ModeReset})
	if s.rule.width(family) != 2 || s.edit.rule.width(family) != 2 {
		t.Errorf("width %d where clusters are known", s.rule.width(family))
	}
}
