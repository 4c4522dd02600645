package report

import "time"

// A Set is a set of people by number, from 1. The zero value is empty.
type Set struct {
	words []uint64
	n     int
}

// Len is how many are in the set.
func (s *Set) Len() int { return s.n }

// Has reports whether i is in the set.
func (s *Set) Has(i int) bool {
	return i>>6 < len(s.words) && s.words[i>>6]&(1<<(i&63)) != 0
}

// Add puts i in.
func (s *Set) Add(i int) {
	for i>>6 >= len(s.words) {
		s.words = append(s.words, 0)
	}
	if w := &s.words[i>>6]; *w&(1<<(i&63)) == 0 {
		*w |= 1 << (i & 63)
		s.n++
	}
}

// Remove takes i out, and says whether it was in.
func (s *Set) Remove(i int) bool {
	if !s.Has(i) {
		return false
	}
	s.words[i>>6] &^= 1 << (i & 63)
	s.n--
	return true
}

// copyOf makes s the same as o.
func (s *Set) copyOf(o *Set) { s.words, s.n = append(s.words[:0], o.words...), o.n }

// clear makes s empty.
func (s *Set) clear() { s.words, s.n = s.words[:0], 0 }

// A Verdict is what the ledger says of a text that has come.
type Verdict uint8

const (
	// Fresh: it was expected, and nothing that its sender sent later to the
	// same reader came before it.
	Fresh Verdict = iota
	// Reordered: it was expected, but came behind a later one.
	Reordered
	// Repeated: it has come before.
	Repeated
	// Unexpected: the reader was not among those whom it was for when it was
	// sent, as somebody who came into a room in that moment, or nobody knows
	// any more.
	Unexpected
	// Strayed: it was for one, and this is another.
	Strayed
)

// Tally counts what became of texts. A text for many counts once in Sent, and
// for each reader in the others.
type Tally struct {
	Sent      uint64 // texts
	Expected  uint64 // readers whom they were for
	Delivered uint64 // of them, by whom they were read
	Repeated  uint64 // read once more by the same reader
	Reordered uint64 // of those delivered: behind a later one of the same sender
	Strayed   uint64 // read by somebody else than the one whom they were for
	Failed    uint64 // of those expected: a server said that it would not be delivered
	Excused   uint64 // of those expected: the reader went before it came
}

// Lost is how many readers have not got what was for them.
func (t *Tally) Lost() uint64 { return t.Expected - t.Delivered - t.Failed - t.Excused }

// A Ledger knows of each text that is under way whom it has not reached. What
// has arrived everywhere is forgotten, so its size goes with what is under way:
// 100 bytes for a text and, if it is for many, a bit for each of the people.
type Ledger struct {
	Tally
	open  map[uint64]*text
	first []*text // of each sender, by number, in the order in which they were sent
	last  []*text
	many  *text    // those for many, linked by older and newer
	past  [64]past // texts for many that have arrived everywhere, the last ones
	spare *text
	next  uint64
}

// A past text for many: whom it was for, so that a repetition of it can be told
// from its first arrival with somebody who came in between.
type past struct {
	id    uint64
	meant Set
}

// A text is one that is under way.
type text struct {
	id        uint64
	due       time.Duration
	from, to  int32 // to 0: for many
	room      int32
	late      bool // a later one was there before; of a text for one
	waiting   Set  // of a text for many: whom it has not reached, and
	overtaken Set  // those of them who have got a later one
	meant     Set  // whom it was for
	before    *text
	behind    *text
	newer     *text
	older     *text
}

// maxWalk bounds how many earlier texts of a sender are looked at when one
// arrives. With more of them under way, some that were overtaken go unnoticed.
const maxWalk = 64

// NewLedger makes one for so many people.
func NewLedger(people int) *Ledger {
	return &Ledger{open: map[uint64]*text{}, first: make([]*text, people+1), last: make([]*text, people+1)}
}

// Sent notes a text from one person to another that was due then, and gives
// its number: even for one reader, odd for many.
func (l *Ledger) Sent(from, to int, due time.Duration) uint64 {
	t := l.put(from, due, 0)
	t.to = int32(to)
	l.Expected++
	return t.id
}

// SentMany notes a text from one person to those in the set but from itself.
// room is for Excuse.
func (l *Ledger) SentMany(from, room int, to *Set, due time.Duration) uint64 {
	t := l.put(from, due, 1)
	t.room = int32(room)
	t.waiting.copyOf(to)
	t.waiting.Remove(from)
	t.meant.copyOf(&t.waiting)
	l.Expected += uint64(t.waiting.n)
	if t.older = l.many; t.older != nil {
		t.older.newer = t
	}
	l.many = t
	id := t.id
	l.close(t)
	return id
}

