package messenger

import (
	"time"
	"unicode/utf8"

	"mim/chat"
	"mim/codec"
)

const (
	// bothGap lies between two messages on a link of both roles, whose program
	// takes one read for one message (messenger rule 10).
	bothGap = 30 * time.Millisecond

	// quiet is the silence after which what has come of a text decides how it
	// is counted (messenger rule 8).
	quiet = 50 * time.Millisecond

	// maxOpen is how many requests of a link may wait for their answers; then
	// the next one is not read (messenger rule 7).
	maxOpen = 100

	// maxOpenBytes is the same in bytes of their texts: beyond it no text is read.
	maxOpenBytes = 256 << 10
)

// The words of a client.
const (
	wordSend     = "SEND"
	wordReceived = "RECEIVED"
	wordRegister = "REGISTER"
	wordError    = "ERROR"

	roleSends    = "TOSEND"
	roleReceives = "TORECV"
)

// asks are the words by which a request begins.
var asks = []string{wordSend, wordReceived, wordRegister, wordError}

// A session is the state of one connection of a client: 64 bytes, and from the
// first text or receipt on a request that is used again.
type session struct {
	ack      string // the word of a delivered text
	say      *chat.Say
	received *chat.Received
	skip     int32      // bytes of a body that was refused, still to come
	bytes    int32      // of texts that have no answer yet
	ruler    ruler      // of what the client sends
	writes   chat.Count // how a FORWARD counts for it
	guess    bool       // nobody knows
	sends    bool       // it registered to send; receives likewise
	receives bool
	open     uint8 // requests that have no answer yet
	logins   uint8 // of them, logins
	state    state
}

// A link does not outlive a Refuse with Last, and nothing is read until its
// answer has come. Only an error of kind Unregistered saves it: nobody has
// registered here yet, so the block is one of all that come too early, and the
// session goes on behind it (messenger rule 5).
type state uint8

const (
	reading  state = iota
	asking         // for the answer to a Refuse with Last
	stranded       // the same, but nobody knows where the next block begins
	lost           // it was to go on from there
	ended          // what still comes is dropped
)

// Next decodes a request. What it gives lies in p, a text that is no UTF-8
// excepted.
func (s *session) Next(p []byte) (chat.Request, int, error) { return s.next(p, false) }

// Quiet is 50 ms.
func (*session) Quiet() time.Duration { return quiet }

// Idle decodes a text that may be counted in two ways by what has come of it
// (messenger rule 8). Half of any other request goes on waiting.
func (s *session) Idle(p []byte, _ bool) (chat.Request, int, error) { return s.next(p, true) }

func (s *session) next(p []byte, silent bool) (chat.Request, int, error) {
	switch s.state {
	case asking, stranded:
		return nil, 0, nil
	case lost:
		return nil, 0, chat.Errorf(chat.Malformed, "nobody knows where the next header begins")
	case ended:
		return nil, len(p), nil
	}
	if s.skip > 0 {
		n := min(len(p), int(s.skip))
		s.skip -= int32(n)
		return nil, n, nil
	}
	if n := skipBlank(p); n > 0 {
		return nil, n, nil
	}
	if len(p) > 0 && p[0] < ' ' && p[0] != '\t' && p[0] != '\r' { // another protocol, whose end of line may never come
		if s.open >= maxOpen {
			return nil, 0, nil
		}
		return s.refuse(stranded, 0, chat.Errorf(chat.Malformed, "a message begins with no letter"))
	}
	b, at := readBlock(p)
	switch at {
	case partial:
		s.forget()
		return nil, 0, nil
	case overlong:
		if s.open >= maxOpen {
			return nil, 0, nil
		}
		return s.refuse(stranded, 0, chat.Errorf(chat.Malformed, "a header has more than %d bytes", maxHeader))
	}
	return s.request(p, &b, silent)
}

// request decodes a message whose block has come whole.
func (s *session) request(p []byte, b *block, silent bool) (chat.Request, int, error) {
	switch string(b.word) {
	case wordReceived: // it may be what an answer waits for: read in any case
		return s.receipt(b.rest, nil), b.size, nil
	case wordError:
		return s.receipt(nil, chat.Errorf(chat.Refused, "the receiver did not take it")), b.size, nil
	}
	if s.open >= maxOpen {
		return nil, 0, nil
	}
	switch string(b.word) {
	case wordSend:
		return s.text(p, b, silent)
	case wordRegister:
		r := register(b.rest)
		if s.open++; isLogin(r) {
			s.logins++
		}
		return r, b.size, nil
	}
	return s.refuse(asking, b.size, chat.Errorf(chat.Malformed, "a message begins with no word that is known"))
}

