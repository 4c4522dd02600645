package nettest

import (
	"bytes"
	"errors"
	"time"

	"mim/loop"
)

const (
	mayKeep = 128 << 10 // unused bytes up to which a link is read
	oneRead = 64 << 10  // that may come on top
)

// A hold is a link of b whose mode uses nothing until it is let go; b's other
// links say everything back.
type hold struct {
	*pair
	a, b  *end
	holds bool // on b's loop
	most  int  // bytes that Data was given at once
}

// connectHeld opens a link that is held; the end of its input is answered.
func (p *pair) connectHeld() *hold {
	p.Helper()
	h := &hold{pair: p, holds: true}
	var first *end // on b's loop
	p.b.opened = func(e *end) {
		if first == nil {
			first = e
		}
	}
	p.b.data = func(e *end, b []byte, eof bool) int {
		if e != first {
			p.b.net.Send(e.id, bytes.Clone(b), 0, false)
			return len(b)
		}
		p.b.note(func() { h.most = max(h.most, len(b)) })
		if h.holds {
			return 0
		}
		if eof {
			p.b.net.Send(e.id, []byte("thanks"), 0, false)
		}
		return len(b)
	}
	h.a, h.b = p.connect()
	return h
}

// push sends bytes to b, then does more, and waits until they are too many.
func (h *hold) push(b []byte, more func(n loop.Net)) {
	h.Helper()
	if h.w.UnreadFor == 0 {
		h.Skip("the loop cannot stop reading here")
	}
	h.on(h.pair.a, func(n loop.Net) {
		n.Watch(h.a.id, n.Send(h.a.id, b, 0, false))
		more(n)
	})
	h.until("more than may be kept", func() bool { return h.most > mayKeep })
}

// letGo has b's mode use what comes from now on.
func (h *hold) letGo() {
	h.Helper()
	h.on(h.pair.b, func(n loop.Net) {
		h.holds = false
		n.Again(h.b.id)
	})
}

// served shows that another link gets its answers, over many rounds.
func (h *hold) served() {
	h.Helper()
	c, _ := h.connect()
	for i := range 20 {
		h.send(c, "ping")
		h.until("an echo", func() bool { return len(c.got) == 4*(i+1) })
	}
}

func heldUp(p *pair) {
	h := p.connectHeld()
	want := pattern(8 << 20)
	h.push(want, func(n loop.Net) { n.Finish(h.a.id) })
	h.served()
	p.both(func() {
		if h.most > mayKeep+oneRead || len(h.b.got) > 0 || len(h.a.left) > 0 || h.a.closed+h.b.closed > 0 {
			p.Errorf("%d bytes given at once, used %d; Left told for %v; closed %d and %d",
				h.most, len(h.b.got), h.a.left, h.a.closed, h.b.closed)
		}
	})
	h.letGo()
	p.closed(h.a, h.b)
	p.got("b", h.b, string(want))
	p.got("a", h.a, "thanks")
	p.why("a", h.a, nil)
	p.why("b", h.b, nil)
	p.both(func() {
		if h.most > mayKeep+oneRead || h.b.eofs != 1 || len(h.a.left) != 1 {
			p.Errorf("%d bytes given at once, %d ends, %d times Left", h.most, h.b.eofs, len(h.a.left))
		}
	})
}

func heldIdle(p *pair) {
	h := p.connectHeld()
	p.b.idle = func(e *end, b []byte) int { return len(b) }
	want := pattern(1 << 20)
	h.push(want, func(loop.Net) {})
	p.on(p.b, func(n loop.Net) { n.IdleAfter(h.b.id, 50*time.Millisecond) })
	p.until("all bytes, used by Idle", func() bool { return len(h.b.got) == len(want) })
	p.got("b", h.b, string(want))
}

