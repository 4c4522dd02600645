package elc004

import (
	"net/netip"
	"strconv"
	"time"
	"unicode/utf8"

	"mim/chat"
	"mim/codec"
)

// Datagram takes one that came. What is no IPv4, empty or longer than 1024
// bytes is dropped; so is, where texts are held, what comes from elsewhere than
// the table: for whom we speak is told to nobody else.
func (s *Socket) Datagram(now time.Time, from netip.AddrPort, b []byte) []codec.Output {
	s.start(now)
	k, ok := keyOf(from)
	if !ok || len(b) == 0 || len(b) > maxDatagram {
		return s.out
	}
	if p := s.peers[k]; s.hold && (p == nil || !p.listed) {
		return s.out
	}
	d := readDatagram(b)
	p := s.sender(k, d.shape)
	confirmed := d.word == 'A' && s.confirmed(p, d.n)
	s.claim(p, d.name)
	s.learn(p, d.shape, confirmed)
	if !p.listed && (d.word == 'Q' || d.word == 'J') {
		s.tell(codec.Output{Kind: codec.Unlisted, Who: k.addr()})
	}
	switch d.word {
	case 'Q':
		s.acknowledge(p, &d, len(b))
	case 'M':
		s.text(p, &d, nil, len(b))
	case 'G', 'J', 'L':
		var room [2 * maxGroup]byte
		if name, ok := appendGroup(room[:0], d.group); ok {
			s.ofGroup(p, &d, name, len(b))
		}
	case 'B':
		s.tell(codec.Output{Kind: codec.Ended, Who: k.addr(), Name: p.name()})
	case says:
		s.said(p, "", d.text)
	case asksName:
		s.sayName(p, &d, len(b))
	}
	return s.out
}

func (s *Socket) ofGroup(p *peer, d *datagram, name []byte, size int) {
	switch d.word {
	case 'G':
		s.text(p, d, name, size)
	case 'J':
		s.joins(p, d, name, size)
	case 'L':
		s.leaves(p, d, name)
	}
}

// sender gives the peer of a key. Of one that is not in the table and has no
// shape, or no room, nothing is kept.
func (s *Socket) sender(k key, as shape) *peer {
	p := s.peers[k]
	if p == nil && as != unknown {
		p = s.other(k)
	}
	if p == nil {
		s.guest = peer{key: k, random: s.random}
		p = &s.guest
	}
	return p
}

// learn remembers the shape of p's program. What is not recognised as one says
// nothing about it. What was sent in another shape goes in ours to a friend,
// and to one who has confirmed a text: it is where it says.
func (s *Socket) learn(p *peer, as shape, confirmed bool) {
	news := as != unknown && as != p.shape
	if news {
		p.shape = as
	}
	if confirmed || news && as == ours && p.listed {
		s.upgrade(p)
	}
	if news && as == ours && p.listed {
		s.announceAll(p)
		s.askName(p)
	}
}

// upgrade sends in our shape what was sent once in shape (a) and is not
// confirmed; the number is the same, so nothing is shown twice.
func (s *Socket) upgrade(p *peer) {
	for _, w := range p.waits {
		if w.stage == onceStage {
			s.send(p, w.data)
			s.move(w, 0)
		}
	}
}

// claim takes what p says it is called. The name in the table counts more.
func (s *Socket) claim(p *peer, name []byte) {
	if p.id != "" {
		return
	}
	var room [maxName]byte
	alias := appendAlias(room[:0], name)
	if len(alias) == 0 || string(alias) == p.claim {
		return
	}
	p.claim = string(alias)
	for i := len(p.waits) - 1; i >= 0; i-- {
		if w := p.waits[i]; w.word == 'Q' {
			s.end(w)
		}
	}
	s.tell(codec.Output{Kind: codec.Named, Who: p.key.addr(), Name: p.claim})
}

