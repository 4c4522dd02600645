package comp9331

import (
	"bytes"
	"math"
	"strconv"
	"time"

	"mim/chat"
)

// blanks stand between words.
const blanks = " \t"

// command decodes a line of somebody who is logged in (comp9331 rule 5).
func (s *session) command(line []byte) chat.Request {
	word, rest := cutWord(line)
	switch string(word) {
	case commandMessage:
		return s.message(rest)
	case commandBroadcast:
		return s.broadcast(rest)
	case commandWhoElse:
		s.open++
		return &chat.WhoElse{Now: true}
	case commandSince:
		return s.since(rest)
	case commandBlock:
		return s.block(rest, false, errBlock)
	case commandUnblock:
		return s.block(rest, true, errUnblock)
	case commandLogout:
		s.open++
		s.state = over
		return &chat.Logout{}
	case commandStart, commandPrivate, commandStopPrivate:
		return s.refuse(errNotSpoken)
	}
	return s.refuse(errBadCommand)
}

// cutWord splits a line at the first blank behind its first word. rest is what
// was typed behind that one blank.
func cutWord(line []byte) (word, rest []byte) {
	line = bytes.TrimLeft(line, blanks)
	if i := bytes.IndexAny(line, blanks); i >= 0 {
		return line[:i], line[i+1:]
	}
	return line, nil
}

func (s *session) message(rest []byte) chat.Request {
	to, text := cutWord(rest)
	if len(to) == 0 || isBlank(text) {
		return s.refuse(errMessage)
	}
	return s.text(chat.Say{To: to, Text: text})
}

func (s *session) broadcast(text []byte) chat.Request {
	if isBlank(text) {
		return s.refuse(errBroadcast)
	}
	return s.text(chat.Say{All: true, Text: text})
}

func isBlank(text []byte) bool { return len(bytes.TrimLeft(text, blanks)) == 0 }

// text gives a Say. Latin-1 may have grown to twice its size.
func (s *session) text(say chat.Say) chat.Request {
	if s.say == nil {
		s.say = new(chat.Say)
	}
	s.open++
	clipped := chat.Clip(say.Text, maxLine)
	say.Text, say.Cut = clipped, len(clipped) < len(say.Text)
	*s.say = say
	return s.say
}

func (s *session) since(rest []byte) chat.Request {
	word, _ := cutWord(rest)
	d, ok := readSeconds(word)
	if !ok {
		return s.refuse(errSince)
	}
	s.open++
	return &chat.WhoElse{Since: d}
}

// readSeconds reads digits with at most one point among them. What is longer
// than a Duration can be is the longest.
func readSeconds(word []byte) (time.Duration, bool) {
	for _, c := range word {
		if (c < '0' || c > '9') && c != '.' {
			return 0, false
		}
	}
	seconds, err := strconv.ParseFloat(string(word), 64)
	if err != nil && !math.IsInf(seconds, 1) {
		return 0, false
	}
	if ns := seconds * float64(time.Second); ns < math.MaxInt64 {
		return time.Duration(ns), true
	}
	return math.MaxInt64, true
}

func (s *session) block(rest []byte, undo bool, usage error) chat.Request {
	name, _ := cutWord(rest)
	if len(name) == 0 {
		return s.refuse(usage)
	}
	s.open++
	return &chat.Block{Name: name, Undo: undo}
}
