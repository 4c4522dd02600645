package sim

import (
	"errors"
	"syscall"
	"testing"
	"time"

	"mim/loop"
)

// full is a pair whose b is not read any more: its mode uses what use says,
// which is nothing at first, and a has sent size bytes.
func full(t *testing.T, size int, f Faults) (p *pair, use *int) {
	t.Helper()
	use = new(int)
	p = newPair(t, f)
	p.b.data = func(_ loop.ID, b []byte, end bool) int {
		n := min(*use, len(b))
		p.b.got, p.b.eof = append(p.b.got, b[:n]...), end
		return n
	}
	p.send(size)
	p.w.Run(time.Second)
	if l := p.y.get(p.b.last); !l.unread || len(p.b.got) > 0 {
		t.Fatalf("unread: %v, used %d", l.unread, len(p.b.got))
	}
	return p, use
}

func TestUnreadFillsTheSender(t *testing.T) {
	const size = 8 << 20
	p, use := full(t, size, Faults{Delay: time.Millisecond})
	a, b := p.x.get(p.a.last), p.y.get(p.b.last)
	if b.kept > maxKept+p.w.window() || len(b.buf) > b.kept+p.w.window() {
		t.Errorf("%d bytes kept, %d in the buffer", b.kept, len(b.buf))
	}
	if behind := size - a.unsent - len(b.buf); behind > p.w.window() {
		t.Errorf("%d bytes are neither with the sender nor with the reader", behind)
	}
	*use = size
	p.y.Again(p.b.last)
	p.w.Run(20 * time.Second)
	if len(p.b.got) != size || p.a.closed+p.b.closed > 0 {
		t.Errorf("%d bytes came, closed %d and %d (%v)", len(p.b.got), p.a.closed, p.b.closed, p.a.why)
	}
}

func TestUnreadForTooLong(t *testing.T) {
	for _, row := range []struct {
		name string
		use  int // bytes, every 59 s, five times
		want time.Duration
	}{
		{"nothing is used", 0, unreadFor},
		{"a byte now and then", 1, 5*(unreadFor-time.Second) + unreadFor},
	} {
		t.Run(row.name, func(t *testing.T) {
			p, use := full(t, 300_000, Faults{})
			since := p.w.Now().Add(-time.Second)
			p.w.Run(unreadFor - 2*time.Second)
			for range 5 {
				*use = row.use
				p.y.Again(p.b.last)
				p.w.Run(0)
				*use = 0
				p.w.Run(unreadFor - time.Second)
			}
			p.w.Run(time.Hour)
			if d := p.b.closedAt.Sub(since); !errors.Is(p.b.why, loop.ErrFlood) || d != row.want {
				t.Errorf("closed by %v after %v, want %v", p.b.why, d, row.want)
			}
		})
	}
}

func TestUnreadEnds(t *testing.T) {
	const size = 350_000 // two reads, and less than a window more
	p, use := full(t, size, Faults{Window: 128 << 10})
	p.x.Finish(p.a.last)
	p.w.Run(5 * time.Second)
	if p.b.closed > 0 || p.b.eof {
		t.Fatal("the end came before the bytes")
	}
	*use = size
	p.y.Again(p.b.last)
	p.w.Run(time.Second)
	if len(p.b.got) != size || !p.b.eof || p.b.closed != 1 || p.b.why != nil {
		t.Errorf("%d bytes, end %v, closed %d by %v", len(p.b.got), p.b.eof, p.b.closed, p.b.why)
	}
}

// TestUnreadBreaks: nobody waits for a link that is not read and is gone.
func TestUnreadBreaks(t *testing.T) {
	for _, row := range []struct {
		name string
		size int
		act  func(p *pair)
		why  error
	}{
		{"lost", 350_000, func(p *pair) { p.x.Lose(p.a.last) }, syscall.ETIMEDOUT},
		{"lost with nothing to read", maxKept + 1, func(p *pair) { p.x.Lose(p.a.last) }, syscall.ETIMEDOUT},
		{"reset", 350_000, func(p *pair) {
			p.x.Pause(time.Minute)
			p.y.Send(p.b.last, []byte("not read by a"), 0, false)
			p.w.Run(time.Second)
			p.x.Crash()
		}, syscall.ECONNRESET},
	} {
		t.Run(row.name, func(t *testing.T) {
			p, _ := full(t, row.size, Faults{Window: 256 << 10})
			row.act(p)
			p.w.Run(5 * time.Second)
			if p.b.closed != 1 || p.b.why != row.why || p.b.eof || len(p.b.got) > 0 {
				t.Errorf("closed %d by %v, end %v, used %d", p.b.closed, p.b.why, p.b.eof, len(p.b.got))
			}
		})
	}
}

// TestUnreadOwed: the time of an unread link does not run while the mode owes
// it something, but not for ever.
func TestUnreadOwed(t *testing.T) {
	for _, row := range []struct {
		name string
		owe  func(p *pair)
		want time.Duration
	}{
		{"never paid", func(p *pair) {}, unreadTimes * unreadFor},
		{"paid in time", func(p *pair) {
			p.w.Run(3*unreadFor - time.Second)
			p.y.Owe(p.b.last, false)
		}, 4 * unreadFor},
		{"paid and owed again and again", func(p *pair) {
			for i := range 100 {
				p.w.Run(unreadFor / 2)
				p.y.Owe(p.b.last, i%2 > 0)
			}
		}, unreadTimes * unreadFor},
		{"said again", func(p *pair) {
			p.y.Owe(p.b.last, false)
			for range 10 {
				p.w.Run(unreadFor / 2)
				p.y.Owe(p.b.last, false)
			}
		}, unreadFor + time.Second},
	} {
		t.Run(row.name, func(t *testing.T) {
			p, _ := full(t, 300_000, Faults{})
			since := p.w.Now().Add(-time.Second)
			p.y.Owe(p.b.last, true)
			row.owe(p)
			p.w.Run(time.Hour)
			if d := p.b.closedAt.Sub(since); !errors.Is(p.b.why, loop.ErrFlood) || d != row.want {
				t.Errorf("closed by %v after %v, want %v", p.b.why, d, row.want)
			}
		})
	}
}
