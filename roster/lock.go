package roster

import (
	"net/netip"
	"slices"
	"time"
)

// locks are the wrong passwords of late, and who may not try for now. Three
// wrong tries in a row for a name from one address lock the name for that
// address; thirty from all together lock it everywhere, so that nobody can
// guess from many addresses and nobody alone can lock others out
// (comp9331.md, "Login").
type locks struct {
	span       time.Duration // how long a lock lasts, and a wrong try counts; 0: none
	everywhere bool          // three wrong tries lock everywhere
	names      map[string]*tries
}

// tries are the wrong ones for one name, known or not.
type tries struct {
	wrong  []try
	locked []try         // at: until when
	all    time.Duration // locked everywhere until then
	last   time.Duration
}

type try struct {
	addr netip.Addr
	at   time.Duration
}

const (
	triesHere       = 3
	triesEverywhere = 30
	// maxLockNames is how many names have their tries counted.
	maxLockNames = 10000
)

// locked reports whether a name may not log in from an address.
func (l *locks) locked(folded string, addr netip.Addr, now time.Duration) bool {
	t := l.names[folded]
	if t == nil {
		return false
	}
	return now < t.all || slices.ContainsFunc(t.locked, func(y try) bool { return y.addr == addr && now < y.at })
}

// wrong notes a wrong try and reports whether the name is locked by it.
func (l *locks) wrong(folded string, addr netip.Addr, now time.Duration) bool {
	if l.span == 0 {
		return false
	}
	t := l.names[folded]
	if t == nil {
		l.makeRoom(now)
		t = &tries{all: never}
		l.names[folded] = t
	}
	t.last = now
	t.wrong = slices.DeleteFunc(t.wrong, func(y try) bool { return now-y.at >= l.span })
	t.locked = slices.DeleteFunc(t.locked, func(y try) bool { return now >= y.at })
	t.wrong = append(t.wrong, try{addr, now})
	here := 0
	for _, y := range t.wrong {
		if y.addr == addr || l.everywhere {
			here++
		}
	}
	switch {
	case here >= triesHere && l.everywhere, len(t.wrong) >= triesEverywhere:
		t.all, t.wrong = now+l.span, nil
		return true
	case here >= triesHere:
		t.locked = append(t.locked, try{addr, now + l.span})
		return true
	}
	return false
}

// right notes that the right password came from an address: what was tried
// before it from there is no row any more.
func (l *locks) right(folded string, addr netip.Addr) {
	t := l.names[folded]
	if t == nil {
		return
	}
	t.wrong = slices.DeleteFunc(t.wrong, func(y try) bool { return y.addr == addr })
	if len(t.wrong) == 0 && len(t.locked) == 0 && t.all == never {
		delete(l.names, folded)
	}
}

// makeRoom forgets names whose tries count no more and, if there are too many
// still, the one that was tried longest ago.
func (l *locks) makeRoom(now time.Duration) {
	if len(l.names) < maxLockNames {
		return
	}
	oldest, at := "", now+1
	for name, t := range l.names {
		if now-t.last >= l.span && now >= t.all {
			delete(l.names, name)
		} else if t.last < at {
			oldest, at = name, t.last
		}
	}
	if len(l.names) >= maxLockNames {
		delete(l.names, oldest)
	}
}
