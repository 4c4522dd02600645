package dtu

import (
	"bytes"
	"strconv"

	"mim/chat"
	"mim/codec"
)

// Append writes what happens as lines. What dtu has no words for is silent: a
// known client stops at a word that it does not know (dtu, Events).
func (d *dialect) Append(dst []byte, e chat.Event, _ codec.Variant) []byte {
	switch e := e.(type) {
	case *chat.Said:
		return appendSaid(dst, e)
	case *chat.Members:
		return appendMembers(dst, e)
	case *chat.Entered:
		if !d.quiet && e.Who != nil {
			return appendPresence(dst, wordUserJoin, e.Room, e.Who.Plain())
		}
	case *chat.Exited:
		if !d.quiet && e.Who != nil {
			return appendPresence(dst, wordUserLeave, e.Room, e.Who.Plain())
		}
	case *chat.Ping:
		return appendPing(dst, e.Number)
	case *chat.Call:
		return appendCall(dst, e)
	}
	return dst
}

// appendSaid appends a text behind who said it and where, in a line of at most
// maxLine bytes (dtu rule 8). A text of nothing but blanks is none.
func appendSaid(dst []byte, e *chat.Said) []byte {
	at := len(dst)
	if e.From == nil {
		return dst
	}
	dst = append(dst, wordMsg...)
	dst, ok := appendWord(dst, e.From.Plain())
	switch {
	case !ok:
	case e.Room != "":
		dst, ok = appendRoom(dst, e.Room)
	case e.To != nil:
		dst, ok = appendWord(dst, e.To.Name)
	default:
		ok = false
	}
	if !ok {
		return dst[:at]
	}
	dst = append(dst, colon...)
	head := len(dst)
	dst = appendClean(dst, e.Text, maxLine-len(lineEnd)-(head-at))
	if len(bytes.Trim(dst[head:], blanks)) == 0 {
		return dst[:at]
	}
	return append(dst, lineEnd...)
}

// appendMembers appends the list of who is in a channel, in one line however
// long it is (dtu rule 7).
func appendMembers(dst []byte, e *chat.Members) []byte {
	at := len(dst)
	dst, ok := appendRoom(append(dst, wordUserList...), e.Room)
	if !ok {
		return dst[:at]
	}
	between := colon
	for _, who := range e.People {
		if who == nil {
			continue
		}
		before := len(dst)
		dst = append(dst, between...)
		head := len(dst)
		if dst = appendName(dst, who.Plain()); len(dst) == head {
			dst = dst[:before]
			continue
		}
		between = ", "
	}
	if between == colon {
		dst = append(dst, colon...)
	}
	return append(dst, lineEnd...)
}

// appendPresence appends who is in a channel now, or is not any more.
func appendPresence(dst []byte, word, room, name string) []byte {
	at := len(dst)
	dst, ok := appendRoom(append(dst, word...), room)
	if !ok {
		return dst[:at]
	}
	dst = append(dst, colon...)
	head := len(dst)
	if dst = appendName(dst, name); len(dst) == head {
		return dst[:at]
	}
	return append(dst, lineEnd...)
}

// appendPing writes nine digits (dtu rule 12).
func appendPing(dst []byte, number uint32) []byte {
	dst = append(dst, wordPing+colon...)
	for least := uint32(100_000_000); least > 1 && number < least; least /= 10 {
		dst = append(dst, '0')
	}
	dst = strconv.AppendUint(dst, uint64(number), 10)
	return append(dst, lineEnd...)
}

// appendCall appends news of a call. Without a key there is no news, and
// without a name only that it is over (dtu rules 13 to 16).
func appendCall(dst []byte, e *chat.Call) []byte {
	at, ok := len(dst), true
	if !isKey(e.Key) {
		return dst
	}
	says := ""
	switch e.State {
	case chat.CallAsked:
		says = callRequest
	case chat.CallAccepted:
		says = wordAccepted
	case chat.CallDenied:
		says = callDenied
	case chat.CallEnded:
		says = callEnd
	default:
		return dst
	}
	dst = append(dst, wordTalk...)
	switch {
	case e.State == chat.CallEnded:
	case e.Who != nil:
		dst, ok = appendWord(dst, e.Who.Plain())
	default:
		dst, ok = appendRoom(dst, e.Room)
	}
	if !ok {
		return dst[:at]
	}
	dst = strconv.AppendUint(append(dst, ' '), e.Key, 10)
	return appendRest(dst, says)
}

// appendClean appends text as at most max bytes of one line. It is clipped
// twice: before, to bound the work; after, since a byte that is no UTF-8 grows
// to three on the way.
func appendClean(dst, text []byte, max int) []byte {
	at := len(dst)
	dst = chat.AppendLine(dst, chat.Clip(text, max))
	return dst[:at+len(chat.Clip(dst[at:], max))]
}

// appendRoom appends a blank and the name of a channel; false: it is none.
func appendRoom(dst []byte, room string) ([]byte, bool) {
	if !isRoom(room) {
		return dst, false
	}
	return append(append(dst, ' '), room...), true
}

// appendWord appends a blank and a name; false: nothing is left of it.
func appendWord(dst []byte, name string) ([]byte, bool) {
	head := len(dst) + 1
	dst = appendName(append(dst, ' '), name)
	return dst, len(dst) > head
}

// appendName appends a name as others see it. One that no line can hold loses
// all but its letters and digits; nothing may be left (dtu rule 6).
func appendName(dst []byte, name string) []byte {
	if isName(name) {
		return append(dst, name...)
	}
	for i, most := 0, len(dst)+chat.MaxNameUnits; i < len(name) && len(dst) < most; i++ {
		c := name[i]
		if c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' {
			dst = append(dst, c)
		}
	}
	return dst
}