// reply sends what was appended to scratch from at on, as an answer to a
// datagram of size bytes. One who is not in the table may not be who it says:
// it gets no more bytes than it sent, and few answers (elc004 rule 13).
func (s *Socket) reply(p *peer, at, size int) bool {
	if !p.listed {
		now := s.now.UnixNano()
		oldest := &s.answers[s.answer]
		if len(s.scratch)-at > size || now-*oldest < int64(time.Second) {
			s.scratch = s.scratch[:at]
			return false
		}
		*oldest = now
		s.answer = (s.answer + 1) % othersAnswers
	}
	s.send(p, s.written(at))
	return true
}

// acknowledge answers Q, M and G; without our name if that would be longer than
// what came, and p is not in the table.
func (s *Socket) acknowledge(p *peer, d *datagram, size int) {
	at := len(s.scratch)
	s.scratch = append(append(append(s.scratch, "A:"...), d.digits...), ':')
	if p.listed || len(s.scratch)-at+len(s.id) <= size {
		s.scratch = append(s.scratch, s.id...)
	}
	s.reply(p, at, size)
}

// confirmed ends the wait for an A; false: nothing waited for it.
func (s *Socket) confirmed(p *peer, n uint64) bool {
	for _, w := range p.waits {
		if w.n != n {
			continue
		}
		if w.word == 'M' || w.word == 'G' {
			s.tell(codec.Output{Kind: codec.Delivered, Who: p.key.addr(), Ticket: w.ticket, Room: w.group})
		}
		s.end(w)
		return true
	}
	return false
}

// text takes M and G: shown once, confirmed as often as it comes.
func (s *Socket) text(p *peer, d *datagram, group []byte, size int) {
	fresh, known := s.remember(p, d.n)
	if fresh {
		in := ""
		if group != nil {
			in = s.writes(p, d, group)
		}
		s.said(p, in, d.text)
		if s.hold && group == nil {
			s.out[len(s.out)-1].Number = d.n + 1 // 0 is none
			return
		}
	}
	if known && group == nil && s.hold && !s.seen.has[number{p.key, d.n}] {
		return // it is on its way still, or did not arrive
	}
	if fresh || known {
		s.acknowledge(p, d, size)
	}
}

// Confirm acknowledges a text of a friend that has arrived where we passed it
// on to.
func (s *Socket) Confirm(now time.Time, who netip.AddrPort, given uint64) []codec.Output {
	s.start(now)
	k, ok := keyOf(who)
	p := s.peers[k]
	if !ok || p == nil || !p.listed {
		return s.out
	}
	id := number{k, given - 1}
	if _, known := s.seen.has[id]; known {
		s.seen.has[id] = true
		s.acknowledge(p, &datagram{digits: strconv.AppendUint(nil, id.n, 10)}, 0)
	}
	return s.out
}

// said shows a text, as UTF-8 without what could act on a screen.
func (s *Socket) said(p *peer, group string, text []byte) {
	if !utf8.Valid(text) {
		text = chat.AppendUTF8(make([]byte, 0, 2*len(text)), text)
	}
	at := len(s.scratch)
	s.scratch = chat.AppendText(s.scratch, text)
	s.tell(codec.Output{Kind: codec.Said, Who: p.key.addr(), Name: p.name(), Room: group, Data: s.written(at)})
}

// sayName answers who we are in shape (b) or (c).
func (s *Socket) sayName(p *peer, d *datagram, size int) {
	at := len(s.scratch)
	if d.shape == fields {
		s.scratch = append(append(s.scratch, "ID"+fieldSep...), s.id...)
		s.scratch = append(append(s.scratch, fieldSep...), d.digits...)
	} else {
		own := uint64(s.self.Port())
		s.scratch = append(strconv.AppendUint(s.scratch, own, 10), "!"+nameIs...)
		s.scratch = append(append(s.scratch, s.id...), '|')
		s.scratch = strconv.AppendUint(s.scratch, own, 10)
	}
	s.reply(p, at, size)
}
