package elc004

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"strconv"
	"time"

	"mim/chat"
	"mim/codec"
)

const (
	// maxFriends bounds the table, maxOthers those beside it who wrote to us
	// or to whom we wrote.
	maxFriends = 16384
	maxOthers  = 256

	// othersAnswers bounds the answers in one second to all who are not in the
	// table (elc004 rule 13).
	othersAnswers = 5
)

// A Socket is the state of the one UDP socket by which a client talks to
// others. It does no I/O: its methods are told what came and when, and give
// what is to be sent and shown. Everything that others can make it keep is
// bounded.
type Socket struct {
	id      string
	self    netip.AddrPort
	random  *rand.Rand
	peers   map[key]*peer
	friends []*peer          // those in the table, in its order
	others  [maxOthers]*peer // those who are not
	turn    int              // where the next of the others is put
	groups  []group
	queues  [len(after)]queue
	waits   int
	free    *wait
	kept    int // in free
	seen    seen
	hold    bool                 // see codec.SocketConfig
	answers [othersAnswers]int64 // when the last ones to others left
	answer  int
	known   uint64 // counts the tables
	now     time.Time
	out     []codec.Output
	scratch []byte
	guest   peer // stands for one of whom nothing is kept
}

// Socket makes a Socket, for codec.Datagrams.
func (dialect) Socket(c codec.SocketConfig) codec.Socket { return NewSocket(c) }

// NewSocket makes a socket that knows nobody.
func NewSocket(c codec.SocketConfig) *Socket {
	var room [maxName]byte
	s := &Socket{
		id:     string(appendID(room[:0], c.Name, c.Self.Port())),
		self:   netip.AddrPortFrom(c.Self.Addr().Unmap(), c.Self.Port()),
		hold:   c.Hold,
		random: rand.New(rand.NewChaCha8(c.Seed)),
		peers:  map[key]*peer{},
		seen:   seen{has: map[number]bool{}},
	}
	for i := range s.answers {
		s.answers[i] = -int64(time.Hour)
	}
	return s
}

// A key is an IPv4 address and a port.
type key uint64

func keyOf(a netip.AddrPort) (key, bool) {
	if a = reachable(a); !a.IsValid() {
		return 0, false
	}
	ip := a.Addr().As4()
	return key(binary.BigEndian.Uint32(ip[:]))<<16 | key(a.Port()), true
}

func (k key) addr() netip.AddrPort {
	var ip [4]byte
	binary.BigEndian.PutUint32(ip[:], uint32(k>>16))
	return netip.AddrPortFrom(netip.AddrFrom4(ip), uint16(k))
}

// A peer is what is known of the program at one address.
type peer struct {
	key    key
	next   uint64 // the number of the next datagram to it; 0: none was sent
	random *rand.Rand
	id     string // in the table
	claim  string // what it calls itself
	waits  []*wait
	groups []membership
	table  uint64 // the last one that had it
	seen   int
	place  int // among the others
	shape  shape
	listed bool
	asked  bool  // for its name, while its shape was not known
	probes uint8 // sent to it, see probe
}

func (p *peer) name() string {
	if p.id != "" {
		return p.id
	}
	return p.claim
}

// number is that of the next datagram to p: begun at random, one more for each.
func (p *peer) number() uint64 {
	if p.next == 0 {
		p.next = 1 + p.random.Uint64N(1e9)
	}
	n := p.next
	p.next++
	return n
}

// start begins a call.
func (s *Socket) start(now time.Time) {
	s.now = now
	clear(s.out)
	s.out, s.scratch = s.out[:0], s.scratch[:0]
}

func (s *Socket) tell(o codec.Output) { s.out = append(s.out, o) }

func (s *Socket) send(p *peer, data []byte) {
	s.tell(codec.Output{Kind: codec.Send, Who: p.key.addr(), Data: data})
}

// written is what was appended to scratch from at on, as bytes that stay.
func (s *Socket) written(at int) []byte { return s.scratch[at:len(s.scratch):len(s.scratch)] }

func appendHead(dst []byte, word byte, n uint64) []byte {
	return append(strconv.AppendUint(append(dst, word, ':'), n, 10), ':')
}

