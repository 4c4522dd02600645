package term

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"mim/chat"
)

// The joiners of emoji, and of letters of some scripts.
const (
	joiner    = 0x200d
	nonJoiner = 0x200c
)

// maxEdit is how long the input may be, in bytes; more of a paste is not taken.
// No dialect carries a longer text.
const maxEdit = 64 << 10

// An editor is the input: a text of one or more lines and a cursor in it, with
// readline's keys. It moves by what a person sees as a character.
type editor struct {
	text   string
	at     int // the cursor, in bytes; between two characters
	killed string
	rule   ruler
}

// set replaces the text; the cursor is behind it.
func (e *editor) set(s string) { e.text, e.at = s, len(s) }

// insert puts s at the cursor. What is not seen but acts (chat.Hidden) is left
// out, but for line ends and the joiners of emoji; a tab is a blank. It reports
// whether all of it found room.
func (e *editor) insert(s string) bool {
	s = clean(s)
	room := maxEdit - len(e.text)
	whole := len(s) <= room
	for !whole && room > 0 && !utf8.RuneStart(s[room]) {
		room--
	}
	if !whole {
		s = s[:max(room, 0)]
	}
	e.text = e.text[:e.at] + s + e.text[e.at:]
	e.at += len(s)
	return whole
}

// clean makes typed or pasted text one that can be edited.
func clean(s string) string {
	s = strings.ToValidUTF8(s, "\ufffd")
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\r':
			return '\n'
		case r == '\t':
			return ' '
		case r == '\n' || r == joiner || r == nonJoiner || !chat.Hidden(r):
			return r
		}
		return -1
	}, s)
}

// before is the length of the character in front of the cursor, 0 at the start.
func (e *editor) before() int {
	// A character may be many code points; lines are short enough to walk.
	start := strings.LastIndexByte(e.text[:e.at], '\n') + 1
	if start == e.at {
		return min(1, e.at)
	}
	n := 0
	for start < e.at {
		c, _ := e.rule.cluster(e.text[start:e.at])
		n = len(c)
		start += n
	}
	return n
}

// behind is the length of the character behind the cursor, 0 at the end.
func (e *editor) behind() int {
	if e.at == len(e.text) {
		return 0
	}
	c, _ := e.rule.cluster(e.text[e.at:])
	return len(c)
}

func (e *editor) left()  { e.at -= e.before() }
func (e *editor) right() { e.at += e.behind() }

// lineStart and lineEnd are the bounds of the line in which the cursor is.
func (e *editor) lineStart() int { return strings.LastIndexByte(e.text[:e.at], '\n') + 1 }
func (e *editor) lineEnd() int {
	if i := strings.IndexByte(e.text[e.at:], '\n'); i >= 0 {
		return e.at + i
	}
	return len(e.text)
}

func (e *editor) home() { e.at = e.lineStart() }
func (e *editor) end()  { e.at = e.lineEnd() }

// wordLeft is where the word in front of the cursor begins.
func (e *editor) wordLeft() int {
	s := strings.TrimRightFunc(e.text[:e.at], unicode.IsSpace)
	return strings.LastIndexFunc(s, unicode.IsSpace) + 1
}

// wordRight is where the word behind the cursor ends.
func (e *editor) wordRight() int {
	s := e.text[e.at:]
	word := strings.TrimLeftFunc(s, unicode.IsSpace)
	if i := strings.IndexFunc(word, unicode.IsSpace); i >= 0 {
		return len(e.text) - len(word) + i
	}
	return len(e.text)
}

// up and down move by a line and report whether there was one.
func (e *editor) up() bool {
	start := e.lineStart()
	if start == 0 {
		return false
	}
	e.toColumn(strings.LastIndexByte(e.text[:start-1], '\n')+1, start-1)
	return true
}

func (e *editor) down() bool {
	end := e.lineEnd()
	if end == len(e.text) {
		return false
	}
	next := len(e.text)
	if i := strings.IndexByte(e.text[end+1:], '\n'); i >= 0 {
		next = end + 1 + i
	}
	e.toColumn(end+1, next)
	return true
}

// toColumn moves into the line between two positions, as far from its start as
// the cursor is from that of its own.
func (e *editor) toColumn(from, to int) {
	cells := e.rule.width(e.text[e.lineStart():e.at])
	part, _ := e.rule.cut(e.text[from:to], cells)
	e.at = from + len(part)
}

// backspace and del remove a character.
func (e *editor) backspace() {
	n := e.before()
	e.text = e.text[:e.at-n] + e.text[e.at:]
	e.at -= n
}

func (e *editor) del() { e.text = e.text[:e.at] + e.text[e.at+e.behind():] }

// kill takes out what is between two positions, to be yanked.
func (e *editor) kill(from, to int) {
	if from == to {
		return
	}
	e.killed = e.text[from:to]
	e.text = e.text[:from] + e.text[to:]
	e.at = from
}

func (e *editor) killWord()  { e.kill(e.wordLeft(), e.at) }
func (e *editor) killAhead() { e.kill(e.at, e.wordRight()) }
func (e *editor) killLine()  { e.kill(e.lineStart(), e.at) }
func (e *editor) yank()      { e.insert(e.killed) }

// rows lays the text out in so many cells and says in which of the rows, and how
// many cells from its start, the cursor is.
func (e *editor) rows(cells int) (rows []string, row, column int) {
	cells = max(cells, 2)
	pieces := e.hardwrap(cells)
	for i, p := range pieces {
		rows = append(rows, e.text[p.from:p.to])
		if p.from <= e.at && e.at <= p.to {
			row, column = i, e.rule.width(e.text[p.from:e.at])
		}
	}
	if column >= cells { // behind a full row
		if row+1 == len(rows) {
			rows = append(rows, "")
		}
		row, column = row+1, 0
	}
	return rows, row, column
}

// hardwrap cuts where a row is full: an input shows each blank.
func (e *editor) hardwrap(cells int) (rows []piece) {
	from := 0
	for {
		end := len(e.text)
		if i := strings.IndexByte(e.text[from:], '\n'); i >= 0 {
			end = from + i
		}
		for {
			part, _ := e.rule.cut(e.text[from:end], cells)
			if part == "" || from+len(part) == end {
				break
			}
			rows = append(rows, piece{from, from + len(part)})
			from += len(part)
		}
		rows = append(rows, piece{from, end})
		if end == len(e.text) {
			return rows
		}
		from = end + 1
	}
}
