package term

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"mim/chat"
	"mim/chat/client"
)

// strange makes strings of what acts on terminals: controls, sequences, marks,
// joiners, characters that turn others around, tags, bytes that are no UTF-8.
func strange(r *rand.Rand) string {
	parts := []string{
		"\x1b[31m", "\x1b[2J", "\x1b]0;title\x07", "\x1b]8;;http://x\x1b\\", "\x1bP1$r0m\x1b\\", "\x9b31m", "\x9d0;x\x9c", "\u009b2J", "\u0090q\u009c",
		"\r", "\n", "\r\n", "\b", "\a", "\x7f", "\x00", "\t", "\v", "\f", "\x0e", "\u0085", "\u2028", "\u2029",
		"\u202e", "\u2066", "\u200b", "\u200d", "\u200e", "\ufeff", "\ufe0f", "\u0301", "\u0301\u0302\u0303", "\U000e0041", "\U000e0001", "\u115f", "\u3164",
		"\xff", "\xc3", "\xed\xa0\x80", "\xf4\x90\x80\x80",
		family, "👩🏽\u200d🚀", "🇩🇰", "🇩", "❤️", "你好", "e\u0301", "ﷺ", "ก็็็็็็็็็็", "\U0001f3f4\U000e0067\U000e0062\U000e007f", "各", "ᄀ", "ᅡ", "각",
		"alice", "@alice", "bob: ", "12:04 * ", " ", "\u00a0", "\u3000", "─", "│", "[0m", "]0;", "\\x1b",
	}
	var s strings.Builder
	for range 1 + r.IntN(12) {
		switch r.IntN(4) {
		case 0:
			s.WriteRune(rune(r.IntN(0x300)))
		case 1:
			s.WriteRune(rune(r.IntN(utf8.MaxRune)))
		default:
			s.WriteString(parts[r.IntN(len(parts))])
		}
	}
	return s.String()
}

// strangers is how many strings go through; a million, or fewer.
func strangers(some, short int) int {
	if testing.Short() || raceEnabled {
		return short
	}
	return some
}

// strangeViews are views with strange strings wherever others can put one, and how
// many strings there are.
func strangeViews(r *rand.Rand) (views []client.View, n int) {
	name := func() string { n++; return strange(r) }
	for range 6 {
		from := name()
		views = append(views,
			client.View{Event: client.Came, Name: from, Dialect: name(), Address: name()},
			client.View{Event: client.Said, From: from, Text: name()},
			client.View{Event: client.Said, From: name(), Text: name(), Room: "#" + name()},
			client.View{Event: client.Notice, Text: name()},
			client.View{Event: client.Error, Text: name()},
			client.View{Event: client.Opened, Name: from, Address: name()},
			client.View{Event: client.Said, From: from, Text: name() + name() + name()},
			client.View{Event: client.Closed, Name: from, Why: name()},
			client.View{Event: client.Went, Name: from},
			client.View{Event: client.Called, State: client.StateRinging, Name: from},
			client.View{Event: client.Joined, Room: "#" + name(), People: []client.Person{{Name: name()}, {Name: name()}}},
			client.View{Event: client.Offline, Why: name(), Text: name()},
		)
	}
	return views, n
}

// checkDrawn wants nothing in a view but text, line ends and our own styles, and
// every row with as many cells as it should have.
func checkDrawn(t *testing.T, m *model, v tea.View) {
	t.Helper()
	for _, r := range v.WindowTitle {
		if chat.Hidden(r) && r != joiner {
			t.Fatalf("the title has %U: %q", r, v.WindowTitle)
		}
	}
	rows := strings.Split(v.Content, "\n")
	if len(rows) != m.height {
		t.Fatalf("%d rows on a screen of %d", len(rows), m.height)
	}
	own := ownStyles(m.look)
	for _, row := range rows {
		if !utf8.ValidString(row) {
			t.Fatalf("no UTF-8: %q", row)
		}
		bare := row
		for strings.Contains(bare, "\x1b") {
			i := strings.IndexByte(bare, 0x1b)
			end := strings.IndexByte(bare[i:], 'm')
			if end < 0 || !own[bare[i:i+end+1]] {
				t.Fatalf("a sequence that is not ours: %q", bare[i:])
			}
			bare = bare[:i] + bare[i+end+1:]
		}
		for _, r := range bare {
			if r != joiner && chat.Hidden(r) {
				t.Fatalf("%U is on the screen: %q", r, bare)
			}
		}
		if w := m.rule.width(bare); w > m.width {
			t.Fatalf("%d cells in a row of %d: %q", w, m.width, bare)
		}
	}
}

// ownStyles are the sequences that mim makes.
func ownStyles(s *styles) map[string]bool {
	own := map[string]bool{ansi.ResetStyle: true}
	for _, look := range append([]style{s.strong, s.faint, s.alert, s.mention, s.selected, s.grey, s.line, s.good}, s.names...) {
		own[look.open] = true
	}
	return own
}

// A million strange strings as names, rooms, texts and reasons: no sequence and
// no character that acts reaches the terminal.
func TestStrangeStrings(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	total := strangers(1_000_000, 20_000)
	for n := 0; n < total; {
		s := sit(t, 40+r.IntN(100), 8+r.IntN(40))
		if r.IntN(2) == 0 {
			s.rule, s.edit.rule = byGrapheme, byGrapheme
		}
		for range 8 {
			views, more := strangeViews(r)
			n += more
			s.hear(views...)
			list := s.book.Conversations()
			s.open(list[r.IntN(len(list))].Key())
			checkDrawn(t, s.model, s.View())
			s.insert(strange(r))
			s.pressKeys([]string{"tab", "pgup", "alt+a", "ctrl+k", "ctrl+f", "esc", "f7", "f8", "f1", "alt+u"}[r.IntN(10)])
			s.insert(strange(r))
			n += 2
			checkDrawn(t, s.model, s.View())
			s.pressKeys("esc")
		}
	}
}
