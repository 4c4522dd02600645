package history

import (
	"fmt"
	"testing"
	"time"

	"mim/chat/book"
)

// BenchmarkKeep: what a record costs who gives it, and (records/s) how many a
// second get into the file.
func BenchmarkKeep(b *testing.B) {
	h := open(b, b.TempDir(), alice)
	const turn = 1000
	r := book.Record{At: noon, From: "bob", Text: "a text of usual length, which says that alice may come"}
	given, n := time.Duration(0), 0
	b.ReportAllocs()
	for b.Loop() {
		if n++; n%turn == 0 {
			settle(b, h)
		}
		start := time.Now()
		h.Keep(bob, r)
		given += time.Since(start)
	}
	settle(b, h)
	b.ReportMetric(float64(given.Nanoseconds())/float64(b.N), "ns/given")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
	shut(b, h)
}

// BenchmarkRead: 200 lines of a conversation, and a search, among 100,000.
func BenchmarkRead(b *testing.B) {
	h := open(b, b.TempDir(), alice)
	for i := range 100_000 {
		h.Keep([]book.Key{bob, tea}[i%2], said(i, fmt.Sprint("text number ", i, ", of usual length")))
		if i%10_000 == 0 {
			settle(b, h)
		}
	}
	settle(b, h)
	b.Run("older", func(b *testing.B) {
		for b.Loop() {
			if list, _, err := h.Older(bob, noon.Add(50_000*time.Second), 200); len(list) != 200 || err != nil {
				b.Fatal(len(list), err)
			}
		}
	})
	b.Run("search", func(b *testing.B) {
		for b.Loop() {
			if found, err := h.Search(nil, "nowhere", 100); len(found) != 0 || err != nil {
				b.Fatal(len(found), err)
			}
		}
	})
	shut(b, h)
}
