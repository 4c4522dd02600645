// Package asked remembers what a caller has asked and which outcome it had,
// for protocols whose answers do not say which request they are about, and
// that answer some requests only when they fail.
package asked

import (
	"time"

	"mim/chat"
)

const (
	// QuietWithin is how long a quiet request may be answered. When nothing came
	// in this time it went well (comp9331 and dtu, "How our client knows").
	QuietWithin = 300 * time.Millisecond

	// AnswerWithin is the same for what has an answer: it is lost then.
	AnswerWithin = 10 * time.Second

	// Max bounds the requests that wait for their answers.
	Max = 100
)

// A Queue holds the requests of a link whose outcome was not reported yet, in
// their order, in which the server answers them. A quiet one is answered only
// if it failed. So an answer may be about any of the quiet ones in front of the
// first other request, or about that one: it is taken for that of the request
// which was asked last of those that it fits, because a server answers sooner
// than a person asks again. All before it are done then.
//
// It does not bound itself: what Full refuses is pushed with that error, to be
// answered in its turn.
type Queue struct {
	quiet func(chat.Request) bool
	all   []one
	open  int  // of them that are not done
	fresh bool // some have no time yet, or were done when they were asked
}

// one is a request.
type one struct {
	until int64 // Unix nanoseconds; 0: not known yet
	done  bool
	chat.Answer
}

// New gives an empty queue; quiet says which requests have no answer if they
// go well.
func New(quiet func(chat.Request) bool) Queue { return Queue{quiet: quiet} }

// Open is how many requests have no outcome yet.
func (q *Queue) Open() int { return q.open }

// Full is an error of kind chat.TooFast if Max requests are open.
func (q *Queue) Full() error {
	if q.open >= Max {
		return chat.Errorf(chat.TooFast, "%d requests wait for their answers", Max)
	}
	return nil
}

// Push takes down a request, which must not change any more; err not nil: it
// was not asked.
func (q *Queue) Push(r chat.Request, err error) {
	q.all = append(q.all, one{done: err != nil, Answer: chat.Answer{To: r, Err: err}})
	q.fresh = true
	if err == nil {
		q.open++
	}
}

// Pop takes the next outcome; false: there is none yet.
func (q *Queue) Pop(to *chat.Answer) bool {
	if len(q.all) == 0 || !q.all[0].done {
		return false
	}
	*to = q.all[0].Answer
	q.all[0] = one{}
	if q.all = q.all[1:]; len(q.all) == 0 {
		q.all = nil
	}
	return true
}

// Due ends the wait of those whose time is over, and says when it wants to be
// called next: now, once, if there is something to report that no bytes bring;
// the zero time: not before something else happens.
func (q *Queue) Due(now time.Time) time.Time {
	soon := q.fresh && len(q.all) > 0 && q.all[0].done
	for i := 0; q.fresh && i < len(q.all); i++ {
		q.start(i, now)
	}
	q.fresh = false
	for i := range q.all {
		o := &q.all[i]
		if o.done {
			continue
		}
		if o.until == 0 || now.UnixNano() < o.until {
			if soon || o.until == 0 { // a login: who asked knows how long it may take
				break
			}
			return time.Unix(0, o.until)
		}
		q.expire(i)
		soon = true
	}
	if soon {
		return now
	}
	return time.Time{}
}

// start begins the time of the request at i.
func (q *Queue) start(i int, now time.Time) {
	o := &q.all[i]
	switch {
	case o.until != 0 || IsLogin(o.To):
	case q.quiet(o.To):
		o.until = now.Add(QuietWithin).UnixNano()
	default:
		o.until = now.Add(AnswerWithin).UnixNano()
	}
}

// expire ends the wait of the request at i.
func (q *Queue) expire(i int) {
	var err error
	if !q.quiet(q.all[i].To) {
		err = chat.Errorf(chat.TooLate, "the server did not answer")
	}
	q.Finish(i, chat.Answer{Err: err})
}

// First is the place of the first open request that fits; -1: none.
func (q *Queue) First(fits func(chat.Request) bool) int {
	for i := range q.all {
		if !q.all[i].done && fits(q.all[i].To) {
			return i
		}
	}
	return -1
}

// Last is the place of the request asked last of those that the next answer
// may be about and fits; -1: none.
func (q *Queue) Last(fits func(chat.Request) bool) int {
	at := -1
	for i := range q.all {
		o := &q.all[i]
		if o.done {
			continue
		}
		if fits(o.To) {
			at = i
		}
		if !q.quiet(o.To) {
			break
		}
	}
	return at
}

// Settle is the outcome of the request at i, whose To is not looked at. Those
// before it that have an answer got none: the server has passed them over. It
// is false for a place that is none.
func (q *Queue) Settle(i int, a chat.Answer) bool {
	if i < 0 {
		return false
	}
	for k := range i {
		q.expire(k)
	}
	q.Finish(i, a)
	return true
}

// Finish is the outcome of the request at i alone; nothing for a place that is
// none, or one that has an outcome.
func (q *Queue) Finish(i int, a chat.Answer) {
	if i < 0 || q.all[i].done {
		return
	}
	o := &q.all[i]
	a.To = o.To
	o.done, o.Answer = true, a
	q.open--
}

// IsLogin reports whether r is a login, which has no time here.
func IsLogin(r chat.Request) bool { _, ok := r.(*chat.Login); return ok }