// other gives the peer of a key, one that was not known if need be; nil: there
// is no room.
func (s *Socket) other(k key) *peer {
	if p := s.peers[k]; p != nil {
		return p
	}
	p := &peer{key: k, random: s.random}
	if !s.place(p) {
		return nil
	}
	s.peers[k] = p
	return p
}

// place puts p among the others, in the place of one for whom nothing waits.
func (s *Socket) place(p *peer) bool {
	for range s.others {
		i := s.turn
		s.turn = (i + 1) % maxOthers
		old := s.others[i]
		if old != nil && len(old.waits) > 0 {
			continue
		}
		if old != nil {
			delete(s.peers, old.key)
		}
		s.others[i], p.place = p, i
		return true
	}
	return false
}

// Known takes the table as the server gave it last: whoever is not in it is a
// friend no more. Entries without an IPv4 address, and our own, are skipped.
func (s *Socket) Known(now time.Time, self netip.AddrPort, people []*chat.Person) []codec.Output {
	s.start(now)
	s.known++
	s.self = netip.AddrPortFrom(self.Addr().Unmap(), self.Port())
	var room [maxName]byte
	for _, who := range people {
		k, ok := keyOf(who.Near)
		if !ok || k.addr() == s.self {
			continue
		}
		p := s.peers[k]
		fresh := p == nil || !p.listed
		if fresh {
			if len(s.friends) >= maxFriends {
				continue
			}
			p = s.befriend(k, p)
		}
		p.table = s.known
		if id := appendAlias(room[:0], who.Plain()); string(id) != p.id {
			p.id = string(id)
		}
		if fresh && p.id == "" && p.claim != "" {
			s.tell(codec.Output{Kind: codec.Named, Who: k.addr(), Name: p.claim})
		}
		s.askName(p)
		if s.inAny() {
			s.probe(p)
		}
	}
	kept := s.friends[:0]
	for _, p := range s.friends {
		if p.table == s.known {
			kept = append(kept, p)
		} else {
			s.unfriend(p)
		}
	}
	clear(s.friends[len(kept):])
	s.friends = kept
	return s.out
}

// befriend takes p, or a new peer, into the table.
func (s *Socket) befriend(k key, p *peer) *peer {
	if p == nil {
		p = &peer{key: k, random: s.random}
		s.peers[k] = p
	} else {
		s.others[p.place] = nil
	}
	p.listed = true
	s.friends = append(s.friends, p)
	for _, m := range p.groups {
		if m.in && s.in(m.group) {
			s.tell(codec.Output{Kind: codec.Entered, Who: k.addr(), Name: p.name(), Room: m.group})
		}
	}
	if p.shape == ours {
		s.announceAll(p)
	}
	return p
}

// unfriend takes p out of the table. Another program may have its port next:
// nothing is known of its shape then. What waits goes on.
func (s *Socket) unfriend(p *peer) {
	for _, m := range p.groups {
		if m.in && s.in(m.group) {
			s.tell(codec.Output{Kind: codec.Exited, Who: p.key.addr(), Name: p.name(), Room: m.group})
		}
	}
	p.listed, p.shape, p.id, p.asked, p.probes, p.groups = false, unknown, "", false, 0, nil
	for i := len(p.waits) - 1; i >= 0; i-- {
		if w := p.waits[i]; w.word == 'Q' || w.word == 'J' {
			s.end(w)
		}
	}
	if len(p.waits) > 0 && s.place(p) {
		return
	}
	for len(p.waits) > 0 {
		s.failed(p.waits[0], errSilent)
		s.end(p.waits[0])
	}
	delete(s.peers, p.key)
}

// askName asks a friend that has no name, if its program may be asked (elc004
// rule 9).
func (s *Socket) askName(p *peer) {
	if p.id != "" || p.claim != "" || p.shape != ours && (p.shape != unknown || p.asked) {
		return
	}
	for _, w := range p.waits {
		if w.word == 'Q' {
			return
		}
	}
	if w := s.open(p, 'Q'); w != nil {
		p.asked = true
		w.data = append(w.data, s.id...)
		s.send(p, w.data)
		s.begin(w, 0)
	}
}
