package loop

import (
	"sync"

	"golang.org/x/sys/unix"
)

// maxPosts is how many posted functions one turn runs before the sockets get
// their share.
const maxPosts = 64

// keepPosts is the largest queue whose memory is kept for later.
const keepPosts = 4096

// A mailbox is the queue of posted functions, first in, first out, and the
// bell that asks the loop for a turn: a byte written to the anchor. At most
// one byte is on its way: armed says that a turn is coming or running.
type mailbox struct {
	mu    sync.Mutex
	fd    int // our end of the anchor; -1 before open and after close
	queue []func()
	head  int
	armed bool
	rung  bool // the timer's time has come since the last take
	shut  bool
}

// open gives the mailbox its end of the anchor.
func (m *mailbox) open(fd int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fd = fd
	if len(m.queue) > m.head {
		m.bell()
	}
}

// close drops what is queued and all that will be posted.
func (m *mailbox) close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.shut, m.queue, m.head = true, nil, 0
	if m.fd >= 0 {
		unix.Close(m.fd)
		m.fd = -1
	}
}

// bell asks for a turn if none is coming. m.mu is held, so that the
// descriptor cannot be closed, and used for another file, in between.
func (m *mailbox) bell() {
	if m.armed || m.fd < 0 {
		return
	}
	m.armed = true
	for {
		if _, err := unix.Write(m.fd, []byte{1}); err != unix.EINTR {
			return // EAGAIN cannot be: one byte is on its way at most
		}
	}
}

// post queues f.
func (m *mailbox) post(f func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.shut {
		return
	}
	m.queue = append(m.queue, f)
	m.bell()
}

// wake asks for a turn.
func (m *mailbox) wake() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.bell()
}

// ring is wake for the timer: a turn that runs already may have looked at its
// deadlines before, so one more follows it.
func (m *mailbox) ring() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.rung = true
	m.bell()
}

// take begins a turn: it moves at most maxPosts functions to batch and says
// whether the timer rang.
func (m *mailbox) take(batch []func()) (_ []func(), rung bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	rung, m.rung = m.rung, false
	n := min(len(m.queue)-m.head, maxPosts)
	batch = append(batch, m.queue[m.head:m.head+n]...)
	clear(m.queue[m.head : m.head+n])
	m.head += n
	switch {
	case m.head < len(m.queue):
		if m.head >= keepPosts && m.head*2 >= len(m.queue) {
			n := copy(m.queue, m.queue[m.head:])
			clear(m.queue[n:])
			m.queue = m.queue[:n]
			m.head = 0
		}
	case cap(m.queue) > keepPosts:
		m.queue, m.head = nil, 0
	default:
		m.queue, m.head = m.queue[:0], 0
	}
	return batch, rung
}

// rest ends a turn; busy asks for another one.
func (m *mailbox) rest(busy bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.armed = false
	if busy || m.rung || m.head < len(m.queue) {
		m.bell()
	}
}
