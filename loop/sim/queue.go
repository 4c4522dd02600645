package sim

// A kind says what an event is about; its x is a *link, *dial, *datagram or
// *Host accordingly.
type kind uint8

const (
	// Timers of a link; the link's fields say whether it is really time.
	pace   kind = iota // the gap after a paced piece is over
	lazy               // lazy bytes have waited long enough
	idle               // the silence of IdleAfter
	slow               // the other end may have read too slowly
	limit              // the end of a link that lives on after its input or output
	resume             // a paused reader reads again
	starve             // the mode may have used nothing of an unread link for too long
	timers             // how many kinds of timers there are
)

const (
	arrive    = timers + iota // the first of what is on the wire to a link
	ack                       // the sender hears what arrived and was read
	cut                       // the link is lost
	lost                      // an end of a lost link notices
	turn                      // the end of a host's round
	alarm                     // of a host
	stop                      // the second of grace of a stopping host is over
	knock                     // a dial reaches the other machine
	answered                  // a refusal reaches the one who dialled
	late                      // a dial has taken too long
	delivered                 // a datagram arrives
)

// An event happens at a time, and those of one time in the order of seq.
type event struct {
	at   int64
	seq  uint64
	what kind
	x    any
}

// A queue is a binary heap of events, by value: nothing is allocated for an
// event once the slice has grown.
type queue struct {
	heap []event
	seq  uint64
}

func (q *queue) before(i, j int) bool {
	a, b := &q.heap[i], &q.heap[j]
	return a.at < b.at || a.at == b.at && a.seq < b.seq
}

func (q *queue) push(at int64, what kind, x any) {
	q.seq++
	q.heap = append(q.heap, event{at, q.seq, what, x})
	for i := len(q.heap) - 1; i > 0; {
		up := (i - 1) / 2
		if !q.before(i, up) {
			break
		}
		q.heap[i], q.heap[up] = q.heap[up], q.heap[i]
		i = up
	}
}

func (q *queue) pop() event {
	first, n := q.heap[0], len(q.heap)-1
	q.heap[0] = q.heap[n]
	q.heap[n] = event{}
	q.heap = q.heap[:n]
	for i := 0; ; {
		least := i
		for down := 2*i + 1; down <= 2*i+2 && down < n; down++ {
			if q.before(down, least) {
				least = down
			}
		}
		if least == i {
			return first
		}
		q.heap[i], q.heap[least] = q.heap[least], q.heap[i]
		i = least
	}
}

// A fifo is a queue that keeps its memory.
type fifo[T any] struct {
	items []T
	head  int
}

func (f *fifo[T]) len() int  { return len(f.items) - f.head }
func (f *fifo[T]) first() *T { return &f.items[f.head] }
func (f *fifo[T]) push(x T)  { f.items = append(f.items, x) }
func (f *fifo[T]) drop()     { *f = fifo[T]{} }

// pop forgets the first item; the others move down once they are the lesser half.
func (f *fifo[T]) pop() {
	var none T
	f.items[f.head] = none
	if f.head++; 2*f.head >= len(f.items) {
		n := copy(f.items, f.items[f.head:])
		clear(f.items[n:])
		f.items, f.head = f.items[:n], 0
	}
}
