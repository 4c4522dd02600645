package term

import (
	"time"

	"mim/chat/book"
)

// The window of a conversation is found from its bottom: an anchor is the line
// whose last rows but a few are the lowest to be seen. So lines that come below
// move nothing, and lines that go at the top neither.

// bottom gives the place of the window's lowest line in lines, and how many rows
// of it are below the window.
func bottom(c *book.Conversation) (line, below int) {
	lines := c.Lines()
	a := c.Scrolled()
	if a.Line != 0 {
		for i := len(lines) - 1; i >= 0; i-- {
			if lines[i].ID <= a.Line {
				return i, a.Rows
			}
		}
	}
	return len(lines) - 1, 0
}

// page scrolls by a window less two rows, up (1) or down (-1).
func (m *model) page(by int) {
	m.scroll(by * max(1, m.layout().text-2))
}

// scroll moves the window by so many rows, up if there are more than 0. It stops
// where the first line is at the top.
func (m *model) scroll(rows int) {
	c := m.book.Current()
	lines := c.Lines()
	if len(lines) == 0 {
		return
	}
	l := m.layout()
	i, below := bottom(c)
	for below += rows; below < 0 && i < len(lines)-1; {
		i++
		below += len(m.lineRows(c, i, l.middle))
	}
	if below <= 0 && i == len(lines)-1 {
		m.book.Scroll(book.Anchor{})
		return
	}
	for below >= 0 {
		n := len(m.lineRows(c, i, l.middle))
		if below < n {
			break
		}
		below -= n
		if i--; i < 0 {
			i, below = 0, n-1
			m.wantOlder(c)
			break
		}
	}
	i, below = m.least(c, i, below, l)
	if i == len(lines)-1 && below == 0 {
		m.book.Scroll(book.Anchor{})
		return
	}
	m.book.Scroll(book.Anchor{Line: lines[i].ID, Rows: below})
}

// wantOlder asks the history for what was before the first line.
func (m *model) wantOlder(c *book.Conversation) {
	if before, ok := c.WantsOlder(); ok && m.cfg.Older != nil {
		m.cfg.Older(c.Key(), before)
	}
}

// least moves the bottom of a window down until the window is full, if there are
// enough rows at all.
func (m *model) least(c *book.Conversation, i, below int, l layout) (int, int) {
	rows := -below
	for j := i; j >= 0; j-- {
		if rows += len(m.lineRows(c, j, l.middle)); rows >= l.text {
			return i, below
		}
	}
	for missing := l.text - rows; missing > 0; {
		if below >= missing {
			return i, below - missing
		}
		missing -= below
		below = 0
		if i == len(c.Lines())-1 {
			return i, 0
		}
		i++
		below = len(m.lineRows(c, i, l.middle))
	}
	return i, below
}

// show scrolls so that the line is in the window, with some of what follows.
func (m *model) show(id uint64) {
	c := m.book.Current()
	lines := c.Lines()
	l := m.layout()
	at := -1
	for i := range lines {
		if lines[i].ID == id {
			at = i
		}
	}
	if at < 0 {
		return
	}
	rows, i := 0, at
	for ; i < len(lines); i++ {
		if rows += len(m.lineRows(c, i, l.middle)); rows > l.text-2 {
			break
		}
	}
	if i == len(lines) {
		m.book.Scroll(book.Anchor{})
		return
	}
	i, below := m.least(c, max(i-1, at), 0, l)
	m.book.Scroll(book.Anchor{Line: lines[i].ID, Rows: below})
}

// zone gives a time as it is shown.
func (m *model) zone(t time.Time) time.Time {
	if m.cfg.Zone != nil {
		return t.In(m.cfg.Zone)
	}
	return t.Local()
}
