package loop

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
	"time"
)

// TestOneWriteForARound: whatever one epoll round queues for a link leaves in
// one write.
func TestOneWriteForARound(t *testing.T) {
	t.Parallel()
	const senders = 20
	m := &puppet{}
	r := start(t, Config{}, m)
	hears := connect(t, r, 0)
	to := m.link(t, 0)
	var all []*client
	for range senders {
		all = append(all, connect(t, r, 0))
	}
	m.link(t, senders)
	on(t, r, func() {
		m.data = func(_ ID, p []byte, _ bool) int {
			m.Send(to, append([]byte(nil), p...), 0, false)
			m.Send(to, []byte(";"), 0, false)
			return len(p)
		}
	})
	// The loop is held until every sender's line is in its socket, so that one
	// epoll_wait finds them all.
	held, holds := make(chan struct{}), make(chan struct{})
	r.Post(func() { close(holds); <-held })
	await(t, "the loop is held", holds)
	for _, c := range all {
		c.say("x")
	}
	before := r.Stats()
	close(held)
	for range senders {
		hears.hear("x;")
	}
	on(t, r, func() {})
	after := r.Stats()
	if n := after.Sends - before.Sends; n != 2*senders {
		t.Fatalf("%d sends, want %d", n, 2*senders)
	}
	if n := after.Writes - before.Writes; n != 1 {
		t.Errorf("%d writes for one round, want 1", n)
	}
}

// TestLazy: lazy bytes wait for company on their link, keep their place, and
// leave by themselves after a while.
func TestLazy(t *testing.T) {
	t.Parallel()
	m := &puppet{}
	r := start(t, Config{}, m)
	c := connect(t, r, 0)
	id := m.link(t, 0)

	on(t, r, func() { m.Send(id, []byte("came "), 0, true) })
	on(t, r, func() { m.Send(id, []byte("went "), 0, true) })
	on(t, r, func() { m.Send(id, []byte("said "), 0, false) })
	c.hear("came went said ")

	eventually(t, "the wait of the first ones is over", func() (over bool) {
		on(t, r, func() { over = r.lazyAt == 0 })
		return over
	})
	var sent, written time.Duration
	on(t, r, func() {
		sent = r.at
		m.Send(id, []byte("came"), 0, true)
	})
	eventually(t, "lazy bytes leave", func() (left bool) {
		on(t, r, func() {
			if left = r.get(id).unsent() == 0; left && written == 0 {
				written = r.at
			}
		})
		return left
	})
	c.hear("came")
	if wait := written - sent; wait < maxLazy-5*time.Millisecond { // clocks round
		t.Errorf("lazy bytes without company left after %v, long before %v", wait, maxLazy)
	}
	if n := r.Stats().Writes; n > 2 {
		t.Errorf("%d writes, want 2: one in company, one after the wait", n)
	}
}

// TestGap: bytes with a gap are a write of their own, and nothing follows them
// for that long.
func TestGap(t *testing.T) {
	t.Parallel()
	const gap = 30 * time.Millisecond
	m := &puppet{}
	r := start(t, Config{}, m)
	c := connect(t, r, 0)
	id := m.link(t, 0)
	began := time.Now()
	on(t, r, func() {
		m.Send(id, []byte("a"), 0, false)
		m.Send(id, []byte("b"), 0, false)
		m.Send(id, []byte("c"), gap, false)
		m.Send(id, []byte("d"), gap, false)
		m.Send(id, []byte("e"), 0, false)
		m.Send(id, []byte("f"), 0, true)
	})
	c.hear("abcdef")
	if took := time.Since(began); took < 2*gap {
		t.Errorf("two gaps of %v were over after %v", gap, took)
	}
	on(t, r, func() {})
	if n := r.Stats().Writes; n != 4 {
		t.Errorf("%d writes, want 4: ab, c, d, ef", n)
	}
	on(t, r, func() { m.Send(id, []byte("g"), gap, false) })
	c.hear("g")
	on(t, r, func() { m.Send(id, []byte("h"), 0, false) }) // queue empty, gap running
	c.hear("h")
	on(t, r, func() { m.Send(id, []byte("i"), gap, false) })
	c.hear("i")
	eventually(t, "the link is lean again", func() (lean bool) {
		on(t, r, func() { lean = r.get(id).side == nil })
		return lean
	})
}

// pending counts the pieces that wait on l.
func pending(l *link) int {
	if l.side == nil {
		return 0
	}
	return len(l.side.out) - l.side.head
}

// TestManyAlone: pieces that must only be a write of their own do not leave
// one a turn; each is a write, and a link that has many leaves others room.
func TestManyAlone(t *testing.T) {
	t.Parallel()
	const pieces = 100
	m := &puppet{}
	r := start(t, Config{}, m)
	c := connect(t, r, 0)
	id := m.link(t, 0)
	var want []byte
	on(t, r, func() {
		before := r.count.Writes
		for i := range pieces {
			b := fmt.Appendf(nil, "answer %d\n", i)
			want = append(want, b...)
			m.Send(id, b, time.Microsecond, false)
		}
		l := r.get(id)
		for turn := 1; turn <= 4; turn++ {
			r.flush()
			left := pending(l)
			if wrote := int(r.count.Writes - before); wrote != min(pieces, turn*maxWrites) || wrote+left != pieces {
				t.Fatalf("after %d turns %d writes, %d pieces left", turn, wrote, left)
			}
			if left > 0 && !l.is(dirty) {
				t.Fatal("the rest is not written in the next turn")
			}
		}
		if l.side != nil {
			t.Error("a gap that is over is waited for")
		}
	})
	c.hear(string(want))
}

