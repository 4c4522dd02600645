package loop

import (
	"bytes"
	"errors"
	"sync/atomic"
	"testing"
	"time"
)

// TestKept: bytes that were not used come again with more, also when they come
// one by one.
func TestKept(t *testing.T) {
	t.Parallel()
	m := &puppet{}
	var longest int
	m.data = func(id ID, p []byte, _ bool) int {
		longest = max(longest, len(p))
		i := bytes.IndexByte(p, '\n')
		if i < 0 {
			return 0
		}
		m.Send(id, append([]byte(nil), p[:i+1]...), 0, false)
		m.Again(id)
		return i + 1
	}
	r := start(t, Config{}, m)
	c := connect(t, r, 0)
	for _, b := range []byte("one\ntwo") {
		c.say(string(b))
	}
	c.hear("one\n")
	c.say(" three\nfour\nfi")
	c.hear("two three\nfour\n")
	c.say("ve\n")
	c.hear("five\n")
	eventually(t, "nothing is kept for nothing", func() (lean bool) {
		on(t, r, func() { lean = r.get(m.links[0]).side == nil })
		return lean
	})
}

// TestFlood: what a mode does not use is bounded, whether the loop can stop
// reading or not.
func TestFlood(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name  string
		start func(*testing.T, *Reactor)
	}{
		{"not read", func(*testing.T, *Reactor) {}},
		{"all is read", func(t *testing.T, r *Reactor) { on(t, r, func() { r.poller = -1 }) }},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			m := &puppet{}
			var most int
			m.data = func(_ ID, p []byte, _ bool) int { most = max(most, len(p)); return 0 }
			r := start(t, Config{UnreadFor: 100 * time.Millisecond}, m)
			row.start(t, r)
			c := connect(t, r, 0)
			go func() { _, _ = c.Write(make([]byte, 4<<20)) }()
			if e := m.end(t); !errors.Is(e.why, ErrFlood) {
				t.Errorf("ended because of %v", e.why)
			}
			on(t, r, func() {
				if most > maxKept+maxRead {
					t.Errorf("%d bytes were kept", most)
				}
			})
		})
	}
}

// TestPipelining: a sender that is far ahead of a mode that yields after each
// 64 requests loses nothing and is not taken for a flood.
func TestPipelining(t *testing.T) {
	t.Parallel()
	const requests = 200_000
	m := &puppet{}
	var took int
	done := make(chan int, 1)
	m.data = func(id ID, p []byte, end bool) int {
		used := 0
		for range 64 {
			if len(p)-used < 10 {
				break
			}
			used += 10
			took++
		}
		if len(p)-used >= 10 {
			m.Again(id)
		}
		if took == requests {
			done <- took
		}
		return used
	}
	r := start(t, Config{}, m)
	c := connect(t, r, 0)
	go func() { _, _ = c.Write(make([]byte, 10*requests)) }()
	eventually(t, "all requests were taken", func() bool {
		if ends := m.told(); len(ends) > 0 {
			t.Fatalf("dropped: %v", ends[0].why)
		}
		select {
		case <-done:
			return true
		default:
			return false
		}
	})
}

// TestCostlyRequests: a sender that is far ahead of a mode whose work takes
// long does not hold the loop, neither alone nor together with others.
func TestCostlyRequests(t *testing.T) {
	t.Parallel()
	const links, each, cost = 4, 2 << 10, 600 * time.Microsecond
	m := &puppet{}
	calls := make(map[time.Time]int) // of one callback or turn
	took, most := 0, 0
	m.data = func(id ID, p []byte, _ bool) int {
		for began := time.Now(); time.Since(began) < cost; {
		}
		calls[m.Now()]++
		most = max(most, calls[m.Now()])
		n := min(each, len(p))
		if took += n; n < len(p) {
			m.Again(id)
		}
		return n
	}
	r := start(t, Config{}, m)
	for range links {
		c := connect(t, r, 0)
		go func() { _, _ = c.Write(make([]byte, 300_000)) }()
	}
	eventually(t, "all was taken", func() (all bool) {
		on(t, r, func() { all = took == links*300_000 })
		return all
	})
	on(t, r, func() {
		if limit := int(maxTurn/cost) + 1; most > limit {
			t.Errorf("%d calls of Data in one callback, want at most %d", most, limit)
		}
	})
}