// register decodes what stands behind REGISTER (messenger rule 4).
func register(rest []byte) chat.Request {
	role, name := cutWord(rest)
	login := &chat.Login{Name: string(name), Part: chat.Sends}
	switch string(role) {
	case roleSends:
	case roleReceives:
		login.Part = chat.Receives
	default:
		return &chat.Refuse{Err: chat.Errorf(chat.BadName, "a role is %s or %s", roleSends, roleReceives)}
	}
	if err := checkName(login.Name); err != nil {
		return &chat.Refuse{Err: err}
	}
	return login
}

func isLogin(r chat.Request) bool {
	_, is := r.(*chat.Login)
	return is
}

// receipt is for the FORWARD that was sent to this link first.
func (s *session) receipt(from []byte, err error) chat.Request {
	if s.received == nil {
		s.received = new(chat.Received)
	}
	*s.received = chat.Received{From: from, Err: err}
	return s.received
}

// text decodes a SEND. How the program counts is told once, before the text
// that shows it.
func (s *session) text(p []byte, b *block, silent bool) (chat.Request, int, error) {
	switch {
	case len(b.rest) == 0:
		s.skip = int32(max(b.length, 0))
		return s.refuse(asking, b.size, chat.Errorf(chat.Malformed, "a SEND names nobody"))
	case b.length < 0:
		return s.refuse(asking, b.size, chat.Errorf(chat.Malformed, "a SEND has no %s of 1 to %d digits", lengthHeader, maxDigits))
	case b.length > maxBody:
		s.skip = int32(b.length)
		return s.refuse(asking, b.size, chat.Errorf(chat.TooLong, "a text of %d is longer than %d bytes", b.length, maxBody))
	}
	switch {
	case !s.sends && s.logins == 0: // no login is on its way that could change that
		s.skip = int32(b.length)
		s.open++
		return &chat.Refuse{Err: chat.Errorf(chat.Unregistered, "this connection has not registered to send")}, b.size, nil
	case s.bytes >= maxOpenBytes:
		return nil, 0, nil
	}
	before := s.ruler.as
	size, ok := s.ruler.body(p[b.size:], b.length, asks, silent)
	switch {
	case !ok:
		s.forget()
		return nil, 0, nil
	case size > maxBody:
		return s.refuse(stranded, 0, chat.Errorf(chat.TooLong, "a text of %d characters is longer than %d bytes", b.length, maxBody))
	case s.ruler.as != before:
		s.writes, s.guess = s.ruler.as, false
		return &chat.Counts{As: s.ruler.as}, 0, nil
	}
	if s.say == nil {
		s.say = new(chat.Say)
	}
	s.open++
	size += b.size
	*s.say = chat.Say{To: b.rest, All: string(b.rest) == everyone}
	s.say.Text, s.say.Cut = readText(p[b.size:size])
	s.bytes += int32(len(s.say.Text))
	return s.say, size, nil
}

// readText gives a body as UTF-8: as it is, or if it is none in memory of its
// own. Latin-1 may grow to twice its size: what is beyond maxBody is cut.
func readText(body []byte) (text []byte, cut bool) {
	if utf8.Valid(body) {
		return body, false
	}
	text = chat.AppendUTF8(make([]byte, 0, 2*len(body)), body)
	clipped := chat.Clip(text, maxBody)
	return clipped, len(clipped) < len(text)
}

// refuse gives a request that the link does not outlive, unless it came too
// early, and waits for its answer.
func (s *session) refuse(until state, n int, err error) (chat.Request, int, error) {
	s.open++
	s.state = until
	return &chat.Refuse{Err: err, Last: true}, n, nil
}

// forget lets go of the bytes of the last request: an idle link holds on to
// nobody's buffer.
func (s *session) forget() {
	if s.say != nil {
		*s.say = chat.Say{}
	}
	if s.received != nil {
		*s.received = chat.Received{}
	}
}

// Variant says how a FORWARD counts its text for this client.
func (s *session) Variant() codec.Variant {
	v := inBytes
	if s.writes == chat.CountRunes {
		v = inRunes
	}
	if s.guess {
		v |= guessed
	}
	return v
}

// Count takes how the user's program counts from what another link of the user
// has shown. It is for what we write: how a SEND is to be read this link finds
// out by itself, so that a wrong word costs nothing.
func (s *session) Count(c chat.Count, guess bool) { s.writes, s.guess = c, guess }

// Gap keeps messages apart: programs take one read for one message.
func (s *session) Gap() time.Duration {
	if s.sends && s.receives {
		return bothGap
	}
	return codec.Alone
}