func (l *Ledger) put(from int, due time.Duration, kind uint64) *text {
	t := l.spare
	if t == nil {
		t = &text{}
	} else {
		l.spare = t.behind
		t.behind = nil
	}
	l.next++
	t.id, t.from, t.to, t.room, t.due, t.late = l.next<<1|kind, int32(from), 0, 0, due, false
	if t.before = l.last[from]; t.before != nil {
		t.before.behind = t
	} else {
		l.first[from] = t
	}
	l.last[from] = t
	l.open[t.id] = t
	l.Tally.Sent++
	return t
}

// close forgets a text that has nobody left to reach.
func (l *Ledger) close(t *text) {
	if t.to != 0 || t.waiting.n > 0 {
		return
	}
	l.forget(t)
}

func (l *Ledger) forget(t *text) {
	delete(l.open, t.id)
	if t.before != nil {
		t.before.behind = t.behind
	} else {
		l.first[t.from] = t.behind
	}
	if t.behind != nil {
		t.behind.before = t.before
	} else {
		l.last[t.from] = t.before
	}
	if t.newer != nil {
		t.newer.older = t.older
	} else if l.many == t {
		l.many = t.older
	}
	if t.older != nil {
		t.older.newer = t.newer
	}
	if t.to == 0 {
		p := &l.past[t.id>>1%uint64(len(l.past))]
		p.id, p.meant, t.meant = t.id, t.meant, p.meant
		t.meant.clear()
	}
	t.waiting.clear()
	t.overtaken.clear()
	t.before, t.newer, t.older = nil, nil, nil
	t.behind, l.spare = l.spare, t
}

// waits reports whether t has not reached a reader for whom it is.
func (t *text) waits(by int) bool { return t.to == int32(by) || t.to == 0 && t.waiting.Has(by) }

// Got notes that the text of this number has reached somebody, and says when
// it was due and what is to be said of it.
func (l *Ledger) Got(id uint64, by int) (due time.Duration, v Verdict) {
	t := l.open[id]
	if t == nil || !t.waits(by) {
		return 0, l.again(id, t, by)
	}
	due = t.due
	l.Delivered++
	if t.late || t.overtaken.Has(by) {
		v = Reordered
		l.Reordered++
	}
	l.overtake(t, by)
	if t.to != 0 {
		l.forget(t)
	} else {
		t.waiting.Remove(by)
		l.close(t)
	}
	return due, v
}

// again is the verdict on a text that by does not wait for; t is nil if nobody
// waits for it any more.
func (l *Ledger) again(id uint64, t *text, by int) Verdict {
	p := &l.past[id>>1%uint64(len(l.past))]
	switch {
	case id>>1 == 0 || id>>1 > l.next:
		return Unexpected
	case t != nil && t.to != 0:
		l.Strayed++
		return Strayed
	case t != nil && t.meant.Has(by), t == nil && id&1 == 0, t == nil && p.id == id && p.meant.Has(by):
		l.Repeated++
		return Repeated
	}
	return Unexpected
}

// overtake marks the earlier texts of the same sender that by has not got.
func (l *Ledger) overtake(t *text, by int) {
	walk := maxWalk
	for o := t.before; o != nil && walk > 0; o, walk = o.before, walk-1 {
		switch {
		case o.to == int32(by):
			o.late = true
		case o.to == 0 && o.waiting.Has(by):
			o.overtaken.Add(by)
		}
	}
}

// Fail notes that a text will reach nobody any more whom it has not reached.
func (l *Ledger) Fail(id uint64) {
	t := l.open[id]
	if t == nil {
		return
	}
	l.Failed += uint64(max(t.waiting.n, int(min(t.to, 1))))
	l.forget(t)
}

// FailTo is Fail for the oldest text from one person to another (0: to many),
// where what failed has no number.
func (l *Ledger) FailTo(from, to int) {
	for t := l.first[from]; t != nil; t = t.behind {
		if t.to == int32(to) {
			l.Fail(t.id)
			return
		}
	}
}

// Excuse notes that somebody has left a room (0: those who are addressed as
// all): what was said there and has not come need not come any more.
func (l *Ledger) Excuse(who, room int) {
	for t := l.many; t != nil; {
		older := t.older
		if t.room == int32(room) && t.waiting.Remove(who) {
			t.meant.Remove(who)
			l.Excused++
			l.close(t)
		}
		t = older
	}
}

// Open is how many texts are under way.
func (l *Ledger) Open() int { return len(l.open) }
