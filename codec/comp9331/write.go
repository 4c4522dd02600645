package comp9331

import (
	"strings"
	"time"
	"unicode"

	"mim/chat"
	"mim/codec"
)

// Append says who comes and goes, and what people say; all else is silent: a
// sentence that nobody asked for would be taken for an answer (comp9331,
// Events).
func (dialect) Append(dst []byte, e chat.Event, _ codec.Variant) []byte {
	switch e := e.(type) {
	case *chat.Came:
		return appendPresence(dst, e.Who, tailLoggedIn)
	case *chat.Went:
		return appendPresence(dst, e.Who, tailLoggedOut)
	case *chat.Said:
		return appendSaid(dst, e)
	}
	return dst
}

func appendPresence(dst []byte, who *chat.Person, tail string) []byte {
	at := len(dst)
	if who != nil {
		dst = appendName(dst, who.Word())
	}
	if len(dst) == at {
		return dst
	}
	return appendSentence(dst, tail)
}

// appendSaid appends a text of at most piece bytes behind who said it and, if
// that is some time ago, in front of when (comp9331 rule 7). What nobody said
// would look like a sentence of ours.
func appendSaid(dst []byte, e *chat.Said) []byte {
	at := len(dst)
	if e.From != nil {
		dst = appendName(dst, e.From.Word())
	}
	if len(dst) == at {
		return dst
	}
	dst = appendClean(append(dst, colon...), e.Text, piece)
	if !e.At.IsZero() {
		dst = appendStamp(dst, e.At)
	}
	return append(dst, '\n')
}

// appendStamp appends a time; one that has no four digits of a year is none.
func appendStamp(dst []byte, at time.Time) []byte {
	at = at.UTC()
	if year := at.Year(); year < 0 || year > 9999 {
		return dst
	}
	return at.AppendFormat(dst, stamp)
}

// appendClean appends text as at most max bytes of one line. It is clipped
// twice: before, to bound the work; after, since a byte that is no UTF-8 grows
// to three on the way.
func appendClean(dst, text []byte, max int) []byte {
	at := len(dst)
	dst = chat.AppendLine(dst, chat.Clip(text, max))
	return dst[:at+len(chat.Clip(dst[at:], max))]
}

// appendName appends a name as others see it. One that could forge a line, by
// a blank or a colon, loses all but its letters and digits; nothing may be
// left (comp9331 rule 6).
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

// isName reports whether a name can be written without danger.
func isName(name string) bool {
	return !strings.ContainsFunc(name, breaksName) && chat.CheckName(name) == nil
}

func breaksName(r rune) bool { return r == ':' || unicode.IsSpace(r) }
