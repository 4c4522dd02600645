package voice

import (
	"encoding/binary"
	"hash/crc32"
	"strings"
)

// A payload of others carries neither a number nor a speaker's name. Ours hide
// both, the mark, in the lowest bit of their first markLen samples: noise at
// -90 dB for whoever does not know it, and passed on by every server that does
// not change the sound. Of the bits, in the order of the samples and each
// field's highest first:
//
//	 0..31  speaker: who, in this call; not 0
//	32..47  number: 0 to 65534, one more for each piece, 0 behind 65534
//	48..79  check: CRC-32C of the whole payload with these 32 bits 0
//
// The piece has the length that belongs to its number: 204 samples if 5 divides
// the number, else 205. Since 65535 is a multiple
// of 5 that holds behind the end of the numbers, too.
//
// The check is over the sound, so a piece with a right mark is as it was sent,
// to the bit, and one that was mixed, made louder or put together with others
// counts as unmarked. A piece of anybody else passes as marked by a chance of
// 2^-32: at 50 pieces a second once in 2.7 years of talk, and then it is one
// piece that is played in the wrong place.
const (
	markLen = 80
	numbers = 65535 // how many there are
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// A mark is what a piece says of itself.
type mark struct {
	speaker uint32
	number  uint16
}

// SpeakerID is the number by which a person is known in a call, from the key
// of the call and the person's nick in it: everybody in a call can compute it
// for everybody else. Case makes no difference in
// the nick. It is a name tag and no proof: whoever is in a call can send
// another one's.
func SpeakerID(call, nick string) uint32 {
	id := crc32.Checksum([]byte(call+"\n"+strings.ToLower(nick)), castagnoli)
	if id == 0 {
		id = 1
	}
	return id
}

// pieceLen is the length of the piece with a number: five are 1024 samples. The
// short one is the first, so that a piece is never a sample short when 20 ms
// have passed.
func pieceLen(number int64) int {
	if number%5 == 0 {
		return 204
	}
	return 205
}

// pieceAt is the place of a piece in its speaker's stream.
func pieceAt(number int64) int64 { return number * 1024 / 5 }

// write puts the mark into a payload of pieceLen(m.number) samples.
func (m mark) write(payload []byte) {
	putBits(payload, 0, 32, m.speaker)
	putBits(payload, 32, 16, uint32(m.number))
	putBits(payload, 48, 32, 0)
	putBits(payload, 48, 32, crc32.Checksum(payload, castagnoli))
}

// readMark finds the mark of a payload; false: it has none. It uses scratch,
// because what a checksum is taken of would be allocated.
func readMark(payload []byte, scratch *[2 * 205]byte) (m mark, ok bool) {
	if len(payload) != 2*204 && len(payload) != 2*205 {
		return m, false
	}
	m.number = uint16(bits(payload, 32, 16))
	m.speaker = bits(payload, 0, 32)
	if m.speaker == 0 || m.number >= numbers || len(payload) != 2*pieceLen(int64(m.number)) {
		return m, false
	}
	p := scratch[:copy(scratch[:], payload)]
	putBits(p, 48, 32, 0)
	return m, crc32.Checksum(p, castagnoli) == bits(payload, 48, 32)
}

// putBits writes the lowest n bits of v into the lowest bits of samples from at.
func putBits(payload []byte, at, n int, v uint32) {
	for i := range n {
		b := &payload[2*(at+i)]
		*b = *b&^1 | byte(v>>(n-1-i)&1)
	}
}

// bits reads n of them.
func bits(payload []byte, at, n int) (v uint32) {
	for i := range n {
		v = v<<1 | uint32(payload[2*(at+i)]&1)
	}
	return v
}

// decode reads samples; half a sample at the end is left out.
func decode(dst []int16, payload []byte) []int16 {
	n := min(len(dst), len(payload)/2)
	for i := range dst[:n] {
		dst[i] = int16(binary.LittleEndian.Uint16(payload[2*i:]))
	}
	return dst[:n]
}

// encode writes samples behind dst.
func encode(dst []byte, samples []int16) []byte {
	for _, s := range samples {
		dst = binary.LittleEndian.AppendUint16(dst, uint16(s))
	}
	return dst
}
