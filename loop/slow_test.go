package loop

import (
	"errors"
	"io"
	"runtime"
	"testing"
	"time"
	"weak"
)

// fill sends to a link whose other end does not read until bytes wait on it.
func fill(t *testing.T, r *Reactor, id ID, waiting int) {
	t.Helper()
	chunk := make([]byte, 64<<10)
	eventually(t, "the link is full", func() (full bool) {
		on(t, r, func() {
			l := r.get(id)
			if l == nil {
				t.Fatal("the link has ended")
			}
			for l.is(stalled) && l.unsent() < waiting {
				r.Send(id, chunk, 0, false)
			}
			if !l.is(stalled) {
				r.Send(id, chunk, 0, false)
			}
			full = l.is(stalled) && l.unsent() >= waiting
		})
		return full
	})
}

// TestNeverReads: a reader that does not read is dropped with a reason, by the
// bytes that wait for it or, on paced links, by their age.
func TestNeverReads(t *testing.T) {
	t.Parallel()
	const most = 256 << 10
	rows := []struct {
		name    string
		slowFor time.Duration
		send    func(*testing.T, *Reactor, ID)
		dropped bool
	}{
		{"over the bound for too long", 60 * time.Millisecond, func(t *testing.T, r *Reactor, id ID) {
			fill(t, r, id, most+1)
		}, true},
		{"far over the bound", time.Hour, func(t *testing.T, r *Reactor, id ID) {
			fill(t, r, id, most)
			on(t, r, func() { r.Send(id, make([]byte, hardTimes*most), 0, false) })
		}, true},
		{"over the bound, not for long", time.Hour, func(t *testing.T, r *Reactor, id ID) {
			fill(t, r, id, most+1)
		}, false},
		{"under the bound", 60 * time.Millisecond, func(t *testing.T, r *Reactor, id ID) {
			fill(t, r, id, most/4)
		}, false},
		{"paced and old", 60 * time.Millisecond, func(t *testing.T, r *Reactor, id ID) {
			on(t, r, func() {
				for range 3 {
					r.Send(id, []byte("x"), time.Hour, false)
				}
			})
		}, true},
		{"paced, over the bound, young", time.Hour, func(t *testing.T, r *Reactor, id ID) {
			on(t, r, func() {
				for range 3 {
					r.Send(id, make([]byte, most), time.Minute, false)
				}
			})
		}, false},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			m := &puppet{}
			r := start(t, Config{MaxUnsent: most, SlowFor: row.slowFor}, m)
			c := connect(t, r, 0)
			_ = c.SetReadBuffer(4 << 10)
			id := m.link(t, 0)
			row.send(t, r, id)
			if row.dropped {
				eventually(t, "the link is dropped", func() bool { return len(m.told()) == 1 })
				if why := m.told()[0].why; !errors.Is(why, ErrSlow) {
					t.Errorf("dropped because of %v, want ErrSlow", why)
				}
				on(t, r, func() {}) // the counters are those of the turn before
				if n := r.Stats().Slow; n != 1 {
					t.Errorf("%d links counted as slow, want 1", n)
				}
				return
			}
			var began, now time.Duration
			on(t, r, func() { began = r.at })
			eventually(t, "time passes", func() bool {
				on(t, r, func() { now = r.at })
				return now > began+200*time.Millisecond
			})
			if ends := m.told(); len(ends) > 0 {
				t.Errorf("dropped: %v", ends[0].why)
			}
		})
	}
}

