//go:build linux

package loop

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A glutton is a mode that uses nothing until it is let go.
type glutton struct {
	puppet
	free bool // on the loop
	got  []byte
	most int
}

func newGlutton() *glutton {
	m := &glutton{}
	m.data = func(_ ID, p []byte, _ bool) int {
		m.most = max(m.most, len(p))
		if !m.free {
			return 0
		}
		m.got = append(m.got, p...)
		return len(p)
	}
	return m
}

// serve starts a reactor for m whose one client has sent n bytes that have
// arrived; the link is not read any more.
func (m *glutton) serve(t *testing.T, n int) (r *Reactor, c *client, sent []byte) {
	t.Helper()
	r = start(t, Config{}, m)
	on(t, r, func() {
		m.opened = func(id ID, _ Info) { // room for what is not read
			_ = unix.SetsockoptInt(int(r.get(id).fd), unix.SOL_SOCKET, unix.SO_RCVBUF, 1<<20)
		}
	})
	c = connect(t, r, 0)
	sent = make([]byte, n)
	for i := range sent {
		sent[i] = byte(i * 167 >> 3)
	}
	c.say(string(sent))
	eventually(t, "all has arrived and the link is not read", func() (ok bool) {
		on(t, r, func() { ok = len(m.links) > 0 && r.get(m.links[0]).is(unread) })
		return ok && c.acked()
	})
	return r, c, sent
}

// letGo has what is kept, and what comes, used.
func (m *glutton) letGo(t *testing.T, r *Reactor) {
	t.Helper()
	on(t, r, func() {
		m.free = true
		m.Again(m.links[0])
	})
}

// TestUnreadReset: when the connection of a link that is not read breaks, the
// mode is given what had arrived before, and it is no orderly end.
func TestUnreadReset(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		sent int
		act  func(*testing.T, *glutton, *Reactor)
		want bool // that all is used
	}{
		{"let go later", 300_000, func(t *testing.T, m *glutton, r *Reactor) { m.letGo(t, r) }, true},
		{"a write fails first", 300_000, func(t *testing.T, m *glutton, r *Reactor) {
			eventually(t, "a write fails", func() (failed bool) {
				on(t, r, func() {
					m.Send(m.links[0], []byte("x"), 0, false)
					failed = r.get(m.links[0]).is(broken)
				})
				return failed
			})
			on(t, r, func() {
				if r.get(m.links[0]).side.due[linger] != 0 {
					t.Error("the time for reading the rest runs before it is read")
				}
			})
			m.letGo(t, r)
		}, true},
		{"nothing is left to read", maxKept + 1, func(*testing.T, *glutton, *Reactor) {}, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			m := newGlutton()
			r, c, sent := m.serve(t, row.sent)
			_ = c.SetLinger(0)
			c.Close()
			row.act(t, m, r)
			if e := m.end(t); !errors.Is(e.why, syscall.ECONNRESET) && !errors.Is(e.why, syscall.EPIPE) {
				t.Errorf("ended because of %v", e.why)
			}
			on(t, r, func() {
				if row.want && !bytes.Equal(m.got, sent) {
					t.Errorf("%d of %d bytes were given", len(m.got), len(sent))
				}
				if m.most > maxKept+3*maxRead {
					t.Errorf("%d bytes were kept", m.most)
				}
			})
		})
	}
}

// TestUnreadTime: each byte that is used of an unread link gives it new time.
func TestUnreadTime(t *testing.T) {
	t.Parallel()
	m := newGlutton()
	r, _, _ := m.serve(t, 300_000)
	due := func() (at time.Duration) {
		on(t, r, func() { at = r.get(m.links[0]).side.due[starved] })
		return at
	}
	again := func(use int) {
		done := make(chan struct{})
		on(t, r, func() {
			m.data = func(ID, []byte, bool) int {
				close(done)
				m.data = func(ID, []byte, bool) int { return 0 }
				return use
			}
			m.Again(m.links[0])
		})
		await(t, "Data", done)
	}
	first := due()
	again(0)
	if at := due(); at != first {
		t.Errorf("using nothing moved the limit by %v", at-first)
	}
	again(1)
	if at := due(); at <= first {
		t.Errorf("using a byte moved the limit by %v", at-first)
	}
	again(maxKept)
	on(t, r, func() { m.data = nil; m.Again(m.links[0]) })
	eventually(t, "the link is read again, without a limit", func() bool {
		ok := false
		on(t, r, func() {
			l := r.get(m.links[0])
			ok = !l.is(unread) && l.side == nil
		})
		return ok
	})
}

// TestFindPoller: each reactor finds its own epoll descriptor, and nobody's
// where there is none.
func TestFindPoller(t *testing.T) {
	t.Parallel()
	a, b := start(t, Config{}, &puppet{}), start(t, Config{Doors: []Door{udp4}}, &puppet{})
	var pa, pb int
	on(t, a, func() { pa = a.poller })
	on(t, b, func() { pb = b.poller })
	if pa < 0 || pb < 0 || pa == pb {
		t.Errorf("descriptors %d and %d", pa, pb)
	}
	if pa >= 0 && askRead(pa, pb, true) == nil {
		t.Error("a descriptor that is not watched was changed")
	}
	f, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if p := findPoller(int(f.Fd())); p != -1 {
		t.Errorf("%d watches a file", p)
	}
	if p := findPoller(-1); p != -1 {
		t.Errorf("%d watches nothing", p)
	}
}

