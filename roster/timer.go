package roster

import "time"

// A fire says what a timer is for.
type fire uint8

const (
	fireReceipt fire = iota + 1 // no receipt came: timer.member
	fireHalf                    // a part is lacking still: timer.member
	fireEarly                   // a text has waited for its author's other part: timer.entry
	fireLater                   // an answer has been held back long enough: timer.entry
	fireTaken                   // a name may be free now: timer.entry
	fireSilence                 // nothing may have come for too long: timer.talker
	fireRetry                   // a spool has rested: timer.account
	fireLook                    // a minute is over
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
}

// start starts t, or starts it anew, to run out after d from now.
func (r *Roster) start(t *timer, d time.Duration) {
	t.at = r.now + d
	if t.place == 0 {
		r.timers = append(r.timers, t)
		t.place = int32(len(r.timers))
	}
	r.sift(t)
}

// stop stops t if it runs.
func (r *Roster) stop(t *timer) {
	if t.place == 0 {
		return
	}
	i, last := int(t.place-1), len(r.timers)-1
	t.place = 0
	moved := r.timers[last]
	r.timers[last] = nil
	r.timers = r.timers[:last]
	if i < last {
		r.put(i, moved)
		r.sift(moved)
	}
}

func (r *Roster) put(i int, t *timer) {
	r.timers[i] = t
	t.place = int32(i + 1)
}

// sift moves t to where it belongs in the heap, the earliest first. Written
// out as in deadlines.
func (r *Roster) sift(t *timer) {
	i := int(t.place - 1)
	for i > 0 && t.at < r.timers[(i-1)/2].at {
		r.put(i, r.timers[(i-1)/2])
		i = (i - 1) / 2
	}
	for {
		child := 2*i + 1
		if child >= len(r.timers) {
			break
		}
		if child+1 < len(r.timers) && r.timers[child+1].at < r.timers[child].at {
			child++
		}
		if t.at <= r.timers[child].at {
			break
		}
		r.put(i, r.timers[child])
		i = child
	}
	r.put(i, t)
}

// ring carries out the timers that have run out.
func (r *Roster) ring() {
	for len(r.timers) > 0 && r.timers[0].at <= r.now {
		t := r.timers[0]
		r.stop(t)
		switch t.fire {
		case fireReceipt:
			r.missed(t.member)
		case fireHalf:
			r.expire(t.member)
		case fireEarly:
			t.entry.early = false
			r.done(t.entry, errUnregistered)
		case fireLater:
			r.done(t.entry, t.entry.answer.Err)
		case fireTaken:
			r.registerAgain(t.entry)
		case fireSilence:
			r.silent(t.talker)
		case fireRetry:
			r.fill(t.account)
		case fireLook:
			r.look()
		}
	}
}
