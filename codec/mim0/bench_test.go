package mim0

import (
	"fmt"
	"testing"

	"mim/chat"
	"mim/codec"
)

// hotPath is what runs for each login, arrival and line; allocs is what each
// may allocate.
func hotPath() []struct {
	name   string
	allocs float64
	bytes  int
	run    func() bool
} {
	d := New()
	login := appendLogin(nil, &chat.Login{Name: "alice", Port: 40001})
	registry := d.Open(codec.Link{Role: codec.Registry, Remote: elsewhere})
	peerLink := d.Open(codec.Link{Role: codec.Peer, Dialed: true, As: "alice"})
	line := []byte("a line of sixty bytes, give or take, of what people say: é\n")
	came := &chat.Came{Who: &chat.Person{Name: "bob", Near: addr(bob), Far: addr(bob)}}
	page := &chat.Page{}
	for i := range chat.PageSize {
		page.People = append(page.People, &chat.Person{Name: fmt.Sprint("user", i), Near: addr(bob), Far: addr(bob)})
	}
	said := &chat.Said{Text: line[:len(line)-1]}
	dst := make([]byte, 0, 64<<10)
	return []struct {
		name   string
		allocs float64
		bytes  int
		run    func() bool
	}{
		{"login decode", 1, len(login), func() bool { // the name, which is kept
			r, _, _ := registry.Next(login)
			return r != nil
		}},
		{"update encode", 0, len(d.Append(nil, came, far)), func() bool { return len(d.Append(dst, came, far)) > 0 }},
		{"page encode", 0, len(d.Append(nil, page, far)), func() bool { return len(d.Append(dst, page, far)) > 0 }},
		{"line decode", 0, len(line), func() bool {
			r, _, _ := peerLink.Next(line)
			peerLink.Answer(dst, chat.Answer{To: r})
			return r != nil
		}},
		{"line encode", 0, len(line), func() bool { return len(d.Append(dst, said, peer)) == len(line) }},
	}
}

func TestHotPathAllocs(t *testing.T) {
	for _, c := range hotPath() {
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
	said := &chat.Said{Text: make([]byte, 1<<20)}
	if n := testing.AllocsPerRun(10, func() { d.Append(dst, said, peer) }); n > 0 {
		t.Errorf("a text of 1 MiB costs %v allocations", n)
	}
	if got := appendText(nil, make([]byte, maxSize-5), chat.MaxNameUnits+1); len(got) != chat.MaxNameUnits+1 {
		t.Errorf("of a name as long as a block %d units are read", len(got))
	}
}

func BenchmarkHotPath(b *testing.B) {
	for _, c := range hotPath() {
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

// BenchmarkUpdateDecode is the client's side of a large table.
func BenchmarkUpdateDecode(b *testing.B) {
	c := New().(codec.Calling).Call(codec.Link{})
	p := appendUpdate(nil, added, &chat.Person{Name: "bob", Near: addr(bob)}, near)
	b.ReportAllocs()
	for b.Loop() {
		if e, _, _ := c.Next(p); e == nil {
			b.Fatal("nothing came of it")
		}
	}
}
