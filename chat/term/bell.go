package term

import (
	"fmt"

	"mim/chat/book"
)

// A bell says what makes the terminal ring.
type bell int

const (
	bellOff     bell = iota
	bellDirect       // a text to us alone
	bellMention      // that, and our name in a room
	bellAll          // every text
)

var bellWords = []string{bellOff: "off", bellDirect: "dm", bellMention: "mention", bellAll: "all"}

// rings reports whether the news makes a sound. What is being read does not, but
// a call does always.
func (b bell) rings(n book.News) bool {
	switch {
	case b == bellOff:
		return false
	case n.Ringing:
		return true
	case !n.Said || n.Read:
		return false
	}
	return b == bellAll || n.Direct || b == bellMention && n.Mention
}

// title marks the window while something is unread: "(3) alice - mim", with our
// name in one of them "(3!) alice - mim".
func (m *model) title() string {
	unread, mentions := m.book.Totals()
	title := m.book.Name() + " - mim"
	switch {
	case mentions > 0:
		return fmt.Sprintf("(%d!) %s", unread, title)
	case unread > 0:
		return fmt.Sprintf("(%d) %s", unread, title)
	}
	return title
}
