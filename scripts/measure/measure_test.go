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
	for b.Loop() {
		s := startServer(b, mim)
		empty := s.rss(b)
		conns := make([]net.Conn, idleLinks)
		for i := range conns {
			conns[i] = dial(b, s.addr)
		}
		connected := s.settled(b)
		var got atomic.Int64
		for i, c := range conns {
			go io.Copy(tally{&got}, c)
			if _, err := c.Write(login(fmt.Sprintf("user%05d", i), uint16(10000+i))); err != nil {
				b.Fatal(err)
			}
			if i%loginWave == 0 {
				waitFor(&got, i*(i+1)*entrySize)
			}
		}
		waitQuiet(&got, time.Second)
		in := s.settled(b)
		b.ReportMetric(float64(connected-empty)/idleLinks, "B/connected")
		b.ReportMetric(float64(in-empty)/idleLinks, "B/logged-in")
		b.ReportMetric(float64(empty)/(1<<20), "MiB/empty")
		closeAll(conns)
		s.stop()
	}
}

// settled is the server's memory once it has not changed for 15 s; it gives
// back what a rush left some seconds after it. Two minutes at most.
func (s *server) settled(b *testing.B) int {
	last, same := s.rss(b), 0
	for i := 0; i < 120 && same < 15; i++ {
		time.Sleep(time.Second)
		now := s.rss(b)
		if same++; now != last {
			last, same = now, 0
		}
	}
	return last
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

// waitFor returns when at least so many bytes have come, or none for 10 s.
func waitFor(n *atomic.Int64, bytes int) {
	for last, same := int64(0), 0; last < int64(bytes) && same < 1000; time.Sleep(10 * time.Millisecond) {
		now := n.Load()
		if same++; now != last {
			last, same = now, 0
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
