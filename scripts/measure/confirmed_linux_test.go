package measure

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// BenchmarkConfirmed: texts a second that are confirmed to senders of
// messenger, through the whole server, each to one of 1,000 users who are not
// here; beside a bare file to which the same bytes are appended, with one
// fdatasync for all that wait, in turns in the same run. x-bare is how much
// slower the server is.
func BenchmarkConfirmed(b *testing.B) {
	for _, c := range []struct{ inFlight, senders int }{{1, 1}, {64, 64}, {1000, 100}} {
		b.Run(fmt.Sprint(c.inFlight, "-in-flight"), func(b *testing.B) {
			var credentials []byte
			for i := range absent {
				credentials = fmt.Appendf(credentials, "absent%d\n", i)
			}
			s := startKeeper(b, credentials)
			all := make([]*sender, c.senders)
			for i := range all {
				all[i] = newSender(b, s.doors["messenger"], fmt.Sprint("sender", i))
				defer all[i].out.Close()
				defer all[i].in.Close()
			}
			k := newBare(b, filepath.Join(b.TempDir(), "bare"))
			defer close(k.wake)
			each, window := max(10*c.inFlight, 200)/c.senders, c.inFlight/c.senders
			var server, bare time.Duration
			sent := 0
			for b.Loop() {
				b.StopTimer()
				bare += timed(c.senders, func(int) { k.flow(b, each, window) })
				b.StartTimer()
				server += timed(c.senders, func(i int) { all[i].flow(b, sent+i*each, each, window) })
				sent += each * c.senders
			}
			b.ReportMetric(float64(sent)/server.Seconds(), "texts/s")
			b.ReportMetric(float64(sent)/bare.Seconds(), "bare/s")
			b.ReportMetric(server.Seconds()/bare.Seconds(), "x-bare")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// absent is how many users are not here: 1,000 texts may wait for each.
const absent = 1000

// timed runs f so many times at once and says how long it took.
func timed(n int, f func(i int)) time.Duration {
	var wg sync.WaitGroup
	begin := time.Now()
	for i := range n {
		wg.Go(func() { f(i) })
	}
	wg.Wait()
	return time.Since(begin)
}

// A sender is a user of messenger, with both connections.
type sender struct {
	out, in net.Conn
	read    *bufio.Reader
}

func newSender(b *testing.B, addr, name string) *sender {
	s := &sender{out: dial(b, addr), in: dial(b, addr)}
	s.read = bufio.NewReader(s.out)
	exchange(b, s.out, s.read, "REGISTER TOSEND "+name+"\n\n", "REGISTERED TOSEND "+name+"\n\n")
	exchange(b, s.in, bufio.NewReader(s.in), "REGISTER TORECV "+name+"\n\n", "REGISTERED TORECV "+name+"\n\n")
	return s
}

// said is what everybody writes.
var said = strings.Repeat("x", 100)

// flow sends n texts, with so many unanswered at each moment.
func (s *sender) flow(b *testing.B, first, n, window int) {
	var block []byte
	for sent, answered := 0, 0; answered < n; answered++ {
		for block = block[:0]; sent < min(answered+window, n); sent++ {
			block = fmt.Appendf(block, "SEND absent%d\nContent-length: %d\n\n%s", (first+sent)%absent, len(said), said)
		}
		if _, err := s.out.Write(block); err != nil {
			b.Error(err)
			return
		}
		line, err := s.read.ReadString('\n')
		if err == nil {
			_, err = s.read.ReadString('\n')
		}
		if err != nil || !strings.HasPrefix(line, "SENT absent") {
			b.Errorf("%q, %v", line, err)
			return
		}
	}
}

// A bare is a file to which a goroutine appends all that waits, with one
// fdatasync(2) for it. No server that syncs can be faster.
type bare struct {
	file *os.File
	wake chan struct{}

	mu   sync.Mutex
	text []byte
	done []func(error)
}

func newBare(b *testing.B, path string) *bare {
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	k := &bare{file: f, wake: make(chan struct{}, 1)}
	go k.loop()
	return k
}

func (k *bare) loop() {
	defer k.file.Close()
	var text []byte
	var done []func(error)
	for range k.wake {
		k.mu.Lock()
		text, k.text = k.text, text[:0]
		done, k.done = k.done, done[:0]
		k.mu.Unlock()
		_, err := k.file.Write(text)
		if err == nil {
			err = unix.Fdatasync(int(k.file.Fd()))
		}
		for _, d := range done {
			d(err)
		}
	}
}

// flow appends n texts, with so many of them not synced at each moment.
func (k *bare) flow(b *testing.B, n, window int) {
	inFlight := make(chan struct{}, window)
	done := func(err error) {
		if err != nil {
			b.Error(err)
		}
		<-inFlight
	}
	for range n {
		inFlight <- struct{}{}
		k.mu.Lock()
		k.text = append(append(k.text, "senderabsent"...), said...)
		k.done = append(k.done, done)
		k.mu.Unlock()
		select {
		case k.wake <- struct{}{}:
		default:
		}
	}
	for range window {
		inFlight <- struct{}{}
	}
}
