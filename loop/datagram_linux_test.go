package loop

import (
	"fmt"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// udpEnd is a socket of a test at a door's address, with a port of its own.
func udpEnd(t testing.TB, like Door) (fd int, at netip.AddrPort) {
	t.Helper()
	family, own := sockaddr(like.Addr)
	fd, err := unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	if err := unix.Bind(fd, own); err != nil {
		t.Fatal(err)
	}
	limit := unix.NsecToTimeval(int64(patience))
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &limit); err != nil {
		t.Fatal(err)
	}
	sa, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	return fd, addrPort(sa)
}

// TestManyDatagrams: many that wait come in their order with their senders;
// what is sent for them leaves in order too, whatever else cannot be sent.
func TestManyDatagrams(t *testing.T) {
	t.Parallel()
	for _, like := range []Door{udp4, udp6} {
		t.Run(fmt.Sprint(like.Addr.Addr()), func(t *testing.T) {
			t.Parallel()
			manyDatagrams(t, like)
		})
	}
}

func manyDatagrams(t *testing.T, like Door) {
	const n = 3*maxDatagrams + 5
	got := make(chan string, n)
	a, atA := udpEnd(t, like)
	b, atB := udpEnd(t, like)
	m := &puppet{}
	m.datagram = func(door int, from netip.AddrPort, p []byte) {
		got <- fmt.Sprintf("%v %s", from == atA, p)
		m.SendTo(2, netip.MustParseAddrPort("255.255.255.255:9"), p) // not permitted
		m.SendTo(1, atB, make([]byte, 70000))                        // longer than a datagram can be
		m.SendTo(1+len(p)%2, atB, p)
	}
	r := start(t, Config{Doors: []Door{tcp4, like, like}}, m)
	_, door := sockaddr(r.Local(1))
	on(t, r, func() { // nothing is read meanwhile
		for i := range n {
			if err := unix.Sendto(a, fmt.Appendf(nil, "text %d", i), 0, door); err != nil {
				t.Error(err)
			}
		}
	})
	p := make([]byte, 100)
	for i := range n {
		want := fmt.Sprintf("text %d", i)
		if text := await(t, "a datagram", got); text != "true "+want {
			t.Fatalf("got %q, want %q from %v", text, want, atA)
		}
		if n := receive(t, b, p); string(p[:n]) != want {
			t.Fatalf("forwarded %q, want %q", p[:n], want)
		}
	}
}

// TestDatagramsTakeTurns: of many that wait an event brings so many, and what
// was posted has its turn before the next.
func TestDatagramsTakeTurns(t *testing.T) {
	t.Parallel()
	const n = 5 * maxDatagrams
	a, _ := udpEnd(t, udp4)
	m := &puppet{}
	came, posted := 0, false
	order := make(chan int, 1)
	m.datagram = func(int, netip.AddrPort, []byte) {
		if came++; came == 1 {
			m.Post(func() { order <- came; posted = true })
		}
	}
	r := start(t, Config{Doors: []Door{tcp4, udp4}}, m)
	_, door := sockaddr(r.Local(1))
	on(t, r, func() {
		for range n {
			if err := unix.Sendto(a, []byte("flood"), 0, door); err != nil {
				t.Error(err)
			}
		}
	})
	// One event, then one more at most that epoll had reported before the post.
	if before := await(t, "the post", order); before < 1+maxDatagrams || before > 2*(1+maxDatagrams) {
		t.Errorf("%d datagrams came before a post that was made at the first", before)
	}
	on(t, r, func() {
		if !posted {
			t.Error("posts ran out of order")
		}
	})
	all := func() (ok bool) {
		on(t, r, func() { ok = came == n })
		return ok
	}
	eventually(t, "all datagrams", all)
}

// TestDatagramsAllocateNothing: neither to read a batch nor to forward it.
func TestDatagramsAllocateNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	m := &puppet{}
	a, _ := udpEnd(t, udp4)
	_, sink := udpEnd(t, udp4)
	came := 0
	m.datagram = func(door int, _ netip.AddrPort, p []byte) {
		came++
		m.SendTo(door, sink, p)
	}
	r := start(t, Config{Doors: []Door{tcp4, udp4}}, m)
	_, door := sockaddr(r.Local(1))
	on(t, r, func() {
		r.drain(1)
		if n := testing.AllocsPerRun(100, func() {
			for range 8 {
				_ = unix.Sendto(a, []byte("voice"), 0, door)
			}
			r.drain(1)
		}); n > 0 {
			t.Errorf("%v allocations", n)
		}
	})
	if came != 8*101 {
		t.Errorf("%d datagrams came", came)
	}
}

