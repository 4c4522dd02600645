package term

import (
	"fmt"
	"strconv"

	"mim/chat/book"
)

// leftTitle heads the list of conversations.
func (m *model) leftTitle(l layout) string { return m.look.strong.on(m.rule.fit(" talks", l.left)) }

// conversations are the rows of the list, as many as there is room for, with the
// open one among them.
func (m *model) conversations(l layout) []string {
	if l.left == 0 {
		return nil
	}
	list := m.book.Conversations()
	first := m.firstShown(l)
	var rows []string
	for i := first; i < len(list) && len(rows) < l.text; i++ {
		if len(rows) == l.text-1 && i < len(list)-1 {
			rows = append(rows, m.look.faint.on(m.rule.fit(fmt.Sprintf("  %d more", len(list)-i), l.left)))
			break
		}
		rows = append(rows, m.entry(list[i], i+1, l.left))
	}
	return rows
}

// firstShown is the first conversation in the list that is to be seen.
func (m *model) firstShown(l layout) int {
	list := m.book.Conversations()
	for i, c := range list {
		if c == m.book.Current() {
			return clamp(i-l.text+2, 0, max(0, len(list)-l.text))
		}
	}
	return 0
}

// entry is a conversation in the list: its number, a sign, its name, what is
// unread.
func (m *model) entry(c *book.Conversation, number, cells int) string {
	lead := "  "
	if number <= 9 {
		lead = strconv.Itoa(number) + " "
	}
	standing, _ := c.Standing()
	if standing == book.Closed {
		lead = lead[:1] + "×"
	}
	count := ""
	switch {
	case c.Mentions() > 0:
		count = fmt.Sprintf(" %d!", c.Unread())
	case c.Unread() > 0:
		count = fmt.Sprintf(" %d", c.Unread())
	case c.Activity() && c.Key().Kind != book.Home:
		count = " +"
	}
	row := m.rule.fit(lead+c.Key().String(), cells-m.rule.width(count)) + count
	switch {
	case c == m.book.Current():
		return m.look.selected.on(row)
	case c.Mentions() > 0:
		return m.look.alert.on(row)
	case c.Unread() > 0:
		return m.look.strong.on(row)
	case standing == book.Closed:
		return m.look.grey.on(row)
	}
	return row
}

// rightTitle heads the list of people.
func (m *model) rightTitle(l layout) string {
	if l.right == 0 {
		return ""
	}
	k := m.book.Current().Key()
	title := " here"
	switch {
	case k.Kind == book.Room:
		title = " in room"
	case !m.told():
		return m.look.strong.on(m.rule.fit(" here", l.right))
	}
	return m.look.strong.on(m.rule.fit(fmt.Sprintf("%s: %d", title, len(m.book.People(k))), l.right))
}

// told reports whether the server says who is here.
func (m *model) told() bool {
	return m.cfg.Traits.Presence || len(m.book.People(book.Key{})) > 0
}

// people are the rows of those who are here or in the room.
func (m *model) people(l layout) []string {
	if l.right == 0 {
		return nil
	}
	list := m.book.People(m.book.Current().Key())
	var rows []string
	if len(list) == 0 && !m.told() {
		const why = "the server does not tell; /who says whom you wrote with"
		for _, p := range m.rule.wrap(why, l.right-2) {
			rows = append(rows, m.look.faint.on(" "+why[p.from:p.to]))
		}
		return rows
	}
	for i := 0; i < len(list) && len(rows) < l.text; i++ {
		if len(rows) == l.text-1 && i < len(list)-1 {
			rows = append(rows, m.look.faint.on(m.rule.fit(fmt.Sprintf(" %d more (Ctrl+K)", len(list)-i), l.right)))
			break
		}
		name := list[i].Shown
		row := m.rule.fit(" "+name, l.right)
		if list[i].Us {
			row = m.rule.fit(" "+name+" (you)", l.right)
		}
		rows = append(rows, m.look.name(name).on(row))
	}
	return rows
}
