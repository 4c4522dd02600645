package elc004

import (
	"net/netip"
	"slices"
	"strconv"
	"time"

	"mim/chat"
	"mim/codec"
)

const (
	// maxGroups bounds the groups that we are or were in, maxPeerGroup those of
	// one other.
	maxGroups    = 64
	maxPeerGroup = 16

	// staleWithin: of two J, L or G of one peer the one whose number is less
	// by so little is the older one.
	staleWithin = 1000
)

// A group is one that we are in, or were.
type group struct {
	name string
	in   bool
}

// A membership is what a peer and we know of each other in one group.
type membership struct {
	group string
	n     uint64 // of its last J or L
	in    bool   // it is in
	told  bool   // it was told that we are
}

func (s *Socket) find(name string) *group {
	for i := range s.groups {
		if s.groups[i].name == name {
			return &s.groups[i]
		}
	}
	return nil
}

func (s *Socket) in(name string) bool {
	g := s.find(name)
	return g != nil && g.in
}

// membership gives that of p in a group, a new one if p may have one more; else nil.
func (p *peer) membership(name []byte) *membership {
	for i := range p.groups {
		if p.groups[i].group == string(name) {
			return &p.groups[i]
		}
	}
	if len(p.groups) >= maxPeerGroup {
		for i := range p.groups {
			if m := &p.groups[i]; !m.in && !m.told {
				*m = membership{group: string(name)}
				return m
			}
		}
		return nil
	}
	p.groups = append(p.groups, membership{group: string(name)})
	return &p.groups[len(p.groups)-1]
}

// Join enters a group and tells each friend of our shape; those of whom that
// is learnt later are told then. Members that are known already are told as
// Entered. The error is for the person: a *chat.Error of kind BadName, Already
// or Full.
func (s *Socket) Join(now time.Time, name string) ([]codec.Output, error) {
	s.start(now)
	var room [maxGroup + 8]byte
	wire, ok := appendGroup(room[:0], name)
	if !ok {
		return nil, chat.Errorf(chat.BadName, "a group's name has 1 to %d bytes, no blank and no colon", maxGroup)
	}
	g := s.find(string(wire))
	switch {
	case g != nil && g.in:
		return nil, chat.Errorf(chat.Already, "you are in %s already", g.name)
	case g != nil:
	case len(s.groups) < maxGroups:
		s.groups = append(s.groups, group{name: string(wire)})
		g = &s.groups[len(s.groups)-1]
	default:
		for i := range s.groups {
			if !s.groups[i].in {
				g = &s.groups[i]
				g.name = string(wire)
				break
			}
		}
		if g == nil {
			return nil, chat.Errorf(chat.Full, "you are in %d groups, which is the most", maxGroups)
		}
	}
	g.in = true
	for _, p := range s.friends {
		if m := p.membership([]byte(g.name)); m != nil && m.in {
			s.tell(codec.Output{Kind: codec.Entered, Who: p.key.addr(), Name: p.name(), Room: g.name})
		}
		if p.shape == ours {
			s.announce(p, g.name)
		}
		s.probe(p)
	}
	return s.out, nil
}

// maxProbes is how often a friend whose shape is not known is asked in shape
// (a) who it is: another program shows each as an empty text.
const maxProbes = 2

// probe asks a friend of whose shape nothing is known, in words that the known
// other programs can take, for an A that shows that it speaks ours. So a group
// forms although nobody has spoken yet (elc004 rule 11).
func (s *Socket) probe(p *peer) {
	if p.shape != unknown || p.probes >= maxProbes || s.hold {
		return
	}
	p.probes++
	at := len(s.scratch)
	s.appendPlus(nil)
	s.scratch = strconv.AppendUint(append(s.scratch, '+'), p.number(), 10)
	s.send(p, s.written(at))
}

func (s *Socket) inAny() bool {
	return slices.ContainsFunc(s.groups, func(g group) bool { return g.in })
}

// Leave leaves a group and tells each friend of our shape. The error is of
// kind NotSo.
func (s *Socket) Leave(now time.Time, name string) ([]codec.Output, error) {
	s.start(now)
	var room [maxGroup + 8]byte
	wire, _ := appendGroup(room[:0], name)
	g := s.find(string(wire))
	if g == nil || !g.in {
		return nil, chat.Errorf(chat.NotSo, "you are not in that room")
	}
	g.in = false
	for _, p := range s.friends {
		for i := range p.groups {
			if p.groups[i].group == g.name {
				p.groups[i].told = false
			}
		}
		s.endJoin(p, g.name)
		if p.shape == ours {
			s.once(p, 'L', g.name[1:])
		}
	}
	return s.out, nil
}