// TestPacedBacklog: a paced link that is behind, over the bound of bytes for
// longer than SlowFor, but moves, is not slow.
func TestPacedBacklog(t *testing.T) {
	t.Parallel()
	const slowFor = 400 * time.Millisecond
	m := &puppet{}
	r := start(t, Config{MaxUnsent: 1 << 10, SlowFor: slowFor}, m)
	c := connect(t, r, 0)
	id := m.link(t, 0)
	go func() { _, _ = c.WriteTo(discard{}) }()
	var began, now time.Duration
	on(t, r, func() { began = r.at })
	eventually(t, "time passes", func() bool {
		on(t, r, func() {
			now = r.at
			for l := r.get(id); l != nil && l.unsent() < 4<<10; {
				r.Send(id, make([]byte, 512), time.Millisecond, false)
			}
		})
		return now > began+2*slowFor
	})
	if ends := m.told(); len(ends) > 0 {
		t.Errorf("dropped: %v", ends[0].why)
	}
	c.Close()
}

// TestGapCopiesNothing: what is sent to a link that waits out a gap stays
// shared: the table behind a greeting is the same for all newcomers.
func TestGapCopiesNothing(t *testing.T) {
	t.Parallel()
	m := &puppet{}
	r := start(t, Config{}, m)
	c := connect(t, r, 0)
	id := m.link(t, 0)
	table := make([]byte, 100<<10)
	on(t, r, func() {
		m.Send(id, []byte("hello"), 50*time.Millisecond, false)
		m.Send(id, table, 0, false)
		out := r.get(id).side.out
		if last := out[len(out)-1].b; &last[0] != &table[0] {
			t.Error("the table was copied")
		}
	})
	if _, err := io.CopyN(io.Discard, c.r, int64(len("hello")+len(table))); err != nil {
		t.Error(err)
	}
}

// TestCopiesAreBounded: what waits for slow readers in copies has a bound over
// all of them; whoever goes beyond it is dropped, the others are not.
func TestCopiesAreBounded(t *testing.T) {
	t.Parallel()
	const room = 64 << 10
	m := &puppet{}
	r := start(t, Config{MaxUnsent: 64 << 20, MaxCopied: room, SlowFor: time.Hour}, m)
	const links = 4
	for i := range links {
		_ = connect(t, r, 0).SetReadBuffer(4 << 10)
		fill(t, r, m.link(t, i), 1)
	}
	stuffed := func() (dropped int) {
		on(t, r, func() {
			sum := 0
			for _, id := range m.links {
				l := r.get(id)
				if l == nil {
					dropped++
					continue
				}
				if l.is(private) {
					sum += l.side.weight()
				}
				m.Send(id, make([]byte, 1<<10), 0, false)
			}
			if sum != r.copied || sum > room {
				t.Errorf("%d bytes wait in copies, %d are accounted for, of %d", sum, r.copied, room)
			}
		})
		return dropped
	}
	eventually(t, "all but one are dropped", func() bool { return stuffed() >= links-1 })
	for _, e := range m.told() {
		if e.why != ErrSlow {
			t.Errorf("dropped because: %v", e.why)
		}
	}
}

// TestPiecesWeigh: a piece takes more than its bytes, and counts so.
func TestPiecesWeigh(t *testing.T) {
	t.Parallel()
	const room = 64 << 10
	for _, row := range []struct {
		name string
		cfg  Config
		own  bool
		gap  time.Duration
	}{
		{"in copies", Config{MaxCopied: room, MaxUnsent: 64 << 20}, true, time.Hour},
		{"shared, with a gap", Config{MaxUnsent: room / hardTimes}, false, time.Hour},
		{"shared, without one", Config{MaxUnsent: room / hardTimes}, false, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			row.cfg.SlowFor = time.Hour
			m := &puppet{}
			r := start(t, row.cfg, m)
			connect(t, r, 0)
			id := m.link(t, 0)
			on(t, r, func() {
				m.Send(id, []byte("first"), time.Hour, false)
				m.Send(id, []byte("second"), time.Hour, false)
			})
			eventually(t, "copies, if any", func() (own bool) {
				on(t, r, func() { own = r.get(id).is(private) })
				return own == row.own
			})
			on(t, r, func() {
				n := 0
				for l := r.get(id); l.phase < doomed && n < room; n++ {
					m.Send(id, []byte{'x'}[:1:1], row.gap, false)
				}
				if want := room / (pieceCost + 1); n < want-2 || n > want+2 {
					t.Errorf("dropped after %d pieces of a byte, want about %d", n, want)
				}
			})
			if e := m.end(t); !errors.Is(e.why, ErrSlow) {
				t.Errorf("ended because of %v", e.why)
			}
			on(t, r, func() {
				if r.copied != 0 {
					t.Errorf("%d bytes of copies are left", r.copied)
				}
			})
		})
	}
}

