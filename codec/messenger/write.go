package messenger

import (
	"bytes"
	"errors"
	"strconv"
	"unicode/utf8"

	"mim/chat"
	"mim/codec"
)

// maxName is the longest name (messenger rule 4).
const maxName = 64

// What a server says that is no echo, each with its empty line.
const (
	saysBadName      = "ERROR 100 Malformed username\n\n"
	saysUnregistered = "ERROR 101 No user registered\n\n"
	saysNotSent      = "ERROR 102 Unable to send\n\n"
	saysBadHeader    = "ERROR 103 Header incomplete\n\n"
	saysRefused      = "ERROR 103 Header Incomplete\n\n" // the receiver's own, passed on
)

// checkName says whether name may be registered: the error is a *chat.Error of
// kind BadName. No name can end a line or begin a header.
func checkName(name string) error {
	if name == "" || len(name) > maxName || name == everyone {
		return chat.Errorf(chat.BadName, "a name has 1 to %d letters and digits and is not %s", maxName, everyone)
	}
	for i := range len(name) {
		if c := name[i]; (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			return chat.Errorf(chat.BadName, "a name has letters and digits only")
		}
	}
	return nil
}

// Append says what people say, as a FORWARD; all other events are silent.
// People whose names messenger cannot write are not heard. A text has at most
// maxBody bytes; what could act on a terminal in it becomes blanks, line ends
// stay (messenger rule 9).
func (*dialect) Append(dst []byte, e chat.Event, v codec.Variant) []byte {
	said, ok := e.(*chat.Said)
	if !ok || said.From == nil || checkName(said.From.Plain()) != nil {
		return dst
	}
	dst = append(dst, "FORWARD "...)
	dst = append(dst, said.From.Plain()...)
	return appendBody(dst, said.Text, v)
}

// oneLine makes blanks of the line ends of a text in which a message may be
// hidden. A program that counts otherwise than we do reads too little of a
// text, or the beginning of the next, and takes the rest for messages: none of
// those is to be a whole one that somebody wrote (messenger rule 9).
func oneLine(text []byte) {
	for _, word := range tells {
		for rest := text; ; {
			i := bytes.Index(rest, []byte(word))
			if i < 0 {
				break
			}
			if rest = rest[i+len(word):]; len(rest) == 0 || rest[0] == ' ' || rest[0] == '\t' {
				blank(text)
				return
			}
		}
	}
}

// blank makes blanks of line ends.
func blank(text []byte) {
	for i, c := range text {
		if c == '\n' || c == '\r' {
			text[i] = ' '
		}
	}
}

// appendBody appends the end of a first line, Content-length, the empty line
// and text, made harmless.
func appendBody(dst, text []byte, v codec.Variant) []byte {
	dst = append(dst, '\n')
	dst = append(dst, lengthHeader...)
	dst = append(dst, ": "...)
	at := len(dst)
	// Clipped twice: before, to bound the work; after, since a byte that is no
	// UTF-8 grows to three on the way.
	dst = chat.AppendText(dst, chat.Clip(text, maxBody))
	dst = dst[:at+len(chat.Clip(dst[at:], maxBody))]
	if v&guessed != 0 {
		oneLine(dst[at:])
	}
	n := len(dst) - at
	if v&inRunes != 0 {
		n = utf8.RuneCount(dst[at:])
	}
	// How long the text is shows when it is written: it makes room then.
	var room [maxDigits + 2]byte
	head := append(strconv.AppendInt(room[:0], int64(n), 10), "\n\n"...)
	dst = append(dst, head...)
	copy(dst[at+len(head):], dst[at:len(dst)-len(head)])
	copy(dst[at:], head)
	return dst
}

// Answer says how a request went (messenger rules 4 to 7); the last words are
// that something was wrong with a header, for want of better ones.
func (s *session) Answer(dst []byte, a chat.Answer) []byte {
	if a.To != nil && chat.Answered(a.To) && s.open > 0 {
		s.open--
	}
	if say, ok := a.To.(*chat.Say); ok {
		s.bytes = max(0, s.bytes-int32(len(say.Text)))
	}
	switch to := a.To.(type) {
	case *chat.Login:
		s.logins = max(s.logins, 1) - 1
		return s.registered(dst, to, a.Err)
	case *chat.Say:
		return s.sent(dst, to, a.Err)
	case *chat.Refuse:
		return s.refused(dst, to, a.Err)
	}
	if a.To == nil && kindOf(a.Err) == chat.Lost {
		return dst // the server stops: no ERROR stands for that
	}
	if a.To == nil || a.Err != nil { // the last words, or a receipt that came too early
		dst = append(dst, words(kindOf(a.Err), saysBadHeader)...)
	}
	return dst
}

// registered echoes the name as it was written: one client waits for good for
// any other spelling.
func (s *session) registered(dst []byte, l *chat.Login, err error) []byte {
	if err != nil {
		return append(dst, words(kindOf(err), saysBadName)...)
	}
	role := roleSends
	if l.Part == chat.Receives {
		role, s.receives = roleReceives, true
	} else {
		s.sends = true
	}
	dst = append(dst, "REGISTERED "...)
	dst = append(dst, role...)
	dst = append(dst, ' ')
	dst = append(dst, l.Name...)
	return append(dst, "\n\n"...)
}

func (s *session) sent(dst []byte, say *chat.Say, err error) []byte {
	if err == nil {
		dst = append(dst, s.ack...)
		dst = append(dst, ' ')
		dst = append(dst, say.To...)
		return append(dst, "\n\n"...)
	}
	switch kindOf(err) {
	case chat.Refused:
		return append(dst, saysRefused...)
	case chat.Unregistered:
		return append(dst, saysUnregistered...)
	}
	return append(dst, saysNotSent...)
}

func (s *session) refused(dst []byte, r *chat.Refuse, err error) []byte {
	if err == nil {
		err = r.Err
	}
	kind := kindOf(err)
	if r.Last {
		s.goOn(kind == chat.Unregistered)
	}
	return append(dst, words(kind, saysBadHeader)...)
}

// goOn leaves the state in which the answer to a Refuse with Last is awaited.
func (s *session) goOn(early bool) {
	switch {
	case s.state != asking && s.state != stranded:
	case !early:
		s.state = ended
	case s.state == stranded:
		s.state = lost
	default:
		s.state = reading
	}
}

// words says what kind of error it was, in the words that messenger has.
func words(k chat.Kind, other string) string {
	switch k {
	case chat.BadName, chat.Taken:
		return saysBadName
	case chat.Unregistered:
		return saysUnregistered
	}
	return other
}

// kindOf is the kind of an error; 0: internal, nobody's business.
func kindOf(err error) chat.Kind {
	if told, ok := errors.AsType[*chat.Error](err); ok {
		return told.Kind
	}
	return 0
}
