package loop

import (
	"io"
	"sync/atomic"
	"testing"
	"time"
)

// drained opens the nth connection of r, whose other end reads all, and gives
// its link.
func drained(t testing.TB, r *Reactor, m *puppet, n int) ID {
	t.Helper()
	c := connect(t, r, 0)
	if err := c.SetDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.Copy(io.Discard, c) }()
	return m.link(t, n)
}

// TestHotPathAllocates: Send and flush of a line allocate nothing.
func TestHotPathAllocates(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	m := &puppet{}
	r := start(t, Config{}, m)
	id := drained(t, r, m, 0)
	line := []byte("a line of chat, as long as lines of chat are, on average.\n")
	rows := []struct {
		name string
		f    func()
	}{
		{"one line", func() { r.Send(id, line, 0, false); r.flush() }},
		{"ten lines", func() {
			for range 10 {
				r.Send(id, line, 0, false)
			}
			r.flush()
		}},
		{"lazy", func() { r.Send(id, line, 0, true); r.flushLazy(); r.flush() }},
		{"watched", func() { r.Watch(id, r.Send(id, line, 0, false)); r.flush() }},
		{"paced", func() {
			r.Send(id, line, time.Microsecond, false)
			r.flush()
			r.at += time.Millisecond
			r.expire()
			r.flush()
		}},
	}
	on(t, r, func() {
		for _, row := range rows {
			if n := testing.AllocsPerRun(200, row.f); n > 0 {
				t.Errorf("%s: %v allocations", row.name, n)
			}
		}
	})
	f := func() {}
	var batch []func()
	box := mailbox{fd: -1}
	if n := testing.AllocsPerRun(200, func() {
		for range 10 {
			box.post(f)
		}
		batch, _ = box.take(batch[:0])
	}); n > 0 {
		t.Errorf("post: %v allocations", n)
	}
}

func BenchmarkPost(b *testing.B) {
	r := start(b, Config{}, &puppet{})
	var ran atomic.Int64
	f := func() { ran.Add(1) }
	b.ReportAllocs()
	for b.Loop() {
		r.Post(f)
	}
	eventually(b, "all have run", func() bool { return ran.Load() >= int64(b.N) })
}

func BenchmarkSendFlush(b *testing.B) {
	m := &puppet{}
	r := start(b, Config{}, m)
	id := drained(b, r, m, 0)
	line := []byte("a line of chat, as long as lines of chat are, on average.\n")
	b.ReportAllocs()
	b.ResetTimer()
	on(b, r, func() {
		for range b.N {
			r.Send(id, line, 0, false)
			r.flush()
		}
	})
}

// BenchmarkSend is the part of it that is not the kernel's: queueing.
func BenchmarkSend(b *testing.B) {
	m := &puppet{}
	r := start(b, Config{}, m)
	id := drained(b, r, m, 0)
	line := []byte("a line of chat, as long as lines of chat are, on average.\n")
	b.ReportAllocs()
	b.ResetTimer()
	on(b, r, func() {
		for i := range b.N {
			if r.Send(id, line, 0, false); i%100 == 99 {
				r.drop(r.get(id))
			}
		}
	})
}

// BenchmarkFanOut is one line to 1,000 connections.
func BenchmarkFanOut(b *testing.B) {
	const links = 1000
	m := &puppet{}
	r := start(b, Config{}, m)
	for n := range links {
		drained(b, r, m, n)
	}
	line := []byte("a line of chat, as long as lines of chat are, on average.\n")
	before := r.Stats()
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		on(b, r, func() {
			for _, id := range m.links {
				r.Send(id, line, 0, false)
			}
		})
	}
	eventually(b, "all has left", func() bool { return r.Stats().Bytes-before.Bytes == uint64(b.N*links*len(line)) })
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*links), "ns/delivery")
	b.ReportMetric(float64(r.Stats().Writes-before.Writes)/float64(b.N*links), "writes/delivery")
}