// TestUnreadAllocates: stopping and going on takes no memory.
func TestUnreadAllocates(t *testing.T) {
	m := newGlutton()
	r, _, _ := m.serve(t, 300_000)
	on(t, r, func() {
		l := r.get(m.links[0])
		if n := testing.AllocsPerRun(100, func() {
			r.resume(l)
			r.ration(l, 0)
		}); n > 0 || !l.is(unread) {
			t.Errorf("%v allocations, unread: %v", n, l.is(unread))
		}
	})
}

// asked gives what the epoll descriptor of r asks of each descriptor.
func asked(t *testing.T, r *Reactor) map[int32]uint32 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/self/fdinfo/%d", r.poller))
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[int32]uint32)
	for line := range strings.Lines(string(b)) {
		var fd int32
		var events uint32
		if n, _ := fmt.Sscanf(line, "tfd: %d events: %x", &fd, &events); n == 2 {
			all[fd] = events
		}
	}
	return all
}

// TestUnreadStress: whatever becomes of links that are not read, each
// descriptor is asked for what its link now needs, and nothing is left over.
// Not parallel: it counts the descriptors of the process.
func TestUnreadStress(t *testing.T) {
	m := &puppet{}
	rnd := rand.New(rand.NewPCG(5, 6)) // of the loop
	open := make(map[ID]bool)
	seen, checked := 0, 0
	r := New(Config{Doors: []Door{tcp4}, UnreadFor: 100 * time.Millisecond}, m)
	look := func() {
		events := asked(t, r)
		for id := range open {
			l := r.get(id)
			if l == nil || l.phase >= doomed || l.is(half|ended) {
				continue
			}
			checked++
			want := uint32(readEvents)
			if l.is(unread) {
				seen++
				want = pausedEvents
			}
			if got := events[l.fd] &^ (unix.EPOLLERR | unix.EPOLLHUP); got != want {
				t.Errorf("of %v (marks %b, phase %d) %#x is asked, want %#x", id, l.marks, l.phase, got, want)
			}
		}
	}
	act := func(id ID) {
		switch rnd.IntN(40) {
		case 0:
			m.Kill(id, errRude)
		case 1:
			m.CloseSoon(id, errRude)
		case 2:
			m.Finish(id)
		case 3:
			panic("as a mode may")
		case 4:
			m.Owe(id, true)
		case 5:
			m.Send(id, []byte("x"), 0, false)
		default:
			m.Again(id)
		}
	}
	m.opened = func(id ID, _ Info) { open[id] = true }
	m.closed = func(id ID, _ error) { delete(open, id) }
	m.data = func(id ID, p []byte, _ bool) int {
		act(id)
		if rnd.IntN(3) > 0 {
			return 0
		}
		return rnd.IntN(len(p) + 1)
	}
	m.tick = func(now time.Time) {
		m.Alarm(now.Add(5 * time.Millisecond))
		look()
		for id := range open { // some, from outside their own callbacks
			if rnd.IntN(4) == 0 {
				act(id)
			}
		}
	}
	if err := r.Start(); err != nil {
		t.Fatal(err)
	}
	on(t, r, func() { m.Alarm(m.Now()) })
	at := r.Local(0).String()
	limit := time.Now().Add(1500 * time.Millisecond)
	var wg sync.WaitGroup
	for who := range 16 {
		wg.Go(func() { push(at, rand.New(rand.NewPCG(uint64(who), 7)), limit) })
	}
	wg.Wait()
	eventually(t, "all have ended", func() (over bool) {
		on(t, r, func() { over = len(open) == 0 })
		return over
	})
	on(t, r, func() {
		if len(r.timers) != 0 || r.count.Open != 0 || r.copied != 0 {
			t.Errorf("left over: %d deadlines, %d links, %d bytes copied", len(r.timers), r.count.Open, r.copied)
		}
	})
	t.Logf("%d looks at links, %d of them unread; %+v", checked, seen, r.Stats())
	if seen == 0 || seen == checked {
		t.Errorf("of %d links that were looked at %d were unread: this tests too little", checked, seen)
	}
	if err := r.Stop(); err != nil {
		t.Error(err)
	}
}

// push is a client that sends much and goes, again and again until the limit.
func push(at string, rnd *rand.Rand, limit time.Time) {
	for time.Now().Before(limit) {
		nc, err := net.DialTimeout("tcp", at, patience)
		if err != nil {
			continue
		}
		c := nc.(*net.TCPConn)
		_ = c.SetDeadline(time.Now().Add(100 * time.Millisecond))
		_, _ = c.Write(make([]byte, rnd.IntN(1<<20)))
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
