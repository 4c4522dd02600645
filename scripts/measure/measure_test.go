package measure

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"mim/codec/all"
	"mim/loop"
	"mim/loop/serve"
)

// BenchmarkStart: from starting the process to all doors listening.
func BenchmarkStart(b *testing.B) {
	mim := buildMim(b)
	var took []time.Duration
	for b.Loop() {
		s := startServer(b, mim)
		took = append(took, s.start)
		s.stop()
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "ms/start(median)")
	b.ReportMetric(float64(took[len(took)-1].Microseconds())/1000, "ms/start(max)")
}

// idleLinks is how many silent links the memory benchmarks hold; the limit of
// open files on a common machine allows it in two processes.
const idleLinks = 10_000

// loginWave is how many of them log in between two pauses. All at once would
// measure what a storm leaves behind, not what an idle link costs.
const loginWave = 200

// BenchmarkIdleMemory: resident memory of the server for each idle link above
// that of the empty server, connected only, then logged in.
func BenchmarkIdleMemory(b *testing.B) {
	mim := buildMim(b)
	b.Run("connected", func(b *testing.B) {
		for b.Loop() {
			idleMemory(b, mim, func(c net.Conn, i int, got *atomic.Int64) {})
		}
	})
	b.Run("logged-in", func(b *testing.B) {
		for b.Loop() {
			idleMemory(b, mim, func(c net.Conn, i int, got *atomic.Int64) {
				go io.Copy(tally{got}, c)
				if _, err := c.Write(login(fmt.Sprintf("user%05d", i), uint16(10000+i))); err != nil {
					b.Fatal(err)
				}
				if i%loginWave == 0 || i == idleLinks-1 {
					waitFor(b, got, i*(i+1)*entrySize)
				}
			})
		}
	})
}

// idleMemory opens idleLinks links, does something to each, and reports what
// one of them costs when all is quiet. A link that only connects is closed by
// the server after 30 s, so the measure ends before.
func idleMemory(b *testing.B, mim string, each func(c net.Conn, i int, got *atomic.Int64)) {
	s := startServer(b, mim)
	defer s.stop()
	empty := s.rss(b)
	conns := make([]net.Conn, idleLinks)
	defer closeAll(conns)
	var got atomic.Int64
	for i := range conns {
		conns[i] = dial(b, s.addr)
		each(conns[i], i, &got)
	}
	full := s.settled(b)
	b.ReportMetric(float64(full-empty)/idleLinks, "B/link")
	b.ReportMetric(float64(empty)/(1<<20), "MiB/empty")
}

// settled is the server's memory 20 s later: it gives back what a rush left
// in the first quiet 5 s after it.
func (s *server) settled(b *testing.B) int {
	time.Sleep(20 * time.Second)
	return s.rss(b)
}

// tally counts the bytes that are written to it.
type tally struct{ n *atomic.Int64 }

func (t tally) Write(p []byte) (int, error) {
	t.n.Add(int64(len(p)))
	return len(p), nil
}

// entrySize is the size of an entry for userNNNNN at 127.0.0.1 with five digits
// of port, as a client reads it: once in its table, once when the user comes.
const entrySize = 49

// waitFor returns when at least so many bytes have come; none for 10 s is an end.
func waitFor(b *testing.B, n *atomic.Int64, bytes int) {
	for last, same := int64(0), 0; last < int64(bytes); time.Sleep(10 * time.Millisecond) {
		now := n.Load()
		if same++; now != last {
			last, same = now, 0
		}
		if same == 1000 {
			b.Fatalf("the server said %d bytes, then no more; %d were due", last, bytes)
		}
	}
}

// waitQuiet returns when no byte has come for a while.
func waitQuiet(n *atomic.Int64, while time.Duration) {
	for last := int64(-1); n.Load() != last; time.Sleep(while) {
		last = n.Load()
	}
}

// BenchmarkLogins: 1,000 people log in one after the other while all those
// before them listen; the reactor's own counters tell the writes.
func BenchmarkLogins(b *testing.B) {
	const people = 1000
	for b.Loop() {
		mode := serve.New(serve.Config{Doors: doors()})
		r := loop.New(loop.Config{Doors: mode.Doors()}, mode)
		if err := r.Start(); err != nil {
			b.Fatal(err)
		}
		addr := make(chan string, 1)
		r.Post(func() { addr <- r.Local(0).String() })
		door := <-addr
		begin := time.Now()
		var got atomic.Int64
		conns := make([]net.Conn, people)
		for i := range conns {
			conns[i] = dial(b, door)
			conns[i].Write(login(fmt.Sprintf("user%04d", i), uint16(10000+i)))
			go io.Copy(tally{&got}, conns[i])
		}
		stream := time.Since(begin)
		waitQuiet(&got, time.Second)
		b.ReportMetric(float64(r.Stats().Writes), "writes")
		b.ReportMetric(float64(r.Stats().Sends), "sends")
		b.ReportMetric(float64(stream.Milliseconds()), "ms/stream")
		closeAll(conns)
		r.Stop()
	}
}

// doors is one door on loopback for the first dialect.
func doors() []serve.Door {
	d := all.Dialects()[0]
	port := d.Ports()[0]
	return []serve.Door{{Dialect: d, Role: port.Role, Network: port.Network, Addr: netip.MustParseAddrPort("127.0.0.1:0")}}
}