// TestLongestDatagram: 65,507 bytes come and go whole, behind one of one byte.
func TestLongestDatagram(t *testing.T) {
	t.Parallel()
	a, _ := udpEnd(t, udp4)
	m := &puppet{}
	m.datagram = func(door int, from netip.AddrPort, p []byte) { m.SendTo(door, from, p) }
	r := start(t, Config{Doors: []Door{tcp4, udp4}}, m)
	_, door := sockaddr(r.Local(1))
	long := strings.Repeat("long", 65507/4) + "est"
	want := []string{"1", long, "", "2", long}
	on(t, r, func() {
		for _, text := range want {
			if err := unix.Sendto(a, []byte(text), 0, door); err != nil {
				t.Error(err)
			}
		}
	})
	p := make([]byte, 1<<17)
	for i, text := range want {
		if n := receive(t, a, p); string(p[:n]) != text {
			t.Fatalf("%d: %d bytes back, want %d", i, n, len(text))
		}
	}
}

// byReactor relays by a mode that sends to sink what comes, and gives the
// address at which it does.
func byReactor(t testing.TB, sink netip.AddrPort) unix.Sockaddr {
	m := &puppet{}
	m.datagram = func(door int, _ netip.AddrPort, p []byte) { m.SendTo(door, sink, p) }
	r := start(t, Config{Doors: []Door{tcp4, udp4}}, m)
	_, at := sockaddr(r.Local(1))
	return at
}

// byHand relays with nothing but recvfrom(2) and sendto(2), one after the
// other: what it costs at least if datagrams are taken one by one.
func byHand(t testing.TB, sink netip.AddrPort) unix.Sockaddr {
	fd, own := udpEnd(t, udp4)
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, udpQueue)
	_, to := sockaddr(sink)
	_, at := sockaddr(own)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		p := make([]byte, datagramSize)
		for {
			n, _, err := unix.Recvfrom(fd, p, 0)
			if err == nil && n == 0 {
				return
			}
			if err == nil {
				_ = unix.Sendto(fd, p[:n], 0, to)
			}
		}
	}()
	t.Cleanup(func() {
		_ = unix.Sendto(fd, nil, 0, at)
		await(t, "the loop by hand ends", ended)
	})
	return at
}

// cpuBeside is the CPU time of all threads of the process but this one, to
// which the goroutine must be locked.
func cpuBeside(t testing.TB) time.Duration {
	var all, own unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &all); err != nil {
		t.Error(err)
	}
	if err := unix.Getrusage(unix.RUSAGE_THREAD, &own); err != nil {
		t.Error(err)
	}
	return time.Duration(all.Utime.Nano() + all.Stime.Nano() - own.Utime.Nano() - own.Stime.Nano())
}

// exchange sends n datagrams of size by way of at, burst at a time, and waits
// for each burst at sink; none gets lost so.
func exchange(t testing.TB, from, sink int, at unix.Sockaddr, n, burst, size int) {
	p := make([]byte, size)
	into := make([]byte, size)
	for done := 0; done < n; done += burst {
		for range burst {
			if err := unix.Sendto(from, p, 0, at); err != nil {
				t.Fatal(err)
			}
		}
		for range burst {
			if n := receive(t, sink, into); n != size {
				t.Fatalf("a datagram of %d bytes, want %d", n, size)
			}
		}
	}
}

// receive reads one datagram.
func receive(t testing.TB, fd int, into []byte) int {
	for {
		n, err := unix.Read(fd, into)
		switch err {
		case nil:
			return n
		case unix.EINTR: // by the scheduler of Go
		default:
			t.Fatalf("no datagram came: %v", err)
		}
	}
}

// BenchmarkRelay forwards pieces of voice of 20 ms through the reactor and
// through the bare loop, in turns, so that both have the same machine. CPU time
// is that of the process, the collector included, without the thread that
// sends and receives.
func BenchmarkRelay(b *testing.B) {
	const size = 410
	for _, burst := range []int{1, 8, 32} {
		b.Run(fmt.Sprintf("burst=%d", burst), func(b *testing.B) {
			sink, sinkAt := udpEnd(b, udp4)
			from, _ := udpEnd(b, udp4)
			ways := []unix.Sockaddr{byHand(b, sinkAt), byReactor(b, sinkAt)}
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			var cpu, wall [2]time.Duration
			var mallocs [2]uint64
			n := 0
			for ; n < b.N; n += relayTurn {
				for i, w := range ways {
					exchange(b, from, sink, w, burst, burst, size) // its caches are warm
					var before, after runtime.MemStats
					runtime.ReadMemStats(&before)
					used, began := cpuBeside(b), time.Now()
					exchange(b, from, sink, w, relayTurn, burst, size)
					wall[i] += time.Since(began)
					cpu[i] += cpuBeside(b) - used
					runtime.ReadMemStats(&after)
					mallocs[i] += after.Mallocs - before.Mallocs
				}
			}
			each := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / float64(n) }
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(n)/wall[1].Seconds(), "packets/s")
			b.ReportMetric(each(cpu[1]), "cpu-ns/packet")
			b.ReportMetric(each(cpu[0]), "bare-cpu-ns/packet")
			b.ReportMetric(each(cpu[1])/each(cpu[0]), "x-bare")
			b.ReportMetric(float64(n)/wall[0].Seconds(), "bare-packets/s")
			b.ReportMetric(float64(mallocs[1])/float64(n), "allocs/packet")
		})
	}
}

// relayTurn is how many datagrams go one way before it is the other's turn.
const relayTurn = 3200
