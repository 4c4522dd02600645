package book

import (
	"strconv"
	"strings"
	"time"

	"mim/chat/client"
)

// LineKind is what a line is.
type LineKind uint8

const (
	Said     LineKind = iota + 1 // somebody else said it: Who, Text
	Own                          // we said it: Who, Text, State, Why
	System                       // mim or the server says so: Text
	Trouble                      // something went wrong: Text
	Presence                     // people came and went: Text, folded from all that came one after the other
)

// State is what became of a text of ours.
type State uint8

const (
	Waiting   State = iota + 1 // not sent yet
	Sent                       // the other machine has it or, on its way through a server, that
	Delivered                  // the other person's program has it
	Stored                     // the server keeps it until the other person is there
	Failed                     // it has not arrived, or we shall never know: Why
)

var stateWords = [...]string{Waiting: "waiting", Sent: client.StateSent, Delivered: client.StateDelivered, Stored: client.StateStored, Failed: client.StateFailed}

// String is the one word for the state, as scripts know it.
func (s State) String() string {
	if int(s) < len(stateWords) {
		return stateWords[s]
	}
	return "state" + strconv.Itoa(int(s))
}

// stateOf reads the word.
func stateOf(word string) State {
	for s, w := range stateWords {
		if w == word && w != "" {
			return State(s)
		}
	}
	return Failed
}

// A Line is one thing in a conversation. Its strings are harmless; Text may have
// several lines.
type Line struct {
	ID      uint64 // grows from line to line of a conversation, and never changes
	At      time.Time
	Written time.Time // of a Said that was kept for us: when it was written; else zero
	Kind    LineKind
	Who     string // who said it; bare only if it is one plain word, so that it looks like nothing else
	Text    string
	Mention bool // our name is in it
	State   State
	Why     string // of Failed
	Unsure  bool   // of Failed: it may have arrived
	Ticket  uint64
	Old     bool // from a history: of before mim was started

	came, went movers // of Presence
}

// When is the time to show: when it was written, or else when it came.
func (l *Line) When() time.Time {
	if !l.Written.IsZero() {
		return l.Written
	}
	return l.At
}

// maxMoved is how many names a line of people who come and go knows; the others
// are counted.
const (
	maxMoved = 64
	maxNamed = 3 // and how many it says
)

// movers are people who came, or went.
type movers struct {
	names []string
	more  int
}

func (m *movers) add(name string) {
	if len(m.names) < maxMoved {
		m.names = append(m.names, name)
	} else {
		m.more++
	}
}

// drop takes a name out; false: it was not there.
func (m *movers) drop(name string) bool {
	for i, n := range m.names {
		if n == name {
			m.names = append(m.names[:i], m.names[i+1:]...)
			return true
		}
	}
	return false
}

func (m *movers) len() int { return len(m.names) + m.more }

// appendTo words them: "bob", "bob and eve", "bob, eve and 3 more".
func (m *movers) appendTo(dst []byte) []byte {
	named := min(len(m.names), maxNamed)
	rest := m.len() - named
	for i, n := range m.names[:named] {
		switch {
		case i == 0:
		case i == named-1 && rest == 0:
			dst = append(dst, " and "...)
		default:
			dst = append(dst, ", "...)
		}
		dst = append(dst, n...)
	}
	if rest > 0 {
		if named > 0 {
			dst = append(dst, " and "...)
		}
		dst = strconv.AppendInt(dst, int64(rest), 10)
		if named > 0 {
			dst = append(dst, " more"...)
		} else {
			dst = append(dst, " others"...)
		}
	}
	return dst
}

// fold words a line of people who came and went.
func (l *Line) fold() {
	var b [256]byte
	dst := b[:0]
	if l.came.len() > 0 {
		dst = append(l.came.appendTo(dst), " came"...)
	}
	if l.went.len() > 0 {
		if len(dst) > 0 {
			dst = append(dst, "; "...)
		}
		dst = append(l.went.appendTo(dst), " left"...)
	}
	l.Text = string(dst)
}

// append puts a line at the end of c; it gets its ID.
func (b *Book) append(c *Conversation, l Line) *Line {
	b.lastID++
	l.ID = b.lastID
	c.lines = append(c.lines, l)
	c.bytes += l.size()
	b.bytes += l.size()
	c.changed = b.version
	b.trim(c)
	if b.reading(c) {
		c.seen = l.ID
	} else {
		c.activity = true
	}
	return &c.lines[len(c.lines)-1]
}

// size is what a line counts for in Config.Bytes.
func (l *Line) size() int { return len(l.Text) + len(l.Who) + 128 }

// trim keeps c and the book within their bounds. A quarter more than the bound
// may be there, so that lines are moved seldom.
func (b *Book) trim(c *Conversation) {
	bound := b.cfg.Lines
	if c.scroll != (Anchor{}) {
		bound *= 4 // what was fetched to be read stays while it is
	}
	if n := len(c.lines); n > bound+bound/4 {
		b.cut(c, n-bound)
	}
	for b.bytes > b.cfg.Bytes {
		big := c
		for _, o := range b.list {
			if o.bytes > big.bytes {
				big = o
			}
		}
		if len(big.lines) < 2 {
			return
		}
		b.cut(big, (len(big.lines)+1)/2)
	}
}

// cut drops the first n lines of c, and those of the same moment: a history
// gives what was before a time.
func (b *Book) cut(c *Conversation, n int) {
	for n+1 < len(c.lines) && c.lines[n].At.Equal(c.lines[n-1].At) {
		n++
	}
	for i := range c.lines[:n] {
		c.bytes -= c.lines[i].size()
		b.bytes -= c.lines[i].size()
	}
	m := copy(c.lines, c.lines[n:])
	clear(c.lines[m:])
	c.lines = c.lines[:m]
	c.noMore = false
	if c.scroll.Line != 0 && m > 0 && c.scroll.Line < c.lines[0].ID {
		c.scroll = Anchor{Line: c.lines[0].ID}
	}
}

// drop takes the last line of c away.
func (b *Book) drop(c *Conversation) {
	l := &c.lines[len(c.lines)-1]
	c.bytes -= l.size()
	b.bytes -= l.size()
	*l = Line{}
	c.lines = c.lines[:len(c.lines)-1]
	c.changed = b.version
}

// resize notes that a line of c was changed, from a size of before.
func (b *Book) resize(c *Conversation, l *Line, before int) {
	c.bytes += l.size() - before
	b.bytes += l.size() - before
	c.changed = b.version
}

// mentions reports whether text has @name or the name as a word of its own in
// it, without regard to case; name is folded.
func mentions(text, name string) bool {
	if name == "" || len(text) < len(name) && plainASCII(text) {
		return false
	}
	text = fold(text)
	for from := 0; ; {
		i := strings.Index(text[from:], name)
		if i < 0 {
			return false
		}
		i += from
		if end := i + len(name); !wordBefore(text[:i]) && !wordAfter(text[end:]) {
			return true
		}
		from = i + 1
	}
}
