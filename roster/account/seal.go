package account

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"hash"
)

// The seal says that all hashes in the store belong to the passwords of one
// file. To find that out from the hashes alone costs as much as making them:
// 25 s for 1,000 accounts, at each start. The seal is one more argon2id hash,
// of all names, passwords and hashes together, so that it takes one to see
// that nothing has changed.
//
// It is no shorter way to a password: whoever has the store and guesses must
// guess all passwords of the file at once, and pays for each guess what one
// costs against the hash of a single account. And it cannot be out of date:
// another hash, password, name or order, and it fits no more.

// fileDigest is a digest of the names and passwords of a file. It must not
// leave memory: whoever has it can try passwords quickly.
func fileDigest(list []credential) (sum [sha256.Size]byte) {
	h := sha256.New()
	for _, c := range list {
		putSized(h, []byte(c.name))
		putSized(h, c.pass)
	}
	h.Sum(sum[:0])
	return sum
}

// sealed is what the seal is the hash of; false if an account lacks its hash
// or the table is out of use.
func (c *Checker) sealed(t *table) (sum [sha256.Size]byte, ok bool) {
	h := sha256.New()
	whole, first := true, true
	ok = c.each(t, func(e *entry) {
		if first {
			h.Write(t.file[:])
			first = false
		}
		if e.bound {
			whole = whole && e.hashed
			h.Write(e.digest.salt[:])
			h.Write(e.digest.key[:])
		}
	})
	h.Sum(sum[:0])
	return sum, ok && whole
}

func putSized(h hash.Hash, p []byte) {
	var size [4]byte
	binary.BigEndian.PutUint32(size[:], uint32(len(p)))
	h.Write(size[:])
	h.Write(p)
}

// same compares two keys in a time that says nothing about them.
func same(a, b []byte) bool { return subtle.ConstantTimeCompare(a, b) == 1 }
