package term

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"mim/chat"
	"mim/chat/book"
	"mim/chat/client"
)

// layout divides the screen as it is now.
func (m *model) layout() layout {
	rows, _, _ := m.edit.rows(m.width - m.rule.width(m.prompt()))
	return arrange(m.width, m.height, m.left, m.right, len(m.notices()), len(rows))
}

// draw fills in the view. No row of it has more cells than the screen.
func (m *model) draw(v *tea.View) {
	if tooSmall(m.width, m.height) {
		v.Content = m.small()
		return
	}
	l := m.layout()
	rows := make([]string, 0, m.height)
	rows = append(rows, m.across(l, m.leftTitle(l), m.header(l.middle), m.rightTitle(l)))
	if l.rule > 0 {
		rows = append(rows, m.look.line.on(ruleRow(l)))
	}
	rows = append(rows, m.noticeRows(l)...)
	var text []string
	if m.top != nil {
		text = m.top.rows(m, l)
	}
	if text == nil {
		text = m.window(l)
	}
	left, right := m.conversations(l), m.people(l)
	for i := range l.text {
		row := ""
		if i < len(text) {
			row = text[i]
		}
		rows = append(rows, m.across(l, rowAt(left, i), row, rowAt(right, i)))
	}
	rows = append(rows, m.look.selected.on(m.rule.fit(" "+m.status(), l.width)))
	rows = append(rows, m.input(v, l, len(rows))...)
	v.Content = strings.Join(rows, "\n")
}

// rowAt is a row of a panel, or an empty one.
func rowAt(rows []string, i int) string {
	if i < len(rows) {
		return rows[i]
	}
	return ""
}

// across puts the parts of one row beside each other.
func (m *model) across(l layout, left, middle, right string) string {
	var s strings.Builder
	bar := m.look.line.on("│")
	if l.left > 0 {
		s.WriteString(m.rule.fill(left, l.left))
		s.WriteString(bar)
	}
	s.WriteString(m.rule.fill(middle, l.middle))
	if l.right > 0 {
		s.WriteString(bar)
		s.WriteString(m.rule.fill(right, l.right))
	}
	return s.String()
}

func ruleRow(l layout) string {
	var s strings.Builder
	if l.left > 0 {
		s.WriteString(strings.Repeat("─", l.left) + "┼")
	}
	s.WriteString(strings.Repeat("─", l.middle))
	if l.right > 0 {
		s.WriteString("┼" + strings.Repeat("─", l.right))
	}
	return s.String()
}

// small is all there is on a screen that is too small.
func (m *model) small() string {
	s := fmt.Sprintf("mim wants %dx%d, this is %dx%d: make the window larger", leastWidth, leastHeight, m.width, m.height)
	var rows []string
	for i, p := range m.rule.wrap(s, m.width) {
		if i < m.height {
			rows = append(rows, m.rule.clip(s[p.from:p.to], m.width))
		}
	}
	return strings.Join(rows, "\n")
}

// header says with whom the conversation is, how it goes there, and who has
// proven the name.
func (m *model) header(cells int) string {
	c := m.book.Current()
	k := c.Key()
	name := k.String()
	var more []string
	switch k.Kind {
	case book.Home:
		name = m.book.Name()
		if server, _ := m.book.Server(); server != "" {
			more = append(more, "at "+server, m.cfg.Traits.Dialect)
		} else {
			more = append(more, "connecting to "+m.cfg.Server)
		}
	case book.Person:
		more = m.about(c)
	case book.Room:
		if n := len(m.book.People(k)); n > 0 {
			more = append(more, counted(n, "person", "people"))
		}
		more = append(more, "through the server")
	default:
		more = append(more, "everyone who is here")
	}
	standing, why := c.Standing()
	if standing == book.Closed {
		more = append([]string{"closed: " + why}, more...)
	}
	if c.Scrolled() != (book.Anchor{}) {
		more = append([]string{"scrolled, Esc: to the end"}, more...)
	}
	name = m.rule.clip(" "+name, cells)
	rest := m.rule.clip(" · "+strings.Join(more, " · "), cells-m.rule.width(name))
	if standing == book.Closed {
		return m.look.grey.on(name + rest)
	}
	return m.look.strong.on(name) + m.look.faint.on(rest)
}

