package dtu

import (
	"bytes"
	"math"
	"strings"

	"mim/chat"
)

// command decodes a line of somebody who is logged in; nil: it is ignored.
func (s *session) command(l line) chat.Request {
	switch string(l.word) {
	case wordMsg:
		return s.message(l)
	case wordPong:
		return pong(l)
	case wordJoin:
		return s.rooms(l, false, errJoin)
	case wordLeave:
		return s.rooms(l, true, errLeave)
	case wordTalk:
		return s.talk(l)
	case wordConnect:
		return s.refuse(errTwice)
	}
	return s.refuse(errUnknown)
}

// message is a text for a channel or a person (dtu rule 8).
func (s *session) message(l line) chat.Request {
	switch {
	case !l.colon || !l.one():
		return s.refuse(errMsg)
	case len(l.rest) == 0:
		return nil
	case l.args[0] != '#':
		return s.text(chat.Say{To: l.args, Text: l.rest})
	case plainRoom(l.args):
		return s.text(chat.Say{To: l.args, Room: true, Text: l.rest})
	}
	room, ok := readRoom(l.args)
	if !ok {
		return s.refuse(errNoRoom)
	}
	return s.text(chat.Say{To: []byte(room), Room: true, Text: l.rest})
}

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

// pong is the answer to a ping; what is no number of ours is ignored.
func pong(l line) chat.Request {
	n, ok := readNumber(l.rest)
	if !ok || n > math.MaxUint32 {
		return nil
	}
	return &chat.Pong{Number: uint32(n)}
}

// rooms asks for the first of the channels that a line names; the others are
// kept for the next calls (dtu rule 7).
func (s *session) rooms(l line, leave bool, usage error) chat.Request {
	if !l.colon || len(l.args) > 0 || len(l.rest) == 0 {
		return s.refuse(usage)
	}
	s.names, s.leave = string(l.rest), leave
	return s.room()
}

// room asks for the next of the channels that are kept.
func (s *session) room() chat.Request {
	word := s.names
	if i := strings.IndexAny(word, blanks); i >= 0 {
		// A copy, because what is cut off the front of a string is kept with it.
		word, s.names = strings.Clone(word[:i]), strings.TrimLeft(word[i:], blanks)
	} else {
		s.names = ""
	}
	name, ok := readRoom([]byte(word))
	if !ok {
		return s.refuse(errNoRoom)
	}
	s.open++
	if s.leave {
		return &chat.Leave{Room: name}
	}
	return &chat.Join{Room: name}
}

// talk is about a call (dtu rules 13 and 14).
func (s *session) talk(l line) chat.Request {
	switch string(l.rest) {
	case callRequest:
		return s.request(l)
	case wordAccept, callDeny, callEnd:
	default:
		return s.refuse(errTalk)
	}
	key, ok := readKey(l.last())
	if !ok {
		return s.refuse(errBadKey)
	}
	s.open++
	if string(l.rest) == callEnd {
		return &chat.TalkEnd{Key: key}
	}
	return &chat.TalkReply{Key: key, Yes: string(l.rest) == wordAccept}
}

// request asks for a call. Who is asked must not lie in p: the answer may be
// late, and is seldom.
func (s *session) request(l line) chat.Request {
	if !l.one() {
		return s.refuse(errTalk)
	}
	talk := &chat.Talk{To: bytes.Clone(l.args)}
	switch room, ok := readRoom(l.args); {
	case l.args[0] == '#' && !ok:
		return s.refuse(errNoRoom)
	case l.args[0] == '#':
		talk.To, talk.Room = []byte(room), true
	case !isName(string(l.args)): // what comes of it could not be told of them
		return s.refuse(&chat.Error{Kind: chat.Unknown, Text: saysNoNick + string(l.args)})
	}
	s.open++
	return talk
}
