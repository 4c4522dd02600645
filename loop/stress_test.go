//go:build linux

package loop

import (
	"bytes"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"sync"
	"testing"
	"time"
)

// TestStress: whatever a mode calls in whatever order while clients come, talk,
// half-close, reset and go, each link is opened and closed once, positions are
// told in order and never after the end, and nothing is left over. Not
// parallel: it counts the descriptors of the process.
func TestStress(t *testing.T) {
	files := func() int {
		d, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(d)
	}
	before := files()
	m := &puppet{}
	rnd := rand.New(rand.NewPCG(3, 4)) // of the loop
	open := make(map[ID]bool)
	left := make(map[ID]uint64)
	shared := bytes.Repeat([]byte("shared "), 10_000)
	act := func(id ID) {
		switch rnd.IntN(14) {
		case 0, 1, 2:
			n := rnd.IntN(100)
			m.Watch(id, m.Send(id, shared[:n], 0, rnd.IntN(2) == 0))
		case 3:
			m.Send(id, shared, 0, false)
		case 4:
			m.Send(id, shared[:20], time.Duration(rnd.IntN(3))*time.Millisecond, false)
		case 5:
			m.Again(id)
		case 6, 7:
			m.Owe(id, rnd.IntN(2) == 0)
		case 8:
			m.IdleAfter(id, time.Duration(rnd.IntN(3))*time.Millisecond)
		case 9:
			m.Finish(id)
		case 10:
			m.CloseSoon(id, errRude)
		case 11:
			m.Kill(id, errRude)
		case 12:
			m.Alarm(m.Now().Add(time.Duration(rnd.IntN(5)) * time.Millisecond))
		case 13:
			panic("as a mode may")
		}
	}
	some := func() (id ID) {
		for id = range open {
			break
		}
		return id
	}
	m.opened = func(id ID, _ Info) {
		if open[id] {
			t.Errorf("%v opened twice", id)
		}
		open[id] = true
		act(id)
	}
	m.data = func(id ID, p []byte, _ bool) int {
		if !open[id] {
			t.Errorf("data of %v, which is not open", id)
		}
		act(some())
		act(id)
		return rnd.IntN(len(p) + 1)
	}
	m.idle = func(id ID, p []byte) int { act(id); return rnd.IntN(len(p) + 1) }
	m.left = func(id ID, pos uint64) {
		if !open[id] || pos < left[id] {
			t.Errorf("left %d of %v after %d, open: %v", pos, id, left[id], open[id])
		}
		left[id] = pos
		act(id)
	}
	m.closed = func(id ID, _ error) {
		if !open[id] {
			t.Errorf("%v closed, but it is not open", id)
		}
		delete(open, id)
		act(some())
	}
	m.tick = func(time.Time) { act(some()) }
	r := New(Config{Doors: []Door{tcp4, udp4}, SlowFor: 50 * time.Millisecond, MaxUnsent: 100 << 10}, m)
	if err := r.Start(); err != nil {
		t.Fatal(err)
	}
	at := r.Local(0).String()
	var wg sync.WaitGroup
	for who := range 16 {
		wg.Go(func() { visit(at, rand.New(rand.NewPCG(uint64(who), 5)), time.Now().Add(1500*time.Millisecond)) })
	}
	wg.Wait()
	// What still lingers or owes ends within halfFor at the latest.
	eventually(t, "all have ended", func() (over bool) {
		on(t, r, func() { over = len(open) == 0 })
		return over
	})
	on(t, r, func() {})
	on(t, r, func() {
		if r.count.Open != 0 || r.backlog != 0 || len(r.timers) != 0 || slices.ContainsFunc(r.links, func(l *link) bool { return l != nil }) {
			t.Errorf("left over: %d links, backlog %d, %d deadlines", r.count.Open, r.backlog, len(r.timers))
		}
		if len(r.free) != len(r.links) {
			t.Errorf("%d of %d slots are free", len(r.free), len(r.links))
		}
	})
	t.Logf("%+v", r.Stats())
	if err := r.Stop(); err != nil {
		t.Error(err)
	}
	if m.nested.Load() > 0 {
		t.Errorf("%d nested callbacks", m.nested.Load())
	}
	eventually(t, "no descriptor is left over", func() bool { return files() <= before })
}

// visit is a client that connects, does something and goes, until the limit.
func visit(at string, rnd *rand.Rand, limit time.Time) {
	for time.Now().Before(limit) {
		nc, err := net.DialTimeout("tcp", at, patience)
		if err != nil {
			continue
		}
		c := nc.(*net.TCPConn)
		_ = c.SetDeadline(time.Now().Add(100 * time.Millisecond))
		for range rnd.IntN(6) {
			_, _ = c.Write(make([]byte, 1+rnd.IntN(2000)))
			if rnd.IntN(2) == 0 {
				_, _ = c.Read(make([]byte, 5000))
			}
		}
		switch rnd.IntN(3) {
		case 0:
			_ = c.SetLinger(0)
		case 1:
			_ = c.CloseWrite()
			_, _ = c.WriteTo(discard{})
		}
		_ = c.Close()
	}
}
