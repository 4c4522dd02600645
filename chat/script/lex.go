package script

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"mim/chat"
)

// A token is a word of a line. column counts from 1.
type token struct {
	text   string
	quoted bool
	column int
}

// is reports whether t is this word of the language.
func (t token) is(word string) bool { return !t.quoted && t.text == word }

// A line reads the words of one line.
type line struct {
	number int
	words  []token
	at     int // the next one
	length int // column behind the last
}

// cut splits a line into words. "#" with a blank or nothing behind it begins a
// comment; in quotes, \" and \\ stand for the characters.
func cut(number int, text string) (line, *Error) {
	l := line{number: number}
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == ' ' || c == '\t' || c == '\r':
			i++
		case c == '#' && (i+1 == len(text) || text[i+1] == ' ' || text[i+1] == '\t' || text[i+1] == '#' || text[i+1] == '\r'):
			l.length = i + 1
			return l, nil
		case c == '"':
			word, n, err := quoted(number, i, text[i:])
			if err != nil {
				return l, err
			}
			l.words = append(l.words, token{word, true, i + 1})
			i += n
		default:
			n := strings.IndexAny(text[i:], " \t\r\"")
			if n < 0 {
				n = len(text) - i
			}
			l.words = append(l.words, token{text[i : i+n], false, i + 1})
			i += n
		}
	}
	l.length = len(text) + 1
	return l, nil
}

// quoted reads a word in quotes at the beginning of text.
func quoted(number, at int, text string) (word string, n int, _ *Error) {
	var b strings.Builder
	for n = 1; n < len(text); n++ {
		switch c := text[n]; c {
		case '"':
			return b.String(), n + 1, nil
		case '\\':
			if n++; n == len(text) || text[n] != '"' && text[n] != '\\' {
				return "", 0, errorAt(number, at+n, `in quotes a \ stands only before " and \`)
			}
			b.WriteByte(text[n])
		default:
			b.WriteByte(c)
		}
	}
	return "", 0, errorAt(number, at+1, `the quotes do not end on this line`)
}

// checkText refuses bytes that no script needs: a script is text.
func checkText(number int, text string) *Error {
	if !utf8.ValidString(text) {
		return errorAt(number, 1, "this line is no UTF-8")
	}
	for i, r := range text {
		if chat.Hidden(r) && r != '\t' && !(r == '\r' && i == len(text)-1) {
			return errorAt(number, i+1, "a control or format character (U+%04X) has no place in a script", r)
		}
	}
	return nil
}

// left reports whether there are more words.
func (l *line) left() bool { return l.at < len(l.words) }

// peek is the next word; at the end of the line an empty one.
func (l *line) peek() token {
	if l.left() {
		return l.words[l.at]
	}
	return token{column: l.length}
}

// take gives the next word, which must be there.
func (l *line) take(want string) (token, *Error) {
	t := l.peek()
	if !l.left() {
		return t, errorAt(l.number, t.column, "the line ends where it wants %s", want)
	}
	l.at++
	return t, nil
}

// skip passes over the next word if it is this one.
func (l *line) skip(word string) bool {
	if !l.left() || !l.peek().is(word) {
		return false
	}
	l.at++
	return true
}

// must passes over the next word, which has to be this one.
func (l *line) must(word string) *Error {
	if t := l.peek(); !l.skip(word) {
		return errorAt(l.number, t.column, "here it wants the word %q%s", word, found(t))
	}
	return nil
}

// found says what stands there instead.
func found(t token) string {
	if t.text == "" && !t.quoted {
		return ", and the line ends"
	}
	return ", not " + strconv.Quote(chat.Fold(string(chat.Clip([]byte(t.text), 40))))
}

// done says what is too much on the line.
func (l *line) done() *Error {
	if t := l.peek(); l.left() {
		hint := ""
		if strings.HasPrefix(t.text, "#") && !t.quoted {
			hint = " (a comment has a blank behind its #)"
		}
		return errorAt(l.number, t.column, "the line should end here%s%s", found(t), hint)
	}
	return nil
}

// count reads a whole number from least to most.
func (l *line) count(what string, least, most int) (int, *Error) {
	t, err := l.take(what)
	if err != nil {
		return 0, err
	}
	n, bad := strconv.Atoi(t.text)
	if bad != nil || t.quoted || n < least || n > most {
		return 0, errorAt(l.number, t.column, "here it wants %s, a number from %d to %d%s", what, least, most, found(t))
	}
	return n, nil
}

// span reads a time such as 500ms, 2s, 1m30s; a blank may stand before the unit.
func (l *line) span() (time.Duration, *Error) {
	t, err := l.take("a time, such as 500ms or 2s")
	if err != nil {
		return 0, err
	}
	text := t.text
	if _, bad := strconv.ParseFloat(text, 64); bad == nil && l.left() {
		switch unit := l.peek().text; unit {
		case "ms", "s", "m", "h":
			l.at++
			text += unit
		}
	}
	d, bad := time.ParseDuration(text)
	if bad != nil || t.quoted || d < 0 || d > maxSpan {
		return 0, errorAt(l.number, t.column, "here it wants a time, such as 500ms, 2s or 1m30s%s", found(t))
	}
	return d, nil
}
