package nettest

import (
	"bytes"
	"fmt"
	"time"

	"mim/loop"
)

// scenarios are the promises of loop.Net and loop.Mode, one by one.
var scenarios = []struct {
	name string
	run  func(p *pair)
}{
	{"bytes arrive whole and in the order of Send", inOrder},
	{"Send gives the position behind its bytes", positions},
	{"lazy bytes keep their place and leave by themselves", lazyBytes},
	{"nothing follows a paced piece within its gap", gap},
	{"Behind is what gaps add up to", behind},
	{"unused bytes are given again with more", keptBytes},
	{"Again gives kept bytes, or none", again},
	{"Idle gives unused bytes after a silence", idle},
	{"Left is told once for each Watch", left},

	{"a link of which too much is kept is not read, and loses nothing", heldUp},
	{"an unread link is read again after Idle", heldIdle},
	{"an unread link that is reset ends at once", heldReset},
	{"CloseSoon of an unread link", heldCloseSoon},
	{"Finish of an unread link", heldFinish},
	{"Kill of an unread link", heldKilled},
	{"Stop with an unread link", heldStopped},
	{"a link that is unread for too long is dropped, others are not", heldTooLong},
	{"where all is read, a link that keeps too much is dropped", flood},

	{"CloseSoon delivers everything", closeSoon},
	{"CloseSoon delivers though the other end talks", closeSoonTalking},
	{"Finish keeps Data coming", finish},
	{"Finish at both ends", finishBoth},
	{"Finish waits 2 s, owing lasts 5 s", impatient},
	{"the end of input completes what was kept", endKept},
	{"what is unused at the end is forgotten unless owed", endForgotten},
	{"bytes queued outlive the end of input", endQueued},
	{"a link that owes answers after the end of input", endOwed},
	{"a link that owed before its end owes nothing then", owedLive},
	{"kept bytes are given again after the end while owing", endAgain},
	{"an Again asked for outlives Owe", endAgainLast},
	{"Kill ends a link once, outside the callback", kill},
	{"a newcomer is told off in Opened", toldOff},
	{"Kill in Opened", killNewcomer},
	{"Closed may dial anew and send elsewhere", closedActs},
	{"IDs are never used again and dead ones do nothing", deadIDs},
	{"a panic ends its link only", panics},
	{"Stop tells the mode, sends its last words and closes", stopped},

	{"both ends know their addresses, the tag comes back", opened},
	{"a dial that fails gives its tag back", dialFails},
	{"a dial has the address that it asks for, or fails", dialFrom},
	{"many dials at once all open", manyDials},
	{"posts run in order, outside callbacks", posts},
	{"the earliest Alarm counts, a Tick uses it up", alarm},
	{"datagrams come by the door they were sent to", datagrams},
	{"a hundred datagrams come whole", manyDatagrams},
}

// pattern is n bytes that show where they belong.
func pattern(n int) []byte {
	b := make([]byte, 0, n+8)
	for i := 0; len(b) < n; i++ {
		b = fmt.Appendf(b, "%d,", i)
	}
	return b[:n]
}

func inOrder(p *pair) {
	a, b := p.connect()
	want := pattern(400_000)
	feed := func(e *end) func(loop.Net) {
		return func(n loop.Net) {
			for rest, size := want, 1; len(rest) > 0; size = size*3%5003 + 1 {
				k := min(size, len(rest))
				n.Send(e.id, rest[:k], 0, false)
				rest = rest[k:]
			}
		}
	}
	p.on(p.a, feed(a))
	p.on(p.b, feed(b))
	p.until("all bytes at both ends", func() bool { return len(a.got) >= len(want) && len(b.got) >= len(want) })
	p.both(func() {
		if !bytes.Equal(a.got, want) || !bytes.Equal(b.got, want) {
			p.Error("the bytes differ")
		}
	})
}

func positions(p *pair) {
	a, _ := p.connect()
	p.on(p.a, func(n loop.Net) {
		for _, row := range []struct {
			text string
			gap  time.Duration
			lazy bool
			want uint64
		}{{"abc", 0, false, 3}, {"de", time.Millisecond, false, 5}, {"f", 0, true, 6}, {"", 0, false, 6}} {
			if pos := n.Send(a.id, []byte(row.text), row.gap, row.lazy); pos != row.want {
				p.Errorf("position after %q: %d, want %d", row.text, pos, row.want)
			}
		}
	})
}

func lazyBytes(p *pair) {
	a, b := p.connect()
	p.on(p.a, func(n loop.Net) {
		n.Send(a.id, []byte("1"), 0, true)
		n.Send(a.id, []byte("2"), 0, false)
		n.Send(a.id, []byte("3"), 0, true)
	})
	p.until("the bytes in their order", func() bool { return string(b.got) == "123" })
	p.on(p.a, func(n loop.Net) { n.Send(a.id, []byte("4"), 0, true) })
	p.until("lazy bytes alone", func() bool { return string(b.got) == "1234" })
}

func gap(p *pair) {
	const apart = 400 * time.Millisecond
	a, b := p.connect()
	p.on(p.a, func(n loop.Net) {
		n.Send(a.id, []byte("x"), apart, false)
		n.Send(a.id, []byte("y"), 0, false)
	})
	p.until("both bytes", func() bool { return string(b.got) == "xy" })
	p.both(func() {
		// Half of it: the first byte may have been read late.
		if d := b.at[1].Sub(b.at[0]); d < apart/2 {
			p.Errorf("the second byte followed after %v, the gap is %v", d, apart)
		}
	})
}

