package comp9331

import "mim/chat"

// Answer says how a request went (comp9331, Sentences), or the last words.
func (s *session) Answer(dst []byte, a chat.Answer) []byte {
	if a.To == nil {
		return s.lastWords(dst, a.Err)
	}
	if chat.Answered(a.To) && s.open > 0 {
		s.open--
	}
	switch to := a.To.(type) {
	case *chat.Login:
		return s.checked(dst, a.Err)
	case *chat.Refuse:
		return s.refused(dst, to, a.Err)
	case *chat.Say:
		return answerSay(dst, to, a)
	case *chat.WhoElse:
		return answerWhoElse(dst, a)
	case *chat.Block:
		return answerBlock(dst, to, a.Err)
	case *chat.Logout:
		if a.Err == nil {
			return appendSentence(dst, saysGoodbye)
		}
	}
	if a.Err == nil {
		return dst
	}
	return appendReason(dst, a.Err)
}

// checked is the end of a try to log in.
func (s *session) checked(dst []byte, err error) []byte {
	if err == nil {
		s.decide(here)
		return appendSentence(dst, saysWelcome)
	}
	switch kindOf(err) {
	case chat.BadPass:
		next := naming
		if s.wrong++; s.wrong >= maxTries {
			next = over
		}
		s.decide(next)
		return appendSentence(dst, saysBadPass)
	case chat.Locked:
		s.decide(over)
		return appendSentence(dst, saysLocked)
	case chat.Online:
		s.decide(over)
		return appendSentence(dst, saysOnline)
	}
	s.decide(naming)
	return appendReason(dst, err)
}

// decide ends the wait for an answer.
func (s *session) decide(next state) {
	if s.state != checking {
		return
	}
	if s.state = next; next == naming {
		s.prompt = namePrompt
	}
}

// refused says why, in the codec's own words also to somebody who has not
// logged in.
func (s *session) refused(dst []byte, r *chat.Refuse, err error) []byte {
	s.decide(naming)
	if err == nil || kindOf(err) == chat.Unregistered {
		err = r.Err
	}
	return appendReason(dst, err)
}

// answerSay is silent about a text that was delivered.
func answerSay(dst []byte, say *chat.Say, a chat.Answer) []byte {
	switch kind := kindOf(a.Err); {
	case a.Err == nil && a.Stored:
		return appendSentence(dst, saysStored)
	case a.Err == nil:
		return dst
	case kind == chat.Blocked && say.All:
		return appendSentence(dst, saysNotToAll)
	case kind == chat.Blocked:
		return appendSentence(dst, saysBlocked)
	case kind == chat.Unknown && say.All:
		return dst // nobody else is here: all of them have it
	case kind == chat.Unknown, kind == chat.Self, kind == chat.BadName:
		return appendError(dst, saysBadUser)
	case kind == chat.Full:
		return appendError(dst, saysFull)
	case kind == chat.Broken:
		return appendError(dst, saysBroken)
	case kind == chat.NotDelivered && say.All:
		return appendError(dst, saysNotToEveryone)
	case kind == chat.NotDelivered:
		return appendError(dst, saysNotDelivered)
	}
	return appendReason(dst, a.Err)
}

// answerWhoElse writes names, a blank behind each (comp9331 rule 8).
func answerWhoElse(dst []byte, a chat.Answer) []byte {
	if a.Err != nil {
		return appendReason(dst, a.Err)
	}
	for _, name := range a.Names {
		before := len(dst)
		if dst = appendName(dst, name); len(dst) > before {
			dst = append(dst, ' ')
		}
	}
	return append(dst, '\n')
}

func answerBlock(dst []byte, b *chat.Block, err error) []byte {
	switch kind := kindOf(err); {
	case err == nil && b.Undo:
		return appendSentence(appendClean(dst, b.Name, maxName), tailIsUnblocked)
	case err == nil:
		return appendSentence(appendClean(dst, b.Name, maxName), tailIsBlocked)
	case kind == chat.Unknown, kind == chat.BadName:
		return appendError(dst, saysBadUser)
	case kind == chat.Self && b.Undo:
		return appendError(dst, saysUnblockSelf)
	case kind == chat.Self:
		return appendError(dst, saysBlockSelf)
	case kind == chat.Already:
		return appendError(dst, saysBlockTwice)
	case kind == chat.NotSo:
		dst = appendClean(append(dst, errorMark...), b.Name, maxName)
		return appendSentence(dst, tailWasNotBlocked)
	}
	return appendReason(dst, err)
}

// lastWords says why the server ends the connection.
func (s *session) lastWords(dst []byte, err error) []byte {
	in := s.state == here
	s.state, s.prompt = over, noPrompt
	switch kind := kindOf(err); {
	case err == nil:
		return dst
	case kind == chat.TooLate && in:
		return appendSentence(dst, saysTimeOut)
	case kind == chat.BadPass: // for the last time on this connection
		return appendSentence(dst, saysBadPass)
	case kind == chat.Lost:
		return appendSentence(dst, saysStops)
	}
	return appendReason(dst, err)
}
