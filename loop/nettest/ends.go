package nettest

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"mim/loop"
)

// closed waits until both ends are closed.
func (p *pair) closed(a, b *end) {
	p.Helper()
	p.until("both ends closed", func() bool { return a.closed == 1 && b.closed == 1 })
}

// why checks the reason that Closed gave.
func (p *pair) why(name string, e *end, want error) {
	p.Helper()
	p.both(func() {
		if e.why != want {
			p.Errorf("%s was closed because of %v, want %v", name, e.why, want)
		}
	})
}

// got checks what an end read.
func (p *pair) got(name string, e *end, want string) {
	p.Helper()
	p.both(func() {
		if string(e.got) != want {
			p.Errorf("%s got %d bytes, want %d (%.20q, want %.20q)", name, len(e.got), len(want), e.got, want)
		}
	})
}

func closeSoon(p *pair) {
	a, b := p.connect()
	want := pattern(300_000)
	p.on(p.a, func(n loop.Net) {
		n.Send(a.id, want[:5], 0, true)
		n.Send(a.id, want[5:], 0, false)
		n.CloseSoon(a.id, errTest)
		n.Send(a.id, []byte("too late"), 0, false)
		a.giveUp()
	})
	p.closed(a, b)
	p.got("b", b, string(want))
	p.why("a", a, errTest)
	p.why("b", b, nil)
	p.both(func() {
		if b.eofs != 1 {
			p.Errorf("%d ends of input, want 1", b.eofs)
		}
	})
}

func closeSoonTalking(p *pair) {
	p.b.data = func(e *end, b []byte, _ bool) int {
		p.b.net.Send(e.id, bytes.Clone(b), 0, false)
		return len(b)
	}
	a, b := p.connect()
	want := pattern(300_000)
	p.on(p.a, func(n loop.Net) {
		n.Send(a.id, want, 0, false)
		n.CloseSoon(a.id, nil)
		a.giveUp()
	})
	p.closed(a, b)
	p.got("b", b, string(want))
}

func finish(p *pair) {
	p.b.data = func(e *end, b []byte, eof bool) int {
		if len(b) > 0 {
			p.b.net.Send(e.id, []byte("while,"), 0, false)
		}
		if eof {
			p.b.net.Send(e.id, []byte("after"), 0, false)
		}
		return len(b)
	}
	a, b := p.connect()
	p.on(p.a, func(n loop.Net) {
		n.Send(a.id, []byte("?"), 0, false)
		n.Finish(a.id)
		n.Send(a.id, []byte("too late"), 0, false)
	})
	p.closed(a, b)
	p.got("b", b, "?")
	p.got("a", a, "while,after")
	p.why("a", a, nil)
	p.why("b", b, nil)
}

func finishBoth(p *pair) {
	say := func(text string) func(*end) {
		return func(e *end) {
			e.host.net.Send(e.id, []byte(text), 0, false)
			e.host.net.Finish(e.id)
		}
	}
	p.a.opened, p.b.opened = say("from a"), say("from b")
	since := time.Time{}
	p.on(p.b, func(n loop.Net) { since = n.Now() })
	p.b.data = func(e *end, b []byte, _ bool) int {
		p.b.net.Owe(e.id, true) // in vain, b has said its last
		return len(b)
	}
	a, b := p.connect()
	p.closed(a, b)
	p.on(p.b, func(n loop.Net) {
		if d := n.Now().Sub(since); d > 4*time.Second {
			p.Errorf("it took %v: as long as if b could still pay", d)
		}
	})
	p.got("a", a, "from b")
	p.got("b", b, "from a")
	p.why("a", a, nil)
	p.why("b", b, nil)
}

func impatient(p *pair) {
	p.b.data = func(e *end, b []byte, eof bool) int {
		p.b.net.Owe(e.id, true) // and never pays
		return len(b)
	}
	a, b := p.connect()
	var since time.Time
	p.on(p.a, func(n loop.Net) {
		since = n.Now()
		n.Send(a.id, []byte("?"), 0, false)
		n.Finish(a.id)
	})
	p.until("the end of Finish", func() bool { return a.closed == 1 })
	p.why("a", a, nil)
	p.on(p.a, func(n loop.Net) {
		if d := n.Now().Sub(since); d < time.Second {
			p.Errorf("Finish waited for %v only", d)
		}
	})
	p.until("the end of owing", func() bool { return b.closed == 1 })
	p.both(func() {
		if !errors.Is(b.why, loop.ErrOwed) {
			p.Errorf("b was closed because of %v, want %v", b.why, loop.ErrOwed)
		}
	})
}

