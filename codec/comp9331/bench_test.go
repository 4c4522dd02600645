package comp9331

import (
	"testing"

	"mim/chat"
	"mim/codec"
)

// hotPath is what runs for each message, arrival and line; allocs is what each
// may allocate.
func hotPath(tb testing.TB) []struct {
	name   string
	allocs float64
	bytes  int
	run    func() bool
} {
	d := New()
	s := in(tb).s
	line := []byte("message yoda a line of sixty bytes, give or take, of what people say: é\n")
	all := []byte("broadcast a line of sixty bytes, give or take, of what people say: é\n")
	said := &chat.Said{From: hans, Text: []byte("a line of sixty bytes, give or take, of what people say: é")}
	stored := &chat.Said{From: hans, Text: said.Text, At: noon}
	came := &chat.Came{Who: hans}
	dst := make([]byte, 0, 4*maxLine)
	told := d.Append(nil, said, 0)
	c := insider(tb).c
	decode := func(p []byte) func() bool {
		return func() bool {
			r, n, _ := s.Next(p)
			if r == nil || n != len(p) {
				return false
			}
			return len(s.Answer(dst, chat.Answer{To: r})) == 0
		}
	}
	encode := func(e chat.Event) func() bool {
		return func() bool { return len(d.Append(dst, e, codec.Variant(0))) > 0 }
	}
	return []struct {
		name   string
		allocs float64
		bytes  int
		run    func() bool
	}{
		{"message decode", 0, len(line), decode(line)},
		{"broadcast decode", 0, len(all), decode(all)},
		{"said encode", 0, len(told), encode(said)},
		{"stored encode", 0, len(d.Append(nil, stored, 0)), encode(stored)},
		{"came encode", 0, len(d.Append(nil, came, 0)), encode(came)},
		{"said decode", 0, len(told), func() bool {
			e, n, _ := c.Next(told)
			return e != nil && n == len(told)
		}},
	}
}

func TestHotPathAllocs(t *testing.T) {
	for _, c := range hotPath(t) {
		if got := testing.AllocsPerRun(100, func() {
			if !c.run() {
				t.Fatalf("%s: nothing came of it", c.name)
			}
		}); got > c.allocs {
			t.Errorf("%s: %v allocations, want %v", c.name, got, c.allocs)
		}
	}
}

// TestLongTextIsNotCopied: what is beyond the bound costs nothing.
func TestLongTextIsNotCopied(t *testing.T) {
	d, dst := New(), make([]byte, 0, 4*maxLine)
	said := &chat.Said{From: hans, Text: make([]byte, 1<<20)}
	if n := testing.AllocsPerRun(10, func() { d.Append(dst, said, 0) }); n > 0 {
		t.Errorf("a text of 1 MiB costs %v allocations", n)
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
