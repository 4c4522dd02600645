package term

import (
	"strings"
	"time"
	"unicode/utf8"

	"mim/chat"
	"mim/chat/book"
)

// A line of a conversation is drawn like this. Only mim writes in the first
// columns: what somebody says begins behind their name, and its further rows
// stand deeper than names do, so that no text can look like another line.
//
//	12:04 bob: a text that is longer
//	        than the window
//	      alice: one of ours ✓
//	      * mim reports
//	      ! something went wrong
//	    » bob: alice, your name is in it
const (
	stampCells = 6 // a time and a blank
	deepCells  = 8 // where further rows begin
)

// How a text of ours is marked.
func fate(l *book.Line) (mark string, bad bool) {
	switch l.State {
	case book.Waiting:
		return " …", false
	case book.Sent:
		return " ✓", false
	case book.Delivered:
		return " ✓✓", false
	case book.Stored:
		return " (kept by the server until they are here)", false
	case book.Failed:
		if l.Unsure {
			return " ✗ may not have arrived: " + l.Why, true
		}
		return " ✗ not sent: " + l.Why, true
	}
	return "", false
}

// A span is a part of a line's text that has a look of its own.
type span struct {
	piece
	look style
}

// lineRows gives the rows of the i-th line of c, each of at most so many cells,
// with what stands above it: the day, if it is another, and the unread line.
func (m *model) lineRows(c *book.Conversation, i, cells int) (rows []string) {
	l := &c.Lines()[i]
	when := m.zone(l.When())
	stamp := when.Format("15:04")
	if i == 0 {
		rows = append(rows, m.ruled(when.Format(time.DateOnly), cells))
	} else {
		before := m.zone(c.Lines()[i-1].When())
		if day := when.Format(time.DateOnly); day != before.Format(time.DateOnly) {
			rows = append(rows, m.ruled(day, cells))
		} else if before.Format("15:04") == stamp {
			stamp = "     "
		}
	}
	if l.ID == c.UnreadFrom() {
		rows = append(rows, m.ruled("unread", cells))
		stamp = when.Format("15:04")
	}
	text, spans := m.compose(c, l)
	for n, p := range m.rule.wrap(text, cells-deepCells) {
		row := blanks(deepCells)
		if n == 0 {
			row = m.look.faint.on(stamp) + m.mark(l)
		}
		rows = append(rows, row+slice(text, p, spans))
	}
	return rows
}

// mark stands between the time and the line.
func (m *model) mark(l *book.Line) string {
	if l.Mention {
		return m.look.mention.on("»")
	}
	return " "
}

// compose gives the text of a line with all that belongs to it, and its looks,
// one behind the other.
func (m *model) compose(c *book.Conversation, l *book.Line) (text string, spans []span) {
	var s strings.Builder
	put := func(part string, look style) {
		if n := len(spans); n > 0 && spans[n-1].look == look && spans[n-1].to == s.Len() {
			spans[n-1].to += len(part)
		} else if look.open != "" && part != "" {
			spans = append(spans, span{piece{s.Len(), s.Len() + len(part)}, look})
		}
		s.WriteString(part)
	}
	body := style{}
	if standing, _ := c.Standing(); standing == book.Closed || l.Old {
		body = m.look.grey
	}
	switch l.Kind {
	case book.Said, book.Own:
		put(l.Who, m.look.name(l.Who))
		put(": ", style{})
		m.highlight(put, l.Text, body, l.Mention)
		if l.Kind == book.Own {
			mark, bad := fate(l)
			look := m.look.faint
			if bad {
				look = m.look.alert
			}
			put(mark, look)
		}
		if !l.Written.IsZero() {
			put(" (written before you came)", m.look.faint)
		}
	case book.Trouble:
		put("! ", m.look.alert)
		m.highlight(put, l.Text, m.look.alert, false)
	default:
		put("* ", m.look.faint)
		m.highlight(put, l.Text, m.look.faint, false)
	}
	return s.String(), spans
}

// highlight puts a text with what is searched for, and our name, marked in it.
func (m *model) highlight(put func(string, style), text string, body style, mention bool) {
	words, look := "", m.look.selected
	if s, ok := m.top.(*searching); ok {
		words = s.words()
	}
	if words == "" && mention {
		words, look = m.book.Name(), m.look.mention
	}
	for words != "" {
		from, to := find(text, words)
		if from < 0 {
			break
		}
		if !m.rule.apart(text, from) || !m.rule.apart(text, to) {
			look = body // it ends inside of what is seen as one character
		}
		put(text[:from], body)
		put(text[from:to], look)
		text = text[to:]
	}
	put(text, body)
}

// find gives where words are in text, without regard to case; -1: nowhere.
func find(text, words string) (from, to int) {
	words = chat.Fold(words)
	if words == "" {
		return -1, -1
	}
	folded := chat.Fold(text)
	if len(folded) == len(text) { // as it nearly always is
		if i := strings.Index(folded, words); i >= 0 && utf8.RuneStart(at(text, i)) && utf8.RuneStart(at(text, i+len(words))) {
			return i, i + len(words)
		}
		return -1, -1
	}
	for i := range text {
		if strings.HasPrefix(chat.Fold(text[i:]), words) {
			for j := i + 1; j <= len(text); j++ {
				if utf8.RuneStart(at(text, j)) && chat.Fold(text[i:j]) == words {
					return i, j
				}
			}
		}
	}
	return -1, -1
}

// at is the byte at i, or one that begins a character at the end.
func at(s string, i int) byte {
	if i >= len(s) {
		return ' '
	}
	return s[i]
}

// slice gives one row of a text with its looks.
func slice(text string, p piece, spans []span) string {
	var s strings.Builder
	from := p.from
	for _, sp := range spans {
		if sp.to <= from || sp.from >= p.to {
			continue
		}
		if sp.from > from {
			s.WriteString(text[from:sp.from])
			from = sp.from
		}
		to := min(sp.to, p.to)
		s.WriteString(sp.look.on(text[from:to]))
		from = to
	}
	s.WriteString(text[from:p.to])
	return s.String()
}

// ruled is a row across the window with a word in it.
func (m *model) ruled(word string, cells int) string {
	left := max(0, (cells-m.rule.width(word)-2)/2)
	right := max(0, cells-left-m.rule.width(word)-2)
	return m.look.line.on(strings.Repeat("─", left) + " " + word + " " + strings.Repeat("─", right))
}

// window gives the rows of the open conversation that are to be seen, the last
// one lowest.
func (m *model) window(l layout) []string {
	c := m.book.Current()
	rows := make([]string, l.text)
	i, below := bottom(c)
	for free := l.text; i >= 0 && free > 0; i-- {
		r := m.lineRows(c, i, l.middle)
		r = r[:len(r)-min(below, len(r)-1)]
		below = 0
		n := min(free, len(r))
		copy(rows[free-n:free], r[len(r)-n:])
		if free -= n; free == 0 || i > 0 {
			continue
		}
		m.guide(rows[:free], c.Key().Kind, l.middle)
	}
	return rows
}

// guide says what to do first where nothing else stands.
func (m *model) guide(free []string, k book.Kind, cells int) {
	if k != book.Home {
		return
	}
	lines := []string{
		"write      @NAME text, or Ctrl+K and choose who",
		"come back  Alt+1 is this page",
		"leave      /quit, or Ctrl+C",
		"all else   F1",
	}
	if len(free) < len(lines)+2 {
		return
	}
	for i, s := range lines {
		free[i+1] = m.look.faint.on(m.rule.clip("  "+s, cells))
	}
}
