package scenarios

import (
	"bytes"
	"fmt"
	"sync"
	"time"
)

// patience is how long anything may take. It costs time only where a scenario
// fails, so it is generous.
const patience = 20 * time.Second

// A tail is what a program or a connection has written so far. Any goroutine.
type tail struct {
	mu      sync.Mutex
	text    []byte
	reads   []read
	ended   bool
	changed chan struct{} // closed and replaced at each change
}

// A read is what one system call gave: of a connection, one recv.
type read struct {
	end int // of text
	at  time.Time
}

func newTail() *tail { return &tail{changed: make(chan struct{})} }

// Write implements io.Writer.
func (t *tail) Write(p []byte) (int, error) {
	t.update(func() {
		t.text = append(t.text, p...)
		t.reads = append(t.reads, read{len(t.text), time.Now()})
	})
	return len(p), nil
}

// end says that nothing more will come.
func (t *tail) end() { t.update(func() { t.ended = true }) }

func (t *tail) update(f func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f()
	close(t.changed)
	t.changed = make(chan struct{})
}

// wait calls good with what is there, again whenever more is, until good says
// yes, nothing can come any more, or patience is over.
func (t *tail) wait(good func(text []byte, ended bool) bool) error {
	late := time.NewTimer(patience)
	defer late.Stop()
	for {
		t.mu.Lock()
		ok, ended, changed := good(t.text, t.ended), t.ended, t.changed
		t.mu.Unlock()
		switch {
		case ok:
			return nil
		case ended:
			return fmt.Errorf("it ended without that")
		}
		select {
		case <-changed:
		case <-late.C:
			return fmt.Errorf("it did not come within %v", patience)
		}
	}
}

// readOver gives the read that holds the byte before end, and where it begins.
func (t *tail) readOver(end int) (start int, r read) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, r = range t.reads {
		if r.end >= end {
			break
		}
		start = r.end
	}
	return start, r
}

// all is what is there now.
func (t *tail) all() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text)
}

// lines are the whole lines of text, without their ends.
func lines(text []byte) [][]byte {
	all := bytes.Split(text, []byte("\n"))
	return all[:len(all)-1]
}
