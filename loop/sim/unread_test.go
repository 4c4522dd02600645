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
	for _, row := range []struct {
		name string
		act  func(p *pair)
		eof  bool
		why  error
	}{
		{"orderly", func(p *pair) { p.x.Finish(p.a.last) }, true, nil},
		{"lost", func(p *pair) { p.x.Lose(p.a.last) }, false, syscall.ETIMEDOUT},
	} {
		t.Run(row.name, func(t *testing.T) {
			p, use := full(t, size, Faults{Window: 128 << 10})
			row.act(p)
			p.w.Run(5 * time.Second)
			if p.b.closed > 0 || p.b.eof {
				t.Fatal("the end came before the bytes")
			}
			*use = size
			p.y.Again(p.b.last)
			p.w.Run(time.Second)
			if len(p.b.got) != size || p.b.eof != row.eof || p.b.closed != 1 || p.b.why != row.why {
				t.Errorf("%d bytes, end %v, closed %d by %v", len(p.b.got), p.b.eof, p.b.closed, p.b.why)
			}
		})
	}
	t.Run("lost with nothing to read", func(t *testing.T) {
		p, _ := full(t, maxKept+1, Faults{})
		p.x.Lose(p.a.last)
		p.w.Run(5 * time.Second)
		if p.b.closed != 1 || p.b.why != syscall.ETIMEDOUT {
			t.Errorf("closed %d by %v", p.b.closed, p.b.why)
		}
	})
}