// TestCopiesAreCounted: what waits in copies is accounted for to the byte,
// however it comes and goes.
func TestCopiesAreCounted(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		act  func(t *testing.T, r *Reactor, c *client, id ID)
	}{
		{"read", func(_ *testing.T, _ *Reactor, c *client, _ ID) { go func() { _, _ = c.WriteTo(discard{}) }() }},
		{"killed", func(t *testing.T, r *Reactor, _ *client, id ID) { on(t, r, func() { r.Kill(id, nil) }) }},
		{"reset", func(_ *testing.T, _ *Reactor, c *client, _ ID) { _ = c.SetLinger(0); c.Close() }},
		{"given up", func(t *testing.T, r *Reactor, c *client, id ID) {
			on(t, r, func() { r.breakOff(r.get(id), errRude) })
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			m := &puppet{}
			r := start(t, Config{SlowFor: time.Hour}, m)
			c := connect(t, r, 0)
			id := m.link(t, 0)
			fill(t, r, id, 1)
			look := func() {
				if l := r.get(id); l != nil && l.is(private) && (r.copied != l.side.weight() || r.copied != l.side.charged) ||
					(l == nil || !l.is(private)) && r.copied != 0 {
					t.Errorf("%d bytes are accounted for", r.copied)
				}
			}
			eventually(t, "the link holds copies", func() (own bool) {
				on(t, r, func() { look(); own = r.get(id).is(private) })
				return own
			})
			on(t, r, func() {
				before := r.copied
				for i := range 3000 {
					m.Send(id, make([]byte, 22), time.Duration(i%3/2)*time.Microsecond, false)
					look()
				}
				if n := r.copied - before; n < 3000*22+1000*pieceCost {
					t.Errorf("3000 answers count as %d bytes", n)
				}
			})
			row.act(t, r, c, id)
			eventually(t, "nothing waits", func() (none bool) {
				on(t, r, func() { look(); none = r.copied == 0 })
				return none
			})
		})
	}
}

// TestComesBack: a link that was over its bound and is read again owes nothing
// and keeps nothing.
func TestComesBack(t *testing.T) {
	t.Parallel()
	const most = 256 << 10
	m := &puppet{}
	r := start(t, Config{MaxUnsent: most, SlowFor: time.Hour}, m)
	c := connect(t, r, 0)
	id := m.link(t, 0)
	fill(t, r, id, most+1)
	on(t, r, func() {
		if l := r.get(id); l.side.over == 0 || l.side.due[overdue] == 0 {
			t.Error("over the bound, and no deadline for it")
		}
	})
	go func() { _, _ = c.WriteTo(discard{}) }()
	eventually(t, "the link is lean again", func() (lean bool) {
		on(t, r, func() { l := r.get(id); lean = l.side == nil && !l.is(stalled|private) })
		return lean
	})
	on(t, r, func() {
		if r.backlog != 0 || len(r.timers) != 0 || len(r.stalled) != 0 || r.pollAt != 0 {
			t.Errorf("left over: backlog %d, timers %d, stalled %d, poll at %v", r.backlog, len(r.timers), len(r.stalled), r.pollAt)
		}
	})
	c.Close()
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

// TestSlowPinsNothing: bytes that wait for a slow or paced reader do not keep
// the large blocks alive that they were cut from.
func TestSlowPinsNothing(t *testing.T) {
	t.Parallel()
	for name, gap := range map[string]time.Duration{"slow": 0, "paced": time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := &puppet{}
			r := start(t, Config{SlowFor: time.Hour}, m)
			c := connect(t, r, 0)
			_ = c.SetReadBuffer(4 << 10)
			id := m.link(t, 0)
			if gap == 0 {
				fill(t, r, id, 1)
			} else {
				on(t, r, func() { r.Send(id, []byte("first"), gap, false); r.Send(id, []byte("second"), gap, false) })
			}
			var arenas []weak.Pointer[[64 << 10]byte]
			on(t, r, func() {
				for range 8 {
					arena := new([64 << 10]byte)
					arenas = append(arenas, weak.Make(arena))
					r.Send(id, arena[100:160], 0, false)
					r.Send(id, arena[200:260], gap, false)
				}
			})
			eventually(t, "the blocks are freed", func() bool {
				runtime.GC()
				for _, a := range arenas {
					if a.Value() != nil {
						return false
					}
				}
				return true
			})
			on(t, r, func() {
				if n := r.get(id).unsent(); n < 8*120 {
					t.Errorf("%d bytes wait, want at least %d", n, 8*120)
				}
			})
			if gap == 0 {
				on(t, r, func() {
					if n := len(r.get(id).side.out); n > 8 {
						t.Errorf("16 small pieces were queued as %d", n)
					}
				})
			}
		})
	}
}

