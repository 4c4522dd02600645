package dtu

import (
	"bytes"
	"strings"

	"mim/chat"
	"mim/codec/asked"
)

// questions are the requests of a link without an outcome. A text, a word about
// a call and the goodbye are answered only if they are refused: the next
// refusal is about one of those in front of the first other request, or about
// that one.
type questions struct{ asked.Queue }

// settle is the outcome of the request at i, and of those before it.
func (q *questions) settle(i int, err error) bool { return q.Settle(i, chat.Answer{Err: err}) }

// loggedIn is the outcome of the login.
func (q *questions) loggedIn(err error) bool { return q.settle(q.First(asked.IsLogin), err) }

// joined is the outcome of a Join.
func (q *questions) joined(room string) bool {
	return q.settle(q.First(func(r chat.Request) bool { j, ok := r.(*chat.Join); return ok && j.Room == room }), nil)
}

// left is the outcome of a Leave.
func (q *questions) left(room string) bool {
	return q.settle(q.First(func(r chat.Request) bool { l, ok := r.(*chat.Leave); return ok && l.Room == room }), nil)
}

// called is the outcome of a Talk: it has a key now.
func (q *questions) called(to string) bool {
	return q.settle(q.First(func(r chat.Request) bool {
		t, ok := r.(*chat.Talk)
		return ok && strings.EqualFold(string(t.To), to)
	}), nil)
}

// ended is the outcome of a TalkEnd.
func (q *questions) ended(key uint64) bool {
	return q.settle(q.First(func(r chat.Request) bool { t, ok := r.(*chat.TalkEnd); return ok && t.Key == key }), nil)
}

// badKey is the outcome of a word about a call that is none.
func (q *questions) badKey() bool {
	return q.settle(q.Last(func(r chat.Request) bool {
		switch r.(type) {
		case *chat.TalkReply, *chat.TalkEnd:
			return true
		}
		return false
	}), chat.Errorf(chat.Unknown, "there is no such call"))
}

// refused takes what stands behind NOTACCEPTED.
func (q *questions) refused(says []byte) bool {
	err := &chat.Error{Kind: chat.Refused, Text: sentence(says)}
	if name, ok := bytes.CutPrefix(says, []byte(saysNoNick)); ok {
		err.Kind = chat.Unknown
		return q.settle(q.Last(func(r chat.Request) bool { return isFor(r, name, false) }), err)
	}
	if room, ok := bytes.CutPrefix(says, []byte(saysNotIn)); ok {
		err.Kind = chat.Unknown
		return q.settle(q.Last(func(r chat.Request) bool { return isFor(r, room, true) }), err)
	}
	switch string(says) {
	case saysSyntax, saysBadNick, saysBadRoom:
		err.Kind = chat.BadName
	case saysTooLong:
		err.Kind = chat.TooLong
	}
	// A word about a call is refused by callBadKey.
	at := q.Last(func(r chat.Request) bool { _, word := r.(*chat.TalkReply); return !word })
	if at < 0 {
		at = q.Last(func(chat.Request) bool { return true })
	}
	return q.settle(at, err)
}

// isFor reports whether a request names somebody, or a channel.
func isFor(r chat.Request, name []byte, room bool) bool {
	switch r := r.(type) {
	case *chat.Say:
		return r.Room == room && bytes.EqualFold(r.To, name)
	case *chat.Talk:
		return r.Room == room && bytes.EqualFold(r.To, name)
	case *chat.Leave:
		return room && r.Room == string(name)
	}
	return false
}

// isQuiet reports whether a request has no answer if it goes well.
func isQuiet(r chat.Request) bool {
	switch r.(type) {
	case *chat.Say, *chat.TalkReply, *chat.Logout:
		return true
	}
	return false
}

// sentence is what a server says, for people.
func sentence(says []byte) string {
	if len(says) > maxSentence {
		says = chat.Clip(says, maxSentence)
	}
	return string(chat.AppendLine(nil, chat.AppendUTF8(nil, says)))
}
