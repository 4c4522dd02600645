package term

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"mim/chat"
	"mim/chat/book"
)

// A switching is the list of all conversations and people, less what does not
// have the typed words in it.
type switching struct {
	words editor
	at    int // which of the entries is chosen
}

// A goal is an entry of the list.
type goal struct {
	key   book.Key
	shown string
	more  string
}

func (m *model) switcher() { m.top = &switching{words: editor{rule: m.rule}} }

// goals are the entries: conversations, then people who have none.
func (m *model) goals(words string) (list []goal) {
	words = chat.Fold(strings.TrimSpace(words))
	add := func(g goal) {
		if strings.Contains(chat.Fold(g.shown), words) {
			list = append(list, g)
		}
	}
	for _, c := range m.book.Conversations() {
		more := ""
		if standing, _ := c.Standing(); standing == book.Closed {
			more = "closed"
		}
		if n := c.Unread(); n > 0 {
			more = fmt.Sprint(n, " unread")
		}
		add(goal{c.Key(), c.Key().String(), more})
	}
	for _, p := range m.book.People(book.Key{}) {
		if k := (book.Key{Kind: book.Person, Name: p.Name}); !p.Us && m.book.Conversation(k) == nil {
			add(goal{k, p.Shown, "is here"})
		}
	}
	return list
}

func (s *switching) press(m *model, key, text string) (bool, tea.Cmd) {
	list := m.goals(s.words.text)
	s.at = clamp(s.at, 0, max(0, len(list)-1))
	switch key {
	case "esc", "ctrl+c", "ctrl+k":
		m.top = nil
	case "up", "ctrl+p":
		s.at = max(0, s.at-1)
	case "down", "ctrl+n", "tab":
		s.at = min(s.at+1, max(0, len(list)-1))
	case "pgup":
		s.at = max(0, s.at-10)
	case "pgdown":
		s.at = min(s.at+10, max(0, len(list)-1))
	case "enter", "kpenter":
		if len(list) == 0 {
			m.says = "nobody of that name is here"
			return true, nil
		}
		m.open(list[s.at].key)
	default:
		if !editKey(&s.words, key, text) {
			return false, nil
		}
		s.at = 0
	}
	return true, nil
}

func (s *switching) rows(m *model, l layout) []string {
	list := m.goals(s.words.text)
	at := clamp(s.at, 0, max(0, len(list)-1))
	rows := []string{m.look.strong.on(m.rule.fit(" Where to? Type a part of the name.", l.middle))}
	first := max(0, at-(l.text-2))
	for i := first; i < len(list) && len(rows) < l.text; i++ {
		row := m.rule.fit(fmt.Sprintf("  %s  %s", list[i].shown, list[i].more), l.middle)
		if i == at {
			row = m.look.selected.on(m.rule.fit(fmt.Sprintf("> %s  %s", list[i].shown, list[i].more), l.middle))
		}
		rows = append(rows, row)
	}
	if len(list) == 0 {
		rows = append(rows, m.look.faint.on(m.rule.fit("  nobody and nothing", l.middle)))
	}
	return rows
}

func (s *switching) line() *editor  { return &s.words }
func (s *switching) prompt() string { return "go to> " }
func (s *switching) hint() string   { return "Up, Down: choose  Enter: go there  Esc: stay" }
