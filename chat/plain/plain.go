// Package plain shows the views of a messenger as text: lines for people, or
// one JSON object a line for scripts.
//
// A line for people is
//
//	15:04:05 <bob> text            someone said it
//	15:04:05 <bob> text (written 2006-01-02 15:04)  bob said it then
//	15:04:05 <bob -> #room> text   bob said it to all in a room; so you, if it is you
//	15:04:05 <alice -> bob> text   you said it, and it is with bob's machine or,
//	                               through a server, with that; with a receipt
//	                               from bob's program, "(delivered)" behind it;
//	                               "(stored)", and the server keeps it for bob
//	15:04:05 * sentence            the messenger reports
//	15:04:05 ! sentence            something went wrong
//	-- 2006-01-02 --               the day of the lines below
//
// Names and texts come from strangers. Nothing in them can end a line, move
// the cursor, hide or turn around letters, or look like another line: what
// acts instead of being seen is written as its number, and a name cannot
// leave its brackets or quotes.
package plain

import (
	"fmt"
	"strconv"
	"time"

	"mim/chat"
	"mim/chat/client"
)

// writtenAt stands behind a text that is older than its line.
const writtenAt = " (written 2006-01-02 15:04)"

// Dated gives a Format that is AppendPlain, with a line of the date before the
// first line of each day (mim0.md, Peers: with date and time). It is for one
// output: it remembers the day.
func Dated() Format {
	var day string
	return func(dst []byte, v client.View) []byte {
		if today := v.At.Format(time.DateOnly); today != day && !v.Final && !v.Event.ForScreen() {
			day = today
			dst = fmt.Appendf(dst, "-- %s --\n", day)
		}
		return AppendPlain(dst, v)
	}
}

// AppendPlain appends v as one line for people, with its end; a table is one
// line and one more for each person in it. The time is that of v.At's zone.
// The error that ends the program is nothing here: people read it once, where
// the program says why it ends. So is what is for a screen alone.
func AppendPlain(dst []byte, v client.View) []byte {
	if v.Final || v.Event.ForScreen() {
		return dst
	}
	stamp := v.At.Format(time.TimeOnly)
	dst = append(dst, stamp...)
	switch v.Event {
	case client.Said:
		dst = appendTalk(dst, v.From, v.Room)
		dst = chat.AppendHarmless(dst, v.Text)
		if !v.Written.IsZero() {
			dst = v.Written.In(v.At.Location()).AppendFormat(dst, writtenAt)
		}
	case client.Sent:
		to := chat.Quote(v.To)
		if v.Room != "" {
			v.To, to = v.Room, chat.QuoteRoom(v.Room)
		}
		if v.State == client.StateFailed {
			dst = appendMark(dst, '!', "not sent to "+to+": ")
			dst = chat.AppendHarmless(dst, v.Text)
			dst = append(dst, " ("...)
			dst = chat.AppendHarmless(dst, v.Why)
			dst = append(dst, ')')
			break
		}
		dst = appendTalk(dst, v.From, v.To)
		dst = chat.AppendHarmless(dst, v.Text)
		switch v.State {
		case client.StateDelivered:
			dst = append(dst, " (delivered)"...)
		case client.StateStored:
			dst = append(dst, " (stored)"...)
		}
	case client.Error:
		dst = appendMark(dst, '!', "")
		dst = chat.AppendHarmless(dst, v.Text)
	default:
		dst = appendMark(dst, '*', "")
		dst = chat.AppendHarmless(dst, sentence(v))
	}
	dst = append(dst, '\n')
	if v.Event == client.Table {
		dst = appendTable(dst, stamp, v.People)
	}
	return dst
}

func appendMark(dst []byte, mark byte, s string) []byte {
	dst = append(dst, ' ', mark, ' ')
	return append(dst, s...)
}

// appendTalk appends who speaks, to whom if that is not the reader.
func appendTalk(dst []byte, from, to string) []byte {
	dst = append(dst, " <"...)
	dst = chat.AppendHarmlessName(dst, from, "<>")
	if to != "" {
		dst = append(dst, " -> "...)
		dst = chat.AppendHarmlessName(dst, to, "<>")
	}
	return append(dst, "> "...)
}

