package comp9331

import (
	"bytes"
	"strings"

	"mim/chat"
	"mim/codec/asked"
)

// questions are the requests of a link without an outcome. A Say is answered
// only if it was not delivered: the next sentence is about one of the Says in
// front of the first other request, or about that one.
type questions struct{ asked.Queue }

// loggedIn is the outcome of the login.
func (q *questions) loggedIn(err error) { q.Finish(q.First(asked.IsLogin), chat.Answer{Err: err}) }

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
func (q *questions) answers(line []byte) bool {
	if text, ok := bytes.CutPrefix(line, []byte(errorMark)); ok {
		return q.errors(line, text)
	}
	if len(line) == 0 || line[len(line)-1] == ' ' && namesOnly(line) {
		return q.Settle(q.Last(isWhoElse), chat.Answer{Names: appendNames(nil, line)})
	}
	text := string(bytes.TrimRight(line, blanks))
	for _, m := range meanings {
		if m.says == text {
			return q.Settle(q.Last(m.fits), chat.Answer{Stored: m.says == saysStored, Err: m.err(line)})
		}
	}
	switch {
	case strings.HasSuffix(text, tailIsUnblocked):
		return q.Settle(q.Last(isUnblock), chat.Answer{})
	case strings.HasSuffix(text, tailIsBlocked):
		return q.Settle(q.Last(isBlock), chat.Answer{})
	}
	return false
}

// errors takes a line that says that something is wrong.
func (q *questions) errors(line, text []byte) bool {
	text = bytes.TrimRight(text, blanks)
	for _, m := range errorMeanings {
		if m.says == string(text) {
			return q.Settle(q.Last(m.fits), chat.Answer{Err: m.err(line)})
		}
	}
	if bytes.HasSuffix(text, []byte(tailWasNotBlocked)) {
		return q.Settle(q.Last(isUnblock), chat.Answer{Err: &chat.Error{Kind: chat.NotSo, Text: sentence(line)}})
	}
	return q.Settle(q.Last(isAny), chat.Answer{Err: refusal(line)})
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
