package term

import (
	"strings"

	"mim/chat/book"
)

// A tabbing is a completion that goes on: Tab again gives the next option.
type tabbing struct {
	options []string
	at      int // which of them stands in the text
	from    int // where
}

// complete completes the word before the cursor, or goes on to the next option
// (by is 1) or the one before (-1).
func (m *model) complete(by int) {
	t := m.tabs
	if t == nil {
		c := book.Complete(m.edit.text, m.edit.at, m.book.Candidates())
		if len(c.Options) == 0 {
			m.says = "nothing begins like that"
			return
		}
		t = &tabbing{options: c.Options, from: c.From}
		if by < 0 {
			t.at = len(t.options) - 1
		}
		m.replace(c.From, c.To, t.options[t.at])
	} else {
		old := t.options[t.at]
		t.at = (t.at + by + len(t.options)) % len(t.options)
		m.replace(t.from, t.from+len(old), t.options[t.at])
	}
	m.tabs = t
	if len(t.options) > 1 {
		m.says = m.others(t)
	}
}

// replace puts s in the place of what is between two positions of the input.
func (m *model) replace(from, to int, s string) {
	m.edit.text = m.edit.text[:from] + s + m.edit.text[to:]
	m.edit.at = from + len(s)
	m.typed()
}

// others lists what Tab gives next.
func (m *model) others(t *tabbing) string {
	var words []string
	for i := 1; i < len(t.options) && i <= 5; i++ {
		words = append(words, strings.TrimRight(t.options[(t.at+i)%len(t.options)], ": "))
	}
	return "Tab: " + strings.Join(words, ", ")
}
