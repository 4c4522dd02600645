package wire

import (
	"bytes"
	"testing"
)

func TestBlock(t *testing.T) {
	b := NewBlock([]byte{1, 2, 3, 0, 0, 0, 2, 'h', 'i', 9})
	if got := b.Uint8(); got != 1 {
		t.Errorf("Uint8 %d", got)
	}
	if got := b.Uint16(); got != 0x0203 {
		t.Errorf("Uint16 %#x", got)
	}
	if got := b.Bytes(b.Uint32()); string(got) != "hi" || cap(got) != 2 {
		t.Errorf("Bytes %q with room for %d", got, cap(got))
	}
	if b.Short() || b.Left() != 1 {
		t.Errorf("short %v, %d left", b.Short(), b.Left())
	}
	if got := b.Bytes(0); got == nil || len(got) != 0 {
		t.Errorf("no bytes: %v", got)
	}
}

func TestBlockTooShort(t *testing.T) {
	for _, c := range []struct {
		what string
		read func(*Block) bool // true: it gave a zero value
	}{
		{"Uint8", func(b *Block) bool { b.Bytes(3); return b.Uint8() == 0 }},
		{"Uint16", func(b *Block) bool { b.Bytes(2); return b.Uint16() == 0 }},
		{"Uint32", func(b *Block) bool { return b.Uint32() == 0 }},
		{"Bytes", func(b *Block) bool { return b.Bytes(4) == nil }},
		{"Bytes beyond any block", func(b *Block) bool { return b.Bytes(0xffffffff) == nil }},
	} {
		b := NewBlock([]byte{1, 2, 3})
		if !c.read(&b) || !b.Short() || b.Left() != 0 {
			t.Errorf("%s: short %v, %d left", c.what, b.Short(), b.Left())
		}
		if b.Uint8() != 0 || b.Bytes(0) != nil {
			t.Errorf("%s: a short block gives values", c.what)
		}
	}
}

func FuzzBlock(f *testing.F) {
	f.Add([]byte{0, 0, 0, 2, 'h', 'i', 1, 2}, uint32(4))
	f.Fuzz(func(t *testing.T, p []byte, n uint32) {
		b := NewBlock(p)
		text := b.Bytes(b.Uint32())
		rest := b.Bytes(n)
		if !b.Short() && !bytes.HasSuffix(p, rest) && b.Left() == 0 {
			t.Fatalf("%x is not the end of %x", rest, p)
		}
		if len(text)+len(rest)+b.Left() > len(p) {
			t.Fatalf("%d bytes of %d", len(text)+len(rest)+b.Left(), len(p))
		}
	})
}
