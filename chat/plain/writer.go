package plain

import (
	"fmt"
	"io"
	"sync"
	"time"

	"mim/chat"
	"mim/chat/client"
)

// maxQueued bounds the bytes that wait for an output that nobody reads.
const maxQueued = 8 << 20

// A Format makes a view a piece of output: AppendPlain, what Dated gives, or
// AppendJSON. A Writer calls it for one view at a time.
type Format func(dst []byte, v client.View) []byte

// A Writer puts views on an output that may block for any time, as a pipe or
// a stopped terminal does. Show never waits: one goroutine writes. When more
// than 8 MiB wait, views are left out, and an error view says how many once
// there is room again.
type Writer struct {
	out    io.Writer
	format Format
	broken func(error)
	wake   chan struct{} // holds one: there is something to do
	done   chan struct{} // closed when the goroutine has ended

	mu      sync.Mutex
	queue   []byte
	left    int // views left out
	closing bool
	err     error // of the output; nothing is written after it
}

// NewWriter starts a writer on out. broken is called once, on the writer's own
// goroutine, if out fails; views are dropped from then on.
func NewWriter(out io.Writer, format Format, broken func(error)) *Writer {
	w := &Writer{
		out: out, format: format, broken: broken,
		wake: make(chan struct{}, 1), done: make(chan struct{}),
	}
	go w.run()
	return w
}

// Show queues a view. Any goroutine.
func (w *Writer) Show(v client.View) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil || w.closing {
		return
	}
	if len(w.queue) >= maxQueued {
		w.left++
		return
	}
	if w.left > 0 {
		w.queue = w.format(w.queue, client.View{Event: client.Error, At: v.At, Kind: chat.Full.String(),
			Text: fmt.Sprintf("the output was blocked: %d lines were left out here", w.left)})
		w.left = 0
	}
	w.queue = w.format(w.queue, v)
	w.poke()
}

// poke wakes the goroutine; one call is remembered.
func (w *Writer) poke() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// Close writes what is queued, for at most within, and gives the error of the
// output, if any: os.ErrDeadlineExceeded is not among them, an output that
// takes longer is given up silently. No view is taken any more.
func (w *Writer) Close(within time.Duration) error {
	w.mu.Lock()
	w.closing = true
	w.mu.Unlock()
	w.poke()
	t := time.NewTimer(within)
	defer t.Stop()
	select {
	case <-w.done:
	case <-t.C:
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

func (w *Writer) run() {
	defer close(w.done)
	var spare []byte
	for range w.wake {
		for {
			w.mu.Lock()
			b, end := w.queue, w.closing
			w.queue = spare[:0]
			w.mu.Unlock()
			if len(b) == 0 {
				if end {
					return
				}
				spare = b
				break
			}
			if _, err := w.out.Write(b); err != nil {
				w.fail(err)
				return
			}
			if spare = b; cap(b) > 1<<20 {
				spare = nil // a burst is over; its memory need not stay
			}
		}
	}
}

func (w *Writer) fail(err error) {
	w.mu.Lock()
	w.err, w.queue = err, nil
	w.mu.Unlock()
	if w.broken != nil {
		w.broken(err)
	}
}
