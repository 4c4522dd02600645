package dtu

import "mim/chat"

// Answer says how a request went (dtu, Sentences), or the last words. A Join
// that nobody asked for is that of the lobby.
func (s *session) Answer(dst []byte, a chat.Answer) []byte {
	if a.To == nil {
		return s.lastWords(dst, a.Err)
	}
	if chat.Answered(a.To) && s.open > 0 {
		s.open--
	}
	switch to := a.To.(type) {
	case *chat.Login:
		return s.checked(dst, to, a.Err)
	case *chat.Join:
		if a.Err == nil {
			return appendRest(append(dst, wordJoined...), to.Room)
		}
	case *chat.Leave:
		return s.left(dst, to, a.Err)
	case *chat.Say:
		return answerTo(dst, to.To, to.Room, a.Err)
	case *chat.Talk:
		return answerTo(dst, to.To, to.Room, a.Err)
	case *chat.TalkReply, *chat.TalkEnd:
		if a.Err != nil && kindOf(a.Err) != chat.Unregistered {
			a.Err = errBadKey
		}
	case *chat.Refuse:
		if a.Err == nil || kindOf(a.Err) == chat.Unregistered {
			a.Err = to.Err // also to somebody who has not logged in
		}
	}
	switch a.Err {
	case nil:
		return dst
	case errBadKey:
		return appendRest(append(dst, wordTalk...), callBadKey)
	}
	return appendReason(dst, a.Err)
}

// appendRest ends a line with what stands behind its colon.
func appendRest(dst []byte, rest string) []byte {
	dst = append(dst, colon...)
	dst = append(dst, rest...)
	return append(dst, lineEnd...)
}

// checked is the end of a try to log in; another may follow (dtu rule 5).
func (s *session) checked(dst []byte, login *chat.Login, err error) []byte {
	next := outside
	if err == nil {
		next, s.nick = here, login.Name
	}
	if s.state == checking {
		s.state = next
	}
	switch {
	case err == nil:
		return appendRest(append(dst, s.d.accept...), s.d.host)
	case kindOf(err) == chat.Taken:
		dst = append(dst, wordInUse+colon+saysInUse...)
		dst = appendName(dst, login.Name)
		return append(dst, tailInUse+lineEnd...)
	}
	return appendReason(dst, err)
}

// left is told to who leaves as it is to those who stay.
func (s *session) left(dst []byte, leave *chat.Leave, err error) []byte {
	switch kindOf(err) {
	case chat.Unknown, chat.NotSo:
		return appendRefusal(dst, saysNotIn, []byte(leave.Room))
	}
	if err != nil {
		return appendReason(dst, err)
	}
	return appendPresence(dst, wordUserLeave, leave.Room, s.nick)
}

// answerTo is silent about what was done for a person or a channel.
func answerTo(dst, to []byte, room bool, err error) []byte {
	kind := kindOf(err)
	switch {
	case err == nil:
		return dst
	case room && (kind == chat.Unknown || kind == chat.NotSo):
		return appendRefusal(dst, saysNotIn, to)
	case kind == chat.Unknown, kind == chat.BadName:
		return appendRefusal(dst, saysNoNick, to)
	}
	return appendReason(dst, err)
}

// lastWords says why the server ends the connection.
func (s *session) lastWords(dst []byte, err error) []byte {
	s.state = over
	switch {
	case err == nil:
		return dst
	case kindOf(err) == chat.Lost:
		return appendRefusal(dst, saysStops, nil)
	}
	return appendReason(dst, err)
}