// TestWhoGoes: when copies need more room than there is, they go whose sockets
// have taken nothing for the longest time, and who reads slowly stays.
func TestWhoGoes(t *testing.T) {
	t.Parallel()
	const room = 64 << 10
	m := &puppet{}
	r := start(t, Config{MaxUnsent: 64 << 20, MaxCopied: room, SlowFor: time.Hour}, m)
	const links = 4
	for i := range links {
		_ = connect(t, r, 0).SetReadBuffer(4 << 10)
		fill(t, r, m.link(t, i), 1)
	}
	eventually(t, "all hold copies", func() (all bool) {
		on(t, r, func() {
			all = true
			for _, id := range m.links {
				l := r.get(id)
				all = all && l.is(private)
			}
		})
		return all
	})
	on(t, r, func() {
		stuck := []time.Duration{0, r.at - 1, r.at - 3, r.at - 2} // the first one takes bytes
		for i, id := range m.links {
			r.get(id).side.stuck = stuck[i]
		}
		want := []int{2, 3, 1, 0} // the order in which they go; the last one only for itself
		for len(want) > 0 {
			last := want[len(want)-1]
			m.Send(m.links[last], make([]byte, 1<<10), 0, false)
			for len(want) > 0 && r.get(m.links[want[0]]).phase >= doomed {
				want = want[1:]
			}
			for _, i := range want {
				if r.get(m.links[i]).phase >= doomed {
					t.Fatalf("link %d went before %v", i, want)
				}
			}
		}
	})
}

// TestBehind: who is told more than the loop or the pace of the dialect gives
// away in SlowFor is not slow; who takes nothing is.
func TestBehind(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name  string
		stuck bool
		age   time.Duration // of the oldest piece, in SlowFor
		ends  bool
	}{
		{"behind its pace", false, 5, false},
		{"far behind its pace", false, behindTimes, true},
		{"not read", true, 5, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			m := &puppet{}
			r := start(t, Config{SlowFor: time.Hour}, m)
			connect(t, r, 0)
			id := m.link(t, 0)
			on(t, r, func() {
				m.Send(id, []byte("first"), time.Hour, false)
				m.Send(id, []byte("second"), time.Hour, false)
				l := r.get(id)
				now := r.at
				r.at += row.age * time.Hour
				if row.stuck {
					l.set(stalled)
					l.side.stuck = now
				}
				r.checkOverdue(l)
				if ends := l.phase >= doomed; ends != row.ends {
					t.Errorf("dropped: %v, want %v", ends, row.ends)
				}
				l.clear(stalled)
				r.at = now
			})
		})
	}
}
