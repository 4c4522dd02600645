package comp9331

import (
	"bytes"
	"strings"
	"time"

	"mim/chat"
)

const (
	// sayWithin is how long a text may be answered by a sentence. Delivered
	// texts have no answer: when nothing came in this time it is one
	// (comp9331, "How our client knows").
	sayWithin = 300 * time.Millisecond

	// answerWithin is the same for what has an answer: it is lost then.
	answerWithin = 10 * time.Second

	// maxAsked bounds the requests that wait for their answers.
	maxAsked = 100
)

// asked are the requests of a link whose outcome was not reported yet, in
// their order, in which the server answers them. A Say is answered only if it
// was not delivered. So a sentence may be about any of the Says in front of
// the first other request, or about that one: it is taken for that of the
// request which was asked last of those that it fits, because a server answers
// sooner than a person asks again. All before it are done then.
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
	result
}

// result is the outcome of a request.
type result struct {
	err    error
	stored bool
	names  []string
}

// push takes down a request; err not nil: it was not asked.
func (a *asked) push(r chat.Request, err error) {
	a.all = append(a.all, one{to: r, done: err != nil, result: result{err: err}})
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
	o := a.all[0]
	a.all[0] = one{}
	if a.all = a.all[1:]; len(a.all) == 0 {
		a.all = nil
	}
	*to = chat.Answer{To: o.to, Err: o.err, Stored: o.stored, Names: o.names}
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
		var r result
		if !isSay(o.to) {
			r.err = chat.Errorf(chat.TooLate, "the server did not answer")
		}
		a.finish(i, r)
		soon = true
	}
	if soon {
		return now
	}
	return time.Time{}
}

// start begins the time of a request.
func (o *one) start(now time.Time) {
	switch o.to.(type) {
	case *chat.Login:
	case *chat.Say:
		if o.until == 0 {
			o.until = now.Add(sayWithin).UnixNano()
		}
	default:
		if o.until == 0 {
			o.until = now.Add(answerWithin).UnixNano()
		}
	}
}

// last is the place of the request asked last of those that the next sentence
// may be about and fits; -1: none.
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
		if !isSay(o.to) {
			break
		}
	}
	return at
}

// settle is the outcome of the request at i; the Says before it were delivered.
func (a *asked) settle(i int, r result) bool {
	if i < 0 {
		return false
	}
	for k := range i {
		a.finish(k, result{})
	}
	a.finish(i, r)
	return true
}

func (a *asked) finish(i int, r result) {
	if o := &a.all[i]; !o.done {
		o.done, o.result = true, r
		a.open--
	}
}

// loggedIn is the outcome of the login.
func (a *asked) loggedIn(err error) {
	for i := range a.all {
		if _, ok := a.all[i].to.(*chat.Login); ok && !a.all[i].done {
			a.finish(i, result{err: err})
			return
		}
	}
}

// A meaning is what a sentence says about a request that it fits.
type meaning struct {
	says string
	fits func(chat.Request) bool
	kind chat.Kind // 0: it was done
}

// meanings are the sentences that are the same for everyone, without the blank
// at their end and without errorMark.
var (
	meanings = []meaning{
		{saysStored, isSayTo, 0},
		{saysBlocked, isSayTo, chat.Blocked},
		{saysNotToAll, isSayAll, chat.Blocked},
		{saysGoodbye, isLogout, 0},
	}
	errorMeanings = []meaning{
		{saysBadUser, namesSomeone, chat.Unknown},
		{saysBlockTwice, isBlock, chat.Already},
		{saysBlockSelf, isBlock, chat.Self},
		{saysUnblockSelf, isUnblock, chat.Self},
		{saysFull, isSayTo, chat.Full},
		{saysBroken, isSayTo, chat.Broken},
		{saysNotDelivered, isSayTo, chat.NotDelivered},
		{saysNotToEveryone, isSayAll, chat.NotDelivered},
	}
)

// answers takes a line of the server that answers something.
func (a *asked) answers(line []byte) bool {
	if text, ok := bytes.CutPrefix(line, []byte(errorMark)); ok {
		return a.errors(line, text)
	}
	if len(line) == 0 || line[len(line)-1] == ' ' && namesOnly(line) {
		return a.settle(a.last(isWhoElse), result{names: appendNames(nil, line)})
	}
	text := string(bytes.TrimRight(line, blanks))
	for _, m := range meanings {
		if m.says == text {
			return a.settle(a.last(m.fits), result{stored: m.says == saysStored, err: m.err(line)})
		}
	}
	switch {
	case strings.HasSuffix(text, tailIsUnblocked):
		return a.settle(a.last(isUnblock), result{})
	case strings.HasSuffix(text, tailIsBlocked):
		return a.settle(a.last(isBlock), result{})
	}
	return false
}

// errors takes a line that says that something is wrong.
func (a *asked) errors(line, text []byte) bool {
	text = bytes.TrimRight(text, blanks)
	for _, m := range errorMeanings {
		if m.says == string(text) {
			return a.settle(a.last(m.fits), result{err: m.err(line)})
		}
	}
	if bytes.HasSuffix(text, []byte(tailWasNotBlocked)) {
		return a.settle(a.last(isUnblock), result{err: &chat.Error{Kind: chat.NotSo, Text: sentence(line)}})
	}
	return a.settle(a.last(isAny), result{err: refusal(line)})
}

func (m meaning) err(line []byte) error {
	if m.kind == 0 {
		return nil
	}
	return &chat.Error{Kind: m.kind, Text: sentence(line)}
}

// refusal is an error in the server's own words.
func refusal(line []byte) error { return &chat.Error{Kind: chat.Refused, Text: sentence(line)} }

// sentence is a line without errorMark, for people.
func sentence(line []byte) string {
	line = bytes.TrimRight(bytes.TrimPrefix(line, []byte(errorMark)), blanks)
	return string(chat.AppendLine(nil, chat.AppendUTF8(nil, line)))
}

func trimmed(s string) string { return strings.TrimRight(s, blanks) }

// namesOnly reports whether a line, or the beginning of one, has nothing but
// words without a colon and single blanks behind them.
func namesOnly(line []byte) bool {
	return line[0] != ' ' && bytes.IndexByte(line, ':') < 0 && !bytes.Contains(line, []byte("  "))
}

// appendNames appends the words that are names.
func appendNames(names []string, line []byte) []string {
	for word := range bytes.SplitSeq(line, []byte{' '}) {
		if name := string(chat.AppendUTF8(nil, word)); len(names) < maxListed && isName(name) {
			names = append(names, name)
		}
	}
	return names
}

func isSay(r chat.Request) bool { _, ok := r.(*chat.Say); return ok }

func isSayTo(r chat.Request) bool { s, ok := r.(*chat.Say); return ok && !s.All }

func isSayAll(r chat.Request) bool { s, ok := r.(*chat.Say); return ok && s.All }

func isWhoElse(r chat.Request) bool { _, ok := r.(*chat.WhoElse); return ok }

func isBlock(r chat.Request) bool { b, ok := r.(*chat.Block); return ok && !b.Undo }

func isUnblock(r chat.Request) bool { b, ok := r.(*chat.Block); return ok && b.Undo }

func isLogout(r chat.Request) bool { _, ok := r.(*chat.Logout); return ok }

func isAny(chat.Request) bool { return true }

func namesSomeone(r chat.Request) bool {
	_, block := r.(*chat.Block)
	return block || isSayTo(r)
}
