package account

import "crypto/sha256"

// A table is what one reading of the file gave. The Checker's lock guards all
// of it that changes.
type table struct {
	byName map[string]*entry // by folded name
	order  []*entry          // as in the file
	at     int               // order[:at] needs no work any more
	bytes  []byte            // the file itself: passwords are parts of it
	file   [sha256.Size]byte // digest of all names and passwords
	seal   *digest           // of the store, not compared yet
	done   bool              // nothing is left of the passwords
}

// An entry is an account of the file.
type entry struct {
	name   string
	bound  bool
	pass   []byte // in memory only until digest is known to be its own
	hashed bool   // there is a digest: while pass is here, perhaps of another password
	digest digest
}

// settle makes d the digest of the password, which is wiped.
func (e *entry) settle(d digest) {
	clear(e.pass)
	e.pass, e.digest, e.hashed = nil, d, true
}

// left reports whether there is work to do behind those who log in.
func (t *table) left() bool { return !t.done && len(t.order) > 0 }

// wipe takes what is left of the passwords out of memory; the table must be
// out of use.
func (t *table) wipe() {
	clear(t.bytes)
	clear(t.file[:])
	t.bytes = nil
}

// finish ends the work on a table: each password was wiped when it settled.
func (t *table) finish() {
	clear(t.file[:])
	t.done, t.bytes = true, nil
}

// atOnce is how many entries are looked at before others have their turn.
const atOnce = 4096

// each calls f for all entries, holding c.mu, and says whether it came to the
// end: it stops when the table is out of use. Who calls Check does not wait
// for a million entries.
func (c *Checker) each(t *table, f func(*entry)) bool {
	for from := 0; ; from += atOnce {
		c.mu.Lock()
		if c.table != t {
			c.mu.Unlock()
			return false
		}
		if from >= len(t.order) {
			c.mu.Unlock()
			return true
		}
		for _, e := range t.order[from:min(from+atOnce, len(t.order))] {
			f(e)
		}
		c.mu.Unlock()
	}
}

// breakSeal compares the seal of the store. If it fits, each hash belongs to
// its password and nothing is left to do.
func (c *Checker) breakSeal(t *table) {
	c.mu.Lock()
	seal := t.seal
	t.seal = nil
	c.mu.Unlock()
	sum, whole := c.sealed(t)
	defer clear(sum[:])
	if !whole || !same(c.derive(sum[:], seal.salt[:]), seal.key[:]) {
		return
	}
	if !c.each(t, func(e *entry) {
		if e.pass != nil {
			e.settle(e.digest)
		}
	}) {
		return
	}
	// Who logged in meanwhile has another hash: then a new seal is wanted.
	now, _ := c.sealed(t)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.table == t && now == sum {
		t.finish()
	}
}

// hashNext does one hash of the table: of a password to see whether that of
// the store belongs to it, or to make a new one, and last of all the seal.
func (c *Checker) hashNext(t *table) {
	var pass [MaxPass]byte
	c.mu.Lock()
	if c.table != t {
		c.mu.Unlock()
		return
	}
	e := t.pending()
	if e == nil {
		c.mu.Unlock()
		c.makeSeal(t)
		return
	}
	p := pass[:copy(pass[:], e.pass)]
	d, hashed := e.digest, e.hashed
	c.mu.Unlock()
	defer clear(p)

	if !hashed {
		fill(d.salt[:])
		copy(d.key[:], c.derive(p, d.salt[:]))
		c.settle(t, e, d)
	} else if same(c.derive(p, d.salt[:]), d.key[:]) {
		c.settle(t, e, d)
	} else {
		// One hash at a time: somebody may be waiting to log in.
		c.mu.Lock()
		if e.pass != nil {
			e.hashed = false
		}
		c.mu.Unlock()
	}
}

// pending is the first account whose password is not known to be hashed.
func (t *table) pending() *entry {
	for ; t.at < len(t.order); t.at++ {
		if e := t.order[t.at]; e.pass != nil {
			return e
		}
	}
	return nil
}

// makeSeal seals a table of which all is hashed.
func (c *Checker) makeSeal(t *table) {
	sum, whole := c.sealed(t)
	if !whole {
		return
	}
	defer clear(sum[:])
	var d digest
	fill(d.salt[:])
	copy(d.key[:], c.derive(sum[:], d.salt[:]))
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.table != t {
		return
	}
	t.finish()
	c.store.SetSeal(c.cost.phc(&d), c.lost("seal", ""))
}
