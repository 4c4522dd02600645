package comp9331

import (
	"bytes"
	"time"
	"unicode/utf8"

	"mim/chat"
	"mim/codec"
	"mim/codec/wire"
)

const (
	// quiet is the silence that ends a line on a connection that has never
	// sent a line end (comp9331 rule 2).
	quiet = 150 * time.Millisecond

	// maxOpen is how many requests of a link may wait for their answers; then
	// the next one is not read.
	maxOpen = 100

	// maxTries is how many wrong passwords a connection may send. Whoever
	// counts them closes it; it is not asked for a name once more.
	maxTries = 3
)

// A session is the state of one connection of a client: 32 bytes, and from the
// first text on a request that is used again.
//
//	state      a line               the answer
//	naming     -> passing           -
//	passing    -> checking: Login   -
//	checking   is not read          -> here; wrong: naming; final: over
//	here       a command; logout: over
//	over       is dropped           -
//
// A line that is too long leads from naming and passing to checking, too: its
// answer asks for the name again.
type session struct {
	name   string // whose password is wanted
	say    *chat.Say
	lines  wire.Lines
	state  state
	prompt prompt // what is to be said next
	ends   bool   // a line end has come
	wrong  uint8  // passwords
	open   uint8  // requests that have no answer yet
}

type state uint8

const (
	naming   state = iota
	passing        // the name is known
	checking       // an answer is waited for
	here           // logged in
	over           // what still comes is dropped
)

type prompt uint8

const (
	noPrompt prompt = iota
	namePrompt
	passPrompt
)

// Start asks for the name: the server talks first.
func (*session) Start(dst []byte) []byte { return append(dst, askName...) }

// Prompt asks for the password, or for the name once more.
func (s *session) Prompt(dst []byte) []byte {
	switch s.prompt {
	case namePrompt:
		dst = append(dst, askName...)
	case passPrompt:
		dst = append(dst, askPass...)
	}
	s.prompt = noPrompt
	return dst
}

// Next decodes a line. What it gives lies in p, unless it is no UTF-8.
func (s *session) Next(p []byte) (chat.Request, int, error) {
	switch {
	case s.state == over:
		return nil, len(p), nil
	case s.waits():
		return nil, 0, nil
	case s.lines.Skipping() && !s.ends:
		p = withoutLast(p)
	}
	line, n, cut := s.lines.Next(p, maxLine)
	if line == nil {
		s.ends = s.ends || n > 0 && !s.lines.Skipping()
		if s.say != nil {
			*s.say = chat.Say{} // an idle link holds on to nobody's buffer
		}
		return nil, n, nil
	}
	s.ends = s.ends || !cut
	return s.line(line, n, cut)
}

// waits reports whether nothing is read until an answer comes.
func (s *session) waits() bool { return s.state == checking || s.open >= maxOpen }

// withoutLast leaves the last byte of a long line that may be ended by
// silence: Idle is asked only if there are bytes.
func withoutLast(p []byte) []byte {
	if n := len(p); n > 0 && p[n-1] != '\n' {
		return p[:n-1]
	}
	return p
}

// Quiet is 150 ms until a line end comes: from then on a line torn by a slow
// network is one line (comp9331 rule 2).
func (s *session) Quiet() time.Duration {
	if s.ends {
		return 0
	}
	return quiet
}

// Idle decodes a line without its end.
func (s *session) Idle(p []byte, end bool) (chat.Request, int, error) {
	switch {
	case s.state == over, len(p) > maxLine+1, bytes.IndexByte(p, '\n') >= 0:
		return s.Next(p)
	case len(p) == 0, s.waits(), s.ends && !end:
		return nil, 0, nil
	case s.lines.Skipping():
		s.lines = wire.Lines{}
		return nil, len(p), nil
	}
	return s.line(bytes.TrimSuffix(p, []byte("\r")), len(p), false)
}

// line takes a line of n bytes with its end: a name, a password or a command.
func (s *session) line(line []byte, n int, cut bool) (chat.Request, int, error) {
	switch {
	case cut:
		if s.state != here {
			s.name, s.state = "", checking
		}
		return s.refuse(errTooLong), n, nil
	case s.state == naming:
		s.name, s.state, s.prompt = readName(line), passing, passPrompt
		return nil, n, nil
	case s.state == passing:
		login := &chat.Login{Name: s.name, Pass: line}
		s.name, s.state = "", checking
		s.open++
		return login, n, nil
	}
	if !utf8.Valid(line) {
		line = chat.AppendUTF8(make([]byte, 0, 2*len(line)), line)
	}
	return s.command(line), n, nil
}

// readName is a name as it was typed, without the blanks around it. What no
// name can be is none: the same words are said about both (comp9331 rule 4).
func readName(line []byte) string {
	line = bytes.Trim(line, blanks)
	if len(line) > maxName {
		return ""
	}
	return string(chat.AppendUTF8(nil, line))
}

func (s *session) refuse(err error) chat.Request {
	s.open++
	return &chat.Refuse{Err: err}
}

// Variant is the same for all.
func (*session) Variant() codec.Variant { return 0 }

// Gap keeps messages apart: most programs take one read for one message
// (comp9331 rule 1).
func (*session) Gap() time.Duration { return codec.Alone }
