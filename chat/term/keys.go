package term

import (
	"strconv"

	tea "charm.land/bubbletea/v2"

	"mim/chat/book"
)

// A binding is a key and what it does. The list of them is also the help.
type binding struct {
	names []string // as Bubble Tea writes them
	shown string   // as people do; empty: not in the help
	what  string
	do    func(m *model) tea.Cmd
}

// does makes a binding's action of a method that has no command to give.
func does(f func(m *model)) func(m *model) tea.Cmd {
	return func(m *model) tea.Cmd { f(m); return nil }
}

// edits is an action on the text that is typed.
func edits(f func(e *editor)) func(m *model) tea.Cmd {
	return func(m *model) tea.Cmd { f(&m.edit); m.typed(); return nil }
}

// bindings are all keys, in the order of the help.
func bindings() []*binding {
	list := []*binding{
		{[]string{"enter", "kpenter"}, "Enter", "send the line", (*model).send},
		{[]string{"alt+enter", "shift+enter", "ctrl+j"}, "Alt+Enter", "a new line in the text", does(func(m *model) { m.insert("\n") })},
		{[]string{"tab"}, "Tab", "complete a name, #room or /command; again: the next one", does(func(m *model) { m.complete(1) })},
		{[]string{"shift+tab"}, "", "", does(func(m *model) { m.complete(-1) })},
		{[]string{"up"}, "Up, Down", "what was typed here before", does((*model).up)},
		{[]string{"down"}, "", "", does((*model).down)},
		{[]string{"pgup"}, "PgUp, PgDn", "scroll the conversation; Esc: to its end", does(func(m *model) { m.page(1) })},
		{[]string{"pgdown"}, "", "", does(func(m *model) { m.page(-1) })},
		{[]string{"ctrl+k"}, "Ctrl+K", "go to a conversation or a person", does((*model).switcher)},
		{[]string{"ctrl+p"}, "Ctrl+P, Ctrl+N", "the conversation above, below", does(func(m *model) { m.neighbour(-1) })},
		{[]string{"ctrl+n"}, "", "", does(func(m *model) { m.neighbour(1) })},
		{nil, "Alt+1 ... Alt+9", "the conversation of that number", nil},
		{[]string{"alt+a"}, "Alt+A", "the next conversation in which something happened", does((*model).active)},
		{[]string{"alt+u"}, "Alt+U", "to the first unread line", does((*model).unread)},
		{[]string{"ctrl+f"}, "Ctrl+F", "search this conversation", does(func(m *model) { m.search("") })},
		{[]string{"f7"}, "F7, F8", "show or fold the list of conversations, of people", does(func(m *model) { m.fold(&m.left) })},
		{[]string{"f8"}, "", "", does(func(m *model) { m.fold(&m.right) })},
		{[]string{"ctrl+a", "home"}, "Ctrl+A, Ctrl+E", "to the start, the end of the line", edits((*editor).home)},
		{[]string{"ctrl+e", "end"}, "", "", edits((*editor).end)},
		{[]string{"ctrl+w", "alt+backspace"}, "Ctrl+W, Ctrl+U", "cut the word, the line before the cursor", edits((*editor).killWord)},
		{[]string{"ctrl+u"}, "", "", edits((*editor).killLine)},
		{[]string{"ctrl+y"}, "Ctrl+Y", "put in what was cut last", edits((*editor).yank)},
		{[]string{"alt+d"}, "", "", edits((*editor).killAhead)},
		{[]string{"left", "ctrl+b"}, "", "", edits((*editor).left)},
		{[]string{"right"}, "", "", edits((*editor).right)},
		{[]string{"ctrl+left", "alt+left", "alt+b"}, "", "", edits(func(e *editor) { e.at = e.wordLeft() })},
		{[]string{"ctrl+right", "alt+right", "alt+f"}, "", "", edits(func(e *editor) { e.at = e.wordRight() })},
		{[]string{"backspace", "ctrl+h"}, "", "", edits((*editor).backspace)},
		{[]string{"delete", "ctrl+d"}, "", "", edits((*editor).del)},
		{[]string{"ctrl+l"}, "Ctrl+L", "draw the screen anew", func(*model) tea.Cmd { return tea.ClearScreen }},
		{[]string{"esc"}, "", "", does((*model).escape)},
		{[]string{"ctrl+c"}, "Ctrl+C", "clear the line; on an empty line: leave mim", does((*model).cancel)},
		{[]string{"f1"}, "F1", "this help", does((*model).help)},
	}
	for i := 1; i <= 9; i++ {
		list = append(list, &binding{names: []string{"alt+" + strconv.Itoa(i)}, do: does(func(m *model) { m.nth(i) })})
	}
	return list
}

func byKey(list []*binding) map[string]*binding {
	keys := make(map[string]*binding)
	for _, b := range list {
		for _, name := range b.names {
			keys[name] = b
		}
	}
	return keys
}

// up moves to the line above or, from the first, to what was typed before.
func (m *model) up() {
	if m.edit.up() {
		return
	}
	if _, ok := m.book.Earlier(); !ok {
		m.says = "nothing was typed here before"
	}
}

func (m *model) down() {
	if !m.edit.down() {
		m.book.Later()
	}
}

// neighbour opens the conversation so many further down the list.
func (m *model) neighbour(by int) {
	list := m.book.Conversations()
	for i, c := range list {
		if c == m.book.Current() {
			m.open(list[(i+by+len(list))%len(list)].Key())
			return
		}
	}
}

// nth opens a conversation by its number, from 1.
func (m *model) nth(n int) {
	if list := m.book.Conversations(); n <= len(list) {
		m.open(list[n-1].Key())
	} else {
		m.says = "there is no conversation " + strconv.Itoa(n)
	}
}

func (m *model) active() {
	if k, ok := m.book.NextActive(); ok {
		m.open(k)
	} else {
		m.says = "nothing new anywhere"
	}
}

// unread scrolls to the first unread line: of this conversation or, if there is
// none, of the next with something unread.
func (m *model) unread() {
	if m.book.Current().UnreadFrom() == 0 {
		if k, ok := m.book.NextActive(); ok && m.book.Conversation(k).Unread() > 0 {
			m.open(k)
		}
	}
	if id := m.book.Current().UnreadFrom(); id != 0 {
		m.show(id)
	} else {
		m.says = "nothing is unread"
	}
}

// fold shows a panel that is folded, and the other way round. What would be so
// anyway is not remembered: on another size it may be otherwise.
func (m *model) fold(t *toggle) {
	usual := m.width >= foldWidth
	switch on := !t.on(usual); {
	case on == usual:
		*t = unasked
	case on:
		*t = shown
	default:
		*t = folded
	}
}

// escape goes back: to the end of the conversation.
func (m *model) escape() {
	m.book.Scroll(book.Anchor{})
	m.book.Dismiss()
}

// cancel clears the line or, when nothing is left to clear, asks whether to
// leave; when we are leaving already, it does not wait any more.
func (m *model) cancel() {
	switch {
	case m.leaving:
		m.cfg.Interrupt()
	case m.edit.text != "":
		m.edit.kill(0, len(m.edit.text))
		m.typed()
	default:
		m.asks = leaveQuestion()
	}
}
