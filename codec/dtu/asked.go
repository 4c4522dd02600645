package dtu

import (
	"bytes"
	"strings"
	"time"

	"mim/chat"
)

const (
	// saidWithin is how long something that is not answered if it goes well may
	// be answered by a refusal (dtu, "How our client knows").
	saidWithin = 300 * time.Millisecond

	// answerWithin is the same for what has an answer: it is lost then.
	answerWithin = 10 * time.Second

	// maxAsked bounds the requests that wait for their answers.
	maxAsked = 100
)

// asked are the requests of a link whose outcome was not reported yet, in
// their order, in which the server answers them. A text, a word about a call
// and the goodbye are answered only if they are refused. So a refusal may be
// about any of those in front of the first other request, or about that one:
// it is taken for that of the request which was asked last of those that it
// fits, because a server answers sooner than a person asks again. All before
// it are done then.
type asked struct {
	all   []one
	open  int  // of them that are not done
	fresh bool // some have no time yet, or were done when they were asked
}

// one is a request.
type one struct {
	to    chat.Request
	until int64 // Unix nanoseconds; 0: not known yet
	done  bool
	err   error
}

// push takes down a request; err not nil: it was not asked.
func (a *asked) push(r chat.Request, err error) {
	a.all = append(a.all, one{to: r, done: err != nil, err: err})
	a.fresh = true
	if err == nil {
		a.open++
	}
}

// pop takes the next outcome; false: there is none yet.
func (a *asked) pop(to *chat.Answer) bool {
	if len(a.all) == 0 || !a.all[0].done {
		return false
	}
	*to = chat.Answer{To: a.all[0].to, Err: a.all[0].err}
	a.all[0] = one{}
	if a.all = a.all[1:]; len(a.all) == 0 {
		a.all = nil
	}
	return true
}

// due ends the wait of those whose time is over, and says when it wants to be
// called next: now, once, if there is something to report that no bytes bring.
func (a *asked) due(now time.Time) time.Time {
	soon := a.fresh && len(a.all) > 0 && a.all[0].done
	for i := 0; a.fresh && i < len(a.all); i++ {
		a.all[i].start(now)
	}
	a.fresh = false
	for i := range a.all {
		o := &a.all[i]
		if o.done {
			continue
		}
		if o.until == 0 || now.UnixNano() < o.until {
			if soon || o.until == 0 { // a login: who asked knows how long it may take
				break
			}
			return time.Unix(0, o.until)
		}
		a.expire(i)
		soon = true
	}
	if soon {
		return now
	}
	return time.Time{}
}

// start begins the time of a request.
func (o *one) start(now time.Time) {
	switch {
	case o.until != 0 || isLogin(o.to):
	case isQuiet(o.to):
		o.until = now.Add(saidWithin).UnixNano()
	default:
		o.until = now.Add(answerWithin).UnixNano()
	}
}

// expire ends the wait of the request at i.
func (a *asked) expire(i int) {
	var err error
	if !isQuiet(a.all[i].to) {
		err = chat.Errorf(chat.TooLate, "the server did not answer")
	}
	a.finish(i, err)
}

func (a *asked) finish(i int, err error) {
	if o := &a.all[i]; !o.done {
		o.done, o.err = true, err
		a.open--
	}
}

// settle is the outcome of the request at i. Those before it that have an
// answer got none: the server has passed them over.
func (a *asked) settle(i int, err error) bool {
	if i < 0 {
		return false
	}
	for k := range i {
		a.expire(k)
	}
	a.finish(i, err)
	return true
}

// first is the place of the first open request that fits; -1: none.
func (a *asked) first(fits func(chat.Request) bool) int {
	for i := range a.all {
		if !a.all[i].done && fits(a.all[i].to) {
			return i
		}
	}
	return -1
}

// last is the place of the request asked last of those that a refusal may be
// about and fits; -1: none.
func (a *asked) last(fits func(chat.Request) bool) int {
	at := -1
	for i := range a.all {
		o := &a.all[i]
		if o.done {
			continue
		}
		if fits(o.to) {
			at = i
		}
		if !isQuiet(o.to) {
			break
		}
	}
	return at
}

// loggedIn is the outcome of the login.
func (a *asked) loggedIn(err error) bool { return a.settle(a.first(isLogin), err) }

// joined is the outcome of a Join.
func (a *asked) joined(room string) bool {
	return a.settle(a.first(func(r chat.Request) bool { j, ok := r.(*chat.Join); return ok && j.Room == room }), nil)
}

// left is the outcome of a Leave.
func (a *asked) left(room string) bool {
	return a.settle(a.first(func(r chat.Request) bool { l, ok := r.(*chat.Leave); return ok && l.Room == room }), nil)
}

// called is the outcome of a Talk: it has a key now.
func (a *asked) called(to string) bool {
	return a.settle(a.first(func(r chat.Request) bool {
		t, ok := r.(*chat.Talk)
		return ok && strings.EqualFold(string(t.To), to)
	}), nil)
}

// ended is the outcome of a TalkEnd.
func (a *asked) ended(key uint64) bool {
	return a.settle(a.first(func(r chat.Request) bool { t, ok := r.(*chat.TalkEnd); return ok && t.Key == key }), nil)
}

// badKey is the outcome of a word about a call that is none.
func (a *asked) badKey() bool {
	return a.settle(a.last(func(r chat.Request) bool {
		switch r.(type) {
		case *chat.TalkReply, *chat.TalkEnd:
			return true
		}
		return false
	}), chat.Errorf(chat.Unknown, "there is no such call"))
}

// refused takes what stands behind NOTACCEPTED.
func (a *asked) refused(says []byte) bool {
	err := &chat.Error{Kind: chat.Refused, Text: sentence(says)}
	if name, ok := bytes.CutPrefix(says, []byte(saysNoNick)); ok {
		err.Kind = chat.Unknown
		return a.settle(a.last(func(r chat.Request) bool { return isFor(r, name, false) }), err)
	}
	if room, ok := bytes.CutPrefix(says, []byte(saysNotIn)); ok {
		err.Kind = chat.Unknown
		return a.settle(a.last(func(r chat.Request) bool { return isFor(r, room, true) }), err)
	}
	switch string(says) {
	case saysSyntax, saysBadNick, saysBadRoom:
		err.Kind = chat.BadName
	case saysTooLong:
		err.Kind = chat.TooLong
	}
	return a.settle(a.last(func(chat.Request) bool { return true }), err)
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

func isLogin(r chat.Request) bool { _, ok := r.(*chat.Login); return ok }

// sentence is what a server says, for people.
func sentence(says []byte) string {
	if len(says) > maxSentence {
		says = chat.Clip(says, maxSentence)
	}
	return string(chat.AppendLine(nil, chat.AppendUTF8(nil, says)))
}
