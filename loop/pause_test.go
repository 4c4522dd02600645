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
	ends int
}

func newGlutton() *glutton {
	m := &glutton{}
	m.data = func(_ ID, p []byte, end bool) int {
		m.most = max(m.most, len(p))
		if end {
			m.ends++
		}
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

// TestUnreadReset: when the connection of a link that is not read breaks, it
// ends at once, although its mode uses nothing; and never as if in order.
func TestUnreadReset(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		sent int
		act  func(*testing.T, *glutton, *Reactor, *client)
	}{
		{"with much to read", 300_000, func(*testing.T, *glutton, *Reactor, *client) {}},
		{"with nothing to read", maxKept + 1, func(*testing.T, *glutton, *Reactor, *client) {}},
		{"while it owes", 300_000, func(t *testing.T, m *glutton, r *Reactor, _ *client) {
			on(t, r, func() { m.Owe(m.links[0], true) })
		}},
		{"after the end of its input", 300_000, func(t *testing.T, m *glutton, r *Reactor, c *client) {
			_ = c.CloseWrite()
			on(t, r, func() { m.Send(m.links[0], []byte("x"), 0, false) })
			c.hear("x")
			on(t, r, func() { m.Send(m.links[0], []byte("not read"), 0, false) })
		}},
		{"after we ended our direction", 300_000, func(t *testing.T, m *glutton, r *Reactor, _ *client) {
			on(t, r, func() { m.Finish(m.links[0]) })
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			m := newGlutton()
			r, c, _ := m.serve(t, row.sent)
			row.act(t, m, r, c)
			_ = c.SetLinger(0)
			c.Close()
			m.broke(t, r)
		})
	}
}

// broke waits for the end of the link and sees that it was a reset.
func (m *glutton) broke(t *testing.T, r *Reactor) {
	t.Helper()
	if e := m.puppet.end(t); !errors.Is(e.why, syscall.ECONNRESET) && !errors.Is(e.why, syscall.EPIPE) {
		t.Errorf("ended because of %v", e.why)
	}
	on(t, r, func() {
		if m.most > maxKept+2*maxRead || m.ends > 0 {
			t.Errorf("%d bytes were given at once, %d ends", m.most, m.ends)
		}
	})
}

// TestUnreadResetAtOnce: a reset that comes in the round in which the link is
// read again, or written to, is a reset all the same.
func TestUnreadResetAtOnce(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		act  func(t *testing.T, r *Reactor, m *glutton, id ID)
	}{
		{"read again", func(_ *testing.T, _ *Reactor, m *glutton, id ID) { m.free = true; m.Again(id) }},
		{"written to", func(t *testing.T, r *Reactor, m *glutton, id ID) {
			m.Send(id, []byte("x"), 0, false)
			if r.flush(); r.get(id).phase != doomed {
				t.Error("a write failed, and the link goes on")
			}
		}},
		{"finished", func(_ *testing.T, _ *Reactor, m *glutton, id ID) { m.Finish(id) }},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			m := newGlutton()
			r, c, _ := m.serve(t, 300_000)
			held, holds := make(chan struct{}), make(chan struct{})
			r.Post(func() {
				close(holds)
				<-held
				row.act(t, r, m, m.links[0])
			})
			await(t, "the loop is held", holds)
			_ = c.SetLinger(0)
			c.Close()
			eventually(t, "the reset is here", func() bool {
				p := []unix.PollFd{{Fd: r.get(m.links[0]).fd}}
				_, _ = unix.Poll(p, 0)
				return p[0].Revents&unix.POLLERR != 0
			})
			close(held)
			m.broke(t, r)
		})
	}
}

// TestUnreadFin: an orderly end of a link that is not read is told when all
// that came before it was given.
func TestUnreadFin(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		act  func(m *glutton, id ID)
	}{
		{"alone", func(*glutton, ID) {}},
		{"after ours", func(m *glutton, id ID) { m.Finish(id) }},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			m := newGlutton()
			r, c, sent := m.serve(t, 400_000)
			on(t, r, func() { row.act(m, m.links[0]) })
			_ = c.CloseWrite()
			eventually(t, "the end is here", func() bool {
				p := []unix.PollFd{{Events: unix.POLLRDHUP}}
				on(t, r, func() {
					p[0].Fd = r.get(m.links[0]).fd
					_, _ = unix.Poll(p, 0)
				})
				return p[0].Revents&unix.POLLRDHUP != 0
			})
			on(t, r, func() {
				if m.ends > 0 {
					t.Error("the end was told before the bytes")
				}
			})
			m.letGo(t, r)
			if e := m.puppet.end(t); e.why != nil {
				t.Errorf("ended because of %v", e.why)
			}
			on(t, r, func() {
				if !bytes.Equal(m.got, sent) || m.ends != 1 {
					t.Errorf("%d of %d bytes were given, %d ends", len(m.got), len(sent), m.ends)
				}
			})
		})
	}
}

// TestUnreadTime: each byte that is used of an unread link gives it new time,
// and while it is owed something the time does not run.
func TestUnreadTime(t *testing.T) {
	t.Parallel()
	const unreadFor = 60 * time.Second
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
	owe := func(yes bool) (now time.Duration) {
		on(t, r, func() {
			now = r.at
			m.Owe(m.links[0], yes)
		})
		return now
	}
	first := due()
	again(0)
	if at := due(); at != first {
		t.Errorf("using nothing moved the limit by %v", at-first)
	}
	again(1)
	second := due()
	if second <= first {
		t.Errorf("using a byte moved the limit by %v", second-first)
	}
	owe(true)
	most := second + (unreadTimes-1)*unreadFor
	if at := due(); at != most {
		t.Errorf("owing moved the limit by %v", at-second)
	}
	if now, at := owe(false), due(); at != now+unreadFor {
		t.Errorf("the limit is %v after nothing is owed any more", at-now)
	}
	before := due()
	owe(false)
	if at := due(); at != before {
		t.Errorf("saying it again moved the limit by %v", at-before)
	}
	owe(true)
	if at := due(); at != most {
		t.Errorf("owing again moved the last limit by %v", at-most)
	}
	again(1)
	if at := due(); at <= most {
		t.Errorf("using a byte while owing moved the limit by %v", at-most)
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

// TestUnreadOwed: a link that is owed something is held longer than others.
func TestUnreadOwed(t *testing.T) {
	t.Parallel()
	const unreadFor = 60 * time.Millisecond
	m := newGlutton()
	m.opened = func(id ID, _ Info) { m.Owe(id, true) }
	r := start(t, Config{UnreadFor: unreadFor}, m)
	c := connect(t, r, 0)
	began := time.Now()
	go func() { _, _ = c.Write(make([]byte, 4<<20)) }()
	if e := m.puppet.end(t); !errors.Is(e.why, ErrFlood) {
		t.Errorf("ended because of %v", e.why)
	}
	if d := time.Since(began); d < unreadTimes*unreadFor {
		t.Errorf("dropped after %v", d)
	}
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

// TestUnreadAllocates: stopping and going on takes no memory, nor does owing.
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
		owe := func() {
			r.Owe(l.id, true)
			r.Owe(l.id, false)
		}
		if n := testing.AllocsPerRun(100, owe); n > 0 {
			t.Errorf("%v allocations for owing while unread", n)
		}
		m.free = true
		r.feed(l, nil)
		if n := testing.AllocsPerRun(100, owe); n > 0 || l.side != nil {
			t.Errorf("%v allocations for owing, side %v", n, l.side)
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