// TestManyAloneShare: the writes of a turn are shared out among the links, so
// that who has one answer does not wait for those who have many.
func TestManyAloneShare(t *testing.T) {
	t.Parallel()
	const links, pieces = 20, maxWrites
	m := &puppet{}
	r := start(t, Config{}, m)
	for i := range links {
		connect(t, r, 0)
		m.link(t, i)
	}
	on(t, r, func() {
		for range pieces {
			for _, id := range m.links {
				m.Send(id, []byte("answer"), time.Microsecond, false)
			}
		}
		before := r.count.Writes
		r.flush()
		if n := r.count.Writes - before; n > maxFlush {
			t.Errorf("a turn made %d writes", n)
		}
		for i, id := range m.links {
			if n := pieces - pending(r.get(id)); n != maxFlush/links {
				t.Errorf("%d writes to link %d", n, i)
			}
		}
	})
}

// TestGapInALateTurn: a gap begins with its write, not with the turn.
func TestGapInALateTurn(t *testing.T) {
	t.Parallel()
	const gap = time.Hour
	m := &puppet{}
	r := start(t, Config{}, m)
	connect(t, r, 0)
	id := m.link(t, 0)
	on(t, r, func() {
		for time.Since(r.now) < 2*time.Millisecond {
		}
		m.Send(id, []byte("x"), gap, false)
		now := time.Since(r.start)
		r.flush()
		if at := r.get(id).side.notBefore; at < now+gap {
			t.Errorf("the gap is over %v early", now+gap-at)
		}
	})
}

// TestBulk: pieces of all sizes to a reader that starts late arrive complete
// and in order, whether copied or not.
func TestBulk(t *testing.T) {
	t.Parallel()
	m := &puppet{}
	r := start(t, Config{MaxUnsent: 64 << 20}, m)
	c := connect(t, r, 0)
	id := m.link(t, 0)
	rnd := rand.New(rand.NewPCG(1, 2))
	var want []byte
	queue := func() {
		for range 150 {
			b := make([]byte, []int{1, 60, 900, 5_000, 30_000, 400_000}[rnd.IntN(6)])
			for i := range b {
				b[i] = byte(rnd.Uint32())
			}
			want = append(want, b...)
			m.Send(id, b, 0, false)
		}
	}
	on(t, r, queue)
	eventually(t, "the link holds copies", func() (own bool) {
		on(t, r, func() { own = r.get(id).is(private) })
		return own
	})
	on(t, r, queue)
	on(t, r, func() { m.CloseSoon(id, nil) })
	got, err := io.ReadAll(c)
	if err != nil || !bytes.Equal(got, want) {
		t.Fatalf("%d of %d bytes arrived, the same: %v, error: %v", len(got), len(want), bytes.Equal(got, want), err)
	}
}

// TestFlushYields: a turn flushes a part of many links, then the sockets get
// their share.
func TestFlushYields(t *testing.T) {
	t.Parallel()
	const links = maxFlush + 100
	m := &puppet{}
	r := start(t, Config{}, m)
	var all []*client
	for range links {
		all = append(all, connect(t, r, 0))
	}
	m.link(t, links-1)
	line := []byte("to all")
	written := make(chan uint64, 1)
	on(t, r, func() {
		before := r.count.Writes
		for _, id := range m.links {
			m.Send(id, line, 0, false)
		}
		var next func()
		next = func() { // runs before the flush of its turn
			if n := r.count.Writes - before; n > 0 {
				written <- n
				return
			}
			r.Post(next)
		}
		next()
	})
	if n := await(t, "the first part", written); n < lookEach || n > maxFlush {
		t.Errorf("one turn wrote to %d links, want %d to %d", n, lookEach, maxFlush)
	}
	for _, c := range all {
		c.hear("to all")
	}
}

// TestMuchYields: a turn writes a part of a long queue.
func TestMuchYields(t *testing.T) {
	t.Parallel()
	m := &puppet{}
	r := start(t, Config{MaxUnsent: 64 << 20}, m)
	c := connect(t, r, 0)
	id := m.link(t, 0)
	const size = 8 << 20
	written := make(chan uint64, 1)
	on(t, r, func() {
		for range size / 1024 {
			m.Send(id, make([]byte, 1024), 0, false)
		}
		r.Post(func() { written <- r.count.Bytes })
	})
	if n := await(t, "the first part", written); n == 0 || n > maxWrite+gatherSize {
		t.Errorf("one turn wrote %d bytes to one link", n)
	}
	if n, err := io.CopyN(io.Discard, c, size); err != nil {
		t.Errorf("%d of %d bytes arrived: %v", n, size, err)
	}
}

// TestSharedBytes: one slice on many links, of which some are slow, stays as
// it is, and each reads all of it.
func TestSharedBytes(t *testing.T) {
	t.Parallel()
	m := &puppet{}
	r := start(t, Config{MaxUnsent: 64 << 20}, m)
	shared := make([]byte, 8<<20)
	for i := range shared {
		shared[i] = byte(i * 7 / 5)
	}
	kept := bytes.Clone(shared)
	var all []*client
	for i := range 4 {
		all = append(all, connect(t, r, 0))
		m.link(t, i)
	}
	on(t, r, func() {
		for _, id := range m.links {
			m.Send(id, shared, 0, false)
			m.Send(id, shared[:100], 0, false)
			m.CloseSoon(id, nil)
		}
	})
	want := append(bytes.Clone(kept), kept[:100]...)
	for i, c := range all {
		if got, err := io.ReadAll(c); err != nil || !bytes.Equal(got, want) {
			t.Errorf("link %d: %d of %d bytes, equal %v, %v", i, len(got), len(want), bytes.Equal(got, want), err)
		}
	}
	if !bytes.Equal(shared, kept) {
		t.Error("the shared slice was changed")
	}
}
