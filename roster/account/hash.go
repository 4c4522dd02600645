package account

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
)

// A cost is what one hash takes: passes over the memory, memory in KiB, lanes.
type cost struct {
	time   uint32
	memory uint32
	lanes  uint8
}

// standard is what every password costs: 19 MiB, twice over, in one lane.
var standard = cost{time: 2, memory: 19 << 10, lanes: 1}

const (
	saltSize = 16 // bytes
	keySize  = 32
)

// A digest is what is kept of a password: a salt, and what argon2id makes of both.
type digest struct {
	salt [saltSize]byte
	key  [keySize]byte
}

// derive is argon2id at this cost.
func (c cost) derive(pass, salt []byte) []byte {
	return argon2.IDKey(pass, salt, c.time, c.memory, c.lanes, keySize)
}

// Bounds of what a hash in the store may ask for. The file could have been
// changed by others: it may not make the server take all memory or time.
const (
	maxTime   = 16
	maxMemory = 64 << 10 // KiB
	maxLanes  = 4
	maxPHC    = 256 // bytes of the string
)

var (
	errNoPHC  = errors.New("no argon2id hash in PHC form")
	errAbsurd = errors.New("a hash whose cost or size is out of bounds")
)

// phc is the digest as a string in PHC form:
// $argon2id$v=19$m=19456,t=2,p=1$SALT$KEY, in base64 without padding.
func (c cost) phc(d *digest) string {
	b := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, c.memory, c.time, c.lanes,
		b.EncodeToString(d.salt[:]), b.EncodeToString(d.key[:]))
}

// parsePHC reads a string in PHC form. It refuses costs that are out of bounds
// and sizes that are not ours; it derives nothing.
func parsePHC(s string) (c cost, d digest, err error) {
	if len(s) > maxPHC {
		return c, d, errAbsurd
	}
	f := strings.Split(s, "$")
	if len(f) != 6 || f[0] != "" || f[1] != "argon2id" || f[2] != "v="+strconv.Itoa(argon2.Version) {
		return c, d, errNoPHC
	}
	n, err := numbers(f[3], "m=", "t=", "p=")
	switch {
	case err != nil:
		return c, d, err
	case n[0] < 8*n[2] || n[0] > maxMemory || n[1] < 1 || n[1] > maxTime || n[2] < 1 || n[2] > maxLanes:
		return c, d, errAbsurd
	}
	c = cost{memory: n[0], time: n[1], lanes: uint8(n[2])}
	if err := decode(d.salt[:], f[4]); err != nil {
		return c, d, err
	}
	return c, d, decode(d.key[:], f[5])
}

// numbers reads "m=19456,t=2,p=1".
func numbers(s string, names ...string) (n [3]uint32, err error) {
	f := strings.Split(s, ",")
	if len(f) != len(names) {
		return n, errNoPHC
	}
	for i, name := range names {
		digits, ok := strings.CutPrefix(f[i], name)
		v, err := strconv.ParseUint(digits, 10, 32)
		if !ok || errors.Is(err, strconv.ErrSyntax) {
			return n, errNoPHC
		} else if err != nil {
			return n, errAbsurd
		}
		n[i] = uint32(v)
	}
	return n, nil
}

// decode fills dst with what s says, which must be as much.
func decode(dst []byte, s string) error {
	b := base64.RawStdEncoding.Strict()
	if b.DecodedLen(len(s)) != len(dst) {
		return errAbsurd
	}
	// The decoder skips line ends, so that less may come out than fits.
	if n, err := b.Decode(dst, []byte(s)); err != nil || n != len(dst) {
		return errNoPHC
	}
	return nil
}
