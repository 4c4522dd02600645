package roster

import "hash/maphash"

// An index finds users by their keys. The map holds hashes, not keys, which
// are five times as large; users whose hashes agree are a list. Strangers
// choose the keys, so the seed is a random one.
type index struct {
	seed  maphash.Seed
	first map[uint64]*user
	len   int
}

func newIndex() index {
	return index{seed: maphash.MakeSeed(), first: make(map[uint64]*user)}
}

func (x *index) hash(k key) uint64 { return maphash.Comparable(x.seed, k) }

// get is the user with this key, or nil.
func (x *index) get(k key) *user {
	u := x.first[x.hash(k)]
	for u != nil && keyOf(u.came.Who) != k {
		u = u.next
	}
	return u
}

// add puts in a user whose key is not there.
func (x *index) add(u *user) { x.put(x.hash(keyOf(u.came.Who)), u) }

func (x *index) put(h uint64, u *user) {
	u.next = x.first[h]
	x.first[h] = u
	x.len++
}

// remove takes out a user who is there.
func (x *index) remove(u *user) { x.take(x.hash(keyOf(u.came.Who)), u) }

func (x *index) take(h uint64, u *user) {
	x.len--
	first := x.first[h]
	switch {
	case first != u:
		for first.next != u {
			first = first.next
		}
		first.next = u.next
	case u.next == nil:
		delete(x.first, h)
	default:
		x.first[h] = u.next
	}
	u.next = nil
}
