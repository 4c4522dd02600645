package sim

import (
	"testing"
	"time"

	"mim/loop"
)

// bouncing is a world in which a line bounces on each of some links for ever.
func bouncing(tb testing.TB, links int, f Faults) *World {
	line := []byte("a line of text that is about as long as people write them\n")
	w := New(1, f)
	net := func(m *mode) func(loop.ID, []byte, bool) int {
		return func(id loop.ID, p []byte, _ bool) int {
			if len(p) < len(line) {
				return 0
			}
			m.net.Send(id, line, 0, false)
			return len(line)
		}
	}
	a, b := &mode{}, &mode{}
	a.data, b.data = net(a), net(b)
	a.opened = func(id loop.ID, _ loop.Info) { a.net.Send(id, line, 0, false) }
	x, y := w.Host(addrA, a), w.Host(addrB, b, tcp)
	w.Name("b", addrB)
	for range links {
		x.Dial("tcp", "b:"+portOf(y), time.Minute, nil)
	}
	if !w.RunUntil(func() bool { return len(x.Links()) == links }, time.Minute) {
		tb.Fatal("the links did not open")
	}
	w.Run(20 * time.Second) // by then all queues have grown
	return w
}

func BenchmarkSteps(b *testing.B) {
	for _, row := range []struct {
		name   string
		links  int
		faults Faults
	}{
		{"whole lines", 100, Faults{Delay: time.Millisecond, Jitter: time.Millisecond}},
		{"cut into 1 to 7 bytes", 100, Faults{Delay: time.Millisecond, Jitter: time.Millisecond, MaxCut: 7}},
	} {
		b.Run(row.name, func(b *testing.B) {
			w := bouncing(b, row.links, row.faults)
			b.ReportAllocs()
			for b.Loop() {
				w.Step()
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// TestStepsAllocateNothing: a thousand seeds make millions of steps.
func TestStepsAllocateNothing(t *testing.T) {
	w := bouncing(t, 10, Faults{Delay: time.Millisecond, Jitter: time.Millisecond, MaxCut: 7})
	if n := testing.AllocsPerRun(10, func() { w.Run(time.Second) }); n > 0 {
		t.Errorf("%v allocations in a second of bouncing lines", n)
	}
}