func endKept(p *pair) {
	p.b.data = func(e *end, b []byte, eof bool) int {
		if !eof {
			return 0
		}
		return len(b)
	}
	a, b := p.connect()
	p.on(p.a, func(n loop.Net) {
		n.Send(a.id, []byte("no line end"), 0, false)
		n.Finish(a.id)
	})
	p.closed(a, b)
	p.got("b", b, "no line end")
	p.both(func() {
		if b.eofs != 1 {
			p.Errorf("the end of input was told %d times", b.eofs)
		}
	})
}

func endForgotten(p *pair) {
	p.b.data = func(e *end, b []byte, eof bool) int {
		if e.eofs > 0 {
			p.b.net.Send(e.id, fmt.Appendf(nil, "%d bytes again", len(b)), 0, false)
		} else if eof { // the second piece keeps the link for a while
			p.b.net.Send(e.id, []byte("1,"), 50*time.Millisecond, false)
			p.b.net.Send(e.id, []byte("2,"), 0, false)
			p.b.net.Again(e.id)
		}
		return 0
	}
	a, b := p.connect()
	p.on(p.a, func(n loop.Net) {
		n.Send(a.id, []byte("nobody wants this"), 0, false)
		n.Finish(a.id)
	})
	p.closed(a, b)
	p.got("a", a, "1,2,0 bytes again")
}

func endQueued(p *pair) {
	want := pattern(300_000)
	p.b.data = func(e *end, b []byte, eof bool) int {
		if eof {
			p.b.net.Send(e.id, want[:1000], 20*time.Millisecond, false)
			p.b.net.Send(e.id, want[1000:], 0, true)
		}
		return len(b)
	}
	a, b := p.connect()
	p.on(p.a, func(n loop.Net) { n.Finish(a.id) })
	p.closed(a, b)
	p.got("a", a, string(want))
	p.why("a", a, nil)
}

func endOwed(p *pair) {
	p.b.data = func(e *end, b []byte, eof bool) int {
		if eof {
			p.b.net.Owe(e.id, true)
			p.b.net.Alarm(p.b.net.Now().Add(200 * time.Millisecond))
		}
		return len(b)
	}
	a, b := p.connect()
	p.b.tick = func(time.Time) {
		p.b.net.Send(b.id, []byte("late answer"), 0, false)
		p.b.net.Owe(b.id, false)
	}
	p.on(p.a, func(n loop.Net) {
		n.Send(a.id, []byte("?"), 0, false)
		n.Finish(a.id)
	})
	p.closed(a, b)
	p.got("a", a, "late answer")
	p.why("a", a, nil)
}

func owedLive(p *pair) {
	p.b.opened = func(e *end) { p.b.net.Owe(e.id, true) }
	p.b.data = func(e *end, b []byte, eof bool) int {
		p.b.net.Owe(e.id, false)
		p.b.net.Send(e.id, bytes.Clone(b), 0, false)
		p.b.net.Owe(e.id, !eof)
		return len(b)
	}
	a, b := p.connect()
	p.send(a, "one,")
	p.until("an echo", func() bool { return string(a.got) == "one," })
	var since time.Time
	p.on(p.a, func(n loop.Net) {
		since = n.Now()
		n.Send(a.id, []byte("two"), 0, false)
		n.Finish(a.id)
	})
	p.closed(a, b)
	p.on(p.a, func(n loop.Net) {
		if d := n.Now().Sub(since); d > 2*time.Second {
			p.Errorf("it took %v", d)
		}
	})
	p.got("a", a, "one,two")
	p.why("a", a, nil)
	p.why("b", b, nil)
}

// owing has b keep "?" until its alarm, which calls pay, and a half-close.
func owing(p *pair, pay func(b *end)) (a, b *end) {
	p.b.data = func(e *end, b []byte, eof bool) int {
		switch {
		case e.eofs > 0: // once more
			p.b.net.Send(e.id, []byte("second"), 0, false)
			p.b.net.Owe(e.id, false)
			return len(b)
		case eof:
			p.b.net.Owe(e.id, true)
			p.b.net.Alarm(p.b.net.Now().Add(100 * time.Millisecond))
		}
		return 0
	}
	a, b = p.connect()
	p.b.tick = func(time.Time) { pay(b) }
	p.on(p.a, func(n loop.Net) {
		n.Send(a.id, []byte("?"), 0, false)
		n.Finish(a.id)
	})
	p.closed(a, b)
	p.got("b", b, "?")
	p.both(func() {
		if b.eofs != 2 {
			p.Errorf("the end of input was told %d times, want 2", b.eofs)
		}
	})
	return a, b
}

