package command

import (
	"io"
	"sync"
	"time"
)

// A queue hands lines to an output that may block for any time, as a pipe that
// nobody reads or a stopped terminal does. Whoever offers a line never waits;
// one goroutine writes. An output that fails loses its lines: neither a log
// nor a window is a reason to stop.
type queue struct {
	lines chan []byte
	most  int           // bytes that may wait; 0: only the number of lines counts
	end   chan struct{} // closed to ask for the end
	ended chan struct{} // closed when the last line is written

	mu   sync.Mutex
	size int // bytes that wait
}

// newQueue starts a queue of so many lines and bytes on w.
func newQueue(w io.Writer, lines, bytes int) *queue {
	q := &queue{lines: make(chan []byte, lines), most: bytes, end: make(chan struct{}), ended: make(chan struct{})}
	go q.run(w)
	return q
}

// offer queues a line, which the queue keeps; false: there is no room for it.
// Any goroutine.
func (q *queue) offer(line []byte) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.most > 0 && q.size+len(line) > q.most {
		return false
	}
	select {
	case q.lines <- line:
		q.size += len(line)
		return true
	default:
		return false
	}
}

func (q *queue) run(w io.Writer) {
	defer close(q.ended)
	for {
		select {
		case line := <-q.lines:
			q.put(w, line)
		case <-q.end:
			for len(q.lines) > 0 {
				q.put(w, <-q.lines)
			}
			return
		}
	}
}

func (q *queue) put(w io.Writer, line []byte) {
	_, _ = w.Write(line)
	q.mu.Lock()
	q.size -= len(line)
	q.mu.Unlock()
}

// close writes what waits, for at most within. Lines offered later are lost.
func (q *queue) close(within time.Duration) {
	close(q.end)
	select {
	case <-q.ended:
	case <-time.After(within):
	}
}
