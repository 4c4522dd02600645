package sqlite

import (
	"sync"
	"time"

	"mim/roster"
)

const (
	// maxWaiting and maxBytes bound what waits for the disk: changes, and the
	// bytes of their texts and names.
	maxWaiting = 100_000
	maxBytes   = 256 << 20
	// maxBatch and maxBatchBytes are what one commit holds.
	maxBatch      = 1024
	maxBatchBytes = 16 << 20
)

// An entry is something that the writer has to do.
type entry struct {
	change roster.Change
	job    func(*writing) error // instead of a change; has a commit of its own
	done   func(error)
	err    error
}

// size is what an entry counts in bytes.
func (e *entry) size() int {
	c := &e.change
	return len(c.Text.Text) + len(c.Text.To) + len(c.Text.From) +
		len(c.Block.By) + len(c.Block.Who) + len(c.Seen.Name)
}

// A queue holds entries in order until the one goroutine that takes them has
// released them.
type queue struct {
	wake chan struct{} // holds a token when want has been reached

	mu     sync.Mutex
	list   []entry
	head   int // of list: those before it were taken
	held   int // entries that were not released
	bytes  int
	want   int // the taker sleeps until that many are there; 0: it does not sleep
	closed bool
}

// put adds an entry, or says why it does not.
func (q *queue) put(e entry) error {
	size := e.size()
	q.mu.Lock()
	switch {
	case q.closed:
		q.mu.Unlock()
		return toldClosed
	case q.held >= maxWaiting || q.bytes+size > maxBytes:
		q.mu.Unlock()
		return toldFull
	}
	if len(q.list) == cap(q.list) && q.head > len(q.list)/2 {
		n := copy(q.list, q.list[q.head:])
		clear(q.list[n:])
		q.list, q.head = q.list[:n], 0
	}
	q.list = append(q.list, e)
	q.held++
	q.bytes += size
	ring := q.want > 0 && len(q.list)-q.head >= q.want
	if ring {
		q.want = 0
	}
	q.mu.Unlock()
	if ring {
		q.ring()
	}
	return nil
}

func (q *queue) ring() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// close lets no more in; what is there is still taken.
func (q *queue) close() {
	q.mu.Lock()
	q.closed = true
	q.want = 0
	q.mu.Unlock()
	q.ring()
}

// await sleeps until n entries are there, the queue is closed, or most has
// passed (0: however long that takes). It says what it found.
func (q *queue) await(n int, most time.Duration) (some, closed bool) {
	var late <-chan time.Time
	for {
		q.mu.Lock()
		there := len(q.list) - q.head
		if there >= n || q.closed {
			q.want = 0
			q.mu.Unlock()
			return there > 0, q.closed
		}
		q.want = n
		q.mu.Unlock()
		if late == nil && most > 0 {
			t := time.NewTimer(most)
			defer t.Stop()
			late = t.C
		}
		select {
		case <-q.wake:
		case <-late:
			q.mu.Lock()
			q.want = 0
			there, closed := len(q.list)-q.head, q.closed
			q.mu.Unlock()
			return there > 0, closed
		}
	}
}

// take appends the entries of the next commit to batch: as many changes as it
// may hold, or one job.
func (q *queue) take(batch []entry) []entry {
	q.mu.Lock()
	defer q.mu.Unlock()
	for bytes := 0; q.head < len(q.list) && len(batch) < maxBatch; {
		e := &q.list[q.head]
		bytes += e.size()
		if len(batch) > 0 && (e.job != nil || bytes > maxBatchBytes) {
			break
		}
		batch = append(batch, *e)
		*e = entry{}
		q.head++
		if batch[len(batch)-1].job != nil {
			break
		}
	}
	if q.head == len(q.list) {
		q.list, q.head = q.list[:0], 0
		if cap(q.list) > 4*maxBatch {
			q.list = nil // room of a rush that is over
		}
	}
	return batch
}

// release makes room for as many as were taken.
func (q *queue) release(batch []entry) {
	bytes := 0
	for i := range batch {
		bytes += batch[i].size()
	}
	q.mu.Lock()
	q.held -= len(batch)
	q.bytes -= bytes
	q.mu.Unlock()
}
