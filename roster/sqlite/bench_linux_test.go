package sqlite

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"mim/roster"
)

// A keeper is what a benchmark gives texts to.
type keeper interface {
	Keep(c roster.Change, done func(error))
}

// A bare is a keeper that is nothing but a file: a goroutine appends all that
// waits and calls fdatasync(2) once for it. No store that syncs can be faster.
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

func (k *bare) Keep(c roster.Change, done func(error)) {
	k.mu.Lock()
	k.text = append(append(append(k.text, c.Text.To...), c.Text.From...), c.Text.Text...)
	k.done = append(k.done, done)
	k.mu.Unlock()
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

func (k *bare) loop() {
	var text []byte
	var done []func(error)
	for range k.wake {
		k.mu.Lock()
		text, k.text = k.text, text[:0]
		done, k.done = k.done, done[:0]
		k.mu.Unlock()
		_, err := k.file.Write(text)
		if err == nil {
			err = syscall.Fdatasync(int(k.file.Fd()))
		}
		for _, d := range done {
			d(err)
		}
	}
}

// flow keeps n texts of 100 bytes, so many in flight at each moment, from
// numbers above first, and says how long it took.
func flow(b *testing.B, k keeper, first, n, inFlight int) time.Duration {
	said := make([]byte, 100)
	var names [100]string
	for i := range names {
		names[i] = fmt.Sprint("user", i)
	}
	window := make(chan struct{}, inFlight)
	done := func(err error) {
		if err != nil {
			b.Error(err)
		}
		<-window
	}
	start := time.Now()
	for i := range n {
		window <- struct{}{}
		k.Keep(roster.Change{Kind: roster.Put, Text: roster.Text{
			ID: uint64(first + i + 1), To: names[i%len(names)], From: "alice", At: monday, Text: said,
		}}, done)
	}
	for range inFlight {
		window <- struct{}{}
	}
	return time.Since(start)
}

// BenchmarkKeep: confirmed texts a second beside a bare file in the same run,
// in turns, since a disk has its moods; x-bare is how much slower the store is.
func BenchmarkKeep(b *testing.B) {
	for _, inFlight := range []int{1, 64, 1000} {
		b.Run(fmt.Sprint(inFlight, "-in-flight"), func(b *testing.B) {
			dir := b.TempDir()
			s := mustOpen(b, dir)
			k := newBare(b, filepath.Join(dir, "bare"))
			defer close(k.wake)
			var store, plain time.Duration
			before := s.writer.commits.Load()
			turn := max(10*inFlight, 100)
			b.ReportAllocs()
			b.ResetTimer()
			for n := 0; n < b.N; n += turn {
				m := min(turn, b.N-n)
				b.StopTimer()
				plain += flow(b, k, n, m, inFlight)
				b.StartTimer()
				store += flow(b, s, n, m, inFlight)
			}
			b.StopTimer()
			commits := s.writer.commits.Load() - before
			mustClose(b, s)
			b.ReportMetric(float64(b.N)/store.Seconds(), "texts/s")
			b.ReportMetric(float64(b.N)/plain.Seconds(), "bare/s")
			b.ReportMetric(store.Seconds()/plain.Seconds(), "x-bare")
			b.ReportMetric(float64(b.N)/float64(commits), "texts/commit")
		})
	}
}

// BenchmarkDrop: dropping an inbox of 1,000, with all of it given at once.
func BenchmarkDrop(b *testing.B) {
	s := mustOpen(b, b.TempDir())
	const many = 1000
	id := 0
	for b.Loop() {
		b.StopTimer()
		flow(b, s, id, many, many)
		b.StartTimer()
		var wg sync.WaitGroup
		wg.Add(many)
		for i := range many {
			s.Keep(drop(uint64(id+i+1), fmt.Sprint("user", i%100)), func(error) { wg.Done() })
		}
		wg.Wait()
		id += many
	}
	mustClose(b, s)
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/many, "ns/text")
}

// BenchmarkInbox: 100 texts of an inbox among 100 others.
func BenchmarkInbox(b *testing.B) {
	s := mustOpen(b, b.TempDir())
	flow(b, s, 0, 10_000, 1000)
	b.ReportAllocs()
	for b.Loop() {
		if all, err := inbox(s, "user7", 0, 100); err != nil || len(all) != 100 {
			b.Fatal(len(all), err)
		}
	}
	mustClose(b, s)
}
