package session

import (
	"container/heap"
	"time"

	"mim/codec"
)

// timers is a heap of links by the time their session asked for.
type timers []*Link

func (t timers) Len() int           { return len(t) }
func (t timers) Less(i, j int) bool { return t[i].due < t[j].due }
func (t timers) Swap(i, j int) {
	t[i], t[j] = t[j], t[i]
	t[i].place, t[j].place = int32(i), int32(j)
}
func (t *timers) Push(x any) {
	l := x.(*Link)
	l.place = int32(len(*t))
	*t = append(*t, l)
}
func (t *timers) Pop() any {
	old := *t
	n := len(old) - 1
	l := old[n]
	old[n] = nil
	l.place = idle
	*t = old[:n]
	return l
}

// idle is the place of a link that waits for no time.
const idle = -1

// schedule makes l due at the given time, or never if it is zero, and moves
// the loop's alarm if l is the first now.
func (d *Driver) schedule(l *Link, at time.Time) {
	switch {
	case at.IsZero():
		if l.place != idle {
			heap.Remove(&d.timers, int(l.place))
		}
		return
	case l.place != idle:
		l.due = at.UnixNano()
		heap.Fix(&d.timers, int(l.place))
	default:
		l.due = at.UnixNano()
		heap.Push(&d.timers, l)
	}
	if l.place == 0 {
		d.net.Alarm(at)
	}
}

// Tick gives each session whose time has come its turn. It belongs into the
// mode's Tick, which uses the alarm up for all: Tick asks for the next one.
func (d *Driver) Tick(now time.Time) {
	t := now.UnixNano()
	for len(d.timers) > 0 && d.timers[0].due <= t {
		l := d.timers[0]
		heap.Pop(&d.timers)
		d.run(l, now)
		// A timer may end in a request: Data looks at the kept bytes again.
		d.net.Again(l.id)
	}
	d.wakeRested(t)
	if len(d.timers) > 0 {
		d.net.Alarm(time.Unix(0, d.timers[0].due))
	}
}

// run calls the session's Due, sends what it has to say and notes its next time.
func (d *Driver) run(l *Link, now time.Time) {
	if !l.timed || l.closing {
		return
	}
	out, next := l.timers().Due(d.arena.open(), now)
	d.send(l, d.arena.keep(out), false)
	d.schedule(l, next)
}

// timers is the state of a link that is timed; a field would cost 16 bytes.
func (l *Link) timers() codec.Timed {
	if l.session != nil {
		return l.session.(codec.Timed)
	}
	return l.caller.(codec.Timed)
}