func heldReset(p *pair) {
	h := p.connectHeld()
	want := pattern(1 << 20)
	// a uses nothing either: bytes that it has not read make its end a reset.
	most := 0
	p.a.data = func(_ *end, b []byte, _ bool) int {
		p.a.note(func() { most = len(b) })
		return 0
	}
	h.push(want, func(loop.Net) {})
	p.on(p.b, func(n loop.Net) { n.Send(h.b.id, want, 0, false) })
	p.until("a not read either", func() bool { return most > mayKeep })
	p.on(p.b, func(n loop.Net) { n.Watch(h.b.id, uint64(most)+1) })
	p.until("a byte that a has not read", func() bool { return len(h.b.left) > 0 })
	p.on(p.a, func(n loop.Net) {
		n.Kill(h.a.id, errTest)
		h.a.giveUp()
	})
	p.closed(h.a, h.b) // although b's mode uses nothing
	p.both(func() {
		if h.b.why == nil || errors.Is(h.b.why, loop.ErrFlood) || h.b.eofs > 0 {
			p.Errorf("b was closed because of %v, %d ends of input", h.b.why, h.b.eofs)
		}
		if len(h.b.got) > 0 {
			p.Errorf("b got %d bytes", len(h.b.got))
		}
	})
}

func heldCloseSoon(p *pair) {
	h := p.connectHeld()
	var since time.Time
	var took time.Duration
	p.on(p.b, func(loop.Net) {
		p.b.closed = func(*end) { took = p.b.net.Now().Sub(since) }
	})
	h.push(pattern(400<<10), func(loop.Net) {})
	p.on(p.b, func(n loop.Net) {
		since = n.Now()
		n.Send(h.b.id, []byte("bye"), 0, false)
		n.CloseSoon(h.b.id, errTest)
		h.b.giveUp()
	})
	p.closed(h.a, h.b)
	p.on(p.b, func(loop.Net) {
		if took >= 2*time.Second {
			p.Errorf("it took %v: what a sent was not thrown away", took)
		}
	})
	p.got("a", h.a, "bye")
	p.why("a", h.a, nil)
	p.why("b", h.b, errTest)
}

func heldFinish(p *pair) {
	h := p.connectHeld()
	want := pattern(400 << 10)
	p.a.data = func(e *end, b []byte, eof bool) int {
		if eof { // both directions have ended, and b is not read
			p.a.net.Finish(e.id)
		}
		return len(b)
	}
	h.push(want, func(loop.Net) {})
	p.on(p.b, func(n loop.Net) {
		n.Send(h.b.id, []byte("last words"), 0, false)
		n.Finish(h.b.id)
	})
	p.until("b's last words and end", func() bool { return h.a.eofs == 1 })
	h.letGo()
	p.closed(h.a, h.b)
	p.got("a", h.a, "last words")
	p.got("b", h.b, string(want))
	p.why("b", h.b, nil)
}

func heldKilled(p *pair) {
	h := p.connectHeld()
	h.push(pattern(400<<10), func(loop.Net) {})
	p.on(p.b, func(n loop.Net) {
		n.Kill(h.b.id, errTest)
		h.b.giveUp()
	})
	p.closed(h.a, h.b)
	p.why("b", h.b, errTest)
	h.served() // the same slot, and as a rule the same descriptor
}

func heldStopped(p *pair) {
	h := p.connectHeld()
	h.push(pattern(400<<10), func(loop.Net) {})
	p.b.stopping = func() { p.b.net.Send(h.b.id, []byte("bye"), 0, false) }
	p.w.Stop(p.b.net)
	p.closed(h.a, h.b)
	p.got("a", h.a, "bye")
}

func heldTooLong(p *pair) {
	h := p.connectHeld()
	var since time.Time
	p.on(p.b, func(n loop.Net) { since = n.Now() })
	h.push(pattern(400<<10), func(loop.Net) {})
	h.served()
	p.within(p.w.UnreadFor+patience, "the link dropped", func() bool { return h.b.closed == 1 && h.a.closed == 1 })
	h.served()
	p.on(p.b, func(n loop.Net) {
		if d := n.Now().Sub(since); d < p.w.UnreadFor {
			p.Errorf("it took %v, less than %v", d, p.w.UnreadFor)
		}
	})
	p.both(func() {
		if !errors.Is(h.b.why, loop.ErrFlood) || h.a.why == nil {
			p.Errorf("closed because of %v, and at the other end of %v", h.b.why, h.a.why)
		}
	})
}
