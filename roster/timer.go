package roster

import (
	"container/heap"
	"time"
)

// A fire says what a timer is for.
type fire uint8

const (
	fireReceipt fire = iota + 1 // no receipt came: timer.member
	fireHalf                    // a part is lacking still: timer.member
	fireEarly                   // a text has waited for its author's other part: timer.entry
	fireLater                   // an answer has been held back long enough: timer.entry
	fireTaken                   // a name may be free now: timer.entry
	fireSilence                 // nothing may have come for too long: timer.talker
	firePing                    // the same, in dialects that ask then: timer.talker
	fireRetry                   // a spool has rested: timer.account
	fireLease                   // nobody has said for too long that they are here: timer.lease
	fireLook                    // a minute is over
	fireCall                    // nobody has answered or spoken for too long: timer.call
)

// A timer is a time at which something that is not a link gets its turn. It
// lies in what it is for and is in Roster.timers while it runs.
type timer struct {
	at      time.Duration // from Roster.base
	place   int32         // in Roster.timers, plus one; 0: it does not run
	fire    fire
	member  *member
	entry   *entry
	talker  *talker
	account *account
	lease   *lease
	call    *call
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
			if b := &t.member.inbox; b.first != nil && !b.first.receipts {
				r.stale(t.member)
			} else if b.under {
				r.missed(t.member)
			}
		case fireHalf:
			r.endAll(t.member, errHalf)
		case fireEarly:
			t.entry.early = false
			r.done(t.entry, errUnregistered)
		case fireLater:
			r.done(t.entry, t.entry.answer.Err)
		case fireTaken:
			r.registerAgain(t.entry)
		case fireSilence:
			r.silent(t.talker)
		case firePing:
			r.ping(t.talker)
		case fireLease:
			r.lapse(t.lease)
		case fireRetry:
			r.fill(t.account)
		case fireLook:
			r.look()
		case fireCall:
			r.callDue(t.call)
		}
	}
}
