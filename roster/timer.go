package roster

import (
	"container/heap"
	"time"
)

// A fire says what a timer is for.
type fire uint8

const (
	fireReceipt fire = iota + 1 // no receipt came: of a member
	fireHalf                    // a part is lacking still: of a member
	fireEarly                   // a text has waited for its author's other part: of a entry
	fireLater                   // an answer has been held back long enough: of a entry
	fireTaken                   // a name may be free now: of a entry
	fireSilence                 // nothing may have come for too long: of a talker
	firePing                    // the same, in dialects that ask then: of a talker
	fireRetry                   // a spool has rested: of a account
	fireLease                   // nobody has said for too long that they are here: of a lease
	fireLine                    // something on a line is due: of a line
	fireRested                  // a port that was lent has rested: of a port
	fireLook                    // a minute is over
	fireCall                    // nobody has answered or spoken for too long: of a call
)

// A timer is a time at which something that is not a link gets its turn. It
// lies in what it is for and is in Roster.timers while it runs.
type timer struct {
	at    time.Duration // from Roster.base
	place int32         // in Roster.timers, plus one; 0: it does not run
	fire  fire
	of    any // what it lies in, as fire says
}

// timers is a heap, the earliest first.
type timers []*timer

func (h timers) Len() int           { return len(h) }
func (h timers) Less(i, j int) bool { return h[i].at < h[j].at }
func (h timers) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].place, h[j].place = int32(i+1), int32(j+1)
}
func (h *timers) Push(x any) {
	t := x.(*timer)
	*h = append(*h, t)
	t.place = int32(len(*h))
}
func (h *timers) Pop() any {
	last := len(*h) - 1
	t := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	t.place = 0
	return t
}

// start starts t, or starts it anew, to run out after d from now.
func (r *Roster) start(t *timer, d time.Duration) {
	t.at = r.now + d
	if t.place == 0 {
		heap.Push(&r.timers, t)
	} else {
		heap.Fix(&r.timers, int(t.place-1))
	}
}

// stop stops t if it runs.
func (r *Roster) stop(t *timer) {
	if t.place != 0 {
		heap.Remove(&r.timers, int(t.place-1))
	}
}

// ring carries out the timers that have run out.
func (r *Roster) ring() {
	for len(r.timers) > 0 && r.timers[0].at <= r.now {
		t := r.timers[0]
		r.stop(t)
		switch t.fire {
		case fireReceipt:
			if b := &t.of.(*member).inbox; b.first != nil && !b.first.receipts {
				r.stale(t.of.(*member))
			} else if b.under {
				r.missed(t.of.(*member))
			}
		case fireHalf:
			r.endAll(t.of.(*member), errHalf)
		case fireEarly:
			t.of.(*entry).early = false
			r.done(t.of.(*entry), errUnregistered)
		case fireLater:
			r.done(t.of.(*entry), t.of.(*entry).answer.Err)
		case fireTaken:
			r.registerAgain(t.of.(*entry))
		case fireSilence:
			r.silent(t.of.(*talker))
		case firePing:
			r.ping(t.of.(*talker))
		case fireLease:
			r.lapse(t.of.(*lease))
		case fireRetry:
			r.fill(t.of.(*account))
		case fireLine:
			r.ringLine(t.of.(*line))
		case fireRested:
			r.rested(t.of.(*port))
		case fireLook:
			r.look()
		case fireCall:
			r.callDue(t.of.(*call))
		}
	}
}