func behind(p *pair) {
	const apart = 100 * time.Millisecond
	a, b := p.connect()
	p.on(p.a, func(n loop.Net) {
		for i := range 4 {
			if got := n.Behind(a.id); got != time.Duration(i)*apart {
				p.Errorf("behind %d pieces it is %v", i, got)
			}
			n.Send(a.id, []byte("x"), apart, false)
		}
		if got := n.Behind(a.id + 1); got != 0 {
			p.Errorf("behind nothing it is %v", got)
		}
	})
	p.until("the bytes", func() bool { return string(b.got) == "xxxx" })
	p.on(p.a, func(n loop.Net) {
		if got := n.Behind(a.id); got != 0 {
			p.Errorf("at the end it is %v", got)
		}
	})
}

func keptBytes(p *pair) {
	p.b.data = func(e *end, b []byte, _ bool) int {
		if len(b) < 4 {
			return 0
		}
		return 4
	}
	a, b := p.connect()
	p.send(a, "ab")
	p.until("the first half read", func() bool { return b.reads > 0 })
	p.send(a, "cdef")
	p.until("four bytes used", func() bool { return string(b.got) == "abcd" })
	p.send(a, "gh")
	p.until("eight bytes used", func() bool { return string(b.got) == "abcdefgh" })
}

func again(p *pair) {
	p.b.data = func(e *end, b []byte, _ bool) int {
		if len(b) > 1 {
			p.b.net.Again(e.id)
		}
		return min(1, len(b))
	}
	a, b := p.connect()
	p.send(a, "abcdef")
	p.until("all bytes used one by one", func() bool { return string(b.got) == "abcdef" })
	var reads int
	p.both(func() { reads = b.reads })
	if reads < 6 {
		p.Errorf("%d calls of Data for 6 bytes used one by one", reads)
	}
	p.on(p.b, func(n loop.Net) { n.Again(b.id) })
	p.until("Data without bytes", func() bool { return b.reads > reads })
}

func idle(p *pair) {
	p.b.data = func(e *end, b []byte, _ bool) int { return bytes.LastIndexByte(b, '\n') + 1 }
	p.b.opened = func(e *end) { p.b.net.IdleAfter(e.id, 100*time.Millisecond) }
	p.b.idle = func(e *end, b []byte) int { return min(3, len(b)) }
	a, b := p.connect()
	p.send(a, "line\nhalf")
	p.until("part of the rest used by Idle", func() bool { return string(b.got) == "line\nhal" })
	p.send(a, "\n")
	p.until("what Idle left", func() bool { return string(b.got) == "line\nhalf\n" })
	p.on(p.b, func(n loop.Net) { n.IdleAfter(b.id, 0) })
	p.send(a, "end")
	p.until("bytes kept without a time", func() bool { return b.reads > 2 })
	p.on(p.b, func(n loop.Net) { n.IdleAfter(b.id, time.Millisecond) })
	p.until("bytes kept before IdleAfter", func() bool { return string(b.got) == "line\nhalf\nend" })
}

func flood(p *pair) {
	if p.w.UnreadFor > 0 {
		p.Skip("the loop can stop reading here")
	}
	p.b.data = func(e *end, b []byte, _ bool) int {
		if len(b) > 0 && b[0] == '0' {
			return 0
		}
		return len(b)
	}
	a, b := p.connect()
	c, d := p.connect()
	p.on(p.a, func(n loop.Net) { n.Send(a.id, pattern(100<<10), 0, false) })
	p.until("as much as may be kept", func() bool { return b.reads > 0 })
	p.on(p.a, func(n loop.Net) { n.Send(a.id, pattern(100<<10), 0, false) })
	p.until("the link dropped", func() bool { return b.closed == 1 && a.closed == 1 })
	p.send(c, "hello")
	p.until("bytes on the other link", func() bool { return string(d.got) == "hello" })
	p.both(func() {
		if b.why == nil {
			p.Error("dropped without a reason")
		}
	})
}

func left(p *pair) {
	a, b := p.connect()
	var first, second uint64
	p.on(p.a, func(n loop.Net) {
		first = n.Send(a.id, pattern(10_000), 0, false)
		n.Watch(a.id, first)
		n.Send(a.id, pattern(10), 0, true)
	})
	p.until("Left for the first", func() bool { return len(a.left) == 1 })
	p.on(p.a, func(n loop.Net) {
		second = n.Send(a.id, pattern(100), 0, false)
		n.Watch(a.id, second)
	})
	p.until("Left for the second", func() bool { return len(a.left) == 2 })
	p.on(p.a, func(n loop.Net) { n.Watch(a.id, first) })
	p.until("Left for what left long ago", func() bool { return len(a.left) == 3 })
	p.until("all bytes", func() bool { return len(b.got) == 10_110 })
	p.both(func() {
		if want := []uint64{first, second, first}; fmt.Sprint(a.left) != fmt.Sprint(want) {
			p.Errorf("Left told %v, want %v", a.left, want)
		}
	})
}
