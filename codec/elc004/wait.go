package elc004

import (
	"time"

	"mim/codec"
)

// after is how long a datagram waits to be confirmed before it is sent once
// more; behind the last it has failed (elc004 rule 10). One that is sent once
// is forgotten after onceFor.
var after = [...]time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second, 4 * time.Second, onceFor}

const (
	onceFor   = 11500 * time.Millisecond
	failStage = 4 // five sendings in all
	onceStage = 5
)

const (
	// maxWaits bounds what waits to be confirmed, of one peer and of all.
	maxWaits    = 4096
	maxPeerWait = 256

	// maxFree bounds the waits that are kept for later use.
	maxFree = 64
)

// A wait is a datagram of ours that is not confirmed yet. All of one stage
// wait for the same time, so each list is in the order of its ends.
type wait struct {
	to         *peer
	prev, next *wait
	due        int64 // Unix nanoseconds
	n          uint64
	ticket     uint64
	group      string
	data       []byte // in our shape
	word       byte   // M, G, Q or J
	stage      uint8
}

// A queue is a list of waits of one stage.
type queue struct{ first, last *wait }

func (q *queue) push(w *wait) {
	w.prev, w.next = q.last, nil
	if q.last != nil {
		q.last.next = w
	} else {
		q.first = w
	}
	q.last = w
}

func (q *queue) drop(w *wait) {
	if w.prev != nil {
		w.prev.next = w.next
	} else {
		q.first = w.next
	}
	if w.next != nil {
		w.next.prev = w.prev
	} else {
		q.last = w.prev
	}
	w.prev, w.next = nil, nil
}

// open gives an empty wait for a datagram to p with the next number of p; nil:
// too many wait.
func (s *Socket) open(p *peer, word byte) *wait {
	if s.waits >= maxWaits || len(p.waits) >= maxPeerWait {
		return nil
	}
	w := s.free
	if w != nil {
		s.free, w.next = w.next, nil
		s.kept--
	} else {
		w = new(wait)
	}
	w.to, w.word, w.n = p, word, p.number()
	w.data = appendHead(w.data[:0], word, w.n)
	return w
}

// begin puts a wait into its first list; its datagram has just been sent.
func (s *Socket) begin(w *wait, stage uint8) {
	s.waits++
	w.to.waits = append(w.to.waits, w)
	s.enter(w, stage)
}

func (s *Socket) enter(w *wait, stage uint8) {
	w.stage, w.due = stage, s.now.Add(after[stage]).UnixNano()
	s.queues[stage].push(w)
}

// move puts a wait from its list into another one.
func (s *Socket) move(w *wait, stage uint8) {
	s.queues[w.stage].drop(w)
	s.enter(w, stage)
}

// end forgets a wait.
func (s *Socket) end(w *wait) {
	s.queues[w.stage].drop(w)
	s.waits--
	of := w.to.waits
	for i, other := range of {
		if other == w {
			copy(of[i:], of[i+1:])
			of[len(of)-1] = nil
			w.to.waits = of[:len(of)-1]
			break
		}
	}
	s.release(w)
}

// release keeps the memory of a wait that is in no list.
func (s *Socket) release(w *wait) {
	if s.kept >= maxFree {
		return
	}
	*w = wait{next: s.free, data: w.data[:0]}
	s.free = w
	s.kept++
}

// Due sends again what is due at now, and gives up what was sent five times.
func (s *Socket) Due(now time.Time) []codec.Output {
	s.start(now)
	for stage := range s.queues {
		for w := s.queues[stage].first; w != nil && w.due <= now.UnixNano(); w = s.queues[stage].first {
			if stage < failStage {
				// Another program may be there now, which ours would harm.
				if as := w.to.shape; as == ours || as == unknown && w.word == 'Q' {
					s.send(w.to, w.data)
				}
				s.move(w, uint8(stage)+1)
				continue
			}
			switch {
			case stage == failStage:
				s.failed(w, errSilent)
			case stage == onceStage: // whether it arrived nobody will ever say
				s.tell(codec.Output{Kind: codec.Sent, Who: w.to.key.addr(), Ticket: w.ticket})
			}
			s.end(w)
		}
	}
	return s.out
}

// Wake is when Due wants to be called; zero: never. It is read again behind
// each call of another method.
func (s *Socket) Wake() time.Time {
	least := int64(0)
	for i := range s.queues {
		if w := s.queues[i].first; w != nil && (least == 0 || w.due < least) {
			least = w.due
		}
	}
	if least == 0 {
		return time.Time{}
	}
	return time.Unix(0, least)
}

// failed says so, if a person waits for w.
func (s *Socket) failed(w *wait, why error) {
	if w.word == 'M' || w.word == 'G' {
		s.tell(codec.Output{Kind: codec.Failed, Who: w.to.key.addr(), Ticket: w.ticket, Room: w.group, Err: why})
	}
}

const (
	// seenFor is how long the number of a text is remembered.
	seenFor = 60 * time.Second

	// maxSeen bounds the numbers that are remembered, maxSeenOf those of one
	// listed peer, maxSeenOther those of all others together. A text beyond
	// that is not taken and not confirmed.
	maxSeen      = 32768
	maxSeenOf    = 8192
	maxSeenOther = 512
)

// A number is what tells a text from its repeats.
type number struct {
	who key
	n   uint64
}

type remembered struct {
	number
	until int64
	other bool // its sender was not in the table
}

// seen are the numbers of the texts of the last minute.
type seen struct {
	has    map[number]bool // has it been confirmed? Counts only where texts are held
	queue  []remembered    // those from head on, the oldest first
	head   int
	others int
}

// remember says whether a text of p may be shown, and remembers that it was;
// known: it came before.
func (s *Socket) remember(p *peer, n uint64) (fresh, known bool) {
	s.forget()
	id := number{p.key, n}
	if _, known = s.seen.has[id]; known {
		return false, true
	}
	switch {
	case len(s.seen.has) >= maxSeen, p.listed && p.seen >= maxSeenOf, !p.listed && s.seen.others >= maxSeenOther:
		return false, false
	case p.listed:
		p.seen++
	default:
		s.seen.others++
	}
	s.seen.has[id] = false
	if q := s.seen.queue; len(q) == cap(q) && 2*s.seen.head > len(q) {
		s.seen.queue = q[:copy(q, q[s.seen.head:])]
		s.seen.head = 0
	}
	s.seen.queue = append(s.seen.queue, remembered{id, s.now.Add(seenFor).UnixNano(), !p.listed})
	return true, false
}

// forget drops the numbers whose minute is over.
func (s *Socket) forget() {
	for s.seen.head < len(s.seen.queue) {
		r := &s.seen.queue[s.seen.head]
		if r.until > s.now.UnixNano() {
			return
		}
		delete(s.seen.has, r.number)
		if r.other {
			s.seen.others--
		} else if p := s.peers[r.who]; p != nil && p.seen > 0 {
			p.seen--
		}
		s.seen.head++
	}
	s.seen.queue, s.seen.head = s.seen.queue[:0], 0
}
