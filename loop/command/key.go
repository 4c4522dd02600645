package command

import (
	"crypto/rand"
	"encoding/binary"
)

const (
	// firstKey is the least session key of a call, keys how many there are: 15
	// decimal digits, the first not 0 (dtu.md, Voice 7).
	firstKey = 100_000_000_000_000
	keys     = 9 * firstKey
)

// callKey makes a session key that nobody can guess. What is beyond the number
// of keys is drawn again, one of five times: a remainder would make some keys
// likelier than others.
func callKey() uint64 {
	for {
		var p [8]byte
		rand.Read(p[:]) // never fails
		if n := binary.LittleEndian.Uint64(p[:]) >> (64 - 50); n < keys {
			return firstKey + n
		}
	}
}

// seed draws what nobody can guess.
func seed() (s [32]byte) {
	rand.Read(s[:]) // never fails
	return s
}
