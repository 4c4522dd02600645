package sqlite

import (
	"math"
	"sync"
	"time"

	"mim/roster"
)

// readers is how many connections read: each has its cache of 2 MB.
const readers = 2

// A reading is a connection that reads.
type reading struct {
	*conn
	inbox *stmt
}

func openReading(source string) (*reading, error) {
	c, err := connect(source, busyWait)
	if err != nil {
		return nil, err
	}
	r := &reading{conn: c}
	if err = c.run("PRAGMA query_only=ON"); err == nil {
		err = r.ready()
	}
	if err != nil {
		c.close()
		return nil, err
	}
	return r, nil
}

func (r *reading) ready() error {
	return r.prepareAll([]plan{
		{&r.inbox, "SELECT id, receiver, sender, at, body FROM text WHERE owner = ? AND id > ? ORDER BY id LIMIT ?"},
	})
}

// texts reads an inbox.
func (r *reading) texts(name string, after uint64, max int) (all []roster.Text, err error) {
	if after >= math.MaxInt64 || max <= 0 {
		return nil, nil
	}
	err = r.inbox.each(func(row []value) {
		all = append(all, roster.Text{
			ID: uint64(integer(row[0])),
			To: text(row[1]), From: text(row[2]),
			At:   time.UnixMicro(integer(row[3])).UTC(),
			Text: blob(row[4]),
		})
	}, fold(name), int64(after), int64(max))
	if err != nil {
		return nil, err
	}
	return all, nil
}

// A pool reads, at most so many things at once, the rest waits its turn.
type pool struct {
	path, source string
	wg           sync.WaitGroup

	mu     sync.Mutex
	some   sync.Cond
	list   []task
	head   int
	closed bool
}

// A task is something to be read.
type task struct {
	read func(*reading) error
	done func(error)
}

// start makes the connections and a goroutine for each.
func (p *pool) start() error {
	p.some.L = &p.mu
	open := make([]*reading, readers)
	for i := range open {
		var err error
		if open[i], err = openReading(p.source); err != nil {
			for _, r := range open[:i] {
				r.close()
			}
			return err
		}
	}
	for _, r := range open {
		p.wg.Go(func() { p.loop(r) })
	}
	return nil
}

// put adds a task, or says why it does not.
func (p *pool) put(t task) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.closed:
		return toldClosed
	case len(p.list)-p.head >= maxWaiting:
		return toldFull
	}
	if len(p.list) == cap(p.list) && p.head > len(p.list)/2 {
		n := copy(p.list, p.list[p.head:])
		clear(p.list[n:])
		p.list, p.head = p.list[:n], 0
	}
	p.list = append(p.list, t)
	p.some.Signal()
	return nil
}

// next waits for a task; false: there will be none.
func (p *pool) next() (t task, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.head == len(p.list) && !p.closed {
		p.some.Wait()
	}
	if p.head == len(p.list) {
		return task{}, false
	}
	t = p.list[p.head]
	p.list[p.head] = task{}
	if p.head++; p.head == len(p.list) {
		p.list, p.head = p.list[:0], 0
	}
	return t, true
}

// loop reads with one connection. One that failed is replaced: what failed
// may be the connection.
func (p *pool) loop(r *reading) {
	for {
		t, ok := p.next()
		if !ok {
			break
		}
		var err error
		if r == nil {
			r, err = openReading(p.source)
		}
		if err == nil {
			if err = t.read(r); err != nil && !alone(err) {
				r.close()
				r = nil
			}
		}
		if err != nil {
			err = notRead(p.path, err)
		}
		t.done(err)
	}
	if r != nil {
		r.close()
	}
}

// stop lets no more in and waits until all that waited was read.
func (p *pool) stop() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.some.Broadcast()
	p.wg.Wait()
}
