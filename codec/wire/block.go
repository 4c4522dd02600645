package wire

import "encoding/binary"

// A Block reads big-endian fields off the front of a byte block. A field that
// does not fit makes the block Short: that read and all after it give zero
// values, so that a decoder checks once, behind its last field.
//
// The zero Block is empty. Slices it gives lie in the bytes it was made of.
type Block struct {
	rest  []byte
	short bool
}

// NewBlock reads p, which must not change while it is read.
func NewBlock(p []byte) Block { return Block{rest: p} }

// Bytes takes the next n bytes; nil if there are not so many. n may be any
// number that the wire claims.
func (b *Block) Bytes(n uint32) []byte {
	if uint64(n) > uint64(len(b.rest)) {
		b.short, b.rest = true, nil
		return nil
	}
	p := b.rest[:n:n]
	b.rest = b.rest[n:]
	return p
}

// Uint8 takes one byte.
func (b *Block) Uint8() uint8 {
	if p := b.Bytes(1); p != nil {
		return p[0]
	}
	return 0
}

// Uint16 takes two bytes, the high one first.
func (b *Block) Uint16() uint16 {
	if p := b.Bytes(2); p != nil {
		return binary.BigEndian.Uint16(p)
	}
	return 0
}

// Uint32 takes four bytes, the highest first.
func (b *Block) Uint32() uint32 {
	if p := b.Bytes(4); p != nil {
		return binary.BigEndian.Uint32(p)
	}
	return 0
}

// Short reports whether a field went beyond the end.
func (b *Block) Short() bool { return b.short }

// Left is how many bytes were not read; 0 once the block is Short.
func (b *Block) Left() int { return len(b.rest) }
