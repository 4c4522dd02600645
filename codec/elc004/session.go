package elc004

import (
	"bytes"
	"net/netip"
	"strconv"
	"time"

	"mim/chat"
	"mim/codec"
)

// A session is the state of one connection to the server, which carries one
// request:
//
//	state      a whole request    an answer
//	listening  -> asked           -> over
//	asked      waits              -> over
//	over       is dropped         -
type session struct {
	login   chat.Login
	line    []byte // the request that waits for its answer, if it is well formed; not ours
	state   state
	near    bool // the client is on the server's own loopback
	foreign bool // it came by IPv6
	bare    bool // see dialect
}

type state uint8

const (
	listening state = iota
	asked           // the answer is waited for
	over            // what still comes is dropped
)

var (
	errLong    = chat.Errorf(chat.TooLong, "a request has at most %d bytes", maxRequest)
	errForeign = chat.Errorf(chat.Unsupported, "the table holds addresses of IPv4 only")
	errRequest = chat.Errorf(chat.Malformed, "a request is R:ip:port:id or K:ip:port:id")
	errPort    = chat.Errorf(chat.Malformed, "a port is a number from 1 to 65535")
)

// Next decodes a request that a line end, or one byte too many, makes whole.
func (s *session) Next(p []byte) (chat.Request, int, error) {
	switch s.state {
	case asked:
		return nil, 0, nil
	case over:
		return nil, len(p), nil
	}
	window := p[:min(len(p), maxRequest+1)]
	if end := bytes.IndexByte(window, '\n'); end >= 0 {
		return s.request(window[:end]), end + 1, nil
	}
	if len(window) > maxRequest {
		return s.refuse(errLong), len(window), nil
	}
	return nil, 0, nil
}

// Quiet ends a request: no program sends a line end (elc004 rule 1).
func (*session) Quiet() time.Duration { return quiet }

// Idle decodes a request without its end.
func (s *session) Idle(p []byte, _ bool) (chat.Request, int, error) {
	if s.state != listening || len(p) == 0 || len(p) > maxRequest || bytes.IndexByte(p, '\n') >= 0 {
		return s.Next(p)
	}
	return s.request(p), len(p), nil
}

// request decodes a whole request (elc004 rule 2).
func (s *session) request(line []byte) chat.Request {
	line = bytes.TrimSuffix(line, []byte("\r"))
	word, rest, _ := bytes.Cut(line, colon)
	_, rest, hasPort := bytes.Cut(rest, colon)
	field, id, _ := bytes.Cut(rest, colon)
	remove := string(word) == "K"
	if !hasPort || !remove && string(word) != "R" {
		return s.refuse(errRequest)
	}
	port, ok := readPort(bytes.Trim(field, " "))
	switch {
	case !ok:
		return s.refuse(errPort)
	case s.foreign:
		return s.refuse(errForeign)
	}
	s.state, s.line = asked, line
	var room [maxName]byte
	name := string(appendID(room[:0], id, port))
	if remove {
		return &chat.Withdraw{Name: name, Port: port}
	}
	s.login = chat.Login{Name: name, Port: port}
	return &s.login
}

var colon = []byte(":")

func (s *session) refuse(err error) chat.Request {
	s.state = asked
	return &chat.Refuse{Err: err, Last: true}
}

// Answer gives the table to a Login that went well; nothing else has words.
func (s *session) Answer(dst []byte, a chat.Answer) []byte {
	s.state, s.line = over, nil
	if _, ok := a.To.(*chat.Login); ok && a.Err == nil {
		return s.appendTable(dst, a.People)
	}
	return dst
}

// Variant is the same for all: no event has words.
func (*session) Variant() codec.Variant { return 0 }

// nobody is the table without entries.
const nobody = "Null-"

// appendTable appends the table as the client of this connection sees it;
// whoever has no address for it is left out (elc004 rules 3 and 4).
func (s *session) appendTable(dst []byte, people []*chat.Person) []byte {
	count := 0
	for _, who := range people {
		if s.address(who).IsValid() {
			count++
		}
	}
	if count == 0 {
		return append(dst, nobody...)
	}
	dst = strconv.AppendInt(dst, int64(count), 10)
	for _, who := range people {
		to := s.address(who)
		if !to.IsValid() {
			continue
		}
		dst = append(dst, "-R:"...)
		dst = append(to.Addr().AppendTo(dst), ':')
		dst = strconv.AppendUint(dst, uint64(to.Port()), 10)
		if !s.bare {
			dst = appendID(append(dst, ':'), who.Plain(), to.Port())
		}
	}
	return dst
}

// address is where this client can write to who.
func (s *session) address(who *chat.Person) netip.AddrPort {
	if s.near {
		return reachable(who.Near)
	}
	return reachable(who.Far)
}
