package term

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
)

// A question stands in the place of the input until it is answered.
type question struct {
	text string
	// Two answers by a key each; Enter is the first one, Esc the second.
	yes, no string // what the keys y and n do, as said behind the question
	do      func(m *model) tea.Cmd
	// who types on has said no
	typeOn bool
}

// typesOn takes the question away if what is typed is no answer to it, so that
// no line that somebody types without looking ends in an Enter that says yes.
func (m *model) typesOn(text string) bool {
	if !m.asks.typeOn || text == "" || strings.ContainsAny(text, "yYnN") {
		return false
	}
	m.asks = nil
	return true
}

// answer takes a key for the question.
func (m *model) answer(key string) tea.Cmd {
	q := m.asks
	switch key {
	case "y", "Y", "shift+y", "enter", "kpenter":
		m.asks = nil
		return q.do(m)
	case "n", "N", "shift+n", "esc":
		m.asks = nil
	case "ctrl+c":
		m.asks = nil
		if m.leaving {
			m.cfg.Interrupt()
		}
	}
	return nil
}

func (q *question) row() string { return fmt.Sprintf("%s  y: %s  n: %s", q.text, q.yes, q.no) }

func leaveQuestion() *question {
	return &question{text: "Leave mim?", yes: "leave", no: "stay", typeOn: true, do: func(m *model) tea.Cmd {
		m.leave()
		return nil
	}}
}

// leave ends the messenger as /quit does. The screen stays until all is said.
func (m *model) leave() {
	m.leaving = true
	m.cfg.Line("/quit")
}

func pasteQuestion(s string, lines int) *question {
	return &question{text: fmt.Sprintf("Paste %d lines?", lines), yes: "into the input", no: "forget them", do: func(m *model) tea.Cmd {
		m.insert(s)
		return nil
	}}
}
