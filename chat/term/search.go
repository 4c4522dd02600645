package term

import (
	"fmt"

	tea "charm.land/bubbletea/v2"

	"mim/chat/book"
)

// A searching is a search in the open conversation: what is found is marked, and
// scrolled to, one by one from the latest on.
type searching struct {
	typed editor
	in    book.Key
	found []uint64
	at    int
}

func (s *searching) words() string { return s.typed.text }

// search begins a search for words.
func (m *model) search(words string) {
	s := &searching{typed: editor{rule: m.rule}, in: m.book.Current().Key()}
	s.typed.set(oneRow(words))
	m.top = s
	s.look(m)
}

// look finds what is typed now.
func (s *searching) look(m *model) {
	s.found, s.at = m.book.Search(s.in, s.typed.text), 0
	s.show(m)
}

func (s *searching) show(m *model) {
	if s.at < len(s.found) {
		m.show(s.found[s.at])
	}
}

func (s *searching) press(m *model, key, text string) (bool, tea.Cmd) {
	switch key {
	case "esc", "ctrl+c", "ctrl+f":
		m.top = nil
	case "enter", "kpenter", "up":
		s.at = min(s.at+1, max(0, len(s.found)-1))
		s.show(m)
	case "down":
		s.at = max(0, s.at-1)
		s.show(m)
	case "pgup", "pgdown":
		return false, nil
	default:
		if !editKey(&s.typed, key, text) {
			m.top = nil // any other key is for what was found
			return false, nil
		}
		s.look(m)
	}
	return true, nil
}

func (s *searching) rows(*model, layout) []string { return nil }
func (s *searching) line() *editor                { return &s.typed }
func (s *searching) prompt() string               { return "search> " }

func (s *searching) hint() string {
	switch {
	case s.typed.text == "":
		return "type what to look for  Esc: end"
	case len(s.found) == 0:
		return "not found in what is shown here  Esc: end"
	}
	return fmt.Sprintf("%d of %d  Up: earlier  Down: later  Esc: end", s.at+1, len(s.found))
}
