package crowd

import (
	"container/heap"
	"time"
)

// never is when a person wants to be woken who does not.
const never = time.Duration(1<<63 - 1)

// wakes are the times at which people want to be woken, the earliest first. A
// person who has changed their mind leaves the old entry in, which is dropped
// when its time comes.
type wakes []wake

type wake struct {
	at time.Duration
	n  int32
}

func (w wakes) Len() int           { return len(w) }
func (w wakes) Less(i, j int) bool { return w[i].at < w[j].at }
func (w wakes) Swap(i, j int)      { w[i], w[j] = w[j], w[i] }
func (w *wakes) Push(x any)        { *w = append(*w, x.(wake)) }
func (w *wakes) Pop() any {
	old := *w
	last := old[len(old)-1]
	*w = old[:len(old)-1]
	return last
}

// first is when the next one is.
func (w wakes) first() (time.Duration, bool) {
	if len(w) == 0 {
		return 0, false
	}
	return w[0].at, true
}

// pop gives somebody whose time has come. wants is when a person wants to be
// woken now, whatever the entry says.
func (w *wakes) pop(now time.Duration, wants func(n int32) *time.Duration) (n int, ok bool) {
	for len(*w) > 0 && (*w)[0].at <= now {
		first := heap.Pop(w).(wake)
		if at := wants(first.n); at != nil && *at == first.at {
			*at = never
			return int(first.n), true
		}
	}
	return 0, false
}

// wantsScript is when the script of a person goes on.
func (m *Mode) wantsScript(n int32) *time.Duration { return &m.people[n].at }

// wake has the script of person n go on at a time, and not at the one asked for
// before.
func (m *Mode) wake(n int, at time.Duration) { m.rouse(&m.wakes, n, &m.people[n].at, at) }

// rouse changes when a person wants to be woken to at.
func (m *Mode) rouse(w *wakes, n int, wants *time.Duration, at time.Duration) {
	if *wants == at {
		return
	}
	if *wants = at; at == never {
		return
	}
	heap.Push(w, wake{at, int32(n)})
	if (*w)[0].at == at {
		m.net.Alarm(m.start.Add(max(at, m.now())))
	}
}
