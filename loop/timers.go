package loop

import (
	"container/heap"
	"time"
)

// A deadline is something that a link waits for. Times are durations since
// the Reactor was made; 0 stands for never.
type deadline uint8

const (
	pace    deadline = iota // the gap after the last write is over
	quiet                   // the silence of Net.IdleAfter is over
	overdue                 // look whether bytes are unsent for too long
	linger                  // an end that takes its time must be over
	acks                    // look what was acknowledged
	starved                 // an unread link whose mode uses nothing must end
	deadlines
)

// timers is a heap of the links that have a deadline, the next one first.
type timers []*link

func (t timers) Len() int           { return len(t) }
func (t timers) Less(i, j int) bool { return t[i].side.wake < t[j].side.wake }

func (t timers) Swap(i, j int) {
	t[i], t[j] = t[j], t[i]
	t[i].side.place, t[j].side.place = i+1, j+1
}

func (t *timers) Push(x any) {
	l := x.(*link)
	*t = append(*t, l)
	l.side.place = len(*t)
}

func (t *timers) Pop() any {
	last := len(*t) - 1
	l := (*t)[last]
	(*t)[last] = nil
	*t = (*t)[:last]
	l.side.place = 0
	return l
}

// arm sets a deadline of l; at 0 takes it away.
func (r *Reactor) arm(l *link, d deadline, at time.Duration) {
	if at == 0 && (l.side == nil || l.side.due[d] == 0) {
		return
	}
	r.need(l).due[d] = at
	r.rearm(l)
}

// rearm puts l where it belongs in the heap after its deadlines changed.
func (r *Reactor) rearm(l *link) {
	s := l.side
	s.wake = 0
	for _, at := range s.due {
		if at != 0 && (s.wake == 0 || at < s.wake) {
			s.wake = at
		}
	}
	switch {
	case s.wake == 0 && s.place == 0:
	case s.wake == 0:
		heap.Remove(&r.timers, s.place-1)
	case s.place == 0:
		heap.Push(&r.timers, l)
	default:
		heap.Fix(&r.timers, s.place-1)
	}
}

// disarm takes all deadlines of l away.
func (r *Reactor) disarm(l *link) {
	l.side.due = [deadlines]time.Duration{}
	r.rearm(l)
}

// expire does what is due now.
func (r *Reactor) expire() {
	for len(r.timers) > 0 && r.timers[0].side.wake <= r.at {
		r.expireLink(r.timers[0])
	}
	if r.lazyAt != 0 && r.lazyAt <= r.at {
		r.flushLazy()
	}
	if r.pollAt != 0 && r.pollAt <= r.at {
		r.pollStalled()
	}
	if r.alarm != 0 && r.alarm <= r.at {
		r.alarm = 0
		r.modeTick()
	}
}

func (r *Reactor) expireLink(l *link) {
	s := l.side
	for d := range s.due {
		if s.due[d] == 0 || s.due[d] > r.at {
			continue
		}
		s.due[d] = 0
		switch deadline(d) {
		case pace:
			r.mark(l)
		case quiet:
			r.idle(l)
		case overdue:
			r.checkOverdue(l)
		case linger:
			r.lingered(l)
		case acks:
			r.checkAcks(l)
		case starved:
			r.starve(l)
		}
		if l.side != s { // it has ended, or needs no side any more
			return
		}
	}
	r.rearm(l)
	r.tidy(l)
}

// Alarm asks for a Tick.
func (r *Reactor) Alarm(at time.Time) {
	due := max(at.Sub(r.start), 1)
	if r.alarm == 0 || due < r.alarm {
		r.alarm = due
	}
}

// setTimer sees to a turn when the next deadline comes.
func (r *Reactor) setTimer() {
	next := r.alarm
	for _, at := range [...]time.Duration{r.lazyAt, r.pollAt, r.stopAt} {
		if at != 0 && (next == 0 || at < next) {
			next = at
		}
	}
	if len(r.timers) > 0 {
		if at := r.timers[0].side.wake; next == 0 || at < next {
			next = at
		}
	}
	if next == 0 || r.timerAt != 0 && r.timerAt <= next {
		return
	}
	r.timerAt = next
	if wait := next - r.at; r.timer == nil {
		r.timer = time.AfterFunc(wait, r.mail.ring)
	} else {
		r.timer.Reset(wait)
	}
}