func endAgain(p *pair) {
	a, _ := owing(p, func(b *end) { p.b.net.Again(b.id) })
	p.got("a", a, "second")
}

func endAgainLast(p *pair) {
	a, _ := owing(p, func(b *end) {
		p.b.net.Send(b.id, []byte("first,"), 0, false)
		p.b.net.Again(b.id)
		p.b.net.Owe(b.id, false)
	})
	p.got("a", a, "first,second")
}

func kill(p *pair) {
	p.a.data = func(e *end, b []byte, _ bool) int {
		p.a.net.Kill(e.id, errTest)
		p.a.net.Send(e.id, []byte("ghost"), 0, false)
		p.a.net.Kill(e.id, nil)
		e.giveUp()
		return 0
	}
	a, b := p.connect()
	p.send(b, "die")
	p.closed(a, b)
	p.why("a", a, errTest)
	p.got("b", b, "")
}

func toldOff(p *pair) {
	p.b.opened = func(e *end) {
		p.b.net.Send(e.id, []byte("we are full"), 0, false)
		p.b.net.CloseSoon(e.id, errTest)
		e.giveUp()
	}
	p.a.opened = func(e *end) { p.a.net.Send(e.id, []byte("hello"), 0, false) }
	a, b := p.connect()
	p.closed(a, b)
	p.got("a", a, "we are full")
	p.why("b", b, errTest)
}

func killNewcomer(p *pair) {
	p.b.opened = func(e *end) {
		p.b.net.Kill(e.id, errTest)
		e.giveUp()
	}
	a, b := p.connect()
	p.closed(a, b)
	p.got("a", a, "")
	p.why("b", b, errTest)
}

func closedActs(p *pair) {
	a, b := p.connect()
	c, d := p.connect()
	p.a.closed = func(e *end) {
		if e == c {
			p.a.net.Send(e.id, []byte("ghost"), 0, false)
			p.a.net.Send(a.id, []byte("the other is gone"), 0, false)
			p.dial(p.a.net, "once more")
		}
	}
	p.on(p.b, func(n loop.Net) { n.CloseSoon(d.id, nil) })
	p.until("the new connection, and bytes on the old one", func() bool {
		return len(p.a.ends) == 3 && len(p.b.ends) == 3 && string(b.got) == "the other is gone"
	})
	if tag := p.a.ends[2].info.Tag; tag != "once more" {
		p.Errorf("the tag came back as %v", tag)
	}
}

func deadIDs(p *pair) {
	var old []*end
	for range 20 {
		a, b := p.connect()
		p.on(p.b, func(n loop.Net) { n.Kill(b.id, nil) })
		p.closed(a, b)
		old = append(old, a)
	}
	a, b := p.connect()
	p.on(p.a, func(n loop.Net) {
		for _, e := range old {
			if pos := n.Send(e.id, []byte("ghost"), 0, false); pos != loop.NeverSent {
				p.Errorf("bytes to a dead connection have the position %d", pos)
			}
			n.Watch(e.id, 0)
			n.Again(e.id)
			n.Owe(e.id, true)
			n.IdleAfter(e.id, time.Millisecond)
			n.Finish(e.id)
			n.CloseSoon(e.id, errTest)
			n.Kill(e.id, errTest)
			if n.Here(e.id).IsValid() {
				p.Error("a dead connection has an address")
			}
		}
		n.Kill(0, errTest)
		n.Kill(loop.MakeID(1<<30, 1), errTest)
		n.Send(a.id, []byte("alive"), 0, false)
	})
	p.until("bytes on the living link", func() bool { return string(b.got) == "alive" })
	p.both(func() {
		if a.closed+b.closed > 0 {
			p.Error("the dead took the living with them")
		}
	})
}

func panics(p *pair) {
	p.b.data = func(e *end, b []byte, _ bool) int {
		if b[0] == '!' {
			panic("asked for by the scenario")
		}
		return len(b)
	}
	a, b := p.connect()
	c, d := p.connect()
	p.send(a, "!")
	p.closed(a, b)
	p.send(c, "hello")
	p.until("bytes on the other link", func() bool { return string(d.got) == "hello" })
	p.both(func() {
		if b.why == nil {
			p.Error("closed without a reason")
		}
	})
}

func stopped(p *pair) {
	a, b := p.connect()
	p.b.stopping = func() { p.b.net.Send(b.id, []byte("bye"), 0, false) }
	p.w.Stop(p.b.net)
	p.closed(a, b)
	p.got("a", a, "bye")
}
