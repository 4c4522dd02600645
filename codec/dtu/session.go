package dtu

import (
	"bytes"
	"time"
	"unicode/utf8"

	"mim/chat"
	"mim/codec"
	"mim/codec/wire"
)

const (
	// quiet is the silence that ends a CONNECT or DISCONNECT without a line end
	// (dtu rule 3).
	quiet = 150 * time.Millisecond

	// maxOpen is how many requests of a link may wait for their answers; then
	// the next one is not read.
	maxOpen = 100
)

// A session is the state of one connection of a client: 64 bytes, and from the
// first text on a request that is used again.
//
//	state      a line                    the answer
//	outside    CONNECT -> checking       -
//	checking   is not read               -> here, or outside
//	here       a command                 -
//	over       is dropped                -
//
// DISCONNECT leads from outside and here to over.
type session struct {
	d     *dialect
	nick  string // from the login on
	names string // of a JOIN or LEAVE, not asked for yet
	say   *chat.Say
	lines wire.Lines
	leave bool // names are of a LEAVE
	state state
	open  uint8 // requests that have no answer yet
}

type state uint8

const (
	outside  state = iota
	checking       // the answer to a login is waited for
	here           // logged in
	over           // what still comes is dropped
)

// Next decodes a command. What it gives lies in p, unless it is no UTF-8.
func (s *session) Next(p []byte) (chat.Request, int, error) {
	switch {
	case s.state == over:
		return nil, len(p), nil
	case s.waits():
		return nil, 0, nil
	case s.names != "":
		return s.room(), 0, nil
	}
	line, n, cut := s.lines.Next(p, maxLine)
	switch {
	case line == nil:
		if s.say != nil {
			*s.say = chat.Say{} // an idle link holds on to nobody's buffer
		}
		return nil, n, nil
	case cut:
		return s.refuse(errTooLong), n, nil
	}
	return s.line(line), n, nil
}

// waits reports whether nothing is read until an answer comes.
func (s *session) waits() bool { return s.state == checking || s.open >= maxOpen }

// Quiet is 150 ms.
func (*session) Quiet() time.Duration { return quiet }

// Idle decodes a whole CONNECT or DISCONNECT that has no line end; half of
// anything else goes on waiting, at the end of input, too (dtu rule 3).
func (s *session) Idle(p []byte, _ bool) (chat.Request, int, error) {
	switch {
	case s.state == over, s.names != "", len(p) > maxLine+1, bytes.IndexByte(p, '\n') >= 0:
		return s.Next(p)
	case s.waits(), s.lines.Skipping(), !isWhole(p):
		return nil, 0, nil
	}
	return s.line(p), len(p), nil
}

// isWhole reports whether p is a command to which nothing is missing but its
// line end.
func isWhole(p []byte) bool {
	l := cutLine(p)
	if l.isDisconnect() {
		return true
	}
	_, ok := cutConnect(l.rest)
	return ok && string(l.word) == wordConnect
}

// isDisconnect: some may write a colon and words behind it.
func (l line) isDisconnect() bool { return string(l.word) == wordDisconnect && len(l.args) == 0 }

// line takes a line; nil: there is nothing to do about it.
func (s *session) line(p []byte) chat.Request {
	if !utf8.Valid(p) {
		p = chat.AppendUTF8(make([]byte, 0, 2*len(p)), p)
	}
	l := cutLine(p)
	switch {
	case len(l.word) == 0 && !l.colon:
		return nil
	case l.isDisconnect():
		s.open++
		s.state = over
		return &chat.Logout{}
	case s.state == here:
		return s.command(l)
	case string(l.word) == wordConnect:
		return s.connect(l)
	}
	return s.refuse(errConnect)
}

// connect is a try to log in.
func (s *session) connect(l line) chat.Request {
	nick, ok := cutConnect(l.rest)
	if !ok || len(l.args) > 0 {
		return s.refuse(errSyntax)
	}
	if !isNick(string(nick)) {
		return s.refuse(errBadNick)
	}
	s.open++
	s.state = checking
	return &chat.Login{Name: string(nick)}
}

func (s *session) refuse(err error) chat.Request {
	s.open++
	return &chat.Refuse{Err: err}
}

// Variant is the same for all.
func (*session) Variant() codec.Variant { return 0 }

// Gap keeps messages apart (dtu rule 1).
func (s *session) Gap() time.Duration { return s.d.gap }