// sentence words what the messenger reports. Names in it are quoted; the rest
// may hold what others wrote and is made harmless by who prints it.
func sentence(v client.View) string {
	switch v.Event {
	case client.Ready:
		at := "through the server"
		if v.Listening != "" {
			at = "at " + v.Listening
		}
		return "you are " + chat.Quote(v.Name) + " at " + v.Address + "; others reach you " + at
	case client.Came:
		if v.Address == "" {
			return chat.Quote(v.Name) + " is here"
		}
		return chat.Quote(v.Name) + " is here (" + v.Address + ")"
	case client.Went:
		return chat.Quote(v.Name) + " is gone"
	case client.Table:
		if v.Text != "" {
			return v.Text
		}
		return headcount(len(v.People))
	case client.Joined:
		return joined(v)
	case client.UserJoin:
		return chat.Quote(v.Name) + " is in " + chat.QuoteRoom(v.Room)
	case client.UserLeave:
		return chat.Quote(v.Name) + " has left " + chat.QuoteRoom(v.Room)
	case client.Opened:
		return "the line with " + chat.Quote(v.Name) + " is open (" + v.Address + ")"
	case client.Closed:
		return "the line with " + chat.Quote(v.Name) + " is closed: " + v.Why
	case client.Called:
		return callSentence(v)
	case client.Offline:
		return "the server is lost: " + v.Why + "; " + v.Text
	case client.Online:
		return "the server is back"
	case client.Bye:
		return "bye"
	}
	if v.Name != "" {
		return chat.Quote(v.Name) + ": " + v.Text
	}
	return v.Text
}

// callSentence tells how far a call is.
func callSentence(v client.View) string {
	with := chat.Quote(v.Name)
	if v.Room != "" {
		with = "all in " + chat.QuoteRoom(v.Room)
	}
	switch v.State {
	case client.StateAsked:
		return "you call " + with + "; /hangup gives up"
	case client.StateRinging:
		return with + " calls you: /answer " + with + " or /deny " + with
	case client.StateAccepted:
		if v.Name == "" || v.Room == "" && len(v.People) == 0 {
			return "you are in a call with " + with
		}
		return chat.Quote(v.Name) + " takes part in your call" + others(v)
	case client.StateDenied:
		return "no call with " + with + ": " + v.Why
	}
	return "the call with " + with + " is over: " + v.Why
}

// others names those who take part in a call beside the one it is about.
func others(v client.View) string {
	s, between := "", ", beside "
	for i, p := range v.People {
		switch {
		case p.Name == v.Name:
			continue
		case i == maxNamed:
			return s + " and others"
		}
		s += between + chat.Quote(p.Name)
		between = ", "
	}
	return s
}

// maxNamed is how many of the people in a room a line names.
const maxNamed = 50

// joined tells of a room that the reader is in, and who are there.
func joined(v client.View) string {
	s := "you are in " + chat.QuoteRoom(v.Room)
	for i, p := range v.People {
		switch {
		case i == maxNamed:
			return s + " and " + strconv.Itoa(len(v.People)-i) + " more"
		case i == 0:
			s += ", where these are: "
		default:
			s += ", "
		}
		s += chat.Quote(p.Name)
	}
	return s
}

func headcount(n int) string {
	switch n {
	case 0:
		return "nobody else is here"
	case 1:
		return "one other is here:"
	}
	return strconv.Itoa(n) + " others are here:"
}

func appendTable(dst []byte, stamp string, people []client.Person) []byte {
	for _, p := range people {
		dst = append(dst, stamp...)
		dst = appendMark(dst, '*', "  "+chat.Quote(p.Name))
		for _, s := range []string{p.Address, p.Dialect} {
			if s != "" {
				dst = append(dst, "  "...)
				dst = chat.AppendHarmless(dst, s)
			}
		}
		dst = append(dst, '\n')
	}
	return dst
}