// TestAgain: Again brings one more Data in a later round, and a link that asks
// for ever leaves the others their turns.
func TestAgain(t *testing.T) {
	t.Parallel()
	m := &puppet{}
	var calls, stop atomic.Int64
	m.data = func(id ID, p []byte, _ bool) int {
		if id.Slot() == 0 {
			if calls.Add(1); stop.Load() == 0 {
				m.Again(id)
				m.Again(id)
			}
			return 0
		}
		m.Send(id, append([]byte(nil), p...), 0, false)
		return len(p)
	}
	r := start(t, Config{}, m)
	greedy := connect(t, r, 0)
	m.link(t, 0)
	greedy.say("x")
	other := connect(t, r, 0)
	for range 20 {
		other.say("ping")
		other.hear("ping")
	}
	eventually(t, "Data is called again", func() bool { return calls.Load() > 20 })
	stop.Store(1)
	on(t, r, func() {})
	on(t, r, func() {}) // the turn of the one before is over
	before := calls.Load()
	on(t, r, func() { m.Again(m.links[0]) })
	on(t, r, func() {})
	on(t, r, func() {})
	if n := calls.Load() - before; n != 1 {
		t.Errorf("one Again brought %d Data", n)
	}
}

// TestIdle: kept bytes are given to Idle after the silence that was asked for,
// and not before; more bytes begin the silence anew.
func TestIdle(t *testing.T) {
	t.Parallel()
	m := &puppet{}
	m.opened = func(id ID, _ Info) { m.IdleAfter(id, 40*time.Millisecond) }
	type silence struct {
		p     string
		after time.Duration
	}
	var last time.Time
	seen := make(chan silence, 10)
	m.data = func(ID, []byte, bool) int { last = m.Now(); return 0 }
	m.idle = func(_ ID, p []byte) int {
		seen <- silence{string(p), m.Now().Sub(last)}
		return 3
	}
	r := start(t, Config{}, m)
	c := connect(t, r, 0)
	c.say("ab")
	c.say("cde")
	for _, want := range []string{"abcde", "defg"} {
		s := await(t, "Idle", seen)
		if s.p != want || s.after < 40*time.Millisecond {
			t.Errorf("after %v of silence Idle got %q, want %q", s.after, s.p, want)
		}
		c.say("fg")
	}
	on(t, r, func() {
		m.IdleAfter(m.links[0], 0)
		if len(r.timers) != 0 {
			t.Error("a deadline is left")
		}
	})
}

// TestAlarm: the earliest alarm counts, a Tick uses it up.
func TestAlarm(t *testing.T) {
	t.Parallel()
	m := &puppet{}
	ticks := make(chan time.Time, 10)
	m.tick = func(now time.Time) {
		if !now.Equal(m.Now()) {
			t.Error("Tick and Now differ")
		}
		ticks <- now
	}
	r := start(t, Config{}, m)
	var at time.Time
	on(t, r, func() {
		at = m.Now().Add(30 * time.Millisecond)
		m.Alarm(at.Add(time.Hour))
		m.Alarm(at)
		m.Alarm(at.Add(time.Minute))
	})
	if now := await(t, "Tick", ticks); now.Before(at) {
		t.Errorf("Tick at %v, asked for %v", now, at)
	}
	on(t, r, func() {
		if r.alarm != 0 {
			t.Errorf("an alarm is left: %v", r.alarm)
		}
		m.Alarm(m.Now().Add(-time.Hour))
	})
	await(t, "Tick for a time that is over", ticks)
}