// SayTo sends a text to each member of a group by itself: a Sent for all, then
// Delivered or Failed for each.
func (s *Socket) SayTo(now time.Time, name string, text []byte, ticket uint64) []codec.Output {
	s.start(now)
	var room [maxGroup + 8]byte
	wire, _ := appendGroup(room[:0], name)
	failed := codec.Output{Kind: codec.Failed, Room: string(wire), Ticket: ticket}
	g := s.find(string(wire))
	switch {
	case g == nil || !g.in:
		failed.Err = errNoGroup
	case len(text) > maxDatagram:
		failed.Err = errTooLong
	default:
		members := 0
		for _, p := range s.friends {
			if p.isIn(g.name) && p.shape == ours {
				members++
			}
		}
		if members == 0 {
			failed.Err = errAlone
			break
		}
		s.tell(codec.Output{Kind: codec.Sent, Room: g.name, Ticket: ticket, More: members})
		for _, p := range s.friends {
			if p.isIn(g.name) && p.shape == ours {
				s.say(p, g.name, text, ticket)
			}
		}
	}
	if failed.Err != nil {
		s.tell(failed)
	}
	return s.out
}

func (p *peer) isIn(group string) bool {
	for i := range p.groups {
		if m := &p.groups[i]; m.in && m.group == group {
			return true
		}
	}
	return false
}

// Members appends the addresses of a group's members, without us.
func (s *Socket) Members(dst []netip.AddrPort, name string) []netip.AddrPort {
	var room [maxGroup + 8]byte
	wire, _ := appendGroup(room[:0], name)
	for _, p := range s.friends {
		if p.isIn(string(wire)) {
			dst = append(dst, p.key.addr())
		}
	}
	return dst
}

// announceAll tells a friend of our shape which groups we are in.
func (s *Socket) announceAll(p *peer) {
	for i := range s.groups {
		if s.groups[i].in {
			s.announce(p, s.groups[i].name)
		}
	}
}

// announce sends J until the friend says its own, or not: only members answer.
func (s *Socket) announce(p *peer, name string) {
	m := p.membership([]byte(name))
	if m == nil {
		return
	}
	s.endJoin(p, name)
	w := s.open(p, 'J')
	if w == nil {
		return
	}
	m.told = true
	w.group = name
	w.data = append(w.data, name[1:]...)
	s.send(p, w.data)
	s.begin(w, 0)
}

// pendingJoin is our J that waits for that of p, or nil.
func (s *Socket) pendingJoin(p *peer, name string) *wait {
	for _, w := range p.waits {
		if w.word == 'J' && w.group == name {
			return w
		}
	}
	return nil
}

// endJoin ends that wait.
func (s *Socket) endJoin(p *peer, name string) {
	if w := s.pendingJoin(p, name); w != nil {
		s.end(w)
	}
}

// stale reports whether n is older than the last J or L.
func (m *membership) stale(n uint64) bool { return n < m.n && m.n-n < staleWithin }

// joins takes a J. A member answers with its own, once, and again if it is a
// repeat, since the answer was lost then. If ours waits for an answer this may
// be it, or one that crossed ours, which may be lost: ours is sent a last time.
func (s *Socket) joins(p *peer, d *datagram, name []byte, size int) {
	m := p.membership(name)
	if m == nil || m.stale(d.n) {
		return
	}
	was, again := m.in, m.in && m.n == d.n
	m.in, m.n = true, d.n
	pending := s.pendingJoin(p, m.group)
	if !s.in(m.group) {
		return
	}
	if !was && p.listed {
		s.tell(codec.Output{Kind: codec.Entered, Who: p.key.addr(), Name: p.name(), Room: m.group})
	}
	switch {
	case pending != nil:
		at := len(s.scratch)
		s.scratch = append(s.scratch, pending.data...)
		s.end(pending)
		s.reply(p, at, size)
	case again || !was || !m.told:
		at := len(s.scratch)
		s.scratch = append(appendHead(s.scratch, 'J', p.number()), m.group[1:]...)
		m.told = s.reply(p, at, size) || m.told
	}
}

// leaves takes an L.
func (s *Socket) leaves(p *peer, d *datagram, name []byte) {
	m := p.membership(name)
	if m == nil || m.stale(d.n) {
		return
	}
	was := m.in
	m.in, m.told, m.n = false, false, d.n
	s.endJoin(p, m.group)
	if was && p.listed && s.in(m.group) {
		s.tell(codec.Output{Kind: codec.Exited, Who: p.key.addr(), Name: p.name(), Room: m.group})
	}
}

// writes takes the group of a G: whoever writes to it is in it, even if its J
// was lost; and if we were in it and left, our L was.
func (s *Socket) writes(p *peer, d *datagram, name []byte) string {
	g := s.find(string(name))
	switch {
	case g == nil:
		return string(name)
	case !g.in:
		if p.listed {
			s.once(p, 'L', g.name[1:])
		}
	case p.listed:
		if m := p.membership(name); m != nil && !m.in && !m.stale(d.n) {
			m.in, m.n = true, d.n
			s.tell(codec.Output{Kind: codec.Entered, Who: p.key.addr(), Name: p.name(), Room: m.group})
		}
	}
	return g.name
}
