package account

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// loaded is a Checker at the real cost, with all of its accounts hashed.
func loaded(b *testing.B, n int) *Checker {
	b.Helper()
	c := New(&memory{}, slog.New(slog.NewTextHandler(io.Discard, nil)))
	b.Cleanup(c.Close)
	path := filepath.Join(b.TempDir(), "creds")
	if err := os.WriteFile(path, []byte(people(n)), 0o600); err != nil {
		b.Fatal(err)
	}
	if _, err := c.Load(path); err != nil {
		b.Fatal(err)
	}
	c.wg.Wait()
	return c
}

// BenchmarkCheck is one login after the other: all rows must take the same time.
func BenchmarkCheck(b *testing.B) {
	c := loaded(b, 4)
	for _, r := range []struct{ what, name, pass string }{
		{"right", "person1", "pass1"},
		{"wrong", "person1", "pass2"},
		{"unknown", "nobody", "pass1"},
	} {
		b.Run(r.what, func(b *testing.B) {
			done := make(chan struct{}, 1)
			for b.Loop() {
				c.Check(somewhere, r.name, []byte(r.pass), func(bool, error) { done <- struct{}{} })
				<-done
			}
		})
	}
}

// Benchmark100Logins is a hundred at once: the time until the last is answered.
func Benchmark100Logins(b *testing.B) {
	c := loaded(b, 4)
	for b.Loop() {
		var wg sync.WaitGroup
		wg.Add(100)
		for i := range 100 {
			c.Check(somewhere, fmt.Sprintf("person%d", i%8), fmt.Appendf(nil, "pass%d", i%8), func(bool, error) { wg.Done() })
		}
		wg.Wait()
	}
	b.ReportMetric(100*float64(b.N)/b.Elapsed().Seconds(), "logins/s")
}

// BenchmarkLoad is what a server waits for at its start.
func BenchmarkLoad(b *testing.B) {
	for _, n := range []int{1000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "creds")
			if err := os.WriteFile(path, []byte(people(n)), 0o600); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				c := New(&memory{}, slog.New(slog.NewTextHandler(io.Discard, nil)))
				if _, err := c.Load(path); err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				c.Close()
				b.StartTimer()
			}
		})
	}
}
