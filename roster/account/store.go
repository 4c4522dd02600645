package account

// A Kept is what the store keeps of an account.
type Kept struct {
	Name  string // as its user writes it; found without regard to case
	Alias string // empty: the name is its own alias
	// Bound: a password goes with it. Not bound and not Open: it was taken out
	// of the file, and is kept for what waits in its inbox and for its alias.
	Bound bool
	Open  bool   // it is in the file
	Hash  string // argon2id in PHC form; empty: none, or none yet
}

// A Store keeps accounts. Its methods may be called on any goroutine.
type Store interface {
	// Accounts gives all accounts that were ever synced, in any order, and the
	// seal (empty: none). It waits for the disk.
	Accounts() (all []Kept, seal string, err error)
	// Sync makes these the accounts that are open, all of them or none, and
	// comes back when that is lasting. What is said of a name replaces what was
	// kept of it. Those that are not in the list stay, neither open nor bound
	// and without a hash.
	Sync(open []Kept) error
	// SetHash notes the hash of an account that is open (of others: nothing).
	// It does not wait; done is called once, on any goroutine. A hash that is
	// lost is made again when the server starts the next time.
	SetHash(name, hash string, done func(error))
	// SetSeal notes the seal, behind the hashes that were given before. Like SetHash.
	SetSeal(seal string, done func(error))
}
