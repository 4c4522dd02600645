package elc004

import (
	"bytes"
	"net/netip"
	"strconv"
	"time"

	"mim/chat"
	"mim/codec"
)

var (
	errSilent  = chat.Errorf(chat.NotDelivered, "nothing confirmed it")
	errTooLong = chat.Errorf(chat.TooLong, "it does not fit into a datagram of %d bytes", maxDatagram)
	errFull    = chat.Errorf(chat.Full, "too many texts wait to be confirmed")
	errNowhere = chat.Errorf(chat.Unknown, "nobody can be written to there")
	errNoGroup = chat.Errorf(chat.NotSo, "join the room first")
	errAlone   = chat.Errorf(chat.Unknown, "nobody else is in the room")
)

// Say sends a text to one address, in the shape of the program there. What
// comes of it is told under ticket: Delivered or Failed for one of our shape,
// Sent for others, and for one whose shape is not known Sent with one More:
// Delivered or Failed, or Sent again when nothing has come for 11.5 s.
func (s *Socket) Say(now time.Time, to netip.AddrPort, text []byte, ticket uint64) []codec.Output {
	s.start(now)
	k, ok := keyOf(to)
	if !ok {
		s.tell(codec.Output{Kind: codec.Failed, Who: to, Ticket: ticket, Err: errNowhere})
		return s.out
	}
	p := s.other(k)
	switch {
	case p == nil:
		s.tell(codec.Output{Kind: codec.Failed, Who: to, Ticket: ticket, Err: errFull})
	case len(text) > maxDatagram:
		s.tell(codec.Output{Kind: codec.Failed, Who: to, Ticket: ticket, Err: errTooLong})
	case p.shape == ours, p.shape == unknown:
		s.say(p, "", text, ticket)
	default:
		s.sayForeign(p, text, ticket)
	}
	return s.out
}

// say sends M, or G if there is a group. A program whose shape is not known
// gets shape (a) instead, once, with the number of the M (elc004 rule 12).
func (s *Socket) say(p *peer, group string, text []byte, ticket uint64) {
	failed := codec.Output{Kind: codec.Failed, Who: p.key.addr(), Ticket: ticket, Room: group}
	word := byte('M')
	if group != "" {
		word = 'G'
	}
	w := s.open(p, word)
	if w == nil {
		failed.Err = errFull
		s.tell(failed)
		return
	}
	w.ticket, w.group = ticket, group
	if group != "" {
		w.data = append(append(w.data, group[1:]...), ':')
	}
	w.data = chat.AppendText(w.data, text)
	data, stage := w.data, uint8(0)
	if p.shape == unknown {
		at := len(s.scratch)
		s.appendPlus(text)
		s.scratch = strconv.AppendUint(append(s.scratch, '+'), w.n, 10)
		data, stage = s.written(at), onceStage
	}
	if len(data) > maxDatagram || len(w.data) > maxDatagram {
		s.release(w)
		failed.Err = errTooLong
		s.tell(failed)
		return
	}
	s.send(p, data)
	s.begin(w, stage)
	if stage == onceStage {
		s.tell(codec.Output{Kind: codec.Sent, Who: p.key.addr(), Ticket: ticket, More: 1})
	}
}

// sayForeign sends a text in a shape that confirms nothing.
func (s *Socket) sayForeign(p *peer, text []byte, ticket uint64) {
	at := len(s.scratch)
	switch p.shape {
	case plus:
		s.appendPlus(text)
	case fields:
		s.scratch = chat.AppendLine(s.scratch, text)
		line := bytes.ReplaceAll(s.scratch[at:], []byte(`\:`), []byte("\\\uff1a"))
		_, is := readOurs(line)
		if s.scratch = append(s.scratch[:at], line...); is || bytes.HasPrefix(line, []byte("ID")) {
			s.blank(at)
		}
		s.scratch = append(s.scratch, "\n"+fieldSep...)
		s.scratch = append(s.appendSelf(s.scratch), fieldSep...)
		s.scratch = strconv.AppendUint(s.scratch, uint64(s.self.Port()), 10)
		s.scratch = append(append(s.scratch, fieldSep...), s.id...)
	case bang:
		s.scratch = append(strconv.AppendUint(s.scratch, uint64(s.self.Port()), 10), '!')
		begin := len(s.scratch)
		if s.scratch = chat.AppendLine(s.scratch, text); bytes.HasPrefix(s.scratch[begin:], []byte("X_")) {
			s.blank(begin)
		}
		s.scratch = append(s.scratch, '\n')
	}
	data := s.written(at)
	if len(data) > maxDatagram {
		s.tell(codec.Output{Kind: codec.Failed, Who: p.key.addr(), Ticket: ticket, Err: errTooLong})
		return
	}
	p.number()
	s.send(p, data)
	s.tell(codec.Output{Kind: codec.Sent, Who: p.key.addr(), Ticket: ticket})
}

// appendPlus appends shape (a) to scratch. Its reader cuts at the first plus
// sign; and a text that one of ours would read as something else gets a blank
// in front.
func (s *Socket) appendPlus(text []byte) {
	at := len(s.scratch)
	s.scratch = chat.AppendLine(s.scratch, text)
	if _, is := readOurs(s.scratch[at:]); is {
		s.blank(at)
	}
	for i := at; i < len(s.scratch); i++ {
		if s.scratch[i] == '+' {
			s.scratch = append(s.scratch, "  "...)
			copy(s.scratch[i+3:], s.scratch[i+1:])
			i += copy(s.scratch[i:], "\uff0b") - 1
		}
	}
	s.scratch = append(append(s.scratch, "\n+"...), s.id...)
}

// blank puts a blank in front of what begins at scratch[at].
func (s *Socket) blank(at int) {
	s.scratch = append(s.scratch, ' ')
	copy(s.scratch[at+1:], s.scratch[at:])
	s.scratch[at] = ' '
}

// appendSelf appends our address; 0.0.0.0 if we do not know it.
func (s *Socket) appendSelf(dst []byte) []byte {
	if ip := s.self.Addr(); ip.Is4() {
		return ip.AppendTo(dst)
	}
	return append(dst, "0.0.0.0"...)
}

// Bye closes the talk with a program of our shape; others are told nothing.
func (s *Socket) Bye(now time.Time, to netip.AddrPort) []codec.Output {
	s.start(now)
	if k, ok := keyOf(to); ok {
		if p := s.peers[k]; p != nil && p.shape == ours {
			s.once(p, 'B', "")
		}
	}
	return s.out
}

// once sends a datagram of our shape that nothing confirms.
func (s *Socket) once(p *peer, word byte, rest string) {
	at := len(s.scratch)
	s.scratch = append(appendHead(s.scratch, word, p.number()), rest...)
	s.send(p, s.written(at))
}
