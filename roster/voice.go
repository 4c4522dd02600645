package roster

import (
	"net/netip"
	"slices"
	"time"
)

// Bound says what is to be done about a datagram that carried a key.
type Bound uint8

const (
	// BoundSilent: nothing is said.
	BoundSilent Bound = iota
	// BoundYes: its source is an end of the call now, or was already. A receipt
	// is sent if one is wanted. Of the source of an end that has had maxReceipts
	// of these within receiptSpan the same is true, but it gets BoundSilent.
	BoundYes
	// BoundBadKey: the wrong key is answered, if the answer is no longer than
	// what came.
	BoundBadKey
)

// A wrongKeys is what is kept of an address from which wrong keys came.
type wrongKeys struct {
	at       [maxWrong]time.Duration // the last ones, a ring
	n        int                     // how many came
	last     time.Duration           // when
	answered time.Duration           // when one was answered, or never
	rests    time.Duration           // nothing is bound from there until then
}

const (
	// maxWrong wrong keys from an address within wrongSpan, nothing is bound
	// from there for wrongSpan (dtu.md, Voice 4). What is bound goes on: a forged
	// source must not silence a call.
	maxWrong  = 10
	wrongSpan = 10 * time.Second
	// badKeyGap is the least time between two answers to wrong keys of an
	// address (the same).
	badKeyGap = time.Second
	// maxReceipts of an end within receiptSpan, its keys are taken without a
	// word. A receipt is the datagram that it answers: whatever sends all that it
	// gets back (a forged source that is a door of ours, or an echo service) would
	// make it go round for as long as the call lives, and keep the call alive. A
	// program asks again once a second.
	maxReceipts = 10
	receiptSpan = time.Second
	// maxWrongAddresses is how many addresses have their wrong keys counted.
	maxWrongAddresses = 1024
)

// Bind makes the address from an end of the call with this key (dtu.md, Voice 3
// and 4). A key of 0 is a wrong one. from has to be the address of a link in
// that call, whatever its port; each end of a call has one source at most, and
// which of several ends behind one address it belongs to is guessed: who takes
// part comes before who is only asked, who has none before who has one, and
// then a new source replaces the oldest. A source that was bound by another key
// moves.
//
// Wrong keys, and right ones of calls in which the address has no link, are
// worth an answer once a second if the address has a link here at all. Ten of
// them within 10 s, and nothing is bound from there for 10 s.
//
// It returns no effects: those of the last call stay valid. But for the first
// wrong key of an address it allocates nothing.
func (r *Roster) Bind(now time.Time, from netip.AddrPort, key uint64) Bound {
	v, t := &r.calls, now.Sub(r.base)
	addr := bare(from.Addr())
	if v.links[addr] == 0 {
		return BoundSilent
	}
	at := netip.AddrPortFrom(addr, from.Port())
	old := v.sources[at]
	if old == nil || old.call.key != key {
		if w := v.wrong[addr]; w != nil && t < w.rests {
			return BoundSilent // the same for the right key: nobody learns it by trying
		}
		c := v.byKey[key]
		if c == nil {
			return v.wrongKey(addr, t)
		}
		e := c.place(addr)
		if e == nil {
			return v.wrongKey(addr, t)
		}
		if old != nil {
			v.unbind(old)
			old.call.lift(v, addr)
		}
		v.unbind(e)
		v.sources[at] = e
		old = e
	}
	v.binds++
	old.source, old.bound, old.call.heard = from, v.binds, t
	if !old.receipt(t) {
		return BoundSilent
	}
	return BoundYes
}

// receipt reports whether the end may have one more at a time.
func (e *end) receipt(now time.Duration) bool {
	if now-e.since >= receiptSpan {
		e.since, e.receipts = now, 0
	}
	if e.receipts >= maxReceipts {
		return false
	}
	e.receipts++
	return true
}

// Voice gives the addresses to which a datagram from an address is passed on,
// unchanged; none: it is dropped. Only who takes part in a call is heard, and
// hears. The slice is valid until the next call of Voice. It allocates nothing,
// touches no timer and takes as long as the call has people in it, who are
// maxEnds at most; it returns no effects, and those of the last call stay valid.
func (r *Roster) Voice(now time.Time, from netip.AddrPort) []netip.AddrPort {
	v := &r.calls
	e := v.sources[netip.AddrPortFrom(bare(from.Addr()), from.Port())]
	if e == nil {
		return nil
	}
	e.call.heard = now.Sub(r.base)
	if !e.in {
		return nil
	}
	v.to = v.to[:0]
	for _, other := range e.call.in {
		if other != e && other.source.IsValid() {
			v.to = append(v.to, other.source)
		}
	}
	return v.to
}

// unbind takes the source of an end away, if it has one.
func (v *calls) unbind(e *end) {
	if e.source.IsValid() {
		delete(v.sources, netip.AddrPortFrom(bare(e.source.Addr()), e.source.Port()))
		e.source = netip.AddrPort{}
	}
}

// place is the end to which a new source of an address is given; nil: there is
// none at that address.
func (c *call) place(addr netip.Addr) *end {
	var oldest *end
	for _, ends := range [...][]*end{c.in, c.asked} {
		for _, e := range ends {
			switch {
			case e.member.addr() != addr:
			case !e.source.IsValid():
				return e
			case oldest == nil || e.bound < oldest.bound:
				oldest = e
			}
		}
	}
	return oldest
}

// lift gives sources of an address that were taken for those of people who are
// only asked to people there who take part and have none.
func (c *call) lift(v *calls, addr netip.Addr) {
	for _, e := range c.in {
		if e.member.addr() != addr || e.source.IsValid() {
			continue
		}
		i := slices.IndexFunc(c.asked, func(other *end) bool { return other.member.addr() == addr && other.source.IsValid() })
		if i < 0 {
			return
		}
		from := c.asked[i]
		e.source, e.bound = from.source, from.bound
		v.sources[netip.AddrPortFrom(addr, e.source.Port())] = e
		from.source = netip.AddrPort{}
	}
}

// wrongKey notes a wrong key of an address that has a link here, and says
// whether it is answered.
func (v *calls) wrongKey(addr netip.Addr, now time.Duration) Bound {
	w := v.wrong[addr]
	if w == nil {
		v.forgetWrong(now)
		w = &wrongKeys{answered: never, rests: never}
		v.wrong[addr] = w
	}
	w.at[w.n%maxWrong] = now
	w.last = now
	if w.n++; w.n >= maxWrong && now-w.at[w.n%maxWrong] < wrongSpan { // the oldest that is kept
		w.rests = now + wrongSpan
	}
	if now-w.answered < badKeyGap {
		return BoundSilent
	}
	w.answered = now
	return BoundBadKey
}

// forgetWrong makes room for an address: those whose wrong keys count no more
// are forgotten and, if there are too many still, the one that was silent for
// longest.
func (v *calls) forgetWrong(now time.Duration) {
	if len(v.wrong) < maxWrongAddresses {
		return
	}
	var oldest netip.Addr
	at := now + 1
	for addr, w := range v.wrong {
		if now-w.last >= wrongSpan { // a rest is over by then, too
			delete(v.wrong, addr)
		} else if w.last < at {
			oldest, at = addr, w.last
		}
	}
	if len(v.wrong) >= maxWrongAddresses {
		delete(v.wrong, oldest)
	}
}