// about tells of the other side of a talk.
func (m *model) about(c *book.Conversation) (parts []string) {
	k := c.Key()
	dialect := c.Dialect()
	if dialect == "" {
		dialect = m.cfg.Traits.Dialect
	}
	parts = append(parts, dialect)
	switch {
	case m.book.Path(k) == client.PathRelay:
		parts = append(parts, "through the server")
	case c.Address() != "":
		parts = append(parts, "direct, "+c.Address())
	default:
		parts = append(parts, "direct")
	}
	switch m.book.Proof(k) {
	case chat.Pass:
		parts = append(parts, "password checked")
	case chat.Key:
		parts = append(parts, "key checked")
	default:
		parts = append(parts, "name not proven")
	}
	return parts
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprint(n, " ", many)
}

// status is the line above the input: what just happened, or what one can do.
func (m *model) status() string {
	c := m.book.Current()
	switch {
	case m.says != "":
		return m.says
	case m.leaving:
		return "leaving as soon as all is said; Ctrl+C: at once"
	case m.top != nil:
		return m.top.hint()
	}
	end := "  F1 help  Ctrl+K go to  Ctrl+C leave mim"
	if unread, mentions := m.book.Totals(); unread > 0 {
		end = "  Alt+A " + counted(unread, "unread", "unread") + strings.Repeat("!", min(1, mentions)) + end
	}
	standing, _ := c.Standing()
	switch k := c.Key(); {
	case k.Kind == book.Home:
		return "@NAME text writes to NAME" + end
	case standing == book.Closed:
		return "/close puts it away" + end
	case k.Kind == book.Room:
		return "/part leaves the room" + end
	case m.book.Path(k) == client.PathRelay:
		return "/close puts it away" + end
	}
	return "/close ends the talk" + end
}

// prompt stands in front of what is typed.
func (m *model) prompt() string {
	if m.top != nil {
		if p := m.top.prompt(); p != "" {
			return p
		}
	}
	return m.rule.clip(m.book.Current().Key().String(), max(8, m.width/4)) + "> "
}

// input draws what is typed, or asked, and puts the cursor there. top is the
// row of the screen where it begins.
func (m *model) input(v *tea.View, l layout, top int) []string {
	if m.asks != nil {
		row := m.rule.clip(" "+m.asks.row(), l.width)
		v.Cursor = tea.NewCursor(min(m.rule.width(row), l.width-1), top)
		return pad([]string{m.look.strong.on(row)}, l.input)
	}
	prompt := m.prompt()
	indent := m.rule.width(prompt)
	e := &m.edit
	if m.top != nil && m.top.line() != nil {
		e = m.top.line()
	}
	rows, row, column := e.rows(l.width - indent)
	first := clamp(row-l.input+1, 0, max(0, len(rows)-l.input))
	v.Cursor = tea.NewCursor(min(indent+column, l.width-1), top+row-first)
	out := make([]string, 0, l.input)
	for i := first; i < len(rows) && len(out) < l.input; i++ {
		lead := blanks(indent)
		if i == 0 {
			lead = m.look.strong.on(prompt)
		}
		out = append(out, lead+rows[i])
	}
	if e.text == "" {
		out[0] += m.look.faint.on(m.rule.clip(m.placeholder(), l.width-indent))
	}
	return pad(out, l.input)
}

func pad(rows []string, n int) []string {
	for len(rows) < n {
		rows = append(rows, "")
	}
	return rows[:n]
}

// placeholder says what to type where nothing is typed.
func (m *model) placeholder() string {
	if m.top != nil {
		return ""
	}
	c := m.book.Current()
	k := c.Key()
	if k.Kind != book.Home {
		return "write to " + k.String()
	}
	for _, p := range m.book.People(k) {
		if !p.Us {
			return "@" + p.Shown + " hello"
		}
	}
	return "@NAME hello"
}
