package elc004

import (
	"fmt"
	"testing"
	"time"

	"mim/chat"
	"mim/codec"
)

// hotPath is what runs for each request, entry and datagram; allocs is what
// each may allocate.
func hotPath(tb testing.TB) []struct {
	name   string
	allocs float64
	bytes  int
	run    func() bool
} {
	request := []byte("R:127.0.0.1:3001:alice\n")
	s := New().Open(codec.Link{Remote: loopback}).(*session)
	var people []*chat.Person
	for i := range 1000 {
		people = append(people, &chat.Person{Name: fmt.Sprint("user", i), Near: aliceAt})
	}
	answer := chat.Answer{To: &chat.Login{}, People: people}
	dst := make([]byte, 0, 64<<10)
	a, b := friends(tb, ours), newNode(tb, "bob", bobAt)
	b.table(Entry{Addr: aliceAt, ID: "alice"})
	text, other := []byte("a line of sixty bytes, give or take, of what people say: é"), make([]byte, 0, maxDatagram)
	now := a.now
	a.join("class").after(time.Minute) // nobody answers
	group := []byte("G:2000000000:Class:" + string(text))
	heard, foreign, question := []byte("M:1000000000:"+string(text)), []byte(string(text)+"\n+bob"), []byte("Q:17:somebody")
	return []struct {
		name   string
		allocs float64
		bytes  int
		run    func() bool
	}{
		{"login decode", 1, len(request), func() bool { // the name, which is kept
			s.state = listening
			r, n, _ := s.Next(request)
			return r != nil && n == len(request)
		}},
		{"table of 1000", 0, len(s.Answer(nil, answer)), func() bool { return len(s.Answer(dst, answer)) > 1000 }},
		{"text heard", 0, len(heard), func() bool {
			now = now.Add(20 * time.Millisecond)
			for i := len("M:") + maxDigits - 1; ; i-- { // the next number
				if heard[i]++; heard[i] <= '9' {
					break
				}
				heard[i] = '0'
			}
			out := a.s.Datagram(now, bobAt, heard)
			return len(out) == 2 && out[0].Kind == codec.Said
		}},
		{"group text heard", 0, len(group), func() bool {
			now = now.Add(20 * time.Millisecond)
			for i := len("G:") + maxDigits - 1; ; i-- {
				if group[i]++; group[i] <= '9' {
					break
				}
				group[i] = '0'
			}
			out := a.s.Datagram(now, bobAt, group)
			return len(out) >= 2
		}},
		{"text of another program heard", 0, len(foreign), func() bool {
			out := b.s.Datagram(now, aliceAt, foreign)
			return len(out) == 1 && out[0].Kind == codec.Said
		}},
		{"text said and confirmed", 0, len(text), func() bool {
			out := a.s.Say(now, bobAt, text, 7)
			other = append(append(other[:0], 'A'), out[0].Data[1:]...)
			out = a.s.Datagram(now, bobAt, other)
			return len(out) == 1 && out[0].Kind == codec.Delivered
		}},
		{"question of a stranger", 0, len(question), func() bool { return len(a.s.Datagram(now, strangerAt, question)) <= 2 }},
		{"nothing due", 0, 0, func() bool { return len(a.s.Due(now)) == 0 && a.s.Wake().IsZero() }},
	}
}

func TestHotPathAllocs(t *testing.T) {
	for _, c := range hotPath(t) {
		for range 10_000 { // so that memory has its size
			c.run()
		}
		if got := testing.AllocsPerRun(1000, func() {
			if !c.run() {
				t.Fatalf("%s: nothing came of it", c.name)
			}
		}); got > c.allocs {
			t.Errorf("%s: %v allocations, want %v", c.name, got, c.allocs)
		}
	}
}

func BenchmarkHotPath(b *testing.B) {
	for _, c := range hotPath(b) {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(c.bytes))
			for b.Loop() {
				if !c.run() {
					b.Fatal("nothing came of it")
				}
			}
		})
	}
}
