package account

import (
	"crypto/rand"
	"log/slog"
	"net/netip"
	"runtime"
	"sync"

	"mim/chat"
)

const (
	// maxWorkers is how many hashes are made at once.
	maxWorkers = 2
	// maxQueue is how many checks may wait: 13 to 25 s of work.
	maxQueue = 1024
)

var (
	errQueue  error = chat.Errorf(chat.Full, "too many are logging in now; try again later")
	errClosed error = chat.Errorf(chat.Lost, "the server stops")
)

// A Checker checks passwords against the file that was loaded last. Its
// methods may be called on any goroutine.
type Checker struct {
	store  Store
	log    *slog.Logger
	cost   cost
	derive func(pass, salt []byte) []byte
	most   int    // workers at once
	dummy  digest // what names are checked against that have no password

	loading sync.Mutex // held by Load
	wg      sync.WaitGroup

	mu      sync.Mutex
	closed  bool
	table   *table
	queue   turns
	workers int
	tending bool // one of the workers is at the table's own hashes
}

// A job is one Check.
type job struct {
	folded string
	pass   []byte // a copy, wiped behind the job
	done   func(ok bool, err error)
}

// New makes a Checker that knows no account: Load gives it some. It runs
// nothing until there is something to do.
func New(store Store, log *slog.Logger) *Checker {
	return newChecker(store, log, standard)
}

func newChecker(store Store, log *slog.Logger, c cost) *Checker {
	k := &Checker{store: store, log: log, cost: c, derive: c.derive, table: &table{}}
	// The loop needs a processor of its own. Where two workers had both of two,
	// an echo by a pipe took 19 ms (99th of 100: 50 ms); with one worker, 5 µs
	// (70 µs). On a machine of one processor nothing helps.
	k.most = min(max(runtime.GOMAXPROCS(0)-1, 1), maxWorkers)
	fill(k.dummy.salt[:])
	fill(k.dummy.key[:])
	return k
}

// fill fills p with random bytes; the program ends if the system has none.
func fill(p []byte) { rand.Read(p) }

// Check finds out whether pass is the password of name, in the same time
// whether or not there is such a name, and calls done once, on any goroutine.
// It never blocks and copies what it needs of pass. If too many wait already
// (kind chat.Full) or the Checker is closed (kind chat.Lost), done is called
// before Check returns.
//
// from is where the login comes from: addresses take turns.
func (c *Checker) Check(from netip.Addr, name string, pass []byte, done func(ok bool, err error)) {
	if err := c.enqueue(from, name, pass, done); err != nil {
		done(false, err)
	}
}

func (c *Checker) enqueue(from netip.Addr, name string, pass []byte, done func(bool, error)) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.closed:
		return errClosed
	case c.queue.len >= maxQueue:
		return errQueue
	}
	// One byte too many is enough to be wrong.
	pass = append(make([]byte, 0, MaxPass+1), pass[:min(len(pass), MaxPass+1)]...)
	c.queue.push(from, job{fold(name), pass, done})
	c.start()
	return nil
}

// Close ends all work: checks that wait get kind chat.Lost, and what runs is
// waited for, some 25 ms. Passwords that are still in memory are wiped. done
// functions must not wait for Close. It may be called again.
func (c *Checker) Close() {
	c.mu.Lock()
	c.closed = true
	waiting, old := c.queue, c.table
	c.queue, c.table = turns{}, &table{}
	c.mu.Unlock()
	for waiting.len > 0 {
		j := waiting.pop()
		clear(j.pass)
		j.done(false, errClosed)
	}
	c.wg.Wait()
	old.wipe()
}

// start sees to it that somebody works; c.mu is held.
func (c *Checker) start() {
	if c.workers < c.most && !c.closed {
		c.workers++
		c.wg.Add(1)
		go c.work()
	}
}

// work does what there is to do and ends when there is nothing left.
func (c *Checker) work() {
	defer c.wg.Done()
	runLast()
	for {
		do := c.next()
		if do == nil {
			return
		}
		do()
	}
}

// next takes the most urgent work, or none, which ends the worker. The seal is
// first: it may save all other work of the table. Then come those who wait to
// log in; the table's own hashes are made by one worker at most.
func (c *Checker) next() func() {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.table
	switch {
	case !c.tending && t.seal != nil:
		c.tending = true
		return func() { c.tend(t, c.breakSeal) }
	case c.queue.len > 0:
		j := c.queue.pop()
		return func() { c.check(j) }
	case !c.tending && t.left():
		c.tending = true
		return func() { c.tend(t, c.hashNext) }
	}
	c.workers--
	return nil
}

// tend does one piece of a table's own work.
func (c *Checker) tend(t *table, piece func(*table)) {
	piece(t)
	c.mu.Lock()
	c.tending = false
	c.mu.Unlock()
}

// check is a login. Whatever the name is, it takes one hash.
func (c *Checker) check(j job) {
	defer clear(j.pass)
	var fresh digest
	fill(fresh.salt[:])

	c.mu.Lock()
	t := c.table
	e := t.byName[j.folded]
	known, pending, match := e != nil && e.bound, false, false
	with := c.dummy
	switch {
	case known && e.pass != nil:
		pending, match = true, same(e.pass, j.pass)
		with = fresh
	case known:
		with = e.digest
	}
	c.mu.Unlock()

	key := c.derive(j.pass, with.salt[:])
	right := same(key, with.key[:])
	if pending {
		right = match
	}
	right = right && known
	if pending && right {
		copy(with.key[:], key)
		c.settle(t, e, with)
	}
	j.done(right, nil)
}

// settle notes the digest of a password that was only in memory so far, and
// wipes that.
func (c *Checker) settle(t *table, e *entry, d digest) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.table != t || e.pass == nil {
		return // another file came, or somebody was quicker
	}
	isNew := !e.hashed || e.digest != d
	e.settle(d)
	if isNew {
		c.store.SetHash(e.name, c.cost.phc(&d), c.lost("hash", e.name))
	}
}

// lost gives the function that logs what the store did not take. Nothing else
// is to be done: it is made again from the file.
func (c *Checker) lost(what, name string) func(error) {
	return func(err error) {
		if err != nil {
			c.log.Warn("account not kept", slog.String("what", what), slog.String("name", name), slog.String("why", err.Error()))
		}
	}
}
