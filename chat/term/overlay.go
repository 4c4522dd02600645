package term

import tea "charm.land/bubbletea/v2"

// An overlay takes the keys, and perhaps the place of the text, while it is open.
type overlay interface {
	// press takes a key by its name and the text it types; not done: it is a key
	// as without the overlay.
	press(m *model, key, text string) (done bool, cmd tea.Cmd)
	// rows are drawn in the place of the text; nil: that stays to be seen.
	rows(m *model, l layout) []string
	// line is what is typed into the overlay instead of the input; nil: nothing.
	line() *editor
	prompt() string // empty: that of the input
	hint() string   // for the status line
}

// editKey is a key on a line of an overlay; false: it is none that edits.
func editKey(e *editor, key, text string) bool {
	switch key {
	case "backspace", "ctrl+h":
		e.backspace()
	case "left":
		e.left()
	case "right":
		e.right()
	case "home", "ctrl+a":
		e.home()
	case "end", "ctrl+e":
		e.end()
	case "delete", "ctrl+d":
		e.del()
	case "ctrl+u":
		e.killLine()
	case "ctrl+w":
		e.killWord()
	case "ctrl+y":
		e.yank()
	default:
		if text == "" {
			return false
		}
		e.insert(oneRow(text))
	}
	return true
}
