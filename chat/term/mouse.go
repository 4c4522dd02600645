package term

import (
	tea "charm.land/bubbletea/v2"

	"mim/chat/book"
)

// wheelRows is how far a notch of the wheel scrolls.
const wheelRows = 3

// wheel scrolls the conversation.
func (m *model) wheel(e tea.Mouse) {
	if m.top != nil || tooSmall(m.width, m.height) {
		return
	}
	switch e.Button {
	case tea.MouseWheelUp:
		m.scroll(wheelRows)
	case tea.MouseWheelDown:
		m.scroll(-wheelRows)
	}
}

// click opens what was clicked: a conversation on the left, a person on the
// right.
func (m *model) click(e tea.Mouse) {
	if e.Button != tea.MouseLeft || tooSmall(m.width, m.height) {
		return
	}
	l := m.layout()
	row := e.Y - 1 - l.rule - l.banner
	if row < 0 || row >= l.text {
		return
	}
	switch {
	case e.X < l.left:
		list := m.book.Conversations()
		if i := m.firstShown(l) + row; i < len(list) {
			m.open(list[i].Key())
		}
	case l.right > 0 && e.X >= l.width-l.right:
		if list := m.book.People(m.book.Current().Key()); row < len(list) && !list[row].Us {
			m.open(book.Key{Kind: book.Person, Name: list[row].Name})
		}
	}
}
