package messenger

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"mim/chat"
	"mim/codec"
)

// hotPath is what runs for each text that is sent, forwarded, received and
// confirmed; none of it allocates.
func hotPath() []struct {
	name  string
	bytes int
	run   func() bool
} {
	d := New()
	var s codec.Session = open(nil).s
	line := "a line of sixty bytes, give or take, of what people say: "
	ascii := []byte(fmt.Sprintf("SEND bob\nContent-length: %d\n\n%s", len(line), line))
	wide := []byte(fmt.Sprintf("SEND bob\nContent-length: %d\n\n%sé", len(line)+2, line))
	receipt := []byte("RECEIVED alice\n\n")
	said := &chat.Said{From: &chat.Person{Name: "alice"}, Text: []byte(line + "é")}
	long := &chat.Said{From: said.From, Text: bytes.Repeat([]byte("é"), piece/2)}
	sent := chat.Answer{To: &chat.Say{To: []byte("bob")}}
	failed := chat.Answer{To: sent.To, Err: chat.Errorf(chat.NotDelivered, "nobody is there")}
	dst := make([]byte, 0, 2*maxHeader)

	learned := open(nil).feed(string(wide)).silence().s
	next := func(s codec.Session, p []byte) bool {
		r, n, _ := s.Next(p)
		if chat.Answered(r) {
			s.Answer(dst, sent)
		}
		return n == len(p)
	}
	return []struct {
		name  string
		bytes int
		run   func() bool
	}{
		{"SEND decode and SENT", len(ascii), func() bool { return next(s, ascii) }},
		{"SEND decode and SENT, not ASCII", len(wide), func() bool { return next(learned, wide) }},
		{"RECEIVED decode", len(receipt), func() bool { return next(s, receipt) }},
		{"FORWARD encode", len(d.Append(nil, said, inBytes)), func() bool { return len(d.Append(dst, said, inBytes)) > 0 }},
		{"FORWARD encode, characters", len(d.Append(nil, said, inRunes)), func() bool { return len(d.Append(dst, said, inRunes)) > 0 }},
		{"FORWARD encode, 900 bytes", len(d.Append(nil, long, inBytes)), func() bool { return len(d.Append(dst, long, inBytes)) > piece }},
		{"SENT encode", len(sentBob), func() bool { return len(s.Answer(dst, sent)) == len(sentBob) }},
		{"ERROR encode", len(unable), func() bool { return len(s.Answer(dst, failed)) == len(unable) }},
		{"SEND, FORWARD, RECEIVED, SENT", len(ascii), func() bool {
			ok := next(s, ascii)
			return len(d.Append(dst, said, inBytes)) > 0 && next(s, receipt) && ok
		}},
	}
}

func TestHotPathAllocs(t *testing.T) {
	for _, c := range hotPath() {
		if got := testing.AllocsPerRun(100, func() {
			if !c.run() {
				t.Fatalf("%s: nothing came of it", c.name)
			}
		}); got > 0 {
			t.Errorf("%s: %v allocations", c.name, got)
		}
	}
}

// TestLongTextIsNotCopied: what is beyond the bound costs nothing, and a body
// of 64 KiB that comes is read where it lies.
func TestLongTextIsNotCopied(t *testing.T) {
	d, dst := New(), make([]byte, 0, 4*maxBody)
	said := &chat.Said{From: &chat.Person{Name: "alice"}, Text: make([]byte, 1<<20)}
	if n := testing.AllocsPerRun(10, func() { d.Append(dst, said, inBytes) }); n > 0 {
		t.Errorf("to write a text of 1 MiB costs %v allocations", n)
	}
	s := open(t).s
	s.Next([]byte("SEND bob\nContent-length: 0\n\n"))
	p := []byte(fmt.Sprintf("SEND bob\nContent-length: %d\n\n%s", maxBody, strings.Repeat("x", maxBody)))
	if n := testing.AllocsPerRun(10, func() {
		r, n, _ := s.Next(p)
		if r == nil || n != len(p) {
			t.Fatal("nothing came of it")
		}
		s.Answer(dst, chat.Answer{To: r})
	}); n > 0 {
		t.Errorf("to read a text of 64 KiB costs %v allocations", n)
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

// BenchmarkByteByByte is the worst cut of the longest text that may be counted
// in two ways: every byte is looked at as if it were the last.
func BenchmarkByteByByte(b *testing.B) {
	body := strings.Repeat("é", maxBody/2)
	p := []byte(fmt.Sprintf("SEND bob\nContent-length: %d\n\n%s", maxBody/2, body))
	b.SetBytes(int64(len(p)))
	for b.Loop() {
		s := open(b).s
		for n := 1; n <= len(p); n++ {
			if r, _, _ := s.Next(p[:n]); r != nil {
				b.Fatal("read before silence")
			}
		}
		if r, _, _ := s.Idle(p, false); r == nil {
			b.Fatal("nothing came of it")
		}
	}
}
